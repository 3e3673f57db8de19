/* Intrinsic functions on text: Format, StringSplit, Base64*, Hash, and JSON to and from text. */
#include "intrinsic_internal.h"

#include <string.h>

#include "../path/java_text.h"
#include "hash.h"
#include "jackson.h"

/* The buffer's content as a string value, freed; NULL when it did not fit. */
static asl_value *string_of(struct asl_buffer *b)
{
    asl_value *v = b->full ? NULL : value_string(asl_buffer_text(b));
    asl_buffer_free(b);
    return v;
}

static bool has_blanks_only(struct asl_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!strchr(" \t\n\r", text.data[i])) {
            return false;
        }
    }
    return true;
}

/* Characters as Java counts them: UTF-16 units. */
static bool is_within_limit(struct asl_text text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.size && count <= INTRINSIC_DATA_MAXIMUM;) {
        count += value_utf8_next(text, &at) > 0xffff ? 2 : 1;
    }
    return count <= INTRINSIC_DATA_MAXIMUM;
}

/* ---- Format ---- */

/* One `{}`, or a brace that has no partner: then false. */
static bool is_placeholder(const struct intrinsic_call *c, size_t at)
{
    struct asl_text t = c->format;
    if (t.data[at] == '{' && at + 1 < t.size && t.data[at + 1] == '}') {
        return true;
    }
    asl_buffer_puts(c->complaint, t.data[at] == '{'
                                      ? "Invalid template in States.Format: matching '}' not found "
                                        "for '{'."
                                      : "Invalid template in States.Format: matching '{' not found "
                                        "for '}'.");
    return false;
}

/* Replaces the placeholders; *count gets how many there are, which may be more than arguments. */
static bool fill_template(const struct intrinsic_call *c, struct asl_buffer *out, size_t *count)
{
    struct asl_text t = c->format;
    for (size_t at = 0; at < t.size; at++) {
        char ch = t.data[at];
        bool is_escape = ch == '\\' && at + 1 < t.size && strchr("{}\\", t.data[at + 1]);
        if (is_escape) {
            asl_buffer_putc(out, t.data[++at]);
        } else if (ch != '{' && ch != '}') {
            asl_buffer_putc(out, ch);
        } else if (!is_placeholder(c, at)) {
            return false;
        } else {
            at++;
            if (++*count < c->count && !out->full) {
                java_text(c->args[*count], out);
            }
        }
    }
    return true;
}

asl_value *intrinsic_format(const struct intrinsic_call *c)
{
    if (!intrinsic_is(c->args[0], VALUE_STRING)) {
        return NULL;
    }
    struct asl_buffer out;
    asl_buffer_init(&out, INTRINSIC_RESULT_MAXIMUM);
    size_t placeholders = 0;
    if (!fill_template(c, &out, &placeholders) || placeholders + 1 != c->count) {
        asl_buffer_free(&out);
        return NULL;
    }
    return string_of(&out);
}

/* ---- StringSplit ---- */

static bool is_separator(struct asl_text separators, struct asl_text character)
{
    for (size_t at = 0; at < separators.size;) {
        size_t start = at;
        value_utf8_next(separators, &at);
        if (asl_text_equal(character, (struct asl_text){separators.data + start, at - start})) {
            return true;
        }
    }
    return false;
}

static void push_piece(struct value_list *pieces, struct asl_text text, size_t from, size_t to)
{
    if (to > from) {
        value_list_push_take(pieces, value_string((struct asl_text){text.data + from, to - from}));
    }
}

/* Every character of the second argument separates; empty pieces are dropped. */
asl_value *intrinsic_string_split(const struct intrinsic_call *c)
{
    if (!intrinsic_is(c->args[0], VALUE_STRING) || !intrinsic_is(c->args[1], VALUE_STRING)) {
        return NULL;
    }
    struct asl_text text = value_as_text(c->args[0]), separators = value_as_text(c->args[1]);
    if (separators.size > INTRINSIC_DATA_MAXIMUM) { /* each is looked for at each character */
        return NULL;
    }
    struct value_list pieces;
    value_list_init(&pieces);
    size_t from = 0;
    for (size_t at = 0; at < text.size;) {
        size_t start = at;
        value_utf8_next(text, &at);
        if (is_separator(separators, (struct asl_text){text.data + start, at - start})) {
            push_piece(&pieces, text, from, start);
            from = at;
        }
    }
    push_piece(&pieces, text, from, text.size);
    return value_array_take(&pieces);
}

/* ---- Base64 (RFC 4648, as java.util.Base64 does it) ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

asl_value *intrinsic_base64_encode(const struct intrinsic_call *c)
{
    struct asl_text text = value_as_text(c->args[0]);
    if (!intrinsic_is(c->args[0], VALUE_STRING) || !is_within_limit(text)) {
        return NULL;
    }
    struct asl_buffer out;
    asl_buffer_init(&out, INTRINSIC_RESULT_MAXIMUM);
    for (size_t at = 0; at < text.size; at += 3) {
        size_t here = text.size - at < 3 ? text.size - at : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++) {
            bits = bits << 8 | (i < here ? (unsigned char)text.data[at + i] : 0);
        }
        for (size_t i = 0; i < 4; i++) {
            asl_buffer_putc(&out, i <= here ? base64_digits[bits >> (18 - 6 * i) & 63] : '=');
        }
    }
    return string_of(&out);
}

/* Padding may be missing, but when it is there it must fill the last group, and nothing follows it.
 */
static bool decode_base64(struct asl_text text, struct asl_buffer *out)
{
    size_t digits = text.size;
    while (digits > 0 && text.size - digits < 2 && text.data[digits - 1] == '=') {
        digits--;
    }
    size_t padding = text.size - digits;
    if (digits % 4 == 1 || (padding > 0 && (digits + padding) % 4 != 0)) {
        return false;
    }
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *digit = text.data[i] ? strchr(base64_digits, text.data[i]) : NULL;
        if (!digit) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(digit - base64_digits);
        if (i % 4 != 0) {
            asl_buffer_putc(out, (char)(bits >> (6 - 2 * (i % 4))));
        }
    }
    return true;
}

/* new String(bytes, UTF_8): what is no UTF-8 becomes U+FFFD. */
static void put_as_utf8(struct asl_text bytes, struct asl_buffer *out)
{
    for (size_t at = 0; at < bytes.size;) {
        size_t start = at;
        if (value_utf8_next(bytes, &at) < 0) {
            asl_buffer_puts(out, "\xEF\xBF\xBD");
        } else {
            asl_buffer_put(out, bytes.data + start, at - start);
        }
    }
}

asl_value *intrinsic_base64_decode(const struct intrinsic_call *c)
{
    struct asl_text text = value_as_text(c->args[0]);
    if (!intrinsic_is(c->args[0], VALUE_STRING) || !is_within_limit(text)) {
        return NULL;
    }
    struct asl_buffer bytes, out;
    asl_buffer_init(&bytes, INTRINSIC_RESULT_MAXIMUM);
    asl_buffer_init(&out, INTRINSIC_RESULT_MAXIMUM);
    bool is_fine = decode_base64(text, &bytes);
    put_as_utf8(asl_buffer_text(&bytes), &out);
    asl_buffer_free(&bytes);
    asl_value *v = string_of(&out);
    if (!is_fine) {
        value_release(v);
        return NULL;
    }
    return v;
}

/* ---- Hash ---- */

/* Texts as they are, numbers and containers as their JSON. */
asl_value *intrinsic_hash_text(const struct intrinsic_call *c)
{
    if (intrinsic_is(c->args[0], VALUE_NULL) || !intrinsic_is(c->args[1], VALUE_STRING)) {
        return NULL;
    }
    struct asl_buffer json, hex;
    asl_buffer_init(&json, INTRINSIC_RESULT_MAXIMUM);
    asl_buffer_init(&hex, 128);
    struct asl_text data = value_as_text(c->args[0]);
    if (!intrinsic_is(c->args[0], VALUE_STRING)) {
        value_print(c->args[0], &json);
        data = asl_buffer_text(&json);
    }
    bool is_hashed = !json.full && is_within_limit(data) &&
                     intrinsic_hash(value_as_text(c->args[1]), data, &hex);
    asl_value *v = string_of(&hex);
    asl_buffer_free(&json);
    if (!is_hashed) {
        value_release(v);
        return NULL;
    }
    return v;
}

/* ---- JSON ---- */

asl_value *intrinsic_json_to_string(const struct intrinsic_call *c)
{
    struct asl_buffer out;
    asl_buffer_init(&out, INTRINSIC_RESULT_MAXIMUM);
    value_print(c->args[0], &out);
    return string_of(&out);
}

static bool has_negative_zero(struct asl_text json)
{
    for (size_t i = 0; i + 1 < json.size; i++) {
        bool goes_on = i + 2 < json.size && json.data[i + 2] && strchr(".eE", json.data[i + 2]);
        if (json.data[i] == '-' && json.data[i + 1] == '0' && !goes_on) {
            return true;
        }
    }
    return false;
}

/* The value with the integer -0 as 0 (recorded: Java's int has no negative zero). Consumes it. */
static asl_value *without_negative_zero_take(asl_value *v)
{
    if (value_kind(v) == VALUE_NUMBER && asl_text_is(value_as_text(v), "-0")) {
        value_release(v);
        return value_integer(0);
    }
    if (value_kind(v) < VALUE_ARRAY) {
        return v;
    }
    struct value_list list;
    value_list_init(&list);
    bool is_object = value_kind(v) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(v); i++) {
        asl_value *inner = without_negative_zero_take(value_retain(value_at(v, i)));
        if (is_object) {
            value_list_push_member_take(&list, value_retain(value_key_at(v, i)), inner);
        } else {
            value_list_push_take(&list, inner);
        }
    }
    value_release(v);
    return is_object ? value_object_take(&list) : value_array_take(&list);
}

/* Blank text gives null (recorded). Otherwise the first value in the text, as Jackson reads it. */
asl_value *intrinsic_string_to_json(const struct intrinsic_call *c)
{
    if (!intrinsic_is(c->args[0], VALUE_STRING)) {
        return NULL;
    }
    struct asl_text text = value_as_text(c->args[0]);
    if (has_blanks_only(text)) {
        return value_null();
    }
    struct asl_buffer why;
    asl_buffer_init(&why, INTRINSIC_SOURCE_MAXIMUM);
    struct value_error error;
    asl_value *v = NULL;
    size_t end;
    if (jackson_check(text, &end, &why)) {
        text.size = end;
        v = value_parse(text, 0, 0, &error);
    }
    if (!v) {
        asl_buffer_puts(c->complaint,
                        "Cannot convert String to Json in States.StringToJson, caused by: ");
        asl_buffer_put_text(c->complaint,
                            why.size ? asl_buffer_text(&why) : asl_text(error.message));
    } else if (has_negative_zero(text)) {
        v = without_negative_zero_take(v);
    }
    asl_buffer_free(&why);
    return v;
}
