/* TestState: one state, run by the ordinary step, with its call mocked or really made.
 *
 *   operation.c    the call's life; which state it is about
 *   request.c      everything that AWS refuses before it runs anything
 *   context.c      the rules for a context object that is given
 *   reader.c       what an ItemReader makes of the data that is given for it
 *   play.c         steps, mocks, real calls, time
 *   answer.c       what is told of it: status, output, inspectionData
 *   source_text.c  values shown as they were written
 *
 * Serves: facts 1.7. The state stands alone in a machine ("StateName"); what it leads to is a
 * Succeed of that name, so that the second state entered is "nextState". Everything shown comes
 * through the step's onlooker (asl_env.see).
 */
#ifndef ENGINE_API_TEST_STATE_H
#define ENGINE_API_TEST_STATE_H

#include "asl/definition/machine.h"
#include "engine/api/internal.h"

struct test_state {
    struct api_call *call;
    /* of the request; each NULL where it is absent */
    asl_value *definition, *state; /* the whole, and the state itself as it is compiled */
    asl_value *variables, *context, *mock_result;
    asl_value *items, *pointed; /* of mapItemReaderData; and after ItemsPointer */
    struct asl_text input;
    struct asl_text mock_text, mock_error, mock_cause;
    bool is_mocked, is_mock_error;
    int64_t failed_iterations;
    const char *read_failure; /* a reader's cause: States.ItemReaderFailed */
    asl_machine *machine;
    const struct state *tested; /* the machine's */

    /* while it runs */
    asl_execution *x;
    struct asl_env env;
    struct asl_result result;
    int64_t now, deadline; /* ms; time is virtual but for a real call */
    struct task *task;     /* the real call, or NULL */
    int64_t task_id;
    struct loop_timer *timer;

    /* what was seen */
    asl_value *seen[ASL_SIGHTS];
    asl_value *request, *response;    /* of an HTTP Task, under TRACE */
    int64_t retry_index, catch_index; /* -1: none */
    bool is_retriable, is_caught, is_late;
    char *error, *cause; /* of what was retried or caught */
    char *next;
    size_t entered;
};

/* False after answering. */
bool test_state_read(struct test_state *t);
bool test_state_check_context(struct test_state *t);
/* mapItemReaderData to t->items. False: t->read_failure is the cause. */
bool test_state_read_items(struct test_state *t, struct asl_text data);
/* Calls test_state_done now or later. */
void test_state_play(struct test_state *t);
void test_state_stop(struct test_state *t); /* lets go of a call that is under way */
void test_state_done(struct test_state *t); /* answers, and frees */
void test_state_free(struct test_state *t);
asl_value *test_state_answer(struct test_state *t); /* yours */

/* The bytes in `text` (`whole` was read from it) that `part`, a value within it, was read from;
 * {NULL, 0} when it is no part of it, or no array or object. */
struct asl_text source_text(struct asl_text text, const asl_value *whole, const asl_value *part);

#endif
