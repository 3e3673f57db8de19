/* Map: its processor, where its items come from, and the distributed Map's reader, batcher and
 * writer.
 * Serves: ASL spec "Map State"; facts 3.12.
 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define LABEL_MAXIMUM 40 /* characters */

/* ---- Label ---- */

/* Names' forbidden characters (facts 1.3): white space, brackets, wildcards, specials, controls. */
static bool is_label(struct asl_text t)
{
    static const char forbidden[] = " \t\r\n\v\f<>{}[]?*\"#%\\^|~`$&,;:/";
    for (size_t at = 0; at < t.size;) {
        int32_t code = value_utf8_next(t, &at);
        if (code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
            (code < 0x80 && strchr(forbidden, (int)code) != NULL) ||
            (code >= 0xfffe && code <= 0xffff)) {
            return false;
        }
    }
    return true;
}

static void compile_label(struct compiler *c, const asl_value *v, const struct place *place,
                          struct state *state)
{
    const asl_value *label = value_get_z(v, "Label");
    if (label == NULL || value_kind(label) != VALUE_STRING) {
        return;
    }
    struct asl_text text = value_as_text(label);
    struct place here = place_key(place, ASL_TEXT("Label"));
    state->of.map.label = asl_copy_text(text);
    if (is_awaited(c, label)) {
        warn_substitution(c, &here);
    } else if (characters(text) > LABEL_MAXIMUM) {
        report(c, CODE_LABEL, &here,
               "Invalid Label name: Label exceeds the 40-character limit allowed by the service");
    } else if (text.size == 0 || !is_label(text)) {
        report(c, CODE_LABEL, &here, "Invalid Label name: %.*s", ASL_TEXT_ARGS(text));
    } else if (name_set_add(&c->labels, label)) {
        report(c, CODE_DUPLICATE_LABEL, &here, "Duplicate Label name: %.*s", ASL_TEXT_ARGS(text));
    }
}

/* ---- the processor ---- */

static bool member_is(const asl_value *object, const char *name, const char *text)
{
    const asl_value *v = value_get_z(object, name);
    return v != NULL && value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), text);
}

static void compile_config(struct compiler *c, const asl_value *processor,
                           const struct place *place, struct state *state)
{
    const asl_value *config = value_get_z(processor, "ProcessorConfig");
    if (config == NULL || value_kind(config) != VALUE_OBJECT) {
        return;
    }
    struct place here = place_key(place, ASL_TEXT("ProcessorConfig"));
    state->of.map.distributed = member_is(config, "Mode", "DISTRIBUTED");
    state->of.map.child_express = member_is(config, "ExecutionType", "EXPRESS");
    fields_check(c, config, &here, &shape_processor_config, 0);
    bool typed = value_get_z(config, "ExecutionType") != NULL;
    bool is_inline = member_is(config, "Mode", "INLINE");
    if (state->of.map.distributed && !typed) {
        report(c, CODE_SCHEMA, &here, "These fields are required: [ExecutionType]");
    } else if (is_inline && typed) {
        report(c, CODE_SCHEMA, &here, "Field 'ExecutionType' is not supported");
        point_at_member(c, &here, ASL_TEXT("ExecutionType"));
    }
    if (state->of.map.distributed && c->express) {
        struct place mode = place_key(&here, ASL_TEXT("Mode"));
        report(c, CODE_SCHEMA, &mode,
               "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state "
               "machines");
    }
}

/* ItemProcessor, or the older name Iterator. */
static void compile_processor(struct compiler *c, const asl_value *v, const struct place *place,
                              struct state *state)
{
    const char *name = value_get_z(v, "ItemProcessor") != NULL ? "ItemProcessor" : "Iterator";
    const asl_value *processor = value_get_z(v, name);
    if (processor == NULL) {
        return;
    }
    struct place here = place_key(place, asl_text(name));
    if (value_kind(processor) != VALUE_OBJECT) {
        return;
    }
    fields_check(c, processor, &here, &shape_container, 1u << STATE_MAP);
    compile_config(c, processor, &here, state);
    state->of.map.processor = asl_allocate_zeroed(1, sizeof(struct states));
    states_compile(c, processor, &here, state->owner, state->of.map.processor);
}

static void compile_items(struct compiler *c, const asl_value *v, const struct place *place,
                          struct state *state)
{
    if (c->language == LANGUAGE_JSONATA) {
        setting_compile(c, v, "Items", NULL, SETTING_REFERENCE, place, &state->of.map.items);
    } else {
        state->of.map.items_path =
            path_member(c, v, "ItemsPath", PATH_REFERENCE | PATH_READ, START_ANYWHERE, place);
    }
    bool legacy = c->language == LANGUAGE_JSONPATH && value_get_z(v, "ItemSelector") == NULL;
    state->of.map.item_selector =
        template_member(c, v, legacy ? "Parameters" : "ItemSelector", place);
}

void map_compile(struct compiler *c, const asl_value *v, const struct place *place,
                 struct state *state)
{
    compile_items(c, v, place, state);
    setting_compile(c, v, "MaxConcurrency", "MaxConcurrencyPath", SETTING_REFERENCE, place,
                    &state->of.map.max_concurrency);
    setting_compile(c, v, "ToleratedFailureCount", "ToleratedFailureCountPath", SETTING_REFERENCE,
                    place, &state->of.map.tolerated_count);
    setting_compile(c, v, "ToleratedFailurePercentage", "ToleratedFailurePercentagePath",
                    SETTING_REFERENCE, place, &state->of.map.tolerated_percentage);
    compile_label(c, v, place, state);
    reader_compile(c, v, place, state);
    compile_processor(c, v, place, state);
}

void map_free(struct state *state)
{
    if (state->of.map.processor != NULL) {
        states_free(state->of.map.processor);
        free(state->of.map.processor);
    }
    path_free(state->of.map.items_path);
    setting_free(&state->of.map.items);
    template_free(state->of.map.item_selector);
    setting_free(&state->of.map.max_concurrency);
    setting_free(&state->of.map.tolerated_count);
    setting_free(&state->of.map.tolerated_percentage);
    reader_free(state);
    free(state->of.map.label);
}
