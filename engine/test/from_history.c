/* Writing a test from a recording; see from_history.h. First a draft with everything as recorded;
 * it is played, and what came otherwise in it is softened to its type. */
#include "engine/test/from_history.h"

#include <stdio.h>
#include <stdlib.h>

#include "asl/definition/machine.h"
#include "engine/mock/check.h"
#include "engine/test/duration.h"
#include "engine/test/expect.h"
#include "engine/test/story.h"
#include "engine/test/write.h"

struct drafting {
    const struct from_history *h;
    struct outcomes outcomes;
    struct test_file file; /* only the definition in it: for the states */
    struct constraint_checker *checker;
};

/* ---- mocks ---- */

static asl_value *text_of_duration(int64_t ms)
{
    struct asl_buffer b;
    asl_buffer_init(&b, 256);
    duration_print(ms, &b);
    asl_value *v = value_string(asl_buffer_text(&b));
    asl_buffer_free(&b);
    return v;
}

/* The event that ended the task, or NULL: it timed out, or had not ended. */
static const asl_value *end_of(const struct outcome *o)
{
    for (size_t i = 0; i < o->count; i++) {
        enum asl_event_kind kind = event_outside(o->events[i]);
        if (kind == ASL_TASK_SUCCEEDED || kind == ASL_TASK_FAILED ||
            kind == ASL_TASK_START_FAILED || kind == ASL_TASK_SUBMIT_FAILED)
            return o->events[i];
    }
    return NULL;
}

/* AWS itself answered like that: where the model would not have it, the check is left out. */
static bool passes_check(struct drafting *d, const struct outcome *o, const asl_value *result,
                         struct asl_text error)
{
    const struct state *s = test_file_state(&d->file, value_as_text(o->state));
    struct catalogue *models = d->h->reader->models;
    struct asl_buffer message;
    if (!s || s->kind != STATE_TASK || !models)
        return true;
    asl_buffer_init(&message, 65536);
    bool fine = result ? mock_check_result(d->checker, models, &s->of.task.resource, MOCK_STRICT,
                                           result, &message)
                       : mock_check_error(models, &s->of.task.resource, error, &message);
    asl_buffer_free(&message);
    return fine;
}

static void put_end_of_task(struct drafting *d, const struct outcome *o, const asl_value *end,
                            struct value_list *mock)
{
    asl_value *output = event_payload(end, "output");
    struct asl_text error = event_detail_text(end, "error");
    const asl_value *cause = event_detail(end, "cause");
    bool succeeded = event_outside(end) == ASL_TASK_SUCCEEDED;
    if (succeeded)
        value_list_set_take(mock, "result", output ? value_retain(output) : value_null());
    else
        value_list_set_take(mock, "error",
                            value_string(error.size ? error : ASL_TEXT("States.TaskFailed")));
    if (!succeeded && cause)
        value_list_set_take(mock, "cause", value_retain(cause));
    if (!passes_check(d, o, succeeded ? output : NULL, error))
        value_list_set_take(mock, "check", value_string_z("none"));
    value_release(output);
}

static asl_value *mock_of(struct drafting *d, const struct outcome *o)
{
    const struct recording *r = d->h->recording;
    const asl_value *end = end_of(o), *scheduled = recording_event(r, o->scheduled);
    struct value_list mock;
    value_list_init(&mock);
    if (o->iteration >= 0)
        value_list_set_take(&mock, "index", value_integer(o->iteration));
    if (end)
        put_end_of_task(d, o, end, &mock);
    else
        value_list_set_take(&mock, "never", value_boolean(true));
    for (size_t i = 0; i < o->count; i++)
        if (event_outside(o->events[i]) == ASL_TASK_SUBMITTED) {
            asl_value *output = event_payload(o->events[i], "output");
            if (output)
                value_list_set_take(&mock, "submitted", output);
        }
    if (end && r->timed && event_time(end) > event_time(scheduled))
        value_list_set_take(&mock, "after",
                            text_of_duration(event_time(end) - event_time(scheduled)));
    return value_object_take(&mock);
}

/* By state, in the order of the calls; one alone stands without its list. */
static asl_value *mocks_of(struct drafting *d)
{
    asl_value *all = value_empty_object();
    for (size_t i = 0; i < d->outcomes.count; i++) {
        const struct outcome *o = &d->outcomes.items[i];
        if (!o->state)
            continue;
        const asl_value *before = value_get(all, value_as_text(o->state));
        asl_value *list = before ? value_retain(before) : value_empty_array();
        all = value_with_take(all, value_retain(o->state), value_append_take(list, mock_of(d, o)));
    }
    for (size_t i = 0; i < value_count(all); i++)
        if (value_count(value_at(all, i)) == 1)
            all = value_with_take(all, value_retain(value_key_at(all, i)),
                                  value_retain(value_at(value_at(all, i), 0)));
    return all;
}

/* ---- what to expect ---- */

static void put_text(struct value_list *l, const char *name, const asl_value *event,
                     const char *detail)
{
    const asl_value *v = event_detail(event, detail);
    if (v)
        value_list_set_take(l, name, value_retain(v));
}

static asl_value *calls_of(const struct drafting *d)
{
    struct value_list all, l;
    value_list_init(&all);
    for (size_t i = 0; i < d->outcomes.count; i++) {
        const struct outcome *o = &d->outcomes.items[i];
        if (!o->state)
            continue;
        value_list_init(&l);
        value_list_set_take(&l, "state", value_retain(o->state));
        if (o->parameters)
            value_list_set_take(&l, "parameters", value_retain(o->parameters));
        value_list_push_take(&all, value_object_take(&l));
    }
    return value_array_take(&all);
}

static asl_value *expect_of(const struct drafting *d)
{
    static const struct {
        const char *type, *status;
    } ends[] = {{"ExecutionSucceeded", "SUCCEEDED"},
                {"ExecutionFailed", "FAILED"},
                {"ExecutionTimedOut", "TIMED_OUT"},
                {"ExecutionAborted", "ABORTED"}};
    const asl_value *events = d->h->recording->events;
    const asl_value *last = value_at(events, value_count(events) - 1);
    struct value_list l;
    struct story story;
    const char *status = "RUNNING";
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (asl_text_is(event_type(last), ends[i].type))
            status = ends[i].status;
    value_list_init(&l);
    value_list_set_take(&l, "status", value_string_z(status));
    asl_value *output = event_payload(last, "output");
    if (asl_text_is(event_type(last), "ExecutionSucceeded") && output)
        value_list_set_take(&l, "output", value_retain(output));
    value_release(output);
    if (d->h->recording->ended) {
        put_text(&l, "error", last, "error");
        put_text(&l, "cause", last, "cause");
    }
    story_read(&story, events, event_time(last));
    value_list_set_take(&l, "path", value_retain(story.path));
    story_free(&story);
    value_list_set_take(&l, "calls", calls_of(d));
    return value_object_take(&l);
}

/* ---- the file ---- */

static void put_stop(const struct drafting *d, struct value_list *test)
{
    const struct recording *r = d->h->recording;
    const asl_value *stop = d->outcomes.stop;
    struct value_list l;
    if (!stop)
        return;
    value_list_init(&l);
    value_list_set_take(
        &l, "after",
        text_of_duration(r->timed ? event_time(stop) - event_time(value_at(r->events, 0)) : 0));
    if (event_detail_text(stop, "error").size)
        put_text(&l, "error", stop, "error");
    if (event_detail_text(stop, "cause").size)
        put_text(&l, "cause", stop, "cause");
    value_list_set_take(test, "stop", value_object_take(&l));
}

static void put_execution(const struct drafting *d, struct value_list *test)
{
    struct asl_text role = event_detail_text(value_at(d->h->recording->events, 0), "roleArn");
    struct value_list l;
    value_list_init(&l);
    if (d->h->execution)
        value_list_set_take(&l, "name", value_string_z(d->h->execution));
    if (d->h->machine)
        value_list_set_take(&l, "machine", value_string_z(d->h->machine));
    if (role.size)
        value_list_set_take(&l, "role", value_string(role));
    asl_value *v = value_object_take(&l);
    if (value_count(v))
        value_list_set_take(test, "execution", value_retain(v));
    value_release(v);
}

static asl_value *draft_test(struct drafting *d)
{
    const asl_value *first = value_at(d->h->recording->events, 0);
    struct value_list test;
    struct asl_buffer clock;
    asl_value *input = event_payload(first, "input"), *mocks = mocks_of(d);
    value_list_init(&test);
    value_list_set_take(&test, "name", value_string_z(d->h->name));
    value_list_set_take(&test, "input", input ? input : value_empty_object());
    asl_buffer_init(&clock, 64);
    moment_print(event_time(first), &clock);
    if (d->h->recording->timed)
        value_list_set_take(&test, "clock", value_string(asl_buffer_text(&clock)));
    asl_buffer_free(&clock);
    put_execution(d, &test);
    if (value_count(mocks))
        value_list_set_take(&test, "mocks", value_retain(mocks));
    value_release(mocks);
    put_stop(d, &test);
    value_list_set_take(&test, "expect", expect_of(d));
    return value_object_take(&test);
}

static asl_value *file_of(const struct from_history *h, asl_value *test_taken)
{
    struct value_list l, tests;
    value_list_init(&l);
    value_list_init(&tests);
    value_list_set_take(&l, "definition", value_retain(h->definition));
    if (h->express)
        value_list_set_take(&l, "type", value_string_z("EXPRESS"));
    if (h->substitutions)
        value_list_set_take(&l, "substitutions", value_retain(h->substitutions));
    value_list_push_take(&tests, test_taken);
    value_list_set_take(&l, "tests", value_array_take(&tests));
    return value_object_take(&l);
}

static void open_file(const struct from_history *h, const asl_value *test, struct test_file *f,
                      struct asl_buffer *text)
{
    asl_value *v = file_of(h, value_retain(test));
    asl_buffer_clear(text);
    write_json(v, 0, text);
    asl_buffer_putc(text, '\n');
    test_file_parse(f, h->path, asl_buffer_text(text), h->reader);
    value_release(v);
}

/* ---- softening ---- */

/* What is expected where `recorded` was, and `came` comes now. */
static asl_value *softened(const asl_value *recorded, const asl_value *came)
{
    enum value_kind kind = value_kind(recorded);
    if (came && value_equal(recorded, came))
        return value_retain(recorded);
    if (came && value_kind(came) == kind && kind >= VALUE_ARRAY &&
        value_count(came) == value_count(recorded)) {
        struct value_list l;
        value_list_init(&l);
        bool object = kind == VALUE_OBJECT;
        for (size_t i = 0; i < value_count(recorded); i++) {
            const asl_value *key = object ? value_key_at(recorded, i) : NULL;
            const asl_value *now = object ? value_get(came, value_as_text(key)) : value_at(came, i);
            asl_value *v = softened(value_at(recorded, i), now);
            if (object)
                value_list_push_member_take(&l, value_retain(key), v);
            else
                value_list_push_take(&l, v);
        }
        return object ? value_object_take(&l) : value_array_take(&l);
    }
    if (!came || value_kind(came) != kind || kind >= VALUE_ARRAY)
        return value_retain(recorded); /* another thing altogether: that is to be seen */
    asl_value *type = value_empty_object();
    return value_with_take(type, value_string_z("$type"), value_string_z(value_kind_name(kind)));
}

/* Expectations against what a run of the draft gives, where that took the same way. */
static asl_value *soften_take(asl_value *test, const struct test_run *run)
{
    const asl_value *expect = value_get_z(test, "expect"), *output = value_get_z(expect, "output");
    const asl_value *calls = value_get_z(expect, "calls");
    const asl_value *came = asl_execution_output(run->player.x);
    asl_value *changed = value_retain(expect);
    struct value_list l;
    if (output && came)
        changed = value_with_take(changed, value_string_z("output"), softened(output, came));
    if (calls && value_count(calls) == run->calls.count) {
        value_list_init(&l);
        for (size_t i = 0; i < run->calls.count; i++) {
            const asl_value *call = value_at(calls, i), *now = run->calls.items[i];
            const asl_value *parameters = value_get_z(call, "parameters");
            bool same = value_equal(value_get_z(call, "state"), value_get_z(now, "state"));
            value_list_push_take(
                &l, same && parameters
                        ? value_with_take(value_retain(call), value_string_z("parameters"),
                                          softened(parameters, value_get_z(now, "parameters")))
                        : value_retain(call));
        }
        changed = value_with_take(changed, value_string_z("calls"), value_array_take(&l));
    }
    return value_with_take(test, value_string_z("expect"), changed);
}

static void judge_draft(const struct test_file *f, struct asl_buffer *notes)
{
    asl_value *result = test_judge(f, &f->tests[0], NULL, false);
    const asl_value *failures = value_get_z(result, "failures");
    if (!result_has(result, "passed"))
        asl_buffer_printf(
            notes,
            "under this definition it does not come out as recorded (%zu difference%s): "
            "run the test to see",
            value_count(failures), value_count(failures) == 1 ? "" : "s");
    value_release(result);
}

bool test_from_history(const struct from_history *h, struct asl_buffer *out,
                       struct asl_buffer *notes, char message[512])
{
    struct drafting d = {.h = h, .checker = constraint_checker_new()};
    struct test_file f;
    asl_value *empty = value_literal("{\"name\":\"draft\"}");
    outcomes_read(&d.outcomes, h->recording);
    open_file(h, empty, &d.file, out);
    value_release(empty);
    asl_value *test = d.file.machine ? draft_test(&d) : NULL;
    if (test) {
        open_file(h, test, &f, out);
        if (!f.complaints.count) {
            struct test_run run;
            test_run_open(&run, &f, &f.tests[0], NULL);
            test = soften_take(test, &run);
            test_run_close(&run);
        }
        test_file_close(&f);
        open_file(h, test, &f, out);
        if (f.complaints.count)
            asl_buffer_printf(notes, "it does not fit this definition: %s",
                              f.complaints.items[0].message);
        else
            judge_draft(&f, notes);
        test_file_close(&f);
    } else {
        snprintf(message, 512, "%.500s",
                 d.file.complaints.count ? d.file.complaints.items[0].message
                                         : "the definition cannot be read");
    }
    bool fine = test != NULL;
    value_release(test);
    test_file_close(&d.file);
    outcomes_free(&d.outcomes);
    constraint_checker_free(d.checker);
    return fine;
}
