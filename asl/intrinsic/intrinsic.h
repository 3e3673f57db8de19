/* Intrinsic functions: States.Format(...) and its 17 kin, compiled once.
 * Serves: ASL spec "Intrinsic Functions"; facts 3.4, 9.
 */
#ifndef ASL_INTRINSIC_INTRINSIC_H
#define ASL_INTRINSIC_INTRINSIC_H

#include "../path/path.h"

struct intrinsic;

/* What is not pure, asked of the caller. */
struct intrinsic_env {
    void *state;
    uint64_t (*random)(void *state);         /* 64 random bits */
    void (*uuid)(void *state, char out[37]); /* a version 4 UUID */
};

/* True when `source` begins as an intrinsic call does (a name and a parenthesis). */
bool intrinsic_looks_like(struct asl_text source);

/* NULL and *error when the syntax is wrong (refused at creation). Wrong arity and wrong types are
 * run-time errors, as on AWS. */
struct intrinsic *intrinsic_compile(struct asl_text source, struct path_error *error);
void intrinsic_free(struct intrinsic *i);
struct asl_text intrinsic_source(const struct intrinsic *i);

/* Calls `see` for every path in it (for validation and variableReferences). */
void intrinsic_each_path(const struct intrinsic *i, void (*see)(void *state, const struct path *p),
                         void *state);

/* The result: yours. NULL and *message (set up here, yours to asl_buffer_free; AWS's words without
 * the "An error occurred while executing the state" prefix) when it fails; an empty buffer
 * otherwise. `env` may be NULL where nothing random is asked for (States.MathRandom without seed
 * and States.UUID then fail). `failed_at` (may be NULL) gets the place in the source of the call or
 * the path's step that failed: AWS names only the whole expression, people want to see where. */
asl_value *intrinsic_evaluate(const struct intrinsic *i, const struct path_scope *scope,
                              const struct intrinsic_env *env, struct asl_buffer *message,
                              size_t *failed_at);

#endif
