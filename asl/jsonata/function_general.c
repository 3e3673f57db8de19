/* Truth, types, errors, copies, $eval. */
#include "library.h"

#include <math.h>

static item truth_item(enum truth truth, bool negated)
{
    return truth == TRUTH_FAILED ? item_failed() : item_boolean((truth == TRUTH_YES) != negated);
}

NATIVE(boolean)
{
    UNUSED_IN_NATIVE;
    item i = arguments[0];
    while (i.kind == ITEM_ARRAY && i.as.array->count == 1) /* an array of one is as that one */
        i = jsonata_at(&run->heap, i.as.array, 0);
    return item_is_undefined(i) ? i : truth_item(jsonata_truth(run, i), false);
}

NATIVE(negate)
{
    UNUSED_IN_NATIVE;
    return item_is_undefined(arguments[0]) ? arguments[0]
                                           : truth_item(jsonata_truth(run, arguments[0]), true);
}

NATIVE(exists)
{
    UNUSED_IN_NATIVE;
    return item_boolean(!item_is_undefined(arguments[0]));
}

NATIVE(type)
{
    UNUSED_IN_NATIVE;
    bool failed = false;
    switch (arguments[0].kind) {
    case ITEM_UNDEFINED:
        return arguments[0];
    case ITEM_NULL:
        return jsonata_string_z("null");
    case ITEM_BOOLEAN:
        return jsonata_string_z("boolean");
    case ITEM_NUMBER: /* NaN is no number to the reference, and so an object */
        if (jsonata_is_number(run, arguments[0], &failed))
            return jsonata_string_z("number");
        return failed ? item_failed() : jsonata_string_z("object");
    case ITEM_STRING:
        return jsonata_string_z("string");
    case ITEM_ARRAY:
        return jsonata_string_z("array");
    case ITEM_FUNCTION:
        return jsonata_string_z("function");
    default:
        return jsonata_string_z("object");
    }
}

static item raise(struct run *run, const char *code, item message, const char *usual)
{
    item failed = jsonata_fail(run, code);
    run->failure.extra =
        message.kind == ITEM_STRING && message.size > 0 ? message : jsonata_string_z(usual);
    return failed;
}

NATIVE(error)
{
    UNUSED_IN_NATIVE;
    return raise(run, "D3137", arguments[0], "$error() function evaluated");
}

NATIVE(assert_true)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind == ITEM_BOOLEAN && arguments[0].as.boolean)
        return item_undefined();
    return raise(run, "D3141", arguments[1], "$assert() statement failed");
}

NATIVE(clone)
{
    UNUSED_IN_NATIVE;
    return item_is_undefined(arguments[0]) ? arguments[0] : jsonata_clone(run, arguments[0]);
}

NATIVE(eval)
{
    UNUSED_IN_NATIVE;
    if (arguments[0].kind != ITEM_STRING)
        return item_undefined();
    item input = call->input;
    if (!item_is_undefined(arguments[1])) {
        input = arguments[1];
        if (input.kind == ITEM_ARRAY && !input.as.array->sequence) {
            struct array *around = jsonata_sequence(&run->heap);
            jsonata_push(&run->heap, around, input);
            around->outer_wrapper = true;
            input = item_array(around);
        }
    }
    struct frame *frame = call->frame ? call->frame : jsonata_frame(run, NULL, 4);
    return jsonata_eval(run, arguments[0], input, frame);
}

const struct native jsonata_general_functions[] = {
    {"boolean", "<x-:b>", 1, 1, boolean},
    {"not", "<x-:b>", 1, 1, negate},
    {"exists", "<x:b>", 1, 1, exists},
    {"type", "<x:s>", 1, 1, type},
    {"error", "<s?:x>", 1, 1, error},
    {"assert", "<bs?:x>", 2, 2, assert_true},
    {"clone", "<(oa)-:o>", 1, 1, clone},
    {"eval", "<sx?:x>", 2, 2, eval},
    {NULL, NULL, 0, 0, NULL},
};
