/* What an integration refuses before it is asked: parameters of a shape that it cannot send. AWS
 * fails the state with States.Runtime and schedules nothing. What a service's model says is asked
 * of the caller, who has it (asl_env.accepts); what no model says is a table here. Serves:
 * facts 3.11 (recorded for API Gateway's Headers; the rest as reported by users). A field that is
 * missing altogether is the definition's mistake, found when it is compiled.
 */
#include "run.h"

/* {"Accept": ["a", "b"]}: names to lists of texts. */
static bool is_lists(const asl_value *v)
{
    if (value_kind(v) != VALUE_OBJECT)
        return false;
    for (size_t i = 0; i < value_count(v); i++) {
        const asl_value *list = value_at(v, i);
        if (value_kind(list) != VALUE_ARRAY)
            return false;
        for (size_t k = 0; k < value_count(list); k++)
            if (value_kind(value_at(list, k)) != VALUE_STRING)
                return false;
    }
    return true;
}

/* A function's payload travels as text: what is neither text nor structure cannot. A user shows
 * AWS's refusal of a number, word by word (stackoverflow.com/q/76373088); booleans are taken to go
 * alike. */
static bool is_payload(const asl_value *v)
{
    return value_kind(v) != VALUE_NUMBER && value_kind(v) != VALUE_BOOLEAN;
}

static const struct demand {
    const char *type, *action, *field;
    bool (*accepts)(const asl_value *v);
    const char *complaint; /* behind "The value" */
} demands[] = {
    {"apigateway", "invoke", "Headers", is_lists, "of the field 'Headers' has an invalid format"},
    {"apigateway", "invoke", "QueryParameters", is_lists,
     "of the field 'QueryParameters' has an invalid format"},
    {"lambda", "invoke", "Payload", is_payload, "for the field 'Payload' must be a STRING"},
};

static bool is_for(const struct demand *d, const struct resource *resource)
{
    return resource->family == TASK_SERVICE && asl_text_is(asl_text(resource->type), d->type) &&
           asl_text_is(asl_text(resource->action), d->action);
}

bool parameters_are_accepted(struct run *r, const struct resource *resource,
                             const asl_value *parameters)
{
    struct asl_buffer complaints;
    asl_buffer_init(&complaints, 65536);
    for (size_t i = 0; i < sizeof demands / sizeof *demands; i++) {
        const struct demand *d = &demands[i];
        const asl_value *v = is_for(d, resource) ? value_get_z(parameters, d->field) : NULL;
        if (!v || d->accepts(v))
            continue;
        if (complaints.size)
            asl_buffer_puts(&complaints, ", ");
        asl_buffer_printf(&complaints, "The value %s", d->complaint);
    }
    if (complaints.size == 0 && resource->family == TASK_SERVICE && r->env->accepts)
        r->env->accepts(r->env->state, resource, parameters, &complaints);
    bool fine = complaints.size == 0;
    if (!fine) {
        struct asl_buffer shown;
        asl_buffer_init(&shown, PAYLOAD_MAXIMUM * 2);
        value_print(parameters, &shown);
        fail_runtime(r, "The Parameters '%.*s' could not be used to start the Task: [%.*s]",
                     ASL_TEXT_ARGS(asl_buffer_text(&shown)),
                     ASL_TEXT_ARGS(asl_buffer_text(&complaints)));
        asl_buffer_free(&shown);
    }
    asl_buffer_free(&complaints);
    return fine;
}
