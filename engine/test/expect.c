/* Judging a test; see expect.h. One function for each member of "expect", one table. */
#include "engine/test/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "engine/test/duration.h"
#include "engine/test/match.h"
#include "engine/test/shape.h"
#include "engine/test/story.h"

/* What is shown of a path in a report. */
#define PATH_SHOWN 1200

struct judging {
    const struct test_run *run;
    struct story story;
    struct value_list failures, edits;
    bool update, ended_otherwise; /* another status than expected */
    int64_t end;
    char label[200]; /* what is being judged, for people: "visits of Work" */
};

static const char *label(struct judging *j, const char *what, struct asl_text of)
{
    snprintf(j->label, sizeof j->label, "%s of %.*s", what, (int)(of.size < 150 ? of.size : 150),
             of.data);
    return j->label;
}

static const char *label_number(struct judging *j, const char *what, size_t number,
                                struct asl_text state)
{
    snprintf(j->label, sizeof j->label, "%s %zu%s%.*s", what, number, state.size ? ", " : "",
             (int)(state.size < 150 ? state.size : 150), state.data ? state.data : "");
    return j->label;
}

/* ---- failures ---- */

static void put_place(const struct judging *j, struct value_list *l, struct asl_text pointer,
                      bool key)
{
    struct value_place place = {0};
    value_locate(asl_buffer_text(&j->run->file->text), pointer, key, &place);
    value_list_set_take(l, "line", value_integer((int64_t)place.line));
    value_list_set_take(l, "column", value_integer((int64_t)place.column));
}

static void fail_words(struct judging *j, const char *what, struct asl_text pointer, bool key,
                       struct asl_text message)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "what", value_string_z(what));
    value_list_set_take(&l, "message", value_string(message));
    put_place(j, &l, pointer, key);
    value_list_push_take(&j->failures, value_object_take(&l));
}

static void fail_mismatch(struct judging *j, const char *what, const struct mismatch *m)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "what", value_string_z(what));
    value_list_set_take(&l, "pointer", value_string_z(m->pointer));
    value_list_set_take(&l, "place", value_string_z(m->place));
    value_list_set_take(&l, "expected", value_string_z(m->expected));
    value_list_set_take(&l, "came", value_string_z(m->came));
    put_place(j, &l, asl_text(m->pointer), false);
    value_list_push_take(&j->failures, value_object_take(&l));
}

static void fail_mismatches(struct judging *j, const char *what, struct mismatches *m)
{
    char more[64];
    for (size_t i = 0; i < m->count; i++)
        fail_mismatch(j, what, &m->items[i]);
    snprintf(more, sizeof more, "and %zu more differences", m->more);
    if (m->more)
        fail_words(j, what, asl_text(m->items[0].pointer), false, asl_text(more));
    mismatches_free(m);
}

static asl_value *text_or_null(const char *text)
{
    return text ? value_string_z(text) : NULL;
}

static void judge_value(struct judging *j, const char *what, const asl_value *expected,
                        const asl_value *came, const struct step *at)
{
    struct mismatches m = {0};
    struct step root = {0};
    if (match_value(expected, came, at, &root, &m))
        return;
    fail_mismatches(j, what, &m);
    if (j->update && came)
        match_edits(expected, came, at, &j->edits);
}

/* ---- status, output, error, cause ---- */

static const char *expected_status(const asl_value *expect, const char *came)
{
    const asl_value *status = value_get_z(expect, "status");
    bool fails = value_get_z(expect, "error") || value_get_z(expect, "cause");
    if (status)
        return value_as_text(status).data;
    if (!fails)
        return "SUCCEEDED";
    return strcmp(came, "TIMED_OUT") == 0 || strcmp(came, "ABORTED") == 0 ? came : "FAILED";
}

/* The name of the state entered last, branches included; NULL: none was. */
static const asl_value *last_entered(const asl_value *events)
{
    for (size_t i = value_count(events); i-- > 0;)
        if (asl_text_ends(event_type(value_at(events, i)), "StateEntered"))
            return event_detail(value_at(events, i), "name");
    return NULL;
}

/* How it ended, in words: "FAILED with E: cause, in state X". */
static void put_end(const struct judging *j, struct asl_buffer *out)
{
    const asl_execution *x = j->run->player.x;
    const char *status = test_run_status(j->run), *error = asl_execution_error(x);
    const char *cause = asl_execution_cause(x);
    const asl_value *last = last_entered(j->run->player.events);
    asl_buffer_puts(out, status);
    if (error)
        asl_buffer_printf(out, " with %s", error);
    if (cause && *cause)
        asl_buffer_printf(out, ": %s", cause);
    if (asl_execution_status(x) == ASL_RUNNING)
        asl_buffer_puts(out, ": it waits for what never comes");
    if (asl_execution_status(x) != ASL_SUCCEEDED && last)
        asl_buffer_printf(out, ", in state %.*s", ASL_TEXT_ARGS(value_as_text(last)));
}

static void judge_status(struct judging *j, const asl_value *expect, const struct step *at)
{
    const char *came = test_run_status(j->run), *wanted = expected_status(expect, came);
    struct mismatches m = {0};
    struct step root = {0}, place = step_key(at, ASL_TEXT("status"));
    struct asl_buffer end;
    if (strcmp(came, wanted) == 0)
        return;
    j->ended_otherwise = true;
    asl_buffer_init(&end, 65536);
    put_end(j, &end);
    mismatches_add(&m, value_get_z(expect, "status") ? &place : at, &root, asl_text(wanted),
                   asl_buffer_text(&end));
    fail_mismatches(j, "status", &m);
    asl_buffer_free(&end);
}

static void judge_output(struct judging *j, const asl_value *expected, const struct step *at)
{
    judge_value(j, "output", expected, asl_execution_output(j->run->player.x), at);
}

static void judge_error(struct judging *j, const asl_value *expected, const struct step *at)
{
    asl_value *came = text_or_null(asl_execution_error(j->run->player.x));
    judge_value(j, "error", expected, came, at);
    value_release(came);
}

static void judge_cause(struct judging *j, const asl_value *expected, const struct step *at)
{
    asl_value *came = text_or_null(asl_execution_cause(j->run->player.x));
    judge_value(j, "cause", expected, came, at);
    value_release(came);
}

/* ---- path and visits ---- */

static void judge_path(struct judging *j, const asl_value *expected, const struct step *at)
{
    struct mismatches m = {0};
    if (path_match(expected, j->story.path, at, &m))
        return;
    fail_mismatches(j, "path", &m);
    if (j->update)
        match_edit_take(&j->edits, at, value_retain(j->story.path));
}

static void judge_visits(struct judging *j, const asl_value *expected, const struct step *at)
{
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = value_as_text(value_key_at(expected, i));
        const struct state *state = test_file_state(j->run->file, name);
        struct step place = step_key(at, name);
        asl_value *came = value_integer(state ? (int64_t)j->run->entered[state->id] : 0);
        judge_value(j, label(j, "visits", name), value_at(expected, i), came, &place);
        value_release(came);
    }
}

/* Which way a Choice went, visit by visit: numbers of rules, "default". */
static asl_value *ways_of(const struct test_run *r, const struct state *state)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < r->decision_count; i++) {
        const struct decision *d = &r->decisions[i];
        if (d->state == state)
            value_list_push_take(&l, d->rule == SIZE_MAX ? value_string_z("default")
                                                         : value_integer((int64_t)d->rule));
    }
    return value_array_take(&l);
}

static void judge_choices(struct judging *j, const asl_value *expected, const struct step *at)
{
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = value_as_text(value_key_at(expected, i));
        struct step place = step_key(at, name);
        asl_value *came = ways_of(j->run, test_file_state(j->run->file, name));
        judge_value(j, label(j, "choices", name), value_at(expected, i), came, &place);
        value_release(came);
    }
}

/* ---- times ---- */

/* A matcher of seconds. */
static void judge_seconds(struct judging *j, const char *what, const asl_value *matcher,
                          int64_t came, const struct step *at)
{
    asl_value *seconds = value_double((double)came / 1000);
    judge_value(j, what, matcher, seconds, at);
    value_release(seconds);
}

static void judge_lasting(struct judging *j, const char *what, const asl_value *expected,
                          int64_t came, const struct step *at)
{
    struct mismatches m = {0};
    struct step root = {0};
    int64_t wanted = -1;
    bool record = match_is_record(expected);
    struct asl_buffer a, b;
    if (value_kind(expected) == VALUE_OBJECT && !record) {
        judge_seconds(j, what, expected, came, at);
        return;
    }
    if (!record && (!duration_read(expected, &wanted) || wanted == came))
        return;
    asl_buffer_init(&a, 4096);
    asl_buffer_init(&b, 4096);
    if (record)
        asl_buffer_puts(&a, "(nothing is recorded yet: run with --update)");
    else
        duration_print(wanted, &a);
    duration_print(came, &b);
    mismatches_add(&m, at, &root, asl_buffer_text(&a), asl_buffer_text(&b));
    fail_mismatches(j, what, &m);
    if (j->update)
        match_edit_take(&j->edits, at,
                        value_kind(expected) == VALUE_NUMBER ? value_double((double)came / 1000)
                                                             : value_string(asl_buffer_text(&b)));
    asl_buffer_free(&a);
    asl_buffer_free(&b);
}

static void judge_duration(struct judging *j, const asl_value *expected, const struct step *at)
{
    judge_lasting(j, "duration", expected, j->end - j->run->started, at);
}

static void judge_durations(struct judging *j, const asl_value *expected, const struct step *at)
{
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text state = value_as_text(value_key_at(expected, i));
        const struct visit *v = story_visit(&j->story, state);
        struct step place = step_key(at, state);
        struct asl_buffer message;
        if (v) {
            judge_lasting(j, label(j, "duration", state), value_at(expected, i), v->ms, &place);
            continue;
        }
        asl_buffer_init(&message, 4096);
        asl_buffer_printf(&message, "%.*s was never entered", ASL_TEXT_ARGS(state));
        struct asl_buffer pointer;
        asl_buffer_init(&pointer, 65536);
        step_pointer(&place, &pointer);
        fail_words(j, label(j, "duration", state), asl_buffer_text(&pointer), true,
                   asl_buffer_text(&message));
        asl_buffer_free(&pointer);
        asl_buffer_free(&message);
    }
}

/* ---- calls ---- */

static void put_calls(const struct judging *j, struct asl_buffer *out)
{
    asl_buffer_printf(out, "%zu call%s", j->run->calls.count, j->run->calls.count == 1 ? "" : "s");
    for (size_t i = 0; i < j->run->calls.count && i < 20; i++)
        asl_buffer_printf(
            out, "%s%.*s", i ? ", " : ": ",
            ASL_TEXT_ARGS(value_as_text(value_get_z(j->run->calls.items[i], "state"))));
    if (j->run->calls.count > 20)
        asl_buffer_puts(out, " ...");
}

static void judge_call(struct judging *j, size_t number, const asl_value *expected,
                       const asl_value *came, const struct step *at)
{
    const char *what =
        label_number(j, "call", number + 1, value_as_text(value_get_z(came, "state")));
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text name = value_as_text(value_key_at(expected, i));
        const asl_value *v = value_get(came, name);
        struct step place = step_key(at, name);
        if (asl_text_is(name, "at"))
            judge_lasting(j, what, value_at(expected, i),
                          (int64_t)(value_as_double(v) * 1000 + 0.5), &place);
        else
            judge_value(j, what, value_at(expected, i), v, &place);
    }
}

/* The calls as --update writes them: what tells them apart, and their parameters. */
static asl_value *calls_to_record(const struct judging *j)
{
    struct value_list all, l;
    value_list_init(&all);
    for (size_t i = 0; i < j->run->calls.count; i++) {
        const asl_value *call = j->run->calls.items[i], *index = value_get_z(call, "index");
        value_list_init(&l);
        value_list_set_take(&l, "state", value_retain(value_get_z(call, "state")));
        if (index)
            value_list_set_take(&l, "index", value_retain(index));
        value_list_set_take(&l, "parameters", value_retain(value_get_z(call, "parameters")));
        value_list_push_take(&all, value_object_take(&l));
    }
    return value_array_take(&all);
}

static void judge_calls_in_order(struct judging *j, const asl_value *expected,
                                 const struct step *at)
{
    struct mismatches m = {0};
    struct step root = {0};
    struct asl_buffer wanted, came;
    size_t count = value_count(expected);
    if (value_kind(expected) == VALUE_ARRAY && count == j->run->calls.count) {
        for (size_t i = 0; i < count; i++) {
            struct step element = step_index(at, i);
            judge_call(j, i, value_at(expected, i), j->run->calls.items[i], &element);
        }
        return;
    }
    asl_buffer_init(&wanted, 4096);
    asl_buffer_init(&came, 65536);
    if (value_kind(expected) == VALUE_ARRAY)
        asl_buffer_printf(&wanted, "%zu call%s", count, count == 1 ? "" : "s");
    else
        asl_buffer_puts(&wanted, "(nothing is recorded yet: run with --update)");
    put_calls(j, &came);
    mismatches_add(&m, at, &root, asl_buffer_text(&wanted), asl_buffer_text(&came));
    fail_mismatches(j, "calls", &m);
    if (j->update)
        match_edit_take(&j->edits, at, calls_to_record(j));
    asl_buffer_free(&wanted);
    asl_buffer_free(&came);
}

/* The parameters of one state's calls, in order. */
static asl_value *parameters_of(const struct judging *j, struct asl_text state)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < j->run->calls.count; i++) {
        const asl_value *call = j->run->calls.items[i];
        if (asl_text_equal(value_as_text(value_get_z(call, "state")), state))
            value_list_push_take(&l, value_retain(value_get_z(call, "parameters")));
    }
    return value_array_take(&l);
}

static void judge_calls(struct judging *j, const asl_value *expected, const struct step *at)
{
    if (value_kind(expected) == VALUE_ARRAY || match_is_record(expected)) {
        judge_calls_in_order(j, expected, at);
        return;
    }
    for (size_t i = 0; i < value_count(expected); i++) {
        struct asl_text state = value_as_text(value_key_at(expected, i));
        struct step place = step_key(at, state);
        asl_value *all = parameters_of(j, state);
        if (value_kind(value_at(expected, i)) == VALUE_ARRAY) {
            judge_value(j, label(j, "calls", state), value_at(expected, i), all, &place);
        } else {
            asl_value *count = value_integer((int64_t)value_count(all));
            judge_value(j, label(j, "calls", state), value_at(expected, i), count, &place);
            value_release(count);
        }
        value_release(all);
    }
}

/* ---- events ---- */

/* The nearest event of the wanted type behind those that matched, to show what is other about it.
 */
static const asl_value *event_like(const asl_value *events, size_t from, const asl_value *wanted)
{
    const asl_value *type = value_get_z(wanted, "type");
    for (size_t i = from; type && i < value_count(events); i++)
        if (value_equal(type, value_get_z(value_at(events, i), "type")))
            return value_at(events, i);
    return NULL;
}

static void judge_events(struct judging *j, const asl_value *expected, const struct step *at)
{
    const asl_value *events = j->run->player.events;
    size_t next = 0;
    for (size_t i = 0; i < value_count(expected); i++) {
        const asl_value *wanted = value_at(expected, i), *like;
        struct step place = step_index(at, i), root = {0};
        struct mismatches m = {0};
        size_t from = next;
        while (next < value_count(events) &&
               !match_part(wanted, value_at(events, next), NULL, NULL, NULL))
            next++;
        if (next++ < value_count(events))
            continue;
        like = event_like(events, from, wanted);
        struct asl_buffer words;
        asl_buffer_init(&words, 4096);
        asl_buffer_printf(&words, "no such event among the %zu behind event %zu",
                          value_count(events) - from, from);
        if (like)
            match_part(wanted, like, &place, &root, &m);
        else
            mismatches_add(&m, &place, &root, ASL_TEXT("such an event"), asl_buffer_text(&words));
        fail_mismatches(j, label_number(j, "event", i + 1, ASL_TEXT("")), &m);
        asl_buffer_free(&words);
        return; /* the order is lost: what follows would only confuse */
    }
}

/* ---- mocks ---- */

static void judge_mocks(struct judging *j)
{
    for (size_t i = 0; i < j->run->mocks.count; i++) {
        const struct mock *k = &j->run->mocks.items[i];
        struct asl_buffer message;
        if (k->used || k->is_shared || member_is_true(k->value, "optional"))
            continue;
        asl_buffer_init(&message, 4096);
        asl_buffer_printf(&message,
                          "this mock of %.*s was never called (\"optional\": true lets it "
                          "be)",
                          ASL_TEXT_ARGS(k->state));
        fail_words(j, "mocks", asl_text(k->pointer), false, asl_buffer_text(&message));
        asl_buffer_free(&message);
    }
}

static asl_value *used_shared(const struct mocks *m)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].is_shared && m->items[i].used)
            value_list_push_take(&l, value_string_z(m->items[i].pointer));
    return value_array_take(&l);
}

/* ---- the whole ---- */

/* `anyway`: also where it ended otherwise than expected; then the rest would only be noise. */
static const struct {
    const char *name;
    void (*judge)(struct judging *j, const asl_value *expected, const struct step *at);
    bool anyway;
} parts[] = {
    {"output", judge_output, false},       {"error", judge_error, false},
    {"cause", judge_cause, false},         {"path", judge_path, true},
    {"visits", judge_visits, false},       {"calls", judge_calls, false},
    {"events", judge_events, false},       {"duration", judge_duration, false},
    {"durations", judge_durations, false}, {"choices", judge_choices, false},
};

static void judge_all(struct judging *j, const struct step *test)
{
    asl_value *nothing = value_empty_object();
    const asl_value *expect = value_get_z(j->run->test->value, "expect");
    struct step at = step_key(test, ASL_TEXT("expect"));
    judge_status(j, expect ? expect : nothing, expect ? &at : test);
    for (size_t i = 0; expect && i < sizeof parts / sizeof *parts; i++) {
        const asl_value *v = value_get_z(expect, parts[i].name);
        struct step place = step_key(&at, asl_text(parts[i].name));
        if (v && (parts[i].anyway || !j->ended_otherwise))
            parts[i].judge(j, v, &place);
    }
    if (!j->ended_otherwise)
        judge_mocks(j);
    value_release(nothing);
}

static asl_value *result_of(struct judging *j)
{
    const asl_execution *x = j->run->player.x;
    struct value_list l;
    struct asl_buffer path;
    const char *error = x ? asl_execution_error(x) : NULL;
    const char *cause = x ? asl_execution_cause(x) : NULL;
    asl_buffer_init(&path, 65536);
    path_print(j->story.path, PATH_SHOWN, &path);
    value_list_init(&l);
    value_list_set_take(&l, "name", value_string(j->run->test->name));
    value_list_set_take(&l, "outcome", value_string_z(j->failures.count ? "failed" : "passed"));
    value_list_set_take(&l, "status", value_string_z(test_run_status(j->run)));
    if (error)
        value_list_set_take(&l, "error", value_string_z(error));
    if (cause)
        value_list_set_take(&l, "cause", value_string_z(cause));
    value_list_set_take(&l, "path", value_string(asl_buffer_text(&path)));
    value_list_set_take(&l, "seconds", value_double((double)(j->end - j->run->started) / 1000));
    value_list_set_take(&l, "events", value_integer((int64_t)value_count(j->run->player.events)));
    value_list_set_take(&l, "failures", value_array_take(&j->failures));
    value_list_set_take(&l, "edits", value_array_take(&j->edits));
    value_list_set_take(&l, "used", used_shared(&j->run->mocks));
    asl_buffer_free(&path);
    return value_object_take(&l);
}

asl_value *test_judge(const struct test_file *f, const struct test_case *t,
                      const struct world *world, bool update)
{
    struct test_run run;
    struct step root = {0}, all = step_key(&root, ASL_TEXT("tests"));
    struct step test = step_index(&all, (size_t)(t - f->tests));
    test_run_open(&run, f, t, world);
    struct judging j = {.run = &run, .update = update, .end = run.player.now};
    if (run.player.x && asl_execution_stopped(run.player.x))
        j.end = asl_execution_stopped(run.player.x);
    value_list_init(&j.failures);
    value_list_init(&j.edits);
    story_read(&j.story, run.player.events, j.end);
    if (run.broken.size) {
        struct asl_buffer pointer;
        asl_buffer_init(&pointer, 4096);
        step_pointer(&test, &pointer);
        fail_words(&j, "calls", asl_buffer_text(&pointer), false, asl_buffer_text(&run.broken));
        asl_buffer_free(&pointer);
    } else {
        judge_all(&j, &test);
    }
    if (j.ended_otherwise) { /* it went another way: nothing to be recorded */
        value_list_free(&j.edits);
        value_list_init(&j.edits);
    }
    asl_value *result = result_of(&j);
    story_free(&j.story);
    test_run_close(&run);
    return result;
}

asl_value *test_skipped(const struct test_case *t, struct asl_text why)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "name", value_string(t->name));
    value_list_set_take(&l, "outcome", value_string_z("skipped"));
    value_list_set_take(&l, "why", value_string(why));
    return value_object_take(&l);
}

asl_value *test_broken(const struct test_file *f, size_t index, const char *message)
{
    struct value_list l, failure, failures;
    value_list_init(&l);
    value_list_init(&failure);
    value_list_init(&failures);
    value_list_set_take(&failure, "what", value_string_z("runner"));
    value_list_set_take(&failure, "message", value_string_z(message));
    value_list_push_take(&failures, value_object_take(&failure));
    value_list_set_take(&l, "name", value_string(f->tests[index].name));
    value_list_set_take(&l, "outcome", value_string_z("failed"));
    value_list_set_take(&l, "failures", value_array_take(&failures));
    return value_object_take(&l);
}

bool result_has(const asl_value *result, const char *outcome)
{
    const asl_value *v = value_get_z(result, "outcome");
    return v && asl_text_is(value_as_text(v), outcome);
}
