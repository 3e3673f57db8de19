/* DynamoDB's door: AWS JSON 1.0 over HTTP. Signature fields, body and operation are checked in the
 * order the service does; then the request's shape, then the operation. */
#include "dynamodb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "shape.h"

#define CORAL_SERVICE  "com.amazon.coral.service#"
#define CORAL_VALIDATE "com.amazon.coral.validate#"
#define DYNAMODB_TYPES "com.amazonaws.dynamodb.v20120810#"
#define BODY_DEPTH                                                                                 \
    100 /* JSON levels: twice DynamoDB's 32 of attributes, and the request around them */

static const struct {
    const char *space, *name;
    const char *message_member;
    int status;
} errors[] = {
    [DYNAMODB_VALIDATION] = {CORAL_VALIDATE, "ValidationException", "message", 400},
    [DYNAMODB_SERIALIZATION] = {CORAL_SERVICE, "SerializationException", "Message", 400},
    [DYNAMODB_UNKNOWN_OPERATION] = {CORAL_SERVICE, "UnknownOperationException", "message", 400},
    [DYNAMODB_MISSING_TOKEN] = {CORAL_SERVICE, "MissingAuthenticationTokenException", "message",
                                400},
    [DYNAMODB_INCOMPLETE_SIGNATURE] = {CORAL_SERVICE, "IncompleteSignatureException", "message",
                                       400},
    [DYNAMODB_RESOURCE_NOT_FOUND] = {DYNAMODB_TYPES, "ResourceNotFoundException", "message", 400},
    [DYNAMODB_RESOURCE_IN_USE] = {DYNAMODB_TYPES, "ResourceInUseException", "message", 400},
    [DYNAMODB_CONDITION_FAILED] = {DYNAMODB_TYPES, "ConditionalCheckFailedException", "message",
                                   400},
    [DYNAMODB_TRANSACTION_CANCELED] = {DYNAMODB_TYPES, "TransactionCanceledException", "Message",
                                       400},
    [DYNAMODB_IDEMPOTENT_MISMATCH] = {DYNAMODB_TYPES, "IdempotentParameterMismatchException",
                                      "Message", 400},
    [DYNAMODB_TABLE_NOT_FOUND] = {DYNAMODB_TYPES, "TableNotFoundException", "message", 400},
    [DYNAMODB_RECOVERY_UNAVAILABLE] = {DYNAMODB_TYPES, "PointInTimeRecoveryUnavailableException",
                                       "message", 400},
    [DYNAMODB_INVALID_EXPORT_TIME] = {DYNAMODB_TYPES, "InvalidExportTimeException", "message", 400},
    [DYNAMODB_EXPORT_CONFLICT] = {DYNAMODB_TYPES, "ExportConflictException", "message", 400},
    [DYNAMODB_EXPORT_NOT_FOUND] = {DYNAMODB_TYPES, "ExportNotFoundException", "message", 400},
    [DYNAMODB_INTERNAL] = {DYNAMODB_TYPES, "InternalServerError", "message", 500},
};

static const struct {
    const char *name;
    const struct shape *shape;
    dynamodb_operation operation;
} operations[] = {
    {"BatchGetItem", shape_batch_get, dynamodb_batch_get},
    {"BatchWriteItem", shape_batch_write, dynamodb_batch_write},
    {"CreateTable", shape_create_table, dynamodb_create_table},
    {"DeleteItem", shape_delete_item, dynamodb_delete_item},
    {"DeleteTable", shape_delete_table, dynamodb_delete_table},
    {"DescribeContinuousBackups", shape_describe_backups, dynamodb_describe_backups},
    {"DescribeEndpoints", shape_nothing, dynamodb_describe_endpoints},
    {"DescribeExport", shape_describe_export, dynamodb_describe_export},
    {"DescribeLimits", shape_nothing, dynamodb_describe_limits},
    {"DescribeTable", shape_describe_table, dynamodb_describe_table},
    {"DescribeTimeToLive", shape_describe_table, dynamodb_describe_ttl},
    {"ExportTableToPointInTime", shape_export_table, dynamodb_export_table},
    {"GetItem", shape_get_item, dynamodb_get_item},
    {"ListExports", shape_list_exports, dynamodb_list_exports},
    {"ListTables", shape_list_tables, dynamodb_list_tables},
    {"PutItem", shape_put_item, dynamodb_put_item},
    {"Query", shape_query, dynamodb_query},
    {"Scan", shape_scan, dynamodb_scan},
    {"TransactGetItems", shape_transact_get, dynamodb_transact_get},
    {"TransactWriteItems", shape_transact_write, dynamodb_transact_write},
    {"UpdateContinuousBackups", shape_update_backups, dynamodb_update_backups},
    {"UpdateItem", shape_update_item, dynamodb_update_item},
    {"UpdateTable", shape_update_table, dynamodb_update_table},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

bool dynamodb_refuse(struct dynamodb_call *c, enum dynamodb_error error, const char *format, ...)
{
    if (c->is_refused)
        return false;
    c->is_refused = true;
    c->error = error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
    return false;
}

const char *dynamodb_error_name(enum dynamodb_error error)
{
    return errors[error].name;
}

/* ---- request members ---- */

const asl_value *dynamodb_member(const asl_value *request, const char *name)
{
    const asl_value *v = value_get_z(request, name);
    return v && value_kind(v) != VALUE_NULL ? v : NULL;
}

struct asl_text dynamodb_text(const asl_value *request, const char *name)
{
    const asl_value *v = dynamodb_member(request, name);
    return v ? value_as_text(v) : ASL_TEXT("");
}

bool dynamodb_flag(const asl_value *request, const char *name)
{
    const asl_value *v = dynamodb_member(request, name);
    return v && value_is_true(v);
}

bool dynamodb_is(const asl_value *request, const char *name, const char *text)
{
    return asl_text_is(dynamodb_text(request, name), text);
}

/* ---- the envelope ---- */

static void put_error(struct asl_buffer *out, enum dynamodb_error error, const char *message,
                      const char *extra_name, const asl_value *extra)
{
    struct value_list body;
    char type[128];
    value_list_init(&body);
    snprintf(type, sizeof type, "%s%s", errors[error].space, errors[error].name);
    value_list_set_take(&body, "__type", value_string_z(type));
    if (extra)
        value_list_set_take(&body, extra_name, value_retain(extra));
    size_t size = strlen(message);
    while (size && !value_utf8_valid((struct asl_text){message, size}))
        size--; /* a message cut inside a character */
    value_list_set_take(&body, errors[error].message_member,
                        value_string((struct asl_text){message, size}));
    asl_value *v = value_object_take(&body);
    value_print(v, out);
    value_release(v);
}

static void finish(struct local_answer *answer, bool is_json_1_0)
{
    char id[53], crc[16];
    local_random(id, sizeof id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    snprintf(crc, sizeof crc, "%lu",
             crc32(0, (const unsigned char *)answer->body.data, (unsigned)answer->body.size));
    http_headers_set(&answer->headers, "x-amzn-RequestId", asl_text(id));
    http_headers_set(&answer->headers, "x-amz-crc32", asl_text(crc));
    http_headers_set(&answer->headers, "Content-Type",
                     is_json_1_0 ? ASL_TEXT("application/x-amz-json-1.0")
                                 : ASL_TEXT("application/json"));
}

static void fail(struct local_answer *answer, const char *why)
{
    char message[512];
    snprintf(message, sizeof message, "The stand-in's database failed: %s. Nothing was changed.",
             why);
    answer->status = 500;
    put_error(&answer->body, DYNAMODB_INTERNAL, message, NULL, NULL);
    finish(answer, true);
}

/* The Authorization header as far as clients get it wrong; the signature is not verified. */
static bool check_signature(struct dynamodb_call *c, const struct http_received *request)
{
    static const char *const parts[] = {"Credential=", "Signature=", "SignedHeaders="};
    static const char *const names[] = {"'Credential'", "'Signature'", "'SignedHeaders'"};
    const char *authorization = http_headers_get(&request->headers, "Authorization");
    if (!authorization && strstr(request->query, "X-Amz-Credential="))
        return true;
    if (!authorization || strncmp(authorization, "AWS4-", 5) != 0)
        return dynamodb_refuse(c, DYNAMODB_MISSING_TOKEN,
                               "Request is missing Authentication Token");
    struct asl_buffer missing;
    asl_buffer_init(&missing, 2048);
    for (size_t i = 0; i < 3; i++)
        if (!strstr(authorization, parts[i]))
            asl_buffer_printf(&missing, "Authorization header requires %s parameter. ", names[i]);
    if (!http_headers_get(&request->headers, "X-Amz-Date") &&
        !http_headers_get(&request->headers, "Date"))
        asl_buffer_puts(&missing,
                        "Authorization header requires existence of either a 'X-Amz-Date' or "
                        "a 'Date' header. ");
    bool is_fine = missing.size == 0;
    if (!is_fine)
        dynamodb_refuse(c, DYNAMODB_INCOMPLETE_SIGNATURE, "%.*s",
                        ASL_TEXT_ARGS(asl_buffer_text(&missing)));
    asl_buffer_free(&missing);
    return is_fine;
}

static bool run(struct dynamodb_call *c, const struct http_received *request)
{
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    const char *name = target ? strchr(target, '.') : NULL;
    struct value_error error;
    if (!check_signature(c, request))
        return false;
    if (!name || strncmp(target, "DynamoDB_20120810.", 18) != 0)
        return dynamodb_refuse(c, DYNAMODB_UNKNOWN_OPERATION, "%s is not offered by this stand-in",
                               target ? target : "A call without X-Amz-Target");
    asl_value *body = value_parse(request->body, 0, 0, &error);
    if (!body || value_kind(body) != VALUE_OBJECT || value_depth(body) > BODY_DEPTH) {
        value_release(body);
        return dynamodb_refuse(c, DYNAMODB_SERIALIZATION, "%s", "");
    }
    c->request = body;
    bool is_done = false;
    size_t i = 0;
    while (i < OPERATIONS && strcmp(operations[i].name, name + 1) != 0)
        i++;
    if (i == OPERATIONS)
        dynamodb_refuse(c, DYNAMODB_UNKNOWN_OPERATION,
                        "The operation %s is not offered by this stand-in", name + 1);
    else
        is_done = shape_check(c, operations[i].shape) && operations[i].operation(c);
    value_release(body);
    return is_done;
}

static bool handle(struct local *l, const struct http_received *request,
                   struct local_answer *answer)
{
    const char *type = http_headers_get(&request->headers, "Content-Type");
    bool is_1_0 = type && strncasecmp(type, "application/x-amz-json-1.0", 26) == 0;
    if (strcmp(request->method, "POST") != 0 ||
        (!is_1_0 && !(type && strncasecmp(type, "application/json", 16) == 0))) {
        answer->status = 404; /* as the service answers what is no call of its protocol */
        asl_buffer_puts(&answer->body, "<UnknownOperationException/>\n");
        return false;
    }
    struct dynamodb_call *c = asl_allocate_zeroed(1, sizeof *c);
    c->local = l;
    c->db = l->database;
    bool is_done = run(c, request);
    if (is_done)
        value_print(c->answer, &answer->body);
    else {
        answer->status = errors[c->error].status;
        put_error(&answer->body, c->error, c->message, c->extra_name, c->extra);
    }
    finish(answer, is_1_0);
    value_release(c->answer);
    value_release(c->extra);
    free(c);
    return is_done;
}

const struct local_service local_dynamodb = {.name = "dynamodb", .handle = handle, .fail = fail};
