/* What stand-ins tell state machines and functions, whom only a call reaches: it goes through a
 * table (event_out), as a row in the transaction of what caused it, dropped once the call has
 * succeeded and tried again until then. So nothing is told that is not on disk, and nothing on disk
 * is forgotten. A machine is told the same name again and starts nothing twice; a function may be
 * called twice, as AWS's asynchronous calls are. */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#define TRY_AGAIN_MS  2000
#define TRIES_MAXIMUM 185 /* EventBridge's own default */

bool outbox_takes(struct asl_text arn)
{
    bool has_kind =
        arn.data && (strstr(arn.data, ":stateMachine:") || strstr(arn.data, ":function:"));
    return has_kind &&
           (asl_text_starts(arn, "arn:aws:states:") || asl_text_starts(arn, "arn:aws:lambda:"));
}

void outbox_post(struct local *l, struct asl_text arn, const char *name, struct asl_text input)
{
    database_run(l->database,
                 "INSERT INTO event_out(target, name, input, tries, due) VALUES(?, ?, ?, 0, 0)",
                 "tzt", arn, name, input);
    l->has_mail = true;
}

struct letter {
    struct local *local;
    int64_t id;
};

static void on_delivered(void *state, bool is_done)
{
    struct letter *letter = state;
    struct local *l = letter->local;
    l->letter = NULL;
    if (is_done)
        database_run(l->database, "DELETE FROM event_out WHERE id = ?", "i", letter->id);
    else
        database_run(l->database, "UPDATE event_out SET tries = tries + 1, due = ?1 WHERE id = ?2",
                     "ii", local_now(l) + TRY_AGAIN_MS, letter->id);
    database_failure(l->database); /* not forgotten: the row is there, and is tried again */
    free(letter);
    outbox_deliver(l);
}

void outbox_deliver(struct local *l)
{
    struct asl_buffer target, name, input;
    int64_t id = 0, due = 0, now = local_now(l);
    if (!l->tell || l->letter || !l->loop)
        return;
    asl_buffer_init(&target, 4096);
    asl_buffer_init(&name, 128);
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    database_run(l->database, "DELETE FROM event_out WHERE tries >= ?", "i",
                 (int64_t)TRIES_MAXIMUM);
    sqlite3_stmt *s = database_query(
        l->database, "SELECT id, due, target, name, input FROM event_out ORDER BY due, id LIMIT 1",
        "");
    while (database_step(l->database, s)) {
        id = sqlite3_column_int64(s, 0);
        due = sqlite3_column_int64(s, 1);
        asl_buffer_put_text(&target, database_text(s, 2));
        asl_buffer_put_text(&name, database_text(s, 3));
        asl_buffer_put_text(&input, database_text(s, 4));
    }
    database_failure(l->database);
    if (id && due > now)
        loop_timer_arm(l->mail_timer, due);
    else if (id) {
        struct letter *letter = asl_allocate_zeroed(1, sizeof *letter);
        *letter = (struct letter){l, id};
        l->letter = letter;
        l->tell(l->tell_state, target.data, name.data, asl_buffer_text(&input), on_delivered,
                letter);
    }
    asl_buffer_free(&target);
    asl_buffer_free(&name);
    asl_buffer_free(&input);
}
