/* Executions: start, stop, describe, list, redrive. Serves: facts 1.2, 1.3, 1.5, 1.6. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/complaint.h"
#include "engine/api/delivery/delivery.h"
#include "engine/api/internal.h"
#include "engine/api/map_runs.h"
#include "engine/mock/desk.h"

/* ---- finding ---- */

static bool note_id(void *state, const struct store_execution *row)
{
    *(int64_t *)state = row->id;
    return false;
}

int64_t api_execution(struct api_call *call, const char *member)
{
    struct arn arn;
    struct map_child child;
    int64_t id = 0;
    if (!api_arn(call, member, 1u << ARN_EXECUTION, &arn))
        return 0;
    struct asl_text text = api_text(call, member);
    if (map_child_of(text, &child)) {
        api_invalid(call,
                    "%s takes no child of a distributed Map: '%.*s'; it goes with the execution of "
                    "its Map",
                    call->operation->name, ASL_TEXT_ARGS(text));
        return 0;
    }
    if (api_is_here(call, &arn))
        store_find_execution(engine_store(call->api->engine), text.data, note_id, &id);
    if (!id)
        api_fail(call, "ExecutionDoesNotExist", "Execution Does Not Exist: '%.*s'",
                 ASL_TEXT_ARGS(text));
    return id;
}

/* ---- StartExecution ---- */

asl_value *api_read_input(struct api_call *call, struct asl_text input)
{
    struct value_error error;
    struct asl_buffer why, place;
    asl_value *v = value_parse(input, 0, 0, &error);
    if (v)
        return v;
    asl_buffer_init(&why, 65536);
    asl_buffer_init(&place, 65536);
    bool empty = error.problem == VALUE_EMPTY_TEXT || !complaint_of(input, &why, &place);
    api_fail(call, "InvalidExecutionInput", "Invalid State Machine Execution Input: '%s'",
             empty || !why.data ? "Invalid execution input." : why.data);
    asl_buffer_free(&why);
    asl_buffer_free(&place);
    return NULL;
}

bool api_start_of(struct api_call *call, const struct target *t, struct engine_start *start)
{
    struct asl_text name = api_text(call, "name"), input = api_text(call, "input");
    *start = (struct engine_start){
        .machine = target_row(t),
        .name = name.data,
        .input = input.data ? input : ASL_TEXT("{}"),
        .version_arn = t->version_arn[0] ? t->version_arn : NULL,
        .alias_arn = t->alias_arn[0] ? t->alias_arn : NULL,
    };
    if (name.data && !api_check_name(call, name))
        return false;
    start->parsed = api_read_input(call, start->input);
    return start->parsed != NULL;
}

/* False after answering. */
static bool check_test_case(struct api_call *call, const struct target *t)
{
    struct asl_buffer message;
    if (!t->test_case[0])
        return true;
    asl_buffer_init(&message, 65536);
    bool fine = call->api->mocks &&
                mock_desk_check(call->api->mocks, t->arn.name, t->test_case,
                                engine_machine(call->api->engine, target_row(t)), &message);
    if (!fine)
        api_invalid(call, "'#%s' names a test case: %s", t->test_case,
                    message.size ? message.data : "this server has no mock file");
    asl_buffer_free(&message);
    return fine;
}

bool api_start_target(struct api_call *call, struct target *t)
{
    struct asl_text text = api_text(call, "stateMachineArn");
    const char *hash = memchr(text.data, '#', text.size);
    char test_case[API_NAME_BYTES];
    if (!hash)
        return api_live_target(call, "stateMachineArn", t);
    snprintf(test_case, sizeof test_case, "%s", hash + 1);
    asl_value *given = value_retain(call->in);
    asl_value *arn = value_string((struct asl_text){text.data, (size_t)(hash - text.data)});
    call->in = api_with_take(call->in, "stateMachineArn", arn);
    bool fine = api_live_target(call, "stateMachineArn", t);
    if (fine) { /* else the call is gone */
        value_release(call->in);
        call->in = value_retain(given);
        memcpy(t->test_case, test_case, sizeof test_case);
        fine = check_test_case(call, t);
    }
    value_release(given);
    return fine;
}

/* "traceHeader" as it was given, by its execution. */
#define TRACES "trace"

static void trace_made(void *state, int64_t execution, const struct engine_mark *mark)
{
    (void)state, (void)execution, (void)mark;
}

void api_start(struct api *a, const struct target *t, struct engine_start *start,
               struct asl_text trace,
               void (*done)(void *state, const struct engine_started *started), void *state)
{
    struct delivery_marks marks;
    struct engine_mark all[DELIVERY_CHANNELS + 2];
    deliveries_mark(a, t, start, &marks);
    for (size_t i = 0; i < start->mark_count; i++)
        all[i] = start->marks[i];
    start->marks = all;
    if (trace.size)
        all[start->mark_count++] = (struct engine_mark){
            .kind = TRACES, .value = {trace.data, trace.size}, .made = trace_made};
    if (t->test_case[0])
        mock_desk_mark(a->mocks, t->arn.name, t->test_case, &all[start->mark_count++]);
    engine_start(a->engine, start, done, state);
    if (t->test_case[0])
        mock_desk_unmark(&all[start->mark_count - 1]);
    deliveries_marks_free(&marks);
}

void api_answer_refused_start(struct api_call *call, const struct engine_started *started)
{
    struct arn machine;
    char arn[API_ARN_BYTES];
    struct asl_text name = api_text(call, "name");
    switch (started->outcome) {
    case ENGINE_ALREADY_EXISTS:
        arn_read(api_text(call, "stateMachineArn"), &machine);
        api_make_arn(&machine.scope, "execution", machine.name, name.data, arn);
        api_fail(call, "ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn);
        return;
    case ENGINE_BAD_INPUT:
        api_fail(call, "InvalidExecutionInput", "Invalid State Machine Execution Input: '%s'",
                 started->message);
        return;
    default:
        api_fail(call, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%.*s'",
                 ASL_TEXT_ARGS(api_text(call, "stateMachineArn")));
    }
}

static void start_again(void *state, enum engine_outcome outcome)
{
    (void)outcome;
    api_StartExecution(state);
}

static asl_value *start_shown(const struct engine_started *s)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "executionArn", value_string_z(s->arn));
    value_list_set_take(&l, "startDate", describe_time(s->start_ms));
    return value_object_take(&l);
}

static struct engine_word *start_word(void *state, const struct engine_started *s)
{
    return api_answer_ahead_take(state, start_shown(s));
}

/* A name that is taken may be the same start of this very turn: after the commit the store tells.
 */
static void started(void *state, const struct engine_started *s)
{
    struct api_call *call = state;
    if (call->status) { /* start_word has made the answer */
        api_answer_told(call);
        return;
    }
    if (s->outcome == ENGINE_ALREADY_EXISTS && !call->is_second_try) {
        call->is_second_try = true;
        engine_after_commit(call->api->engine, NULL, start_again, call);
        return;
    }
    if (s->outcome != ENGINE_OK) {
        api_answer_refused_start(call, s);
        return;
    }
    api_answer_take(call, start_shown(s));
}

bool api_check_open_executions(struct api_call *call)
{
    int64_t most = call->api->quotas.most[QUOTA_EXECUTIONS];
    if (!most || engine_running(call->api->engine) < most)
        return true;
    api_fail(
        call, "ExecutionLimitExceeded",
        "The maximum number of running executions has been reached. Running executions must end or "
        "be stopped before a new execution can be started.");
    return false;
}

void api_StartExecution(struct api_call *call)
{
    struct target t;
    struct engine_start start;
    if (!api_start_target(call, &t) || !api_start_of(call, &t, &start))
        return;
    start.word = start_word;
    if (api_check_open_executions(call))
        api_start(call->api, &t, &start, api_text(call, "traceHeader"), started, call);
    value_release(start.parsed);
}

/* ---- StopExecution ---- */

static void note_stop(void *state, const asl_execution *x)
{
    *(int64_t *)state = asl_execution_stopped(x);
}

/* One that has ended is left as it is, and its end is told: stopping is idempotent. */
static void stopped(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    int64_t at = api_now(call);
    (void)outcome;
    engine_look(call->api->engine, call->execution, note_stop, &at);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "stopDate", describe_time(at));
    api_answer_take(call, value_object_take(&l));
}

void api_StopExecution(struct api_call *call)
{
    int64_t id = api_execution(call, "executionArn"); /* 0: answered, and the call is gone */
    if (!id)
        return;
    call->execution = id;
    engine_stop(call->api->engine, id, api_text(call, "error"), api_text(call, "cause"), stopped,
                call);
}

/* ---- DescribeExecution ---- */

struct first_event {
    asl_value *input;
    char message[160];
};

static bool see_first(void *state, int64_t id, const asl_value *event)
{
    const asl_value *input = api_get(api_get(event, "executionStartedEventDetails"), "input");
    (void)id;
    ((struct first_event *)state)->input = input ? value_retain(input) : NULL;
    return false;
}

static bool see_first_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct first_event *f = state;
    (void)first, (void)count;
    asl_history_read(chunk.data, chunk.size, true, see_first, f, f->message);
    return false;
}

/* Only its first event has it to the letter; one that is not committed yet shows it compact. */
asl_value *api_execution_input(struct api *a, int64_t execution, const asl_execution *x)
{
    struct first_event f = {.input = NULL};
    struct asl_buffer scratch;
    store_read_history(engine_store(a->engine), execution, 1, false, see_first_chunk, &f);
    if (f.input)
        return f.input;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    f.input = value_string(value_compact(asl_execution_input(x), &scratch));
    asl_buffer_free(&scratch);
    return f.input;
}

static bool take_trace(void *state, const char *key, struct store_bytes value)
{
    (void)key;
    value_list_set_take(state, "traceHeader",
                        value_string((struct asl_text){value.data, value.size}));
    return false;
}

static asl_value *with_trace_take(struct api *a, int64_t execution, asl_value *v)
{
    char key[24];
    struct value_list l;
    snprintf(key, sizeof key, "%019" PRId64, execution);
    value_list_init(&l);
    store_get_document(engine_store(a->engine), TRACES, key, take_trace, &l);
    if (l.count)
        v = api_with_take(v, "traceHeader", value_retain(l.items[1]));
    value_list_free(&l);
    return v;
}

struct description {
    struct api *api;
    int64_t execution;
    bool include_data;
    asl_value *v;
};

static void describe(void *state, const asl_execution *x)
{
    struct description *d = state;
    char machine_arn[API_ARN_BYTES];
    snprintf(machine_arn, sizeof machine_arn, "%.*s", ASL_TEXT_ARGS(asl_execution_machine_arn(x)));
    const asl_value *machine = shelf_get(&d->api->machines, machine_arn);
    d->v = describe_execution(x, loop_now(engine_loop(d->api->engine)), d->include_data);
    if (machine && machine_is_deleting(machine)) {
        d->v = api_with_take(d->v, "redriveStatus", value_string_z("NOT_REDRIVABLE"));
        d->v = api_with_take(d->v, "redriveStatusReason",
                             value_string_z("State machine is in DELETING status"));
    }
    if (d->include_data)
        d->v = api_with_take(d->v, "input", api_execution_input(d->api, d->execution, x));
}

void api_DescribeExecution(struct api_call *call)
{
    bool hidden = asl_text_is(api_text(call, "includedData"), "METADATA_ONLY");
    struct map_child child;
    if (map_child_of(api_text(call, "executionArn"), &child) && api_is_here(call, &child.arn)) {
        map_child_describe(call, &child);
        return;
    }
    int64_t id = api_execution(call, "executionArn");
    if (!id)
        return;
    struct description d = {call->api, id, !hidden, NULL};
    if (engine_look(call->api->engine, id, describe, &d))
        api_answer_take(call, with_trace_take(call->api, id, d.v));
    else
        api_fail(call, "ExecutionDoesNotExist", "Execution Does Not Exist: '%.*s'",
                 ASL_TEXT_ARGS(api_text(call, "executionArn")));
}

/* ---- ListExecutions ---- */

struct list {
    struct api_call *call;
    const struct target *target;
    struct value_list items;
    size_t size;
    size_t seen;   /* rows of this read */
    int64_t place; /* the row seen last */
    int64_t last;  /* the one shown last */
    int status;    /* statusFilter, or -1: memory may be ahead of the store that chose the rows */
    bool more;
    bool redriven, not_redriven; /* redriveFilter */
    bool matches;
    struct value_list item;
};

static void set_text(struct value_list *l, const char *member, struct asl_text t)
{
    if (t.size)
        value_list_set_take(l, member, value_string(t));
}

static void see_item(void *state, const asl_execution *x)
{
    struct list *list = state;
    const struct target *t = list->target;
    struct value_list *l = &list->item;
    bool redriven = asl_execution_redrives(x) > 0;
    list->matches = !(list->redriven && !redriven) && !(list->not_redriven && redriven) &&
                    (list->status < 0 || list->status == (int)asl_execution_status(x));
    if (t->alias)
        list->matches = list->matches && asl_text_is(asl_execution_alias_arn(x), t->alias_arn);
    else if (t->version)
        list->matches = list->matches && asl_text_is(asl_execution_version_arn(x), t->version_arn);
    if (!list->matches)
        return;
    set_text(l, "executionArn", asl_execution_arn(x));
    set_text(l, "stateMachineArn", asl_execution_machine_arn(x));
    set_text(l, "name", asl_execution_name(x));
    value_list_set_take(l, "status", value_string_z(asl_status_name(asl_execution_status(x))));
    value_list_set_take(l, "startDate", describe_time(asl_execution_started(x)));
    if (asl_execution_stopped(x))
        value_list_set_take(l, "stopDate", describe_time(asl_execution_stopped(x)));
    set_text(l, "stateMachineVersionArn", asl_execution_version_arn(x));
    set_text(l, "stateMachineAliasArn", asl_execution_alias_arn(x));
    value_list_set_take(l, "redriveCount", value_integer(asl_execution_redrives(x)));
    if (redriven)
        value_list_set_take(l, "redriveDate", describe_time(asl_execution_redriven_at(x)));
}

static bool see_row(void *state, const struct store_execution *row)
{
    struct list *list = state;
    list->matches = false;
    list->seen++;
    list->place = row->id;
    value_list_init(&list->item);
    if (!engine_look(list->call->api->engine, row->id, see_item, list) || !list->matches)
        return true;
    if (list->items.count == list->size) {
        value_list_free(&list->item);
        list->more = true;
        return false;
    }
    value_list_push_take(&list->items, value_object_take(&list->item));
    list->last = row->id;
    return true;
}

static int status_filter(const struct api_call *call)
{
    struct asl_text filter = api_text(call, "statusFilter");
    for (int s = ASL_RUNNING; filter.data && s <= ASL_PENDING_REDRIVE; s++)
        if (asl_text_is(filter, asl_status_name((enum asl_status)s)))
            return s;
    return -1;
}

static bool check_list(struct api_call *call, struct target *t)
{
    bool by_machine = api_text(call, "stateMachineArn").data != NULL;
    bool by_map_run = api_text(call, "mapRunArn").data != NULL;
    if (by_machine == by_map_run) {
        api_invalid(call, "Must provide either stateMachineArn or mapRunArn, and not both");
        return false;
    }
    if (by_map_run)
        return true;
    if (asl_text_is(api_text(call, "statusFilter"), "PENDING_REDRIVE")) {
        api_invalid(
            call,
            "The statusFilter PENDING_REDRIVE is of the children of a Map Run: give mapRunArn");
        return false;
    }
    if (!api_target(call, "stateMachineArn", t))
        return false;
    if (machine_is_express(t->machine)) {
        api_fail(call, "StateMachineTypeNotSupported",
                 "This operation is not supported by this type of state machine");
        return false;
    }
    return true;
}

/* A page and one more at a time: the store would gather all that it is asked for. What the filters
 * leave out makes it read on. */
static void read_page(struct list *list, const char *machine_arn, int64_t after)
{
    struct store *store = engine_store(list->call->api->engine);
    size_t limit = list->size + 1;
    list->place = after;
    do {
        list->seen = 0;
        store_list_executions(store, machine_arn, list->status, list->place, limit, see_row, list);
    } while (list->seen == limit && !list->more);
}

void api_ListExecutions(struct api_call *call)
{
    struct target t;
    char after[API_ARN_BYTES], place[24];
    if (!check_list(call, &t))
        return;
    if (api_text(call, "mapRunArn").data) {
        map_children_list(call);
        return;
    }
    if (!page_begin(call, after))
        return;
    struct list list = {.call = call, .target = &t, .size = page_size(call)};
    list.status = status_filter(call);
    list.redriven = asl_text_is(api_text(call, "redriveFilter"), "REDRIVEN");
    list.not_redriven = asl_text_is(api_text(call, "redriveFilter"), "NOT_REDRIVEN");
    value_list_init(&list.items);
    read_page(&list, t.machine_arn, after[0] ? strtoll(after, NULL, 10) : INT64_MAX);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "executions", value_array_take(&list.items));
    if (list.more) {
        snprintf(place, sizeof place, "%" PRId64, list.last);
        page_set_next(call, &l, place);
    }
    api_answer_take(call, value_object_take(&l));
}

/* ---- RedriveExecution ---- */

#define TOKENS_KEPT 10
#define TOKEN_MS    (15 * INT64_C(60000))

/* When this token redrove the execution, or 0. */
static int64_t token_used(const struct api_call *call, const char *arn, struct asl_text token)
{
    const asl_value *used = shelf_get(&call->api->tokens, arn);
    for (size_t i = 0; token.data && used && i < api_count(used); i++) {
        const asl_value *one = value_at(used, i);
        int64_t at = api_document_integer(one, "at");
        if (asl_text_equal(value_as_text(api_get(one, "token")), token) &&
            at > api_now(call) - TOKEN_MS)
            return at;
    }
    return 0;
}

static void keep_token(struct api_call *call, const char *arn, struct asl_text token, int64_t at)
{
    const asl_value *used = shelf_get(&call->api->tokens, arn);
    size_t count = used ? api_count(used) : 0;
    struct value_list kept, one;
    value_list_init(&kept);
    value_list_init(&one);
    for (size_t i = count >= TOKENS_KEPT ? count - TOKENS_KEPT + 1 : 0; i < count; i++)
        value_list_push_take(&kept, value_retain(value_at(used, i)));
    value_list_set_take(&one, "token", value_string(token));
    value_list_set_take(&one, "at", value_integer(at));
    value_list_push_take(&kept, value_object_take(&one));
    api_put_take(call->api, &call->api->tokens, arn, value_array_take(&kept));
}

static void answer_redriven(struct api_call *call, int64_t at)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "redriveDate", describe_time(at));
    api_answer_take(call, value_object_take(&l));
}

static void note_redrive(void *state, const asl_execution *x)
{
    *(int64_t *)state = asl_execution_redriven_at(x);
}

static void redriven(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    int64_t at = api_now(call);
    struct asl_text token = api_text(call, "clientToken");
    if (outcome != ENGINE_OK) {
        api_fail(call, "ExecutionNotRedrivable", "Execution is not redrivable");
        return;
    }
    engine_look(call->api->engine, call->execution, note_redrive, &at);
    if (token.data)
        keep_token(call, api_text(call, "executionArn").data, token, at);
    answer_redriven(call, at);
}

struct redrivable {
    struct api *api;
    int64_t now, last, redrives;
    char machine_arn[API_ARN_BYTES];
    char reason[128]; /* "" when it is */
};

static void judge(void *state, const asl_execution *x)
{
    struct redrivable *r = state;
    struct asl_text machine = asl_execution_machine_arn(x);
    snprintf(r->machine_arn, sizeof r->machine_arn, "%.*s", ASL_TEXT_ARGS(machine));
    r->last = asl_execution_last_event(x);
    r->redrives = asl_execution_redrives(x);
    const asl_value *of = shelf_get(&r->api->machines, r->machine_arn);
    if (of && machine_is_deleting(of))
        snprintf(r->reason, sizeof r->reason, "State machine is in DELETING status");
    else
        describe_not_redrivable(x, r->now, r->reason);
}

void api_RedriveExecution(struct api_call *call)
{
    int64_t id = api_execution(call, "executionArn"); /* 0: answered, and the call is gone */
    if (!id)
        return;
    call->execution = id;
    int64_t at =
        token_used(call, api_text(call, "executionArn").data, api_text(call, "clientToken"));
    if (at) {
        answer_redriven(call, at);
        return;
    }
    struct redrivable r = {.api = call->api, .now = api_now(call), .reason = ""};
    engine_look(call->api->engine, call->execution, judge, &r);
    if (r.reason[0]) {
        api_fail(call, "ExecutionNotRedrivable", "%s", r.reason);
        return;
    }
    if (!api_check_open_executions(call))
        return;
    deliveries_redrive(call->api, r.machine_arn, false, call->execution, r.last, r.redrives);
    engine_redrive(call->api->engine, call->execution, redriven, call);
}
