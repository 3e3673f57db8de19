/* Parallel and Map: children are frames; this file begins them, gathers what they give, and clears
 * up when one fails. Serves: ASL spec "Parallel State", "Map State"; facts 2.2 to 2.4, 3.12.
 *
 * A distributed Map runs its items in the same way, but silently: its children's events belong to
 * executions of their own, and the Map shows its run instead.
 */
#include "run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void emit_plain(struct run *r, struct frame *f, enum history_type type)
{
    struct history_event e;
    history_event_init(&e, type);
    run_emit_on(r, f, &e);
}

/* An event beside the chain: `previous` is given, frame->last stays. Silent frames emit none. */
static int64_t emit_aside(struct run *r, const struct frame *f, struct history_event *e,
                          int64_t previous)
{
    return f->silent ? run_emit_silent(r, f, e, previous) : run_emit(r, e, previous);
}

static int64_t emit_iteration(struct run *r, const struct frame *map, enum history_type type,
                              size_t index, int64_t previous)
{
    struct history_event e;
    history_event_init(&e, type);
    e.name = map->state->name;
    e.number = (int64_t)index;
    if (frame_is_distributed(map))
        return map_run_emit(r, map, type, index);
    return emit_aside(r, map, &e, previous);
}

static void make_room(struct frame *f, size_t count)
{
    f->child_count = count;
    f->children = asl_allocate_zeroed(count, sizeof *f->children);
    f->results = asl_allocate_zeroed(count, sizeof *f->results);
    f->next_child = f->running = f->failed = 0;
}

/* ---- beginning ---- */

static bool are_played(const struct run *r, const struct state *s, asl_value **read)
{
    *read = NULL;
    return r->env->plays_children && r->env->plays_children(r->env->state, s, read);
}

/* Whoever plays the children is told what they begin with, and answers as a task is answered. */
static void await_children_take(struct run *r, struct frame *f, asl_value *input)
{
    f->task.id = f->last;
    f->task.parameters = input;
    f->phase = FRAME_TASK;
    run_task_command(r, f);
}

bool work_parallel(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    asl_value *effective = flow_of(s)->effective_input(r, f);
    asl_value *input = effective && s->parameters ? flow_template(r, s->parameters, effective)
                       : effective                ? value_retain(effective)
                                                  : NULL;
    value_release(effective);
    if (!input || !flow_check_size(r, input, value_as_text(s->name))) {
        value_release(input);
        return false;
    }
    emit_plain(r, f, EVENT_PARALLEL_STATE_STARTED);
    asl_value *read;
    if (are_played(r, s, &read)) {
        value_release(read);
        await_children_take(r, f, input);
        return true;
    }
    make_room(f, s->of.parallel.count);
    f->phase = FRAME_CHILDREN;
    f->running = f->next_child = f->child_count;
    for (size_t i = f->child_count; i-- > 0;) { /* pushed first: the first branch goes first */
        struct frame *child = frame_new(f, i, s->of.parallel.branches[i]);
        child->input = value_retain(input);
        child->last = f->last;
        f->children[i] = child;
        state_enter(r, child, child->scope->start);
    }
    value_release(input);
    return true;
}

/* As AWS prints it: a path into the context shows one `$`. */
static struct asl_text items_path_source(const struct state *s)
{
    const struct path *p = s->of.map.items_path;
    struct asl_text source = p ? path_source(p) : ASL_TEXT("$");
    if (p && path_root(p) == PATH_CONTEXT) {
        source.data++;
        source.size--;
    }
    return source;
}

static bool fail_not_array(struct run *r, const struct state *s, const asl_value *items)
{
    struct asl_buffer shown;
    asl_buffer_init(&shown, PAYLOAD_MAXIMUM * 2);
    value_print(items, &shown);
    struct asl_text text = asl_buffer_text(&shown);
    const struct template *t = s->of.map.items.template;
    if (s->language == LANGUAGE_JSONPATH)
        fail_runtime(r, "Reference path \"%.*s\" must point to array.",
                     ASL_TEXT_ARGS(items_path_source(s)));
    else if (t && t->kind == TEMPLATE_JSONATA)
        fail_evaluation(r, "Items",
                        "The JSONata expression '%.*s' specified for the field 'Items' returned an "
                        "unexpected result type. Expected 'array', but was '%s' for value: %.*s",
                        ASL_TEXT_ARGS(jsonata_source(t->of.jsonata)),
                        value_kind_name(value_kind(items)), ASL_TEXT_ARGS(text));
    else
        fail_evaluation(r, NULL, "Map state input must be an array but was: %.*s",
                        ASL_TEXT_ARGS(text));
    asl_buffer_free(&shown);
    return false;
}

static asl_value *items_by_path(struct run *r, const struct path *p, const asl_value *effective)
{
    struct path_miss miss;
    if (!flow_can_read(r, p, effective))
        return NULL;
    asl_value *items = flow_path(r, p, effective, &miss);
    if (!items && path_root(p) == PATH_INPUT && path_is_reference(p))
        fail_reference(r, p, effective, path_describe_step);
    else if (!items)
        fail_runtime(r, "Invalid path '%.*s' : %s", ASL_TEXT_ARGS(path_source(p)), miss.message);
    return items;
}

static asl_value *find_items(struct run *r, const struct state *s, const asl_value *effective)
{
    asl_value *items;
    if (s->language == LANGUAGE_JSONATA) {
        items = flow_is_set(&s->of.map.items) ? flow_setting(r, &s->of.map.items, effective)
                                              : value_retain(effective);
    } else if (s->of.map.items_path) {
        items = items_by_path(r, s->of.map.items_path, effective);
    } else {
        items = value_retain(effective);
    }
    if (items && value_kind(items) == VALUE_OBJECT && s->of.map.distributed) {
        asl_value *object = items;
        items = value_members(object);
        value_release(object);
    }
    if (items && value_kind(items) != VALUE_ARRAY) {
        fail_not_array(r, s, items);
        value_release(items);
        return NULL;
    }
    return items;
}

/* ToleratedFailurePercentage: a number from 0 to 100. */
static bool find_percentage(struct run *r, const struct setting *s, const asl_value *effective,
                            double *percentage)
{
    *percentage = 0;
    if (!flow_is_set(s))
        return true;
    asl_value *v = flow_setting(r, s, effective);
    if (!v)
        return false;
    bool fine = value_kind(v) == VALUE_NUMBER;
    *percentage = value_as_double(v);
    if (!fine) {
        struct asl_buffer shown;
        asl_buffer_init(&shown, 8192);
        if (value_kind(v) == VALUE_STRING)
            asl_buffer_put_text(&shown, value_as_text(v));
        else
            value_print(v, &shown);
        struct asl_text source = s->template && s->template->kind == TEMPLATE_PATH
                                     ? path_source(s->template->of.path)
                                     : asl_text(s->name);
        fail_runtime(r, "The %s field refers to value \"%.*s\" which is not a valid float: %.*s",
                     s->name, ASL_TEXT_ARGS(asl_buffer_text(&shown)), ASL_TEXT_ARGS(source));
        asl_buffer_free(&shown);
    } else if (!(*percentage >= 0 && *percentage <= 100)) {
        fine = fail_runtime(r, "ToleratedFailurePercentage must be between 0 and 100.");
    } else {
        run_show_value(r, r->frame->state, ASL_SEE_TOLERATED_PERCENTAGE, v);
    }
    value_release(v);
    return fine;
}

static void show_integer(struct run *r, const struct state *s, enum asl_sight sight, int64_t i)
{
    if (!r->env->see)
        return;
    asl_value *v = value_integer(i);
    run_show_value(r, s, sight, v);
    value_release(v);
}

static bool find_concurrency(struct run *r, struct frame *f, const asl_value *effective)
{
    int64_t concurrency = 0;
    if (!flow_integer(r, &f->state->of.map.max_concurrency, effective, INT64_MIN, INT64_MAX, 0,
                      &concurrency))
        return false;
    if (concurrency < 0)
        return fail_runtime(r, "MaxConcurrency cannot be negative.");
    show_integer(r, f->state, ASL_SEE_MAX_CONCURRENCY, concurrency);
    f->concurrency = (size_t)concurrency;
    size_t most = frame_is_distributed(f) ? DISTRIBUTED_CONCURRENCY : INLINE_CONCURRENCY;
    if (f->concurrency == 0 || f->concurrency > most)
        f->concurrency = most;
    return true;
}

static bool has_tolerance(const struct state *s)
{
    return flow_is_set(&s->of.map.tolerated_count) || flow_is_set(&s->of.map.tolerated_percentage);
}

/* Found out after the Map has started, as recorded. Of two limits the narrower counts. */
static bool find_tolerance(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct state *s = f->state;
    int64_t tolerated = 0;
    double percentage = 0;
    if (!flow_integer(r, &s->of.map.tolerated_count, effective, INT64_MIN, INT64_MAX, 0,
                      &tolerated) ||
        !find_percentage(r, &s->of.map.tolerated_percentage, effective, &percentage))
        return false;
    if (tolerated < 0)
        return fail_runtime(r, "ToleratedFailureCount cannot be negative.");
    bool by_count = flow_is_set(&s->of.map.tolerated_count);
    size_t share = (size_t)floor((double)value_count(f->items) * percentage / 100.0);
    if (by_count)
        show_integer(r, s, ASL_SEE_TOLERATED_COUNT, tolerated);
    r->tolerated_count = (size_t)tolerated;
    r->tolerated_percentage = percentage;
    f->tolerated = flow_is_set(&s->of.map.tolerated_percentage) ? share : (size_t)tolerated;
    if (by_count && (size_t)tolerated < f->tolerated)
        f->tolerated = (size_t)tolerated;
    return true;
}

/* Passes validation, and fails when it runs, as recorded. */
static bool is_unreadable(const struct state *s)
{
    const struct item_reader *reader = &s->of.map.reader;
    const asl_value *type = reader->config ? value_get_z(reader->config, "InputType") : NULL;
    const struct template *arguments = reader->arguments;
    if (!type || !asl_text_is(value_as_text(type), "PARQUET") || !arguments)
        return false;
    if (arguments->kind == TEMPLATE_LITERAL)
        return value_get_z(arguments->of.literal, "VersionId") != NULL;
    for (size_t i = 0; arguments->kind == TEMPLATE_OBJECT && i < arguments->of.children.count; i++)
        if (asl_text_is(value_as_text(arguments->of.children.items[i].key), "VersionId"))
            return true;
    return false;
}

/* The run begins (of how many items nobody knows) and fails. Returns false. */
static bool fail_reading(struct run *r, struct frame *f, const char *cause)
{
    struct history_event e;
    history_event_init(&e, EVENT_MAP_STATE_STARTED);
    e.number = 0;
    run_emit_on(r, f, &e);
    map_run_begin(r, f);
    fail_with(r, ASL_TEXT("States.ItemReaderFailed"), asl_text(cause));
    map_run_fail(r, f, f->last, 0);
    r->failure.is_from_child = true; /* MapStateFailed follows */
    return false;
}

/* The item's input; NULL with r->failure set. */
static asl_value *iteration_input(struct run *r, struct frame *f, size_t index)
{
    const struct state *s = f->state;
    const asl_value *item = value_at(f->items, index);
    if (!s->of.map.item_selector)
        return value_retain(item);
    flow_begin(r, f);
    r->item = item;
    r->item_index = (int64_t)index;
    asl_value *effective = flow_of(s)->effective_input(r, f);
    asl_value *input = effective ? flow_template(r, s->of.map.item_selector, effective) : NULL;
    value_release(effective);
    r->item = NULL;
    if (input && !flow_check_size(r, input, value_as_text(s->name))) {
        value_release(input);
        input = NULL;
    }
    return input;
}

/* What the iterations of a Map that is played would begin with, for onlookers. */
static bool show_inputs(struct run *r, struct frame *f, const asl_value *effective)
{
    const struct state *s = f->state;
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(f->items); i++) {
        asl_value *input = iteration_input(r, f, i);
        if (!input) {
            value_list_free(&l);
            return false;
        }
        value_list_push_take(&l, input);
    }
    asl_value *inputs = value_array_take(&l);
    flow_begin(r, f);
    if (s->of.map.item_selector)
        run_show_value(r, s, ASL_SEE_ITEM_SELECTOR, inputs);
    asl_value *batches = s->of.map.item_batcher ? batches_of(r, s, inputs, effective) : inputs;
    if (batches && batches != inputs)
        run_show_value(r, s, ASL_SEE_ITEM_BATCHER, batches);
    if (batches != inputs)
        value_release(batches);
    value_release(inputs);
    return batches != NULL;
}

/* Items, settings, and the event that says so. `read`: what an ItemReader gave, given away; NULL:
 * nothing did. */
static bool begin_map_take(struct run *r, struct frame *f, const asl_value *effective,
                           asl_value *read, bool played)
{
    const struct state *s = f->state;
    bool reads = s->of.map.item_reader != NULL;
    f->items = read ? read : reads ? value_empty_array() : find_items(r, s, effective);
    if (!f->items)
        return false;
    if (!reads)
        run_show_value(r, s, ASL_SEE_ITEMS_PATH, f->items);
    if ((played && !show_inputs(r, f, effective)) || !find_concurrency(r, f, effective))
        return false;
    struct history_event e;
    history_event_init(&e, EVENT_MAP_STATE_STARTED);
    e.number = (int64_t)value_count(f->items);
    run_emit_on(r, f, &e);
    run_show(r, s, ASL_SEE_ITEMS, value_count(f->items), true);
    return find_tolerance(r, f, effective);
}

/* What this version does not carry out itself. False: r->failure is set. */
static bool can_carry_out(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    if (is_unreadable(s))
        return fail_reading(r, f,
                            "S3 Version ID selection is not currently supported for PARQUET files");
    if (s->of.map.item_reader || s->of.map.item_batcher || s->of.map.result_writer)
        return fail_runtime(r, "ItemReader, ItemBatcher and ResultWriter of a distributed Map are "
                               "not offered by this version of Stepwell.");
    return true;
}

bool work_map(struct run *r, struct frame *f)
{
    asl_value *read;
    bool played = are_played(r, f->state, &read);
    if (!played && !can_carry_out(r, f))
        return false;
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    frame_forget_children(f);
    bool fine = effective && begin_map_take(r, f, effective, read, played);
    value_release(effective);
    if (!fine) {
        frame_forget_children(f);
        return false;
    }
    if (frame_is_distributed(f))
        map_run_begin(r, f);
    if (played) {
        await_children_take(r, f, value_retain(f->items));
        return true;
    }
    make_room(f, value_count(f->items));
    f->phase = f->child_count ? FRAME_SPAWN : FRAME_COLLECT;
    ready_push_first(r->x, f);
    return true;
}

/* ---- iterations ---- */

/* Of a redriven Map, what is done or goes on is passed by. */
static bool has_next(struct frame *f)
{
    while (f->next_child < f->child_count) {
        const struct frame *child = f->children[f->next_child];
        if (!f->results[f->next_child] && (!child || child->over))
            return true;
        f->next_child++;
    }
    return false;
}

static void redrive_next(struct run *r, struct frame *f)
{
    size_t index = f->next_child++;
    f->running++;
    f->children[index]->over = false;
    frame_restart(r, f->children[index], map_run_redrive_child(r, f, index));
}

static bool begin_iteration(struct run *r, struct frame *f, int64_t previous)
{
    size_t index = f->next_child;
    if (f->children[index]) {
        redrive_next(r, f);
        return true;
    }
    asl_value *input = iteration_input(r, f, index);
    if (!input)
        return false;
    f->next_child++;
    f->running++;
    struct frame *child = frame_new(f, index, f->state->of.map.processor);
    child->silent = f->silent || frame_is_distributed(f);
    child->input = input;
    f->children[index] = child;
    child->last = emit_iteration(r, f, EVENT_MAP_ITERATION_STARTED, index, previous);
    child->state = child->scope->start;
    child->phase = FRAME_ENTER;
    ready_push(r->x, child);
    return true;
}

/* The Map itself fails while its children are under way. */
static void fail_container(struct run *r, struct frame *f, const struct frame *failed_child)
{
    container_abort_children(r, f, failed_child);
    ready_remove_tree(r->x, f);
    f->wrecked = true;
    flow_begin(r, f);
    if (frame_is_distributed(f))
        map_run_fail(r, f, f->run, failed_child != NULL);
    state_fail(r, f);
}

static void collect_when_done(struct run *r, struct frame *f)
{
    if (f->running == 0 && !has_next(f)) {
        f->phase = FRAME_COLLECT;
        ready_push_first(r->x, f);
    }
}

/* Its children ended with the attempt before; nothing more happens to them. */
static void refuse_redrive(struct run *r, struct frame *f)
{
    f->phase = FRAME_CHILDREN;
    f->wrecked = true;
    flow_begin(r, f);
    fail_runtime(r, "The Map Run has been redriven %d times and cannot be redriven again.",
                 MAP_RUN_REDRIVES);
    state_fail(r, f);
}

void container_spawn(struct run *r, struct frame *f)
{
    int64_t previous = f->last;
    if (frame_is_distributed(f) && map_run_is_out_of_redrives(f)) {
        refuse_redrive(r, f);
        return;
    }
    f->phase = FRAME_CHILDREN;
    while ((f->concurrency == 0 || f->running < f->concurrency) && has_next(f)) {
        if (!begin_iteration(r, f, previous)) {
            fail_container(r, f, NULL);
            return;
        }
    }
    collect_when_done(r, f);
}

/* ---- ends of children ---- */

static void forget_child(struct frame *f, size_t index)
{
    frame_free(f->children[index]);
    f->children[index] = NULL;
    f->running--;
}

/* A place has come free: the next iteration begins on the chain of the one that ended. */
static void go_on_after(struct run *r, struct frame *f, int64_t previous)
{
    if (has_next(f) && !begin_iteration(r, f, previous)) {
        fail_container(r, f, NULL);
        return;
    }
    collect_when_done(r, f);
}

void container_child_ended(struct run *r, struct frame *child, asl_value *output)
{
    struct frame *f = child->parent;
    int64_t last = child->last;
    f->results[child->index] = output;
    if (f->state->kind == STATE_MAP) {
        int64_t id = emit_iteration(r, f, EVENT_MAP_ITERATION_SUCCEEDED, child->index, last);
        if (!frame_is_distributed(f))
            f->last = id;
    } else {
        f->last = last;
    }
    forget_child(f, child->index);
    go_on_after(r, f, last);
}

/* AWS's Aborted events of states that were entered and never left; the kinds that have one. */
static enum history_type aborted_type(const struct frame *f)
{
    if (f->phase == FRAME_ENTER)
        return EVENT_NONE;
    switch (f->state->kind) {
    case STATE_TASK:
        return EVENT_TASK_STATE_ABORTED;
    case STATE_WAIT:
        return EVENT_WAIT_STATE_ABORTED;
    case STATE_PARALLEL:
        return EVENT_PARALLEL_STATE_ABORTED;
    case STATE_MAP:
        return EVENT_MAP_STATE_ABORTED;
    default:
        return EVENT_NONE;
    }
}

static void abort_frame(struct run *r, struct frame *f, int64_t previous, bool quietly);

/* A distributed Map's children end from outside: nothing but that is told of them. */
static void abort_each(struct run *r, struct frame *f, const struct frame *failed, int64_t previous,
                       bool quietly)
{
    bool distributed = frame_is_distributed(f);
    for (size_t i = 0; i < f->child_count && !f->wrecked; i++) {
        struct frame *child = f->children[i];
        if (!child || child->over)
            continue;
        bool is_told = child == failed && distributed; /* with its own error */
        if (f->state->kind == STATE_MAP && !is_told && !quietly)
            emit_iteration(
                r, f, child == failed ? EVENT_MAP_ITERATION_FAILED : EVENT_MAP_ITERATION_ABORTED, i,
                previous);
        abort_frame(r, child, previous, quietly || distributed);
    }
}

static void abort_frame(struct run *r, struct frame *f, int64_t previous, bool quietly)
{
    enum history_type type = aborted_type(f);
    if (f->phase == FRAME_TASK)
        run_command(r, ASL_CANCEL_TASK, f->task.id);
    if (type != EVENT_NONE && !quietly) {
        struct history_event e;
        history_event_init(&e, type);
        emit_aside(r, f, &e, previous);
    }
    frame_settle(f);
    abort_each(r, f, NULL, previous, quietly);
}

/* All previous ids are the failing event's, as recorded (facts 2.2). */
void container_abort_children(struct run *r, struct frame *f, const struct frame *failed)
{
    int64_t previous = failed && !frame_is_distributed(f) ? failed->last : f->last;
    abort_each(r, f, failed, previous, false);
    f->last = previous;
}

static void fail_exceeded(struct run *r)
{
    fail_with(r, ASL_TEXT("States.ExceedToleratedFailureThreshold"),
              ASL_TEXT("The specified tolerated failure threshold was exceeded"));
}

/* A failure that is tolerated. A redrive goes on with what failed, where it can. */
static void put_aside(struct run *r, struct frame *f, struct frame *child)
{
    if (!frame_is_distributed(f) || f->state->of.map.child_express) {
        forget_child(f, child->index);
        return;
    }
    abort_frame(r, child, child->last, true);
    child->over = true;
    f->running--;
}

void container_child_failed(struct run *r, struct frame *child)
{
    struct frame *f = child->parent;
    bool is_map = f->state->kind == STATE_MAP;
    if (is_map && !r->failure.is_terminal && f->failed < f->tolerated) {
        int64_t last = child->last;
        f->failed++;
        int64_t id = emit_iteration(r, f, EVENT_MAP_ITERATION_FAILED, child->index, last);
        failure_free(&r->failure);
        if (!frame_is_distributed(f))
            f->last = id;
        ready_remove_tree(r->x, child);
        put_aside(r, f, child);
        flow_begin(r, f);
        go_on_after(r, f, last);
        return;
    }
    if (is_map && frame_is_distributed(f))
        emit_iteration(r, f, EVENT_MAP_ITERATION_FAILED, child->index, 0);
    if (is_map && !r->failure.is_terminal && (f->tolerated > 0 || frame_is_distributed(f))) {
        fail_exceeded(r);
    }
    r->failure.is_from_child = true;
    fail_container(r, f, child);
}

/* ---- gathering ---- */

/* In order of index; failures that were tolerated leave no place. */
static asl_value *gather(struct frame *f)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < f->child_count; i++)
        if (f->results[i]) {
            value_list_push_take(&l, f->results[i]);
            f->results[i] = NULL;
        }
    return value_array_take(&l);
}

static void collect_take(struct run *r, struct frame *f, asl_value *result)
{
    const struct state *s = f->state;
    bool distributed = frame_is_distributed(f);
    frame_forget_children(f);
    struct history_event e;
    history_event_init(&e, s->kind == STATE_MAP ? EVENT_MAP_STATE_SUCCEEDED
                                                : EVENT_PARALLEL_STATE_SUCCEEDED);
    int64_t previous = f->last;
    if (distributed) {
        struct history_event run;
        history_event_init(&run, EVENT_MAP_RUN_SUCCEEDED);
        previous = emit_aside(r, f, &run, f->last);
    }
    emit_aside(r, f, &e, previous); /* Exited goes on from before it, as recorded */
    f->phase = FRAME_WORK;
    flow_begin(r, f);
    if (!flow_check_size(r, result, value_as_text(s->name)) ||
        !flow_leave(r, f, s->output, s->assign, result, s->next))
        state_fail(r, f);
    value_release(result);
}

void container_collect(struct run *r, struct frame *f)
{
    if (frame_is_distributed(f) && !f->silent)
        map_run_tell_end(r, f, f->run, "SUCCEEDED", 0);
    collect_take(r, f, gather(f));
}

/* ---- children that someone else played ---- */

void container_outcome(struct run *r, struct frame *f, const struct asl_event *event)
{
    const struct state *s = f->state;
    if (event->kind != ASL_TASK_SUCCEEDED && event->kind != ASL_TASK_FAILED)
        return;
    frame_forget_task(f);
    f->phase = FRAME_WORK;
    bool exceeded = s->kind == STATE_MAP && has_tolerance(s) && event->failed > f->tolerated;
    if (event->kind == ASL_TASK_SUCCEEDED && !exceeded) {
        collect_take(r, f, value_retain(event->output));
        return;
    }
    if (event->kind == ASL_TASK_FAILED)
        fail_with(r, event->error, event->cause);
    else
        fail_exceeded(r);
    r->failure.is_from_child = true;
    fail_container(r, f, NULL);
}
