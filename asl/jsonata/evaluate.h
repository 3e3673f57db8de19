/* The evaluator's shared ground: the run, frames, functions, and who evaluates what.
 *
 * evaluate.c   one node: dispatch, operators, blocks, variables, results that collapse
 * path.c       paths step by step, predicates, wildcards
 * sort.c       ^( ), merge sort; group.c { }
 * tuple.c      paths that carry bindings (@, #, %) from step to step
 * call.c       functions: calling, tail calls, partial application, closures, chains
 * transform.c  | pattern | update, delete |
 * function_*.c the library, one table each, joined in library.c
 * run.c        setting up, limits, the result
 *
 * Failure. A function that evaluates returns ITEM_FAILED after filling in run->failure; callers
 * pass it on at once. Memory that ran out is noticed at the next node (arena.exhausted).
 */
#ifndef ASL_JSONATA_EVALUATE_H
#define ASL_JSONATA_EVALUATE_H

#include "signature.h"
#include "stringify.h"
#include "syntax.h"

struct binding {
    uint32_t symbol;
    item value;
};

/* Variables of a block, a call or a row. Lookups go to the parent when a frame has none. */
struct frame {
    struct frame *parent;
    struct binding *bindings;
    uint32_t count;
    uint32_t capacity; /* 0: the bindings are somebody else's, copy before writing */
};

/* A row of a path with bindings: `@` and what was bound on the way. To the reference it is an
 * object with those members, and now and then one gets out of its path as that (sorted rows are no
 * longer marked as rows; a path that only a predicate asks for its parents gives its rows away):
 * see jsonata_row_value(). */
struct tuple {
    item at;
    struct binding *bindings;
    uint32_t count, capacity;
    struct object *value; /* NULL until it got out */
};

/* The row that the item is or shows, or NULL. */
static inline struct tuple *jsonata_row(item i)
{
    return i.kind == ITEM_TUPLE ? i.as.tuple : i.kind == ITEM_OBJECT ? i.as.object->row : NULL;
}

/* A key that was made a value for the result. */
struct known_key {
    struct asl_text text;
    asl_value *value;
};

#define KEY_VALUES 32

struct run {
    struct heap heap;
    struct jsonata *program;
    const struct jsonata_env *env;
    struct symbols *symbols;
    item *globals; /* by symbol: ITEM_UNBOUND until looked up */
    uint32_t global_count;
    item input; /* as given; `$$` */
    size_t depth, depth_maximum;
    size_t steps, step_maximum;
    size_t string_maximum, array_maximum; /* of one value: bytes, elements */
    const char *stack_limit;              /* the C stack must stay above this */
    struct failure failure;
    struct value_list owned;      /* results of foreign functions, released at the end */
    struct symbols own_symbols;   /* the program's and those of $eval's sources */
    struct jsonata *evaluated;    /* programs made by $eval, freed at the end */
    size_t result_size;           /* bytes of values made for what leaves */
    bool has_function;            /* what leaves holds one */
    struct known_key *known_keys; /* KEY_VALUES of them, or NULL before the first */
    struct kept_picture *picture; /* the date/time picture used last */
    const char *picture_text;     /* where its text was */
    struct asl_text checked;      /* the subject matched last, and the same fit for matching */
    struct asl_text matchable;
};

/* ---- failing ---- */

item jsonata_fail(struct run *run, const char *code);
/* A failure with its value. */
item jsonata_fail_value(struct run *run, const char *code, item value);
/* Argument number `index`, whose signature lets it be undefined, is needed after all (the reference
 * ends in an error of JavaScript then): T0410. */
item jsonata_fail_missing(struct run *run, int64_t index);
/* Too deep, too long, too much: which one is found out here. */
item jsonata_fail_limit(struct run *run);

/* Natives that do much in one step say so: units of about one evaluated node. */
static inline void jsonata_charge(struct run *run, size_t units)
{
    run->steps += units;
}
/* Bytes looked at or copied. */
static inline void jsonata_charge_bytes(struct run *run, size_t bytes)
{
    run->steps += bytes / 64;
}
static inline bool jsonata_is_over(const struct run *run)
{
    return run->depth > run->depth_maximum || run->steps > run->step_maximum ||
           run->heap.arena.exhausted || (const char *)__builtin_frame_address(0) < run->stack_limit;
}

/* ---- nodes ---- */

item jsonata_evaluate_node(struct run *run, const struct node *n, item input, struct frame *frame);
/* The same for a step of a path, that may give rows. */
item jsonata_evaluate_rows(struct run *run, const struct node *n, item input, struct frame *frame);
/* The same for an operand: literals and paths of names take a short way. */
item jsonata_evaluate_operand(struct run *run, const struct node *n, item input,
                              struct frame *frame);
item jsonata_evaluate_path(struct run *run, const struct node *n, item input, struct frame *frame);
/* `rows` is NULL at the first step; then `input` is turned into rows. */
item jsonata_evaluate_tuple_step(struct run *run, const struct node *step, struct array *input,
                                 struct array *rows, struct frame *frame);
item jsonata_evaluate_filter(struct run *run, const struct node *predicate, item input,
                             struct frame *frame);
item jsonata_evaluate_stages(struct run *run, const struct stages *stages, item input,
                             struct frame *frame);
/* The array itself when it has fewer than two items, else a new plain one. */
item jsonata_evaluate_sort(struct run *run, const struct node *n, struct array *input,
                           struct frame *frame);
item jsonata_evaluate_group(struct run *run, const struct group *group, item input,
                            struct frame *frame);
item jsonata_evaluate_wildcard(struct run *run, item input);
item jsonata_evaluate_descendants(struct run *run, item input);
item jsonata_evaluate_call(struct run *run, const struct node *n, item input, struct frame *frame,
                           const item *context);
/* The call in tail position, to be made by the trampoline. */
item jsonata_defer_call(struct run *run, const struct node *n, item input, struct frame *frame);
/* The same as the function that it is to the reference. */
item jsonata_tail_function(struct run *run, item tail);
item jsonata_step_name(struct run *run, item input, struct asl_text name);
item jsonata_collapsed(struct run *run, item result);
item jsonata_evaluate_partial(struct run *run, const struct node *n, item input,
                              struct frame *frame);
item jsonata_evaluate_chain(struct run *run, const struct node *n, item input, struct frame *frame);
item jsonata_transform(struct run *run, const struct node *n, struct frame *frame, item object);

/* ---- frames ---- */

struct frame *jsonata_frame(struct run *run, struct frame *parent, uint32_t capacity);
struct frame *jsonata_row_frame(struct run *run, struct frame *parent, const struct tuple *t);
void jsonata_bind(struct run *run, struct frame *f, uint32_t symbol, item value);
item jsonata_lookup(struct run *run, const struct frame *f, uint32_t symbol);
struct tuple *jsonata_tuple(struct run *run, const struct tuple *from, item at, uint32_t more);
void jsonata_tuple_set(struct run *run, struct tuple *t, uint32_t symbol, item value);
/* What an item of `among` is to what is evaluated for it: a row's `@` in a frame of the row's
 * bindings, when `among` is marked as rows, otherwise itself in `outer`. */
item jsonata_row_context(struct run *run, const struct array *among, item one, struct frame **frame,
                         struct frame *outer);
/* What the reference has in place of a row where it is not taken for one. Other items stay. */
item jsonata_row_value(struct run *run, item row);

/* ---- functions ---- */

/* What a native may ask about its call. */
struct call {
    item input; /* the context item */
    struct frame *frame;
};

struct native {
    const char *name;
    const char *signature;
    uint8_t parameters; /* formal ones, for partial application */
    uint8_t arity;      /* as JavaScript's length says it, for what $map and its kin pass */
    item (*call)(struct run *run, const item *arguments, size_t count, const struct call *call);
};

enum function_kind {
    FUNCTION_NATIVE,  /* of the library */
    FUNCTION_FOREIGN, /* of jsonata_env.natives */
    FUNCTION_LAMBDA,
    FUNCTION_PARTIAL, /* one of the others with some arguments given */
    FUNCTION_REGEX,
    FUNCTION_NEXT, /* the `next` of a match */
    FUNCTION_TRANSFORM,
    FUNCTION_CHAIN, /* f ~> g */
};

struct function {
    uint8_t kind;
    uint8_t arity;
    item token;                        /* the name it was last called by */
    size_t position;                   /* of that call; JSONATA_NO_POSITION before */
    const struct signature *signature; /* or NULL: anything goes */
    union {
        const struct native *native;
        const struct jsonata_native *foreign;
        struct {
            const struct node *body;
            struct node *const *parameters; /* variables not yet bound */
            uint32_t count;
            struct frame *frame;
            item input;
        } lambda;
        struct {
            item whole;
            item *arguments; /* ITEM_UNBOUND where one is still to come */
            uint32_t count;
        } partial;
        struct {
            struct regex *regex;
            size_t position; /* of the literal */
            item pattern;
            struct asl_text before; /* JavaScript's lastIndex: how much of the last subject, up to
                                       its last match's end; every `next` goes on from there */
        } regex;
        struct {
            struct function *regex;
            item subject;
            size_t length; /* what its `length` says to JavaScript: units of a string, elements of
                              an array, 0 of a function; SIZE_MAX for others */
        } next;
        struct {
            const struct node *node;
            struct frame *frame;
        } transform;
        struct {
            item first, second;
        } chain;
    } as;
};

struct function *jsonata_function(struct run *run, enum function_kind kind, unsigned arity);
/* Calls with tail calls run out. `input` is the context for parameters that take it. */
item jsonata_apply(struct run *run, item function, const item *arguments, size_t count, item input,
                   struct frame *frame);
/* As functions of the library call a function they were given: without a context, and failing where
 * JavaScript could not call it. */
item jsonata_call_back(struct run *run, item function, const item *arguments, size_t count);
/* As $map and its kin call: as many of the arguments as the function takes, at least one. */
item jsonata_apply_some(struct run *run, item function, const item *arguments, size_t most);
size_t jsonata_arity(item function);
/* A native without the check of its signature, see unchecked.c. `arguments` has room for four at
 * least, and is changed. */
item jsonata_call_unchecked(struct run *run, const struct function *f, item *arguments,
                            size_t count, const struct call *call);

/* The library's function of that name, or NULL. */
const struct native *jsonata_library_find(struct asl_text name);

/* ---- meaning of values ---- */

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_FAILED };

/* $boolean; undefined is no. Fails (D1001) on infinities. */
enum truth jsonata_truth(struct run *run, item i);
/* The reference's isNumeric: fails (D1001) on infinities, false on NaN. Look at run->failure when a
 * failure matters. */
bool jsonata_is_number(struct run *run, item i, bool *failed);
bool jsonata_equal(struct run *run, item a, item b);
/* $string: failed, or a string (undefined for undefined). */
item jsonata_to_string(struct run *run, item i, bool pretty);
/* What JavaScript takes for true. */
bool jsonata_is_javascript_true(item i);
/* What JavaScript's String() makes of it, where the reference leaves that to JavaScript. */
void jsonata_put_javascript_text(struct run *run, struct builder *b, item i);
item jsonata_javascript_text(struct run *run, item i); /* fails when it is too deep */
bool jsonata_is_same(item a, item b);                  /* === */
/* The way out. False and the failure set when it is too deep or too large. */
bool jsonata_to_value(struct run *run, item i, asl_value **value);
item jsonata_regex_next(struct run *run, const struct function *next);
/* `from`: where to begin, in UTF-16 units; what is no number means at the beginning. */
item jsonata_regex_apply(struct run *run, struct function *regex, item subject, item from);
item jsonata_clone(struct run *run, item i);
item jsonata_eval(struct run *run, item source, item input, struct frame *frame);

/* Merge sort with the reference's comparisons, in its order. `after` says that a belongs behind b,
 * and fails through run->failure.code. */
typedef bool jsonata_after(struct run *run, void *state, size_t a, size_t b);
bool jsonata_merge_sort(struct run *run, uint32_t *order, size_t count, jsonata_after *after,
                        void *state);

#endif
