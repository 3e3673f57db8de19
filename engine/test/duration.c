/* Reading and printing times; see duration.h. */
#include "engine/test/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/replay/recording.h"

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1},
};
#define UNITS (sizeof units / sizeof *units)

static bool add(double amount, int64_t unit, int64_t *ms)
{
    double sum = (double)*ms + amount * (double)unit;
    if (!(sum >= 0 && sum <= (double)DURATION_MAXIMUM))
        return false;
    *ms = (int64_t)(sum + 0.5);
    return true;
}

/* "30 min" at *at, which moves on. */
static bool read_part(const char **at, int64_t *ms)
{
    char *end;
    if (!strchr("0123456789", **at))
        return false;
    double amount = strtod(*at, &end);
    while (*end == ' ')
        end++;
    size_t size = strspn(end, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < UNITS; i++)
        if (strlen(units[i].name) == size && strncmp(end, units[i].name, size) == 0) {
            *at = end + size + strspn(end + size, " ");
            return add(amount, units[i].ms, ms);
        }
    return false;
}

bool duration_read(const asl_value *v, int64_t *ms)
{
    char text[64];
    *ms = 0;
    if (value_kind(v) == VALUE_NUMBER)
        return add(value_as_double(v), 1000, ms);
    struct asl_text t = value_as_text(v);
    if (value_kind(v) != VALUE_STRING || !t.size || t.size >= sizeof text ||
        memchr(t.data, '\0', t.size))
        return false;
    memcpy(text, t.data, t.size);
    text[t.size] = '\0';
    for (const char *at = text; *at;)
        if (!read_part(&at, ms))
            return false;
    return true;
}

void duration_print(int64_t ms, struct asl_buffer *out)
{
    size_t before = out->size;
    for (size_t i = 0; i < UNITS; i++) {
        int64_t amount = ms / units[i].ms;
        ms %= units[i].ms;
        if (amount)
            asl_buffer_printf(out, "%s%lld %s", out->size > before ? " " : "", (long long)amount,
                              units[i].name);
    }
    if (out->size == before)
        asl_buffer_puts(out, "0 s");
}

bool moment_read(const asl_value *v, int64_t *ms)
{
    *ms = recording_time(v);
    return *ms >= 0;
}

void moment_print(int64_t ms, struct asl_buffer *out)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[40];
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    asl_buffer_printf(out, "%s.%03dZ", text, (int)(ms % 1000));
}
