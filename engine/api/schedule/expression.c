/* Parsing by a table of fields; the next moment by going through days, then hours and minutes: 230
 * years are 84,000 days, so that even an impossible date is found out in a millisecond. */
#include "expression.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define FIRST_YEAR 1970
#define LAST_YEAR  2199
#define MINUTE_MS  INT64_C(60000)
#define DAY_S      INT64_C(86400)

/* ---- the calendar ---- */

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

static int weekday_of(int year, int month, int day)
{
    return (int)((days_of(year, month, day) + 4) % 7) + 1; /* 1970-01-01 was a Thursday */
}

/* ---- zones: the C library's, set for the moment of a conversion ---- */

static char *enter_zone(const char *zone)
{
    const char *old = getenv("TZ");
    char *kept = old ? strdup(old) : NULL;
    setenv("TZ", zone ? zone : "UTC", 1);
    tzset();
    return kept;
}

static void leave_zone(char *kept)
{
    if (kept)
        setenv("TZ", kept, 1);
    else
        unsetenv("TZ");
    tzset();
    free(kept);
}

bool schedule_zone_exists(const char *zone)
{
    char path[256];
    if (strcmp(zone, "UTC") == 0)
        return true;
    if (strlen(zone) > 64 || strstr(zone, "..") || !isalpha((unsigned char)zone[0]) ||
        zone[strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")])
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
    return access(path, R_OK) == 0;
}

/* A local time as UTC, in ms; SCHEDULE_NEVER when the clocks pass over it. */
static int64_t to_utc(int year, int month, int day, int hour, int minute, int second)
{
    struct tm t = {.tm_year = year - 1900,
                   .tm_mon = month - 1,
                   .tm_mday = day,
                   .tm_hour = hour,
                   .tm_min = minute,
                   .tm_sec = second,
                   .tm_isdst = -1};
    time_t at = mktime(&t);
    if (t.tm_hour != hour || t.tm_min != minute)
        return SCHEDULE_NEVER;
    return (int64_t)at * 1000;
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
    char *message;
};

static bool refuse(struct reader *r, const char *why)
{
    snprintf(r->message, 200, "%s", why);
    return false;
}

static bool take_number(struct reader *r, int64_t maximum, int64_t *out)
{
    const char *start = r->at;
    *out = 0;
    while (r->at < r->end && isdigit((unsigned char)*r->at) && *out <= maximum)
        *out = *out * 10 + (*r->at++ - '0');
    return r->at > start && *out <= maximum;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || strncasecmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static bool take_blank(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at == ' ')
        r->at++;
    return r->at > start;
}

static bool read_rate(struct reader *r, struct schedule_expression *e)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"minute", MINUTE_MS}, {"hour", 60 * MINUTE_MS}, {"day", 24 * 60 * MINUTE_MS}};
    int64_t value;
    if (!take_number(r, 999999, &value) || value == 0 || !take_blank(r))
        return refuse(r, "rate wants a positive number and a unit: rate(5 minutes)");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!take_word(r, units[i].unit))
            continue;
        bool plural = take_word(r, "s");
        if (r->at != r->end || plural == (value == 1))
            return refuse(
                r, "rate's unit is singular with 1 and plural else: rate(1 hour), rate(2 hours)");
        e->kind = SCHEDULE_RATE;
        e->period_ms = value * units[i].ms;
        return true;
    }
    return refuse(r, "rate's unit is minutes, hours or days: rate(5 minutes)");
}

static bool read_at(struct reader *r, struct schedule_expression *e)
{
    static const char separators[] = "--T::";
    int64_t parts[6];
    for (int i = 0; i < 6; i++)
        if (!take_number(r, 9999, &parts[i]) ||
            (i < 5 && (r->at == r->end || *r->at++ != separators[i])))
            return refuse(r, "at wants a date and time: at(2026-11-22T09:00:00)");
    if (r->at != r->end || parts[0] < FIRST_YEAR || parts[0] > LAST_YEAR || parts[1] < 1 ||
        parts[1] > 12 || parts[2] < 1 || parts[2] > month_length((int)parts[0], (int)parts[1]) ||
        parts[3] > 23 || parts[4] > 59 || parts[5] > 59)
        return refuse(r, "at wants a date and time that exist: at(2026-11-22T09:00:00)");
    e->kind = SCHEDULE_AT;
    e->at = (days_of((int)parts[0], (int)parts[1], (int)parts[2]) * DAY_S + parts[3] * 3600 +
             parts[4] * 60 + parts[5]) *
            1000;
    return true;
}

/* ---- cron ---- */

enum field { MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS, YEARS, FIELDS };
static const struct {
    const char *name;
    int low, high;
    const char *names; /* three letters each, from `low` on */
} fields[FIELDS] = {
    {"minutes", 0, 59, NULL},
    {"hours", 0, 23, NULL},
    {"day-of-month", 1, 31, NULL},
    {"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {"day-of-week", 1, 7, "SUNMONTUEWEDTHUFRISAT"},
    {"year", FIRST_YEAR, LAST_YEAR, NULL},
};

static bool refuse_field(struct reader *r, enum field f)
{
    snprintf(r->message, 200,
             "the %s field of cron does not read: it takes %d-%d%s with , - * /%s; for example "
             "cron(0 9 ? * MON-FRI *)",
             fields[f].name, fields[f].low, fields[f].high, fields[f].names ? " or names" : "",
             f == DAYS       ? " ? L W"
             : f == WEEKDAYS ? " ? L #"
                             : "");
    return false;
}

static bool take_value(struct reader *r, enum field f, int *out)
{
    int64_t number;
    for (int i = fields[f].low; fields[f].names && i <= fields[f].high; i++) {
        const char *name = fields[f].names + (i - fields[f].low) * 3;
        if (r->end - r->at >= 3 && strncasecmp(r->at, name, 3) == 0) {
            r->at += 3;
            *out = i;
            return true;
        }
    }
    if (!take_number(r, 9999, &number) || number < fields[f].low || number > fields[f].high)
        return false;
    *out = (int)number;
    return true;
}

static void set(struct schedule_expression *e, enum field f, int value)
{
    uint32_t bit = f == YEARS || f == MINUTES ? 0 : (uint32_t)1 << value;
    switch (f) {
    case MINUTES:
        e->minutes |= (uint64_t)1 << value;
        return;
    case HOURS:
        e->hours |= bit;
        return;
    case DAYS:
        e->days |= bit;
        return;
    case MONTHS:
        e->months |= bit;
        return;
    case WEEKDAYS:
        e->weekdays |= bit;
        return;
    default:
        e->years[(value - FIRST_YEAR) / 64] |= (uint64_t)1 << ((value - FIRST_YEAR) % 64);
    }
}

/* L, LW, nW of days; L, nL, n#k of weekdays. Reads nothing when it is none of them. */
static bool take_special(struct reader *r, struct schedule_expression *e, enum field f)
{
    const char *start = r->at;
    int64_t nth;
    int value;
    if (f == DAYS && take_word(r, "LW"))
        return e->last_workday = true;
    if (f == DAYS && take_word(r, "L"))
        return e->last_day = true;
    if (f == WEEKDAYS && take_word(r, "L")) {
        set(e, f, 7);
        return true;
    }
    if ((f == DAYS || f == WEEKDAYS) && take_value(r, f, &value)) {
        if (f == DAYS && take_word(r, "W")) {
            e->near_days |= (uint32_t)1 << value;
            return true;
        }
        if (f == WEEKDAYS && take_word(r, "L")) {
            e->last_weekdays |= (uint32_t)1 << value;
            return true;
        }
        if (f == WEEKDAYS && take_word(r, "#") && take_number(r, 5, &nth) && nth > 0) {
            e->nth_weekdays[nth] |= (uint32_t)1 << value;
            return true;
        }
    }
    r->at = start;
    return false;
}

static bool take_item(struct reader *r, struct schedule_expression *e, enum field f)
{
    int low = fields[f].low, high = fields[f].high;
    int64_t step = 1;
    if (take_special(r, e, f))
        return true;
    bool all = take_word(r, "*"), range = false;
    if (!all) {
        if (!take_value(r, f, &low))
            return false;
        range = take_word(r, "-");
        high = low;
        if (range && !take_value(r, f, &high))
            return false;
    }
    if (take_word(r, "/")) {
        if (!take_number(r, 9999, &step) || step == 0)
            return false;
        high = all || range ? high : fields[f].high;
    }
    if (high < low) { /* FRI-MON goes round */
        for (int v = low; v <= fields[f].high; v++)
            set(e, f, v);
        low = fields[f].low;
    }
    for (int v = low; v <= high; v += (int)step)
        set(e, f, v);
    return true;
}

static bool read_field(struct reader *r, struct schedule_expression *e, enum field f)
{
    bool may_be_any = f == DAYS || f == WEEKDAYS;
    if (may_be_any && take_word(r, "?")) {
        *(f == DAYS ? &e->any_day : &e->any_weekday) = true;
        return true;
    }
    do
        if (!take_item(r, e, f))
            return refuse_field(r, f);
    while (take_word(r, ","));
    return true;
}

static bool read_cron(struct reader *r, struct schedule_expression *e)
{
    e->kind = SCHEDULE_CRON;
    for (enum field f = 0; f < FIELDS; f++) {
        if (f > 0 && !take_blank(r))
            return r->at == r->end
                       ? refuse(r, "cron wants six fields: minutes hours day-of-month month "
                                   "day-of-week year, for example cron(0 9 ? * MON-FRI *)")
                       : refuse_field(r, f - 1);
        if (!read_field(r, e, f))
            return false;
    }
    if (r->at != r->end)
        return refuse_field(r, YEARS);
    if (e->any_day == e->any_weekday)
        return refuse(r, "exactly one of cron's day-of-month and day-of-week is '?', for example "
                         "cron(0 9 ? * MON-FRI *)");
    return true;
}

bool schedule_parse(struct asl_text text, struct schedule_expression *e, char message[200])
{
    static const struct {
        const char *start;
        bool (*read)(struct reader *r, struct schedule_expression *e);
    } kinds[] = {{"rate(", read_rate}, {"cron(", read_cron}, {"at(", read_at}};
    *e = (struct schedule_expression){.kind = SCHEDULE_RATE};
    struct reader r = {text.data, text.data + text.size, message};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (asl_text_starts(text, kinds[i].start) && asl_text_ends(text, ")")) {
            r.at += strlen(kinds[i].start);
            r.end--;
            return kinds[i].read(&r, e);
        }
    return refuse(&r,
                  "a schedule is rate(...), cron(...) or at(...), for example rate(30 minutes)");
}

/* ---- the next moment ---- */

static bool is_near_workday(const struct schedule_expression *e, int year, int month, int day)
{
    int length = month_length(year, month);
    for (int wanted = 1; wanted <= 31; wanted++) {
        if (!(e->near_days & (uint32_t)1 << wanted) && !(e->last_workday && wanted == length))
            continue;
        if (wanted > length)
            continue;
        int weekday = weekday_of(year, month, wanted), found = wanted;
        if (weekday == 7)
            found = wanted > 1 ? wanted - 1 : wanted + 2;
        else if (weekday == 1)
            found = wanted < length ? wanted + 1 : wanted - 2;
        if (found == day)
            return true;
    }
    return false;
}

static bool fits_day(const struct schedule_expression *e, int year, int month, int day)
{
    int length = month_length(year, month), weekday = weekday_of(year, month, day);
    uint32_t bit = (uint32_t)1 << weekday;
    if (!e->any_day)
        return (e->days & (uint32_t)1 << day) || (e->last_day && day == length) ||
               is_near_workday(e, year, month, day);
    return (e->weekdays & bit) || ((e->last_weekdays & bit) && day + 7 > length) ||
           (e->nth_weekdays[(day - 1) / 7 + 1] & bit);
}

static int64_t next_of_day(const struct schedule_expression *e, int year, int month, int day,
                           int64_t after)
{
    for (int hour = 0; hour < 24; hour++)
        for (int minute = 0; (e->hours & (uint32_t)1 << hour) && minute < 60; minute++) {
            if (!(e->minutes & (uint64_t)1 << minute))
                continue;
            int64_t at = to_utc(year, month, day, hour, minute, 0);
            if (at != SCHEDULE_NEVER && at > after)
                return at;
        }
    return SCHEDULE_NEVER;
}

static int64_t next_cron(const struct schedule_expression *e, int64_t after)
{
    struct tm from;
    time_t seconds = (time_t)(after / 1000);
    if (!localtime_r(&seconds, &from))
        return SCHEDULE_NEVER;
    int first_month = from.tm_mon + 1, first_day = from.tm_mday;
    for (int year = from.tm_year + 1900; year <= LAST_YEAR; year++, first_month = first_day = 1) {
        if (!(e->years[(year - FIRST_YEAR) / 64] & (uint64_t)1 << ((year - FIRST_YEAR) % 64)))
            continue;
        for (int month = first_month; month <= 12; month++, first_day = 1)
            for (int day = first_day;
                 (e->months & (uint32_t)1 << month) && day <= month_length(year, month); day++) {
                int64_t at = fits_day(e, year, month, day) ? next_of_day(e, year, month, day, after)
                                                           : SCHEDULE_NEVER;
                if (at != SCHEDULE_NEVER)
                    return at;
            }
    }
    return SCHEDULE_NEVER;
}

static int64_t next_at(const struct schedule_expression *e, int64_t after)
{
    time_t seconds = (time_t)(e->at / 1000);
    struct tm t;
    if (!gmtime_r(&seconds, &t))
        return SCHEDULE_NEVER;
    t.tm_isdst = -1;
    int64_t at = (int64_t)mktime(&t) * 1000;
    return at > after ? at : SCHEDULE_NEVER;
}

int64_t schedule_next(const struct schedule_expression *e, const char *zone, int64_t anchor,
                      int64_t after)
{
    if (e->kind == SCHEDULE_RATE) {
        int64_t passed = after >= anchor ? (after - anchor) / e->period_ms : 0;
        return anchor + (passed + 1) * e->period_ms;
    }
    if (after < 0)
        after = 0;
    char *kept = enter_zone(zone);
    int64_t at = e->kind == SCHEDULE_AT ? next_at(e, after) : next_cron(e, after);
    leave_zone(kept);
    return at;
}
