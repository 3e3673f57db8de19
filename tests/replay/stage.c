/* The stage; see stage.h. */
#include "tests/replay/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARN "arn:aws:states:us-east-1:123456789012:"

static int64_t now(void *stage)
{
    return ((struct stage *)stage)->now;
}

static uint64_t chance(void *stage)
{
    (void)stage;
    return UINT64_C(1) << 63;
}

static void uuid(void *stage, char out[37])
{
    (void)stage;
    snprintf(out, 37, "5a4f9c1e-3d2b-4c6a-8e7f-0123456789ab");
}

static void token(void *stage, int64_t event, char out[1025])
{
    (void)stage, (void)event;
    snprintf(out, 1025, "AQCEAAAAKgAAAAMAAAAA");
}

/* ---- where ---- */

void stage_where(const struct frame *f, char where[STAGE_WHERE])
{
    char outer[STAGE_WHERE] = "";
    where[0] = '\0';
    for (; f->parent; f = f->parent) {
        if (f->parent->state->kind != STATE_MAP)
            continue;
        snprintf(outer, sizeof outer, "%s", where);
        if (snprintf(where, STAGE_WHERE, "%s[%zu]%s%.300s",
                     value_as_text(f->parent->state->name).data, f->index, outer[0] ? "/" : "",
                     outer) >= STAGE_WHERE)
            where[0] = '\0';
    }
}

/* ---- what comes ---- */

void stage_comes(struct stage *s, int64_t at, const struct asl_event *event)
{
    if (s->coming_count == s->coming_capacity) {
        s->coming_capacity = s->coming_capacity ? s->coming_capacity * 2 : 16;
        s->coming = asl_reallocate(s->coming, s->coming_capacity * sizeof *s->coming);
    }
    struct stage_coming *c = &s->coming[s->coming_count++];
    *c = (struct stage_coming){at, *event, event->output ? value_retain(event->output) : NULL};
    c->event.output = c->output;
}

static void drop(struct stage *s, size_t index)
{
    value_release(s->coming[index].output);
    s->coming_count--;
    memmove(&s->coming[index], &s->coming[index + 1],
            (s->coming_count - index) * sizeof *s->coming);
}

static void forget(struct stage *s, int64_t task)
{
    for (size_t i = s->coming_count; i-- > 0;)
        if (s->coming[i].event.task == task)
            drop(s, i);
}

static size_t next_coming(const struct stage *s)
{
    size_t first = 0;
    for (size_t i = 1; i < s->coming_count; i++)
        if (s->coming[i].at < s->coming[first].at)
            first = i;
    return first;
}

/* ---- stepping ---- */

static bool collect(void *stage, int64_t id, const asl_value *event)
{
    struct stage *s = stage;
    (void)id;
    s->events = value_append_take(s->events, value_retain(event));
    return true;
}

static void step(struct stage *s, const struct asl_event *event)
{
    char message[160];
    asl_result_clear(&s->result);
    asl_history_clear(s->history);
    asl_step(s->x, event, &s->env, &s->result);
    struct asl_text bytes = asl_history_bytes(s->history);
    if (asl_history_count(s->history))
        asl_history_read(bytes.data, bytes.size, true, collect, s, message);
    for (size_t i = 0; i < s->result.count; i++) {
        const struct asl_command *c = &s->result.commands[i];
        if (c->kind == ASL_CANCEL_TASK)
            forget(s, c->task);
        else if (c->kind == ASL_RUN_TASK && !s->order(s->world, s, c))
            s->is_unknown = true;
    }
}

static void step_kind(struct stage *s, enum asl_event_kind kind)
{
    struct asl_event event = {.kind = kind};
    step(s, &event);
}

void stage_dies(struct stage *s, int64_t task)
{
    if (s->dead_count < sizeof s->dead / sizeof *s->dead)
        s->dead[s->dead_count++] = task;
}

struct beating {
    struct stage *s;
    int64_t tasks[512];
    size_t count;
};

static void find_beating(void *beating, struct frame *f)
{
    struct beating *b = beating;
    bool dead = f->phase != FRAME_TASK || !f->task.heartbeat_seconds || b->count == 512;
    for (size_t i = 0; i < b->s->dead_count; i++)
        dead = dead || b->s->dead[i] == f->task.id;
    if (!dead)
        b->tasks[b->count++] = f->task.id;
}

/* All workers but the dead ones are alive. */
static void beat(struct stage *s)
{
    struct beating b = {.s = s};
    frame_each(s->x->root, find_beating, &b);
    for (size_t i = 0; i < b.count; i++) {
        struct asl_event event = {.kind = ASL_TASK_HEARTBEAT, .task = b.tasks[i]};
        step(s, &event);
    }
}

static void pass_time(struct stage *s, int64_t to)
{
    s->now = to - 1 > s->now ? to - 1 : s->now;
    beat(s);
    if (asl_execution_due(s->x) > to)
        return;
    s->now = to > s->now ? to : s->now;
    step_kind(s, ASL_TICK);
}

/* False: it rests. */
static bool move(struct stage *s)
{
    if (s->result.runnable)
        return step_kind(s, ASL_CONTINUE), true;
    size_t first = s->coming_count ? next_coming(s) : 0;
    int64_t comes = s->coming_count ? s->coming[first].at : INT64_MAX;
    int64_t due = asl_execution_due(s->x), next = comes < due ? comes : due;
    if (s->is_unknown)
        return false; /* it might have come before anything else does */
    if (s->stop_at <= next && s->stop_at != INT64_MAX) {
        s->now = s->stop_at > s->now ? s->stop_at : s->now;
        return step_kind(s, ASL_STOP), true;
    }
    if (next == INT64_MAX)
        return false;
    if (s->rests && s->rests(s->world, s, next))
        return false;
    if (comes > due)
        return pass_time(s, due), true;
    struct stage_coming c = s->coming[first];
    value_retain(c.output ? c.output : s->events);
    drop(s, first);
    s->now = c.at > s->now ? c.at : s->now;
    step(s, &c.event);
    value_release(c.output ? c.output : s->events);
    return true;
}

static asl_execution *be_born(struct stage *s)
{
    struct asl_birth birth = {.arn = ASL_TEXT(ARN "execution:campaign:one"),
                              .name = ASL_TEXT("one"),
                              .role_arn = ASL_TEXT("arn:aws:iam::123456789012:role/campaign"),
                              .machine_arn = ASL_TEXT(ARN "stateMachine:campaign"),
                              .machine_name = ASL_TEXT("campaign"),
                              .input = asl_text(s->input)};
    struct value_error error;
    return asl_execution_new(s->machine, &birth, &error);
}

bool stage_run(struct stage *s)
{
    s->x = be_born(s);
    s->events = value_empty_array();
    s->history = asl_history_new();
    asl_result_init(&s->result, s->history);
    s->env = (struct asl_env){.state = s,
                              .now = now,
                              .random = chance,
                              .uuid = uuid,
                              .token = token,
                              .region = "us-east-1",
                              .budget = 1};
    if (!s->x)
        return false;
    step_kind(s, ASL_START);
    while (asl_execution_status(s->x) == ASL_RUNNING) {
        s->is_long = value_count(s->events) > s->events_maximum;
        if (s->is_long || !move(s))
            break;
    }
    return true;
}

void stage_free(struct stage *s)
{
    while (s->coming_count)
        drop(s, s->coming_count - 1);
    free(s->coming);
    asl_result_free(&s->result);
    asl_history_free(s->history);
    asl_execution_free(s->x);
    value_release(s->events);
}
