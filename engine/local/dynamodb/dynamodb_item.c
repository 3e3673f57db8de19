/* Items: where they lie, reading and writing one, and the four calls on single items. */
#include "dynamodb.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ---- */

void dynamodb_place_init(struct dynamodb_place *p)
{
    asl_buffer_init(&p->hash, 4096);
    asl_buffer_init(&p->range, 4096);
}

void dynamodb_place_free(struct dynamodb_place *p)
{
    asl_buffer_free(&p->hash);
    asl_buffer_free(&p->range);
}

/* DynamoDB scans by an MD5 of the hash key; its first bytes give the same order here (as dynalite
 * observed), the key itself behind them makes the place exact. */
static void put_hash_prefix(const asl_value *hash, const asl_value *range, struct asl_buffer *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, 8192);
    asl_buffer_puts(&bytes, "Outliers");
    attribute_put_hash(hash, &bytes);
    if (range)
        attribute_put_hash(range, &bytes);
    if (EVP_Digest(bytes.data, bytes.size, digest, NULL, EVP_md5(), NULL) != 1)
        abort(); /* no MD5 in this OpenSSL: nothing could be found again */
    asl_buffer_put(out, digest, 3);
    asl_buffer_free(&bytes);
}

void dynamodb_put_hash(const asl_value *hash, struct asl_buffer *out)
{
    put_hash_prefix(hash, NULL, out);
    attribute_put_key(hash, out);
}

void dynamodb_put_tie(const struct dynamodb_table *t, const struct dynamodb_place *p,
                      const asl_value *item, struct asl_buffer *out)
{
    const struct dynamodb_key_attribute *k = t->keys.attributes;
    put_hash_prefix(value_get(item, k[0].name),
                    t->keys.count > 1 ? value_get(item, k[1].name) : NULL, out);
    asl_buffer_put_text(out, asl_buffer_text(&p->hash));
    asl_buffer_put_text(out, asl_buffer_text(&p->range));
}

void dynamodb_place_of(struct dynamodb_place *p, const struct dynamodb_keys *keys,
                       const asl_value *item)
{
    asl_buffer_clear(&p->hash);
    asl_buffer_clear(&p->range);
    dynamodb_put_hash(value_get(item, keys->attributes[0].name), &p->hash);
    if (keys->count > 1)
        attribute_put_key(value_get(item, keys->attributes[1].name), &p->range);
}

/* ---- keys ---- */

static bool check_key_size(struct dynamodb_call *c, const asl_value *v, bool is_hash)
{
    if (attribute_type(v) == ATTRIBUTE_N)
        return true;
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    attribute_put_key(v, &bytes);
    size_t size = bytes.size;
    asl_buffer_free(&bytes);
    if (is_hash && size > 2048)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "One or more parameter values were invalid: Size "
                               "of hashkey has exceeded the maximum size limit of2048 bytes");
    if (!is_hash && size > 1024)
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "One or more parameter values were invalid: "
            "Aggregated size of all range keys has exceeded the size limit of 1024 "
            "bytes");
    return true;
}

static bool is_empty(const asl_value *v)
{
    return attribute_type(v) != ATTRIBUTE_N && value_as_text(attribute_content(v)).size == 0;
}

static const char *kind_of_text(enum attribute_type type)
{
    return type == ATTRIBUTE_S ? "string" : "binary";
}

bool dynamodb_check_key_piece(struct dynamodb_call *c, const struct dynamodb_key_attribute *k,
                              const asl_value *key, bool is_hash)
{
    const asl_value *v = value_get(key, k->name);
    if (!v || attribute_type(v) != k->type)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "The provided key element does not match the schema");
    if (is_empty(v))
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "One or more parameter values were invalid: The AttributeValue for a key "
            "attribute cannot contain an empty %s value. Key: %.*s",
            kind_of_text(k->type), ASL_TEXT_ARGS(k->name));
    return check_key_size(c, v, is_hash);
}

bool dynamodb_check_key(struct dynamodb_call *c, const struct dynamodb_table *t,
                        const asl_value *key)
{
    if (value_count(key) != t->keys.count)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "The provided key element does not match the schema");
    for (size_t i = 0; i < t->keys.count; i++)
        if (!dynamodb_check_key_piece(c, &t->keys.attributes[i], key, i == 0))
            return false;
    return true;
}

struct index_check {
    struct dynamodb_call *c;
    const struct dynamodb_table *table;
    const asl_value *item;
};

static void check_index_keys(void *state, const asl_value *index, bool is_global)
{
    (void)is_global;
    struct index_check *check = state;
    struct dynamodb_keys keys =
        dynamodb_read_keys(check->table->description, value_get_z(index, "KeySchema"));
    struct asl_text name = dynamodb_text(index, "IndexName");
    for (size_t i = 0; i < keys.count; i++) {
        const asl_value *v = value_get(check->item, keys.attributes[i].name);
        if (v && attribute_type(v) != keys.attributes[i].type)
            dynamodb_refuse(
                check->c, DYNAMODB_VALIDATION,
                "One or more parameter values were invalid: Type mismatch for Index Key %.*s "
                "Expected: %s Actual: %s IndexName: %.*s",
                ASL_TEXT_ARGS(keys.attributes[i].name),
                attribute_type_name(keys.attributes[i].type),
                attribute_type_name(attribute_type(v)), ASL_TEXT_ARGS(name));
        else if (v && is_empty(v))
            dynamodb_refuse(
                check->c, DYNAMODB_VALIDATION,
                "One or more parameter values are not valid. A value specified for a "
                "secondary index key is not supported. The AttributeValue for a key "
                "attribute cannot contain an empty %s value. IndexName: %.*s, IndexKey: "
                "%.*s",
                kind_of_text(keys.attributes[i].type), ASL_TEXT_ARGS(name),
                ASL_TEXT_ARGS(keys.attributes[i].name));
        else if (v)
            check_key_size(check->c, v, i == 0);
    }
}

bool dynamodb_check_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                         const asl_value *item)
{
    for (size_t i = 0; i < t->keys.count; i++) {
        const struct dynamodb_key_attribute *k = &t->keys.attributes[i];
        const asl_value *v = value_get(item, k->name);
        if (!v)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "One or more parameter values were invalid: "
                                   "Missing the key %.*s in the item",
                                   ASL_TEXT_ARGS(k->name));
        if (attribute_type(v) != k->type)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "One or more parameter values were invalid: "
                                   "Type mismatch for key %.*s expected: %s actual: %s",
                                   ASL_TEXT_ARGS(k->name), attribute_type_name(k->type),
                                   attribute_type_name(attribute_type(v)));
        if (is_empty(v))
            return dynamodb_refuse(
                c, DYNAMODB_VALIDATION,
                "One or more parameter values are not valid. "
                "The AttributeValue for a key attribute cannot contain an empty %s "
                "value. Key: %.*s",
                kind_of_text(k->type), ASL_TEXT_ARGS(k->name));
        if (!check_key_size(c, v, i == 0))
            return false;
    }
    struct index_check check = {c, t, item};
    dynamodb_each_index(t, check_index_keys, &check);
    return !c->is_refused;
}

/* ---- reading and writing ---- */

asl_value *dynamodb_read_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                              const struct dynamodb_place *p)
{
    asl_value *item = NULL;
    struct value_error error;
    sqlite3_stmt *s = database_query(
        c->db, "SELECT item FROM ddb_item WHERE table_id = ? AND hash = ? AND range = ?", "ibb",
        t->id, asl_buffer_text(&p->hash), asl_buffer_text(&p->range));
    while (database_step(c->db, s)) {
        value_release(item);
        item = value_parse(database_text(s, 0), 0, 0, &error);
    }
    return item;
}

struct index_write {
    struct dynamodb_call *c;
    const struct dynamodb_table *table;
    const struct dynamodb_place *place;
    const asl_value *item;
    bool is_delete;
};

/* An item is in an index when it has all of the index's keys. */
static void write_index(void *state, const asl_value *index, bool is_global)
{
    (void)is_global;
    struct index_write *w = state;
    struct dynamodb_keys keys =
        dynamodb_read_keys(w->table->description, value_get_z(index, "KeySchema"));
    for (size_t i = 0; i < keys.count; i++)
        if (!value_get(w->item, keys.attributes[i].name))
            return;
    struct dynamodb_place at;
    struct asl_buffer tie; /* what orders items with equal index keys */
    dynamodb_place_init(&at);
    asl_buffer_init(&tie, 8192);
    dynamodb_place_of(&at, &keys, w->item);
    dynamodb_put_tie(w->table, w->place, w->item, &tie);
    struct asl_text name = dynamodb_text(index, "IndexName");
    if (w->is_delete)
        database_run(
            w->c->db,
            "DELETE FROM ddb_index WHERE table_id = ? AND name = ? AND hash = ? AND range = ? "
            "AND tie = ?",
            "itbbb", w->table->id, name, asl_buffer_text(&at.hash), asl_buffer_text(&at.range),
            asl_buffer_text(&tie));
    else
        database_run(w->c->db, "INSERT OR REPLACE INTO ddb_index VALUES(?, ?, ?, ?, ?, ?, ?)",
                     "itbbbbb", w->table->id, name, asl_buffer_text(&at.hash),
                     asl_buffer_text(&at.range), asl_buffer_text(&tie),
                     asl_buffer_text(&w->place->hash), asl_buffer_text(&w->place->range));
    asl_buffer_free(&tie);
    dynamodb_place_free(&at);
}

/* A moment of its own for each change of a table: by the clock, or right behind the last one. */
static int64_t next_micros(struct dynamodb_call *c, const struct dynamodb_table *t)
{
    int64_t last = 0, micros = local_now(c->local) * 1000;
    sqlite3_stmt *s = database_query(
        c->db, "SELECT COALESCE(MAX(micros), 0) FROM ddb_change WHERE table_id = ?", "i", t->id);
    while (database_step(c->db, s))
        last = sqlite3_column_int64(s, 0);
    return micros > last ? micros : last + 1;
}

static void log_change(struct dynamodb_call *c, const struct dynamodb_table *t,
                       const struct dynamodb_place *p, const char *old, const char *now)
{
    database_run(c->db, "INSERT INTO ddb_change VALUES(?, ?, ?, ?, ?, ?)", "iibbzz", t->id,
                 next_micros(c, t), asl_buffer_text(&p->hash), asl_buffer_text(&p->range), old,
                 now);
}

/* NUL-terminated compact text, freed by the caller; NULL for NULL. */
static char *item_text(const asl_value *item)
{
    if (!item)
        return NULL;
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(item, &text);
    return asl_buffer_take(&text, NULL);
}

void dynamodb_write_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                         const struct dynamodb_place *p, const asl_value *old, const asl_value *now)
{
    if (!old && !now)
        return;
    if (old) {
        struct index_write w = {c, t, p, old, true};
        dynamodb_each_index(t, write_index, &w);
    }
    char *before = item_text(old), *after = item_text(now);
    if (now) {
        database_run(c->db, "INSERT OR REPLACE INTO ddb_item VALUES(?, ?, ?, ?)", "ibbz", t->id,
                     asl_buffer_text(&p->hash), asl_buffer_text(&p->range), after);
        struct index_write w = {c, t, p, now, false};
        dynamodb_each_index(t, write_index, &w);
    } else
        database_run(c->db, "DELETE FROM ddb_item WHERE table_id = ? AND hash = ? AND range = ?",
                     "ibb", t->id, asl_buffer_text(&p->hash), asl_buffer_text(&p->range));
    if (t->recovery_since)
        log_change(c, t, p, before, after);
    free(before);
    free(after);
}

/* ---- capacity ---- */

double dynamodb_units(const asl_value *item, bool is_read, bool is_consistent)
{
    size_t block = is_read ? 4096 : 1024;
    size_t size = item ? attribute_item_size(item) : 1;
    double units = (double)((size + block - 1) / block);
    return is_read && !is_consistent ? units / 2 : units;
}

void dynamodb_add_capacity(struct dynamodb_call *c, struct value_list *answer,
                           struct asl_text table, double units)
{
    bool with_indexes = dynamodb_is(c->request, "ReturnConsumedCapacity", "INDEXES");
    if (!with_indexes && !dynamodb_is(c->request, "ReturnConsumedCapacity", "TOTAL"))
        return;
    struct value_list capacity;
    value_list_init(&capacity);
    value_list_set_take(&capacity, "CapacityUnits", value_double(units));
    value_list_set_take(&capacity, "TableName", value_string(table));
    if (with_indexes) {
        struct value_list of_table;
        value_list_init(&of_table);
        value_list_set_take(&of_table, "CapacityUnits", value_double(units));
        value_list_set_take(&capacity, "Table", value_object_take(&of_table));
    }
    value_list_set_take(answer, "ConsumedCapacity", value_object_take(&capacity));
}

/* ---- GetItem ---- */

static bool get(struct dynamodb_call *c, const asl_value *key, const struct dynamodb_table *t,
                const struct dynamodb_expressions *e)
{
    if (!dynamodb_check_key(c, t, key) || !dynamodb_check_nesting(c, t, e->projection))
        return false;
    struct dynamodb_place place;
    dynamodb_place_init(&place);
    dynamodb_place_of(&place, &t->keys, key);
    asl_value *item = dynamodb_read_item(c, t, &place);
    dynamodb_place_free(&place);
    struct value_list answer;
    value_list_init(&answer);
    if (item && e->projection)
        value_list_set_take(
            &answer, "Item",
            expression_project(e->projection->paths, e->projection->path_count, item));
    else if (item)
        value_list_set_take(&answer, "Item", value_retain(item));
    dynamodb_add_capacity(c, &answer, t->name,
                          dynamodb_units(item, true, dynamodb_flag(c->request, "ConsistentRead")));
    c->answer = value_object_take(&answer);
    value_release(item);
    return true;
}

bool dynamodb_get_item(struct dynamodb_call *c)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    struct dynamodb_expressions e;
    struct dynamodb_table t;
    if (!dynamodb_check_expressions(c, c->request, DYNAMODB_PROJECTION))
        return false;
    asl_value *key = attribute_accept_map(dynamodb_member(c->request, "Key"), complaint);
    if (!key)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
    bool is_done = dynamodb_read_expressions(c, c->request, DYNAMODB_PROJECTION, &e);
    if (is_done) {
        is_done = dynamodb_open_table(c, dynamodb_text(c->request, "TableName"), &t);
        if (is_done) {
            is_done = get(c, key, &t, &e);
            dynamodb_close_table(&t);
        }
        dynamodb_free_expressions(&e);
    }
    value_release(key);
    return is_done;
}
