/* Pages: maxResults and nextToken. A token is the place behind which the next page begins, said in
 * base64 with when it was given and a check of what was asked: it serves for a day, the same
 * question
 * ("keep all other arguments unchanged"), and as it was given. How many a page holds may change,
 * and a place that is gone meanwhile is still a place. */
#include "engine/api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "engine/aws/sigv4.h"

#define VERSION    '2'
#define LIFE_MS    ((int64_t)24 * 3600 * 1000)
#define SEAL_BYTES 128 /* version, time, hash and a colon each */

size_t page_size(const struct api_call *call)
{
    int64_t size = api_integer(call, "maxResults", 0);
    return size > 0 ? (size_t)size : API_PAGE_DEFAULT;
}

/* What goes before the place: when, and the hash of when, the question and the place. */
static void seal(const struct api_call *call, int64_t at, const char *place, char out[SEAL_BYTES])
{
    static const char *const asked[] = {"stateMachineArn", "mapRunArn",     "executionArn",
                                        "statusFilter",    "redriveFilter", "reverseOrder"};
    struct asl_buffer text;
    char hex[65];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&text, "%" PRId64 "\n%s\n%s\n%s\n", at, call->operation->name,
                      call->scope.region, call->scope.account);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const asl_value *v = api_get(call->in, asked[i]);
        if (v)
            value_print(v, &text);
        asl_buffer_putc(&text, '\n');
    }
    asl_buffer_printf(&text, "%s", place);
    sigv4_hash(asl_buffer_text(&text), hex);
    asl_buffer_free(&text);
    snprintf(out, SEAL_BYTES, "%c%" PRId64 ":%s:", VERSION, at, hex);
}

static bool is_ours(const struct api_call *call, const char *token, const char **place)
{
    char own[SEAL_BYTES];
    const char *colon = strchr(token, ':'), *end = colon ? strchr(colon + 1, ':') : NULL;
    if (token[0] != VERSION || !end)
        return false;
    int64_t at = strtoll(token + 1, NULL, 10), age = api_now(call) - at;
    *place = end + 1;
    seal(call, at, *place, own);
    return strncmp(token, own, strlen(own)) == 0 && age <= LIFE_MS;
}

bool page_begin(struct api_call *call, char after[API_ARN_BYTES])
{
    struct asl_text token = api_text(call, "nextToken");
    struct asl_buffer text;
    const char *place;
    after[0] = '\0';
    if (!token.data)
        return true;
    asl_buffer_init(&text, API_ARN_BYTES + SEAL_BYTES);
    bool fine = protocol_base64_decode(token, &text) && text.size > 0 &&
                !memchr(text.data, '\0', text.size) && is_ours(call, text.data, &place);
    if (fine)
        snprintf(after, API_ARN_BYTES, "%s", place);
    else
        api_fail(call, "InvalidToken", "Invalid Token: 'Invalid token'");
    asl_buffer_free(&text);
    return fine;
}

void page_set_next(const struct api_call *call, struct value_list *out, const char *after)
{
    struct asl_buffer place, token;
    char own[SEAL_BYTES];
    seal(call, api_now(call), after, own);
    asl_buffer_init(&place, API_ARN_BYTES + SEAL_BYTES);
    asl_buffer_init(&token, 2 * (API_ARN_BYTES + SEAL_BYTES));
    asl_buffer_printf(&place, "%s%s", own, after);
    protocol_base64_encode(asl_buffer_text(&place), &token);
    value_list_set_take(out, "nextToken", value_string(asl_buffer_text(&token)));
    asl_buffer_free(&token);
    asl_buffer_free(&place);
}
