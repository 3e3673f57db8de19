/* What an expression reads from outside: a walk over the tree with the names bound on the way. */
#include "syntax.h"

#include <stdlib.h>
#include <string.h>

typedef void see_function(void *state, enum jsonata_reference_kind kind, struct asl_text name,
                          struct asl_text path, size_t position);

struct walk {
    const struct jsonata *program;
    see_function *see;
    void *state;
    uint32_t *bound; /* how often each symbol is bound around here */
};

/* `top`: names here read the input itself. Recursion is as deep as the tree (see process.c). */
static void walk(struct walk *w, const struct node *n, bool top);

static void walk_all(struct walk *w, struct node *const *items, uint32_t count, bool top)
{
    for (uint32_t i = 0; i < count; i++)
        walk(w, items[i], top);
}

static void see_variable(struct walk *w, const struct node *n, struct asl_text path, bool top)
{
    if (n->value.size == 0) { /* $: the context */
        if (top)
            w->see(w->state, JSONATA_FIELD, ASL_TEXT("$"), path, n->position);
        return;
    }
    if (n->symbol == SYMBOL_ROOT)
        w->see(w->state, JSONATA_CONTEXT, ASL_TEXT("$"), path, n->position);
    else if (w->bound[n->symbol] == 0)
        w->see(w->state, JSONATA_VARIABLE, item_string(n->value), path, n->position);
}

/* The names that follow a variable at once, joined by slashes. */
static void constant_steps(const struct node *path, struct asl_buffer *out)
{
    for (uint32_t i = 1; i < path->count; i++) {
        const struct node *step = path->items[i];
        if (step->type != NODE_NAME || path->items[i - 1]->stages || path->items[i - 1]->predicates)
            return;
        if (i > 1)
            asl_buffer_putc(out, '/');
        asl_buffer_put_text(out, item_string(step->value));
    }
}

static void walk_stages(struct walk *w, const struct stages *stages)
{
    for (uint32_t i = 0; stages && i < stages->count; i++)
        if (stages->items[i].filter)
            walk(w, stages->items[i].filter, false);
}

static void walk_attachments(struct walk *w, const struct node *n)
{
    walk_stages(w, n->stages);
    walk_stages(w, n->predicates);
    if (n->group)
        walk_all(w, n->group->items, n->group->count, false);
}

static void bind_step(struct walk *w, const struct node *step)
{
    if (step->focus)
        w->bound[step->focus]++;
    if (step->index)
        w->bound[step->index]++;
    for (uint32_t i = 0; step->stages && i < step->stages->count; i++)
        if (!step->stages->items[i].filter)
            w->bound[step->stages->items[i].index]++;
}

static void unbind_step(struct walk *w, const struct node *step)
{
    if (step->focus)
        w->bound[step->focus]--;
    if (step->index)
        w->bound[step->index]--;
    for (uint32_t i = 0; step->stages && i < step->stages->count; i++)
        if (!step->stages->items[i].filter)
            w->bound[step->stages->items[i].index]--;
}

static void walk_path(struct walk *w, const struct node *n, bool top)
{
    for (uint32_t i = 0; i < n->count; i++) {
        const struct node *step = n->items[i];
        bind_step(w, step);
        if (i == 0 && step->type == NODE_VARIABLE) {
            struct asl_buffer path;
            asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
            constant_steps(n, &path);
            see_variable(w, step, asl_buffer_text(&path), top);
            asl_buffer_free(&path);
            walk_attachments(w, step);
        } else {
            walk(w, step, top && i == 0);
        }
    }
    if (n->group)
        walk_all(w, n->group->items, n->group->count, false);
    for (uint32_t i = 0; i < n->count; i++)
        unbind_step(w, n->items[i]);
}

static void walk_block(struct walk *w, const struct node *n, bool top)
{
    for (uint32_t i = 0; i < n->count; i++) {
        walk(w, n->items[i], top);
        if (n->items[i]->type == NODE_BIND)
            w->bound[n->items[i]->lhs->symbol]++;
    }
    for (uint32_t i = 0; i < n->count; i++)
        if (n->items[i]->type == NODE_BIND)
            w->bound[n->items[i]->lhs->symbol]--;
}

/* A function bound to a name may call itself by it. */
static void walk_bind(struct walk *w, const struct node *n, bool top)
{
    bool recursive = n->rhs->type == NODE_LAMBDA;
    w->bound[n->lhs->symbol] += recursive;
    walk(w, n->rhs, top);
    w->bound[n->lhs->symbol] -= recursive;
}

static void walk_lambda(struct walk *w, const struct node *n, bool top)
{
    for (uint32_t i = 0; i < n->count; i++)
        w->bound[n->items[i]->symbol]++;
    walk(w, n->lhs, top);
    for (uint32_t i = 0; i < n->count; i++)
        w->bound[n->items[i]->symbol]--;
}

static void walk_sides(struct walk *w, const struct node *n, bool top)
{
    if (n->lhs)
        walk(w, n->lhs, top);
    if (n->rhs)
        walk(w, n->rhs, top);
    if (n->third)
        walk(w, n->third, top);
}

static void walk(struct walk *w, const struct node *n, bool top)
{
    switch ((enum node_type)n->type) {
    case NODE_NAME:
        if (top)
            w->see(w->state, JSONATA_FIELD, item_string(n->value), ASL_TEXT(""), n->position);
        break;
    case NODE_VARIABLE:
        see_variable(w, n, ASL_TEXT(""), top);
        break;
    case NODE_PATH:
        walk_path(w, n, top);
        return;
    case NODE_BLOCK:
        walk_block(w, n, top);
        break;
    case NODE_BIND:
        walk_bind(w, n, top);
        break;
    case NODE_LAMBDA:
        walk_lambda(w, n, top);
        break;
    case NODE_TRANSFORM:
        walk_sides(w, n, false);
        break;
    case NODE_SORT:
        for (uint32_t i = 0; i < n->count; i++)
            walk(w, n->items[i]->lhs, false);
        break;
    case NODE_FUNCTION:
    case NODE_PARTIAL:
        walk(w, n->lhs, top);
        walk_all(w, n->items, n->count, top);
        break;
    default:
        walk_sides(w, n, top);
        walk_all(w, n->items, n->count, top);
    }
    walk_attachments(w, n);
}

void jsonata_each_reference(const struct jsonata *e,
                            void (*see)(void *state, enum jsonata_reference_kind kind,
                                        struct asl_text name, struct asl_text path,
                                        size_t position),
                            void *state)
{
    struct walk w = {e, see, state, NULL};
    w.bound = asl_allocate_zeroed(e->symbols.count, sizeof *w.bound);
    walk(&w, e->root, true);
    free(w.bound);
}
