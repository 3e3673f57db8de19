/* Schedule groups of EventBridge Scheduler. Serves: EventBridge Scheduler API reference,
 * 2021-06-30.
 *
 * A group is a document by "<region>/<account>/<name>": {"created" (ms), "token", "tags": [{"Key",
 * "Value"}]}; the schedules of a group have its name in their keys (schedules.h). The group
 * "default" is always there, and has a document only once it has tags.
 */
#include "engine/api/schedule/groups.h"

#include <stdio.h>
#include <string.h>

#include "engine/api/schedule/schedules.h"

#define DEFAULT "default"

static const asl_value *find(const struct api_call *call, const char *name)
{
    char key[SCHEDULE_KEY_BYTES];
    schedules_key(&call->scope, name, key);
    return shelf_get(&call->api->schedule_groups, key);
}

/* NULL deletes. */
static void keep_take(struct api_call *call, const char *name, asl_value *group)
{
    char key[SCHEDULE_KEY_BYTES];
    schedules_key(&call->scope, name, key);
    api_put_take(call->api, &call->api->schedule_groups, key, group);
}

bool groups_has(const struct api_call *call, struct asl_text name)
{
    return asl_text_is(name, DEFAULT) || find(call, name.data);
}

static void make_arn(const struct scope *s, const char *name, char out[API_ARN_BYTES])
{
    snprintf(out, API_ARN_BYTES, "arn:%s:scheduler:%s:%s:schedule-group/%s", s->partition,
             s->region, s->account, name);
}

/* The group that is named; NULL after answering. */
static const char *named(struct api_call *call)
{
    struct asl_text name = api_text(call, "Name");
    if (groups_has(call, name))
        return name.data;
    api_fail(call, "ResourceNotFoundException", "Schedule group %s does not exist.", name.data);
    return NULL;
}

/* ---- pages ---- */

void groups_set_next(struct api_call *call, struct value_list *l, const char *place)
{
    struct value_list page;
    value_list_init(&page);
    page_set_next(call, &page, place);
    asl_value *token = value_object_take(&page);
    value_list_set_take(l, "NextToken", value_retain(api_get(token, "nextToken")));
    value_release(token);
}

bool groups_page_begin(struct api_call *call, char after[API_ARN_BYTES])
{
    const asl_value *token = api_get(call->in, "NextToken");
    if (token)
        call->in = api_with_take(call->in, "nextToken", value_retain(token));
    return page_begin(call, after);
}

/* ---- the operations ---- */

static void answer_created(struct api_call *call)
{
    char arn[API_ARN_BYTES];
    struct value_list l;
    make_arn(&call->scope, api_text(call, "Name").data, arn);
    value_list_init(&l);
    value_list_set_take(&l, "ScheduleGroupArn", value_string_z(arn));
    api_answer_take(call, value_object_take(&l));
}

void groups_create(struct api_call *call)
{
    struct asl_text name = api_text(call, "Name");
    const asl_value *token = api_get(call->in, "ClientToken"), *tags = api_get(call->in, "Tags");
    const asl_value *had = find(call, name.data);
    if (had && token && api_equal(token, api_get(had, "token"))) {
        answer_created(call);
        return;
    }
    if (groups_has(call, name)) {
        api_fail(call, "ConflictException", "Schedule group %s already exists.", name.data);
        return;
    }
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "created", value_integer(api_now(call)));
    value_list_set_take(&l, "token", token ? value_retain(token) : value_null());
    value_list_set_take(&l, "tags", tags_merge_take(value_empty_array(), tags, "Key"));
    keep_take(call, name.data, value_object_take(&l));
    answer_created(call);
}

static asl_value *shown(const struct scope *s, const char *name, const asl_value *group)
{
    char arn[API_ARN_BYTES];
    struct value_list l;
    int64_t created = api_document_integer(group, "created");
    make_arn(s, name, arn);
    value_list_init(&l);
    value_list_set_take(&l, "Arn", value_string_z(arn));
    value_list_set_take(&l, "Name", value_string_z(name));
    value_list_set_take(&l, "State", value_string_z("ACTIVE"));
    if (created) /* the default one was always there */
        value_list_set_take(&l, "CreationDate", describe_time(created));
    if (created)
        value_list_set_take(&l, "LastModificationDate", describe_time(created));
    return value_object_take(&l);
}

void groups_get(struct api_call *call)
{
    const char *name = named(call);
    if (name)
        api_answer_take(call, shown(&call->scope, name, find(call, name)));
}

/* One page's worth, sorted by name as the shelf is; the default group has its place among them. */
struct listing {
    struct api_call *call;
    const char *after;
    size_t size;
    struct value_list items;
    const char *last;
    bool more;
};

static void list_one(struct listing *l, const char *name, const asl_value *group)
{
    struct asl_text prefix = api_text(l->call, "NamePrefix");
    if (strcmp(name, l->after) <= 0 ||
        (prefix.data && strncmp(name, prefix.data, prefix.size) != 0))
        return;
    l->more = l->items.count == l->size;
    if (l->more)
        return;
    value_list_push_take(&l->items, shown(&l->call->scope, name, group));
    l->last = name;
}

void groups_list(struct api_call *call)
{
    const struct shelf *s = &call->api->schedule_groups;
    char prefix[SCHEDULE_KEY_BYTES], after[API_ARN_BYTES];
    struct value_list l;
    if (!groups_page_begin(call, after))
        return;
    struct listing all = {
        .call = call, .after = after, .size = (size_t)api_integer(call, "MaxResults", GROUPS_PAGE)};
    bool has_default = false;
    schedules_key(&call->scope, "", prefix);
    value_list_init(&all.items);
    value_list_init(&l);
    for (size_t i = shelf_from(s, prefix); i < s->count && !all.more; i++) {
        const char *name = s->items[i].key + strlen(prefix);
        if (strncmp(s->items[i].key, prefix, strlen(prefix)) != 0)
            break;
        if (!has_default && strcmp(name, DEFAULT) > 0)
            list_one(&all, DEFAULT, NULL);
        has_default = has_default || strcmp(name, DEFAULT) >= 0;
        if (!all.more)
            list_one(&all, name, s->items[i].document);
    }
    if (!has_default && !all.more)
        list_one(&all, DEFAULT, NULL);
    if (all.more)
        groups_set_next(call, &l, all.last);
    value_list_set_take(&l, "ScheduleGroups", value_array_take(&all.items));
    api_answer_take(call, value_object_take(&l));
}

/* "... deletes all schedules associated with the group." */
static void remove_schedules(struct api_call *call, const char *name)
{
    const struct shelf *s = &call->api->schedules;
    char rest[SCHEDULE_KEY_BYTES], prefix[SCHEDULE_KEY_BYTES], key[SCHEDULE_KEY_BYTES];
    snprintf(rest, sizeof rest, "scheduler/%s/", name);
    schedules_key(&call->scope, rest, prefix);
    for (size_t i; (i = shelf_from(s, prefix)) < s->count &&
                   strncmp(s->items[i].key, prefix, strlen(prefix)) == 0;) {
        snprintf(key, sizeof key, "%s", s->items[i].key);
        schedules_remove(call->api, key);
    }
}

void groups_delete(struct api_call *call)
{
    const char *name = named(call);
    if (!name)
        return;
    if (strcmp(name, DEFAULT) == 0) {
        api_invalid(call, "The default schedule group cannot be deleted.");
        return;
    }
    remove_schedules(call, name);
    keep_take(call, name, NULL);
    api_answer_empty(call);
}

/* ---- tags ---- */

/* The group of "ResourceArn" (the model's pattern holds); NULL after answering. */
static const char *tagged(struct api_call *call)
{
    struct asl_text arn = api_text(call, "ResourceArn");
    const char *name = strrchr(arn.data, '/');
    char own[API_ARN_BYTES];
    make_arn(&call->scope, name ? name + 1 : "", own);
    if (name && asl_text_is(arn, own) && groups_has(call, asl_text(name + 1)))
        return name + 1;
    api_fail(call, "ResourceNotFoundException", "Schedule group %s does not exist.", arn.data);
    return NULL;
}

static void keep_tags_take(struct api_call *call, const char *name, asl_value *tags)
{
    const asl_value *group = find(call, name);
    keep_take(call, name,
              api_with_take(group ? value_retain(group) : value_empty_object(), "tags", tags));
    api_answer_empty(call);
}

void groups_tag(struct api_call *call)
{
    const char *name = tagged(call);
    if (!name)
        return;
    const asl_value *had = api_get(find(call, name), "tags");
    keep_tags_take(call, name,
                   tags_merge_take(had ? value_retain(had) : value_empty_array(),
                                   api_get(call->in, "Tags"), "Key"));
}

void groups_untag(struct api_call *call)
{
    const char *name = tagged(call);
    if (name)
        keep_tags_take(
            call, name,
            tags_without(api_get(find(call, name), "tags"), api_get(call->in, "TagKeys"), "Key"));
}

void groups_list_tags(struct api_call *call)
{
    const char *name = tagged(call);
    struct value_list l;
    if (!name)
        return;
    const asl_value *tags = api_get(find(call, name), "tags");
    value_list_init(&l);
    value_list_set_take(&l, "Tags", tags ? value_retain(tags) : value_empty_array());
    api_answer_take(call, value_object_take(&l));
}
