/* Query and Scan: one reader over the table or an index, in either direction, with a page's limits.
 */
#include "dynamodb_query.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES (1024 * 1024) /* DynamoDB: read for one page */
#define HASH_SPACE 4096          /* segments are cut from the first 12 bits of the hash */

struct reading {
    struct dynamodb_call *c;
    struct dynamodb_table table;
    struct dynamodb_expressions expressions;
    const asl_value *index; /* NULL: the table itself */
    bool is_global;
    struct dynamodb_keys keys; /* of the table or index */
    asl_value *start;          /* ExclusiveStartKey, accepted, or NULL */
    struct key_conditions conditions;
    /* the page */
    int64_t limit; /* INT64_MAX: none */
    struct value_list items;
    size_t bytes, scanned;
    asl_value *last; /* the last one read */
};

static bool invalid(struct dynamodb_call *c, const char *what)
{
    return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", what);
}

/* ---- preparing ---- */

static bool accept_start(struct reading *r)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    const asl_value *given = dynamodb_member(r->c->request, "ExclusiveStartKey");
    if (!given)
        return true;
    r->start = attribute_accept_map(given, complaint);
    if (r->start)
        return true;
    static const char *const bare[] = {"contains duplicates", "number set", "numeric value",
                                       "significant digits", "number with magnitude"};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        if (strstr(complaint, bare[i]))
            return invalid(r->c, complaint);
    return dynamodb_refuse(r->c, DYNAMODB_VALIDATION, "The provided starting key is invalid: %s",
                           complaint);
}

static bool open_index(struct reading *r)
{
    struct asl_text name = dynamodb_text(r->c->request, "IndexName");
    r->keys = r->table.keys;
    if (!dynamodb_member(r->c->request, "IndexName"))
        return true;
    r->index = dynamodb_index(&r->table, name, &r->is_global);
    if (!r->index)
        return dynamodb_refuse(r->c, DYNAMODB_VALIDATION,
                               "The table does not have the specified index: %.*s",
                               ASL_TEXT_ARGS(name));
    if (r->is_global && dynamodb_flag(r->c->request, "ConsistentRead"))
        return invalid(r->c, "Consistent reads are not supported on global secondary indexes");
    r->keys = dynamodb_read_keys(r->table.description, value_get_z(r->index, "KeySchema"));
    return true;
}

static bool projects_all(const struct reading *r)
{
    return !r->index || dynamodb_is(value_get_z(r->index, "Projection"), "ProjectionType", "ALL");
}

static bool check_select(struct reading *r)
{
    if (r->is_global && !projects_all(r) && dynamodb_is(r->c->request, "Select", "ALL_ATTRIBUTES"))
        return dynamodb_refuse(
            r->c, DYNAMODB_VALIDATION,
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is "
            "not supported for global secondary index %.*s because its projection type "
            "is not ALL",
            ASL_TEXT_ARGS(dynamodb_text(r->c->request, "IndexName")));
    return true;
}

/* How many attributes a start key has: those of the index and of the table. */
static size_t start_size(const struct reading *r)
{
    size_t size = r->table.keys.count;
    for (size_t i = 0; r->index && i < r->keys.count; i++) {
        bool is_new = true;
        for (size_t k = 0; k < r->table.keys.count; k++)
            is_new = is_new &&
                     !asl_text_equal(r->keys.attributes[i].name, r->table.keys.attributes[k].name);
        size += is_new;
    }
    return size;
}

static bool check_start(struct reading *r, bool is_query)
{
    if (!r->start)
        return true;
    if (value_count(r->start) != start_size(r))
        return invalid(r->c,
                       is_query || r->index
                           ? "The provided starting key is invalid"
                           : "The provided starting key is invalid: The provided key element does "
                             "not match the schema");
    for (size_t i = 0; i < r->keys.count && (is_query || r->index); i++) {
        if (!value_get(r->start, r->keys.attributes[i].name))
            return invalid(r->c, "The provided starting key is invalid");
        if (!dynamodb_check_key_piece(r->c, &r->keys.attributes[i], r->start, i == 0))
            return false;
    }
    for (size_t i = 0; i < r->table.keys.count; i++) {
        const struct dynamodb_key_attribute *k = &r->table.keys.attributes[i];
        const asl_value *v = value_get(r->start, k->name);
        if (!v || attribute_type(v) != k->type)
            return invalid(
                r->c, "The provided starting key is invalid: The provided key element does not "
                      "match the schema");
        if (!dynamodb_check_key_piece(r->c, k, r->start, i == 0))
            return false;
    }
    return true;
}

/* A start key must lie where the query looks. */
static bool check_start_in_query(struct reading *r)
{
    if (!r->start)
        return true;
    const struct key_condition *hash = key_condition_on(&r->conditions, r->keys.attributes[0].name);
    const struct key_condition *range =
        r->keys.count > 1 ? key_condition_on(&r->conditions, r->keys.attributes[1].name) : NULL;
    bool is_same_hash =
        attribute_equal(value_get(r->start, r->keys.attributes[0].name), hash->values[0]);
    if (range && !key_condition_holds(range, value_get(r->start, r->keys.attributes[1].name)))
        return invalid(r->c, "The provided starting key does not match the range key predicate");
    if (range && !is_same_hash)
        return invalid(r->c, "The query can return at most one row and cannot be restarted");
    return is_same_hash ||
           invalid(r->c, "The provided starting key is outside query boundaries based on "
                         "provided conditions");
}

static bool check_filter(struct reading *r)
{
    const struct expression *filter = r->expressions.filter;
    for (size_t i = 0; filter && i < r->keys.count; i++)
        if (expression_mentions(filter, r->keys.attributes[i].name))
            return dynamodb_refuse(r->c, DYNAMODB_VALIDATION,
                                   "Filter Expression can only contain non-primary key attributes: "
                                   "Primary key attribute: %.*s",
                                   ASL_TEXT_ARGS(r->keys.attributes[i].name));
    return true;
}

/* ---- reading ---- */

/* What an index holds of an item. */
static asl_value *project_index(const struct reading *r, const asl_value *item)
{
    const asl_value *more =
        dynamodb_member(value_get_z(r->index, "Projection"), "NonKeyAttributes");
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(item); i++) {
        struct asl_text name = value_as_text(value_key_at(item, i));
        bool keep = false;
        for (size_t k = 0; k < r->keys.count; k++)
            keep = keep || asl_text_equal(name, r->keys.attributes[k].name);
        for (size_t k = 0; k < r->table.keys.count; k++)
            keep = keep || asl_text_equal(name, r->table.keys.attributes[k].name);
        for (size_t k = 0; more && k < value_count(more); k++)
            keep = keep || asl_text_equal(name, value_as_text(value_at(more, k)));
        if (keep)
            value_list_push_member_take(&list, value_retain(value_key_at(item, i)),
                                        value_retain(value_at(item, i)));
    }
    return value_object_take(&list);
}

/* Takes one item into the page; false when the page is full. */
static bool take(struct reading *r, struct asl_text text)
{
    struct value_error error;
    asl_value *item = value_parse(text, 0, 0, &error);
    if (!item)
        return false;
    if (!projects_all(r) && !dynamodb_is(r->c->request, "Select", "ALL_ATTRIBUTES")) {
        asl_value *whole = item;
        item = project_index(r, whole);
        value_release(whole);
    }
    r->scanned++;
    r->bytes += attribute_item_size(item);
    value_release(r->last);
    r->last = value_retain(item);
    const struct expression *filter = r->expressions.filter,
                            *projection = r->expressions.projection;
    if (filter && !expression_holds(filter->condition, item))
        value_release(item);
    else if (projection) {
        value_list_push_take(&r->items,
                             expression_project(projection->paths, projection->path_count, item));
        value_release(item);
    } else
        value_list_push_take(&r->items, item);
    return r->scanned < (size_t)r->limit && r->bytes < PAGE_BYTES;
}

static void read_page(struct reading *r, sqlite3_stmt *s)
{
    while (database_step(r->c->db, s)) {
        if (!take(r, database_text(s, 0))) {
            sqlite3_reset(s);
            return;
        }
    }
}

/* Where among others with the same index keys a start key's item stands. */
static void put_tie(const struct reading *r, const asl_value *key, struct asl_buffer *out)
{
    struct dynamodb_place item;
    dynamodb_place_init(&item);
    dynamodb_place_of(&item, &r->table.keys, key);
    dynamodb_put_tie(&r->table, &item, key, out);
    dynamodb_place_free(&item);
}

static const char *const query_table[] = {
    "SELECT item FROM ddb_item WHERE table_id = ? AND hash = ? AND range >= ? AND range < ? "
    "ORDER BY range",
    "SELECT item FROM ddb_item WHERE table_id = ? AND hash = ? AND range >= ? AND range < ? "
    "ORDER BY range DESC",
};
static const char *const query_index[] = {
    "SELECT i.item FROM ddb_index x JOIN ddb_item i ON i.table_id = x.table_id AND i.hash = "
    "x.item_hash "
    "AND i.range = x.item_range WHERE x.table_id = ? AND x.name = ? AND x.hash = ? AND x.range >= "
    "? AND "
    "x.range < ? AND (x.range, x.tie) > (?, ?) ORDER BY x.range, x.tie",
    "SELECT i.item FROM ddb_index x JOIN ddb_item i ON i.table_id = x.table_id AND i.hash = "
    "x.item_hash "
    "AND i.range = x.item_range WHERE x.table_id = ? AND x.name = ? AND x.hash = ? AND x.range >= "
    "? AND "
    "x.range < ? AND (x.range, x.tie) < (?, ?) ORDER BY x.range DESC, x.tie DESC",
};

static void read_query(struct reading *r)
{
    const asl_value *forward = dynamodb_member(r->c->request, "ScanIndexForward");
    bool is_back = forward && !value_is_true(forward);
    const struct key_condition *hash = key_condition_on(&r->conditions, r->keys.attributes[0].name);
    const struct key_condition *range =
        r->keys.count > 1 ? key_condition_on(&r->conditions, r->keys.attributes[1].name) : NULL;
    struct dynamodb_place start;
    struct asl_buffer place, from, to, tie;
    dynamodb_place_init(&start);
    asl_buffer_init(&place, 8192);
    asl_buffer_init(&from, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&to, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&tie, 16384);
    dynamodb_put_hash(hash->values[0], &place);
    key_condition_bounds(range, &from, &to);
    if (r->start)
        dynamodb_place_of(&start, &r->keys, r->start);
    if (r->index) {
        if (r->start)
            put_tie(r, r->start, &tie);
        else if (is_back)
            key_put_end(&start.range);
        read_page(r, database_query(r->c->db, query_index[is_back], "itbbbbb", r->table.id,
                                    dynamodb_text(r->index, "IndexName"), asl_buffer_text(&place),
                                    asl_buffer_text(&from), asl_buffer_text(&to),
                                    asl_buffer_text(&start.range), asl_buffer_text(&tie)));
    } else {
        if (r->start && is_back) {
            asl_buffer_clear(&to);
            asl_buffer_put_text(&to, asl_buffer_text(&start.range));
        } else if (r->start) {
            asl_buffer_clear(&from);
            asl_buffer_put_text(&from, asl_buffer_text(&start.range));
            asl_buffer_putc(&from, '\0');
        }
        read_page(r, database_query(r->c->db, query_table[is_back], "ibbb", r->table.id,
                                    asl_buffer_text(&place), asl_buffer_text(&from),
                                    asl_buffer_text(&to)));
    }
    dynamodb_place_free(&start);
    asl_buffer_free(&place);
    asl_buffer_free(&from);
    asl_buffer_free(&to);
    asl_buffer_free(&tie);
}

/* Two bytes whose first 12 bits are `part`; behind everything for the end. */
static void put_segment(struct asl_buffer *out, int64_t part)
{
    char bytes[2] = {(char)(part >> 4), (char)(part << 4)};
    if (part >= HASH_SPACE)
        key_put_end(out);
    else
        asl_buffer_put(out, bytes, 2);
}

static int64_t segment_part(int64_t segment, int64_t total)
{
    return (HASH_SPACE * segment + total - 1) / total;
}

static void read_scan(struct reading *r, int64_t segment, int64_t total)
{
    struct dynamodb_place start;
    struct asl_buffer from, to, tie;
    dynamodb_place_init(&start);
    asl_buffer_init(&from, 8192);
    asl_buffer_init(&to, 8192);
    asl_buffer_init(&tie, 16384);
    if (total > 1 && segment > 0)
        put_segment(&from, segment_part(segment, total));
    put_segment(&to, total > 1 ? segment_part(segment + 1, total) : HASH_SPACE);
    if (r->start)
        dynamodb_place_of(&start, &r->keys, r->start);
    if (r->index) {
        if (r->start)
            put_tie(r, r->start, &tie);
        read_page(
            r, database_query(
                   r->c->db,
                   "SELECT i.item FROM ddb_index x JOIN ddb_item i ON i.table_id = x.table_id AND "
                   "i.hash = x.item_hash AND i.range = x.item_range WHERE x.table_id = ? AND "
                   "x.name = ? AND x.hash >= ? AND x.hash < ? AND (x.hash, x.range, x.tie) > "
                   "(?, ?, ?) ORDER BY x.hash, x.range, x.tie",
                   "itbbbbb", r->table.id, dynamodb_text(r->index, "IndexName"),
                   asl_buffer_text(&from), asl_buffer_text(&to), asl_buffer_text(&start.hash),
                   asl_buffer_text(&start.range), asl_buffer_text(&tie)));
    } else
        read_page(r,
                  database_query(r->c->db,
                                 "SELECT item FROM ddb_item WHERE table_id = ? AND hash >= ? AND "
                                 "hash < ? AND (hash, range) > (?, ?) ORDER BY hash, range",
                                 "ibbbb", r->table.id, asl_buffer_text(&from), asl_buffer_text(&to),
                                 asl_buffer_text(&start.hash), asl_buffer_text(&start.range)));
    dynamodb_place_free(&start);
    asl_buffer_free(&from);
    asl_buffer_free(&to);
    asl_buffer_free(&tie);
}

/* ---- answering ---- */

static asl_value *last_key(const struct reading *r)
{
    struct value_list key;
    value_list_init(&key);
    for (size_t i = 0; i < r->table.keys.count; i++) {
        struct asl_text name = r->table.keys.attributes[i].name;
        value_list_push_member_take(&key, value_string(name),
                                    value_retain(value_get(r->last, name)));
    }
    for (size_t i = 0; r->index && i < r->keys.count; i++) {
        struct asl_text name = r->keys.attributes[i].name;
        value_list_push_member_take(&key, value_string(name),
                                    value_retain(value_get(r->last, name)));
    }
    return value_object_take(&key);
}

static bool answer(struct reading *r)
{
    struct value_list list;
    value_list_init(&list);
    value_list_set_take(&list, "Count", value_integer((int64_t)r->items.count));
    value_list_set_take(&list, "ScannedCount", value_integer((int64_t)r->scanned));
    if (!dynamodb_is(r->c->request, "Select", "COUNT"))
        value_list_set_take(&list, "Items", value_array_take(&r->items));
    bool is_cut = (int64_t)r->scanned >= r->limit || r->bytes >= PAGE_BYTES;
    if (is_cut && r->last)
        value_list_set_take(&list, "LastEvaluatedKey", last_key(r));
    double units = (double)((r->bytes + 4095) / 4096);
    if (!dynamodb_flag(r->c->request, "ConsistentRead"))
        units /= 2;
    dynamodb_add_capacity(r->c, &list, r->table.name, units);
    r->c->answer = value_object_take(&list);
    return true;
}

static void begin(struct reading *r, struct dynamodb_call *c)
{
    *r = (struct reading){.c = c, .limit = INT64_MAX};
    value_list_init(&r->items);
    const asl_value *limit = dynamodb_member(c->request, "Limit");
    if (limit)
        value_as_integer(limit, &r->limit);
}

static void end(struct reading *r)
{
    value_list_free(&r->items);
    value_release(r->last);
    value_release(r->start);
    dynamodb_free_expressions(&r->expressions);
    dynamodb_close_table(&r->table);
}

static bool query(struct reading *r)
{
    struct dynamodb_call *c = r->c;
    unsigned known = DYNAMODB_PROJECTION | DYNAMODB_FILTER | DYNAMODB_KEY_CONDITION;
    if (!dynamodb_check_expressions(c, c->request, known) || !accept_start(r))
        return false;
    if (!dynamodb_member(c->request, "KeyConditionExpression"))
        return invalid(
            c, "Either the KeyConditions or KeyConditionExpression parameter must be specified "
               "in the request.");
    if (!dynamodb_read_expressions(c, c->request, known, &r->expressions) ||
        !key_conditions_read(c, r->expressions.key_condition, &r->conditions) ||
        !dynamodb_open_table(c, dynamodb_text(c->request, "TableName"), &r->table) ||
        !open_index(r) || !check_start(r, true) ||
        !key_conditions_fit(c, &r->conditions, &r->keys) || !check_start_in_query(r) ||
        !dynamodb_check_nesting(c, &r->table, r->expressions.projection) || !check_filter(r) ||
        !check_select(r) || !dynamodb_check_nesting(c, &r->table, r->expressions.filter))
        return false;
    read_query(r);
    return answer(r);
}

bool dynamodb_query(struct dynamodb_call *c)
{
    struct reading r;
    begin(&r, c);
    bool is_done = query(&r);
    end(&r);
    return is_done;
}

static bool read_segments(struct dynamodb_call *c, int64_t *segment, int64_t *total)
{
    const asl_value *one = dynamodb_member(c->request, "Segment");
    const asl_value *all = dynamodb_member(c->request, "TotalSegments");
    *segment = 0;
    *total = 1;
    if (!one && !all)
        return true;
    if (!all)
        return invalid(
            c, "The TotalSegments parameter is required but was not present in the request when "
               "Segment parameter is present");
    if (!one)
        return invalid(c,
                       "The Segment parameter is required but was not present in the request when "
                       "parameter TotalSegments is present");
    value_as_integer(one, segment);
    value_as_integer(all, total);
    if (*segment < 0)
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "1 validation error detected: Value '%lld' at "
            "'segment' failed to satisfy constraint: Member must have value greater "
            "than or equal to 0",
            (long long)*segment);
    return *segment < *total ||
           dynamodb_refuse(c, DYNAMODB_VALIDATION,
                           "The Segment parameter is zero-based and must be less than parameter "
                           "TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
                           (long long)*segment, (long long)*total);
}

static bool scan(struct reading *r)
{
    struct dynamodb_call *c = r->c;
    int64_t segment, total;
    unsigned known = DYNAMODB_PROJECTION | DYNAMODB_FILTER;
    if (!dynamodb_check_expressions(c, c->request, known) || !accept_start(r) ||
        !read_segments(c, &segment, &total) ||
        !dynamodb_read_expressions(c, c->request, known, &r->expressions) ||
        !dynamodb_open_table(c, dynamodb_text(c->request, "TableName"), &r->table) ||
        !open_index(r) || !check_select(r) || !check_start(r, false) ||
        !dynamodb_check_nesting(c, &r->table, r->expressions.projection) ||
        !dynamodb_check_nesting(c, &r->table, r->expressions.filter))
        return false;
    read_scan(r, segment, total);
    return answer(r);
}

bool dynamodb_scan(struct dynamodb_call *c)
{
    struct reading r;
    begin(&r, c);
    bool is_done = scan(&r);
    end(&r);
    return is_done;
}
