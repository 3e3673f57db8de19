/* What a server says while it runs: lines on stderr, plain or JSON, from a level on. One line a
 * happening; nothing of inputs, outputs, keys or tokens is ever in one.
 *
 *   plain   stepwell: delivery of logs: ...
 *   json    {"time":"2026-11-22T09:00:00.123Z","level":"warn","message":"delivery of logs: ..."}
 */
#ifndef ENGINE_CLI_LOG_H
#define ENGINE_CLI_LOG_H

#include <stdbool.h>

#include "engine/api/api.h"

struct log {
    enum api_level level;
    bool json;
};

/* `format` "plain" or "json", `level` "error", "warn", "info" or "debug"; NULL: plain, info. False
 * after complaining. From here on, what commands note goes this way too. */
bool log_open(struct log *l, const char *format, const char *level);
/* Fit for struct api_options. */
void log_line(void *log, enum api_level level, const char *line);
/* Fit for struct engine_options: a warning. */
void log_warning(void *log, const char *line);

#endif
