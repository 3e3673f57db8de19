/* One entry for the profile and one for each role that was asked for, made on demand and kept.
 *
 *   EMPTY -get-> SEARCHING -found-> READY -near its end, or forgotten-> SEARCHING
 *                          -broken-> EMPTY (all who wait are told)
 *
 * Credentials that are near their end but still good are used on when their renewal fails.
 */
#include "cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assume.h"
#include "engine/aws/aws_internal.h"

/* Renewed this long before they expire, so that a call sent now does not arrive too late. */
#define EARLY_MS (INT64_C(5) * 60 * 1000)
/* Roles come from definitions: bounded, the least recently made goes. */
#define ENTRIES_MAXIMUM 256

struct credentials_wait {
    struct credentials_wait *next;
    struct credentials_entry *entry;
    bool *told; /* set when `done` comes before credentials_cache_get has returned */
    void (*done)(void *state, const struct credentials *found, const char *message);
    void *state;
};

struct credentials_entry {
    struct credentials_entry *next;
    struct credentials_cache *cache;
    char *role_arn; /* "": the profile's own */
    bool local;
    bool ready, searching;
    size_t in_use; /* callers on the stack: not to be dropped */
    struct credentials held;
    struct credentials_search *search;
    struct credentials_wait *base; /* of a role: for the credentials to ask with */
    struct credentials_assume *assume;
    struct credentials_wait *waiting; /* newest last */
};

struct credentials_cache {
    struct aws *aws;
    struct credentials_entry *entries; /* newest first */
};

struct credentials_cache *credentials_cache_new(struct aws *a)
{
    struct credentials_cache *c = asl_allocate_zeroed(1, sizeof *c);
    c->aws = a;
    return c;
}

static void entry_stop(struct credentials_entry *e)
{
    credentials_search_free(e->search);
    if (e->base)
        credentials_wait_cancel(e->base);
    if (e->assume)
        credentials_assume_cancel(e->assume);
    e->search = NULL;
    e->base = NULL;
    e->assume = NULL;
    e->searching = false;
}

static void entry_free(struct credentials_entry *e)
{
    entry_stop(e);
    while (e->waiting) {
        struct credentials_wait *w = e->waiting;
        e->waiting = w->next;
        free(w);
    }
    credentials_free(&e->held);
    free(e->role_arn);
    free(e);
}

void credentials_cache_free(struct credentials_cache *c)
{
    if (!c)
        return;
    /* Roles wait for the profile's own: nobody may wait for anybody when the first one goes. */
    for (struct credentials_entry *e = c->entries; e; e = e->next)
        entry_stop(e);
    while (c->entries) {
        struct credentials_entry *e = c->entries;
        c->entries = e->next;
        entry_free(e);
    }
    free(c);
}

/* ---- answers ---- */

/* Those who waited when it began; who comes from within `done` waits for the next. */
static void tell_all(struct credentials_entry *e, const struct credentials *found,
                     const char *message)
{
    size_t count = 0;
    for (struct credentials_wait *w = e->waiting; w; w = w->next)
        count++;
    e->in_use++;
    while (count-- > 0 && e->waiting) {
        struct credentials_wait *w = e->waiting;
        e->waiting = w->next;
        if (w->told)
            *w->told = true;
        w->done(w->state, found, message);
        free(w);
    }
    e->in_use--;
}

static bool is_good_for(const struct credentials_entry *e, int64_t ms)
{
    return e->ready && e->held.expires_ms - ms > aws_wall_now(e->cache->aws);
}

static void entry_found(struct credentials_entry *e, struct credentials *take)
{
    credentials_free(&e->held);
    e->held = *take;
    *take = (struct credentials){0};
    e->ready = true;
    e->searching = false;
    tell_all(e, &e->held, NULL);
}

static void entry_failed(struct credentials_entry *e, const char *message)
{
    e->searching = false;
    if (is_good_for(e, 0))
        tell_all(e, &e->held, NULL);
    else
        tell_all(e, NULL, message);
}

/* For a peer on this machine when nobody has written down any keys: stand-ins and test services
 * want a signature, not an identity. */
static void make_up(struct credentials *out)
{
    *out = (struct credentials){
        .access_key_id = asl_copy_text(ASL_TEXT("stepwell")),
        .secret_access_key = asl_copy_text(ASL_TEXT("stepwell")),
        .expires_ms = INT64_MAX,
    };
}

static void on_search(void *state, struct credentials_search *s, enum credentials_result result)
{
    struct credentials_entry *e = state;
    char message[512];
    struct credentials found = s->found;
    s->found = (struct credentials){0};
    snprintf(
        message, sizeof message, "%s",
        result == CREDENTIALS_NONE
            ? "Unable to load credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a "
              "profile in ~/.aws/credentials"
            : s->message);
    e->search = NULL;
    credentials_search_free(s);
    if (result == CREDENTIALS_NONE && e->local)
        make_up(&found);
    if (found.access_key_id)
        entry_found(e, &found);
    else
        entry_failed(e, message);
}

static void on_assumed(void *state, struct credentials *take, const char *message)
{
    struct credentials_entry *e = state;
    e->assume = NULL;
    if (take)
        entry_found(e, take);
    else
        entry_failed(e, message);
}

static void entry_take_copy(struct credentials_entry *e, const struct credentials *from)
{
    struct credentials copy;
    credentials_copy(&copy, from);
    entry_found(e, &copy);
}

/* Off-cloud, with no STS to ask, a stand-in on this machine takes any role for granted. */
static bool sts_is_reachable(struct aws *a)
{
    char url[512], why[160], message[512];
    const struct catalogue_service *sts = catalogue_service(a->catalogue, ASL_TEXT("sts"));
    return sts && aws_where(a, catalogue_operation(sts, ASL_TEXT("AssumeRole")), url, why, message);
}

static void on_base(void *state, const struct credentials *found, const char *message)
{
    struct credentials_entry *e = state;
    struct credentials_role role = {.role_arn = e->role_arn};
    e->base = NULL;
    if (!found)
        entry_failed(e, message);
    else if (e->local && !sts_is_reachable(e->cache->aws))
        entry_take_copy(e, found);
    else
        e->assume = credentials_assume(e->cache->aws, &role, found, on_assumed, e);
}

/* ---- searching ---- */

static void entry_search(struct credentials_entry *e)
{
    struct credentials_cache *c = e->cache;
    e->searching = true;
    if (e->role_arn[0]) {
        struct credentials_wait *w = credentials_cache_get(c, NULL, e->local, on_base, e);
        if (w)
            e->base = w;
        return;
    }
    struct credentials_search *s = credentials_search_new(c->aws, c->aws->config.profile);
    s->use_environment = !c->aws->config.profile_asked;
    s->local = e->local;
    e->search = s;
    credentials_search_run(s, on_search, e);
}

static struct credentials_entry *find(struct credentials_cache *c, const char *role_arn, bool local)
{
    for (struct credentials_entry *e = c->entries; e; e = e->next)
        if (e->local == local && strcmp(e->role_arn, role_arn) == 0)
            return e;
    return NULL;
}

/* Drops the oldest entry of a role that nobody waits for. */
static void make_room(struct credentials_cache *c)
{
    struct credentials_entry **oldest = NULL;
    size_t count = 0;
    for (struct credentials_entry **at = &c->entries; *at; at = &(*at)->next, count++)
        if ((*at)->role_arn[0] && !(*at)->searching && !(*at)->in_use)
            oldest = at;
    if (count < ENTRIES_MAXIMUM || !oldest)
        return;
    struct credentials_entry *gone = *oldest;
    *oldest = gone->next;
    entry_free(gone);
}

static struct credentials_entry *entry_for(struct credentials_cache *c, const char *role_arn,
                                           bool local)
{
    struct credentials_entry *e = find(c, role_arn, local);
    if (e)
        return e;
    make_room(c);
    e = asl_allocate_zeroed(1, sizeof *e);
    e->cache = c;
    e->role_arn = asl_copy_text(asl_text(role_arn));
    e->local = local;
    e->next = c->entries;
    c->entries = e;
    return e;
}

struct credentials_wait *credentials_cache_get(
    struct credentials_cache *c, const char *role_arn, bool local,
    void (*done)(void *state, const struct credentials *found, const char *message), void *state)
{
    struct credentials_entry *e = entry_for(c, role_arn ? role_arn : "", local);
    if (is_good_for(e, EARLY_MS)) {
        done(state, &e->held, NULL);
        return NULL;
    }
    struct credentials_wait *w = asl_allocate_zeroed(1, sizeof *w), **last = &e->waiting;
    bool told = false;
    *w = (struct credentials_wait){.entry = e, .told = &told, .done = done, .state = state};
    while (*last)
        last = &(*last)->next;
    *last = w;
    e->in_use++;
    if (!e->searching)
        entry_search(e);
    e->in_use--;
    if (told)
        return NULL;
    w->told = NULL;
    return w;
}

const struct credentials *credentials_cache_held(struct credentials_cache *c, const char *role_arn,
                                                 bool local)
{
    const struct credentials_entry *e = find(c, role_arn ? role_arn : "", local);
    return e && is_good_for(e, EARLY_MS) ? &e->held : NULL;
}

void credentials_wait_cancel(struct credentials_wait *w)
{
    struct credentials_wait **at = &w->entry->waiting;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free(w);
}

void credentials_cache_forget(struct credentials_cache *c, const char *role_arn)
{
    for (struct credentials_entry *e = c->entries; e; e = e->next)
        if (strcmp(e->role_arn, role_arn ? role_arn : "") == 0)
            e->ready = false;
}
