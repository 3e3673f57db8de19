/* The context object, `$$` and `$states.context`, as a state sees it.
 * Serves: ASL spec "The Context Object"; facts 3.5. */
#include "run.h"

static asl_value *time_value(int64_t ms)
{
    char text[32];
    timestamp_format(ms, text);
    return value_string_z(text);
}

static asl_value *execution_part(const asl_execution *x)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "Id", value_retain(x->arn));
    value_list_set_take(&l, "Input", value_retain(x->input));
    value_list_set_take(&l, "StartTime", time_value(x->started));
    value_list_set_take(&l, "Name", value_retain(x->name));
    bool has_role = value_as_text(x->role_arn).size > 0;
    value_list_set_take(&l, "RoleArn", has_role ? value_retain(x->role_arn) : value_null());
    if (!x->synchronous)
        value_list_set_take(&l, "RedriveCount", value_integer(x->redrives));
    if (x->redrives)
        value_list_set_take(&l, "RedriveTime", time_value(x->redriven_at));
    return value_object_take(&l);
}

static asl_value *machine_part(const asl_execution *x)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "Id", value_retain(x->machine_arn));
    value_list_set_take(&l, "Name", value_retain(x->machine_name));
    return value_object_take(&l);
}

/* RetryCount is there only where a state can be retried, as recorded. */
static asl_value *state_part(const struct frame *f)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "Name", value_retain(f->state->name));
    value_list_set_take(&l, "EnteredTime", time_value(f->entered_at));
    enum state_kind kind = f->state->kind;
    if (kind == STATE_TASK || kind == STATE_MAP || kind == STATE_PARALLEL)
        value_list_set_take(&l, "RetryCount", value_integer(f->retry_count));
    return value_object_take(&l);
}

/* {"Item": {"Index", "Value"}}: of the item at hand in an ItemSelector, else of the nearest
 * iteration around the state. NULL outside of any. */
static asl_value *map_part(const struct run *r)
{
    const asl_value *value = r->item;
    int64_t index = r->item_index;
    bool is_distributed = r->frame->state->kind == STATE_MAP && r->frame->state->of.map.distributed;
    if (!value) {
        const struct frame *f = r->frame;
        while (f->parent && f->parent->state->kind != STATE_MAP)
            f = f->parent;
        if (!f->parent || !f->parent->items || f->index >= value_count(f->parent->items))
            return NULL;
        value = value_at(f->parent->items, f->index);
        index = (int64_t)f->index;
        is_distributed = false; /* Source is seen in the ItemSelector only */
    }
    struct value_list item, map;
    value_list_init(&item);
    value_list_init(&map);
    value_list_set_take(&item, "Index", value_integer(index));
    value_list_set_take(&item, "Value", value_retain(value));
    if (is_distributed)
        value_list_set_take(&item, "Source", value_string_z("STATE_DATA"));
    value_list_set_take(&map, "Item", value_object_take(&item));
    return value_object_take(&map);
}

/* A given one, with the item at hand: no caller can give that. */
static asl_value *given_context(const struct run *r)
{
    asl_value *map = map_part(r);
    asl_value *context = value_retain(r->x->context);
    return map ? value_with_take(context, value_string_z("Map"), map) : context;
}

asl_value *context_build(struct run *r)
{
    struct value_list l;
    if (r->x->context)
        return given_context(r);
    value_list_init(&l);
    value_list_set_take(&l, "Execution", execution_part(r->x));
    value_list_set_take(&l, "StateMachine", machine_part(r->x));
    value_list_set_take(&l, "State", state_part(r->frame));
    if (r->frame->task.token) {
        struct value_list task;
        value_list_init(&task);
        value_list_set_take(&task, "Token", value_string_z(r->frame->task.token));
        value_list_set_take(&l, "Task", value_object_take(&task));
    }
    asl_value *map = map_part(r);
    if (map)
        value_list_set_take(&l, "Map", map);
    return value_object_take(&l);
}
