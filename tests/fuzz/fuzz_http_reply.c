/* Any bytes as the answer of a service: status, headers and body, through every protocol's
 * parser, to an error name and a cause. Nothing may crash, hang or grow beyond the body's own
 * size.
 *
 * The first byte picks the operation, the second and third the status; headers are lines up to
 * the first that is none; the rest is the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/catalogue.h"
#include "engine/aws/protocol.h"
#include "engine/aws/retry.h"

/* One or two of each protocol, with timestamps, blobs, maps, lists, headers and payloads. */
static const char *const operations[][2] = {
    {"dynamodb", "getItem"},
    {"dynamodb", "describeExport"},
    {"sfn", "describeExecution"},
    {"secretsmanager", "getSecretValue"},
    {"lambda", "invoke"},
    {"lambda", "getFunction"},
    {"s3", "getObject"},
    {"s3", "listObjectsV2"},
    {"s3", "headObject"},
    {"sqs", "receiveMessage"},
    {"sns", "publish"},
    {"sts", "assumeRole"},
    {"ec2", "describeInstances"},
    {"cloudwatch", "getMetricData"},
    {"rds", "describeDBInstances"},
    {"route53", "listHostedZones"},
    {"glacier", "describeJob"},
    {"apigateway", "getRestApi"},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct catalogue *catalogue;

static const struct catalogue_operation *operation_of(uint8_t pick)
{
    if (!catalogue)
        catalogue = catalogue_new();
    const char *const *o = operations[pick % OPERATIONS];
    return catalogue_operation(catalogue_service(catalogue, asl_text(o[0])), asl_text(o[1]));
}

/* Takes "Name: value" lines off the front, at most 16. */
static struct asl_text take_headers(struct asl_text text, struct http_headers *headers)
{
    while (headers->count < 16 && text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t line = end ? (size_t)(end - text.data) : text.size;
        const char *colon = line > 0 ? memchr(text.data, ':', line) : NULL;
        if (!colon)
            break;
        char *name = asl_copy_text((struct asl_text){text.data, (size_t)(colon - text.data)});
        http_headers_add(headers, name,
                         (struct asl_text){colon + 1, line - (size_t)(colon + 1 - text.data)});
        free(name);
        text =
            (struct asl_text){text.data + line + (end ? 1 : 0), text.size - line - (end ? 1 : 0)};
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_headers headers;
    struct aws_answer answer;
    if (size < 3)
        return 0;
    const struct catalogue_operation *o = operation_of(data[0]);
    if (!o)
        abort();
    int status = 100 + (data[1] * 256 + data[2]) % 500;
    http_headers_init(&headers);
    struct asl_text body =
        take_headers((struct asl_text){(const char *)data + 3, size - 3}, &headers);
    for (int names = PROTOCOL_NATIVE; names <= PROTOCOL_STATES; names++) {
        char error[512];
        protocol_parse(o, (enum protocol_names)names, status, &headers, body, &answer);
        if (!answer.failed && !answer.output)
            abort();
        if (answer.failed) {
            catalogue_error_name(o->service, asl_text(answer.code), error, sizeof error);
            retry_of_answer(status, answer.code);
        }
        aws_answer_free(&answer);
    }
    http_headers_free(&headers);
    return 0;
}
