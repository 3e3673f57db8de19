/* Could the operation have answered that? A mocked result or error, judged by the service model.
 *
 * A resource stands for an operation's output: its own for a request-response integration, what
 * Describe shows of the job for .sync. Activities, functions by their ARN, HTTP endpoints and
 * .waitForTaskToken answer with whatever their author likes: nothing is checked there.
 *
 * Serves: facts 1.7 (mock.fieldValidationMode of TestState, AWS's words).
 */
#ifndef ENGINE_MOCK_CHECK_H
#define ENGINE_MOCK_CHECK_H

#include "asl/asl.h"
#include "asl/definition/machine.h"
#include "engine/aws/constraint.h"

enum mock_mode {
    MOCK_STRICT,  /* required members are there, and what is there is as the model has it */
    MOCK_PRESENT, /* what is there is as the model has it */
    MOCK_NONE,    /* no check */
};
/* By TestState's word ("STRICT"); false when it is none of the three. */
bool mock_mode_named(struct asl_text name, enum mock_mode *mode);

/* `checker` and `catalogue` as in constraint.h; both are only borrowed for the call. `message` is
 * emptied first. False: it holds AWS's words, "Mock result schema validation error: Field
 * 'MemorySize' exceeds the maximum value". Members the model does not know are let pass, as AWS
 * does; timestamps and blobs are strings. What AWS itself answered once (a recorded history) need
 * not be checked, and may not pass: the optimized integrations show times as numbers. */
bool mock_check_result(struct constraint_checker *checker, struct catalogue *catalogue,
                       const struct resource *resource, enum mock_mode mode,
                       const asl_value *result, struct asl_buffer *message);

/* Whether a task of the resource can end with an error of that name. AWS's TestState takes any;
 * this is for tests that shall not lie. False: `message` (emptied first) says in our words which
 * name it is and what was probably meant. */
bool mock_check_error(struct catalogue *catalogue, const struct resource *resource,
                      struct asl_text error, struct asl_buffer *message);

#endif
