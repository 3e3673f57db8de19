/* The same walk that makes the request finds what it cannot send: the request is made, and thrown
 * away. That costs microseconds, and never disagrees with what is sent later. */
#include "accept.h"

#include <string.h>

#include "connector.h"
#include "engine/aws/custom.h"
#include "engine/aws/protocol.h"
#include "service.h"

/* Members that the connector writes as JSON text whatever they are stand here as text. */
static asl_value *as_sent_take(const struct connector_model *m, asl_value *parameters)
{
    const char *at = m->any;
    while (at && *at) {
        struct asl_text name = {at, strcspn(at, " ")};
        if (value_get(parameters, name))
            parameters = value_with_take(parameters, value_string(name), value_string_z("{}"));
        at += name.size + (at[name.size] == ' ');
    }
    return parameters;
}

static bool is_taken(const struct catalogue_operation *o, const struct connector_model *m,
                     const asl_value *parameters, struct asl_buffer *problems)
{
    struct aws_request request;
    struct asl_buffer found;
    asl_value *mapped = m->map ? m->map(parameters) : value_retain(parameters);
    mapped = as_sent_take(m, mapped);
    asl_value *changed = custom_given(o, mapped, NULL);
    if (changed) {
        value_release(mapped);
        mapped = changed;
    }
    aws_request_init(&request);
    asl_buffer_init(&found, 65536);
    bool fine = protocol_serialize(o, m->style->prefix ? PROTOCOL_V1 : PROTOCOL_STATES, mapped,
                                   NULL, &request, &found);
    asl_buffer_put_text(problems, asl_buffer_text(&found));
    asl_buffer_free(&found);
    aws_request_free(&request);
    value_release(mapped);
    return fine;
}

bool accept_parameters(struct catalogue *catalogue, const struct resource *resource,
                       const asl_value *parameters, struct asl_buffer *problems)
{
    struct connector_model m;
    const struct connector *c = connector_for(resource);
    if (!c || !c->model || !c->model(resource, &m) || !parameters ||
        value_kind(parameters) != VALUE_OBJECT)
        return true;
    const struct catalogue_service *s = catalogue_service(catalogue, asl_text(m.service));
    const struct catalogue_operation *o = s ? catalogue_operation(s, asl_text(m.operation)) : NULL;
    if (!o || o->flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS))
        return true;
    if (m.style->lookup &&
        !m.map) /* the call is made from what another one answers: nobody knows it yet */
        return true;
    return (!m.fits || m.fits(parameters, problems)) && is_taken(o, &m, parameters, problems);
}
