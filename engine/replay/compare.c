/* Events side by side; see compare.h. */
#include "engine/replay/compare.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bytes of a value in a difference: enough to see, short enough to read */
#define SHOWN_MAXIMUM 400

void comparison_free(struct comparison *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->meetings[i].mark);
        free(c->meetings[i].text);
    }
    free(c->meetings);
    *c = (struct comparison){0};
}

/* ---- marks ---- */

static struct asl_text behind(struct asl_text t, size_t size)
{
    return (struct asl_text){t.data + size, t.size - size};
}

static bool has_digits(struct asl_text t, size_t from)
{
    if (t.size < from + MARK_DIGITS)
        return false;
    for (size_t i = from; i < from + MARK_DIGITS; i++)
        if (!isdigit((unsigned char)t.data[i]))
            return false;
    return true;
}

/* Size of the mark that `t` begins with; 0: none. */
static size_t mark_size(struct asl_text t, bool *is_uuid)
{
    static const char *const prefixes[] = {MARK_PREFIX, MARK_UUID};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(prefixes[i]);
        *is_uuid = i == 1;
        if (asl_text_starts(t, prefixes[i]) && has_digits(t, size))
            return size + MARK_DIGITS;
    }
    return 0;
}

static bool is_uuid_at(struct asl_text t)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (t.size < sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'x' ? !isxdigit((unsigned char)t.data[i]) : t.data[i] != '-')
            return false;
    return true;
}

static const char *met(const struct comparison *c, struct asl_text mark)
{
    for (size_t i = c->count; i-- > 0;)
        if (asl_text_is(mark, c->meetings[i].mark))
            return c->meetings[i].text;
    return NULL;
}

static void meet(struct comparison *c, struct asl_text mark, struct asl_text text)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 16;
        c->meetings = asl_reallocate(c->meetings, c->capacity * sizeof *c->meetings);
    }
    c->meetings[c->count++] = (struct meeting){asl_copy_text(mark), asl_copy_text(text)};
}

/* How much of `recorded` an unmet mark stands for: a UUID its 36 bytes, another up to where the
 * byte that follows the mark comes. */
static size_t stands_for(struct asl_text recorded, struct asl_text rest, bool is_uuid)
{
    if (is_uuid && is_uuid_at(recorded))
        return 36;
    size_t size = 0;
    while (size < recorded.size && !(rest.size && recorded.data[size] == rest.data[0]))
        size++;
    return size;
}

static bool same_text(struct comparison *c, struct asl_text recorded, struct asl_text replayed)
{
    while (replayed.size) {
        bool is_uuid;
        size_t size = mark_size(replayed, &is_uuid);
        if (size) {
            struct asl_text mark = {replayed.data, size};
            const char *known = met(c, mark);
            size_t take =
                known ? strlen(known) : stands_for(recorded, behind(replayed, size), is_uuid);
            if (!take || (known && !asl_text_starts(recorded, known)))
                return false;
            if (!known)
                meet(c, mark, (struct asl_text){recorded.data, take});
            recorded = behind(recorded, take);
            replayed = behind(replayed, size);
        } else if (!recorded.size || recorded.data[0] != replayed.data[0]) {
            return false;
        } else {
            recorded = behind(recorded, 1);
            replayed = behind(replayed, 1);
        }
    }
    return recorded.size == 0;
}

/* ---- times ---- */

/* Milliseconds within the day and the day's text: enough to tell two times apart by a little. */
static bool read_time(struct asl_text t, int64_t *ms)
{
    char text[40];
    int year, month, day, hour, minute;
    double second;
    if (t.size < 19 || t.size >= sizeof text || t.data[10] != 'T')
        return false;
    snprintf(text, sizeof text, "%.*s", ASL_TEXT_ARGS(t));
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf", &year, &month, &day, &hour, &minute, &second) != 6)
        return false;
    int64_t days = ((int64_t)year * 12 + month) * 31 + day;
    *ms = ((days * 24 + hour) * 60 + minute) * 60000 + (int64_t)(second * 1000);
    return true;
}

static bool same_time(const struct comparison *c, struct asl_text a, struct asl_text b)
{
    int64_t x, y;
    if (!read_time(a, &x) || !read_time(b, &y))
        return false;
    return c->untimed || (x - y <= COMPARE_TIME_SLACK && y - x <= COMPARE_TIME_SLACK);
}

/* ---- values ---- */

struct side_by_side {
    struct comparison *c;
    struct asl_buffer *difference;
    char path[512];
};

static bool differ(struct side_by_side *s, const asl_value *recorded, const asl_value *replayed)
{
    if (s->difference && !s->difference->size) {
        asl_buffer_printf(s->difference, "%s: recorded ", *s->path ? s->path : "/");
        value_print_short(recorded, SHOWN_MAXIMUM, s->difference);
        asl_buffer_puts(s->difference, ", replayed ");
        value_print_short(replayed, SHOWN_MAXIMUM, s->difference);
    }
    return false;
}

static bool compare(struct side_by_side *s, const asl_value *recorded, const asl_value *replayed);

static bool compare_member(struct side_by_side *s, struct asl_text name, const asl_value *recorded,
                           const asl_value *replayed)
{
    size_t size = strlen(s->path);
    snprintf(s->path + size, sizeof s->path - size, "/%.*s", ASL_TEXT_ARGS(name));
    bool same =
        recorded && replayed ? compare(s, recorded, replayed) : differ(s, recorded, replayed);
    s->path[size] = '\0';
    return same;
}

/* "inputDetails": {"truncated": false} says nothing; not every printer shows it. */
static bool is_idle(struct asl_text key, const asl_value *v)
{
    const asl_value *truncated = value_get_z(v, "truncated");
    return asl_text_ends(key, "Details") && truncated && !value_is_true(truncated);
}

static bool compare_objects(struct side_by_side *s, const asl_value *a, const asl_value *b)
{
    for (size_t i = 0; i < value_count(a); i++) {
        struct asl_text key = value_as_text(value_key_at(a, i));
        const asl_value *other = value_get(b, key);
        if (!other && is_idle(key, value_at(a, i)))
            continue;
        if (!compare_member(s, key, value_at(a, i), other))
            return false;
    }
    for (size_t i = 0; i < value_count(b); i++) {
        struct asl_text key = value_as_text(value_key_at(b, i));
        if (!value_get(a, key) && !is_idle(key, value_at(b, i)))
            return compare_member(s, key, NULL, value_at(b, i));
    }
    return true;
}

static bool compare_arrays(struct side_by_side *s, const asl_value *a, const asl_value *b)
{
    if (value_count(a) != value_count(b))
        return differ(s, a, b);
    for (size_t i = 0; i < value_count(a); i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        if (!compare_member(s, asl_text(index), value_at(a, i), value_at(b, i)))
            return false;
    }
    return true;
}

static asl_value *parsed(const asl_value *text)
{
    struct value_error error;
    struct asl_text t = value_as_text(text);
    return t.size ? value_parse(t, 0, 0, &error) : NULL;
}

/* Two JSON texts, spaced or ordered in another way, or with marks within; other texts as they are.
 */
static bool compare_as_json(struct side_by_side *s, const asl_value *a, const asl_value *b)
{
    asl_value *x = parsed(a), *y = parsed(b);
    bool whole = x && y && value_kind(x) == value_kind(y);
    bool same = whole ? compare(s, x, y)
                      : same_text(s->c, value_as_text(a), value_as_text(b)) || differ(s, a, b);
    value_release(x);
    value_release(y);
    return same;
}

static bool same_number(const struct comparison *c, const asl_value *a, const asl_value *b)
{
    struct asl_text s = value_as_text(a), t = value_as_text(b);
    bool s_whole = !memchr(s.data, '.', s.size), t_whole = !memchr(t.data, '.', t.size);
    return c->drew_random || (value_equal(a, b) && s_whole == t_whole);
}

static bool compare_strings(struct side_by_side *s, const asl_value *a, const asl_value *b)
{
    struct asl_text recorded = value_as_text(a), replayed = value_as_text(b);
    if (asl_text_equal(recorded, replayed) || same_time(s->c, recorded, replayed))
        return true;
    bool json = recorded.size && strchr("{[\"", recorded.data[0]);
    if (!json && same_text(s->c, recorded, replayed))
        return true;
    return json ? compare_as_json(s, a, b) : differ(s, a, b);
}

/* Some show a payload as a value, and not as the text that AWS gives. */
static bool compare_shown(struct side_by_side *s, const asl_value *recorded,
                          const asl_value *replayed)
{
    asl_value *v = parsed(replayed);
    bool same = v ? compare(s, recorded, v) : differ(s, recorded, replayed);
    value_release(v);
    return same;
}

static bool compare(struct side_by_side *s, const asl_value *recorded, const asl_value *replayed)
{
    enum value_kind kind = value_kind(recorded), other = value_kind(replayed);
    if (kind != other)
        return other == VALUE_STRING ? compare_shown(s, recorded, replayed)
                                     : differ(s, recorded, replayed);
    bool same = true;
    switch (kind) {
    case VALUE_OBJECT:
        return compare_objects(s, recorded, replayed);
    case VALUE_ARRAY:
        return compare_arrays(s, recorded, replayed);
    case VALUE_STRING:
        return compare_strings(s, recorded, replayed);
    case VALUE_NUMBER:
        same = same_number(s->c, recorded, replayed);
        break;
    case VALUE_NULL:
    case VALUE_BOOLEAN:
        same = value_equal(recorded, replayed);
        break;
    }
    return same || differ(s, recorded, replayed);
}

bool compare_value(struct comparison *c, const asl_value *recorded, const asl_value *replayed,
                   struct asl_buffer *difference)
{
    struct side_by_side s = {.c = c, .difference = difference};
    return recorded && replayed ? compare(&s, recorded, replayed) : differ(&s, recorded, replayed);
}

/* ---- events ---- */

static bool counts(struct asl_text key, bool ids)
{
    if (asl_text_is(key, "timestamp"))
        return false;
    return ids || !(asl_text_is(key, "id") || asl_text_is(key, "previousEventId"));
}

bool compare_event(struct comparison *c, const asl_value *recorded, const asl_value *replayed,
                   bool ids, struct asl_buffer *difference)
{
    struct side_by_side s = {.c = c, .difference = difference};
    const asl_value *type = value_get_z(recorded, "type"), *other = value_get_z(replayed, "type");
    if (!compare_member(&s, ASL_TEXT("type"), type, other))
        return false;
    for (size_t i = 0; i < value_count(recorded); i++) {
        struct asl_text key = value_as_text(value_key_at(recorded, i));
        if (counts(key, ids) &&
            !compare_member(&s, key, value_at(recorded, i), value_get(replayed, key)))
            return false;
    }
    for (size_t i = 0; i < value_count(replayed); i++) {
        struct asl_text key = value_as_text(value_key_at(replayed, i));
        if (counts(key, ids) && !value_get(recorded, key))
            return compare_member(&s, key, NULL, value_at(replayed, i));
    }
    return true;
}
