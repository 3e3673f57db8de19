/* A service's bytes become structs: one pass, one allocation a kind, strings left where they stand.
 *
 * The bytes come with the program, yet every read is checked: a damaged table must end in a clear
 * refusal and not in a crash. After the pass, uses inherit what their shape says for all of them.
 */
#include "format.h"

#include <stdlib.h>
#include <string.h>

struct decoded {
    struct catalogue_service service; /* first: handed out as this */
    const char **strings;
    struct catalogue_shape *shapes;
    struct catalogue_member *members;
    struct catalogue_operation *operations;
    const struct catalogue_shape **exceptions;
    const char **values;
};

struct reader {
    const unsigned char *at, *end;
    bool damaged;
    struct decoded *into;
    uint32_t strings, shapes, members, values; /* totals */
    uint32_t string_next, shape_next, member_next, value_next;
};

static uint32_t number(struct reader *r)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
        if (r->at == r->end)
            break;
        unsigned char byte = *r->at++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->damaged = true;
    return 0;
}

/* An index for a reference, or UINT32_MAX for none. */
static uint32_t reference(struct reader *r, uint32_t *next, uint32_t total)
{
    uint32_t n = number(r);
    if (n == 0)
        return UINT32_MAX;
    n = n == 1 ? (*next)++ : n - 2;
    if (n < total)
        return n;
    r->damaged = true;
    return UINT32_MAX;
}

static const char *string(struct reader *r)
{
    uint32_t i = reference(r, &r->string_next, r->strings);
    return i == UINT32_MAX ? NULL : r->into->strings[i];
}

static const struct catalogue_shape *shape(struct reader *r)
{
    uint32_t i = reference(r, &r->shape_next, r->shapes);
    return i == UINT32_MAX ? NULL : &r->into->shapes[i];
}

/* Takes `n` of a total; false and damaged when there are not that many left. */
static bool take(struct reader *r, uint32_t *next, uint32_t total, uint32_t n)
{
    if (n > total - *next) {
        r->damaged = true;
        return false;
    }
    *next += n;
    return true;
}

static void read_use(struct reader *r, struct catalogue_member *m)
{
    uint32_t mask = number(r);
    const char *name = string(r);
    m->name = name != NULL ? name : "";
    m->shape = shape(r);
    m->flags = (uint16_t)(mask >> FORMAT_MEMBER_FLAGS_SHIFT);
    if (mask & FORMAT_MEMBER_LOCATION_NAME)
        m->location_name = string(r);
    if (mask & FORMAT_MEMBER_QUERY_NAME)
        m->query_name = string(r);
    if (mask & FORMAT_MEMBER_NAMESPACE) {
        m->namespace_uri = string(r);
        m->namespace_prefix = string(r);
    }
    if (mask & FORMAT_MEMBER_TRAVELS) {
        m->location = (uint8_t)number(r);
        m->time = (uint8_t)number(r);
    }
}

static void read_members(struct reader *r, struct catalogue_shape *s)
{
    s->member_count = s->type == CATALOGUE_STRUCTURE ? number(r)
                      : s->type == CATALOGUE_LIST    ? 1
                      : s->type == CATALOGUE_MAP     ? 2
                                                     : 0;
    uint32_t first = r->member_next;
    if (!take(r, &r->member_next, r->members, s->member_count)) {
        s->member_count = 0;
        return;
    }
    s->members = r->into->members + first;
    for (uint32_t i = 0; i < s->member_count && !r->damaged; i++) {
        read_use(r, &r->into->members[first + i]);
        r->damaged |= s->members[i].shape == NULL;
    }
}

static void read_values(struct reader *r, struct catalogue_shape *s)
{
    s->value_count = number(r);
    uint32_t first = r->value_next;
    if (!take(r, &r->value_next, r->values, s->value_count)) {
        s->value_count = 0;
        return;
    }
    s->values = r->into->values + first;
    for (uint32_t i = 0; i < s->value_count; i++) {
        const char *value = string(r);
        r->into->values[first + i] = value != NULL ? value : "";
    }
}

static void read_shape(struct reader *r, struct catalogue_shape *s)
{
    s->type = (uint8_t)number(r);
    uint32_t mask = number(r);
    s->flags = (uint16_t)(mask >> FORMAT_SHAPE_FLAGS_SHIFT);
    r->damaged |= s->type >= CATALOGUE_TYPES;
    read_members(r, s);
    if (mask & FORMAT_SHAPE_MINIMUM)
        s->minimum = string(r);
    if (mask & FORMAT_SHAPE_MAXIMUM)
        s->maximum = string(r);
    if (mask & FORMAT_SHAPE_PATTERN)
        s->pattern = string(r);
    if (mask & FORMAT_SHAPE_VALUES)
        read_values(r, s);
    if (mask & FORMAT_SHAPE_PAYLOAD) {
        uint32_t i = number(r);
        r->damaged |= i >= s->member_count;
        if (!r->damaged)
            s->payload = &s->members[i];
    }
    if (mask & FORMAT_SHAPE_NAME)
        s->name = string(r);
    if (mask & FORMAT_SHAPE_ERROR) {
        s->error_code = string(r);
        s->http_status = (uint16_t)number(r);
    }
}

static void read_operation(struct reader *r, struct catalogue_operation *o)
{
    o->service = &r->into->service;
    o->name = string(r);
    o->method = string(r);
    o->uri = string(r);
    o->flags = (uint16_t)number(r);
    read_use(r, &o->input);
    read_use(r, &o->output);
    o->result_wrapper = string(r);
    o->host_prefix = string(r);
    o->checksum_member = string(r);
    r->damaged |= o->name == NULL || o->method == NULL || o->uri == NULL;
}

static void read_service(struct reader *r, struct catalogue_service *s)
{
    const char **fields[] = {&s->id,
                             &s->arn_name,
                             &s->error_prefix,
                             &s->endpoint_prefix,
                             &s->signing_name,
                             &s->api_version,
                             &s->uid,
                             &s->signature_version,
                             &s->target_prefix,
                             &s->json_version,
                             &s->xml_namespace,
                             &s->global_endpoint};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = string(r);
    s->protocol = (uint8_t)number(r);
    s->flags = (uint16_t)number(r);
    r->damaged |= s->protocol >= CATALOGUE_PROTOCOLS || s->id == NULL || s->arn_name == NULL ||
                  s->error_prefix == NULL || s->api_version == NULL;
}

/* Strings stay in the bytes; only where each begins is noted. */
static bool open_strings(struct reader *r)
{
    r->strings = number(r);
    uint32_t bytes = number(r);
    if (r->damaged || bytes > (size_t)(r->end - r->at) || r->strings > bytes)
        return false;
    const char *at = (const char *)r->at, *end = at + bytes;
    r->at += bytes;
    r->into->strings = asl_allocate_zeroed(r->strings + 1, sizeof *r->into->strings);
    for (uint32_t i = 0; i < r->strings; i++) {
        const char *stop = memchr(at, '\0', (size_t)(end - at));
        if (stop == NULL)
            return false;
        r->into->strings[i] = at;
        at = stop + 1;
    }
    return true;
}

static bool open_totals(struct reader *r)
{
    r->shapes = number(r);
    r->members = number(r);
    r->into->service.operation_count = number(r);
    r->into->service.exception_count = number(r);
    r->values = number(r);
    /* Each takes a byte at least: a total beyond the bytes left is damage, not a reason to
     * allocate. */
    size_t left = (size_t)(r->end - r->at);
    if (r->damaged || r->shapes > left || r->members > left || r->values > left ||
        r->into->service.operation_count > left || r->into->service.exception_count > left)
        return false;
    r->into->shapes = asl_allocate_zeroed(r->shapes + 1, sizeof *r->into->shapes);
    r->into->members = asl_allocate_zeroed(r->members + 1, sizeof *r->into->members);
    r->into->values = asl_allocate_zeroed(r->values + 1, sizeof *r->into->values);
    r->into->operations =
        asl_allocate_zeroed(r->into->service.operation_count + 1, sizeof *r->into->operations);
    r->into->exceptions =
        asl_allocate_zeroed(r->into->service.exception_count + 1, sizeof *r->into->exceptions);
    return true;
}

static void read_all(struct reader *r)
{
    struct decoded *d = r->into;
    read_service(r, &d->service);
    for (uint32_t i = 0; i < d->service.operation_count && !r->damaged; i++)
        read_operation(r, &d->operations[i]);
    for (uint32_t i = 0; i < d->service.exception_count && !r->damaged; i++) {
        d->exceptions[i] = shape(r);
        r->damaged |= d->exceptions[i] == NULL;
    }
    for (uint32_t i = 0; i < r->shapes && !r->damaged; i++)
        read_shape(r, &d->shapes[i]);
    for (uint32_t i = 0; i < d->service.exception_count && !r->damaged; i++)
        r->damaged |= d->exceptions[i]->name == NULL;
    d->service.operations = d->operations;
    d->service.exceptions = d->exceptions;
    d->service.shapes = d->shapes;
    d->service.shape_count = r->shapes;
    d->service.member_count = r->members;
}

struct catalogue_service *catalogue_decode(struct asl_text bytes)
{
    struct decoded *d = asl_allocate_zeroed(1, sizeof *d);
    struct reader r = {.at = (const unsigned char *)bytes.data,
                       .end = (const unsigned char *)bytes.data + bytes.size,
                       .into = d};
    if (open_strings(&r) && open_totals(&r))
        read_all(&r);
    else
        r.damaged = true;
    if (!r.damaged)
        return &d->service;
    catalogue_decoded_free(&d->service);
    return NULL;
}

void catalogue_decoded_free(struct catalogue_service *s)
{
    struct decoded *d = (struct decoded *)s;
    if (d == NULL)
        return;
    free(d->strings);
    free(d->shapes);
    free(d->members);
    free(d->operations);
    free(d->exceptions);
    free(d->values);
    free(d);
}
