/* Schedule expressions of EventBridge: rate(5 minutes), cron(0 9 ? * MON-FRI *),
 * at(2026-11-22T09:00:00). Serves: EventBridge Scheduler user guide, "Schedule types"; EventBridge
 * user guide, "Cron-based schedules". Pure, but for the zone files that the C library reads.
 *
 * cron has six fields: minutes, hours, day of month, month, day of week (1 = SUN), year; with `*`,
 * `,`,
 * `-`, `/`, names, and `L`, `W`, `#` as AWS has them; exactly one of the two day fields is `?`. In
 * a zone with summer time a local time that does not exist is passed over, one that comes twice
 * counts once.
 */
#ifndef ENGINE_API_SCHEDULE_EXPRESSION_H
#define ENGINE_API_SCHEDULE_EXPRESSION_H

#include "asl/value/text.h"

#define SCHEDULE_NEVER INT64_MAX

enum schedule_kind { SCHEDULE_RATE, SCHEDULE_CRON, SCHEDULE_AT };

struct schedule_expression {
    enum schedule_kind kind;
    int64_t period_ms; /* rate */
    int64_t at;        /* at: local time as if it were UTC, ms since 1970 */
    /* cron: a bit for each value that fits */
    uint64_t minutes;
    uint32_t hours, days, months;
    uint32_t weekdays;         /* 1 = SUN */
    bool any_day, any_weekday; /* the field is `?` */
    bool last_day;             /* L */
    bool last_workday;         /* LW */
    uint32_t near_days;        /* nW: the workday nearest to day n */
    uint32_t last_weekdays;    /* nL: the last such weekday of the month */
    uint32_t nth_weekdays[6];  /* n#k */
    uint64_t years[4];         /* from 1970 */
};

/* False and a message that says what is wrong and how it should read. */
bool schedule_parse(struct asl_text text, struct schedule_expression *out, char message[200]);

/* Whether the C library knows the zone ("Europe/Berlin", "UTC"). */
bool schedule_zone_exists(const char *zone);

/* The first moment behind `after` (ms since 1970, UTC); SCHEDULE_NEVER when there is none before
 * 2200. `anchor` is where a rate begins: its first moment is one period later. `zone` NULL: UTC. */
int64_t schedule_next(const struct schedule_expression *e, const char *zone, int64_t anchor,
                      int64_t after);

#endif
