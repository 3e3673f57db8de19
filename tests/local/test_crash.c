/* kill -9 in the middle of writing, again and again: whatever was acknowledged is there afterwards,
 * an object is whole or absent, and the change log tells of every item once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/local/local.h"
#include "engine/local/service.h"

#define ROUNDS 25
#define TABLE_BODY                                                                                 \
    "{\"TableName\":\"Crash\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":"       \
    "[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":"      \
    "\"id\","                                                                                      \
    "\"KeyType\":\"HASH\"}]}"

static int64_t clock_of(void *state)
{
    struct timespec t;
    (void)state;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct local *open_local(const char *folder)
{
    char message[512] = "";
    struct local_options options = {.directory = folder, .now = clock_of};
    struct local *l = local_new(&options, message);
    if (!l)
        fprintf(stderr, "%s\n", message);
    return l;
}

/* The status; the body in `out` when it is not NULL. */
static int call(struct local *l, const char *service, const char *operation, const char *body,
                char out[256])
{
    struct local_answer answer;
    local_answer_init(&answer);
    local_request(l, service, operation, asl_text(body), &answer);
    int status = answer.status;
    if (out)
        snprintf(out, 256, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&answer.body)));
    local_answer_free(&answer);
    return status;
}

/* Writes item and object number `i` on, and says each number once both are acknowledged. */
static void write_until_killed(const char *folder, int64_t i, int say)
{
    char body[256];
    struct local *l = open_local(folder);
    for (; l; i++) {
        snprintf(body, sizeof body, "{\"TableName\":\"Crash\",\"Item\":{\"id\":{\"S\":\"k%lld\"}}}",
                 (long long)i);
        if (call(l, "dynamodb", "PutItem", body, NULL) != 200)
            _exit(1);
        snprintf(body, sizeof body,
                 "{\"Bucket\":\"crash\",\"Key\":\"o/%lld\",\"Body\":\"body %lld\"}", (long long)i,
                 (long long)i);
        if (call(l, "s3", "PutObject", body, NULL) != 200)
            _exit(1);
        if (write(say, &i, sizeof i) != sizeof i)
            _exit(1);
    }
    _exit(1);
}

static int64_t crash_once(const char *folder, int64_t from, bool in_the_midst)
{
    int pipes[2];
    int64_t last = from - 1;
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(folder, from, pipes[1]);
    close(pipes[1]);
    /* Every other time in the midst of work, otherwise wherever it is: opening, the first call. */
    if (in_the_midst)
        assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
    struct timespec moment = {.tv_nsec = (1 + rand() % 50) * 1000000L};
    nanosleep(&moment, NULL);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status)); /* it did not end by itself */
    while (read(pipes[0], &last, sizeof last) == sizeof last)
        ;
    close(pipes[0]);
    return last;
}

static void check(const char *folder, int64_t last)
{
    char body[256], out[256], wanted[64];
    struct local *l = open_local(folder);
    assert_non_null(l);
    for (int64_t i = 0; i <= last; i++) {
        snprintf(body, sizeof body, "{\"TableName\":\"Crash\",\"Key\":{\"id\":{\"S\":\"k%lld\"}}}",
                 (long long)i);
        assert_int_equal(call(l, "dynamodb", "GetItem", body, out), 200);
        assert_non_null(strstr(out, "Item"));
        snprintf(body, sizeof body, "{\"Bucket\":\"crash\",\"Key\":\"o/%lld\"}", (long long)i);
        snprintf(wanted, sizeof wanted, "body %lld", (long long)i);
        assert_int_equal(call(l, "s3", "GetObject", body, out), 200);
        assert_string_equal(out, wanted);
    }
    int64_t items = 0, changes = 0;
    sqlite3_stmt *s = database_query(l->database,
                                     "SELECT (SELECT COUNT(*) FROM ddb_item), (SELECT "
                                     "COUNT(*) FROM ddb_change WHERE old IS NULL)",
                                     "");
    while (database_step(l->database, s)) {
        items = sqlite3_column_int64(s, 0);
        changes = sqlite3_column_int64(s, 1);
    }
    assert_int_equal(items, changes);
    assert_true(items >= last + 1 && items <= last + 2); /* at most one was under way */
    local_free(l);
}

static void acknowledged_writes_survive_kill_9(void **state)
{
    (void)state;
    char folder[] = "/tmp/stand-in-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    struct local *l = open_local(folder);
    assert_non_null(l);
    assert_int_equal(call(l, "dynamodb", "CreateTable", TABLE_BODY, NULL), 200);
    assert_int_equal(call(l, "dynamodb", "UpdateContinuousBackups",
                          "{\"TableName\":\"Crash\",\"PointInTimeRecoverySpecification\":"
                          "{\"PointInTimeRecoveryEnabled\":true}}",
                          NULL),
                     200);
    assert_int_equal(call(l, "s3", "CreateBucket", "{\"Bucket\":\"crash\"}", NULL), 200);
    local_free(l);
    srand(20260101);
    int64_t last = -1;
    for (int round = 0; round < ROUNDS; round++) {
        last = crash_once(folder, last + 1, round % 2);
        check(folder, last);
    }
    assert_true(last + 1 >= ROUNDS / 2); /* every other round waits until something is written */
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(acknowledged_writes_survive_kill_9)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
