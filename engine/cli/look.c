/* The store, to look: opening, and finding an execution by what a person calls it. */
#include "engine/cli/cli.h"

#include <stdlib.h>
#include <string.h>

struct store *cli_open_reader(const char *db)
{
    struct store_error error;
    struct store *s = store_open_reader(db, &error);
    if (!s)
        cli_fail(EXIT_STORE, "%s", error.message);
    return s;
}

struct search {
    const char *which;
    size_t size;
    int64_t id;
    size_t matches;
    char names[3][96];
};

static bool see_exact(void *state, const struct store_execution *x)
{
    struct search *s = state;
    s->id = x->id;
    return false;
}

/* A whole name beats a beginning. */
static bool see_name(void *state, const struct store_execution *x)
{
    struct search *s = state;
    if (strncmp(x->name, s->which, s->size) != 0)
        return true;
    if (x->name[s->size] == '\0') {
        s->id = x->id;
        s->matches = 1;
        return false;
    }
    if (s->matches < 3)
        snprintf(s->names[s->matches], sizeof s->names[0], "%s", x->name);
    s->matches++;
    s->id = x->id;
    return true;
}

int64_t cli_find_execution(struct store *store, const char *which)
{
    struct search s = {.which = which, .size = strlen(which)};
    if (strncmp(which, "arn:", 4) == 0)
        store_find_execution(store, which, see_exact, &s);
    else
        store_list_executions(store, NULL, -1, INT64_MAX, SIZE_MAX, see_name, &s);
    if (s.matches > 1) {
        cli_fail(EXIT_WRONG_USAGE, "'%s' could be %zu executions (%s, %s%s); give more of the name",
                 which, s.matches, s.names[0], s.names[1], s.matches > 2 ? ", ..." : "");
        return 0;
    }
    if (!s.id)
        cli_fail(EXIT_WRONG_USAGE,
                 "there is no execution '%s' in %s; `stepwell list` shows those there are", which,
                 store_path(store));
    return s.id;
}

/* ---- loading ---- */

struct loaded {
    struct store *store;
    int64_t machine;
    struct asl_buffer state;
    asl_machine *compiled;
    bool found;
};

static bool keep_row(void *state, const struct store_execution *x)
{
    struct loaded *l = state;
    l->machine = x->machine;
    asl_buffer_put(&l->state, x->state.data, x->state.size);
    l->found = true;
    return false;
}

static bool compile_row(void *state, const struct store_machine *m)
{
    struct loaded *l = state;
    struct asl_diagnostics diagnostics = {0};
    l->compiled = asl_machine_compile((struct asl_text){m->definition.data, m->definition.size},
                                      m->express, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    return false;
}

asl_execution *cli_load_execution(struct store *s, int64_t id)
{
    struct loaded l = {.store = s};
    char message[160] = "its definition is missing or does not compile";
    asl_execution *x = NULL;
    asl_buffer_init(&l.state, ASL_BUFFER_MAXIMUM);
    store_get_execution(s, id, keep_row, &l);
    if (l.found)
        store_get_machine(s, l.machine, compile_row, &l);
    if (l.compiled)
        x = asl_execution_load(l.compiled, l.state.data, l.state.size, message);
    if (!x)
        cli_fail(EXIT_STORE, "the execution cannot be read from %s: %s", store_path(s), message);
    asl_machine_release(l.compiled);
    asl_buffer_free(&l.state);
    return x;
}
