/* Answers of AWS services: the first byte picks an operation (every protocol has some), the second
 * a status, a line may be a header's value, the rest is the body. Whatever comes, there must be an
 * output that prints, or a failure with a code. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *service, *action, *header;
} targets[] = {
    {"dynamodb", "getItem", "x-amzn-ErrorType"},
    {"dynamodb", "describeTable", "x-amzn-RequestId"},
    {"sqs", "receiveMessage", "x-amzn-query-error"},
    {"lambda", "getFunction", "x-amzn-ErrorType"},
    {"lambda", "invoke", "X-Amz-Executed-Version"},
    {"bedrockruntime", "converse", "x-amzn-ErrorType"},
    {"s3", "listObjectsV2", "x-amz-request-charged"},
    {"s3", "getObject", "Last-Modified"},
    {"s3", "getBucketAcl", "x-amz-id-2"},
    {"s3", "getObjectAttributes", "Last-Modified"},
    {"rds", "describeDBInstances", "x-amzn-RequestId"},
    {"sqs", "getQueueAttributes", "x-amzn-query-error"},
    {"ec2", "describeInstances", "x-amzn-RequestId"},
    {"eventbridgev2", "", "x-amzn-RequestId"}, /* CBOR: its first operation */
    {"cloudwatchomni", "", "x-amzn-RequestId"},
};

static const struct catalogue_operation *pick(struct catalogue *c, size_t i)
{
    const struct catalogue_service *s = catalogue_service(c, asl_text(targets[i].service));
    if (s == NULL)
        return NULL;
    return *targets[i].action ? catalogue_operation(s, asl_text(targets[i].action))
                              : &s->operations[0];
}

static void check(const struct aws_answer *a)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    if (a->output != NULL)
        value_print(a->output, &out);
    bool sound = a->failed ? a->code[0] != '\0' : a->output != NULL;
    if (!sound || !value_utf8_valid(asl_text(a->message)))
        abort();
    asl_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct catalogue *catalogue; /* kept: opening services anew would be the whole cost */
    static const int statuses[] = {200, 200, 404, 503};
    if (size < 2)
        return 0;
    if (catalogue == NULL)
        catalogue = catalogue_new();
    size_t target = data[0] % (sizeof targets / sizeof *targets);
    const struct catalogue_operation *o = pick(catalogue, target);
    struct asl_text body = {(const char *)data + 2, size - 2};
    struct http_headers headers;
    http_headers_init(&headers);
    const char *line = memchr(body.data, '\n', body.size);
    if (data[1] & 4 && line != NULL) {
        struct asl_text value = {body.data, (size_t)(line - body.data)};
        http_headers_add(&headers, targets[target].header, value);
        body.size -= value.size + 1;
        body.data = line + 1;
    }
    struct aws_answer answer;
    if (o == NULL)
        abort();
    protocol_parse(o, data[1] & 8 ? PROTOCOL_STATES : PROTOCOL_NATIVE, statuses[data[1] & 3],
                   &headers, body, &answer);
    check(&answer);
    aws_answer_free(&answer);
    http_headers_free(&headers);
    return 0;
}
