/* The two channels, and what the API asks of both. */
#include "engine/api/delivery/delivery.h"

#include <stdlib.h>

#include "engine/api/delivery/channel.h"

struct deliveries {
    struct channel *channels[DELIVERY_CHANNELS]; /* logs, statuses */
};

static const struct channel_kind *const kinds[DELIVERY_CHANNELS] = {&channel_logs,
                                                                    &channel_statuses};

/* What is to be told of executions of a machine, a channel each; NULL: nothing. */
static void make_terms(struct api *a, const char *machine, const asl_value *logging, bool express,
                       asl_value *terms[DELIVERY_CHANNELS])
{
    terms[0] = logs_terms(a, machine, logging);
    terms[1] = statuses_terms(a, express);
}

static void tracked_from_start(void *state, int64_t execution, const struct engine_mark *mark)
{
    struct channel *c = state;
    asl_value *v = value_parse((struct asl_text){mark->value.data, mark->value.size}, 0, 0, NULL);
    channel_track_take(c, execution, 0, 0, value_retain(api_get(v, "terms")));
    value_release(v);
}

void deliveries_mark(struct api *a, const struct target *t, struct engine_start *start,
                     struct delivery_marks *m)
{
    asl_value *terms[DELIVERY_CHANNELS];
    m->count = 0;
    start->marks = m->marks;
    start->mark_count = 0;
    if (!a->deliveries)
        return;
    make_terms(a, t->arn.name, api_get(target_revision(t), "loggingConfiguration"),
               machine_is_express(t->machine), terms);
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++) {
        if (!terms[i])
            continue;
        struct asl_buffer *text = &m->texts[m->count];
        asl_buffer_init(text, 1 << 20);
        channel_document(0, 0, terms[i], text);
        value_release(terms[i]);
        m->marks[m->count++] = (struct engine_mark){
            .kind = kinds[i]->document,
            .value = {text->data, text->size},
            .made = tracked_from_start,
            .state = a->deliveries->channels[i],
        };
    }
    start->mark_count = m->count;
}

void deliveries_marks_free(struct delivery_marks *m)
{
    for (size_t i = 0; i < m->count; i++)
        asl_buffer_free(&m->texts[i]);
    m->count = 0;
}

void deliveries_see(struct api *a, int64_t execution)
{
    for (size_t i = 0; a->deliveries && i < DELIVERY_CHANNELS; i++)
        channel_touch(a->deliveries->channels[i], execution);
}

void deliveries_redrive(struct api *a, const char *machine_arn, bool express, int64_t execution,
                        int64_t last, int64_t redrives)
{
    asl_value *terms[DELIVERY_CHANNELS];
    if (!a->deliveries)
        return;
    const asl_value *machine = shelf_get(&a->machines, machine_arn);
    make_terms(a, arn_name(machine_arn), api_get(machine, "loggingConfiguration"), express, terms);
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++)
        if (terms[i])
            channel_follow_take(a->deliveries->channels[i], execution, last, redrives, terms[i]);
}

void deliveries_begin(struct api *a)
{
    if (!a->aws)
        return;
    a->deliveries = asl_allocate_zeroed(1, sizeof *a->deliveries);
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++) {
        a->deliveries->channels[i] = channel_new(a, kinds[i]);
        channel_begin(a->deliveries->channels[i]);
    }
}

bool deliveries_rest(const struct api *a)
{
    for (size_t i = 0; a->deliveries && i < DELIVERY_CHANNELS; i++) {
        a->deliveries->channels[i]->is_closing = true;
        if (a->deliveries->channels[i]->call)
            return false;
    }
    return true;
}

void deliveries_end(struct api *a)
{
    if (!a->deliveries)
        return;
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++)
        channel_free(a->deliveries->channels[i]);
    free(a->deliveries);
    a->deliveries = NULL;
}

void deliveries_figures(const struct api *a, struct delivery_figures out[DELIVERY_CHANNELS])
{
    for (size_t i = 0; i < DELIVERY_CHANNELS; i++) {
        const struct channel *c = a->deliveries ? a->deliveries->channels[i] : NULL;
        out[i] = (struct delivery_figures){.channel = kinds[i]->document};
        if (c) {
            out[i].delivered = c->delivered;
            out[i].dropped = c->dropped;
            out[i].waiting = c->waiting_count + c->riding_count;
        }
    }
}
