/* Requests that wait. Each is kept as it came and carried out again when something changed, when
 * our clock shows the moment it asked for, and each second (another process may work on the same
 * data).
 *
 * How long a client waits is real time, whatever our clock does: with --time skip a poll that waits
 * 20 seconds must not make the clock jump by them. What makes messages visible is our clock's. */
#include "park.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PARKED_MAXIMUM 1000
#define TICK_MS        1000

struct parked {
    struct http_exchange *exchange;
    const struct local_service *service;
    struct http_received request; /* copies */
    int64_t until;                /* real */
    int64_t look_at;              /* our clock; INT64_MAX: never */
    bool is_gone;
};

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct http_received copy_of(const struct http_received *r)
{
    struct http_received copy = {
        .method = asl_copy_text(asl_text(r->method)),
        .path = asl_copy_text(asl_text(r->path)),
        .query = asl_copy_text(asl_text(r->query)),
        .host = asl_copy_text(asl_text(r->host ? r->host : "")),
        .body = {asl_copy_text(r->body), r->body.size},
    };
    for (size_t i = 0; i < r->headers.count; i++)
        http_headers_add(&copy.headers, r->headers.items[i].name,
                         asl_text(r->headers.items[i].value));
    return copy;
}

static void parked_free(struct parked *p)
{
    const char *const texts[] = {p->request.method, p->request.path, p->request.query,
                                 p->request.host, p->request.body.data};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((void *)(uintptr_t)texts[i]);
    http_headers_free(&p->request.headers);
    free(p);
}

static void on_gone(void *state)
{
    struct parked *p = state;
    p->is_gone = true; /* it takes nothing any more; the next tick lets go of it */
}

/* ---- waking ---- */

static void arm(struct local *l)
{
    int64_t now = real_ms(), wait = TICK_MS, look_at = INT64_MAX;
    for (size_t i = 0; i < l->parked_count; i++) {
        const struct parked *p = l->parked[i];
        if (p->until - now < wait)
            wait = p->until - now;
        if (p->look_at < look_at)
            look_at = p->look_at;
    }
    if (l->parked_count) {
        struct timeval tv = {wait / 1000, wait > 0 ? wait % 1000 * 1000 : 0};
        evtimer_add(l->park_tick, &tv);
    } else
        evtimer_del(l->park_tick);
    if (look_at < INT64_MAX)
        loop_timer_arm(l->park_timer, look_at);
    else
        loop_timer_disarm(l->park_timer);
}

/* True: it waits on. */
static bool look_at(struct local *l, struct parked *p)
{
    struct local_answer answer;
    local_answer_init(&answer);
    l->may_wait = !p->is_gone && real_ms() < p->until;
    if (p->is_gone)
        answer.status = 408; /* nobody reads it, and nothing is received for nobody */
    else
        local_carry_out(l, p->service, &p->request, &answer);
    l->may_wait = false;
    if (answer.waits) {
        p->look_at = answer.look_again_at;
        local_answer_free(&answer);
        return true;
    }
    http_exchange_on_gone(p->exchange, NULL, NULL);
    local_answer_later(l, p->exchange, p->service, &answer);
    parked_free(p);
    return false;
}

void park_look_again(struct local *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->parked_count; i++)
        if (look_at(l, l->parked[i]))
            l->parked[kept++] = l->parked[i];
    bool has_looked = l->parked_count > 0;
    l->parked_count = kept;
    if (!has_looked)
        return;
    arm(l);
    loop_timer_arm(l->commit_timer, 0); /* a transaction was begun */
}

static void on_tick(evutil_socket_t fd, short what, void *state)
{
    (void)fd;
    (void)what;
    park_look_again(state);
}

/* ---- parking ---- */

bool park_may(const struct local *l)
{
    return l->loop && l->parked_count < PARKED_MAXIMUM;
}

void park(struct local *l, struct http_exchange *x, const struct local_service *service,
          const struct http_received *request, const struct local_answer *wish)
{
    struct parked *p = asl_allocate_zeroed(1, sizeof *p);
    *p = (struct parked){.exchange = x,
                         .service = service,
                         .request = copy_of(request),
                         .until = real_ms() + wish->patience_ms,
                         .look_at = wish->look_again_at};
    if (!l->park_tick) {
        l->park_tick = evtimer_new(loop_base(l->loop), on_tick, l);
        l->park_timer = loop_timer_new(l->loop, (void (*)(void *))park_look_again, l);
        if (!l->park_tick)
            asl_out_of_memory();
    }
    l->parked = asl_reallocate(l->parked, (l->parked_count + 1) * sizeof *l->parked);
    l->parked[l->parked_count++] = p;
    http_exchange_on_gone(x, on_gone, p);
    arm(l);
}

void park_end(struct local *l)
{
    for (size_t i = 0; i < l->parked_count; i++)
        l->parked[i]->until = 0;
    if (l->parked_count)
        park_look_again(l);
    free(l->parked);
    if (!l->park_tick)
        return;
    event_free(l->park_tick);
    loop_timer_free(l->park_timer);
}
