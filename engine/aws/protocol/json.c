/* AWS JSON 1.0 and 1.1: everything in the body, the operation in a header. */
#include "walk.h"

static void serialize(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    const struct catalogue_operation *o = w->operation;
    const struct catalogue_service *s = o->service;
    struct asl_buffer text;
    request->method = o->method;
    asl_buffer_puts(&request->path, "/");
    asl_buffer_init(&text, 1024);
    asl_buffer_puts(&text, s->target_prefix != NULL ? s->target_prefix : "");
    asl_buffer_putc(&text, '.');
    asl_buffer_puts(&text, o->name);
    http_headers_set(&request->headers, "X-Amz-Target", asl_buffer_text(&text));
    asl_buffer_clear(&text);
    asl_buffer_puts(&text, "application/x-amz-json-");
    asl_buffer_puts(&text, s->json_version != NULL ? s->json_version : "1.0");
    http_headers_set(&request->headers, "Content-Type", asl_buffer_text(&text));
    asl_buffer_free(&text);
    if (s->flags & CATALOGUE_QUERY_COMPATIBLE)
        http_headers_set(&request->headers, "x-amzn-query-mode", ASL_TEXT("true"));
    if (o->input.shape == NULL)
        asl_buffer_puts(&request->body, "{}");
    else
        json_write(w, &o->input, parameters, &request->body);
}

static asl_value *parse(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body)
{
    (void)status;
    (void)headers;
    asl_value *v = json_parse_body(r, body);
    asl_value *output = v != NULL ? json_read(r, use, v) : NULL;
    value_release(v);
    return output;
}

const struct protocol protocol_json = {serialize, parse, json_parse_error, NULL};
