/* Definitions, judged: ValidateStateMachineDefinition, and InvalidDefinition of create and update.
 * Serves: facts 1.8. What the SDK integrations may call is asked of the catalogue. */
#include "engine/api/internal.h"

#define RESULTS_MAXIMUM 100

static bool offers(void *state, struct asl_text service, struct asl_text action)
{
    const struct catalogue_service *s = catalogue_service(state, service);
    const struct catalogue_operation *o = s ? catalogue_operation(s, action) : NULL;
    return o && !(o->flags & CATALOGUE_UNSUPPORTED);
}

static asl_machine *compile(struct api *a, struct asl_text definition, bool express,
                            struct asl_diagnostics *diagnostics)
{
    const struct asl_catalogue catalogue = {.state = a->catalogue, .offers = offers};
    return asl_machine_compile_with(definition, express, &catalogue, diagnostics);
}

bool api_check_definition(struct api_call *call, struct asl_text definition, bool express)
{
    struct asl_diagnostics diagnostics = {0};
    struct asl_buffer text;
    asl_machine *m = compile(call->api, definition, express, &diagnostics);
    bool fine = m != NULL;
    asl_machine_release(m);
    asl_buffer_init(&text, 1 << 20);
    for (size_t i = 0; !fine && i < diagnostics.count; i++) {
        const struct asl_diagnostic *d = &diagnostics.items[i];
        if (d->severity != ASL_ERROR)
            continue;
        asl_buffer_printf(&text, "%s%s: %s", text.size ? ", " : "", d->code, d->message);
        if (d->location)
            asl_buffer_printf(&text, " at %s", d->location);
    }
    if (!fine)
        api_fail(call, "InvalidDefinition", "Invalid State Machine Definition: '%s'",
                 text.data ? text.data : "");
    asl_buffer_free(&text);
    asl_diagnostics_free(&diagnostics);
    return fine;
}

void api_ValidateStateMachineDefinition(struct api_call *call)
{
    struct asl_diagnostics diagnostics = {0};
    struct value_list items, l;
    bool warnings = asl_text_is(api_text(call, "severity"), "WARNING");
    size_t maximum = (size_t)api_integer(call, "maxResults", 0), left_out = 0;
    asl_machine *m = compile(call->api, api_text(call, "definition"),
                             asl_text_is(api_text(call, "type"), "EXPRESS"), &diagnostics);
    value_list_init(&items);
    value_list_init(&l);
    maximum = maximum ? maximum : RESULTS_MAXIMUM;
    for (size_t i = 0; i < diagnostics.count; i++) {
        if (diagnostics.items[i].severity != ASL_ERROR && !warnings)
            continue;
        if (items.count < maximum)
            value_list_push_take(&items, asl_diagnostic_value(&diagnostics.items[i], false));
        else
            left_out++;
    }
    value_list_set_take(&l, "result", value_string_z(m ? "OK" : "FAIL"));
    value_list_set_take(&l, "diagnostics", value_array_take(&items));
    value_list_set_take(&l, "truncated", value_boolean(left_out > 0));
    api_answer_take(call, value_object_take(&l));
    asl_machine_release(m);
    asl_diagnostics_free(&diagnostics);
}
