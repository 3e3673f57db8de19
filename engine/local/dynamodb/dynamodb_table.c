/* Tables: what they are made of, and the calls that make, show, change and drop them. A table's
 * description is kept as DescribeTable shows it, without what is counted when asked. */
#include "dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVALID       "One or more parameter values were invalid: "
#define UNITS_MAXIMUM 1000000000000
#define TABLES_LISTED 100

static bool invalid(struct dynamodb_call *c, const char *what)
{
    return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", what);
}

/* ---- opening ---- */

char *dynamodb_table_arn(const struct local *l, struct asl_text name)
{
    struct asl_buffer arn;
    asl_buffer_init(&arn, 2048);
    asl_buffer_printf(&arn, "arn:aws:dynamodb:%s:%s:table/%.*s", l->region, l->account,
                      ASL_TEXT_ARGS(name));
    return asl_buffer_take(&arn, NULL);
}

static enum attribute_type type_of(const asl_value *description, struct asl_text name)
{
    const asl_value *definitions = value_get_z(description, "AttributeDefinitions");
    for (size_t i = 0; i < value_count(definitions); i++)
        if (asl_text_equal(dynamodb_text(value_at(definitions, i), "AttributeName"), name))
            return attribute_type_named(dynamodb_text(value_at(definitions, i), "AttributeType"));
    return ATTRIBUTE_TYPES;
}

struct dynamodb_keys dynamodb_read_keys(const asl_value *description, const asl_value *schema)
{
    struct dynamodb_keys keys = {.count = 0};
    for (size_t i = 0; i < value_count(schema) && i < 2; i++) {
        struct asl_text name = dynamodb_text(value_at(schema, i), "AttributeName");
        keys.attributes[keys.count++] =
            (struct dynamodb_key_attribute){name, type_of(description, name)};
    }
    return keys;
}

/* The name in an ARN of this account and region, or the text itself. */
static struct asl_text plain_name(const struct local *l, struct asl_text name)
{
    if (!asl_text_starts(name, "arn:"))
        return name;
    char *prefix = dynamodb_table_arn(l, ASL_TEXT(""));
    struct asl_text rest = {name.data, 0};
    if (asl_text_starts(name, prefix))
        rest = (struct asl_text){name.data + strlen(prefix), name.size - strlen(prefix)};
    free(prefix);
    return rest;
}

bool dynamodb_find_table(struct dynamodb_call *c, struct asl_text name, struct dynamodb_table *t)
{
    *t = (struct dynamodb_table){0};
    struct value_error error;
    sqlite3_stmt *s = database_query(
        c->db,
        "SELECT id, description, recovery_since FROM ddb_table WHERE region = ? AND name = ?", "zt",
        c->local->region, plain_name(c->local, name));
    while (database_step(c->db, s)) {
        t->id = sqlite3_column_int64(s, 0);
        t->recovery_since = sqlite3_column_int64(s, 2);
        value_release(t->description);
        t->description = value_parse(database_text(s, 1), 0, 0, &error);
    }
    if (!t->description)
        return false;
    t->name = dynamodb_text(t->description, "TableName");
    t->keys = dynamodb_read_keys(t->description, value_get_z(t->description, "KeySchema"));
    return true;
}

bool dynamodb_open_table(struct dynamodb_call *c, struct asl_text name, struct dynamodb_table *t)
{
    return dynamodb_find_table(c, name, t) ||
           dynamodb_refuse(c, DYNAMODB_RESOURCE_NOT_FOUND, "Requested resource not found");
}

void dynamodb_close_table(struct dynamodb_table *t)
{
    value_release(t->description);
    *t = (struct dynamodb_table){0};
}

static const char *const index_lists[] = {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"};

void dynamodb_each_index(const struct dynamodb_table *t,
                         void (*see)(void *state, const asl_value *index, bool is_global),
                         void *state)
{
    for (size_t k = 0; k < 2; k++) {
        const asl_value *list = dynamodb_member(t->description, index_lists[k]);
        for (size_t i = 0; list && i < value_count(list); i++)
            see(state, value_at(list, i), k == 0);
    }
}

struct search {
    struct asl_text name;
    const asl_value *found;
    bool is_global;
};

static void see_index(void *state, const asl_value *index, bool is_global)
{
    struct search *s = state;
    if (asl_text_equal(dynamodb_text(index, "IndexName"), s->name)) {
        s->found = index;
        s->is_global = is_global;
    }
}

const asl_value *dynamodb_index(const struct dynamodb_table *t, struct asl_text name,
                                bool *is_global)
{
    struct search s = {name, NULL, false};
    dynamodb_each_index(t, see_index, &s);
    *is_global = s.is_global;
    return s.found;
}

/* ---- checking a new table ---- */

static bool is_defined(const asl_value *definitions, struct asl_text name)
{
    for (size_t i = 0; i < value_count(definitions); i++)
        if (asl_text_equal(dynamodb_text(value_at(definitions, i), "AttributeName"), name))
            return true;
    return false;
}

static void put_names(struct asl_buffer *out, const asl_value *list)
{
    asl_buffer_putc(out, '[');
    for (size_t i = 0; i < value_count(list); i++) {
        asl_buffer_puts(out, i ? ", " : "");
        asl_buffer_put_text(out, dynamodb_text(value_at(list, i), "AttributeName"));
    }
    asl_buffer_putc(out, ']');
}

static bool check_schema(struct dynamodb_call *c, const asl_value *definitions,
                         const asl_value *schema)
{
    for (size_t i = 0; i < value_count(schema); i++) {
        if (is_defined(definitions, dynamodb_text(value_at(schema, i), "AttributeName")))
            continue;
        struct asl_buffer keys;
        asl_buffer_init(&keys, 4096);
        put_names(&keys, schema);
        asl_buffer_puts(&keys, ", AttributeDefinitions: ");
        put_names(&keys, definitions);
        dynamodb_refuse(c, DYNAMODB_VALIDATION,
                        INVALID "Some index key attributes are not defined in "
                                "AttributeDefinitions. Keys: %.*s",
                        ASL_TEXT_ARGS(asl_buffer_text(&keys)));
        asl_buffer_free(&keys);
        return false;
    }
    const asl_value *hash = value_at(schema, 0);
    const asl_value *range = value_count(schema) > 1 ? value_at(schema, 1) : NULL;
    if (range &&
        asl_text_equal(dynamodb_text(hash, "AttributeName"), dynamodb_text(range, "AttributeName")))
        return invalid(c,
                       "Both the Hash Key and the Range Key element in the KeySchema have the same "
                       "name");
    if (!dynamodb_is(hash, "KeyType", "HASH"))
        return invalid(c, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    if (range && !dynamodb_is(range, "KeyType", "RANGE"))
        return invalid(c, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    return true;
}

static bool check_throughput(struct dynamodb_call *c)
{
    const asl_value *units = dynamodb_member(c->request, "ProvisionedThroughput");
    if (dynamodb_is(c->request, "BillingMode", "PAY_PER_REQUEST"))
        return !units ||
               invalid(c, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                  "specified when BillingMode is PAY_PER_REQUEST");
    if (!units)
        return invalid(c, INVALID
                       "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                       "BillingMode is PROVISIONED");
    static const char *const names[] = {"ReadCapacityUnits", "WriteCapacityUnits"};
    for (size_t i = 0; i < 2; i++) {
        int64_t value = 0;
        if (!value_as_integer(value_get_z(units, names[i]), &value) || value > UNITS_MAXIMUM)
            return dynamodb_refuse(
                c, DYNAMODB_VALIDATION, "Given value %.*s for %s is out of bounds",
                ASL_TEXT_ARGS(value_as_text(value_get_z(units, names[i]))), names[i]);
    }
    return true;
}

static bool check_projection(struct dynamodb_call *c, const asl_value *projection)
{
    struct asl_text type = dynamodb_text(projection, "ProjectionType");
    if (type.size == 0)
        return invalid(c, INVALID "Unknown ProjectionType: null");
    if (dynamodb_member(projection, "NonKeyAttributes") && !asl_text_is(type, "INCLUDE"))
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               INVALID "ProjectionType is %.*s, but NonKeyAttributes is specified",
                               ASL_TEXT_ARGS(type));
    return true;
}

/* A local index shares the table's hash key and has a range key of its own. */
static bool check_local(struct dynamodb_call *c, const asl_value *index, const asl_value *schema)
{
    struct asl_text name = dynamodb_text(index, "IndexName");
    if (value_count(schema) != 2)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               INVALID "Index KeySchema does not have a range key for index: %.*s",
                               ASL_TEXT_ARGS(name));
    struct asl_text hash = dynamodb_text(value_at(schema, 0), "AttributeName");
    struct asl_text table =
        dynamodb_text(value_at(value_get_z(c->request, "KeySchema"), 0), "AttributeName");
    return asl_text_equal(hash, table) ||
           dynamodb_refuse(c, DYNAMODB_VALIDATION,
                           INVALID
                           "Index KeySchema does not have the same leading hash key as table "
                           "KeySchema for index: %.*s. index hash key: %.*s, table hash key: %.*s",
                           ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(hash), ASL_TEXT_ARGS(table));
}

static bool is_named_before(const struct dynamodb_call *c, struct asl_text name, size_t list,
                            size_t index)
{
    for (size_t k = 2; k-- > list;) { /* local ones are checked first */
        const asl_value *indexes = dynamodb_member(c->request, index_lists[k]);
        for (size_t i = 0; indexes && i < (k == list ? index : value_count(indexes)); i++)
            if (asl_text_equal(dynamodb_text(value_at(indexes, i), "IndexName"), name))
                return true;
    }
    return false;
}

static bool check_index(struct dynamodb_call *c, size_t list, size_t i, const asl_value *index)
{
    const asl_value *schema = value_get_z(index, "KeySchema");
    struct asl_text name = dynamodb_text(index, "IndexName");
    if (!check_schema(c, value_get_z(c->request, "AttributeDefinitions"), schema) ||
        (list == 1 && !check_local(c, index, schema)) ||
        !check_projection(c, value_get_z(index, "Projection")))
        return false;
    if (list == 0 && dynamodb_is(c->request, "BillingMode", "PAY_PER_REQUEST") &&
        dynamodb_member(index, "ProvisionedThroughput"))
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               INVALID
                               "ProvisionedThroughput should not be specified for index: %.*s "
                               "when BillingMode is PAY_PER_REQUEST",
                               ASL_TEXT_ARGS(name));
    return !is_named_before(c, name, list, i) ||
           dynamodb_refuse(c, DYNAMODB_VALIDATION, INVALID "Duplicate index name: %.*s",
                           ASL_TEXT_ARGS(name));
}

static bool check_indexes(struct dynamodb_call *c, size_t list)
{
    static const struct {
        size_t maximum;
        const char *empty, *many;
    } rules[] = {
        {20, INVALID "List of GlobalSecondaryIndexes is empty",
         INVALID "GlobalSecondaryIndex count exceeds the per-table limit of 20"},
        {5, INVALID "List of LocalSecondaryIndexes is empty",
         INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of 5"},
    };
    const asl_value *indexes = dynamodb_member(c->request, index_lists[list]);
    if (!indexes)
        return true;
    if (value_count(indexes) == 0)
        return invalid(c, rules[list].empty);
    if (list == 1 && value_count(value_get_z(c->request, "KeySchema")) != 2)
        return invalid(c,
                       INVALID "Table KeySchema does not have a range key, which is required when "
                               "specifying a LocalSecondaryIndex");
    for (size_t i = 0; i < value_count(indexes); i++)
        if (!check_index(c, list, i, value_at(indexes, i)))
            return false;
    return value_count(indexes) <= rules[list].maximum || invalid(c, rules[list].many);
}

static bool check_new_table(struct dynamodb_call *c)
{
    const asl_value *definitions = value_get_z(c->request, "AttributeDefinitions");
    const asl_value *schema = value_get_z(c->request, "KeySchema");
    if (!check_throughput(c))
        return false;
    if (value_count(schema) > value_count(definitions))
        return invalid(c, "Invalid KeySchema: Some index key attribute have no definition");
    if (!check_schema(c, definitions, schema))
        return false;
    bool has_indexes =
        dynamodb_member(c->request, index_lists[0]) || dynamodb_member(c->request, index_lists[1]);
    if (!has_indexes && value_count(schema) != value_count(definitions))
        return invalid(c,
                       INVALID "Number of attributes in KeySchema does not exactly match number of "
                               "attributes defined in AttributeDefinitions");
    return check_indexes(c, 1) && check_indexes(c, 0);
}

/* ---- describing ---- */

static asl_value *throughput(const asl_value *given)
{
    struct value_list list;
    value_list_init(&list);
    static const char *const names[] = {"ReadCapacityUnits", "WriteCapacityUnits"};
    value_list_set_take(&list, "NumberOfDecreasesToday", value_integer(0));
    for (size_t i = 0; i < 2; i++) {
        const asl_value *units = given ? value_get_z(given, names[i]) : NULL;
        value_list_set_take(&list, names[i], units ? value_retain(units) : value_integer(0));
    }
    return value_object_take(&list);
}

static asl_value *seconds(int64_t ms)
{
    return value_double((double)ms / 1000);
}

static asl_value *describe_indexes(const asl_value *given, const char *table_arn, bool is_global)
{
    struct value_list all;
    value_list_init(&all);
    for (size_t i = 0; i < value_count(given); i++) {
        const asl_value *index = value_at(given, i);
        struct asl_buffer arn;
        struct value_list list;
        value_list_init(&list);
        asl_buffer_init(&arn, 2048);
        asl_buffer_printf(&arn, "%s/index/%.*s", table_arn,
                          ASL_TEXT_ARGS(dynamodb_text(index, "IndexName")));
        value_list_set_take(&list, "IndexName", value_retain(value_get_z(index, "IndexName")));
        value_list_set_take(&list, "KeySchema", value_retain(value_get_z(index, "KeySchema")));
        value_list_set_take(&list, "Projection", value_retain(value_get_z(index, "Projection")));
        value_list_set_take(&list, "IndexArn", value_string(asl_buffer_text(&arn)));
        value_list_set_take(&list, "IndexSizeBytes", value_integer(0));
        value_list_set_take(&list, "ItemCount", value_integer(0));
        if (is_global) {
            value_list_set_take(&list, "IndexStatus", value_string_z("ACTIVE"));
            value_list_set_take(&list, "ProvisionedThroughput",
                                throughput(dynamodb_member(index, "ProvisionedThroughput")));
        }
        asl_buffer_free(&arn);
        value_list_push_take(&all, value_object_take(&list));
    }
    return value_array_take(&all);
}

static void set_billing(struct value_list *list, int64_t now)
{
    struct value_list billing, mode;
    value_list_init(&billing);
    value_list_init(&mode);
    value_list_set_take(&billing, "BillingMode", value_string_z("PAY_PER_REQUEST"));
    value_list_set_take(&billing, "LastUpdateToPayPerRequestDateTime", seconds(now));
    value_list_set_take(list, "BillingModeSummary", value_object_take(&billing));
    value_list_set_take(&mode, "TableThroughputMode", value_string_z("PAY_PER_REQUEST"));
    value_list_set_take(list, "TableThroughputModeSummary", value_object_take(&mode));
}

static void put_table_id(char out[37])
{
    local_random(out, 37, "0123456789abcdef");
    out[8] = out[13] = out[18] = out[23] = '-';
    out[14] = '4';
    out[19] = "89ab"[(unsigned char)out[19] % 4];
}

static asl_value *new_description(struct dynamodb_call *c)
{
    static const char *const kept[] = {"AttributeDefinitions", "TableName", "KeySchema"};
    struct value_list list;
    char id[37];
    char *arn = dynamodb_table_arn(c->local, dynamodb_text(c->request, "TableName"));
    int64_t now = local_now(c->local);
    value_list_init(&list);
    for (size_t i = 0; i < 3; i++)
        value_list_set_take(&list, kept[i], value_retain(value_get_z(c->request, kept[i])));
    value_list_set_take(&list, "TableStatus", value_string_z("ACTIVE"));
    value_list_set_take(&list, "CreationDateTime", seconds(now));
    value_list_set_take(&list, "ProvisionedThroughput",
                        throughput(dynamodb_member(c->request, "ProvisionedThroughput")));
    value_list_set_take(&list, "TableArn", value_string_z(arn));
    put_table_id(id);
    value_list_set_take(&list, "TableId", value_string_z(id));
    if (dynamodb_is(c->request, "BillingMode", "PAY_PER_REQUEST"))
        set_billing(&list, now);
    for (size_t k = 0; k < 2; k++) {
        const asl_value *indexes = dynamodb_member(c->request, index_lists[k]);
        if (indexes)
            value_list_set_take(&list, index_lists[k], describe_indexes(indexes, arn, k == 0));
    }
    value_list_set_take(&list, "DeletionProtectionEnabled",
                        value_boolean(dynamodb_flag(c->request, "DeletionProtectionEnabled")));
    free(arn);
    return value_object_take(&list);
}

static asl_value *with(asl_value *object, const char *key, asl_value *v)
{
    return value_with_take(object, value_string_z(key), v);
}

asl_value *dynamodb_describe(struct dynamodb_call *c, const struct dynamodb_table *t)
{
    int64_t count = 0, bytes = 0;
    sqlite3_stmt *s = database_query(
        c->db, "SELECT COUNT(*), COALESCE(SUM(LENGTH(item)), 0) FROM ddb_item WHERE table_id = ?",
        "i", t->id);
    while (database_step(c->db, s)) {
        count = sqlite3_column_int64(s, 0);
        bytes = sqlite3_column_int64(s, 1);
    }
    asl_value *v = with(value_retain(t->description), "TableSizeBytes", value_integer(bytes));
    return with(v, "ItemCount", value_integer(count));
}

static bool answer_table(struct dynamodb_call *c, const char *member, asl_value *description)
{
    struct value_list answer;
    value_list_init(&answer);
    value_list_set_take(&answer, member, description);
    c->answer = value_object_take(&answer);
    return true;
}

/* ---- the calls ---- */

static void store_description(struct dynamodb_call *c, int64_t id, const asl_value *description)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(description, &text);
    database_run(c->db, "UPDATE ddb_table SET description = ? WHERE id = ?", "ti",
                 asl_buffer_text(&text), id);
    asl_buffer_free(&text);
}

bool dynamodb_create_table(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!check_new_table(c))
        return false;
    struct asl_text name = dynamodb_text(c->request, "TableName");
    if (dynamodb_find_table(c, name, &t)) {
        dynamodb_close_table(&t);
        return dynamodb_refuse(c, DYNAMODB_RESOURCE_IN_USE, "Table already exists: %.*s",
                               ASL_TEXT_ARGS(name));
    }
    asl_value *description = new_description(c);
    database_run(c->db,
                 "INSERT INTO ddb_table(region, name, description, recovery_since)"
                 " VALUES(?, ?, '', 0)",
                 "zt", c->local->region, name);
    store_description(c, database_last_id(c->db), description);
    /* Made at once, but told as the service tells it, so that waiters have something to wait for.
     */
    asl_value *shown = with(description, "TableStatus", value_string_z("CREATING"));
    shown = with(shown, "TableSizeBytes", value_integer(0));
    return answer_table(c, "TableDescription", with(shown, "ItemCount", value_integer(0)));
}

static bool open_named(struct dynamodb_call *c, struct dynamodb_table *t)
{
    struct asl_text name = dynamodb_text(c->request, "TableName");
    return dynamodb_find_table(c, name, t) ||
           dynamodb_refuse(c, DYNAMODB_RESOURCE_NOT_FOUND,
                           "Requested resource not found: Table: %.*s not found",
                           ASL_TEXT_ARGS(name));
}

bool dynamodb_describe_table(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!open_named(c, &t))
        return false;
    answer_table(c, "Table", dynamodb_describe(c, &t));
    dynamodb_close_table(&t);
    return true;
}

/* A table that is going has none any more. */
static asl_value *without_global_indexes(const asl_value *description)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(description); i++)
        if (!asl_text_is(value_as_text(value_key_at(description, i)), index_lists[0]))
            value_list_push_member_take(&list, value_retain(value_key_at(description, i)),
                                        value_retain(value_at(description, i)));
    return value_object_take(&list);
}

bool dynamodb_delete_table(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!open_named(c, &t))
        return false;
    bool is_protected = dynamodb_flag(t.description, "DeletionProtectionEnabled");
    if (is_protected)
        dynamodb_refuse(c, DYNAMODB_VALIDATION,
                        "Resource cannot be deleted as it is currently protected "
                        "against deletion. Disable deletion protection first.");
    else {
        asl_value *whole = dynamodb_describe(c, &t);
        asl_value *shown = without_global_indexes(whole);
        value_release(whole);
        database_run(c->db, "DELETE FROM ddb_item WHERE table_id = ?", "i", t.id);
        database_run(c->db, "DELETE FROM ddb_index WHERE table_id = ?", "i", t.id);
        database_run(c->db, "DELETE FROM ddb_change WHERE table_id = ?", "i", t.id);
        database_run(c->db, "DELETE FROM ddb_table WHERE id = ?", "i", t.id);
        answer_table(c, "TableDescription", with(shown, "TableStatus", value_string_z("DELETING")));
    }
    dynamodb_close_table(&t);
    return !is_protected;
}

bool dynamodb_list_tables(struct dynamodb_call *c)
{
    struct value_list names, answer;
    int64_t limit = TABLES_LISTED;
    const asl_value *given = dynamodb_member(c->request, "Limit");
    if (given)
        value_as_integer(given, &limit);
    value_list_init(&names);
    value_list_init(&answer);
    sqlite3_stmt *s = database_query(
        c->db,
        "SELECT name FROM ddb_table WHERE region = ? AND name > ? ORDER BY name"
        " LIMIT ?",
        "zti", c->local->region, dynamodb_text(c->request, "ExclusiveStartTableName"), limit + 1);
    while (database_step(c->db, s))
        value_list_push_take(&names, value_string(database_text(s, 0)));
    bool has_more = names.count > (size_t)limit;
    if (has_more)
        value_release(names.items[--names.count]);
    asl_value *last = has_more ? value_retain(names.items[names.count - 1]) : NULL;
    value_list_set_take(&answer, "TableNames", value_array_take(&names));
    if (last)
        value_list_set_take(&answer, "LastEvaluatedTableName", last);
    c->answer = value_object_take(&answer);
    return true;
}

bool dynamodb_update_table(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    const asl_value *units = dynamodb_member(c->request, "ProvisionedThroughput");
    const asl_value *protection = dynamodb_member(c->request, "DeletionProtectionEnabled");
    struct asl_text billing = dynamodb_text(c->request, "BillingMode");
    if (!units && !protection && billing.size == 0)
        return invalid(c,
                       "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                       "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is "
                       "required");
    if (asl_text_is(billing, "PROVISIONED") && !units)
        return invalid(c, INVALID
                       "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                       "BillingMode is PROVISIONED");
    if (!open_named(c, &t))
        return false;
    asl_value *now = value_retain(t.description);
    if (units)
        now = with(now, "ProvisionedThroughput", throughput(units));
    if (protection)
        now = with(now, "DeletionProtectionEnabled", value_retain(protection));
    if (billing.size) {
        struct value_list mode;
        value_list_init(&mode);
        if (asl_text_is(billing, "PAY_PER_REQUEST"))
            set_billing(&mode, local_now(c->local));
        else {
            struct value_list summary;
            value_list_init(&summary);
            value_list_set_take(&summary, "BillingMode", value_string(billing));
            value_list_set_take(&mode, "BillingModeSummary", value_object_take(&summary));
        }
        asl_value *members = value_object_take(&mode);
        for (size_t i = 0; i < value_count(members); i++)
            now = value_with_take(now, value_retain(value_key_at(members, i)),
                                  value_retain(value_at(members, i)));
        value_release(members);
    }
    store_description(c, t.id, now);
    asl_value *before = t.description;
    t.description = now;
    answer_table(c, "TableDescription",
                 with(dynamodb_describe(c, &t), "TableStatus", value_string_z("UPDATING")));
    t.description = before;
    value_release(now);
    dynamodb_close_table(&t);
    return true;
}

/* ---- small calls that clients make on their way ---- */

bool dynamodb_describe_endpoints(struct dynamodb_call *c)
{
    c->answer = value_literal("{\"Endpoints\":[{\"Address\":\"localhost\","
                              "\"CachePeriodInMinutes\":1440}]}");
    return true;
}

bool dynamodb_describe_limits(struct dynamodb_call *c)
{
    c->answer = value_literal("{\"AccountMaxReadCapacityUnits\":80000,"
                              "\"AccountMaxWriteCapacityUnits\":80000,"
                              "\"TableMaxReadCapacityUnits\":40000,"
                              "\"TableMaxWriteCapacityUnits\":40000}");
    return true;
}

bool dynamodb_describe_ttl(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!open_named(c, &t))
        return false;
    dynamodb_close_table(&t);
    c->answer = value_literal("{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"DISABLED\"}}");
    return true;
}

/* ---- point-in-time recovery ---- */

/* Recovery works until a few minutes ago; here it is the present. */
static bool answer_backups(struct dynamodb_call *c, int64_t since)
{
    struct value_list recovery, backups, answer;
    value_list_init(&recovery);
    value_list_init(&backups);
    value_list_init(&answer);
    value_list_set_take(&recovery, "PointInTimeRecoveryStatus",
                        value_string_z(since ? "ENABLED" : "DISABLED"));
    if (since) {
        int64_t now = local_now(c->local), oldest = now - DYNAMODB_RECOVERY_MS;
        value_list_set_take(&recovery, "RecoveryPeriodInDays", value_integer(35));
        value_list_set_take(&recovery, "EarliestRestorableDateTime",
                            seconds(since > oldest ? since : oldest));
        value_list_set_take(&recovery, "LatestRestorableDateTime", seconds(now));
    }
    value_list_set_take(&backups, "ContinuousBackupsStatus", value_string_z("ENABLED"));
    value_list_set_take(&backups, "PointInTimeRecoveryDescription", value_object_take(&recovery));
    value_list_set_take(&answer, "ContinuousBackupsDescription", value_object_take(&backups));
    c->answer = value_object_take(&answer);
    return true;
}

static bool open_for_backups(struct dynamodb_call *c, struct dynamodb_table *t)
{
    struct asl_text name = dynamodb_text(c->request, "TableName");
    return dynamodb_find_table(c, name, t) ||
           dynamodb_refuse(c, DYNAMODB_TABLE_NOT_FOUND, "Table not found: %.*s",
                           ASL_TEXT_ARGS(name));
}

bool dynamodb_describe_backups(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!open_for_backups(c, &t))
        return false;
    answer_backups(c, t.recovery_since);
    dynamodb_close_table(&t);
    return true;
}

/* Switched off, the log is lost, as the service loses its own. */
bool dynamodb_update_backups(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    if (!open_for_backups(c, &t))
        return false;
    bool on = dynamodb_flag(value_get_z(c->request, "PointInTimeRecoverySpecification"),
                            "PointInTimeRecoveryEnabled");
    int64_t since = !on ? 0 : t.recovery_since ? t.recovery_since : local_now(c->local);
    database_run(c->db, "UPDATE ddb_table SET recovery_since = ? WHERE id = ?", "ii", since, t.id);
    if (!on)
        database_run(c->db, "DELETE FROM ddb_change WHERE table_id = ?", "i", t.id);
    dynamodb_close_table(&t);
    return answer_backups(c, since);
}
