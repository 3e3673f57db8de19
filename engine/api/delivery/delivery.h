/* Deliveries: what happened to executions, told to others. Execution history to CloudWatch Logs
 * (PutLogEvents, by the machine's logging configuration) and execution status changes to
 * EventBridge (PutEvents). Serves: facts 1.6; developer guide, "Logging" and "EventBridge".
 *
 * What is promised. An execution that is to be told of has a document ("logs" or "statuses", by its
 * id) from the commit on that starts it; the document holds the last event that was delivered and
 * goes with the execution's last one. So every committed event is delivered at least once, over
 * crashes and restarts, as long as its destination takes it: what a destination refuses for good
 * (no such log group) is dropped, counted and said once. Order holds within an execution.
 *
 * What it costs others. Nothing waits for a delivery. Memory holds at most DELIVERY_TRACKED
 * executions a channel, the rest stay in their documents; one request a channel is on its way, of
 * at most 1 MiB.
 *
 * Without an endpoint for `logs` nothing is logged; statuses are told where an endpoint of `events`
 * was set (a route, a variable, the profile, or --aws). EXPRESS executions have no status events.
 */
#ifndef ENGINE_API_DELIVERY_DELIVERY_H
#define ENGINE_API_DELIVERY_DELIVERY_H

#include "engine/api/internal.h"

struct deliveries;

#define DELIVERY_TRACKED  65536
#define DELIVERY_CHANNELS 2

/* The documents that tell what becomes of a start. Init it by deliveries_mark, free it behind
 * engine_start. */
struct delivery_marks {
    struct engine_mark marks[DELIVERY_CHANNELS];
    asl_value *documents[DELIVERY_CHANNELS];
    struct asl_buffer texts[DELIVERY_CHANNELS];
    size_t count;
};
/* Writes the marks of an execution of this machine into `start`. */
void deliveries_mark(struct api *a, const struct target *t, struct engine_start *start,
                     struct delivery_marks *m);
void deliveries_marks_free(struct delivery_marks *m);

/* The engine's word after a commit: events were added to an execution. */
void deliveries_see(struct api *a, int64_t execution);
/* An execution that had ended is about to run again; `last` is its last event. */
void deliveries_redrive(struct api *a, const char *machine_arn, bool express, int64_t execution,
                        int64_t last, int64_t redrives);

/* Takes up what the store tells of. */
void deliveries_begin(struct api *a);
/* True when no request is on its way. */
bool deliveries_rest(const struct api *a);
void deliveries_end(struct api *a);

struct delivery_figures {
    const char *channel;
    uint64_t delivered, dropped;
    size_t waiting;
};
void deliveries_figures(const struct api *a, struct delivery_figures out[DELIVERY_CHANNELS]);

#endif
