/* A question to the person at the terminal. */
#ifndef ENGINE_CLI_ASK_H
#define ENGINE_CLI_ASK_H

#include <stdbool.h>

/* Fit for aws_options: asks on the controlling terminal for what an MFA device shows, unseen, for a
 * minute at most. False where there is no terminal, it is another's, or nothing was typed. */
bool cli_ask_code(void *state, const char *profile, const char *device, char code[16]);

#endif
