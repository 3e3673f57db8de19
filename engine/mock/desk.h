/* The desk where mocked calls of an engine are answered: executions that were started for a test
 * case of a mock file. Which case an execution plays, and how often each state has asked, is kept
 * with it in the store: a restart goes on where it was.
 *
 * The file is read again when it has changed; a start under a file that is wrong is refused.
 */
#ifndef ENGINE_MOCK_DESK_H
#define ENGINE_MOCK_DESK_H

#include "engine/run/engine.h"

struct mock_desk;

/* `path` NULL: no file; executions of an earlier run that played a case then fail where they ask.
 * Make it before the loop runs. NULL: `message` says what is wrong with the file. */
struct mock_desk *mock_desk_new(struct engine *engine, const char *path,
                                struct asl_buffer *message);
void mock_desk_free(struct mock_desk *d); /* NULL is allowed; after engine_close */

/* Whether an execution of a machine may be started for a case: false and what is wrong. */
bool mock_desk_check(struct mock_desk *d, const char *machine_name, const char *test_case,
                     const asl_machine *machine, struct asl_buffer *message);
/* The mark that makes it one, for engine_start; free what it holds with mock_desk_unmark. */
void mock_desk_mark(struct mock_desk *d, const char *machine_name, const char *test_case,
                    struct engine_mark *mark);
void mock_desk_unmark(struct engine_mark *mark);

#endif
