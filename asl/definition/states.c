/* A States object: its states by name, in the order of the text.
 * Serves: ASL spec "State Machine Structure", "Transitions"; facts 1.8.
 */
#include "compile.h"

#include <stdlib.h>

#include "fields.h"

#define NAME_MAXIMUM 80 /* characters; ASL spec, and INVALID_STATE_NAME on AWS */

/* States within states: Map in Parallel in Map ... AWS's own bound is not known; each level costs
 * stack here and in the step, and nobody reads more. */
#define NESTING_MAXIMUM 64

/* Every state stands in the list before any is compiled, so that a transition may point forward. */
static void make_states(const asl_value *list, struct states *states)
{
    states->count = value_count(list);
    states->states = asl_allocate_zeroed(states->count + 1, sizeof *states->states);
    for (size_t i = 0; i < states->count; i++) {
        struct state *state = asl_allocate_zeroed(1, sizeof *state);
        state->kind = STATE_SUCCEED; /* until its Type is known: the kind that owns nothing */
        state->name = value_retain(value_key_at(list, i));
        state->owner = states;
        states->states[i] = state;
    }
}

static void number_state(struct compiler *c, struct state *state)
{
    struct asl_machine *m = c->machine;
    if (m->state_count == c->state_capacity) {
        c->state_capacity = c->state_capacity == 0 ? 16 : 2 * c->state_capacity;
        m->by_id = asl_reallocate(m->by_id, c->state_capacity * sizeof(struct state *));
    }
    state->id = m->state_count;
    m->by_id[m->state_count++] = state;
}

static void check_name(struct compiler *c, const struct state *state, const struct place *place)
{
    struct asl_text name = value_as_text(state->name);
    if (characters(name) > NAME_MAXIMUM && !is_awaited(c, state->name)) {
        report(c, CODE_STATE_NAME, place,
               "Invalid State name: State exceeds the 80-character limit allowed by the service");
    }
    if (name_set_add(&c->state_names, state->name)) {
        report(c, CODE_DUPLICATE_STATE, place, "Duplicate State name: %.*s", ASL_TEXT_ARGS(name));
    }
}

/* A state's fields are compiled under its own name and language; the enclosing ones come back. */
static void compile_state(struct compiler *c, const asl_value *v, const struct place *place,
                          struct state *state)
{
    struct compiler outer = *c;
    value_list_init(&c->references);
    number_state(c, state);
    c->state = state;
    c->state_place = place;
    c->downgraded = false;
    c->data = 0;
    check_name(c, state, place);
    state_compile(c, v, place, state);
    references_close(c);
    c->references = outer.references;
    c->state = outer.state;
    c->state_place = outer.state_place;
    c->language = outer.language;
    c->downgraded = outer.downgraded;
    c->data = outer.data;
}

/* Positions in the States object are positions in the list. */
static struct state *find(const asl_value *list, const struct states *states, const asl_value *name)
{
    if (name == NULL || value_kind(name) != VALUE_STRING) {
        return NULL;
    }
    size_t index = value_find(list, value_as_text(name));
    return index == SIZE_MAX ? NULL : states->states[index];
}

struct state *target_member(struct compiler *c, const asl_value *object, const char *name)
{
    return find(c->list, c->state->owner, value_get_z(object, name));
}

void states_compile(struct compiler *c, const asl_value *object, const struct place *place,
                    struct states *outer, struct states *states)
{
    states->outer = outer;
    const asl_value *list = value_get_z(object, "States");
    if (list == NULL || value_kind(list) != VALUE_OBJECT) {
        return;
    }
    if (c->depth >= NESTING_MAXIMUM) {
        report(c, CODE_DEEP, place, "The states are nested more than %d levels deep",
               NESTING_MAXIMUM);
        return;
    }
    const asl_value *outer_list = c->list;
    c->list = list;
    c->depth++;
    make_states(list, states);
    struct place inner = place_key(place, ASL_TEXT("States"));
    for (size_t i = 0; i < states->count; i++) {
        struct place here = place_key(&inner, value_as_text(states->states[i]->name));
        compile_state(c, value_at(list, i), &here, states->states[i]);
    }
    states->start = find(list, states, value_get_z(object, "StartAt"));
    c->depth--;
    c->list = outer_list;
}

void states_free(struct states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        state_free(states->states[i]);
    }
    free(states->states);
}
