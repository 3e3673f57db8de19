/* See place.h. */
#include "tests/store/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/store/fault_vfs.h"

char folder[64], path[96];

int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/stepwell-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.db", folder);
    fault_vfs_arm(FAULT_NONE, 0, 0);
    return 0;
}

void remove_named(const char *suffix)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    unlink(name);
}

void remove_database(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lease", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        remove_named(suffixes[i]);
}

int remove_folder(void **state)
{
    (void)state;
    remove_database();
    return rmdir(folder);
}

struct store *open_or_fail(void)
{
    struct store_error error;
    struct store *s = store_open(path, &error);
    if (!s)
        print_error("%s\n", error.message);
    assert_non_null(s);
    return s;
}

void put_machine(struct store_batch *b, int64_t id, const char *arn)
{
    store_put_machine(b, &(struct store_machine){.id = id,
                                                 .name = "M",
                                                 .arn = arn,
                                                 .role_arn = "arn:aws:iam::1:role/r",
                                                 .created = 1000 + id,
                                                 .definition = {"{}", 2}});
}

void commit(struct store *s, struct store_batch *b)
{
    struct store_error error;
    if (store_commit(s, b, &error) != STORE_OK)
        fail_msg("%s", error.message);
    assert_true(store_batch_is_empty(b));
}
