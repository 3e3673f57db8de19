/* The parser of expressions from inside: what its three files share. expression_lex.c reads tokens,
 * expression_check.c looks at operands, expression_parse.c is the grammar. */
#ifndef ENGINE_LOCAL_DYNAMODB_EXPRESSION_PARSER_H
#define ENGINE_LOCAL_DYNAMODB_EXPRESSION_PARSER_H

#include "attribute.h"
#include "expression.h"

enum token {
    END,
    WORD,
    NAME,
    VALUE,
    DIGITS,
    LEFT,
    RIGHT,
    OPEN,
    CLOSE,
    COMMA,
    DOT,
    PLUS,
    MINUS,
    EQ,
    NE,
    LT,
    LE,
    GT,
    GE,
    STRAY,
};

/* A kind of mistake: the first complaint of each kind is kept. */
enum slot {
    PARENTHESES,
    UNKNOWN_FUNCTION,
    MISUSED_FUNCTION,
    RESERVED,
    CONDITION,
    SECTION,
    ATTRIBUTE_NAME,
    ATTRIBUTE_VALUE,
    OVERLAP,
    CONFLICT,
    OPERAND,
    DISTINCT,
    FUNCTION,
    SLOTS,
};

struct block {
    struct block *next;
};

struct parser {
    enum expression_kind kind;
    struct asl_text text;
    struct expression_scope *scope;
    struct expression *out;
    struct block *blocks;
    enum token token;               /* the next one */
    struct asl_text lexeme, before; /* its text, and that of the one before it */
    size_t at;                      /* behind it */
    size_t depth, operators;
    bool is_syntax_error, is_too_complex;
    unsigned sections; /* bit per verb */
    char complaints[SLOTS][EXPRESSION_COMPLAINT];
    char syntax[EXPRESSION_COMPLAINT];
};

/* ---- expression_lex.c ---- */

/* Zeroed memory that lives as long as the expression. */
void *parser_allocate(struct parser *p, size_t size);
/* Room for one more in a growing array of the arena. */
void *parser_grown(struct parser *p, void *items, size_t count, size_t size);
/* Keeps the first complaint of its kind. */
void parser_complain(struct parser *p, enum slot slot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void parser_advance(struct parser *p);
void parser_syntax_error(struct parser *p);
bool parser_is_word(const struct parser *p, const char *keyword);
bool parser_expect(struct parser *p, enum token token);
/* Bounds recursion: false when there is an error already, or too many levels. */
bool parser_enter(struct parser *p);
void parser_count_operator(struct parser *p);
/* The token at `at`, which is no white space and not the end. */
enum token parser_read_token(struct asl_text t, size_t at, size_t *size);
size_t parser_skip_space(struct asl_text t, size_t at);

/* ---- expression_check.c ---- */

bool parser_is_path(const struct expression_node *n);
/* The type a literal has; ATTRIBUTE_TYPES when only the item can tell. */
enum attribute_type parser_literal_type(const struct expression_node *n);
void parser_put_path(const struct expression_path *path, struct asl_buffer *out);
void parser_check_function(struct parser *p, const struct expression_node *n, size_t operands);
void parser_check_misuse(struct parser *p, const struct expression_node *n);
void parser_check_is_condition(struct parser *p, const struct expression_node *n);
void parser_check_distinct(struct parser *p, const struct expression_node *n);
void parser_check_comparison(struct parser *p, const struct expression_node *n);
void parser_check_set_operand(struct parser *p, enum expression_verb verb,
                              const struct expression_node *value);

#endif
