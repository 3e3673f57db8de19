/* Stores of before kept what the API knows by names; since then it is kept by ARNs. An old store is
 * taken over once, as of the region and account that the server has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/api/api.h"
#include "store/store.h"

#define HERE "arn:aws:states:eu-west-1:111111111111:"

static char folder[] = "/tmp/stepwell-keys-XXXXXX", path[64];
static struct loop *loop;

static const struct {
    const char *kind, *old, *now;
} documents[] = {
    {"activity", "work", HERE "activity:work"},
    {"activity", "a.second", HERE "activity:a.second"},
    {"alias", "m:live", HERE "stateMachine:m:live"},
    {"machine", "m", HERE "stateMachine:m"},
    {"version", "m:00000001", HERE "stateMachine:m:00000001"},
};
#define DOCUMENTS (sizeof documents / sizeof *documents)

static int begin(void **state)
{
    struct store_error error;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/old.db", folder);
    struct store *s = store_open(path, &error);
    struct store_batch *b = store_batch_new();
    assert_non_null(s);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        char text[64];
        int size = snprintf(text, sizeof text, "{\"is\":%zu}", i);
        store_put_document(b, documents[i].kind, documents[i].old,
                           (struct store_bytes){text, (size_t)size});
    }
    assert_int_equal(store_commit(s, b, &error), STORE_OK);
    store_batch_free(b);
    store_close(s);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease"};
    for (size_t i = 0; i < 4; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(folder);
}

static void committed(void *state, enum engine_outcome outcome)
{
    (void)state, (void)outcome;
    loop_stop(loop);
}

static void serve_once(void)
{
    struct store_error error;
    char message[512];
    struct catalogue *catalogue = catalogue_new();
    loop = loop_new(LOOP_REAL, 1);
    const struct engine_options options = {
        .loop = loop,
        .store_path = path,
        .connectors = {.loop = loop, .region = "eu-west-1", .account = "111111111111"},
    };
    struct engine *e = engine_open(&options, &error);
    assert_non_null(e);
    const struct api_options own = {.engine = e, .catalogue = catalogue, .without_schedules = true};
    struct api *a = api_new(&own, message);
    assert_non_null(a);
    engine_after_commit(e, NULL, committed, NULL);
    loop_run(loop);
    engine_close(e);
    api_free(a);
    catalogue_free(catalogue);
    loop_free(loop);
}

static bool take(void *state, const char *key, struct store_bytes value)
{
    (void)key;
    snprintf(state, 64, "%.*s", (int)value.size, (const char *)value.data);
    return false;
}

static bool count(void *state, const char *key, struct store_bytes value)
{
    (void)value;
    assert_int_equal(strncmp(key, HERE, strlen(HERE)), 0);
    ++*(size_t *)state;
    return true;
}

static void names_become_arns(void **state)
{
    static const char *const kinds[] = {"activity", "alias", "machine", "version"};
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct store_error error;
        size_t seen = 0;
        serve_once();
        struct store *s = store_open_reader(path, &error);
        assert_non_null(s);
        for (size_t i = 0; i < DOCUMENTS; i++) {
            char given[64] = "", expected[64];
            snprintf(expected, sizeof expected, "{\"is\":%zu}", i);
            store_get_document(s, documents[i].kind, documents[i].now, take, given);
            assert_string_equal(given, expected);
        }
        for (size_t i = 0; i < 4; i++)
            store_each_document(s, kinds[i], NULL, SIZE_MAX, count, &seen);
        assert_int_equal(seen, DOCUMENTS);
        store_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_become_arns)};
    return cmocka_run_group_tests_name("old keys", tests, begin, end);
}
