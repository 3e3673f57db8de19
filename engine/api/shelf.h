/* Named documents in memory, sorted by name: what the API knows of machines, aliases, activities.
 *
 * A shelf equals one kind of documents of the store, but for what waits for the next commit. All of
 * it is in memory: AWS's own limits (100,000 machines, as many activities) bound it.
 */
#ifndef ENGINE_API_SHELF_H
#define ENGINE_API_SHELF_H

#include "asl/value/value.h"
#include "store/store.h"

struct shelf_item {
    char *key;
    asl_value *document;
};
struct shelf {
    const char *kind; /* of the store's documents */
    struct shelf_item *items;
    size_t count, capacity;
};

/* Reads the store's documents of that kind. False when one does not read back. */
bool shelf_load(struct shelf *s, const char *kind, struct store *store);
void shelf_free(struct shelf *s);
/* NULL: there is none. Borrowed until the next put. */
const asl_value *shelf_get(const struct shelf *s, const char *key);
/* Index of the first item whose key is not before `key`. */
size_t shelf_from(const struct shelf *s, const char *key);
/* In memory only; NULL deletes. Takes the document. */
void shelf_put_take(struct shelf *s, const char *key, asl_value *document);

#endif
