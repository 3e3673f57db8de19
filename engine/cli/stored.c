/* Stored executions, to be looked at; see stored.h. */
#include "engine/cli/stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/replay/replay.h"

static bool keep_row(void *stored, const struct store_execution *x)
{
    struct stored *s = stored;
    s->machine = x->machine;
    s->arn = asl_copy_text(asl_text(x->arn));
    s->name = asl_copy_text(asl_text(x->name));
    return false;
}

static bool keep_machine(void *stored, const struct store_machine *m)
{
    struct stored *s = stored;
    struct asl_diagnostics diagnostics = {0};
    s->machine_name = asl_copy_text(asl_text(m->name));
    s->machine_arn = asl_copy_text(asl_text(m->arn));
    s->express = m->express;
    asl_buffer_put(&s->definition, m->definition.data, m->definition.size);
    s->compiled = asl_machine_compile(asl_buffer_text(&s->definition), m->express, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    return false;
}

struct reading {
    struct stored *stored;
    char message[160];
};

static bool keep_event(void *reading, int64_t id, const asl_value *event)
{
    struct stored *s = ((struct reading *)reading)->stored;
    (void)id;
    s->events = value_append_take(s->events, value_retain(event));
    return true;
}

static bool keep_chunk(void *reading, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct reading *r = reading;
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, true, keep_event, r, r->message);
}

static bool keep_fork(void *stored, const char *key, struct store_bytes value)
{
    struct value_error error;
    (void)key;
    ((struct stored *)stored)->fork =
        value_parse((struct asl_text){value.data, value.size}, 0, 0, &error);
    return false;
}

void stored_identity(const struct stored *s, struct replay_identity *identity)
{
    const asl_value *from = s->fork ? value_get_z(s->fork, "from") : NULL;
    const asl_value *variables = s->fork ? value_get_z(s->fork, "variables") : NULL;
    *identity = (struct replay_identity){
        .arn = s->arn,
        .name = s->name,
        .machine_arn = s->machine_arn,
        .machine_name = s->machine_name,
        .express = s->express,
        .from = from && value_kind(from) == VALUE_STRING ? value_as_text(from).data : NULL,
        .variables = variables && value_kind(variables) == VALUE_OBJECT ? variables : NULL,
    };
}

bool stored_load(struct stored *s, struct store *store, int64_t id)
{
    struct reading r = {.stored = s};
    *s = (struct stored){.events = value_empty_array()};
    asl_buffer_init(&s->definition, ASL_BUFFER_MAXIMUM);
    store_get_execution(store, id, keep_row, s);
    if (s->machine)
        store_get_machine(store, s->machine, keep_machine, s);
    char key[24];
    snprintf(key, sizeof key, "%019" PRId64, id);
    store_get_document(store, STORED_FORK, key, keep_fork, s);
    store_read_history(store, id, 1, false, keep_chunk, &r);
    if (s->compiled && !r.message[0])
        return true;
    cli_fail(EXIT_STORE, "%s: %s", s->name ? s->name : "?",
             r.message[0] ? r.message : "its definition is missing or does not compile");
    return false;
}

void stored_free(struct stored *s)
{
    asl_machine_release(s->compiled);
    asl_buffer_free(&s->definition);
    value_release(s->events);
    value_release(s->fork);
    free(s->arn);
    free(s->name);
    free(s->machine_arn);
    free(s->machine_name);
}

/* ---- selecting ---- */

struct selection {
    const char *machine; /* NULL: all */
    int64_t *ids;
    size_t count, capacity;
};

/* The machine's name is the seventh part of an execution's ARN. */
static bool is_of(const char *arn, const char *machine)
{
    int colons = 0;
    while (*arn && colons < 6)
        colons += *arn++ == ':';
    size_t size = strcspn(arn, ":");
    return strlen(machine) == size && strncmp(arn, machine, size) == 0;
}

static bool select_one(void *selection, const struct store_execution *x)
{
    struct selection *s = selection;
    if (s->machine && !is_of(x->arn, s->machine))
        return true;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 64;
        s->ids = asl_reallocate(s->ids, s->capacity * sizeof *s->ids);
    }
    s->ids[s->count++] = x->id;
    return true;
}

size_t stored_each(struct store *store, const char *machine, void (*see)(void *state, int64_t id),
                   void *state)
{
    struct selection s = {.machine = machine};
    store_list_executions(store, NULL, -1, INT64_MAX, SIZE_MAX, select_one, &s);
    for (size_t i = 0; i < s.count; i++)
        see(state, s.ids[i]);
    free(s.ids);
    return s.count;
}
