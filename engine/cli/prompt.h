/* The prompt of `stepwell eval`, on a terminal. */
#ifndef ENGINE_CLI_PROMPT_H
#define ENGINE_CLI_PROMPT_H

#include "engine/cli/desk.h"

/* Reads expressions and commands (":help") until Ctrl-D. Returns the exit status. */
int prompt_run(struct desk *d);

#endif
