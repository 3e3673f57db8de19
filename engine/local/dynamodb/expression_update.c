/* What an update makes of an item.
 *
 * All values are worked out on the item as it was; then the actions are applied one after the
 * other. A removed list element leaves JSON null in its place until the end, so that the other
 * actions' indices keep their meaning; what is set beyond the end of a list is appended, lowest
 * index first. */
#include "expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"

static const char *const wrong_type =
    "An operand in the update expression has an incorrect data type";
static const char *const no_place =
    "The document path provided in the update expression is invalid for update";
static const char *const no_attribute =
    "The provided expression refers to an attribute that does not exist in the item";

static asl_value *fail(char *complaint, const char *text)
{
    snprintf(complaint, EXPRESSION_COMPLAINT, "%s", text);
    return NULL;
}

/* ---- values ---- */

static asl_value *evaluate(const struct expression_node *n, const asl_value *item, char *complaint);

static asl_value *sum_take(const asl_value *a, const asl_value *b, bool is_minus, char *complaint)
{
    if (attribute_type(a) != ATTRIBUTE_N || attribute_type(b) != ATTRIBUTE_N)
        return fail(complaint, wrong_type);
    struct number x = attribute_number(a), y = attribute_number(b), sum;
    if (is_minus)
        y = number_negated(&y);
    enum number_problem problem = number_add(&x, &y, &sum);
    if (problem != NUMBER_FINE)
        return fail(complaint, number_problem_text(problem));
    return attribute_new_number(&sum);
}

static asl_value *append_lists(const asl_value *a, const asl_value *b, char *complaint)
{
    if (attribute_type(a) != ATTRIBUTE_L || attribute_type(b) != ATTRIBUTE_L)
        return fail(complaint, wrong_type);
    asl_value *list = value_retain(attribute_content(a));
    const asl_value *more = attribute_content(b);
    for (size_t i = 0; i < value_count(more); i++)
        list = value_append_take(list, value_retain(value_at(more, i)));
    return attribute_new_take(ATTRIBUTE_L, list);
}

static asl_value *evaluate_pair(const struct expression_node *n, const asl_value *item,
                                char *complaint)
{
    asl_value *a = evaluate(n->arguments[0], item, complaint);
    asl_value *b = a ? evaluate(n->arguments[1], item, complaint) : NULL;
    asl_value *out = NULL;
    if (b && n->operation == EXPRESSION_LIST_APPEND)
        out = append_lists(a, b, complaint);
    else if (b)
        out = sum_take(a, b, n->operation == EXPRESSION_MINUS, complaint);
    value_release(a);
    value_release(b);
    return out;
}

static asl_value *evaluate(const struct expression_node *n, const asl_value *item, char *complaint)
{
    const asl_value *found;
    switch (n->operation) {
    case EXPRESSION_VALUE:
        return value_retain(n->value);
    case EXPRESSION_PATH:
        found = expression_find(&n->path, item);
        return found ? value_retain(found) : fail(complaint, no_attribute);
    case EXPRESSION_IF_NOT_EXISTS:
        found = expression_find(&n->arguments[0]->path, item);
        return found ? value_retain(found) : evaluate(n->arguments[1], item, complaint);
    default:
        return evaluate_pair(n, item, complaint);
    }
}

/* ---- placing ---- */

static asl_value *without_member(const asl_value *map, struct asl_text name)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(map); i++)
        if (!asl_text_equal(value_as_text(value_key_at(map, i)), name))
            value_list_push_member_take(&list, value_retain(value_key_at(map, i)),
                                        value_retain(value_at(map, i)));
    return value_object_take(&list);
}

/* The content of a map or list with one member set, or removed where `v` is NULL. */
static asl_value *put_member(const asl_value *content, const struct expression_step *step,
                             asl_value *v)
{
    if (step->is_index) {
        asl_value *list = value_retain(content);
        if (step->index < value_count(content))
            return value_with_element_take(list, step->index, v ? value_retain(v) : value_null());
        return v ? value_append_take(list, value_retain(v)) : list;
    }
    if (v)
        return value_with_take(value_retain(content), value_string(step->name), value_retain(v));
    return without_member(content, step->name);
}

/* `content` (of a map or list) with `v` at the path; NULL when a step on the way does not exist. */
static asl_value *place(const asl_value *content, bool is_map, const struct expression_step *steps,
                        size_t count, asl_value *v)
{
    if (steps[0].is_index == is_map)
        return NULL;
    if (count == 1)
        return put_member(content, steps, v);
    const asl_value *child = is_map ? value_get(content, steps[0].name)
                             : steps[0].index < value_count(content)
                                 ? value_at(content, steps[0].index)
                                 : NULL;
    if (!child || value_kind(child) == VALUE_NULL)
        return NULL;
    enum attribute_type type = attribute_type(child);
    if (type != ATTRIBUTE_M && type != ATTRIBUTE_L)
        return NULL;
    asl_value *inner =
        place(attribute_content(child), type == ATTRIBUTE_M, steps + 1, count - 1, v);
    if (!inner)
        return NULL;
    asl_value *attribute = attribute_new_take(type, inner);
    asl_value *out = put_member(content, steps, attribute);
    value_release(attribute);
    return out;
}

static asl_value *sweep(const asl_value *content);

static asl_value *sweep_attribute(const asl_value *attribute)
{
    enum attribute_type type = attribute_type(attribute);
    if (type != ATTRIBUTE_M && type != ATTRIBUTE_L)
        return value_retain(attribute);
    return attribute_new_take(type, sweep(attribute_content(attribute)));
}

/* Drops the nulls that removed elements left. */
static asl_value *sweep(const asl_value *content)
{
    bool is_map = value_kind(content) == VALUE_OBJECT;
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(content); i++) {
        const asl_value *member = value_at(content, i);
        if (value_kind(member) == VALUE_NULL)
            continue;
        asl_value *swept = sweep_attribute(member);
        if (is_map)
            value_list_push_member_take(&list, value_retain(value_key_at(content, i)), swept);
        else
            value_list_push_take(&list, swept);
    }
    return is_map ? value_object_take(&list) : value_array_take(&list);
}

/* ---- ADD and DELETE ---- */

/* The elements of `a` with those of `b` added, or taken away. */
static asl_value *combine_sets(const asl_value *a, const asl_value *b, bool is_add)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(a); i++)
        if (is_add || !attribute_set_holds(ATTRIBUTE_SS, b, value_at(a, i)))
            value_list_push_take(&list, value_retain(value_at(a, i)));
    for (size_t i = 0; is_add && i < value_count(b); i++)
        if (!attribute_set_holds(ATTRIBUTE_SS, a, value_at(b, i)))
            value_list_push_take(&list, value_retain(value_at(b, i)));
    return value_array_take(&list);
}

/* What ADD or DELETE leaves at its path: *gone when nothing. NULL and a complaint on failure. */
static asl_value *change_set(const struct expression_action *action, const asl_value *old,
                             bool *gone, char *complaint)
{
    const asl_value *v = action->value->value;
    bool is_add = action->verb == EXPRESSION_ADD;
    *gone = false;
    if (!old) {
        *gone = !is_add;
        return is_add ? value_retain(v) : NULL;
    }
    if (attribute_type(old) != attribute_type(v))
        return fail(complaint, wrong_type);
    if (attribute_type(v) == ATTRIBUTE_N)
        return sum_take(old, v, false, complaint);
    asl_value *set = combine_sets(attribute_content(old), attribute_content(v), is_add);
    if (value_count(set) > 0)
        return attribute_new_take(attribute_type(v), set);
    value_release(set);
    *gone = true;
    return NULL;
}

/* ---- all together ---- */

/* The value an action places (NULL and *gone: it removes). False and a complaint on failure. */
static bool work_out(const struct expression_action *action, const asl_value *item, asl_value **v,
                     bool *gone, char *complaint)
{
    *gone = action->verb == EXPRESSION_REMOVE;
    *v = NULL;
    if (action->verb == EXPRESSION_SET)
        *v = evaluate(action->value, item, complaint);
    else if (!*gone)
        *v = change_set(action, expression_find(&action->path, item), gone, complaint);
    return *v || *gone;
}

struct change {
    const struct expression_path *path;
    asl_value *v; /* NULL: removed */
};

/* By the last step's index: what is appended to one list arrives in order. Stable otherwise. */
static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    const struct expression_step *s = &x->path->steps[x->path->count - 1];
    const struct expression_step *t = &y->path->steps[y->path->count - 1];
    size_t i = s->is_index ? s->index : 0, k = t->is_index ? t->index : 0;
    if (i != k)
        return i < k ? -1 : 1;
    return (x->path > y->path) - (x->path < y->path);
}

static asl_value *apply_changes(struct change *changes, size_t count, const asl_value *item,
                                char *complaint)
{
    qsort(changes, count, sizeof *changes, compare_changes);
    asl_value *now = value_retain(item);
    for (size_t i = 0; i < count && now; i++) {
        asl_value *next =
            place(now, true, changes[i].path->steps, changes[i].path->count, changes[i].v);
        value_release(now);
        now = next ? next : fail(complaint, no_place);
    }
    if (!now)
        return NULL;
    asl_value *swept = sweep(now);
    value_release(now);
    return swept;
}

asl_value *expression_apply(const struct expression *update, const asl_value *item,
                            char complaint[EXPRESSION_COMPLAINT])
{
    struct change *changes = asl_allocate_zeroed(update->action_count, sizeof *changes);
    size_t count = 0;
    bool is_fine = true;
    for (size_t i = 0; i < update->action_count && is_fine; i++) {
        bool gone;
        struct change *c = &changes[count];
        c->path = &update->actions[i].path;
        is_fine = work_out(&update->actions[i], item, &c->v, &gone, complaint);
        count += is_fine;
    }
    asl_value *out = is_fine ? apply_changes(changes, count, item, complaint) : NULL;
    for (size_t i = 0; i < count; i++)
        value_release(changes[i].v);
    free(changes);
    return out;
}
