/* A channel of deliveries: one destination, whatever it is. For the files of this folder.
 *
 *   tracked   an execution with a document: delivered up to `sent`
 *   waiting   it has events behind that; in the channel's list, oldest first
 *   riding    its events are in the request that is on its way
 *
 *   document -> waiting -> riding -> delivered (document moved, or gone with the execution's end)
 *                  ^          | failed for now: waits longer and longer
 *                  +----------+
 */
#ifndef ENGINE_API_DELIVERY_CHANNEL_H
#define ENGINE_API_DELIVERY_CHANNEL_H

#include "engine/api/delivery/delivery.h"
#include "engine/aws/aws.h"

struct channel;

struct tracked {
    struct tracked *hash_next, *next; /* of the waiting ones */
    int64_t id, sent, redrives;
    asl_value *terms; /* the document's own: where to, and what of it */
    bool is_waiting, is_riding;
    bool is_touched; /* events came while it was riding */
    bool has_ended;  /* with the last event that rides */
    int64_t riding_to, riding_redrives;
    char *arn; /* the execution's; known once it was read */
};

/* What tells the channels apart. */
struct channel_kind {
    const char *document; /* kind of its documents, and its name */
    const char *service;  /* in the catalogue */
    const char *operation;
    size_t records, bytes; /* of one request, at most */
    /* Whether two executions may ride together; NULL: all may. */
    bool (*together)(const struct tracked *a, const struct tracked *b);
    bool (*wants)(const struct tracked *t, const asl_value *event);
    /* The record that tells of an event it wants; NULL: there is nothing to tell. */
    asl_value *(*record)(struct channel *c, const struct tracked *t, const asl_value *event);
    /* The parameters of the request. Takes the records. */
    asl_value *(*parameters)(struct channel *c, asl_value *records);
    /* Judges an answer of the request. */
    enum channel_verdict {
        CHANNEL_DELIVERED,
        CHANNEL_LATER,     /* tried again */
        CHANNEL_AT_ONCE,   /* tried again without waiting */
        CHANNEL_UNDER_WAY, /* the hook has sent what must go first (channel_send_take) */
        CHANNEL_REFUSED,   /* for good */
    } (*judge)(struct channel *c, const struct aws_outcome *outcome);
    void (*free_own)(struct channel *c);
};

#define CHANNEL_RIDERS    256
#define CHANNEL_KEY_BYTES 24

struct channel {
    struct api *api;
    const struct channel_kind *kind;
    struct tracked **table; /* by id, a power of two */
    size_t table_size, count;
    struct tracked *waiting, *waiting_tail;
    size_t waiting_count;
    bool is_outside; /* documents may stand in the store that memory does not know */
    bool is_behind;  /* and some of them wait: looked for when there is room again */
    bool is_scanning;
    char scanned[CHANNEL_KEY_BYTES]; /* the last one looked at */
    size_t scan_count;
    struct loop_timer *timer;
    int64_t patience_ms; /* before the next try; 0: all is well */
    struct aws_call *call;
    const struct catalogue_operation *on_way; /* the operation that is asked */
    struct tracked *riding[CHANNEL_RIDERS];
    size_t riding_count;
    asl_value *records; /* those that ride */
    bool is_closing;
    uint64_t delivered, dropped;
    bool has_complained;
    void *own; /* the kind's */
};

struct channel *channel_new(struct api *a, const struct channel_kind *kind);
void channel_free(struct channel *c);
/* Reads the documents, and asks. */
void channel_begin(struct channel *c);
/* Follows an execution from now on; takes `terms`. */
void channel_track_take(struct channel *c, int64_t id, int64_t sent, int64_t redrives,
                        asl_value *terms);
/* The same for one that had ended, with a document that goes into the next commit; nothing where it
 * is followed already. */
void channel_follow_take(struct channel *c, int64_t id, int64_t sent, int64_t redrives,
                         asl_value *terms);
/* Events were added to it. */
void channel_touch(struct channel *c, int64_t id);
/* Sends a request of the channel's service; its answer is judged by `kind`. Takes `parameters`. */
void channel_send_take(struct channel *c, const char *operation, asl_value *parameters);
/* A document's text; appends. */
void channel_document(int64_t sent, int64_t redrives, const asl_value *terms,
                      struct asl_buffer *out);
void channel_complain(struct channel *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The operation, where this service can be called at all; else NULL. `must_be_set`: the embedded
 * stand-in does not count. */
const struct catalogue_operation *channel_operation(struct api *a, const char *service,
                                                    const char *operation, bool must_be_set);

/* Of an event: its time in ms since 1970, its details (or NULL). */
int64_t api_event_time(const asl_value *event);
const asl_value *api_event_details(const asl_value *event);

/* logs.c, statuses.c */
extern const struct channel_kind channel_logs, channel_statuses;
/* What a new execution of this machine is to be told of; NULL: nothing. */
asl_value *logs_terms(struct api *a, const char *machine, const asl_value *logging);
asl_value *statuses_terms(struct api *a, bool express);

#endif
