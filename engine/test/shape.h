/* The form of a test file, as tables: the reader checks by them and the JSON Schema for editors is
 * printed from them, so the two cannot disagree about a member's name or kind.
 *
 * A member's value is `form`, set out as `layout` says. What only the whole can tell (a state that
 * does not exist) is file.c's to check.
 */
#ifndef ENGINE_TEST_SHAPE_H
#define ENGINE_TEST_SHAPE_H

#include "engine/test/complaint.h"

/* Branches of branches: no machine nests deeper. */
#define SHAPE_PATH_DEPTH 64

enum form {
    FORM_ANY,     /* any JSON: a payload */
    FORM_MATCHER, /* any JSON, matchers in it (match.h) */
    FORM_TEXT,
    FORM_WORDS,      /* one of `words`, "A|B" */
    FORM_FLAG,       /* true or false */
    FORM_COUNT,      /* a whole number from 0 */
    FORM_ORDINAL,    /* a whole number from 1 */
    FORM_TIMES,      /* a whole number from 1, or "any" */
    FORM_SCALAR,     /* a text, number, true or false */
    FORM_TIME,       /* "2026-01-31T08:00:00Z" */
    FORM_DURATION,   /* seconds, or "1 h 30 min" (duration.h) */
    FORM_LASTING,    /* a duration, or a matcher of seconds */
    FORM_DEFINITION, /* a file's name, or the definition itself */
    FORM_PATH,       /* a list of states (path.h) */
    FORM_CALLS,      /* a list of calls, or by state how many or with what */
    FORM_OBJECT,     /* of `shape` */
    FORMS,
};

enum layout {
    LAYOUT_ONE,
    LAYOUT_LIST,
    LAYOUT_ONE_OR_LIST,
    LAYOUT_BY_NAME,             /* {"name": one} */
    LAYOUT_BY_NAME_ONE_OR_LIST, /* {"name": one or list} */
};

struct shape;

struct member {
    const char *name; /* NULL ends the table */
    const char *help; /* what an editor shows */
    enum form form;
    enum layout layout;
    const struct shape *shape;
    const char *words;
    bool required;
};

struct shape {
    const char *name; /* of its part of the schema */
    const struct member *members;
    const char *one_of;      /* "a|b": exactly one of these must be there; NULL: no such rule */
    const char *at_most_one; /* "a|b" */
};

extern const struct shape shape_file, shape_call;

/* Complains about all that is not of that shape. */
void form_check(const asl_value *v, const struct shape *shape, const struct step *at,
                struct complaints *c);

/* The JSON Schema (draft 2020-12) of a test file. */
asl_value *test_schema(void);

#endif
