/* The article's workflow through the program people use: each of its ways out, seeded and run in a
 * folder of its own. What to expect stands beside the definition (expect.json, cases/): the
 * outcome, the states entered, the job item, and the records of the export. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "asl/value/value.h"

#define HERE          "definitions/incremental-export"
#define TABLE_ARN     "arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog"
#define COMMAND_BYTES 4096

struct place {
    const char *stepwell;
    char work[64];
    char last_run[40], minute_ago[40];
    const char *name; /* of the case */
    unsigned failures;
};

static void complain(struct place *p, const char *what, struct asl_text got, struct asl_text wanted)
{
    p->failures++;
    printf("%s: %s\n  got:    %.*s\n  wanted: %.*s\n", p->name, what, ASL_TEXT_ARGS(got),
           ASL_TEXT_ARGS(wanted));
}

/* Runs a command; its standard output into `out`, its exit status back. */
static int run(const char *command, struct asl_buffer *out)
{
    char piece[4096];
    size_t size;
    asl_buffer_clear(out);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return -1;
    while ((size = fread(piece, 1, sizeof piece, pipe)) > 0)
        asl_buffer_put(out, piece, size);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static asl_value *run_json(struct place *p, const char *command)
{
    struct asl_buffer out;
    struct value_error error;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    run(command, &out);
    asl_value *v = value_parse(asl_buffer_text(&out), 0, 0, &error);
    if (!v)
        complain(p, command, asl_buffer_text(&out), ASL_TEXT("one JSON document"));
    asl_buffer_free(&out);
    return v ? v : value_null();
}

static asl_value *read_json(const char *path)
{
    struct asl_buffer text;
    struct value_error error;
    char command[512];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    snprintf(command, sizeof command, "cat '%s'", path);
    run(command, &text);
    asl_value *v = value_parse(asl_buffer_text(&text), 0, 0, &error);
    asl_buffer_free(&text);
    return v;
}

static void format_time(char out[40], time_t when)
{
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(out, 40, "%Y-%m-%dT%H:%M:%S.000Z", &utc);
}

static void seed(struct place *p, const char *file)
{
    char command[COMMAND_BYTES];
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    snprintf(command, sizeof command,
             "'%s' local --data '%s/data' --file '%s' --var LastRunTime=%s --var "
             "MinuteAgo=%s 2>&1",
             p->stepwell, p->work, file, p->last_run, p->minute_ago);
    if (run(command, &out) != 0)
        complain(p, file, asl_buffer_text(&out), ASL_TEXT("every call answered"));
    asl_buffer_free(&out);
}

static struct asl_text text_of(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v ? value_as_text(v) : ASL_TEXT("");
}

static void expect_equal(struct place *p, const char *what, const asl_value *got,
                         const asl_value *wanted)
{
    struct asl_buffer a, b;
    if (got && value_equal(got, wanted))
        return;
    asl_buffer_init(&a, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    if (got)
        value_print(got, &a);
    value_print(wanted, &b);
    complain(p, what, asl_buffer_text(&a), asl_buffer_text(&b));
    asl_buffer_free(&a);
    asl_buffer_free(&b);
}

/* The names of the states entered, in order. */
static asl_value *entered(struct place *p, struct asl_text arn)
{
    char command[COMMAND_BYTES];
    struct value_list names;
    value_list_init(&names);
    snprintf(command, sizeof command, "'%s' history --db '%s/db' --json '%.*s'", p->stepwell,
             p->work, ASL_TEXT_ARGS(arn));
    asl_value *history = run_json(p, command);
    const asl_value *events = value_get_z(history, "events");
    for (size_t i = 0; events && i < value_count(events); i++) {
        const asl_value *details = value_get_z(value_at(events, i), "stateEnteredEventDetails");
        if (details)
            value_list_push_take(&names, value_retain(value_get_z(details, "name")));
    }
    value_release(history);
    return value_array_take(&names);
}

/* "${LastRunTime}" and its kin in an expected value. */
static asl_value *substituted(const struct place *p, const asl_value *v, struct asl_text started)
{
    struct asl_text text = value_as_text(v);
    if (value_kind(v) == VALUE_STRING && asl_text_is(text, "${LastRunTime}"))
        return value_string_z(p->last_run);
    if (value_kind(v) == VALUE_STRING && asl_text_is(text, "${MinuteAgo}"))
        return value_string_z(p->minute_ago);
    if (value_kind(v) == VALUE_STRING && asl_text_is(text, "${TriggeredTime}"))
        return value_string(started);
    if (value_kind(v) != VALUE_OBJECT)
        return value_retain(v);
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(v); i++)
        value_list_push_member_take(&list, value_retain(value_key_at(v, i)),
                                    substituted(p, value_at(v, i), started));
    return value_object_take(&list);
}

static void check_job(struct place *p, const asl_value *wanted)
{
    char command[COMMAND_BYTES];
    snprintf(command, sizeof command,
             "'%s' local --data '%s/data' dynamodb GetItem '{\"TableName\":"
             "\"JobExport\",\"Key\":{\"id\":{\"S\":\"RUN\"}}}'",
             p->stepwell, p->work);
    asl_value *answer = run_json(p, command);
    const asl_value *item = value_get_z(answer, "Item");
    const asl_value *triggered = item ? value_get_z(item, "triggeredTime") : NULL;
    asl_value *all = substituted(p, wanted, triggered ? text_of(triggered, "S") : ASL_TEXT(""));
    for (size_t i = 0; i < value_count(all); i++)
        expect_equal(p, "the job item",
                     item ? value_get(item, value_as_text(value_key_at(all, i))) : NULL,
                     value_at(all, i));
    value_release(all);
    value_release(answer);
}

static int compare_texts(const void *a, const void *b)
{
    struct asl_buffer x, y;
    asl_buffer_init(&x, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&y, ASL_BUFFER_MAXIMUM);
    value_print(*(asl_value *const *)a, &x);
    value_print(*(asl_value *const *)b, &y);
    int order = asl_text_compare(asl_buffer_text(&x), asl_buffer_text(&y));
    asl_buffer_free(&x);
    asl_buffer_free(&y);
    return order;
}

static asl_value *without_metadata(const asl_value *record)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(record); i++)
        if (!asl_text_is(value_as_text(value_key_at(record, i)), "Metadata"))
            value_list_push_member_take(&list, value_retain(value_key_at(record, i)),
                                        value_retain(value_at(record, i)));
    return value_object_take(&list);
}

/* All records of all data files, without their times, sorted. */
static void check_records(struct place *p, const asl_value *wanted)
{
    char command[COMMAND_BYTES];
    struct asl_buffer lines;
    struct value_error error;
    struct value_list records;
    value_list_init(&records);
    asl_buffer_init(&lines, ASL_BUFFER_MAXIMUM);
    snprintf(command, sizeof command, "find '%s/data/s3' -name '*.json.gz' -exec zcat {} +",
             p->work);
    run(command, &lines);
    struct asl_text rest = asl_buffer_text(&lines);
    for (const char *end; rest.size && (end = memchr(rest.data, '\n', rest.size));) {
        struct asl_text line = {rest.data, (size_t)(end - rest.data)};
        asl_value *record = value_parse(line, 0, 0, &error);
        if (record)
            value_list_push_take(&records, without_metadata(record));
        else
            complain(p, "a line of the export", line, ASL_TEXT("JSON"));
        value_release(record);
        rest = (struct asl_text){end + 1, rest.size - line.size - 1};
    }
    if (records.count)
        qsort(records.items, records.count, sizeof *records.items, compare_texts);
    asl_value *got = value_array_take(&records);
    expect_equal(p, "the export's records", got, wanted);
    value_release(got);
    asl_buffer_free(&lines);
}

static void check_outcome(struct place *p, const asl_value *expect)
{
    char command[COMMAND_BYTES];
    snprintf(
        command, sizeof command,
        "'%s' run " HERE "/machine.asl.json --input @" HERE "/input.json "
        "--db '%s/db' --data '%s/data' --time skip --quiet --json --var JobTable=JobExport --var "
        "Bucket=exports --var TableArn=" TABLE_ARN,
        p->stepwell, p->work, p->work);
    asl_value *outcome = run_json(p, command);
    if (!asl_text_equal(text_of(outcome, "status"), text_of(expect, "status")))
        complain(p, "the status", text_of(outcome, "status"), text_of(expect, "status"));
    if (!asl_text_equal(text_of(outcome, "error"), text_of(expect, "error")))
        complain(p, "the error", text_of(outcome, "error"), text_of(expect, "error"));
    asl_value *states = entered(p, text_of(outcome, "executionArn"));
    expect_equal(p, "the states entered", states, value_get_z(expect, "states"));
    value_release(states);
    value_release(outcome);
}

static void play(struct place *p, const char *calls, const asl_value *expect)
{
    char command[128];
    struct asl_buffer out;
    snprintf(p->work, sizeof p->work, "/tmp/incremental-export-XXXXXX");
    if (!mkdtemp(p->work)) {
        complain(p, "a folder", ASL_TEXT("none"), ASL_TEXT("one"));
        return;
    }
    seed(p, HERE "/seed.json");
    if (calls)
        seed(p, calls);
    check_outcome(p, expect);
    if (value_get_z(expect, "job"))
        check_job(p, value_get_z(expect, "job"));
    check_records(p, value_get_z(expect, "records"));
    asl_buffer_init(&out, 4096);
    snprintf(command, sizeof command, "rm -rf '%s'", p->work);
    run(command, &out);
    asl_buffer_free(&out);
}

static unsigned play_case(struct place *p, const char *name, const char *file)
{
    p->name = name;
    p->failures = 0;
    asl_value *description = read_json(file);
    const asl_value *expect = description ? value_get_z(description, "expect") : NULL;
    if (!description)
        complain(p, file, ASL_TEXT("no JSON"), ASL_TEXT("JSON"));
    else
        play(p, expect ? file : NULL, expect ? expect : description);
    value_release(description);
    printf("%s: %s\n", name, p->failures ? "FAILED" : "ok");
    return p->failures != 0;
}

int main(void)
{
    struct place p = {.stepwell = getenv("STEPWELL")};
    struct dirent **cases;
    time_t now = time(NULL);
    if (!p.stepwell)
        p.stepwell = "build/stepwell";
    format_time(p.last_run, now - 3600);
    format_time(p.minute_ago, now - 60);
    unsigned failed = play_case(&p, "completed", HERE "/expect.json"), played = 1;
    int count = scandir(HERE "/cases", &cases, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (strstr(cases[i]->d_name, ".json")) {
            char file[512];
            snprintf(file, sizeof file, HERE "/cases/%.300s", cases[i]->d_name);
            failed += play_case(&p, cases[i]->d_name, file);
            played++;
        }
        free(cases[i]);
    }
    if (count >= 0)
        free(cases);
    printf("%u passed, %u failed\n", played - failed, failed);
    return failed != 0;
}
