/* Text to milliseconds, by picture: the picture becomes a regular expression with a group for each
 * part, the groups are read, and what is missing is filled in (from now before the first component
 * that is given, with zeros behind the last).
 */
#include "regex.h"
#include "time_picture.h"

#include <math.h>
#include <string.h>

/* Values by component letter; NaN: not given. */
struct components {
    double value[128];
    bool given[128];
    size_t count;
};

/* ---- the expression ---- */

static void put_quoted(struct builder *b, struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] && strchr(".*+?^${}()|[]\\", t.data[i]))
            jsonata_builder_putc(b, '\\');
        jsonata_builder_putc(b, t.data[i]);
    }
}

static void put_offset_pattern(struct builder *b, const struct time_part *part)
{
    if (part->component == 'z')
        jsonata_builder_put(b, ASL_TEXT("GMT"));
    jsonata_builder_put(b, ASL_TEXT("[-+][0-9]+"));
    if (part->has_integer && part->integer.regular) {
        jsonata_builder_unit(b, part->integer.separators[0].character);
        jsonata_builder_put(b, ASL_TEXT("[0-9]+"));
    }
}

static bool put_pattern(struct run *run, struct builder *b, const struct time_part *part)
{
    if (!part->component) {
        put_quoted(b, part->literal);
        return true;
    }
    if (part->component == 'Z' || part->component == 'z') {
        put_offset_pattern(b, part);
        return true;
    }
    if (part->component == 'f') {
        jsonata_builder_put(b, ASL_TEXT("[0-9]+"));
        return true;
    }
    if (part->has_integer)
        return jsonata_integer_pattern(run, b, &part->integer);
    if (!strchr("MxFP", part->component)) {
        item text = jsonata_string_copy(&run->heap, (struct asl_text){&part->component, 1});
        return jsonata_fail_value(run, "D3133", text), false;
    }
    jsonata_builder_put(b, ASL_TEXT("[a-zA-Z]+"));
    return true;
}

static struct regex *compile(struct run *run, const struct time_picture *p)
{
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_builder_putc(&b, '^');
    for (size_t i = 0; i < p->count; i++) {
        jsonata_builder_putc(&b, '(');
        if (!put_pattern(run, &b, &p->parts[i]))
            return NULL;
        jsonata_builder_putc(&b, ')');
    }
    jsonata_builder_putc(&b, '$');
    char why[REGEX_WHY];
    struct regex *r =
        jsonata_regex_compile(item_string(jsonata_builder_item(&b)), REGEX_CASELESS, why);
    if (!r)
        jsonata_fail(run, "D3136");
    return r;
}

/* ---- reading the groups ---- */

static double read_digits(struct asl_text t)
{
    double value = NAN, sign = 1;
    for (size_t i = 0; i < t.size; i++) {
        if (i == 0 && (t.data[i] == '-' || t.data[i] == '+')) {
            sign = t.data[i] == '-' ? -1 : 1;
            continue;
        }
        if (t.data[i] < '0' || t.data[i] > '9')
            break;
        value = (isnan(value) ? 0 : value * 10) + (t.data[i] - '0');
    }
    return sign * value;
}

static double read_offset(const struct time_part *part, struct asl_text t)
{
    if (part->component == 'z') {
        t.data += 3;
        t.size -= 3;
    }
    if (part->has_integer && part->integer.regular) {
        char separator[4];
        size_t size = value_utf8_encode(part->integer.separators[0].character, separator);
        size_t at = 1;
        while (at + size < t.size && memcmp(t.data + at, separator, size) != 0)
            at++;
        return read_digits((struct asl_text){t.data, at}) * 60 +
               read_digits((struct asl_text){t.data + at + size, t.size - at - size});
    }
    if (t.size <= 3)
        return read_digits(t) * 60;
    return read_digits((struct asl_text){t.data, 3}) * 60 +
           read_digits((struct asl_text){t.data + 3, t.size - 3});
}

static double read_fraction(struct asl_text t)
{
    if (t.size > 3)
        t.size = 3;
    static const double scale[] = {1, 10, 100, 1000};
    return read_digits(t) / scale[t.size] * 1000;
}

static bool is_name(struct asl_text t, const char *name, double most)
{
    size_t size = strlen(name);
    if (most > 0 && most < (double)size)
        size = (size_t)most;
    return asl_text_equal(t, (struct asl_text){name, size});
}

static double read_name(const struct time_part *part, struct asl_text t)
{
    if (part->component == 'P') {
        if (asl_text_is(t, "am") || asl_text_is(t, "AM"))
            return 0;
        return asl_text_is(t, "pm") || asl_text_is(t, "PM") ? 1 : NAN;
    }
    if (part->component == 'F') {
        for (int i = 1; i <= 7; i++)
            if (is_name(t, jsonata_days[i], part->width_most))
                return i;
        return NAN;
    }
    for (int i = 0; i < 12; i++)
        if (is_name(t, jsonata_months[i], part->width_most))
            return i + 1;
    return NAN;
}

static void read_part(struct run *run, struct components *c, const struct time_part *part,
                      struct asl_text t)
{
    double value;
    if (!part->component)
        return;
    if (part->component == 'Z' || part->component == 'z')
        value = read_offset(part, t);
    else if (part->component == 'f')
        value = read_fraction(t);
    else if (part->has_integer)
        value = jsonata_read_integer(run, t, &part->integer);
    else
        value = read_name(part, t);
    unsigned letter = (unsigned char)part->component & 127;
    bool unknown_name = !part->has_integer && part->component != 'f' && isnan(value);
    c->value[letter] = value;
    c->given[letter] = !unknown_name;
    c->count++;
}

/* ---- putting the moment together ---- */

/* A bit for each component that is given and not zero, the first letter the highest. */
static unsigned mask_of(const struct components *c, const char *letters)
{
    unsigned mask = 0;
    for (; *letters; letters++) {
        double value = c->value[(unsigned char)*letters];
        mask = mask << 1 | (c->given[(unsigned char)*letters] && value != 0 && !isnan(value));
    }
    return mask;
}

static bool is_type(unsigned type, unsigned mask)
{
    return !(~type & mask) && (type & mask);
}

/* Which components a date or time can be made of, among "YXMxWwdD" and "PHhmsf". */
enum {
    DATE_BY_MONTH = 161,
    DATE_BY_DAY_OF_YEAR = 130,
    DATE_BY_WEEK_OF_MONTH = 84,
    DATE_BY_WEEK_OF_YEAR = 72,
    TIME_OF_24_HOURS = 23,
    TIME_OF_12_HOURS = 47,
};

static bool fill(struct run *run, struct components *c, const char *letters,
                 const struct civil *now, bool *started, bool *ended)
{
    for (; *letters; letters++) {
        unsigned letter = (unsigned char)*letters;
        if (c->given[letter]) {
            *started = true;
            if (*ended)
                return jsonata_fail(run, "D3136"), false;
            continue;
        }
        if (*started) {
            c->value[letter] = strchr("MDd", *letters) ? 1 : 0;
            *ended = true;
        } else {
            c->value[letter] = *letters == 'P' ? NAN : jsonata_time_component(now, *letters);
        }
    }
    return true;
}

static double part_of(const struct components *c, char letter)
{
    return trunc(c->value[(unsigned char)letter]);
}

/* A day of the year gives month and day; the year stays, however far the day lies outside it. */
static double by_day_of_year(double year, double day_of_year)
{
    double ms = jsonata_date_utc(year, 0, 1) + (day_of_year - 1) * 86400000.0;
    if (!(fabs(ms) <= TIME_MAXIMUM))
        return NAN;
    struct civil derived = jsonata_civil(ms);
    return jsonata_date_utc(year, derived.month - 1, derived.day);
}

static double moment(const struct components *c, bool by_day, bool twelve)
{
    double month = c->value['M'] > 0 ? c->value['M'] - 1 : 0, year = part_of(c, 'Y');
    double hour = part_of(c, 'H');
    double day = by_day ? by_day_of_year(year, c->value['d'])
                        : jsonata_date_utc(year, trunc(month), part_of(c, 'D'));
    if (twelve) {
        hour = c->value['h'] == 12 ? 0 : part_of(c, 'h');
        if (c->value['P'] == 1)
            hour += 12;
    }
    double ms =
        day + hour * 3600000 + part_of(c, 'm') * 60000 + part_of(c, 's') * 1000 + part_of(c, 'f');
    double offset = c->given['Z'] && c->value['Z'] != 0 ? c->value['Z']
                    : c->given['z']                     ? c->value['z']
                                                        : 0;
    return offset != 0 && !isnan(offset) ? ms - offset * 60000 : ms;
}

static item assemble(struct run *run, struct components *c)
{
    unsigned date = mask_of(c, "YXMxWwdD"), time = mask_of(c, "PHhmsf");
    bool by_day = !is_type(DATE_BY_MONTH, date) && is_type(DATE_BY_DAY_OF_YEAR, date);
    bool by_week_of_month = is_type(DATE_BY_WEEK_OF_MONTH, date);
    bool by_week_of_year = !by_week_of_month && is_type(DATE_BY_WEEK_OF_YEAR, date);
    bool twelve = !is_type(TIME_OF_24_HOURS, time) && is_type(TIME_OF_12_HOURS, time);
    const char *date_letters = by_day             ? "YD"
                               : by_week_of_month ? "XxwF"
                               : by_week_of_year  ? "XWF"
                                                  : "YMD";
    bool started = false, ended = false;
    struct civil now = jsonata_civil((double)run->env->now_ms);
    if (!fill(run, c, date_letters, &now, &started, &ended) ||
        !fill(run, c, twelve ? "Phmsf" : "Hmsf", &now, &started, &ended))
        return item_failed();
    if (by_week_of_month || by_week_of_year)
        return jsonata_fail(run, "D3136");
    return item_number(moment(c, by_day, twelve));
}

item jsonata_time_parse(struct run *run, struct asl_text text, struct asl_text picture)
{
    struct kept_picture *kept = jsonata_time_picture(run, picture);
    if (!kept || (!kept->regex && !(kept->regex = compile(run, &kept->picture))))
        return item_failed();
    const struct time_picture *p = &kept->picture;
    struct regex *r = kept->regex;
    struct components c = {{0}, {0}, 0};
    size_t budget = 100000;
    run->failure.code[0] = '\0';
    jsonata_charge(run, 100);
    enum regex_outcome outcome = jsonata_regex_match(r, text, 0, &budget);
    for (size_t i = 0; outcome == REGEX_MATCH && i < p->count; i++) {
        size_t start, end;
        jsonata_regex_group(r, i + 1, &start, &end);
        if (start != REGEX_UNSET)
            read_part(run, &c, &p->parts[i], (struct asl_text){text.data + start, end - start});
    }
    if (run->failure.code[0])
        return item_failed();
    return outcome == REGEX_MATCH && c.count > 0 ? assemble(run, &c) : item_undefined();
}
