/* Choosing a mock and letting its answer come; see mocks.h. */
#include "engine/test/mocks.h"

#include <stdlib.h>

#include "asl/definition/machine.h"
#include "engine/test/duration.h"
#include "engine/test/match.h"

#define HEARTBEAT "stepwell:heartbeatUntil"

/* ---- gathering ---- */

static struct outcomes *read_recorded(const struct test_file *f, const asl_value *named)
{
    const struct beside *b = named ? test_file_beside(f, value_as_text(named)) : NULL;
    if (!b || !b->recording.events)
        return NULL;
    struct outcomes *o = asl_allocate(sizeof *o);
    outcomes_read(o, &b->recording);
    return o;
}

static void free_recorded(struct outcomes *o)
{
    if (o)
        outcomes_free(o);
    free(o);
}

static int64_t times_of(const asl_value *mock, bool in_list)
{
    const asl_value *times = value_get_z(mock, "times");
    int64_t n = in_list ? 1 : INT64_MAX;
    if (times && !value_as_integer(times, &n))
        n = INT64_MAX;
    return n;
}

static void add_mock(struct mocks *m, struct asl_text state, const asl_value *value, bool in_list,
                     bool is_shared, const struct step *at)
{
    struct asl_buffer pointer;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    step_pointer(at, &pointer);
    m->items = asl_reallocate(m->items, (m->count + 1) * sizeof *m->items);
    m->items[m->count++] = (struct mock){
        .state = state,
        .value = value,
        .pointer = asl_buffer_take(&pointer, NULL),
        .is_shared = is_shared,
        .left = times_of(value, in_list),
        .recorded = read_recorded(m->file, value_get_z(value, "history")),
    };
}

/* What the test mocks itself hides what the file does for that state. */
static void add_mocks(struct mocks *m, const asl_value *owner, const asl_value *hidden,
                      const struct step *at)
{
    const asl_value *mocks = value_get_z(owner, "mocks");
    struct step all = step_key(at, ASL_TEXT("mocks"));
    for (size_t i = 0; mocks && i < value_count(mocks); i++) {
        struct asl_text state = value_as_text(value_key_at(mocks, i));
        const asl_value *of_state = value_at(mocks, i);
        struct step place = step_key(&all, state);
        bool list = value_kind(of_state) == VALUE_ARRAY, is_shared = owner == m->file->root;
        if (hidden && value_get(hidden, state))
            continue;
        for (size_t k = 0; k < (list ? value_count(of_state) : 1); k++) {
            struct step element = list ? step_index(&place, k) : place;
            add_mock(m, state, list ? value_at(of_state, k) : of_state, list, is_shared, &element);
        }
    }
}

void mocks_open(struct mocks *m, const struct test_file *f, const struct test_case *t)
{
    struct step root = {0}, all = step_key(&root, ASL_TEXT("tests"));
    struct step test = step_index(&all, (size_t)(t - f->tests));
    *m = (struct mocks){.file = f};
    add_mocks(m, t->value, NULL, &test);
    add_mocks(m, f->root, value_get_z(t->value, "mocks"), &root);
    m->recorded = read_recorded(f, test_member(f, t, "history"));
}

void mocks_close(struct mocks *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->items[i].pointer);
        free_recorded(m->items[i].recorded);
    }
    free(m->items);
    free_recorded(m->recorded);
    *m = (struct mocks){0};
}

/* ---- choosing ---- */

static bool has_number(const asl_value *one_or_list, int64_t wanted)
{
    int64_t n;
    if (value_kind(one_or_list) != VALUE_ARRAY)
        return value_as_integer(one_or_list, &n) && n == wanted;
    for (size_t i = 0; i < value_count(one_or_list); i++)
        if (value_as_integer(value_at(one_or_list, i), &n) && n == wanted)
            return true;
    return false;
}

static bool is_meant(const struct mock *k, const struct asl_command *call)
{
    const asl_value *index = value_get_z(k->value, "index");
    const asl_value *attempt = value_get_z(k->value, "attempt");
    const asl_value *input = value_get_z(k->value, "input");
    return asl_text_equal(k->state, value_as_text(call->state_name)) &&
           (!index || has_number(index, call->iteration)) &&
           (!attempt || has_number(attempt, call->retries + 1)) &&
           (!input || match_value(input, call->parameters, NULL, NULL, NULL));
}

/* ---- what comes ---- */

asl_value *outside_event(const char *type, const char *details, const char *member,
                         asl_value *value_taken)
{
    struct value_list event, inner;
    value_list_init(&event);
    value_list_set_take(&event, "type", value_string_z(type));
    if (details) {
        value_list_init(&inner);
        value_list_set_take(&inner, member, value_taken);
        value_list_set_take(&event, details, value_object_take(&inner));
    }
    return value_object_take(&event);
}

static void let_come_take(struct coming *coming, int64_t at, int64_t task, asl_value *event_taken)
{
    coming_add(coming, at, task, event_taken);
    value_release(event_taken);
}

/* A payload as an event carries it: a text would be read as JSON, so it goes as JSON text. */
static asl_value *as_payload(const asl_value *v)
{
    struct asl_buffer quoted;
    if (value_kind(v) != VALUE_STRING)
        return value_retain(v);
    asl_buffer_init(&quoted, ASL_BUFFER_MAXIMUM);
    value_print(v, &quoted);
    asl_value *text = value_string(asl_buffer_text(&quoted));
    asl_buffer_free(&quoted);
    return text;
}

static asl_value *failure_event(const asl_value *mock)
{
    const asl_value *error = value_get_z(mock, "error"), *cause = value_get_z(mock, "cause");
    struct value_list event, details;
    value_list_init(&event);
    value_list_init(&details);
    value_list_set_take(&details, "error", value_retain(error));
    if (cause)
        value_list_set_take(&details, "cause", value_retain(cause));
    value_list_set_take(&event, "type", value_string_z("TaskFailed"));
    value_list_set_take(&event, "taskFailedEventDetails", value_object_take(&details));
    return value_object_take(&event);
}

static int64_t duration_of(const asl_value *mock, const char *member, int64_t absent)
{
    const asl_value *v = value_get_z(mock, member);
    int64_t ms;
    return v && duration_read(v, &ms) ? ms : absent;
}

int64_t heartbeat_until(const asl_value *event)
{
    const asl_value *v = value_get_z(event, HEARTBEAT);
    int64_t until;
    return v && value_as_integer(v, &until) ? until : -1;
}

/* All heartbeats as one: nothing sees them but the deadline, which the last one moves. One that
 * comes less often than HeartbeatSeconds asks for is lost before the second. */
static void let_heartbeats_come(const struct asl_command *call, const asl_value *mock, int64_t now,
                                int64_t works_for, struct coming *coming)
{
    int64_t every = duration_of(mock, "heartbeatEvery", 0);
    int64_t lasting = duration_of(mock, "heartbeatFor", works_for);
    struct value_list event;
    if (every <= 0 || call->heartbeat_seconds <= 0)
        return;
    if (lasting > works_for)
        lasting = works_for;
    bool in_time = every <= call->heartbeat_seconds * 1000;
    value_list_init(&event);
    value_list_set_take(&event, HEARTBEAT,
                        value_integer(now + (in_time ? lasting / every * every : 0)));
    let_come_take(coming, now, call->task, value_object_take(&event));
}

static void let_mock_come(const struct mocks *m, const asl_value *mock,
                          const struct asl_command *call, int64_t now, struct coming *coming)
{
    const asl_value *result = value_get_z(mock, "result");
    const asl_value *file = value_get_z(mock, "resultFile");
    const asl_value *submitted = value_get_z(mock, "submitted");
    bool never = value_get_z(mock, "never") != NULL;
    int64_t after = duration_of(mock, "after", 0);
    const struct beside *beside = file ? test_file_beside(m->file, value_as_text(file)) : NULL;
    if (beside)
        result = beside->json;
    let_come_take(coming, now, call->task, outside_event("TaskStarted", NULL, NULL, NULL));
    let_heartbeats_come(call, mock, now, never ? DURATION_MAXIMUM : after, coming);
    if (call->resource->pattern != TASK_REQUEST_RESPONSE)
        let_come_take(coming, now, call->task,
                      outside_event("TaskSubmitted", "taskSubmittedEventDetails", "output",
                                    submitted ? as_payload(submitted) : value_empty_object()));
    if (never)
        return;
    let_come_take(coming, now + after, call->task,
                  result ? outside_event("TaskSucceeded", "taskSucceededEventDetails", "output",
                                         as_payload(result))
                         : failure_event(mock));
}

static bool let_recorded_come(struct outcomes *recorded, const struct asl_command *call,
                              int64_t now, struct coming *coming)
{
    const struct resource *r = call->resource;
    const struct outcome wanted = {
        .state = call->state_name,
        .iteration = call->iteration,
        .resource = asl_text(r->family == TASK_SERVICE ? r->name : r->arn),
        .parameters = call->parameters,
    };
    struct outcome *o = outcomes_find(recorded, &wanted);
    if (o)
        outcome_comes(recorded, o, now, call->task, coming);
    return o != NULL;
}

/* ---- when nothing answers ---- */

static void put_call(const struct asl_command *call, struct asl_buffer *out)
{
    asl_buffer_printf(out, "%.*s called %s", ASL_TEXT_ARGS(value_as_text(call->state_name)),
                      call->resource->arn);
    if (call->iteration >= 0)
        asl_buffer_printf(out, " in iteration %lld", (long long)call->iteration);
    if (call->retries)
        asl_buffer_printf(out, ", attempt %lld", (long long)call->retries + 1);
    asl_buffer_puts(out, " with ");
    value_print(call->parameters, out);
}

static void tell_why(const struct mocks *m, const struct asl_command *call,
                     const struct mock *spent, struct asl_buffer *why)
{
    size_t of_state = 0;
    for (size_t i = 0; i < m->count; i++)
        of_state += asl_text_equal(m->items[i].state, value_as_text(call->state_name));
    put_call(call, why);
    if (spent && spent->recorded)
        asl_buffer_puts(why, ", and the mock's history holds no (further) outcome for it");
    else if (spent)
        asl_buffer_printf(why,
                          ", and its mock has answered %zu time%s, which is all it does (\"times\" "
                          "changes that)",
                          spent->used, spent->used == 1 ? "" : "s");
    else if (of_state)
        asl_buffer_puts(why, ", and none of its mocks is meant for that");
    else if (m->recorded)
        asl_buffer_puts(why, ", and the history holds no outcome for it");
    else
        asl_buffer_printf(why,
                          ", and nothing answers: give it \"mocks\": {\"%.*s\": {\"result\": "
                          "...}}",
                          ASL_TEXT_ARGS(value_as_text(call->state_name)));
}

enum answer mocks_answer(struct mocks *m, const struct asl_command *call, int64_t now,
                         struct coming *coming, struct asl_buffer *why)
{
    const struct mock *spent = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct mock *k = &m->items[i];
        if (!is_meant(k, call))
            continue;
        bool fine = k->left > 0;
        if (fine && k->recorded)
            fine = let_recorded_come(k->recorded, call, now, coming);
        if (!fine) {
            spent = k;
            continue;
        }
        k->used++;
        k->left -= k->left != INT64_MAX;
        if (value_get_z(k->value, "call"))
            return ANSWER_CALL;
        if (!k->recorded)
            let_mock_come(m, k->value, call, now, coming);
        return ANSWER_COMES;
    }
    if (!spent && m->recorded && let_recorded_come(m->recorded, call, now, coming))
        return ANSWER_COMES;
    tell_why(m, call, spent, why);
    return ANSWER_NONE;
}
