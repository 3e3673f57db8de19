/* Expression text to tree: recursive descent for the three grammars.
 *
 * DynamoDB does not report the first mistake but the most important one: each kind of mistake has a
 * slot that keeps its first complaint, and a list per grammar ranks the slots. A syntax error goes
 * before all of them. Trees live in one arena, freed at once. */
#include "expression_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

const char *expression_operation_name(enum expression_operation operation)
{
    return operation < OPERATIONS ? operations[operation].name : "";
}

bool expression_is_function(enum expression_operation operation)
{
    return operation >= EXPRESSION_EXISTS && operation <= EXPRESSION_LIST_APPEND;
}

/* The first condition with a complaint keeps it, ranked. */
static void close_condition(struct parser *p)
{
    for (size_t i = 0; condition_ranks[i] != SLOTS; i++)
        if (p->complaints[condition_ranks[i]][0]) {
            parser_complain(p, CONDITION, "%s", p->complaints[condition_ranks[i]]);
            return;
        }
}

/* ---- nodes ---- */

static struct expression_node *new_node(struct parser *p, enum expression_operation operation)
{
    struct expression_node *n = parser_allocate(p, sizeof *n);
    n->operation = operation;
    if (operation < EXPRESSION_PATH)
        parser_count_operator(p);
    return n;
}

static void add_argument(struct parser *p, struct expression_node *n,
                         struct expression_node *argument)
{
    n->arguments = parser_grown(p, n->arguments, n->count, sizeof *n->arguments);
    n->arguments[n->count++] = argument;
}

/* ---- paths ---- */

static struct asl_text resolve_name(struct parser *p, struct asl_text name)
{
    size_t index = p->scope->names ? value_find(p->scope->names, name) : SIZE_MAX;
    if (index == SIZE_MAX) {
        parser_complain(
            p, ATTRIBUTE_NAME,
            "An expression attribute name used in the document path is not defined; attribute "
            "name: %.*s",
            ASL_TEXT_ARGS(name));
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
        parser_syntax_error(p);
    else if (expression_is_reserved(p->lexeme))
        parser_complain(p, RESERVED, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                        ASL_TEXT_ARGS(p->lexeme));
    /* The expression's text is the caller's: what it names is kept in the arena. */
    char *copy = parser_allocate(p, step.name.size + 1);
    memcpy(copy, step.name.data, step.name.size);
    step.name.data = copy;
    parser_advance(p);
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
    parser_expect(p, DIGITS);
    parser_expect(p, CLOSE);
    return step;
}

/* `first` is given when a word was read ahead to tell a function from a path. */
static struct expression_path read_path(struct parser *p, const struct expression_step *first)
{
    struct expression_step *steps = NULL;
    struct expression_path path = {0};
    steps = parser_grown(p, steps, 0, sizeof *steps);
    steps[path.count++] = first ? *first : read_name_step(p);
    while (!p->is_syntax_error && (p->token == DOT || p->token == OPEN)) {
        bool is_index = p->token == OPEN;
        parser_advance(p);
        steps = parser_grown(p, steps, path.count, sizeof *steps);
        steps[path.count++] = is_index ? read_index_step(p) : read_name_step(p);
    }
    path.steps = steps;
    return path;
}

/* Paths of one update or projection may neither be the same, nor hold one another, nor see one
 * thing as both list and map. */
static void compare_paths(struct parser *p, const struct expression_path *a,
                          const struct expression_path *b)
{
    size_t i = 0;
    bool is_conflict = false;
    for (; i < a->count && i < b->count && !is_conflict; i++) {
        const struct expression_step *x = &a->steps[i], *y = &b->steps[i];
        is_conflict = x->is_index != y->is_index;
        if (!is_conflict &&
            (x->is_index ? x->index != y->index : !asl_text_equal(x->name, y->name)))
            return;
    }
    struct asl_buffer one, two;
    asl_buffer_init(&one, EXPRESSION_COMPLAINT);
    asl_buffer_init(&two, EXPRESSION_COMPLAINT);
    parser_put_path(a, &one);
    parser_put_path(b, &two);
    parser_complain(
        p, is_conflict ? CONFLICT : OVERLAP,
        "Two document paths %s with each other; must remove or rewrite one of these paths; path "
        "one: %.*s, path two: %.*s",
        is_conflict ? "conflict" : "overlap", ASL_TEXT_ARGS(asl_buffer_text(&one)),
        ASL_TEXT_ARGS(asl_buffer_text(&two)));
    asl_buffer_free(&one);
    asl_buffer_free(&two);
}

static void add_path(struct parser *p, struct expression_path path)
{
    struct expression *e = p->out;
    for (size_t i = 0; i < e->path_count && !p->complaints[OVERLAP][0]; i++)
        compare_paths(p, &e->paths[i], &path);
    e->paths = parser_grown(p, e->paths, e->path_count, sizeof *e->paths);
    e->paths[e->path_count++] = path;
}

/* ---- operands ---- */

static struct expression_node *read_operand(struct parser *p);
static struct expression_node *read_sum(struct parser *p);

static struct expression_node *read_value(struct parser *p)
{
    struct expression_node *n = new_node(p, EXPRESSION_VALUE);
    size_t index = p->scope->values ? value_find(p->scope->values, p->lexeme) : SIZE_MAX;
    if (index == SIZE_MAX)
        parser_complain(
            p, p->kind == EXPRESSION_CONDITION ? ATTRIBUTE_NAME : ATTRIBUTE_VALUE,
            "An expression attribute value used in expression is not defined; attribute value: "
            "%.*s",
            ASL_TEXT_ARGS(p->lexeme));
    else {
        p->scope->used_values[index] = true;
        n->value = value_at(p->scope->values, index);
    }
    parser_advance(p);
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
        parser_complain(p, UNKNOWN_FUNCTION, "Invalid function name; function: %.*s",
                        ASL_TEXT_ARGS(name));
    parser_expect(p, LEFT);
    do
        add_argument(p, n, p->kind == EXPRESSION_UPDATE ? read_sum(p) : read_operand(p));
    while (!p->is_syntax_error && p->token == COMMA && parser_expect(p, COMMA));
    parser_expect(p, RIGHT);
    if (p->is_syntax_error || operation == EXPRESSION_VALUE)
        return n;
    if (p->kind == EXPRESSION_CONDITION)
        parser_check_misuse(p, n);
    parser_check_function(p, n, operations[n->operation].operands);
    return n;
}

/* The byte behind the lexeme and white space: what tells `size (a)` from `size`. */
static bool is_call(const struct parser *p)
{
    size_t at = parser_skip_space(p->text, p->at);
    return p->token == WORD && at < p->text.size && p->text.data[at] == '(';
}

static struct expression_node *read_operand(struct parser *p)
{
    struct expression_node *n = NULL;
    if (parser_enter(p)) {
        if (p->token == LEFT) {
            parser_advance(p);
            bool is_doubled = p->token == LEFT;
            n = p->kind == EXPRESSION_UPDATE ? read_sum(p) : read_operand(p);
            parser_expect(p, RIGHT);
            if (is_doubled)
                parser_complain(p, PARENTHESES, "The expression has redundant parentheses;");
        } else if (p->token == VALUE) {
            n = read_value(p);
        } else if (is_call(p)) {
            struct asl_text name = p->lexeme;
            parser_advance(p);
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
    parser_advance(p);
    add_argument(p, n, read_operand(p));
    if (!parser_is_word(p, "and"))
        parser_syntax_error(p);
    parser_advance(p);
    add_argument(p, n, read_operand(p));
    enum attribute_type low = parser_literal_type(n->arguments[1]),
                        high = parser_literal_type(n->arguments[2]);
    if (p->is_syntax_error || low == ATTRIBUTE_TYPES || high == ATTRIBUTE_TYPES)
        return n;
    const asl_value *from = n->arguments[1]->value, *to = n->arguments[2]->value;
    bool differ = low != high;
    if (!differ && !(attribute_is_ordered(low) && attribute_compare(from, to) > 0))
        return n;
    struct asl_text x = value_as_text(attribute_content(from)),
                    y = value_as_text(attribute_content(to));
    parser_complain(p, FUNCTION,
                    "The BETWEEN operator requires %s; lower bound operand: AttributeValue: "
                    "{%s:%.*s}, upper bound operand: AttributeValue: {%s:%.*s}",
                    differ ? "same data type for lower and upper bounds"
                           : "upper bound to be greater than or equal to lower bound",
                    attribute_type_name(low), ASL_TEXT_ARGS(x), attribute_type_name(high),
                    ASL_TEXT_ARGS(y));
    return n;
}

static struct expression_node *read_in(struct parser *p, struct expression_node *first)
{
    struct expression_node *n = new_node(p, EXPRESSION_IN);
    add_argument(p, n, first);
    parser_advance(p);
    parser_expect(p, LEFT);
    do
        add_argument(p, n, read_operand(p));
    while (!p->is_syntax_error && p->token == COMMA && parser_expect(p, COMMA));
    parser_expect(p, RIGHT);
    return n;
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
    if (parser_is_word(p, "between")) {
        n = read_between(p, first);
    } else if (parser_is_word(p, "in")) {
        n = read_in(p, first);
    } else if (p->token >= EQ && p->token <= GE) {
        n = new_node(p, comparators[p->token]);
        add_argument(p, n, first);
        parser_advance(p);
        add_argument(p, n, read_operand(p));
    } else if (!expression_is_function(first->operation) && !p->complaints[UNKNOWN_FUNCTION][0]) {
        parser_syntax_error(p);
    }
    if (n != first && !p->is_syntax_error) {
        parser_check_misuse(p, n);
        parser_check_distinct(p, n);
        parser_check_comparison(p, n);
    }
    close_condition(p);
    return n;
}

/* A '(' opens a condition, unless what it closes around turns out to be an operand ("(a) = :v"):
 * the parser tries the condition and goes back. Tried once a parenthesis, so time stays bounded. */
static bool opens_operand(const struct parser *p)
{
    size_t at = p->at, depth = 1, size;
    while (depth > 0 && (at = parser_skip_space(p->text, at)) < p->text.size) {
        enum token t = parser_read_token(p->text, at, &size);
        depth += t == LEFT;
        depth -= t == RIGHT;
        at += size;
    }
    at = parser_skip_space(p->text, at);
    if (depth > 0 || at == p->text.size)
        return false;
    struct asl_text rest = {p->text.data + at, 0};
    enum token t = parser_read_token(p->text, at, &rest.size);
    if (t >= EQ && t <= GE)
        return true;
    return t == WORD && ((rest.size == 7 && strncasecmp(rest.data, "between", 7) == 0) ||
                         (rest.size == 2 && strncasecmp(rest.data, "in", 2) == 0));
}

static struct expression_node *read_parentheses(struct parser *p)
{
    if (p->token != LEFT || opens_operand(p))
        return read_comparison(p);
    parser_advance(p);
    bool is_doubled = p->token == LEFT;
    const char *inner = p->lexeme.data;
    struct expression_node *n = read_or(p);
    /* "((a = b))" is redundant, "((a = b) AND c)" is not: the inner pair must end right here. */
    if (is_doubled && !p->is_syntax_error && p->token == RIGHT) {
        size_t at = (size_t)(inner - p->text.data), depth = 0, size;
        do {
            at = parser_skip_space(p->text, at);
            enum token t = parser_read_token(p->text, at, &size);
            depth += t == LEFT;
            depth -= t == RIGHT;
            at += size;
        } while (depth > 0);
        if (p->text.data + parser_skip_space(p->text, at) == p->lexeme.data)
            parser_complain(p, PARENTHESES, "The expression has redundant parentheses;");
    }
    parser_expect(p, RIGHT);
    return n;
}

/* NOT stands once before a condition; "NOT NOT a" is no expression. */
static struct expression_node *read_not(struct parser *p)
{
    struct expression_node *n = NULL;
    if (parser_enter(p)) {
        if (parser_is_word(p, "not")) {
            n = new_node(p, EXPRESSION_NOT);
            parser_advance(p);
            add_argument(p, n, read_parentheses(p));
            parser_check_is_condition(p, n->arguments[0]);
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
    while (!p->is_syntax_error && parser_is_word(p, word)) {
        struct expression_node *chain = n;
        if (n->operation != operation || n->count >= EXPRESSION_BYTES) {
            chain = new_node(p, operation);
            add_argument(p, chain, n);
        } else
            parser_count_operator(p);
        parser_check_is_condition(p, n);
        parser_advance(p);
        add_argument(p, chain, next(p));
        parser_check_is_condition(p, chain->arguments[chain->count - 1]);
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
    parser_advance(p);
    add_argument(p, n, read_operand(p));
    if (!p->is_syntax_error)
        parser_check_function(p, n, operations[n->operation].operands);
    return n;
}

static void read_action(struct parser *p, enum expression_verb verb)
{
    struct expression *e = p->out;
    struct expression_action action = {.verb = verb, .path = read_path(p, NULL)};
    if (verb == EXPRESSION_SET && parser_expect(p, EQ)) {
        action.value = read_sum(p);
    } else if (verb == EXPRESSION_ADD || verb == EXPRESSION_DELETE) {
        if (p->token != VALUE) {
            parser_syntax_error(p);
            return;
        }
        action.value = read_value(p);
        parser_check_set_operand(p, verb, action.value);
    }
    if (p->is_syntax_error)
        return;
    add_path(p, action.path);
    e->actions = parser_grown(p, e->actions, e->action_count, sizeof *e->actions);
    e->actions[e->action_count++] = action;
}

static void read_section(struct parser *p)
{
    static const char *const verbs[] = {"SET", "REMOVE", "ADD", "DELETE"};
    for (size_t verb = 0; verb < 4; verb++) {
        if (!parser_is_word(p, verbs[verb]))
            continue;
        if (p->sections & 1u << verb)
            parser_complain(p, SECTION,
                            "The \"%s\" section can only be used once in an update expression;",
                            verbs[verb]);
        p->sections |= 1u << verb;
        parser_advance(p);
        do
            read_action(p, (enum expression_verb)verb);
        while (!p->is_syntax_error && p->token == COMMA && parser_expect(p, COMMA));
        return;
    }
    parser_syntax_error(p);
}

static void read_all(struct parser *p)
{
    parser_advance(p);
    if (p->kind == EXPRESSION_CONDITION) {
        p->out->condition = read_or(p);
        parser_check_is_condition(p, p->out->condition);
    } else if (p->kind == EXPRESSION_UPDATE) {
        do
            read_section(p);
        while (!p->is_syntax_error && p->token != END);
    } else {
        do
            add_path(p, read_path(p, NULL));
        while (!p->is_syntax_error && p->token == COMMA && parser_expect(p, COMMA));
    }
    if (!p->is_syntax_error)
        parser_expect(p, END);
}

static const char *worst_complaint(struct parser *p)
{
    if (p->is_syntax_error)
        return p->syntax;
    if (p->is_too_complex) {
        snprintf(p->syntax, sizeof p->syntax,
                 "The expression contains too many operators; operator "
                 "count: %zu",
                 p->operators);
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
            snprintf(complaint, EXPRESSION_COMPLAINT,
                     "Expression size has exceeded the maximum "
                     "allowed size; expression size: %zu",
                     text.size);
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

bool expression_scope_is_used(const struct expression_scope *s,
                              char complaint[EXPRESSION_COMPLAINT])
{
    return are_used(s->names, s->used_names, "ExpressionAttributeNames", complaint) &&
           are_used(s->values, s->used_values, "ExpressionAttributeValues", complaint);
}
