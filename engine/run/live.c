/* Executions in memory: only while they have something to do, or were seen lately.
 *
 * Invariant: an idle execution in memory equals its row in the store; dropping it loses nothing.
 */
#include "engine/run/internal.h"

#include "engine/loop/kept.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static size_t slot_of(const struct engine *e, int64_t id)
{
    return (size_t)(((uint64_t)id * 0x9E3779B97F4A7C15u) >> 32) & (e->table_size - 1);
}

struct live *live_find(struct engine *e, int64_t id)
{
    struct live *l = e->table_size ? e->table[slot_of(e, id)] : NULL;
    while (l && l->id != id)
        l = l->hash_next;
    return l;
}

static void grow_table(struct engine *e)
{
    struct live **old = e->table;
    size_t old_size = e->table_size;
    e->table_size = old_size ? old_size * 2 : 256;
    e->table = asl_allocate_zeroed(e->table_size, sizeof *e->table);
    for (size_t i = 0; i < old_size; i++)
        for (struct live *l = old[i], *next; l; l = next) {
            next = l->hash_next;
            size_t slot = slot_of(e, l->id);
            l->hash_next = e->table[slot];
            e->table[slot] = l;
        }
    free(old);
}

struct live *live_add_take(struct engine *e, int64_t id, int64_t machine, asl_execution *x)
{
    if (e->live_count >= e->table_size)
        grow_table(e);
    struct live *l = asl_allocate_zeroed(1, sizeof *l);
    l->id = id;
    l->machine = machine;
    l->x = x;
    size_t slot = slot_of(e, id);
    l->hash_next = e->table[slot];
    e->table[slot] = l;
    e->live_count++;
    return l;
}

/* ---- idle ones ---- */

static void leave_idle(struct engine *e, struct live *l)
{
    if (!l->is_idle)
        return;
    if (l->idle_before)
        l->idle_before->idle_after = l->idle_after;
    else
        e->idle_oldest = l->idle_after;
    if (l->idle_after)
        l->idle_after->idle_before = l->idle_before;
    else
        e->idle_newest = l->idle_before;
    l->idle_before = l->idle_after = NULL;
    l->is_idle = false;
    e->idle_count--;
}

void live_drop(struct engine *e, struct live *l)
{
    leave_idle(e, l);
    behind_leave(e, l);
    struct live **at = &e->table[slot_of(e, l->id)];
    while (*at != l)
        at = &(*at)->hash_next;
    *at = l->hash_next;
    e->live_count--;
    while (l->arrivals)
        arrival_free(live_take_arrival(l));
    if (l->history)
        history_put(e, l->history);
    live_started(e, l);
    for (struct waiter *w = l->same_starts, *next; w; w = next) { /* not answered, as the first */
        next = w->next;
        free(w->arn);
        free(w);
    }
    asl_execution_free(l->x);
    free(l);
}

void live_rest(struct engine *e, struct live *l)
{
    if (l->is_queued || l->is_idle || l->is_dirty || l->is_behind || l->pins)
        return;
    if (asl_execution_status(l->x) != ASL_RUNNING) {
        live_drop(e, l);
        return;
    }
    l->idle_before = e->idle_newest;
    l->idle_after = NULL;
    if (e->idle_newest)
        e->idle_newest->idle_after = l;
    else
        e->idle_oldest = l;
    e->idle_newest = l;
    l->is_idle = true;
    e->idle_count++;
    while (e->idle_count > e->options.cached_executions)
        live_drop(e, e->idle_oldest);
}

void live_leave(struct engine *e, int64_t id)
{
    struct live *l = live_find(e, id);
    if (l)
        live_rest(e, l);
}

/* ---- names that are taken, and not yet in the store ---- */

static size_t name_slot(struct asl_text arn)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < arn.size; i++)
        hash = (hash ^ (unsigned char)arn.data[i]) * UINT64_C(1099511628211);
    return (size_t)(hash % STARTING_NAMES);
}

void live_starting(struct engine *e, struct live *l)
{
    struct live **slot = &e->names[name_slot(asl_execution_arn(l->x))];
    l->name_next = *slot;
    *slot = l;
    l->is_starting = true;
}

void live_started(struct engine *e, struct live *l)
{
    if (!l->is_starting)
        return;
    struct live **at = &e->names[name_slot(asl_execution_arn(l->x))];
    while (*at != l)
        at = &(*at)->name_next;
    *at = l->name_next;
    l->is_starting = false;
}

struct live *live_find_starting(const struct engine *e, const char *arn)
{
    for (struct live *l = e->names[name_slot(asl_text(arn))]; l; l = l->name_next)
        if (asl_text_is(asl_execution_arn(l->x), arn))
            return l;
    return NULL;
}

/* ---- loading ---- */

/* What cannot be read back is set aside: not due, so that it does not come again and again. Its row
 * stays for whoever repairs it. */
static void set_aside(struct engine *e, const struct store_execution *row, const char *why)
{
    engine_complain(e, "execution %s cannot be taken up: %s; it is set aside", row->arn, why);
    if (row->status != 0 || row->due == NEVER)
        return;
    struct store_execution aside = *row;
    aside.due = NEVER;
    store_update_execution(turn_now(e)->batch, &aside);
    turn_ask(e);
}

struct live *live_of_row(struct engine *e, const struct store_execution *row)
{
    struct live *l = live_find(e, row->id);
    if (l)
        return l;
    char message[160] = "its definition is missing from the store";
    struct machine *m = machine_get(e, row->machine);
    asl_execution *x = NULL;
    if (m) {
        struct asl_identity known = machine_identity(m, row->arn, row->name);
        x = asl_execution_load(m->compiled, &known, row->state.data, row->state.size, message);
    }
    if (x)
        return live_add_take(e, row->id, row->machine, x);
    set_aside(e, row, message);
    return NULL;
}

struct load {
    struct engine *engine;
    struct live *live;
};

static bool load_row(void *state, const struct store_execution *row)
{
    struct load *load = state;
    load->live = live_of_row(load->engine, row);
    return false;
}

struct live *live_get(struct engine *e, int64_t id)
{
    struct load load = {e, live_find(e, id)};
    if (!load.live)
        store_get_execution(e->store, id, load_row, &load);
    return load.live;
}

/* ---- the queue and what arrives ---- */

void live_queue(struct engine *e, struct live *l)
{
    leave_idle(e, l);
    if (l->is_queued)
        return;
    l->is_queued = true;
    l->queue_next = NULL;
    if (e->queue_tail)
        e->queue_tail->queue_next = l;
    else
        e->queue = l;
    e->queue_tail = l;
    e->queue_count++;
    turn_ask(e);
}

struct live *live_next(struct engine *e)
{
    struct live *l = e->queue;
    if (!l)
        return NULL;
    e->queue = l->queue_next;
    if (!e->queue)
        e->queue_tail = NULL;
    l->queue_next = NULL;
    l->is_queued = false;
    e->queue_count--;
    return l;
}

void live_give(struct engine *e, struct live *l, struct arrival *a)
{
    a->next = NULL;
    if (l->arrivals_tail)
        l->arrivals_tail->next = a;
    else
        l->arrivals = a;
    l->arrivals_tail = a;
    live_queue(e, l);
    turn_feed(e);
}

struct arrival *live_take_arrival(struct live *l)
{
    struct arrival *a = l->arrivals;
    if (a) {
        l->arrivals = a->next;
        if (!l->arrivals)
            l->arrivals_tail = NULL;
    }
    return a;
}

struct arrival *arrival_new(enum asl_event_kind kind)
{
    struct arrival *a = kept_take(sizeof *a);
    *a = (struct arrival){.event = {.kind = kind}};
    return a;
}

void arrival_free(struct arrival *a)
{
    if (a->waiter)
        free(a->waiter->arn);
    free(a->waiter); /* not answered: what it waited for never came to be */
    value_release(a->output);
    free(a->error);
    free(a->cause);
    free(a->worker);
    kept_give_back(a);
}

/* ---- histories: a few, used again and again ---- */

struct asl_history *history_get(struct engine *e)
{
    return e->spare_count ? e->spare[--e->spare_count] : asl_history_new();
}

void history_put(struct engine *e, struct asl_history *h)
{
    /* As many as tasks run at once; what grew large is not kept, so that they hold 16 MiB at most.
     */
    enum { SPARE_MAXIMUM = 1024, SPARE_BYTES = 16384 };
    if (e->spare_count == SPARE_MAXIMUM || asl_history_bytes(h).size > SPARE_BYTES) {
        asl_history_free(h);
        return;
    }
    asl_history_clear(h);
    if (e->spare_count == e->spare_capacity) {
        e->spare_capacity = e->spare_capacity ? e->spare_capacity * 2 : 16;
        e->spare = asl_reallocate(e->spare, e->spare_capacity * sizeof(struct asl_history *));
    }
    e->spare[e->spare_count++] = h;
}

void live_free_all(struct engine *e)
{
    for (size_t i = 0; i < e->table_size; i++)
        while (e->table[i])
            live_drop(e, e->table[i]);
    free(e->table);
    for (size_t i = 0; i < e->spare_count; i++)
        asl_history_free(e->spare[i]);
    free(e->spare);
}
