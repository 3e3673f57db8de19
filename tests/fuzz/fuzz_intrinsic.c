/* Fuzzes intrinsic calls: the first line is a call, the rest a JSON document (or none: a fixed
 * one). Besides crashes and leaks: a failed call has a message, a result prints to what parses
 * again, and States.StringToJson agrees with the JSON parser about the whole document.
 */
#include <stdlib.h>
#include <string.h>

#include "asl/intrinsic/intrinsic.h"
#include "asl/intrinsic/jackson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const asl_value *itself(void *state)
{
    return state;
}

static const asl_value *member(void *state, struct asl_text name)
{
    return value_get(state, name);
}

static uint64_t four(void *state)
{
    (void)state;
    return 4;
}

static void nil_uuid(void *state, char out[37])
{
    (void)state;
    memcpy(out, "00000000-0000-4000-8000-000000000000", 37);
}

static void see_path(void *state, const struct path *p)
{
    (void)state;
    demand(path_source(p).size > 0);
}

static void evaluate(const struct intrinsic *i, asl_value *document)
{
    static const struct intrinsic_env env = {NULL, four, nil_uuid};
    struct path_scope scope = {document, itself, member, document};
    struct asl_buffer message, text;
    asl_value *v = intrinsic_evaluate(i, &scope, &env, &message, NULL);
    demand((v == NULL) == (message.size > 0));
    if (v != NULL) {
        struct value_error why;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        value_print(v, &text);
        asl_value *again = value_parse(asl_buffer_text(&text), 0, 0, &why);
        demand(again != NULL);
        value_release(again);
        asl_buffer_free(&text);
    }
    value_release(v);
    asl_buffer_free(&message);
}

/* What one of them takes, the other does; Jackson looks no further than the value. */
static void compare_parsers(struct asl_text json)
{
    struct asl_buffer why;
    struct value_error error;
    size_t end = 0;
    asl_buffer_init(&why, 65536);
    bool is_fine = jackson_check(json, &end, &why);
    demand(is_fine == (why.size == 0) && end <= json.size);
    asl_value *v = value_parse(json, 0, 0, &error);
    demand(v == NULL || is_fine);
    value_release(v);
    asl_buffer_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t first = line ? (size_t)(line - data) : size;
    struct asl_text call = {(const char *)data, first};
    struct asl_text json = {line ? (const char *)line + 1 : NULL, line ? size - first - 1 : 0};
    struct value_error why;
    compare_parsers(json);
    asl_value *document = value_parse(json, 0, 0, &why);
    if (document == NULL) {
        document =
            value_literal("{\"a\":[1,2,2.5,\"1,2\",null,{\"x\":[]}],\"s\":\"{} \\\\{\",\"n\":3}");
    }
    struct path_error error = {0};
    struct intrinsic *i = intrinsic_compile(call, &error);
    demand(i != NULL || (error.message[0] != '\0' && error.offset <= call.size));
    if (i != NULL) {
        intrinsic_each_path(i, see_path, NULL);
        evaluate(i, document);
    }
    intrinsic_free(i);
    value_release(document);
    return 0;
}
