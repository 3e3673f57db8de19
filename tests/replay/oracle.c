/* The oracle; see oracle.h.
 *
 * An event's trail is a text: the states entered before it on its branch, with the Map iterations.
 * It is made with the machine's help, which knows how deep a state lies, where engine/replay goes
 * by the events alone. */
#include "tests/replay/oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIKE_MS 2000 /* moments this near are one: COMPARE_TIME_SLACK's promise */

/* ---- events ---- */

static const char *type_of(const asl_value *event)
{
    return value_as_text(value_get_z(event, "type")).data;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static int64_t integer(const asl_value *object, const char *name)
{
    int64_t n = 0;
    const asl_value *v = value_get_z(object, name);
    return v && value_as_integer(v, &n) ? n : 0;
}

static int64_t time_of(const asl_value *event)
{
    return (int64_t)llround(value_as_double(value_get_z(event, "timestamp")) * 1000);
}

static const asl_value *details(const asl_value *event)
{
    for (size_t i = 0; i < value_count(event); i++)
        if (asl_text_ends(value_as_text(value_key_at(event, i)), "EventDetails"))
            return value_at(event, i);
    return NULL;
}

static const asl_value *detail(const asl_value *event, const char *name)
{
    return details(event) ? value_get_z(details(event), name) : NULL;
}

static struct asl_text detail_text(const asl_value *event, const char *name)
{
    const asl_value *v = detail(event, name);
    return v ? value_as_text(v) : (struct asl_text){NULL, 0};
}

/* ---- trails ---- */

/* Containers around a scope, outermost first, as the machine nests them. */
struct trail {
    char *where;   /* "M[2]/P.1/N[0]": Map iterations and Parallel branches */
    char *maps;    /* "M[2]/N[0]" */
    uint64_t path; /* states entered, from the beginning: a number for the text; 0: none */
    struct asl_text state;
};

struct trails {
    struct trail *items;
    size_t count;
};

static const struct state *find_state(const asl_machine *m, struct asl_text name)
{
    for (size_t i = 0; i < m->state_count; i++)
        if (asl_text_equal(value_as_text(m->by_id[i]->name), name))
            return m->by_id[i];
    return NULL;
}

/* The container whose inner States a state belongs to, and which branch of it. */
static const struct state *container_of(const asl_machine *m, const struct state *s, size_t *branch)
{
    for (size_t i = 0; i < m->state_count; i++) {
        const struct state *c = m->by_id[i];
        *branch = 0;
        if (c->kind == STATE_MAP && c->of.map.processor == s->owner)
            return c;
        for (; c->kind == STATE_PARALLEL && *branch < c->of.parallel.count; ++*branch)
            if (c->of.parallel.branches[*branch] == s->owner)
                return c;
    }
    return NULL;
}

/* The part of `where` for one container: "M[2]". */
static struct asl_text part_of(const char *where, const struct state *container)
{
    struct asl_text name = value_as_text(container->name);
    for (const char *at = where; *at;) {
        size_t size = strcspn(at, "/");
        if (size > name.size && memcmp(at, name.data, name.size) == 0 &&
            (at[name.size] == '[' || at[name.size] == '.'))
            return (struct asl_text){at, size};
        at += size + (at[size] == '/');
    }
    return (struct asl_text){"?", 1};
}

/* Where a state stands, its iterations taken from a place within or beside it. */
static void put_where(const asl_machine *m, const struct state *s, const char *beside,
                      bool maps_only, struct asl_buffer *out)
{
    size_t branch;
    const struct state *c = container_of(m, s, &branch);
    if (!c)
        return;
    put_where(m, c, beside, maps_only, out);
    if (c->kind == STATE_PARALLEL && maps_only)
        return;
    if (out->size)
        asl_buffer_putc(out, '/');
    if (c->kind == STATE_PARALLEL)
        asl_buffer_printf(out, "%.*s.%zu", ASL_TEXT_ARGS(value_as_text(c->name)), branch);
    else
        asl_buffer_put_text(out, part_of(beside, c));
}

static char *where_of(const asl_machine *m, const struct state *s, const char *beside,
                      bool maps_only)
{
    struct asl_buffer out;
    asl_buffer_init(&out, 65536);
    asl_buffer_puts(&out, "");
    if (s)
        put_where(m, s, beside, maps_only, &out);
    return asl_buffer_take(&out, NULL);
}

/* The path of the last event before `index` that stands in a place, of a state if one is given. */
static uint64_t path_before(const struct trails *t, size_t index, const char *where,
                            const struct state *s)
{
    for (size_t i = index; i-- > 0;) {
        const struct trail *before = &t->items[i];
        if (before->path && strcmp(before->where, where) == 0 &&
            (!s || asl_text_equal(before->state, value_as_text(s->name))))
            return before->path;
    }
    return 0;
}

/* The path of the Map or Parallel around a state that is the first of its branch. */
static uint64_t path_around(const struct trails *t, const asl_machine *m, size_t index,
                            const struct state *s, const char *beside)
{
    size_t branch;
    const struct state *c = container_of(m, s, &branch);
    char *where = where_of(m, c, beside, false);
    uint64_t path = c ? path_before(t, index, where, c) : 0;
    free(where);
    return path;
}

static bool is_first_of_branch(const asl_value *before)
{
    return strcmp(type_of(before), "MapIterationStarted") == 0 ||
           strcmp(type_of(before), "ParallelStateStarted") == 0;
}

static uint64_t walk(uint64_t path, struct asl_text step)
{
    for (size_t i = 0; i < step.size; i++)
        path = path * 0x9E3779B97F4A7C15u + (unsigned char)step.data[i] + 1;
    return path ^ path >> 31;
}

static struct trail trail_of(const struct trails *t, const asl_machine *m, const asl_value *events,
                             size_t index)
{
    const asl_value *event = value_at(events, index);
    const char *type = type_of(event);
    size_t previous = (size_t)integer(event, "previousEventId");
    const struct trail *before = previous ? &t->items[previous - 1] : NULL;
    bool entered = ends_with(type, "StateEntered"), exited = ends_with(type, "StateExited");
    bool iterated = strncmp(type, "MapIteration", 12) == 0;
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    if (!entered && !exited && !iterated)
        return (struct trail){asl_copy_text(asl_text(before ? before->where : "")),
                              asl_copy_text(asl_text(before ? before->maps : "")),
                              before ? before->path : 0,
                              before ? before->state : (struct asl_text){"", 0}};
    const struct state *s = find_state(m, detail_text(event, "name"));
    struct trail own = {where_of(m, s, before ? before->where : "", false),
                        where_of(m, s, before ? before->where : "", true), 0,
                        value_as_text(s->name)};
    if (iterated) {
        int64_t number = integer(details(event), "index");
        asl_buffer_printf(&out, "%s%s%.*s[%lld]", own.where, *own.where ? "/" : "",
                          ASL_TEXT_ARGS(own.state), (long long)number);
        free(own.where);
        own.where = asl_buffer_take(&out, NULL);
        asl_buffer_printf(&out, "%s%s%.*s[%lld]", own.maps, *own.maps ? "/" : "",
                          ASL_TEXT_ARGS(own.state), (long long)number);
        free(own.maps);
        own.maps = asl_buffer_take(&out, NULL);
        own.state = (struct asl_text){"", 0};
        return own;
    }
    /* Entered: behind what was entered before in the same place. Exited: where it was entered. */
    if (entered && before && is_first_of_branch(value_at(events, previous - 1)))
        own.path = path_around(t, m, index, s, before->where);
    else
        own.path = path_before(t, index, own.where, exited ? s : NULL);
    if (entered)
        own.path = walk(walk(own.path, asl_text(own.where)), own.state);
    return own;
}

static struct trails trails_of(const asl_machine *m, const asl_value *events)
{
    struct trails t = {asl_allocate_zeroed(value_count(events) + 1, sizeof *t.items), 0};
    for (; t.count < value_count(events); t.count++)
        t.items[t.count] = trail_of(&t, m, events, t.count);
    return t;
}

static void trails_free(struct trails *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->items[i].where);
        free(t->items[i].maps);
    }
    free(t->items);
}

/* ---- comparing payloads ---- */

static bool moment(const asl_value *v, double *ms)
{
    int y, mo, d, h, mi;
    double s;
    if (value_kind(v) != VALUE_STRING || value_as_text(v).size < 19 || value_as_text(v).size > 30 ||
        sscanf(value_as_text(v).data, "%d-%d-%dT%d:%d:%lf", &y, &mo, &d, &h, &mi, &s) != 6)
        return false;
    *ms = ((((y * 12.0 + mo) * 31 + d) * 24 + h) * 60 + mi) * 60000 + s * 1000;
    return true;
}

static asl_value *within(const asl_value *v)
{
    struct value_error error;
    struct asl_text t = value_as_text(v);
    bool likely = t.size && strchr("{[\"", t.data[0]);
    return likely ? value_parse(t, 0, 0, &error) : NULL;
}

static bool alike(const asl_value *a, const asl_value *b);

static bool alike_texts(const asl_value *a, const asl_value *b)
{
    double x, y;
    if (asl_text_equal(value_as_text(a), value_as_text(b)))
        return true;
    if (moment(a, &x) && moment(b, &y))
        return fabs(x - y) <= ALIKE_MS;
    asl_value *va = within(a), *vb = within(b);
    bool same = va && vb && alike(va, vb);
    value_release(va);
    value_release(vb);
    return same;
}

static bool alike(const asl_value *a, const asl_value *b)
{
    if (!a || !b || value_kind(a) != value_kind(b))
        return a == b;
    if (value_kind(a) == VALUE_STRING)
        return alike_texts(a, b);
    if (value_kind(a) == VALUE_NUMBER)
        return value_equal(a, b) && !memchr(value_as_text(a).data, '.', value_as_text(a).size) ==
                                        !memchr(value_as_text(b).data, '.', value_as_text(b).size);
    if (value_kind(a) != VALUE_ARRAY && value_kind(a) != VALUE_OBJECT)
        return value_equal(a, b);
    bool same = value_count(a) == value_count(b);
    for (size_t i = 0; same && i < value_count(a); i++)
        same = alike(value_at(a, i), value_kind(a) == VALUE_ARRAY
                                         ? value_at(b, i)
                                         : value_get(b, value_as_text(value_key_at(a, i))));
    return same;
}

/* ---- comparing histories ---- */

struct entry {
    char *key;
    size_t index;
    const asl_value *event;
    bool entered;
};

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Ends of branches belong to no trail: whichever ended last is before them. */
static bool has_trail(const char *type)
{
    return strncmp(type, "Execution", 9) != 0 && !ends_with(type, "StateSucceeded") &&
           !ends_with(type, "StateFailed");
}

static struct entry *sorted(const asl_machine *m, const asl_value *events)
{
    struct trails t = trails_of(m, events);
    struct entry *all = asl_allocate_zeroed(t.count + 1, sizeof *all);
    for (size_t i = 0; i < t.count; i++) {
        struct asl_buffer key;
        const char *type = type_of(value_at(events, i));
        asl_buffer_init(&key, ASL_BUFFER_MAXIMUM);
        if (has_trail(type))
            asl_buffer_printf(&key, "%016llx", (unsigned long long)t.items[i].path);
        asl_buffer_printf(&key, " %s", type);
        if (strncmp(type, "MapIteration", 12) == 0)
            asl_buffer_printf(&key, " %s", t.items[i].where);
        all[i] = (struct entry){asl_buffer_take(&key, NULL), i, value_at(events, i),
                                ends_with(type, "StateEntered")};
    }
    trails_free(&t);
    qsort(all, value_count(events), sizeof *all, by_key);
    return all;
}

static void contrast(const struct recorded *r, const struct stage *s, bool *path, bool *payload,
                     struct asl_buffer *why)
{
    struct entry *a = sorted(r->machine, r->events), *b = sorted(s->machine, s->events);
    size_t na = value_count(r->events), nb = value_count(s->events), i = 0, k = 0;
    while (i < na || k < nb) {
        int order = i == na ? 1 : k == nb ? -1 : strcmp(a[i].key, b[k].key);
        const struct entry *lone = order < 0 ? &a[i] : &b[k];
        bool counts = order < 0 || (order > 0 && r->ended);
        if (order == 0 && !alike(details(a[i].event), details(b[k].event))) {
            *payload = true;
            asl_buffer_printf(why, "; event %zu against %zu", a[i].index + 1, b[k].index + 1);
        } else if (order != 0 && counts) {
            *payload = true;
            *path = *path || lone->entered;
            asl_buffer_printf(why, "; %s %s", order < 0 ? "lost" : "grown", lone->key);
        }
        i += order <= 0;
        k += order >= 0;
    }
    for (i = 0; i < na; i++)
        free(a[i].key);
    for (k = 0; k < nb; k++)
        free(b[k].key);
    free(a);
    free(b);
}

/* ---- the recorded outcomes, as a world ---- */

struct call {
    struct asl_text state;
    char *maps;
    struct asl_text resource;
    asl_value *parameters;
    int64_t at;
    const asl_value *after[8];
    size_t count;
    bool used, timed_out;
};

struct world {
    const struct recorded *r;
    struct call *calls;
    size_t count;
    bool *reached; /* by stand */
    size_t left;   /* stands not reached */
    size_t seen;   /* events looked at for stands */
    struct trails trails;
    int64_t last;
};

static const struct {
    const char *end;
    enum asl_event_kind kind;
} kinds[] = {
    {"StartFailed", ASL_TASK_START_FAILED},
    {"ScheduleFailed", ASL_TASK_START_FAILED},
    {"SubmitFailed", ASL_TASK_SUBMIT_FAILED},
    {"Started", ASL_TASK_STARTED},
    {"Submitted", ASL_TASK_SUBMITTED},
    {"Succeeded", ASL_TASK_SUCCEEDED},
    {"Failed", ASL_TASK_FAILED},
};

static bool is_of_task(const char *type)
{
    return strncmp(type, "Task", 4) == 0 || strncmp(type, "Lambda", 6) == 0 ||
           strncmp(type, "Activity", 8) == 0;
}

static asl_value *payload(const asl_value *event, const char *name)
{
    struct value_error error;
    const asl_value *v = detail(event, name);
    return v ? value_parse(value_as_text(v), 0, 0, &error) : NULL;
}

static asl_value *given(const asl_value *scheduled)
{
    asl_value *v = payload(scheduled, "parameters");
    return v ? v : payload(scheduled, "input");
}

static void read_calls(struct world *w)
{
    const asl_value *events = w->r->events;
    struct trails t = trails_of(w->r->machine, events);
    size_t *call_of = asl_allocate_zeroed(value_count(events) + 1, sizeof *call_of);
    w->calls = asl_allocate_zeroed(value_count(events) + 1, sizeof *w->calls);
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *event = value_at(events, i);
        const char *type = type_of(event);
        if (!is_of_task(type) || strncmp(type, "TaskState", 9) == 0)
            continue;
        if (ends_with(type, "Scheduled")) {
            w->calls[w->count] = (struct call){t.items[i].state,
                                               asl_copy_text(asl_text(t.items[i].maps)),
                                               detail_text(event, "resource"),
                                               given(event),
                                               time_of(event),
                                               {0},
                                               0,
                                               false,
                                               false};
            call_of[i] = ++w->count;
            continue;
        }
        size_t number = call_of[integer(event, "previousEventId") - 1];
        call_of[i] = number;
        if (number && ends_with(type, "TimedOut"))
            w->calls[number - 1].timed_out = true;
        else if (number)
            w->calls[number - 1].after[w->calls[number - 1].count++] = event;
    }
    w->last = time_of(value_at(events, value_count(events) - 1));
    free(call_of);
    trails_free(&t);
}

static int fit(const struct call *c, struct asl_text state, const char *maps,
               struct asl_text resource, const asl_value *parameters)
{
    bool same_state = asl_text_equal(c->state, state);
    bool same_maps = strcmp(c->maps, maps) == 0;
    bool same_parameters = alike(c->parameters, parameters);
    if (same_state && same_maps)
        return same_parameters ? 4 : 3;
    if (same_state && same_parameters)
        return 2;
    return !same_state && same_parameters && asl_text_equal(c->resource, resource) ? 1 : 0;
}

static void let_come(struct stage *s, const struct call *c, int64_t task)
{
    for (size_t i = 0; i < c->count; i++) {
        const char *type = type_of(c->after[i]);
        size_t k = 0;
        while (!ends_with(type, kinds[k].end))
            k++;
        asl_value *output = payload(c->after[i], "output");
        struct asl_event event = {.kind = kinds[k].kind,
                                  .task = task,
                                  .output = output ? output : value_null(),
                                  .error = detail_text(c->after[i], "error"),
                                  .cause = detail_text(c->after[i], "cause"),
                                  .worker = detail_text(c->after[i], "workerName")};
        stage_comes(s, s->now + time_of(c->after[i]) - c->at, &event);
        value_release((asl_value *)event.output);
    }
}

static bool order(void *world, struct stage *s, const struct asl_command *task)
{
    struct world *w = world;
    char where[STAGE_WHERE];
    struct call *best = NULL;
    int best_fit = 0;
    struct frame *f = frame_of_task(s->x->root, task->task);
    const asl_value *scheduled = value_at(s->events, (size_t)task->task - 1);
    stage_where(f, where);
    asl_value *parameters = given(scheduled);
    for (size_t i = 0; i < w->count; i++) {
        int n = w->calls[i].used ? 0
                                 : fit(&w->calls[i], value_as_text(f->state->name), where,
                                       detail_text(scheduled, "resource"), parameters);
        if (n > best_fit) {
            best_fit = n;
            best = &w->calls[i];
        }
    }
    value_release(parameters);
    if (!best)
        return false;
    best->used = true;
    let_come(s, best, task->task);
    if (best->timed_out)
        stage_dies(s, task->task);
    return true;
}

/* What was entered since, against the stands of an open recording. */
static void look(struct world *w, const struct stage *s)
{
    size_t count = value_count(s->events);
    w->trails.items = asl_reallocate(w->trails.items, (count + 1) * sizeof *w->trails.items);
    for (; w->trails.count < count; w->trails.count++) {
        size_t i = w->trails.count;
        struct trail t = w->trails.items[i] = trail_of(&w->trails, s->machine, s->events, i);
        char stand[STAGE_WHERE];
        if (!ends_with(type_of(value_at(s->events, i)), "StateEntered"))
            continue;
        snprintf(stand, sizeof stand, "%s%s%.*s", t.maps, *t.maps ? "/" : "",
                 ASL_TEXT_ARGS(t.state));
        for (size_t k = 0; k < w->r->stand_count; k++)
            if (!w->reached[k] && strcmp(stand, w->r->stands[k]) == 0) {
                w->reached[k] = true;
                w->left--;
                break;
            }
    }
}

static bool rests(void *world, struct stage *s, int64_t next)
{
    struct world *w = world;
    if (w->r->ended)
        return false;
    look(w, s);
    return !w->left && !s->coming_count && next > w->last;
}

/* ---- the verdict ---- */

static bool failed_otherwise(const struct recorded *r, const struct stage *s)
{
    const asl_value *last = value_at(r->events, value_count(r->events) - 1);
    enum asl_status status = asl_execution_status(s->x);
    const char *type = type_of(last), *error = asl_execution_error(s->x);
    if (status == ASL_TIMED_OUT)
        return strcmp(type, "ExecutionTimedOut") != 0;
    if (status != ASL_FAILED)
        return false;
    return strcmp(type, "ExecutionFailed") != 0 ||
           !asl_text_equal(detail_text(last, "error"), asl_text(error ? error : ""));
}

static enum replay_verdict verdict_of(const struct recorded *r, const struct world *w,
                                      const struct stage *s, struct asl_buffer *why)
{
    bool path = false, payload_differs = false;
    if (s->is_long)
        return REPLAY_FAILS;
    contrast(r, s, &path, &payload_differs, why);
    bool is_open = asl_execution_status(s->x) == ASL_RUNNING;
    if (is_open && (r->ended || (w->left && s->is_unknown)))
        return REPLAY_NEEDS_OUTCOME;
    if (failed_otherwise(r, s))
        return REPLAY_FAILS;
    if (!r->ended && w->left)
        return REPLAY_UNREACHABLE;
    return path ? REPLAY_OTHER_PATH : payload_differs ? REPLAY_OTHER_PAYLOAD : REPLAY_SAME;
}

enum replay_verdict oracle_verdict(const struct recorded *r, asl_machine *edited,
                                   struct asl_buffer *why)
{
    struct world w = {.r = r, .left = r->stand_count};
    size_t count = value_count(r->events);
    const asl_value *last = value_at(r->events, count - 1);
    w.reached = asl_allocate_zeroed(r->stand_count + 1, sizeof *w.reached);
    read_calls(&w);
    struct stage s = {.machine = edited,
                      .input = r->input,
                      .now = time_of(value_at(r->events, 0)),
                      .order = order,
                      .world = &w,
                      .rests = rests,
                      .stop_at = strcmp(type_of(last), "ExecutionAborted") == 0 ? time_of(last)
                                                                                : INT64_MAX,
                      .events_maximum = 2 * count + 30000};
    stage_run(&s);
    if (!r->ended)
        look(&w, &s);
    enum replay_verdict verdict = verdict_of(r, &w, &s, why);
    for (size_t i = 0; i < w.count; i++) {
        free(w.calls[i].maps);
        value_release(w.calls[i].parameters);
    }
    trails_free(&w.trails);
    free(w.calls);
    free(w.reached);
    stage_free(&s);
    return verdict;
}
