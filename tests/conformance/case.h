/* A recorded case: which of its machines and inputs a history belongs to, and whether the events of
 * ours are those. Shared by the runner that plays at the core and the one that runs the engine.
 *
 * What belongs together is not written in a case: it is the first unused machine and input whose
 * input unifies with ExecutionStarted's. */
#ifndef TESTS_CONFORMANCE_CASE_H
#define TESTS_CONFORMANCE_CASE_H

#include "tests/conformance/unify.h"

struct case_file {
    const asl_value *machines;
    bool *used; /* by machine and input: [machine * inputs_maximum + input] */
    size_t inputs_maximum;
};

struct case_chosen {
    const asl_value *machine, *input;
    struct asl_buffer input_text; /* yours to free */
    char name[128];
};

void case_open(struct case_file *f, const asl_value *v); /* of a case; its machines may be none */
void case_close(struct case_file *f);

/* The text of a member; "" where there is none. */
struct asl_text case_text(const asl_value *v, const char *name);
const asl_value *case_inputs(const struct case_file *f, size_t machine);
void case_choose(struct case_file *f, struct case_chosen *c, size_t machine, size_t input);
/* A `u` that knows what the recorder replaced everywhere. Free it. */
void case_know_the_world(struct unify *u, const struct case_chosen *c);
/* False: no input of the case can be that one. Else `c` and `u` are yours to free. */
bool case_find_input(struct case_file *f, const asl_value *recorded, struct case_chosen *c,
                     struct unify *u);
const asl_value *case_recorded_input(const asl_value *events);

bool case_is_blurred(const asl_value *events);
bool case_compare_blurred(struct unify *u, const asl_value *recorded, const asl_value *events,
                          struct asl_buffer *note);
bool case_compare_events(struct unify *u, const asl_value *recorded, const asl_value *events,
                         struct asl_buffer *note);

#endif
