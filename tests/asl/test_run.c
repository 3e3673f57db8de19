/* Plays the cases of tests/asl/run at the core under a virtual clock: one case a file, written from
 * the specification and from what AWS is known to do.
 *
 *     {"about": why it is here, "definition": {...}, "input": ..., "express": false,
 *      "redrives": how often what failed is redriven,
 *      "tasks": {"<state>": [outcome of the first attempt, of the second ...]},
 *      "status", "error", "cause", "output": of the end (absent: not compared),
 *      "seconds": how long it took, "events": ["<type> <previousEventId>", ...] in order of id}
 *
 * An outcome is {"output": v}, {"error": e, "cause": c} or "silence": then only a timeout helps.
 *
 *     test_run [part of a case's name [-v]]      -v: prints the events as they came
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/play.h"

#define FOLDER         "tests/asl/run"
#define STATES_MAXIMUM 32

/* ---- what tasks answer ---- */

struct script {
    const asl_value *tasks;
    struct {
        const asl_value *state;
        int64_t task;   /* the attempt at hand */
        size_t attempt; /* from 1 */
    } seen[STATES_MAXIMUM];
    size_t count;
};

static size_t attempt_of(struct script *s, const struct asl_command *task)
{
    size_t i = 0;
    while (i < s->count && !value_equal(s->seen[i].state, task->state_name))
        i++;
    if (i == STATES_MAXIMUM)
        return 0;
    if (i == s->count)
        s->seen[s->count++].state = task->state_name;
    if (s->seen[i].task != task->task) {
        s->seen[i].task = task->task;
        s->seen[i].attempt++;
    }
    return s->seen[i].attempt;
}

static struct asl_text text_of(const asl_value *v, const char *name)
{
    const asl_value *member = value_get_z(v, name);
    return member ? value_as_text(member) : (struct asl_text){NULL, 0};
}

static bool answer(void *state, const struct asl_command *task, struct asl_event *event)
{
    struct script *s = state;
    const asl_value *outcomes = value_get(s->tasks, value_as_text(task->state_name));
    size_t attempt = attempt_of(s, task);
    if (!outcomes || attempt == 0 || attempt > value_count(outcomes))
        return false;
    const asl_value *outcome = value_at(outcomes, attempt - 1);
    if (value_kind(outcome) != VALUE_OBJECT)
        return false; /* silence */
    event->output = value_get_z(outcome, "output");
    event->kind = event->output ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED;
    event->error = text_of(outcome, "error");
    event->cause = text_of(outcome, "cause");
    return true;
}

/* ---- comparing ---- */

static bool differs(const char *what, struct asl_text expected, struct asl_text got)
{
    if (asl_text_equal(expected, got))
        return false;
    printf("    %s: expected %.*s\n    %*s       got %.*s\n", what, ASL_TEXT_ARGS(expected),
           (int)strlen(what), "", ASL_TEXT_ARGS(got));
    return true;
}

static bool text_fits(const asl_value *v, const char *name, const char *got)
{
    const asl_value *expected = value_get_z(v, name);
    return !expected ||
           !differs(name, value_as_text(expected), got ? asl_text(got) : ASL_TEXT("nothing"));
}

static bool output_fits(const asl_value *expected, const asl_value *got)
{
    struct asl_buffer a, b;
    if (!expected || (got && value_equal(expected, got)))
        return true;
    asl_buffer_init(&a, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    value_print(expected, &a);
    if (got)
        value_print(got, &b);
    differs("output", asl_buffer_text(&a), asl_buffer_text(&b));
    asl_buffer_free(&a);
    asl_buffer_free(&b);
    return false;
}

static void print_event(const asl_value *event, char line[128])
{
    struct asl_text type = text_of(event, "type"), previous = text_of(event, "previousEventId");
    snprintf(line, 128, "%.*s %.*s", ASL_TEXT_ARGS(type), ASL_TEXT_ARGS(previous));
}

static bool events_fit(const asl_value *expected, const asl_value *events)
{
    size_t count = expected ? value_count(expected) : 0, ours = value_count(events);
    for (size_t i = 0; expected && (i < count || i < ours); i++) {
        char what[32], line[128] = "nothing more";
        snprintf(what, sizeof what, "event %zu", i + 1);
        if (i < ours)
            print_event(value_at(events, i), line);
        if (differs(what,
                    i < count ? value_as_text(value_at(expected, i)) : ASL_TEXT("nothing more"),
                    asl_text(line)))
            return false;
    }
    return true;
}

static bool time_fits(const asl_value *expected, const asl_execution *x)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%lld",
             (long long)((asl_execution_stopped(x) - asl_execution_started(x)) / 1000));
    return !expected || !differs("seconds", value_as_text(expected), asl_text(seconds));
}

static bool end_fits(const asl_value *v, const struct play *p)
{
    const asl_execution *x = p->execution;
    if (!x || p->problem[0]) {
        printf("    %s\n", p->problem);
        return false;
    }
    return text_fits(v, "status", asl_status_name(asl_execution_status(x))) &&
           text_fits(v, "error", asl_execution_error(x)) &&
           text_fits(v, "cause", asl_execution_cause(x)) &&
           output_fits(value_get_z(v, "output"), asl_execution_output(x)) &&
           events_fit(value_get_z(v, "events"), p->events) &&
           time_fits(value_get_z(v, "seconds"), x);
}

/* ---- cases ---- */

static void show_events(const asl_value *events)
{
    for (size_t i = 0; i < value_count(events); i++) {
        char line[128];
        print_event(value_at(events, i), line);
        printf("    \"%s\",\n", line);
    }
}

static bool play_case(const asl_value *v, bool verbose)
{
    struct asl_buffer definition, input;
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    value_print(value_get_z(v, "definition"), &definition);
    value_print(value_get_z(v, "input"), &input);
    struct script script = {.tasks = value_get_z(v, "tasks")};
    const asl_value *express = value_get_z(v, "express"), *redriven = value_get_z(v, "redrives");
    struct play p = {
        .machine_name = "m",
        .definition = asl_buffer_text(&definition),
        .input = asl_buffer_text(&input),
        .express = express && value_is_true(express),
        .redrives = redriven ? (unsigned)value_as_double(redriven) : 0,
        .answer = script.tasks ? answer : NULL,
        .state = &script,
    };
    play_run(&p);
    bool fine = end_fits(v, &p);
    if (verbose)
        show_events(p.events);
    play_free(&p);
    asl_buffer_free(&definition);
    asl_buffer_free(&input);
    return fine;
}

static asl_value *read_case(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct asl_buffer text;
    asl_buffer_init(&text, 1 << 20);
    int c;
    while ((c = fgetc(file)) != EOF)
        asl_buffer_putc(&text, (char)c);
    fclose(file);
    struct value_error error;
    asl_value *v = value_parse(asl_buffer_text(&text), VALUE_REFUSE_DUPLICATES, 0, &error);
    if (!v)
        printf("%s:%zu:%zu: %s\n", path, error.line, error.column, error.message);
    asl_buffer_free(&text);
    return v;
}

static int is_case(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 5 && strcmp(entry->d_name + size - 5, ".json") == 0;
}

int main(int count, char **arguments)
{
    struct dirent **entries;
    size_t passed = 0, failed = 0;
    int files = scandir(FOLDER, &entries, is_case, alphasort);
    for (int i = 0; i < files; i++) {
        const char *name = entries[i]->d_name;
        if (count < 2 || strstr(name, arguments[1])) {
            asl_value *v = read_case(name);
            bool fine = v && play_case(v, count > 2);
            if (!fine)
                printf("FAILED %s\n", name);
            *(fine ? &passed : &failed) += 1;
            value_release(v);
        }
        free(entries[i]);
    }
    if (files >= 0)
        free(entries);
    printf("run: %zu passed, %zu failed\n", passed, failed);
    return failed || !passed;
}
