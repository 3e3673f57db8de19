/* What remembers. One contract, SQLite first; knows no ASL and no AWS: states and history chunks
 * are bytes to it.
 *
 * Writes are gathered in a batch and made durable together (store_commit): all or nothing, on disk
 * when it returns (WAL, synchronous=FULL). Reads see what is committed.
 *
 * Failure. A commit that could not reach the disk (fsync error, I/O error) is STORE_BROKEN: the
 * caller ends the process at once, for SQLite would go on. A full disk is STORE_FULL: nothing was
 * written, nothing may be acknowledged, the same batch may be tried again later.
 *
 * One process owns a store: a second open is STORE_BUSY and names the owner's pid when known. The
 * lease is a lock on `<file>-lease` that the kernel gives up with the process, kill -9 included.
 *
 * Threads. One thread at a time calls, but for this: while store_commit runs on one thread, another
 * may read, ask for ids and fill another batch, where store_reads_beside_commits() says so. A read
 * sees the last commit that was whole when it began. The store has a thread of its own for copying
 * its log back.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_status {
    STORE_OK,
    STORE_NOT_FOUND,
    STORE_CONFLICT,  /* a unique name is taken (see each call) */
    STORE_BUSY,      /* another process owns the store */
    STORE_FULL,      /* no space left: nothing was written */
    STORE_READ_ONLY, /* file or folder may not be written */
    STORE_FOREIGN,   /* not a Stepwell database, or a newer schema */
    STORE_DAMAGED,   /* a Stepwell database that does not read back */
    STORE_BROKEN,    /* the disk failed; end the process */
};

/* What, where and what to do, for a person. */
struct store_error {
    enum store_status status;
    char message[512];
};

struct store_bytes {
    const void *data;
    size_t size;
};

/* Opens or creates; makes files 0600; migrates an older schema in one transaction. ":memory:" is
 * for tests. NULL and *error on failure. */
struct store *store_open(const char *path, struct store_error *error);
/* Opens to look only (list, show, history while a server owns the store): no writes, no lease.
 * STORE_NOT_FOUND when there is no such file. */
struct store *store_open_reader(const char *path, struct store_error *error);
void store_close(struct store *s);
const char *store_path(const struct store *s);
/* False for ":memory:": there a commit and the reads take turns. */
bool store_reads_beside_commits(const struct store *s);
/* When the WAL is copied back, in pages of it: beside the commits from `soft` on, within them from
 * `hard` on. 0: the default (checkpoint.c). For tests and tuning. */
void store_set_checkpoint(struct store *s, int soft_frames, int hard_frames);
/* What the last read that failed met. */
const struct store_error *store_last_error(const struct store *s);

/* ---- rows ---- */

/* A machine's text as it was when executions began under it. Rows never change: an update makes a
 * new row (a revision), so that an execution finds its own definition for ever. */
struct store_machine {
    int64_t id;
    const char *name; /* of the state machine */
    const char *arn;
    const char *role_arn;
    bool express;
    int64_t created; /* ms since 1970 */
    struct store_bytes definition;
};

/* Statuses are the caller's small numbers, indexed for listing; 0 is "running". */
#define STORE_STATUS_MAXIMUM 7
struct store_execution {
    int64_t id;
    int64_t machine; /* store_machine.id */
    const char *arn; /* unique */
    const char *name;
    int status;               /* 0 .. STORE_STATUS_MAXIMUM */
    int64_t started, stopped; /* ms since 1970; stopped 0 while running */
    int64_t due;              /* ms since 1970; INT64_MAX: nothing is due */
    int64_t open_tasks;       /* > 0: recovery takes it up */
    int64_t last_event;
    struct store_bytes state; /* resumable state; kept after the end for describe and redrive */
};

/* ---- batches ---- */

struct store_batch;
struct store_batch *store_batch_new(void);
void store_batch_free(struct store_batch *b);
bool store_batch_is_empty(const struct store_batch *b);
size_t store_batch_bytes(const struct store_batch *b); /* what it holds in memory: for a bound */

/* Ids are the store's: asked for here, ascending, unique from then on. */
int64_t store_next_execution_id(struct store *s);
int64_t store_next_machine_id(struct store *s);

/* Each copies what it is given. Rows are written in the order of the calls. */
void store_put_machine(struct store_batch *b, const struct store_machine *m);
/* The machine must stand before it. An arn that is taken makes the commit STORE_CONFLICT: ask
 * store_find_execution first, nobody else writes. */
void store_insert_execution(struct store_batch *b, const struct store_execution *x);
/* Status, stopped, due, open_tasks, last_event and state; the rest stays. A finished one may run
 * again (redrive). */
void store_update_execution(struct store_batch *b, const struct store_execution *x);
/* `first_event` is 1 .. STORE_EVENT_MAXIMUM. */
#define STORE_EVENT_MAXIMUM ((INT64_C(1) << 24) - 1)
void store_append_history(struct store_batch *b, int64_t execution, int64_t first_event,
                          int64_t count, struct store_bytes chunk);
/* Small named documents of the caller's (aliases, activities, schedules, tags, settings): `kind`
 * groups, `key` is unique in it; an empty value deletes. */
void store_put_document(struct store_batch *b, const char *kind, const char *key,
                        struct store_bytes value);

/* Durable when it returns STORE_OK; the batch is empty then. Otherwise the batch is unchanged and,
 * but for STORE_BROKEN, nothing of it was written. */
enum store_status store_commit(struct store *s, struct store_batch *b, struct store_error *error);

/* ---- reads ----
 *
 * Pointers live until the callback returns; false stops. A callback may read on by other calls than
 * the one it is called from; it may not commit. STORE_NOT_FOUND where a get or find met nothing; an
 * empty list is STORE_OK. */

typedef bool (*store_see_machine)(void *state, const struct store_machine *m);
typedef bool (*store_see_execution)(void *state, const struct store_execution *x);
typedef bool (*store_see_chunk)(void *state, int64_t first_event, int64_t count,
                                struct store_bytes chunk);
typedef bool (*store_see_document)(void *state, const char *key, struct store_bytes value);

enum store_status store_get_machine(struct store *s, int64_t id, store_see_machine see,
                                    void *state);
/* The newest row of that name. */
enum store_status store_find_machine(struct store *s, const char *arn, store_see_machine see,
                                     void *state);
enum store_status store_each_machine(struct store *s, store_see_machine see, void *state);
enum store_status store_get_execution(struct store *s, int64_t id, store_see_execution see,
                                      void *state);
enum store_status store_find_execution(struct store *s, const char *arn, store_see_execution see,
                                       void *state);
/* Newest first: by id, the order in which they were started. `machine_arn` NULL: all; status -1:
 * all; `after_id`: where the last page ended (INT64_MAX for the first). `.state` is empty: not
 * read. */
enum store_status store_list_executions(struct store *s, const char *machine_arn, int status,
                                        int64_t after_id, size_t limit, store_see_execution see,
                                        void *state);
/* What falls due up to `until`, earliest first, at most `limit`; running ones only. */
enum store_status store_due_executions(struct store *s, int64_t until, size_t limit,
                                       store_see_execution see, void *state);
int64_t store_next_due(struct store *s); /* INT64_MAX: nothing */
/* Executions with open tasks: what recovery takes up, beside what is due. By id. */
enum store_status store_open_executions(struct store *s, store_see_execution see, void *state);
/* Chunks that hold events with ids from `from_event` on, ascending; or, descending, those with ids
 * up to `from_event` (INT64_MAX: from the end). */
enum store_status store_read_history(struct store *s, int64_t execution, int64_t from_event,
                                     bool descending, store_see_chunk see, void *state);
enum store_status store_get_document(struct store *s, const char *kind, const char *key,
                                     store_see_document see, void *state);
/* By key, behind `after_key` (NULL: from the first). */
enum store_status store_each_document(struct store *s, const char *kind, const char *after_key,
                                      size_t limit, store_see_document see, void *state);
int64_t store_count_executions(struct store *s, const char *machine_arn, int status);

#endif
