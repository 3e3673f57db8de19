/* Pictures taken apart, and the proleptic Gregorian calendar. */
#include "time_picture.h"
#include "regex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const jsonata_months[12] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
const char *const jsonata_days[8] = {"",         "Monday", "Tuesday",  "Wednesday",
                                     "Thursday", "Friday", "Saturday", "Sunday"};

#define DAY_MS 86400000.0

/* ---- calendar ---- */

/* Howard Hinnant's days_from_civil and its inverse: years begin in March, eras of 400 years. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = floor_divide(year, 400), year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

double jsonata_utc(double year, double month, double day)
{
    if (!isfinite(year) || !isfinite(month) || !isfinite(day) || fabs(year) > 1e6 ||
        fabs(month) > 1e7 || fabs(day) > 1e9)
        return NAN;
    int64_t years = floor_divide((int64_t)month, 12);
    int in_year = (int)((int64_t)month - years * 12);
    return ((double)days_from_civil((int64_t)year + years, in_year + 1, 1) + day - 1) * DAY_MS;
}

double jsonata_date_utc(double year, double month, double day)
{
    return jsonata_utc(year >= 0 && year <= 99 ? 1900 + year : year, month, day);
}

struct civil jsonata_civil(double ms)
{
    int64_t whole = (int64_t)ms, days = floor_divide(whole, 86400000);
    int64_t rest = whole - days * 86400000;
    struct civil c = {.ms = ms};
    int64_t z = days + 719468, era = floor_divide(z, 146097), day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * day_of_year + 2) / 153);
    c.day = (int)(day_of_year - (153 * shifted + 2) / 5) + 1;
    c.month = shifted < 10 ? shifted + 3 : shifted - 9;
    c.year = (double)(year_of_era + era * 400 + (c.month <= 2));
    c.hour = (int)(rest / 3600000);
    c.minute = (int)(rest / 60000 % 60);
    c.second = (int)(rest / 1000 % 60);
    c.millisecond = (int)(rest % 1000);
    c.weekday = (int)(days + 3 - 7 * floor_divide(days + 3, 7)) + 1;
    return c;
}

/* Midnight of a day; NaN beyond the dates. */
static double midnight(double year, int month, int day)
{
    double ms = jsonata_date_utc(year, month, day);
    return fabs(ms) <= TIME_MAXIMUM ? ms : NAN;
}

/* The Monday of the first week of a month (of a year: of its January), ISO 8601; NaN where that
 * begins beyond the dates. The months before and behind the year's are its neighbours'. */
static double first_week(double year, int month)
{
    year += month < 0 ? -1 : month > 11 ? 1 : 0;
    double first = midnight(year, (month + 12) % 12, 1);
    if (isnan(first))
        return NAN;
    int weekday = jsonata_civil(first).weekday;
    return weekday > 4 ? first + (8 - weekday) * DAY_MS : first - (weekday - 1) * DAY_MS;
}

static double weeks_between(double start, double end)
{
    return (end - start) / (DAY_MS * 7) + 1;
}

static double week_of_year(const struct civil *c)
{
    double today = jsonata_date_utc(c->year, c->month - 1, c->day);
    double week = weeks_between(first_week(c->year, 0), today);
    if (week > 52 && today >= first_week(c->year + 1, 0))
        week = 1;
    else if (week < 1)
        week = weeks_between(first_week(c->year - 1, 0), today);
    return floor(week);
}

static double week_of_month(const struct civil *c)
{
    double today = jsonata_date_utc(c->year, c->month - 1, c->day);
    double week = weeks_between(first_week(c->year, c->month - 1), today);
    if (week > 4 && today >= first_week(c->year, c->month))
        week = 1;
    else if (week < 1)
        week = weeks_between(first_week(c->year, c->month - 2), today);
    return floor(week);
}

static double week_year(const struct civil *c)
{
    if (c->ms < first_week(c->year, 0))
        return c->year - 1;
    return c->ms >= first_week(c->year + 1, 0) ? c->year + 1 : c->year;
}

static double week_month(const struct civil *c)
{
    int month = c->month;
    if (c->ms < first_week(c->year, month - 1))
        return month == 1 ? 12 : month - 1;
    if (c->ms >= first_week(c->year, month))
        return month == 12 ? 1 : month + 1;
    return month;
}

double jsonata_time_component(const struct civil *c, char component)
{
    switch (component) {
    case 'Y':
        return c->year;
    case 'M':
        return c->month;
    case 'D':
        return c->day;
    case 'd':
        return (midnight(c->year, c->month - 1, c->day) - midnight(c->year, 0, 1)) / DAY_MS + 1;
    case 'F':
        return c->weekday;
    case 'W':
        return week_of_year(c);
    case 'w':
        return week_of_month(c);
    case 'X':
        return week_year(c);
    case 'x':
        return week_month(c);
    case 'H':
        return c->hour;
    case 'h':
        return c->hour % 12 == 0 ? 12 : c->hour % 12;
    case 'm':
        return c->minute;
    case 's':
        return c->second;
    case 'f':
        return c->millisecond;
    default:
        return NAN;
    }
}

/* ---- pictures ---- */

struct analysis {
    struct run *run;
    struct time_picture *picture;
    size_t capacity;
};

static struct time_part *add_part(struct analysis *a)
{
    struct time_picture *p = a->picture;
    if (p->count == a->capacity) {
        size_t capacity = a->capacity ? 2 * a->capacity : 16;
        struct time_part *more = jsonata_arena_grow(
            &a->run->heap.arena, p->parts, a->capacity * sizeof *more, capacity * sizeof *more);
        if (!more)
            return NULL;
        p->parts = more;
        a->capacity = capacity;
    }
    struct time_part *part = &p->parts[p->count++];
    *part = (struct time_part){
        .width_least = WIDTH_NONE, .width_most = WIDTH_NONE, .year_digits = WIDTH_NONE};
    return part;
}

/* `]]` in a literal stands for one bracket. */
static bool add_literal(struct analysis *a, struct asl_text t)
{
    if (t.size == 0)
        return true;
    struct time_part *part = add_part(a);
    if (!part)
        return jsonata_fail_limit(a->run), false;
    struct builder b;
    jsonata_builder_init(&b, &a->run->heap);
    for (size_t i = 0; i < t.size; i++) {
        jsonata_builder_putc(&b, t.data[i]);
        i += t.data[i] == ']' && i + 1 < t.size && t.data[i + 1] == ']';
    }
    part->literal = item_string(jsonata_builder_item(&b));
    return true;
}

static const char *default_presentation(char component)
{
    static const struct {
        const char *components, *presentation;
    } defaults[] = {
        {"YMDdWwXxHhf", "1"},
        {"FPCE", "n"},
        {"ms", "01"},
        {"Zz", "01:01"},
    };
    for (size_t i = 0; component && i < sizeof defaults / sizeof defaults[0]; i++)
        if (strchr(defaults[i].components, component))
            return defaults[i].presentation;
    return NULL;
}

/* parseInt; "*" and what is no number are no width. */
static double parse_width(struct asl_text t)
{
    double width = WIDTH_NONE;
    for (size_t i = 0; i < t.size && t.data[i] >= '0' && t.data[i] <= '9'; i++)
        width = (width < 0 ? 0 : width * 10) + (t.data[i] - '0');
    return width;
}

static void read_width(struct time_part *part, struct asl_text t)
{
    const char *dash = memchr(t.data, '-', t.size);
    size_t least = dash ? (size_t)(dash - t.data) : t.size;
    part->width_least = parse_width((struct asl_text){t.data, least});
    if (dash)
        part->width_most = parse_width((struct asl_text){dash + 1, t.size - least - 1});
}

static void widen(struct time_part *part)
{
    struct integer_picture *p = &part->integer;
    if (p->style == INTEGER_DECIMAL && part->width_least > (double)p->mandatory)
        p->mandatory = part->width_least < 1e9 ? (size_t)part->width_least : (size_t)1e9;
    if (part->component != 'Y')
        return;
    if (part->width_most >= 0) {
        part->year_digits = part->width_most;
        p->mandatory = part->width_most < 1e9 ? (size_t)part->width_most : (size_t)1e9;
    } else if (p->style == INTEGER_DECIMAL && p->mandatory + p->optional >= 2) {
        part->year_digits = (double)(p->mandatory + p->optional);
    }
}

static bool read_presentation(struct analysis *a, struct time_part *part,
                              struct asl_text presentation, char second)
{
    size_t place = a->picture->count - 1;
    char first = presentation.size ? presentation.data[0] : '\0';
    if (first == 'n') {
        part->names = NAMES_LOWER;
    } else if (first == 'N') {
        bool title = presentation.size > 1 && presentation.data[1] == 'n';
        part->names = title ? NAMES_TITLE : NAMES_UPPER;
    } else if (strchr("YMDdFWwXxHhmsf", part->component)) {
        struct builder b;
        jsonata_builder_init(&b, &a->run->heap);
        jsonata_builder_put(&b, presentation);
        if (second) {
            jsonata_builder_putc(&b, ';');
            jsonata_builder_putc(&b, second);
        }
        if (!jsonata_integer_picture(a->run, item_string(jsonata_builder_item(&b)), &part->integer))
            return false;
        part->has_integer = true;
        widen(part);
        struct time_part *before = place > 0 ? part - 1 : NULL;
        if (before && before->has_integer) /* adjacent numbers: the width tells where one ends */
            before->integer.parse_width = before->integer.mandatory;
    }
    if (part->component == 'Z' || part->component == 'z') {
        if (!jsonata_integer_picture(a->run, presentation, &part->integer))
            return false;
        part->has_integer = true;
    }
    return true;
}

static bool add_marker(struct analysis *a, struct asl_text marker)
{
    struct time_part *part = add_part(a);
    if (!part)
        return jsonata_fail_limit(a->run), false;
    size_t comma = SIZE_MAX;
    for (size_t i = 0; i < marker.size; i++)
        if (marker.data[i] == ',')
            comma = i;
    part->component = marker.size ? marker.data[0] : '\0';
    size_t end = comma == SIZE_MAX ? marker.size : comma;
    if (comma != SIZE_MAX)
        read_width(part, (struct asl_text){marker.data + comma + 1, marker.size - comma - 1});
    struct asl_text presentation = {marker.data + 1, end > 1 ? end - 1 : 0};
    if (comma == 0) /* substring(1, 0) is substring(0, 1) */
        presentation = (struct asl_text){marker.data, 1};
    char second = '\0';
    if (presentation.size > 1 && strchr("atco", presentation.data[presentation.size - 1])) {
        second = presentation.data[--presentation.size];
    } else if (presentation.size == 0) {
        const char *usual = default_presentation(part->component);
        if (!usual || !part->component) {
            struct asl_text component = {marker.data, marker.size > 0};
            return jsonata_fail_value(a->run, "D3132", item_text(component)), false;
        }
        presentation = asl_text(usual);
    }
    part->zulu = second == 't';
    return read_presentation(a, part, presentation, second);
}

/* A marker may hold blanks; they mean nothing. */
static struct asl_text without_blanks(struct run *run, struct asl_text t)
{
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    for (size_t i = 0; i < t.size; i++)
        if (!(t.data[i] == ' ' || (t.data[i] >= '\t' && t.data[i] <= '\r')))
            jsonata_builder_putc(&b, t.data[i]);
    return item_string(jsonata_builder_item(&b));
}

static bool analyse(struct run *run, struct asl_text t, struct time_picture *p)
{
    *p = (struct time_picture){0};
    struct analysis a = {run, p, 0};
    size_t start = 0, at = 0;
    while (at < t.size) {
        if (t.data[at] != '[') {
            at++;
            continue;
        }
        if (!add_literal(&a, (struct asl_text){t.data + start, at - start}))
            return false;
        if (at + 1 < t.size && t.data[at + 1] == '[') {
            if (!add_literal(&a, ASL_TEXT("[")))
                return false;
            at += 2;
            start = at;
            continue;
        }
        const char *close = memchr(t.data + at, ']', t.size - at);
        if (!close)
            return jsonata_fail(run, "D3135"), false;
        size_t end = (size_t)(close - t.data);
        struct asl_text marker = {t.data + at + 1, end - at - 1};
        if (!add_marker(&a, without_blanks(run, marker)))
            return false;
        at = start = end + 1;
    }
    return add_literal(&a, (struct asl_text){t.data + start, t.size - start});
}

#define KEPT_MAXIMUM   16
#define PICTURE_MEMORY ((size_t)1 << 20)

void jsonata_pictures_free(struct kept_picture *list)
{
    for (struct kept_picture *next; list; list = next) {
        next = list->next;
        jsonata_arena_free(&list->arena);
        jsonata_regex_free(list->regex);
        free(list->text);
        free(list);
    }
}

/* Taken apart in an arena that outlives the run. */
static struct kept_picture *keep(struct run *run, struct asl_text t)
{
    struct run apart = {.program = run->program, .env = run->env};
    struct kept_picture *k = asl_allocate_zeroed(1, sizeof *k);
    jsonata_arena_init(&apart.heap.arena, PICTURE_MEMORY);
    apart.step_maximum = SIZE_MAX;
    apart.depth_maximum = SIZE_MAX;
    k->text = asl_copy_text(t);
    bool fine = analyse(&apart, (struct asl_text){k->text, t.size}, &k->picture) &&
                !apart.heap.arena.exhausted;
    k->arena = apart.heap.arena;
    if (!fine) {
        jsonata_pictures_free(k);
        return NULL;
    }
    k->next = run->program->pictures;
    run->program->pictures = k;
    return k;
}

static struct kept_picture *find_kept(struct run *run, struct asl_text t)
{
    size_t kept = 0;
    for (struct kept_picture *k = run->program->pictures; k; k = k->next, kept++)
        if (asl_text_is(t, k->text))
            return k;
    if (kept >= KEPT_MAXIMUM) {
        jsonata_pictures_free(run->program->pictures);
        run->program->pictures = NULL;
        run->picture = NULL;
    }
    return NULL;
}

struct kept_picture *jsonata_time_picture(struct run *run, struct asl_text t)
{
    if (run->picture && run->picture_text == t.data && strlen(run->picture->text) == t.size)
        return run->picture;
    struct kept_picture *k = find_kept(run, t);
    jsonata_charge_bytes(run, 32 * t.size);
    if (!k && !(k = keep(run, t))) {
        struct time_picture again; /* for the failure, with its values in the run */
        if (analyse(run, t, &again))
            jsonata_fail_limit(run);
        return NULL;
    }
    run->picture = k;
    run->picture_text = t.data;
    return k;
}
