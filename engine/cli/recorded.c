/* Reading an execution whole; see recorded.h. */
#include "engine/cli/recorded.h"

#include <stdlib.h>

static bool keep_row(void *recorded, const struct store_execution *x)
{
    struct recorded *o = recorded;
    o->machine = x->machine;
    o->arn = asl_copy_text(asl_text(x->arn));
    o->name = asl_copy_text(asl_text(x->name));
    return false;
}

static bool keep_machine(void *recorded, const struct store_machine *m)
{
    struct recorded *o = recorded;
    struct asl_diagnostics diagnostics = {0};
    o->machine_name = asl_copy_text(asl_text(m->name));
    o->machine_arn = asl_copy_text(asl_text(m->arn));
    o->express = m->express;
    asl_buffer_put(&o->definition, m->definition.data, m->definition.size);
    o->compiled = asl_machine_compile(asl_buffer_text(&o->definition), m->express, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    return false;
}

static bool keep_event(void *recorded, int64_t id, const asl_value *event)
{
    struct recorded *o = recorded;
    (void)id;
    o->events = value_append_take(o->events, value_retain(event));
    return true;
}

static bool keep_chunk(void *recorded, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct recorded *o = recorded;
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, true, keep_event, o, o->message);
}

bool cli_read_recorded(struct store *store, int64_t execution, struct recorded *o)
{
    *o = (struct recorded){.events = value_empty_array()};
    asl_buffer_init(&o->definition, ASL_BUFFER_MAXIMUM);
    store_get_execution(store, execution, keep_row, o);
    if (o->machine)
        store_get_machine(store, o->machine, keep_machine, o);
    store_read_history(store, execution, 1, false, keep_chunk, o);
    return !o->message[0];
}

void cli_recorded_free(struct recorded *o)
{
    value_release(o->events);
    asl_machine_release(o->compiled);
    asl_buffer_free(&o->definition);
    free(o->arn);
    free(o->name);
    free(o->machine_arn);
    free(o->machine_name);
}
