/* Any bytes as a definition, and sound definitions with members moved, lost and replaced.
 *
 * The first byte chooses: raw text, or a tour through a base definition in which each further pair
 * of bytes decides about one value (keep, drop, swap for a scalar, swap for the whole). Whatever
 * comes out, a machine comes with no error and an error with no machine, every error has a code and
 * a message, and nothing leaks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "asl/asl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
    "{\"Comment\":\"c\",\"QueryLanguage\":\"JSONPath\",\"StartAt\":\"P\",\"TimeoutSeconds\":5,"
    "\"States\":{\"P\":{\"Type\":\"Pass\",\"Result\":{\"a.$\":1},\"Parameters\":{\"x.$\":\"$.y\","
    "\"z.$\":\"States.Format('{}', $v)\"},\"Assign\":{\"v\":1},\"Next\":\"C\"},"
    "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"And\":[{\"Variable\":\"$.a\",\"IsPresent\":true},"
    "{\"Not\":{\"Variable\":\"$.a\",\"StringMatches\":\"a*\"}}],\"Next\":\"T\"},"
    "{\"Variable\":\"$.a\",\"TimestampLessThan\":\"2020-01-01T00:00:00Z\",\"Next\":\"W\"}],"
    "\"Default\":\"M\"},"
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage.waitForTaskToken\","
    "\"Parameters\":{\"QueueUrl\":\"q\",\"MessageBody.$\":\"$$.Task.Token\"},\"HeartbeatSeconds\":"
    "5,"
    "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],\"MaxAttempts\":2,\"BackoffRate\":1.5}],"
    "\"Catch\":[{\"ErrorEquals\":[\"X\"],\"ResultPath\":\"$.e\",\"Next\":\"F\"}],\"Next\":\"J\"},"
    "\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.s\",\"Next\":\"S\"},\"S\":{\"Type\":\"Succeed\"},"
    "\"F\":{\"Type\":\"Fail\",\"Error\":\"e\",\"CausePath\":\"$.c\"},"
    "\"J\":{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":{\"o\":[\"{% $states.input.a"
    " %}\"]},\"End\":true},"
    "\"M\":{\"Type\":\"Map\",\"Label\":\"l\",\"ItemsPath\":\"$.i\",\"ItemSelector\":{\"v.$\":"
    "\"$$.Map.Item.Value\"},\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\","
    "\"ReaderConfig\":{\"InputType\":\"CSV\",\"CSVHeaderLocation\":\"GIVEN\",\"CSVHeaders\":[\"a\"]"
    ","
    "\"MaxItemsPath\":\"$.m\"},\"Parameters\":{\"Bucket\":\"b\"}},\"ItemBatcher\":{"
    "\"MaxItemsPerBatch\":3},\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\","
    "\"Parameters\":{\"Bucket\":\"b\"}},\"MaxConcurrency\":2,\"ItemProcessor\":{"
    "\"ProcessorConfig\":"
    "{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"I\",\"States\":{\"I\":"
    "{"
    "\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Pass\","
    "\"Assign\":{\"v\":2},\"End\":true}}}],\"End\":true}}},\"End\":true}}}";

struct tour {
    const uint8_t *data;
    size_t size, at;
    const asl_value *whole;
};

static uint8_t next_byte(struct tour *t)
{
    return t->at < t->size ? t->data[t->at++] : 0;
}

/* What stands in a value's place, or NULL for nothing. */
static asl_value *replacement(struct tour *t, const asl_value *v)
{
    uint8_t what = next_byte(t);
    switch (what % 9) {
    case 0:
        return value_null();
    case 1:
        return value_boolean(what > 127);
    case 2:
        return value_integer((int64_t)(int8_t)next_byte(t) * 100000007);
    case 3:
        return value_empty_array();
    case 4:
        return value_empty_object();
    case 5: {
        size_t rest = t->size - t->at < 12 ? t->size - t->at : 12;
        struct asl_text text = {(const char *)t->data + t->at, rest};
        t->at += rest;
        return value_utf8_valid(text) ? value_string(text) : NULL;
    }
    case 6:
        return value_depth(t->whole) < 200 ? value_retain(t->whole) : NULL;
    case 7:
        return value_retain(v);
    default:
        return NULL;
    }
}

static asl_value *change(struct tour *t, const asl_value *v)
{
    uint8_t decision = next_byte(t);
    if (decision >= 240) {
        return replacement(t, v);
    }
    if (value_depth(v) == 0) {
        return value_retain(v);
    }
    struct value_list list;
    value_list_init(&list);
    bool object = value_kind(v) == VALUE_OBJECT;
    for (size_t i = 0; i < value_count(v); i++) {
        asl_value *child = change(t, value_at(v, i));
        if (child != NULL && object) {
            const asl_value *key = value_key_at(v, decision > 230 ? value_count(v) - 1 - i : i);
            value_list_push_member_take(&list, value_retain(key), child);
        } else if (child != NULL) {
            value_list_push_take(&list, child);
        }
    }
    return object ? value_object_take(&list) : value_array_take(&list);
}

static void compile(struct asl_text text, bool express, bool alone)
{
    struct asl_diagnostics d = {0};
    asl_machine *m =
        alone ? asl_machine_compile_state(text, &d) : asl_machine_compile(text, express, &d);
    size_t errors = 0;
    for (size_t i = 0; i < d.count; i++) {
        errors += d.items[i].severity == ASL_ERROR;
        if (d.items[i].code == NULL || d.items[i].message == NULL) {
            abort();
        }
    }
    if ((m == NULL) != (errors > 0)) {
        abort();
    }
    if (m != NULL) {
        value_release(asl_machine_variable_references(m));
    }
    asl_machine_release(m);
    asl_diagnostics_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    bool express = (data[0] & 2) != 0, alone = (data[0] & 4) != 0;
    if ((data[0] & 1) != 0) {
        compile((struct asl_text){(const char *)data + 1, size - 1}, express, alone);
        return 0;
    }
    asl_value *whole = value_literal(base);
    struct tour t = {data, size, 1, whole};
    asl_value *changed = change(&t, whole);
    if (changed != NULL) {
        struct asl_buffer text;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        value_print(changed, &text);
        compile(asl_buffer_text(&text), express, alone);
        asl_buffer_free(&text);
    }
    value_release(changed);
    value_release(whole);
    return 0;
}
