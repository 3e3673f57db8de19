/* The place of a mistake, shown: its line, and a caret under it. For expressions of people, which
 * may hold tabs, wide characters, control characters and several lines.
 */
#ifndef ENGINE_CLI_CARET_H
#define ENGINE_CLI_CARET_H

#include "asl/asl.h"

/* Widths of characters are the locale's: call it once, before the first caret (or prompt). Takes
 * UTF-8 where the environment asks for less; touches nothing but LC_CTYPE. */
void caret_use_locale(void);

/* Shows, on stderr, the line of `source` that holds byte `at`, and a caret under that byte's
 * character; with the line's number when there are several. Of a line that is wider than the
 * terminal only the neighbourhood is shown; control characters are shown as `?`. */
void caret_show(struct asl_text source, size_t at);

#endif
