/* Walks a value by its shape and tells what the model does not allow; words for it in two tables.
 *
 * Lengths of strings count characters (code points), of blobs the text's bytes. Patterns must match
 * the whole text, as Java's String.matches does; one that PCRE2 cannot compile checks nothing.
 */
#include "constraint.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Far beyond what the models' patterns need, far below what a hostile text could cost. */
enum { MATCH_LIMIT = 100000, PATTERN_SLOTS = 512, SHOWN_MAXIMUM = 4096 };

struct compiled {
    const char *pattern; /* the catalogue's own pointer; NULL: free */
    pcre2_code *code;    /* NULL: does not compile */
};

struct constraint_checker {
    struct compiled slots[PATTERN_SLOTS];
    size_t used;
    pcre2_match_context *limits;
};

struct constraint_checker *constraint_checker_new(void)
{
    struct constraint_checker *c = asl_allocate_zeroed(1, sizeof *c);
    c->limits = pcre2_match_context_create(NULL);
    if (c->limits == NULL)
        asl_out_of_memory();
    pcre2_set_match_limit(c->limits, MATCH_LIMIT);
    return c;
}

static void forget(struct constraint_checker *c)
{
    for (size_t i = 0; i < PATTERN_SLOTS; i++)
        pcre2_code_free(c->slots[i].code);
    memset(c->slots, 0, sizeof c->slots);
    c->used = 0;
}

void constraint_checker_free(struct constraint_checker *c)
{
    if (c == NULL)
        return;
    forget(c);
    pcre2_match_context_free(c->limits);
    free(c);
}

/* ---- patterns ---- */
static pcre2_code *compile(const char *pattern)
{
    int error;
    PCRE2_SIZE where;
    return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                         PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &where, NULL);
}

/* Kept by the pattern's address; a full table is emptied, which many services at once would need.
 */
static pcre2_code *pattern_code(struct constraint_checker *c, const char *pattern)
{
    if (c->used > PATTERN_SLOTS / 2)
        forget(c);
    size_t i = (size_t)((uintptr_t)pattern >> 1) % PATTERN_SLOTS;
    while (c->slots[i].pattern != NULL && c->slots[i].pattern != pattern)
        i = (i + 1) % PATTERN_SLOTS;
    if (c->slots[i].pattern == NULL) {
        c->slots[i] = (struct compiled){pattern, compile(pattern)};
        c->used++;
    }
    return c->slots[i].code;
}

static bool matches(struct constraint_checker *c, const char *pattern, struct asl_text text)
{
    pcre2_code *code = pattern_code(c, pattern);
    if (code == NULL)
        return true;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (data == NULL)
        asl_out_of_memory();
    int found = pcre2_match(code, (PCRE2_SPTR)text.data, text.size, 0, 0, data, c->limits);
    pcre2_match_data_free(data);
    return found >= 0 || found == PCRE2_ERROR_MATCHLIMIT;
}

/* ---- the walk ---- */
struct walk {
    struct constraint_checker *checker;
    const struct catalogue_service *service;
    enum protocol_names names;
    bool required;
    bool (*tell)(void *state, const struct constraint_breach *b);
    void *state;
    struct asl_buffer path;
    const char *field;
    bool stopped;
};

static void tell(struct walk *w, enum constraint_kind kind, const struct catalogue_member *use,
                 const asl_value *value)
{
    struct constraint_breach b = {kind, use, w->field, asl_buffer_text(&w->path), value};
    if (!w->stopped && !w->tell(w->state, &b))
        w->stopped = true;
}

static void check(struct walk *w, const struct catalogue_member *use, const asl_value *v);

/* Goes one step down the path, and back by cutting it to `mark`. */
static void step(struct walk *w, struct asl_text name)
{
    if (w->path.size > 0)
        asl_buffer_putc(&w->path, '.');
    asl_buffer_put_text(&w->path, name);
}

static void back(struct walk *w, size_t mark)
{
    w->path.size = mark;
    if (w->path.data != NULL)
        w->path.data[mark] = '\0';
}

/* What a reader calls a member: requests by the wire's name, mocks as the integration shows it
 * (then made in `other`). */
static const char *name_member(const struct walk *w, const struct catalogue_shape *s,
                               const struct catalogue_member *m, char other[256])
{
    if (w->names == PROTOCOL_STATES) {
        catalogue_bean_name(w->service, s, m->name, other, 256);
        return other;
    }
    if (w->names != PROTOCOL_V1 || m->name[0] < 'a' || m->name[0] > 'z')
        return m->name;
    snprintf(other, 256, "%s", m->name);
    other[0] = (char)(other[0] - 32);
    return other;
}

/* Paths begin each name in lower case, as Java's members do: 'tableName' of TableName. */
static void step_member(struct walk *w, const char *name)
{
    char first = name[0] >= 'A' && name[0] <= 'Z' ? (char)(name[0] + 32) : name[0];
    step(w, (struct asl_text){&first, first != '\0'});
    if (first)
        asl_buffer_puts(&w->path, name + 1);
}

static void check_structure(struct walk *w, const struct catalogue_shape *s, const asl_value *v)
{
    size_t mark = w->path.size;
    for (uint32_t i = 0; i < s->member_count && !w->stopped; i++) {
        const struct catalogue_member *m = &s->members[i];
        char other[256];
        const char *name = name_member(w, s, m, other);
        const asl_value *found = value_get_z(v, name);
        bool given = found != NULL && value_kind(found) != VALUE_NULL;
        if (!given && !(w->required && m->flags & CATALOGUE_REQUIRED))
            continue;
        w->field = name;
        step_member(w, name);
        if (given)
            check(w, m, found);
        else
            tell(w, CONSTRAINT_MISSING, m, NULL);
        back(w, mark);
    }
}

/* Elements keep the field's name: a mock's message knows no other. */
static void check_elements(struct walk *w, const struct catalogue_member *use, const asl_value *v)
{
    const struct catalogue_shape *s = use->shape;
    const struct catalogue_member *element = &s->members[s->type == CATALOGUE_MAP];
    size_t mark = w->path.size;
    const char *field = w->field;
    for (size_t i = 0; i < value_count(v) && !w->stopped; i++) {
        char number[32];
        int n = snprintf(number, sizeof number, "%zu", i + 1);
        if (value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        step(w, s->type == CATALOGUE_MAP ? value_as_text(value_key_at(v, i))
                                         : (struct asl_text){number, (size_t)n});
        step(w, ASL_TEXT("member"));
        w->field = field;
        check(w, element, value_at(v, i));
        back(w, mark);
    }
}

/* Lengths are whole numbers in every model; what begins with a minus is below every length. */
static bool is_below(size_t length, const char *bound)
{
    return bound[0] != '-' && length < strtoull(bound, NULL, 10);
}

static bool is_above(size_t length, const char *bound)
{
    return bound[0] == '-' || length > strtoull(bound, NULL, 10);
}

static void check_length(struct walk *w, const struct catalogue_member *use, const asl_value *v,
                         size_t length)
{
    const struct catalogue_shape *s = use->shape;
    if (s->minimum != NULL && is_below(length, s->minimum))
        tell(w, CONSTRAINT_SHORT, use, v);
    if (s->maximum != NULL && is_above(length, s->maximum))
        tell(w, CONSTRAINT_LONG, use, v);
}

static size_t characters(struct asl_text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.size; i++)
        count += ((unsigned char)t.data[i] & 0xC0) != 0x80;
    return count;
}

static void check_text(struct walk *w, const struct catalogue_member *use, const asl_value *v)
{
    const struct catalogue_shape *s = use->shape;
    struct asl_text text = value_as_text(v);
    bool listed = s->value_count == 0;
    for (uint32_t i = 0; i < s->value_count && !listed; i++)
        listed = asl_text_is(text, s->values[i]);
    check_length(w, use, v, s->type == CATALOGUE_BLOB ? text.size : characters(text));
    if (s->pattern != NULL && !matches(w->checker, s->pattern, text))
        tell(w, CONSTRAINT_PATTERN, use, v);
    if (!listed)
        tell(w, CONSTRAINT_ENUM, use, v);
}

static void check_number(struct walk *w, const struct catalogue_member *use, const asl_value *v)
{
    double d = value_as_double(v);
    if (use->shape->minimum != NULL && d < strtod(use->shape->minimum, NULL))
        tell(w, CONSTRAINT_SMALL, use, v);
    if (use->shape->maximum != NULL && d > strtod(use->shape->maximum, NULL))
        tell(w, CONSTRAINT_LARGE, use, v);
}

/* The kind of JSON that a type is written as: in mocks a timestamp is a string, in requests a
 * number. */
static enum value_kind expected_kind(const struct walk *w, const struct catalogue_shape *s)
{
    static const enum value_kind kinds[CATALOGUE_TYPES] = {
        [CATALOGUE_STRUCTURE] = VALUE_OBJECT, [CATALOGUE_LIST] = VALUE_ARRAY,
        [CATALOGUE_MAP] = VALUE_OBJECT,       [CATALOGUE_STRING] = VALUE_STRING,
        [CATALOGUE_BLOB] = VALUE_STRING,      [CATALOGUE_BOOLEAN] = VALUE_BOOLEAN,
        [CATALOGUE_INTEGER] = VALUE_NUMBER,   [CATALOGUE_LONG] = VALUE_NUMBER,
        [CATALOGUE_FLOAT] = VALUE_NUMBER,     [CATALOGUE_DOUBLE] = VALUE_NUMBER,
        [CATALOGUE_TIMESTAMP] = VALUE_STRING,
    };
    bool number = s->type == CATALOGUE_TIMESTAMP && w->names == PROTOCOL_NATIVE;
    return number ? VALUE_NUMBER : kinds[s->type];
}

static void check(struct walk *w, const struct catalogue_member *use, const asl_value *v)
{
    const struct catalogue_shape *s = use->shape;
    if (s->flags & CATALOGUE_DOCUMENT)
        return;
    if (value_kind(v) != expected_kind(w, s)) {
        tell(w, CONSTRAINT_TYPE, use, v);
    } else if (s->type == CATALOGUE_STRUCTURE) {
        check_structure(w, s, v);
    } else if (s->type == CATALOGUE_LIST || s->type == CATALOGUE_MAP) {
        check_length(w, use, v, value_count(v));
        check_elements(w, use, v);
    } else if (value_kind(v) == VALUE_STRING && s->type != CATALOGUE_TIMESTAMP) {
        check_text(w, use, v);
    } else if (value_kind(v) == VALUE_NUMBER && s->type != CATALOGUE_TIMESTAMP) {
        check_number(w, use, v);
    }
}

void constraint_check(struct constraint_checker *c, const struct catalogue_service *service,
                      const struct catalogue_shape *structure, const asl_value *value,
                      enum protocol_names names, bool required,
                      bool (*tell_it)(void *state, const struct constraint_breach *b), void *state)
{
    struct walk w = {.checker = c,
                     .service = service,
                     .names = names,
                     .required = required,
                     .tell = tell_it,
                     .state = state};
    asl_buffer_init(&w.path, 65536);
    check_structure(&w, structure, value);
    asl_buffer_free(&w.path);
}

/* ---- words for a request ---- */
struct report {
    struct asl_buffer text;  /* all that are invalid, joined */
    struct asl_buffer other; /* the first of another type */
    size_t count;
};

static void show_members(const struct catalogue_shape *s, const asl_value *v,
                         struct asl_buffer *out);

/* A value as Java prints it: [a, b], Name(member=value, ...), text bare. */
static void show(const struct catalogue_shape *s, const asl_value *v, struct asl_buffer *out)
{
    if (v == NULL || value_kind(v) == VALUE_NULL) {
        asl_buffer_puts(out, "null");
    } else if (s->type == CATALOGUE_LIST && value_kind(v) == VALUE_ARRAY) {
        asl_buffer_putc(out, '[');
        for (size_t i = 0; i < value_count(v); i++) {
            asl_buffer_puts(out, i > 0 ? ", " : "");
            show(s->members[0].shape, value_at(v, i), out);
        }
        asl_buffer_putc(out, ']');
    } else if (s->type == CATALOGUE_STRUCTURE && value_kind(v) == VALUE_OBJECT) {
        show_members(s, v, out);
    } else if (value_kind(v) == VALUE_STRING) {
        asl_buffer_put_text(out, value_as_text(v));
    } else {
        value_print(v, out);
    }
}

static void show_members(const struct catalogue_shape *s, const asl_value *v,
                         struct asl_buffer *out)
{
    asl_buffer_printf(out, "%s(", s->name != NULL ? s->name : "");
    for (uint32_t i = 0; i < s->member_count; i++) {
        asl_buffer_printf(out, "%s%s=", i > 0 ? ", " : "", s->members[i].name);
        show(s->members[i].shape, value_get_z(v, s->members[i].name), out);
    }
    asl_buffer_putc(out, ')');
}

static void put_rule(const struct constraint_breach *b, struct asl_buffer *out)
{
    static const char *const rules[] = {
        [CONSTRAINT_MISSING] = "must not be null",
        [CONSTRAINT_SHORT] = "must have length greater than or equal to ",
        [CONSTRAINT_LONG] = "must have length less than or equal to ",
        [CONSTRAINT_SMALL] = "must have value greater than or equal to ",
        [CONSTRAINT_LARGE] = "must have value less than or equal to ",
        [CONSTRAINT_PATTERN] = "must satisfy regular expression pattern: ",
        [CONSTRAINT_ENUM] = "must satisfy enum value set: [",
    };
    const struct catalogue_shape *s = b->use->shape;
    asl_buffer_printf(out, "Member %s", rules[b->kind]);
    if (b->kind == CONSTRAINT_SHORT || b->kind == CONSTRAINT_SMALL)
        asl_buffer_puts(out, s->minimum);
    else if (b->kind == CONSTRAINT_LONG || b->kind == CONSTRAINT_LARGE)
        asl_buffer_puts(out, s->maximum);
    else if (b->kind == CONSTRAINT_PATTERN)
        asl_buffer_puts(out, s->pattern);
    for (uint32_t i = 0; b->kind == CONSTRAINT_ENUM && i < s->value_count; i++)
        asl_buffer_printf(out, "%s%s", i > 0 ? ", " : "", s->values[i]);
    if (b->kind == CONSTRAINT_ENUM)
        asl_buffer_putc(out, ']');
}

/* Coral's words for a value of another type. */
static void put_other_type(const struct constraint_breach *b, struct asl_buffer *out)
{
    static const char *const tokens[] = {
        [VALUE_NULL] = "NULL_VALUE",     [VALUE_BOOLEAN] = "BOOLEAN_VALUE",
        [VALUE_NUMBER] = "NUMBER_VALUE", [VALUE_STRING] = "STRING_VALUE",
        [VALUE_ARRAY] = "START_ARRAY",   [VALUE_OBJECT] = "START_OBJECT",
    };
    static const char *const types[CATALOGUE_TYPES] = {
        [CATALOGUE_STRUCTURE] = "Structure",
        [CATALOGUE_LIST] = "List",
        [CATALOGUE_MAP] = "Map",
        [CATALOGUE_STRING] = "String",
        [CATALOGUE_BLOB] = "Blob",
        [CATALOGUE_BOOLEAN] = "Boolean",
        [CATALOGUE_INTEGER] = "Integer",
        [CATALOGUE_LONG] = "Long",
        [CATALOGUE_FLOAT] = "Float",
        [CATALOGUE_DOUBLE] = "Double",
        [CATALOGUE_TIMESTAMP] = "Timestamp",
    };
    enum value_kind kind = value_kind(b->value);
    if (kind == VALUE_ARRAY)
        asl_buffer_puts(out, "Start of list found where not expected");
    else if (kind == VALUE_OBJECT)
        asl_buffer_puts(out, "Start of structure or map found where not expected.");
    else
        asl_buffer_printf(out, "%s can not be converted to %s", tokens[kind],
                          types[b->use->shape->type]);
}

static bool report_breach(void *state, const struct constraint_breach *b)
{
    struct report *r = state;
    if (b->kind == CONSTRAINT_TYPE) {
        put_other_type(b, &r->other);
        return false;
    }
    if (r->count++ > 0)
        asl_buffer_puts(&r->text, "; ");
    asl_buffer_puts(&r->text, "Value");
    if (b->value == NULL) {
        asl_buffer_puts(&r->text, " null");
    } else if (!(b->use->shape->flags & CATALOGUE_SENSITIVE)) {
        struct asl_buffer value;
        asl_buffer_init(&value, SHOWN_MAXIMUM);
        show(b->use->shape, b->value, &value);
        asl_buffer_puts(&r->text, " '");
        asl_buffer_put_text(&r->text, asl_buffer_text(&value));
        asl_buffer_putc(&r->text, '\'');
        asl_buffer_free(&value);
    }
    asl_buffer_printf(&r->text,
                      " at '%.*s' failed to satisfy constraint: ", ASL_TEXT_ARGS(b->path));
    put_rule(b, &r->text);
    return true;
}

enum constraint_verdict constraint_check_request(struct constraint_checker *c,
                                                 const struct catalogue_operation *o,
                                                 const asl_value *parameters,
                                                 struct asl_buffer *message)
{
    struct report r = {.count = 0};
    if (o->input.shape == NULL)
        return CONSTRAINT_FINE;
    asl_buffer_init(&r.text, message->maximum);
    asl_buffer_init(&r.other, message->maximum);
    constraint_check(c, o->service, o->input.shape, parameters, PROTOCOL_NATIVE, true,
                     report_breach, &r);
    enum constraint_verdict verdict = r.other.size > 0 ? CONSTRAINT_UNREADABLE
                                      : r.count > 0    ? CONSTRAINT_INVALID
                                                       : CONSTRAINT_FINE;
    asl_buffer_clear(message);
    if (verdict == CONSTRAINT_INVALID)
        asl_buffer_printf(message, "%zu validation error%s detected: ", r.count,
                          r.count == 1 ? "" : "s");
    if (verdict != CONSTRAINT_FINE)
        asl_buffer_put_text(message, asl_buffer_text(r.other.size > 0 ? &r.other : &r.text));
    asl_buffer_free(&r.text);
    asl_buffer_free(&r.other);
    return verdict;
}

/* ---- words for a mock ---- */
struct mock_report {
    const char *any;
    struct asl_buffer *message;
};

static bool is_any(const char *any, const struct constraint_breach *b)
{
    const char *at = any != NULL ? strstr(any, b->field) : NULL;
    size_t size = strlen(b->field);
    return at != NULL && (at == any || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0') &&
           b->kind != CONSTRAINT_MISSING && memchr(b->path.data, '.', b->path.size) == NULL;
}

static bool report_mock(void *state, const struct constraint_breach *b)
{
    static const char *const words[] = {
        [CONSTRAINT_SHORT] = "is smaller than the minimum length",
        [CONSTRAINT_LONG] = "exceeds the maximum length",
        [CONSTRAINT_SMALL] = "is less than the minimum value",
        [CONSTRAINT_LARGE] = "exceeds the maximum value",
        [CONSTRAINT_PATTERN] = "does not match the expected pattern",
        [CONSTRAINT_ENUM] = "is not an expected value",
    };
    static const char *const types[CATALOGUE_TYPES] = {
        [CATALOGUE_STRUCTURE] = "an object", [CATALOGUE_LIST] = "an array",
        [CATALOGUE_MAP] = "an object",       [CATALOGUE_STRING] = "a string",
        [CATALOGUE_BLOB] = "a string",       [CATALOGUE_BOOLEAN] = "a boolean",
        [CATALOGUE_INTEGER] = "a number",    [CATALOGUE_LONG] = "a number",
        [CATALOGUE_FLOAT] = "a number",      [CATALOGUE_DOUBLE] = "a number",
        [CATALOGUE_TIMESTAMP] = "a string",
    };
    const struct mock_report *r = state;
    struct asl_buffer *message = r->message;
    if (is_any(r->any, b))
        return true;
    asl_buffer_puts(message, "Mock result schema validation error: ");
    if (b->kind == CONSTRAINT_MISSING)
        asl_buffer_printf(message, "Required field '%s' is missing", b->field);
    else if (b->kind == CONSTRAINT_TYPE)
        asl_buffer_printf(message, "Field '%s' must be %s", b->field, types[b->use->shape->type]);
    else
        asl_buffer_printf(message, "Field '%s' %s", b->field, words[b->kind]);
    return false;
}

bool constraint_check_mock(struct constraint_checker *c, const struct catalogue_service *service,
                           const struct catalogue_shape *structure, enum protocol_names names,
                           bool strict, const char *any, const asl_value *result,
                           struct asl_buffer *message)
{
    struct mock_report report = {any, message};
    asl_buffer_clear(message);
    constraint_check(c, service, structure, result, names, strict, report_mock, &report);
    return message->size == 0;
}
