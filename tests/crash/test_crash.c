/* The incremental export, killed (kill -9) at every named crash point and at random moments,
 * restarted each time: it must come to the same end. CRASH_RUNS=500 random kills make it a
 * campaign.
 *
 * What must hold afterwards, against a run that nobody disturbed: the same states in the same
 * order, the same job item, exactly one export with the same records; history ids without a gap or
 * repeat, times that never run back, every task with one outcome; each Wait over at its first due
 * moment.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "asl/value/value.h"
#include "engine/run/crash.h"

#define HERE  "definitions/incremental-export"
#define TABLE "arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog"
enum { ATTEMPTS = 30, ATTEMPT_SECONDS = 120, COMMAND_BYTES = 4096, WAIT_SECONDS = 60 };

static const char *stepwell;
static char work[64];  /* of the whole test */
static char place[96]; /* of one case */
static asl_value *reference;
static double reference_ms;
/* real ones: skipped time passes by them too, on a stalled machine by many */
static double case_seconds;
static unsigned passed, failed;

/* What is done to a run: kills, in the order of its starts. */
struct kill {
    char point[40];  /* "commit.after:3", or empty */
    double after_ms; /* without a point: that long after the start */
};
struct plan {
    struct kill kills[4];
    size_t count;
    char name[160];
};

/* ---- commands ---- */

static int shell(const char *command, struct asl_buffer *out)
{
    char piece[4096];
    size_t size;
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return -1;
    while ((size = fread(piece, 1, sizeof piece, pipe)) > 0)
        if (out)
            asl_buffer_put(out, piece, size);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static asl_value *shell_json(const char *format, const char *rest)
{
    char command[COMMAND_BYTES];
    struct asl_buffer out;
    struct value_error error;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    snprintf(command, sizeof command, format, stepwell, place, rest);
    shell(command, &out);
    asl_value *v = value_parse(asl_buffer_text(&out), 0, 0, &error);
    asl_buffer_free(&out);
    return v ? v : value_null();
}

static bool has_begun(void)
{
    asl_value *all = shell_json("'%s' list --json --db '%s/db' 2>/dev/null%s", "");
    bool begun = value_count(all) > 0;
    value_release(all);
    return begun;
}

static void exec_stepwell(bool resumes)
{
    char db[128], data[128], input[128];
    snprintf(db, sizeof db, "%s/db", place);
    snprintf(data, sizeof data, "%s/data", place);
    snprintf(input, sizeof input, "@%s/input.json", HERE);
    int log = open("/dev/null", O_WRONLY);
    alarm(ATTEMPT_SECONDS); /* survives exec: one that hangs is no pass */
    dup2(log, 1);
    dup2(log, 2);
    if (resumes)
        execl(stepwell, stepwell, "resume", "one", "--db", db, "--data", data, "--time", "skip",
              (char *)NULL);
    else
        execl(stepwell, stepwell, "run", HERE "/machine.asl.json", "--input", input, "--name",
              "one", "--db", db, "--data", data, "--time", "skip", "--var", "JobTable=JobExport",
              "--var", "Bucket=exports", "--var", "TableArn=" TABLE, (char *)NULL);
    _exit(127);
}

static void sleep_ms(double ms)
{
    struct timespec t = {(time_t)(ms / 1000),
                         (long)((ms - 1000 * (double)(long)(ms / 1000)) * 1e6)};
    nanosleep(&t, NULL);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* Starts or resumes it, kills it as asked; its wait status. */
static int attempt(const struct kill *kill_it, bool resumes)
{
    pid_t child = fork();
    if (child == 0) {
        if (kill_it && kill_it->point[0])
            setenv("STEPWELL_CRASH_AT", kill_it->point, 1);
        exec_stepwell(resumes);
    }
    if (kill_it && !kill_it->point[0]) {
        sleep_ms(kill_it->after_ms);
        kill(child, SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

/* Until it has ended by itself; how often it was killed, or -1 when it never ends well. */
static int run_to_its_end(const struct plan *plan)
{
    int killed = 0;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        const struct kill *kill_it = plan && i < plan->count ? &plan->kills[i] : NULL;
        int status = attempt(kill_it, i > 0 && has_begun());
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
            killed++;
        else if (WIFSIGNALED(status))
            return -1;
        else if (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2)
            return killed; /* 2: `resume` says that it has ended; the checks tell how */
        else
            return -1;
    }
    return -1;
}

/* ---- what came of it ---- */

static asl_value *job_item(void)
{
    asl_value *answer =
        shell_json("'%s' local --data '%s/data' dynamodb GetItem '%s' 2>/dev/null",
                   "{\"TableName\":\"JobExport\",\"Key\":{\"id\":{\"S\":\"RUN\"}}}");
    const asl_value *item = value_get_z(answer, "Item");
    asl_value *job = item ? value_retain(item) : value_null();
    value_release(answer);
    return job;
}

static int64_t exports(void)
{
    asl_value *answer =
        shell_json("'%s' local --data '%s/data' dynamodb ListExports '%s' 2>/dev/null", "{}");
    int64_t count = (int64_t)value_count(value_get_z(answer, "ExportSummaries"));
    value_release(answer);
    return count;
}

static asl_value *records(void)
{
    char command[COMMAND_BYTES];
    struct asl_buffer out;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    snprintf(command, sizeof command,
             "find '%s/data/s3/exports' -name '*.json.gz' -exec zcat {} + | sort", place);
    shell(command, &out);
    asl_value *v = value_string(asl_buffer_text(&out));
    asl_buffer_free(&out);
    return v;
}

/* The names of the states entered, in order. */
static asl_value *entered(const asl_value *events)
{
    struct value_list names;
    value_list_init(&names);
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *details = value_get_z(value_at(events, i), "stateEnteredEventDetails");
        if (details)
            value_list_push_take(&names, value_retain(value_get_z(details, "name")));
    }
    return value_array_take(&names);
}

static asl_value *member_or_null(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v ? value_retain(v) : value_null();
}

/* Everything that must be the same, whatever was done to the run. */
static asl_value *outcome(const asl_value *events)
{
    struct value_list members;
    asl_value *show = shell_json("'%s' show --json --db '%s/db' one 2>/dev/null%s", "");
    asl_value *job = job_item();
    value_list_init(&members);
    value_list_set_take(&members, "status", member_or_null(show, "status"));
    value_list_set_take(&members, "entered", entered(events));
    value_list_set_take(&members, "job", member_or_null(job, "runStatus"));
    value_list_set_take(&members, "job moved on",
                        value_boolean(value_get_z(job, "lastRunTime") &&
                                      value_equal(value_get_z(job, "lastRunTime"),
                                                  value_get_z(job, "triggeredTime"))));
    value_list_set_take(&members, "exports", value_integer(exports()));
    value_list_set_take(&members, "records", records());
    value_release(show);
    value_release(job);
    return value_object_take(&members);
}

/* ---- what must hold within a history ---- */

static bool is_type(const asl_value *event, const char *end)
{
    return asl_text_ends(value_as_text(value_get_z(event, "type")), end);
}

/* An event's time in ms: a number of seconds, or text as the AWS CLI prints it. */
static double seconds_of(const asl_value *event)
{
    const asl_value *at = value_get_z(event, "timestamp");
    if (at && value_kind(at) == VALUE_NUMBER)
        return value_as_double(at);
    struct tm t = {0};
    char text[64];
    snprintf(text, sizeof text, "%.*s", ASL_TEXT_ARGS(value_as_text(at)));
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    return (double)timegm(&t) + (rest && *rest == '.' ? strtod(rest, NULL) : 0);
}

static const char *check_task(const asl_value *events, size_t from)
{
    int outcomes = 0;
    for (size_t i = from + 1; i < value_count(events) && !is_type(value_at(events, i), "Scheduled");
         i++)
        outcomes += is_type(value_at(events, i), "TaskSucceeded") ||
                    is_type(value_at(events, i), "TaskFailed") ||
                    is_type(value_at(events, i), "TaskTimedOut");
    return outcomes == 1 ? NULL : "a task has not exactly one outcome";
}

static const char *check_wait(const asl_value *events, size_t from)
{
    if (from + 1 >= value_count(events))
        return "a Wait was never over";
    double waited = seconds_of(value_at(events, from + 1)) - seconds_of(value_at(events, from));
    return waited > WAIT_SECONDS - 0.01 && waited < WAIT_SECONDS + 2 + case_seconds
               ? NULL
               : "a Wait was not over at its first due moment";
}

static const char *check_history(const asl_value *events)
{
    int64_t id, previous;
    double last = 0;
    size_t ends = 0;
    const char *wrong = NULL;
    for (size_t i = 0; i < value_count(events) && !wrong; i++) {
        const asl_value *event = value_at(events, i);
        if (!value_get_z(event, "id") || !value_as_integer(value_get_z(event, "id"), &id) ||
            id != (int64_t)i + 1)
            return "ids have a gap or a repeat";
        if (value_get_z(event, "previousEventId") &&
            (!value_as_integer(value_get_z(event, "previousEventId"), &previous) || previous >= id))
            return "a previousEventId does not come before its event";
        if (seconds_of(event) < last)
            return "time runs back";
        last = seconds_of(event);
        ends += is_type(event, "ExecutionSucceeded");
        if (is_type(event, "TaskScheduled"))
            wrong = check_task(events, i);
        else if (is_type(event, "WaitStateEntered"))
            wrong = check_wait(events, i);
    }
    return wrong ? wrong : ends == 1 ? NULL : "it has not exactly one end";
}

/* ---- cases ---- */

static void complain(const struct plan *plan, const char *what, const asl_value *got)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (got)
        value_print(got, &text);
    printf("FAILED %s: %s\n  %.*s\n", plan->name, what, ASL_TEXT_ARGS(asl_buffer_text(&text)));
    fflush(stdout);
    asl_buffer_free(&text);
    failed++;
}

static void new_place(void)
{
    char command[COMMAND_BYTES];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir '%s' && cp -r '%s/seeded' '%s/data'",
             place, place, work, place);
    if (shell(command, NULL) != 0) {
        printf("cannot make a folder under %s\n", work);
        exit(1);
    }
}

static asl_value *read_history(asl_value **events)
{
    asl_value *history = shell_json("'%s' history --json --db '%s/db' one 2>/dev/null%s", "");
    *events = member_or_null(history, "events");
    return history;
}

/* How often it was killed. */
static int run_case(const struct plan *plan)
{
    new_place();
    double begin = now_ms();
    int killed = run_to_its_end(plan);
    case_seconds = (now_ms() - begin) / 1000;
    asl_value *events, *history = read_history(&events);
    asl_value *got = outcome(events);
    const char *wrong = check_history(events);
    if (killed < 0)
        complain(plan, "it did not come to its end", got);
    else if (wrong)
        complain(plan, wrong, events);
    else if (!value_equal(got, reference))
        complain(plan, "it came to another end", got);
    else
        passed++;
    value_release(got);
    value_release(events);
    value_release(history);
    return killed;
}

static void make_reference(void)
{
    static const struct plan nothing = {.name = "undisturbed"};
    int killed = 0;
    /* the quickest counts: kills should meet it alive */
    for (int i = 0; i < 3 && killed == 0; i++) {
        new_place();
        double begin = now_ms();
        killed = run_to_its_end(NULL);
        double ms = now_ms() - begin;
        case_seconds = ms / 1000;
        if (i == 0 || ms < reference_ms)
            reference_ms = ms;
    }
    asl_value *events, *history = read_history(&events);
    const char *wrong = check_history(events);
    reference = outcome(events);
    if (killed != 0 || wrong ||
        !asl_text_is(value_as_text(value_get_z(reference, "status")), "SUCCEEDED"))
        complain(&nothing, wrong ? wrong : "it does not even succeed undisturbed", reference);
    else
        passed++;
    value_release(events);
    value_release(history);
}

/* Each point: alone at some of its passings, and in a run that was killed before. */
static void kill_at_points(void)
{
    static const int passings[] = {1, 2, 5, 11};
    for (int point = 0; point < CRASH_POINTS; point++) {
        int killed = 0;
        if (point == CRASH_BESIDE_COMMIT)
            continue; /* takes many executions at once: tests/engine/test_beside.c */
        for (size_t i = 0; i < sizeof passings / sizeof *passings; i++) {
            struct plan plan = {.count = 1};
            snprintf(plan.kills[0].point, sizeof plan.kills[0].point, "%s:%d",
                     crash_point_name((enum crash_point)point), passings[i]);
            snprintf(plan.name, sizeof plan.name, "%s", plan.kills[0].point);
            killed += run_case(&plan) > 0;
        }
        struct plan second = {.count = 2, .kills = {{.point = "task.sent:3"}}};
        snprintf(second.kills[1].point, sizeof second.kills[1].point, "%s",
                 crash_point_name((enum crash_point)point));
        snprintf(second.name, sizeof second.name, "task.sent:3, then %s", second.kills[1].point);
        killed += run_case(&second) > 1;
        printf("%-16s killed %d runs\n", crash_point_name((enum crash_point)point), killed);
        if (killed == 0) {
            printf("FAILED %s: no run passes it\n", crash_point_name((enum crash_point)point));
            failed++;
        }
    }
}

/* So often that it was killed `times` times: a kill that came too late does not count. */
static void kill_at_random(long times)
{
    long killed = 0, runs = 0;
    for (; killed < times && runs < 10 * times; runs++) {
        struct plan plan = {.count = 1 + (size_t)(rand() % 3)};
        int size = snprintf(plan.name, sizeof plan.name, "run %ld, killed after", runs);
        for (size_t k = 0; k < plan.count; k++) {
            plan.kills[k].after_ms = reference_ms * rand() / RAND_MAX;
            size += snprintf(plan.name + size, sizeof plan.name - (size_t)size, " %.2f",
                             plan.kills[k].after_ms);
        }
        int count = run_case(&plan);
        killed += count > 0 ? count : 0;
    }
    printf("%-16s killed %ld times in %ld runs\n", "random moments", killed, runs);
}

static void seed(void)
{
    char command[COMMAND_BYTES], last_run[40];
    time_t hour_ago = time(NULL) - 3600;
    struct tm utc;
    gmtime_r(&hour_ago, &utc);
    strftime(last_run, sizeof last_run, "%Y-%m-%dT%H:%M:%S.000Z", &utc);
    snprintf(command, sizeof command,
             "'%s' local --data '%s/seeded' --file " HERE
             "/seed.json --var LastRunTime=%s >/dev/null",
             stepwell, work, last_run);
    if (shell(command, NULL) != 0) {
        printf("the tables cannot be seeded\n");
        exit(1);
    }
}

int main(void)
{
    const char *runs = getenv("CRASH_RUNS"), *start = getenv("CRASH_SEED");
    char command[COMMAND_BYTES];
    stepwell = getenv("STEPWELL") ? getenv("STEPWELL") : "build/stepwell";
    if (access(stepwell, X_OK) != 0) {
        printf("skipped: %s is not built\n0 passed, 0 failed, 1 skipped\n", stepwell);
        return 0;
    }
    strcpy(work, "/tmp/stepwell-crash-XXXXXX");
    if (!mkdtemp(work))
        return 1;
    snprintf(place, sizeof place, "%s/case", work);
    unsigned number = start ? (unsigned)strtoul(start, NULL, 10) : (unsigned)time(NULL);
    srand(number);
    printf("CRASH_SEED=%u\n", number);
    seed();
    make_reference();
    if (failed == 0) {
        kill_at_points();
        kill_at_random(runs ? strtol(runs, NULL, 10) : 20);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", work);
    shell(command, NULL);
    value_release(reference);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
