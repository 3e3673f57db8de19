/* StartSyncExecution: an EXPRESS execution whose end is the answer. Serves: facts 1.2, 1.6.
 *
 * The engine's watcher tells of every end; a call that waits for one is looked up by the
 * execution's id and answered from the loop, outside of the turn that tells.
 */
#include <stdlib.h>

#include "engine/api/internal.h"

struct sync_waiting {
    struct sync_waiting *next;
    struct api_call *call;
    bool ended;
};

static bool is_data_hidden(const struct api_call *call)
{
    return asl_text_is(api_text(call, "includedData"), "METADATA_ONLY");
}

static asl_value *billing(const asl_execution *x)
{
    int64_t ms = asl_execution_stopped(x) - asl_execution_started(x);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "billedMemoryUsedInMB", value_integer(64));
    value_list_set_take(&l, "billedDurationInMilliseconds",
                        value_integer(ms <= 0 ? 100 : (ms + 99) / 100 * 100));
    return value_object_take(&l);
}

struct sync_look {
    struct api_call *call;
    asl_value *out; /* NULL while it runs */
};

static void look(void *state, const asl_execution *x)
{
    static const char *const members[] = {
        "executionArn", "stateMachineArn", "name",  "startDate",    "stopDate", "status",
        "error",        "cause",           "input", "inputDetails", "output",   "outputDetails"};
    struct sync_look *s = state;
    if (asl_execution_status(x) == ASL_RUNNING)
        return;
    asl_value *d = describe_execution(x, api_now(s->call), !is_data_hidden(s->call));
    if (!is_data_hidden(s->call))
        d = api_with_take(d, "input", api_execution_input(s->call->api, s->call->execution, x));
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        api_copy_member(&l, d, members[i]);
    if (!api_get(d, "outputDetails"))
        value_list_set_take(&l, "outputDetails",
                            value_literal(is_data_hidden(s->call) ? "{\"included\":false}"
                                                                  : "{\"included\":true}"));
    api_copy_member(&l, s->call->in, "traceHeader");
    value_list_set_take(&l, "billingDetails", billing(x));
    value_release(d);
    s->out = value_object_take(&l);
}

/* False: it still runs. */
static bool answer_ended(struct api_call *call)
{
    struct sync_look s = {call, NULL};
    if (!engine_look(call->api->engine, call->execution, look, &s)) {
        api_fail(call, "StateMachineDoesNotExist", "The execution is gone from the store");
        return true;
    }
    if (s.out)
        api_answer_take(call, s.out);
    return s.out != NULL;
}

static void answer_all(void *state)
{
    struct api *a = state;
    for (struct sync_waiting **at = &a->sync_waiting; *at;) {
        struct sync_waiting *w = *at;
        if (!w->ended) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->call->gone = NULL;
        answer_ended(w->call);
        free(w);
    }
}

void sync_see_end(struct api *a, int64_t execution)
{
    for (struct sync_waiting *w = a->sync_waiting; w; w = w->next)
        if (w->call->execution == execution && !w->ended) {
            w->ended = true;
            loop_soon(engine_loop(a->engine), answer_all, a);
        }
}

static void started(void *state, const struct engine_started *s)
{
    struct api_call *call = state;
    if (s->outcome != ENGINE_OK) {
        api_answer_refused_start(call, s);
        return;
    }
    call->execution = s->execution;
    if (answer_ended(call))
        return;
    struct sync_waiting *w = asl_allocate_zeroed(1, sizeof *w);
    w->call = call;
    w->next = call->api->sync_waiting;
    call->api->sync_waiting = w;
}

void api_StartSyncExecution(struct api_call *call)
{
    struct target t;
    struct engine_start start;
    if (!api_start_target(call, &t))
        return;
    if (!machine_is_express(t.machine)) {
        api_fail(call, "StateMachineTypeNotSupported",
                 "This operation is not supported by this type of state machine");
        return;
    }
    if (!api_start_of(call, &t, &start))
        return;
    start.synchronous = true;
    api_start(call->api, &t, &start, (struct asl_text){NULL, 0}, started, call);
    value_release(start.parsed);
}

void sync_free(struct api *a)
{
    while (a->sync_waiting) {
        struct sync_waiting *w = a->sync_waiting;
        a->sync_waiting = w->next;
        free(w);
    }
}
