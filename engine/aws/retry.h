/* Whether and when an SDK would try again: AWS's "standard" retry mode. */
#ifndef ENGINE_AWS_RETRY_H
#define ENGINE_AWS_RETRY_H

#include "engine/loop/http_out.h"
#include "message.h"

enum retry_kind {
    RETRY_NO,
    RETRY_TRANSIENT, /* 5xx, a connection that broke */
    RETRY_THROTTLED, /* asked to slow down */
    RETRY_EXPIRED,   /* the credentials were not taken: once, with fresh ones */
    RETRY_SKEWED,    /* our clock is off: once, with theirs */
};

/* Of an answer with status and code; or of a failure on the wire. */
enum retry_kind retry_of_answer(int status, const char *code);
enum retry_kind retry_of_failure(enum http_failure failure);
/* Milliseconds to wait before attempt `next` (2 for the first retry); `random` is any 64 bits. */
int64_t retry_delay_ms(enum retry_kind kind, size_t next, uint64_t random);

#endif
