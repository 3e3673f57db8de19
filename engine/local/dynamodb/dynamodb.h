/* A DynamoDB call on its way: what its operation reads and fills. For the files of this folder.
 *
 * An operation is a function from request to answer that gives false after dynamodb_refuse. The
 * table of operations is dynamodb.c's; the shapes of their requests shape.c's. */
#ifndef ENGINE_LOCAL_DYNAMODB_DYNAMODB_H
#define ENGINE_LOCAL_DYNAMODB_DYNAMODB_H

#include "asl/value/value.h"
#include "attribute.h"
#include "engine/local/service.h"
#include "expression.h"

enum dynamodb_error {
    DYNAMODB_VALIDATION,
    DYNAMODB_SERIALIZATION,
    DYNAMODB_UNKNOWN_OPERATION,
    DYNAMODB_MISSING_TOKEN,
    DYNAMODB_INCOMPLETE_SIGNATURE,
    DYNAMODB_RESOURCE_NOT_FOUND,
    DYNAMODB_RESOURCE_IN_USE,
    DYNAMODB_CONDITION_FAILED,
    DYNAMODB_TRANSACTION_CANCELED,
    DYNAMODB_IDEMPOTENT_MISMATCH,
    DYNAMODB_TABLE_NOT_FOUND,
    DYNAMODB_RECOVERY_UNAVAILABLE,
    DYNAMODB_INVALID_EXPORT_TIME,
    DYNAMODB_EXPORT_CONFLICT,
    DYNAMODB_EXPORT_NOT_FOUND,
    DYNAMODB_INTERNAL,
};

struct dynamodb_call {
    struct local *local;
    struct database *db;
    const asl_value *request;
    asl_value *answer; /* of a success */
    bool is_refused;
    enum dynamodb_error error;
    char message[4096];
    asl_value *extra; /* a further member of the error, or NULL */
    const char *extra_name;
};

/* Always false, so that an operation may return it. The first refusal stands. */
bool dynamodb_refuse(struct dynamodb_call *c, enum dynamodb_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *dynamodb_error_name(enum dynamodb_error error); /* without its namespace */

/* ---- request members ---- */

const asl_value *dynamodb_member(const asl_value *request,
                                 const char *name);                        /* NULL for null too */
struct asl_text dynamodb_text(const asl_value *request, const char *name); /* "" when absent */
bool dynamodb_flag(const asl_value *request, const char *name);
bool dynamodb_is(const asl_value *request, const char *name, const char *text);

/* ---- tables ---- */

#define DYNAMODB_RECOVERY_MS                                                                       \
    (35LL * 24 * 3600 * 1000) /* how far back point-in-time recovery reaches */

struct dynamodb_key_attribute {
    struct asl_text name;
    enum attribute_type type;
};
struct dynamodb_keys {
    struct dynamodb_key_attribute attributes[2];
    size_t count;
};
struct dynamodb_table {
    int64_t id;
    asl_value *description; /* TableDescription without what is counted */
    struct asl_text name;   /* into description */
    struct dynamodb_keys keys;
    int64_t recovery_since; /* ms; 0: point-in-time recovery is off */
};
/* Opens by name or ARN; false after refusing with ResourceNotFoundException. Free it if opened. */
bool dynamodb_open_table(struct dynamodb_call *c, struct asl_text name, struct dynamodb_table *t);
/* The same without refusing. */
bool dynamodb_find_table(struct dynamodb_call *c, struct asl_text name, struct dynamodb_table *t);
void dynamodb_close_table(struct dynamodb_table *t);
/* The keys of a KeySchema of this table. */
struct dynamodb_keys dynamodb_read_keys(const asl_value *description, const asl_value *schema);
/* A secondary index of the table by its name, or NULL; *is_global. */
const asl_value *dynamodb_index(const struct dynamodb_table *t, struct asl_text name,
                                bool *is_global);
/* Calls for each secondary index. */
void dynamodb_each_index(const struct dynamodb_table *t,
                         void (*see)(void *state, const asl_value *index, bool is_global),
                         void *state);
asl_value *dynamodb_describe(struct dynamodb_call *c, const struct dynamodb_table *t);
/* "arn:aws:dynamodb:...:table/<name>"; freed by the caller. */
char *dynamodb_table_arn(const struct local *l, struct asl_text name);

/* ---- items ---- */

struct dynamodb_place {
    struct asl_buffer hash, range;
};
void dynamodb_place_init(struct dynamodb_place *p);
void dynamodb_place_free(struct dynamodb_place *p);
/* Where an item or key lies by `keys`; the attributes are there and of the right type. */
void dynamodb_place_of(struct dynamodb_place *p, const struct dynamodb_keys *keys,
                       const asl_value *item);
/* Appends the sortable bytes of a hash key. */
void dynamodb_put_hash(const asl_value *hash, struct asl_buffer *out);
/* Appends what orders, in an index, items with equal index keys. */
void dynamodb_put_tie(const struct dynamodb_table *t, const struct dynamodb_place *p,
                      const asl_value *item, struct asl_buffer *out);
/* Whether `key` is exactly the table's key; refuses. */
bool dynamodb_check_key(struct dynamodb_call *c, const struct dynamodb_table *t,
                        const asl_value *key);
bool dynamodb_check_key_piece(struct dynamodb_call *c, const struct dynamodb_key_attribute *k,
                              const asl_value *key, bool is_hash);
/* Whether an item may be stored (keys, index keys); refuses. */
bool dynamodb_check_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                         const asl_value *item);
asl_value *dynamodb_read_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                              const struct dynamodb_place *p); /* yours, or NULL */
/* Stores `now` (NULL: deletes) in place of `old` (NULL: there was none), with indexes and the
 * change log. */
void dynamodb_write_item(struct dynamodb_call *c, const struct dynamodb_table *t,
                         const struct dynamodb_place *p, const asl_value *old,
                         const asl_value *now);

/* ---- expressions of a request ---- */

struct dynamodb_expressions {
    struct expression_scope scope;
    asl_value *values; /* accepted */
    struct expression *update, *condition, *key_condition, *filter, *projection;
};
enum { /* which expressions an operation knows */
       DYNAMODB_UPDATE = 1,
       DYNAMODB_CONDITION = 2,
       DYNAMODB_KEY_CONDITION = 4,
       DYNAMODB_FILTER = 8,
       DYNAMODB_PROJECTION = 16,
};
/* Names and values only where there are expressions; the first thing DynamoDB checks. */
bool dynamodb_check_expressions(struct dynamodb_call *c, const asl_value *request, unsigned known);
bool dynamodb_read_expressions(struct dynamodb_call *c, const asl_value *request, unsigned known,
                               struct dynamodb_expressions *e);
void dynamodb_free_expressions(struct dynamodb_expressions *e);
/* Keys are scalars: no path may go into them. */
bool dynamodb_check_nesting(struct dynamodb_call *c, const struct dynamodb_table *t,
                            const struct expression *e);

/* One write as PutItem, UpdateItem, DeleteItem and the transactions do it: `verb` is 'P', 'U', 'D'
 * or 'C' (a check). */
struct dynamodb_write {
    struct dynamodb_table table;
    struct dynamodb_expressions expressions;
    struct dynamodb_place place;
    asl_value *given; /* item or key, accepted */
    asl_value *old, *now;
};
/* Checks all that can be checked without the item. */
bool dynamodb_prepare_write(struct dynamodb_call *c, const asl_value *request, char verb,
                            struct dynamodb_write *w);
/* Reads the old item, checks the condition, works out the new one. */
bool dynamodb_work_out_write(struct dynamodb_call *c, const asl_value *request, char verb,
                             struct dynamodb_write *w);
void dynamodb_free_write(struct dynamodb_write *w);

/* ConsumedCapacity for bytes read or written, when the request asks for it. */
void dynamodb_add_capacity(struct dynamodb_call *c, struct value_list *answer,
                           struct asl_text table, double units);
double dynamodb_units(const asl_value *item, bool is_read, bool is_consistent);

/* ---- shapes ---- */

struct shape;
/* Types first (SerializationException), then the members' constraints (ValidationException). */
bool shape_check(struct dynamodb_call *c, const struct shape *shape);

/* ---- operations: one a name, in the files that end in their family ---- */

typedef bool (*dynamodb_operation)(struct dynamodb_call *c);
bool dynamodb_create_table(struct dynamodb_call *c);
bool dynamodb_describe_table(struct dynamodb_call *c);
bool dynamodb_delete_table(struct dynamodb_call *c);
bool dynamodb_list_tables(struct dynamodb_call *c);
bool dynamodb_update_table(struct dynamodb_call *c);
bool dynamodb_describe_backups(struct dynamodb_call *c);
bool dynamodb_update_backups(struct dynamodb_call *c);
bool dynamodb_get_item(struct dynamodb_call *c);
bool dynamodb_put_item(struct dynamodb_call *c);
bool dynamodb_update_item(struct dynamodb_call *c);
bool dynamodb_delete_item(struct dynamodb_call *c);
bool dynamodb_query(struct dynamodb_call *c);
bool dynamodb_scan(struct dynamodb_call *c);
bool dynamodb_batch_get(struct dynamodb_call *c);
bool dynamodb_batch_write(struct dynamodb_call *c);
bool dynamodb_transact_get(struct dynamodb_call *c);
bool dynamodb_transact_write(struct dynamodb_call *c);
bool dynamodb_export_table(struct dynamodb_call *c);
bool dynamodb_describe_export(struct dynamodb_call *c);
bool dynamodb_list_exports(struct dynamodb_call *c);
bool dynamodb_describe_endpoints(struct dynamodb_call *c);
bool dynamodb_describe_limits(struct dynamodb_call *c);
bool dynamodb_describe_ttl(struct dynamodb_call *c);

#endif
