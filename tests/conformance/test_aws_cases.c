/* Plays every case of the second recording (definition, input, outcome) at the core: output, error
 * and cause, or AWS's refusal of the definition, to the letter.
 *
 *     test_aws_cases [--list] [-v] [part of a case's name]
 *
 * Tasks get what the recorder's own services gave: a Lambda function that runs the script it is
 * sent (played here by a function a script), STS, and a bucket behind a role that could not be
 * assumed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "tests/conformance/play.h"
#include "tests/conformance/suite.h"
#include "tests/conformance/unify.h"

/* ---- out of reach, and the recorder's own marks, each with its reason ---- */

static const struct out_of_reach {
    const char *part; /* of the case's name */
    const char *reason;
} out_of_reach[] = {
    {"Observation.ItemReader", "the Map's items stand in S3, not in the recording"},
};

/* ---- the recorder's services ---- */

struct answering {
    const asl_value *expected; /* output of the case */
    const char *name;
    asl_value *output;
    char *error, *cause;
};

static const asl_value *at(const asl_value *v, const char *a, const char *b)
{
    v = v ? value_get_z(v, a) : NULL;
    return v && b ? value_get_z(v, b) : v;
}

static const asl_value *payload_of(const struct asl_command *task)
{
    return at(at(task->parameters, "Payload", NULL), "payload", NULL);
}

/* A failing function's stack trace is the recorder's own: its cause is what the case shows. */
static void fail_as_shown(struct answering *a, const char *error, const asl_value *shown)
{
    const asl_value *cause = at(shown, "Cause", NULL);
    a->error = asl_copy_text(asl_text(error));
    a->cause = asl_copy_text(cause ? value_as_text(cause) : ASL_TEXT("{}"));
}

static asl_value *fresh_and_done(struct answering *a, const asl_value *payload)
{
    (void)a, (void)payload;
    return value_literal("{\"stage\": \"fresh\", \"status\": \"done\"}");
}

static asl_value *always_fails(struct answering *a, const asl_value *payload)
{
    (void)payload;
    const asl_value *shown = at(a->expected, "retriedError", NULL);
    fail_as_shown(a, "Error", shown ? shown : at(a->expected, "diagnostics", "lastError"));
    return NULL;
}

static asl_value *fails_for_a_while(struct answering *a, const asl_value *payload)
{
    (void)payload;
    fail_as_shown(a, "TransientError", at(a->expected, "taskError", NULL));
    return NULL;
}

static asl_value *succeeds_at_third(struct answering *a, const asl_value *payload)
{
    const asl_value *count = at(payload, "retryCount", NULL);
    if (!count || value_as_double(count) < 2) {
        fail_as_shown(a, "Error", NULL);
        return NULL;
    }
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "ok", value_boolean(true));
    value_list_set_take(&l, "observedRetryCount", value_retain(count));
    return value_object_take(&l);
}

static asl_value *echo(struct answering *a, const asl_value *payload)
{
    (void)a;
    return payload ? value_retain(payload) : value_null();
}

static asl_value *echo_inside(struct answering *a, const asl_value *payload)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "ok", value_boolean(true));
    value_list_set_take(&l, "echoed", echo(a, payload));
    return value_object_take(&l);
}

static asl_value *measure_job(struct answering *a, const asl_value *payload)
{
    (void)a;
    char id[128];
    struct value_list l, metrics;
    const asl_value *name = at(payload, "jobName", NULL), *attempt = at(payload, "attempt", NULL);
    snprintf(id, sizeof id, "job-%.*s", ASL_TEXT_ARGS(value_as_text(name)));
    value_list_init(&l);
    value_list_init(&metrics);
    value_list_set_take(&metrics, "score", value_double(value_as_double(attempt) * 10));
    value_list_set_take(&l, "rawId", value_string_z(id));
    value_list_set_take(&l, "metrics", value_object_take(&metrics));
    return value_object_take(&l);
}

static const struct script {
    const char *part;                                                 /* of the case's name */
    asl_value *(*run)(struct answering *a, const asl_value *payload); /* NULL: it failed */
} scripts[] = {
    {"JSONataComposition-002", fresh_and_done},
    {"JSONataValidation-005", always_fails},
    {"Retry-004", succeeds_at_third},
    {"RetryCatchComposition-001", succeeds_at_third},
    {"RetryCatchComposition-002", always_fails},
    {"RetryCatchComposition-004", always_fails},
    {"Task.State-001", echo_inside},
    {"Task.State-002", echo},
    {"Task.State-003", measure_job},
    {"Task.State-004", fails_for_a_while},
};

static bool answer_lambda(struct answering *a, const struct asl_command *task)
{
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        if (!strstr(a->name, scripts[i].part))
            continue;
        asl_value *payload = scripts[i].run(a, payload_of(task));
        if (payload) {
            struct value_list l;
            value_list_init(&l);
            value_list_set_take(&l, "ExecutedVersion", value_string_z("$LATEST"));
            value_list_set_take(&l, "Payload", payload);
            value_list_set_take(&l, "StatusCode", value_integer(200));
            a->output = value_object_take(&l);
        }
        return true;
    }
    return false;
}

static bool answer_identity(struct answering *a, const struct asl_command *task)
{
    static const char *const names[][2] = {
        {"Account", "accountId"}, {"Arn", "callerArn"}, {"UserId", "principalId"}};
    struct value_list l;
    (void)task;
    value_list_init(&l);
    for (size_t i = 0; i < 3; i++) {
        const asl_value *shown = at(a->expected, names[i][1], NULL);
        value_list_set_take(&l, names[i][0], shown ? value_retain(shown) : value_string_z("any"));
    }
    a->output = value_object_take(&l);
    return true;
}

/* The recorder's role could not be assumed: no answer of S3's. */
static bool answer_bucket(struct answering *a, const struct asl_command *task)
{
    (void)task;
    a->error = asl_copy_text(ASL_TEXT("States.TaskFailed"));
    a->cause = asl_copy_text(ASL_TEXT(
        "The principal states.amazonaws.com is not authorized to assume the provided role. "
        "(role: arn:aws:iam::<REDACTED_VAR:ACCOUNT_ID>:role/tiny-asl-machine-aws-"
        "<REDACTED_VAR:WORKSPACE_HASH>-sfn-role)"));
    return true;
}

static const struct service {
    const char *type, *action;
    bool (*answer)(struct answering *a, const struct asl_command *task);
} services[] = {
    {"lambda", "invoke", answer_lambda},
    {"aws-sdk:sts", "getCallerIdentity", answer_identity},
    {"aws-sdk:s3", "headBucket", answer_bucket},
};

static void forget_answer(struct answering *a)
{
    value_release(a->output);
    free(a->error);
    free(a->cause);
    a->output = NULL;
    a->error = a->cause = NULL;
}

static bool answer(void *state, const struct asl_command *task, struct asl_event *event)
{
    struct answering *a = state;
    forget_answer(a);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (strcmp(task->resource->type, services[i].type) != 0 ||
            strcmp(task->resource->action, services[i].action) != 0)
            continue;
        if (!services[i].answer(a, task))
            return false;
        event->kind = a->error ? ASL_TASK_FAILED : ASL_TASK_SUCCEEDED;
        event->output = a->output;
        event->error = a->error ? asl_text(a->error) : (struct asl_text){NULL, 0};
        event->cause = a->cause ? asl_text(a->cause) : (struct asl_text){NULL, 0};
        return true;
    }
    return false;
}

/* ---- judging ---- */

static void join_errors(const struct asl_diagnostics *d, struct asl_buffer *out)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].severity != ASL_ERROR)
            continue;
        asl_buffer_printf(out, "%s%s", out->size ? "; " : "", d->items[i].message);
    }
}

static bool compare_text(struct unify *u, const char *name, const asl_value *expected,
                         const char *ours, struct asl_buffer *note)
{
    if (expected ? ours && unify_text(u, value_as_text(expected), asl_text(ours), true) : !ours)
        return true;
    asl_buffer_printf(note, "%s: expected %.*s\n       got %s", name,
                      ASL_TEXT_ARGS(expected ? value_as_text(expected) : ASL_TEXT("nothing")),
                      ours ? ours : "nothing");
    return false;
}

static bool judge_refusal(struct unify *u, const asl_value *result, const struct play *p,
                          struct asl_buffer *note)
{
    struct asl_buffer joined;
    asl_buffer_init(&joined, 65536);
    join_errors(&p->diagnostics, &joined);
    bool same = compare_text(u, "refusal", value_get_z(result, "cause"),
                             joined.size ? joined.data : NULL, note);
    asl_buffer_free(&joined);
    return same;
}

/* "FAILED" is the recorder's word for an error or a cause that AWS did not give. */
static bool judge_failure(struct unify *u, const asl_value *result, const struct play *p,
                          struct asl_buffer *note)
{
    const asl_value *error = value_get_z(result, "error"), *cause = value_get_z(result, "cause");
    if (asl_execution_status(p->execution) == ASL_SUCCEEDED) {
        asl_buffer_puts(note, "expected a failure, got ");
        value_print(asl_execution_output(p->execution), note);
        return false;
    }
    const char *ours = asl_execution_error(p->execution);
    const char *our_cause = asl_execution_cause(p->execution);
    if (!ours && error && asl_text_is(value_as_text(error), "FAILED"))
        ours = "FAILED";
    if (!our_cause && cause && asl_text_is(value_as_text(cause), "FAILED"))
        our_cause = "FAILED";
    return compare_text(u, "error", error, ours, note) &&
           compare_text(u, "cause", cause, our_cause, note);
}

/* Names that the recorder gave its machines and executions, where an output shows them. */
static void know_names(struct unify *u, const asl_value *output)
{
    static const char *const names[][2] = {{"tam-conf-", "played"},
                                           {"exec-conf-", "execution-name"}};
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(output, &text);
    for (size_t i = 0; i < 2; i++) {
        const char *name = strstr(text.data, names[i][0]);
        if (!name)
            continue;
        struct asl_text whole = {name, strcspn(name, "\":")};
        char *mark = asl_copy_text(whole);
        unify_know(u, mark, names[i][1]);
        free(mark);
    }
    asl_buffer_free(&text);
}

/* A UUID is another one each time: its shape is what can be judged. */
static bool is_uuid(const asl_value *v)
{
    static const char shape[] = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";
    struct asl_text t = v && value_kind(v) == VALUE_STRING ? value_as_text(v) : ASL_TEXT("");
    if (t.size != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < t.size; i++)
        if (shape[i] == 'x' ? !strchr("0123456789abcdef", t.data[i]) : t.data[i] != shape[i])
            return false;
    return true;
}

static bool judge_output(struct unify *u, const asl_value *expected, const asl_value *ours,
                         struct asl_buffer *note)
{
    if (is_uuid(at(expected, "value", NULL)) && is_uuid(at(ours, "value", NULL)))
        return true;
    know_names(u, expected);
    return unify_value(u, expected, ours, note);
}

static bool judge_end(struct unify *u, const asl_value *result, const struct play *p,
                      struct asl_buffer *note)
{
    const asl_value *error = value_get_z(result, "error");
    if (error && asl_text_is(value_as_text(error), "VALIDATION_FAILED"))
        return judge_refusal(u, result, p, note);
    if (!p->execution) {
        asl_buffer_puts(note, p->problem);
        return false;
    }
    if (error)
        return judge_failure(u, result, p, note);
    const asl_value *ours = asl_execution_output(p->execution);
    if (ours)
        return judge_output(u, value_get_z(result, "output"), ours, note);
    const char *name = asl_execution_error(p->execution),
               *cause = asl_execution_cause(p->execution);
    asl_buffer_printf(note, "expected ");
    value_print(value_get_z(result, "output"), note);
    asl_buffer_printf(note, "\n       got %s: %s %s", name ? name : "no end", cause ? cause : "",
                      p->problem);
    return false;
}

/* ---- histories, where a case holds one ---- */

/* This recorder keeps an event's details under "details". */
static asl_value *flatten(const asl_value *history)
{
    asl_value *events = value_empty_array();
    for (size_t i = 0; i < value_count(history); i++) {
        const asl_value *event = value_at(history, i), *details = value_get_z(event, "details");
        struct value_list l;
        value_list_init(&l);
        for (size_t k = 0; k < value_count(event); k++)
            if (value_at(event, k) != details)
                value_list_push_member_take(&l, value_retain(value_key_at(event, k)),
                                            value_retain(value_at(event, k)));
        for (size_t k = 0; details && k < value_count(details); k++)
            value_list_push_member_take(&l, value_retain(value_key_at(details, k)),
                                        value_retain(value_at(details, k)));
        events = value_append_take(events, value_object_take(&l));
    }
    return events;
}

static bool judge_history(struct unify *u, const asl_value *recorded, const asl_value *events,
                          struct asl_buffer *note)
{
    size_t count = value_count(recorded), ours = value_count(events);
    unify_know(u, "tiny-asl-machine-aws-<REDACTED_VAR:WORKSPACE_HASH>-sfn-role", "played");
    for (size_t i = 0; i < count && i < ours; i++)
        if (!unify_event(u, value_at(recorded, i), value_at(events, i), false, note)) {
            asl_buffer_printf(note, " (event %zu)", i + 1);
            return false;
        }
    if (count != ours)
        asl_buffer_printf(note, "expected %zu events, got %zu", count, ours);
    return count == ours;
}

static const char *reason_to_skip(const char *name)
{
    for (size_t i = 0; i < sizeof out_of_reach / sizeof *out_of_reach; i++)
        if (strstr(name, out_of_reach[i].part))
            return out_of_reach[i].reason;
    return NULL;
}

static void play_case(struct suite *suite, const char *group, const char *name, const asl_value *v)
{
    struct asl_buffer definition, input, note;
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&note, 65536);
    value_print(value_get_z(v, "definition"), &definition);
    value_print(value_get_z(v, "input"), &input);
    const asl_value *result = value_get_z(v, "result");
    struct answering answering = {.expected = value_get_z(result, "output"), .name = name};
    struct play p = {
        .machine_name = "played",
        .definition = asl_buffer_text(&definition),
        .input = asl_buffer_text(&input),
        .answer = answer,
        .state = &answering,
    };
    const asl_value *history = at(result, "meta", "history");
    if (history)
        p.recorded = flatten(history);
    struct unify u;
    unify_init(&u);
    play_run(&p);
    bool same = judge_end(&u, result, &p, &note) &&
                (!history || judge_history(&u, p.recorded, p.events, &note));
    value_release((asl_value *)(uintptr_t)p.recorded);
    suite_judge(suite, group, name, same ? SUITE_PASSED : SUITE_FAILED, note.data);
    unify_free(&u);
    play_free(&p);
    forget_answer(&answering);
    asl_buffer_free(&definition);
    asl_buffer_free(&input);
    asl_buffer_free(&note);
}

static void see_case(void *state, const char *name, const asl_value *v)
{
    struct suite *suite = state;
    const asl_value *group = value_get_z(v, "group");
    if (!group || !value_get_z(v, "result") || !suite_wants(suite, name))
        return;
    char group_name[128];
    snprintf(group_name, sizeof group_name, "%.*s", ASL_TEXT_ARGS(value_as_text(group)));
    const char *reason = reason_to_skip(name);
    if (reason)
        suite_judge(suite, group_name, name, SUITE_SKIPPED, reason);
    else
        play_case(suite, group_name, name, v);
}

int main(int count, char **arguments)
{
    struct suite suite;
    if (!suite_init(&suite, "aws-cases", count, arguments))
        return 2;
    if (!suite_each(&suite, see_case, &suite)) {
        printf("aws-cases: 0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    return suite_close(&suite);
}
