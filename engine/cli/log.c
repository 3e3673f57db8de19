/* Log lines on stderr. */
#include "engine/cli/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/cli/cli.h"

static const char *const levels[] = {"error", "warn", "info", "debug"};

static void print_json(enum api_level level, const char *line)
{
    struct asl_buffer out;
    struct timespec now;
    struct tm t;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &t);
    asl_buffer_init(&out, 1 << 16);
    asl_buffer_printf(&out, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"message\":", stamp,
                      (int)(now.tv_nsec / 1000000), levels[level]);
    value_print_string(asl_text(line), &out);
    asl_buffer_puts(&out, "}\n");
    fwrite(out.data, 1, out.size, stderr);
    asl_buffer_free(&out);
}

void log_line(void *log, enum api_level level, const char *line)
{
    const struct log *l = log;
    if (level > l->level)
        return;
    if (l->json)
        print_json(level, line);
    else
        fprintf(stderr, "stepwell: %s\n", line);
}

void log_warning(void *log, const char *line)
{
    log_line(log, API_WARN, line);
}

static void note(void *log, const char *line)
{
    log_line(log, API_INFO, line);
}

bool log_open(struct log *l, const char *format, const char *level)
{
    *l = (struct log){.level = API_INFO, .json = format && strcmp(format, "json") == 0};
    if (format && !l->json && strcmp(format, "plain") != 0) {
        cli_fail(EXIT_WRONG_USAGE, "--log-format is plain or json, not '%s'", format);
        return false;
    }
    size_t at = 0, count = sizeof levels / sizeof *levels;
    while (level && at < count && strcmp(level, levels[at]) != 0)
        at++;
    if (at == count) {
        cli_fail(EXIT_WRONG_USAGE, "--log-level is error, warn, info or debug, not '%s'", level);
        return false;
    }
    if (level)
        l->level = (enum api_level)at;
    cli_notes_to(note, l);
    return true;
}
