/* Many executions at once, so that turns are filled while others are committed, killed at every
 * named point of that: what was acknowledged is there, what was told to have ended has ended, and
 * after a restart all come to the same end, each once.
 *
 * A child process runs the engine and writes down what it was told, to a file that outlives it; the
 * parent reads the store as the crash left it, then lets another child go on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/run/crash.h"
#include "engine/run/engine.h"

enum { COUNT = 300, AT_ONCE = 48, EVENTS = 10, EXIT_COMPLETE = 9, EXIT_UNTOLD = 10 };

/* A wait, so that an execution passes through several turns. */
static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"W\"},"
    "\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"Next\":"
    "\"C\"},"
    "\"C\":{\"Type\":\"Succeed\"}}}";

static char folder[64], path[96], notes_path[96];

/* ---- the child ---- */

enum { ACKNOWLEDGED = 1, ENDED = 2 };

struct runner {
    struct loop *loop;
    struct engine *engine;
    int64_t machine;
    int notes;
    int next, waiting;
    bool is_first;
    int told; /* by a word */
};

static void note(struct runner *r, int what, int64_t which)
{
    int64_t line[2] = {what, which};
    if (write(r->notes, line, sizeof line) != (ssize_t)sizeof line)
        _exit(1);
}

static void start_more(struct runner *r);

static bool is_over(struct runner *r)
{
    return r->next == COUNT && r->waiting == 0 && engine_running(r->engine) == 0;
}

struct asked {
    struct runner *runner;
    int which;
    bool was_told;
    struct engine_word word;
};

/* By the committing thread: it is durable, although the loop has not heard of that. */
static void tell(struct engine_word *w)
{
    struct asked *a = (struct asked *)((char *)w - offsetof(struct asked, word));
    a->was_told = true;
    note(a->runner, ACKNOWLEDGED, a->which);
}

static struct engine_word *word_of(void *state, const struct engine_started *s)
{
    struct asked *a = state;
    if (s->outcome != ENGINE_OK || !s->arn)
        _exit(1);
    a->word.tell = tell;
    return a->which % 4 ? &a->word : NULL;
}

static void is_started(void *state, const struct engine_started *s)
{
    struct asked *a = state;
    struct runner *r = a->runner;
    bool is_there = s->outcome == ENGINE_ALREADY_EXISTS; /* from before a crash */
    if (s->outcome == ENGINE_OK && !a->was_told)
        note(r, ACKNOWLEDGED, a->which);
    else if (s->outcome != ENGINE_OK && !is_there)
        _exit(1);
    r->told += a->was_told;
    free(a);
    r->waiting--;
    start_more(r);
    if (is_over(r))
        loop_stop(r->loop);
}

static void start_more(struct runner *r)
{
    char name[32];
    while (r->next < COUNT && r->waiting < AT_ONCE) {
        struct asked *a = calloc(1, sizeof *a);
        *a = (struct asked){.runner = r, .which = r->next++};
        snprintf(name, sizeof name, "n-%d", a->which);
        r->waiting++;
        engine_start(r->engine,
                     &(struct engine_start){
                         .machine = r->machine,
                         .name = name,
                         .input = ASL_TEXT("{\"a\":1}"),
                         .word = word_of,
                     },
                     is_started, a);
    }
}

static void has_ended(void *state, int64_t execution, struct store_bytes chunk,
                      enum asl_status status)
{
    struct runner *r = state;
    if (chunk.data)
        return;
    if (status != ASL_SUCCEEDED)
        _exit(1);
    note(r, ENDED, execution);
    if (is_over(r))
        loop_stop(r->loop);
}

static void run_child(const char *crash_at)
{
    struct store_error error;
    struct asl_diagnostics d = {0};
    struct runner r = {.notes = open(notes_path, O_WRONLY | O_CREAT | O_APPEND, 0600),
                       .is_first = access(path, F_OK) != 0};
    if (crash_at)
        setenv("STEPWELL_CRASH_AT", crash_at, 1);
    alarm(60);
    r.loop = loop_new(LOOP_SKIP, 1);
    struct engine_options options = {
        .loop = r.loop,
        .store_path = path,
        .connectors = {.loop = r.loop, .region = "us-east-1", .account = "123456789012"},
    };
    r.engine = engine_open(&options, &error);
    if (!r.engine)
        _exit(1);
    r.machine = engine_put_machine(r.engine, "M", asl_text(definition), false,
                                   "arn:aws:iam::123456789012:role/r", &d);
    engine_watch(r.engine, 0, has_ended, &r);
    start_more(&r);
    if (!is_over(&r))
        loop_run(r.loop);
    engine_close(r.engine);
    loop_free(r.loop);
    close(r.notes);
    exit(!r.is_first || r.told > COUNT / 4 ? EXIT_COMPLETE : EXIT_UNTOLD);
}

/* Its wait status. */
static int run(const char *crash_at)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        run_child(crash_at);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* ---- the parent ---- */

struct seen {
    struct store *store;
    bool there[COUNT], over[4 * COUNT];
    int count, succeeded;
    int64_t next_event;
};

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct seen *seen = state;
    (void)event;
    assert_int_equal(id, seen->next_event);
    seen->next_event++;
    return true;
}

static bool see_chunk(void *state, int64_t first, int64_t count, struct store_bytes chunk)
{
    char message[160];
    struct seen *seen = state;
    assert_int_equal(first, seen->next_event);
    assert_true(asl_history_read(chunk.data, chunk.size, false, see_event, state, message));
    assert_int_equal(seen->next_event, first + count);
    return true;
}

static bool see_execution(void *state, const struct store_execution *x)
{
    struct seen *seen = state;
    int which = -1;
    assert_int_equal(sscanf(x->name, "n-%d", &which), 1);
    assert_in_range(which, 0, COUNT - 1);
    assert_false(seen->there[which]);
    seen->there[which] = true;
    seen->count++;
    seen->next_event = 1;
    store_read_history(seen->store, x->id, 1, false, see_chunk, seen);
    assert_int_equal(seen->next_event, x->last_event + 1);
    if (x->status == ASL_SUCCEEDED) {
        assert_in_range(x->id, 1, 4 * COUNT - 1);
        assert_int_equal(x->last_event, EVENTS);
        seen->over[x->id] = true;
        seen->succeeded++;
    }
    return true;
}

static struct seen look(void)
{
    struct store_error error;
    static struct seen seen;
    seen = (struct seen){.store = store_open_reader(path, &error)};
    if (!seen.store) { /* killed before there was anything */
        assert_int_equal(error.status, STORE_NOT_FOUND);
        return seen;
    }
    store_list_executions(seen.store, NULL, -1, INT64_MAX, SIZE_MAX, see_execution, &seen);
    store_close(seen.store);
    return seen;
}

/* All that was told before the crash holds after it. */
static void check_notes(const struct seen *seen)
{
    int64_t line[2];
    int fd = open(notes_path, O_RDONLY);
    while (fd >= 0 && read(fd, line, sizeof line) == (ssize_t)sizeof line) {
        if (line[0] == ACKNOWLEDGED)
            assert_true(seen->there[line[1]]);
        else
            assert_true(seen->over[line[1]]);
    }
    if (fd >= 0)
        close(fd);
}

static void clear(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; i < 4; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    unlink(notes_path);
}

/* True when it was killed there. */
static bool survives(enum crash_point point, int passing)
{
    char at[64];
    clear();
    snprintf(at, sizeof at, "%s:%d", crash_point_name(point), passing);
    int status = run(at);
    bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(is_killed || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_COMPLETE));
    struct seen seen = look();
    check_notes(&seen);
    status = run(NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_COMPLETE);
    seen = look();
    check_notes(&seen);
    assert_int_equal(seen.count, COUNT);
    assert_int_equal(seen.succeeded, COUNT);
    return is_killed;
}

static void survives_every_point(void **state)
{
    (void)state;
    static const struct {
        enum crash_point point;
        int passings[4];
    } cases[] = {
        {CRASH_TURN_BEGIN, {1, 3, 7}},
        {CRASH_STEPPED, {1, 60, 333}},
        {CRASH_BESIDE_COMMIT, {1, 2, 4}},
        {CRASH_COMMIT_BEFORE, {2, 3, 5}},
        {CRASH_COMMIT_UNTOLD, {2, 3, 4}},
        {CRASH_COMMIT_AFTER, {2, 3, 6}},
        {CRASH_ANSWER, {1, 49, 170}},
        {CRASH_FINISHED, {1, 150, 299}},
        {CRASH_DUE, {1, 100}},
        {CRASH_CLOSE, {1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int killed = 0;
        for (size_t k = 0; k < 4 && cases[i].passings[k]; k++)
            killed += survives(cases[i].point, cases[i].passings[k]);
        print_message("%-16s killed %d runs\n", crash_point_name(cases[i].point), killed);
        assert_true(killed > 0);
    }
}

static void is_the_same_undisturbed(void **state)
{
    (void)state;
    clear();
    int status = run(NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_COMPLETE);
    struct seen seen = look();
    check_notes(&seen);
    assert_int_equal(seen.succeeded, COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_same_undisturbed),
        cmocka_unit_test(survives_every_point),
    };
    strcpy(folder, "/tmp/stepwell-beside-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/t.db", folder);
    snprintf(notes_path, sizeof notes_path, "%s/notes", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    clear();
    rmdir(folder);
    return failed;
}
