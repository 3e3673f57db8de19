/* The shape of a compiled intrinsic call, for the files of this folder only.
 *
 * compile.c reads the text into a tree, evaluate.c computes the tree, table.c lists the 18
 * functions; they stand in array.c, text.c and number.c by what they work on.
 */
#ifndef ASL_INTRINSIC_INTERNAL_H
#define ASL_INTRINSIC_INTERNAL_H

#include "intrinsic.h"

enum {
    INTRINSIC_SOURCE_MAXIMUM = 65536,
    INTRINSIC_NESTING_MAXIMUM = 10,     /* AWS's limit */
    INTRINSIC_DATA_MAXIMUM = 10000,     /* characters that Base64* and Hash take (AWS) */
    INTRINSIC_RANGE_MAXIMUM = 1000,     /* elements that ArrayRange gives (AWS) */
    INTRINSIC_RESULT_MAXIMUM = 8 << 20, /* bytes a function may build; a payload has 256 KiB */
};

/* A function at work. */
struct intrinsic_call {
    asl_value *const *args;
    size_t count;
    struct asl_text format; /* Format's template with `\{` and `\}` still escaped */
    const struct intrinsic_env *env;
    struct asl_buffer *complaint; /* what to say instead of "Invalid arguments in States.X" */
};

struct intrinsic_function {
    const char *name;
    size_t least, most;       /* arguments */
    const char *arity_suffix; /* added to "Invalid arguments in States.X"; may be NULL */
    /* The result, or NULL: invalid arguments, or what the complaint says. */
    asl_value *(*call)(const struct intrinsic_call *c);
};

/* NULL when there is none of that name. */
const struct intrinsic_function *intrinsic_function_named(struct asl_text name);

enum intrinsic_node_kind { NODE_VALUE, NODE_PATH, NODE_CALL };

struct intrinsic_node {
    enum intrinsic_node_kind kind;
    size_t offset; /* where it begins in the source */
    asl_value *value;
    char *format; /* of a string literal: its text with `\{` and `\}` still escaped */
    size_t format_size;
    struct path *path;
    const struct intrinsic_function *function;
    struct intrinsic_node *args;
    size_t count;
};

struct intrinsic {
    char *source;
    size_t source_size;
    struct intrinsic_node call;
};

/* ---- arguments ---- */
/* Nearest integer, halves up (Java's Math.round): 1.5 -> 2, -1.5 -> -1. False when it is no number
 * or no 32-bit integer. */
bool intrinsic_round(const asl_value *v, int32_t *out);
/* The integer towards zero (Java's intValue), the same otherwise. */
bool intrinsic_truncate(const asl_value *v, int32_t *out);
bool intrinsic_is(const asl_value *v, enum value_kind kind);

/* ---- the functions ---- */
asl_value *intrinsic_array(const struct intrinsic_call *c);
asl_value *intrinsic_array_contains(const struct intrinsic_call *c);
asl_value *intrinsic_array_get_item(const struct intrinsic_call *c);
asl_value *intrinsic_array_length(const struct intrinsic_call *c);
asl_value *intrinsic_array_partition(const struct intrinsic_call *c);
asl_value *intrinsic_array_range(const struct intrinsic_call *c);
asl_value *intrinsic_array_unique(const struct intrinsic_call *c);
asl_value *intrinsic_base64_decode(const struct intrinsic_call *c);
asl_value *intrinsic_base64_encode(const struct intrinsic_call *c);
asl_value *intrinsic_format(const struct intrinsic_call *c);
asl_value *intrinsic_hash_text(const struct intrinsic_call *c);
asl_value *intrinsic_json_merge(const struct intrinsic_call *c);
asl_value *intrinsic_json_to_string(const struct intrinsic_call *c);
asl_value *intrinsic_math_add(const struct intrinsic_call *c);
asl_value *intrinsic_math_random(const struct intrinsic_call *c);
asl_value *intrinsic_string_split(const struct intrinsic_call *c);
asl_value *intrinsic_string_to_json(const struct intrinsic_call *c);
asl_value *intrinsic_uuid(const struct intrinsic_call *c);

#endif
