/* What a test expects, held against what came: the test's result.
 *
 * A result is a JSON value, because it goes from the process that played to the one that reports:
 * {"name", "outcome": "passed|failed|skipped", "why" (skipped), "status", "error", "cause", "path"
 * (for people), "seconds" (virtual), "events", "failures": [...], "edits": [{"pointer", "value"}],
 * "used": [pointers of the file's own mocks that answered]}. A failure is {"what", "pointer",
 * "line", "column", "place", "expected", "came"} or {"what", "message", "line", "column"}.
 */
#ifndef ENGINE_TEST_EXPECT_H
#define ENGINE_TEST_EXPECT_H

#include "engine/test/run.h"

/* Plays the test and judges it; yours. `update`: with edits. */
asl_value *test_judge(const struct test_file *f, const struct test_case *t,
                      const struct world *world, bool update);
/* The result of a test that is not run. */
asl_value *test_skipped(const struct test_case *t, struct asl_text why);
/* Of one that could not be played to its end (its process died). */
asl_value *test_broken(const struct test_file *f, size_t index, const char *message);
bool result_has(const asl_value *result, const char *outcome);

#endif
