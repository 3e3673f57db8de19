/* Live progress, from the history events that each commit added: what is shown is durable.
 *
 * A state's line is printed when it is left (or has failed), with how long it took; on a terminal
 * the state that is under way stands below, with a countdown when it waits.
 */
#include "engine/cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A state that was entered and not left: known by its last event, as the history's chains go. */
struct entered {
    struct entered *next;
    int64_t last; /* id of the last event on its chain */
    char *name;
    char kind[16];
    int64_t at;
};

struct progress {
    struct session *session;
    int64_t execution;
    bool quiet, terminal, colour, over;
    bool catching_up; /* past events: what is under way is noted, nothing printed */
    enum asl_status status;
    struct entered *entered;
    struct loop_timer *ticker;
    bool line_open; /* the moving line stands on the screen */
};

static const char *paint(const struct progress *p, const char *code)
{
    return p->colour ? code : "";
}

#define GREEN "\033[32m"
#define RED   "\033[31m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

static void wipe_line(struct progress *p)
{
    if (p->line_open)
        fputs("\r\033[K", stderr);
    p->line_open = false;
}

static void print_state(struct progress *p, const struct entered *s, int64_t at, bool failed,
                        const char *detail)
{
    char when[32], took[32];
    if (p->catching_up)
        return;
    cli_format_time(at, when);
    cli_format_duration(at - s->at, took);
    wipe_line(p);
    fprintf(stderr, "%s%s%s  %s%s%s %-36s %s%-8s %10s%s%s%s\n", paint(p, DIM), when + 11,
            paint(p, PLAIN), paint(p, failed ? RED : GREEN), failed ? "x" : "+", paint(p, PLAIN),
            s->name, paint(p, DIM), s->kind, took, paint(p, PLAIN), *detail ? "  " : "", detail);
}

/* ---- the moving line ---- */

static void show_under_way(struct progress *p)
{
    const struct entered *s = p->entered;
    if (!p->terminal || p->quiet || p->over || !s)
        return;
    int64_t now = loop_now(p->session->loop);
    char text[32];
    wipe_line(p);
    int64_t due = store_next_due(engine_store(p->session->engine));
    if (strcmp(s->kind, "Wait") == 0 && due != INT64_MAX) {
        cli_format_duration(due - now, text);
        fprintf(stderr, "              %s. %-36s goes on in %s%s", paint(p, DIM), s->name, text,
                paint(p, PLAIN));
    } else {
        cli_format_duration(now - s->at, text);
        fprintf(stderr, "              %s. %-36s %s%s", paint(p, DIM), s->name, text,
                paint(p, PLAIN));
    }
    p->line_open = true;
}

static void tick(void *progress)
{
    struct progress *p = progress;
    show_under_way(p);
    loop_timer_arm(p->ticker, loop_now(p->session->loop) + 1000);
}

/* ---- events ---- */

static int64_t number_of(const asl_value *event, const char *member)
{
    int64_t n = 0;
    const asl_value *v = value_get_z(event, member);
    if (v)
        value_as_integer(v, &n);
    return n;
}

static int64_t time_of(const asl_value *event)
{
    return (int64_t)(value_as_double(value_get_z(event, "timestamp")) * 1000 + 0.5);
}

static const char *text_of(const asl_value *details, const char *member)
{
    const asl_value *v = details ? value_get_z(details, member) : NULL;
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v).data : "";
}

static struct entered **find_chain(struct progress *p, int64_t last)
{
    struct entered **at = &p->entered;
    while (*at && (*at)->last != last)
        at = &(*at)->next;
    return at;
}

static void begin(struct progress *p, const asl_value *event, const char *type, int64_t id)
{
    const asl_value *details = value_get_z(event, "stateEnteredEventDetails");
    struct entered *s = asl_allocate_zeroed(1, sizeof *s);
    s->last = id;
    s->name = asl_copy_text(asl_text(text_of(details, "name")));
    snprintf(s->kind, sizeof s->kind, "%.*s", (int)(strlen(type) - strlen("StateEntered")), type);
    s->at = time_of(event);
    s->next = p->entered;
    p->entered = s;
}

static void drop(struct entered **at)
{
    struct entered *s = *at;
    *at = s->next;
    free(s->name);
    free(s);
}

static void leave(struct progress *p, const asl_value *event)
{
    const char *name = text_of(value_get_z(event, "stateExitedEventDetails"), "name");
    struct entered **at = find_chain(p, number_of(event, "previousEventId"));
    if (!*at) /* the chain took one of AWS's turns (Map, Parallel): by name, the latest */
        for (at = &p->entered; *at && strcmp((*at)->name, name) != 0;)
            at = &(*at)->next;
    if (!*at)
        return;
    print_state(p, *at, time_of(event), false, "");
    drop(at);
}

/* A failure's own words stand below the state's chain. */
static void show_failure(struct progress *p, const asl_value *event, const char *type)
{
    for (size_t i = 0; i < value_count(event); i++) {
        const asl_value *details = value_at(event, i);
        if (p->catching_up || value_kind(details) != VALUE_OBJECT || !value_get_z(details, "error"))
            continue;
        wipe_line(p);
        fprintf(stderr, "              %s%s %s: %.200s%s\n", paint(p, RED), type,
                text_of(details, "error"), text_of(details, "cause"), paint(p, PLAIN));
    }
}

/* States that were under way when the execution ended badly; the end itself is told below them. */
static void give_up(struct progress *p, int64_t at)
{
    while (p->entered) {
        print_state(p, p->entered, at, true, "");
        drop(&p->entered);
    }
}

static bool see_event(void *progress, int64_t id, const asl_value *event)
{
    struct progress *p = progress;
    struct asl_text type = value_as_text(value_get_z(event, "type"));
    if (asl_text_ends(type, "StateEntered")) {
        begin(p, event, type.data, id);
    } else if (asl_text_ends(type, "StateExited")) {
        leave(p, event);
    } else if (asl_text_starts(type, "Execution") && !asl_text_ends(type, "Started")) {
        give_up(p, time_of(event));
    } else {
        struct entered **at = find_chain(p, number_of(event, "previousEventId"));
        if (*at)
            (*at)->last = id;
        if (asl_text_ends(type, "Failed") || asl_text_ends(type, "TimedOut"))
            show_failure(p, event, type.data);
    }
    return true;
}

static void see_chunk(void *progress, int64_t execution, struct store_bytes chunk,
                      enum asl_status status)
{
    struct progress *p = progress;
    char message[160];
    (void)execution;
    if (chunk.data) {
        if (!p->quiet && !asl_history_read(chunk.data, chunk.size, false, see_event, p, message))
            cli_note("%s", message);
        show_under_way(p);
        return;
    }
    wipe_line(p);
    p->over = true;
    p->status = status;
    loop_stop(p->session->loop);
}

/* ---- life ---- */

/* Events that were committed before anyone watched. */
static bool see_past(void *progress, int64_t first, int64_t count, struct store_bytes chunk)
{
    struct progress *p = progress;
    char message[160];
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, false, see_event, p, message);
}

static void see_status(void *progress, const asl_execution *x)
{
    struct progress *p = progress;
    p->status = asl_execution_status(x);
    p->over = p->status != ASL_RUNNING;
}

struct progress *progress_new(struct session *s, int64_t execution, enum progress_show show)
{
    struct progress *p = asl_allocate_zeroed(1, sizeof *p);
    p->session = s;
    p->execution = execution;
    p->quiet = show == PROGRESS_NOTHING;
    p->terminal = isatty(STDERR_FILENO);
    p->colour = cli_colour(STDERR_FILENO);
    p->catching_up = show == PROGRESS_NEW;
    if (!p->quiet)
        store_read_history(engine_store(s->engine), execution, 1, false, see_past, p);
    p->catching_up = false;
    engine_look(s->engine, execution, see_status, p);
    engine_watch(s->engine, execution, see_chunk, p);
    if (p->terminal && !p->quiet && !p->over) {
        p->ticker = loop_timer_new(s->loop, tick, p);
        loop_timer_arm(p->ticker, loop_now(s->loop) + 1000);
    }
    return p;
}

void progress_free(struct progress *p)
{
    wipe_line(p);
    engine_watch(p->session->engine, 0, NULL, NULL);
    loop_timer_free(p->ticker);
    while (p->entered)
        drop(&p->entered);
    free(p);
}

bool progress_is_over(const struct progress *p)
{
    return p->over;
}

enum asl_status progress_status(const struct progress *p)
{
    return p->status;
}
