/* Edits by dice over machines by dice, each with stored executions, ended and open: every verdict
 * of replay must equal what really running the edited definition with the same outcomes gives.
 * Breaks when a verdict is wrong.
 *
 *     test_campaign [machines edits executions seed]    STEPWELL_CAMPAIGN=full: 20 10 50
 *
 * Short by default. Left out, for replay cannot know them: random numbers in payloads and in retry
 * delays, and what the children of a distributed Map did. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/replay/edits.h"
#include "tests/replay/oracle.h"

struct campaign {
    size_t machines, edits, executions;
    uint64_t seed;
    size_t verdicts[REPLAY_VERDICTS], judged, wrong, open;
    bool verbose;
};

/* ---- machines ---- */

static void replace_all(struct asl_buffer *text, const char *from, const char *to)
{
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    const char *at = text->data, *found;
    for (; (found = strstr(at, from)); at = found + strlen(from)) {
        asl_buffer_put(&out, at, (size_t)(found - at));
        asl_buffer_puts(&out, to);
    }
    asl_buffer_puts(&out, at);
    asl_buffer_free(text);
    *text = out;
}

static asl_machine *compile(const asl_value *definition)
{
    struct asl_buffer text;
    struct asl_diagnostics d = {0};
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(definition, &text);
    asl_machine *m = asl_machine_compile(asl_buffer_text(&text), false, &d);
    asl_diagnostics_free(&d);
    asl_buffer_free(&text);
    return m;
}

static asl_value *make_definition(struct dice *d)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    generate_definition(d, &text);
    replace_all(&text, "DISTRIBUTED\", \"ExecutionType\": \"STANDARD\"", "INLINE\"");
    replace_all(&text, ", \"ToleratedFailureCount\": 1", "");
    replace_all(&text, ", \"JitterStrategy\": \"FULL\"", "");
    replace_all(&text, "$random()", "0.5");
    asl_value *v = value_literal(text.data);
    asl_buffer_free(&text);
    return v;
}

/* ---- executions ---- */

struct making {
    struct dice *dice;
    size_t cut; /* the execution is left open behind so many events */
};

static bool order(void *world, struct stage *s, const struct asl_command *task)
{
    struct dice *d = ((struct making *)world)->dice;
    static const char *const others[] = {"States.TaskFailed", "Broken", "Bad.Thing", "Unheard"};
    int64_t at = s->now + 17 + (int64_t)dice_below(d, 40);
    asl_value *output = value_integer((int64_t)dice_below(d, 5));
    struct asl_event event = {.kind = ASL_TASK_STARTED,
                              .task = task->task,
                              .output = output,
                              .worker = ASL_TEXT("worker")};
    if (dice_says(d, 8) && (task->timeout_seconds || task->heartbeat_seconds)) {
        value_release(output);
        stage_dies(s, task->task); /* it will time out */
        return true;
    }
    stage_comes(s, at, &event);
    event.worker = (struct asl_text){"", 0};
    if (task->resource->pattern != TASK_REQUEST_RESPONSE) {
        event.kind = ASL_TASK_SUBMITTED;
        stage_comes(s, at += 31, &event);
    }
    at += 300 + (int64_t)dice_below(d, 7000);
    event.kind = dice_says(d, 75) ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED;
    if (event.kind == ASL_TASK_FAILED) {
        event.error = asl_text(others[dice_below(d, 4)]);
        event.cause = ASL_TEXT("it was told to");
    }
    stage_comes(s, at, &event);
    value_release(output);
    return true;
}

/* A Map or Parallel that waits to be tried again cannot be told from one at work by its events. */
static void look_for_pause(void *found, struct frame *f)
{
    if (f->phase == FRAME_RETRY &&
        (f->state->kind == STATE_MAP || f->state->kind == STATE_PARALLEL))
        *(bool *)found = true;
}

static bool rests(void *world, struct stage *s, int64_t next)
{
    const struct making *m = world;
    bool pauses = false;
    (void)next;
    if (value_count(s->events) < m->cut)
        return false;
    frame_each(s->x->root, look_for_pause, &pauses);
    return !pauses;
}

static void add_stand(void *recorded, struct frame *f)
{
    struct recorded *r = recorded;
    if (f->phase == FRAME_ENTER || f->phase == FRAME_SPAWN || f->phase == FRAME_CHILDREN ||
        f->phase == FRAME_COLLECT)
        return;
    char where[STAGE_WHERE];
    stage_where(f, where);
    r->stands = asl_reallocate(r->stands, (r->stand_count + 1) * sizeof *r->stands);
    snprintf(r->stands[r->stand_count++], STAGE_WHERE, "%.400s%s%.80s", where, *where ? "/" : "",
             value_as_text(f->state->name).data);
}

static bool record(struct recorded *r, asl_machine *m, struct dice *d)
{
    static const char *const items[] = {"[]", "[1]", "[1, 2.5, \"three\"]",
                                        "[{\"a\": 1}, {\"b\": 2}]"};
    char input[128];
    snprintf(input, sizeof input, "{\"n\": %u, \"items\": %s, \"wait\": %u}",
             (unsigned)dice_below(d, 4), items[dice_below(d, 4)], (unsigned)dice_below(d, 5));
    struct making making = {d, dice_says(d, 25) ? 2 + (size_t)dice_below(d, 40) : SIZE_MAX};
    struct stage s = {.machine = m,
                      .input = input,
                      .now = INT64_C(1700000000000),
                      .order = order,
                      .world = &making,
                      .rests = rests,
                      .events_maximum = 20000,
                      .stop_at = dice_says(d, 5) ? INT64_C(1700000000000) + 3333 : INT64_MAX};
    bool fine = stage_run(&s) && !s.is_long;
    enum asl_status status = fine ? asl_execution_status(s.x) : ASL_RUNNING;
    *r = (struct recorded){.machine = m,
                           .input = asl_copy_text(asl_text(input)),
                           .events = value_retain(s.events),
                           .ended = status != ASL_RUNNING};
    if (fine && !r->ended)
        frame_each(s.x->root, add_stand, r);
    stage_free(&s);
    return fine;
}

static void forget(struct recorded *r)
{
    free(r->input);
    free(r->stands);
    value_release(r->events);
}

/* ---- judging ---- */

static enum replay_verdict replayed(const struct recorded *r, asl_machine *edited,
                                    struct asl_buffer *why)
{
    const struct replay_identity unknown = {0};
    struct recording recording;
    struct replay_judgement j;
    char message[256];
    if (!recording_take(&recording, value_retain(r->events), message) ||
        !replay_judge(edited, &recording, &unknown, &j, message)) {
        printf("refused: %s\n", message);
        exit(1);
    }
    enum replay_verdict verdict = j.verdict;
    asl_buffer_printf(why, "event %lld: %.*s", (long long)j.event,
                      ASL_TEXT_ARGS(asl_buffer_text(&j.difference)));
    replay_judgement_free(&j);
    recording_free(&recording);
    return verdict;
}

static void tell(const struct recorded *r, const asl_value *original, const asl_value *edited,
                 enum replay_verdict told, enum replay_verdict true_one, const char *edit,
                 const char *ours, const char *theirs)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    printf("WRONG: %s%s: replay says %s (%.400s), running it gives %s (%.600s)\n", edit,
           r->ended ? "" : ", open", replay_verdict_name(told), ours, replay_verdict_name(true_one),
           theirs);
    if (getenv("STEPWELL_CAMPAIGN_SHOW")) {
        value_print(original, &text);
        asl_buffer_puts(&text, "\n---\n");
        value_print(edited, &text);
        printf("%s\n", text.data);
        for (size_t i = 0; i < value_count(r->events); i++) {
            asl_buffer_clear(&text);
            value_print(value_at(r->events, i), &text);
            printf("%.300s\n", text.data);
        }
        for (size_t i = 0; i < r->stand_count; i++)
            printf("stands in %s\n", r->stands[i]);
    }
    asl_buffer_free(&text);
}

static void judge(struct campaign *c, const struct recorded *r, const asl_value *original,
                  const asl_value *edited, asl_machine *machine, const char *edit)
{
    struct asl_buffer ours, theirs;
    asl_buffer_init(&ours, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&theirs, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&theirs, "");
    enum replay_verdict told = replayed(r, machine, &ours);
    enum replay_verdict true_one = oracle_verdict(r, machine, &theirs);
    c->judged++;
    c->open += !r->ended;
    c->verdicts[true_one]++;
    if (told != true_one) {
        c->wrong++;
        if (c->wrong <= 20)
            tell(r, original, edited, told, true_one, edit, ours.data, theirs.data);
    }
    asl_buffer_free(&ours);
    asl_buffer_free(&theirs);
}

/* ---- the campaign ---- */

static void run_edit(struct campaign *c, struct dice *d, const struct recorded *all,
                     const asl_value *definition)
{
    for (int tries = 0; tries < 1000; tries++) {
        size_t edit = (size_t)dice_below(d, edit_count);
        asl_value *edited = edit_apply(edit, d, definition);
        asl_machine *machine = edited ? compile(edited) : NULL;
        for (size_t i = 0; machine && i < c->executions; i++)
            judge(c, &all[i], definition, edited, machine, edit_name(edit));
        value_release(edited);
        if (machine) {
            asl_machine_release(machine);
            return;
        }
    }
}

static void run_machine(struct campaign *c, struct dice *d)
{
    asl_value *definition = make_definition(d);
    asl_machine *machine = compile(definition);
    struct recorded *all = asl_allocate_zeroed(c->executions, sizeof *all);
    if (!machine) {
        printf("a generated definition does not compile\n");
        exit(1);
    }
    for (size_t i = 0; i < c->executions; i++)
        while (!record(&all[i], machine, d))
            forget(&all[i]);
    for (size_t i = 0; i < c->edits; i++)
        run_edit(c, d, all, definition);
    for (size_t i = 0; i < c->executions; i++)
        forget(&all[i]);
    free(all);
    asl_machine_release(machine);
    value_release(definition);
}

static size_t number(int count, char **arguments, int index, size_t otherwise)
{
    return index < count ? (size_t)strtoull(arguments[index], NULL, 10) : otherwise;
}

int main(int count, char **arguments)
{
    const char *wanted = getenv("STEPWELL_CAMPAIGN");
    bool full = wanted && strcmp(wanted, "full") == 0;
    struct campaign c = {.machines = number(count, arguments, 1, full ? 20 : 10),
                         .edits = number(count, arguments, 2, full ? 10 : 6),
                         .executions = number(count, arguments, 3, full ? 50 : 6),
                         .seed = number(count, arguments, 4, 1)};
    struct dice d = {c.seed};
    for (size_t i = 0; i < c.machines; i++)
        run_machine(&c, &d);
    printf("%zu machines, %zu edits, %zu executions each, %zu of the judgements on open ones:",
           c.machines, c.machines * c.edits, c.executions, c.open);
    for (int v = 0; v < REPLAY_VERDICTS; v++)
        printf(" %zu %s%s", c.verdicts[v], replay_verdict_name((enum replay_verdict)v),
               v + 1 < REPLAY_VERDICTS ? "," : "\n");
    printf("campaign: %zu passed, %zu failed, 0 skipped\n", c.judged - c.wrong, c.wrong);
    return c.wrong > 0;
}
