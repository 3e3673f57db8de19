/* Calls that a test really makes (mocks that say "call"): each as a one-state execution on an
 * engine of its own, in real time, with the routes of the command and of the test. The engine is
 * opened with a test's first call, keeps its store (and the stand-ins' data, unless --data names a
 * folder) in a folder of its own, and is gone when the next test begins. */
#ifndef ENGINE_CLI_TEST_CALLS_H
#define ENGINE_CLI_TEST_CALLS_H

#include "engine/cli/session.h"
#include "engine/test/run.h"

/* For suite_options: `settings` is a struct session_settings; db and time in it are not looked at.
 */
void test_calls_open(void *settings, struct world *world);
void test_calls_close(void *settings, struct world *world);

#endif
