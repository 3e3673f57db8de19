/* Base64 and URL encoding, as browsers do them: base64 works on the low byte of each UTF-16 unit.
 */
#include "library.h"

#include <string.h>

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The low bytes of the string's units. */
static item low_bytes(struct run *run, struct asl_text t)
{
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    for (size_t at = 0; at < t.size;) {
        size_t start = at;
        int32_t c = value_utf8_next(t, &at);
        if (c < 0) { /* a lone surrogate: its low eight bits are in its last two bytes */
            at = start +
                 jsonata_code_point_offset((struct asl_text){t.data + start, t.size - start}, 1);
            c = ((unsigned char)t.data[at - 2] & 3) << 6 | ((unsigned char)t.data[at - 1] & 63);
        }
        if (c > 0xffff) {
            jsonata_builder_putc(&b, (char)((0xd800 + ((c - 0x10000) >> 10)) & 0xff));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        jsonata_builder_putc(&b, (char)(c & 0xff));
    }
    return jsonata_builder_item(&b);
}

NATIVE(base64_encode)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    item bytes = low_bytes(run, item_string(arguments[0]));
    const unsigned char *in = (const unsigned char *)bytes.as.text;
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 8 * (size_t)bytes.size);
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? in[i + 2] : 0);
        char four[] = {base64_digits[three >> 18], base64_digits[three >> 12 & 63],
                       left > 1 ? base64_digits[three >> 6 & 63] : '=',
                       left > 2 ? base64_digits[three & 63] : '='};
        jsonata_builder_put(&b, (struct asl_text){four, 4});
    }
    return jsonata_builder_item(&b);
}

static int base64_value(char c)
{
    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    const char *found = c ? strchr(base64_digits, c) : NULL;
    return found ? (int)(found - base64_digits) : -1;
}

NATIVE(base64_decode)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    struct asl_text t = item_string(arguments[0]);
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 8 * t.size);
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < t.size && t.data[i] != '='; i++) {
        int digit = base64_value(t.data[i]);
        if (digit < 0)
            continue; /* what is no digit is passed over */
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            jsonata_builder_unit(&b, bits >> held & 0xff);
        }
    }
    return jsonata_builder_item(&b);
}

/* ---- URLs ---- */

#define UNRESERVED "-_.!~*'()"
#define RESERVED   ";/?:@&=+$,#"

static item fail_malformed(struct run *run, item value, const char *function)
{
    item failed = jsonata_fail_value(run, "D3140", value);
    run->failure.type = function;
    return failed;
}

static bool stays(char c, const char *kept)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c > 0) ||
           (c > 0 && strchr(kept, c));
}

static item encode(struct run *run, item text, const char *kept, const char *function)
{
    static const char hex[] = "0123456789ABCDEF";
    if (text.kind != ITEM_STRING)
        return item_undefined();
    if (!value_utf8_valid(item_string(text)))
        return fail_malformed(run, text, function);
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 8 * (size_t)text.size);
    for (size_t i = 0; i < text.size;) {
        size_t start = i;
        while (i < text.size && stays(text.as.text[i], kept))
            i++;
        jsonata_builder_put(&b, (struct asl_text){text.as.text + start, i - start});
        char escapes[3 * 32];
        size_t size = 0;
        for (; i < text.size && size < sizeof escapes && !stays(text.as.text[i], kept); i++) {
            unsigned char c = (unsigned char)text.as.text[i];
            escapes[size++] = '%';
            escapes[size++] = hex[c >> 4];
            escapes[size++] = hex[c & 15];
        }
        jsonata_builder_put(&b, (struct asl_text){escapes, size});
    }
    return jsonata_builder_item(&b);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int escaped_byte(struct asl_text t, size_t at)
{
    if (at + 2 >= t.size || t.data[at] != '%')
        return -1;
    int high = hex_value(t.data[at + 1]), low = hex_value(t.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The character written as escapes at `at`: its bytes in `out`, their number, or 0. */
static size_t decode_character(struct asl_text t, size_t at, char out[4])
{
    int lead = escaped_byte(t, at);
    if (lead < 0)
        return 0;
    size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    for (size_t i = 0; i < size; i++) {
        int byte = escaped_byte(t, at + 3 * i);
        if (byte < 0)
            return 0;
        out[i] = (char)byte;
    }
    return value_utf8_valid((struct asl_text){out, size}) ? size : 0;
}

static item decode(struct run *run, item text, const char *kept, const char *function)
{
    if (text.kind != ITEM_STRING)
        return item_undefined();
    struct asl_text t = item_string(text);
    struct builder b;
    jsonata_builder_init(&b, &run->heap);
    jsonata_charge_bytes(run, 8 * t.size);
    for (size_t at = 0; at < t.size;) {
        const char *escape = memchr(t.data + at, '%', t.size - at);
        size_t end = escape ? (size_t)(escape - t.data) : t.size;
        if (end > at) {
            jsonata_builder_put(&b, (struct asl_text){t.data + at, end - at});
            at = end;
            continue;
        }
        char character[4];
        size_t size = decode_character(t, at, character);
        if (size == 0)
            return fail_malformed(run, text, function);
        if (size == 1 && character[0] && strchr(kept, character[0]))
            jsonata_builder_put(&b, (struct asl_text){t.data + at, 3});
        else
            jsonata_builder_put(&b, (struct asl_text){character, size});
        at += 3 * size;
    }
    return jsonata_builder_item(&b);
}

NATIVE(encode_url_component)
{
    UNUSED_IN_NATIVE;
    return encode(run, arguments[0], UNRESERVED, "encodeUrlComponent");
}

NATIVE(encode_url)
{
    UNUSED_IN_NATIVE;
    return encode(run, arguments[0], UNRESERVED RESERVED, "encodeUrl");
}

NATIVE(decode_url_component)
{
    UNUSED_IN_NATIVE;
    return decode(run, arguments[0], "", "decodeUrlComponent");
}

NATIVE(decode_url)
{
    UNUSED_IN_NATIVE;
    return decode(run, arguments[0], RESERVED, "decodeUrl");
}

const struct native jsonata_encode_functions[] = {
    {"base64encode", "<s-:s>", 1, 1, base64_encode},
    {"base64decode", "<s-:s>", 1, 1, base64_decode},
    {"encodeUrlComponent", "<s-:s>", 1, 1, encode_url_component},
    {"encodeUrl", "<s-:s>", 1, 1, encode_url},
    {"decodeUrlComponent", "<s-:s>", 1, 1, decode_url_component},
    {"decodeUrl", "<s-:s>", 1, 1, decode_url},
    {NULL, NULL, 0, 0, NULL},
};
