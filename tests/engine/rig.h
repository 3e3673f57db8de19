/* The rig of the engine's tests: a folder, a loop, an engine, and a connector of our own whose
 * functions' names say what they do: echo, fail, submit (any other name), after half a second;
 * "hang" and what begins with "invoke" never answer. Time is skipped. One rig a program; begin and
 * end are a test's setup and teardown.
 *
 * A program brings the connector in itself, instead of the table's:
 *
 *     const struct connector *connector_for(const struct resource *resource)
 *     {
 *         return rig_connector_for(resource);
 *     }
 */
#ifndef TESTS_ENGINE_RIG_H
#define TESTS_ENGINE_RIG_H

#include "engine/run/engine.h"

struct rig {
    struct engine *engine; /* between rig_open and rig_close */
    struct loop *loop;
    char folder[64], path[96];          /* of the store */
    char complaints[4096];              /* all the engine complained about */
    enum engine_in_flight in_flight;    /* for the next rig_open */
    int sent, sent_again, cancelled;    /* calls of the connector */
    char last_token[1100];              /* of the last call */
    bool is_repeatable;                 /* what the connector says of its calls */
    enum engine_outcome last_outcome;   /* noted by rig_note_outcome */
    struct engine_started last_started; /* of rig_start; ENGINE_NO_SUCH_TASK: not answered yet */
    char last_arn[256];
};
extern struct rig rig;

int rig_begin(void **state);
int rig_end(void **state);
void rig_open(enum loop_time time);
void rig_close(void);
/* Lets the loop run for that long by its own clock. */
void rig_run_for(int64_t ms);
int64_t rig_put(const char *name, const char *definition); /* a machine's id */
int64_t rig_start(int64_t machine, const char *name, const char *input);
void rig_note_outcome(void *state, enum engine_outcome outcome);
const struct connector *rig_connector_for(const struct resource *resource);

struct rig_found {
    int status;
    int64_t id, due, open_tasks, last_event, started, stopped;
};
struct rig_found rig_find(int64_t execution);

/* "ExecutionStarted WaitStateEntered ...", and ids must run without a gap. */
struct rig_history {
    char types[4096];
    int64_t next; /* set to 1 before the first event */
};
bool rig_note_event(void *history, int64_t id, const asl_value *event);
const char *rig_history(int64_t execution); /* good until the next call */

#define TASK(function)                                                                             \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                        \
    "\"arn:aws:lambda:us-east-1:123456789012:function:" function "\",\"End\":true}}}"
#define CALLBACK(resource)                                                                         \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"                        \
    "\"arn:aws:states:::" resource ".waitForTaskToken\",\"Parameters\":{\"FunctionName\":\"f\","   \
    "\"QueueUrl\":\"q\",\"MessageBody\":{\"t.$\":\"$$.Task.Token\"}},\"End\":true}}}"
#define PASS                                                                                       \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"                     \
    "\"B\":{\"Type\":\"Pass\",\"End\":true}}}"
#define WAIT                                                                                       \
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":60,\"Next\":\"P\"},"      \
    "\"P\":{\"Type\":\"Pass\",\"End\":true}}}"
#define FOR_EVER                                                                                   \
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"C\"},\"C\":{\"Type\":"     \
    "\"Choice\",\"Choices\":[{\"Variable\":\"$.end\",\"IsPresent\":true,\"Next\":\"Z\"}],"         \
    "\"Default\":\"A\"},\"Z\":{\"Type\":\"Succeed\"}}}"

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_begin, rig_end)

#endif
