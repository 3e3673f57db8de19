/* application/vnd.amazon.eventstream, read when the answer has ended: the few optimized
 * integrations whose service streams give one result (facts 4.6: AgentCore).
 *
 *   total size, header size, CRC of these 8 bytes | headers | payload | CRC of all before it
 *
 * Every size is checked against what is left; both checksums count. What is not an event of the
 * model is skipped, as SDKs do. */
#include <string.h>
#include <zlib.h>

#include "walk.h"

#define PRELUDE  12
#define TRAILER  4
#define SMALLEST (PRELUDE + TRAILER)

struct message {
    struct asl_text headers, payload;
};

static uint32_t number(const char *at, size_t bytes)
{
    uint32_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)at[i];
    return n;
}

static uint32_t crc(const char *from, size_t size)
{
    return (uint32_t)crc32(0, (const unsigned char *)from, (uInt)size);
}

/* Takes the next message off; false: what is left is none. */
static bool next_message(struct asl_text *bytes, struct message *m)
{
    const char *at = bytes->data;
    if (bytes->size < SMALLEST)
        return false;
    size_t total = number(at, 4), headers = number(at + 4, 4);
    if (total > bytes->size || total < SMALLEST || headers > total - SMALLEST ||
        number(at + 8, 4) != crc(at, 8) ||
        number(at + total - TRAILER, 4) != crc(at, total - TRAILER))
        return false;
    m->headers = (struct asl_text){at + PRELUDE, headers};
    m->payload = (struct asl_text){at + PRELUDE + headers, total - SMALLEST - headers};
    *bytes = (struct asl_text){at + total, bytes->size - total};
    return true;
}

/* The size of a header's value behind its type; SIZE_MAX when there is no such type. */
static size_t value_size_of(const char *at, size_t left)
{
    static const size_t fixed[] = {0, 0, 1, 2, 4, 8, SIZE_MAX, SIZE_MAX, 8, 16};
    unsigned type = left > 0 ? (unsigned char)at[0] : 255;
    if (type == 6 || type == 7)
        return left >= 3 ? 2 + (size_t)number(at + 1, 2) : SIZE_MAX;
    return type < sizeof fixed / sizeof *fixed ? fixed[type] : SIZE_MAX;
}

/* A text header (type 7) by name; "" when it is not there or the headers are damaged. */
static struct asl_text header(struct asl_text headers, const char *wanted)
{
    for (const char *at = headers.data, *end = at + headers.size; at < end;) {
        size_t name = (unsigned char)at[0], left = (size_t)(end - at) - 1;
        if (name >= left)
            break;
        const char *type = at + 1 + name;
        size_t size = value_size_of(type, left - name);
        if (size > left - name - 1)
            break;
        if (*type == 7 && asl_text_is((struct asl_text){at + 1, name}, wanted))
            return (struct asl_text){type + 3, size - 2};
        at = type + 1 + size;
    }
    return ASL_TEXT("");
}

static asl_value *read_event(struct reading *r, const struct catalogue_shape *stream,
                             const struct message *m, const struct rest_body *body)
{
    struct asl_text name = header(m->headers, ":event-type");
    if (name.size == 0)
        name = header(m->headers, ":exception-type");
    const struct catalogue_member *event = catalogue_member(stream, name);
    struct value_list list;
    if (!event)
        return NULL;
    asl_value *members = body->read(r, event, m->payload);
    if (r->failed) {
        value_release(members);
        return NULL;
    }
    value_list_init(&list);
    reading_put(r, stream, event, members, &list);
    return value_object_take(&list);
}

asl_value *event_stream_read(struct reading *r, const struct catalogue_member *use,
                             struct asl_text bytes, const struct rest_body *body)
{
    struct value_list events;
    struct message m;
    value_list_init(&events);
    while (bytes.size > 0 && !r->failed) {
        if (!next_message(&bytes, &m)) {
            reading_fail(r, use, "a damaged event stream");
            break;
        }
        asl_value *event = read_event(r, use->shape, &m, body);
        if (event)
            value_list_push_take(&events, event);
    }
    return value_array_take(&events);
}
