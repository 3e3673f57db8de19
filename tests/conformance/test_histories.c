/* Plays every whole history recorded from AWS at the core, and compares event by event.
 *
 *     test_histories [--list] [-v] [part of a case's name]
 *
 * A case is a file and the name of one answer in it. Which machine and input a history belongs to is
 * not written there: it is the first unused one whose input unifies with ExecutionStarted's. Answers
 * that hold an end without events (express machines, the choice operators' tables) are judged by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/play.h"
#include "tests/conformance/suite.h"
#include "tests/conformance/unify.h"
#include "tests/replay/again.h"

/* ---- out of reach, each with its reason ---- */

static const struct out_of_reach {
    const char *part; /* of the case's name */
    const char *reason;
} out_of_reach[] = {
    {"local_mocking/test_base_scenarios/TestBaseScenarios-test_map_state_lambda",
     "the children of a distributed Map publish nothing: what its Tasks gave was not recorded"},
    {"test_map_state_config_distributed_reentrant_lambda",
     "the children of a distributed Map publish nothing: what its Tasks gave was not recorded"},
    {"test_max_concurrency_path_negative",
     "the recording was taken before the execution ended: its only event is ExecutionStarted"},
};

/* What only the service's own data can tell: the items of a Map that reads them from S3. */
static const char *reason_to_skip(const char *name, struct asl_text definition)
{
    for (size_t i = 0; i < sizeof out_of_reach / sizeof *out_of_reach; i++)
        if (strstr(name, out_of_reach[i].part))
            return out_of_reach[i].reason;
    static const char reader[] = "\"ItemReader\"";
    for (size_t i = 0; i + sizeof reader <= definition.size; i++)
        if (memcmp(definition.data + i, reader, sizeof reader - 1) == 0)
            return "the Map's items stand in S3, not in the recording";
    return NULL;
}

/* ---- one file ---- */

struct file {
    struct suite *suite;
    const char *name;
    char group[128];
    const asl_value *machines;
    bool *used; /* by machine and input: [machine * inputs_maximum + input] */
    size_t inputs_maximum;
};

static const asl_value *inputs_of(const struct file *f, size_t machine)
{
    return value_get_z(value_at(f->machines, machine), "inputs");
}

static struct asl_text text_of(const asl_value *v, const char *name)
{
    const asl_value *member = value_get_z(v, name);
    return member ? value_as_text(member) : (struct asl_text){"", 0};
}

/* JSON as the recorder's client (Python's json.dumps) spaced it: the caller's own text. */
static void print_spaced(const asl_value *v, struct asl_buffer *out)
{
    enum value_kind kind = value_kind(v);
    if (kind != VALUE_ARRAY && kind != VALUE_OBJECT) {
        value_print(v, out);
        return;
    }
    asl_buffer_putc(out, kind == VALUE_ARRAY ? '[' : '{');
    for (size_t i = 0; i < value_count(v); i++) {
        if (i)
            asl_buffer_puts(out, ", ");
        if (kind == VALUE_OBJECT) {
            value_print(value_key_at(v, i), out);
            asl_buffer_puts(out, ": ");
        }
        print_spaced(value_at(v, i), out);
    }
    asl_buffer_putc(out, kind == VALUE_ARRAY ? ']' : '}');
}

struct chosen {
    const asl_value *machine, *input;
    struct asl_buffer input_text;
    char name[128];
};

static void choose(struct file *f, struct chosen *c, size_t machine, size_t input)
{
    f->used[machine * f->inputs_maximum + input] = true;
    c->machine = value_at(f->machines, machine);
    c->input = value_at(inputs_of(f, machine), input);
    asl_buffer_init(&c->input_text, ASL_BUFFER_MAXIMUM);
    print_spaced(c->input, &c->input_text);
    snprintf(c->name, sizeof c->name, "%.*s", ASL_TEXT_ARGS(text_of(c->machine, "name")));
}

static void prepare(struct play *p, const struct chosen *c)
{
    *p = (struct play){
        .machine_name = c->name,
        .definition = text_of(c->machine, "definition"),
        .input = asl_buffer_text(&c->input_text),
        .express = asl_text_is(text_of(c->machine, "type"), "EXPRESS"),
        .synchronous = value_is_true(value_get_z(c->machine, "sync")),
    };
}

/* The recorder's word for an activity that the definition names. */
static void know_activity(struct unify *u, struct asl_text definition)
{
    static const char prefix[] = PLAY_PREFIX "activity:";
    for (size_t i = 0; i + sizeof prefix <= definition.size; i++) {
        if (memcmp(definition.data + i, prefix, sizeof prefix - 1) != 0)
            continue;
        size_t size = 0;
        while (i + size < definition.size && definition.data[i + size] != '"')
            size++;
        char *arn = asl_copy_text((struct asl_text){definition.data + i, size});
        unify_know(u, "activity_arn", arn);
        free(arn);
        return;
    }
}

static void know_the_world(struct unify *u, const struct chosen *c)
{
    unify_init(u);
    u->exact_numbers = true;
    unify_know(u, "111111111111", PLAY_ACCOUNT);
    unify_know(u, "<partition>", "aws");
    unify_know(u, "<region>", PLAY_REGION);
    unify_know(u, "<ArnPart_0idx>", c->name);
    know_activity(u, text_of(c->machine, "definition"));
}

/* The first unused machine and input that the recorded input can be of. */
static bool find_input(struct file *f, const asl_value *recorded, struct chosen *c,
                       struct unify *u)
{
    for (size_t m = 0; m < value_count(f->machines); m++)
        for (size_t i = 0; inputs_of(f, m) && i < value_count(inputs_of(f, m)); i++) {
            if (f->used[m * f->inputs_maximum + i])
                continue;
            choose(f, c, m, i);
            know_the_world(u, c);
            if (unify_learn(u, recorded, c->input))
                return true;
            unify_free(u);
            asl_buffer_free(&c->input_text);
            f->used[m * f->inputs_maximum + i] = false;
        }
    return false;
}

/* ---- whole histories ---- */

/* The recorder shows an id that it did not want to tell as a list: `[0]`. */
static bool is_blurred(const asl_value *events)
{
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *id = value_get_z(value_at(events, i), "id");
        if (!id || value_kind(id) != VALUE_NUMBER)
            return true;
    }
    return false;
}

/* The recorder sorted such a list: each recorded event must be one of ours. */
static bool compare_blurred(struct unify *u, const asl_value *recorded, const asl_value *events,
                            struct asl_buffer *note)
{
    bool *taken = asl_allocate_zeroed(value_count(events) + 1, sizeof *taken);
    bool fine = true;
    for (size_t i = 0; fine && i < value_count(recorded); i++) {
        bool found = false;
        for (size_t k = 0; !found && k < value_count(events); k++) {
            size_t before = u->count;
            if (taken[k])
                continue;
            found = unify_event(u, value_at(recorded, i), value_at(events, k), true, NULL);
            taken[k] = found;
            if (!found)
                unify_rewind(u, before);
        }
        if (!found)
            asl_buffer_printf(note, "blurred ids: recorded event %zu (%.*s) is none of ours", i + 1,
                              ASL_TEXT_ARGS(text_of(value_at(recorded, i), "type")));
        fine = found;
    }
    free(taken);
    return fine;
}

/* Until November 2024 a distributed Map's Exited pointed at MapRunSucceeded, since then at MapRunStarted
 * (facts 2.3): an older recording is read as today's. */
static asl_value *of_today(const asl_value *recorded, size_t i)
{
    const asl_value *event = value_at(recorded, i);
    int64_t run = 0, started = 0;
    if (asl_text_is(text_of(event, "type"), "MapStateExited") &&
        value_as_integer(value_get_z(event, "previousEventId"), &run) && run > 0 &&
        (size_t)run <= i &&
        asl_text_is(text_of(value_at(recorded, (size_t)run - 1), "type"), "MapRunSucceeded") &&
        value_as_integer(value_get_z(value_at(recorded, (size_t)run - 1), "previousEventId"),
                         &started))
        return value_with_take(value_retain(event), value_string_z("previousEventId"),
                               value_integer(started));
    return value_retain(event);
}

static bool compare_events(struct unify *u, const asl_value *recorded, const asl_value *events,
                           struct asl_buffer *note)
{
    size_t count = value_count(recorded), ours = value_count(events);
    for (size_t i = 0; i < count || i < ours; i++) {
        if (i >= count || i >= ours) {
            asl_buffer_printf(note, "event %zu: expected %.*s, got %.*s", i + 1,
                              ASL_TEXT_ARGS(i < count ? text_of(value_at(recorded, i), "type")
                                                      : ASL_TEXT("nothing more")),
                              ASL_TEXT_ARGS(i < ours ? text_of(value_at(events, i), "type")
                                                     : ASL_TEXT("nothing more")));
            return false;
        }
        struct asl_buffer difference;
        asl_buffer_init(&difference, 65536);
        asl_value *expected = of_today(recorded, i);
        bool same = unify_event(u, expected, value_at(events, i), false, &difference);
        value_release(expected);
        if (!same)
            asl_buffer_printf(note, "event %zu %.*s%.*s", i + 1,
                              ASL_TEXT_ARGS(text_of(value_at(recorded, i), "type")),
                              ASL_TEXT_ARGS(asl_buffer_text(&difference)));
        asl_buffer_free(&difference);
        if (!same)
            return false;
    }
    return true;
}

static const asl_value *recorded_input(const asl_value *events)
{
    const asl_value *started = value_get_z(value_at(events, 0), "executionStartedEventDetails");
    return started ? value_get_z(started, "input") : NULL;
}

static void print_events(const asl_value *events)
{
    struct asl_buffer line;
    asl_buffer_init(&line, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(events); i++) {
        asl_buffer_clear(&line);
        value_print(value_at(events, i), &line);
        printf("       %.*s\n", (int)(line.size < 400 ? line.size : 400), line.data);
    }
    asl_buffer_free(&line);
}

static enum suite_verdict play_history(struct file *f, const asl_value *events,
                                       struct asl_buffer *note)
{
    struct chosen c;
    struct unify u;
    const asl_value *input = recorded_input(events);
    if (!input || !find_input(f, input, &c, &u)) {
        asl_buffer_puts(note, "no input of the case is that of ExecutionStarted");
        return SUITE_FAILED;
    }
    const char *reason = reason_to_skip(f->name, text_of(c.machine, "definition"));
    enum suite_verdict verdict = SUITE_SKIPPED;
    if (reason) {
        asl_buffer_puts(note, reason);
    } else {
        struct play p;
        prepare(&p, &c);
        p.recorded = events;
        p.blurred = is_blurred(events);
        play_run(&p);
        bool same = p.execution && (p.blurred ? compare_blurred(&u, events, p.events, note)
                                              : compare_events(&u, events, p.events, note));
        if (!same && p.problem[0])
            asl_buffer_printf(note, "%s%s", note->size ? "\n       " : "", p.problem);
        same = same && replay_again(p.definition, p.express, p.events, note);
        verdict = same ? SUITE_PASSED : SUITE_FAILED;
        if (f->suite->verbose && f->suite->filter)
            print_events(p.events);
        play_free(&p);
    }
    unify_free(&u);
    asl_buffer_free(&c.input_text);
    return verdict;
}

/* ---- ends without events ---- */

/* A name in an answer, and what our execution says there. */
static asl_value *said(const asl_execution *x, const char *name)
{
    if (strcmp(name, "output") == 0)
        return asl_execution_output(x) ? value_retain(asl_execution_output(x)) : NULL;
    const char *text = strcmp(name, "error") == 0   ? asl_execution_error(x)
                       : strcmp(name, "cause") == 0 ? asl_execution_cause(x)
                                                    : asl_status_name(asl_execution_status(x));
    return text ? value_string_z(text) : NULL;
}

static bool compare_end(struct unify *u, const asl_value *answer, const asl_execution *x,
                        struct asl_buffer *note)
{
    static const char *const names[] = {"status", "error", "cause", "output"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const asl_value *recorded = value_get_z(answer, names[i]);
        asl_value *ours = said(x, names[i]);
        bool counts = recorded || (ours && i > 0);
        bool same = !counts || unify_value(u, recorded, ours, note);
        value_release(ours);
        if (!same)
            return false;
    }
    return true;
}

/* Where an end is all that was recorded and it shows a caught error: every attempt failed so. */
static bool fail_as_shown(void *answer, const struct asl_command *task, struct asl_event *event)
{
    const asl_value *output = value_get_z(answer, "output");
    (void)task;
    if (!output || !value_get_z(output, "Error"))
        return false;
    event->kind = ASL_TASK_FAILED;
    event->error = text_of(output, "Error");
    event->cause = text_of(output, "Cause");
    return true;
}

static enum suite_verdict play_end(struct file *f, size_t machine, const asl_value *answer,
                                   struct asl_buffer *note)
{
    struct chosen c;
    struct unify u;
    struct play p;
    const asl_value *inputs = inputs_of(f, machine);
    if (!inputs || !value_count(inputs) || f->used[machine * f->inputs_maximum]) {
        asl_buffer_puts(note, "no execution of the case is left for it");
        return SUITE_SKIPPED;
    }
    choose(f, &c, machine, 0);
    const char *reason = reason_to_skip(f->name, text_of(c.machine, "definition"));
    if (reason) {
        asl_buffer_puts(note, reason);
        asl_buffer_free(&c.input_text);
        return SUITE_SKIPPED;
    }
    know_the_world(&u, &c);
    const asl_value *shown = value_get_z(answer, "input");
    if (shown)
        unify_learn(&u, shown, c.input);
    prepare(&p, &c);
    p.answer = fail_as_shown;
    p.state = (void *)(uintptr_t)answer;
    play_run(&p);
    bool same = p.execution && compare_end(&u, answer, p.execution, note);
    if (!same && p.problem[0])
        asl_buffer_printf(note, "%s%s", note->size ? "\n       " : "", p.problem);
    play_free(&p);
    unify_free(&u);
    asl_buffer_free(&c.input_text);
    return same ? SUITE_PASSED : SUITE_FAILED;
}

/* ---- the answers of a file ---- */

static void judge(struct file *f, const char *answer, enum suite_verdict verdict,
                  struct asl_buffer *note)
{
    char name[1024];
    snprintf(name, sizeof name, "%s %s", f->name, answer);
    suite_judge(f->suite, f->group, name, verdict, note->size ? note->data : NULL);
    asl_buffer_clear(note);
}

static void see_cases(struct file *f, const asl_value *cases, struct asl_buffer *note)
{
    for (size_t i = 0; i < value_count(cases); i++) {
        char name[32];
        snprintf(name, sizeof name, "cases/%zu", i);
        judge(f, name, play_end(f, i, value_at(cases, i), note), note);
    }
}

/* Answers that tell an end, by their name. */
static const asl_value *end_in(const char *name, const asl_value *answer)
{
    if (strcmp(name, "end_event") == 0)
        return value_get_z(answer, "details");
    if (strcmp(name, "start_execution_sync_response") == 0 || strcmp(name, "describe_execution") == 0)
        return answer;
    return NULL;
}

static void see_answer(struct file *f, const asl_value *key, const asl_value *answer,
                       struct asl_buffer *note)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", ASL_TEXT_ARGS(value_as_text(key)));
    const asl_value *events = value_get_z(answer, "events");
    if (events && value_kind(events) == VALUE_ARRAY && value_count(events))
        judge(f, name, play_history(f, events, note), note);
    else if (strcmp(name, "cases") == 0)
        see_cases(f, answer, note);
}

static bool has_events(const asl_value *expected)
{
    for (size_t i = 0; i < value_count(expected); i++)
        if (value_get_z(value_at(expected, i), "events"))
            return true;
    return false;
}

/* Files that hold no execution at all: what was asked is the API's, not the core's. */
static void skip_calls(struct file *f, const asl_value *v, const asl_value *expected)
{
    struct asl_buffer note;
    asl_buffer_init(&note, 1024);
    for (size_t i = 0; i < value_count(expected); i++) {
        char answer[256];
        snprintf(answer, sizeof answer, "%.*s", ASL_TEXT_ARGS(value_as_text(value_key_at(expected, i))));
        asl_buffer_puts(&note, value_get_z(v, "directCalls")
                                   ? "asked of the API without an execution: for the API's tests"
                                   : "an answer of the API's own: for the API's tests");
        judge(f, answer, SUITE_SKIPPED, &note);
    }
    asl_buffer_free(&note);
}

static void see_file(void *state, const char *name, const asl_value *v)
{
    struct file f = {.suite = state, .name = name, .machines = value_get_z(v, "stateMachines")};
    const asl_value *expected = value_get_z(v, "expected");
    if (!f.machines || !expected || !suite_wants(f.suite, name))
        return;
    const char *slash = strchr(name, '/');
    snprintf(f.group, sizeof f.group, "%.*s", slash ? (int)(slash - name) : 60, name);
    f.inputs_maximum = 1;
    for (size_t m = 0; m < value_count(f.machines); m++)
        if (inputs_of(&f, m) && value_count(inputs_of(&f, m)) > f.inputs_maximum)
            f.inputs_maximum = value_count(inputs_of(&f, m));
    f.used = asl_allocate_zeroed(value_count(f.machines) * f.inputs_maximum + 1, sizeof *f.used);
    struct asl_buffer note;
    asl_buffer_init(&note, 65536);
    for (size_t i = 0; i < value_count(expected); i++)
        see_answer(&f, value_key_at(expected, i), value_at(expected, i), &note);
    bool has_end = has_events(expected) || value_get_z(expected, "cases");
    for (size_t i = 0; i < value_count(expected) && !has_events(expected); i++) {
        char answer[256];
        snprintf(answer, sizeof answer, "%.*s", ASL_TEXT_ARGS(value_as_text(value_key_at(expected, i))));
        const asl_value *end = end_in(answer, value_at(expected, i));
        if (!end || !value_count(f.machines))
            continue;
        judge(&f, answer, play_end(&f, 0, end, &note), &note);
        has_end = true;
    }
    if (!has_end)
        skip_calls(&f, v, expected);
    asl_buffer_free(&note);
    free(f.used);
}

int main(int count, char **arguments)
{
    struct suite suite;
    if (!suite_init(&suite, "histories", count, arguments))
        return 2;
    if (!suite_each(&suite, see_file, &suite)) {
        printf("histories: 0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    return suite_close(&suite);
}
