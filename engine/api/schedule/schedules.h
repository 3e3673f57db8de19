/* Schedules: machines started at given times, each due time exactly once.
 *
 * One whose "given" has ActionAfterCompletion DELETE goes with its last due time.
 *
 * A document of the store by key: {"expression", "zone", "start", "end" (ms), "machine" (ARN),
 * "input" (text), "state" (ENABLED, DISABLED), "missed" (see below), "created", "next" (ms; absent:
 * no more), "last", "lastError", "arn", "given", "changed", "deadLetter", "retries", "ageSeconds",
 * "retry"}. Keys: "<name>" of the command line,
 * "<region>/<account>/rule/<rule>/<target>" of EventBridge's rules,
 * "<region>/<account>/scheduler/<group>/<name>" of EventBridge Scheduler: a name may come again in
 * another region or account.
 *
 * Exactly once: the execution's name derives from key and due time, and "next" moves only in a
 * commit behind the one that started it. A crash in between starts the same name again, which is
 * the same execution or none.
 *
 * A start that fails (no such machine, one that is being deleted, an input that is none) is tried
 * again "retries" times, waiting 1 s, 2 s, 4 s ... 60 s, no longer than "ageSeconds"; then, and
 * without "retries" at once, its input goes to the queue "deadLetter" (dead_letter.h), and the
 * schedule goes on with its next due time. "retry" is {"due", "attempts", "at"} meanwhile.
 *
 * Due times that passed while nothing ran ("missed"): "latest" (default) starts one execution, for
 * the last of them; "all" starts each; "none" starts none.
 */
#ifndef ENGINE_API_SCHEDULE_SCHEDULES_H
#define ENGINE_API_SCHEDULE_SCHEDULES_H

#include "engine/api/api.h"

struct scope;

/* What a schedule is made of; texts may be {NULL, 0}, times 0, where they are not given. */
struct schedule_wish {
    struct asl_text expression, zone, machine, input, missed, arn;
    int64_t start, end;
    struct asl_text dead_letter; /* a queue's ARN */
    int64_t retries, age_s;      /* 0: none, and a day */
    bool disabled;
    bool at_once; /* a rate without a start is due now, else when its first period is over */
    const asl_value *given; /* kept as it is, for who asks later; or NULL */
};

#define SCHEDULE_KEY_BYTES 400
/* "<region>/<account>/<rest>" */
void schedules_key(const struct scope *s, const char *rest, char out[SCHEDULE_KEY_BYTES]);
/* Of before keys had a scope: what EventBridge and its Scheduler made goes to the one that its ARN
 * names. */
void schedules_take_old_keys(struct api *a);

/* Whether a wish reads: expression, zone, input, policy. False and a message. */
bool schedules_check(const struct schedule_wish *wish, char message[256]);
/* Puts a schedule, durable with the next commit. False and a message when the wish does not read.
 */
bool schedules_put(struct api *a, const char *key, const struct schedule_wish *wish,
                   char message[256]);
/* False: there is none. */
bool schedules_remove(struct api *a, const char *key);
bool schedules_set_state(struct api *a, const char *key, bool enabled);

/* "2026-11-22T09:00:00" (UTC) in ms since 1970; -1: it does not read. */
int64_t schedules_time(const char *text);

/* Arms the timer for the nearest due time; asks again after every change by itself. */
void schedules_begin(struct api *a);
void schedules_end(struct api *a);

#endif
