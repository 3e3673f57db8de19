/* JSONata (2.2, docs.jsonata.org), compiled once, evaluated on immutable values. A library of its
 * own: it knows nothing of Step Functions; what AWS adds or forbids comes in as options.
 *
 *     struct jsonata_error error = {0};
 *     struct jsonata *e = jsonata_compile(ASL_TEXT("$sum(items.(price * quantity))"), 0, &error);
 *     asl_value *total = NULL;
 *     switch (jsonata_evaluate(e, input, &env, &total, &error)) ...
 *
 * Strings are Unicode: counted and cut in code points, compared in UTF-16 order; positions count
 * UTF-16 units as the reference does. Numbers are doubles; a number that passes through untouched
 * keeps its text. Values made on the way live in an arena that goes with the evaluation.
 *
 * Bounds. Nested evaluation, evaluated nodes and memory are bounded for every evaluation; so is the
 * C stack (JSONATA_STACK_MAXIMUM below where it was entered), so nothing an expression does can
 * end the process. Tail calls run in constant stack. Compilation bounds its nesting the same way.
 * Errors of this kind: U1001 (depth, time), D2015 (memory).
 */
#ifndef ASL_JSONATA_JSONATA_H
#define ASL_JSONATA_JSONATA_H

#include "../value/value.h"

struct jsonata;

#define JSONATA_NO_POSITION SIZE_MAX

/* Written only by a call that fails, without a look at what was in it; then yours to
 * jsonata_error_free(). */
struct jsonata_error {
    char code[8];    /* "T2001", "S0202", "D3030", "U1001" ... */
    size_t position; /* as the reference counts it (the end of the token), or JSONATA_NO_POSITION */
    struct asl_buffer message; /* the reference's words with tokens and values filled in; yours */
    struct asl_buffer token;   /* what it is about, when the reference says so; yours */
};
void jsonata_error_free(struct jsonata_error *error);

enum jsonata_flags {
    JSONATA_NO_EVAL = 1,         /* $eval is not defined (then T1006) */
    JSONATA_NON_FINITE_TEXT = 2, /* Infinity, -Infinity and NaN in a result become strings of that
                                    name (as on AWS) instead of null */
};

/* NULL and *error when the source is no JSONata. `source` is copied. */
struct jsonata *jsonata_compile(struct asl_text source, unsigned flags,
                                struct jsonata_error *error);
void jsonata_free(struct jsonata *e); /* NULL is allowed */
struct asl_text jsonata_source(const struct jsonata *e);

/* What an expression refers to, found at compile time. */
enum jsonata_reference_kind {
    JSONATA_VARIABLE, /* $name, free in the expression; `path` holds the constant steps behind it
                         ("result", "errorOutput/Cause"), maybe empty */
    JSONATA_CONTEXT,  /* $$ */
    JSONATA_FIELD,    /* a bare name at the top level (reads the context item), or `$`, that item
                         itself, under the name "$" */
};
/* Calls `see` for every reference in the order of the text. Functions called by name ($sum) are
 * variables too; `position` is a reference's end in UTF-16 units, as in errors. */
void jsonata_each_reference(const struct jsonata *e,
                            void (*see)(void *state, enum jsonata_reference_kind kind,
                                        struct asl_text name, struct asl_text path,
                                        size_t position),
                            void *state);
/* True when `name` (without $) is a function of the library. */
bool jsonata_is_function(struct asl_text name);

/* Defaults of the limits; chosen so that the worst expression ends within a second and 256 MiB. */
#define JSONATA_DEPTH_MAXIMUM  5000
#define JSONATA_STEP_MAXIMUM   5000000
#define JSONATA_MEMORY_MAXIMUM ((size_t)80 << 20)
#define JSONATA_STACK_MAXIMUM  ((size_t)4 << 20)

/* The world, asked of the caller; limits bound every evaluation. Zero takes the default. */
struct jsonata_env {
    void *state;
    /* A variable's value (looked at; it must live as long as the evaluation), or NULL when it is
     * not bound (then natives and the library's functions are tried). May be NULL. */
    const asl_value *(*variable)(void *state, struct asl_text name);
    int64_t now_ms;                /* for $now and $millis: constant within an evaluation */
    double (*random)(void *state); /* 0 <= n < 1; NULL: $random and $shuffle give 0 */
    void (*uuid)(void *state, char out[37]); /* for natives that want one */
    const struct jsonata_native *natives;    /* further functions; the last has a NULL name */
    size_t depth_maximum;                    /* of nested evaluation, in nodes */
    size_t step_maximum;                     /* evaluated nodes: bounds time without a clock */
    size_t memory_maximum; /* bytes of values made on the way; the result may take as many again */
    size_t stack_maximum;  /* bytes of C stack; raise it only where the thread has them */
    size_t value_maximum;  /* bytes of any one value that a node gives: of a string its own, of an
                              array 8 for each element; zero: only memory_maximum bounds it */
};

enum jsonata_outcome {
    JSONATA_VALUE,
    JSONATA_UNDEFINED, /* nothing matched */
    JSONATA_FUNCTION,  /* the result is (or holds) a function */
    JSONATA_FAILED,    /* see *error */
};

/* `input` is the context item `$`, or NULL for none. *result is yours when JSONATA_VALUE. `e` may
 * be evaluated any number of times, not from two threads at once (values are not shared). */
enum jsonata_outcome jsonata_evaluate(const struct jsonata *e, const asl_value *input,
                                      const struct jsonata_env *env, asl_value **result,
                                      struct jsonata_error *error);

/* A native function: arguments as given (NULL: undefined), checked against `signature` before; the
 * result yours or NULL for undefined. On failure return NULL with error->code set, and the message
 * when the code is not one of the reference's. `signature` is JSONata's ("<n-n:n>") or NULL. */
struct jsonata_native {
    const char *name;
    const char *signature;
    asl_value *(*call)(const struct jsonata_env *env, const asl_value *const *arguments,
                       size_t count, struct jsonata_error *error);
};

#endif
