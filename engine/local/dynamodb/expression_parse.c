/* Expression text to tree: one lexer, one recursive descent for the three grammars.
 *
 * DynamoDB does not report the first mistake but the most important one: each kind of mistake has a
 * slot that keeps its first complaint, and a list per grammar ranks the slots. A syntax error goes
 * before all of them. Trees live in one arena, freed at once. */
#include "expression.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attribute.h"

enum token {
    END, WORD, NAME, VALUE, DIGITS, LEFT, RIGHT, OPEN, CLOSE, COMMA, DOT, PLUS, MINUS,
    EQ, NE, LT, LE, GT, GE, STRAY,
};

enum slot {
    PARENTHESES, UNKNOWN_FUNCTION, MISUSED_FUNCTION, RESERVED, CONDITION, SECTION, ATTRIBUTE_NAME,
    ATTRIBUTE_VALUE, OVERLAP, CONFLICT, OPERAND, DISTINCT, FUNCTION, SLOTS,
};

/* Which complaint wins. */
static const enum slot ranks[][SLOTS + 1] = {
    [EXPRESSION_CONDITION] = {PARENTHESES, UNKNOWN_FUNCTION, MISUSED_FUNCTION, RESERVED, CONDITION,
                              SLOTS},
    [EXPRESSION_UPDATE] = {RESERVED, UNKNOWN_FUNCTION, SECTION, ATTRIBUTE_NAME, ATTRIBUTE_VALUE,
                           OVERLAP, CONFLICT, OPERAND, FUNCTION, SLOTS},
    [EXPRESSION_PROJECTION] = {RESERVED, ATTRIBUTE_NAME, OVERLAP, CONFLICT, SLOTS},
};
/* Within one condition of a condition expression. */
static const enum slot condition_ranks[] = {ATTRIBUTE_NAME, OPERAND, DISTINCT, FUNCTION, SLOTS};

static const struct {
    enum expression_operation operation;
    const char *name;
    enum expression_kind kind; /* the grammar that knows it as a function; PROJECTION: none does */
    size_t operands;
} operations[] = {
    {EXPRESSION_OR, "OR", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_AND, "AND", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_NOT, "NOT", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_EQ, "=", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_NE, "<>", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_LT, "<", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_LE, "<=", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_GT, ">", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_GE, ">=", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_BETWEEN, "BETWEEN", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_IN, "IN", EXPRESSION_PROJECTION, 0},
    {EXPRESSION_EXISTS, "attribute_exists", EXPRESSION_CONDITION, 1},
    {EXPRESSION_NOT_EXISTS, "attribute_not_exists", EXPRESSION_CONDITION, 1},
    {EXPRESSION_TYPE, "attribute_type", EXPRESSION_CONDITION, 2},
    {EXPRESSION_BEGINS_WITH, "begins_with", EXPRESSION_CONDITION, 2},
    {EXPRESSION_CONTAINS, "contains", EXPRESSION_CONDITION, 2},
    {EXPRESSION_SIZE, "size", EXPRESSION_CONDITION, 1},
    {EXPRESSION_IF_NOT_EXISTS, "if_not_exists", EXPRESSION_UPDATE, 2},
    {EXPRESSION_LIST_APPEND, "list_append", EXPRESSION_UPDATE, 2},
    {EXPRESSION_PLUS, "+", EXPRESSION_PROJECTION, 2},
    {EXPRESSION_MINUS, "-", EXPRESSION_PROJECTION, 2},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

struct block {
    struct block *next;
};

struct parser {
    enum expression_kind kind;
    struct asl_text text;
    struct expression_scope *scope;
    struct expression *out;
    struct block *blocks;
    enum token token;                  /* the next one */
    struct asl_text lexeme, before;    /* its text, and that of the one before it */
    size_t at;                         /* behind it */
    size_t depth, operators;
    bool is_syntax_error, is_too_complex;
    unsigned sections;                 /* bit per verb */
    char complaints[SLOTS][EXPRESSION_COMPLAINT];
    char syntax[EXPRESSION_COMPLAINT];
};

const char *expression_operation_name(enum expression_operation operation)
{
    return operation < OPERATIONS ? operations[operation].name : "";
}

bool expression_is_function(enum expression_operation operation)
{
    return operation >= EXPRESSION_EXISTS && operation <= EXPRESSION_LIST_APPEND;
}

/* ---- arena ---- */

static void *allocate(struct parser *p, size_t size)
{
    struct block *b = asl_allocate_zeroed(1, sizeof *b + size);
    b->next = p->blocks;
    p->blocks = b;
    return b + 1;
}

/* A growing array of the arena: the old one is left behind, sizes double. */
static void *grown(struct parser *p, void *items, size_t count, size_t size)
{
    if (count & (count - 1) || (count != 0 && count < 4))
        return items;
    void *larger = allocate(p, (count ? 2 * count : 4) * size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

/* ---- complaints ---- */

static void complain(struct parser *p, enum slot slot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(struct parser *p, enum slot slot, const char *format, ...)
{
    if (p->complaints[slot][0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->complaints[slot], EXPRESSION_COMPLAINT, format, arguments);
    va_end(arguments);
}

/* The first condition with a complaint keeps it, ranked. */
static void close_condition(struct parser *p)
{
    for (size_t i = 0; condition_ranks[i] != SLOTS; i++)
        if (p->complaints[condition_ranks[i]][0]) {
            complain(p, CONDITION, "%s", p->complaints[condition_ranks[i]]);
            return;
        }
}

/* ---- lexer ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t word_size(struct asl_text t, size_t at)
{
    size_t size = 0;
    while (at + size < t.size && (is_letter(t.data[at + size]) || is_digit(t.data[at + size])))
        size++;
    return size;
}

static enum token read_sign(struct asl_text t, size_t at, size_t *size)
{
    static const struct {
        const char *text;
        enum token token;
    } signs[] = {{"<>", NE}, {"<=", LE}, {">=", GE}, {"<", LT},    {">", GT},  {"=", EQ},  {"(", LEFT},
                 {")", RIGHT}, {"[", OPEN}, {"]", CLOSE}, {",", COMMA}, {".", DOT}, {"+", PLUS}, {"-", MINUS}};
    struct asl_text rest = {t.data + at, t.size - at};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (asl_text_starts(rest, signs[i].text)) {
            *size = strlen(signs[i].text);
            return signs[i].token;
        }
    *size = 1;
    while (at + *size < t.size && ((unsigned char)t.data[at + *size] & 0xc0) == 0x80)
        ++*size; /* the whole of a UTF-8 character */
    return STRAY;
}

static enum token read_token(struct asl_text t, size_t at, size_t *size)
{
    char c = t.data[at];
    if (is_letter(c)) {
        *size = word_size(t, at);
        return WORD;
    }
    if (is_digit(c)) {
        *size = 1;
        while (at + *size < t.size && is_digit(t.data[at + *size]))
            ++*size;
        return DIGITS;
    }
    if (c == '#' || c == ':') {
        *size = 1 + word_size(t, at + 1);
        return *size == 1 ? STRAY : c == '#' ? NAME : VALUE;
    }
    return read_sign(t, at, size);
}

static size_t skip_space(struct asl_text t, size_t at)
{
    while (at < t.size && strchr(" \t\r\n", t.data[at]) && t.data[at])
        at++;
    return at;
}

static void advance(struct parser *p)
{
    p->before = p->lexeme;
    p->at = skip_space(p->text, p->at);
    size_t size = 0;
    p->token = p->at == p->text.size ? END : read_token(p->text, p->at, &size);
    p->lexeme = (struct asl_text){p->text.data + p->at, size};
    p->at += size;
}

/* What DynamoDB shows: the token, and it with its neighbours. */
static void syntax_error(struct parser *p)
{
    if (p->is_syntax_error)
        return;
    p->is_syntax_error = true;
    const char *start = p->before.data ? p->before.data : p->lexeme.data;
    const char *end = p->lexeme.data + p->lexeme.size;
    size_t next = skip_space(p->text, p->at), size = 0;
    if (p->token != END && next < p->text.size) {
        read_token(p->text, next, &size);
        end = p->text.data + next + size;
    }
    struct asl_text near = {start, (size_t)(end - start)};
    struct asl_text token = p->token == END ? ASL_TEXT("<EOF>") : p->lexeme;
    snprintf(p->syntax, sizeof p->syntax, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
             ASL_TEXT_ARGS(token), ASL_TEXT_ARGS(near));
}

static bool is_word(const struct parser *p, const char *keyword)
{
    return p->token == WORD && p->lexeme.size == strlen(keyword) &&
           strncasecmp(p->lexeme.data, keyword, p->lexeme.size) == 0;
}

static bool expect(struct parser *p, enum token token)
{
    if (p->token != token || p->is_syntax_error) {
        syntax_error(p);
        return false;
    }
    advance(p);
    return true;
}

/* Bounds recursion, and counts what DynamoDB counts. */
static bool enter(struct parser *p)
{
    if (++p->depth <= EXPRESSION_DEPTH)
        return !p->is_syntax_error;
    if (!p->is_syntax_error)
        snprintf(p->syntax, sizeof p->syntax, "The expression is nested deeper than %d levels",
                 EXPRESSION_DEPTH);
    p->is_syntax_error = true;
    return false;
}

static void count_operator(struct parser *p)
{
    if (++p->operators == EXPRESSION_OPERATORS + 1) {
        p->is_too_complex = true;
    }
}

/* ---- nodes ---- */

static struct expression_node *new_node(struct parser *p, enum expression_operation operation)
{
    struct expression_node *n = allocate(p, sizeof *n);
    n->operation = operation;
    if (operation < EXPRESSION_PATH)
        count_operator(p);
    return n;
}

static void add_argument(struct parser *p, struct expression_node *n, struct expression_node *argument)
{
    n->arguments = grown(p, n->arguments, n->count, sizeof *n->arguments);
    n->arguments[n->count++] = argument;
}

static bool is_path(const struct expression_node *n)
{
    return n && n->operation == EXPRESSION_PATH;
}

/* The type a literal has; ATTRIBUTE_TYPES when only the item can tell. */
static enum attribute_type literal_type(const struct expression_node *n)
{
    return n && n->operation == EXPRESSION_VALUE && n->value ? attribute_type(n->value)
                                                              : ATTRIBUTE_TYPES;
}

/* ---- paths ---- */

static void put_path(const struct expression_path *path, struct asl_buffer *out)
{
    asl_buffer_putc(out, '[');
    for (size_t i = 0; i < path->count; i++) {
        asl_buffer_puts(out, i ? ", " : "");
        if (path->steps[i].is_index)
            asl_buffer_printf(out, "[%zu]", path->steps[i].index);
        else
            asl_buffer_put_text(out, path->steps[i].name);
    }
    asl_buffer_putc(out, ']');
}

static struct asl_text resolve_name(struct parser *p, struct asl_text name)
{
    size_t index = p->scope->names ? value_find(p->scope->names, name) : SIZE_MAX;
    if (index == SIZE_MAX) {
        complain(p, ATTRIBUTE_NAME,
                 "An expression attribute name used in the document path is not defined; attribute "
                 "name: %.*s", ASL_TEXT_ARGS(name));
        return name;
    }
    p->scope->used_names[index] = true;
    return value_as_text(value_at(p->scope->names, index));
}

static struct expression_step read_name_step(struct parser *p)
{
    struct expression_step step = {.name = p->lexeme};
    if (p->token == NAME)
        step.name = resolve_name(p, p->lexeme);
    else if (p->token != WORD)
        syntax_error(p);
    else if (expression_is_reserved(p->lexeme))
        complain(p, RESERVED, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                 ASL_TEXT_ARGS(p->lexeme));
    /* The expression's text is the caller's: what it names is kept in the arena. */
    char *copy = allocate(p, step.name.size + 1);
    memcpy(copy, step.name.data, step.name.size);
    step.name.data = copy;
    advance(p);
    return step;
}

static struct expression_step read_index_step(struct parser *p)
{
    struct expression_step step = {.is_index = true};
    if (p->token == DIGITS && p->lexeme.size > 9)
        step.index = 999999999; /* beyond any list; the digits' overflow never happens */
    else if (p->token == DIGITS)
        for (size_t i = 0; i < p->lexeme.size; i++)
            step.index = step.index * 10 + (size_t)(p->lexeme.data[i] - '0');
    expect(p, DIGITS);
    expect(p, CLOSE);
    return step;
}

/* `first` is given when a word was read ahead to tell a function from a path. */
static struct expression_path read_path(struct parser *p, const struct expression_step *first)
{
    struct expression_step *steps = NULL;
    struct expression_path path = {0};
    steps = grown(p, steps, 0, sizeof *steps);
    steps[path.count++] = first ? *first : read_name_step(p);
    while (!p->is_syntax_error && (p->token == DOT || p->token == OPEN)) {
        bool is_index = p->token == OPEN;
        advance(p);
        steps = grown(p, steps, path.count, sizeof *steps);
        steps[path.count++] = is_index ? read_index_step(p) : read_name_step(p);
    }
    path.steps = steps;
    return path;
}

/* Paths of one update or projection may neither be the same, nor hold one another, nor see one thing
 * as both list and map. */
static void compare_paths(struct parser *p, const struct expression_path *a,
                          const struct expression_path *b)
{
    size_t i = 0;
    bool is_conflict = false;
    for (; i < a->count && i < b->count && !is_conflict; i++) {
        const struct expression_step *x = &a->steps[i], *y = &b->steps[i];
        is_conflict = x->is_index != y->is_index;
        if (!is_conflict && (x->is_index ? x->index != y->index : !asl_text_equal(x->name, y->name)))
            return;
    }
    struct asl_buffer one, two;
    asl_buffer_init(&one, EXPRESSION_COMPLAINT);
    asl_buffer_init(&two, EXPRESSION_COMPLAINT);
    put_path(a, &one);
    put_path(b, &two);
    complain(p, is_conflict ? CONFLICT : OVERLAP,
             "Two document paths %s with each other; must remove or rewrite one of these paths; path "
             "one: %.*s, path two: %.*s", is_conflict ? "conflict" : "overlap",
             ASL_TEXT_ARGS(asl_buffer_text(&one)), ASL_TEXT_ARGS(asl_buffer_text(&two)));
    asl_buffer_free(&one);
    asl_buffer_free(&two);
}

static void add_path(struct parser *p, struct expression_path path)
{
    struct expression *e = p->out;
    for (size_t i = 0; i < e->path_count && !p->complaints[OVERLAP][0]; i++)
        compare_paths(p, &e->paths[i], &path);
    e->paths = grown(p, e->paths, e->path_count, sizeof *e->paths);
    e->paths[e->path_count++] = path;
}

/* ---- functions ---- */

static void complain_of_operand(struct parser *p, const char *function, const char *type)
{
    complain(p, FUNCTION, "Incorrect operand type for operator or function; operator or function: "
                          "%s, operand type: %s", function, type);
}

/* Each literal operand must be of a type among `allowed` (a bit each). */
static void check_operands(struct parser *p, const struct expression_node *n, unsigned allowed)
{
    for (size_t i = 0; i < n->count; i++) {
        enum attribute_type type = literal_type(n->arguments[i]);
        if (type != ATTRIBUTE_TYPES && !(allowed & 1u << type)) {
            complain_of_operand(p, expression_operation_name(n->operation), attribute_type_name(type));
            return;
        }
    }
}

static void check_type_operand(struct parser *p, const struct expression_node *n)
{
    enum attribute_type type = literal_type(n->arguments[1]);
    if (type != ATTRIBUTE_S) {
        complain_of_operand(p, "attribute_type", type == ATTRIBUTE_TYPES
                                                     ? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
                                                     : attribute_type_name(type));
        return;
    }
    struct asl_text name = value_as_text(attribute_content(n->arguments[1]->value));
    if (attribute_type_named(name) == ATTRIBUTE_TYPES)
        complain(p, FUNCTION, "Invalid attribute type name found; type: %.*s, valid types: "
                              "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}", ASL_TEXT_ARGS(name));
}

static void check_distinct(struct parser *p, const struct expression_node *n)
{
    if (n->count != 2 || !is_path(n->arguments[0]) || !is_path(n->arguments[1]))
        return;
    const struct expression_path *a = &n->arguments[0]->path, *b = &n->arguments[1]->path;
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = a->steps[i].is_index == b->steps[i].is_index &&
                a->steps[i].index == b->steps[i].index &&
                asl_text_equal(a->steps[i].name, b->steps[i].name);
    if (!equal)
        return;
    struct asl_buffer path;
    asl_buffer_init(&path, EXPRESSION_COMPLAINT);
    put_path(a, &path);
    complain(p, DISTINCT, "The first operand must be distinct from the remaining operands for this "
                          "operator or function; operator: %s, first operand: %.*s",
             expression_operation_name(n->operation), ASL_TEXT_ARGS(asl_buffer_text(&path)));
    asl_buffer_free(&path);
}

static void check_function(struct parser *p, const struct expression_node *n)
{
    const char *name = expression_operation_name(n->operation);
    size_t operands = operations[n->operation].operands;
    if (n->count != operands) {
        complain(p, p->kind == EXPRESSION_CONDITION ? OPERAND : FUNCTION,
                 "Incorrect number of operands for operator or function; operator or function: %s, "
                 "number of operands: %zu", name, n->count);
        return;
    }
    if (p->kind == EXPRESSION_CONDITION)
        check_distinct(p, n);
    switch (n->operation) {
    case EXPRESSION_EXISTS:
    case EXPRESSION_NOT_EXISTS:
    case EXPRESSION_IF_NOT_EXISTS:
        if (!is_path(n->arguments[0]))
            complain(p, FUNCTION, "Operator or function requires a document path; operator or "
                                  "function: %s", name);
        break;
    case EXPRESSION_BEGINS_WITH:
        check_operands(p, n, 1u << ATTRIBUTE_S | 1u << ATTRIBUTE_B);
        break;
    case EXPRESSION_TYPE:
        check_type_operand(p, n);
        break;
    case EXPRESSION_SIZE:
        check_operands(p, n, ~(1u << ATTRIBUTE_N | 1u << ATTRIBUTE_BOOL | 1u << ATTRIBUTE_NULL));
        break;
    case EXPRESSION_LIST_APPEND:
        check_operands(p, n, 1u << ATTRIBUTE_L);
        break;
    case EXPRESSION_PLUS:
    case EXPRESSION_MINUS:
        check_operands(p, n, 1u << ATTRIBUTE_N);
        break;
    default:
        break;
    }
}

/* In a condition only size() gives an operand; the other functions are conditions themselves. */
static void check_misuse(struct parser *p, const struct expression_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct expression_node *a = n->arguments[i];
        if (a && expression_is_function(a->operation) && a->operation != EXPRESSION_SIZE)
            complain(p, MISUSED_FUNCTION, "The function is not allowed to be used this way in an "
                     "expression; function: %s", expression_operation_name(a->operation));
    }
}

static void check_is_condition(struct parser *p, const struct expression_node *n)
{
    if (n && n->operation == EXPRESSION_SIZE)
        complain(p, MISUSED_FUNCTION, "The function is not allowed to be used this way in an "
                 "expression; function: size");
}

/* ---- operands ---- */

static struct expression_node *read_operand(struct parser *p);
static struct expression_node *read_sum(struct parser *p);

static struct expression_node *read_value(struct parser *p)
{
    struct expression_node *n = new_node(p, EXPRESSION_VALUE);
    size_t index = p->scope->values ? value_find(p->scope->values, p->lexeme) : SIZE_MAX;
    if (index == SIZE_MAX)
        complain(p, p->kind == EXPRESSION_CONDITION ? ATTRIBUTE_NAME : ATTRIBUTE_VALUE,
                 "An expression attribute value used in expression is not defined; attribute value: "
                 "%.*s", ASL_TEXT_ARGS(p->lexeme));
    else {
        p->scope->used_values[index] = true;
        n->value = value_at(p->scope->values, index);
    }
    advance(p);
    return n;
}

static enum expression_operation function_named(const struct parser *p, struct asl_text name)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (operations[i].kind == p->kind && asl_text_is(name, operations[i].name))
            return operations[i].operation;
    return EXPRESSION_VALUE;
}

static struct expression_node *read_function(struct parser *p, struct asl_text name)
{
    enum expression_operation operation = function_named(p, name);
    struct expression_node *n = new_node(p, operation);
    if (operation == EXPRESSION_VALUE)
        complain(p, UNKNOWN_FUNCTION, "Invalid function name; function: %.*s", ASL_TEXT_ARGS(name));
    expect(p, LEFT);
    do
        add_argument(p, n, p->kind == EXPRESSION_UPDATE ? read_sum(p) : read_operand(p));
    while (!p->is_syntax_error && p->token == COMMA && expect(p, COMMA));
    expect(p, RIGHT);
    if (p->is_syntax_error || operation == EXPRESSION_VALUE)
        return n;
    if (p->kind == EXPRESSION_CONDITION)
        check_misuse(p, n);
    check_function(p, n);
    return n;
}

/* The byte behind the lexeme and white space: what tells `size (a)` from `size`. */
static bool is_call(const struct parser *p)
{
    size_t at = skip_space(p->text, p->at);
    return p->token == WORD && at < p->text.size && p->text.data[at] == '(';
}

static struct expression_node *read_operand(struct parser *p)
{
    struct expression_node *n = NULL;
    if (enter(p)) {
        if (p->token == LEFT) {
            advance(p);
            bool is_doubled = p->token == LEFT;
            n = p->kind == EXPRESSION_UPDATE ? read_sum(p) : read_operand(p);
            expect(p, RIGHT);
            if (is_doubled)
                complain(p, PARENTHESES, "The expression has redundant parentheses;");
        } else if (p->token == VALUE) {
            n = read_value(p);
        } else if (is_call(p)) {
            struct asl_text name = p->lexeme;
            advance(p);
            n = read_function(p, name);
        } else {
            n = new_node(p, EXPRESSION_PATH);
            n->path = read_path(p, NULL);
        }
    }
    p->depth--;
    return n ? n : new_node(p, EXPRESSION_VALUE);
}

/* ---- conditions ---- */

static struct expression_node *read_or(struct parser *p);

static struct expression_node *read_between(struct parser *p, struct expression_node *first)
{
    struct expression_node *n = new_node(p, EXPRESSION_BETWEEN);
    add_argument(p, n, first);
    advance(p);
    add_argument(p, n, read_operand(p));
    if (!is_word(p, "and"))
        syntax_error(p);
    advance(p);
    add_argument(p, n, read_operand(p));
    enum attribute_type low = literal_type(n->arguments[1]), high = literal_type(n->arguments[2]);
    if (p->is_syntax_error || low == ATTRIBUTE_TYPES || high == ATTRIBUTE_TYPES)
        return n;
    const asl_value *from = n->arguments[1]->value, *to = n->arguments[2]->value;
    bool differ = low != high;
    if (!differ && !(attribute_is_ordered(low) && attribute_compare(from, to) > 0))
        return n;
    struct asl_text x = value_as_text(attribute_content(from)), y = value_as_text(attribute_content(to));
    complain(p, FUNCTION, "The BETWEEN operator requires %s; lower bound operand: AttributeValue: "
             "{%s:%.*s}, upper bound operand: AttributeValue: {%s:%.*s}",
             differ ? "same data type for lower and upper bounds"
                    : "upper bound to be greater than or equal to lower bound",
             attribute_type_name(low), ASL_TEXT_ARGS(x), attribute_type_name(high), ASL_TEXT_ARGS(y));
    return n;
}

static struct expression_node *read_in(struct parser *p, struct expression_node *first)
{
    struct expression_node *n = new_node(p, EXPRESSION_IN);
    add_argument(p, n, first);
    advance(p);
    expect(p, LEFT);
    do
        add_argument(p, n, read_operand(p));
    while (!p->is_syntax_error && p->token == COMMA && expect(p, COMMA));
    expect(p, RIGHT);
    return n;
}

/* The operand's type must have an order for < and its kin. */
static void check_comparison(struct parser *p, const struct expression_node *n)
{
    if (n->operation == EXPRESSION_EQ || n->operation == EXPRESSION_NE)
        return;
    check_operands(p, n, 1u << ATTRIBUTE_S | 1u << ATTRIBUTE_N | 1u << ATTRIBUTE_B);
}

static struct expression_node *read_comparison(struct parser *p)
{
    static const enum expression_operation comparators[] = {
        [EQ] = EXPRESSION_EQ, [NE] = EXPRESSION_NE, [LT] = EXPRESSION_LT,
        [LE] = EXPRESSION_LE, [GT] = EXPRESSION_GT, [GE] = EXPRESSION_GE,
    };
    struct expression_node *first = read_operand(p), *n = first;
    if (p->is_syntax_error)
        return first;
    if (is_word(p, "between")) {
        n = read_between(p, first);
    } else if (is_word(p, "in")) {
        n = read_in(p, first);
    } else if (p->token >= EQ && p->token <= GE) {
        n = new_node(p, comparators[p->token]);
        add_argument(p, n, first);
        advance(p);
        add_argument(p, n, read_operand(p));
    } else if (!expression_is_function(first->operation) && !p->complaints[UNKNOWN_FUNCTION][0]) {
        syntax_error(p);
    }
    if (n != first && !p->is_syntax_error) {
        check_misuse(p, n);
        check_distinct(p, n);
        check_comparison(p, n);
    }
    close_condition(p);
    return n;
}

/* A '(' opens a condition, unless what it closes around turns out to be an operand ("(a) = :v"): the
 * parser tries the condition and goes back. Tried once a parenthesis, so time stays bounded. */
static bool opens_operand(const struct parser *p)
{
    size_t at = p->at, depth = 1, size;
    while (depth > 0 && (at = skip_space(p->text, at)) < p->text.size) {
        enum token t = read_token(p->text, at, &size);
        depth += t == LEFT;
        depth -= t == RIGHT;
        at += size;
    }
    at = skip_space(p->text, at);
    if (depth > 0 || at == p->text.size)
        return false;
    struct asl_text rest = {p->text.data + at, 0};
    enum token t = read_token(p->text, at, &rest.size);
    if (t >= EQ && t <= GE)
        return true;
    return t == WORD && ((rest.size == 7 && strncasecmp(rest.data, "between", 7) == 0) ||
                         (rest.size == 2 && strncasecmp(rest.data, "in", 2) == 0));
}

static struct expression_node *read_parentheses(struct parser *p)
{
    if (p->token != LEFT || opens_operand(p))
        return read_comparison(p);
    advance(p);
    bool is_doubled = p->token == LEFT;
    const char *inner = p->lexeme.data;
    struct expression_node *n = read_or(p);
    /* "((a = b))" is redundant, "((a = b) AND c)" is not: the inner pair must end right here. */
    if (is_doubled && !p->is_syntax_error && p->token == RIGHT) {
        size_t at = (size_t)(inner - p->text.data), depth = 0, size;
        do {
            at = skip_space(p->text, at);
            enum token t = read_token(p->text, at, &size);
            depth += t == LEFT;
            depth -= t == RIGHT;
            at += size;
        } while (depth > 0);
        if (p->text.data + skip_space(p->text, at) == p->lexeme.data)
            complain(p, PARENTHESES, "The expression has redundant parentheses;");
    }
    expect(p, RIGHT);
    return n;
}

/* NOT stands once before a condition; "NOT NOT a" is no expression. */
static struct expression_node *read_not(struct parser *p)
{
    struct expression_node *n = NULL;
    if (enter(p)) {
        if (is_word(p, "not")) {
            n = new_node(p, EXPRESSION_NOT);
            advance(p);
            add_argument(p, n, read_parentheses(p));
            check_is_condition(p, n->arguments[0]);
        } else
            n = read_parentheses(p);
    }
    p->depth--;
    return n ? n : new_node(p, EXPRESSION_VALUE);
}

static struct expression_node *read_chain(struct parser *p, const char *word,
                                          enum expression_operation operation,
                                          struct expression_node *(*next)(struct parser *))
{
    struct expression_node *n = next(p);
    while (!p->is_syntax_error && is_word(p, word)) {
        struct expression_node *chain = n;
        if (n->operation != operation || n->count >= EXPRESSION_BYTES) {
            chain = new_node(p, operation);
            add_argument(p, chain, n);
        } else
            count_operator(p);
        check_is_condition(p, n);
        advance(p);
        add_argument(p, chain, next(p));
        check_is_condition(p, chain->arguments[chain->count - 1]);
        n = chain;
    }
    return n;
}

static struct expression_node *read_and(struct parser *p)
{
    return read_chain(p, "and", EXPRESSION_AND, read_not);
}

static struct expression_node *read_or(struct parser *p)
{
    return read_chain(p, "or", EXPRESSION_OR, read_and);
}

/* ---- updates ---- */

/* operand, operand + operand, operand - operand */
static struct expression_node *read_sum(struct parser *p)
{
    struct expression_node *first = read_operand(p);
    if (p->is_syntax_error || (p->token != PLUS && p->token != MINUS))
        return first;
    struct expression_node *n = new_node(p, p->token == PLUS ? EXPRESSION_PLUS : EXPRESSION_MINUS);
    add_argument(p, n, first);
    advance(p);
    add_argument(p, n, read_operand(p));
    if (!p->is_syntax_error)
        check_function(p, n);
    return n;
}

/* ADD takes numbers and sets, DELETE sets. */
static void check_set_operand(struct parser *p, enum expression_verb verb,
                              const struct expression_node *value)
{
    static const char *const words[ATTRIBUTE_TYPES] = {
        [ATTRIBUTE_S] = "STRING", [ATTRIBUTE_N] = "NUMBER", [ATTRIBUTE_B] = "BINARY",
        [ATTRIBUTE_NULL] = "NULL", [ATTRIBUTE_BOOL] = "BOOLEAN", [ATTRIBUTE_L] = "LIST",
        [ATTRIBUTE_M] = "MAP",
    };
    enum attribute_type type = literal_type(value);
    if (type == ATTRIBUTE_TYPES || !words[type] || (verb == EXPRESSION_ADD && type == ATTRIBUTE_N))
        return;
    complain(p, OPERAND, "Incorrect operand type for operator or function; operator: %s, operand "
             "type: %s", verb == EXPRESSION_ADD ? "ADD" : "DELETE", words[type]);
}

static void read_action(struct parser *p, enum expression_verb verb)
{
    struct expression *e = p->out;
    struct expression_action action = {.verb = verb, .path = read_path(p, NULL)};
    if (verb == EXPRESSION_SET && expect(p, EQ)) {
        action.value = read_sum(p);
    } else if (verb == EXPRESSION_ADD || verb == EXPRESSION_DELETE) {
        if (p->token != VALUE) {
            syntax_error(p);
            return;
        }
        action.value = read_value(p);
        check_set_operand(p, verb, action.value);
    }
    if (p->is_syntax_error)
        return;
    add_path(p, action.path);
    e->actions = grown(p, e->actions, e->action_count, sizeof *e->actions);
    e->actions[e->action_count++] = action;
}

static void read_section(struct parser *p)
{
    static const char *const verbs[] = {"SET", "REMOVE", "ADD", "DELETE"};
    for (size_t verb = 0; verb < 4; verb++) {
        if (!is_word(p, verbs[verb]))
            continue;
        if (p->sections & 1u << verb)
            complain(p, SECTION, "The \"%s\" section can only be used once in an update expression;",
                     verbs[verb]);
        p->sections |= 1u << verb;
        advance(p);
        do
            read_action(p, (enum expression_verb)verb);
        while (!p->is_syntax_error && p->token == COMMA && expect(p, COMMA));
        return;
    }
    syntax_error(p);
}

static void read_all(struct parser *p)
{
    advance(p);
    if (p->kind == EXPRESSION_CONDITION) {
        p->out->condition = read_or(p);
        check_is_condition(p, p->out->condition);
    } else if (p->kind == EXPRESSION_UPDATE) {
        do
            read_section(p);
        while (!p->is_syntax_error && p->token != END);
    } else {
        do
            add_path(p, read_path(p, NULL));
        while (!p->is_syntax_error && p->token == COMMA && expect(p, COMMA));
    }
    if (!p->is_syntax_error)
        expect(p, END);
}

static const char *worst_complaint(struct parser *p)
{
    if (p->is_syntax_error)
        return p->syntax;
    if (p->is_too_complex) {
        snprintf(p->syntax, sizeof p->syntax, "The expression contains too many operators; operator "
                 "count: %zu", p->operators);
        return p->syntax;
    }
    for (size_t i = 0; ranks[p->kind][i] != SLOTS; i++)
        if (p->complaints[ranks[p->kind][i]][0])
            return p->complaints[ranks[p->kind][i]];
    return NULL;
}

struct expression *expression_parse(enum expression_kind kind, struct asl_text text,
                                    struct expression_scope *scope,
                                    char complaint[EXPRESSION_COMPLAINT])
{
    if (text.size == 0 || text.size > EXPRESSION_BYTES) {
        if (text.size == 0)
            snprintf(complaint, EXPRESSION_COMPLAINT, "The expression can not be empty;");
        else
            snprintf(complaint, EXPRESSION_COMPLAINT, "Expression size has exceeded the maximum "
                     "allowed size; expression size: %zu", text.size);
        return NULL;
    }
    struct parser *p = asl_allocate_zeroed(1, sizeof *p); /* large: its complaints */
    p->kind = kind;
    p->text = text;
    p->scope = scope;
    p->out = asl_allocate_zeroed(1, sizeof *p->out);
    read_all(p);
    struct expression *e = p->out;
    e->memory = p->blocks;
    const char *worst = worst_complaint(p);
    if (worst) {
        snprintf(complaint, EXPRESSION_COMPLAINT, "%s", worst);
        expression_free(e);
        e = NULL;
    }
    free(p);
    return e;
}

void expression_free(struct expression *e)
{
    if (!e)
        return;
    for (struct block *b = e->memory, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(e);
}

/* ---- scope ---- */

void expression_scope_init(struct expression_scope *s, const asl_value *names,
                           const asl_value *values)
{
    *s = (struct expression_scope){.names = names, .values = values};
    s->used_names = asl_allocate_zeroed(names ? value_count(names) : 0, sizeof *s->used_names);
    s->used_values = asl_allocate_zeroed(values ? value_count(values) : 0, sizeof *s->used_values);
}

void expression_scope_free(struct expression_scope *s)
{
    free(s->used_names);
    free(s->used_values);
    *s = (struct expression_scope){0};
}

static bool are_used(const asl_value *object, const bool *used, const char *what, char *complaint)
{
    struct asl_buffer unused;
    asl_buffer_init(&unused, EXPRESSION_COMPLAINT);
    for (size_t i = 0; object && i < value_count(object); i++) {
        if (used[i])
            continue;
        asl_buffer_puts(&unused, unused.size ? ", " : "");
        asl_buffer_put_text(&unused, value_as_text(value_key_at(object, i)));
    }
    bool is_fine = unused.size == 0;
    if (!is_fine)
        snprintf(complaint, EXPRESSION_COMPLAINT,
                 "Value provided in %s unused in expressions: keys: {%.*s}", what,
                 ASL_TEXT_ARGS(asl_buffer_text(&unused)));
    asl_buffer_free(&unused);
    return is_fine;
}

bool expression_scope_is_used(const struct expression_scope *s, char complaint[EXPRESSION_COMPLAINT])
{
    return are_used(s->names, s->used_names, "ExpressionAttributeNames", complaint) &&
           are_used(s->values, s->used_values, "ExpressionAttributeValues", complaint);
}
