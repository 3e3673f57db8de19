/* Aliases: a name for one version, or for two with weights. Serves: facts 1.2, 1.5.
 *
 * Document: {"name", "description", "routingConfiguration", "creationDate", "updateDate"}. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/internal.h"

struct alias {
    struct arn arn; /* its own, or that of a version it routes to */
    char machine_arn[API_ARN_BYTES];
    char key[API_ARN_BYTES]; /* its ARN */
    const asl_value *document;
};

static bool belongs(const struct shelf_item *item, const char *machine_arn)
{
    size_t size = strlen(machine_arn);
    return strncmp(item->key, machine_arn, size) == 0 && item->key[size] == ':';
}

static size_t first_of(const struct shelf *s, const char *machine_arn)
{
    char prefix[API_ARN_BYTES + 2];
    snprintf(prefix, sizeof prefix, "%s:", machine_arn);
    return shelf_from(s, prefix);
}

void aliases_forget(struct api *a, const char *machine_arn)
{
    for (size_t i; (i = first_of(&a->aliases, machine_arn)) < a->aliases.count &&
                   belongs(&a->aliases.items[i], machine_arn);) {
        char key[API_ARN_BYTES];
        snprintf(key, sizeof key, "%s", a->aliases.items[i].key);
        api_put_take(a, &a->aliases, key, NULL);
    }
}

/* The alias a call names; false after answering. `absent` lets it be missing. */
static bool find_alias(struct api_call *call, struct alias *alias, bool absent)
{
    if (!api_arn(call, "stateMachineAliasArn", 1u << ARN_MACHINE, &alias->arn))
        return false;
    api_machine_arn(&alias->arn, alias->machine_arn);
    api_make_arn(&alias->arn.scope, "stateMachine", alias->arn.name, alias->arn.qualifier,
                 alias->key);
    alias->document =
        api_is_here(call, &alias->arn) ? shelf_get(&call->api->aliases, alias->key) : NULL;
    if (alias->document || absent)
        return true;
    struct asl_text text = api_text(call, "stateMachineAliasArn");
    api_fail_with(call, "ResourceNotFound", "resourceName", text.data,
                  "Request references a resource that does not exist.");
    return false;
}

/* ---- routing ---- */

static asl_value *route_member(const asl_value *routes, size_t i, const char *member)
{
    const asl_value *v = api_get(value_at(routes, i), member);
    return v ? value_retain(v) : value_null();
}

/* "[a, b]" of one member of the routes. */
static void refuse_routes(struct api_call *call, const asl_value *routes, const char *member,
                          const char *rule)
{
    struct asl_buffer list;
    asl_buffer_init(&list, 65536);
    for (size_t i = 0; i < api_count(routes); i++) {
        asl_value *v = route_member(routes, i, member);
        asl_buffer_printf(&list, "%s%.*s", i ? ", " : "", ASL_TEXT_ARGS(value_as_text(v)));
        value_release(v);
    }
    api_fail_with(call, "ValidationException", "reason", "INVALID_ROUTING_CONFIGURATION",
                  "%s Received: [%s]", rule, list.data ? list.data : "");
    asl_buffer_free(&list);
}

static bool is_version_arn(const asl_value *route, struct arn *arn)
{
    const asl_value *v = api_get(route, "stateMachineVersionArn");
    return v && arn_read(value_as_text(v), arn) && arn->kind == ARN_MACHINE && arn->qualifier[0] &&
           strspn(arn->qualifier, "0123456789") == strlen(arn->qualifier);
}

static bool versions_exist(struct api_call *call, const asl_value *routes, struct arn *arn)
{
    char key[API_VERSION_BYTES], machine_arn[API_ARN_BYTES] = "", own[API_ARN_BYTES];
    for (size_t i = 0; i < api_count(routes); i++) {
        is_version_arn(value_at(routes, i), arn);
        api_machine_arn(arn, own);
        if (i && strcmp(own, machine_arn) != 0) {
            refuse_routes(call, routes, "stateMachineVersionArn",
                          "Routing configuration must contain versions of one state machine.");
            return false;
        }
        memcpy(machine_arn, own, sizeof own);
        version_key(own, strtoll(arn->qualifier, NULL, 10), key);
        if (!api_check_account(
                call, arn, value_as_text(api_get(value_at(routes, i), "stateMachineVersionArn"))))
            return false;
        if (!api_is_here(call, arn) || !shelf_get(&call->api->versions, key)) {
            const asl_value *v = api_get(value_at(routes, i), "stateMachineVersionArn");
            api_fail_with(call, "ResourceNotFound", "resourceName", value_as_text(v).data,
                          "Request references a resource that does not exist.");
            return false;
        }
    }
    return !machine_arn[0] ||
           api_check_not_deleting(call, machine_arn, shelf_get(&call->api->machines, machine_arn));
}

/* False after refusing; *arn is that of one of the versions. */
static bool check_routes(struct api_call *call, struct arn *arn)
{
    const asl_value *routes = api_get(call->in, "routingConfiguration");
    int64_t sum = 0;
    for (size_t i = 0; i < api_count(routes); i++) {
        const asl_value *text = api_get(value_at(routes, i), "stateMachineVersionArn");
        if (!arn_read(value_as_text(text), arn)) {
            api_fail(call, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %.*s'",
                     ASL_TEXT_ARGS(value_as_text(text)));
            return false;
        }
        if (!is_version_arn(value_at(routes, i), arn)) {
            refuse_routes(call, routes, "stateMachineVersionArn",
                          "Routing configuration must contain state machine version ARNs.");
            return false;
        }
        sum += api_document_integer(value_at(routes, i), "weight");
    }
    asl_value *first = route_member(routes, 0, "stateMachineVersionArn");
    asl_value *second = route_member(routes, api_count(routes) - 1, "stateMachineVersionArn");
    bool distinct = api_count(routes) < 2 || !api_equal(first, second);
    value_release(first);
    value_release(second);
    if (!distinct)
        refuse_routes(call, routes, "stateMachineVersionArn",
                      "Routing configuration must contain distinct state machine version ARNs.");
    else if (sum != 100)
        refuse_routes(call, routes, "weight",
                      "Sum of routing configuration weights must equal 100.");
    return distinct && sum == 100 && versions_exist(call, routes, arn);
}

/* ---- the operations ---- */

static size_t count_of(struct api *a, const char *machine_arn)
{
    size_t first = first_of(&a->aliases, machine_arn), i = first;
    while (i < a->aliases.count && belongs(&a->aliases.items[i], machine_arn))
        i++;
    return i - first;
}

static void answer_created(struct api_call *call, const struct alias *alias)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "stateMachineAliasArn", value_string_z(alias->key));
    api_copy_time(&l, shelf_get(&call->api->aliases, alias->key), "creationDate");
    api_answer_take(call, value_object_take(&l));
}

/* Letters, digits, "_-.", and not digits alone. */
static bool check_alias_name(struct api_call *call, struct asl_text name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.";
    size_t digits = strspn(name.data, "0123456789");
    size_t all = strspn(name.data, "0123456789abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.");
    if (all == name.size && digits < name.size && strpbrk(name.data, letters))
        return true;
    api_fail(call, "InvalidName", "Invalid Name: '%.*s'", ASL_TEXT_ARGS(name));
    return false;
}

void api_CreateStateMachineAlias(struct api_call *call)
{
    struct api *a = call->api;
    struct alias alias;
    struct asl_text name = api_text(call, "name");
    if (!check_alias_name(call, name) || !check_routes(call, &alias.arn))
        return;
    api_machine_arn(&alias.arn, alias.machine_arn);
    api_make_arn(&alias.arn.scope, "stateMachine", alias.arn.name, name.data, alias.key);
    alias.document = shelf_get(&a->aliases, alias.key);
    const asl_value *routes = api_get(call->in, "routingConfiguration");
    if (alias.document && api_equal(api_get(alias.document, "routingConfiguration"), routes) &&
        api_equal(api_get(alias.document, "description"), api_get(call->in, "description"))) {
        answer_created(call, &alias);
        return;
    }
    if (alias.document) {
        api_fail(
            call, "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing "
            "configuration already exists.");
        return;
    }
    int64_t most = a->quotas.most[QUOTA_ALIASES];
    if ((int64_t)count_of(a, alias.machine_arn) >= most) {
        api_fail(call, "ServiceQuotaExceededException",
                 "A State Machine may have %" PRId64 " aliases; delete some that are not needed",
                 most);
        return;
    }
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "name", value_string(name));
    api_copy_member(&l, call->in, "description");
    api_copy_member(&l, call->in, "routingConfiguration");
    value_list_set_take(&l, "creationDate", value_integer(api_now(call)));
    value_list_set_take(&l, "updateDate", value_integer(api_now(call)));
    api_put_take(a, &a->aliases, alias.key, value_object_take(&l));
    answer_created(call, &alias);
}

void api_DescribeStateMachineAlias(struct api_call *call)
{
    struct alias alias;
    if (!find_alias(call, &alias, false))
        return;
    struct value_list l;
    value_list_init(&l);
    api_copy_member(&l, call->in, "stateMachineAliasArn");
    api_copy_member(&l, alias.document, "name");
    api_copy_member(&l, alias.document, "description");
    api_copy_member(&l, alias.document, "routingConfiguration");
    api_copy_time(&l, alias.document, "creationDate");
    api_copy_time(&l, alias.document, "updateDate");
    api_answer_take(call, value_object_take(&l));
}

/* "... two versions of the same state machine": of the alias's. */
static bool check_own_versions(struct api_call *call, const struct alias *alias,
                               const struct arn *version)
{
    char own[API_ARN_BYTES];
    api_machine_arn(version, own);
    if (strcmp(own, alias->machine_arn) == 0)
        return true;
    refuse_routes(call, api_get(call->in, "routingConfiguration"), "stateMachineVersionArn",
                  "Routing configuration must contain versions of the alias's state machine.");
    return false;
}

void api_UpdateStateMachineAlias(struct api_call *call)
{
    struct alias alias;
    struct arn version;
    const asl_value *routes = api_get(call->in, "routingConfiguration");
    const asl_value *description = api_get(call->in, "description");
    if (!find_alias(call, &alias, false) ||
        !api_check_not_deleting(call, alias.machine_arn,
                                shelf_get(&call->api->machines, alias.machine_arn)) ||
        (routes && (!check_routes(call, &version) || !check_own_versions(call, &alias, &version))))
        return;
    if (!routes && !description) {
        api_fail_with(call, "ValidationException", "reason", "MISSING_REQUIRED_PARAMETER",
                      "Either description or routingConfiguration must be specified");
        return;
    }
    asl_value *next = value_retain(alias.document);
    if (routes)
        next = api_with_take(next, "routingConfiguration", value_retain(routes));
    if (description)
        next = api_with_take(next, "description", value_retain(description));
    next = api_with_take(next, "updateDate", value_integer(api_now(call)));
    api_put_take(call->api, &call->api->aliases, alias.key, next);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "updateDate", describe_time(api_now(call)));
    api_answer_take(call, value_object_take(&l));
}

void api_DeleteStateMachineAlias(struct api_call *call)
{
    struct alias alias;
    if (!find_alias(call, &alias, true))
        return;
    if (alias.document)
        api_put_take(call->api, &call->api->aliases, alias.key, NULL);
    api_answer_empty(call);
}

/* Of the machine, or, with a version's ARN, those that route to it. */
static bool is_listed(const struct target *t, struct asl_text asked, const asl_value *alias)
{
    const asl_value *routes = api_get(alias, "routingConfiguration");
    bool listed = !t->version;
    for (size_t i = 0; !listed && i < api_count(routes); i++) {
        const asl_value *to = api_get(value_at(routes, i), "stateMachineVersionArn");
        listed = asl_text_equal(value_as_text(to), asked);
    }
    return listed;
}

void api_ListStateMachineAliases(struct api_call *call)
{
    struct api *a = call->api;
    const struct shelf *s = &a->aliases;
    struct target t;
    char after[API_ARN_BYTES];
    struct value_list items, l;
    if (!api_live_target(call, "stateMachineArn", &t) || !page_begin(call, after))
        return;
    value_list_init(&items);
    value_list_init(&l);
    const char *last = NULL;
    bool more = false;
    size_t size = page_size(call), i = after[0] ? shelf_from(s, after) : first_of(s, t.machine_arn);
    for (; i < s->count && belongs(&s->items[i], t.machine_arn) && !more; i++) {
        const struct shelf_item *it = &s->items[i];
        if (strcmp(it->key, after) == 0 ||
            !is_listed(&t, api_text(call, "stateMachineArn"), it->document))
            continue;
        more = items.count == size;
        if (more)
            break;
        struct value_list item;
        value_list_init(&item);
        value_list_set_take(&item, "stateMachineAliasArn", value_string_z(it->key));
        api_copy_time(&item, it->document, "creationDate");
        value_list_push_take(&items, value_object_take(&item));
        last = it->key;
    }
    value_list_set_take(&l, "stateMachineAliases", value_array_take(&items));
    if (more)
        page_set_next(call, &l, last);
    api_answer_take(call, value_object_take(&l));
}
