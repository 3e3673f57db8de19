/* Keys to paths and back: see bucket.h for the rules. */
#include "bucket.h"

#include <stdlib.h>
#include <string.h>

#define PART_BYTES 200 /* of an encoded part; file systems allow 255 */

static bool is_safe(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80)
        return true;
    return c != '\0' && strchr(" !$&'()+,-.;=@^_~", c) != NULL;
}

static void put_escape(struct asl_buffer *out, unsigned char c)
{
    asl_buffer_printf(out, "%%%02X", c);
}

static bool is_dots(struct asl_text part)
{
    return asl_text_is(part, ".") || asl_text_is(part, "..");
}

static void put_part(struct asl_text part, struct asl_buffer *path)
{
    if (part.size == 0)
        asl_buffer_putc(path, '%');
    size_t begin = path->size;
    for (size_t i = 0; i < part.size; i++) {
        unsigned char c = (unsigned char)part.data[i];
        bool starts_character = (c & 0xc0) != 0x80;
        if (path->size - begin > PART_BYTES && starts_character) {
            asl_buffer_puts(path, "%+/");
            begin = path->size;
        }
        if (is_safe(c) && !(i == 0 && is_dots(part)))
            asl_buffer_putc(path, (char)c);
        else
            put_escape(path, c);
    }
}

bool key_to_path(struct asl_text key, struct asl_buffer *path)
{
    if (key.size == 0 || key.size > BUCKET_KEY_BYTES || !value_utf8_valid(key) ||
        memchr(key.data, '\0', key.size))
        return false;
    for (size_t at = 0; at <= key.size;) {
        const char *slash = at < key.size ? memchr(key.data + at, '/', key.size - at) : NULL;
        size_t size = slash ? (size_t)(slash - key.data) - at : key.size - at;
        if (at > 0)
            asl_buffer_putc(path, '/');
        put_part((struct asl_text){key.data + at, size}, path);
        at += size + 1;
        if (!slash)
            break;
    }
    return !path->full;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void put_decoded(struct asl_text part, struct asl_buffer *key)
{
    for (size_t i = 0; i < part.size; i++) {
        if (part.data[i] == '%' && i + 2 < part.size && hex(part.data[i + 1]) >= 0 &&
            hex(part.data[i + 2]) >= 0) {
            asl_buffer_putc(key, (char)(hex(part.data[i + 1]) * 16 + hex(part.data[i + 2])));
            i += 2;
        } else
            asl_buffer_putc(key, part.data[i]);
    }
}

void path_to_key(struct asl_text path, struct asl_buffer *key)
{
    bool joins = true;
    for (size_t at = 0; at <= path.size;) {
        const char *slash = at < path.size ? memchr(path.data + at, '/', path.size - at) : NULL;
        size_t size = slash ? (size_t)(slash - path.data) - at : path.size - at;
        struct asl_text part = {path.data + at, size};
        if (!joins)
            asl_buffer_putc(key, '/');
        joins = slash && asl_text_ends(part, "%+");
        if (joins)
            part.size -= 2;
        else if (asl_text_ends(part, "%"))
            part.size--; /* the empty part, or an object beside a folder of its name */
        if (!joins && !slash && asl_text_is(part, "%"))
            part.size = 0; /* both */
        put_decoded(part, key);
        at += size + 1;
        if (!slash)
            break;
    }
}
