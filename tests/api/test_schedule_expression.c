/* Schedule expressions: what reads, what does not, and the moments they give. The moments of zones
 * with summer time are worked out by hand from the zones' rules; the rest from EventBridge's own
 * examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/api/schedule/expression.h"

static int64_t utc(const char *text)
{
    struct tm t = {0};
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &t));
    return (int64_t)timegm(&t) * 1000;
}

static void gives_moments(void **state)
{
    static const struct {
        const char *expression, *zone, *after, *moments[3];
    } cases[] = {
        {"rate(30 minutes)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-22T10:30:00", "2026-11-22T11:00:00", "2026-11-22T11:30:00"}},
        {"rate(1 day)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-23T10:00:00", "2026-11-24T10:00:00", "2026-11-25T10:00:00"}},
        {"cron(0/15 * * * ? *)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-22T10:15:00", "2026-11-22T10:30:00", "2026-11-22T10:45:00"}},
        {"cron(0 10 * * ? *)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-23T10:00:00", "2026-11-24T10:00:00", "2026-11-25T10:00:00"}},
        {"cron(0 18 ? * MON-FRI *)",
         NULL,
         "2026-11-20T19:00:00",
         {"2026-11-23T18:00:00", "2026-11-24T18:00:00", "2026-11-25T18:00:00"}},
        {"cron(0 8 1 * ? *)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-12-01T08:00:00", "2027-01-01T08:00:00", "2027-02-01T08:00:00"}},
        {"cron(0 9 ? * 2#1 *)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-12-07T09:00:00", "2027-01-04T09:00:00", "2027-02-01T09:00:00"}},
        {"cron(15 10 ? * 6L 2026-2027)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-27T10:15:00", "2026-12-25T10:15:00", "2027-01-29T10:15:00"}},
        {"cron(0 0 L * ? *)",
         NULL,
         "2028-01-31T10:00:00",
         {"2028-02-29T00:00:00", "2028-03-31T00:00:00", "2028-04-30T00:00:00"}},
        {"cron(0 12 1W * ? *)",
         NULL,
         "2026-07-20T00:00:00", /* 1 August 2026 is a Saturday */
         {"2026-08-03T12:00:00", "2026-09-01T12:00:00", "2026-10-01T12:00:00"}},
        {"cron(0 12 LW * ? *)",
         NULL,
         "2026-10-20T00:00:00", /* 31 October 2026 is a Saturday */
         {"2026-10-30T12:00:00", "2026-11-30T12:00:00", "2026-12-31T12:00:00"}},
        {"cron(0 0 29 2 ? *)",
         NULL,
         "2026-01-01T00:00:00",
         {"2028-02-29T00:00:00", "2032-02-29T00:00:00", "2036-02-29T00:00:00"}},
        {"cron(0 0 30 2 ? *)", NULL, "2026-01-01T00:00:00", {NULL}},
        {"cron(0 0 ? * SAT-SUN *)",
         NULL,
         "2026-11-22T10:00:00",
         {"2026-11-28T00:00:00", "2026-11-29T00:00:00", "2026-12-05T00:00:00"}},
        {"cron(0 9 * * ? *)",
         "Europe/Berlin",
         "2026-10-24T00:00:00",
         {"2026-10-24T07:00:00", "2026-10-25T08:00:00", "2026-10-26T08:00:00"}},
        {"cron(30 2 * * ? *)",
         "Europe/Berlin",
         "2026-03-28T00:00:00", /* 29 March has no 02:30 */
         {"2026-03-28T01:30:00", "2026-03-30T00:30:00", "2026-03-31T00:30:00"}},
        {"cron(30 1 * * ? *)",
         "America/New_York",
         "2026-10-31T12:00:00", /* 01:30 comes twice */
         {"2026-11-01T05:30:00", "2026-11-02T06:30:00", "2026-11-03T06:30:00"}},
        {"at(2026-11-22T13:00:00)", NULL, "2026-11-22T10:00:00", {"2026-11-22T13:00:00", NULL}},
        {"at(2026-11-22T13:00:00)",
         "Asia/Tokyo",
         "2026-11-22T00:00:00",
         {"2026-11-22T04:00:00", NULL}},
        {"at(2020-01-01T00:00:00)", NULL, "2026-11-22T10:00:00", {NULL}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schedule_expression e;
        char message[200];
        if (cases[i].zone && !schedule_zone_exists(cases[i].zone))
            continue; /* no tzdata here */
        assert_true(schedule_parse(asl_text(cases[i].expression), &e, message));
        int64_t anchor = utc(cases[i].after), at = anchor;
        for (size_t m = 0; m < 3; m++) {
            at = schedule_next(&e, cases[i].zone, anchor, at);
            int64_t wanted = cases[i].moments[m] ? utc(cases[i].moments[m]) : SCHEDULE_NEVER;
            if (at != wanted)
                fprintf(stderr, "%s: moment %zu is off by %lld s\n", cases[i].expression, m,
                        (long long)(at - wanted) / 1000);
            assert_int_equal(at, wanted);
            if (at == SCHEDULE_NEVER)
                break;
        }
    }
}

static void refuses_what_does_not_read(void **state)
{
    static const char *const wrong[] = {
        "",
        "rate()",
        "rate(5)",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "rate(-5 minutes)",
        "rate(5 minutes",
        "rate(99999999999999999999 days)",
        "every day",
        "cron()",
        "cron(* * * * *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 0 * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(0 9 * 13 ? *)",
        "cron(0 9 ? * 8 *)",
        "cron(0 9 ? * 0 *)",
        "cron(0 9 ? * MON#6 *)",
        "cron(0/0 9 * * ? *)",
        "cron(0 9 * * ? 1969)",
        "cron(0 9 * * ? *) ",
        "cron(0 9 * * ? * *)",
        "cron(a 9 * * ? *)",
        "cron(0,,1 9 * * ? *)",
        "cron(? 9 * * ? *)",
        "at(2026-11-22)",
        "at(2026-02-30T00:00:00)",
        "at(2026-11-22T24:00:00)",
        "at(2026-11-22T10:00:00Z)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct schedule_expression e;
        char message[200] = "";
        if (schedule_parse(asl_text(wrong[i]), &e, message))
            fprintf(stderr, "'%s' reads\n", wrong[i]);
        assert_false(schedule_parse(asl_text(wrong[i]), &e, message));
        assert_true(strlen(message) > 20);
    }
    assert_false(schedule_zone_exists("../../etc/passwd"));
    assert_false(schedule_zone_exists("Mars/Olympus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_moments),
        cmocka_unit_test(refuses_what_does_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
