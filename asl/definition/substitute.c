/* Filling ${Name}; see substitute.h. */
#include "substitute.h"

#include <string.h>

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == ':' || c == '-';
}

/* The value as it stands within a JSON string. */
static void put_escaped(struct asl_buffer *out, struct asl_text value)
{
    struct asl_buffer quoted;
    asl_buffer_init(&quoted, ASL_BUFFER_MAXIMUM);
    value_print_string(value, &quoted);
    asl_buffer_put(out, quoted.data + 1, quoted.size - 2);
    asl_buffer_free(&quoted);
}

/* The name in "${Name}" at `at`; empty when there is none. */
static struct asl_text name_at(struct asl_text text, size_t at)
{
    size_t end = at + 2;
    if (at + 2 >= text.size || text.data[at] != '$' || text.data[at + 1] != '{')
        return (struct asl_text){"", 0};
    while (end < text.size && is_name_character(text.data[end]))
        end++;
    bool closed = end < text.size && text.data[end] == '}';
    return (struct asl_text){text.data + at + 2, closed ? end - at - 2 : 0};
}

void asl_substitute(struct asl_text text, const struct substitution *by, struct asl_buffer *out)
{
    for (size_t at = 0; at < text.size;) {
        const char *open = memchr(text.data + at, '$', text.size - at);
        size_t next = open ? (size_t)(open - text.data) : text.size;
        struct asl_text value, name = name_at(text, next);
        asl_buffer_put(out, text.data + at, next - at);
        at = next;
        if (name.size && by->find(by->state, name, &value)) {
            put_escaped(out, value);
            at += name.size + 3;
        } else if (at < text.size) {
            asl_buffer_putc(out, '$');
            at++;
        }
    }
}
