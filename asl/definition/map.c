/* Map: its processor, where its items come from, and the distributed Map's reader, batcher and
 * writer.
 * Serves: ASL spec "Map State"; facts 3.12.
 */
#include "compile.h"

#include <stdlib.h>

static asl_value *keep(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v == NULL ? NULL : value_retain(v);
}

static bool member_is(const asl_value *object, const char *name, const char *text)
{
    const asl_value *v = value_get_z(object, name);
    return v != NULL && value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), text);
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
    const asl_value *config = value_get_z(processor, "ProcessorConfig");
    state->of.map.distributed = member_is(config, "Mode", "DISTRIBUTED");
    state->of.map.child_express = member_is(config, "ExecutionType", "EXPRESS");
    struct place here = place_key(place, asl_text(name));
    state->of.map.processor = asl_allocate_zeroed(1, sizeof(struct states));
    states_compile(c, processor, &here, state->owner, state->of.map.processor);
}

static void compile_items(struct compiler *c, const asl_value *v, const struct place *place,
                          struct state *state)
{
    if (c->language == LANGUAGE_JSONATA) {
        setting_compile(c, v, "Items", NULL, place, &state->of.map.items);
    } else {
        state->of.map.items_path = path_member(c, v, "ItemsPath", 0, place);
    }
    bool legacy = c->language == LANGUAGE_JSONPATH && value_get_z(v, "ItemSelector") == NULL;
    state->of.map.item_selector =
        template_member(c, v, legacy ? "Parameters" : "ItemSelector", place);
}

void map_compile(struct compiler *c, const asl_value *v, const struct place *place,
                 struct state *state)
{
    compile_items(c, v, place, state);
    setting_compile(c, v, "MaxConcurrency", "MaxConcurrencyPath", place,
                    &state->of.map.max_concurrency);
    setting_compile(c, v, "ToleratedFailureCount", "ToleratedFailureCountPath", place,
                    &state->of.map.tolerated_count);
    setting_compile(c, v, "ToleratedFailurePercentage", "ToleratedFailurePercentagePath", place,
                    &state->of.map.tolerated_percentage);
    state->of.map.item_reader = keep(v, "ItemReader");
    state->of.map.item_batcher = keep(v, "ItemBatcher");
    state->of.map.result_writer = keep(v, "ResultWriter");
    const asl_value *label = value_get_z(v, "Label");
    if (label != NULL && value_kind(label) == VALUE_STRING) {
        state->of.map.label = asl_copy_text(value_as_text(label));
    }
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
    value_release(state->of.map.item_reader);
    value_release(state->of.map.item_batcher);
    value_release(state->of.map.result_writer);
    free(state->of.map.label);
}
