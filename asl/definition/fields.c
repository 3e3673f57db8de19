/* The tables of fields, and the one walk that applies them.
 *
 * Sources of what stands in the tables: the ASL specification; facts 1.8, 3.1, 3.9, 3.12; measured
 * on AWS by the cdk-preflight and Floci projects (August and September 2026): state kinds times
 * fifty fields, the ranges (Retry's IntervalSeconds and the machine's TimeoutSeconds do accept 0),
 * where each message is located. Where AWS's behaviour is not known the table is lenient.
 */
#include "fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a)        (sizeof(a) / sizeof *(a))
#define SECONDS_MAXIMUM 99999999
#define DELAY_MAXIMUM   31622400 /* 366 days */
#define UNBOUNDED       HUGE_VAL
#define HUGE_INTEGER    9007199254740992.0 /* 2^53: beyond, every double is whole */

enum {
    PASS = 1 << STATE_PASS,
    TASK = 1 << STATE_TASK,
    CHOICE = 1 << STATE_CHOICE,
    WAIT = 1 << STATE_WAIT,
    SUCCEED = 1 << STATE_SUCCEED,
    FAIL = 1 << STATE_FAIL,
    PARALLEL = 1 << STATE_PARALLEL,
    MAP = 1 << STATE_MAP,
    WORKING = TASK | PARALLEL | MAP,               /* may fail: Retry, Catch, a result */
    FLOWING = PASS | TASK | WAIT | PARALLEL | MAP, /* Next or End */
};

#define ALL        0
#define REQUIRED   FIELD_REQUIRED
#define JSONPATH   FIELD_JSONPATH
#define JSONATA    FIELD_JSONATA
#define EXPRESSION FIELD_EXPRESSION
#define REFERENCE  FIELD_REFERENCE, FIELD_JSONPATH, 0, 0, NULL

/* ---- states ---- */

static const struct field state_fields[] = {
    {"Type", ALL, FIELD_STRING, 0, 0, 0, NULL},
    {"Comment", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"QueryLanguage", ALL, FIELD_CHOICE, 0, 0, 0, "JSONPath|JSONata"},
    {"Next", FLOWING, FIELD_STRING, 0, 0, 0, NULL},
    {"End", FLOWING, FIELD_BOOLEAN, 0, 0, 0, NULL},
    {"InputPath", FLOWING | CHOICE | SUCCEED, FIELD_PATH, JSONPATH, 0, 0, NULL},
    {"OutputPath", FLOWING | CHOICE | SUCCEED, FIELD_PATH, JSONPATH, 0, 0, NULL},
    {"ResultPath", PASS | WORKING, FIELD_RESULT_PATH, JSONPATH, 0, 0, NULL},
    {"Parameters", PASS | WORKING, FIELD_ANY, JSONPATH, 0, 0, NULL},
    {"ResultSelector", WORKING, FIELD_ANY, JSONPATH, 0, 0, NULL},
    {"Result", PASS, FIELD_ANY, JSONPATH, 0, 0, NULL},
    {"Arguments", TASK | PARALLEL, FIELD_ANY, JSONATA, 0, 0, NULL},
    {"Output", FLOWING | CHOICE | SUCCEED, FIELD_ANY, JSONATA, 0, 0, NULL},
    {"Assign", FLOWING | CHOICE, FIELD_OBJECT, 0, 0, 0, NULL},
    {"Retry", WORKING, FIELD_ARRAY, 0, 0, 0, NULL},
    {"Catch", WORKING, FIELD_ARRAY, 0, 0, 0, NULL},
    {"Resource", TASK, FIELD_STRING, REQUIRED, 0, 0, NULL},
    {"Credentials", TASK, FIELD_OBJECT, EXPRESSION, 0, 0, NULL},
    {"TimeoutSeconds", TASK, FIELD_INTEGER, EXPRESSION, 1, SECONDS_MAXIMUM, NULL},
    {"TimeoutSecondsPath", TASK, REFERENCE},
    {"HeartbeatSeconds", TASK, FIELD_INTEGER, EXPRESSION, 1, SECONDS_MAXIMUM, NULL},
    {"HeartbeatSecondsPath", TASK, REFERENCE},
    {"Choices", CHOICE, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"Default", CHOICE, FIELD_STRING, 0, 0, 0, NULL},
    {"Seconds", WAIT, FIELD_INTEGER, EXPRESSION, 0, SECONDS_MAXIMUM, NULL},
    {"SecondsPath", WAIT, FIELD_REFERENCE, JSONPATH, 0, 0, NULL},
    {"Timestamp", WAIT, FIELD_RFC3339, EXPRESSION, 0, 0, NULL},
    {"TimestampPath", WAIT, FIELD_REFERENCE, JSONPATH, 0, 0, NULL},
    {"Error", FAIL, FIELD_STRING, 0, 0, 0, NULL},
    {"ErrorPath", FAIL, FIELD_STRING, JSONPATH, 0, 0, NULL},
    {"Cause", FAIL, FIELD_STRING, 0, 0, 0, NULL},
    {"CausePath", FAIL, FIELD_STRING, JSONPATH, 0, 0, NULL},
    {"Branches", PARALLEL, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"ItemProcessor", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"Iterator", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"ItemsPath", MAP, FIELD_REFERENCE, JSONPATH, 0, 0, NULL},
    {"Items", MAP, FIELD_ANY, JSONATA, 0, 0, NULL},
    {"ItemSelector", MAP, FIELD_ANY, 0, 0, 0, NULL},
    {"ItemReader", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"ItemBatcher", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"ResultWriter", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"MaxConcurrency", MAP, FIELD_INTEGER, EXPRESSION, 0, UNBOUNDED, NULL},
    {"MaxConcurrencyPath", MAP, REFERENCE},
    {"ToleratedFailureCount", MAP, FIELD_INTEGER, EXPRESSION, 0, UNBOUNDED, NULL},
    {"ToleratedFailureCountPath", MAP, REFERENCE},
    {"ToleratedFailurePercentage", MAP, FIELD_FLOAT, EXPRESSION, 0, 100, NULL},
    {"ToleratedFailurePercentagePath", MAP, REFERENCE},
    {"Label", MAP, FIELD_STRING, 0, 0, 0, NULL},
};

static const struct alternatives state_alternatives[] = {
    {FLOWING, true, "Next|End"},
    {WAIT, true, "SecondsPath|Seconds|TimestampPath|Timestamp"},
    {TASK, false, "TimeoutSeconds|TimeoutSecondsPath"},
    {TASK, false, "HeartbeatSeconds|HeartbeatSecondsPath"},
    {FAIL, false, "Error|ErrorPath"},
    {FAIL, false, "Cause|CausePath"},
    {MAP, true, "ItemProcessor|Iterator"},
    {MAP, false, "MaxConcurrency|MaxConcurrencyPath"},
    {MAP, false, "ToleratedFailureCount|ToleratedFailureCountPath"},
    {MAP, false, "ToleratedFailurePercentage|ToleratedFailurePercentagePath"},
};

#define SHAPE(name, has_alternatives)                                                              \
    {                                                                                              \
        name##_fields, COUNT(name##_fields), has_alternatives, 0                                   \
    }

const struct shape shape_state = {state_fields, COUNT(state_fields), state_alternatives,
                                  COUNT(state_alternatives)};

/* ---- the machine, branches, processors ---- */

static const struct field machine_fields[] = {
    {"States", ALL, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"StartAt", ALL, FIELD_STRING, REQUIRED, 0, 0, NULL},
    {"Comment", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"QueryLanguage", ALL, FIELD_CHOICE, 0, 0, 0, "JSONPath|JSONata"},
    {"Version", ALL, FIELD_CHOICE, 0, 0, 0, "1.0"},
    {"TimeoutSeconds", ALL, FIELD_INTEGER, 0, 0, SECONDS_MAXIMUM, NULL},
};
const struct shape shape_machine = SHAPE(machine, NULL);

static const struct field container_fields[] = {
    {"States", ALL, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"StartAt", ALL, FIELD_STRING, REQUIRED, 0, 0, NULL},
    {"Comment", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"ProcessorConfig", MAP, FIELD_OBJECT, 0, 0, 0, NULL},
    {"TimeoutSeconds", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"Version", ALL, FIELD_ANY, 0, 0, 0, NULL},
};
const struct shape shape_container = SHAPE(container, NULL);

/* ---- retriers and catchers ---- */

static const struct field retrier_fields[] = {
    {"ErrorEquals", ALL, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"Comment", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"IntervalSeconds", ALL, FIELD_INTEGER, 0, 0, SECONDS_MAXIMUM, NULL},
    {"MaxAttempts", ALL, FIELD_INTEGER, 0, 0, SECONDS_MAXIMUM, NULL},
    {"BackoffRate", ALL, FIELD_FLOAT, 0, 1, UNBOUNDED, NULL},
    {"MaxDelaySeconds", ALL, FIELD_INTEGER, 0, 1, DELAY_MAXIMUM, NULL},
    {"JitterStrategy", ALL, FIELD_CHOICE, 0, 0, 0, "NONE|FULL"},
};
const struct shape shape_retrier = SHAPE(retrier, NULL);

static const struct field catcher_fields[] = {
    {"ErrorEquals", ALL, FIELD_SOME, REQUIRED, 0, 0, NULL},
    {"Next", ALL, FIELD_STRING, REQUIRED, 0, 0, NULL},
    {"Comment", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"ResultPath", ALL, FIELD_RESULT_PATH, JSONPATH, 0, 0, NULL},
    {"Assign", ALL, FIELD_OBJECT, 0, 0, 0, NULL},
    {"Output", ALL, FIELD_ANY, JSONATA, 0, 0, NULL},
};
const struct shape shape_catcher = SHAPE(catcher, NULL);

/* ---- the distributed Map's objects ---- */

static const struct field processor_config_fields[] = {
    {"Mode", ALL, FIELD_CHOICE, 0, 0, 0, "INLINE|DISTRIBUTED"},
    {"ExecutionType", ALL, FIELD_CHOICE, 0, 0, 0, "STANDARD|EXPRESS"},
};
const struct shape shape_processor_config = SHAPE(processor_config, NULL);

static const struct field item_reader_fields[] = {
    {"Resource", ALL, FIELD_STRING, REQUIRED, 0, 0, NULL},
    {"ReaderConfig", ALL, FIELD_OBJECT, 0, 0, 0, NULL},
    {"Parameters", ALL, FIELD_ANY, JSONPATH, 0, 0, NULL},
    {"Arguments", ALL, FIELD_ANY, JSONATA, 0, 0, NULL},
};
const struct shape shape_item_reader = SHAPE(item_reader, NULL);

/* Kinds of ReaderConfig: bits by InputType, see map.c. */
static const struct field reader_config_fields[] = {
    {"InputType", ALL, FIELD_CHOICE, 0, 0, 0, "CSV|JSON|JSONL|PARQUET|MANIFEST"},
    {"Transformation", ALL, FIELD_CHOICE, 0, 0, 0, "NONE|LOAD_AND_FLATTEN"},
    {"ManifestType", 1 | 2 | 8 | 16 | 32, FIELD_CHOICE, 0, 0, 0, "ATHENA_DATA|S3_INVENTORY"},
    {"CSVHeaderLocation", 1 | 2 | 32, FIELD_CHOICE, 0, 0, 0, "FIRST_ROW|GIVEN"},
    {"CSVHeaders", 1 | 2 | 32, FIELD_ARRAY, 0, 0, 0, NULL},
    {"CSVDelimiter", 1 | 2 | 32, FIELD_CHOICE, 0, 0, 0, "COMMA|PIPE|SEMICOLON|SPACE|TAB"},
    {"MaxItems", ALL, FIELD_INTEGER, EXPRESSION, 0, 100000000, NULL},
    {"MaxItemsPath", ALL, REFERENCE},
    {"ItemsPointer", ALL, FIELD_STRING, 0, 0, 0, NULL},
};
static const struct alternatives reader_config_alternatives[] = {
    {ALL, false, "MaxItems|MaxItemsPath"},
};
const struct shape shape_reader_config = {reader_config_fields, COUNT(reader_config_fields),
                                          reader_config_alternatives, 1};

static const struct field item_batcher_fields[] = {
    {"BatchInput", ALL, FIELD_ANY, 0, 0, 0, NULL},
    {"MaxItemsPerBatch", ALL, FIELD_INTEGER, EXPRESSION, 0, UNBOUNDED, NULL},
    {"MaxItemsPerBatchPath", ALL, REFERENCE},
    {"MaxInputBytesPerBatch", ALL, FIELD_INTEGER, EXPRESSION, 0, 262144, NULL},
    {"MaxInputBytesPerBatchPath", ALL, REFERENCE},
};
static const struct alternatives item_batcher_alternatives[] = {
    {ALL, false, "MaxItemsPerBatch|MaxItemsPerBatchPath"},
    {ALL, false, "MaxInputBytesPerBatch|MaxInputBytesPerBatchPath"},
};
const struct shape shape_item_batcher = {item_batcher_fields, COUNT(item_batcher_fields),
                                         item_batcher_alternatives, 2};

static const struct field result_writer_fields[] = {
    {"Resource", ALL, FIELD_STRING, 0, 0, 0, NULL},
    {"WriterConfig", ALL, FIELD_OBJECT, 0, 0, 0, NULL},
    {"Parameters", ALL, FIELD_ANY, JSONPATH, 0, 0, NULL},
    {"Arguments", ALL, FIELD_ANY, JSONATA, 0, 0, NULL},
};
const struct shape shape_result_writer = SHAPE(result_writer, NULL);

static const struct field writer_config_fields[] = {
    {"Transformation", ALL, FIELD_CHOICE, 0, 0, 0, "NONE|COMPACT|FLATTEN"},
    {"OutputType", ALL, FIELD_CHOICE, 0, 0, 0, "JSON|JSONL"},
};
const struct shape shape_writer_config = SHAPE(writer_config, NULL);

/* ---- names in a list "A|B|C" ---- */

static bool next_name(const char **list, struct asl_text *name)
{
    if (*list == NULL || **list == '\0') {
        return false;
    }
    size_t size = strcspn(*list, "|");
    *name = (struct asl_text){*list, size};
    *list += size + ((*list)[size] == '|');
    return true;
}

/* "A|B" as AWS lists it: "A, B". */
static void print_list(const char *list, struct asl_buffer *out)
{
    struct asl_text name;
    for (bool first = true; next_name(&list, &name); first = false) {
        asl_buffer_puts(out, first ? "" : ", ");
        asl_buffer_put_text(out, name);
    }
}

/* ---- one value ---- */

static bool digits(struct asl_text t, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++) {
        if (i >= t.size || t.data[i] < '0' || t.data[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool is_at(struct asl_text t, size_t at, char ch)
{
    return at < t.size && t.data[at] == ch;
}

static int number_at(struct asl_text t, size_t at)
{
    return (t.data[at] - '0') * 10 + (t.data[at + 1] - '0');
}

static bool is_date(struct asl_text t)
{
    return digits(t, 0, 4) && is_at(t, 4, '-') && digits(t, 5, 2) && is_at(t, 7, '-') &&
           digits(t, 8, 2) && number_at(t, 5) >= 1 && number_at(t, 5) <= 12 &&
           number_at(t, 8) >= 1 && number_at(t, 8) <= 31;
}

static bool is_time(struct asl_text t)
{
    return is_at(t, 10, 'T') && digits(t, 11, 2) && is_at(t, 13, ':') && digits(t, 14, 2) &&
           is_at(t, 16, ':') && digits(t, 17, 2) && number_at(t, 11) <= 23 &&
           number_at(t, 14) <= 59 && number_at(t, 17) <= 60;
}

/* AWS's RFC 3339: upper-case T, and Z or a numeric offset. */
static bool is_timestamp(struct asl_text t)
{
    if (!is_date(t) || !is_time(t)) {
        return false;
    }
    size_t at = 19;
    if (is_at(t, at, '.')) {
        size_t start = ++at;
        while (digits(t, at, 1)) {
            at++;
        }
        if (at == start) {
            return false;
        }
    }
    if (is_at(t, at, 'Z')) {
        return at + 1 == t.size;
    }
    return (is_at(t, at, '+') || is_at(t, at, '-')) && digits(t, at + 1, 2) &&
           is_at(t, at + 3, ':') && digits(t, at + 4, 2) && at + 6 == t.size;
}

static bool expect(struct compiler *c, bool fits, const struct place *place, const char *type)
{
    if (!fits) {
        report(c, CODE_SCHEMA, place, "Expected value of type %s", type);
    }
    return fits;
}

static bool check_range(struct compiler *c, const asl_value *v, const struct place *place,
                        const struct field *f)
{
    const char *format = f->type == FIELD_FLOAT ? "%s value is %.1f" : "%s value is %.0f";
    double d = value_as_double(v);
    bool low = d < f->minimum;
    if (low || d > f->maximum) {
        char message[64];
        snprintf(message, sizeof message, format, low ? "Minimum" : "Maximum",
                 low ? f->minimum : f->maximum);
        report(c, CODE_SCHEMA, place, "%s", message);
        return false;
    }
    return true;
}

static bool is_whole(const asl_value *v)
{
    int64_t i;
    return value_as_integer(v, &i) || fabs(value_as_double(v)) > HUGE_INTEGER;
}

static bool check_number(struct compiler *c, const asl_value *v, const struct place *place,
                         const struct field *f)
{
    bool whole = f->type == FIELD_INTEGER;
    bool fits = value_kind(v) == VALUE_NUMBER && (!whole || is_whole(v));
    return expect(c, fits, place, whole ? "Integer" : "Float") && check_range(c, v, place, f);
}

static bool check_choice(struct compiler *c, const asl_value *v, const struct place *place,
                         const struct field *f)
{
    if (!expect(c, value_kind(v) == VALUE_STRING, place, "[STRING]")) {
        return false;
    }
    struct asl_text name;
    const char *list = f->values;
    while (next_name(&list, &name)) {
        if (asl_text_equal(name, value_as_text(v))) {
            return true;
        }
    }
    struct asl_buffer values;
    asl_buffer_init(&values, ASL_BUFFER_MAXIMUM);
    print_list(f->values, &values);
    report(c, CODE_SCHEMA, place, "Value should be one of the following: [%s]", values.data);
    suggest(c, value_as_text(v), f->values);
    asl_buffer_free(&values);
    return false;
}

static bool check_some(struct compiler *c, const asl_value *v, const struct place *place,
                       const struct field *f)
{
    bool object = strcmp(f->name, "States") == 0;
    if (!expect(c, value_kind(v) == (object ? VALUE_OBJECT : VALUE_ARRAY), place,
                object ? "[OBJECT]" : "[ARRAY]")) {
        return false;
    }
    if (value_count(v) == 0) {
        report(c, CODE_SCHEMA, place, "Value cannot be empty");
        return false;
    }
    return true;
}

static bool check_kind(struct compiler *c, const asl_value *v, const struct place *place,
                       const struct field *f)
{
    enum value_kind kind = value_kind(v);
    switch (f->type) {
    case FIELD_STRING:
        return expect(c, kind == VALUE_STRING, place, "[STRING]");
    case FIELD_BOOLEAN:
        return expect(c, kind == VALUE_BOOLEAN, place, "[BOOLEAN]");
    case FIELD_OBJECT:
        return expect(c, kind == VALUE_OBJECT, place, "[OBJECT]");
    case FIELD_ARRAY:
        return expect(c, kind == VALUE_ARRAY, place, "[ARRAY]");
    case FIELD_SOME:
        return check_some(c, v, place, f);
    case FIELD_INTEGER:
    case FIELD_FLOAT:
        return check_number(c, v, place, f);
    case FIELD_CHOICE:
        return check_choice(c, v, place, f);
    case FIELD_PATH:
    case FIELD_RESULT_PATH:
        return kind == VALUE_NULL || expect(c, kind == VALUE_STRING, place, "[STRING]");
    case FIELD_REFERENCE:
        return expect(c, kind == VALUE_STRING, place, "[STRING]");
    case FIELD_RFC3339:
        if (!expect(c, kind == VALUE_STRING, place, "[STRING]")) {
            return false;
        }
        if (!is_timestamp(value_as_text(v))) {
            report(c, CODE_SCHEMA, place, "String does not match RFC3339 timestamp");
            return false;
        }
        return true;
    case FIELD_ANY:
        return true;
    }
    return true;
}

/* Any text fits. */
static bool is_text(enum field_type type)
{
    return type == FIELD_STRING || type == FIELD_PATH || type == FIELD_RESULT_PATH ||
           type == FIELD_REFERENCE || type == FIELD_ANY;
}

bool fields_check_value(struct compiler *c, const asl_value *v, const struct place *place,
                        const struct field *field)
{
    bool jsonata = c->language == LANGUAGE_JSONATA && (field->flags & FIELD_EXPRESSION) != 0;
    if (jsonata && value_kind(v) == VALUE_STRING && asl_text_starts(value_as_text(v), "{%")) {
        return true; /* the template compiler looks at it */
    }
    if (!is_text(field->type) && is_awaited(c, v)) {
        warn_substitution(c, place);
        return true;
    }
    return check_kind(c, v, place, field);
}

/* ---- one object ---- */

static const struct field *find_field(const struct shape *shape, struct asl_text name,
                                      unsigned kind)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *f = &shape->fields[i];
        if (asl_text_is(name, f->name) && (f->kinds == ALL || (f->kinds & kind) != 0)) {
            return f;
        }
    }
    return NULL;
}

static bool is_other_language(const struct compiler *c, const struct field *f)
{
    return (f->flags & (c->language == LANGUAGE_JSONATA ? FIELD_JSONPATH : FIELD_JSONATA)) != 0;
}

/* "Field 'X' is not supported", with the nearest field that is. */
static void report_unknown(struct compiler *c, const struct place *place, const struct shape *shape,
                           unsigned kind, struct asl_text name)
{
    report(c, CODE_SCHEMA, place, "Field '%.*s' is not supported", ASL_TEXT_ARGS(name));
    point_at_member(c, place, name);
    struct asl_buffer names;
    asl_buffer_init(&names, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *f = &shape->fields[i];
        if ((f->kinds == ALL || (f->kinds & kind) != 0) && !is_other_language(c, f)) {
            asl_buffer_printf(&names, "%s%s", names.size == 0 ? "" : "|", f->name);
        }
    }
    suggest(c, name, names.data);
    asl_buffer_free(&names);
}

static void check_names(struct compiler *c, const asl_value *object, const struct place *place,
                        const struct shape *shape, unsigned kind)
{
    static const char *const languages[] = {"JSONPath", "JSONata"};
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text name = value_as_text(value_key_at(object, i));
        const struct field *f = find_field(shape, name, kind);
        if (f == NULL) {
            report_unknown(c, place, shape, kind, name);
        } else if (!c->downgraded && is_other_language(c, f)) {
            bool jsonata = c->language == LANGUAGE_JSONATA;
            report(c, CODE_SCHEMA, place,
                   "The QueryLanguage is set to '%s', but field '%s' is only supported for the "
                   "'%s' QueryLanguage",
                   languages[jsonata], f->name, languages[!jsonata]);
            point_at_member(c, place, name);
        }
    }
}

static void check_required(struct compiler *c, const asl_value *object, const struct place *place,
                           const struct shape *shape, unsigned kind)
{
    struct asl_buffer missing;
    asl_buffer_init(&missing, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *f = &shape->fields[i];
        if ((f->flags & FIELD_REQUIRED) != 0 && (f->kinds == ALL || (f->kinds & kind) != 0) &&
            value_get_z(object, f->name) == NULL) {
            asl_buffer_printf(&missing, "%s%s", missing.size == 0 ? "" : ", ", f->name);
        }
    }
    if (missing.size > 0) {
        report(c, CODE_SCHEMA, place, "These fields are required: [%s]", missing.data);
    }
    asl_buffer_free(&missing);
}

/* "End": false says nothing: a state with it and a Next has one of the two. */
static bool is_given(const asl_value *object, struct asl_text name)
{
    const asl_value *v = value_get(object, name);
    return v != NULL &&
           !(asl_text_is(name, "End") && value_kind(v) == VALUE_BOOLEAN && !value_as_boolean(v));
}

static void check_alternatives(struct compiler *c, const asl_value *object,
                               const struct place *place, const struct alternatives *a)
{
    size_t given = 0;
    struct asl_text name;
    for (const char *list = a->names; next_name(&list, &name);) {
        given += is_given(object, name);
    }
    if (given == 1 || (given == 0 && !a->required)) {
        return;
    }
    struct asl_buffer names;
    asl_buffer_init(&names, ASL_BUFFER_MAXIMUM);
    print_list(a->names, &names);
    report(c, CODE_SCHEMA, place,
           given == 0 ? "This object should have only one of the following fields: [%s]"
                      : "There should only be one of the following fields: [%s]",
           names.data);
    asl_buffer_free(&names);
}

static void check_values(struct compiler *c, const asl_value *object, const struct place *place,
                         const struct shape *shape, unsigned kind)
{
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text name = value_as_text(value_key_at(object, i));
        const struct field *f = find_field(shape, name, kind);
        if (f != NULL && !is_other_language(c, f)) {
            struct place here = place_key(place, name);
            fields_check_value(c, value_at(object, i), &here, f);
        }
    }
}

bool fields_check(struct compiler *c, const asl_value *object, const struct place *place,
                  const struct shape *shape, unsigned kind)
{
    if (is_awaited(c, object)) {
        warn_substitution(c, place);
        return false;
    }
    if (!expect(c, value_kind(object) == VALUE_OBJECT, place, "[OBJECT]")) {
        return false;
    }
    check_names(c, object, place, shape, kind);
    check_required(c, object, place, shape, kind);
    for (size_t i = 0; i < shape->alternatives_count; i++) {
        const struct alternatives *a = &shape->alternatives[i];
        if (a->kinds == ALL || (a->kinds & kind) != 0) {
            check_alternatives(c, object, place, a);
        }
    }
    check_values(c, object, place, shape, kind);
    return true;
}
