/* JSON values: immutable, shared, exact (RFC 8259).
 *
 * Lifetime. Every value is counted. A `const asl_value *` argument is looked at; an argument is
 * given away only where the name says `_take`; a returned `asl_value *` is yours to release, a
 * returned `const asl_value *` lives as long as the value it was found in. Values are shared, never
 * copied: retaining a 256 KiB payload costs one increment. Counting is not atomic: values belong to
 * one thread; what goes to another thread goes as text.
 *
 * Exactness. A number keeps the text it came with and leaves as it came; a string keeps its length
 * and may hold U+0000; an object keeps insertion order (a repeated key keeps its first place and
 * takes the last value) and finds members in O(log n).
 *
 * Limits. Depth is counted at construction (a scalar has depth 0, [] has 1) and printing and
 * comparing recurse to that depth only; whoever builds values from untrusted shapes checks
 * value_depth() against VALUE_DEPTH_MAXIMUM. Releasing never recurses.
 */
#ifndef ASL_VALUE_VALUE_H
#define ASL_VALUE_VALUE_H

#include "text.h"

/* Jackson's own limit, and so AWS's: deeper text is refused. */
#define VALUE_DEPTH_MAXIMUM 1000

typedef struct asl_value asl_value;

enum value_kind {
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT,
};

/* ---- life ---- */
asl_value *value_retain(const asl_value *v);
void value_release(asl_value *v); /* NULL is allowed */

/* ---- scalars ---- */
asl_value *value_null(void);
asl_value *value_boolean(bool b);
asl_value *value_integer(int64_t i);
/* The shortest text that reads back as the same double, spelled as JavaScript and JSON do
 * (`5`, `0.1`, `1e+21`). Infinite and NaN have no JSON form: they give null. */
asl_value *value_double(double d);
/* From a JSON number's own text; the text is kept. NULL when it is not one. */
asl_value *value_number_text(struct asl_text number);
asl_value *value_string(struct asl_text utf8);
asl_value *value_string_z(const char *zero_terminated);

/* ---- looking ---- */
enum value_kind value_kind(const asl_value *v);
const char *value_kind_name(enum value_kind kind); /* "null", "boolean", "number", ... */
bool value_is_true(const asl_value *v);            /* the boolean true */
bool value_as_boolean(const asl_value *v);         /* of a boolean */
/* Nearest double of a number. A number beyond the range of double gives ±infinity. */
double value_as_double(const asl_value *v);
/* Exact only: a number whose value is an integer (5, 5.0, 5e0) that int64_t holds. */
bool value_as_integer(const asl_value *v, int64_t *out);
/* Of a string: its UTF-8 content. Of a number: its text. Of others: empty. */
struct asl_text value_as_text(const asl_value *v);
/* The string that value_as_text() gave this very text (its data pointer) for. */
const asl_value *value_of_text(const char *text);
size_t value_depth(const asl_value *v);

/* ---- arrays and objects ---- */
size_t value_count(const asl_value *v); /* elements, or members; 0 for scalars */
const asl_value *value_at(const asl_value *v, size_t index); /* element, or member's value */
const asl_value *value_key_at(const asl_value *object, size_t index); /* a string */
/* The member, or NULL where there is none or `v` is no object. */
const asl_value *value_get(const asl_value *v, struct asl_text key);
const asl_value *value_get_z(const asl_value *v, const char *key);
/* The same for objects of one shape, one after another: *hint is where it was found last. */
const asl_value *value_get_hinted(const asl_value *v, struct asl_text key, uint32_t *hint);
/* Index of the member, or SIZE_MAX. */
size_t value_find(const asl_value *object, struct asl_text key);

/* Deep equality: numbers by value (1 equals 1.0), objects without regard to order. */
bool value_equal(const asl_value *a, const asl_value *b);

/* ---- building ---- */
/* A list under construction: becomes an array, or (keys and values alternating) an object. */
struct value_list {
    asl_value **items;
    size_t count;
    size_t capacity;
};
void value_list_init(struct value_list *l);
void value_list_free(struct value_list *l); /* releases what is in it */
void value_list_push_take(struct value_list *l, asl_value *v);
void value_list_push_member_take(struct value_list *l, asl_value *key, asl_value *v);
void value_list_set_take(struct value_list *l, const char *key, asl_value *v); /* append member */
asl_value *value_array_take(struct value_list *l);  /* empties the list */
asl_value *value_object_take(struct value_list *l); /* empties it; the last of equal keys wins */
/* An object of few members (VALUE_FEW at most): keys, all different, and values alternating. */
#define VALUE_FEW 8
asl_value *value_few_members_take(asl_value *const *slots, size_t members);
asl_value *value_empty_array(void);
asl_value *value_empty_object(void);

/* `object` with `key` set to `v` (first place kept, else appended). Reuses `object` when nobody
 * else holds it, else shares its members. */
asl_value *value_with_take(asl_value *object, asl_value *key, asl_value *v);
/* `array` with element `index` replaced (index < count). */
asl_value *value_with_element_take(asl_value *array, size_t index, asl_value *v);
/* `array` with `v` at its end. Amortised O(1) when nobody else holds the array. */
asl_value *value_append_take(asl_value *array, asl_value *v);

/* ---- text ---- */
enum value_problem {
    VALUE_FINE = 0,
    VALUE_EMPTY_TEXT,   /* nothing but white space */
    VALUE_UNEXPECTED,   /* a character that cannot stand here */
    VALUE_UNKNOWN_WORD, /* a bare word that is not null, true, false */
    VALUE_ENDED_EARLY,  /* the text is cut off */
    VALUE_TRAILING,     /* something behind the value */
    VALUE_BAD_NUMBER,   /* 01, 1., .5, +1, 1e */
    VALUE_BAD_ESCAPE,   /* \x, \u12, a lone surrogate */
    VALUE_BAD_UTF8,
    VALUE_CONTROL_CHARACTER, /* a raw U+0000..U+001F in a string */
    VALUE_DUPLICATE_KEY,     /* only with VALUE_REFUSE_DUPLICATES */
    VALUE_TOO_DEEP,
    VALUE_TOO_LARGE,
};

struct value_error {
    enum value_problem problem;
    size_t offset;     /* bytes from the start */
    size_t line;       /* from 1 */
    size_t column;     /* from 1, in characters */
    size_t token_size; /* of the offending word, when there is one at `offset` */
    char message[160]; /* what, in words, with what to do; without the place */
};

enum value_parse_flags {
    VALUE_REFUSE_DUPLICATES = 1, /* a repeated key is an error */
};

/* One JSON value and nothing else. `maximum` bytes (0: no bound). NULL and *error on failure. */
asl_value *value_parse(struct asl_text text, unsigned flags, size_t maximum,
                       struct value_error *error);
/* The same for trusted literals in the program and tests: ends the process when it is wrong. */
asl_value *value_literal(const char *json);

/* Where something stands in a JSON text: `location` is a JSON Pointer (RFC 6901); with `key` the
 * place of the member's name, else of its value. False when there is no such place (then the place
 * of the deepest part that exists). Reads the text anew: for diagnostics, not for hot paths. */
struct value_place {
    size_t offset, line, column;
};
bool value_locate(struct asl_text text, struct asl_text location, bool key,
                  struct value_place *place);

/* An object's members as [{"Key", "Value"}, ...]: a distributed Map's items. Yours. */
asl_value *value_members(const asl_value *object);

/* Compact JSON: no white space, `/` unescaped, non-ASCII as UTF-8, control characters as \b \t \n
 * \f \r or \u00XX. Kept in the value (arrays and objects) after the first call. */
struct asl_text value_compact(const asl_value *v, struct asl_buffer *scratch);
/* Appends the same to a buffer. */
void value_print(const asl_value *v, struct asl_buffer *out);
/* The same, cut behind so many bytes (never within a character) and "..." put there; NULL is
 * "nothing". */
void value_print_short(const asl_value *v, size_t maximum, struct asl_buffer *out);
/* Two-space indented, for people. */
void value_print_pretty(const asl_value *v, struct asl_buffer *out);
/* A string's JSON form with quotes. */
void value_print_string(struct asl_text utf8, struct asl_buffer *out);
/* Bytes of the compact form: what AWS's 262,144-byte limit counts. */
size_t value_size(const asl_value *v);
/* Text of a double as value_double() spells it, at most 32 bytes with the NUL. Returns its size. */
size_t value_format_double(double d, char out[32]);

/* UTF-8: next code point at *at (advanced), or -1 at a malformed sequence (advanced by one). */
int32_t value_utf8_next(struct asl_text text, size_t *at);
bool value_utf8_valid(struct asl_text text);
size_t value_utf8_encode(uint32_t code_point, char out[4]);

#endif
