/* Step Functions Local's mock files (MockConfigFile.json), as they are. Serves: facts 6.
 *
 *   {"StateMachines": {"<machine>": {"TestCases": {"<case>": {"<state>": "<response>"}}}},
 *    "MockedResponses": {"<response>": {"0": {"Return": ...},
 *                                       "1-2": {"Throw": {"Error", "Cause"}}}}}
 *
 * Keys are invocations of that state within the execution, from 0. Everything that is wrong is told
 * with file, line and column, so that a typing mistake does not become a real call.
 */
#ifndef ENGINE_MOCK_CONFIG_H
#define ENGINE_MOCK_CONFIG_H

#include "asl/asl.h"

#define MOCK_CONFIG_MAXIMUM ((size_t)64 << 20) /* bytes of a file */

struct mock_config;

/* NULL: `message` (emptied first) holds what is wrong, a line each: "<name>:3:9: ...". `name` is
 * that of the file; `text` need not outlive the call. */
struct mock_config *mock_config_read(const char *name, struct asl_text text,
                                     struct asl_buffer *message);
struct mock_config *mock_config_load(const char *path, struct asl_buffer *message);
void mock_config_free(struct mock_config *c); /* NULL is allowed */

/* Is there such a test case, and are the states it names Tasks of that machine? False: `message` as
 * above. `machine` NULL: its states are not looked at. */
bool mock_config_check(const struct mock_config *c, const char *machine_name, const char *test_case,
                       const asl_machine *machine, struct asl_buffer *message);

enum mock_answer {
    MOCK_REAL,    /* the state is not mocked: the call is made */
    MOCK_RETURNS, /* `value` is the result */
    MOCK_THROWS,  /* `value` is {"Error", "Cause"} */
    MOCK_MISSING, /* mocked, but not for this invocation */
};
/* `*value` is the config's. `*response`: the mocked response's name, for messages. */
enum mock_answer mock_config_answer(const struct mock_config *c, struct asl_text machine_name,
                                    struct asl_text test_case, struct asl_text state,
                                    int64_t invocation, const asl_value **value,
                                    struct asl_text *response);

#endif
