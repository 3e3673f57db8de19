/* Milliseconds to text, by picture. */
#include "time_picture.h"
#include "power.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct run *run;
    struct builder b;
    bool is_time;          /* false: beyond the dates, every part is NaN */
    struct civil local;    /* the UTC fields of the moment shifted by the offset */
    double hours, minutes; /* of the offset; NaN when its text begins with no number */
};

/* A name or words for what is no time; where figures are asked for there is "NaN". */
static bool fail_no_time(struct run *run)
{
    jsonata_fail(run, "D3110");
    run->failure.words = "What is no time has no name, nor words, to format it with";
    return false;
}

static bool fail_names(struct run *run, char component)
{
    item text = jsonata_string_copy(&run->heap, (struct asl_text){&component, 1});
    jsonata_fail_value(run, "D3133", text);
    return false;
}

static bool put_name(struct writer *w, const struct time_part *part, double value)
{
    const char *name;
    if (!strchr("MxF", part->component))
        return fail_names(w->run, part->component);
    if (!w->is_time) {
        if (part->names != NAMES_TITLE || part->width_least >= 0 || part->width_most >= 0)
            return fail_no_time(w->run);
        jsonata_builder_put(&w->b, ASL_TEXT("undefined"));
        return true;
    }
    if (part->component == 'M' || part->component == 'x')
        name = jsonata_months[(int)value - 1];
    else
        name = jsonata_days[(int)value];
    size_t size = strlen(name);
    if (part->width_most >= 0 && (double)size > part->width_most)
        size = (size_t)part->width_most;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (part->names == NAMES_UPPER)
            c = (char)(c & ~0x20);
        else if (part->names == NAMES_LOWER)
            c = (char)(c | 0x20);
        jsonata_builder_putc(&w->b, c);
    }
    return true;
}

static bool put_offset_digits(struct writer *w, const struct integer_picture *p, double offset)
{
    if (p->regular)
        return jsonata_put_integer(w->run, &w->b, offset, p);
    if (p->mandatory == 1 || p->mandatory == 2) {
        if (!jsonata_put_integer(w->run, &w->b, w->hours, p))
            return false;
        if (isnan(w->minutes)) {
            jsonata_builder_put(&w->b, ASL_TEXT(":NaN"));
        } else if (w->minutes != 0) {
            char minutes[16];
            int size = snprintf(minutes, sizeof minutes, w->minutes < 0 ? ":-%02.0f" : ":%02.0f",
                                fabs(w->minutes));
            jsonata_builder_put(&w->b, (struct asl_text){minutes, (size_t)size});
        }
        return true;
    }
    if (p->mandatory == 3 || p->mandatory == 4)
        return jsonata_put_integer(w->run, &w->b, offset, p);
    jsonata_fail_value(w->run, "D3134", item_number((double)p->mandatory));
    return false;
}

static bool put_offset(struct writer *w, const struct time_part *part)
{
    double offset = w->hours * 100 + w->minutes;
    bool is_width_known =
        part->has_integer && (part->integer.regular || part->integer.mandatory <= 4);
    if (offset == 0 && part->zulu && is_width_known) {
        jsonata_builder_putc(&w->b, 'Z');
        return true;
    }
    if (part->component == 'z')
        jsonata_builder_put(&w->b, ASL_TEXT("GMT"));
    if (offset >= 0)
        jsonata_builder_putc(&w->b, '+');
    return part->has_integer && put_offset_digits(w, &part->integer, offset);
}

static bool put_number(struct writer *w, const struct time_part *part)
{
    double value = w->is_time ? jsonata_time_component(&w->local, part->component) : NAN;
    if (part->component == 'Y' && part->year_digits >= 0)
        value = fmod(value, jsonata_power(10, part->year_digits));
    if (part->names && part->component != 'f')
        return put_name(w, part, value);
    if (!part->has_integer)
        return fail_names(w->run, part->component);
    if (!w->is_time && part->integer.style == INTEGER_WORDS)
        return fail_no_time(w->run);
    return jsonata_put_integer(w->run, &w->b, value, &part->integer);
}

static bool put_part(struct writer *w, const struct time_part *part)
{
    switch (part->component) {
    case '\0':
        jsonata_builder_put(&w->b, part->literal);
        return true;
    case 'Z':
    case 'z':
        return put_offset(w, part);
    case 'P': {
        bool upper = part->names == NAMES_UPPER;
        bool afternoon = w->is_time && w->local.hour >= 12;
        jsonata_builder_putc(&w->b, afternoon ? (upper ? 'P' : 'p') : (upper ? 'A' : 'a'));
        jsonata_builder_putc(&w->b, upper ? 'M' : 'm');
        return true;
    }
    case 'C':
    case 'E':
        jsonata_builder_put(&w->b, ASL_TEXT("ISO"));
        return true;
    default:
        if (strchr("YMDdFWwXxHhmsf", part->component))
            return put_number(w, part);
        jsonata_builder_put(&w->b, ASL_TEXT("undefined")); /* what JavaScript makes of nothing */
        return true;
    }
}

/* "+0100" and the like, read as the reference does: by parseInt. What is none is NaN, and then so
 * is every part of the time. */
static double parse_offset(struct run *run, item zone)
{
    static const struct integer_picture decimal = {.style = INTEGER_DECIMAL, .zero = '0'};
    return zone.kind == ITEM_STRING ? jsonata_read_integer(run, item_string(zone), &decimal) : 0;
}

item jsonata_time_format(struct run *run, double ms, item picture, item zone)
{
    static const char iso[] = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";
    struct writer w = {.run = run};
    double offset = parse_offset(run, zone);
    w.hours = floor(offset / 100);
    w.minutes = fmod(offset, 100);
    double shifted = trunc(ms + (60 * w.hours + w.minutes) * 60000);
    jsonata_builder_init(&w.b, &run->heap);
    w.is_time = fabs(shifted) <= TIME_MAXIMUM;
    if (w.is_time)
        w.local = jsonata_civil(shifted);
    const struct kept_picture *kept = jsonata_time_picture(
        run, picture.kind == ITEM_STRING ? item_string(picture) : asl_text(iso));
    if (!kept)
        return item_failed();
    const struct time_picture *p = &kept->picture;
    for (size_t i = 0; i < p->count; i++)
        if (!put_part(&w, &p->parts[i]))
            return item_failed();
    return jsonata_builder_item(&w.b);
}
