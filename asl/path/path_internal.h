/* The shape of a compiled path, for the files of this folder only.
 *
 * compile.c reads a path's text into steps, filter_compile.c what stands in `[?( )]`; get.c walks a
 * value along the steps, filter.c decides filters, set.c writes at Reference Paths.
 *
 * The dialect. AWS answers as Jayway JsonPath 2.0.0 does (before functions came into it): recorded
 * and reported texts say so ("Property ['length()'] not found in path $['list']" for
 * `$.list.length()`: a function's name is a plain name). What Jayway learnt later and AWS's texts
 * do not contradict (double quotes, `||`, `in`, unions before further steps) is accepted as Jayway
 * does it.
 */
#ifndef ASL_PATH_INTERNAL_H
#define ASL_PATH_INTERNAL_H

#include "path.h"

/* Untrusted input: a path is at most this long, has at most so many steps (they are what walking
 * recurses by, besides the depth of the value), and its filters nest at most so deep. */
enum {
    PATH_TEXT_MAXIMUM = 65536,
    PATH_STEPS_MAXIMUM = 500,
    PATH_FILTER_DEPTH_MAXIMUM = 40,
    PATH_FILTER_LINKS_MAXIMUM = 500,
};
/* Walking: values looked at for one path, filters included (deep scans inside filters are what
 * needs it), and calls under way at once (a value's depth once for each filter that scans it anew).
 */
enum { PATH_WORK_MAXIMUM = 4000000, PATH_CALLS_MAXIMUM = 5000 };

enum path_step_kind {
    STEP_NAMES,   /* .name ['name'] ['a','b'] */
    STEP_INDICES, /* [0] [0,2] [(@.length-1)] */
    STEP_SLICE,   /* [1:3] [:2] [-2:] */
    STEP_WILDCARD,
    STEP_SCAN, /* .. ; always followed by what it scans for */
    STEP_FILTER,
};

struct path_slice {
    bool has_from, has_to;
    int64_t from, to, by;
};

struct path_step {
    enum path_step_kind kind;
    bool is_from_end; /* (@.length-n): the index is negative and counts from the end */
    size_t offset;    /* where it begins in the path's text */
    size_t count;     /* of names or indices */
    union {
        asl_value **names; /* strings */
        int64_t *indices;
        struct path_slice slice;
        struct path_filter *filter;
    } as;
};

struct path {
    char *source;
    size_t source_size;
    enum path_root root;
    bool is_current; /* `@`, inside filters */
    struct asl_text variable;
    struct path_step *steps;
    size_t count;
    size_t definite; /* so many steps from the start name one place each */
};

/* ---- filters ---- */
enum path_operand_kind { OPERAND_PATH, OPERAND_VALUE, OPERAND_REGEX };

struct path_operand {
    enum path_operand_kind kind;
    struct path *path;
    asl_value
        *value;  /* a string, an array or an object; words and numbers are strings of their text */
    void *regex; /* pcre2_code */
};

enum path_filter_kind { FILTER_OR, FILTER_AND, FILTER_NOT, FILTER_EXISTS, FILTER_COMPARE };

struct path_filter {
    enum path_filter_kind kind;
    struct path_filter *left, *right; /* OR, AND; NOT has left alone */
    struct path_operand a, b;         /* EXISTS has a alone */
    const struct path_operator *operator_;
};

/* What stands between two operands; NULL when `text` begins with none. `spelled` gets its size. */
const struct path_operator *path_operator_at(struct asl_text text, size_t *spelled);
bool path_operator_is_match(const struct path_operator *o); /* =~ */

/* ---- reading ---- */
struct path_parser {
    struct asl_text text;
    size_t at;
    unsigned flags;
    unsigned depth; /* of filters and brackets in them */
    unsigned links; /* && and || so far */
    struct path_error *error;
    bool failed;
};

/* Notes the first mistake, at the parser's place; returns false for the caller's convenience. */
bool path_fail(struct path_parser *p, const char *message);
int path_peek(const struct path_parser *p); /* the next byte, or -1 at the end */
void path_skip_blanks(struct path_parser *p);
bool path_take(struct path_parser *p,
               char c); /* takes `c` when it comes next, blanks before it too */
/* A path that begins here. Inside a filter it ends where an operator, blank or bracket begins. */
struct path *path_parse(struct path_parser *p, bool in_filter);
/* A quoted text that begins here (' or "): a string value, or NULL. */
asl_value *path_parse_quoted(struct path_parser *p);
/* From `?` to the closing `)`. NULL when it is wrong. */
struct path_filter *path_filter_parse(struct path_parser *p);
void path_filter_free(struct path_filter *f);

/* ---- walking ---- */
struct path_walk {
    const struct path_scope *scope;
    const asl_value *root; /* `$` of filters */
    struct value_list found;
    size_t work;  /* left */
    size_t calls; /* left */
};

enum path_outcome { PATH_FOUND, PATH_MISSED, PATH_EXHAUSTED };

/* Walks `p` from `start`; what is found is appended to w->found. PATH_MISSED when a step that must
 * be there is not (*miss says it, may be NULL); a definite path may also just find nothing. */
/* Takes `amount` of the walk's work; false when there is not so much left. */
bool path_spend(struct path_walk *w, size_t amount);
enum path_outcome path_walk_from(struct path_walk *w, const struct path *p, const asl_value *start,
                                 struct path_miss *miss);
/* The value that a path stands on: input, context, variable; NULL when there is none. */
const asl_value *path_start(const struct path *p, const struct path_scope *scope);
bool path_filter_accepts(const struct path_filter *f, struct path_walk *w,
                         const asl_value *current);
/* `$['a'][0]`: the first `count` steps as Jayway writes them. */
void path_print_steps(const struct path *p, size_t first, size_t count, struct asl_buffer *out);

#endif
