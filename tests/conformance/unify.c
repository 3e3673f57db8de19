/* Marks, and comparing in their light; see unify.h. */
#include "tests/conformance/unify.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void unify_init(struct unify *u)
{
    *u = (struct unify){0};
}

void unify_rewind(struct unify *u, size_t count)
{
    while (u->count > count) {
        u->count--;
        free(u->pairs[u->count].mark);
        free(u->pairs[u->count].text);
    }
}

void unify_free(struct unify *u)
{
    unify_rewind(u, 0);
    free(u->pairs);
    *u = (struct unify){0};
}

static void know(struct unify *u, struct asl_text mark, struct asl_text text)
{
    if (u->count == u->capacity) {
        u->capacity = u->capacity ? u->capacity * 2 : 16;
        u->pairs = asl_reallocate(u->pairs, u->capacity * sizeof *u->pairs);
    }
    u->pairs[u->count++] = (struct unify_pair){asl_copy_text(mark), asl_copy_text(text)};
}

void unify_know(struct unify *u, const char *mark, const char *text)
{
    know(u, asl_text(mark), asl_text(text));
}

/* ---- the recorder's own bare words ---- */

enum word_kind {
    WORD_TEXT,  /* one text throughout the case */
    WORD_OTHER, /* a text, another one each time */
    WORD_TIME,
    WORD_NUMBER,
    WORD_ANYTHING,
};

static const struct word {
    const char *word;
    enum word_kind kind;
} words[] = {
    {"snf_role_arn", WORD_TEXT},
    {"sfn_role_arn", WORD_TEXT},
    {"activity_arn", WORD_TEXT},
    {"map_run_arn", WORD_OTHER},
    {"lambda_function_name", WORD_TEXT},
    {"lambda_function_1_name", WORD_TEXT},
    {"lambda_function_2_name", WORD_TEXT},
    {"timestamp", WORD_TIME},
    {"datetime", WORD_TIME},
    {"date", WORD_TIME},
    {"start-time", WORD_TIME},
    {"entered-time", WORD_TIME},
    {"RandomNumberGenerated", WORD_NUMBER},
    {"a_task_token", WORD_TEXT},
    {"stateExitedEventDetails.output", WORD_ANYTHING},
    {"executionSucceededEventDetails.output", WORD_ANYTHING},
};

static const struct word *word_of(struct asl_text t)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (asl_text_is(t, words[i].word))
            return &words[i];
    return NULL;
}

static bool looks_like_time(struct asl_text t)
{
    static const char shape[] = "0000-00-00T00:00:00";
    if (t.size < sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '0' ? !isdigit((unsigned char)t.data[i]) : t.data[i] != shape[i])
            return false;
    return true;
}

/* ---- texts ---- */

/* Size of the mark in angle brackets that `t` begins with; 0: none. Marks may nest: the recorder
 * replaced within what it had replaced (`<<task_token>:1>`). */
static size_t mark_size(struct asl_text t)
{
    size_t depth = 0;
    for (size_t i = 0; i < t.size; i++) {
        char c = t.data[i];
        if (c == '<')
            depth++;
        else if (c == '>')
            depth--;
        else if (!depth || !(isalnum((unsigned char)c) || (c && strchr("_:.-", c))))
            return 0;
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

static struct asl_text behind(struct asl_text t, size_t size)
{
    return (struct asl_text){t.data + size, t.size - size};
}

static bool begins(struct asl_text t, struct asl_text prefix)
{
    return t.size >= prefix.size && memcmp(t.data, prefix.data, prefix.size) == 0;
}

/* Causes quote inputs; the recorder replaced one where it stood. */
static bool is_whole_input(struct asl_text recorded, size_t size)
{
    return asl_text_starts((struct asl_text){recorded.data, size}, "<json-input:");
}

bool unify_text(struct unify *u, struct asl_text recorded, struct asl_text text, bool may_learn)
{
    if (asl_text_equal(recorded, text))
        return true;
    while (recorded.size) {
        size_t size = mark_size(recorded);
        bool is_known = false;
        for (size_t i = 0; i < u->count; i++) {
            struct asl_text mark = asl_text(u->pairs[i].mark), known = asl_text(u->pairs[i].text);
            if (!mark.size || !begins(recorded, mark))
                continue;
            if (mark.size == size)
                is_known = true;
            if (begins(text, known) &&
                unify_text(u, behind(recorded, mark.size), behind(text, known.size), may_learn))
                return true;
        }
        if (size && !is_known && (may_learn || is_whole_input(recorded, size))) {
            size_t before = u->count;
            for (size_t take = 1; take <= text.size; take++) {
                know(u, (struct asl_text){recorded.data, size}, (struct asl_text){text.data, take});
                if (unify_text(u, behind(recorded, size), behind(text, take), may_learn))
                    return true;
                unify_rewind(u, before);
            }
        }
        if (!text.size || recorded.data[0] != text.data[0])
            return false;
        recorded = behind(recorded, 1);
        text = behind(text, 1);
    }
    return text.size == 0;
}

/* ---- learning ---- */

static bool learn_text(struct unify *u, struct asl_text recorded, struct asl_text input)
{
    if (unify_text(u, recorded, input, true))
        return true;
    /* A bare word stands for the whole of a text; what holds blanks is content. */
    if (recorded.size < 3 || memchr(recorded.data, ' ', recorded.size) ||
        memchr(recorded.data, '{', recorded.size) || memchr(recorded.data, '[', recorded.size))
        return false;
    know(u, recorded, input);
    return true;
}

static bool same_number(const asl_value *a, const asl_value *b)
{
    struct asl_text s = value_as_text(a), t = value_as_text(b);
    bool s_whole = !memchr(s.data, '.', s.size), t_whole = !memchr(t.data, '.', t.size);
    return value_equal(a, b) && s_whole == t_whole;
}

static asl_value *parsed(const asl_value *text)
{
    struct value_error error;
    return value_kind(text) == VALUE_STRING ? value_parse(value_as_text(text), 0, 0, &error) : NULL;
}

bool unify_learn(struct unify *u, const asl_value *recorded, const asl_value *input)
{
    enum value_kind kind = value_kind(recorded);
    if (kind == VALUE_STRING && value_kind(input) == VALUE_STRING)
        return learn_text(u, value_as_text(recorded), value_as_text(input));
    if (kind != value_kind(input)) {
        asl_value *v = parsed(kind == VALUE_STRING ? recorded : input);
        bool fine =
            v && (kind == VALUE_STRING ? unify_learn(u, v, input) : unify_learn(u, recorded, v));
        value_release(v);
        return fine;
    }
    if (kind == VALUE_NUMBER)
        return same_number(recorded, input);
    if (kind != VALUE_OBJECT && kind != VALUE_ARRAY)
        return value_equal(recorded, input);
    if (value_count(recorded) != value_count(input))
        return false;
    for (size_t i = 0; i < value_count(recorded); i++) {
        const asl_value *other = kind == VALUE_ARRAY
                                     ? value_at(input, i)
                                     : value_get(input, value_as_text(value_key_at(recorded, i)));
        if (!other || !unify_learn(u, value_at(recorded, i), other))
            return false;
    }
    return true;
}

/* ---- values ---- */

struct comparison {
    struct unify *u;
    struct asl_buffer *difference;
    char path[512];
    bool may_learn;
};

static bool differ(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    if (c->difference && !c->difference->size) {
        asl_buffer_printf(c->difference, "%s: expected ", c->path);
        value_print_short(recorded, 700, c->difference);
        asl_buffer_puts(c->difference, "\n       got ");
        value_print_short(value, 700, c->difference);
    }
    return false;
}

static bool compare(struct comparison *c, const asl_value *recorded, const asl_value *value);

static bool compare_member(struct comparison *c, struct asl_text name, const asl_value *recorded,
                           const asl_value *value)
{
    size_t size = strlen(c->path);
    snprintf(c->path + size, sizeof c->path - size, "/%.*s", ASL_TEXT_ARGS(name));
    bool fine = recorded && value ? compare(c, recorded, value) : differ(c, recorded, value);
    c->path[size] = 0;
    return fine;
}

/* The context object got its RedriveCount in November 2023; older recordings lack it. */
static bool is_newer(struct asl_text key, const asl_value *value)
{
    int64_t count;
    return asl_text_is(key, "RedriveCount") && value_as_integer(value, &count) && count == 0;
}

static bool compare_objects(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    for (size_t i = 0; i < value_count(recorded); i++) {
        struct asl_text key = value_as_text(value_key_at(recorded, i));
        if (!compare_member(c, key, value_at(recorded, i), value_get(value, key)))
            return false;
    }
    for (size_t i = 0; i < value_count(value); i++) {
        struct asl_text key = value_as_text(value_key_at(value, i));
        if (!value_get(recorded, key) && !is_newer(key, value_at(value, i)))
            return compare_member(c, key, NULL, value_at(value, i));
    }
    return true;
}

static bool compare_arrays(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    if (value_count(recorded) != value_count(value))
        return differ(c, recorded, value);
    for (size_t i = 0; i < value_count(recorded); i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        if (!compare_member(c, asl_text(index), value_at(recorded, i), value_at(value, i)))
            return false;
    }
    return true;
}

/* `state-machine-arn`: a word of the recorder's where we give what differs from run to run anyway.
 */
static const struct word *word_by_shape(struct asl_text recorded, const asl_value *value)
{
    static const struct word other = {"", WORD_OTHER};
    if (value_kind(value) != VALUE_STRING || recorded.size < 3)
        return NULL;
    for (size_t i = 0; i < recorded.size; i++)
        if (!islower((unsigned char)recorded.data[i]) &&
            !isdigit((unsigned char)recorded.data[i]) && !strchr("_-", recorded.data[i]))
            return NULL;
    struct asl_text text = value_as_text(value);
    return asl_text_starts(text, "arn:") || looks_like_time(text) ? &other : NULL;
}

static bool compare_word(struct comparison *c, struct asl_text recorded, const asl_value *value)
{
    const struct word *w = word_of(recorded);
    if (!w)
        w = word_by_shape(recorded, value);
    if (w && (w->kind == WORD_NUMBER || w->kind == WORD_ANYTHING))
        return w->kind == WORD_ANYTHING || value_kind(value) == VALUE_NUMBER;
    if (!w || value_kind(value) != VALUE_STRING)
        return false;
    struct asl_text text = value_as_text(value);
    if (w->kind == WORD_OTHER)
        return true;
    if (w->kind == WORD_TIME)
        return looks_like_time(text);
    for (size_t i = 0; i < c->u->count; i++)
        if (asl_text_is(recorded, c->u->pairs[i].mark))
            return false; /* stands for another text */
    know(c->u, recorded, text);
    return true;
}

/* `arn:...:function:lambda_function_name`: the word behind the last colon. */
static bool compare_arn_word(struct comparison *c, struct asl_text recorded, struct asl_text text)
{
    size_t r = recorded.size, t = text.size;
    while (r && recorded.data[r - 1] != ':')
        r--;
    while (t && text.data[t - 1] != ':')
        t--;
    if (!r || !t || !word_of(behind(recorded, r)))
        return false;
    asl_value *word = value_string(behind(text, t));
    bool fine = unify_text(c->u, (struct asl_text){recorded.data, r},
                           (struct asl_text){text.data, t}, c->may_learn) &&
                compare_word(c, behind(recorded, r), word);
    value_release(word);
    return fine;
}

static bool compare_strings(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    struct asl_text r = value_as_text(recorded), t = value_as_text(value);
    if (unify_text(c->u, r, t, c->may_learn) ||
        (c->may_learn && (compare_word(c, r, value) || compare_arn_word(c, r, t))))
        return true;
    return false;
}

/* A JSON text in both, spaced in another way: a caller's own spacing is not kept by the recorder.
 */
static bool compare_as_json(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    asl_value *r = parsed(recorded), *v = parsed(value);
    bool fine = r && v && (value_kind(r) == VALUE_ARRAY || value_kind(r) == VALUE_OBJECT) &&
                compare(c, r, v);
    value_release(r);
    value_release(v);
    return fine;
}

static bool compare(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    enum value_kind kind = value_kind(recorded), other = value_kind(value);
    if (kind == VALUE_STRING && other == VALUE_STRING) {
        if (compare_strings(c, recorded, value) || compare_as_json(c, recorded, value))
            return true;
        return differ(c, recorded, value);
    }
    if (kind == VALUE_STRING)
        return compare_word(c, value_as_text(recorded), value) || differ(c, recorded, value);
    if (other == VALUE_STRING) { /* shown parsed */
        asl_value *v = parsed(value);
        bool fine = v ? compare(c, recorded, v) : differ(c, recorded, value);
        value_release(v);
        return fine;
    }
    if (kind != other)
        return differ(c, recorded, value);
    if (kind == VALUE_OBJECT)
        return compare_objects(c, recorded, value);
    if (kind == VALUE_ARRAY)
        return compare_arrays(c, recorded, value);
    bool same = kind == VALUE_NUMBER && c->u->exact_numbers ? same_number(recorded, value)
                                                            : value_equal(recorded, value);
    return same || differ(c, recorded, value);
}

bool unify_value(struct unify *u, const asl_value *recorded, const asl_value *value,
                 struct asl_buffer *difference)
{
    struct comparison c = {.u = u, .difference = difference, .may_learn = true};
    return recorded && value ? compare(&c, recorded, value) : differ(&c, recorded, value);
}

/* ---- events ---- */

/* What may not hide behind a mark that nobody has explained yet. */
static bool is_plain_field(struct asl_text name)
{
    static const char *const plain[] = {"error", "cause", "name",        "location",
                                        "state", "type",  "resourceType"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (asl_text_is(name, plain[i]))
            return true;
    return false;
}

static bool compare_details(struct comparison *c, const asl_value *recorded, const asl_value *value)
{
    for (size_t i = 0; i < value_count(recorded); i++) {
        struct asl_text key = value_as_text(value_key_at(recorded, i));
        c->may_learn = !is_plain_field(key);
        if (!compare_member(c, key, value_at(recorded, i), value_get(value, key)))
            return false;
    }
    for (size_t i = 0; i < value_count(value); i++) {
        struct asl_text key = value_as_text(value_key_at(value, i));
        if (!value_get(recorded, key))
            return compare_member(c, key, NULL, value_at(value, i));
    }
    return true;
}

static bool has_details(struct asl_text key)
{
    return asl_text_ends(key, "EventDetails");
}

bool unify_event(struct unify *u, const asl_value *recorded, const asl_value *event, bool blurred,
                 struct asl_buffer *difference)
{
    static const char *const plain[] = {"type", "id", "previousEventId"};
    struct comparison c = {.u = u, .difference = difference};
    for (size_t i = 0; i < (blurred ? 1 : 3); i++)
        if (!compare_member(&c, asl_text(plain[i]), value_get_z(recorded, plain[i]),
                            value_get_z(event, plain[i])))
            return false;
    for (int pass = 0; pass < 2; pass++) {
        const asl_value *here = pass ? event : recorded, *there = pass ? recorded : event;
        for (size_t i = 0; i < value_count(here); i++) {
            struct asl_text key = value_as_text(value_key_at(here, i));
            const asl_value *other = value_get(there, key);
            if (!has_details(key) || (pass && other))
                continue;
            if (!other)
                return differ(&c, value_get(recorded, key), value_get(event, key));
            if (!compare_details(&c, value_at(here, i), other))
                return false;
        }
    }
    return true;
}
