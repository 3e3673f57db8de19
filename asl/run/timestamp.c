/* Timestamps as AWS reads and writes them: RFC 3339 with upper-case T and Z or an offset; no clock.
 * Serves: ASL spec "Timestamps"; facts 3.7, 3.8. */
#include "run.h"

#include <stdio.h>

static bool digits(struct asl_text t, size_t *at, size_t count, int32_t *out)
{
    *out = 0;
    if (t.size - *at < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = t.data[(*at)++];
        if (c < '0' || c > '9')
            return false;
        *out = *out * 10 + (c - '0');
    }
    return true;
}

static bool literal(struct asl_text t, size_t *at, char c)
{
    if (*at >= t.size || t.data[*at] != c)
        return false;
    ++*at;
    return true;
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_civil(int64_t year, int32_t month, int32_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int32_t days_in_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool parse_fraction(struct asl_text t, size_t *at, int32_t *nanoseconds)
{
    *nanoseconds = 0;
    if (!literal(t, at, '.'))
        return true;
    size_t start = *at;
    int32_t scale = 100000000;
    for (; *at < t.size && t.data[*at] >= '0' && t.data[*at] <= '9'; ++*at, scale /= 10)
        *nanoseconds += (t.data[*at] - '0') * scale;
    return *at > start && *at - start <= 9;
}

static bool parse_offset(struct asl_text t, size_t *at, int32_t *seconds)
{
    int32_t hours, minutes, rest = 0;
    *seconds = 0;
    if (literal(t, at, 'Z'))
        return true;
    bool west = *at < t.size && t.data[*at] == '-';
    if (!literal(t, at, west ? '-' : '+') || !digits(t, at, 2, &hours) || !literal(t, at, ':') ||
        !digits(t, at, 2, &minutes))
        return false;
    if (literal(t, at, ':') && !digits(t, at, 2, &rest))
        return false;
    if (hours > 18 || minutes > 59 || rest > 59)
        return false;
    *seconds = (hours * 3600 + minutes * 60 + rest) * (west ? -1 : 1);
    return true;
}

bool timestamp_parse(struct asl_text t, int64_t *ms, int32_t *nanoseconds)
{
    size_t at = 0;
    int32_t year, month, day, hour, minute, second = 0, offset;
    if (!digits(t, &at, 4, &year) || !literal(t, &at, '-') || !digits(t, &at, 2, &month) ||
        !literal(t, &at, '-') || !digits(t, &at, 2, &day) || !literal(t, &at, 'T') ||
        !digits(t, &at, 2, &hour) || !literal(t, &at, ':') || !digits(t, &at, 2, &minute))
        return false;
    *nanoseconds = 0;
    if (literal(t, &at, ':') &&
        (!digits(t, &at, 2, &second) || !parse_fraction(t, &at, nanoseconds)))
        return false;
    if (!parse_offset(t, &at, &offset) || at != t.size)
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    int64_t seconds =
        days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    *ms = seconds * 1000 + *nanoseconds / 1000000;
    *nanoseconds %= 1000000;
    return true;
}

void timestamp_format(int64_t ms, char out[32])
{
    int64_t days = ms / 86400000, rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)(year % 10000), (int)month,
             (int)day, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
             (int)(rest % 1000));
}
