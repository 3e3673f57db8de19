/* What asl/ asks of a catalogue it may not know, answered from ours.
 */
#include "engine/aws/catalogue/definition.h"

#include <string.h>

#define NAME_MAXIMUM 256

static bool offers(void *state, struct asl_text service, struct asl_text action)
{
    const struct catalogue_service *s = catalogue_service(state, service);
    const struct catalogue_operation *o = s != NULL ? catalogue_operation(s, action) : NULL;
    return o != NULL && !(o->flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS));
}

/* The service has it, but Step Functions does not offer it. */
static void tell_unsupported(const struct catalogue_operation *o, struct asl_buffer *out)
{
    if (strncmp(o->name, "AssumeRole", 10) == 0)
        asl_buffer_puts(out, "Step Functions does not offer it: name the role in the state's "
                             "Credentials, {\"RoleArn\": ...}");
    else if (o->flags & CATALOGUE_STREAMS_EVENTS)
        asl_buffer_puts(out,
                        "Step Functions offers no action that streams events; a Lambda function "
                        "can read the stream");
    else
        asl_buffer_puts(out, "the service has this action, but Step Functions does not offer it");
}

static void hint(void *state, struct asl_text service, struct asl_text action,
                 struct asl_buffer *out)
{
    char name[NAME_MAXIMUM];
    const struct catalogue_service *s = catalogue_service(state, service);
    const char *ended = s == NULL ? catalogue_ended(service) : NULL;
    if (ended) {
        asl_buffer_printf(out, "AWS no longer publishes a model of %s: it has been ended", ended);
        return;
    }
    const struct catalogue_operation *o = s != NULL ? catalogue_operation(s, action) : NULL;
    if (o != NULL) {
        tell_unsupported(o, out);
        return;
    }
    bool found = s == NULL ? catalogue_suggest_service(state, service, name, sizeof name)
                           : catalogue_suggest_action(s, action, name, sizeof name);
    if (found)
        asl_buffer_printf(out, "did you mean '%s'?", name);
}

struct asl_catalogue catalogue_for_definitions(struct catalogue *c)
{
    return (struct asl_catalogue){.state = c, .offers = offers, .hint = hint};
}
