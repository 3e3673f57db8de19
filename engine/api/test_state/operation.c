/* The call's life: made here, answered and freed in test_state_done(), let go when the client
 * leaves.
 */
#include <stdlib.h>

#include "engine/api/test_state/test_state.h"

void test_state_free(struct test_state *t)
{
    asl_value *values[] = {t->definition, t->state,   t->variables, t->context, t->mock_result,
                           t->items,      t->pointed, t->request,   t->response};
    test_state_stop(t);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        value_release(values[i]);
    for (size_t i = 0; i < ASL_SIGHTS; i++)
        value_release(t->seen[i]);
    free(t->error);
    free(t->cause);
    free(t->next);
    asl_result_free(&t->result);
    asl_execution_free(t->x);
    asl_machine_release(t->machine);
    free(t);
}

static void gone(struct api_call *call)
{
    bool is_closing = call->api->is_closing;
    test_state_free(call->own);
    if (!is_closing)
        api_answer_empty(call);
}

void test_state_done(struct test_state *t)
{
    struct api_call *call = t->call;
    asl_value *out = test_state_answer(t);
    call->gone = NULL;
    test_state_free(t);
    api_answer_take(call, out);
}

void api_TestState(struct api_call *call)
{
    struct test_state *t = asl_allocate_zeroed(1, sizeof *t);
    t->call = call;
    t->retry_index = t->catch_index = -1;
    asl_result_init(&t->result, NULL);
    if (!test_state_read(t)) {
        test_state_free(t);
        return;
    }
    call->own = t;
    call->gone = gone;
    test_state_play(t);
}
