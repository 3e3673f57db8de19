/* Keeping schedules: one timer for the nearest due time, one start at a time for each schedule. */
#include "engine/api/schedule/schedules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/api/internal.h"
#include "engine/api/schedule/dead_letter.h"
#include "engine/api/schedule/expression.h"

#define MISSED_MS        60000 /* older than that, a due time was missed, not late */
#define KEY_IN_NAME      64    /* with '-' and 15 of the time: 80, a name's maximum */
#define RETRY_LONGEST_MS 60000
#define DAY_MS           INT64_C(86400000)
#define CATCH_UP_MAXIMUM 1000 /* due times gone through at once */

/* ---- keys ---- */

void schedules_key(const struct scope *s, const char *rest, char out[SCHEDULE_KEY_BYTES])
{
    snprintf(out, SCHEDULE_KEY_BYTES, "%s/%s/%s", s->region, s->account, rest);
}

/* Without region and account: an execution's name is told apart by its machine's. */
static const char *key_in_scope(const char *key)
{
    const char *slash = strchr(key, '/');
    return slash && strspn(slash + 1, "0123456789") == 12 && slash[13] == '/' ? slash + 14 : key;
}

/* "arn:aws:events:<region>:<account>:..."; home's where there is no ARN. */
static void scope_of_arn(const struct api *a, struct asl_text arn, struct scope *s)
{
    char text[API_ARN_BYTES];
    scope_default(a, s);
    snprintf(text, sizeof text, "%.*s", ASL_TEXT_ARGS(arn));
    sscanf(text, "arn:%*[^:]:%*[^:]:%63[^:]:%12[0-9]:", s->region, s->account);
}

static void move(struct api *a, struct shelf *shelf, size_t i)
{
    char moved[SCHEDULE_KEY_BYTES];
    struct scope scope;
    char *key = asl_copy_text(asl_text(shelf->items[i].key));
    asl_value *v = value_retain(shelf->items[i].document);
    const asl_value *arn = api_get(v, "arn");
    scope_of_arn(a, arn ? value_as_text(arn) : ASL_TEXT(""), &scope);
    schedules_key(&scope, key, moved);
    api_put_take(a, shelf, moved, v);
    api_put_take(a, shelf, key, NULL);
    free(key);
}

static bool is_old_schedule(const char *key)
{
    return strncmp(key, "rule/", 5) == 0 || strncmp(key, "scheduler/", 10) == 0;
}

static bool is_old_rule(const char *key)
{
    return !strchr(key, '/'); /* which no rule's name has */
}

void schedules_take_old_keys(struct api *a)
{
    const struct {
        struct shelf *shelf;
        bool (*is_old)(const char *key);
    } shelves[] = {{&a->schedules, is_old_schedule}, {&a->rules, is_old_rule}};
    for (size_t s = 0; s < sizeof shelves / sizeof *shelves; s++)
        for (size_t i = 0; i < shelves[s].shelf->count;) {
            bool is_old = shelves[s].is_old(shelves[s].shelf->items[i].key);
            if (is_old)
                move(a, shelves[s].shelf, i);
            i = is_old ? 0 : i + 1; /* the shelf is sorted: what was behind has moved */
        }
}

/* ---- due times ---- */

static struct asl_text text_of(const asl_value *schedule, const char *member)
{
    const asl_value *v = api_get(schedule, member);
    return v ? value_as_text(v) : (struct asl_text){NULL, 0};
}

static int64_t next_after(const asl_value *schedule, int64_t after)
{
    struct schedule_expression e;
    char message[200];
    if (!schedule_parse(text_of(schedule, "expression"), &e, message))
        return SCHEDULE_NEVER;
    /* "ignores StartDate for one-time schedules", and EndDate */
    bool is_once = e.kind == SCHEDULE_AT;
    int64_t start = is_once ? 0 : api_document_integer(schedule, "start");
    int64_t end = is_once ? 0 : api_document_integer(schedule, "end");
    int64_t anchor = start ? start : api_document_integer(schedule, "created");
    if (start && e.kind == SCHEDULE_RATE && after < start)
        return start; /* a rate with a start begins there */
    int64_t at = schedule_next(&e, text_of(schedule, "zone").data, anchor,
                               start && after < start - 1 ? start - 1 : after);
    return end && at > end ? SCHEDULE_NEVER : at;
}

/* The due time to start for and, in *next, the one behind what is done with; 0: none is started. */
static int64_t choose(const asl_value *schedule, int64_t now, int64_t *next)
{
    struct asl_text missed = text_of(schedule, "missed");
    int64_t due = api_document_integer(schedule, "next");
    *next = next_after(schedule, due);
    for (int i = 0; *next <= now && !asl_text_is(missed, "all"); i++) {
        due = *next;
        *next = i < CATCH_UP_MAXIMUM ? next_after(schedule, due) : next_after(schedule, now);
    }
    return asl_text_is(missed, "none") && now - due > MISSED_MS ? 0 : due;
}

/* ---- starting ---- */

struct firing {
    struct api *api;
    char *key;
    int64_t due, next;
    const char *condition; /* why no retry followed; or NULL */
    char problem[256];
};

static asl_value *moved(const asl_value *schedule, int64_t due, int64_t next, const char *error)
{
    asl_value *v = api_with_take(value_retain(schedule), "next",
                                 next == SCHEDULE_NEVER ? value_null() : value_integer(next));
    v = api_with_take(v, "busy", value_null());
    v = api_with_take(v, "retry", value_null());
    if (due)
        v = api_with_take(v, "last", value_integer(due));
    return api_with_take(v, "lastError", error ? value_string_z(error) : value_null());
}

static void arm(struct api *a);

/* It may have been changed or removed meanwhile: then what it became stands. */
static void finish(struct api *a, const char *key, int64_t due, int64_t next, const char *error)
{
    const asl_value *schedule = shelf_get(&a->schedules, key);
    bool goes = next == SCHEDULE_NEVER &&
                asl_text_is(text_of(api_get(schedule, "given"), "ActionAfterCompletion"), "DELETE");
    if (schedule)
        api_put_take(a, &a->schedules, key, goes ? NULL : moved(schedule, due, next, error));
    arm(a);
}

/* "<key>-20261122T093000": the same due time gives the same name. */
static void execution_name(const char *key, int64_t due, char out[API_NAME_BYTES])
{
    struct tm t;
    time_t seconds = (time_t)(due / 1000);
    gmtime_r(&seconds, &t);
    key = key_in_scope(key);
    size_t size = strlen(key);
    key += size > KEY_IN_NAME ? size - KEY_IN_NAME : 0;
    size_t at = (size_t)snprintf(out, API_NAME_BYTES, "%.*s", KEY_IN_NAME, key);
    for (size_t i = 0; i < at; i++)
        if (out[i] == '/')
            out[i] = '-';
    strftime(out + at, API_NAME_BYTES - at, "-%Y%m%dT%H%M%S", &t);
}

/* The input with EventBridge Scheduler's context attributes in place. */
static void make_input(const asl_value *schedule, int64_t due, const char *name,
                       struct asl_buffer *out)
{
    char when[32];
    struct tm t;
    time_t seconds = (time_t)(due / 1000);
    gmtime_r(&seconds, &t);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &t);
    const struct {
        const char *mark;
        struct asl_text text;
    } marks[] = {
        {"<aws.scheduler.scheduled-time>", asl_text(when)},
        {"<aws.scheduler.schedule-arn>", text_of(schedule, "arn")},
        {"<aws.scheduler.execution-id>", asl_text(name)},
        {"<aws.scheduler.attempt-number>", ASL_TEXT("1")},
    };
    struct asl_text input = text_of(schedule, "input");
    const char *at = input.data ? input.data : "{}", *end = at + (input.data ? input.size : 2);
    while (at < end) {
        size_t m = 0;
        while (m < 4 && !asl_text_starts((struct asl_text){at, (size_t)(end - at)}, marks[m].mark))
            m++;
        if (m == 4) {
            asl_buffer_putc(out, *at++);
        } else {
            asl_buffer_put_text(out, marks[m].text);
            at += strlen(marks[m].mark);
        }
    }
}

/* ---- failing ---- */

static void firing_free(struct firing *f)
{
    free(f->key);
    free(f);
}

static void buried(void *state, const char *problem)
{
    struct firing *f = state;
    if (problem)
        api_log(f->api, API_WARN, "schedule %s: its dead letter could not be sent: %s", f->key,
                problem);
    finish(f->api, f->key, f->due, f->next, f->problem);
    firing_free(f);
}

static void give_up_take(struct firing *f, const asl_value *schedule, int64_t attempts)
{
    char name[API_NAME_BYTES];
    struct asl_buffer input;
    struct asl_text queue = text_of(schedule, "deadLetter");
    if (!queue.data) {
        buried(f, NULL);
        return;
    }
    execution_name(f->key, f->due, name);
    asl_buffer_init(&input, 1 << 20);
    make_input(schedule, f->due, name, &input);
    const struct dead_letter letter = {
        .queue = queue,
        .body = asl_buffer_text(&input),
        .source = text_of(schedule, "arn"),
        .source_name = strncmp(key_in_scope(f->key), "rule/", 5) == 0 ? "RULE_ARN" : "SCHEDULE_ARN",
        .target = text_of(schedule, "machine"),
        .code = "StateMachineDoesNotExist",
        .message = f->problem,
        .condition = f->condition,
        .attempts = attempts,
    };
    shelf_put_take(&f->api->schedules, f->key,
                   api_with_take(value_retain(schedule), "busy", value_boolean(true)));
    dead_letter_send(f->api, &letter, buried, f);
    asl_buffer_free(&input);
}

static asl_value *retry_at(int64_t due, int64_t attempts, int64_t at)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "due", value_integer(due));
    value_list_set_take(&l, "attempts", value_integer(attempts));
    value_list_set_take(&l, "at", value_integer(at));
    return value_object_take(&l);
}

/* Later again, or to the dead letters. It may have been changed or removed meanwhile. */
static void fail_take(struct firing *f, const char *problem)
{
    struct api *a = f->api;
    const asl_value *schedule = shelf_get(&a->schedules, f->key);
    const asl_value *retry = api_get(schedule, "retry");
    int64_t attempts = api_document_integer(retry, "attempts") + 1;
    int64_t now = loop_now(engine_loop(a->engine)),
            age = api_document_integer(schedule, "ageSeconds");
    int64_t retries = api_document_integer(schedule, "retries");
    int64_t wait = attempts > 6 ? RETRY_LONGEST_MS : INT64_C(1000) << (attempts - 1);
    snprintf(f->problem, sizeof f->problem, "%s", problem);
    api_log(a, API_WARN, "schedule %s could not start its machine: %s", f->key, problem);
    if (!schedule) {
        firing_free(f);
        return;
    }
    bool is_old = now + wait - f->due > (age ? age * 1000 : DAY_MS);
    if (attempts > retries || is_old) {
        f->condition = !retries ? NULL
                       : is_old ? "MaximumEventAgeInSeconds"
                                : "MaximumRetryAttempts";
        asl_value *held = value_retain(schedule);
        give_up_take(f, held, attempts - 1);
        value_release(held);
        return;
    }
    asl_value *v =
        api_with_take(value_retain(schedule), "retry", retry_at(f->due, attempts, now + wait));
    v = api_with_take(v, "busy", value_null());
    api_put_take(a, &a->schedules, f->key, api_with_take(v, "lastError", value_string_z(problem)));
    firing_free(f);
    arm(a);
}

static void started(void *state, const struct engine_started *s)
{
    struct firing *f = state;
    if (s->outcome != ENGINE_OK && s->outcome != ENGINE_ALREADY_EXISTS) {
        fail_take(f, s->message);
        return;
    }
    finish(f->api, f->key, f->due, f->next, NULL);
    firing_free(f);
}

static void fire(struct api *a, const char *key, const asl_value *schedule, int64_t due,
                 int64_t next)
{
    struct target t;
    char name[API_NAME_BYTES], problem[256];
    struct asl_buffer input;
    struct firing *f = asl_allocate_zeroed(1, sizeof *f);
    *f = (struct firing){.api = a, .key = asl_copy_text(asl_text(key)), .due = due, .next = next};
    if (!target_find(a, text_of(schedule, "machine"), &t) || machine_is_deleting(t.machine)) {
        snprintf(problem, sizeof problem, "State Machine Does Not Exist: '%s'",
                 text_of(schedule, "machine").data);
        fail_take(f, problem);
        return;
    }
    execution_name(key, due, name);
    asl_buffer_init(&input, 1 << 20);
    make_input(schedule, due, name, &input);
    struct engine_start start = {
        .machine = target_row(&t),
        .name = name,
        .input = asl_buffer_text(&input),
        .version_arn = t.version_arn[0] ? t.version_arn : NULL,
        .alias_arn = t.alias_arn[0] ? t.alias_arn : NULL,
    };
    shelf_put_take(&a->schedules, key,
                   api_with_take(value_retain(schedule), "busy", value_boolean(true)));
    api_start(a, &t, &start, (struct asl_text){NULL, 0}, started, f);
    asl_buffer_free(&input);
}

static bool is_enabled(const asl_value *schedule)
{
    return api_get(schedule, "next") && !api_get(schedule, "busy") &&
           asl_text_is(text_of(schedule, "state"), "ENABLED");
}

/* When there is something to do for it: its next due time, or a retry. */
static int64_t moment_of(const asl_value *schedule)
{
    const asl_value *retry = api_get(schedule, "retry");
    return retry ? api_document_integer(retry, "at") : api_document_integer(schedule, "next");
}

/* Starting changes the shelf, so that it is looked through anew after each. */
static void fire_due(void *state)
{
    struct api *a = state;
    int64_t now = loop_now(engine_loop(a->engine));
    for (size_t i = 0; i < a->schedules.count; i++) {
        const asl_value *schedule = a->schedules.items[i].document;
        if (!is_enabled(schedule) || moment_of(schedule) > now)
            continue;
        char *key = asl_copy_text(asl_text(a->schedules.items[i].key));
        int64_t next, due = choose(schedule, now, &next);
        asl_value *held = value_retain(schedule);
        if (api_get(held, "retry"))
            due = api_document_integer(api_get(held, "retry"), "due");
        if (due)
            fire(a, key, held, due, next);
        else
            finish(a, key, 0, next, NULL);
        value_release(held);
        free(key);
    }
    arm(a);
}

static void arm(struct api *a)
{
    int64_t nearest = SCHEDULE_NEVER;
    if (!a->due)
        return;
    for (size_t i = 0; i < a->schedules.count; i++) {
        const asl_value *schedule = a->schedules.items[i].document;
        int64_t next = is_enabled(schedule) ? moment_of(schedule) : SCHEDULE_NEVER;
        nearest = next < nearest ? next : nearest;
    }
    if (nearest == SCHEDULE_NEVER)
        loop_timer_disarm(a->due);
    else
        loop_timer_arm(a->due, nearest);
}

void schedules_begin(struct api *a)
{
    a->due = loop_timer_new(engine_loop(a->engine), fire_due, a);
    arm(a);
}

void schedules_end(struct api *a)
{
    if (a->due)
        loop_timer_free(a->due);
    a->due = NULL;
}

/* ---- changing ---- */

int64_t schedules_time(const char *text)
{
    struct schedule_expression e;
    char at[64], message[200];
    snprintf(at, sizeof at, "at(%.40s)", text);
    return schedule_parse(asl_text(at), &e, message) && e.kind == SCHEDULE_AT ? e.at : -1;
}

bool schedules_check(const struct schedule_wish *wish, char message[256])
{
    struct schedule_expression e;
    struct value_error error;
    struct asl_text m = wish->missed;
    if (!schedule_parse(wish->expression, &e, message))
        return false;
    if (wish->zone.data && !schedule_zone_exists(wish->zone.data)) {
        snprintf(message, 256, "there is no time zone '%.60s' on this machine (package tzdata)",
                 wish->zone.data);
        return false;
    }
    if (m.data && !asl_text_is(m, "latest") && !asl_text_is(m, "all") && !asl_text_is(m, "none")) {
        snprintf(message, 256, "missed due times are 'latest', 'all' or 'none', not '%.40s'",
                 m.data);
        return false;
    }
    if (wish->dead_letter.data && !dead_letter_is_queue(wish->dead_letter)) {
        snprintf(message, 256,
                 "the dead-letter queue is a queue's ARN "
                 "(arn:aws:sqs:us-east-1:123456789012:name), not '%.80s'",
                 wish->dead_letter.data);
        return false;
    }
    if (wish->retries < 0 || wish->retries > 185 || wish->age_s < 0 || wish->age_s > 86400) {
        snprintf(message, 256,
                 "retries are 0 to 185, and the age of an event at most 86400 seconds");
        return false;
    }
    asl_value *input = wish->input.data ? value_parse(wish->input, 0, 0, &error) : value_null();
    if (!input)
        snprintf(message, 256, "the input is no JSON: line %zu, column %zu: %s", error.line,
                 error.column, error.message);
    value_release(input);
    return input != NULL;
}

static void set_text(struct value_list *l, const char *member, struct asl_text text)
{
    if (text.data)
        value_list_set_take(l, member, value_string(text));
}

static bool is_rate(struct asl_text expression)
{
    struct schedule_expression e;
    char message[200];
    return schedule_parse(expression, &e, message) && e.kind == SCHEDULE_RATE;
}

bool schedules_put(struct api *a, const char *key, const struct schedule_wish *wish,
                   char message[256])
{
    struct value_list l;
    if (!schedules_check(wish, message))
        return false;
    const asl_value *old = shelf_get(&a->schedules, key);
    int64_t now = loop_now(engine_loop(a->engine));
    value_list_init(&l);
    set_text(&l, "expression", wish->expression);
    set_text(&l, "zone", wish->zone);
    set_text(&l, "machine", wish->machine);
    set_text(&l, "input", wish->input);
    set_text(&l, "missed", wish->missed);
    set_text(&l, "arn", wish->arn);
    set_text(&l, "deadLetter", wish->dead_letter);
    if (wish->retries)
        value_list_set_take(&l, "retries", value_integer(wish->retries));
    if (wish->age_s)
        value_list_set_take(&l, "ageSeconds", value_integer(wish->age_s));
    if (wish->start)
        value_list_set_take(&l, "start", value_integer(wish->start));
    if (wish->end)
        value_list_set_take(&l, "end", value_integer(wish->end));
    value_list_set_take(&l, "state", value_string_z(wish->disabled ? "DISABLED" : "ENABLED"));
    value_list_set_take(&l, "created",
                        value_integer(old ? api_document_integer(old, "created") : now));
    value_list_set_take(&l, "changed", value_integer(now));
    api_copy_member(&l, old, "last");
    asl_value *v = value_object_take(&l);
    if (wish->given)
        v = api_with_take(v, "given", value_retain(wish->given));
    int64_t next =
        wish->at_once && !wish->start && is_rate(wish->expression) ? now : next_after(v, now);
    if (next != SCHEDULE_NEVER)
        v = api_with_take(v, "next", value_integer(next));
    api_put_take(a, &a->schedules, key, v);
    arm(a);
    return true;
}

bool schedules_remove(struct api *a, const char *key)
{
    bool found = shelf_get(&a->schedules, key) != NULL;
    if (found)
        api_put_take(a, &a->schedules, key, NULL);
    arm(a);
    return found;
}

/* What fell due while it was paused is not made up for. */
bool schedules_set_state(struct api *a, const char *key, bool enabled)
{
    const asl_value *schedule = shelf_get(&a->schedules, key);
    if (!schedule)
        return false;
    int64_t next = next_after(schedule, loop_now(engine_loop(a->engine)));
    asl_value *v = api_with_take(value_retain(schedule), "state",
                                 value_string_z(enabled ? "ENABLED" : "DISABLED"));
    v = api_with_take(v, "busy", value_null());
    if (enabled)
        v = api_with_take(v, "next", next == SCHEDULE_NEVER ? value_null() : value_integer(next));
    api_put_take(a, &a->schedules, key, v);
    arm(a);
    return true;
}
