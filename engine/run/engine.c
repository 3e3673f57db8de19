/* Opening, closing, machines. */
#include "engine/run/internal.h"

#include "engine/aws/aws.h"
#include "engine/aws/catalogue/definition.h"
#include "engine/aws/endpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHED_DEFAULT  1024
#define TURN_MS_DEFAULT 8

void engine_complain(struct engine *e, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (e->options.complain)
        e->options.complain(e->options.complain_state, line);
    else
        fprintf(stderr, "stepwell: %s\n", line);
}

static void machine_free(struct machine *m)
{
    asl_machine_release(m->compiled);
    free(m->name);
    free(m->arn);
    free(m->role_arn);
    free(m);
}

static void free_all(struct engine *e)
{
    commit_free(e);
    tasks_free_all(e);
    live_free_all(e);
    while (e->machines) {
        struct machine *m = e->machines;
        e->machines = m->next;
        machine_free(m);
    }
    turn_free(e);
    world_free(e);
    asl_children_free(e->result.children);
    asl_result_free(&e->result);
    asl_buffer_free(&e->scratch);
    store_close(e->store);
    free(e);
}

struct engine *engine_open(const struct engine_options *options, struct store_error *error)
{
    struct store *store = store_open(options->store_path, error);
    if (!store)
        return NULL;
    struct engine *e = asl_allocate_zeroed(1, sizeof *e);
    e->options = *options;
    if (!e->options.cached_executions)
        e->options.cached_executions = CACHED_DEFAULT;
    if (!e->options.turn_ms)
        e->options.turn_ms = TURN_MS_DEFAULT;
    e->loop = options->loop;
    e->store = store;
    e->connectors = options->connectors;
    e->connectors.engine = e;
    e->next_due = NEVER;
    asl_result_init(&e->result, NULL);
    e->result.children = asl_children_new();
    asl_buffer_init(&e->scratch, ASL_BUFFER_MAXIMUM);
    turn_init(e);
    if (!world_init(e, error)) {
        free_all(e);
        return NULL;
    }
    recovery_begin(e);
    return e;
}

/* The last turn records what has come; on a full disk what is in memory was never acknowledged. */
void engine_close(struct engine *e)
{
    if (!e)
        return;
    crash_here(CRASH_CLOSE);
    e->is_closing = true;
    turn_finish(e);
    free_all(e);
}

struct store *engine_store(struct engine *e)
{
    return e->store;
}

struct loop *engine_loop(struct engine *e)
{
    return e->loop;
}

const char *engine_region(const struct engine *e)
{
    return e->connectors.region;
}

const char *engine_account(const struct engine *e)
{
    return e->connectors.account;
}

int64_t engine_running(struct engine *e)
{
    int64_t waiting = store_count_executions(e->store, NULL, ASL_RUNNING);
    return waiting + e->starting + (int64_t)e->queue_count;
}

void engine_get_figures(const struct engine *e, struct engine_figures *figures)
{
    *figures = e->figures;
    figures->live = e->live_count;
    figures->open_tasks = e->task_count;
    figures->queued = e->queue_count;
}

/* ---- machines ---- */

static struct machine *machine_add(struct engine *e, int64_t id, const char *name, const char *arn,
                                   const char *role_arn, asl_machine *compiled)
{
    struct machine *m = asl_allocate_zeroed(1, sizeof *m);
    m->id = id;
    m->name = asl_copy_text(asl_text(name));
    m->arn = asl_copy_text(asl_text(arn));
    m->role_arn = asl_copy_text(asl_text(role_arn));
    m->compiled = compiled;
    m->next = e->machines;
    e->machines = m;
    return m;
}

struct machine_load {
    struct engine *engine;
    struct machine *machine;
};

static bool load_machine(void *state, const struct store_machine *row)
{
    struct machine_load *load = state;
    struct asl_diagnostics diagnostics = {0};
    struct asl_text text = {row->definition.data, row->definition.size};
    asl_machine *compiled = asl_machine_compile(text, row->express, &diagnostics);
    if (compiled)
        load->machine =
            machine_add(load->engine, row->id, row->name, row->arn, row->role_arn, compiled);
    else
        engine_complain(load->engine, "the stored definition of %s does not compile any more: %s",
                        row->name, diagnostics.count ? diagnostics.items[0].message : "unknown");
    asl_diagnostics_free(&diagnostics);
    return false;
}

/* Few machines, looked up by every start: the last one used goes to the front. */
struct machine *machine_get(struct engine *e, int64_t id)
{
    for (struct machine **at = &e->machines; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct machine *m = *at;
            *at = m->next;
            m->next = e->machines;
            e->machines = m;
            return m;
        }
    struct machine_load load = {e, NULL};
    store_get_machine(e->store, id, load_machine, &load);
    return load.machine;
}

struct asl_identity machine_identity(const struct machine *m, const char *arn, const char *name)
{
    return (struct asl_identity){
        .arn = asl_text(arn),
        .name = asl_text(name),
        .role_arn = asl_text(m->role_arn),
        .machine_arn = asl_text(m->arn),
        .machine_name = asl_text(m->name),
    };
}

asl_machine *engine_machine(struct engine *e, int64_t machine)
{
    struct machine *m = machine_get(e, machine);
    return m ? m->compiled : NULL;
}

void engine_machine_arn(const struct engine *e, const char *name, struct asl_buffer *out)
{
    asl_buffer_printf(out, "arn:%s:states:%s:%s:stateMachine:%s",
                      endpoint_partition(e->connectors.region), e->connectors.region,
                      e->connectors.account, name);
}

struct same_machine {
    struct asl_text definition;
    const char *role_arn;
    bool express;
    int64_t id;
};

static bool compare_machine(void *state, const struct store_machine *row)
{
    struct same_machine *same = state;
    struct asl_text text = {row->definition.data, row->definition.size};
    if (asl_text_equal(text, same->definition) && row->express == same->express &&
        strcmp(row->role_arn, same->role_arn) == 0)
        same->id = row->id;
    return false;
}

int64_t engine_put_machine(struct engine *e, const char *name, struct asl_text definition,
                           bool express, const char *role_arn, struct asl_diagnostics *diagnostics)
{
    struct asl_buffer arn;
    asl_buffer_init(&arn, 4096);
    engine_machine_arn(e, name, &arn);
    int64_t id = engine_put_machine_as(e, arn.data, definition, express, role_arn, diagnostics);
    asl_buffer_free(&arn);
    return id;
}

int64_t engine_put_machine_as(struct engine *e, const char *arn, struct asl_text definition,
                              bool express, const char *role_arn,
                              struct asl_diagnostics *diagnostics)
{
    const char *colon = strrchr(arn, ':'), *name = colon ? colon + 1 : arn;
    struct catalogue *catalogue = e->connectors.aws ? aws_catalogue(e->connectors.aws) : NULL;
    struct asl_catalogue known = catalogue_for_definitions(catalogue);
    asl_machine *compiled =
        asl_machine_compile_with(definition, express, catalogue ? &known : NULL, diagnostics);
    if (!compiled)
        return -1;
    struct same_machine same = {definition, role_arn, express, 0};
    store_find_machine(e->store, arn, compare_machine, &same);
    int64_t id = same.id;
    if (id) {
        asl_machine_release(compiled);
    } else {
        id = store_next_machine_id(e->store);
        struct store_machine row = {
            .id = id,
            .name = name,
            .arn = arn,
            .role_arn = role_arn,
            .express = express,
            .created = loop_now(e->loop),
            .definition = {definition.data, definition.size},
        };
        store_put_machine(turn_now(e)->batch, &row);
        machine_add(e, id, name, arn, role_arn, compiled);
        e->told = e->turn_number;
        turn_ask(e);
    }
    return id;
}
