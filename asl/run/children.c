/* A chunk of the children's events: how many, for each its run, item, number and predecessor, and
 * then a history chunk with the events themselves. */
#include "children.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

struct asl_children {
    struct asl_history *events;
    struct asl_buffer owners;
    int64_t first; /* number of the first event */
};

struct asl_children *asl_children_new(void)
{
    struct asl_children *c = asl_allocate_zeroed(1, sizeof *c);
    c->events = asl_history_new();
    asl_buffer_init(&c->owners, ASL_BUFFER_MAXIMUM);
    return c;
}

void asl_children_free(struct asl_children *c)
{
    if (!c)
        return;
    asl_history_free(c->events);
    asl_buffer_free(&c->owners);
    free(c);
}

void asl_children_clear(struct asl_children *c)
{
    asl_history_clear(c->events);
    asl_buffer_clear(&c->owners);
}

int64_t asl_children_first(const struct asl_children *c)
{
    return asl_history_count(c->events) ? c->first : 0;
}

void children_append(struct asl_children *c, int64_t run, size_t index, int64_t number,
                     int64_t previous, struct history_event *e)
{
    size_t count = asl_history_count(c->events);
    if (count == 0) {
        asl_buffer_clear(&c->owners);
        c->first = number;
    }
    e->id = (int64_t)count + 1;
    e->previous = 0;
    codec_put_number(&c->owners, (uint64_t)run);
    codec_put_number(&c->owners, (uint64_t)index);
    codec_put_number(&c->owners, (uint64_t)number);
    codec_put_number(&c->owners, (uint64_t)previous);
    history_append(c->events, e);
}

void asl_children_bytes(const struct asl_children *c, struct asl_buffer *out)
{
    codec_put_number(out, asl_history_count(c->events));
    codec_put_text(out, asl_buffer_text(&c->owners));
    asl_buffer_put_text(out, asl_history_bytes(c->events));
}

struct reading {
    struct codec_reader owners;
    bool (*see)(void *state, const struct asl_child_event *which, const asl_value *event);
    void *state;
};

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct reading *r = state;
    (void)id;
    const struct asl_child_event which = {
        .run = (int64_t)codec_number(&r->owners),
        .index = (int64_t)codec_number(&r->owners),
        .number = (int64_t)codec_number(&r->owners),
        .previous = (int64_t)codec_number(&r->owners),
    };
    return !r->owners.damaged && r->see(r->state, &which, event);
}

bool asl_children_read(const void *bytes, size_t size, bool include_data,
                       bool (*see)(void *state, const struct asl_child_event *which,
                                   const asl_value *event),
                       void *state, char message[160])
{
    struct codec_reader all = {bytes, (const unsigned char *)bytes + size, false};
    codec_number(&all);
    struct asl_text owners = codec_text(&all);
    struct reading r = {{(const unsigned char *)owners.data,
                         (const unsigned char *)owners.data + owners.size, all.damaged},
                        see,
                        state};
    if (!all.damaged &&
        asl_history_read(all.at, (size_t)(all.end - all.at), include_data, see_event, &r,
                         message) &&
        !r.owners.damaged)
        return true;
    snprintf(message, 160, "the children's events do not read back");
    return false;
}
