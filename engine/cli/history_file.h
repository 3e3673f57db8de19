/* What was typed at the prompt, kept in a file: $XDG_STATE_HOME/stepwell/eval_history, else
 * ~/.local/state/stepwell/eval_history.
 *
 * The file is a JSON text a line, oldest first, so that an expression of several lines is one entry
 * and nothing in it can pass for another. An entry is appended in one write when it is made: two
 * prompts at once keep both their lines, and a killed one loses none. A file that has grown beyond
 * HISTORY_BYTES_MAXIMUM is replaced by its newest half (what another prompt, still open, adds to
 * the old one then is lost).
 *
 * Mode 0600, in folders made 0700. No symbolic link is followed at the file, and what is no plain
 * file of ours is left alone.
 */
#ifndef ENGINE_CLI_HISTORY_FILE_H
#define ENGINE_CLI_HISTORY_FILE_H

#include "asl/asl.h"

/* An entry longer than this is not kept: history is for what one would type again. */
#define HISTORY_ENTRY_MAXIMUM 4096
#define HISTORY_BYTES_MAXIMUM ((size_t)1 << 20)

struct history_file;

/* Calls `see` for every entry, oldest first. NULL where none is to be kept (STEPWELL_NO_HISTORY is
 * set and not empty), or none can be, which is then noted once on stderr. */
struct history_file *history_file_open(void (*see)(void *state, struct asl_text entry),
                                       void *state);
void history_file_close(struct history_file *f); /* NULL is allowed */

/* Keeps an entry. A failure (a full disk) ends the keeping, with one note. NULL is allowed. */
void history_file_add(struct history_file *f, struct asl_text entry);

#endif
