/* JSONata (2.x, docs.jsonata.org), compiled once, evaluated on immutable values. A library of its
 * own: it knows nothing of Step Functions; what AWS adds or forbids comes in as options.
 */
#ifndef ASL_JSONATA_JSONATA_H
#define ASL_JSONATA_JSONATA_H

#include "../value/value.h"

struct jsonata;

struct jsonata_error {
    char code[8];           /* "T2001", "S0202", "D3030", "U1001" ... */
    size_t position;        /* as the reference counts it */
    struct asl_buffer message; /* the reference's words with tokens and values filled in; yours */
};

enum jsonata_flags {
    JSONATA_NO_EVAL = 1, /* $eval is not defined (then T1006) */
};

/* NULL and *error when the source is no JSONata. */
struct jsonata *jsonata_compile(struct asl_text source, unsigned flags,
                                struct jsonata_error *error);
void jsonata_free(struct jsonata *e);
struct asl_text jsonata_source(const struct jsonata *e);

/* What an expression refers to, found at compile time. */
enum jsonata_reference_kind {
    JSONATA_VARIABLE, /* $name, free in the expression; `path` holds the constant steps behind it
                         ("result", "errorOutput/Cause"), maybe empty */
    JSONATA_CONTEXT,  /* $$ */
    JSONATA_FIELD,    /* a bare name at the top level (reads the context item) */
};
void jsonata_each_reference(const struct jsonata *e,
                            void (*see)(void *state, enum jsonata_reference_kind kind,
                                        struct asl_text name, struct asl_text path,
                                        size_t position),
                            void *state);

/* The world, asked of the caller; limits bound every evaluation. Zero takes the default. */
struct jsonata_env {
    void *state;
    /* A variable's value, or NULL when it is not bound (then built-in functions are tried). */
    const asl_value *(*variable)(void *state, struct asl_text name);
    int64_t now_ms;                       /* for $now and $millis: constant within an evaluation */
    double (*random)(void *state);        /* 0 <= n < 1 */
    void (*uuid)(void *state, char out[37]);
    const struct jsonata_native *natives; /* further functions, by name; NULL-terminated */
    size_t depth_maximum;  /* of nested evaluation */
    size_t step_maximum;   /* evaluated nodes: bounds time without a clock */
    size_t memory_maximum; /* bytes of values alive or made */
};

enum jsonata_outcome {
    JSONATA_VALUE,
    JSONATA_UNDEFINED, /* nothing matched */
    JSONATA_FUNCTION,  /* the result is (or holds) a function */
    JSONATA_FAILED,    /* see *error */
};

/* `input` is the context item `$`, or NULL for none. *result is yours when JSONATA_VALUE. */
enum jsonata_outcome jsonata_evaluate(const struct jsonata *e, const asl_value *input,
                                      const struct jsonata_env *env, asl_value **result,
                                      struct jsonata_error *error);
void jsonata_error_free(struct jsonata_error *error);

/* A native function: arguments as given (NULL: undefined), the result yours or NULL for undefined;
 * on failure return NULL with error->code set. `signature` is JSONata's ("<n-n:n>") or NULL. */
struct jsonata_native {
    const char *name;
    const char *signature;
    asl_value *(*call)(const struct jsonata_env *env, const asl_value *const *arguments,
                       size_t count, struct jsonata_error *error);
};

#endif
