/* Playing one test; see run.h. */
#include "engine/test/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "engine/coverage/coverage.h"
#include "engine/test/duration.h"

#define START_DEFAULT   INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define REGION_DEFAULT  "us-east-1"
#define ACCOUNT_DEFAULT "123456789012"
/* AWS ends a STANDARD execution at 25,000 events; an EXPRESS one that runs in circles without ever
 * waiting is ended here. */
#define EVENTS_MOST 200000

/* ---- birth ---- */

static struct asl_text execution_member(const struct test_run *r, const char *name)
{
    const asl_value *own = value_get_z(r->test->value, "execution");
    const asl_value *all = value_get_z(r->file->root, "execution");
    const asl_value *v = own ? value_get_z(own, name) : NULL;
    v = !v && all ? value_get_z(all, name) : v;
    return v ? value_as_text(v) : (struct asl_text){NULL, 0};
}

/* What AWS takes in a name; anything else becomes "-". */
static void put_name(struct asl_text from, struct asl_buffer *out)
{
    size_t before = out->size;
    for (size_t i = 0; i < from.size && out->size - before < 80; i++) {
        char c = from.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        asl_buffer_putc(out, plain || c == '_' ? c : '-');
    }
}

/* "export.asl.json" and "export/machine.asl.json" both give "export". */
static struct asl_text machine_name(const struct test_file *f)
{
    const char *path = f->definition_path ? f->definition_path : "machine";
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    struct asl_text name = {base, strcspn(base, ".")};
    if (!slash || strncmp(base, "machine.", 8) != 0)
        return name;
    const char *from = slash;
    while (from > path && from[-1] != '/')
        from--;
    return slash > from ? (struct asl_text){from, (size_t)(slash - from)} : name;
}

static void put_or(struct asl_buffer *out, struct asl_text given, struct asl_text made_up)
{
    if (given.data)
        asl_buffer_put_text(out, given);
    else
        put_name(made_up, out);
    asl_buffer_puts(out, "");
}

static void put_input(const struct test_run *r, struct asl_buffer *out)
{
    const asl_value *input = value_get_z(r->test->value, "input");
    const asl_value *file = value_get_z(r->test->value, "inputFile");
    const struct beside *b = file ? test_file_beside(r->file, value_as_text(file)) : NULL;
    if (b)
        input = b->json;
    if (input)
        value_print(input, out);
    else
        asl_buffer_puts(out, "{}");
}

static bool be_born(struct test_run *r)
{
    struct asl_buffer name, machine, arn, machine_arn, input, region;
    struct asl_buffer *const all[] = {&name, &machine, &arn, &machine_arn, &input, &region};
    struct asl_text account = execution_member(r, "account");
    bool express = r->file->machine->express;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        asl_buffer_init(all[i], ASL_BUFFER_MAXIMUM);
    if (!account.data)
        account = ASL_TEXT(ACCOUNT_DEFAULT);
    put_or(&name, execution_member(r, "name"), r->test->name);
    put_or(&machine, execution_member(r, "machine"), machine_name(r->file));
    put_or(&region, execution_member(r, "region"), ASL_TEXT(REGION_DEFAULT));
    asl_buffer_printf(&machine_arn, "arn:aws:states:%s:%.*s:stateMachine:%s", region.data,
                      ASL_TEXT_ARGS(account), machine.data);
    asl_buffer_printf(&arn, "arn:aws:states:%s:%.*s:%s:%s:%s%s", region.data,
                      ASL_TEXT_ARGS(account), express ? "express" : "execution", machine.data,
                      name.data, express ? ":00000000-0000-4000-8000-999999999999" : "");
    put_input(r, &input);
    struct asl_birth birth = {
        .arn = asl_buffer_text(&arn),
        .name = asl_buffer_text(&name),
        .role_arn = execution_member(r, "role"),
        .machine_arn = asl_buffer_text(&machine_arn),
        .machine_name = asl_buffer_text(&machine),
        .input = asl_buffer_text(&input),
    };
    bool born = player_be_born(&r->player, r->file->machine, &birth, region.data, r->started);
    if (!born)
        asl_buffer_puts(&r->broken, r->player.message);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        asl_buffer_free(all[i]);
    return born;
}

/* ---- looking on ---- */

static void add_decision(struct test_run *r, const struct asl_observation *o)
{
    if (r->decision_count == r->decision_capacity) {
        r->decision_capacity = r->decision_capacity ? r->decision_capacity * 2 : 16;
        r->decisions = asl_reallocate(r->decisions, r->decision_capacity * sizeof *r->decisions);
    }
    r->decisions[r->decision_count++] =
        (struct decision){o->state, o->way == ASL_BY_RULE ? o->index : SIZE_MAX};
}

static void see(void *run, const struct asl_observation *o)
{
    struct test_run *r = run;
    if (o->sight == ASL_SEE_ENTERED)
        r->entered[o->state->id]++;
    if (o->sight == ASL_SEE_LEFT && o->state->kind == STATE_CHOICE)
        add_decision(r, o);
    if (r->see)
        r->see(r->onlooker, o);
}

static void look_on(struct test_run *r)
{
    struct asl_env *env = &r->player.env;
    r->player.models = r->world ? r->world->models : NULL;
    if (r->world && r->world->coverage)
        coverage_watch(r->world->coverage, env);
    r->see = env->see;
    r->onlooker = env->onlooker;
    r->entered = asl_allocate_zeroed(r->file->machine->state_count + 1, sizeof *r->entered);
    env->see = see;
    env->onlooker = r;
}

/* ---- calls ---- */

static asl_value *seconds_of(int64_t ms)
{
    return ms % 1000 ? value_double((double)ms / 1000) : value_integer(ms / 1000);
}

static void note_call(struct test_run *r, const struct asl_command *call)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "state", value_retain(call->state_name));
    value_list_set_take(&l, "resource", value_string_z(call->resource->arn));
    value_list_set_take(&l, "parameters", value_retain(call->parameters));
    if (call->iteration >= 0)
        value_list_set_take(&l, "index", value_integer(call->iteration));
    value_list_set_take(&l, "attempt", value_integer(call->retries + 1));
    value_list_set_take(&l, "at", seconds_of(r->player.now - r->started));
    value_list_set_take(&l, "timeout", value_integer(call->timeout_seconds));
    value_list_set_take(&l, "heartbeat", value_integer(call->heartbeat_seconds));
    value_list_push_take(&r->calls, value_object_take(&l));
}

static void make_call(struct test_run *r, const struct asl_command *call)
{
    char message[512] = "calls are not made here";
    asl_value *events = r->world && r->world->call
                            ? r->world->call(r->world->state, call,
                                             test_member(r->file, r->test, "routes"), message)
                            : NULL;
    if (!events)
        asl_buffer_printf(&r->broken, "%.*s could not call %s: %s",
                          ASL_TEXT_ARGS(value_as_text(call->state_name)), call->resource->arn,
                          message);
    for (size_t i = 0; events && i < value_count(events); i++) {
        const asl_value *event = value_at(events, i);
        coming_add(&r->coming, r->player.now + event_time(event), call->task, event);
    }
    value_release(events);
}

static void take_commands(struct test_run *r)
{
    const struct asl_result *result = &r->player.result;
    for (size_t i = 0; i < result->count; i++) {
        const struct asl_command *c = &result->commands[i];
        if (c->kind == ASL_CANCEL_TASK)
            coming_forget(&r->coming, c->task);
        if (c->kind != ASL_RUN_TASK || r->broken.size)
            continue;
        note_call(r, c);
        if (mocks_answer(&r->mocks, c, r->player.now, &r->coming, &r->broken) == ANSWER_CALL)
            make_call(r, c);
    }
}

/* ---- moves ---- */

static void feed(struct test_run *r)
{
    struct coming_event c = coming_take(&r->coming);
    int64_t until = heartbeat_until(c.event);
    player_wait(&r->player, c.at);
    if (until >= 0) { /* as if it were then: the heartbeat only moves a deadline */
        struct asl_event beat = {.kind = ASL_TASK_HEARTBEAT, .task = c.task};
        int64_t now = r->player.now;
        r->player.now = until;
        player_step(&r->player, &beat);
        r->player.now = now;
    } else {
        player_feed(&r->player, c.event, c.task);
    }
    value_release(c.event);
}

static void stop(struct test_run *r)
{
    const asl_value *how = value_get_z(r->test->value, "stop");
    const asl_value *error = value_get_z(how, "error"), *cause = value_get_z(how, "cause");
    struct asl_event event = {.kind = ASL_STOP};
    if (error)
        event.error = value_as_text(error);
    if (cause)
        event.cause = value_as_text(cause);
    player_wait(&r->player, r->stop_at);
    r->stop_at = INT64_MAX;
    player_step(&r->player, &event);
}

/* False: nothing more would ever happen. */
static bool move(struct test_run *r)
{
    struct player *p = &r->player;
    if (p->result.runnable)
        return player_step_kind(p, ASL_CONTINUE), true;
    int64_t due = asl_execution_due(p->x), answer = coming_next(&r->coming);
    if (due == INT64_MAX && answer == INT64_MAX && r->stop_at == INT64_MAX)
        return false;
    if (r->stop_at <= due && r->stop_at <= answer) {
        stop(r);
    } else if (answer <= due) {
        feed(r);
    } else {
        player_wait(p, due);
        player_step_kind(p, ASL_TICK);
    }
    return true;
}

static void play(struct test_run *r)
{
    size_t most = r->world && r->world->events_maximum ? r->world->events_maximum : EVENTS_MOST;
    player_step_kind(&r->player, ASL_START);
    take_commands(r);
    while (asl_execution_status(r->player.x) == ASL_RUNNING && !r->broken.size && move(r)) {
        take_commands(r);
        if (value_count(r->player.events) > most)
            asl_buffer_printf(&r->broken, "it had not ended after %zu events: it runs in circles",
                              most);
    }
}

/* ---- the whole ---- */

static int64_t start_of(const struct test_run *r)
{
    const asl_value *clock = test_member(r->file, r->test, "clock");
    int64_t ms;
    return clock && moment_read(clock, &ms) ? ms : START_DEFAULT;
}

void test_run_open(struct test_run *r, const struct test_file *f, const struct test_case *t,
                   const struct world *world)
{
    const asl_value *how = value_get_z(t->value, "stop");
    int64_t after;
    *r = (struct test_run){.file = f, .test = t, .world = world, .stop_at = INT64_MAX};
    asl_buffer_init(&r->broken, 65536);
    value_list_init(&r->calls);
    r->started = start_of(r);
    if (how && duration_read(value_get_z(how, "after"), &after))
        r->stop_at = r->started + after;
    mocks_open(&r->mocks, f, t);
    if (world && world->begin)
        world->begin(world->state);
    if (!be_born(r))
        return;
    look_on(r);
    play(r);
    if (world && world->coverage)
        coverage_count(world->coverage);
}

void test_run_close(struct test_run *r)
{
    player_close(&r->player);
    mocks_close(&r->mocks);
    coming_free(&r->coming);
    value_list_free(&r->calls);
    free(r->decisions);
    free(r->entered);
    asl_buffer_free(&r->broken);
}

const char *test_run_status(const struct test_run *r)
{
    return r->player.x ? asl_status_name(asl_execution_status(r->player.x)) : "RUNNING";
}
