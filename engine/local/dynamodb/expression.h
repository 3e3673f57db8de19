/* Condition, filter, key condition, update and projection expressions: text to tree, and what a
 * tree does to an item. The parser is expression_parse.c, conditions and projections
 * expression_evaluate.c, updates expression_update.c. */
#ifndef ENGINE_LOCAL_DYNAMODB_EXPRESSION_H
#define ENGINE_LOCAL_DYNAMODB_EXPRESSION_H

#include "asl/value/value.h"

#define EXPRESSION_BYTES     4096 /* DynamoDB: an expression's text */
#define EXPRESSION_OPERATORS 300  /* DynamoDB: operators and functions in one expression */
#define EXPRESSION_DEPTH     100  /* ours: nested parentheses, functions, NOTs */
#define EXPRESSION_COMPLAINT 1024

/* The names and values of one request, and which of them its expressions have used. */
struct expression_scope {
    const asl_value *names;  /* {"#a": "attribute"}, or NULL */
    const asl_value *values; /* {":v": {"S": ..}}, accepted, or NULL */
    bool *used_names, *used_values;
};
void expression_scope_init(struct expression_scope *s, const asl_value *names,
                           const asl_value *values);
void expression_scope_free(struct expression_scope *s);
/* Whether every name and value was used; else DynamoDB's complaint. */
bool expression_scope_is_used(const struct expression_scope *s,
                              char complaint[EXPRESSION_COMPLAINT]);

struct expression_step {
    bool is_index;
    size_t index;
    struct asl_text name;
};
struct expression_path {
    const struct expression_step *steps;
    size_t count;
};

enum expression_operation {
    EXPRESSION_OR,
    EXPRESSION_AND,
    EXPRESSION_NOT,
    EXPRESSION_EQ,
    EXPRESSION_NE,
    EXPRESSION_LT,
    EXPRESSION_LE,
    EXPRESSION_GT,
    EXPRESSION_GE,
    EXPRESSION_BETWEEN,
    EXPRESSION_IN,
    EXPRESSION_EXISTS,
    EXPRESSION_NOT_EXISTS,
    EXPRESSION_TYPE,
    EXPRESSION_BEGINS_WITH,
    EXPRESSION_CONTAINS,
    EXPRESSION_SIZE,
    EXPRESSION_IF_NOT_EXISTS,
    EXPRESSION_LIST_APPEND,
    EXPRESSION_PLUS,
    EXPRESSION_MINUS,
    EXPRESSION_PATH,
    EXPRESSION_VALUE,
};
/* As it is written: "=", "BETWEEN", "attribute_exists". */
const char *expression_operation_name(enum expression_operation operation);
bool expression_is_function(enum expression_operation operation);

struct expression_node {
    enum expression_operation operation;
    struct expression_node **arguments;
    size_t count;
    struct expression_path path; /* of PATH */
    const asl_value *value;      /* of VALUE: the scope's */
};

enum expression_verb { EXPRESSION_SET, EXPRESSION_REMOVE, EXPRESSION_ADD, EXPRESSION_DELETE };
struct expression_action {
    enum expression_verb verb;
    struct expression_path path;
    struct expression_node *value; /* NULL for REMOVE */
};

struct expression {
    struct expression_node *condition; /* of a condition */
    struct expression_action *actions; /* of an update */
    size_t action_count;
    struct expression_path *paths; /* of a projection, and of an update what it touches */
    size_t path_count;
    void *memory; /* what all of the above lives in */
};

enum expression_kind { EXPRESSION_CONDITION, EXPRESSION_UPDATE, EXPRESSION_PROJECTION };

/* NULL and DynamoDB's complaint (what it puts behind "Invalid ...Expression: "). The scope's values
 * must outlive the expression. */
struct expression *expression_parse(enum expression_kind kind, struct asl_text text,
                                    struct expression_scope *scope,
                                    char complaint[EXPRESSION_COMPLAINT]);
void expression_free(struct expression *e);
/* Whether any path (of a condition too) goes deeper than its first step, which is `name`. */
bool expression_nests_in(const struct expression *e, struct asl_text name);
/* Whether any path of a condition begins with `name`. */
bool expression_mentions(const struct expression *e, struct asl_text name);

/* Whether the item ({} where there is none) meets the condition. */
bool expression_holds(const struct expression_node *condition, const asl_value *item);
/* What lies at a path, or NULL. */
const asl_value *expression_find(const struct expression_path *path, const asl_value *item);
/* The parts of an item at `paths`; yours. */
asl_value *expression_project(const struct expression_path *paths, size_t count,
                              const asl_value *item);
/* The item after the update; NULL and a complaint when it cannot be applied. */
asl_value *expression_apply(const struct expression *update, const asl_value *item,
                            char complaint[EXPRESSION_COMPLAINT]);

bool expression_is_reserved(struct asl_text word);

#endif
