/* JSONPath as AWS runs it (Jayway's dialect), compiled once.
 * Serves: ASL spec "Paths" and "Reference Paths"; facts 3.3, 3.11.
 *
 * Roots: `$` the value at hand, `$$` the context object, `$name` a variable (and `$name.a[0]`).
 * Grammar: .name ['name'] ["name"] [n] [-n] [(@.length-n)] [n,m] ['a','b'] [a:b:c] [*] .* ..name
 * ..*
 * [?(filter)]; filters with == != < <= > >= =~ in nin subsetof anyof noneof all contains size
 * empty,
 * && || ! (), @ and $ paths, texts in quotes, bare words (numbers, true, null, any word), /regex/i,
 * JSON arrays and objects. Functions are none: AWS takes `length()` for a member's name.
 */
#ifndef ASL_PATH_PATH_H
#define ASL_PATH_PATH_H

#include "../value/value.h"

struct path;

enum path_root { PATH_INPUT, PATH_CONTEXT, PATH_VARIABLE };

enum path_flags {
    PATH_REFERENCE = 1, /* a Reference Path: one node, only .name ['name'] [n] */
};

struct path_error {
    size_t offset;     /* of the mistake, in the path's text */
    char message[160]; /* ours; AWS's wording is the caller's */
};

/* NULL and *error when `source` is no path (or no Reference Path where that is asked). */
struct path *path_compile(struct asl_text source, unsigned flags, struct path_error *error);
/* The path that `text` begins with, as an argument of an intrinsic function: it ends at a comma, a
 * closing bracket or a blank outside its own brackets and quotes. *size gets its bytes. */
struct path *path_compile_argument(struct asl_text text, size_t *size, struct path_error *error);
void path_free(struct path *p);

struct asl_text path_source(const struct path *p);
enum path_root path_root(const struct path *p);
struct asl_text path_variable(const struct path *p); /* its name without `$`; empty otherwise */
bool path_is_root(const struct path *p);             /* exactly `$` (or `$$`, `$name`) */
bool path_is_definite(const struct path *p); /* names one place: absent is an error, else [] */
bool path_is_reference(const struct path *p);

/* Where paths look. The context object is costly, so it is asked for only when a path needs it. */
struct path_scope {
    const asl_value *input;                                          /* what `$` is */
    const asl_value *(*context)(void *state);                        /* what `$$` is; may be NULL */
    const asl_value *(*variable)(void *state, struct asl_text name); /* NULL: not assigned */
    void *state;
};

/* What Jayway would have said: "No results for path: $['a']", "Missing property in path $['no']".
 */
struct path_miss {
    char message[512];
};

/* The value(s) the path names: yours. A definite path gives the value itself, an indefinite one an
 * array of matches (maybe empty). NULL and *miss (may be NULL) when a definite path finds nothing.
 */
asl_value *path_get(const struct path *p, const struct path_scope *scope, struct path_miss *miss);

/* For people, behind a path_get() that gave NULL: where in the path's text the first step begins
 * that finds nothing; 0 when the root itself is not there. */
size_t path_missed_at(const struct path *p, const struct path_scope *scope);

/* ResultPath: `document` with `v` at the (reference) path; objects on the way are made, arrays must
 * have the index. Consumes both. NULL and *miss when the place cannot be (a scalar in the way). */
asl_value *path_set_take(const struct path *p, asl_value *document, asl_value *v,
                         struct path_miss *miss);
/* AWS's cause when that place cannot be (error States.ReferencePathConflict), whole where `miss`
 * has only so much room: "Unable to apply ReferencePath $.a to input [1]". Appended to `out`. */
void path_describe_conflict(const struct path *p, const asl_value *document,
                            struct asl_buffer *out);
/* The same for a Reference Path that is read and finds nothing, as a Map's ItemsPath is:
 * "Unable to apply step \"items\" to input {}". */
void path_describe_step(const struct path *p, const asl_value *document, struct asl_buffer *out);

#endif
