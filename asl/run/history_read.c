/* Chunk bytes to events, as GetExecutionHistory shows them. The bytes come from a file that others
 * may have changed: every length is checked, every reference must have been made. */
#include "history_internal.h"

#include "codec.h"

#include <stdio.h>
#include <stdlib.h>

struct reader {
    struct codec_reader bytes;
    asl_value **shared; /* texts, in the order they first stood there, as JSON strings */
    size_t shared_count, shared_capacity;
};

/* A text as a JSON string value; U+FFFD-free: bytes that are no UTF-8 damage the chunk. */
static asl_value *get_text(struct reader *r)
{
    struct asl_text t = codec_text(&r->bytes);
    if (!value_utf8_valid(t))
        r->bytes.damaged = true;
    return value_string(r->bytes.damaged ? ASL_TEXT("") : t);
}

static asl_value *get_shared(struct reader *r)
{
    uint64_t reference = codec_number(&r->bytes);
    if (reference > 0) {
        if (reference <= r->shared_count)
            return value_retain(r->shared[reference - 1]);
        r->bytes.damaged = true;
        return value_string(ASL_TEXT(""));
    }
    asl_value *v = get_text(r);
    if (r->shared_count == r->shared_capacity) {
        r->shared_capacity = r->shared_capacity ? r->shared_capacity * 2 : 32;
        r->shared = asl_reallocate(r->shared, r->shared_capacity * sizeof *r->shared);
    }
    r->shared[r->shared_count++] = value_retain(v);
    return v;
}

/* {"<name>Details": {"truncated": false}}: stands beside every input, output, assignedVariables. */
static void add_details_mark(struct value_list *details, const char *name)
{
    struct value_list mark;
    value_list_init(&mark);
    value_list_set_take(&mark, "truncated", value_boolean(false));
    char member[64];
    snprintf(member, sizeof member, "%sDetails", name);
    value_list_set_take(details, member, value_object_take(&mark));
}

static void read_assigned(struct reader *r, struct value_list *details, bool include_data)
{
    struct value_list assigned;
    value_list_init(&assigned);
    uint64_t count = codec_number(&r->bytes);
    for (uint64_t i = 0; i < count && !r->bytes.damaged; i++) {
        asl_value *name = get_text(r);
        value_list_push_member_take(&assigned, name, get_shared(r));
    }
    asl_value *object = value_object_take(&assigned);
    if (!include_data) {
        value_release(object);
        return;
    }
    value_list_set_take(details, "assignedVariables", object);
    add_details_mark(details, "assignedVariables");
}

/* {"RoleArn": x} in the definition's spelling, {"roleArn": x} in the history's. */
static asl_value *task_credentials(struct reader *r)
{
    asl_value *text = get_shared(r);
    asl_value *given = value_parse(value_as_text(text), 0, 0, NULL);
    const asl_value *role = given ? value_get_z(given, "RoleArn") : NULL;
    struct value_list shown;
    value_list_init(&shown);
    if (role)
        value_list_set_take(&shown, "roleArn", value_retain(role));
    value_release(given);
    value_release(text);
    return value_object_take(&shown);
}

static void read_field(struct reader *r, const struct history_field_shape *f, bool include_data,
                       struct value_list *details)
{
    bool payload = f->field == F_PAYLOAD || f->field == F_RAW_PAYLOAD;
    asl_value *v = NULL;
    if (f->field == F_ASSIGNED) {
        read_assigned(r, details, include_data);
        return;
    }
    if (f->field == F_CREDENTIALS)
        v = task_credentials(r);
    else if (history_field_form(f->field) == FORM_NUMBER)
        v = value_integer((int64_t)codec_number(&r->bytes));
    else if (history_field_form(f->field) == FORM_TEXT)
        v = get_text(r);
    else
        v = get_shared(r);
    if (payload && !include_data) {
        value_release(v);
        return;
    }
    value_list_set_take(details, f->name, v);
    if (payload)
        add_details_mark(details, f->name);
}

static asl_value *read_details(struct reader *r, const struct history_shape *shape, unsigned mask,
                               bool include_data)
{
    struct value_list details;
    value_list_init(&details);
    for (unsigned f = 0; f < HISTORY_FIELDS && shape->fields[f].field != F_END; f++)
        if (mask >> f & 1)
            read_field(r, &shape->fields[f], include_data, &details);
    return value_object_take(&details);
}

static asl_value *timestamp_value(int64_t at)
{
    char text[32];
    int64_t ms = at < 0 ? 0 : at;
    int size = snprintf(text, sizeof text, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
    return value_number_text((struct asl_text){text, (size_t)size});
}

static asl_value *read_event(struct reader *r, int64_t id, int64_t *at, bool include_data)
{
    unsigned type = codec_byte(&r->bytes);
    int64_t distance = (int64_t)codec_number(&r->bytes);
    *at = (int64_t)((uint64_t)*at + (uint64_t)codec_signed(&r->bytes));
    unsigned mask = codec_byte(&r->bytes);
    if (type >= EVENT_TYPES || distance < 0 || distance > id)
        r->bytes.damaged = true;
    if (r->bytes.damaged)
        return NULL;
    const struct history_shape *shape = &history_shapes[type];
    struct value_list event;
    value_list_init(&event);
    value_list_set_take(&event, "timestamp", timestamp_value(*at));
    value_list_set_take(&event, "type", value_string_z(shape->name));
    value_list_set_take(&event, "id", value_integer(id));
    value_list_set_take(&event, "previousEventId", value_integer(id - distance));
    asl_value *details = read_details(r, shape, mask, include_data);
    if (shape->details)
        value_list_set_take(&event, shape->details, details);
    else
        value_release(details);
    return value_object_take(&event);
}

bool asl_history_read(const void *bytes, size_t size, bool include_data,
                      bool (*see)(void *state, int64_t id, const asl_value *event), void *state,
                      char message[160])
{
    struct reader r = {{bytes, (const unsigned char *)bytes + size, false}, NULL, 0, 0};
    if (size == 0)
        return true;
    if (codec_byte(&r.bytes) != HISTORY_VERSION) {
        snprintf(message, 160,
                 "a history chunk of an unknown version: written by a newer "
                 "Stepwell, or damaged");
        return false;
    }
    int64_t id = (int64_t)codec_number(&r.bytes), at = codec_signed(&r.bytes);
    if (id < 1)
        r.bytes.damaged = true;
    bool more = true;
    for (; more && r.bytes.at < r.bytes.end && !r.bytes.damaged; id++) {
        asl_value *event = read_event(&r, id, &at, include_data);
        if (event && !r.bytes.damaged)
            more = see(state, id, event);
        value_release(event);
    }
    for (size_t i = 0; i < r.shared_count; i++)
        value_release(r.shared[i]);
    free(r.shared);
    if (r.bytes.damaged)
        snprintf(message, 160, "the history is damaged near event %lld", (long long)id);
    return !r.bytes.damaged;
}
