/* Exchanges as texts: as AWS's documentation shows them for HTTP Tasks (no recording has one). */
#include "exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_first(const struct http_headers *h, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(h->items[i].name, h->items[index].name) == 0)
            return false;
    return true;
}

static asl_value *headers_text(const struct http_headers *h)
{
    struct asl_buffer out;
    asl_buffer_init(&out, 1 << 20);
    asl_buffer_putc(&out, '[');
    for (size_t i = 0; i < h->count; i++) {
        if (!is_first(h, i))
            continue;
        asl_buffer_printf(&out, "%s%s: [%s", out.size > 1 ? ", " : "", h->items[i].name,
                          h->items[i].value);
        for (size_t k = i + 1; k < h->count; k++)
            if (strcasecmp(h->items[k].name, h->items[i].name) == 0)
                asl_buffer_printf(&out, ", %s", h->items[k].value);
        asl_buffer_putc(&out, ']');
    }
    asl_buffer_putc(&out, ']');
    asl_value *text = value_string(asl_buffer_text(&out));
    asl_buffer_free(&out);
    return text;
}

static void put_protocol(struct value_list *l, const char *url)
{
    size_t size = strcspn(url, ":");
    value_list_set_take(l, "protocol", value_string((struct asl_text){url, size}));
}

/* What is no UTF-8 cannot stand in an answer. */
static void put_body(struct value_list *l, struct asl_text body)
{
    if (body.size)
        value_list_set_take(l, "body",
                            value_utf8_valid(body) ? value_string(body)
                                                   : value_string_z("(not a text)"));
}

asl_value *exchange_request(const char *method, const char *url, const struct http_headers *headers,
                            struct asl_text body)
{
    struct value_list l;
    value_list_init(&l);
    put_protocol(&l, url);
    value_list_set_take(&l, "method", value_string_z(method));
    value_list_set_take(&l, "url", value_string_z(url));
    value_list_set_take(&l, "headers", headers_text(headers));
    put_body(&l, body);
    return value_object_take(&l);
}

asl_value *exchange_response(const char *url, const struct http_answer *answer)
{
    char status[16];
    struct value_list l;
    value_list_init(&l);
    snprintf(status, sizeof status, "%d", answer->status);
    put_protocol(&l, url);
    value_list_set_take(&l, "statusCode", value_string_z(status));
    value_list_set_take(&l, "statusMessage", value_string_z(answer->reason));
    value_list_set_take(&l, "headers", headers_text(&answer->headers));
    put_body(&l, asl_buffer_text(&answer->body));
    return value_object_take(&l);
}
