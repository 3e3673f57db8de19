/* Fuzzes paths: the first line is a path, the rest a JSON document (or none: a fixed one). Looks
 * for crashes, leaks, walks without bound, and for promises broken: what compiles as a Reference
 * Path can be written at and read back, an indefinite path gives an array, a definite one without
 * result says why.
 */
#include <stdlib.h>
#include <string.h>

#include "asl/path/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const asl_value *itself(void *state)
{
    return state;
}

static const asl_value *member(void *state, struct asl_text name)
{
    return value_get(state, name);
}

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_at(const struct path *p, asl_value *document)
{
    struct path_scope scope = {document, itself, member, document};
    struct path_miss miss = {""};
    asl_value *v = path_get(p, &scope, &miss);
    demand(v != NULL || miss.message[0] != '\0');
    demand(v == NULL || path_is_definite(p) || value_kind(v) == VALUE_ARRAY);
    value_release(v);
}

static void write_at(const struct path *p, asl_value *document)
{
    struct path_miss miss = {""};
    asl_value *v = path_set_take(p, value_retain(document), value_integer(7), &miss);
    demand(v != NULL || miss.message[0] != '\0');
    if (v != NULL) {
        struct path_scope scope = {v, itself, member, v};
        asl_value *back = path_root(p) == PATH_INPUT ? path_get(p, &scope, NULL) : value_integer(7);
        asl_value *seven = value_integer(7);
        demand(back != NULL && value_equal(back, seven));
        value_release(back);
        value_release(seven);
    }
    value_release(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t first = line ? (size_t)(line - data) : size;
    struct asl_text path = {(const char *)data, first};
    struct asl_text json = {line ? (const char *)line + 1 : NULL, line ? size - first - 1 : 0};
    struct value_error why;
    asl_value *document = value_parse(json, 0, 0, &why);
    if (document == NULL) {
        document =
            value_literal("{\"a\":{\"b\":[1,\"x\",null,{\"a\":true,\"c\":[[]]}]},\"c\":-1.5}");
    }
    struct path_error error = {0};
    struct path *p = path_compile(path, 0, &error);
    demand(p != NULL || (error.message[0] != '\0' && error.offset <= path.size));
    if (p != NULL) {
        read_at(p, document);
    }
    path_free(p);
    p = path_compile(path, PATH_REFERENCE, &error);
    if (p != NULL) {
        demand(path_is_reference(p) && path_is_definite(p));
        read_at(p, document);
        write_at(p, document);
    }
    path_free(p);
    value_release(document);
    return 0;
}
