/* What both query languages share: templates, settings, variables, limits. The languages themselves
 * are flow_jsonpath.c and flow_jsonata.c; a state asks flow_of() and never which one it is.
 * Serves: ASL spec "Input and Output Processing", "Variables"; facts 3.2, 3.6. */
#include "run.h"

#include <math.h>
#include <string.h>

const struct flow *flow_of(const struct state *s)
{
    return s->language == LANGUAGE_JSONATA ? &flow_jsonata : &flow_jsonpath;
}

void flow_forget_caches(struct run *r)
{
    value_release(r->context_cache);
    value_release(r->states_cache);
    r->context_cache = r->states_cache = NULL;
}

void flow_begin(struct run *r, struct frame *f)
{
    flow_forget_caches(r);
    r->frame = f;
    r->states_input = r->states_result = r->states_error = NULL;
    r->item = NULL;
}

void flow_end(struct run *r)
{
    flow_forget_caches(r);
    r->frame = NULL;
}

const asl_value *flow_variable(void *run, struct asl_text name)
{
    struct run *r = run;
    for (const struct frame *f = r->frame; f; f = f->parent) {
        const asl_value *v = f->variables ? value_get(f->variables, name) : NULL;
        if (v)
            return v;
    }
    return NULL;
}

const asl_value *flow_context(void *run)
{
    struct run *r = run;
    if (!r->context_cache)
        r->context_cache = context_build(r);
    return r->context_cache;
}

/* ---- templates ---- */

static asl_value *fill_array(struct run *r, const struct template *t, const asl_value *input)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < t->of.children.count; i++) {
        asl_value *v = flow_template(r, &t->of.children.items[i], input);
        if (!v) {
            value_list_free(&l);
            return NULL;
        }
        value_list_push_take(&l, v);
    }
    return value_array_take(&l);
}

static asl_value *fill_object(struct run *r, const struct template *t, const asl_value *input)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < t->of.children.count; i++) {
        const struct template *child = &t->of.children.items[i];
        asl_value *v = flow_template(r, child, input);
        if (!v) {
            value_list_free(&l);
            return NULL;
        }
        value_list_push_member_take(&l, value_retain(child->key), v);
    }
    return value_object_take(&l);
}

asl_value *flow_template(struct run *r, const struct template *t, const asl_value *input)
{
    switch (t->kind) {
    case TEMPLATE_LITERAL:
        return value_retain(t->of.literal);
    case TEMPLATE_OBJECT:
        return fill_object(r, t, input);
    case TEMPLATE_ARRAY:
        return fill_array(r, t, input);
    case TEMPLATE_JSONATA:
        return flow_jsonata.hole(r, t, input);
    default:
        return flow_jsonpath.hole(r, t, input);
    }
}

/* ---- limits ---- */

bool flow_check_size(struct run *r, const asl_value *v, struct asl_text what)
{
    if (value_depth(v) > VALUE_DEPTH_MAXIMUM)
        return fail_runtime(r, "The output is nested deeper than %d levels.", VALUE_DEPTH_MAXIMUM);
    return value_size(v) <= PAYLOAD_MAXIMUM || fail_data_limit(r, what);
}

/* What all variables in sight will hold, once `assigned` has come to those of `f` and replaced
 * some. */
static size_t variables_size(const struct frame *f, const asl_value *assigned)
{
    size_t size = value_size(assigned);
    for (size_t i = 0; f->variables && i < value_count(assigned); i++) {
        const asl_value *old = value_get(f->variables, value_as_text(value_key_at(assigned, i)));
        size -= old ? value_size(old) : 0; /* wraps; the sum below brings it back */
    }
    for (; f; f = f->parent)
        if (f->variables)
            size += value_size(f->variables);
    return size;
}

bool flow_assign(struct run *r, const struct template *t, const asl_value *input,
                 asl_value **assigned)
{
    *assigned = NULL;
    if (!t)
        return true;
    asl_value *v = flow_template(r, t, input);
    if (!v)
        return false;
    *assigned = v;
    if (value_size(v) > PAYLOAD_MAXIMUM || value_depth(v) > VALUE_DEPTH_MAXIMUM)
        return fail_runtime(r, "The variables assigned exceed the maximum size of %d bytes.",
                            PAYLOAD_MAXIMUM);
    if (variables_size(r->frame, v) > VARIABLES_MAXIMUM)
        return fail_runtime(r,
                            "The variables of the execution exceed the maximum size of %d bytes.",
                            VARIABLES_MAXIMUM);
    return true;
}

bool flow_leave(struct run *r, struct frame *f, const struct template *output_template,
                const struct template *assign_template, const asl_value *result, struct state *next)
{
    asl_value *output = NULL, *assigned = NULL;
    if (flow_of(f->state)->leave(r, f, output_template, assign_template, result, &output,
                                 &assigned) &&
        flow_check_size(r, output, value_as_text(f->state->name))) {
        state_leave_take(r, f, output, assigned, next);
        return true;
    }
    value_release(output);
    value_release(assigned);
    return false;
}

/* ---- settings ---- */

bool flow_is_set(const struct setting *s)
{
    return s->value || s->template;
}

asl_value *flow_path(struct run *r, const struct path *p, const asl_value *input,
                     struct path_miss *miss)
{
    struct path_scope scope = {input, flow_context, flow_variable, r};
    return path_get(p, &scope, miss);
}

bool flow_can_read(struct run *r, const struct path *p, const asl_value *input)
{
    return path_root(p) != PATH_INPUT || value_kind(input) != VALUE_NULL ||
           fail_runtime(r, "Unable to apply Path transformation to null or empty input.");
}

asl_value *flow_setting(struct run *r, const struct setting *s, const asl_value *input)
{
    if (s->value)
        return value_retain(s->value);
    if (!s->template)
        return NULL;
    if (s->template->kind != TEMPLATE_PATH)
        return flow_template(r, s->template, input);
    struct path_miss miss;
    asl_value *v = flow_path(r, s->template->of.path, input, &miss);
    if (!v)
        fail_runtime(r, "Invalid path '%.*s' : %s",
                     ASL_TEXT_ARGS(path_source(s->template->of.path)), miss.message);
    return v;
}

/* The value as AWS quotes it: strings bare, all else as JSON. */
static void print_bare(const asl_value *v, struct asl_buffer *out)
{
    if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(out, value_as_text(v));
    else
        value_print(v, out);
}

static bool fail_not_integer(struct run *r, const struct setting *s, const asl_value *v)
{
    struct asl_buffer shown;
    asl_buffer_init(&shown, 8192);
    print_bare(v, &shown);
    struct asl_text text = asl_buffer_text(&shown);
    if (s->template && s->template->kind == TEMPLATE_JSONATA)
        fail_evaluation(r, s->name, "The %s field cannot be parsed as an integer: %.*s", s->name,
                        ASL_TEXT_ARGS(text));
    else if (s->template)
        fail_runtime(r, "The %s field refers to value \"%.*s\" which is not a valid integer: %.*s",
                     s->name, ASL_TEXT_ARGS(text),
                     ASL_TEXT_ARGS(path_source(s->template->of.path)));
    else
        fail_runtime(r, "The %s field is not a valid integer: %.*s", s->name, ASL_TEXT_ARGS(text));
    asl_buffer_free(&shown);
    return false;
}

static bool fail_not_number(struct run *r, const struct setting *s, const asl_value *v)
{
    struct asl_buffer shown;
    asl_buffer_init(&shown, 8192);
    value_print(v, &shown);
    struct asl_text source = jsonata_source(s->template->of.jsonata);
    fail_evaluation(r, s->name,
                    "The JSONata expression '%.*s' specified for the field '%s' returned an "
                    "unexpected result type. Expected 'number', but was '%s' for value: %.*s",
                    ASL_TEXT_ARGS(source), s->name, value_kind_name(value_kind(v)),
                    ASL_TEXT_ARGS(asl_buffer_text(&shown)));
    asl_buffer_free(&shown);
    return false;
}

bool flow_integer(struct run *r, const struct setting *s, const asl_value *input, int64_t least,
                  int64_t most, int64_t absent, int64_t *out)
{
    *out = absent;
    if (!flow_is_set(s))
        return true;
    asl_value *v = flow_setting(r, s, input);
    if (!v)
        return false;
    bool jsonata = s->template && s->template->kind == TEMPLATE_JSONATA;
    bool fine = false;
    if (jsonata && value_kind(v) != VALUE_NUMBER)
        fail_not_number(r, s, v);
    else if (!value_as_integer(v, out))
        fail_not_integer(r, s, v);
    else if (*out < least || *out > most) {
        if (jsonata)
            fail_evaluation(r, s->name, "%s must be between %lld and %lld but was: %lld", s->name,
                            (long long)least, (long long)most, (long long)*out);
        else
            fail_runtime(r, "%s must be between %lld and %lld but was: %lld", s->name,
                         (long long)least, (long long)most, (long long)*out);
    } else
        fine = true;
    value_release(v);
    return fine;
}
