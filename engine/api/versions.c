/* Versions: numbered snapshots of a machine's revision. Serves: facts 1.2, 1.5.
 *
 * A version's document is the machine's as it was, with its own "version", "creationDate" and
 * "description"; numbers are never used again ("lastVersion" of the machine). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/internal.h"

void version_key(const char *name, int64_t number, char out[API_NAME_BYTES + 16])
{
    snprintf(out, API_NAME_BYTES + 16, "%s:%08" PRId64, name, number % 100000000);
}

static bool belongs(const struct shelf_item *item, const char *name)
{
    size_t size = strlen(name);
    return strncmp(item->key, name, size) == 0 && item->key[size] == ':';
}

static size_t first_of(const struct shelf *s, const char *name)
{
    char prefix[API_NAME_BYTES + 16];
    snprintf(prefix, sizeof prefix, "%s:", name);
    return shelf_from(s, prefix);
}

static void make_arn(const struct api *a, const char *name, int64_t number, char arn[API_ARN_BYTES])
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    api_make_arn(a, "stateMachine", name, text, arn);
}

static bool same_revision(const asl_value *version, const asl_value *machine)
{
    const asl_value *a = api_get(version, "revisionId");
    const asl_value *b = api_get(machine, "revisionId");
    return a && b ? api_equal(a, b) : !a && !b;
}

static const asl_value *published(struct api *a, const char *name, const asl_value *machine)
{
    const asl_value *found = NULL;
    for (size_t i = first_of(&a->versions, name);
         i < a->versions.count && belongs(&a->versions.items[i], name); i++)
        if (same_revision(a->versions.items[i].document, machine))
            found = a->versions.items[i].document;
    return found;
}

void versions_publish(struct api *a, const char *name, struct asl_text description,
                      char arn[API_ARN_BYTES], int64_t *created)
{
    char key[API_NAME_BYTES + 16];
    const asl_value *machine = shelf_get(&a->machines, name);
    const asl_value *had = published(a, name, machine);
    if (had) {
        make_arn(a, name, api_document_integer(had, "version"), arn);
        *created = api_document_integer(had, "creationDate");
        return;
    }
    int64_t number = api_document_integer(machine, "lastVersion") + 1;
    *created = loop_now(engine_loop(a->engine));
    asl_value *version = api_with_take(value_retain(machine), "version", value_integer(number));
    version = api_with_take(version, "creationDate", value_integer(*created));
    if (description.data)
        version = api_with_take(version, "description", value_string(description));
    asl_value *next = api_with_take(value_retain(machine), "lastVersion", value_integer(number));
    version_key(name, number, key);
    make_arn(a, name, number, arn);
    api_put_take(a, &a->machines, name, next);
    api_put_take(a, &a->versions, key, version);
}

void versions_forget(struct api *a, const char *name)
{
    for (size_t i; (i = first_of(&a->versions, name)) < a->versions.count &&
                   belongs(&a->versions.items[i], name);) {
        char key[API_NAME_BYTES + 16];
        snprintf(key, sizeof key, "%s", a->versions.items[i].key);
        api_put_take(a, &a->versions, key, NULL);
    }
}

/* ---- the operations ---- */

static size_t count_of(struct api *a, const char *name)
{
    size_t first = first_of(&a->versions, name), i = first;
    while (i < a->versions.count && belongs(&a->versions.items[i], name))
        i++;
    return i - first;
}

bool versions_check_room(struct api_call *call, const char *name, bool is_new)
{
    struct api *a = call->api;
    int64_t most = a->quotas.most[QUOTA_VERSIONS];
    if ((!is_new && published(a, name, shelf_get(&a->machines, name))) ||
        (int64_t)count_of(a, name) < most)
        return true;
    api_fail(call, "ServiceQuotaExceededException",
             "A State Machine may have %" PRId64 " versions; delete some that are not needed", most);
    return false;
}

void api_PublishStateMachineVersion(struct api_call *call)
{
    struct target t;
    char arn[API_ARN_BYTES];
    int64_t created;
    if (!api_live_target(call, "stateMachineArn", &t))
        return;
    struct asl_text wanted = api_text(call, "revisionId");
    const asl_value *own = api_get(t.machine, "revisionId");
    struct asl_text revision = own ? value_as_text(own) : ASL_TEXT("INITIAL");
    if (wanted.data && !asl_text_equal(wanted, revision)) {
        api_fail(call, "ConflictException",
                 "Failed to publish the State Machine version for revision %.*s. The current State "
                 "Machine revision is %.*s.",
                 ASL_TEXT_ARGS(wanted), ASL_TEXT_ARGS(revision));
        return;
    }
    if (!versions_check_room(call, t.arn.name, false))
        return;
    versions_publish(call->api, t.arn.name, api_text(call, "description"), arn, &created);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "creationDate", describe_time(created));
    value_list_set_take(&l, "stateMachineVersionArn", value_string_z(arn));
    api_answer_take(call, value_object_take(&l));
}

/* Newest first. */
void api_ListStateMachineVersions(struct api_call *call)
{
    struct api *a = call->api;
    struct target t;
    char after[API_ARN_BYTES], arn[API_ARN_BYTES], next[24] = "";
    struct value_list items, l;
    if (!api_target(call, "stateMachineArn", &t) || !page_begin(call, after))
        return;
    int64_t below = after[0] ? strtoll(after, NULL, 10) : INT64_MAX;
    size_t first = first_of(&a->versions, t.arn.name), size = page_size(call);
    bool more = false;
    value_list_init(&items);
    value_list_init(&l);
    for (size_t i = first + count_of(a, t.arn.name); i-- > first && !more;) {
        const asl_value *version = a->versions.items[i].document;
        int64_t number = api_document_integer(version, "version");
        if (number >= below)
            continue;
        more = items.count == size;
        if (more)
            break;
        struct value_list item;
        value_list_init(&item);
        make_arn(a, t.arn.name, number, arn);
        value_list_set_take(&item, "stateMachineVersionArn", value_string_z(arn));
        api_copy_time(&item, version, "creationDate");
        value_list_push_take(&items, value_object_take(&item));
        snprintf(next, sizeof next, "%" PRId64, number);
    }
    value_list_set_take(&l, "stateMachineVersions", value_array_take(&items));
    if (more)
        page_set_next(call, &l, next);
    api_answer_take(call, value_object_take(&l));
}

/* Names of the aliases that route to it, "a, b"; empty when none does. */
static void aliases_of(struct api *a, const char *name, struct asl_text arn, struct asl_buffer *out)
{
    for (size_t i = first_of(&a->aliases, name);
         i < a->aliases.count && belongs(&a->aliases.items[i], name); i++) {
        const asl_value *routes =
            api_get(a->aliases.items[i].document, "routingConfiguration");
        for (size_t r = 0; r < api_count(routes); r++) {
            const asl_value *to = api_get(value_at(routes, r), "stateMachineVersionArn");
            if (asl_text_equal(value_as_text(to), arn))
                asl_buffer_printf(out, "%s%s", out->size ? ", " : "",
                                  strchr(a->aliases.items[i].key, ':') + 1);
        }
    }
}

void api_DeleteStateMachineVersion(struct api_call *call)
{
    struct api *a = call->api;
    struct arn arn;
    char key[API_NAME_BYTES + 16];
    struct asl_text text = api_text(call, "stateMachineVersionArn");
    if (!api_arn(call, "stateMachineVersionArn", 1u << ARN_MACHINE, &arn))
        return;
    if (!arn.qualifier[0] || strspn(arn.qualifier, "0123456789") != strlen(arn.qualifier)) {
        api_invalid(call, "State machine version ARN must be specified");
        return;
    }
    struct asl_buffer users;
    asl_buffer_init(&users, 65536);
    aliases_of(a, arn.name, text, &users);
    version_key(arn.name, strtoll(arn.qualifier, NULL, 10), key);
    if (users.size) {
        api_fail(call, "ConflictException",
                 "Version to be deleted must not be referenced by an alias. Current list of aliases "
                 "referencing this version: [%s]",
                 users.data);
    } else {
        if (shelf_get(&a->versions, key))
            api_put_take(a, &a->versions, key, NULL);
        api_answer_empty(call);
    }
    asl_buffer_free(&users);
}
