/* The words of a command line, as settings write one: what runs a function, a credential_process.
 */
#ifndef ENGINE_LOOP_COMMAND_LINE_H
#define ENGINE_LOOP_COMMAND_LINE_H

#include <stddef.h>

#define COMMAND_LINE_WORDS 64

/* Words in place: white space parts them, quotes and backslashes join. `words` point into `line`,
 * and end in a NULL. 0: none, more than COMMAND_LINE_WORDS, or an open quote; `line` is spoilt
 * then. */
size_t command_line_split(char *line, char *words[COMMAND_LINE_WORDS + 1]);

#endif
