/* Shared by the files of this room only: the batch's shape, the connection, its statements.
 *
 *   batch.c    what is to be written, as bytes; knows no database
 *   schema.c   tables, migrations and every SQL text, as tables
 *   open.c     the way in: file, lease, whose database is it, migration
 *   commit.c   a batch into one transaction
 *   checkpoint.c  the WAL back into the database, beside the commits
 *   read.c     the reads
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store.h"

#include <sqlite3.h>

/* ---- batch ---- */

enum op_kind {
    OP_MACHINE,
    OP_INSERT_EXECUTION,
    OP_UPDATE_EXECUTION,
    OP_HISTORY,
    OP_DOCUMENT,
};

/* Bytes in the batch's arena. Text stands there with its NUL, not counted in `size`. */
struct span {
    size_t at, size;
};

struct op {
    enum op_kind kind;
    union {
        struct {
            int64_t id, created;
            bool express;
            struct span name, arn, role_arn, definition;
        } machine;
        struct {
            int64_t id, machine, started, stopped, due, open_tasks, last_event;
            int status;
            struct span arn, name, state;
            int64_t head_count; /* events in the head; 0: it has none */
            struct span head;
        } execution;
        struct {
            int64_t execution, first_event, count;
            struct span chunk;
        } history;
        struct {
            struct span kind, key, value;
        } document;
    } of;
};

struct store_batch {
    struct op *ops;
    size_t count, capacity;
    char *bytes;
    size_t size, room;
};

/* ---- SQL ---- */

enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_FAMILY_INSERT,
    SQL_FAMILY_OF_MACHINE,
    SQL_PREFIX_FIND,
    SQL_PREFIX_INSERT,
    SQL_MACHINE_INSERT,
    SQL_EXECUTION_INSERT,
    SQL_EXECUTION_UPDATE_RUNNING,
    SQL_EXECUTION_UPDATE,
    SQL_HISTORY_INSERT,
    SQL_DOCUMENT_PUT,
    SQL_DOCUMENT_DELETE,
    SQL_MAX_EXECUTION,
    SQL_MAX_MACHINE,
    SQL_FIRST_READ, /* from here on: prepared on the connection that reads */
    SQL_MACHINE_GET = SQL_FIRST_READ,
    SQL_MACHINE_FIND,
    SQL_MACHINE_EACH,
    SQL_EXECUTION_GET,
    SQL_EXECUTION_FIND,
    SQL_EXECUTION_LIST,
    SQL_EXECUTION_DUE,
    SQL_EXECUTION_OPEN,
    SQL_NEXT_DUE,
    SQL_HISTORY_HEAD,
    SQL_HISTORY_ASCENDING,
    SQL_HISTORY_DESCENDING,
    SQL_DOCUMENT_GET,
    SQL_DOCUMENT_EACH,
    SQL_COUNT,
    SQL_LAST,
};
extern const char *const schema_sql[SQL_LAST];

/* "SWEL" in PRAGMA application_id: how a database is known to be ours. */
#define SCHEMA_APPLICATION_ID 0x5357454C

struct schema_migration {
    int version; /* PRAGMA user_version when it is done */
    const char *sql;
};
extern const struct schema_migration schema_migrations[];
extern const int schema_version; /* the newest */

/* ---- the connection ---- */

/* Texts that repeat in every row are stored once; what was seen last is remembered. */
struct remembered {
    int64_t key; /* machine id */
    int64_t family;
};
struct remembered_prefix {
    char *text;
    size_t size;
    int64_t id;
};
enum { STORE_REMEMBERED = 64 }; /* slots each; a collision only costs a look into a small table */

struct store {
    sqlite3 *db;                        /* writes: whoever commits */
    sqlite3 *reader;                    /* reads beside a commit; NULL: `db` does it all */
    sqlite3_stmt *statements[SQL_LAST]; /* prepared at first use */
    char *path;
    int lease; /* descriptor that holds the lock, or -1 */
    int64_t next_execution, next_machine;
    int wal_frames;                /* after the last commit; told by SQLite's WAL hook */
    struct checkpoint *checkpoint; /* the thread, once there is one */
    int soft_frames, hard_frames;  /* 0: the default */
    struct remembered machines[STORE_REMEMBERED];
    struct remembered_prefix prefixes[STORE_REMEMBERED];
    struct store_error error;
};

/* NULL when it cannot be prepared (a damaged schema). Reset and free of bindings. */
sqlite3_stmt *store_statement(struct store *s, enum sql which);
/* Which of our statuses an SQLite result is. */
enum store_status store_status_of(int sqlite_result);
/* Fills `error` from the connection's last result; returns error->status. `doing` is a verb phrase
 * ("committing to"). */
enum store_status store_fail(const struct store *s, sqlite3 *db, struct store_error *error,
                             int sqlite_result, const char *doing);
/* ---- checkpoint.c ---- */
/* After each commit. SQLITE_OK, or the failure of a checkpoint's sync. */
int store_checkpoint(struct store *s);
void store_checkpoint_end(struct store *s);

void store_forget(struct store *s);         /* empties what is remembered */
void *store_memory(void *old, size_t size); /* realloc that ends the process instead of failing */

#endif
