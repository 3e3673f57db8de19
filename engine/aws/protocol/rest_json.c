/* rest-json: HTTP bindings with JSON bodies. */
#include "walk.h"

static asl_value *read_body(struct reading *r, const struct catalogue_member *use,
                            struct asl_text body)
{
    asl_value *v = json_parse_body(r, body);
    asl_value *members = v != NULL ? json_read(r, use, v) : NULL;
    value_release(v);
    return members;
}

static const struct rest_body json_body = {json_write, "application/json", "{}", read_body};

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    rest_serialize(w, parameters, request, &json_body);
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    return rest_parse(r, use, status, headers, body, &json_body);
}

const struct protocol protocol_rest_json = {serialize, parse, json_parse_error, NULL};
