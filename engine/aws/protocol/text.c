/* Text forms of what travels: timestamps, base64, percent-encoding. Pure functions. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the calendar (proleptic Gregorian; after Howard Hinnant's days_from_civil) ---- */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second, weekday; /* Sunday 0 */
};

static struct civil civil_from(int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), mp = (5 * of_year + 2) / 153;
    struct civil c = {.year = year + era * 400, .day = (int)(of_year - (153 * mp + 2) / 5 + 1)};
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year += c.month <= 2;
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    c.weekday = (int)(((days + 4) % 7 + 7) % 7);
    return c;
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Three, six or nine digits, as few as tell it all. */
static void put_fraction(int32_t nanoseconds, struct asl_buffer *out)
{
    if (nanoseconds == 0)
        return;
    if (nanoseconds % 1000000 == 0)
        asl_buffer_printf(out, ".%03d", nanoseconds / 1000000);
    else if (nanoseconds % 1000 == 0)
        asl_buffer_printf(out, ".%06d", nanoseconds / 1000);
    else
        asl_buffer_printf(out, ".%09d", nanoseconds);
}

void protocol_time_iso8601(int64_t seconds, int32_t nanoseconds, struct asl_buffer *out)
{
    struct civil c = civil_from(seconds);
    asl_buffer_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year, c.month, c.day,
                      c.hour, c.minute, c.second);
    put_fraction(nanoseconds, out);
    asl_buffer_putc(out, 'Z');
}

static void put_rfc822(int64_t seconds, struct asl_buffer *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    struct civil c = civil_from(seconds);
    asl_buffer_printf(out, "%s, %02d %s %04lld %02d:%02d:%02d GMT", days[c.weekday], c.day,
                      months[c.month - 1], (long long)c.year, c.hour, c.minute, c.second);
}

/* Seconds with a fraction, trailing zeros cut; before 1970 the fraction counts downwards. */
static void put_unix(int64_t seconds, int32_t nanoseconds, struct asl_buffer *out)
{
    if (seconds < 0 && nanoseconds > 0) {
        seconds++;
        nanoseconds = 1000000000 - nanoseconds;
        if (seconds == 0)
            asl_buffer_putc(out, '-');
    }
    asl_buffer_printf(out, "%lld", (long long)seconds);
    if (nanoseconds == 0)
        return;
    char digits[16];
    int n = snprintf(digits, sizeof digits, ".%09d", nanoseconds);
    while (n > 0 && digits[n - 1] == '0')
        n--;
    asl_buffer_put(out, digits, (size_t)n);
}

bool time_write(int64_t seconds, int32_t nanoseconds, enum catalogue_time format,
                struct asl_buffer *out)
{
    if (format == CATALOGUE_TIME_UNIX) {
        put_unix(seconds, nanoseconds, out);
        return true;
    }
    /* Years 0000 to 9999: what the written forms can hold. */
    if (seconds < -62167219200 || seconds > 253402300799)
        return false;
    if (format == CATALOGUE_TIME_RFC822)
        put_rfc822(seconds, out);
    else
        protocol_time_iso8601(seconds, nanoseconds, out);
    return true;
}

/* ---- reading timestamps ---- */
struct cursor {
    const char *at, *end;
};

static bool digits(struct cursor *c, int least, int most, int *out)
{
    int n = 0, value = 0;
    for (; n < most && c->at < c->end && *c->at >= '0' && *c->at <= '9'; n++)
        value = 10 * value + (*c->at++ - '0');
    *out = value;
    return n >= least;
}

static bool one_of(struct cursor *c, const char *set)
{
    bool found = c->at < c->end && *c->at != '\0' && strchr(set, *c->at) != NULL;
    c->at += found;
    return found;
}

static bool fraction(struct cursor *c, int32_t *nanoseconds)
{
    int32_t scale = 100000000, value = 0;
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, scale /= 10)
        value += (*c->at - '0') * scale;
    *nanoseconds = value;
    return c->at > start;
}

/* Z, +hh:mm, +hhmm, +hh, or nothing (UTC). */
static bool offset(struct cursor *c, int64_t *seconds)
{
    *seconds = 0;
    if (c->at == c->end || one_of(c, "Zz"))
        return c->at == c->end;
    int sign = *c->at == '-' ? -1 : 1, hours = 0, minutes = 0;
    if (!one_of(c, "+-") || !digits(c, 2, 2, &hours))
        return false;
    one_of(c, ":");
    if (c->at < c->end && !digits(c, 2, 2, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return c->at == c->end && hours < 24 && minutes < 60;
}

static bool in_calendar(const struct civil *c)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31 && c->hour < 24 &&
           c->minute < 60 && c->second <= 60;
}

static int64_t seconds_of(const struct civil *c)
{
    return days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 +
           c->second;
}

static bool parse_iso8601(struct asl_text t, int64_t *seconds, int32_t *nanoseconds)
{
    struct cursor at = {t.data, t.data + t.size};
    struct civil c = {0};
    int year;
    int64_t shift = 0;
    if (!digits(&at, 4, 4, &year) || !one_of(&at, "-") || !digits(&at, 2, 2, &c.month) ||
        !one_of(&at, "-") || !digits(&at, 2, 2, &c.day))
        return false;
    c.year = year;
    *nanoseconds = 0;
    if (at.at < at.end) {
        if (!one_of(&at, "Tt ") || !digits(&at, 2, 2, &c.hour) || !one_of(&at, ":") ||
            !digits(&at, 2, 2, &c.minute))
            return false;
        if (one_of(&at, ":") && !digits(&at, 2, 2, &c.second))
            return false;
        if (one_of(&at, ".,") && !fraction(&at, nanoseconds))
            return false;
        if (!offset(&at, &shift))
            return false;
    }
    *seconds = seconds_of(&c) - shift;
    return in_calendar(&c);
}

/* "Sun, 02 Jan 2000 20:34:56 GMT"; the day's name is optional, a fraction is allowed. */
static bool parse_rfc822(struct asl_text t, int64_t *seconds, int32_t *nanoseconds)
{
    struct cursor at = {t.data, t.data + t.size};
    const char *comma = memchr(t.data, ',', t.size);
    if (comma != NULL)
        at.at = comma + 1;
    while (one_of(&at, " "))
        ;
    struct civil c = {0};
    int year;
    if (!digits(&at, 1, 2, &c.day) || !one_of(&at, " -") || at.end - at.at < 4)
        return false;
    for (int i = 0; i < 12; i++)
        if (memcmp(at.at, months[i], 3) == 0)
            c.month = i + 1;
    at.at += 3;
    if (!one_of(&at, " -") || !digits(&at, 4, 4, &year) || !one_of(&at, " ") ||
        !digits(&at, 2, 2, &c.hour) || !one_of(&at, ":") || !digits(&at, 2, 2, &c.minute) ||
        !one_of(&at, ":") || !digits(&at, 2, 2, &c.second))
        return false;
    *nanoseconds = 0;
    if (one_of(&at, ".") && !fraction(&at, nanoseconds))
        return false;
    c.year = year;
    *seconds = seconds_of(&c);
    return in_calendar(&c);
}

static bool parse_unix(struct asl_text t, int64_t *seconds, int32_t *nanoseconds)
{
    asl_value *number = value_number_text(t);
    if (number == NULL)
        return false;
    double d = value_as_double(number);
    int64_t whole;
    bool exact = value_as_integer(number, &whole);
    value_release(number);
    /* Beyond a million years nobody keeps time, and the arithmetic stays far from overflow. */
    if (!(d > -3.2e13 && d < 3.2e13))
        return false;
    *nanoseconds = 0;
    if (exact) {
        *seconds = whole;
        return true;
    }
    /* A double holds today's time to the microsecond; what lies below is noise. */
    double floor_of = (double)(int64_t)d - (d < (double)(int64_t)d);
    int64_t micro = (int64_t)((d - floor_of) * 1e6 + 0.5);
    *seconds = (int64_t)floor_of + micro / 1000000;
    *nanoseconds = (int32_t)(micro % 1000000 * 1000);
    return true;
}

bool protocol_time_parse(struct asl_text text, int64_t *seconds, int32_t *nanoseconds)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\n')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\n'))
        text.size--;
    return text.size > 0 && text.size < 64 &&
           (parse_unix(text, seconds, nanoseconds) || parse_iso8601(text, seconds, nanoseconds) ||
            parse_rfc822(text, seconds, nanoseconds));
}

/* ---- base64 (RFC 4648) ---- */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void protocol_base64_encode(struct asl_text bytes, struct asl_buffer *out)
{
    const unsigned char *p = (const unsigned char *)bytes.data;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t three = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                         (left > 2 ? p[i + 2] : 0);
        char four[4] = {alphabet[three >> 18], alphabet[three >> 12 & 63],
                        left > 1 ? alphabet[three >> 6 & 63] : '=',
                        left > 2 ? alphabet[three & 63] : '='};
        asl_buffer_put(out, four, sizeof four);
    }
}

bool protocol_base64_decode(struct asl_text text, struct asl_buffer *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t i = 0;
    for (; i < text.size && text.data[i] != '='; i++) {
        char c = text.data[i];
        if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
            continue;
        const char *found = c != '\0' ? strchr(alphabet, c) : NULL;
        if (found == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(found - alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            asl_buffer_putc(out, (char)(bits >> held & 0xff));
        }
    }
    for (; i < text.size; i++)
        if (text.data[i] != '=' && text.data[i] != '\n' && text.data[i] != '\r')
            return false;
    return held < 6;
}

/* ---- percent-encoding (RFC 3986: all but the unreserved) ---- */
void percent_encode(struct asl_text text, bool keep_slashes, struct asl_buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool kept = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.' || c == '_' || c == '~' || (keep_slashes && c == '/');
        if (kept)
            asl_buffer_putc(out, (char)c);
        else
            asl_buffer_put(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}
