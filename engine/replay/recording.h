/* Recorded executions: the events of one of ours, or what `aws stepfunctions get-execution-history`
 * printed, in pages or whole, in either order. Untrusted: whatever is no history is refused with
 * its place; what is kept is sound (ids 1..n, previousEventId below the id, every event with a
 * type).
 */
#ifndef ENGINE_REPLAY_RECORDING_H
#define ENGINE_REPLAY_RECORDING_H

#include "asl/asl.h"

/* AWS ends an execution at 25,000 events; an express one of ours has no such end. */
#define RECORDING_EVENT_MAXIMUM 1000000
#define RECORDING_FILE_MAXIMUM  ((size_t)512 << 20)

struct recording {
    asl_value *events; /* array in order of id */
    bool ended;        /* the last event is an execution's end */
    bool timed;        /* every event has a timestamp that can be read, and they never go back */
};
void recording_free(struct recording *r);

/* Takes an array of events in any order. False and a message when they are no whole beginning of a
 * history. Consumes the array. */
bool recording_take(struct recording *r, asl_value *events, char message[256]);

/* The events in one or several JSON documents that stand behind one another: {"events": [...]}, an
 * array of events, or an array of such pages. NULL and a message with line and column. */
asl_value *recording_parse(struct asl_text text, char message[256]);

/* ---- looking at events ---- */

const asl_value *recording_event(const struct recording *r, int64_t id); /* NULL: there is none */
struct asl_text event_type(const asl_value *event);
int64_t event_id(const asl_value *event);
int64_t event_previous(const asl_value *event);
int64_t event_time(const asl_value *event); /* ms since 1970, -1: none that can be read */
/* A moment as histories show it: ISO 8601 with an offset, or seconds since 1970. */
int64_t recording_time(const asl_value *v);
/* The one member that ends in EventDetails, or NULL. */
const asl_value *event_details(const asl_value *event);
const asl_value *event_detail(const asl_value *event, const char *name);     /* or NULL */
struct asl_text event_detail_text(const asl_value *event, const char *name); /* data NULL: absent */
/* A payload ("input", "output", "parameters"): JSON in a text, as AWS prints it, or a value. NULL
 * where there is none; yours. */
asl_value *event_payload(const asl_value *event, const char *name);

/* What comes from outside, by the event that records it; ASL_START when it does not. */
enum asl_event_kind event_outside(const asl_value *event);
/* The ...Scheduled event an outcome belongs to; 0: none. `events` in order of id. */
int64_t event_task(const asl_value *events, const asl_value *event);
/* The id of the StateEntered event that belongs to an event which names a state: a StateExited, a
 * MapIterationStarted (which may stand behind another iteration's end). 0: there is none. */
int64_t event_entry(const asl_value *events, const asl_value *event);
/* The name of the state that an event happened in (NULL: outside of all), and the index of its Map
 * iteration (-1: none). */
const asl_value *event_state(const asl_value *events, const asl_value *event, int64_t *iteration);

#endif
