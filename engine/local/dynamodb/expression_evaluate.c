/* What a condition says of an item, and which parts of it a projection shows. */
#include "expression.h"

#include <stdlib.h>
#include <string.h>

#include "attribute.h"

/* ---- finding ---- */

/* The member of `holder` (an attribute) that a step names, or NULL. */
static const asl_value *step_into(const asl_value *holder, const struct expression_step *step)
{
    enum attribute_type type = attribute_type(holder);
    const asl_value *content = attribute_content(holder);
    if (step->is_index)
        return type == ATTRIBUTE_L && step->index < value_count(content)
                   ? value_at(content, step->index)
                   : NULL;
    return type == ATTRIBUTE_M ? value_get(content, step->name) : NULL;
}

const asl_value *expression_find(const struct expression_path *path, const asl_value *item)
{
    const asl_value *at = value_get(item, path->steps[0].name);
    for (size_t i = 1; at && i < path->count; i++)
        at = step_into(at, &path->steps[i]);
    return at;
}

/* ---- conditions ---- */

/* Characters as Java counts them, which is what size() of a string gives. */
static size_t utf16_length(struct asl_text t)
{
    size_t length = 0;
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        length += (c & 0xc0) != 0x80;
        length += c >= 0xf0;
    }
    return length;
}

static asl_value *size_of(const asl_value *attribute)
{
    if (!attribute)
        return NULL;
    const asl_value *content = attribute_content(attribute);
    int64_t size = 0;
    switch (attribute_type(attribute)) {
    case ATTRIBUTE_S:
        size = (int64_t)utf16_length(value_as_text(content));
        break;
    case ATTRIBUTE_B: {
        struct asl_buffer bytes;
        asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
        attribute_decode(value_as_text(content), &bytes);
        size = (int64_t)bytes.size;
        asl_buffer_free(&bytes);
        break;
    }
    case ATTRIBUTE_N:
    case ATTRIBUTE_BOOL:
    case ATTRIBUTE_NULL:
        return NULL;
    default:
        size = (int64_t)value_count(content);
    }
    asl_value *number = value_integer(size);
    asl_value *text = value_string(value_as_text(number));
    value_release(number);
    return attribute_new_take(ATTRIBUTE_N, text);
}

/* An operand's value, yours, or NULL where the item has none. */
static asl_value *operand(const struct expression_node *n, const asl_value *item)
{
    const asl_value *found = NULL;
    if (n->operation == EXPRESSION_VALUE)
        found = n->value;
    else if (n->operation == EXPRESSION_PATH)
        found = expression_find(&n->path, item);
    else if (n->operation == EXPRESSION_SIZE) {
        asl_value *of = operand(n->arguments[0], item);
        asl_value *size = size_of(of);
        value_release(of);
        return size;
    }
    return found ? value_retain(found) : NULL;
}

static bool compare(enum expression_operation operation, const asl_value *a, const asl_value *b)
{
    if (operation == EXPRESSION_NE)
        return !a || !b || !attribute_equal(a, b);
    if (!a || !b || attribute_type(a) != attribute_type(b))
        return false;
    if (operation == EXPRESSION_EQ)
        return attribute_equal(a, b);
    if (!attribute_is_ordered(attribute_type(a)))
        return false;
    int order = attribute_compare(a, b);
    switch (operation) {
    case EXPRESSION_LT:
        return order < 0;
    case EXPRESSION_LE:
        return order <= 0;
    case EXPRESSION_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool bytes_contain(struct asl_text whole, struct asl_text part, bool at_start)
{
    if (part.size > whole.size)
        return false;
    if (part.size == 0)
        return true;
    return at_start ? memcmp(whole.data, part.data, part.size) == 0
                    : memmem(whole.data, whole.size, part.data, part.size) != NULL;
}

/* Of two S or two B. */
static bool text_contains(const asl_value *whole, const asl_value *part, bool at_start)
{
    struct asl_buffer x, y;
    asl_buffer_init(&x, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&y, ASL_BUFFER_MAXIMUM);
    attribute_put_key(whole, &x);
    attribute_put_key(part, &y);
    bool found = bytes_contain(asl_buffer_text(&x), asl_buffer_text(&y), at_start);
    asl_buffer_free(&x);
    asl_buffer_free(&y);
    return found;
}

static bool contains(const asl_value *whole, const asl_value *part)
{
    static const enum attribute_type element[ATTRIBUTE_TYPES] = {
        [ATTRIBUTE_SS] = ATTRIBUTE_S, [ATTRIBUTE_NS] = ATTRIBUTE_N, [ATTRIBUTE_BS] = ATTRIBUTE_B};
    if (!whole || !part)
        return false;
    enum attribute_type type = attribute_type(whole), of = attribute_type(part);
    const asl_value *content = attribute_content(whole);
    if (type == ATTRIBUTE_SS || type == ATTRIBUTE_NS || type == ATTRIBUTE_BS)
        return element[type] == of && attribute_set_holds(type, content, attribute_content(part));
    if (type == ATTRIBUTE_L) {
        for (size_t i = 0; i < value_count(content); i++)
            if (attribute_equal(value_at(content, i), part))
                return true;
        return false;
    }
    return type == of && (type == ATTRIBUTE_S || type == ATTRIBUTE_B) &&
           text_contains(whole, part, false);
}

static bool begins_with(const asl_value *whole, const asl_value *part)
{
    return whole && part && attribute_type(whole) == attribute_type(part) &&
           (attribute_type(whole) == ATTRIBUTE_S || attribute_type(whole) == ATTRIBUTE_B) &&
           text_contains(whole, part, true);
}

/* `operands` has as many as the node has arguments. */
static bool holds_of(const struct expression_node *n, asl_value **operands)
{
    const asl_value *a = operands[0], *b = n->count > 1 ? operands[1] : NULL;
    switch (n->operation) {
    case EXPRESSION_BETWEEN:
        return compare(EXPRESSION_GE, a, b) && compare(EXPRESSION_LE, a, operands[2]);
    case EXPRESSION_IN:
        for (size_t i = 1; i < n->count; i++)
            if (compare(EXPRESSION_EQ, a, operands[i]))
                return true;
        return false;
    case EXPRESSION_EXISTS:
        return a != NULL;
    case EXPRESSION_NOT_EXISTS:
        return a == NULL;
    case EXPRESSION_TYPE:
        return a && asl_text_is(value_as_text(attribute_content(b)),
                                attribute_type_name(attribute_type(a)));
    case EXPRESSION_BEGINS_WITH:
        return begins_with(a, b);
    case EXPRESSION_CONTAINS:
        return contains(a, b);
    default:
        return compare(n->operation, a, b);
    }
}

bool expression_holds(const struct expression_node *n, const asl_value *item)
{
    if (n->operation == EXPRESSION_NOT)
        return !expression_holds(n->arguments[0], item);
    if (n->operation == EXPRESSION_AND || n->operation == EXPRESSION_OR) {
        bool decides = n->operation == EXPRESSION_OR;
        for (size_t i = 0; i < n->count; i++)
            if (expression_holds(n->arguments[i], item) == decides)
                return decides;
        return !decides;
    }
    asl_value **operands = asl_allocate_zeroed(n->count, sizeof *operands);
    for (size_t i = 0; i < n->count; i++)
        operands[i] = operand(n->arguments[i], item);
    bool holds = holds_of(n, operands);
    for (size_t i = 0; i < n->count; i++)
        value_release(operands[i]);
    free(operands);
    return holds;
}

/* ---- which names a tree holds ---- */

static bool node_has(const struct expression_node *n, struct asl_text name, bool nested)
{
    if (!n)
        return false;
    if (n->operation == EXPRESSION_PATH)
        return (!nested || n->path.count > 1) && asl_text_equal(n->path.steps[0].name, name);
    for (size_t i = 0; i < n->count; i++)
        if (node_has(n->arguments[i], name, nested))
            return true;
    return false;
}

bool expression_nests_in(const struct expression *e, struct asl_text name)
{
    for (size_t i = 0; i < e->path_count; i++)
        if (e->paths[i].count > 1 && asl_text_equal(e->paths[i].steps[0].name, name))
            return true;
    for (size_t i = 0; i < e->action_count; i++)
        if (node_has(e->actions[i].value, name, true))
            return true;
    return node_has(e->condition, name, true);
}

bool expression_mentions(const struct expression *e, struct asl_text name)
{
    return node_has(e->condition, name, false);
}

/* ---- projections ---- */

struct selection {
    const struct expression_path **paths;
    size_t count;
};

/* Those of `from` that have `step` at `depth`. */
static struct selection select_paths(const struct selection *from, size_t depth,
                                     const struct expression_step *step)
{
    struct selection to = {asl_allocate_zeroed(from->count, sizeof *to.paths), 0};
    for (size_t i = 0; i < from->count; i++) {
        const struct expression_step *s = &from->paths[i]->steps[depth];
        if (s->is_index == step->is_index && s->index == step->index &&
            asl_text_equal(s->name, step->name))
            to.paths[to.count++] = from->paths[i];
    }
    return to;
}

static bool is_first_with_step(const struct selection *s, size_t depth, size_t index)
{
    const struct expression_step *step = &s->paths[index]->steps[depth];
    for (size_t i = 0; i < index; i++) {
        const struct expression_step *other = &s->paths[i]->steps[depth];
        if (other->is_index == step->is_index && other->index == step->index &&
            asl_text_equal(other->name, step->name))
            return false;
    }
    return true;
}

static asl_value *project_content(const asl_value *content, bool is_map, const struct selection *s,
                                  size_t depth);

/* The parts of an attribute at what is left of the paths; NULL when none exist. */
static asl_value *project_attribute(const asl_value *attribute, const struct selection *s,
                                    size_t depth)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->paths[i]->count == depth)
            return value_retain(attribute);
    enum attribute_type type = attribute_type(attribute);
    if (type != ATTRIBUTE_M && type != ATTRIBUTE_L)
        return NULL;
    asl_value *content =
        project_content(attribute_content(attribute), type == ATTRIBUTE_M, s, depth);
    if (value_count(content) > 0)
        return attribute_new_take(type, content);
    value_release(content);
    return NULL;
}

static int compare_indexes(const void *a, const void *b)
{
    const struct expression_step *x = *(const struct expression_step *const *)a;
    const struct expression_step *y = *(const struct expression_step *const *)b;
    return (x->index > y->index) - (x->index < y->index);
}

static asl_value *project_content(const asl_value *content, bool is_map, const struct selection *s,
                                  size_t depth)
{
    const struct expression_step **steps = asl_allocate_zeroed(s->count, sizeof *steps);
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct expression_step *step = &s->paths[i]->steps[depth];
        if (step->is_index != is_map && is_first_with_step(s, depth, i))
            steps[count++] = step;
    }
    if (!is_map)
        qsort(steps, count, sizeof *steps, compare_indexes);
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < count; i++) {
        const asl_value *member = is_map ? value_get(content, steps[i]->name)
                                  : steps[i]->index < value_count(content)
                                      ? value_at(content, steps[i]->index)
                                      : NULL;
        if (!member)
            continue;
        struct selection inner = select_paths(s, depth, steps[i]);
        asl_value *part = project_attribute(member, &inner, depth + 1);
        free(inner.paths);
        if (part && is_map)
            value_list_push_member_take(&list, value_string(steps[i]->name), part);
        else if (part)
            value_list_push_take(&list, part);
    }
    free(steps);
    return is_map ? value_object_take(&list) : value_array_take(&list);
}

asl_value *expression_project(const struct expression_path *paths, size_t count,
                              const asl_value *item)
{
    struct selection all = {asl_allocate_zeroed(count, sizeof *all.paths), count};
    for (size_t i = 0; i < count; i++)
        all.paths[i] = &paths[i];
    asl_value *parts = project_content(item, true, &all, 0);
    free(all.paths);
    return parts;
}
