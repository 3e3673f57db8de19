/* The engine behind "call"; see test_calls.h. */
#include "engine/cli/test_calls.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct caller {
    const struct session_settings *base;
    struct session session;
    bool is_open;
    char folder[64], db[96], data[96];
    asl_value *events; /* of the call at hand */
    bool ended;
    char damage[160];
};

/* ---- the engine ---- */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void close_engine(struct caller *c)
{
    if (!c->is_open)
        return;
    session_close(&c->session);
    c->is_open = false;
    nftw(c->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* "dynamodb=http://..." for each of the test's, behind the command's own. */
static void add_routes(struct session_settings *settings, const struct caller *c,
                       const asl_value *routes, char ***owned)
{
    size_t count = routes ? value_count(routes) : 0;
    settings->routes = (struct texts){0};
    for (size_t i = 0; i < c->base->routes.count; i++)
        texts_add(&settings->routes, c->base->routes.items[i]);
    *owned = asl_allocate_zeroed(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        struct asl_buffer b;
        asl_buffer_init(&b, 65536);
        asl_buffer_printf(&b, "%.*s=%.*s", ASL_TEXT_ARGS(value_as_text(value_key_at(routes, i))),
                          ASL_TEXT_ARGS(value_as_text(value_at(routes, i))));
        (*owned)[i] = asl_buffer_take(&b, NULL);
        texts_add(&settings->routes, (*owned)[i]);
    }
}

static void see_commit(void *caller, int64_t execution, struct store_bytes chunk,
                       enum asl_status status);

static bool open_engine(struct caller *c, const asl_value *routes, char message[512])
{
    struct session_settings settings = *c->base;
    char **owned;
    int status;
    snprintf(c->folder, sizeof c->folder, "/tmp/stepwell-test-XXXXXX");
    if (!mkdtemp(c->folder)) {
        snprintf(message, 512, "no folder for its data can be made under /tmp");
        return false;
    }
    snprintf(c->db, sizeof c->db, "%s/calls.db", c->folder);
    snprintf(c->data, sizeof c->data, "%s/data", c->folder);
    settings.db = c->db;
    settings.data = settings.data ? settings.data : c->data;
    settings.time = NULL;
    add_routes(&settings, c, routes, &owned);
    c->is_open = session_open(&c->session, &settings, &status);
    for (size_t i = 0; owned[i]; i++)
        free(owned[i]);
    free((void *)owned);
    texts_free(&settings.routes);
    if (!c->is_open) {
        snprintf(message, 512, "calls cannot be made (see above)");
        rmdir(c->folder);
        return false;
    }
    engine_watch(c->session.engine, 0, see_commit, c);
    return true;
}

/* ---- one call ---- */

static bool keep_event(void *caller, int64_t id, const asl_value *event)
{
    struct caller *c = caller;
    (void)id;
    c->events = value_append_take(c->events, value_retain(event));
    return true;
}

static void see_commit(void *caller, int64_t execution, struct store_bytes chunk,
                       enum asl_status status)
{
    struct caller *c = caller;
    (void)execution, (void)status;
    if (chunk.data) {
        asl_history_read(chunk.data, chunk.size, true, keep_event, c, c->damage);
    } else {
        c->ended = true;
        loop_stop(c->session.loop);
    }
}

/* The task alone, with its parameters as the input. */
static asl_value *definition_of(const struct asl_command *call)
{
    asl_value *state = value_literal("{\"Type\":\"Task\",\"Arguments\":\"{% $states.input %}\","
                                     "\"End\":true}");
    state = value_with_take(state, value_string_z("Resource"), value_string_z(call->resource->arn));
    if (call->timeout_seconds)
        state = value_with_take(state, value_string_z("TimeoutSeconds"),
                                value_integer(call->timeout_seconds));
    if (call->credentials)
        state =
            value_with_take(state, value_string_z("Credentials"), value_retain(call->credentials));
    asl_value *states = value_with_take(value_empty_object(), value_string_z("Call"), state);
    asl_value *machine = value_literal("{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Call\"}");
    return value_with_take(machine, value_string_z("States"), states);
}

static int64_t put_machine(struct caller *c, const struct asl_command *call, char message[512])
{
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    asl_value *definition = definition_of(call);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(definition, &text);
    int64_t machine = engine_put_machine(c->session.engine, "call", asl_buffer_text(&text), false,
                                         "arn:aws:iam::123456789012:role/stepwell", &diagnostics);
    if (machine < 0)
        snprintf(message, 512, "%.500s", diagnostics.count ? diagnostics.items[0].message : "?");
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    value_release(definition);
    return machine;
}

/* A failure before anything was scheduled: what the service would have been is told as its failure.
 */
static asl_value *as_task_failed(const asl_value *execution_failed)
{
    struct value_list l, details;
    static const char *const members[] = {"error", "cause"};
    value_list_init(&l);
    value_list_init(&details);
    for (size_t i = 0; i < 2; i++)
        if (event_detail(execution_failed, members[i]))
            value_list_set_take(&details, members[i],
                                value_retain(event_detail(execution_failed, members[i])));
    value_list_set_take(&l, "type", value_string_z("TaskFailed"));
    value_list_set_take(&l, "timestamp", value_integer(0));
    value_list_set_take(&l, "taskFailedEventDetails", value_object_take(&details));
    return value_object_take(&l);
}

/* What came to the task, times from its scheduling. */
static asl_value *outcome_of(const struct caller *c)
{
    asl_value *all = value_empty_array();
    int64_t scheduled = -1;
    for (size_t i = 0; i < value_count(c->events); i++) {
        const asl_value *event = value_at(c->events, i);
        enum asl_event_kind kind = event_outside(event);
        if (asl_text_ends(event_type(event), "Scheduled"))
            scheduled = event_time(event);
        if (asl_text_is(event_type(event), "ExecutionFailed") && scheduled < 0)
            all = value_append_take(all, as_task_failed(event));
        if (kind == ASL_START || kind == ASL_STOP || kind == ASL_REDRIVE)
            continue;
        double after = (double)(event_time(event) - scheduled) / 1000;
        all =
            value_append_take(all, value_with_take(value_retain(event), value_string_z("timestamp"),
                                                   value_double(after > 0 ? after : 0)));
    }
    return all;
}

static asl_value *make_call(void *caller, const struct asl_command *call, const asl_value *routes,
                            char message[512])
{
    struct caller *c = caller;
    struct asl_buffer input;
    if (!c->is_open && !open_engine(c, routes, message))
        return NULL;
    int64_t machine = put_machine(c, call, message);
    if (machine < 0)
        return NULL;
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    value_print(call->parameters, &input);
    const struct engine_start start = {.machine = machine, .input = asl_buffer_text(&input)};
    c->events = value_empty_array();
    c->ended = false;
    engine_start(c->session.engine, &start, NULL, NULL);
    session_run(&c->session);
    asl_value *outcome = c->ended && !c->damage[0] ? outcome_of(c) : NULL;
    if (!outcome)
        snprintf(message, 512, "%s", c->ended ? c->damage : "it was interrupted");
    value_release(c->events);
    asl_buffer_free(&input);
    return outcome;
}

/* ---- the world ---- */

/* What the stand-ins kept for the test before is gone. */
static void begin(void *caller)
{
    close_engine(caller);
}

void test_calls_open(void *settings, struct world *world)
{
    struct caller *c = asl_allocate_zeroed(1, sizeof *c);
    c->base = settings;
    world->state = c;
    world->begin = begin;
    world->call = make_call;
}

void test_calls_close(void *settings, struct world *world)
{
    (void)settings;
    close_engine(world->state);
    free(world->state);
}
