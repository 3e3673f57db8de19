/* Lambda's asynchronous calls, at least once: a row in the database before the caller is told 202,
 * dropped when the function has answered. One that fails is called again after a minute, and after
 * two more; then it is given up and said so (there are no destinations and no dead letters here). A
 * call that was under way when the process ended is simply still there. Serves: Lambda developer
 * guide, "How Lambda handles errors and retries with asynchronous invocation". */
#include "async.h"

#include <stdio.h>
#include <stdlib.h>

#define UNDER_WAY_MAXIMUM 64
#define BUSY_AGAIN_MS     1000
#define AGE_MAXIMUM_MS    (6 * 3600 * 1000) /* Lambda's: six hours */

/* Lambda's, before the second and third attempt */
static const int64_t pauses_ms[] = {60000, 120000};
#define RETRIES ((int64_t)(sizeof pauses_ms / sizeof *pauses_ms))

/* A call that is under way; or one whose function is not routed in this run: it waits for one where
 * it is. */
struct async_call {
    struct async_call *next;
    bool is_lost;
    struct local *local;
    int64_t id, attempts, born;
    char *name;
};

static void forget(struct async_call *c)
{
    struct async_call **at = &c->local->async;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->local->async_count--;
    free(c->name);
    free(c);
}

static void drop(struct local *l, int64_t id)
{
    database_run(l->database, "DELETE FROM function_event WHERE id = ?", "i", id);
}

static void put_off(struct local *l, int64_t id, int64_t attempts, int64_t due)
{
    database_run(l->database, "UPDATE function_event SET attempts = ?1, due = ?2 WHERE id = ?3",
                 "iii", attempts, due, id);
}

static void on_done(void *state, enum local_call_end end)
{
    struct async_call *c = state;
    struct local *l = c->local;
    c->is_lost = end == LOCAL_CALL_LOST;
    if (c->is_lost) {
        fprintf(stderr,
                "stepwell: an asynchronous call of function %s waits: nothing runs it here\n",
                c->name);
        return;
    }
    int64_t now = local_now(l);
    bool is_old = now - c->born > AGE_MAXIMUM_MS;
    bool is_given_up = end == LOCAL_CALL_FAILED && (c->attempts >= RETRIES || is_old);
    if (is_given_up)
        fprintf(stderr,
                "stepwell: the asynchronous call of function %s failed %d times and is given up\n",
                c->name, (int)c->attempts + 1);
    if (end == LOCAL_CALL_DONE || is_given_up)
        drop(l, c->id);
    else if (end == LOCAL_CALL_FAILED)
        put_off(l, c->id, c->attempts + 1, now + pauses_ms[c->attempts]);
    else
        put_off(l, c->id, c->attempts, now + BUSY_AGAIN_MS);
    database_failure(l->database); /* the row is there still, and is called again */
    forget(c);
    loop_timer_arm(l->async_timer, now);
}

static bool is_under_way(const struct local *l, int64_t id)
{
    const struct async_call *c = l->async;
    while (c && c->id != id)
        c = c->next;
    return c != NULL;
}

static bool has_room(const struct local *l)
{
    size_t running = 0;
    for (const struct async_call *c = l->async; c; c = c->next)
        running += !c->is_lost;
    return running < UNDER_WAY_MAXIMUM;
}

/* The first that is not under way; 0: there is none. `due` tells when it is. */
static int64_t first(struct local *l, int64_t *due)
{
    int64_t id = 0;
    sqlite3_stmt *s =
        database_query(l->database, "SELECT id, due FROM function_event ORDER BY due, id LIMIT ?",
                       "i", (int64_t)l->async_count + 1);
    while (database_step(l->database, s))
        if (!id && !is_under_way(l, sqlite3_column_int64(s, 0))) {
            id = sqlite3_column_int64(s, 0);
            *due = sqlite3_column_int64(s, 1);
        }
    database_failure(l->database);
    return id;
}

static char *column(sqlite3_stmt *s, int i)
{
    return asl_copy_text(database_text(s, i));
}

static void call_it(struct local *l, int64_t id)
{
    struct async_call *c = asl_allocate_zeroed(1, sizeof *c);
    char *texts[4] = {NULL};
    struct asl_buffer payload;
    *c = (struct async_call){.next = l->async, .local = l, .id = id};
    asl_buffer_init(&payload, ASL_BUFFER_MAXIMUM);
    sqlite3_stmt *s = database_query(
        l->database,
        "SELECT key, name, qualifier, context, payload, attempts, born FROM function_event"
        " WHERE id = ?",
        "i", id);
    while (database_step(l->database, s)) {
        for (int i = 0; i < 4; i++)
            texts[i] = column(s, i);
        asl_buffer_put_text(&payload, database_text(s, 4));
        c->attempts = sqlite3_column_int64(s, 5);
        c->born = sqlite3_column_int64(s, 6);
    }
    database_failure(l->database);
    c->name = asl_copy_text(asl_text(texts[1]));
    l->async = c;
    l->async_count++;
    const struct local_function_call call = {texts[0], asl_text(texts[1]), asl_text(texts[2]),
                                             asl_text(texts[3]), asl_buffer_text(&payload)};
    l->call(l->call_state, &call, on_done, c);
    for (int i = 0; i < 4; i++)
        free(texts[i]);
    asl_buffer_free(&payload);
}

void async_go_on(void *local)
{
    struct local *l = local;
    int64_t id, due = 0, now = local_now(l);
    if (!l->call || !l->loop)
        return;
    while (has_room(l) && (id = first(l, &due)) != 0) {
        if (due > now) {
            loop_timer_arm(l->async_timer, due);
            return;
        }
        call_it(l, id);
    }
}

bool local_keep_call(struct local *l, const struct local_function_call *call)
{
    int64_t now = local_now(l);
    const char *why = local_begin_write(l);
    if (!why) {
        database_run(l->database,
                     "INSERT INTO function_event(key, name, qualifier, context, payload, attempts, "
                     "due, born)"
                     " VALUES(?, ?, ?, ?, ?, 0, ?, ?)",
                     "ztttbii", call->key, call->name, call->qualifier, call->context,
                     call->payload, now, now);
        why = local_end_write(l);
    }
    bool is_kept = !why;
    if (is_kept && l->loop)
        loop_timer_arm(l->async_timer, now);
    return is_kept;
}

void async_free(struct local *l)
{
    while (l->async)
        forget(l->async);
}
