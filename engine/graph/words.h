/* What a machine's parts are called where people see them: in drawings and in coverage reports. */
#ifndef ENGINE_GRAPH_WORDS_H
#define ENGINE_GRAPH_WORDS_H

#include "asl/definition/machine.h"

/* "Pass", "Task" ...: a constant. */
const char *words_kind(enum state_kind kind);
/* What stands under a state's name: its kind, or a Task's service ("dynamodb:getItem"). */
void words_put_subtitle(struct asl_buffer *out, const struct state *s);
/* What a Choice's rule asks: `$.n > 5`, `(a and b)`, a JSONata condition. */
void words_put_rule(struct asl_buffer *out, const struct choice_rule *r);
/* "States.Timeout, States.TaskFailed" */
void words_put_errors(struct asl_buffer *out, asl_value *const *errors, size_t count);
/* Cuts to `maximum` bytes at a character's beginning and ends with "..." then. */
void words_shorten(struct asl_buffer *text, size_t maximum);

#endif
