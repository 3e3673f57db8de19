/* The parsed tree made ready for the evaluator, as the reference's processAST does it:
 *
 * - `a.b.c` becomes one path of steps; literals in it become names;
 * - predicates, sorts, groups and bindings are attached to the step (or the path) they follow;
 * - `%` is given a slot, and the step it means is told to keep its input under the slot's label;
 *   slots that find no step within a path are handed up (`seeking`);
 * - calls in tail position are marked; variables get their numbers.
 *
 * Nodes are changed in place. Depth is bounded by DEPTH_MAXIMUM: a chain of operators is as deep as
 * it is long.
 */
#include "syntax.h"

#include <string.h>

#define DEPTH_MAXIMUM 4000

struct process {
    struct jsonata *program;
    struct heap *heap;
    struct failure *failure;
    unsigned depth;
    struct node *paths; /* all that were made, linked through `third` */
};

const char jsonata_nesting_words[] =
    "Stack overflow error: The expression is nested too deeply.  Consider splitting it";

static struct node *process(struct process *p, struct node *n);

static const char *type_name(const struct node *n)
{
    static const char *const names[] = {
        [NODE_END] = "(end)",           [NODE_NAME] = "name",
        [NODE_STRING] = "string",       [NODE_NUMBER] = "number",
        [NODE_VALUE] = "value",         [NODE_VARIABLE] = "variable",
        [NODE_REGEX] = "regex",         [NODE_OPERATOR] = "operator",
        [NODE_WILDCARD] = "wildcard",   [NODE_DESCENDANT] = "descendant",
        [NODE_PARENT] = "parent",       [NODE_BINARY] = "binary",
        [NODE_UNARY] = "unary",         [NODE_FUNCTION] = "function",
        [NODE_PARTIAL] = "partial",     [NODE_LAMBDA] = "lambda",
        [NODE_CONDITION] = "condition", [NODE_ELVIS] = "condition",
        [NODE_COALESCE] = "condition",  [NODE_BLOCK] = "block",
        [NODE_TRANSFORM] = "transform", [NODE_PATH] = "path",
        [NODE_BIND] = "bind",           [NODE_APPLY] = "apply",
        [NODE_SORT] = "sort",           [NODE_TERM] = "term",
    };
    return names[n->type];
}

static struct node *fail(struct process *p, const char *code, size_t position, item token)
{
    jsonata_fail_syntax(p->failure, code, position, token);
    return NULL;
}

static void *allocate(struct process *p, size_t size)
{
    void *piece = jsonata_arena_allocate(&p->heap->arena, size);
    memset(piece, 0, size);
    return piece;
}

static struct node *new_node(struct process *p, enum node_type type, size_t position)
{
    struct node *n = allocate(p, sizeof *n);
    n->type = (uint8_t)type;
    n->position = position;
    return n;
}

/* One more place in an array of the arena, or NULL when memory ran out. */
static void *extend(struct process *p, void **items, uint32_t *count, uint32_t *capacity,
                    size_t size)
{
    if (*count == *capacity) {
        uint32_t more = *capacity ? 2 * *capacity : 4;
        void *grown = jsonata_arena_grow(&p->heap->arena, *items, *capacity * size, more * size);
        if (!grown)
            return NULL;
        *items = grown;
        *capacity = more;
    }
    return (char *)*items + (*count)++ * size;
}

static void add_slot(struct process *p, struct slots *s, struct slot *slot)
{
    struct slot **place = extend(p, (void **)&s->items, &s->count, &s->capacity, sizeof *s->items);
    if (place)
        *place = slot;
}

static void add_stage(struct process *p, struct stages **list, struct stage stage)
{
    if (!*list)
        *list = allocate(p, sizeof **list);
    struct stages *s = *list;
    struct stage *place = extend(p, (void **)&s->items, &s->count, &s->capacity, sizeof *s->items);
    if (place)
        *place = stage;
}

static void add_step(struct process *p, struct node *path, struct node *step)
{
    struct node **place =
        extend(p, (void **)&path->items, &path->count, &path->capacity, sizeof *path->items);
    if (place)
        *place = step;
}

static struct node *new_path(struct process *p, struct node *first)
{
    struct node *path = new_node(p, NODE_PATH, JSONATA_NO_POSITION);
    path->third = p->paths;
    p->paths = path;
    add_step(p, path, first);
    return path;
}

static struct node *last_step(const struct node *path)
{
    return path->items[path->count - 1];
}

/* ---- parents ---- */

static bool seek_parent(struct process *p, struct node *n, struct slot *slot)
{
    switch (n->type) {
    case NODE_NAME:
    case NODE_WILDCARD:
        if (--slot->level == 0) {
            if (n->ancestor)
                slot->label = n->ancestor->label;
            n->ancestor = slot;
            n->tuple = true;
        }
        return true;
    case NODE_PARENT:
        slot->level++;
        return true;
    case NODE_BLOCK:
        if (n->count == 0)
            return true;
        n->tuple = true;
        return seek_parent(p, n->items[n->count - 1], slot);
    case NODE_PATH: {
        n->tuple = true;
        uint32_t index = n->count - 1;
        if (!seek_parent(p, n->items[index], slot))
            return false;
        while (slot->level > 0 && index > 0)
            if (!seek_parent(p, n->items[--index], slot))
                return false;
        return true;
    }
    default:
        return fail(p, "S0217", n->position, jsonata_string_z(type_name(n)));
    }
}

/* The list is shared with `value` when `result` had none, as in the reference: what one of them
 * gets later the other sees too. */
static void push_ancestry(struct process *p, struct node *result, struct node *value)
{
    if (!value->seeking && value->type != NODE_PARENT)
        return;
    struct slots *slots = value->seeking ? value->seeking : allocate(p, sizeof *slots);
    if (value->type == NODE_PARENT)
        add_slot(p, slots, value->slot);
    if (!result->seeking) {
        result->seeking = slots;
    } else {
        for (uint32_t i = 0, count = slots->count; i < count; i++)
            add_slot(p, result->seeking, slots->items[i]);
    }
}

static bool resolve_slot(struct process *p, struct node *path, struct slot *slot)
{
    int64_t index = (int64_t)path->count - 2;
    while (slot->level > 0) {
        if (index < 0) {
            if (!path->seeking)
                path->seeking = allocate(p, sizeof *path->seeking);
            add_slot(p, path->seeking, slot);
            return true;
        }
        struct node *step = path->items[index--];
        /* @ bindings that follow each other look at the same context */
        while (index >= 0 && step->focus && path->items[index]->focus)
            step = path->items[index--];
        if (!seek_parent(p, step, slot))
            return false;
    }
    return true;
}

static bool resolve_ancestry(struct process *p, struct node *path)
{
    struct node *last = last_step(path);
    struct slots none = {0}, *slots = last->seeking ? last->seeking : &none;
    if (last->type == NODE_PARENT)
        add_slot(p, slots, last->slot);
    for (uint32_t i = 0; i < slots->count; i++)
        if (!resolve_slot(p, path, slots->items[i]))
            return false;
    return true;
}

/* ---- variables ---- */

static uint32_t number(struct process *p, const struct node *variable)
{
    return jsonata_symbol(p->heap, &p->program->symbols, item_string(variable->value));
}

static uint32_t bind(struct process *p, struct node *variable)
{
    variable->symbol = number(p, variable);
    p->program->symbols.items[variable->symbol].bound = true;
    return variable->symbol;
}

/* ---- paths ---- */

static bool process_items(struct process *p, struct node *n)
{
    for (uint32_t i = 0; i < n->count; i++) {
        if (!(n->items[i] = process(p, n->items[i])))
            return false;
        push_ancestry(p, n, n->items[i]);
    }
    return true;
}

static bool is_array_constructor(const struct node *n)
{
    return n->type == NODE_UNARY && n->op == SYMBOL_BRACKET;
}

static bool finish_steps(struct process *p, struct node *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        struct node *step = path->items[i];
        if (step->type == NODE_NUMBER || step->type == NODE_VALUE) {
            fail(p, "S0213", step->position, item_undefined());
            p->failure->value = step->value;
            return false;
        }
        path->keep_singleton = path->keep_singleton || step->keep_array;
    }
    for (uint32_t i = 0; i < path->count; i++)
        if (path->items[i]->type == NODE_STRING)
            path->items[i]->type = NODE_NAME;
    if (is_array_constructor(path->items[0]))
        path->items[0]->cons_array = true;
    if (is_array_constructor(last_step(path)))
        last_step(path)->cons_array = true;
    return true;
}

static struct node *process_dot(struct process *p, struct node *n)
{
    struct node *left = process(p, n->lhs);
    if (!left)
        return NULL;
    struct node *path = left->type == NODE_PATH ? left : new_path(p, left);
    if (left->type == NODE_PARENT) {
        path->seeking = allocate(p, sizeof *path->seeking);
        add_slot(p, path->seeking, left->slot);
    }
    struct node *rest = process(p, n->rhs);
    if (!rest)
        return NULL;
    if (rest->type == NODE_PATH) {
        for (uint32_t i = 0; i < rest->count; i++)
            add_step(p, path, rest->items[i]);
    } else {
        if (rest->predicates) {
            rest->stages = rest->predicates;
            rest->predicates = NULL;
        }
        add_step(p, path, rest);
    }
    return finish_steps(p, path) && resolve_ancestry(p, path) ? path : NULL;
}

static struct node *process_predicate(struct process *p, struct node *n)
{
    struct node *result = process(p, n->lhs);
    if (!result)
        return NULL;
    struct node *step = result->type == NODE_PATH ? last_step(result) : result;
    if (step->group)
        return fail(p, "S0209", n->position, item_undefined());
    struct node *predicate = process(p, n->rhs);
    if (!predicate)
        return NULL;
    for (uint32_t i = 0; predicate->seeking && i < predicate->seeking->count; i++) {
        struct slot *slot = predicate->seeking->items[i];
        if (slot->level != 1)
            slot->level--;
        else if (!seek_parent(p, step, slot))
            return NULL;
    }
    if (predicate->seeking)
        push_ancestry(p, step, predicate);
    struct stage stage = {predicate, 0, n->position};
    add_stage(p, result->type == NODE_PATH ? &step->stages : &step->predicates, stage);
    return result;
}

static struct node *process_group(struct process *p, struct node *n)
{
    struct node *result = process(p, n->lhs);
    if (!result)
        return NULL;
    if (result->group)
        return fail(p, "S0210", n->position, item_undefined());
    for (uint32_t i = 0; i < n->count; i++)
        if (!(n->items[i] = process(p, n->items[i])))
            return NULL;
    result->group = allocate(p, sizeof *result->group);
    *result->group = (struct group){n->items, n->count, n->position};
    return result;
}

static struct node *process_sort(struct process *p, struct node *n)
{
    struct node *left = process(p, n->lhs);
    if (!left)
        return NULL;
    struct node *path = left->type == NODE_PATH ? left : new_path(p, left);
    struct node *sort = new_node(p, NODE_SORT, n->position);
    for (uint32_t i = 0; i < n->count; i++) {
        if (!(n->items[i]->lhs = process(p, n->items[i]->lhs)))
            return NULL;
        push_ancestry(p, sort, n->items[i]->lhs);
    }
    sort->items = n->items;
    sort->count = n->count;
    add_step(p, path, sort);
    return resolve_ancestry(p, path) ? path : NULL;
}

static struct node *process_focus(struct process *p, struct node *n)
{
    struct node *result = process(p, n->lhs);
    if (!result)
        return NULL;
    struct node *step = result->type == NODE_PATH ? last_step(result) : result;
    if (step->stages || step->predicates)
        return fail(p, "S0215", n->position, item_undefined());
    if (step->type == NODE_SORT)
        return fail(p, "S0216", n->position, item_undefined());
    step->keep_array = step->keep_array || n->keep_array;
    step->focus = n->rhs->value.size > 0 ? bind(p, n->rhs) : 0; /* @$ binds nothing */
    step->tuple = true;
    return result;
}

static struct node *process_index(struct process *p, struct node *n)
{
    struct node *result = process(p, n->lhs);
    if (!result)
        return NULL;
    struct node *step = result;
    if (result->type == NODE_PATH) {
        step = last_step(result);
    } else {
        result = new_path(p, step);
        step->stages = step->predicates;
        step->predicates = NULL;
    }
    uint32_t symbol = bind(p, n->rhs);
    if (step->type == NODE_SORT && step->stages) /* see tuple.c */
        p->program->symbols.items[SYMBOL_UNDEFINED].bound = true;
    if (step->stages)
        add_stage(p, &step->stages, (struct stage){NULL, symbol, n->position});
    else
        step->index = n->rhs->value.size > 0 ? symbol : 0;
    step->tuple = true;
    return result;
}

/* ---- the other binaries ---- */

static bool process_sides(struct process *p, struct node *n)
{
    return (n->lhs = process(p, n->lhs)) && (n->rhs = process(p, n->rhs));
}

static struct node *process_assign(struct process *p, struct node *n)
{
    n->type = NODE_BIND;
    p->program->binds = true;
    bind(p, n->lhs);
    if (!(n->rhs = process(p, n->rhs)))
        return NULL;
    push_ancestry(p, n, n->rhs);
    return n;
}

static struct node *process_chain(struct process *p, struct node *n)
{
    n->type = NODE_APPLY;
    if (!process_sides(p, n))
        return NULL;
    n->keep_array = n->keep_array || n->lhs->keep_array || n->rhs->keep_array;
    return n;
}

static struct node *process_binary(struct process *p, struct node *n)
{
    switch (n->op) {
    case SYMBOL_DOT:
        return process_dot(p, n);
    case SYMBOL_BRACKET:
        return process_predicate(p, n);
    case SYMBOL_BRACE:
        return process_group(p, n);
    case SYMBOL_CARET:
        return process_sort(p, n);
    case SYMBOL_ASSIGN:
        return process_assign(p, n);
    case SYMBOL_AT:
        return process_focus(p, n);
    case SYMBOL_HASH:
        return process_index(p, n);
    case SYMBOL_CHAIN:
        return process_chain(p, n);
    default:
        if (!process_sides(p, n))
            return NULL;
        push_ancestry(p, n, n->lhs);
        push_ancestry(p, n, n->rhs);
        return n;
    }
}

/* ---- the rest ---- */

static struct node *process_unary(struct process *p, struct node *n)
{
    if (n->op != SYMBOL_MINUS)
        return process_items(p, n) ? n : NULL;
    if (!(n->lhs = process(p, n->lhs)))
        return NULL;
    if (n->lhs->type == NODE_NUMBER) {
        n->lhs->value.as.number = -n->lhs->value.as.number;
        return n->lhs;
    }
    push_ancestry(p, n, n->lhs);
    return n;
}

static struct node *process_call(struct process *p, struct node *n)
{
    if (!process_items(p, n) || !(n->lhs = process(p, n->lhs)))
        return NULL;
    const struct node *name = n->lhs->type == NODE_PATH ? n->lhs->items[0] : NULL;
    /* "Did you mean $name?" */
    if (name && (name->type == NODE_NAME || name->type == NODE_VARIABLE))
        n->symbol = number(p, name);
    return n;
}

static void mark_tail(struct node *n)
{
    while (n) {
        if (n->type == NODE_FUNCTION && !n->predicates) {
            n->tail = true;
            return;
        }
        if (n->type == NODE_CONDITION) {
            mark_tail(n->rhs);
            n = n->third;
        } else if (n->type == NODE_ELVIS || n->type == NODE_COALESCE) {
            n->tail = n->lhs->type == NODE_FUNCTION && !n->lhs->predicates;
            n = n->rhs;
        } else if (n->type == NODE_BLOCK && n->count > 0) {
            n = n->items[n->count - 1];
        } else {
            return;
        }
    }
}

static struct node *process_lambda(struct process *p, struct node *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        bind(p, n->items[i]);
    if (!(n->lhs = process(p, n->lhs)))
        return NULL;
    mark_tail(n->lhs);
    return n;
}

static struct node *process_condition(struct process *p, struct node *n)
{
    if (!process_sides(p, n))
        return NULL;
    push_ancestry(p, n, n->lhs);
    push_ancestry(p, n, n->rhs);
    if (n->third) {
        if (!(n->third = process(p, n->third)))
            return NULL;
        push_ancestry(p, n, n->third);
    }
    return n;
}

static struct node *process_transform(struct process *p, struct node *n)
{
    if (!process_sides(p, n))
        return NULL;
    if (n->third && !(n->third = process(p, n->third)))
        return NULL;
    n->symbol = jsonata_symbol(p->heap, &p->program->symbols, ASL_TEXT("clone"));
    return n;
}

static struct node *process_block(struct process *p, struct node *n)
{
    if (!process_items(p, n))
        return NULL;
    for (uint32_t i = 0; i < n->count; i++) {
        const struct node *part = n->items[i];
        if (part->cons_array || (part->type == NODE_PATH && part->items[0]->cons_array))
            n->cons_array = true;
    }
    return n;
}

static struct node *process_name(struct process *p, struct node *n)
{
    n->type = NODE_NAME;
    struct node *path = new_path(p, n);
    path->keep_singleton = n->keep_array;
    return path;
}

static struct node *process_parent(struct process *p, struct node *n)
{
    n->slot = allocate(p, sizeof *n->slot);
    n->slot->label = jsonata_symbol_new(p->heap, &p->program->symbols);
    n->slot->level = 1;
    n->position = JSONATA_NO_POSITION;
    return n;
}

static struct node *process_operator(struct process *p, struct node *n)
{
    if (n->op == SYMBOL_AND || n->op == SYMBOL_OR || n->op == SYMBOL_IN)
        return process_name(p, n);
    return n->op == SYMBOL_QUESTION ? n : fail(p, "S0201", n->position, n->value);
}

static struct node *process_by_type(struct process *p, struct node *n)
{
    switch ((enum node_type)n->type) {
    case NODE_NAME:
        return process_name(p, n);
    case NODE_VARIABLE:
        n->symbol = number(p, n);
        p->program->binds = p->program->binds || asl_text_is(item_string(n->value), "eval");
        return n;
    case NODE_OPERATOR:
        return process_operator(p, n);
    case NODE_PARENT:
        return process_parent(p, n);
    case NODE_BINARY:
        return process_binary(p, n);
    case NODE_UNARY:
        return process_unary(p, n);
    case NODE_FUNCTION:
    case NODE_PARTIAL:
        return process_call(p, n);
    case NODE_LAMBDA:
        return process_lambda(p, n);
    case NODE_CONDITION:
    case NODE_ELVIS:
    case NODE_COALESCE:
        return process_condition(p, n);
    case NODE_TRANSFORM:
        return process_transform(p, n);
    case NODE_BLOCK:
        return process_block(p, n);
    case NODE_END:
        return fail(p, "S0207", n->position, n->value);
    default:
        return n;
    }
}

static struct node *process(struct process *p, struct node *n)
{
    if (++p->depth > DEPTH_MAXIMUM) {
        fail(p, NESTING_CODE, n->position, item_undefined());
        p->failure->words = jsonata_nesting_words;
        return NULL;
    }
    bool keep_array = n->keep_array;
    struct node *result = process_by_type(p, n);
    p->depth--;
    if (result)
        result->keep_array = result->keep_array || keep_array;
    return result;
}

/* Paths of nothing but names have a short way in the evaluator. */
static void find_plain_paths(struct node *paths)
{
    for (struct node *path = paths; path; path = path->third) {
        path->plain_path = !path->tuple;
        for (uint32_t i = 0; i < path->count; i++) {
            const struct node *step = path->items[i];
            if (step->type != NODE_NAME || step->tuple || step->stages || step->predicates ||
                step->group || step->keep_array)
                path->plain_path = false;
        }
    }
}

struct node *jsonata_process(struct jsonata *program, struct node *n, struct failure *failure)
{
    struct process p = {program, &program->heap, failure, 0, NULL};
    n = process(&p, n);
    if (!n)
        return NULL;
    if (n->type == NODE_PARENT || n->seeking)
        return fail(&p, "S0217", n->position, jsonata_string_z(type_name(n)));
    if (program->heap.arena.exhausted) {
        fail(&p, "D2015", n->position, item_undefined());
        failure->words = "The expression needs too much memory to compile";
        return NULL;
    }
    find_plain_paths(p.paths);
    return n;
}
