/* From text to tree: tokens, nodes, the program, and the failures of both compiling and evaluating.
 *
 * lexer.c makes tokens, parser.c a tree by binding powers, process.c turns that into what the
 * evaluator walks (paths flattened, predicates attached to steps, `%` resolved to the step it
 * means, tail calls marked, variables numbered), reference.c lists what is read from outside.
 * Positions are kept as the reference counts them: UTF-16 units, at the end of the token.
 */
#ifndef ASL_JSONATA_SYNTAX_H
#define ASL_JSONATA_SYNTAX_H

#include "data.h"
#include "jsonata.h"

/* ---- failures ---- */

/* What the reference throws; messages are filled in from these when the failure leaves. */
struct failure {
    char code[8]; /* empty: none */
    bool has_position;
    size_t position;
    item token, value, value2, extra; /* undefined: not given */
    int64_t index;                    /* 0: not given */
    const char *type;                 /* "numbers", or a function's name for D3140 */
    const char *words;                /* a message of our own instead of the table's, or NULL */
};

void jsonata_failure_export(const struct failure *f, struct heap *h, struct jsonata_error *error);
/* The message alone, for $eval. */
item jsonata_failure_message(const struct failure *f, struct heap *h);

/* ---- tokens ---- */

enum token_type {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_VARIABLE,
    TOKEN_OPERATOR,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_VALUE, /* true, false, null */
    TOKEN_REGEX,
};

/* One for every operator, and one for each class of other tokens. */
enum symbol_id {
    SYMBOL_END,
    SYMBOL_NAME,
    SYMBOL_LITERAL,
    SYMBOL_REGEX,
    SYMBOL_DOT,
    SYMBOL_BRACKET,
    SYMBOL_BRACKET_CLOSE,
    SYMBOL_BRACE,
    SYMBOL_BRACE_CLOSE,
    SYMBOL_PAREN,
    SYMBOL_PAREN_CLOSE,
    SYMBOL_COMMA,
    SYMBOL_AT,
    SYMBOL_HASH,
    SYMBOL_SEMICOLON,
    SYMBOL_COLON,
    SYMBOL_QUESTION,
    SYMBOL_PLUS,
    SYMBOL_MINUS,
    SYMBOL_STAR,
    SYMBOL_SLASH,
    SYMBOL_PERCENT,
    SYMBOL_BAR,
    SYMBOL_EQUAL,
    SYMBOL_LESS,
    SYMBOL_GREATER,
    SYMBOL_CARET,
    SYMBOL_STAR_STAR,
    SYMBOL_RANGE,
    SYMBOL_ASSIGN,
    SYMBOL_NOT_EQUAL,
    SYMBOL_LESS_EQUAL,
    SYMBOL_GREATER_EQUAL,
    SYMBOL_CHAIN,
    SYMBOL_ELVIS,
    SYMBOL_COALESCE,
    SYMBOL_AND,
    SYMBOL_OR,
    SYMBOL_IN,
    SYMBOL_AMPERSAND,
    SYMBOL_NOT,   /* stops a name; means nothing */
    SYMBOL_TILDE, /* likewise */
    SYMBOL_COUNT
};

struct regex;

struct token {
    enum token_type type;
    enum symbol_id id;
    size_t position;
    item value; /* the name, the operator's spelling, the literal */
    struct regex *regex;
};

struct lexer {
    struct jsonata *program;
    struct asl_text source;
    size_t at;                     /* bytes */
    size_t counted, counted_units; /* how far UTF-16 units were counted */
    struct failure *failure;
};

void jsonata_lexer_init(struct lexer *l, struct jsonata *program, struct asl_text source,
                        struct failure *failure);
/* False and the failure filled in when there is no token to be had. After an operand (`infix`), a
 * slash divides; elsewhere it begins a regular expression. */
bool jsonata_lexer_next(struct lexer *l, bool infix, struct token *token);
size_t jsonata_lexer_units(struct lexer *l, size_t byte);

/* ---- nodes ---- */

enum node_type {
    NODE_END, /* where an operand should have been */
    NODE_NAME,
    NODE_STRING,
    NODE_NUMBER,
    NODE_VALUE,
    NODE_VARIABLE,
    NODE_REGEX,
    NODE_OPERATOR, /* `?` as an argument; and, or, in before they become names */
    NODE_WILDCARD,
    NODE_DESCENDANT,
    NODE_PARENT,
    NODE_BINARY,
    NODE_UNARY,    /* minus: lhs; [ and {: items */
    NODE_FUNCTION, /* lhs called with items */
    NODE_PARTIAL,
    NODE_LAMBDA,    /* items: parameters; lhs: body */
    NODE_CONDITION, /* lhs ? rhs : third */
    NODE_ELVIS,     /* lhs ?: rhs */
    NODE_COALESCE,  /* lhs ?? rhs */
    NODE_BLOCK,
    NODE_TRANSFORM, /* | lhs | rhs, third | */
    NODE_PATH,      /* items: steps */
    NODE_BIND,
    NODE_APPLY,
    NODE_SORT, /* items: terms */
    NODE_TERM, /* lhs */
};

/* A place a `%` refers to, until it is found. */
struct slot {
    uint32_t label; /* a symbol of its own */
    int level;
};

struct slots {
    struct slot **items;
    uint32_t count, capacity;
};

struct stage {
    struct node *filter; /* NULL: an index binding */
    uint32_t index;      /* symbol */
    size_t position;
};

struct stages {
    struct stage *items;
    uint32_t count, capacity;
};

struct group {
    struct node **items; /* key, value, key, value */
    uint32_t count;      /* of items */
    size_t position;
};

struct signature;

struct node {
    uint8_t type;        /* enum node_type */
    uint8_t op;          /* enum symbol_id, of operators */
    bool keep_array;     /* `[]` was written behind it */
    bool keep_singleton; /* of a path: some step has `[]` */
    bool cons_array;
    bool tuple;               /* makes rows: has @, # or is meant by a % */
    bool tail;                /* a call whose result is the lambda's; of ?: and ?? on the left */
    bool descending;          /* of a sort term */
    bool plain_path;          /* names only, nothing attached */
    uint32_t symbol;          /* of a variable; of a called bare name; of a transform's $clone */
    uint32_t focus, index;    /* symbols bound by @ and #, 0: none */
    uint32_t count, capacity; /* of items */
    uint32_t hint; /* of a name: where it was found last (a cache, written while evaluating) */
    item value;    /* the literal, name or spelling */
    struct node *lhs, *rhs, *third;
    struct node **items;
    struct stages *predicates, *stages;
    struct group *group;
    struct slot *slot, *ancestor;
    struct slots *seeking;
    const struct signature *signature;
    struct regex *regex;
    size_t position;
};

/* ---- the program ---- */

struct native;

struct symbol {
    struct asl_text name;
    bool bound;                  /* somewhere in the expression: frames must be searched */
    const struct native *native; /* the library's function of that name, or NULL */
    const struct signature *signature;
};

struct symbols {
    struct symbol *items;
    uint32_t count, capacity;
    struct object *numbers; /* name -> number */
    uint32_t made;          /* symbols with names nobody can write */
};

struct jsonata {
    struct heap heap;
    struct asl_text source;
    unsigned flags;
    bool binds;                /* has := or $eval: blocks need frames of their own */
    struct arena_chunk *spare; /* a run's first chunk, kept for the next */
    struct symbols symbols;
    struct node *root;
    struct regex *regexes;         /* list, to be freed */
    struct value_list literals;    /* strings, ready to leave */
    struct kept_picture *pictures; /* list: date/time pictures taken apart when they were used */
    struct jsonata *next;          /* of the programs made by $eval */
};

/* Number 0 is nobody's. */
#define SYMBOL_ROOT      1 /* of `$$` */
#define SYMBOL_UNDEFINED 2 /* of `$undefined`, see tuple.c */

uint32_t jsonata_symbol(struct heap *h, struct symbols *s, struct asl_text name);
uint32_t jsonata_symbol_new(struct heap *h,
                            struct symbols *s); /* with a name nobody can write: !0, !1 ... */

/* Source to tree within an existing program (for $eval): NULL and the failure filled in. The
 * source must live as long as the program. */
struct node *jsonata_parse(struct jsonata *program, struct asl_text source,
                           struct failure *failure);
struct node *jsonata_process(struct jsonata *program, struct node *node, struct failure *failure);

bool jsonata_fail_syntax(struct failure *f, const char *code, size_t position, item token);

/* Nesting that lexing, parsing and processing allow before they say U1001: the C stack they need
 * stays under half a megabyte, also with sanitizers. */
#define NESTING_MAXIMUM 500
#define NESTING_CODE    "U1001"
extern const char jsonata_nesting_words[];

#endif
