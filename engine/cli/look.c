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
    char *arn, *name;
    struct asl_buffer state;
    char *message; /* of 160 */
    asl_execution *x;
    bool found;
};

static bool keep_row(void *state, const struct store_execution *x)
{
    struct loaded *l = state;
    l->machine = x->machine;
    l->arn = asl_copy_text(asl_text(x->arn));
    l->name = asl_copy_text(asl_text(x->name));
    asl_buffer_put(&l->state, x->state.data, x->state.size);
    l->found = true;
    return false;
}

static bool load_of_machine(void *state, const struct store_machine *m)
{
    struct loaded *l = state;
    struct asl_diagnostics diagnostics = {0};
    asl_machine *compiled = asl_machine_compile(
        (struct asl_text){m->definition.data, m->definition.size}, m->express, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    if (!compiled)
        return false;
    const struct asl_identity known = {asl_text(l->arn), asl_text(l->name), asl_text(m->role_arn),
                                       asl_text(m->arn), asl_text(m->name)};
    l->x = asl_execution_load(compiled, &known, l->state.data, l->state.size, l->message);
    asl_machine_release(compiled);
    return false;
}

asl_execution *cli_load_execution(struct store *s, int64_t id)
{
    char message[160] = "its definition is missing or does not compile";
    struct loaded l = {.store = s, .message = message};
    asl_buffer_init(&l.state, ASL_BUFFER_MAXIMUM);
    store_get_execution(s, id, keep_row, &l);
    if (l.found)
        store_get_machine(s, l.machine, load_of_machine, &l);
    if (!l.x)
        cli_fail(EXIT_STORE, "the execution cannot be read from %s: %s", store_path(s), message);
    free(l.arn);
    free(l.name);
    asl_buffer_free(&l.state);
    return l.x;
}
