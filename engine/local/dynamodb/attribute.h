/* Attribute values: {"S": "x"}, {"N": "1"}, {"L": [...]} ... as values of one member.
 *
 * What comes from a request goes through attribute_accept once: afterwards numbers are canonical
 * text, sets hold no duplicates, base64 is right, nesting is bounded, and the rest of the room may
 * rely on it. Functions here look at their arguments and give new values away. */
#ifndef ENGINE_LOCAL_DYNAMODB_ATTRIBUTE_H
#define ENGINE_LOCAL_DYNAMODB_ATTRIBUTE_H

#include "asl/value/value.h"
#include "number.h"

#define ATTRIBUTE_DEPTH      32           /* DynamoDB: levels of nesting */
#define ATTRIBUTE_ITEM_BYTES (400 * 1024) /* DynamoDB: an item, names and values */
#define ATTRIBUTE_COMPLAINT  1024

enum attribute_type {
    ATTRIBUTE_S,
    ATTRIBUTE_N,
    ATTRIBUTE_B,
    ATTRIBUTE_SS,
    ATTRIBUTE_NS,
    ATTRIBUTE_BS,
    ATTRIBUTE_BOOL,
    ATTRIBUTE_NULL,
    ATTRIBUTE_L,
    ATTRIBUTE_M,
    ATTRIBUTE_TYPES,
};
const char *attribute_type_name(enum attribute_type type); /* "S" ... */
/* Of a well-formed attribute value. */
enum attribute_type attribute_type(const asl_value *v);
const asl_value *attribute_content(const asl_value *v);
/* "S", "NULL" ...: ATTRIBUTE_TYPES when it is none. */
enum attribute_type attribute_type_named(struct asl_text name);

/* The JSON shape: what is no string where a string belongs is a SerializationException. False and
 * its message. */
bool attribute_has_shape(const asl_value *v, char complaint[ATTRIBUTE_COMPLAINT]);
/* The rules behind the shape, in DynamoDB's words: NULL and a complaint, or the canonical value. */
asl_value *attribute_accept(const asl_value *v, char complaint[ATTRIBUTE_COMPLAINT]);
/* The same for each member of an item or key. */
asl_value *attribute_accept_map(const asl_value *map, char complaint[ATTRIBUTE_COMPLAINT]);

asl_value *attribute_new_take(enum attribute_type type, asl_value *content);
asl_value *attribute_new_number(const struct number *n);
struct number attribute_number(const asl_value *v); /* of an N, or of a string that is one */
/* The bytes of a base64 string; freed by the caller. False when it is not base64. */
bool attribute_decode(struct asl_text base64, struct asl_buffer *out);

bool attribute_equal(const asl_value *a, const asl_value *b);
/* Of two S, N or B of one type: <0, 0, >0. */
int attribute_compare(const asl_value *a, const asl_value *b);
bool attribute_is_ordered(enum attribute_type type); /* S, N, B */
/* DynamoDB's count of bytes for its 400 KB: UTF-8 bytes, packed numbers. */
size_t attribute_item_size(const asl_value *item);
/* Whether a set holds that element (a string: content of the set's element type). */
bool attribute_set_holds(enum attribute_type set, const asl_value *elements, const asl_value *one);

/* Appends the key's sortable bytes. */
void attribute_put_key(const asl_value *v, struct asl_buffer *out);
/* Appends the bytes that DynamoDB hashes. */
void attribute_put_hash(const asl_value *v, struct asl_buffer *out);

#endif
