/* Tags of machines and activities, by ARN. Serves: facts 1.2, 1.4; quotas of section 5. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/api/internal.h"

/* Machines and activities carry tags; versions and aliases do not. */
static bool check_resource(struct api_call *call)
{
    struct api *a = call->api;
    struct arn arn;
    struct asl_text text = api_text(call, "resourceArn");
    if (!api_arn(call, "resourceArn",
                 1u << ARN_MACHINE | 1u << ARN_ACTIVITY | 1u << ARN_EXECUTION | 1u << ARN_EXPRESS |
                     1u << ARN_MAP_RUN,
                 &arn))
        return false;
    const struct shelf *s = arn.kind == ARN_ACTIVITY ? &a->activities : &a->machines;
    const asl_value *found = shelf_get(s, text.data);
    if ((arn.kind == ARN_MACHINE || arn.kind == ARN_ACTIVITY) && found &&
        !api_get(found, "deleted") && api_is_here(call, &arn))
        return true;
    api_fail_with(call, "ResourceNotFound", "resourceName", text.data, "Resource not found: '%.*s'",
                  ASL_TEXT_ARGS(text));
    return false;
}

static bool check_count(struct api_call *call, const asl_value *tags, const char *arn)
{
    if (!tags || (int64_t)api_count(tags) <= call->api->quotas.most[QUOTA_TAGS])
        return true;
    api_fail_with(call, "TooManyTags", "resourceName", arn,
                  "You've exceeded the number of tags allowed for a resource: %" PRId64,
                  call->api->quotas.most[QUOTA_TAGS]);
    return false;
}

/* "Unicode letters, digits, white space, or these symbols": of what is not ASCII all is taken. */
static bool is_tag_text(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c == '\0' || (c < 0x80 && !isalnum(c) && !strchr(" \t\n\r_.:/=+-@", c)))
            return false;
    }
    return true;
}

static bool check_words(struct api_call *call, const asl_value *tags)
{
    static const char *const members[] = {"key", "value"};
    for (size_t i = 0; i < 2 * api_count(tags); i++) {
        const asl_value *v = api_get(value_at(tags, i / 2), members[i % 2]);
        struct asl_text text = v ? value_as_text(v) : ASL_TEXT("");
        if (!is_tag_text(text)) {
            api_invalid(call,
                        "Invalid tag %s: '%.*s'. It may contain Unicode letters, digits, white "
                        "space and the "
                        "symbols _ . : / = + - @",
                        members[i % 2], ASL_TEXT_ARGS(text));
            return false;
        }
        if (i % 2 == 0 && text.size >= 4 && strncasecmp(text.data, "aws:", 4) == 0) {
            api_invalid(call,
                        "aws: prefixed tag key names are not allowed for external use: '%.*s'",
                        ASL_TEXT_ARGS(text));
            return false;
        }
    }
    return true;
}

bool api_check_tags(struct api_call *call, const char *arn)
{
    const asl_value *tags = api_get(call->in, "tags");
    return check_words(call, tags) && check_count(call, tags, arn);
}

static size_t index_of(const asl_value *tags, const asl_value *key, const char *member)
{
    size_t i = 0;
    while (i < api_count(tags) && !api_equal(api_get(value_at(tags, i), member), key))
        i++;
    return i;
}

asl_value *tags_merge_take(asl_value *tags, const asl_value *given, const char *member)
{
    for (size_t i = 0; i < api_count(given); i++) {
        const asl_value *tag = value_at(given, i), *key = api_get(tag, member);
        if (!key)
            continue;
        size_t at = index_of(tags, key, member);
        tags = at < api_count(tags) ? value_with_element_take(tags, at, value_retain(tag))
                                    : value_append_take(tags, value_retain(tag));
    }
    return tags;
}

asl_value *tags_without(const asl_value *tags, const asl_value *keys, const char *member)
{
    struct value_list left;
    value_list_init(&left);
    for (size_t i = 0; i < api_count(tags); i++) {
        bool goes = false;
        for (size_t k = 0; !goes && k < api_count(keys); k++)
            goes = api_equal(value_at(keys, k), api_get(value_at(tags, i), member));
        if (!goes)
            value_list_push_take(&left, value_retain(value_at(tags, i)));
    }
    return value_array_take(&left);
}

void api_keep_tags(struct api_call *call, const char *arn)
{
    const asl_value *given = api_get(call->in, "tags");
    if (api_count(given))
        api_put_take(call->api, &call->api->tags, arn,
                     tags_merge_take(value_empty_array(), given, "key"));
}

static asl_value *tags_of(struct api_call *call)
{
    const asl_value *tags = shelf_get(&call->api->tags, api_text(call, "resourceArn").data);
    return tags ? value_retain(tags) : value_empty_array();
}

void api_ListTagsForResource(struct api_call *call)
{
    if (!check_resource(call))
        return;
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "tags", tags_of(call));
    api_answer_take(call, value_object_take(&l));
}

void api_TagResource(struct api_call *call)
{
    const asl_value *given = api_get(call->in, "tags");
    if (!check_resource(call) || !check_words(call, given))
        return;
    asl_value *tags = tags_merge_take(tags_of(call), given, "key");
    const char *arn = api_text(call, "resourceArn").data;
    if (!check_count(call, tags, arn)) {
        value_release(tags);
        return;
    }
    api_put_take(call->api, &call->api->tags, arn, tags);
    api_answer_empty(call);
}

void api_UntagResource(struct api_call *call)
{
    if (!check_resource(call))
        return;
    asl_value *tags = tags_of(call);
    api_put_take(call->api, &call->api->tags, api_text(call, "resourceArn").data,
                 tags_without(tags, api_get(call->in, "tagKeys"), "key"));
    value_release(tags);
    api_answer_empty(call);
}
