/* The error codes that AWS's SDKs know as throttling, transient, expired or skewed: one table. */
#include "retry.h"

#include <string.h>

/* The SDK reference guide's "retry behavior": exponential with full jitter, 20 s at most. */
#define BASE_MS           100
#define THROTTLED_BASE_MS 1000
#define LONGEST_MS        20000

static const struct {
    const char *code;
    enum retry_kind kind;
} codes[] = {
    {"BandwidthLimitExceeded", RETRY_THROTTLED},
    {"EC2ThrottledException", RETRY_THROTTLED},
    {"LimitExceededException", RETRY_THROTTLED},
    {"PriorRequestNotComplete", RETRY_THROTTLED},
    {"ProvisionedThroughputExceededException", RETRY_THROTTLED},
    {"RequestLimitExceeded", RETRY_THROTTLED},
    {"RequestThrottled", RETRY_THROTTLED},
    {"RequestThrottledException", RETRY_THROTTLED},
    {"SlowDown", RETRY_THROTTLED},
    {"ThrottledException", RETRY_THROTTLED},
    {"Throttling", RETRY_THROTTLED},
    {"ThrottlingException", RETRY_THROTTLED},
    {"TooManyRequestsException", RETRY_THROTTLED},
    {"TransactionInProgressException", RETRY_THROTTLED},
    {"InternalError", RETRY_TRANSIENT},
    {"RequestTimeout", RETRY_TRANSIENT},
    {"RequestTimeoutException", RETRY_TRANSIENT},
    {"ExpiredToken", RETRY_EXPIRED},
    {"ExpiredTokenException", RETRY_EXPIRED},
    /* these three only where the answer's Date is far from ours: aws.c looks */
    {"AuthFailure", RETRY_SKEWED},
    {"InvalidSignatureException", RETRY_SKEWED},
    {"SignatureDoesNotMatch", RETRY_SKEWED},
    {"ClockSkewException", RETRY_SKEWED},
    {"RequestExpired", RETRY_SKEWED},
    {"RequestInTheFuture", RETRY_SKEWED},
    {"RequestTimeTooSkewed", RETRY_SKEWED},
};

enum retry_kind retry_of_answer(int status, const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].kind;
    if (status == 429)
        return RETRY_THROTTLED;
    return status == 500 || (status >= 502 && status <= 504) ? RETRY_TRANSIENT : RETRY_NO;
}

enum retry_kind retry_of_failure(enum http_failure failure)
{
    switch (failure) {
    case HTTP_UNRESOLVED:
    case HTTP_REFUSED:
    case HTTP_TIMED_OUT:
    case HTTP_CUT_OFF:
        return RETRY_TRANSIENT;
    case HTTP_DONE:
    case HTTP_TLS:
    case HTTP_TOO_LARGE:
    case HTTP_MALFORMED:
    case HTTP_BAD_URL:
    case HTTP_FORBIDDEN:
    case HTTP_CANCELLED:
        break;
    }
    return RETRY_NO;
}

int64_t retry_delay_ms(enum retry_kind kind, size_t next, uint64_t random)
{
    int64_t longest = kind == RETRY_THROTTLED ? THROTTLED_BASE_MS : BASE_MS;
    if (kind == RETRY_EXPIRED || kind == RETRY_SKEWED)
        return 0;
    for (size_t i = 2; i < next && longest < LONGEST_MS; i++)
        longest *= 2;
    if (longest > LONGEST_MS)
        longest = LONGEST_MS;
    return (int64_t)(random % (uint64_t)(longest + 1));
}
