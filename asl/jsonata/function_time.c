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
    int behind; /* hours and minutes of the offset as they stand */
    bool is_behind_hyphen, is_parted;
    bool has_time, has_offset, has_fraction;
};

static void read_time(struct iso *s, struct stamp *m)
{
    m->has_time = true;
    m->hour = two(s, '2');
    s->wrong = s->wrong || !take(s, ':');
    m->minute = two(s, '5');
    s->wrong = s->wrong || !take(s, ':');
    m->second = two(s, '5');
}

static void read_fraction(struct iso *s, struct stamp *m)
{
    double scale = 100;
    size_t start = s->at;
    while (s->at < s->t.size && s->t.data[s->at] >= '0' && s->t.data[s->at] <= '9') {
        m->fraction += (s->t.data[s->at++] - '0') * scale;
        scale = scale > 1 ? scale / 10 : 0; /* beyond milliseconds: cut off */
    }
    m->has_fraction = true;
    s->wrong = s->wrong || s->at == start;
}

static void read_zone(struct iso *s, struct stamp *m)
{
    if (take(s, 'Z') || s->at >= s->t.size)
        return;
    double sign = take(s, '-') ? -1 : 1;
    s->wrong = s->wrong || (sign > 0 && !take(s, '+'));
    int hours = two(s, '2');
    m->is_behind_hyphen = sign < 0;
    m->is_parted = take(s, ':');
    m->has_offset = true;
    int minutes = two(s, '5');
    m->behind = hours * 100 + minutes;
    m->offset = hours < 24 ? sign * (hours * 60 + minutes) : (double)NAN;
}

/* Behind a hyphen, and without a time, V8 takes four digits for the part of the date that comes
 * next, and digits with a colon for the time. */
static void take_offset_for_more(struct stamp *m, bool has_month)
{
    int hours = m->behind / 100;
    if (!m->is_behind_hyphen || (m->is_parted && has_month && hours > 0))
        return;
    if (m->is_parted && hours > 0 && hours <= 12) {
        m->month = hours;
        m->day = m->behind % 100;
    } else if (m->is_parted) {
        m->has_time = true;
        m->hour = hours;
        m->minute = m->behind % 100;
    } else {
        *(has_month ? &m->day : &m->month) = m->behind;
    }
    m->has_offset = false;
    m->offset = 0;
}

/* Year, then month, day, time, fraction, zone as far as they are there. */
static bool read_stamp(struct asl_text t, bool has_month, bool has_day, struct stamp *m)
{
    struct iso s = {t, 0, false};
    *m = (struct stamp){.month = 1, .day = 1};
    for (int i = 0; i < 4; i++)
        m->year = m->year * 10 + digit(&s, '0', '9');
    if (has_month) {
        s.wrong = s.wrong || !take(&s, '-');
        m->month = two(&s, '1');
    }
    if (has_day) {
        s.wrong = s.wrong || !take(&s, '-');
        m->day = has_month ? two(&s, '3') : two(&s, '3') * 0; /* no date without a month */
    }
    if (take(&s, 'T'))
        read_time(&s, m);
    if (take(&s, '.'))
        read_fraction(&s, m);
    read_zone(&s, m);
    if (m->has_offset && !m->has_time && !m->has_fraction && !has_day)
        take_offset_for_more(m, has_month);
    return !s.wrong && s.at == t.size;
}

/* The reference's expression, which takes as many parts as it can; false when it takes none. What
 * it takes may still be no date to JavaScript. */
static bool find_stamp(struct asl_text t, struct stamp *m)
{
    return read_stamp(t, true, true, m) || read_stamp(t, true, false, m) ||
           read_stamp(t, false, true, m) || read_stamp(t, false, false, m);
}

static bool is_date(const struct stamp *m)
{
    if (!m->has_time && (m->has_offset || m->has_fraction))
        return false;
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
    struct stamp m;
    if (!find_stamp(item_string(arguments[0]), &m))
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
