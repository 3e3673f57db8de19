/* Which fields an object of a definition may have: names, types, ranges, one table a kind of
 * object.
 *
 * The tables say what AWS accepts (facts 3.1, 3.8, 3.9, 3.12; a field on a state kind that does not
 * have it, a field of the other query language and the ranges were measured by others with
 * ValidateStateMachineDefinition, see fields.c). Checking an object reports everything that its own
 * members show; what lies inside is the business of whoever compiles that member.
 */
#ifndef ASL_DEFINITION_FIELDS_H
#define ASL_DEFINITION_FIELDS_H

#include "compile.h"

enum field_type {
    FIELD_ANY,
    FIELD_STRING,
    FIELD_BOOLEAN,
    FIELD_OBJECT,
    FIELD_ARRAY,       /* may be empty */
    FIELD_SOME,        /* array or object that may not be empty */
    FIELD_INTEGER,     /* in [minimum, maximum] */
    FIELD_FLOAT,       /* in [minimum, maximum] */
    FIELD_CHOICE,      /* a string out of `values`, "A|B|C" */
    FIELD_PATH,        /* a JSONPath or null */
    FIELD_REFERENCE,   /* a Reference Path */
    FIELD_RESULT_PATH, /* a Reference Path or null */
    FIELD_RFC3339,     /* a timestamp */
};

enum field_flags {
    FIELD_REQUIRED = 1,
    FIELD_JSONPATH = 2, /* only in this query language */
    FIELD_JSONATA = 4,
    FIELD_EXPRESSION = 8, /* in JSONata a string is an expression ("{% ... %}") */
};

struct field {
    const char *name;
    unsigned kinds; /* bits of the kinds of object that have it (1 << enum state_kind); 0: all */
    enum field_type type;
    unsigned flags;
    double minimum, maximum;
    const char *values;
};

/* Alternatives: an object has at most one (or exactly one) of them. "A|B|C" in AWS's order. */
struct alternatives {
    unsigned kinds;
    bool required;
    const char *names;
};

struct shape {
    const struct field *fields;
    size_t field_count;
    const struct alternatives *alternatives;
    size_t alternatives_count;
};

extern const struct shape shape_machine, shape_container, shape_state, shape_retrier, shape_catcher,
    shape_processor_config, shape_item_reader, shape_reader_config, shape_item_batcher,
    shape_result_writer, shape_writer_config;

/* Checks `object` as a `kind` of that shape. False when it is no object at all (reported). */
bool fields_check(struct compiler *c, const asl_value *object, const struct place *place,
                  const struct shape *shape, unsigned kind);

/* The same for one value that stands elsewhere, as that field's. */
bool fields_check_value(struct compiler *c, const asl_value *v, const struct place *place,
                        const struct field *field);

#endif
