/* A batch into one transaction, and what a failure means.
 *
 * Invariants kept here
 *   - store_commit returns STORE_OK only after the WAL holding the whole batch was synced
 *     (synchronous=FULL).
 *   - Any other status leaves the batch as it was. After STORE_FULL, STORE_BUSY or STORE_CONFLICT
 *     the transaction is rolled back: the same batch may be committed again. After STORE_BROKEN
 *     nobody can say what the disk holds: the caller ends, and recovery reads what is there.
 *   - A checkpoint that fails to sync is STORE_BROKEN as well, although the batch may be durable
 *     (checkpoint.c).
 */
#include "internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts that are stored once ---- */

void store_forget(struct store *s)
{
    for (size_t i = 0; i < STORE_REMEMBERED; i++)
        free(s->prefixes[i].text);
    memset(s->prefixes, 0, sizeof s->prefixes);
    memset(s->machines, 0, sizeof s->machines);
}

static int step_write(sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : reset != SQLITE_OK ? reset : result;
}

/* The single integer of a one-row query whose parameters are bound; 0 when there is no row. */
static int step_number(sqlite3_stmt *statement, int64_t *number)
{
    int result = sqlite3_step(statement);
    *number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    int reset = sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : reset;
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text, size_t size)
{
    return sqlite3_bind_text64(statement, index, text, size, SQLITE_STATIC, SQLITE_UTF8);
}

static int family_of(struct store *s, int64_t machine, int64_t *family)
{
    struct remembered *slot = &s->machines[(uint64_t)machine % STORE_REMEMBERED];
    if (slot->key == machine && slot->family) {
        *family = slot->family;
        return SQLITE_OK;
    }
    sqlite3_stmt *find = store_statement(s, SQL_FAMILY_OF_MACHINE);
    if (!find)
        return sqlite3_errcode(s->db);
    sqlite3_bind_int64(find, 1, machine);
    int result = step_number(find, family);
    if (result == SQLITE_OK && *family == 0)
        return SQLITE_CONSTRAINT; /* no such machine: the caller's order is wrong */
    *slot = (struct remembered){machine, *family};
    return result;
}

static size_t slot_of(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return (size_t)(hash % STORE_REMEMBERED);
}

static void remember_prefix(struct store *s, const char *text, size_t size, int64_t id)
{
    struct remembered_prefix *slot = &s->prefixes[slot_of(text, size)];
    slot->text = store_memory(slot->text, size + 1);
    memcpy(slot->text, text, size);
    slot->size = size;
    slot->id = id;
}

static int prefix_of(struct store *s, const char *text, size_t size, int64_t *id)
{
    const struct remembered_prefix *slot = &s->prefixes[slot_of(text, size)];
    if (slot->id && slot->size == size && memcmp(slot->text, text, size) == 0) {
        *id = slot->id;
        return SQLITE_OK;
    }
    sqlite3_stmt *find = store_statement(s, SQL_PREFIX_FIND);
    sqlite3_stmt *insert = store_statement(s, SQL_PREFIX_INSERT);
    if (!find || !insert)
        return sqlite3_errcode(s->db);
    bind_text(find, 1, text, size);
    int result = step_number(find, id);
    if (result == SQLITE_OK && *id == 0) {
        bind_text(insert, 1, text, size);
        result = step_write(insert);
        *id = sqlite3_last_insert_rowid(s->db);
    }
    if (result == SQLITE_OK)
        remember_prefix(s, text, size, *id);
    return result;
}

/* ---- one operation each ---- */

static const char *at(const struct store_batch *b, struct span span)
{
    return b->bytes + span.at;
}

static void bind_span(sqlite3_stmt *statement, int index, const struct store_batch *b,
                      struct span span)
{
    bind_text(statement, index, at(b, span), span.size);
}

static void bind_blob(sqlite3_stmt *statement, int index, const struct store_batch *b,
                      struct span span)
{
    sqlite3_bind_blob64(statement, index, at(b, span), span.size, SQLITE_STATIC);
}

/* What stands in a partial index, or NULL. */
static void bind_unless(sqlite3_stmt *statement, int index, int64_t number, bool absent)
{
    if (absent)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_int64(statement, index, number);
}

static int write_machine(struct store *s, const struct store_batch *b, const struct op *op)
{
    sqlite3_stmt *family = store_statement(s, SQL_FAMILY_INSERT);
    sqlite3_stmt *insert = store_statement(s, SQL_MACHINE_INSERT);
    if (!family || !insert)
        return sqlite3_errcode(s->db);
    bind_span(family, 1, b, op->of.machine.arn);
    int result = step_write(family);
    if (result != SQLITE_OK)
        return result;
    sqlite3_bind_int64(insert, 1, op->of.machine.id);
    bind_span(insert, 2, b, op->of.machine.arn);
    bind_span(insert, 3, b, op->of.machine.name);
    bind_span(insert, 4, b, op->of.machine.role_arn);
    sqlite3_bind_int(insert, 5, op->of.machine.express);
    sqlite3_bind_int64(insert, 6, op->of.machine.created);
    bind_blob(insert, 7, b, op->of.machine.definition);
    return step_write(insert);
}

/* Where the arn's tail begins: behind its last ':' when that is the name, else at its start. */
static size_t tail_of(const struct store_batch *b, const struct op *op)
{
    struct span arn = op->of.execution.arn, name = op->of.execution.name;
    size_t cut = arn.size - name.size;
    bool ends_with_name = arn.size > name.size && at(b, arn)[cut - 1] == ':' &&
                          memcmp(at(b, arn) + cut, at(b, name), name.size) == 0 &&
                          !memchr(at(b, name), ':', name.size);
    return ends_with_name ? cut : 0;
}

static int insert_execution(struct store *s, const struct store_batch *b, const struct op *op)
{
    sqlite3_stmt *insert = store_statement(s, SQL_EXECUTION_INSERT);
    if (!insert)
        return sqlite3_errcode(s->db);
    const char *arn = at(b, op->of.execution.arn);
    size_t cut = tail_of(b, op);
    int64_t family = 0, prefix = 0;
    int result = family_of(s, op->of.execution.machine, &family);
    if (result == SQLITE_OK)
        result = prefix_of(s, arn, cut, &prefix);
    if (result != SQLITE_OK)
        return result;
    sqlite3_bind_int64(insert, 1, op->of.execution.id);
    sqlite3_bind_int64(insert, 2, op->of.execution.machine);
    sqlite3_bind_int64(insert, 3, family);
    sqlite3_bind_int64(insert, 4, prefix);
    bind_text(insert, 5, arn + cut, op->of.execution.arn.size - cut);
    if (cut)
        sqlite3_bind_null(insert, 6);
    else
        bind_span(insert, 6, b, op->of.execution.name);
    sqlite3_bind_int(insert, 7, op->of.execution.status);
    sqlite3_bind_int64(insert, 8, op->of.execution.started);
    sqlite3_bind_int64(insert, 9, op->of.execution.stopped);
    bool over = op->of.execution.status != 0;
    bind_unless(insert, 10, op->of.execution.due, over || op->of.execution.due == INT64_MAX);
    bind_unless(insert, 11, op->of.execution.open_tasks, over || op->of.execution.open_tasks == 0);
    sqlite3_bind_int64(insert, 12, op->of.execution.last_event);
    bind_blob(insert, 13, b, op->of.execution.state);
    bind_unless(insert, 14, op->of.execution.head_count, op->of.execution.head_count == 0);
    if (op->of.execution.head_count)
        bind_blob(insert, 15, b, op->of.execution.head);
    else
        sqlite3_bind_null(insert, 15);
    return step_write(insert);
}

static int update_execution(struct store *s, const struct store_batch *b, const struct op *op)
{
    bool over = op->of.execution.status != 0;
    for (int whole = over; whole < 2; whole++) {
        sqlite3_stmt *update =
            store_statement(s, whole ? SQL_EXECUTION_UPDATE : SQL_EXECUTION_UPDATE_RUNNING);
        if (!update)
            return sqlite3_errcode(s->db);
        sqlite3_bind_int64(update, 1, op->of.execution.id);
        bind_unless(update, 2, op->of.execution.due, over || op->of.execution.due == INT64_MAX);
        bind_unless(update, 3, op->of.execution.open_tasks,
                    over || op->of.execution.open_tasks == 0);
        sqlite3_bind_int64(update, 4, op->of.execution.last_event);
        bind_blob(update, 5, b, op->of.execution.state);
        if (whole) {
            sqlite3_bind_int(update, 6, op->of.execution.status);
            sqlite3_bind_int64(update, 7, op->of.execution.stopped);
        }
        int result = step_write(update);
        if (result != SQLITE_OK || sqlite3_changes(s->db) > 0)
            return result;
    }
    return SQLITE_CONSTRAINT; /* no such execution */
}

static int write_history(struct store *s, const struct store_batch *b, const struct op *op)
{
    sqlite3_stmt *insert = store_statement(s, SQL_HISTORY_INSERT);
    if (!insert)
        return sqlite3_errcode(s->db);
    int64_t id = op->of.history.execution * (STORE_EVENT_MAXIMUM + 1) + op->of.history.first_event;
    sqlite3_bind_int64(insert, 1, id);
    sqlite3_bind_int64(insert, 2, op->of.history.count);
    bind_blob(insert, 3, b, op->of.history.chunk);
    return step_write(insert);
}

static int write_document(struct store *s, const struct store_batch *b, const struct op *op)
{
    bool deletes = op->of.document.value.size == 0;
    sqlite3_stmt *put = store_statement(s, deletes ? SQL_DOCUMENT_DELETE : SQL_DOCUMENT_PUT);
    if (!put)
        return sqlite3_errcode(s->db);
    bind_span(put, 1, b, op->of.document.kind);
    bind_span(put, 2, b, op->of.document.key);
    if (!deletes)
        bind_blob(put, 3, b, op->of.document.value);
    return step_write(put);
}

static int (*const writers[])(struct store *, const struct store_batch *, const struct op *) = {
    [OP_MACHINE] = write_machine,
    [OP_INSERT_EXECUTION] = insert_execution,
    [OP_UPDATE_EXECUTION] = update_execution,
    [OP_HISTORY] = write_history,
    [OP_DOCUMENT] = write_document,
};

/* ---- the transaction ---- */

static int simple(struct store *s, enum sql which)
{
    sqlite3_stmt *statement = store_statement(s, which);
    return statement ? step_write(statement) : sqlite3_errcode(s->db);
}

static int write_all(struct store *s, const struct store_batch *b)
{
    int result = simple(s, SQL_BEGIN);
    for (size_t i = 0; i < b->count && result == SQLITE_OK; i++)
        result = writers[b->ops[i].kind](s, b, &b->ops[i]);
    return result == SQLITE_OK ? simple(s, SQL_COMMIT) : result;
}

enum store_status store_commit(struct store *s, struct store_batch *b, struct store_error *error)
{
    if (store_batch_is_empty(b))
        return STORE_OK;
    int result = write_all(s, b);
    if (result == SQLITE_OK)
        result = store_checkpoint(s);
    if (result == SQLITE_OK) {
        b->count = 0;
        b->size = 0;
        return STORE_OK;
    }
    store_fail(s, s->db, error, result, "writing to");
    store_forget(s); /* ids that were rolled back */
    if (!sqlite3_get_autocommit(s->db) && simple(s, SQL_ROLLBACK) != SQLITE_OK &&
        !sqlite3_get_autocommit(s->db))
        error->status = STORE_BROKEN;
    return error->status;
}
