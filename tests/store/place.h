/* A folder of its own for each test, a store in it, and what tests of the store put there. */
#ifndef TESTS_STORE_PLACE_H
#define TESTS_STORE_PLACE_H

#include "store/store.h"

extern char folder[64], path[96]; /* of the present test: its folder, its database */

/* cmocka's setup and teardown */
int make_folder(void **state);
int remove_folder(void **state);
void remove_named(const char *suffix); /* path + suffix */
void remove_database(void);            /* with all that stands beside it */

struct store *open_or_fail(void);
void put_machine(struct store_batch *b, int64_t id, const char *arn);
void commit(struct store *s, struct store_batch *b); /* fails the test unless STORE_OK */

#endif
