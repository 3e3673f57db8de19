/* Lines from a person at a terminal: edited, and remembered between sessions. The only place that
 * knows libedit.
 */
#ifndef ENGINE_CLI_LINE_H
#define ENGINE_CLI_LINE_H

#include "asl/asl.h"

struct line_reader;

enum line_outcome {
    LINE_READ,
    LINE_CLEARED, /* Ctrl-C: what was typed is gone */
    LINE_END,     /* Ctrl-D on an empty line, or the terminal is gone */
};

/* stdin must be a terminal. Takes over SIGINT until line_close(). Notes once on stderr when no
 * history can be kept, and goes on without. NULL after complaining when there is no memory for an
 * editor. */
struct line_reader *line_open(void);
void line_close(struct line_reader *r); /* NULL is allowed */

/* A line without its end, appended to `out`; only with LINE_READ. */
enum line_outcome line_read(struct line_reader *r, const char *prompt, struct asl_buffer *out);

/* Puts `text` (which may have several lines) at the end of the history, where the arrow keys find
 * it; and in the file of history_file.h. */
void line_remember(struct line_reader *r, struct asl_text text);

#endif
