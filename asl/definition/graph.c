/* What transitions say of the whole: targets that exist, a terminal state, states that are reached.
 *
 * Walks the definition's own values, not the machine: states that could not be compiled still take
 * part, as they do on AWS (a Succeed with a Next that it may not have reaches that state all the
 * same; only a state without a Type leads nowhere and ends nothing).
 *
 * In a template a target that awaits its substitution may be any state: what it leaves open is not
 * complained of.
 *
 * As recorded: first every missing target; then, for the machine only, MISSING_END_STATE without a
 * location, and only when there is a terminal state the ones that are not reachable.
 */
#include "compile.h"

#include <stdlib.h>

typedef void edge_function(void *state, const asl_value *target, const struct place *place);

static void see_member(const asl_value *object, const char *name, const struct place *place,
                       edge_function *see, void *state)
{
    const asl_value *target = value_get_z(object, name);
    if (target != NULL && value_kind(target) == VALUE_STRING) {
        struct place here = place_key(place, asl_text(name));
        see(state, target, &here);
    }
}

/* Every transition out of a state, in the order in which AWS looks at them. */
static void each_edge(const asl_value *v, const struct place *place, edge_function *see,
                      void *state)
{
    static const char *const lists[] = {"Choices", "Catch"};
    see_member(v, "Next", place, see, state);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const asl_value *list = value_get_z(v, lists[i]);
        struct place inner = place_key(place, asl_text(lists[i]));
        for (size_t j = 0; list != NULL && value_kind(list) == VALUE_ARRAY && j < value_count(list);
             j++) {
            struct place here = place_index(&inner, j);
            see_member(value_at(list, j), "Next", &here, see, state);
        }
    }
    see_member(v, "Default", place, see, state);
}

/* ---- one container: an object with StartAt and States ---- */

struct container {
    struct compiler *compiler;
    const asl_value *list;
    struct place place; /* of the States object */
    size_t *queue;      /* states reached, in the order they were reached */
    size_t queued;
    bool *reached;
    bool open; /* some target awaits a substitution */
};

static bool container_open(struct compiler *c, const asl_value *object, const struct place *place,
                           struct container *k)
{
    *k = (struct container){.compiler = c, .list = value_get_z(object, "States")};
    k->place = place_key(place, ASL_TEXT("States"));
    const asl_value *start = value_get_z(object, "StartAt");
    return k->list != NULL && value_kind(k->list) == VALUE_OBJECT && start != NULL &&
           value_kind(start) == VALUE_STRING;
}

static void check_target(void *container, const asl_value *target, const struct place *place)
{
    const struct container *k = container;
    struct asl_text name = value_as_text(target);
    if (value_find(k->list, name) != SIZE_MAX || is_awaited(k->compiler, target)) {
        return;
    }
    report(k->compiler, CODE_TARGET, place, "Missing 'Next' target: %.*s", ASL_TEXT_ARGS(name));
    struct guess g = {.wrong = name};
    for (size_t i = 0; guess_helps(k->compiler) && i < value_count(k->list); i++) {
        guess_try(&g, value_as_text(value_key_at(k->list, i)));
    }
    guess_tell(k->compiler, &g);
}

static void reach(void *container, const asl_value *target, const struct place *place)
{
    (void)place;
    struct container *k = container;
    size_t index = value_find(k->list, value_as_text(target));
    k->open |= index == SIZE_MAX && is_awaited(k->compiler, target);
    if (index != SIZE_MAX && !k->reached[index]) {
        k->reached[index] = true;
        k->queue[k->queued++] = index;
    }
}

static void check_targets(const asl_value *object, const struct place *place, struct container *k)
{
    see_member(object, "StartAt", place, check_target, k);
    for (size_t i = 0; i < value_count(k->list); i++) {
        struct place here = place_key(&k->place, value_as_text(value_key_at(k->list, i)));
        each_edge(value_at(k->list, i), &here, check_target, k);
    }
}

static void check_reachable(const asl_value *object, const struct place *place, struct container *k)
{
    size_t count = value_count(k->list);
    k->queue = asl_allocate_zeroed(count + 1, sizeof *k->queue);
    k->reached = asl_allocate_zeroed(count + 1, sizeof *k->reached);
    see_member(object, "StartAt", place, reach, k);
    for (size_t i = 0; i < k->queued; i++) {
        const asl_value *state = value_at(k->list, k->queue[i]);
        k->open |= is_awaited(k->compiler, state);
        each_edge(state, place, reach, k);
    }
    for (size_t i = 0; !k->open && i < count; i++) {
        if (!k->reached[i]) {
            struct asl_text name = value_as_text(value_key_at(k->list, i));
            struct place here = place_key(&k->place, name);
            report(k->compiler, CODE_TARGET, &here, "State \"%.*s\" is not reachable.",
                   ASL_TEXT_ARGS(name));
        }
    }
    free(k->queue);
    free(k->reached);
}

static bool is_terminal(const asl_value *v)
{
    const asl_value *type = value_get_z(v, "Type");
    const asl_value *end = value_get_z(v, "End");
    if (type == NULL || value_kind(type) != VALUE_STRING) {
        return false;
    }
    struct asl_text name = value_as_text(type);
    return (end != NULL && value_is_true(end)) || asl_text_is(name, "Succeed") ||
           asl_text_is(name, "Fail");
}

static bool has_terminal(const struct container *k)
{
    for (size_t i = 0; i < value_count(k->list); i++) {
        const asl_value *v = value_at(k->list, i);
        if (is_terminal(v) || is_awaited(k->compiler, v)) {
            return true;
        }
    }
    return false;
}

/* ---- the walks ---- */

typedef void container_function(const asl_value *object, const struct place *place,
                                struct container *k);

static void walk(struct compiler *c, const asl_value *object, const struct place *place,
                 container_function *check, size_t depth);

static void walk_member(struct compiler *c, const asl_value *v, const char *name,
                        const struct place *place, container_function *check, size_t depth)
{
    const asl_value *inner = value_get_z(v, name);
    if (inner != NULL) {
        struct place here = place_key(place, asl_text(name));
        walk(c, inner, &here, check, depth);
    }
}

/* The containers inside a state. */
static void walk_state(struct compiler *c, const asl_value *v, const struct place *place,
                       container_function *check, size_t depth)
{
    const asl_value *branches = value_get_z(v, "Branches");
    struct place inner = place_key(place, ASL_TEXT("Branches"));
    for (size_t i = 0;
         branches != NULL && value_kind(branches) == VALUE_ARRAY && i < value_count(branches);
         i++) {
        struct place here = place_index(&inner, i);
        walk(c, value_at(branches, i), &here, check, depth);
    }
    walk_member(c, v, "ItemProcessor", place, check, depth);
    walk_member(c, v, "Iterator", place, check, depth);
}

static void walk(struct compiler *c, const asl_value *object, const struct place *place,
                 container_function *check, size_t depth)
{
    struct container k;
    if (depth == 0 || !container_open(c, object, place, &k)) {
        return;
    }
    check(object, place, &k);
    for (size_t i = 0; i < value_count(k.list); i++) {
        struct place here = place_key(&k.place, value_as_text(value_key_at(k.list, i)));
        walk_state(c, value_at(k.list, i), &here, check, depth - 1);
    }
}

void graph_check(struct compiler *c, const asl_value *root)
{
    struct place place = {0};
    struct container k;
    size_t depth = VALUE_DEPTH_MAXIMUM;
    if (!container_open(c, root, &place, &k)) {
        return;
    }
    walk(c, root, &place, check_targets, depth);
    if (!has_terminal(&k)) {
        report(c, CODE_END, NULL, "Workflow has no terminal state");
        hint_tell(c, ASL_TEXT("give the last state \"End\": true, or end in a Succeed or Fail"));
        return;
    }
    walk(c, root, &place, check_reachable, depth);
}
