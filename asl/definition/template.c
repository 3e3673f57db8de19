/* Payload templates, paths and settings of both languages. A subtree without holes stays the value
 * it was, so that a constant costs one retain when it is used.
 * Serves: ASL spec "Payload Template"; facts 3.2, 3.3, 3.13.
 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#define WHITE_SPACE " \t\r\n"

bool is_expression(const asl_value *v)
{
    if (v == NULL || value_kind(v) != VALUE_STRING) {
        return false;
    }
    struct asl_text t = value_as_text(v);
    return t.size >= 4 && asl_text_starts(t, "{%") && asl_text_ends(t, "%}");
}

static struct asl_text trimmed(struct asl_text t)
{
    while (t.size > 0 && strchr(WHITE_SPACE, t.data[0]) != NULL) {
        t.data++;
        t.size--;
    }
    while (t.size > 0 && strchr(WHITE_SPACE, t.data[t.size - 1]) != NULL) {
        t.size--;
    }
    return t;
}

/* ---- holes ---- */

/* What AWS refuses in an expression, said once a name. */
struct seen_reference {
    struct compiler *compiler;
    const struct place *place;
    struct value_list told;
};

static bool is_told(struct seen_reference *seen, asl_value *message_take)
{
    for (size_t i = 0; i < seen->told.count; i++) {
        if (value_equal(seen->told.items[i], message_take)) {
            value_release(message_take);
            return true;
        }
    }
    value_list_push_take(&seen->told, message_take);
    return false;
}

static void refuse(struct seen_reference *seen, const char *before, struct asl_text name,
                   const char *after)
{
    struct asl_buffer message;
    asl_buffer_init(&message, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&message, "%s%.*s%s", before, ASL_TEXT_ARGS(name), after);
    if (!is_told(seen, value_string(asl_buffer_text(&message)))) {
        report(seen->compiler, CODE_JSONATA_UNSUPPORTED, seen->place, "%s", message.data);
    }
    asl_buffer_free(&message);
}

/* $states holds input and context everywhere, result and errorOutput where there are such. */
static void check_states(struct seen_reference *seen, struct asl_text path)
{
    const char *slash = path.size == 0 ? NULL : memchr(path.data, '/', path.size);
    struct asl_text field = {path.data, slash == NULL ? path.size : (size_t)(slash - path.data)};
    unsigned data = seen->compiler->data;
    bool known = field.size == 0 || asl_text_is(field, "input") || asl_text_is(field, "context") ||
                 (asl_text_is(field, "result") && (data & DATA_RESULT) != 0) ||
                 (asl_text_is(field, "errorOutput") && (data & DATA_ERROR) != 0);
    if (!known) {
        refuse(seen, "Field '$states.", field, "' does not exist.");
        suggest(seen->compiler, field, "input|context|result|errorOutput");
    }
}

static void see_reference(void *state, enum jsonata_reference_kind kind, struct asl_text name,
                          struct asl_text path, size_t position)
{
    struct seen_reference *seen = state;
    (void)position;
    switch (kind) {
    case JSONATA_CONTEXT:
        refuse(seen, "Reference to '", ASL_TEXT("$$"), "' is not supported.");
        break;
    case JSONATA_FIELD:
        refuse(seen, "Reference to '", name, "' at the top level is not supported.");
        break;
    case JSONATA_VARIABLE:
        if (asl_text_is(name, "states")) {
            check_states(seen, path);
        } else {
            references_add(seen->compiler, name);
        }
        break;
    }
}

/* On AWS `$eval` is not there, and Infinity and NaN leave as texts (facts 3.13). */
#define JSONATA_ON_AWS (JSONATA_NO_EVAL | JSONATA_NON_FINITE_TEXT)

/* What is compiled in the place of an expression or path that awaits a substitution: it fails when
 * it is evaluated. */
#define UNSUBSTITUTED_JSONATA "$error('its ${...} was never substituted')"
#define UNSUBSTITUTED_PATH    "$['its ${...} was never substituted']"

/* AWS gives the library's words without its code; where in the expression is ours to say. */
static void report_syntax(struct compiler *c, const struct jsonata_error *error,
                          const struct place *place)
{
    report(c, CODE_JSONATA, place, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&error->message)));
    struct asl_buffer hint;
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&hint, "JSONata %s", error->code);
    if (error->position != SIZE_MAX) {
        asl_buffer_printf(&hint, ", at character %zu of the expression", error->position);
    }
    hint_tell(c, asl_buffer_text(&hint));
    asl_buffer_free(&hint);
}

/* "{% ... %}": the hole's field is its path from the state, as AWS names it in causes. */
static void fill_jsonata(struct compiler *c, const asl_value *v, const struct place *place,
                         struct template *out)
{
    struct asl_text t = value_as_text(v);
    t = trimmed((struct asl_text){t.data + 2, t.size - 4});
    struct jsonata_error error = {0};
    struct jsonata *expression = jsonata_compile(t, JSONATA_ON_AWS, &error);
    if (expression == NULL && awaits_substitution(t)) {
        warn_substitution(c, place);
        jsonata_error_free(&error);
        expression = jsonata_compile(ASL_TEXT(UNSUBSTITUTED_JSONATA), JSONATA_ON_AWS, &error);
    }
    if (expression == NULL) {
        report_syntax(c, &error, place);
        jsonata_error_free(&error);
        return;
    }
    value_release(out->of.literal);
    out->kind = TEMPLATE_JSONATA;
    out->of.jsonata = expression;
    struct seen_reference seen = {.compiler = c, .place = place};
    value_list_init(&seen.told);
    jsonata_each_reference(expression, see_reference, &seen);
    value_list_free(&seen.told);
    struct asl_buffer field;
    asl_buffer_init(&field, ASL_BUFFER_MAXIMUM);
    place_print(place, c->state_place, &field);
    out->field = asl_copy_text(asl_buffer_text(&field));
    asl_buffer_free(&field);
}

/* A path or an intrinsic; false when `v` is neither. */
static bool fill_reference(struct compiler *c, const asl_value *v, struct asl_text field,
                           struct template *out)
{
    if (value_kind(v) != VALUE_STRING) {
        return false;
    }
    struct path_error error;
    struct asl_text source = value_as_text(v);
    if (intrinsic_looks_like(source)) {
        struct intrinsic *intrinsic = intrinsic_compile(source, &error);
        if (intrinsic == NULL) {
            return false;
        }
        value_release(out->of.literal);
        out->kind = TEMPLATE_INTRINSIC;
        out->of.intrinsic = intrinsic;
        intrinsic_each_path(intrinsic, references_add_path, c);
    } else {
        struct path *path = path_compile(source, 0, &error);
        if (path == NULL) {
            return false;
        }
        value_release(out->of.literal);
        out->kind = TEMPLATE_PATH;
        out->of.path = path;
        references_add_path(c, path);
    }
    out->field = asl_copy_text(field);
    return true;
}

bool looks_like_reference(const asl_value *v)
{
    if (value_kind(v) != VALUE_STRING) {
        return false;
    }
    struct asl_text t = value_as_text(v);
    return asl_text_is(t, "$") || asl_text_starts(t, "$.") || asl_text_starts(t, "$[") ||
           asl_text_starts(t, "$$.") ||
           (asl_text_starts(t, "States.") && intrinsic_looks_like(t) && asl_text_ends(t, ")"));
}

/* ---- trees ---- */

static bool fill(struct compiler *c, const asl_value *v, const struct place *place,
                 struct template *out);

/* Children are compiled first; when none has a hole the whole is the literal it was. */
static bool collapse(enum template_kind kind, struct template *items, size_t count, bool holes,
                     struct template *out)
{
    if (!holes) {
        for (size_t i = 0; i < count; i++) {
            value_release(items[i].key);
            value_release(items[i].of.literal);
        }
        free(items);
        return false;
    }
    value_release(out->of.literal);
    out->kind = kind;
    out->of.children.items = items;
    out->of.children.count = count;
    return true;
}

static bool fill_member(struct compiler *c, const asl_value *key, const asl_value *v,
                        const struct place *place, struct template *out)
{
    struct asl_text name = value_as_text(key);
    struct place here = place_key(place, name);
    if (c->language == LANGUAGE_JSONATA || !asl_text_ends(name, ".$")) {
        if (c->language == LANGUAGE_JSONPATH && looks_like_reference(v)) {
            warn(c, CODE_NO_DOLLAR, &here,
                 "Field '%.*s' appears to hold a JSONPath or an intrinsic function, but its name "
                 "does not end with '.$'",
                 ASL_TEXT_ARGS(name));
        }
        out->key = value_retain(key);
        return fill(c, v, &here, out);
    }
    out->key = value_string((struct asl_text){name.data, name.size - 2});
    out->of.literal = value_retain(v);
    if (fill_reference(c, v, name, out)) {
        return true;
    }
    if (value_kind(v) == VALUE_STRING && awaits_substitution(value_as_text(v))) {
        struct path_error error;
        warn_substitution(c, &here);
        value_release(out->of.literal);
        out->kind = TEMPLATE_PATH;
        out->of.path = path_compile(ASL_TEXT(UNSUBSTITUTED_PATH), 0, &error);
        out->field = asl_copy_text(name);
        return true;
    }
    report(c, CODE_SCHEMA, place,
           "The value for the field '%.*s' must be a valid JSONPath or a valid intrinsic function "
           "call",
           ASL_TEXT_ARGS(name));
    point_at_member(c, place, name);
    return false;
}

static bool fill_container(struct compiler *c, const asl_value *v, const struct place *place,
                           struct template *out)
{
    bool object = value_kind(v) == VALUE_OBJECT;
    size_t count = value_count(v);
    struct template *items = asl_allocate_zeroed(count == 0 ? 1 : count, sizeof *items);
    bool holes = false;
    for (size_t i = 0; i < count; i++) {
        if (object) {
            holes |= fill_member(c, value_key_at(v, i), value_at(v, i), place, &items[i]);
        } else {
            struct place here = place_index(place, i);
            holes |= fill(c, value_at(v, i), &here, &items[i]);
        }
    }
    return collapse(object ? TEMPLATE_OBJECT : TEMPLATE_ARRAY, items, count, holes, out);
}

/* True when `out` has holes. */
static bool fill(struct compiler *c, const asl_value *v, const struct place *place,
                 struct template *out)
{
    out->kind = TEMPLATE_LITERAL;
    out->of.literal = value_retain(v);
    if (value_depth(v) > 0) {
        return fill_container(c, v, place, out);
    }
    if (c->language == LANGUAGE_JSONATA && is_expression(v)) {
        fill_jsonata(c, v, place, out);
    } else if (c->language == LANGUAGE_JSONATA && value_kind(v) == VALUE_STRING &&
               asl_text_starts(value_as_text(v), "{%")) {
        report(c, CODE_SCHEMA, place, "JSONata string must start with {%% and end with %%}");
    }
    return out->kind != TEMPLATE_LITERAL;
}

static struct template *template_compile(struct compiler *c, const asl_value *v,
                                         const struct place *place)
{
    struct template *t = asl_allocate_zeroed(1, sizeof *t);
    fill(c, v, place, t);
    return t;
}

struct template *template_member(struct compiler *c, const asl_value *object, const char *name,
                                 const struct place *place)
{
    const asl_value *v = value_get_z(object, name);
    if (v == NULL) {
        return NULL;
    }
    struct place here = place_key(place, asl_text(name));
    return template_compile(c, v, &here);
}

static void template_clear(struct template *t)
{
    value_release(t->key);
    free(t->field);
    switch (t->kind) {
    case TEMPLATE_LITERAL:
        value_release(t->of.literal);
        break;
    case TEMPLATE_PATH:
        path_free(t->of.path);
        break;
    case TEMPLATE_INTRINSIC:
        intrinsic_free(t->of.intrinsic);
        break;
    case TEMPLATE_JSONATA:
        jsonata_free(t->of.jsonata);
        break;
    case TEMPLATE_OBJECT:
    case TEMPLATE_ARRAY:
        for (size_t i = 0; i < t->of.children.count; i++) {
            template_clear(&t->of.children.items[i]);
        }
        free(t->of.children.items);
        break;
    }
}

void template_free(struct template *t)
{
    if (t != NULL) {
        template_clear(t);
        free(t);
    }
}

/* ---- paths and settings ---- */

/* The ASL specification keeps `@ , : ? *` and `..` out of Reference Paths; what else our compiler
 * would not take as one ([-1]) names one place all the same, so it is let pass. */
static bool holds_query(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        if (strchr("@,:?*", t.data[i]) != NULL ||
            (t.data[i] == '.' && i + 1 < t.size && t.data[i + 1] == '.')) {
            return true;
        }
    }
    return false;
}

static struct path *compile_path(struct compiler *c, struct asl_text text, unsigned flags,
                                 enum path_start from, const struct place *place)
{
    struct path_error error = {0};
    struct path *path = path_compile(text, flags & PATH_REFERENCE, &error);
    if (path == NULL && (flags & PATH_READ) != 0 && !holds_query(text)) {
        path = path_compile(text, 0, &error);
    }
    const char *wrong = error.message;
    if (text.size == 0 || text.data[0] != '$') {
        wrong = "Reference path didn't start with '$'";
    }
    if (path != NULL && from == START_NO_CONTEXT && path_root(path) == PATH_CONTEXT) {
        path_free(path);
        path = NULL;
        wrong = "it may not start at the context object";
    }
    if (path != NULL) {
        references_add_path(c, path);
    } else if (c->is_template && awaits_substitution(text)) {
        warn_substitution(c, place);
    } else if ((flags & PATH_REFERENCE) != 0) {
        report(c, CODE_SCHEMA, place, "Value is not a Reference Path: %s", wrong);
    } else {
        report(c, CODE_SCHEMA, place, "Value must be a valid JSONPath.");
    }
    return path;
}

struct path *path_member(struct compiler *c, const asl_value *object, const char *name,
                         unsigned flags, enum path_start from, const struct place *place)
{
    const asl_value *v = value_get_z(object, name);
    if (v == NULL || value_kind(v) != VALUE_STRING) {
        return NULL;
    }
    struct place here = place_key(place, asl_text(name));
    return compile_path(c, value_as_text(v), flags, from, &here);
}

static void set_template(struct setting *out, const char *name, struct template *t)
{
    out->name = name;
    out->template = t;
}

/* A constant, or in JSONata an expression (Items may also be an array with expressions in it). */
static void compile_value(struct compiler *c, const asl_value *v, const char *name,
                          const struct place *place, struct setting *out)
{
    if (c->language == LANGUAGE_JSONATA) {
        struct place here = place_key(place, asl_text(name));
        struct template *t = template_compile(c, v, &here);
        if (t->kind != TEMPLATE_LITERAL) {
            set_template(out, name, t);
            return;
        }
        template_free(t);
    }
    out->name = name;
    out->value = value_retain(v);
}

void setting_compile(struct compiler *c, const asl_value *object, const char *name,
                     const char *path_name, enum setting_path kind, const struct place *place,
                     struct setting *out)
{
    const asl_value *v = value_get_z(object, name);
    if (v != NULL) {
        compile_value(c, v, name, place, out);
        return;
    }
    v = path_name == NULL || c->language == LANGUAGE_JSONATA ? NULL
                                                             : value_get_z(object, path_name);
    if (v == NULL || value_kind(v) != VALUE_STRING) {
        return;
    }
    struct place here = place_key(place, asl_text(path_name));
    struct template *t = asl_allocate_zeroed(1, sizeof *t);
    t->of.literal = value_retain(v);
    if (kind == SETTING_INTRINSIC) {
        bool filled = fill_reference(c, v, asl_text(path_name), t);
        if (!filled && is_awaited(c, v)) {
            warn_substitution(c, &here);
        } else if (!filled) {
            report(c, CODE_SCHEMA, &here,
                   "The value for the field '%s' must be a valid JSONPath or a valid intrinsic "
                   "function call",
                   path_name);
        }
    } else {
        struct path *path =
            compile_path(c, value_as_text(v), PATH_REFERENCE | PATH_READ,
                         kind == SETTING_CONTEXT ? START_ANYWHERE : START_NO_CONTEXT, &here);
        if (path != NULL) {
            value_release(t->of.literal);
            t->kind = TEMPLATE_PATH;
            t->of.path = path;
            t->field = asl_copy_text(asl_text(path_name));
        }
    }
    set_template(out, path_name, t);
}

void setting_free(struct setting *s)
{
    value_release(s->value);
    template_free(s->template);
}
