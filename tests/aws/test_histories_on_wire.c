/* The recorded histories whose Tasks call services, run by the engine itself: its HTTP calls reach
 * a stand-in that answers what was recorded (recorded.c), and the history must come out as AWS's.
 *
 *     test_histories_on_wire [--list] [-v] [part of a case's name]
 *
 * Issue 6, bar 3: the groups services, error_handling, callback, credentials, local_mocking, base.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aws/engine_desk.h"
#include "tests/aws/recorded.h"
#include "tests/conformance/case.h"
#include "tests/conformance/suite.h"

static const char *const groups[] = {"services/",    "error_handling/", "callback/",
                                     "credentials/", "local_mocking/",  "base/"};

/* ---- out of reach, each with its reason ---- */

static const struct {
    const char *part, *reason;
} out_of_reach[] = {
    {"local_mocking/test_base_scenarios/TestBaseScenarios-test_map_state_lambda",
     "the children of a distributed Map publish nothing: what its Tasks were answered was not "
     "recorded"},
};

static const char *reason_to_skip(const char *name)
{
    for (size_t i = 0; i < sizeof out_of_reach / sizeof *out_of_reach; i++)
        if (strstr(name, out_of_reach[i].part))
            return out_of_reach[i].reason;
    return NULL;
}

/* ---- one engine, one execution ---- */

struct world {
    struct engine_desk desk;
    struct recorded *recorded;
};

static void ignore_outcome(void *state, enum engine_outcome outcome)
{
    (void)state;
    (void)outcome;
}

static const asl_value *details_of(const asl_value *event)
{
    for (size_t i = 0; i < value_count(event); i++)
        if (asl_text_ends(value_as_text(value_key_at(event, i)), "EventDetails"))
            return value_at(event, i);
    return NULL;
}

static asl_value *json_of(const asl_value *v)
{
    struct value_error error;
    asl_value *parsed =
        value_kind(v) == VALUE_STRING ? value_parse(value_as_text(v), 0, 0, &error) : NULL;
    return parsed ? parsed : value_retain(v);
}

/* The holder of the token says what was said then. */
static void say_outcome(struct world *w, const asl_value *outcome, int64_t task)
{
    const asl_value *details = details_of(outcome);
    const asl_value *given = value_get_z(details, "output");
    asl_value *output = given ? json_of(given) : value_null();
    struct asl_event event = {
        .kind = given ? ASL_TASK_SUCCEEDED : ASL_TASK_FAILED,
        .task = task,
        .output = output,
        .error = case_text(details, "error"),
        .cause = case_text(details, "cause"),
    };
    engine_task_event(w->desk.engine, w->desk.execution, &event, ignore_outcome, NULL);
    value_release(output);
}

static void see_event(void *state, int64_t id, const asl_value *event)
{
    struct world *w = state;
    int64_t task = 0;
    const asl_value *said = asl_text_is(case_text(event, "type"), "TaskSubmitted")
                                ? recorded_said(w->recorded, id, &task)
                                : NULL;
    if (said)
        say_outcome(w, said, task);
}

static void open_world(struct world *w, struct catalogue *catalogue, struct recorded *recorded)
{
    char url[160], message[512];
    w->recorded = recorded;
    w->desk = (struct engine_desk){.catalogue = catalogue,
                                   .serve = recorded_serve,
                                   .state = recorded,
                                   .see = see_event,
                                   .see_state = w};
    engine_desk_open(&w->desk, LOOP_SKIP, NULL);
    bool good = aws_route(w->desk.aws, "execute-api", w->desk.url, message);
    if (recorded_missing_host(recorded)) {
        snprintf(url, sizeof url, "http://%s", recorded_missing_host(recorded));
        good = good && aws_route(w->desk.aws, "sqs", url, message);
    }
    if (!good) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
}

/* ---- what the recorder did not keep ----
 *
 * Where the recording holds a word for what differs from run to run (a date, a request's id), our
 * own stands in; causes of 2024 and before lack the count of attempts. Nothing else is let pass. */

static bool is_not_kept(struct asl_text key)
{
    static const char *const names[] = {
        "Date",           "StartDate",        "StopDate",        "LastModified",
        "RequestId",      "x-amzn-RequestId", "X-Amzn-Trace-Id", "Via",
        "x-amz-apigw-id", "X-Amz-Cf-Id",      "X-Amz-Cf-Pop",    "x-amz-crc32",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (key.size == strlen(names[i]) && strncasecmp(key.data, names[i], key.size) == 0)
            return true;
    return false;
}

static asl_value *settled(const asl_value *recorded, const asl_value *ours);

static asl_value *settled_text(const asl_value *recorded, const asl_value *ours)
{
    static const char count[] = " (SDK Attempt Count: 1)";
    struct asl_text a = value_as_text(recorded), b = value_as_text(ours);
    bool is_older = value_kind(ours) == VALUE_STRING && asl_text_ends(b, count) &&
                    b.size == a.size + sizeof count - 1 && memcmp(a.data, b.data, a.size) == 0;
    return value_retain(is_older ? ours : recorded);
}

static asl_value *settled_object(const asl_value *recorded, const asl_value *ours)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(recorded); i++) {
        const asl_value *key = value_key_at(recorded, i), *v = value_at(recorded, i);
        const asl_value *other = value_get(ours, value_as_text(key));
        bool stands_in = other && is_not_kept(value_as_text(key)) && value_kind(v) == VALUE_STRING;
        value_list_push_member_take(&l, value_retain(key),
                                    stands_in ? value_retain(other)
                                    : other   ? settled(v, other)
                                              : value_retain(v));
    }
    return value_object_take(&l);
}

static asl_value *settled(const asl_value *recorded, const asl_value *ours)
{
    asl_value *parsed = NULL, *result;
    if (value_kind(recorded) == VALUE_STRING)
        return settled_text(recorded, ours);
    if (value_kind(ours) == VALUE_STRING)
        ours = parsed = json_of(ours);
    if (value_kind(recorded) != value_kind(ours)) {
        result = value_retain(recorded);
    } else if (value_kind(recorded) == VALUE_OBJECT) {
        result = settled_object(recorded, ours);
    } else if (value_kind(recorded) == VALUE_ARRAY && value_count(recorded) == value_count(ours)) {
        result = value_empty_array();
        for (size_t i = 0; i < value_count(recorded); i++)
            result = value_append_take(result, settled(value_at(recorded, i), value_at(ours, i)));
    } else {
        result = value_retain(recorded);
    }
    value_release(parsed);
    return result;
}

/* The same where nothing tells which of ours a recorded event is: what was not kept is left out of
 * both, and texts of JSON are read. */
static asl_value *blanked(const asl_value *v)
{
    asl_value *parsed = json_of(v), *result;
    if (value_kind(parsed) == VALUE_OBJECT) {
        struct value_list l;
        value_list_init(&l);
        for (size_t i = 0; i < value_count(parsed); i++)
            if (!is_not_kept(value_as_text(value_key_at(parsed, i))))
                value_list_push_member_take(&l, value_retain(value_key_at(parsed, i)),
                                            blanked(value_at(parsed, i)));
        result = value_object_take(&l);
    } else if (value_kind(parsed) == VALUE_ARRAY) {
        result = value_empty_array();
        for (size_t i = 0; i < value_count(parsed); i++)
            result = value_append_take(result, blanked(value_at(parsed, i)));
    } else {
        result = value_retain(v);
    }
    value_release(parsed);
    return result;
}

/* ---- a case ---- */

static void print_events(const asl_value *events)
{
    struct asl_buffer line;
    asl_buffer_init(&line, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(events); i++) {
        asl_buffer_clear(&line);
        value_print(value_at(events, i), &line);
        printf("       %.*s\n", (int)(line.size < 1500 ? line.size : 1500), line.data);
    }
    asl_buffer_free(&line);
}

static bool compare(struct unify *u, const asl_value *recorded, struct world *w, bool shows,
                    struct asl_buffer *note)
{
    bool is_blurred = case_is_blurred(recorded);
    asl_value *expected = is_blurred ? blanked(recorded) : settled(recorded, w->desk.events);
    asl_value *ours = is_blurred ? blanked(w->desk.events) : value_retain(w->desk.events);
    if (value_count(recorded) == value_count(w->desk.events) && recorded_strays(w->recorded) > 0)
        asl_buffer_puts(note, "requests were sent that the recording does not know");
    bool same = is_blurred ? case_compare_blurred(u, expected, ours, note)
                           : case_compare_events(u, expected, ours, note);
    same = same && note->size == 0;
    if (shows)
        print_events(w->desk.events);
    value_release(expected);
    value_release(ours);
    return same;
}

struct runner {
    struct suite suite;
    struct catalogue *catalogue;
};

static enum suite_verdict play(struct runner *r, struct case_file *f, const asl_value *events,
                               struct asl_buffer *note)
{
    struct world w;
    struct case_chosen c;
    struct unify u;
    char why[512];
    const asl_value *input = case_recorded_input(events);
    if (!input || !case_find_input(f, input, &c, &u)) {
        asl_buffer_puts(note, "no input of the case is that of ExecutionStarted");
        return SUITE_FAILED;
    }
    struct recorded *recorded = recorded_new(r->catalogue, events, why);
    bool same = false;
    if (recorded) {
        open_world(&w, r->catalogue, recorded);
        engine_desk_run(&w.desk, c.name, case_text(c.machine, "definition"),
                        asl_buffer_text(&c.input_text));
        same = compare(&u, events, &w, r->suite.verbose && r->suite.filter, note);
        engine_desk_close(&w.desk);
        recorded_free(recorded);
    } else {
        asl_buffer_puts(note, why);
    }
    unify_free(&u);
    asl_buffer_free(&c.input_text);
    return same ? SUITE_PASSED : SUITE_FAILED;
}

/* Is it what API Gateway's host was replaced with? The recorder's mark, or (in inputs) where it
 * asked while the case was cut out. Its size, or 0. */
static size_t host_size(const char *at)
{
    static const char mark[] = "<api-endpoint>", local[] = "http://127.0.0.1:";
    if (strncmp(at, mark, sizeof mark - 1) == 0)
        return sizeof mark - 1;
    size_t size = strcspn(at, "\"\\");
    const char *apis = strstr(at, "/restapis/");
    return strncmp(at, local, sizeof local - 1) == 0 && apis && apis < at + size ? size : 0;
}

static asl_value *with_host(const asl_value *v)
{
    struct asl_buffer text, out;
    struct value_error error;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    value_print(v, &text);
    for (const char *at = text.data; *at;) {
        size_t size = host_size(at);
        if (size)
            asl_buffer_puts(&out, "api.execute-api.us-east-1.amazonaws.com");
        else
            asl_buffer_putc(&out, *at);
        at += size ? size : 1;
    }
    asl_value *changed = value_parse(asl_buffer_text(&out), 0, 0, &error);
    asl_buffer_free(&text);
    asl_buffer_free(&out);
    return changed;
}

static void see_answers(struct runner *r, const char *name, const char *group, const asl_value *v)
{
    struct case_file f;
    struct asl_buffer note;
    const asl_value *expected = value_get_z(v, "expected");
    bool has_any = false;
    case_open(&f, v);
    asl_buffer_init(&note, 65536);
    for (size_t i = 0; i < value_count(expected); i++) {
        const asl_value *events = value_get_z(value_at(expected, i), "events");
        char answer[1200];
        if (!events || value_kind(events) != VALUE_ARRAY || value_count(events) == 0)
            continue;
        has_any = true;
        snprintf(answer, sizeof answer, "%s %.*s", name,
                 ASL_TEXT_ARGS(value_as_text(value_key_at(expected, i))));
        const char *reason = reason_to_skip(name);
        enum suite_verdict verdict = reason ? SUITE_SKIPPED : play(r, &f, events, &note);
        suite_judge(&r->suite, group, answer, verdict,
                    reason      ? reason
                    : note.size ? note.data
                                : NULL);
        asl_buffer_clear(&note);
    }
    if (!has_any)
        suite_judge(&r->suite, group, name, SUITE_SKIPPED, "it holds no history");
    asl_buffer_free(&note);
    case_close(&f);
}

static void see_file(void *state, const char *name, const asl_value *v)
{
    struct runner *r = state;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strncmp(name, groups[i], strlen(groups[i])) == 0 && suite_wants(&r->suite, name)) {
            char group[64];
            asl_value *changed = with_host(v);
            snprintf(group, sizeof group, "%.*s", (int)strlen(groups[i]) - 1, groups[i]);
            see_answers(r, name, group, changed);
            value_release(changed);
        }
}

int main(int count, char **arguments)
{
    struct runner r = {0};
    if (!suite_init(&r.suite, "histories", count, arguments))
        return 2;
    r.catalogue = catalogue_new();
    bool is_there = suite_each(&r.suite, see_file, &r);
    catalogue_free(r.catalogue);
    if (!is_there) {
        printf("histories_on_wire: 0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    r.suite.name = "wire"; /* its own floors */
    return suite_close(&r.suite);
}
