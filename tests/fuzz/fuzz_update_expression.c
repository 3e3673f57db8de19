/* DynamoDB expressions on arbitrary text: parse as update, condition and projection, and what
 * parses is carried out on an item. Nothing may crash; what an update makes is an item again, and
 * no value. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/local/dynamodb/attribute.h"
#include "engine/local/dynamodb/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static asl_value *accepted(const char *json)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    asl_value *raw = value_literal(json);
    asl_value *v = attribute_accept_map(raw, complaint);
    value_release(raw);
    if (!v)
        abort();
    return v;
}

static void try_update(const struct expression *e, const asl_value *item)
{
    char complaint[EXPRESSION_COMPLAINT] = "";
    char again[ATTRIBUTE_COMPLAINT];
    asl_value *now = expression_apply(e, item, complaint);
    if (!now) {
        if (complaint[0] == '\0')
            abort(); /* refused without a word */
        return;
    }
    asl_value *check = attribute_accept_map(now, again);
    if (!check || !value_equal(check, now))
        abort(); /* the result must be canonical already */
    value_release(check);
    value_release(expression_project(e->paths, e->path_count, now));
    attribute_item_size(now);
    value_release(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static asl_value *item, *values, *names;
    if (!item) {
        item = accepted(
            "{\"id\":{\"S\":\"k\"},\"n\":{\"N\":\"12.5\"},\"s\":{\"S\":\"text\"},"
            "\"l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"a\"},{\"L\":[{\"M\":{\"x\":{\"N\":\"2\"}}}]}]},"
            "\"m\":{\"M\":{\"a\":{\"M\":{\"b\":{\"L\":[]}}},\"c\":{\"NULL\":true}}},"
            "\"ss\":{\"SS\":[\"a\",\"b\"]},\"ns\":{\"NS\":[\"1\",\"2\"]},"
            "\"b\":{\"B\":\"aGVsbG8=\"},\"t\":{\"BOOL\":true}}");
        values =
            accepted("{\":n\":{\"N\":\"3\"},\":s\":{\"S\":\"a\"},\":l\":{\"L\":[{\"S\":\"z\"}]},"
                     "\":m\":{\"M\":{}},\":ss\":{\"SS\":[\"a\"]},\":ns\":{\"NS\":[\"2\"]},"
                     "\":b\":{\"B\":\"aA==\"},\":t\":{\"BOOL\":false},\":z\":{\"NULL\":true}}");
        names = value_literal("{\"#a\":\"a\",\"#m\":\"m\",\"#l\":\"l\",\"#d\":\"a.b\"}");
    }
    struct asl_text text = {(const char *)data, size};
    for (int kind = EXPRESSION_CONDITION; kind <= EXPRESSION_PROJECTION; kind++) {
        char complaint[EXPRESSION_COMPLAINT] = "";
        struct expression_scope scope;
        expression_scope_init(&scope, names, values);
        struct expression *e =
            expression_parse((enum expression_kind)kind, text, &scope, complaint);
        if (!e && complaint[0] == '\0')
            abort();
        if (e && kind == EXPRESSION_UPDATE)
            try_update(e, item);
        else if (e && kind == EXPRESSION_CONDITION)
            expression_holds(e->condition, item);
        else if (e)
            value_release(expression_project(e->paths, e->path_count, item));
        expression_scope_is_used(&scope, complaint);
        expression_free(e);
        expression_scope_free(&scope);
    }
    return 0;
}
