/* The data flow of JSONPath: InputPath, Parameters, ResultSelector, Assign, ResultPath, OutputPath.
 * Serves: ASL spec "Input and Output Processing"; facts 3.2, 3.11. */
#include "run.h"

static bool fail_path(struct run *r, const struct path *p, const struct path_miss *miss)
{
    return fail_runtime(r, "Invalid path '%.*s' : %s", ASL_TEXT_ARGS(path_source(p)),
                        miss->message);
}

static asl_value *path_or_fail(struct run *r, const struct path *p, const asl_value *input)
{
    struct path_miss miss;
    if (path_is_root(p)) /* what InputPath and OutputPath are where they are not written */
        return flow_path(r, p, input, NULL);
    asl_value *v = flow_can_read(r, p, input) ? flow_path(r, p, input, &miss) : NULL;
    if (!v && !r->failure.is_set)
        fail_path(r, p, &miss);
    return v;
}

static asl_value *effective_input(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    asl_value *v = s->input_null    ? value_empty_object()
                   : !s->input_path ? value_retain(f->input)
                                    : path_or_fail(r, s->input_path, f->input);
    if (v)
        run_show_value(r, s, ASL_SEE_INPUT_PATH, v);
    return v;
}

static void env_uuid(void *run, char out[37])
{
    struct run *r = run;
    r->env->uuid(r->env->state, out);
}

static uint64_t env_random(void *run)
{
    struct run *r = run;
    return r->env->random(r->env->state);
}

static asl_value *evaluate_intrinsic(struct run *r, const struct intrinsic *i,
                                     const asl_value *input)
{
    struct path_scope scope = {input, flow_context, flow_variable, r};
    struct intrinsic_env env = {r, env_random, env_uuid};
    struct asl_buffer message;
    asl_buffer_init(&message, 32768);
    asl_value *v = intrinsic_evaluate(i, &scope, &env, &message, NULL);
    if (!v)
        fail_runtime(r, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&message)));
    asl_buffer_free(&message);
    return v;
}

static asl_value *hole(struct run *r, const struct template *t, const asl_value *input)
{
    if (t->kind == TEMPLATE_INTRINSIC)
        return evaluate_intrinsic(r, t->of.intrinsic, input);
    if (!flow_can_read(r, t->of.path, input))
        return NULL;
    asl_value *v = flow_path(r, t->of.path, input, NULL);
    if (v)
        return v;
    struct asl_buffer shown;
    asl_buffer_init(&shown, PAYLOAD_MAXIMUM * 2);
    value_print(input, &shown);
    fail_runtime(r,
                 "The JSONPath '%.*s' specified for the field '%s' could not be found in the input "
                 "'%.*s'",
                 ASL_TEXT_ARGS(path_source(t->of.path)), t->field,
                 ASL_TEXT_ARGS(asl_buffer_text(&shown)));
    asl_buffer_free(&shown);
    return NULL;
}

static bool has_result(const struct state *s)
{
    return s->kind == STATE_PASS || s->kind == STATE_TASK || s->kind == STATE_PARALLEL ||
           s->kind == STATE_MAP;
}

/* The raw input with the result where ResultPath says. */
static asl_value *place_result(struct run *r, struct frame *f, const struct path *where,
                               bool discard, const asl_value *result)
{
    if (discard)
        return value_retain(f->input);
    if (!where || path_is_root(where))
        return value_retain(result);
    asl_value *v = path_set_take(where, value_retain(f->input), value_retain(result), NULL);
    if (!v)
        fail_reference(r, where, f->input, path_describe_conflict);
    return v;
}

static asl_value *apply_output_path(struct run *r, const struct state *s, asl_value *document)
{
    if (s->output_null) {
        value_release(document);
        return value_empty_object();
    }
    if (!s->output_path)
        return document;
    asl_value *v = path_or_fail(r, s->output_path, document);
    value_release(document);
    return v;
}

static bool leave(struct run *r, struct frame *f, const struct template *output_template,
                  const struct template *assign_template, const asl_value *result,
                  asl_value **output, asl_value **assigned)
{
    const struct state *s = f->state;
    *output = *assigned = NULL;
    (void)output_template; /* JSONata's */
    if (!flow_assign(r, assign_template, result, assigned))
        return false;
    asl_value *selected =
        s->result_selector ? flow_template(r, s->result_selector, result) : value_retain(result);
    if (!selected)
        return false;
    run_show_value(r, s, ASL_SEE_RESULT_SELECTOR, selected);
    asl_value *document = has_result(s)
                              ? place_result(r, f, s->result_path, s->result_discarded, selected)
                              : value_retain(selected);
    value_release(selected);
    if (document)
        run_show_value(r, s, ASL_SEE_RESULT_PATH, document);
    if (document)
        *output = apply_output_path(r, s, document);
    return *output != NULL;
}

static bool caught(struct run *r, struct frame *f, const struct catcher *c,
                   const asl_value *error_output, asl_value **output, asl_value **assigned)
{
    *output = *assigned = NULL;
    if (!flow_assign(r, c->assign, error_output, assigned))
        return false;
    *output = place_result(r, f, c->result_path, c->discard, error_output);
    return *output != NULL;
}

const struct flow flow_jsonpath = {effective_input, hole, leave, caught};
