/* The reads. Each binds, steps and hands every row to the caller; rows are never gathered. They
 * have a connection of their own, so that they go on while a commit is under way on another thread:
 * what they see is the last commit that was whole. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static enum store_status failed(struct store *s)
{
    sqlite3 *db = s->reader ? s->reader : s->db;
    int result = sqlite3_extended_errcode(db);
    return store_fail(s, db, &s->error, result ? result : SQLITE_ERROR, "reading");
}

static struct store_bytes bytes_of(sqlite3_stmt *row, int column)
{
    const void *data = sqlite3_column_blob(row, column);
    return (struct store_bytes){data, (size_t)sqlite3_column_bytes(row, column)};
}

/* Never NULL: a damaged row must not crash its reader. */
static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

/* ---- rows as the caller sees them; false: he has seen enough ---- */

struct seer {
    store_see_machine machine;
    store_see_execution execution;
    store_see_chunk chunk;
    store_see_document document;
    void *state;
};

static bool show_machine(sqlite3_stmt *row, const struct seer *see)
{
    struct store_machine m = {
        .id = sqlite3_column_int64(row, 0),
        .name = text_of(row, 1),
        .arn = text_of(row, 2),
        .role_arn = text_of(row, 3),
        .express = sqlite3_column_int(row, 4) != 0,
        .created = sqlite3_column_int64(row, 5),
        .definition = bytes_of(row, 6),
    };
    return see->machine(see->state, &m);
}

static int64_t number_or(sqlite3_stmt *row, int column, int64_t absent)
{
    bool is_null = sqlite3_column_type(row, column) == SQLITE_NULL;
    return is_null ? absent : sqlite3_column_int64(row, column);
}

static bool show_execution(sqlite3_stmt *row, const struct seer *see)
{
    /* arn = prefix + tail; usual arns fit here, AWS allows 256 + a name of 80. */
    char brief[512];
    const char *prefix = text_of(row, 2), *tail = text_of(row, 3);
    size_t head = strlen(prefix), size = head + strlen(tail) + 1;
    char *arn = size <= sizeof brief ? brief : store_memory(NULL, size);
    memcpy(arn, prefix, head);
    memcpy(arn + head, tail, size - head);
    struct store_execution x = {
        .id = sqlite3_column_int64(row, 0),
        .machine = sqlite3_column_int64(row, 1),
        .arn = arn,
        .name = sqlite3_column_type(row, 4) == SQLITE_NULL ? tail : text_of(row, 4),
        .status = sqlite3_column_int(row, 5),
        .started = sqlite3_column_int64(row, 6),
        .stopped = sqlite3_column_int64(row, 7),
        .due = number_or(row, 8, INT64_MAX),
        .open_tasks = number_or(row, 9, 0),
        .last_event = sqlite3_column_int64(row, 10),
        .state = bytes_of(row, 11),
    };
    bool more = see->execution(see->state, &x);
    if (arn != brief)
        free(arn);
    return more;
}

static bool show_chunk(sqlite3_stmt *row, const struct seer *see)
{
    return see->chunk(see->state, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                      bytes_of(row, 2));
}

static bool show_document(sqlite3_stmt *row, const struct seer *see)
{
    return see->document(see->state, text_of(row, 0), bytes_of(row, 1));
}

static enum store_status each(struct store *s, sqlite3_stmt *query,
                              bool (*show)(sqlite3_stmt *, const struct seer *),
                              const struct seer *see, enum store_status none)
{
    enum store_status status = none;
    int result;
    while ((result = sqlite3_step(query)) == SQLITE_ROW) {
        status = STORE_OK;
        if (!show(query, see))
            break;
    }
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        status = failed(s);
    sqlite3_reset(query);
    sqlite3_clear_bindings(query);
    return status;
}

static void bind_text(sqlite3_stmt *query, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(query, index, text, -1, SQLITE_STATIC);
}

/* ---- machines ---- */

enum store_status store_get_machine(struct store *s, int64_t id, store_see_machine see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_MACHINE_GET);
    if (!query)
        return failed(s);
    sqlite3_bind_int64(query, 1, id);
    return each(s, query, show_machine, &(struct seer){.machine = see, .state = state},
                STORE_NOT_FOUND);
}

enum store_status store_find_machine(struct store *s, const char *arn, store_see_machine see,
                                     void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_MACHINE_FIND);
    if (!query)
        return failed(s);
    bind_text(query, 1, arn);
    return each(s, query, show_machine, &(struct seer){.machine = see, .state = state},
                STORE_NOT_FOUND);
}

enum store_status store_each_machine(struct store *s, store_see_machine see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_MACHINE_EACH);
    if (!query)
        return failed(s);
    return each(s, query, show_machine, &(struct seer){.machine = see, .state = state}, STORE_OK);
}

/* ---- executions ---- */

enum store_status store_get_execution(struct store *s, int64_t id, store_see_execution see,
                                      void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_EXECUTION_GET);
    if (!query)
        return failed(s);
    sqlite3_bind_int64(query, 1, id);
    return each(s, query, show_execution, &(struct seer){.execution = see, .state = state},
                STORE_NOT_FOUND);
}

static enum store_status find_by_parts(struct store *s, const char *arn, size_t cut,
                                       store_see_execution see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_EXECUTION_FIND);
    if (!query)
        return failed(s);
    sqlite3_bind_text64(query, 1, arn, cut, SQLITE_STATIC, SQLITE_UTF8);
    bind_text(query, 2, arn + cut);
    return each(s, query, show_execution, &(struct seer){.execution = see, .state = state},
                STORE_NOT_FOUND);
}

enum store_status store_find_execution(struct store *s, const char *arn, store_see_execution see,
                                       void *state)
{
    const char *colon = strrchr(arn, ':');
    enum store_status status = STORE_NOT_FOUND;
    if (colon)
        status = find_by_parts(s, arn, (size_t)(colon + 1 - arn), see, state);
    return status == STORE_NOT_FOUND ? find_by_parts(s, arn, 0, see, state) : status;
}

enum store_status store_list_executions(struct store *s, const char *machine_arn, int status,
                                        int64_t after_id, size_t limit, store_see_execution see,
                                        void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_EXECUTION_LIST);
    if (!query)
        return failed(s);
    bind_text(query, 1, machine_arn);
    sqlite3_bind_int(query, 2, status);
    sqlite3_bind_int64(query, 3, after_id);
    sqlite3_bind_int64(query, 4, (int64_t)(limit > INT64_MAX ? INT64_MAX : limit));
    return each(s, query, show_execution, &(struct seer){.execution = see, .state = state},
                STORE_OK);
}

enum store_status store_due_executions(struct store *s, int64_t until, size_t limit,
                                       store_see_execution see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_EXECUTION_DUE);
    if (!query)
        return failed(s);
    sqlite3_bind_int64(query, 1, until);
    sqlite3_bind_int64(query, 2, (int64_t)(limit > INT64_MAX ? INT64_MAX : limit));
    return each(s, query, show_execution, &(struct seer){.execution = see, .state = state},
                STORE_OK);
}

enum store_status store_open_executions(struct store *s, store_see_execution see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_EXECUTION_OPEN);
    if (!query)
        return failed(s);
    return each(s, query, show_execution, &(struct seer){.execution = see, .state = state},
                STORE_OK);
}

/* One number; `absent` when there is no row or it cannot be read. */
static int64_t number(struct store *s, sqlite3_stmt *query, int64_t absent)
{
    int64_t value = absent;
    int result = sqlite3_step(query);
    if (result == SQLITE_ROW)
        value = sqlite3_column_int64(query, 0);
    else if (result != SQLITE_DONE)
        failed(s);
    sqlite3_reset(query);
    sqlite3_clear_bindings(query);
    return value;
}

int64_t store_next_due(struct store *s)
{
    sqlite3_stmt *query = store_statement(s, SQL_NEXT_DUE);
    return query ? number(s, query, INT64_MAX) : INT64_MAX;
}

int64_t store_count_executions(struct store *s, const char *machine_arn, int status)
{
    sqlite3_stmt *query = store_statement(s, SQL_COUNT);
    if (!query)
        return 0;
    bind_text(query, 1, machine_arn);
    sqlite3_bind_int(query, 2, status);
    return number(s, query, 0);
}

/* ---- history and documents ---- */

/* Who has seen enough of the head does not want the rest either, and the other way round. */
struct part_seer {
    store_see_chunk see;
    void *state;
    bool has_enough;
};

static bool show_part(void *state, int64_t first_event, int64_t count, struct store_bytes chunk)
{
    struct part_seer *p = state;
    p->has_enough = !p->see(p->state, first_event, count, chunk);
    return !p->has_enough;
}

static enum store_status read_part(struct store *s, enum sql which, int64_t execution, int64_t from,
                                   struct part_seer *p)
{
    if (p->has_enough)
        return STORE_OK;
    sqlite3_stmt *query = store_statement(s, which);
    if (!query)
        return failed(s);
    sqlite3_bind_int64(query, 1, execution);
    sqlite3_bind_int64(query, 2, from);
    return each(s, query, show_chunk, &(struct seer){.chunk = show_part, .state = p}, STORE_OK);
}

enum store_status store_read_history(struct store *s, int64_t execution, int64_t from_event,
                                     bool descending, store_see_chunk see, void *state)
{
    enum sql parts[] = {descending ? SQL_HISTORY_DESCENDING : SQL_HISTORY_HEAD,
                        descending ? SQL_HISTORY_HEAD : SQL_HISTORY_ASCENDING};
    int64_t from = from_event < 1 ? 1 : from_event;
    from = from > STORE_EVENT_MAXIMUM ? STORE_EVENT_MAXIMUM : from;
    struct part_seer p = {see, state, false};
    enum store_status status = read_part(s, parts[0], execution, from, &p);
    if (status != STORE_OK)
        return status;
    return read_part(s, parts[1], execution, descending ? 1 : from, &p); /* the whole head */
}

enum store_status store_get_document(struct store *s, const char *kind, const char *key,
                                     store_see_document see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_DOCUMENT_GET);
    if (!query)
        return failed(s);
    bind_text(query, 1, kind);
    bind_text(query, 2, key);
    return each(s, query, show_document, &(struct seer){.document = see, .state = state},
                STORE_NOT_FOUND);
}

enum store_status store_each_document(struct store *s, const char *kind, const char *after_key,
                                      size_t limit, store_see_document see, void *state)
{
    sqlite3_stmt *query = store_statement(s, SQL_DOCUMENT_EACH);
    if (!query)
        return failed(s);
    bind_text(query, 1, kind);
    bind_text(query, 2, after_key);
    sqlite3_bind_int64(query, 3, (int64_t)(limit > INT64_MAX ? INT64_MAX : limit));
    return each(s, query, show_document, &(struct seer){.document = see, .state = state}, STORE_OK);
}
