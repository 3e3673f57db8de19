/* See answers.h. */
#include "tests/aws/answers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Does a member of the output travel in that header? The rest is a request's. */
static bool is_of_output(const struct catalogue_operation *o, const char *header)
{
    const struct catalogue_shape *s = o->output.shape;
    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        const char *name = m->location_name ? m->location_name : m->name;
        bool is_prefix = m->location == CATALOGUE_IN_HEADERS && m->location_name && *name;
        if ((m->location == CATALOGUE_IN_HEADER && strcasecmp(name, header) == 0) ||
            (is_prefix && strncasecmp(name, header, strlen(name)) == 0))
            return true;
    }
    return false;
}

static void keep_members(const struct catalogue_operation *o, struct http_headers *headers)
{
    struct http_headers kept;
    http_headers_init(&kept);
    for (size_t i = 0; i < headers->count; i++)
        if (is_of_output(o, headers->items[i].name))
            http_headers_add(&kept, headers->items[i].name, asl_text(headers->items[i].value));
    http_headers_free(headers);
    *headers = kept;
}

/* Query's and EC2's answers are XML with the result in a wrapper, or none. */
static bool is_form(const struct catalogue_service *s)
{
    return s->protocol == CATALOGUE_QUERY || s->protocol == CATALOGUE_EC2;
}

static void wrap(const struct catalogue_operation *o, struct asl_buffer *body)
{
    struct asl_buffer whole;
    asl_buffer_init(&whole, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&whole, "<%sResponse>", o->name);
    asl_buffer_put_text(&whole, asl_buffer_text(body));
    asl_buffer_printf(&whole, "</%sResponse>", o->name);
    asl_buffer_free(body);
    *body = whole;
}

bool answers_write(const struct catalogue_operation *o, enum protocol_names names,
                   const asl_value *output, struct aws_request *answer, char why[512])
{
    struct catalogue_operation as_input = *o;
    struct catalogue_service service = *o->service;
    struct asl_buffer problems;
    if (!o->output.shape)
        return true;
    if (is_form(&service))
        service.protocol = CATALOGUE_REST_XML;
    as_input.service = &service;
    as_input.input = o->output;
    as_input.input.location_name = is_form(o->service) && o->result_wrapper ? o->result_wrapper
                                   : o->output.location_name ? o->output.location_name
                                                             : "Result";
    as_input.method = "POST";
    as_input.uri = "/";
    as_input.checksum_member = NULL;
    as_input.host_prefix = NULL;
    as_input.flags = 0;
    asl_buffer_init(&problems, 400);
    bool good = protocol_serialize(&as_input, names, output, NULL, answer, &problems);
    if (!good)
        snprintf(why, 512, "%s: %s", o->name, problems.data ? problems.data : "");
    keep_members(o, &answer->headers);
    if (good && is_form(o->service) && o->result_wrapper)
        wrap(o, &answer->body);
    asl_buffer_free(&problems);
    return good;
}
