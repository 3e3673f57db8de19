/* A States object: its states by name, in the order of the text, and the transitions between them.
 * Serves: ASL spec "State Machine Structure", "Transitions"; facts 1.8.
 */
#include "compile.h"

#include <stdlib.h>

/* Every state stands in the list before any is compiled, so that a transition may point forward. */
static void make_states(const asl_value *object, struct states *states)
{
    states->count = value_count(object);
    states->states = asl_allocate_zeroed(states->count == 0 ? 1 : states->count,
                                         sizeof *states->states);
    for (size_t i = 0; i < states->count; i++) {
        struct state *state = asl_allocate_zeroed(1, sizeof *state);
        state->name = value_retain(value_key_at(object, i));
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

/* A state's fields are compiled under its own name and language; the enclosing ones come back. */
static void compile_state(struct compiler *c, const asl_value *v, const struct place *place,
                          struct state *state)
{
    struct state *outer = c->state;
    const struct place *outer_place = c->state_place;
    enum query_language outer_language = c->language;
    struct value_list outer_references = c->references;
    value_list_init(&c->references);
    number_state(c, state);
    c->state = state;
    c->state_place = place;
    state_compile(c, v, place, state);
    references_close(c);
    c->references = outer_references;
    c->state = outer;
    c->state_place = outer_place;
    c->language = outer_language;
}

struct state *states_find(const struct states *states, struct asl_text name)
{
    for (size_t i = 0; i < states->count; i++) {
        if (asl_text_equal(value_as_text(states->states[i]->name), name)) {
            return states->states[i];
        }
    }
    return NULL;
}

static struct state *target(struct compiler *c, const struct states *states, const asl_value *v,
                            const struct place *place)
{
    if (v == NULL || value_kind(v) != VALUE_STRING) {
        return NULL;
    }
    struct state *found = states_find(states, value_as_text(v));
    if (found == NULL) {
        report(c, CODE_TARGET, place, "Missing 'Next' target: %.*s",
               ASL_TEXT_ARGS(value_as_text(v)));
    }
    return found;
}

struct state *target_member(struct compiler *c, const asl_value *object, const char *name,
                            const struct place *place)
{
    struct place here = place_key(place, asl_text(name));
    return target(c, c->state->owner, value_get_z(object, name), &here);
}

void states_compile(struct compiler *c, const asl_value *object, const struct place *place,
                    struct states *outer, struct states *states)
{
    states->outer = outer;
    const asl_value *list = value_get_z(object, "States");
    if (list == NULL || value_kind(list) != VALUE_OBJECT) {
        report(c, CODE_SCHEMA, place, "These fields are required: [States]");
        return;
    }
    make_states(list, states);
    struct place inner = place_key(place, ASL_TEXT("States"));
    for (size_t i = 0; i < states->count; i++) {
        struct place here = place_key(&inner, value_as_text(states->states[i]->name));
        compile_state(c, value_at(list, i), &here, states->states[i]);
    }
    struct place start = place_key(place, ASL_TEXT("StartAt"));
    const asl_value *first = value_get_z(object, "StartAt");
    if (first == NULL) {
        report(c, CODE_SCHEMA, place, "These fields are required: [StartAt]");
        return;
    }
    states->start = target(c, states, first, &start);
}

void states_free(struct states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        state_free(states->states[i]);
    }
    free(states->states);
}
