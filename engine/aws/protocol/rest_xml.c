/* rest-xml: HTTP bindings with XML bodies (S3, Route 53, CloudFront). */
#include "walk.h"

static void write_body(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                       struct asl_buffer *out)
{
    xml_write(w, use, wire_name(use, use->name), v, out);
}

static asl_value *read_body(struct reading *r, const struct catalogue_member *use,
                            struct asl_text body)
{
    return xml_parse_body(r, use, NULL, body);
}

static const struct rest_body xml_body = {write_body, "application/xml", "", read_body};

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    rest_serialize(w, parameters, request, &xml_body);
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    return rest_parse(r, use, status, headers, body, &xml_body);
}

const struct protocol protocol_rest_xml = {serialize, parse, xml_parse_error, NULL};
