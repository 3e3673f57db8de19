/* Trees to programs. Within a lookbehind everything is written to be matched backwards. */
#include "regex_program.h"

#include <stdlib.h>
#include <string.h>

struct assembler {
    struct regex *r;
    bool is_multiline, is_behind;
    bool is_start_unknown;
};

static uint32_t emit(struct assembler *a, enum regex_op op, uint32_t operand)
{
    struct regex *r = a->r;
    if (r->code_count == r->code_capacity) {
        r->code_capacity = r->code_capacity ? 2 * r->code_capacity : 32;
        r->code = asl_reallocate(r->code, r->code_capacity * sizeof *r->code);
    }
    r->code[r->code_count] =
        (struct regex_instruction){.op = (uint8_t)op, .is_behind = a->is_behind, .a = operand};
    return r->code_count++;
}

static void assemble(struct assembler *a, const struct tree *t);

static void assemble_row(struct assembler *a, const struct tree *t)
{
    if (!a->is_behind) {
        for (const struct tree *child = t->child; child; child = child->next)
            assemble(a, child);
        return;
    }
    size_t count = 0;
    for (const struct tree *child = t->child; child; child = child->next)
        count++;
    const struct tree **children = asl_allocate((count + 1) * sizeof *children);
    count = 0;
    for (const struct tree *child = t->child; child; child = child->next)
        children[count++] = child;
    while (count > 0)
        assemble(a, children[--count]);
    free(children);
}

/* The unit or set that whatever `t` takes begins with, or NULL where that is not plain. */
static const struct tree *first_unit(const struct tree *t)
{
    while (t && t->type != TREE_UNIT && t->type != TREE_SET) {
        bool is_inside = t->type == TREE_ROW || t->type == TREE_GROUP ||
                         (t->type == TREE_REPEAT && t->minimum > 0);
        t = is_inside ? t->child : NULL;
    }
    return t;
}

/* A choice between `way`, which follows, and what is to be set; `way` is passed by where it cannot
 * begin. */
static uint32_t emit_split(struct assembler *a, const struct tree *way)
{
    const struct tree *first = a->is_behind ? NULL : first_unit(way);
    uint32_t split = emit(a, OP_SPLIT, 0);
    struct regex_instruction *i = &a->r->code[split];
    i->has_first = first != NULL;
    i->is_set = first && first->type == TREE_SET;
    i->b = first ? first->value : 0;
    return split;
}

/* Each alternative but the last: a split to the next, and a jump to the end, chained until that is
 * known. */
static void assemble_choice(struct assembler *a, const struct tree *t)
{
    uint32_t jumps = UINT32_MAX;
    for (const struct tree *child = t->child; child; child = child->next) {
        uint32_t split = child->next ? emit_split(a, child) : 0;
        assemble(a, child);
        if (!child->next)
            break;
        uint32_t jump = emit(a, OP_JUMP, jumps);
        jumps = jump;
        a->r->code[split].a = a->r->code_count;
    }
    while (jumps != UINT32_MAX) {
        uint32_t before = a->r->code[jumps].a;
        a->r->code[jumps].a = a->r->code_count;
        jumps = before;
    }
}

static void assemble_look(struct assembler *a, const struct tree *t)
{
    bool was_behind = a->is_behind;
    uint32_t look = emit(a, OP_LOOK, 0);
    a->r->code[look].is_negative = t->is_negative;
    a->is_behind = t->is_behind;
    assemble(a, t->child);
    a->is_behind = was_behind;
    emit(a, OP_LOOKED, 0);
    a->r->code[look].a = a->r->code_count;
}

/* ---- repeating ---- */

static void assemble_run(struct assembler *a, const struct tree *t)
{
    uint32_t run = emit(a, OP_RUN, t->child->value);
    struct regex_instruction *i = &a->r->code[run];
    i->is_set = t->child->type == TREE_SET;
    i->is_lazy = t->is_lazy;
    i->b = t->minimum;
    i->c = t->maximum;
}

/* A choice between a round, which follows, and the end. */
static uint32_t emit_round(struct assembler *a, const struct tree *t)
{
    uint32_t split = t->is_lazy ? emit(a, OP_SPLIT, 0) : emit_split(a, t->child);
    a->r->code[split].is_lazy = t->is_lazy;
    return split;
}

/* x*, x+ and x?, where x takes something: no round needs to be counted. A round begins with nothing
 * caught. */
static void assemble_plain(struct assembler *a, const struct tree *t)
{
    bool is_forgetful = t->first_group <= t->last_group && t->maximum > 1;
    uint32_t head = a->r->code_count, split = 0;
    if (t->minimum == 0)
        split = emit_round(a, t);
    if (is_forgetful) {
        uint32_t forget = emit(a, OP_FORGET, t->first_group);
        a->r->code[forget].b = t->last_group;
    }
    assemble(a, t->child);
    if (t->minimum > 0) {
        split = emit_round(a, t);
        emit(a, OP_JUMP, head);
    } else if (t->maximum > 1) {
        emit(a, OP_JUMP, head);
    }
    a->r->code[split].a = a->r->code_count;
}

static void assemble_loop(struct assembler *a, const struct tree *t)
{
    struct regex *r = a->r;
    uint32_t number = r->loop_count++;
    r->loops = asl_reallocate(r->loops, r->loop_count * sizeof *r->loops);
    emit(a, OP_ENTER, number);
    struct regex_loop loop = {.minimum = t->minimum,
                              .maximum = t->maximum,
                              .first_group = t->first_group,
                              .last_group = t->last_group,
                              .is_lazy = t->is_lazy};
    loop.count = r->register_count++;
    loop.start = r->register_count++;
    loop.head = emit(a, OP_LOOP, number);
    assemble(a, t->child);
    emit(a, OP_ROUND, number);
    loop.exit = r->code_count;
    r->loops[number] = loop;
}

static void assemble_repeat(struct assembler *a, const struct tree *t)
{
    bool is_unit = t->child->type == TREE_UNIT || t->child->type == TREE_SET;
    bool is_uncounted =
        (t->maximum == REPEAT_FOREVER && t->minimum <= 1) || (t->maximum == 1 && t->minimum == 0);
    if (t->maximum == 0)
        return;
    if (is_unit)
        assemble_run(a, t);
    else if (is_uncounted && !t->child->may_be_empty)
        assemble_plain(a, t);
    else if (t->minimum == 1 && t->maximum == 1)
        assemble(a, t->child);
    else
        assemble_loop(a, t);
}

static void assemble(struct assembler *a, const struct tree *t)
{
    switch (t->type) {
    case TREE_EMPTY:
        break;
    case TREE_UNIT:
        emit(a, OP_UNIT, t->value);
        break;
    case TREE_SET:
        emit(a, OP_SET, t->value);
        break;
    case TREE_START:
        emit(a, OP_START, a->is_multiline);
        break;
    case TREE_END:
        emit(a, OP_END, a->is_multiline);
        break;
    case TREE_WORD:
    case TREE_NOT_WORD:
        emit(a, OP_WORD, t->type == TREE_NOT_WORD);
        break;
    case TREE_GROUP:
        emit(a, OP_OPEN, t->value);
        assemble(a, t->child);
        emit(a, OP_CLOSE, t->value);
        break;
    case TREE_BACK:
        emit(a, OP_BACK, t->value);
        break;
    case TREE_LOOK:
        assemble_look(a, t);
        break;
    case TREE_CHOICE:
        assemble_choice(a, t);
        break;
    case TREE_ROW:
        assemble_row(a, t);
        break;
    case TREE_REPEAT:
        assemble_repeat(a, t);
        break;
    }
}

/* ---- how a match may begin ---- */

/* The first byte of a unit in UTF-8. That of the second half of a character stands in its middle.
 */
static void add_start(struct regex *r, uint32_t unit)
{
    bool is_half = unit >= 0xd800 && unit <= 0xdfff;
    if (unit < 0x80)
        r->starts[unit] = 1;
    else if (!is_half)
        r->starts[unit < 0x800 ? 0xc0 | unit >> 6 : 0xe0 | unit >> 12] = 1;
    for (int byte = 0x80; is_half && byte < 0x100; byte++)
        r->starts[byte] = 1;
}

static void add_set_starts(struct regex *r, const struct unit_set *set)
{
    for (uint32_t unit = 0; unit < 128; unit++)
        if (regex_set_holds(set, unit))
            r->starts[unit] = 1;
    bool is_beyond = set->count > 0 && set->ranges[set->count - 1].last >= 128;
    for (int byte = 0x80; is_beyond && byte < 0x100; byte++)
        r->starts[byte] = 1;
}

/* Adds what a match of the tree may begin with; false when it may take nothing, so that what
 * follows matters, or when that is not worth knowing. */
static bool find_starts(struct assembler *a, const struct tree *t)
{
    switch (t->type) {
    case TREE_UNIT:
        add_start(a->r, t->value);
        return true;
    case TREE_SET:
        add_set_starts(a->r, &a->r->sets[t->value]);
        return true;
    case TREE_GROUP:
        return find_starts(a, t->child);
    case TREE_REPEAT:
        return t->maximum > 0 && find_starts(a, t->child) && t->minimum > 0;
    case TREE_ROW:
        for (const struct tree *child = t->child; child; child = child->next)
            if (find_starts(a, child))
                return true;
        return false;
    case TREE_CHOICE: {
        bool all = true;
        for (const struct tree *child = t->child; child; child = child->next)
            all = find_starts(a, child) && all;
        return all;
    }
    case TREE_BACK: /* a lookahead may have caught something by then */
        a->is_start_unknown = true;
        return true;
    default:
        return false;
    }
}

static void set_starts(struct assembler *a, const struct tree *root)
{
    struct regex *r = a->r;
    const struct tree *first = root->type == TREE_ROW ? root->child : root;
    r->is_anchored = first && first->type == TREE_START && !a->is_multiline;
    r->has_starts = find_starts(a, root) && !a->is_start_unknown;
    r->only_start = -1;
    int count = 0;
    for (int byte = 0; byte < 256; byte++)
        if (r->starts[byte]) {
            r->only_start = byte;
            count++;
        }
    if (count != 1 || r->only_start >= 0x80)
        r->only_start = -1;
}

void regex_assemble(struct regex *r, struct parsed *p, unsigned flags)
{
    struct assembler a = {.r = r, .is_multiline = flags & REGEX_MULTILINE};
    r->sets = p->sets;
    r->set_count = p->set_count;
    p->sets = NULL;
    p->set_count = 0;
    r->groups = p->groups;
    r->register_count = 3 * (r->groups + 1);
    assemble(&a, p->root);
    emit(&a, OP_MATCH, 0);
    set_starts(&a, p->root);
}
