/* Request members as data: type, need, bounds, pattern, enumeration. */
#ifndef ENGINE_LOCAL_DYNAMODB_SHAPE_H
#define ENGINE_LOCAL_DYNAMODB_SHAPE_H

#include <stdbool.h>

enum shape_type {
    SHAPE_STRING,
    SHAPE_BOOLEAN,
    SHAPE_INTEGER,
    SHAPE_TIME,      /* epoch seconds, a fraction allowed */
    SHAPE_ITEM,      /* a map of attribute values */
    SHAPE_NAMES,     /* a map of strings */
    SHAPE_LIST,      /* of what children[0] says */
    SHAPE_MAP,       /* of what children[0] says */
    SHAPE_STRUCT,    /* of children */
    SHAPE_LEGACY,    /* a parameter from before expressions: refused by name */
    SHAPE_UNOFFERED, /* a member whose meaning is not offered here: refused by name */
    SHAPE_ANY,       /* taken and given back as it is */
};

struct shape {
    const char *name;
    enum shape_type type;
    bool required;
    long minimum, maximum; /* of an integer, or of a length; 0, 0: unbounded; maximum 0: no upper */
    bool is_named_first;   /* its need and length are told alone, in words of their own */
    const char *pattern;   /* "[a-zA-Z0-9_.-]+" is the only one */
    const char *allowed;   /* "[A, B]" as DynamoDB prints it */
    const struct shape *children; /* ended by a nameless one; of lists and maps: the one element */
};

struct dynamodb_shape {
    const char *operation;
    const struct shape *members;
};

extern const struct shape shape_list_tables[], shape_describe_table[], shape_delete_table[],
    shape_create_table[], shape_update_table[], shape_describe_backups[], shape_update_backups[],
    shape_get_item[], shape_put_item[], shape_update_item[], shape_delete_item[], shape_query[],
    shape_scan[], shape_batch_get[], shape_batch_write[], shape_transact_get[],
    shape_transact_write[], shape_export_table[], shape_describe_export[], shape_list_exports[],
    shape_nothing[];

#endif
