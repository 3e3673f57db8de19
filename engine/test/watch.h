/* Waiting until something changes that tests depend on: test files, definitions, what they name. */
#ifndef ENGINE_TEST_WATCH_H
#define ENGINE_TEST_WATCH_H

#include "engine/test/suite.h"

/* Watches the folders in which the suite's files stand. -1: it cannot be had (errno). */
int watch_open(const struct suite *s);
/* Returns once a file that counts has changed and it has been quiet for a moment; false:
 * interrupted. */
bool watch_wait(int watch, const struct suite *s);

#endif
