/* Tokens to a tree, by binding powers (Pratt): `symbols` below is the grammar. A row says how
 * strongly a token binds to what stands left of it, what it makes at the beginning of an expression
 * (`prefix`) and what behind one (`infix`).
 *
 * Parsing recurses once for each nesting; NESTING_MAXIMUM bounds that.
 */
#include "stringify.h"
#include "syntax.h"
#include "signature.h"

#include <string.h>

struct parser {
    struct jsonata *program;
    struct lexer lexer;
    struct token token;
    struct failure *failure;
    unsigned nesting;
};

typedef struct node *prefix_function(struct parser *p, struct node *self);
typedef struct node *infix_function(struct parser *p, struct node *self, struct node *left);

struct row {
    int power;
    prefix_function *prefix;
    infix_function *infix;
};

static const struct row symbols[SYMBOL_COUNT];

/* What expressions bind to when they are read to their end. */
enum { POWER_ANY = 0, POWER_ASSIGN = 10, POWER_UNARY = 70, POWER_BIND = 80 };

static struct node *new_node(struct parser *p, enum node_type type, size_t position)
{
    struct node *n = jsonata_arena_allocate(&p->program->heap.arena, sizeof *n);
    memset(n, 0, sizeof *n);
    n->type = (uint8_t)type;
    n->position = position;
    return n;
}

static struct node *fail(struct parser *p, const char *code, size_t position, item token)
{
    jsonata_fail_syntax(p->failure, code, position, token);
    return NULL;
}

static bool next_token(struct parser *p, bool infix)
{
    if (!jsonata_lexer_next(&p->lexer, infix, &p->token))
        return false;
    if (p->program->heap.arena.exhausted) {
        jsonata_fail_syntax(p->failure, "D2015", p->token.position, item_undefined());
        p->failure->words = "The expression needs too much memory to compile";
        return false;
    }
    if (p->token.id == SYMBOL_NOT || p->token.id == SYMBOL_TILDE)
        return fail(p, "S0204", p->token.position, p->token.value);
    return true;
}

/* Past the token that must stand here. */
static bool expect(struct parser *p, enum symbol_id id, const char *spelling, bool infix)
{
    if (p->token.id != id) {
        fail(p, p->token.id == SYMBOL_END ? "S0203" : "S0202", p->token.position, p->token.value);
        p->failure->value = jsonata_string_z(spelling);
        return false;
    }
    return next_token(p, infix);
}

/* A literal as a value that can leave as it is. (0xED begins the halves of characters, which no
 * value can hold, and a few others.) */
static item literal(struct parser *p, item string)
{
    struct asl_text t = item_string(string);
    if (t.size && memchr(t.data, 0xed, t.size))
        return string;
    asl_value *v = value_string(t);
    value_list_push_take(&p->program->literals, v);
    string.borrowed = 1;
    string.as.text = value_as_text(v).data;
    return string;
}

static struct node *node_of_token(struct parser *p, const struct token *t)
{
    static const uint8_t types[] = {
        [TOKEN_END] = NODE_END,           [TOKEN_NAME] = NODE_NAME,
        [TOKEN_VARIABLE] = NODE_VARIABLE, [TOKEN_OPERATOR] = NODE_OPERATOR,
        [TOKEN_STRING] = NODE_STRING,     [TOKEN_NUMBER] = NODE_NUMBER,
        [TOKEN_VALUE] = NODE_VALUE,       [TOKEN_REGEX] = NODE_REGEX,
    };
    struct node *n = new_node(p, (enum node_type)types[t->type], t->position);
    n->op = (uint8_t)t->id;
    n->value = t->type == TOKEN_STRING ? literal(p, t->value) : t->value;
    n->regex = t->regex;
    return n;
}

static struct node *expression(struct parser *p, int power)
{
    if (++p->nesting > NESTING_MAXIMUM) {
        fail(p, NESTING_CODE, p->token.position, item_undefined());
        p->failure->words = jsonata_nesting_words;
        return NULL;
    }
    struct token t = p->token;
    if (!next_token(p, true))
        return NULL;
    prefix_function *prefix = symbols[t.id].prefix;
    if (!prefix)
        return fail(p, "S0211", t.position, t.value);
    struct node *left = prefix(p, node_of_token(p, &t));
    while (left && power < symbols[p->token.id].power) {
        t = p->token;
        if (!next_token(p, false))
            return NULL;
        left = symbols[t.id].infix(p, node_of_token(p, &t), left);
    }
    p->nesting--;
    return left;
}

/* ---- lists of nodes ---- */

struct nodes {
    struct node **items;
    uint32_t count, capacity;
};

static void add(struct parser *p, struct nodes *list, struct node *n)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 4;
        struct node **more =
            jsonata_arena_grow(&p->program->heap.arena, list->items, list->capacity * sizeof *more,
                               capacity * sizeof *more);
        if (!more)
            return; /* exhausted: the next token fails */
        list->items = more;
        list->capacity = capacity;
    }
    list->items[list->count++] = n;
}

static struct node *with_items(struct node *self, enum node_type type, const struct nodes *list)
{
    self->type = (uint8_t)type;
    self->items = list->items;
    self->count = list->count;
    return self;
}

/* ---- prefixes ---- */

static struct node *prefix_self(struct parser *p, struct node *self)
{
    (void)p;
    return self;
}

static struct node *prefix_minus(struct parser *p, struct node *self)
{
    self->type = NODE_UNARY;
    self->lhs = expression(p, POWER_UNARY);
    return self->lhs ? self : NULL;
}

static struct node *prefix_wildcard(struct parser *p, struct node *self)
{
    (void)p;
    self->type = NODE_WILDCARD;
    return self;
}

static struct node *prefix_descendant(struct parser *p, struct node *self)
{
    (void)p;
    self->type = NODE_DESCENDANT;
    return self;
}

static struct node *prefix_parent(struct parser *p, struct node *self)
{
    (void)p;
    self->type = NODE_PARENT;
    return self;
}

static struct node *prefix_block(struct parser *p, struct node *self)
{
    struct nodes list = {0};
    while (p->token.id != SYMBOL_PAREN_CLOSE) {
        struct node *n = expression(p, POWER_ANY);
        if (!n)
            return NULL;
        add(p, &list, n);
        if (p->token.id != SYMBOL_SEMICOLON)
            break;
        if (!next_token(p, false))
            return NULL;
    }
    if (!expect(p, SYMBOL_PAREN_CLOSE, ")", true))
        return NULL;
    return with_items(self, NODE_BLOCK, &list);
}

static struct node *range(struct parser *p, struct node *from)
{
    struct node *n = node_of_token(p, &p->token);
    n->type = NODE_BINARY;
    n->lhs = from;
    if (!next_token(p, false))
        return NULL;
    n->rhs = expression(p, POWER_ANY);
    return n->rhs ? n : NULL;
}

static struct node *prefix_array(struct parser *p, struct node *self)
{
    struct nodes list = {0};
    while (p->token.id != SYMBOL_BRACKET_CLOSE) {
        struct node *n = expression(p, POWER_ANY);
        if (n && p->token.id == SYMBOL_RANGE)
            n = range(p, n);
        if (!n)
            return NULL;
        add(p, &list, n);
        if (p->token.id != SYMBOL_COMMA)
            break;
        if (!next_token(p, false))
            return NULL;
        if (p->token.id == SYMBOL_BRACKET_CLOSE) { /* a trailing comma wants an operand */
            expression(p, POWER_ANY);
            return NULL;
        }
    }
    if (!expect(p, SYMBOL_BRACKET_CLOSE, "]", true))
        return NULL;
    return with_items(self, NODE_UNARY, &list);
}

static bool object_pairs(struct parser *p, struct nodes *list)
{
    if (p->token.id != SYMBOL_BRACE_CLOSE) {
        for (;;) {
            struct node *key = expression(p, POWER_ANY);
            if (!key || !expect(p, SYMBOL_COLON, ":", false))
                return false;
            struct node *value = expression(p, POWER_ANY);
            if (!value)
                return false;
            add(p, list, key);
            add(p, list, value);
            if (p->token.id != SYMBOL_COMMA)
                break;
            if (!next_token(p, false))
                return false;
        }
    }
    return expect(p, SYMBOL_BRACE_CLOSE, "}", true);
}

static struct node *prefix_object(struct parser *p, struct node *self)
{
    struct nodes list = {0};
    return object_pairs(p, &list) ? with_items(self, NODE_UNARY, &list) : NULL;
}

static struct node *prefix_transform(struct parser *p, struct node *self)
{
    self->type = NODE_TRANSFORM;
    if (!(self->lhs = expression(p, POWER_ANY)) || !expect(p, SYMBOL_BAR, "|", false) ||
        !(self->rhs = expression(p, POWER_ANY)))
        return NULL;
    if (p->token.id == SYMBOL_COMMA) {
        if (!next_token(p, false) || !(self->third = expression(p, POWER_ANY)))
            return NULL;
    }
    return expect(p, SYMBOL_BAR, "|", false) ? self : NULL;
}

/* ---- infixes ---- */

static struct node *infix_binary(struct parser *p, struct node *self, struct node *left)
{
    self->type = NODE_BINARY;
    self->lhs = left;
    self->rhs = expression(p, symbols[self->op].power);
    return self->rhs ? self : NULL;
}

static struct node *infix_index(struct parser *p, struct node *self, struct node *left)
{
    if (p->token.id == SYMBOL_BRACKET_CLOSE) { /* `[]`: keep the array */
        struct node *step = left;
        while (step->type == NODE_BINARY && step->op == SYMBOL_BRACKET)
            step = step->lhs;
        step->keep_array = true;
        return next_token(p, false) ? left : NULL;
    }
    self->type = NODE_BINARY;
    self->lhs = left;
    self->rhs = expression(p, POWER_ANY);
    return self->rhs && expect(p, SYMBOL_BRACKET_CLOSE, "]", true) ? self : NULL;
}

static struct node *infix_group(struct parser *p, struct node *self, struct node *left)
{
    struct nodes list = {0};
    self->lhs = left;
    return object_pairs(p, &list) ? with_items(self, NODE_BINARY, &list) : NULL;
}

static struct node *infix_sort(struct parser *p, struct node *self, struct node *left)
{
    struct nodes list = {0};
    self->lhs = left;
    if (!expect(p, SYMBOL_PAREN, "(", false))
        return NULL;
    for (;;) {
        struct node *term = new_node(p, NODE_TERM, p->token.position);
        term->descending = p->token.id == SYMBOL_GREATER;
        if ((term->descending || p->token.id == SYMBOL_LESS) && !next_token(p, false))
            return NULL;
        if (!(term->lhs = expression(p, POWER_ANY)))
            return NULL;
        add(p, &list, term);
        if (p->token.id != SYMBOL_COMMA)
            break;
        if (!next_token(p, false))
            return NULL;
    }
    return expect(p, SYMBOL_PAREN_CLOSE, ")", false) ? with_items(self, NODE_BINARY, &list) : NULL;
}

static struct node *infix_assign(struct parser *p, struct node *self, struct node *left)
{
    if (left->type != NODE_VARIABLE)
        return fail(p, "S0212", left->position, left->value);
    self->type = NODE_BINARY;
    self->lhs = left;
    self->rhs = expression(p, POWER_ASSIGN - 1); /* binds to the right */
    return self->rhs ? self : NULL;
}

static struct node *infix_bind(struct parser *p, struct node *self, struct node *left)
{
    self->type = NODE_BINARY;
    self->lhs = left;
    if (!(self->rhs = expression(p, POWER_BIND)))
        return NULL;
    if (self->rhs->type != NODE_VARIABLE)
        return fail(p, "S0214", self->rhs->position, self->value);
    return self;
}

static struct node *infix_condition(struct parser *p, struct node *self, struct node *left)
{
    self->type = NODE_CONDITION;
    self->lhs = left;
    if (!(self->rhs = expression(p, POWER_ANY)))
        return NULL;
    if (p->token.id == SYMBOL_COLON) {
        if (!next_token(p, false) || !(self->third = expression(p, POWER_ANY)))
            return NULL;
    }
    return self;
}

/* `a ?: b` and `a ?? b`: `a` is evaluated once. */
static struct node *infix_default(struct parser *p, struct node *self, struct node *left)
{
    self->type = self->op == SYMBOL_ELVIS ? NODE_ELVIS : NODE_COALESCE;
    self->lhs = left;
    self->rhs = expression(p, POWER_ANY);
    return self->rhs ? self : NULL;
}

/* ---- calls and functions ---- */

static bool arguments(struct parser *p, struct node *self)
{
    struct nodes list = {0};
    if (p->token.id != SYMBOL_PAREN_CLOSE) {
        for (;;) {
            struct node *n;
            if (p->token.id == SYMBOL_QUESTION) {
                self->type = NODE_PARTIAL;
                n = node_of_token(p, &p->token);
                if (!next_token(p, false))
                    return false;
            } else if (!(n = expression(p, POWER_ANY))) {
                return false;
            }
            add(p, &list, n);
            if (p->token.id != SYMBOL_COMMA)
                break;
            if (!next_token(p, false))
                return false;
        }
    }
    self->items = list.items;
    self->count = list.count;
    return expect(p, SYMBOL_PAREN_CLOSE, ")", true);
}

/* A token as JavaScript adds it to a string. */
static void put_token(struct builder *b, item value)
{
    if (value.kind == ITEM_STRING)
        jsonata_builder_put(b, item_string(value));
    else
        jsonata_stringify(b, value, STRINGIFY_EXACT, NULL);
}

static bool signature(struct parser *p, struct node *self)
{
    size_t position = p->token.position;
    struct builder b;
    jsonata_builder_init(&b, &p->program->heap);
    jsonata_builder_putc(&b, '<');
    for (int depth = 1; depth > 0 && p->token.id != SYMBOL_BRACE && p->token.id != SYMBOL_END;) {
        if (!next_token(p, false))
            return false;
        depth += (p->token.id == SYMBOL_LESS) - (p->token.id == SYMBOL_GREATER);
        put_token(&b, p->token.value);
    }
    if (!expect(p, SYMBOL_GREATER, ">", false))
        return false;
    size_t offset = 0;
    struct asl_text text = item_string(jsonata_builder_item(&b));
    self->signature = jsonata_signature(&p->program->heap, text, p->failure, &offset);
    if (self->signature)
        return true;
    p->failure->has_position = true;
    p->failure->position = position + jsonata_count_units((struct asl_text){text.data, offset});
    return false;
}

static struct node *lambda(struct parser *p, struct node *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->items[i]->type != NODE_VARIABLE) {
            fail(p, "S0208", self->items[i]->position, self->items[i]->value);
            p->failure->value = item_number(i + 1);
            return NULL;
        }
    self->type = NODE_LAMBDA;
    if (p->token.id == SYMBOL_LESS && !signature(p, self))
        return NULL;
    if (!expect(p, SYMBOL_BRACE, "{", false) || !(self->lhs = expression(p, POWER_ANY)) ||
        !expect(p, SYMBOL_BRACE_CLOSE, "}", false))
        return NULL;
    return self;
}

static struct node *infix_call(struct parser *p, struct node *self, struct node *left)
{
    self->type = NODE_FUNCTION;
    self->lhs = left;
    if (!arguments(p, self))
        return NULL;
    struct asl_text name = left->type == NODE_NAME ? item_string(left->value) : ASL_TEXT("");
    if (asl_text_is(name, "function") || asl_text_is(name, "\xce\xbb"))
        return lambda(p, self);
    return self;
}

/* ---- the grammar ---- */

static const struct row symbols[SYMBOL_COUNT] = {
    [SYMBOL_END] = {0, prefix_self, NULL},
    [SYMBOL_NAME] = {0, prefix_self, NULL},
    [SYMBOL_LITERAL] = {0, prefix_self, NULL},
    [SYMBOL_REGEX] = {0, prefix_self, NULL},
    [SYMBOL_BRACKET] = {80, prefix_array, infix_index},
    [SYMBOL_PAREN] = {80, prefix_block, infix_call},
    [SYMBOL_AT] = {POWER_BIND, NULL, infix_bind},
    [SYMBOL_HASH] = {POWER_BIND, NULL, infix_bind},
    [SYMBOL_DOT] = {75, NULL, infix_binary},
    [SYMBOL_BRACE] = {70, prefix_object, infix_group},
    [SYMBOL_STAR] = {60, prefix_wildcard, infix_binary},
    [SYMBOL_SLASH] = {60, NULL, infix_binary},
    [SYMBOL_PERCENT] = {60, prefix_parent, infix_binary},
    [SYMBOL_PLUS] = {50, NULL, infix_binary},
    [SYMBOL_MINUS] = {50, prefix_minus, infix_binary},
    [SYMBOL_AMPERSAND] = {50, NULL, infix_binary},
    [SYMBOL_EQUAL] = {40, NULL, infix_binary},
    [SYMBOL_NOT_EQUAL] = {40, NULL, infix_binary},
    [SYMBOL_LESS] = {40, NULL, infix_binary},
    [SYMBOL_LESS_EQUAL] = {40, NULL, infix_binary},
    [SYMBOL_GREATER] = {40, NULL, infix_binary},
    [SYMBOL_GREATER_EQUAL] = {40, NULL, infix_binary},
    [SYMBOL_IN] = {40, prefix_self, infix_binary},
    [SYMBOL_CARET] = {40, NULL, infix_sort},
    [SYMBOL_CHAIN] = {40, NULL, infix_binary},
    [SYMBOL_ELVIS] = {40, NULL, infix_default},
    [SYMBOL_COALESCE] = {40, NULL, infix_default},
    [SYMBOL_AND] = {30, prefix_self, infix_binary},
    [SYMBOL_OR] = {25, prefix_self, infix_binary},
    [SYMBOL_QUESTION] = {20, NULL, infix_condition},
    [SYMBOL_ASSIGN] = {POWER_ASSIGN, NULL, infix_assign},
    [SYMBOL_STAR_STAR] = {0, prefix_descendant, NULL},
    [SYMBOL_BAR] = {0, prefix_transform, NULL},
};

struct node *jsonata_parse(struct jsonata *program, struct asl_text source, struct failure *failure)
{
    struct parser p = {.program = program, .failure = failure};
    jsonata_lexer_init(&p.lexer, program, source, failure);
    if (!next_token(&p, false))
        return NULL;
    struct node *n = expression(&p, POWER_ANY);
    if (!n)
        return NULL;
    if (p.token.id != SYMBOL_END)
        return fail(&p, "S0201", p.token.position, p.token.value);
    return jsonata_process(program, n, failure);
}
