/* $now, $millis, $fromMillis, $toMillis. The clock is the caller's: now_ms of the env. */
#include "time_picture.h"

#include <math.h>
#include <string.h>

NATIVE(now)
{
    UNUSED_IN_NATIVE;
    return jsonata_time_format(run, (double)run->env->now_ms, arguments[0], arguments[1]);
}

NATIVE(millis)
{
    UNUSED_IN_NATIVE;
    return item_number((double)run->env->now_ms);
}

NATIVE(from_millis)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_NUMBER)
        return item_undefined();
    return jsonata_time_format(run, arguments[0].as.number, arguments[1], arguments[2]);
}

/* ---- ISO 8601 ---- */

struct iso {
    struct asl_text t;
    size_t at;
    bool wrong;
};

static int digit(struct iso *s, char least, char most)
{
    char c = s->at < s->t.size ? s->t.data[s->at] : '\0';
    if (c < least || c > most) {
        s->wrong = true;
        return 0;
    }
    s->at++;
    return c - '0';
}

/* Two digits, the first at most `most`. */
static int two(struct iso *s, char most)
{
    int tens = digit(s, '0', most);
    return tens * 10 + digit(s, '0', '9');
}

static bool take(struct iso *s, char c)
{
    if (s->at >= s->t.size || s->t.data[s->at] != c)
        return false;
    s->at++;
    return true;
}

struct stamp {
    int year, month, day, hour, minute, second;
    double fraction, offset;
};

/* Like the reference's expression: year, then optional month, day, time, fraction, zone. */
static bool read_stamp(struct iso *s, struct stamp *m)
{
    *m = (struct stamp){.month = 1, .day = 1};
    for (int i = 0; i < 4; i++)
        m->year = m->year * 10 + digit(s, '0', '9');
    if (take(s, '-'))
        m->month = two(s, '1');
    if (take(s, '-'))
        m->day = two(s, '3');
    if (take(s, 'T')) {
        m->hour = two(s, '2');
        s->wrong = s->wrong || !take(s, ':');
        m->minute = two(s, '5');
        s->wrong = s->wrong || !take(s, ':');
        m->second = two(s, '5');
    }
    if (take(s, '.')) {
        double scale = 100;
        size_t start = s->at;
        while (s->at < s->t.size && s->t.data[s->at] >= '0' && s->t.data[s->at] <= '9') {
            m->fraction += (s->t.data[s->at++] - '0') * scale;
            scale = scale > 1 ? scale / 10 : 0; /* beyond milliseconds: cut off */
        }
        s->wrong = s->wrong || s->at == start;
    }
    if (s->at < s->t.size && (s->t.data[s->at] == '+' || s->t.data[s->at] == '-')) {
        double sign = s->t.data[s->at++] == '-' ? -1 : 1;
        m->offset = two(s, '2') * 60;
        take(s, ':');
        m->offset = sign * (m->offset + two(s, '5'));
    } else {
        take(s, 'Z');
    }
    return !s->wrong && s->at == s->t.size;
}

static bool is_date(const struct stamp *m)
{
    return m->month >= 1 && m->month <= 12 && m->day >= 1 && m->day <= 31 &&
           (m->hour < 24 ||
            (m->hour == 24 && m->minute == 0 && m->second == 0 && m->fraction == 0));
}

NATIVE(to_millis)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    jsonata_charge_bytes(run, arguments[0].size);
    if (arguments[1].kind == ITEM_STRING)
        return jsonata_time_parse(run, item_string(arguments[0]), item_string(arguments[1]));
    struct iso s = {item_string(arguments[0]), 0, false};
    struct stamp m;
    if (!read_stamp(&s, &m))
        return jsonata_fail_value(run, "D3110", arguments[0]);
    if (!is_date(&m))
        return item_number(NAN);
    return item_number(jsonata_utc(m.year, m.month - 1, m.day) + m.hour * 3600000.0 +
                       m.minute * 60000.0 + m.second * 1000.0 + m.fraction - m.offset * 60000.0);
}

const struct native jsonata_time_functions[] = {
    {"now", "<s?s?:s>", 2, 2, now},
    {"millis", "<:n>", 0, 0, millis},
    {"fromMillis", "<n-s?s?:s>", 3, 3, from_millis},
    {"toMillis", "<s-s?:n>", 2, 2, to_millis},
    {NULL, NULL, 0, 0, NULL},
};
