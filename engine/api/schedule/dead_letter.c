/* Dead letters. A queue is found where SQS is: its URL is that of the endpoint, account and name.
 */
#include "engine/api/schedule/dead_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/aws.h"

#define PREFIX "arn:aws"

struct sending {
    struct api *api;
    void (*done)(void *state, const char *problem);
    void *state;
};

/* "arn:aws:sqs:<region>:<account>:<name>": its last two parts. */
static bool read_queue(struct asl_text arn, char region[64], char account[13], char name[81])
{
    char service[8];
    int size = 0;
    char *text = asl_copy_text(arn);
    bool fine = asl_text_starts(arn, PREFIX) && strlen(text) == arn.size &&
                sscanf(text, "arn:%*[a-z-]:%7[a-z]:%63[a-z0-9-]:%12[0-9]:%80[A-Za-z0-9_.-]%n",
                       service, region, account, name, &size) == 4 &&
                (size_t)size == arn.size && strcmp(service, "sqs") == 0;
    free(text);
    return fine;
}

bool dead_letter_is_queue(struct asl_text arn)
{
    char region[64], account[13], name[81];
    return read_queue(arn, region, account, name);
}

static void set_attribute(struct value_list *l, const char *name, struct asl_text text)
{
    struct value_list a;
    if (!text.size)
        return;
    value_list_init(&a);
    value_list_set_take(&a, "DataType", value_string_z("String"));
    value_list_set_take(&a, "StringValue", value_string(text));
    value_list_set_take(l, name, value_object_take(&a));
}

static asl_value *parameters_of(const struct dead_letter *letter, const char *url)
{
    struct value_list l, attributes;
    char attempts[24];
    snprintf(attempts, sizeof attempts, "%" PRId64, letter->attempts);
    value_list_init(&l);
    value_list_init(&attributes);
    set_attribute(&attributes, letter->source_name, letter->source);
    set_attribute(&attributes, "TARGET_ARN", letter->target);
    set_attribute(&attributes, "ERROR_CODE", asl_text(letter->code));
    set_attribute(&attributes, "ERROR_MESSAGE", asl_text(letter->message));
    set_attribute(&attributes, "EXHAUSTED_RETRY_CONDITION", asl_text(letter->condition));
    set_attribute(&attributes, "RETRY_ATTEMPTS", asl_text(attempts));
    value_list_set_take(&l, "QueueUrl", value_string_z(url));
    value_list_set_take(&l, "MessageBody", value_string(letter->body));
    value_list_set_take(&l, "MessageAttributes", value_object_take(&attributes));
    return value_object_take(&l);
}

static void on_sent(void *state, const struct aws_outcome *outcome)
{
    struct sending *s = state;
    s->done(s->state, outcome->answer.failed ? outcome->answer.message : NULL);
    free(s);
}

void dead_letter_send(struct api *a, const struct dead_letter *letter,
                      void (*done)(void *state, const char *problem), void *state)
{
    char region[64], account[13], name[81], base[512], why[160], message[512], url[640];
    const struct catalogue_operation *o = catalogue_operation(
        catalogue_service(a->catalogue, ASL_TEXT("sqs")), ASL_TEXT("SendMessage"));
    if (!a->aws || !o || !aws_where(a->aws, o, base, why, message) ||
        !read_queue(letter->queue, region, account, name)) {
        done(state, "there is no place to send to: set an endpoint for SQS");
        return;
    }
    snprintf(url, sizeof url, "%s/%s/%s", base, account, name);
    struct sending *s = asl_allocate_zeroed(1, sizeof *s);
    *s = (struct sending){a, done, state};
    asl_value *parameters = parameters_of(letter, url);
    const struct aws_ask ask = {
        .operation = o, .names = PROTOCOL_NATIVE, .parameters = parameters, .region = region};
    aws_call(a->aws, &ask, on_sent, s);
    value_release(parameters);
}
