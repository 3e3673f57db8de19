/* Which variables each state refers to: DescribeStateMachine's variableReferences.
 * The compilers tell every path and expression they compile; a state's names are sorted and made
 * unique when the state is done. As recorded: states that refer to none do not appear, and a nested
 * state stands under its own name.
 *
 * In JSONata a function's name looks like a variable's: such a name counts only when the machine
 * assigns it somewhere, which is known when all states are compiled.
 * Serves: facts 1.6, 3.6; histories test_sfn_api_variable_references.
 */
#include "compile.h"

#include <stdlib.h>

#include "../jsonata/states_functions.h"

void references_assign(struct compiler *c, struct asl_text name)
{
    asl_value *v = value_string(name);
    value_list_push_take(&c->assigned, v);
    name_set_add(&c->assigned_names, v);
}

static bool is_function(struct asl_text name)
{
    for (const struct jsonata_native *f = jsonata_states_functions; f->name != NULL; f++) {
        if (asl_text_is(name, f->name)) {
            return true;
        }
    }
    return jsonata_is_function(name);
}

void references_add(struct compiler *c, struct asl_text name)
{
    if (name.size > 0 && c->state != NULL) {
        value_list_push_take(&c->references, value_string(name));
    }
}

void references_add_path(void *compiler, const struct path *path)
{
    if (path_root(path) == PATH_VARIABLE) {
        references_add(compiler, path_variable(path));
    }
}

static int compare(const void *a, const void *b)
{
    return asl_text_compare(value_as_text(*(asl_value *const *)a),
                            value_as_text(*(asl_value *const *)b));
}

void references_close(struct compiler *c)
{
    struct value_list *all = &c->references;
    if (all->count == 0) {
        return;
    }
    qsort(all->items, all->count, sizeof *all->items, compare);
    struct value_list unique;
    value_list_init(&unique);
    for (size_t i = 0; i < all->count; i++) {
        if (i == 0 || compare(&all->items[i - 1], &all->items[i]) != 0) {
            value_list_push_take(&unique, value_retain(all->items[i]));
        }
    }
    value_list_push_member_take(&c->all_references, value_retain(c->state->name),
                                value_array_take(&unique));
    value_list_free(all);
}

/* The names that are variables; NULL when none is. */
static asl_value *variables_of(struct compiler *c, const asl_value *names)
{
    struct value_list kept;
    value_list_init(&kept);
    for (size_t i = 0; i < value_count(names); i++) {
        const asl_value *name = value_at(names, i);
        if (!is_function(value_as_text(name)) || name_set_has(&c->assigned_names, name)) {
            value_list_push_take(&kept, value_retain(name));
        }
    }
    if (kept.count == 0) {
        value_list_free(&kept);
        return NULL;
    }
    return value_array_take(&kept);
}

asl_value *references_finish(struct compiler *c)
{
    struct value_list kept;
    value_list_init(&kept);
    for (size_t i = 0; i + 1 < c->all_references.count; i += 2) {
        asl_value *names = variables_of(c, c->all_references.items[i + 1]);
        if (names != NULL) {
            value_list_push_member_take(&kept, value_retain(c->all_references.items[i]), names);
        }
    }
    value_list_free(&c->all_references);
    value_list_free(&c->assigned);
    name_set_free(&c->assigned_names);
    return value_object_take(&kept);
}

asl_value *asl_machine_variable_references(const asl_machine *m)
{
    return value_retain(m->variable_references);
}
