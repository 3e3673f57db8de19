/* Fuzzes JSON values: what parses prints to a text that parses to an equal value and prints the
 * same; the size told is the size printed; what does not parse says where and why.
 */
#include <stdlib.h>
#include <string.h>

#include "asl/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_round_trip(const asl_value *v)
{
    struct asl_buffer one, two, pretty;
    struct value_error error;
    asl_buffer_init(&one, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&two, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&pretty, ASL_BUFFER_MAXIMUM);
    value_print(v, &one);
    demand(value_size(v) == one.size && value_depth(v) <= VALUE_DEPTH_MAXIMUM);
    asl_value *again = value_parse(asl_buffer_text(&one), VALUE_REFUSE_DUPLICATES, 0, &error);
    demand(again != NULL && value_equal(v, again));
    value_print(again, &two);
    demand(asl_text_equal(asl_buffer_text(&one), asl_buffer_text(&two)));
    value_print_pretty(v, &pretty);
    asl_value *third = value_parse(asl_buffer_text(&pretty), 0, 0, &error);
    demand(third != NULL && value_equal(v, third));
    value_release(again);
    value_release(third);
    asl_buffer_free(&one);
    asl_buffer_free(&two);
    asl_buffer_free(&pretty);
}

static void look_up_all(const asl_value *v)
{
    if (value_kind(v) != VALUE_OBJECT) {
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        demand(value_find(v, value_as_text(value_key_at(v, i))) == i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asl_text text = {(const char *)data, size};
    struct value_error error = {0};
    asl_value *v = value_parse(text, 0, 0, &error);
    if (v == NULL) {
        demand(error.problem != VALUE_FINE && error.message[0] != '\0' && error.offset <= size);
        return 0;
    }
    check_round_trip(v);
    look_up_all(v);
    struct value_place place;
    value_locate(text, ASL_TEXT("/a/0"), false, &place);
    demand(place.offset <= size);
    value_release(v);
    return 0;
}
