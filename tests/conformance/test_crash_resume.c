/* Random machines, run twice: once straight, once saved and loaded after every step, with a budget
 * of one to three moves a step. Both histories must be the same byte for byte, and so must the
 * ends.
 *
 *     test_crash_resume [--long] [-v] [first seed [count]]
 *
 * 300 machines by default, 10,000 with --long. A difference names its seed: give it as the
 * argument. Time, chance and what tasks answer come from the seed, drawn in an order that both runs
 * share: an outcome is given only when the execution can do nothing more by itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/asl.h"
#include "tests/conformance/generate.h"

#define SHORT_COUNT      300
#define LONG_COUNT       10000
#define MOVES_MAXIMUM    20000
#define BEGINNING        INT64_C(1700000000000)
#define TYPES_MAXIMUM    80
#define REDRIVES_MAXIMUM 2

/* ---- one run ---- */

struct run_of {
    asl_execution *execution;
    asl_machine *machine;
    struct asl_env env;
    struct asl_result result;
    struct asl_history *history;
    struct asl_buffer text; /* events as JSON, a line each */
    struct dice world;      /* random and uuid */
    struct dice script;     /* outcomes */
    struct dice crashes;    /* budgets */
    int64_t now;
    bool crashing;
    unsigned redrives;
    size_t saves, saved_bytes;
    char problem[200];
};

static int64_t run_now(void *state)
{
    return ((struct run_of *)state)->now;
}

static uint64_t run_random(void *state)
{
    return dice_roll(&((struct run_of *)state)->world);
}

static void run_uuid(void *state, char out[37])
{
    uint64_t bits = dice_roll(&((struct run_of *)state)->world);
    snprintf(out, 37, "%08" PRIx32 "-0000-4000-8000-%012" PRIx64, (uint32_t)(bits >> 32),
             bits & 0xffffffffffffu);
}

static bool write_line(void *state, int64_t id, const asl_value *event)
{
    struct run_of *r = state;
    (void)id;
    value_print(event, &r->text);
    asl_buffer_putc(&r->text, '\n');
    return true;
}

/* What the engine does between steps: the chunk goes out, the next begins. */
static void flush_history(struct run_of *r)
{
    struct asl_text bytes = asl_history_bytes(r->history);
    char message[160];
    if (asl_history_count(r->history) &&
        !asl_history_read(bytes.data, bytes.size, true, write_line, r, message))
        snprintf(r->problem, sizeof r->problem, "history: %s", message);
    asl_history_clear(r->history);
}

static void crash(struct run_of *r)
{
    struct asl_buffer bytes;
    char message[160];
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    asl_execution_save(r->execution, NULL, &bytes);
    asl_execution *loaded = asl_execution_load(r->machine, NULL, bytes.data, bytes.size, message);
    r->saves++;
    r->saved_bytes += bytes.size;
    asl_buffer_free(&bytes);
    if (!loaded) {
        snprintf(r->problem, sizeof r->problem, "load: %s", message);
        return;
    }
    asl_execution_free(r->execution);
    r->execution = loaded;
}

static bool step(struct run_of *r, const struct asl_event *event)
{
    asl_result_clear(&r->result);
    if (r->crashing)
        r->env.budget = 1 + (size_t)dice_below(&r->crashes, 3);
    bool taken = asl_step(r->execution, event, &r->env, &r->result);
    bool runnable = r->result.runnable;
    asl_result_clear(&r->result);
    r->result.runnable = runnable;
    if (r->crashing) {
        flush_history(r);
        crash(r);
    }
    return taken;
}

/* ---- the script ---- */

/* Draws what happens to a task next: begun, handed over, answered, failed, beaten, or nothing. */
static bool draw_outcome(struct run_of *r, const struct asl_command *task, asl_value *output)
{
    struct asl_event event = {.task = task->task, .output = output};
    uint64_t draw = dice_below(&r->script, 100);
    event.error = asl_text(generated_errors[dice_below(&r->script, GENERATED_ERRORS)]);
    event.cause = ASL_TEXT("scripted \"cause\"");
    event.worker = ASL_TEXT("worker-1");
    if (draw < 20)
        event.kind = ASL_TASK_STARTED;
    else if (draw < 25 && task->token[0])
        event.kind = ASL_TASK_SUBMITTED;
    else if (draw < 32)
        event.kind = ASL_TASK_HEARTBEAT;
    else if (draw < 50)
        event.kind = ASL_TASK_FAILED;
    else if (draw < 53)
        event.kind = ASL_TASK_START_FAILED;
    else if (draw < 60 && task->timeout_seconds)
        return false; /* its timeout will find it */
    else
        event.kind = ASL_TASK_SUCCEEDED;
    return step(r, &event);
}

static bool tick(struct run_of *r)
{
    int64_t due = asl_execution_due(r->execution);
    struct asl_event event = {.kind = ASL_TICK};
    if (due == INT64_MAX)
        return false;
    if (due > r->now)
        r->now = due;
    return step(r, &event);
}

static bool answer_or_tick(struct run_of *r)
{
    struct asl_result open;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(r->execution, &r->env, &open);
    r->now += 7;
    bool moved = false;
    bool waits = dice_says(&r->script, 15);
    if (open.count && !(waits && asl_execution_due(r->execution) != INT64_MAX)) {
        size_t which = (size_t)dice_below(&r->script, open.count);
        asl_value *output = value_literal("{\"n\": 1, \"Payload\": [0.10, \"\\u00e9\", {}]}");
        draw_outcome(r, &open.commands[which], output);
        value_release(output);
        moved = true;
    }
    asl_result_free(&open);
    return moved || tick(r);
}

/* What failed may be tried again from where it failed. */
static bool is_redriven(struct run_of *r)
{
    enum asl_status status = asl_execution_status(r->execution);
    struct asl_event event = {.kind = ASL_REDRIVE};
    return status != ASL_SUCCEEDED && r->redrives < REDRIVES_MAXIMUM && !r->problem[0] &&
           dice_says(&r->script, 40) && ++r->redrives && step(r, &event);
}

static void run_on(struct run_of *r)
{
    struct asl_event event = {.kind = ASL_START};
    step(r, &event);
    for (size_t moves = 0; !r->problem[0]; moves++) {
        if (asl_execution_status(r->execution) != ASL_RUNNING) {
            if (!is_redriven(r))
                break;
            continue;
        }
        event = (struct asl_event){.kind = ASL_CONTINUE};
        if (r->result.runnable) {
            step(r, &event);
            continue;
        }
        if (asl_execution_due(r->execution) <= r->now) {
            tick(r); /* a budget may leave some of what is due for the next step */
            continue;
        }
        if (moves > MOVES_MAXIMUM || dice_below(&r->script, 2000) == 0) {
            event = (struct asl_event){.kind = ASL_STOP, .error = ASL_TEXT("Stopped")};
            step(r, &event);
        } else if (!answer_or_tick(r)) {
            snprintf(r->problem, sizeof r->problem, "stuck behind event %" PRId64,
                     asl_execution_last_event(r->execution));
        }
    }
    flush_history(r);
}

static void run_begin(struct run_of *r, asl_machine *machine, uint64_t seed, bool crashing)
{
    *r = (struct run_of){.machine = machine, .crashing = crashing, .now = BEGINNING};
    r->world.state = seed ^ 0x1111;
    r->script.state = seed ^ 0x2222;
    r->crashes.state = seed ^ 0x3333;
    r->env = (struct asl_env){
        .state = r, .now = run_now, .random = run_random, .uuid = run_uuid, .region = "us-east-1"};
    struct asl_birth birth = {
        .arn = ASL_TEXT("arn:aws:states:us-east-1:123456789012:execution:m:x"),
        .name = ASL_TEXT("x"),
        .role_arn = ASL_TEXT("arn:aws:iam::123456789012:role/r"),
        .machine_arn = ASL_TEXT("arn:aws:states:us-east-1:123456789012:stateMachine:m"),
        .machine_name = ASL_TEXT("m"),
        .input = ASL_TEXT(GENERATED_INPUT),
    };
    struct value_error error;
    r->execution = asl_execution_new(machine, &birth, &error);
    r->history = asl_history_new();
    asl_result_init(&r->result, r->history);
    asl_buffer_init(&r->text, ASL_BUFFER_MAXIMUM);
}

static void run_end(struct run_of *r)
{
    asl_result_free(&r->result);
    asl_history_free(r->history);
    asl_execution_free(r->execution);
    asl_buffer_free(&r->text);
}

/* ---- comparing ---- */

static struct {
    size_t machines, failed, events, saves, saved_bytes;
    size_t ends[ASL_PENDING_REDRIVE + 1];
    char types[TYPES_MAXIMUM][40];
    size_t type_count;
} seen;

static void see_types(const struct run_of *r)
{
    static const char key[] = "\"type\":\"";
    const char *at = r->text.data;
    while (at && (at = strstr(at, key))) {
        at += sizeof key - 1;
        size_t size = strcspn(at, "\""), i = 0;
        seen.events++;
        while (i < seen.type_count && (strncmp(seen.types[i], at, size) || seen.types[i][size]))
            i++;
        if (i == seen.type_count && i < TYPES_MAXIMUM && size < sizeof seen.types[0])
            memcpy(seen.types[seen.type_count++], at, size);
    }
}

static void show_difference(const struct asl_buffer *a, const struct asl_buffer *b)
{
    size_t at = 0, line = 0;
    while (at < a->size && at < b->size && a->data[at] == b->data[at]) {
        if (a->data[at] == '\n')
            line = at + 1;
        at++;
    }
    printf("    straight: %.*s\n    resumed:  %.*s\n",
           (int)(a->size > line ? strcspn(a->data + line, "\n") : 0), a->data + line,
           (int)(b->size > line ? strcspn(b->data + line, "\n") : 0), b->data + line);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_end(const asl_execution *a, const asl_execution *b)
{
    const asl_value *output = asl_execution_output(a), *other = asl_execution_output(b);
    return asl_execution_status(a) == asl_execution_status(b) &&
           same_text(asl_execution_error(a), asl_execution_error(b)) &&
           same_text(asl_execution_cause(a), asl_execution_cause(b)) &&
           (output && other ? value_equal(output, other) : output == other);
}

static bool run_twice(asl_machine *machine, uint64_t seed)
{
    struct run_of straight, resumed;
    run_begin(&straight, machine, seed, false);
    run_begin(&resumed, machine, seed, true);
    run_on(&straight);
    run_on(&resumed);
    const char *problem = straight.problem[0] ? straight.problem : resumed.problem;
    bool same = !problem[0] &&
                asl_text_equal(asl_buffer_text(&straight.text), asl_buffer_text(&resumed.text)) &&
                same_end(straight.execution, resumed.execution);
    if (!same) {
        printf("MISS seed %" PRIu64 ": %s\n", seed, problem[0] ? problem : "histories differ");
        show_difference(&straight.text, &resumed.text);
    }
    see_types(&straight);
    seen.ends[asl_execution_status(straight.execution)]++;
    seen.saves += resumed.saves;
    seen.saved_bytes += resumed.saved_bytes;
    run_end(&straight);
    run_end(&resumed);
    return same;
}

static bool play_seed(uint64_t seed, bool verbose)
{
    struct dice dice = {seed * 0x9E3779B97F4A7C15u + 1};
    struct asl_buffer definition;
    struct asl_diagnostics diagnostics = {0};
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    generate_definition(&dice, &definition);
    if (verbose)
        printf("%.*s\n", ASL_TEXT_ARGS(asl_buffer_text(&definition)));
    asl_machine *machine = asl_machine_compile(asl_buffer_text(&definition), false, &diagnostics);
    bool fine = machine && run_twice(machine, seed);
    if (!machine)
        printf("MISS seed %" PRIu64 ": refused: %s\n%s\n", seed,
               diagnostics.count ? diagnostics.items[0].message : "", definition.data);
    asl_machine_release(machine);
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&definition);
    return fine;
}

/* The machines must reach what they are here for. */
static bool has_seen(const char *type)
{
    for (size_t i = 0; i < seen.type_count; i++)
        if (strcmp(seen.types[i], type) == 0)
            return true;
    printf("MISS no machine showed %s\n", type);
    return false;
}

static size_t missing_types(void)
{
    static const char *const wanted[] = {
        "MapIterationAborted", "MapIterationFailed",      "ParallelStateFailed",
        "TaskStateAborted",    "WaitStateAborted",        "LambdaFunctionTimedOut",
        "TaskSubmitted",       "ActivitySucceeded",       "TaskTimedOut",
        "MapRunSucceeded",     "ParallelStateAborted",    "ExecutionSucceeded",
        "ExecutionFailed",     "ExecutionTimedOut",       "ChoiceStateExited",
        "SucceedStateExited",  "LambdaFunctionSucceeded", "MapStateAborted",
        "ExecutionRedriven",
    };
    size_t missing = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        missing += !has_seen(wanted[i]);
    return missing;
}

int main(int count, char **arguments)
{
    uint64_t first = 1, machines = SHORT_COUNT, numbers = 0;
    bool verbose = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--long") == 0)
            machines = LONG_COUNT;
        else if (strcmp(arguments[i], "-v") == 0)
            verbose = true;
        else if (numbers++ == 0) {
            first = strtoull(arguments[i], NULL, 10);
            machines = 1;
        } else
            machines = strtoull(arguments[i], NULL, 10);
    }
    for (uint64_t seed = first; seed < first + machines; seed++) {
        seen.machines++;
        seen.failed += !play_seed(seed, verbose);
    }
    if (machines >= SHORT_COUNT)
        seen.failed += missing_types();
    printf("%zu machines, %zu events of %zu types, %zu saves (%zu bytes each on average); ended "
           "SUCCEEDED %zu, FAILED %zu, TIMED_OUT %zu, ABORTED %zu\n",
           seen.machines, seen.events, seen.type_count, seen.saves,
           seen.saves ? seen.saved_bytes / seen.saves : 0, seen.ends[ASL_SUCCEEDED],
           seen.ends[ASL_FAILED], seen.ends[ASL_TIMED_OUT], seen.ends[ASL_ABORTED]);
    printf("crash_resume: %zu passed, %zu failed\n",
           seen.machines - (seen.failed < seen.machines ? seen.failed : seen.machines),
           seen.failed);
    return seen.failed != 0;
}
