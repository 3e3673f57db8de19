/* The requests' shapes, in the order in which DynamoDB reports their mistakes. */
#include "shape.h"

/* clang-format off: one member a line reads as the table it is */

#define NAME_PATTERN "[a-zA-Z0-9_.-]+"
#define END                                                                                        \
    {                                                                                              \
        0                                                                                          \
    }
#define CAPACITY                                                                                   \
    {                                                                                              \
        .name = "ReturnConsumedCapacity", .type = SHAPE_STRING,                                    \
        .allowed = "[INDEXES, TOTAL, NONE]"                                                        \
    }
#define TABLE                                                                                      \
    {                                                                                              \
        .name = "TableName", .type = SHAPE_STRING, .required = true, .minimum = 3, .maximum = 255, \
        .pattern = NAME_PATTERN                                                                    \
    }
#define OWN_TABLE                                                                                  \
    {                                                                                              \
        .name = "TableName", .type = SHAPE_STRING, .required = true, .is_named_first = true,       \
        .minimum = 3, .maximum = 255, .pattern = NAME_PATTERN                                      \
    }
#define METRICS                                                                                    \
    {                                                                                              \
        .name = "ReturnItemCollectionMetrics", .type = SHAPE_STRING, .allowed = "[SIZE, NONE]"     \
    }
#define RETURN_VALUES                                                                              \
    {                                                                                              \
        .name = "ReturnValues", .type = SHAPE_STRING,                                              \
        .allowed = "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"                            \
    }
#define ON_FAILURE                                                                                 \
    {                                                                                              \
        .name = "ReturnValuesOnConditionCheckFailure", .type = SHAPE_STRING,                       \
        .allowed = "[ALL_OLD, NONE]"                                                               \
    }
#define TEXT(n)                                                                                    \
    {                                                                                              \
        .name = n, .type = SHAPE_STRING                                                            \
    }
#define FLAG(n)                                                                                    \
    {                                                                                              \
        .name = n, .type = SHAPE_BOOLEAN                                                           \
    }
#define LEGACY(n)                                                                                  \
    {                                                                                              \
        .name = n, .type = SHAPE_LEGACY                                                            \
    }
#define UNOFFERED(n)                                                                               \
    {                                                                                              \
        .name = n, .type = SHAPE_UNOFFERED                                                         \
    }
#define ANY(n)                                                                                     \
    {                                                                                              \
        .name = n, .type = SHAPE_ANY                                                               \
    }
#define KEY                                                                                        \
    {                                                                                              \
        .name = "Key", .type = SHAPE_ITEM, .required = true                                        \
    }
#define ITEM                                                                                       \
    {                                                                                              \
        .name = "Item", .type = SHAPE_ITEM, .required = true                                       \
    }
#define NAMES                                                                                      \
    {                                                                                              \
        .name = "ExpressionAttributeNames", .type = SHAPE_NAMES                                    \
    }
#define VALUES                                                                                     \
    {                                                                                              \
        .name = "ExpressionAttributeValues", .type = SHAPE_ITEM                                    \
    }
#define INDEX_NAME                                                                                 \
    {                                                                                              \
        .name = "IndexName", .type = SHAPE_STRING, .minimum = 3, .maximum = 255,                   \
        .pattern = NAME_PATTERN                                                                    \
    }
#define SELECT                                                                                     \
    {                                                                                              \
        .name = "Select", .type = SHAPE_STRING,                                                    \
        .allowed = "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"        \
    }
#define LIMIT                                                                                      \
    {                                                                                              \
        .name = "Limit", .type = SHAPE_INTEGER, .minimum = 1                                       \
    }

const struct shape shape_nothing[] = {END};

const struct shape shape_list_tables[] = {
    {.name = "Limit", .type = SHAPE_INTEGER, .minimum = 1, .maximum = 100},
    {.name = "ExclusiveStartTableName",
     .type = SHAPE_STRING,
     .minimum = 3,
     .maximum = 255,
     .pattern = NAME_PATTERN},
    END,
};
const struct shape shape_describe_table[] = {OWN_TABLE, END};
const struct shape shape_delete_table[] = {OWN_TABLE, END};
const struct shape shape_describe_backups[] = {TABLE, END};

static const struct shape recovery_members[] = {
    {.name = "PointInTimeRecoveryEnabled", .type = SHAPE_BOOLEAN, .required = true},
    {.name = "RecoveryPeriodInDays", .type = SHAPE_INTEGER, .minimum = 1, .maximum = 35},
    END,
};
const struct shape shape_update_backups[] = {
    TABLE,
    {.name = "PointInTimeRecoverySpecification",
     .type = SHAPE_STRUCT,
     .required = true,
     .children = recovery_members},
    END,
};

static const struct shape attribute_members[] = {
    {.name = "AttributeName", .type = SHAPE_STRING, .required = true, .minimum = 1, .maximum = 255},
    {.name = "AttributeType", .type = SHAPE_STRING, .required = true, .allowed = "[B, N, S]"},
    END,
};
static const struct shape attribute_element[] = {
    {.name = "AttributeDefinition", .type = SHAPE_STRUCT, .children = attribute_members}, END};
static const struct shape key_members[] = {
    {.name = "AttributeName", .type = SHAPE_STRING, .required = true, .minimum = 1, .maximum = 255},
    {.name = "KeyType", .type = SHAPE_STRING, .required = true, .allowed = "[HASH, RANGE]"},
    END,
};
static const struct shape key_element[] = {
    {.name = "KeySchemaElement", .type = SHAPE_STRUCT, .children = key_members}, END};
static const struct shape throughput_members[] = {
    {.name = "WriteCapacityUnits", .type = SHAPE_INTEGER, .required = true, .minimum = 1},
    {.name = "ReadCapacityUnits", .type = SHAPE_INTEGER, .required = true, .minimum = 1},
    END,
};
static const struct shape name_element[] = {TEXT("String"), END};
static const struct shape projection_members[] = {
    {.name = "ProjectionType", .type = SHAPE_STRING, .allowed = "[ALL, INCLUDE, KEYS_ONLY]"},
    {.name = "NonKeyAttributes",
     .type = SHAPE_LIST,
     .minimum = 1,
     .maximum = 20,
     .children = name_element},
    END,
};
#define THROUGHPUT                                                                                 \
    {                                                                                              \
        .name = "ProvisionedThroughput", .type = SHAPE_STRUCT, .children = throughput_members      \
    }
#define INDEX_MEMBERS                                                                              \
    {.name = "IndexName",                                                                          \
     .type = SHAPE_STRING,                                                                         \
     .required = true,                                                                             \
     .minimum = 3,                                                                                 \
     .maximum = 255,                                                                               \
     .pattern = NAME_PATTERN},                                                                     \
        {.name = "KeySchema",                                                                      \
         .type = SHAPE_LIST,                                                                       \
         .required = true,                                                                         \
         .minimum = 1,                                                                             \
         .maximum = 2,                                                                             \
         .children = key_element},                                                                 \
    {                                                                                              \
        .name = "Projection", .type = SHAPE_STRUCT, .required = true,                              \
        .children = projection_members                                                             \
    }
static const struct shape local_members[] = {INDEX_MEMBERS, END};
static const struct shape local_element[] = {
    {.name = "LocalSecondaryIndex", .type = SHAPE_STRUCT, .children = local_members}, END};
static const struct shape global_members[] = {INDEX_MEMBERS, THROUGHPUT, ANY("OnDemandThroughput"),
                                              END};
static const struct shape global_element[] = {
    {.name = "GlobalSecondaryIndex", .type = SHAPE_STRUCT, .children = global_members}, END};
#define BILLING                                                                                    \
    {                                                                                              \
        .name = "BillingMode", .type = SHAPE_STRING, .allowed = "[PROVISIONED, PAY_PER_REQUEST]"   \
    }

const struct shape shape_create_table[] = {
    {.name = "AttributeDefinitions",
     .type = SHAPE_LIST,
     .required = true,
     .children = attribute_element},
    OWN_TABLE,
    BILLING,
    THROUGHPUT,
    {.name = "KeySchema",
     .type = SHAPE_LIST,
     .required = true,
     .minimum = 1,
     .maximum = 2,
     .children = key_element},
    {.name = "LocalSecondaryIndexes", .type = SHAPE_LIST, .children = local_element},
    {.name = "GlobalSecondaryIndexes", .type = SHAPE_LIST, .children = global_element},
    ANY("StreamSpecification"),
    ANY("SSESpecification"),
    ANY("Tags"),
    ANY("TableClass"),
    FLAG("DeletionProtectionEnabled"),
    END,
};
const struct shape shape_update_table[] = {
    {.name = "AttributeDefinitions", .type = SHAPE_LIST, .children = attribute_element},
    OWN_TABLE,
    BILLING,
    THROUGHPUT,
    FLAG("DeletionProtectionEnabled"),
    UNOFFERED("GlobalSecondaryIndexUpdates"),
    UNOFFERED("ReplicaUpdates"),
    ANY("StreamSpecification"),
    ANY("SSESpecification"),
    ANY("TableClass"),
    END,
};

const struct shape shape_get_item[] = {
    CAPACITY,
    TABLE,
    KEY,
    LEGACY("AttributesToGet"),
    FLAG("ConsistentRead"),
    TEXT("ProjectionExpression"),
    NAMES,
    END,
};
const struct shape shape_put_item[] = {
    CAPACITY,
    TABLE,
    ITEM,
    METRICS,
    RETURN_VALUES,
    ON_FAILURE,
    LEGACY("ConditionalOperator"),
    LEGACY("Expected"),
    TEXT("ConditionExpression"),
    VALUES,
    NAMES,
    END,
};
const struct shape shape_delete_item[] = {
    CAPACITY,
    TABLE,
    KEY,
    METRICS,
    RETURN_VALUES,
    ON_FAILURE,
    LEGACY("ConditionalOperator"),
    LEGACY("Expected"),
    TEXT("ConditionExpression"),
    VALUES,
    NAMES,
    END,
};
const struct shape shape_update_item[] = {
    CAPACITY,
    TABLE,
    METRICS,
    RETURN_VALUES,
    ON_FAILURE,
    KEY,
    LEGACY("ConditionalOperator"),
    LEGACY("Expected"),
    LEGACY("AttributeUpdates"),
    TEXT("ConditionExpression"),
    TEXT("UpdateExpression"),
    VALUES,
    NAMES,
    END,
};
const struct shape shape_query[] = {
    SELECT,
    INDEX_NAME,
    CAPACITY,
    LEGACY("QueryFilter"),
    TABLE,
    LEGACY("ConditionalOperator"),
    LEGACY("AttributesToGet"),
    LIMIT,
    LEGACY("KeyConditions"),
    {.name = "ExclusiveStartKey", .type = SHAPE_ITEM},
    FLAG("ConsistentRead"),
    FLAG("ScanIndexForward"),
    TEXT("KeyConditionExpression"),
    TEXT("FilterExpression"),
    TEXT("ProjectionExpression"),
    VALUES,
    NAMES,
    END,
};
const struct shape shape_scan[] = {
    SELECT,
    INDEX_NAME,
    CAPACITY,
    LEGACY("ScanFilter"),
    TABLE,
    LEGACY("ConditionalOperator"),
    LEGACY("AttributesToGet"),
    {.name = "TotalSegments", .type = SHAPE_INTEGER, .minimum = 1, .maximum = 1000000},
    {.name = "Segment", .type = SHAPE_INTEGER, .maximum = 999999},
    LIMIT,
    {.name = "ExclusiveStartKey", .type = SHAPE_ITEM},
    FLAG("ConsistentRead"),
    TEXT("FilterExpression"),
    TEXT("ProjectionExpression"),
    VALUES,
    NAMES,
    END,
};

static const struct shape get_key_element[] = {{.name = "Key", .type = SHAPE_ITEM}, END};
static const struct shape batch_get_members[] = {
    LEGACY("AttributesToGet"),
    FLAG("ConsistentRead"),
    TEXT("ProjectionExpression"),
    NAMES,
    {.name = "Keys",
     .type = SHAPE_LIST,
     .required = true,
     .minimum = 1,
     .maximum = 100,
     .children = get_key_element},
    END,
};
static const struct shape batch_get_element[] = {
    {.name = "KeysAndAttributes", .type = SHAPE_STRUCT, .children = batch_get_members}, END};
const struct shape shape_batch_get[] = {
    CAPACITY,
    {.name = "RequestItems",
     .type = SHAPE_MAP,
     .required = true,
     .minimum = 1,
     .maximum = 100,
     .children = batch_get_element},
    END,
};

static const struct shape put_members[] = {ITEM, END};
static const struct shape delete_members[] = {KEY, END};
static const struct shape batch_write_members[] = {
    {.name = "DeleteRequest", .type = SHAPE_STRUCT, .children = delete_members},
    {.name = "PutRequest", .type = SHAPE_STRUCT, .children = put_members},
    END,
};
static const struct shape write_request[] = {
    {.name = "WriteRequest", .type = SHAPE_STRUCT, .children = batch_write_members}, END};
static const struct shape batch_write_element[] = {
    {.name = "WriteRequests", .type = SHAPE_LIST, .children = write_request}, END};
const struct shape shape_batch_write[] = {
    CAPACITY,
    METRICS,
    {.name = "RequestItems",
     .type = SHAPE_MAP,
     .required = true,
     .minimum = 1,
     .maximum = 25,
     .children = batch_write_element},
    END,
};

static const struct shape transact_get_members[] = {KEY, TABLE, TEXT("ProjectionExpression"), NAMES,
                                                    END};
static const struct shape transact_get_item[] = {
    {.name = "Get", .type = SHAPE_STRUCT, .required = true, .children = transact_get_members}, END};
static const struct shape transact_get_element[] = {
    {.name = "TransactGetItem", .type = SHAPE_STRUCT, .children = transact_get_item}, END};
const struct shape shape_transact_get[] = {
    CAPACITY,
    {.name = "TransactItems",
     .type = SHAPE_LIST,
     .required = true,
     .minimum = 1,
     .maximum = 100,
     .children = transact_get_element},
    END,
};

#define CONDITION TEXT("ConditionExpression"), NAMES, VALUES, ON_FAILURE
static const struct shape transact_put[] = {ITEM, TABLE, CONDITION, END};
static const struct shape transact_delete[] = {KEY, TABLE, CONDITION, END};
static const struct shape transact_update[] = {
    KEY,
    TABLE,
    {.name = "UpdateExpression", .type = SHAPE_STRING, .required = true},
    CONDITION,
    END};
static const struct shape transact_check[] = {
    KEY,   TABLE,  {.name = "ConditionExpression", .type = SHAPE_STRING, .required = true},
    NAMES, VALUES, ON_FAILURE,
    END};
static const struct shape transact_write_item[] = {
    {.name = "ConditionCheck", .type = SHAPE_STRUCT, .children = transact_check},
    {.name = "Put", .type = SHAPE_STRUCT, .children = transact_put},
    {.name = "Delete", .type = SHAPE_STRUCT, .children = transact_delete},
    {.name = "Update", .type = SHAPE_STRUCT, .children = transact_update},
    END,
};
static const struct shape transact_write_element[] = {
    {.name = "TransactWriteItem", .type = SHAPE_STRUCT, .children = transact_write_item}, END};
const struct shape shape_transact_write[] = {
    CAPACITY,
    METRICS,
    {.name = "ClientRequestToken", .type = SHAPE_STRING, .minimum = 1, .maximum = 36},
    {.name = "TransactItems",
     .type = SHAPE_LIST,
     .required = true,
     .minimum = 1,
     .maximum = 100,
     .children = transact_write_element},
    END,
};

static const struct shape incremental_members[] = {
    {.name = "ExportFromTime", .type = SHAPE_TIME},
    {.name = "ExportToTime", .type = SHAPE_TIME},
    {.name = "ExportViewType", .type = SHAPE_STRING, .allowed = "[NEW_IMAGE, NEW_AND_OLD_IMAGES]"},
    END,
};
const struct shape shape_export_table[] = {
    {.name = "TableArn", .type = SHAPE_STRING, .required = true, .minimum = 1, .maximum = 1024},
    {.name = "ExportTime", .type = SHAPE_TIME},
    TEXT("ClientToken"),
    {.name = "S3Bucket", .type = SHAPE_STRING, .required = true, .maximum = 255},
    TEXT("S3BucketOwner"),
    {.name = "S3Prefix", .type = SHAPE_STRING, .maximum = 1024},
    {.name = "S3SseAlgorithm", .type = SHAPE_STRING, .allowed = "[AES256, KMS]"},
    TEXT("S3SseKmsKeyId"),
    {.name = "ExportFormat", .type = SHAPE_STRING, .allowed = "[DYNAMODB_JSON, ION]"},
    {.name = "ExportType", .type = SHAPE_STRING, .allowed = "[FULL_EXPORT, INCREMENTAL_EXPORT]"},
    {.name = "IncrementalExportSpecification",
     .type = SHAPE_STRUCT,
     .children = incremental_members},
    END,
};
const struct shape shape_describe_export[] = {
    {.name = "ExportArn", .type = SHAPE_STRING, .required = true, .minimum = 37, .maximum = 1024},
    END};
const struct shape shape_list_exports[] = {
    {.name = "TableArn", .type = SHAPE_STRING, .minimum = 1, .maximum = 1024},
    {.name = "MaxResults", .type = SHAPE_INTEGER, .minimum = 1, .maximum = 25},
    TEXT("NextToken"),
    END,
};
