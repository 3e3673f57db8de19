/* Access tokens: as many as there are OAuth connections, so a list does. */
#include "tokens.h"

#include <stdlib.h>
#include <string.h>

#define MARGIN_MS 60000       /* it must hold for the call, too: an HTTP Task's longest */
#define LONGEST   (24 * 3600) /* seconds; whatever the server promises */

struct kept {
    const asl_value *connection;
    char *token;
    int64_t until_ms;
};

struct tokens {
    struct kept *items;
    size_t count;
};

struct tokens *tokens_open(void)
{
    return asl_allocate_zeroed(1, sizeof(struct tokens));
}

static void forget(struct kept *k)
{
    if (k->token)
        explicit_bzero(k->token, strlen(k->token));
    free(k->token);
    k->token = NULL;
}

void tokens_close(struct tokens *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        forget(&t->items[i]);
    free(t->items);
    free(t);
}

static struct kept *find(const struct tokens *t, const asl_value *connection)
{
    for (size_t i = 0; t && i < t->count; i++)
        if (t->items[i].connection == connection)
            return &t->items[i];
    return NULL;
}

const char *tokens_find(const struct tokens *t, const asl_value *connection, int64_t now_ms)
{
    const struct kept *k = find(t, connection);
    return k && k->until_ms - MARGIN_MS > now_ms ? k->token : NULL;
}

void tokens_keep(struct tokens *t, const asl_value *connection, struct asl_text token,
                 int64_t now_ms, int64_t seconds)
{
    struct kept *k = find(t, connection);
    if (!t || seconds <= 0)
        return;
    if (!k) {
        t->items = asl_reallocate(t->items, (t->count + 1) * sizeof *t->items);
        k = &t->items[t->count++];
        *k = (struct kept){.connection = connection};
    }
    forget(k);
    k->token = asl_copy_text(token);
    k->until_ms = now_ms + 1000 * (seconds < LONGEST ? seconds : LONGEST);
}

void tokens_drop(struct tokens *t, const asl_value *connection)
{
    struct kept *k = find(t, connection);
    if (k)
        forget(k);
}
