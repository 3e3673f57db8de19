/* HTTP in: answers. Written by the loop through the connection's buffer; or made ready before they
 * may be told, and given to the kernel by another thread the moment they may (see http_in.h).
 *
 * A ready answer belongs to its exchange. While it is ready the loop neither writes to the socket
 * nor closes it: the connection is WORKING, and one that goes leaves its descriptor to the
 * exchange. The other thread reads `fd` and `ready` and writes `sent`, nothing else; it is done
 * before http_exchange_finish.
 */
#include "http_connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_listen.h"

/* HTTP's own clock (RFC 9110, 6.6.1): the real one, whatever the loop's. Written once a second. */
static void put_date(struct http_in *in, struct asl_buffer *out)
{
    time_t now = time(NULL);
    if (now != in->date_of) {
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(in->date, sizeof in->date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
        in->date_of = now;
    }
    asl_buffer_puts(out, in->date);
}

/* Values come from handlers that may have copied them from a request: no line may be smuggled in.
 */
static void put_field(struct asl_buffer *out, const struct http_header *field)
{
    size_t size = strlen(field->name) + 2 + strlen(field->value);
    asl_buffer_puts(out, field->name);
    asl_buffer_puts(out, ": ");
    asl_buffer_puts(out, field->value);
    for (char *c = out->data + out->size - size; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    asl_buffer_puts(out, "\r\n");
}

static void release_copy(const void *data, size_t size, void *state)
{
    (void)size, (void)state;
    free((void *)(uintptr_t)data);
}

/* A long body is copied to a piece of just its size: an evbuffer would take the next power of two.
 */
static void write_body(struct connection *c, struct asl_text body)
{
    if (body.size <= SMALL) {
        bufferevent_write(c->socket, body.data, body.size);
        return;
    }
    char *copy = asl_allocate(body.size);
    memcpy(copy, body.data, body.size);
    if (evbuffer_add_reference(bufferevent_get_output(c->socket), copy, body.size, release_copy,
                               NULL) != 0)
        asl_out_of_memory();
}

static bool has_body(int status)
{
    return status != 204 && status != 304;
}

/* The status line and the head of an answer. */
static void put_head(struct connection *c, int status, const struct http_headers *headers,
                     size_t body_size, bool is_head, struct asl_buffer *out)
{
    asl_buffer_printf(out, "HTTP/1.1 %d %s\r\n", status, http_phrase(status));
    bool has_length = false;
    if (c->in->is_closing)
        c->keep = false;
    for (size_t i = 0; headers && i < headers->count; i++) {
        if (!c->keep && strcasecmp(headers->items[i].name, "Connection") == 0)
            continue;
        if (strcasecmp(headers->items[i].name, "Content-Length") == 0) {
            if (!is_head)
                continue;
            has_length = true;
        }
        put_field(out, &headers->items[i]);
    }
    if (has_body(status) && !has_length)
        asl_buffer_printf(out, "Content-Length: %zu\r\n", body_size);
    put_date(c->in, out);
    if (!c->keep)
        asl_buffer_puts(out, "Connection: close\r\n");
    asl_buffer_puts(out, "\r\n");
}

static void begin_writing(struct connection *c)
{
    connection_leave_idle(c);
    c->state = WRITING;
    connection_arm(c, c->in->limits.request_ms);
}

static void hold_output(struct connection *c)
{
    connection_hold(c, evbuffer_get_length(bufferevent_get_output(c->socket)));
}

static void write_answer(struct connection *c, int status, const struct http_headers *headers,
                         struct asl_text body, bool is_head)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    put_head(c, status, headers, body.size, is_head, &out);
    begin_writing(c);
    bufferevent_write(c->socket, out.data, out.size);
    if (has_body(status) && !is_head)
        write_body(c, body);
    hold_output(c);
    asl_buffer_free(&out);
}

void connection_refuse(struct connection *c, int status, const char *why)
{
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("text/plain; charset=utf-8"));
    struct asl_buffer body;
    asl_buffer_init(&body, 1024);
    asl_buffer_printf(&body, "%s: %s\n", http_phrase(status), why);
    c->keep = false;
    write_answer(c, status, &headers, asl_buffer_text(&body), false);
    asl_buffer_free(&body);
    http_headers_free(&headers);
}

/* ---- exchanges ---- */

static void exchange_free(struct http_exchange *x)
{
    if (x->is_ready && !x->connection)
        close(x->fd); /* left behind by its connection */
    http_head_free(&x->head);
    asl_buffer_free(&x->body);
    asl_buffer_free(&x->ready);
    free(x);
}

void http_exchange_answer(struct http_exchange *x, int status, const struct http_headers *headers,
                          struct asl_text body)
{
    struct connection *c = x->connection;
    if (c) {
        c->exchange = NULL;
        if (!connection_may_hold(c, body.size))
            connection_refuse(c, 503,
                              "too many answers wait for clients that do not read them; try again");
        else
            write_answer(c, status, headers, body, x->is_head);
    }
    exchange_free(x);
}

bool http_exchange_prepare(struct http_exchange *x, int status, const struct http_headers *headers,
                           struct asl_text body)
{
    struct connection *c = x->connection;
    if (!c || body.size > SMALL || evbuffer_get_length(bufferevent_get_output(c->socket)) > 0)
        return false;
    asl_buffer_init(&x->ready, ASL_BUFFER_MAXIMUM);
    put_head(c, status, headers, body.size, x->is_head, &x->ready);
    if (has_body(status) && !x->is_head)
        asl_buffer_put_text(&x->ready, body);
    x->fd = bufferevent_getfd(c->socket);
    x->is_ready = true;
    return true;
}

void http_exchange_send(struct http_exchange *x)
{
    ssize_t sent = send(x->fd, x->ready.data, x->ready.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    x->sent = sent > 0 ? (size_t)sent : 0; /* an error is met again by who writes the rest */
}

void http_exchange_finish(struct http_exchange *x)
{
    struct connection *c = x->connection;
    size_t rest = x->ready.size - x->sent;
    if (c)
        c->exchange = NULL;
    if (c && rest) {
        begin_writing(c);
        bufferevent_write(c->socket, x->ready.data + x->sent, rest);
        hold_output(c);
    }
    exchange_free(x);
    if (c && !rest)
        connection_answered(c); /* perhaps with its next request */
}

void http_exchange_on_gone(struct http_exchange *x, void (*gone)(void *state), void *state)
{
    x->gone = gone;
    x->gone_state = state;
}
