/* Pages: maxResults and nextToken. A token is the place behind which the next page begins, said in
 * base64 with the operation it belongs to; its maker is told by nothing else, so whatever does not
 * read as one is refused, and a place that is gone meanwhile is still a place. */
#include "engine/api/internal.h"

#include <stdio.h>
#include <string.h>

#include "engine/aws/protocol.h"

#define VERSION '1'

size_t page_size(const struct api_call *call)
{
    int64_t size = api_integer(call, "maxResults", 0);
    return size > 0 ? (size_t)size : API_PAGE_DEFAULT;
}

static void sign(const struct api_call *call, char out[64])
{
    snprintf(out, 64, "%c%s:", VERSION, call->operation->name);
}

bool page_begin(struct api_call *call, char after[API_ARN_BYTES])
{
    struct asl_text token = api_text(call, "nextToken");
    struct asl_buffer place;
    char own[64];
    after[0] = '\0';
    if (!token.data)
        return true;
    sign(call, own);
    asl_buffer_init(&place, API_ARN_BYTES);
    bool fine = protocol_base64_decode(token, &place) &&
                asl_text_starts(asl_buffer_text(&place), own) &&
                !memchr(place.data, '\0', place.size);
    if (fine)
        snprintf(after, API_ARN_BYTES, "%s", place.data + strlen(own));
    else
        api_fail(call, "InvalidToken", "Invalid Token: 'Invalid token'");
    asl_buffer_free(&place);
    return fine;
}

void page_set_next(const struct api_call *call, struct value_list *out, const char *after)
{
    struct asl_buffer place, token;
    char own[64];
    sign(call, own);
    asl_buffer_init(&place, API_ARN_BYTES + 64);
    asl_buffer_init(&token, 2 * API_ARN_BYTES + 128);
    asl_buffer_printf(&place, "%s%s", own, after);
    protocol_base64_encode(asl_buffer_text(&place), &token);
    value_list_set_take(out, "nextToken", value_string(asl_buffer_text(&token)));
    asl_buffer_free(&token);
    asl_buffer_free(&place);
}
