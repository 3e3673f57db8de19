/* The mechanism of deliveries; see delivery.h for what it promises and channel.h for its states.
 *
 * The history is read from the store, not kept: a channel that lags holds ids, not events. A round
 * takes the waiting executions that may ride together, oldest first, until a request is full.
 */
#include "engine/api/delivery/channel.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINGER_MS         50 /* what comes together goes together */
#define RECORD_OVERHEAD   26 /* as CloudWatch Logs counts */
#define PATIENCE_LEAST_MS 500
#define PATIENCE_MOST_MS  60000
#define SCAN_SLICE        1000 /* documents looked at between two turns */

static void make_key(int64_t id, char out[CHANNEL_KEY_BYTES])
{
    snprintf(out, CHANNEL_KEY_BYTES, "%019" PRId64, id);
}

/* ---- events ---- */

int64_t api_event_time(const asl_value *event)
{
    const asl_value *at = api_get(event, "timestamp");
    return at ? (int64_t)llround(value_as_double(at) * 1000) : 0;
}

const asl_value *api_event_details(const asl_value *event)
{
    for (size_t i = api_count(event); i-- > 0;)
        if (asl_text_ends(value_as_text(value_key_at(event, i)), "EventDetails"))
            return value_at(event, i);
    return NULL;
}

static struct asl_text type_of(const asl_value *event)
{
    return value_as_text(api_get(event, "type"));
}

static bool ends(const asl_value *event)
{
    static const char *const types[] = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted",
                                        "ExecutionTimedOut"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (asl_text_is(type_of(event), types[i]))
            return true;
    return false;
}

/* ---- the tracked ones ---- */

static struct tracked **slot_of(const struct channel *c, int64_t id)
{
    return &c->table[(size_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 32) & (c->table_size - 1)];
}

static struct tracked *find(const struct channel *c, int64_t id)
{
    struct tracked *t = c->count ? *slot_of(c, id) : NULL;
    while (t && t->id != id)
        t = t->hash_next;
    return t;
}

static void grow(struct channel *c)
{
    struct tracked **old = c->table;
    size_t old_size = c->table_size;
    c->table_size = old_size ? old_size * 2 : 64;
    c->table = asl_allocate_zeroed(c->table_size, sizeof *c->table);
    for (size_t i = 0; i < old_size; i++)
        for (struct tracked *t = old[i], *next; t; t = next) {
            next = t->hash_next;
            t->hash_next = *slot_of(c, t->id);
            *slot_of(c, t->id) = t;
        }
    free(old);
}

static void tracked_free(struct tracked *t)
{
    value_release(t->terms);
    free(t->arn);
    free(t);
}

/* Neither waiting nor riding. */
static void forget(struct channel *c, struct tracked *t)
{
    struct tracked **at = slot_of(c, t->id);
    while (*at != t)
        at = &(*at)->hash_next;
    *at = t->hash_next;
    c->count--;
    tracked_free(t);
}

static void wait_for_ride(struct channel *c, struct tracked *t)
{
    if (t->is_waiting)
        return;
    t->is_waiting = true;
    t->next = NULL;
    if (c->waiting_tail)
        c->waiting_tail->next = t;
    else
        c->waiting = t;
    c->waiting_tail = t;
    c->waiting_count++;
}

static void ask(struct channel *c, int64_t in_ms)
{
    if (!c->call && !c->is_closing && (c->waiting || c->is_scanning))
        loop_timer_arm(c->timer, loop_now(engine_loop(c->api->engine)) + in_ms);
}

static struct tracked *add_take(struct channel *c, int64_t id, int64_t sent, int64_t redrives,
                                asl_value *terms)
{
    if (c->count * 2 >= c->table_size)
        grow(c);
    struct tracked *t = asl_allocate_zeroed(1, sizeof *t);
    t->id = id;
    t->sent = sent;
    t->redrives = redrives;
    t->terms = terms;
    t->hash_next = *slot_of(c, id);
    *slot_of(c, id) = t;
    c->count++;
    return t;
}

/* Room for one more in memory: what waits for nothing can be read again from its document. */
static bool make_room(struct channel *c)
{
    if (c->count < DELIVERY_TRACKED)
        return true;
    c->is_outside = true;
    for (size_t i = 0; i < c->table_size; i++)
        for (struct tracked *t = c->table[i], *next; t; t = next) {
            next = t->hash_next;
            if (!t->is_waiting && !t->is_riding)
                forget(c, t);
        }
    return c->count < DELIVERY_TRACKED;
}

/* ---- documents ---- */

void channel_document(int64_t sent, int64_t redrives, const asl_value *terms,
                      struct asl_buffer *out)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "sent", value_integer(sent));
    value_list_set_take(&l, "redrives", value_integer(redrives));
    value_list_set_take(&l, "terms", value_retain(terms));
    asl_value *v = value_object_take(&l);
    value_print(v, out);
    value_release(v);
}

static void put_document(struct channel *c, const struct tracked *t)
{
    char key[CHANNEL_KEY_BYTES];
    struct asl_buffer text;
    asl_buffer_init(&text, 1 << 20);
    make_key(t->id, key);
    channel_document(t->sent, t->redrives, t->terms, &text);
    engine_put_document(c->api->engine, c->kind->document, key,
                        (struct store_bytes){text.data, text.size});
    asl_buffer_free(&text);
}

static void drop_document(struct channel *c, int64_t id)
{
    char key[CHANNEL_KEY_BYTES];
    make_key(id, key);
    engine_put_document(c->api->engine, c->kind->document, key, (struct store_bytes){NULL, 0});
}

static bool note_last_event(void *state, const struct store_execution *row)
{
    *(int64_t *)state = row->last_event;
    return false;
}

static void scan_from_start(struct channel *c)
{
    c->is_behind = false;
    c->is_scanning = true;
    c->scanned[0] = '\0';
}

/* A document that has no execution is of a start that a crash took back. */
static void take_document(struct channel *c, int64_t id, struct store_bytes bytes)
{
    int64_t last = -1;
    store_get_execution(engine_store(c->api->engine), id, note_last_event, &last);
    asl_value *v = value_parse((struct asl_text){bytes.data, bytes.size}, 0, 0, NULL);
    if (last < 0 || !v) {
        drop_document(c, id);
    } else if (last > api_document_integer(v, "sent")) {
        if (make_room(c))
            wait_for_ride(c, add_take(c, id, api_document_integer(v, "sent"),
                                      api_document_integer(v, "redrives"),
                                      value_retain(api_get(v, "terms"))));
        else
            c->is_behind = true;
    } else {
        c->is_outside = true; /* it sleeps; found again when it wakes */
    }
    value_release(v);
}

static bool see_woken(void *state, const char *key, struct store_bytes bytes)
{
    take_document(state, strtoll(key, NULL, 10), bytes);
    return false;
}

static bool see_scanned(void *state, const char *key, struct store_bytes bytes)
{
    struct channel *c = state;
    int64_t id = strtoll(key, NULL, 10);
    snprintf(c->scanned, sizeof c->scanned, "%s", key);
    c->scan_count++;
    if (!find(c, id))
        take_document(c, id, bytes);
    return true;
}

static void scan(struct channel *c)
{
    c->scan_count = 0;
    store_each_document(engine_store(c->api->engine), c->kind->document,
                        c->scanned[0] ? c->scanned : NULL, SCAN_SLICE, see_scanned, c);
    c->is_scanning = c->scan_count == SCAN_SLICE;
}

static bool note_exists(void *state, const char *key, struct store_bytes bytes)
{
    (void)key, (void)bytes;
    *(bool *)state = true;
    return false;
}

/* Whether it is followed already, in memory or by its document. */
static bool is_followed(struct channel *c, int64_t id)
{
    char key[CHANNEL_KEY_BYTES];
    bool exists = find(c, id) != NULL;
    make_key(id, key);
    if (!exists)
        store_get_document(engine_store(c->api->engine), c->kind->document, key, note_exists,
                           &exists);
    return exists;
}

void channel_follow_take(struct channel *c, int64_t id, int64_t sent, int64_t redrives,
                         asl_value *terms)
{
    struct tracked *t = find(c, id);
    if (t && t->is_riding)
        t->is_touched = true; /* its document stays */
    if (!is_followed(c, id)) {
        const struct tracked fresh = {.id = id, .sent = sent, .redrives = redrives, .terms = terms};
        put_document(c, &fresh);
        channel_track_take(c, id, sent, redrives, value_retain(terms));
    }
    value_release(terms);
}

void channel_track_take(struct channel *c, int64_t id, int64_t sent, int64_t redrives,
                        asl_value *terms)
{
    if (!find(c, id) && make_room(c))
        add_take(c, id, sent, redrives, value_retain(terms));
    value_release(terms);
}

void channel_touch(struct channel *c, int64_t id)
{
    char key[CHANNEL_KEY_BYTES];
    struct tracked *t = find(c, id);
    if (!t && c->is_outside) {
        make_key(id, key);
        store_get_document(engine_store(c->api->engine), c->kind->document, key, see_woken, c);
    } else if (t && t->is_riding) {
        t->is_touched = true;
    } else if (t) {
        wait_for_ride(c, t);
    }
    ask(c, c->patience_ms ? c->patience_ms : LINGER_MS);
}

/* ---- a round ---- */

/* The store reads one history at a time, and a record may want to read too: so events are gathered
 * first, no more than a request can hold. */
struct reading {
    struct channel *c;
    struct tracked *t;
    struct value_list events;
    size_t bytes;
    bool is_full;
    char message[160];
};

static bool is_redrive(const asl_value *event)
{
    return asl_text_is(type_of(event), "ExecutionRedriven");
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct reading *r = state;
    bool wanted = is_redrive(event) || r->c->kind->wants(r->t, event);
    if (id <= r->t->sent)
        return true;
    r->is_full = wanted && r->events.count &&
                 (r->events.count >= r->c->kind->records || r->bytes >= r->c->kind->bytes);
    if (r->is_full)
        return false;
    if (wanted) {
        r->bytes += value_size(event);
        value_list_push_take(&r->events, value_retain(event));
    }
    r->t->riding_to = id;
    r->t->has_ended = ends(event);
    return true;
}

static bool see_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct reading *r = state;
    (void)first, (void)count;
    if (!asl_history_read(chunk.data, chunk.size, true, see_event, r, r->message) && !r->is_full) {
        channel_complain(r->c, "the history of execution %" PRId64 " does not read back: %s",
                         r->t->id, r->message);
        return false;
    }
    return !r->is_full;
}

static bool note_arn(void *state, const struct store_execution *row)
{
    *(char **)state = asl_copy_text(asl_text(row->arn));
    return false;
}

/* False: there is no room for it; it and what follows stay behind. */
static bool add_record(struct reading *r, const asl_value *event, struct value_list *records,
                       size_t *bytes)
{
    const struct channel_kind *kind = r->c->kind;
    asl_value *record = kind->wants(r->t, event) ? kind->record(r->c, r->t, event) : NULL;
    size_t size = record ? value_size(record) + RECORD_OVERHEAD : 0;
    if (record &&
        (records->count >= kind->records || (records->count && *bytes + size > kind->bytes))) {
        value_release(record);
        r->t->riding_to = api_document_integer(event, "id") - 1;
        r->t->has_ended = false;
        return false;
    }
    if (record)
        value_list_push_take(records, record);
    *bytes += size;
    r->t->riding_redrives += is_redrive(event);
    return true;
}

/* Puts what an execution has to tell on the ride; false: the ride is full. */
static bool board(struct channel *c, struct tracked *t, struct value_list *records, size_t *bytes)
{
    struct reading r = {.c = c, .t = t};
    value_list_init(&r.events);
    t->riding_to = t->sent;
    t->riding_redrives = t->redrives;
    t->has_ended = false;
    if (!t->arn)
        store_get_execution(engine_store(c->api->engine), t->id, note_arn, &t->arn);
    if (t->arn)
        store_read_history(engine_store(c->api->engine), t->id, t->sent + 1, false, see_chunk, &r);
    for (size_t i = 0; i < r.events.count; i++)
        if (!add_record(&r, r.events.items[i], records, bytes)) {
            r.is_full = true;
            break;
        }
    value_list_free(&r.events);
    t->is_riding = true;
    t->is_touched = r.is_full;
    c->riding[c->riding_count++] = t;
    return !r.is_full;
}

static bool go_together(const struct channel *c, const struct tracked *a, const struct tracked *b)
{
    return !c->kind->together || c->kind->together(a, b);
}

/* Takes the waiting ones that may ride with the first off the list, and on the ride. */
static void board_all(struct channel *c, struct value_list *records)
{
    const struct tracked *first = c->waiting;
    struct tracked **at = &c->waiting, *before = NULL;
    size_t bytes = 0;
    bool has_room = true;
    while (*at && has_room && c->riding_count < CHANNEL_RIDERS) {
        struct tracked *t = *at;
        if (!go_together(c, first, t)) {
            before = t;
            at = &t->next;
            continue;
        }
        *at = t->next;
        if (c->waiting_tail == t)
            c->waiting_tail = before;
        t->is_waiting = false;
        c->waiting_count--;
        has_room = board(c, t, records, &bytes);
    }
}

/* Delivered, or given up: the documents move, and go with the executions' ends. */
static void arrive(struct channel *c)
{
    for (size_t i = 0; i < c->riding_count; i++) {
        struct tracked *t = c->riding[i];
        bool moved = t->riding_to > t->sent;
        t->is_riding = false;
        t->sent = t->riding_to;
        t->redrives = t->riding_redrives;
        if (t->has_ended && !t->is_touched) {
            drop_document(c, t->id);
            forget(c, t);
        } else {
            if (moved)
                put_document(c, t);
            if (t->is_touched)
                wait_for_ride(c, t);
        }
    }
    c->riding_count = 0;
    c->patience_ms = 0;
}

static void turn_back(struct channel *c)
{
    for (size_t i = 0; i < c->riding_count; i++) {
        c->riding[i]->is_riding = false;
        wait_for_ride(c, c->riding[i]);
    }
    c->riding_count = 0;
}

static void go_on(struct channel *c)
{
    value_release(c->records);
    c->records = NULL;
    if (!c->waiting && c->is_behind)
        scan_from_start(c);
    ask(c, c->patience_ms ? c->patience_ms : LINGER_MS);
}

static void send_records(struct channel *c)
{
    channel_send_take(c, c->kind->operation, c->kind->parameters(c, value_retain(c->records)));
}

static void on_outcome(void *state, const struct aws_outcome *outcome)
{
    struct channel *c = state;
    c->call = NULL;
    switch (c->kind->judge(c, outcome)) {
    case CHANNEL_DELIVERED:
        c->delivered += api_count(c->records);
        c->has_complained = false;
        arrive(c);
        break;
    case CHANNEL_AT_ONCE:
        send_records(c);
        return;
    case CHANNEL_UNDER_WAY:
        return;
    case CHANNEL_LATER:
        channel_complain(c, "%s cannot be reached; tried again later: %s", c->kind->service,
                         outcome->answer.message);
        c->patience_ms = c->patience_ms ? c->patience_ms * 2 : PATIENCE_LEAST_MS;
        if (c->patience_ms > PATIENCE_MOST_MS)
            c->patience_ms = PATIENCE_MOST_MS;
        turn_back(c);
        break;
    case CHANNEL_REFUSED:
        channel_complain(c, "%s refuses what is delivered, so it is dropped: %s %s",
                         c->kind->service, outcome->answer.code, outcome->answer.message);
        c->dropped += api_count(c->records);
        arrive(c);
        break;
    }
    go_on(c);
}

void channel_send_take(struct channel *c, const char *operation, asl_value *parameters)
{
    c->on_way = catalogue_operation(
        catalogue_service(c->api->catalogue, asl_text(c->kind->service)), asl_text(operation));
    const struct aws_ask wish = {
        .operation = c->on_way,
        .names = PROTOCOL_NATIVE,
        .parameters = parameters,
        .attempts = 1, /* patience is the channel's own */
    };
    c->call = aws_call(c->api->aws, &wish, on_outcome, c);
    value_release(parameters);
}

static void ride(void *state)
{
    struct channel *c = state;
    struct value_list records;
    if (c->call || c->is_closing)
        return;
    if (c->is_scanning)
        scan(c);
    if (!c->waiting) {
        ask(c, 0);
        return;
    }
    value_list_init(&records);
    board_all(c, &records);
    size_t count = records.count;
    c->records = value_array_take(&records);
    if (count) {
        send_records(c);
    } else { /* nothing of it is told of */
        arrive(c);
        go_on(c);
    }
}

/* ---- the rest ---- */

/* Once for each trouble, not for each try. */
void channel_complain(struct channel *c, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (c->has_complained)
        return;
    c->has_complained = true;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    api_log(c->api, API_WARN, "delivery of %s: %s", c->kind->document, text);
}

const struct catalogue_operation *channel_operation(struct api *a, const char *service,
                                                    const char *operation, bool must_be_set)
{
    char url[512], why[160], message[512];
    const struct catalogue_operation *o = catalogue_operation(
        catalogue_service(a->catalogue, asl_text(service)), asl_text(operation));
    bool can_be = a->aws && o &&
                  (must_be_set ? aws_is_set(a->aws, o) : aws_where(a->aws, o, url, why, message));
    return can_be ? o : NULL;
}

struct channel *channel_new(struct api *a, const struct channel_kind *kind)
{
    struct channel *c = asl_allocate_zeroed(1, sizeof *c);
    c->api = a;
    c->kind = kind;
    c->timer = loop_timer_new(engine_loop(a->engine), ride, c);
    return c;
}

void channel_begin(struct channel *c)
{
    scan_from_start(c);
    ask(c, 0);
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    if (c->call)
        aws_call_cancel(c->call);
    loop_timer_free(c->timer);
    for (size_t i = 0; i < c->table_size; i++)
        for (struct tracked *t = c->table[i], *next; t; t = next) {
            next = t->hash_next;
            tracked_free(t);
        }
    free(c->table);
    value_release(c->records);
    if (c->kind->free_own)
        c->kind->free_own(c);
    free(c);
}
