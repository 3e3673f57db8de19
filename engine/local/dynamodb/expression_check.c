/* What operands may stand where: DynamoDB finds these mistakes before it looks at any item. */
#include "expression_parser.h"

bool parser_is_path(const struct expression_node *n)
{
    return n && n->operation == EXPRESSION_PATH;
}

/* The type a literal has; ATTRIBUTE_TYPES when only the item can tell. */
enum attribute_type parser_literal_type(const struct expression_node *n)
{
    return n && n->operation == EXPRESSION_VALUE && n->value ? attribute_type(n->value)
                                                             : ATTRIBUTE_TYPES;
}

void parser_put_path(const struct expression_path *path, struct asl_buffer *out)
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

/* ---- functions ---- */

static void complain_of_operand(struct parser *p, const char *function, const char *type)
{
    parser_complain(p, FUNCTION,
                    "Incorrect operand type for operator or function; operator or function: "
                    "%s, operand type: %s",
                    function, type);
}

/* Each literal operand must be of a type among `allowed` (a bit each). */
static void check_operands(struct parser *p, const struct expression_node *n, unsigned allowed)
{
    for (size_t i = 0; i < n->count; i++) {
        enum attribute_type type = parser_literal_type(n->arguments[i]);
        if (type != ATTRIBUTE_TYPES && !(allowed & 1u << type)) {
            complain_of_operand(p, expression_operation_name(n->operation),
                                attribute_type_name(type));
            return;
        }
    }
}

static void check_type_operand(struct parser *p, const struct expression_node *n)
{
    enum attribute_type type = parser_literal_type(n->arguments[1]);
    if (type != ATTRIBUTE_S) {
        complain_of_operand(p, "attribute_type",
                            type == ATTRIBUTE_TYPES ? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
                                                    : attribute_type_name(type));
        return;
    }
    struct asl_text name = value_as_text(attribute_content(n->arguments[1]->value));
    if (attribute_type_named(name) == ATTRIBUTE_TYPES)
        parser_complain(p, FUNCTION,
                        "Invalid attribute type name found; type: %.*s, valid types: "
                        "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                        ASL_TEXT_ARGS(name));
}

void parser_check_distinct(struct parser *p, const struct expression_node *n)
{
    if (n->count != 2 || !parser_is_path(n->arguments[0]) || !parser_is_path(n->arguments[1]))
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
    parser_put_path(a, &path);
    parser_complain(p, DISTINCT,
                    "The first operand must be distinct from the remaining operands for this "
                    "operator or function; operator: %s, first operand: %.*s",
                    expression_operation_name(n->operation), ASL_TEXT_ARGS(asl_buffer_text(&path)));
    asl_buffer_free(&path);
}

void parser_check_function(struct parser *p, const struct expression_node *n, size_t operands)
{
    const char *name = expression_operation_name(n->operation);
    if (n->count != operands) {
        parser_complain(
            p, p->kind == EXPRESSION_CONDITION ? OPERAND : FUNCTION,
            "Incorrect number of operands for operator or function; operator or function: %s, "
            "number of operands: %zu",
            name, n->count);
        return;
    }
    if (p->kind == EXPRESSION_CONDITION)
        parser_check_distinct(p, n);
    switch (n->operation) {
    case EXPRESSION_EXISTS:
    case EXPRESSION_NOT_EXISTS:
    case EXPRESSION_IF_NOT_EXISTS:
        if (!parser_is_path(n->arguments[0]))
            parser_complain(p, FUNCTION,
                            "Operator or function requires a document path; operator or "
                            "function: %s",
                            name);
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
void parser_check_misuse(struct parser *p, const struct expression_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct expression_node *a = n->arguments[i];
        if (a && expression_is_function(a->operation) && a->operation != EXPRESSION_SIZE)
            parser_complain(p, MISUSED_FUNCTION,
                            "The function is not allowed to be used this way in an "
                            "expression; function: %s",
                            expression_operation_name(a->operation));
    }
}

void parser_check_is_condition(struct parser *p, const struct expression_node *n)
{
    if (n && n->operation == EXPRESSION_SIZE)
        parser_complain(p, MISUSED_FUNCTION,
                        "The function is not allowed to be used this way in an "
                        "expression; function: size");
}

/* The operand's type must have an order for < and its kin. */
void parser_check_comparison(struct parser *p, const struct expression_node *n)
{
    if (n->operation == EXPRESSION_EQ || n->operation == EXPRESSION_NE)
        return;
    check_operands(p, n, 1u << ATTRIBUTE_S | 1u << ATTRIBUTE_N | 1u << ATTRIBUTE_B);
}

/* ADD takes numbers and sets, DELETE sets. */
void parser_check_set_operand(struct parser *p, enum expression_verb verb,
                              const struct expression_node *value)
{
    static const char *const words[ATTRIBUTE_TYPES] = {
        [ATTRIBUTE_S] = "STRING",  [ATTRIBUTE_N] = "NUMBER",     [ATTRIBUTE_B] = "BINARY",
        [ATTRIBUTE_NULL] = "NULL", [ATTRIBUTE_BOOL] = "BOOLEAN", [ATTRIBUTE_L] = "LIST",
        [ATTRIBUTE_M] = "MAP",
    };
    enum attribute_type type = parser_literal_type(value);
    if (type == ATTRIBUTE_TYPES || !words[type] || (verb == EXPRESSION_ADD && type == ATTRIBUTE_N))
        return;
    parser_complain(p, OPERAND,
                    "Incorrect operand type for operator or function; operator: %s, operand "
                    "type: %s",
                    verb == EXPRESSION_ADD ? "ADD" : "DELETE", words[type]);
}
