/* One watch for each number a socket has had, made once and used again with the number.
 *
 *   idle --want--> wanted --want 0--> parked (read from only, and known)  --want the same--> wanted
 *                                     idle   (else)
 *   parked --ready, want another, closing--> idle
 */
#include "watches.h"

#include "asl/value/text.h"

#include <stdlib.h>

struct watch {
    struct watches *all;
    struct event *event; /* added unless `kind` is 0 */
    void *owner;         /* NULL: parked, or idle */
    short kind;
    bool is_known; /* between watches_opened and watches_closing */
};

struct watches {
    struct event_base *base;
    void (*ready)(void *owner, evutil_socket_t fd, short what);
    struct watch **by_number;
    size_t count;
};

struct watches *watches_new(struct event_base *base,
                            void (*ready)(void *owner, evutil_socket_t fd, short what))
{
    struct watches *w = asl_allocate_zeroed(1, sizeof *w);
    w->base = base;
    w->ready = ready;
    return w;
}

void watches_free(struct watches *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->by_number[i]) {
            event_free(w->by_number[i]->event);
            free(w->by_number[i]);
        }
    free(w->by_number);
    free(w);
}

static void let_go(struct watch *watch)
{
    if (watch->kind)
        event_del(watch->event);
    watch->kind = 0;
    watch->owner = NULL;
}

static void on_ready(evutil_socket_t fd, short what, void *state)
{
    struct watch *watch = state;
    if (watch->owner)
        watch->all->ready(watch->owner, fd, what);
    else
        let_go(watch);
}

static struct watch *watch_of(struct watches *w, evutil_socket_t fd)
{
    size_t number = (size_t)fd;
    if (number >= w->count) {
        size_t count = number * 2 + 64;
        w->by_number = asl_reallocate(w->by_number, count * sizeof(struct watch *));
        for (size_t i = w->count; i < count; i++)
            w->by_number[i] = NULL;
        w->count = count;
    }
    if (!w->by_number[number]) {
        struct watch *watch = asl_allocate_zeroed(1, sizeof *watch);
        watch->all = w;
        watch->event = event_new(w->base, fd, EV_PERSIST | EV_READ, on_ready, watch);
        if (!watch->event)
            asl_out_of_memory();
        w->by_number[number] = watch;
    }
    return w->by_number[number];
}

void watches_opened(struct watches *w, evutil_socket_t fd)
{
    struct watch *watch = watch_of(w, fd);
    let_go(watch);
    watch->is_known = true;
}

void watches_closing(struct watches *w, evutil_socket_t fd)
{
    struct watch *watch = watch_of(w, fd);
    let_go(watch);
    watch->is_known = false;
}

void watches_want(struct watches *w, evutil_socket_t fd, short kind, void *owner)
{
    struct watch *watch = watch_of(w, fd);
    if (!kind && watch->is_known && watch->kind == EV_READ) {
        watch->owner = NULL; /* parked */
        return;
    }
    if (kind != watch->kind)
        let_go(watch);
    if (!kind)
        return;
    watch->owner = owner;
    if (watch->kind)
        return;
    watch->kind = kind;
    event_assign(watch->event, w->base, fd, (short)(EV_PERSIST | kind), on_ready, watch);
    if (event_add(watch->event, NULL) != 0)
        asl_out_of_memory();
}
