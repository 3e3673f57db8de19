/* SQLite for the stand-ins: opening, schema, statements. A failure is remembered here, so that the
 * services read straight and one place (local.c) turns it into an answer and a rollback. */
#include "service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_MS 5000 /* another process on the same data: a run beside a server */

struct prepared {
    const char *sql;
    sqlite3_stmt *statement;
};

struct database {
    sqlite3 *handle;
    struct prepared *prepared;
    size_t count, capacity;
    const char *region; /* whose documents are meant; borrowed, changes with the request */
    bool has_failed;
    bool is_broken; /* the disk failed: what was synced is unknown, so nothing is done any more */
    char failure[256];
};

/* Items lie in the order DynamoDB scans them: `hash` begins with the first bytes of its hash. An
 * index's rows point at items. The change log is kept while point-in-time recovery is on. Objects
 * lie in files; what is known of one here holds as long as its file has that size and time stamp.
 */
static const char schema_1[] =
    "CREATE TABLE ddb_table(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " description TEXT NOT NULL, recovery_since INTEGER NOT NULL);"
    "CREATE TABLE ddb_item(table_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,"
    " item TEXT NOT NULL, PRIMARY KEY(table_id, hash, range)) WITHOUT ROWID;"
    "CREATE TABLE ddb_index(table_id INTEGER NOT NULL, name TEXT NOT NULL, hash BLOB NOT NULL,"
    " range BLOB NOT NULL, tie BLOB NOT NULL, item_hash BLOB NOT NULL, item_range BLOB NOT NULL,"
    " PRIMARY KEY(table_id, name, hash, range, tie)) WITHOUT ROWID;"
    "CREATE TABLE ddb_change(table_id INTEGER NOT NULL, micros INTEGER NOT NULL,"
    " hash BLOB NOT NULL, range BLOB NOT NULL, old TEXT, new TEXT,"
    " PRIMARY KEY(table_id, micros)) WITHOUT ROWID;"
    "CREATE INDEX ddb_change_item ON ddb_change(table_id, hash, range, micros);"
    "CREATE TABLE ddb_export(arn TEXT PRIMARY KEY, table_arn TEXT NOT NULL, table_id INTEGER NOT "
    "NULL,"
    " token TEXT NOT NULL, status TEXT NOT NULL, started INTEGER NOT NULL, due INTEGER NOT NULL,"
    " request TEXT NOT NULL, description TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX ddb_export_due ON ddb_export(status, due);"
    "CREATE TABLE ddb_token(token TEXT PRIMARY KEY, request TEXT NOT NULL, made INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE s3_bucket(name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE s3_object(bucket TEXT NOT NULL, key BLOB NOT NULL, etag TEXT NOT NULL,"
    " size INTEGER NOT NULL, modified INTEGER NOT NULL, stamp INTEGER NOT NULL, headers TEXT NOT "
    "NULL,"
    " PRIMARY KEY(bucket, key)) WITHOUT ROWID;";

/* Documents are what the other services keep few of: queues, topics, rules, secrets, parameters.
 * Messages are many. sqs_seen remembers what FIFO queues were sent; an event in event_out waits to
 * be told to its target. */
static const char schema_2[] =
    "CREATE TABLE document(kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
    "CREATE TABLE sqs_message(id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL,"
    " visible INTEGER NOT NULL, sent INTEGER NOT NULL, first INTEGER NOT NULL,"
    " received INTEGER NOT NULL, grp TEXT NOT NULL, body TEXT NOT NULL, document TEXT NOT NULL,"
    " receipt TEXT NOT NULL);"
    "CREATE INDEX sqs_message_queue ON sqs_message(queue, id);"
    "CREATE INDEX sqs_message_visible ON sqs_message(queue, visible);"
    "CREATE INDEX sqs_message_sent ON sqs_message(queue, sent);"
    "CREATE INDEX sqs_message_group ON sqs_message(queue, grp, id);"
    "CREATE TABLE sqs_seen(queue TEXT NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL,"
    " message TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY(queue, key)) WITHOUT ROWID;"
    "CREATE TABLE event_out(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL,"
    " name TEXT NOT NULL, input TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL);";

/* Data is of a region. What was written before that is of the server's own (`home`, a temporary
 * table of one row). Queues' messages lie under "<region>/<name>". */
static const char schema_3[] =
    "CREATE TABLE document_3(region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " body TEXT NOT NULL, PRIMARY KEY(region, kind, key)) WITHOUT ROWID;"
    "INSERT INTO document_3 SELECT h.region, kind, key, body FROM document, temp.home h;"
    "DROP TABLE document;"
    "ALTER TABLE document_3 RENAME TO document;"
    "CREATE TABLE ddb_table_3(id INTEGER PRIMARY KEY, region TEXT NOT NULL, name TEXT NOT NULL,"
    " description TEXT NOT NULL, recovery_since INTEGER NOT NULL, UNIQUE(region, name));"
    "INSERT INTO ddb_table_3 SELECT id, h.region, name, description, recovery_since"
    " FROM ddb_table, temp.home h;"
    "DROP TABLE ddb_table;"
    "ALTER TABLE ddb_table_3 RENAME TO ddb_table;"
    "CREATE TABLE ddb_token_3(region TEXT NOT NULL, token TEXT NOT NULL, request TEXT NOT NULL,"
    " made INTEGER NOT NULL, PRIMARY KEY(region, token)) WITHOUT ROWID;"
    "INSERT INTO ddb_token_3 SELECT h.region, token, request, made FROM ddb_token, temp.home h;"
    "DROP TABLE ddb_token;"
    "ALTER TABLE ddb_token_3 RENAME TO ddb_token;"
    "CREATE TABLE s3_bucket_3(name TEXT PRIMARY KEY, created INTEGER NOT NULL, region TEXT NOT "
    "NULL)"
    " WITHOUT ROWID;"
    "INSERT INTO s3_bucket_3 SELECT name, created, h.region FROM s3_bucket, temp.home h;"
    "DROP TABLE s3_bucket;"
    "ALTER TABLE s3_bucket_3 RENAME TO s3_bucket;"
    "UPDATE sqs_message SET queue = (SELECT region FROM temp.home) || '/' || queue;"
    "UPDATE sqs_seen SET queue = (SELECT region FROM temp.home) || '/' || queue;";

/* Asynchronous calls of functions that have not answered yet. */
static const char schema_4[] =
    "CREATE TABLE function_event(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL,"
    " name TEXT NOT NULL, qualifier TEXT NOT NULL, context TEXT NOT NULL, payload BLOB NOT NULL,"
    " attempts INTEGER NOT NULL, due INTEGER NOT NULL, born INTEGER NOT NULL);"
    "CREATE INDEX function_event_due ON function_event(due, id);";

/* Each takes the database from the version before to its own. */
static const char *const schemas[] = {schema_1, schema_2, schema_3, schema_4};
#define SCHEMA_VERSION ((int)(sizeof schemas / sizeof *schemas))

static bool execute(struct database *d, const char *sql)
{
    return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int schema_version(struct database *d)
{
    int version = -1;
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(d->handle, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return version;
}

static bool set_home(struct database *d)
{
    char sql[160]; /* a region is letters, digits and hyphens: engine/aws/endpoint.h */
    snprintf(sql, sizeof sql,
             "CREATE TEMP TABLE home(region TEXT); INSERT INTO temp.home VALUES('%s')", d->region);
    return execute(d, sql);
}

/* In a transaction: another process may have done it meanwhile. */
static bool bring_up(struct database *d)
{
    char pragma[40];
    if (!set_home(d))
        return false;
    for (int version = schema_version(d); version < SCHEMA_VERSION; version++)
        if (version < 0 || !execute(d, schemas[version]))
            return false;
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", SCHEMA_VERSION);
    return execute(d, pragma);
}

static bool prepare_schema(struct database *d, const char *path, char *message)
{
    int version = schema_version(d);
    if (version == SCHEMA_VERSION)
        return true;
    if (version > SCHEMA_VERSION) {
        snprintf(message, 512,
                 "%s was written by a newer version of this program; use that version, "
                 "or another data directory",
                 path);
        return false;
    }
    if (version >= 0 && execute(d, "BEGIN IMMEDIATE") && bring_up(d) && execute(d, "COMMIT"))
        return true;
    snprintf(message, 512, "cannot set up %s: %s", path, sqlite3_errmsg(d->handle));
    return false;
}

struct database *database_open(const char *path, const char *region, char message[512])
{
    struct database *d = asl_allocate_zeroed(1, sizeof *d);
    d->region = region;
    mode_t mask = umask(077); /* 0600, its -wal and -shm too: data is nobody else's */
    int status =
        sqlite3_open_v2(path, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (status == SQLITE_OK) {
        sqlite3_busy_timeout(d->handle, BUSY_MS);
        sqlite3_extended_result_codes(d->handle, 1);
        if (!execute(d, "PRAGMA journal_mode = WAL") || !execute(d, "PRAGMA synchronous = FULL"))
            status = SQLITE_ERROR;
    }
    if (status != SQLITE_OK)
        snprintf(message, 512, "cannot open %s: %s", path, sqlite3_errmsg(d->handle));
    bool is_ready = status == SQLITE_OK && prepare_schema(d, path, message);
    umask(mask);
    if (is_ready)
        return d;
    database_close(d);
    return NULL;
}

void database_close(struct database *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++)
        sqlite3_finalize(d->prepared[i].statement);
    free(d->prepared);
    sqlite3_close(d->handle);
    free(d);
}

const char *database_region(const struct database *d)
{
    return d->region;
}

static void remember_failure(struct database *d)
{
    if (d->has_failed)
        return;
    d->has_failed = true;
    if (d->is_broken) {
        snprintf(d->failure, sizeof d->failure, "the disk failed; see to it and start again");
        return;
    }
    d->is_broken = (sqlite3_errcode(d->handle) & 0xff) == SQLITE_IOERR;
    snprintf(d->failure, sizeof d->failure, "%s", sqlite3_errmsg(d->handle));
}

const char *database_failure(struct database *d)
{
    bool has_failed = d->has_failed;
    d->has_failed = false;
    return has_failed ? d->failure : NULL;
}

bool database_has_failed(const struct database *d)
{
    return d->has_failed;
}

bool database_is_in_transaction(const struct database *d)
{
    return !sqlite3_get_autocommit(d->handle);
}

static sqlite3_stmt *prepared(struct database *d, const char *sql)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->prepared[i].sql == sql)
            return d->prepared[i].statement;
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
        remember_failure(d);
        return NULL;
    }
    if (d->count == d->capacity) {
        d->capacity = d->capacity ? 2 * d->capacity : 32;
        d->prepared = asl_reallocate(d->prepared, d->capacity * sizeof *d->prepared);
    }
    d->prepared[d->count++] = (struct prepared){sql, s};
    return s;
}

static void bind(sqlite3_stmt *s, int at, char kind, va_list *arguments)
{
    struct asl_text text;
    const char *z;
    switch (kind) {
    case 'i':
        sqlite3_bind_int64(s, at, va_arg(*arguments, int64_t));
        break;
    case 't':
        text = va_arg(*arguments, struct asl_text);
        sqlite3_bind_text64(s, at, text.data ? text.data : "", text.size, SQLITE_STATIC,
                            SQLITE_UTF8);
        break;
    case 'b':
        text = va_arg(*arguments, struct asl_text);
        sqlite3_bind_blob64(s, at, text.data ? text.data : "", text.size, SQLITE_STATIC);
        break;
    default:
        z = va_arg(*arguments, const char *);
        sqlite3_bind_text(s, at, z, -1, SQLITE_STATIC); /* NULL binds null */
    }
}

static sqlite3_stmt *query(struct database *d, const char *sql, const char *kinds,
                           va_list *arguments)
{
    if (d->is_broken) {
        remember_failure(d);
        return NULL;
    }
    sqlite3_stmt *s = prepared(d, sql);
    if (!s)
        return NULL;
    sqlite3_reset(s);
    for (int i = 0; kinds[i]; i++)
        bind(s, i + 1, kinds[i], arguments);
    return s;
}

sqlite3_stmt *database_query(struct database *d, const char *sql, const char *kinds, ...)
{
    va_list arguments;
    va_start(arguments, kinds);
    sqlite3_stmt *s = query(d, sql, kinds, &arguments);
    va_end(arguments);
    return s;
}

bool database_step(struct database *d, sqlite3_stmt *s)
{
    if (!s)
        return false;
    int status = sqlite3_step(s);
    if (status == SQLITE_ROW)
        return true;
    if (status != SQLITE_DONE)
        remember_failure(d);
    sqlite3_reset(s);
    return false;
}

void database_run(struct database *d, const char *sql, const char *kinds, ...)
{
    va_list arguments;
    va_start(arguments, kinds);
    sqlite3_stmt *s = query(d, sql, kinds, &arguments);
    va_end(arguments);
    while (database_step(d, s))
        ;
}

struct asl_text database_text(sqlite3_stmt *s, int column)
{
    const void *data = sqlite3_column_blob(s, column);
    return (struct asl_text){data, (size_t)sqlite3_column_bytes(s, column)};
}

int64_t database_last_id(const struct database *d)
{
    return sqlite3_last_insert_rowid(d->handle);
}
