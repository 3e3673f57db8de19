/* OAuth access tokens of connections, kept while they hold: EventBridge asks for one when a
 * connection is made and renews it, and does not ask before every call. In memory only. */
#ifndef ENGINE_TASK_TOKENS_H
#define ENGINE_TASK_TOKENS_H

#include "asl/value/value.h"

struct tokens;

struct tokens *tokens_open(void);
void tokens_close(struct tokens *t); /* NULL is fine */

/* The token of a connection (known by its address); NULL: none, or it ends within the minute. `t`
 * may be NULL: nothing is kept. */
const char *tokens_find(const struct tokens *t, const asl_value *connection, int64_t now_ms);
/* Keeps it for `seconds`, in place of another. */
void tokens_keep(struct tokens *t, const asl_value *connection, struct asl_text token,
                 int64_t now_ms, int64_t seconds);
/* It was refused. */
void tokens_drop(struct tokens *t, const asl_value *connection);

#endif
