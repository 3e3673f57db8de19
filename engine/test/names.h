/* Whether what a test file says fits the machine it names: every state, mock and expectation. */
#ifndef ENGINE_TEST_NAMES_H
#define ENGINE_TEST_NAMES_H

#include "engine/test/file.h"

/* Adds to the file's complaints; needs its machine. */
void names_check(struct test_file *f, const struct reader *reader);

#endif
