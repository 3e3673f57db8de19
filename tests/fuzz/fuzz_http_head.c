/* Request heads of arbitrary bytes: refused with a status and a reason, or read into parts that
 * keep the promises the server relies on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_promises(const struct http_head *head)
{
    if (!head->host || !head->target || head->target[0] != '/' || head->content_length < 0)
        abort();
    if (head->chunked && head->content_length != 0)
        abort();
    for (const char *c = head->target; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
            abort();
    for (size_t i = 0; i < head->headers.count; i++)
        if (strpbrk(head->headers.items[i].value, "\r\n"))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"localhost", "*.localhost", NULL};
    struct http_head head;
    const char *why = NULL;
    int status = http_head_read(&head, (struct asl_text){(const char *)data, size}, &why);
    if (status == 0) {
        check_promises(&head);
        http_head_host_is_allowed(head.host, names);
        http_head_is_foreign(&head);
    } else if (status < 400 || status > 505 || !why)
        abort();
    http_head_free(&head);
    return 0;
}
