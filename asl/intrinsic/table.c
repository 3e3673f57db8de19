/* The list of intrinsic functions. Arguments out of bounds fail when the call is evaluated, as on
 * AWS; States.UUID takes any (recorded: States.UUID('x') succeeds). */
#include "intrinsic_internal.h"

#define ANY SIZE_MAX

static const struct intrinsic_function functions[] = {
    {"States.Array", 0, ANY, NULL, intrinsic_array},
    {"States.ArrayContains", 2, 2, NULL, intrinsic_array_contains},
    {"States.ArrayGetItem", 2, 2, NULL, intrinsic_array_get_item},
    {"States.ArrayLength", 1, 1, NULL, intrinsic_array_length},
    {"States.ArrayPartition", 2, 2, NULL, intrinsic_array_partition},
    {"States.ArrayRange", 3, 3, NULL, intrinsic_array_range},
    {"States.ArrayUnique", 1, 1, NULL, intrinsic_array_unique},
    {"States.Base64Decode", 1, 1, NULL, intrinsic_base64_decode},
    {"States.Base64Encode", 1, 1, NULL, intrinsic_base64_encode},
    {"States.Format", 1, ANY, NULL, intrinsic_format},
    {"States.Hash", 2, 2, NULL, intrinsic_hash_text},
    {"States.JsonMerge", 3, 3, NULL, intrinsic_json_merge},
    {"States.JsonToString", 1, 1, ": only a single argument is allowed.", intrinsic_json_to_string},
    {"States.MathAdd", 2, 2, NULL, intrinsic_math_add},
    {"States.MathRandom", 2, 3, NULL, intrinsic_math_random},
    {"States.StringSplit", 2, 2, NULL, intrinsic_string_split},
    {"States.StringToJson", 1, 1, NULL, intrinsic_string_to_json},
    {"States.UUID", 0, ANY, NULL, intrinsic_uuid},
};

const struct intrinsic_function *intrinsic_function_named(struct asl_text name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (asl_text_is(name, functions[i].name)) {
            return &functions[i];
        }
    }
    return NULL;
}
