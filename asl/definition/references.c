/* Which variables each state refers to: DescribeStateMachine's variableReferences.
 * The compilers tell every path and expression they compile; a state's names are sorted and made
 * unique when the state is done. As recorded: states that refer to none do not appear, and a nested
 * state stands under its own name.
 * Serves: facts 1.6, 3.6; histories test_sfn_api_variable_references.
 */
#include "compile.h"

#include <stdlib.h>

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

asl_value *asl_machine_variable_references(const asl_machine *m)
{
    return value_retain(m->variable_references);
}
