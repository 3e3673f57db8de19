/* ItemReader, ItemBatcher and ResultWriter of a distributed Map: what AWS checks at creation.
 *
 * ReaderConfig is a different object for each InputType (recorded: aws-cases
 * Validation.ItemReader): a field that another type has "is not supported". Serves: ASL spec
 * "ItemReader", "ItemBatcher", "ResultWriter"; facts 3.12, 9.
 */
#include <stdlib.h>

#include "fields.h"

/* Bits of the kinds in fields.c's table of ReaderConfig. */
enum { NO_TYPE = 1, CSV = 2, JSON = 4, JSONL = 8, PARQUET = 16, MANIFEST = 32 };

struct input_type {
    const char *name;
    unsigned kind;
};
static const struct input_type input_types[] = {
    {"CSV", CSV}, {"JSON", JSON}, {"JSONL", JSONL}, {"PARQUET", PARQUET}, {"MANIFEST", MANIFEST},
};

static bool member_is(const asl_value *object, const char *name, const char *text)
{
    const asl_value *v = value_get_z(object, name);
    return v != NULL && value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), text);
}

static unsigned kind_of(const asl_value *config)
{
    for (size_t i = 0; i < sizeof input_types / sizeof *input_types; i++) {
        if (member_is(config, "InputType", input_types[i].name)) {
            return input_types[i].kind;
        }
    }
    return NO_TYPE;
}

static void require(struct compiler *c, const asl_value *config, const char *name,
                    const struct place *place, bool listed)
{
    if (value_get_z(config, name) == NULL) {
        report(c, CODE_SCHEMA, place,
               listed ? "These fields are required: [%s]" : "The field '%s' is required", name);
    }
}

/* RFC 6901: empty, or a slash first; `~` only as ~0 and ~1. Jackson's words. */
static void check_pointer(struct compiler *c, const asl_value *config, const struct place *place)
{
    const asl_value *pointer = value_get_z(config, "ItemsPointer");
    if (pointer == NULL || value_kind(pointer) != VALUE_STRING) {
        return;
    }
    struct asl_text t = value_as_text(pointer);
    if (t.size > 0 && t.data[0] != '/') {
        struct place here = place_key(place, ASL_TEXT("ItemsPointer"));
        report(c, CODE_SCHEMA, &here,
               "Invalid input: JSON Pointer expression must start with '/': \"%.*s\"",
               ASL_TEXT_ARGS(t));
    }
}

static void check_config(struct compiler *c, const asl_value *config, const struct place *place)
{
    unsigned kind = kind_of(config);
    if (!fields_check(c, config, place, &shape_reader_config, kind)) {
        return;
    }
    if (member_is(config, "Transformation", "LOAD_AND_FLATTEN")) {
        require(c, config, "InputType", place, false);
    }
    if (kind == CSV) {
        require(c, config, "CSVHeaderLocation", place, false);
    }
    if (member_is(config, "CSVHeaderLocation", "GIVEN") && (kind & (CSV | NO_TYPE)) != 0) {
        require(c, config, "CSVHeaders", place, true);
    }
    check_pointer(c, config, place);
}

static bool ends_in(const asl_value *object, const char *a, const char *b)
{
    const asl_value *v = value_get_z(object, "Resource");
    struct asl_text t = value_as_text(v);
    return asl_text_ends(t, a) || (b != NULL && asl_text_ends(t, b));
}

static void check_resource(struct compiler *c, const asl_value *object, const struct place *place,
                           const char *a, const char *b)
{
    const asl_value *resource = value_get_z(object, "Resource");
    if (resource != NULL && value_kind(resource) == VALUE_STRING && !ends_in(object, a, b)) {
        struct place here = place_key(place, ASL_TEXT("Resource"));
        report(c, CODE_SCHEMA, &here,
               "The field 'Resource' does not match any of the allowed values");
    }
}

static asl_value *keep(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v == NULL ? NULL : value_retain(v);
}

static char *keep_text(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v == NULL || value_kind(v) != VALUE_STRING ? NULL : asl_copy_text(value_as_text(v));
}

static struct template *compile_arguments(struct compiler *c, const asl_value *object,
                                          const struct place *place)
{
    return template_member(c, object, c->language == LANGUAGE_JSONATA ? "Arguments" : "Parameters",
                           place);
}

static void compile_reader(struct compiler *c, const asl_value *v, const struct place *place,
                           struct item_reader *reader)
{
    fields_check(c, v, place, &shape_item_reader, 0);
    check_resource(c, v, place, ":states:::s3:getObject", ":states:::s3:listObjectsV2");
    reader->resource = keep_text(v, "Resource");
    reader->arguments = compile_arguments(c, v, place);
    reader->config = keep(v, "ReaderConfig");
    if (reader->config != NULL && value_kind(reader->config) == VALUE_OBJECT) {
        struct place here = place_key(place, ASL_TEXT("ReaderConfig"));
        check_config(c, reader->config, &here);
        setting_compile(c, reader->config, "MaxItems", "MaxItemsPath", SETTING_REFERENCE, &here,
                        &reader->max_items);
    }
}

static void compile_batcher(struct compiler *c, const asl_value *v, const struct place *place,
                            struct item_batcher *batcher)
{
    fields_check(c, v, place, &shape_item_batcher, 0);
    batcher->input = template_member(c, v, "BatchInput", place);
    setting_compile(c, v, "MaxItemsPerBatch", "MaxItemsPerBatchPath", SETTING_REFERENCE, place,
                    &batcher->max_items);
    setting_compile(c, v, "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", SETTING_REFERENCE,
                    place, &batcher->max_bytes);
}

static void compile_writer(struct compiler *c, const asl_value *v, const struct place *place,
                           struct result_writer *writer)
{
    fields_check(c, v, place, &shape_result_writer, 0);
    check_resource(c, v, place, ":states:::s3:putObject", NULL);
    writer->resource = keep_text(v, "Resource");
    writer->arguments = compile_arguments(c, v, place);
    writer->config = keep(v, "WriterConfig");
    if (writer->config != NULL && value_kind(writer->config) == VALUE_OBJECT) {
        struct place here = place_key(place, ASL_TEXT("WriterConfig"));
        fields_check(c, writer->config, &here, &shape_writer_config, 0);
    }
}

static const asl_value *object_member(const asl_value *map, const char *name)
{
    const asl_value *v = value_get_z(map, name);
    return v != NULL && value_kind(v) == VALUE_OBJECT ? v : NULL;
}

void reader_compile(struct compiler *c, const asl_value *map, const struct place *place,
                    struct state *state)
{
    const asl_value *reader = object_member(map, "ItemReader");
    const asl_value *batcher = object_member(map, "ItemBatcher");
    const asl_value *writer = object_member(map, "ResultWriter");
    if (reader != NULL) {
        struct place here = place_key(place, ASL_TEXT("ItemReader"));
        state->of.map.item_reader = value_retain(reader);
        compile_reader(c, reader, &here, &state->of.map.reader);
    }
    if (batcher != NULL) {
        struct place here = place_key(place, ASL_TEXT("ItemBatcher"));
        state->of.map.item_batcher = value_retain(batcher);
        compile_batcher(c, batcher, &here, &state->of.map.batcher);
    }
    if (writer != NULL) {
        struct place here = place_key(place, ASL_TEXT("ResultWriter"));
        state->of.map.result_writer = value_retain(writer);
        compile_writer(c, writer, &here, &state->of.map.writer);
    }
}

void reader_free(struct state *state)
{
    struct item_reader *reader = &state->of.map.reader;
    struct item_batcher *batcher = &state->of.map.batcher;
    struct result_writer *writer = &state->of.map.writer;
    value_release(state->of.map.item_reader);
    value_release(state->of.map.item_batcher);
    value_release(state->of.map.result_writer);
    free(reader->resource);
    template_free(reader->arguments);
    value_release(reader->config);
    setting_free(&reader->max_items);
    template_free(batcher->input);
    setting_free(&batcher->max_items);
    setting_free(&batcher->max_bytes);
    free(writer->resource);
    template_free(writer->arguments);
    value_release(writer->config);
}
