/* What asl/ asks of a catalogue it may not know, answered from ours.
 */
#include "engine/aws/catalogue/definition.h"

#define NAME_MAXIMUM 256

static bool offers(void *state, struct asl_text service, struct asl_text action)
{
    const struct catalogue_service *s = catalogue_service(state, service);
    const struct catalogue_operation *o = s != NULL ? catalogue_operation(s, action) : NULL;
    return o != NULL && !(o->flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS));
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
    bool found = s == NULL ? catalogue_suggest_service(state, service, name, sizeof name)
                           : catalogue_suggest_action(s, action, name, sizeof name);
    if (found)
        asl_buffer_printf(out, "did you mean '%s'?", name);
}

struct asl_catalogue catalogue_for_definitions(struct catalogue *c)
{
    return (struct asl_catalogue){.state = c, .offers = offers, .hint = hint};
}
