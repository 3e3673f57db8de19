/* Any bytes as a form of the query protocol, as the stand-ins of SNS and SQS read it: into the
 * parameters of an operation's model, and written out again. Nothing may crash, hang or grow beyond
 * a multiple of the form; what is read keeps the model's kinds.
 *
 * The first byte picks the operation; the rest is the form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/local/model.h"

static const char *const operations[][2] = {
    {"sqs", "SendMessage"}, {"sqs", "SendMessageBatch"},     {"sqs", "CreateQueue"},
    {"sqs", "TagQueue"},    {"sqs", "ReceiveMessage"},       {"sqs", "SetQueueAttributes"},
    {"sns", "Publish"},     {"sns", "PublishBatch"},         {"sns", "Subscribe"},
    {"sns", "CreateTopic"}, {"iam", "SimulateCustomPolicy"},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct catalogue *catalogue;

static void look(const struct catalogue_operation *o, const struct model_alias *aliases,
                 struct asl_text form)
{
    struct asl_buffer action, out;
    asl_buffer_init(&action, 256);
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    query_parameter(form, "Action", &action);
    asl_value *in = query_read(o, aliases, form);
    if (in && value_kind(in) != VALUE_OBJECT)
        abort();
    if (in)
        query_write(o, aliases, in, "id", &out);
    value_release(in);
    asl_buffer_free(&action);
    asl_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (!catalogue)
        catalogue = catalogue_new();
    const char *const *pick = operations[data[0] % OPERATIONS];
    const struct catalogue_operation *o =
        catalogue_operation(catalogue_service(catalogue, asl_text(pick[0])), asl_text(pick[1]));
    if (!o)
        abort();
    struct asl_text form = {(const char *)data + 1, size - 1};
    look(o, NULL, form);
    if (strcmp(pick[0], "sqs") == 0)
        look(o, local_sqs.model->aliases, form);
    return 0;
}
