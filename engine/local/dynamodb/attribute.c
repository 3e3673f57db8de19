/* Attribute values: shape, rules, order, size. One table names the types and what they hold. */
#include "attribute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum content { TEXT, NUMBER, BYTES, FLAG, TEXTS, NUMBERS, BYTE_STRINGS, LIST, MAP };

static const struct {
    const char *name;
    enum content content;
} types[ATTRIBUTE_TYPES] = {
    [ATTRIBUTE_S] = {"S", TEXT},       [ATTRIBUTE_N] = {"N", NUMBER},
    [ATTRIBUTE_B] = {"B", BYTES},      [ATTRIBUTE_SS] = {"SS", TEXTS},
    [ATTRIBUTE_NS] = {"NS", NUMBERS},  [ATTRIBUTE_BS] = {"BS", BYTE_STRINGS},
    [ATTRIBUTE_BOOL] = {"BOOL", FLAG}, [ATTRIBUTE_NULL] = {"NULL", FLAG},
    [ATTRIBUTE_L] = {"L", LIST},       [ATTRIBUTE_M] = {"M", MAP},
};

const char *attribute_type_name(enum attribute_type type)
{
    return types[type].name;
}

enum attribute_type attribute_type_named(struct asl_text name)
{
    enum attribute_type type = 0;
    while (type < ATTRIBUTE_TYPES && !asl_text_is(name, types[type].name))
        type++;
    return type;
}

enum attribute_type attribute_type(const asl_value *v)
{
    return attribute_type_named(value_as_text(value_key_at(v, 0)));
}

const asl_value *attribute_content(const asl_value *v)
{
    return value_at(v, 0);
}

bool attribute_is_ordered(enum attribute_type type)
{
    return type == ATTRIBUTE_S || type == ATTRIBUTE_N || type == ATTRIBUTE_B;
}

/* ---- base64 ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool attribute_decode(struct asl_text t, struct asl_buffer *out)
{
    if (t.size % 4)
        return false;
    for (size_t i = 0; i < t.size; i += 4) {
        size_t pads = 0;
        if (i + 4 == t.size)
            pads = t.data[i + 3] != '=' ? 0 : t.data[i + 2] != '=' ? 1 : 2;
        unsigned bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int six = k >= 4 - pads ? 0 : base64_value(t.data[i + k]);
            if (six < 0)
                return false;
            bits = bits << 6 | (unsigned)six;
        }
        if (pads && (bits & ((1u << (8 * pads)) - 1)))
            return false; /* bits that no byte holds: not the canonical spelling */
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        asl_buffer_put(out, bytes, 3 - pads);
    }
    return true;
}

/* ---- shape ---- */

static bool complain(char *complaint, const char *text)
{
    snprintf(complaint, ATTRIBUTE_COMPLAINT, "%s", text);
    return false;
}

/* What Coral says when a JSON value of another kind stands where `java` belongs. */
static bool complain_of_kind(const asl_value *v, const char *java, char *complaint)
{
    int64_t integer;
    switch (value_kind(v)) {
    case VALUE_BOOLEAN:
        snprintf(complaint, ATTRIBUTE_COMPLAINT, "%s cannot be converted to %s",
                 value_is_true(v) ? "TRUE_VALUE" : "FALSE_VALUE", java);
        return false;
    case VALUE_NUMBER:
        snprintf(complaint, ATTRIBUTE_COMPLAINT, "%s cannot be converted to %s",
                 value_as_integer(v, &integer) ? "NUMBER_VALUE" : "DECIMAL_VALUE", java);
        return false;
    case VALUE_STRING:
        snprintf(complaint, ATTRIBUTE_COMPLAINT, "STRING_VALUE cannot be converted to %s", java);
        return false;
    case VALUE_ARRAY:
        snprintf(complaint, ATTRIBUTE_COMPLAINT, "Unrecognized collection type class java.lang.%s",
                 java);
        return false;
    default:
        return complain(complaint, "Start of structure or map found where not expected");
    }
}

static bool string_has_shape(const asl_value *v, char *complaint)
{
    return value_kind(v) == VALUE_STRING || complain_of_kind(v, "String", complaint);
}

static bool bytes_have_shape(const asl_value *v, char *complaint)
{
    if (value_kind(v) == VALUE_ARRAY)
        return complain(complaint, "Unrecognized collection type class java.nio.ByteBuffer");
    if (value_kind(v) == VALUE_OBJECT)
        return complain(complaint, "Start of structure or map found where not expected");
    if (value_kind(v) != VALUE_STRING)
        return complain(complaint, "only base-64-encoded strings are convertible to bytes");
    struct asl_text text = value_as_text(v);
    if (text.size % 4) {
        snprintf(complaint, ATTRIBUTE_COMPLAINT,
                 "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                 text.size);
        return false;
    }
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    bool is_fine = attribute_decode(text, &bytes);
    asl_buffer_free(&bytes);
    return is_fine || complain(complaint, "Invalid last non-pad Base64 character dectected");
}

static bool flag_has_shape(const asl_value *v, char *complaint)
{
    if (value_kind(v) == VALUE_STRING)
        return complain(complaint, "Unexpected token received from parser");
    return value_kind(v) == VALUE_BOOLEAN || complain_of_kind(v, "Boolean", complaint);
}

static bool elements_have_shape(const asl_value *v, bool (*one)(const asl_value *, char *),
                                char *complaint)
{
    if (value_kind(v) == VALUE_OBJECT)
        return complain(complaint, "Start of structure or map found where not expected");
    if (value_kind(v) != VALUE_ARRAY)
        return complain(complaint, "Unexpected field type");
    for (size_t i = 0; i < value_count(v); i++)
        if (!one(value_at(v, i), complaint))
            return false;
    return true;
}

static bool element_has_shape(const asl_value *v, char *complaint)
{
    return attribute_has_shape(v, complaint);
}

static bool map_has_shape(const asl_value *v, char *complaint)
{
    if (value_kind(v) == VALUE_ARRAY)
        return complain(complaint, "Unrecognized collection type java.util.Map<java.lang.String, "
                                   "com.amazonaws.dynamodb.v20120810.AttributeValue>");
    if (value_kind(v) != VALUE_OBJECT)
        return complain(complaint, "Unexpected field type");
    for (size_t i = 0; i < value_count(v); i++)
        if (!attribute_has_shape(value_at(v, i), complaint))
            return false;
    return true;
}

static bool content_has_shape(enum content content, const asl_value *v, char *complaint)
{
    switch (content) {
    case TEXT:
    case NUMBER:
        return string_has_shape(v, complaint);
    case BYTES:
        return bytes_have_shape(v, complaint);
    case FLAG:
        return flag_has_shape(v, complaint);
    case TEXTS:
    case NUMBERS:
        return elements_have_shape(v, string_has_shape, complaint);
    case BYTE_STRINGS:
        return elements_have_shape(v, bytes_have_shape, complaint);
    case LIST:
        return elements_have_shape(v, element_has_shape, complaint);
    case MAP:
        return map_has_shape(v, complaint);
    }
    return false;
}

bool attribute_has_shape(const asl_value *v, char complaint[ATTRIBUTE_COMPLAINT])
{
    if (value_kind(v) == VALUE_ARRAY)
        return complain(complaint, "Unrecognized collection type class "
                                   "com.amazonaws.dynamodb.v20120810.AttributeValue");
    if (value_kind(v) != VALUE_OBJECT)
        return complain(complaint, "Unexpected value type in payload");
    /* An attribute is two levels of JSON; one deeper than ATTRIBUTE_DEPTH is told in words later.
     */
    if (value_depth(v) > 2 * (ATTRIBUTE_DEPTH + 4))
        return complain(complaint, "Nesting Levels have exceeded supported limits");
    for (size_t i = 0; i < value_count(v); i++) {
        enum attribute_type type = attribute_type_named(value_as_text(value_key_at(v, i)));
        if (type < ATTRIBUTE_TYPES && value_kind(value_at(v, i)) != VALUE_NULL &&
            !content_has_shape(types[type].content, value_at(v, i), complaint))
            return false;
    }
    return true;
}

/* ---- rules ---- */

static asl_value *accept(const asl_value *v, size_t depth, char *complaint);

static asl_value *accept_number(const asl_value *text, char *complaint)
{
    struct number n;
    enum number_problem problem = number_read(value_as_text(text), &n);
    if (problem == NUMBER_NOT_NUMERIC && value_as_text(text).size > 0)
        snprintf(complaint, ATTRIBUTE_COMPLAINT, "%s: %.*s", number_problem_text(problem),
                 ASL_TEXT_ARGS(value_as_text(text)));
    else
        complain(complaint, number_problem_text(problem));
    if (problem != NUMBER_FINE)
        return NULL;
    struct asl_buffer canonical;
    asl_buffer_init(&canonical, 512);
    number_print(&n, &canonical);
    asl_value *out = value_string(asl_buffer_text(&canonical));
    asl_buffer_free(&canonical);
    return out;
}

bool attribute_set_holds(enum attribute_type set, const asl_value *elements, const asl_value *one)
{
    (void)set; /* canonical elements are equal when their texts are */
    for (size_t i = 0; i < value_count(elements); i++)
        if (asl_text_equal(value_as_text(value_at(elements, i)), value_as_text(one)))
            return true;
    return false;
}

static int compare_texts(const void *a, const void *b)
{
    return asl_text_compare(*(const struct asl_text *)a, *(const struct asl_text *)b);
}

static bool has_duplicates(const asl_value *elements)
{
    size_t count = value_count(elements);
    struct asl_text *texts = asl_allocate_zeroed(count, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = value_as_text(value_at(elements, i));
    qsort(texts, count, sizeof *texts, compare_texts);
    bool found = false;
    for (size_t i = 1; i < count && !found; i++)
        found = asl_text_equal(texts[i - 1], texts[i]);
    free(texts);
    return found;
}

static void print_elements(const asl_value *elements, struct asl_buffer *out)
{
    asl_buffer_putc(out, '[');
    for (size_t i = 0; i < value_count(elements); i++) {
        asl_buffer_puts(out, i ? ", " : "");
        asl_buffer_put_text(out, value_as_text(value_at(elements, i)));
    }
    asl_buffer_putc(out, ']');
}

static void complain_of_duplicates(enum content content, const asl_value *elements, char *complaint)
{
    struct asl_buffer list;
    asl_buffer_init(&list, ATTRIBUTE_COMPLAINT);
    print_elements(elements, &list);
    if (content == NUMBERS)
        complain(complaint, "Input collection contains duplicates");
    else
        snprintf(complaint, ATTRIBUTE_COMPLAINT,
                 "One or more parameter values were invalid: Input collection %.*s%s",
                 ASL_TEXT_ARGS(asl_buffer_text(&list)),
                 content == TEXTS ? " contains duplicates." : "of type BS contains duplicates.");
    asl_buffer_free(&list);
}

static asl_value *accept_set(enum content content, const asl_value *elements, char *complaint)
{
    static const char *const empty[] = {
        [TEXTS] = "One or more parameter values were invalid: An string set  may not be empty",
        [NUMBERS] = "One or more parameter values were invalid: An number set  may not be empty",
        [BYTE_STRINGS] =
            "One or more parameter values were invalid: Binary sets should not be empty",
    };
    if (value_count(elements) == 0) {
        complain(complaint, empty[content]);
        return NULL;
    }
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(elements); i++) {
        const asl_value *one = value_at(elements, i);
        asl_value *taken = content == NUMBERS ? accept_number(one, complaint) : value_retain(one);
        if (!taken) {
            value_list_free(&list);
            return NULL;
        }
        value_list_push_take(&list, taken);
    }
    asl_value *set = value_array_take(&list);
    if (!has_duplicates(set))
        return set;
    complain_of_duplicates(content, set, complaint);
    value_release(set);
    return NULL;
}

static asl_value *accept_members(const asl_value *v, size_t depth, char *complaint)
{
    bool is_map = value_kind(v) == VALUE_OBJECT;
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(v); i++) {
        asl_value *member = accept(value_at(v, i), depth + 1, complaint);
        if (!member) {
            value_list_free(&list);
            return NULL;
        }
        if (is_map)
            value_list_push_member_take(&list, value_retain(value_key_at(v, i)), member);
        else
            value_list_push_take(&list, member);
    }
    return is_map ? value_object_take(&list) : value_array_take(&list);
}

static asl_value *accept_content(enum attribute_type type, const asl_value *v, size_t depth,
                                 char *complaint)
{
    switch (types[type].content) {
    case NUMBER:
        return accept_number(v, complaint);
    case TEXTS:
    case NUMBERS:
    case BYTE_STRINGS:
        return accept_set(types[type].content, v, complaint);
    case LIST:
    case MAP:
        return accept_members(v, depth, complaint);
    case FLAG:
        if (type != ATTRIBUTE_NULL || value_is_true(v))
            return value_retain(v);
        complain(complaint, "One or more parameter values were invalid: Null attribute value types "
                            "must have the value of true");
        return NULL;
    default:
        return value_retain(v);
    }
}

static asl_value *accept(const asl_value *v, size_t depth, char *complaint)
{
    if (depth > ATTRIBUTE_DEPTH) {
        complain(complaint, "Nesting Levels have exceeded supported limits");
        return NULL;
    }
    asl_value *accepted = NULL;
    size_t count = 0;
    for (size_t i = 0; i < value_count(v); i++) {
        enum attribute_type type = attribute_type_named(value_as_text(value_key_at(v, i)));
        if (type == ATTRIBUTE_TYPES || value_kind(value_at(v, i)) == VALUE_NULL)
            continue;
        asl_value *content = accept_content(type, value_at(v, i), depth, complaint);
        value_release(accepted);
        accepted = NULL;
        if (!content)
            return NULL;
        accepted = attribute_new_take(type, content);
        count++;
    }
    if (count == 1)
        return accepted;
    value_release(accepted);
    complain(complaint, count == 0
                            ? "Supplied AttributeValue is empty, must contain exactly one of "
                              "the supported datatypes"
                            : "Supplied AttributeValue has more than one datatypes set, must "
                              "contain exactly one of the supported datatypes");
    return NULL;
}

asl_value *attribute_accept(const asl_value *v, char complaint[ATTRIBUTE_COMPLAINT])
{
    return accept(v, 1, complaint);
}

asl_value *attribute_accept_map(const asl_value *map, char complaint[ATTRIBUTE_COMPLAINT])
{
    return accept_members(map, 0, complaint);
}

asl_value *attribute_new_take(enum attribute_type type, asl_value *content)
{
    struct value_list list;
    value_list_init(&list);
    value_list_set_take(&list, types[type].name, content);
    return value_object_take(&list);
}

asl_value *attribute_new_number(const struct number *n)
{
    struct asl_buffer text;
    asl_buffer_init(&text, 512);
    number_print(n, &text);
    asl_value *out = attribute_new_take(ATTRIBUTE_N, value_string(asl_buffer_text(&text)));
    asl_buffer_free(&text);
    return out;
}

struct number attribute_number(const asl_value *v)
{
    struct number n;
    number_read(value_as_text(value_kind(v) == VALUE_OBJECT ? attribute_content(v) : v), &n);
    return n;
}

/* ---- order ---- */

static bool sets_equal(const asl_value *a, const asl_value *b)
{
    if (value_count(a) != value_count(b))
        return false;
    for (size_t i = 0; i < value_count(a); i++)
        if (!attribute_set_holds(ATTRIBUTE_SS, b, value_at(a, i)))
            return false;
    return true;
}

static bool lists_equal(const asl_value *a, const asl_value *b)
{
    bool equal = value_count(a) == value_count(b);
    for (size_t i = 0; equal && i < value_count(a); i++)
        equal = attribute_equal(value_at(a, i), value_at(b, i));
    return equal;
}

static bool maps_equal(const asl_value *a, const asl_value *b)
{
    bool equal = value_count(a) == value_count(b);
    for (size_t i = 0; equal && i < value_count(a); i++) {
        const asl_value *other = value_get(b, value_as_text(value_key_at(a, i)));
        equal = other && attribute_equal(value_at(a, i), other);
    }
    return equal;
}

bool attribute_equal(const asl_value *a, const asl_value *b)
{
    enum attribute_type type = attribute_type(a);
    if (type != attribute_type(b))
        return false;
    a = attribute_content(a);
    b = attribute_content(b);
    switch (types[type].content) {
    case TEXTS:
    case NUMBERS:
    case BYTE_STRINGS:
        return sets_equal(a, b);
    case LIST:
        return lists_equal(a, b);
    case MAP:
        return maps_equal(a, b);
    default:
        return value_equal(a, b);
    }
}

int attribute_compare(const asl_value *a, const asl_value *b)
{
    enum attribute_type type = attribute_type(a);
    if (type == ATTRIBUTE_N) {
        struct number x = attribute_number(a), y = attribute_number(b);
        return number_compare(&x, &y);
    }
    if (type == ATTRIBUTE_S)
        return asl_text_compare(value_as_text(attribute_content(a)),
                                value_as_text(attribute_content(b)));
    struct asl_buffer x, y;
    asl_buffer_init(&x, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&y, ASL_BUFFER_MAXIMUM);
    attribute_put_key(a, &x);
    attribute_put_key(b, &y);
    int order = asl_text_compare(asl_buffer_text(&x), asl_buffer_text(&y));
    asl_buffer_free(&x);
    asl_buffer_free(&y);
    return order;
}

void attribute_put_key(const asl_value *v, struct asl_buffer *out)
{
    struct asl_text text = value_as_text(attribute_content(v));
    if (attribute_type(v) == ATTRIBUTE_B) {
        attribute_decode(text, out);
    } else if (attribute_type(v) == ATTRIBUTE_N) {
        unsigned char key[NUMBER_KEY_BYTES];
        struct number n = attribute_number(v);
        asl_buffer_put(out, key, number_key(&n, key));
    } else
        asl_buffer_put_text(out, text);
}

void attribute_put_hash(const asl_value *v, struct asl_buffer *out)
{
    if (attribute_type(v) != ATTRIBUTE_N) {
        attribute_put_key(v, out);
        return;
    }
    unsigned char bytes[NUMBER_KEY_BYTES];
    struct number n = attribute_number(v);
    asl_buffer_put(out, bytes, number_hash_bytes(&n, bytes));
}

/* ---- size ---- */

static size_t number_size(struct asl_text text)
{
    struct number n;
    number_read(text, &n);
    if (n.count == 0)
        return 1;
    size_t digits = (size_t)n.count;
    return 1 + (digits + 1) / 2 + (digits % 2 || n.exponent % 2 ? 0 : 1) + n.is_negative;
}

static size_t bytes_size(struct asl_text base64)
{
    size_t pads = asl_text_ends(base64, "==") ? 2 : asl_text_ends(base64, "=") ? 1 : 0;
    return base64.size / 4 * 3 - pads;
}

static size_t size_of(const asl_value *attribute)
{
    enum content content = types[attribute_type(attribute)].content;
    const asl_value *v = attribute_content(attribute);
    size_t size = content == LIST ? 3 : content == MAP ? 3 + value_count(v) : 0;
    switch (content) {
    case TEXT:
        return value_as_text(v).size;
    case NUMBER:
        return number_size(value_as_text(v));
    case BYTES:
        return bytes_size(value_as_text(v));
    case FLAG:
        return 1;
    case LIST:
        for (size_t i = 0; i < value_count(v); i++)
            size += 1 + size_of(value_at(v, i));
        return size;
    case MAP:
        return size + attribute_item_size(v);
    default:
        for (size_t i = 0; i < value_count(v); i++) {
            struct asl_text one = value_as_text(value_at(v, i));
            size += content == NUMBERS        ? number_size(one)
                    : content == BYTE_STRINGS ? bytes_size(one)
                                              : one.size;
        }
        return size;
    }
}

size_t attribute_item_size(const asl_value *item)
{
    size_t size = 0;
    for (size_t i = 0; i < value_count(item); i++)
        size += value_as_text(value_key_at(item, i)).size + size_of(value_at(item, i));
    return size;
}
