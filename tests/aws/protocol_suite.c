/* The suites bring models of their own: each case's is encoded and decoded as the catalogue does it
 * with AWS's, so that the cases test the encoder too. */
#include "tests/aws/protocol_suite.h"

#include <stdio.h>

#include "engine/aws/catalogue/format.h"

static asl_value *copy_of(const asl_value *v)
{
    return value_retain(v);
}

bool suite_service_make(const asl_value *suite, const asl_value *one, struct suite_service *out)
{
    const asl_value *given = value_get_z(one, "given"), *name = value_get_z(given, "name");
    struct value_list operations, model;
    value_list_init(&operations);
    value_list_init(&model);
    value_list_push_member_take(&operations, name ? copy_of(name) : value_string_z("OperationName"),
                                copy_of(given));
    value_list_set_take(&model, "metadata", copy_of(value_get_z(suite, "metadata")));
    value_list_set_take(&model, "operations", value_object_take(&operations));
    value_list_set_take(&model, "shapes", copy_of(value_get_z(suite, "shapes")));
    asl_value *whole = value_object_take(&model);
    char problem[256] = "";
    asl_buffer_init(&out->bytes, ASL_BUFFER_MAXIMUM);
    out->service = NULL;
    if (catalogue_encode(whole, &out->bytes, problem, sizeof problem))
        out->service = catalogue_decode(asl_buffer_text(&out->bytes));
    else
        fprintf(stderr, "%s\n", problem);
    value_release(whole);
    return out->service != NULL;
}

void suite_service_free(struct suite_service *s)
{
    catalogue_decoded_free(s->service);
    asl_buffer_free(&s->bytes);
}

bool suite_read(const char *path, struct asl_buffer *out)
{
    asl_buffer_init(out, ASL_BUFFER_MAXIMUM);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    char block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        asl_buffer_put(out, block, n);
    fclose(f);
    return true;
}
