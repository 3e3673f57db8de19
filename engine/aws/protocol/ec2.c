/* EC2: the query protocol with names and lists of its own; answers without a wrapper. */
#include "walk.h"

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    query_serialize(w, parameters, request, true);
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    (void)status;
    (void)headers;
    return xml_parse_body(r, use, NULL, body);
}

const struct protocol protocol_ec2 = {serialize, parse, xml_parse_error, xml_request_id};
