/* The data flow of JSONata: Arguments, Output, Assign; `$states` and the variables.
 * Serves: ASL spec "JSONata"; facts 3.2, 3.11, 3.13. */
#include "run.h"

#include <string.h>

#include "../jsonata/states_functions.h"

/* AWS's: measured there, an evaluation 100 nodes deep succeeds and one of 101 fails. */
#define NESTING_MAXIMUM 100
/* Measured too: `[1..873782]` is a value, `[1..873783]` is refused; 8 bytes an element. */
#define VALUE_MAXIMUM 6990256

static asl_value *build_states(struct run *r)
{
    struct value_list l;
    value_list_init(&l);
    const asl_value *input = r->states_input ? r->states_input : r->frame->input;
    value_list_set_take(&l, "input", value_retain(input));
    if (r->states_result)
        value_list_set_take(&l, "result", value_retain(r->states_result));
    if (r->states_error)
        value_list_set_take(&l, "errorOutput", value_retain(r->states_error));
    value_list_set_take(&l, "context", value_retain(flow_context(r)));
    return value_object_take(&l);
}

static const asl_value *variable(void *run, struct asl_text name)
{
    struct run *r = run;
    if (!asl_text_is(name, "states"))
        return flow_variable(r, name);
    if (!r->states_cache)
        r->states_cache = build_states(r);
    return r->states_cache;
}

static double random_unit(void *run)
{
    struct run *r = run;
    return (double)(r->env->random(r->env->state) >> 11) * 0x1p-53;
}

static void uuid(void *run, char out[37])
{
    struct run *r = run;
    r->env->uuid(r->env->state, out);
}

/* What the expression threw, as AWS words it: the limits have no code, and follow a colon. */
static void fail_thrown(struct run *r, const struct template *t, const struct jsonata_error *error)
{
    struct asl_text source = jsonata_source(t->of.jsonata);
    struct asl_text words = asl_buffer_text(&error->message);
    if (strcmp(error->code, "D2015") == 0)
        words = ASL_TEXT("Expression evaluation memory limit exceeded: Check for excessive memory "
                         "usage");
    if (strcmp(error->code, "D2015") == 0 || strcmp(error->code, "U1001") == 0)
        fail_evaluation(r, t->field,
                        "The JSONata expression '%.*s' specified for the field '%s' threw an error "
                        "during evaluation: %.*s",
                        ASL_TEXT_ARGS(source), t->field, ASL_TEXT_ARGS(words));
    else
        fail_evaluation(r, t->field,
                        "The JSONata expression '%.*s' specified for the field '%s' threw an error "
                        "during evaluation. %s: %.*s",
                        ASL_TEXT_ARGS(source), t->field, error->code, ASL_TEXT_ARGS(words));
}

static asl_value *hole(struct run *r, const struct template *t, const asl_value *input)
{
    (void)input; /* a JSONata expression in a state has no context item */
    struct jsonata_env env = {
        .state = r,
        .variable = variable,
        .now_ms = run_now(r),
        .random = random_unit,
        .uuid = uuid,
        .natives = jsonata_states_functions,
        .depth_maximum = NESTING_MAXIMUM,
        .value_maximum = VALUE_MAXIMUM,
    };
    struct jsonata_error error = {0};
    asl_value *v = NULL;
    struct asl_text source = jsonata_source(t->of.jsonata);
    switch (jsonata_evaluate(t->of.jsonata, NULL, &env, &v, &error)) {
    case JSONATA_VALUE:
        break;
    case JSONATA_UNDEFINED:
        fail_evaluation(r, t->field,
                        "The JSONata expression '%.*s' specified for the field '%s' returned "
                        "nothing (undefined).",
                        ASL_TEXT_ARGS(source), t->field);
        break;
    case JSONATA_FUNCTION:
        fail_evaluation(r, t->field,
                        "The JSONata expression '%.*s' specified for the field '%s' returned an "
                        "unsupported result type.",
                        ASL_TEXT_ARGS(source), t->field);
        break;
    case JSONATA_FAILED:
        fail_thrown(r, t, &error);
        break;
    }
    jsonata_error_free(&error);
    return v;
}

static asl_value *effective_input(struct run *r, struct frame *f)
{
    (void)r;
    return value_retain(f->input);
}

static bool has_result(const struct state *s)
{
    return s->kind == STATE_TASK || s->kind == STATE_PARALLEL || s->kind == STATE_MAP;
}

/* Output and Assign see the same world: neither sees what the other makes. */
static bool evaluate(struct run *r, const struct template *output_template,
                     const struct template *assign_template, const asl_value *absent,
                     asl_value **output, asl_value **assigned)
{
    *assigned = NULL;
    *output = output_template ? flow_template(r, output_template, NULL) : value_retain(absent);
    return *output && flow_assign(r, assign_template, NULL, assigned);
}

static bool leave(struct run *r, struct frame *f, const struct template *output_template,
                  const struct template *assign_template, const asl_value *result,
                  asl_value **output, asl_value **assigned)
{
    if (has_result(f->state))
        r->states_result = result;
    flow_forget_caches(r);
    bool fine = evaluate(r, output_template, assign_template, result, output, assigned);
    r->states_result = NULL;
    flow_forget_caches(r);
    return fine;
}

static bool caught(struct run *r, struct frame *f, const struct catcher *c,
                   const asl_value *error_output, asl_value **output, asl_value **assigned)
{
    (void)f;
    return evaluate(r, c->output, c->assign, error_output, output, assigned);
}

const struct flow flow_jsonata = {effective_input, hole, leave, caught};
