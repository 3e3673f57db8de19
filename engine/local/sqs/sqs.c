/* SQS's door: its operations, and the names of its older query protocol. */
#include "sqs.h"

#include <string.h>

static const struct model_operation operations[] = {
    {"ChangeMessageVisibility", sqs_change_visibility},
    {"ChangeMessageVisibilityBatch", sqs_change_visibility_batch},
    {"CreateQueue", sqs_create_queue},
    {"DeleteMessage", sqs_delete_message},
    {"DeleteMessageBatch", sqs_delete_message_batch},
    {"DeleteQueue", sqs_delete_queue},
    {"GetQueueAttributes", sqs_get_queue_attributes},
    {"GetQueueUrl", sqs_get_queue_url},
    {"ListDeadLetterSourceQueues", sqs_list_dead_letter_sources},
    {"ListQueueTags", sqs_list_queue_tags},
    {"ListQueues", sqs_list_queues},
    {"PurgeQueue", sqs_purge_queue},
    {"ReceiveMessage", sqs_receive_message},
    {"SendMessage", sqs_send_message},
    {"SendMessageBatch", sqs_send_message_batch},
    {"SetQueueAttributes", sqs_set_queue_attributes},
    {"TagQueue", sqs_tag_queue},
    {"UntagQueue", sqs_untag_queue},
    {0},
};

#define BATCH(operation)                                                                           \
    {operation "RequestEntry", "Entries", NULL, NULL, operation},                                  \
    {                                                                                              \
        operation "ResultEntry", "Successful", NULL, NULL, operation                               \
    }

static const struct model_alias aliases[] = {
    {"Attribute", "Attributes", "Name", "Value", NULL},
    {"AttributeName", "AttributeNames", NULL, NULL, NULL},
    {"MessageAttribute", "MessageAttributes", "Name", "Value", NULL},
    {"MessageAttributeName", "MessageAttributeNames", NULL, NULL, NULL},
    {"MessageSystemAttribute", "MessageSystemAttributes", "Name", "Value", NULL},
    {"MessageSystemAttributeName", "MessageSystemAttributeNames", NULL, NULL, NULL},
    {"Tag", "Tags", "Key", "Value", NULL},
    {"Tag", "tags", "Key", "Value", NULL},
    {"TagKey", "TagKeys", NULL, NULL, NULL},
    BATCH("SendMessageBatch"),
    BATCH("DeleteMessageBatch"),
    BATCH("ChangeMessageVisibilityBatch"),
    {"BatchResultErrorEntry", "Failed", NULL, NULL, NULL},
    {"QueueUrl", "QueueUrls", NULL, NULL, NULL},
    {"QueueUrl", "queueUrls", NULL, NULL, NULL},
    {"Message", "Messages", NULL, NULL, NULL},
    {0},
};

static const struct {
    const char *code, *query;
} errors[] = {
    {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"},
    {"QueueNameExists", "QueueAlreadyExists;Sender"},
    {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct;Sender"},
    {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest;Sender"},
    {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId;Sender"},
    {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest;Sender"},
    {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong;Sender"},
    {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight;Sender"},
    {"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender"},
    {"InvalidAttributeName", "InvalidAttributeName;Sender"},
    {"InvalidAttributeValue", "InvalidAttributeValue;Sender"},
    {"MissingParameter", "MissingParameter;Sender"},
    {"InvalidParameterValue", "InvalidParameterValue;Sender"},
};

static const char *query_error(const char *code)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].code, code) == 0)
            return errors[i].query;
    return NULL;
}

static const struct model_service model = {
    .arn_name = "sqs",
    .error_space = "com.amazonaws.sqs#",
    .invalid = "InvalidParameterValue",
    .operations = operations,
    .aliases = aliases,
    .path_member = "QueueUrl",
    .query_error = query_error,
};

const struct local_service local_sqs = {.name = "sqs", .arn_name = "sqs", .model = &model};
