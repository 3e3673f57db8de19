/* Plays every whole history recorded from AWS at the core, and compares event by event.
 *
 *     test_histories [--list] [-v] [part of a case's name]
 *
 * A case is a file and the name of one answer in it. Which machine and input a history belongs to
 * is not written there: it is the first unused one whose input unifies with ExecutionStarted's.
 * Answers that hold an end without events (express machines, the choice operators' tables) are
 * judged by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/case.h"
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
    struct case_file file;
};

static void prepare(struct play *p, const struct case_chosen *c)
{
    *p = (struct play){
        .machine_name = c->name,
        .definition = case_text(c->machine, "definition"),
        .input = asl_buffer_text(&c->input_text),
        .express = asl_text_is(case_text(c->machine, "type"), "EXPRESS"),
        .synchronous = value_is_true(value_get_z(c->machine, "sync")),
    };
}

/* ---- whole histories ---- */

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
    struct case_chosen c;
    struct unify u;
    const asl_value *input = case_recorded_input(events);
    if (!input || !case_find_input(&f->file, input, &c, &u)) {
        asl_buffer_puts(note, "no input of the case is that of ExecutionStarted");
        return SUITE_FAILED;
    }
    const char *reason = reason_to_skip(f->name, case_text(c.machine, "definition"));
    enum suite_verdict verdict = SUITE_SKIPPED;
    if (reason) {
        asl_buffer_puts(note, reason);
    } else {
        struct play p;
        prepare(&p, &c);
        p.recorded = events;
        p.blurred = case_is_blurred(events);
        play_run(&p);
        bool same = p.execution && (p.blurred ? case_compare_blurred(&u, events, p.events, note)
                                              : case_compare_events(&u, events, p.events, note));
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
    event->error = case_text(output, "Error");
    event->cause = case_text(output, "Cause");
    return true;
}

static enum suite_verdict play_end(struct file *f, size_t machine, const asl_value *answer,
                                   struct asl_buffer *note)
{
    struct case_chosen c;
    struct unify u;
    struct play p;
    const asl_value *inputs = case_inputs(&f->file, machine);
    if (!inputs || !value_count(inputs) || f->file.used[machine * f->file.inputs_maximum]) {
        asl_buffer_puts(note, "no execution of the case is left for it");
        return SUITE_SKIPPED;
    }
    case_choose(&f->file, &c, machine, 0);
    const char *reason = reason_to_skip(f->name, case_text(c.machine, "definition"));
    if (reason) {
        asl_buffer_puts(note, reason);
        asl_buffer_free(&c.input_text);
        return SUITE_SKIPPED;
    }
    case_know_the_world(&u, &c);
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
    if (strcmp(name, "start_execution_sync_response") == 0 ||
        strcmp(name, "describe_execution") == 0)
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
        snprintf(answer, sizeof answer, "%.*s",
                 ASL_TEXT_ARGS(value_as_text(value_key_at(expected, i))));
        asl_buffer_puts(&note, value_get_z(v, "directCalls")
                                   ? "asked of the API without an execution: for the API's tests"
                                   : "an answer of the API's own: for the API's tests");
        judge(f, answer, SUITE_SKIPPED, &note);
    }
    asl_buffer_free(&note);
}

static void see_file(void *state, const char *name, const asl_value *v)
{
    struct file f = {.suite = state, .name = name};
    const asl_value *expected = value_get_z(v, "expected");
    if (!value_get_z(v, "stateMachines") || !expected || !suite_wants(f.suite, name))
        return;
    const char *slash = strchr(name, '/');
    snprintf(f.group, sizeof f.group, "%.*s", slash ? (int)(slash - name) : 60, name);
    case_open(&f.file, v);
    struct asl_buffer note;
    asl_buffer_init(&note, 65536);
    for (size_t i = 0; i < value_count(expected); i++)
        see_answer(&f, value_key_at(expected, i), value_at(expected, i), &note);
    bool has_end = has_events(expected) || value_get_z(expected, "cases");
    for (size_t i = 0; i < value_count(expected) && !has_events(expected); i++) {
        char answer[256];
        snprintf(answer, sizeof answer, "%.*s",
                 ASL_TEXT_ARGS(value_as_text(value_key_at(expected, i))));
        const asl_value *end = end_in(answer, value_at(expected, i));
        if (!end || !value_count(f.file.machines))
            continue;
        judge(&f, answer, play_end(&f, 0, end, &note), &note);
        has_end = true;
    }
    if (!has_end)
        skip_calls(&f, v, expected);
    asl_buffer_free(&note);
    case_close(&f.file);
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
