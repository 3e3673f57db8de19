/* A distributed Map's run, as others see it: its own events, what is kept of it for DescribeMapRun,
 * and what happens to its children as executions. The Map itself is containers.c's. Serves:
 * facts 1.4, 2.2.
 */
#include "run.h"

#include <stdlib.h>

/* What happens to a distributed Map's item happens to an execution. */
int64_t map_run_emit(struct run *r, const struct frame *map, enum history_type type, size_t index)
{
    static const struct {
        enum history_type iteration, execution;
    } types[] = {
        {EVENT_MAP_ITERATION_STARTED, EVENT_EXECUTION_STARTED},
        {EVENT_MAP_ITERATION_SUCCEEDED, EVENT_EXECUTION_SUCCEEDED},
        {EVENT_MAP_ITERATION_FAILED, EVENT_EXECUTION_FAILED},
        {EVENT_MAP_ITERATION_ABORTED, EVENT_EXECUTION_ABORTED},
        {EVENT_EXECUTION_REDRIVEN, EVENT_EXECUTION_REDRIVEN},
    };
    struct history_event e;
    struct frame *child = map->children[index];
    size_t i = 0;
    while (types[i].iteration != type)
        i++;
    history_event_init(&e, types[i].execution);
    if (type == EVENT_MAP_ITERATION_STARTED) {
        e.payload = child->input;
        e.role_arn = value_as_text(r->x->role_arn);
    } else if (type == EVENT_MAP_ITERATION_SUCCEEDED) {
        e.payload = map->results[index];
    } else if (type == EVENT_MAP_ITERATION_FAILED) {
        e.error = asl_text(r->failure.error);
        e.cause = asl_text(r->failure.cause);
    } else if (type == EVENT_EXECUTION_REDRIVEN) {
        e.number = child->redrives;
    }
    /* ended from outside: previousEventId is 0, as of every execution */
    child->last =
        run_map_run_emit(r, map, index, &e, type == EVENT_MAP_ITERATION_ABORTED ? 0 : child->last);
    return child->last;
}

/* ---- what is kept of a run ---- */

static void count_run(const struct frame *f, struct asl_map_run *run)
{
    *run = (struct asl_map_run){
        .total = f->child_count,
        .running = f->running,
        .failed = f->failed,
        .concurrency = f->concurrency == DISTRIBUTED_CONCURRENCY ? 0 : f->concurrency,
    };
    for (size_t i = 0; i < f->child_count; i++) {
        bool waits =
            i >= f->next_child && !f->results[i] && (!f->children[i] || f->children[i]->over);
        run->succeeded += f->results[i] != NULL;
        run->pending += waits && i >= f->begun;
        run->pending_redrive += waits && i < f->begun;
    }
}

/* Of a run that was redriven; it is whenever its execution is. */
static void set_redrives(const struct run *r, const struct frame *f, struct value_list *l)
{
    if (f->run_redrives == 0)
        return;
    value_list_set_take(
        l, "redriveCount",
        value_integer(map_run_is_out_of_redrives(f) ? MAP_RUN_REDRIVES : f->run_redrives));
    value_list_set_take(l, "redriveDate", value_integer(r->x->redriven_at));
}

static void set_count(struct value_list *l, const char *name, size_t count)
{
    value_list_set_take(l, name, value_integer((int64_t)count));
}

static void tell_run_began(struct run *r, const struct frame *f, struct asl_text arn, int64_t id)
{
    struct value_list l;
    struct asl_map_run run;
    count_run(f, &run);
    value_list_init(&l);
    value_list_set_take(&l, "mapRunArn", value_string(arn));
    value_list_set_take(&l, "startDate", value_integer(run_now(r)));
    value_list_set_take(&l, "isExpress", value_boolean(f->state->of.map.child_express));
    set_count(&l, "maxConcurrency", run.concurrency);
    set_count(&l, "total", f->items ? value_count(f->items) : 0);
    set_count(&l, "toleratedFailureCount", r->tolerated_count);
    value_list_set_take(&l, "toleratedFailurePercentage", value_double(r->tolerated_percentage));
    run_command(r, ASL_MAP_RUN, id)->parameters = value_object_take(&l);
}

/* `now_failed`: 1 when a child's failure ends it. */
void map_run_tell_end(struct run *r, const struct frame *f, int64_t id, const char *status,
                      size_t now_failed)
{
    struct value_list l;
    struct asl_map_run run;
    count_run(f, &run);
    value_list_init(&l);
    value_list_set_take(&l, "status", value_string_z(status));
    value_list_set_take(&l, "stopDate", value_integer(run_now(r)));
    set_count(&l, "total", run.total);
    set_count(&l, "pending", run.pending);
    set_count(&l, "succeeded", run.succeeded);
    set_count(&l, "failed", run.failed + run.pending_redrive + now_failed);
    set_count(&l, "aborted", run.running > now_failed ? run.running - now_failed : 0);
    set_count(&l, "maxConcurrency", run.concurrency);
    set_redrives(r, f, &l);
    run_command(r, ASL_MAP_RUN, id)->parameters = value_object_take(&l);
}

struct run_sought {
    int64_t started;
    struct frame *found;
};

static void see_run(void *state, struct frame *f)
{
    struct run_sought *sought = state;
    bool runs = f->phase == FRAME_SPAWN || f->phase == FRAME_CHILDREN || f->phase == FRAME_COLLECT;
    if (runs && f->state && frame_is_distributed(f) && !f->silent && f->run == sought->started)
        sought->found = f;
}

static struct frame *find_run(const asl_execution *x, int64_t started)
{
    struct run_sought sought = {started, NULL};
    if (x->root)
        frame_each(x->root, see_run, &sought);
    return sought.found;
}

bool asl_execution_map_run(const asl_execution *x, int64_t started, struct asl_map_run *run)
{
    const struct frame *f = find_run(x, started);
    if (f)
        count_run(f, run);
    return f != NULL;
}

bool map_run_update(struct run *r, const struct asl_event *event)
{
    struct frame *f = find_run(r->x, event->task);
    int64_t number;
    if (!f || !event->output)
        return false;
    const asl_value *concurrency = value_get_z(event->output, "maxConcurrency");
    const asl_value *tolerated = value_get_z(event->output, "toleratedFailures");
    if (tolerated && value_as_integer(tolerated, &number) && number >= 0)
        f->tolerated = (size_t)number;
    if (!concurrency || !value_as_integer(concurrency, &number) || number < 0)
        return true;
    f->concurrency =
        number == 0 || number > DISTRIBUTED_CONCURRENCY ? DISTRIBUTED_CONCURRENCY : (size_t)number;
    if (f->phase == FRAME_CHILDREN && f->running < f->concurrency &&
        f->next_child < f->child_count) {
        f->phase = FRAME_SPAWN;
        ready_push(r->x, f);
    }
    return true;
}

void map_run_begin(struct run *r, struct frame *f)
{
    struct asl_buffer arn;
    char uuid[37];
    asl_buffer_init(&arn, 4096);
    r->env->uuid(r->env->state, uuid);
    /* arn:...:stateMachine:<name> -> arn:...:mapRun:<name>/<label>:<uuid> */
    struct asl_text machine = value_as_text(r->x->machine_arn);
    struct asl_text name = value_as_text(r->x->machine_name);
    size_t prefix = machine.size;
    static const char kind[] = "stateMachine:";
    for (size_t i = 0; i + sizeof kind - 1 <= machine.size && prefix == machine.size; i++)
        if (asl_text_starts((struct asl_text){machine.data + i, machine.size - i}, kind))
            prefix = i;
    asl_buffer_put(&arn, machine.data, prefix);
    asl_buffer_printf(&arn, "mapRun:%.*s/%s:%s", ASL_TEXT_ARGS(name),
                      f->state->of.map.label ? f->state->of.map.label : uuid, uuid);
    struct history_event e;
    history_event_init(&e, EVENT_MAP_RUN_STARTED);
    e.map_run_arn = asl_buffer_text(&arn);
    f->run_arn = value_string(e.map_run_arn);
    f->run = run_emit_on(r, f, &e);
    if (!f->silent)
        tell_run_began(r, f, asl_buffer_text(&arn), f->last);
    asl_buffer_free(&arn);
}

void map_run_fail(struct run *r, struct frame *f, int64_t id, size_t failed_now)
{
    struct history_event e;
    if (!f->silent)
        map_run_tell_end(r, f, id, "FAILED", failed_now);
    history_event_init(&e, EVENT_MAP_RUN_FAILED);
    e.error = asl_text(r->failure.error);
    e.cause = asl_text(r->failure.cause);
    run_emit_on(r, f, &e);
}

/* The execution ends otherwise than by itself, or beside it: the children of its runs end, too. */
void map_run_abort(void *run, struct frame *f)
{
    if (!f->state || !frame_is_distributed(f) || f->wrecked)
        return;
    for (size_t i = 0; i < f->child_count; i++)
        if (f->children[i] && !f->children[i]->over)
            map_run_emit(run, f, EVENT_MAP_ITERATION_ABORTED, i);
}

/* They are started over, not redriven. */
static void forget_express_children(struct frame *f)
{
    for (size_t i = 0; i < f->child_count && f->state->of.map.child_express; i++) {
        frame_free(f->children[i]);
        f->children[i] = NULL;
    }
    if (f->state->of.map.child_express)
        f->running = 0;
}

bool map_run_is_out_of_redrives(const struct frame *f)
{
    return f->run_redrives > MAP_RUN_REDRIVES;
}

bool map_run_redrive(struct run *r, struct frame *f)
{
    struct history_event e;
    struct value_list l;
    f->phase = FRAME_SPAWN;
    if (f->run_redrives < MAP_RUN_REDRIVES + 1)
        f->run_redrives++;
    if (map_run_is_out_of_redrives(f))
        return false;
    f->begun = f->next_child > f->begun ? f->next_child : f->begun;
    f->next_child = f->failed = 0;
    forget_express_children(f);
    history_event_init(&e, EVENT_MAP_RUN_REDRIVEN);
    e.number = f->run_redrives;
    if (f->run_arn) {
        e.map_run_arn = value_as_text(f->run_arn);
        run_emit_on(r, f, &e);
    }
    if (f->silent)
        return true;
    value_list_init(&l);
    set_redrives(r, f, &l);
    run_command(r, ASL_MAP_RUN, f->run)->parameters = value_object_take(&l);
    return true;
}

int64_t map_run_redrive_child(struct run *r, struct frame *f, size_t index)
{
    f->children[index]->redrives++;
    return map_run_emit(r, f, EVENT_EXECUTION_REDRIVEN, index);
}
