/* Two walks over a value and its shape, as deep as the model is: one that looks whether there is
 * anything to leave out, which is seldom so, and one that makes the value anew without it. */
#include "engine/api/prune.h"

static bool is_known(const asl_value *v, const struct catalogue_shape *shape)
{
    bool known = true;
    if (shape->type == CATALOGUE_LIST && value_kind(v) == VALUE_ARRAY) {
        for (size_t i = 0; known && i < value_count(v); i++)
            known = is_known(value_at(v, i), shape->members[0].shape);
    } else if (shape->type == CATALOGUE_STRUCTURE && value_kind(v) == VALUE_OBJECT) {
        for (size_t i = 0; known && i < value_count(v); i++) {
            const struct catalogue_member *m =
                catalogue_member(shape, value_as_text(value_key_at(v, i)));
            known = m && is_known(value_at(v, i), m->shape);
        }
    }
    return known;
}

static asl_value *without_unknown(const asl_value *v, const struct catalogue_shape *shape)
{
    struct value_list kept;
    if (is_known(v, shape))
        return value_retain(v);
    value_list_init(&kept);
    if (value_kind(v) == VALUE_ARRAY) {
        for (size_t i = 0; i < value_count(v); i++)
            value_list_push_take(&kept, without_unknown(value_at(v, i), shape->members[0].shape));
        return value_array_take(&kept);
    }
    for (size_t i = 0; i < value_count(v); i++) {
        const asl_value *key = value_key_at(v, i);
        const struct catalogue_member *m = catalogue_member(shape, value_as_text(key));
        if (m)
            value_list_push_member_take(&kept, value_retain(key),
                                        without_unknown(value_at(v, i), m->shape));
    }
    return value_object_take(&kept);
}

asl_value *prune_take(asl_value *v, const struct catalogue_shape *shape)
{
    if (is_known(v, shape))
        return v;
    asl_value *kept = without_unknown(v, shape);
    value_release(v);
    return kept;
}
