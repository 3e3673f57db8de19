/* Versions: numbered snapshots of a machine's revision. Serves: facts 1.2, 1.5.
 *
 * A version's document is the machine's as it was, with its own "version", "creationDate" and
 * "description"; numbers are never used again ("lastVersion" of the machine). */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/internal.h"

void version_key(const char *machine_arn, int64_t number, char out[API_VERSION_BYTES])
{
    snprintf(out, API_VERSION_BYTES, "%s:%08" PRId64, machine_arn, number % 100000000);
}

static bool belongs(const struct shelf_item *item, const char *machine_arn)
{
    size_t size = strlen(machine_arn);
    return strncmp(item->key, machine_arn, size) == 0 && item->key[size] == ':';
}

static size_t first_of(const struct shelf *s, const char *machine_arn)
{
    char prefix[API_VERSION_BYTES];
    snprintf(prefix, sizeof prefix, "%s:", machine_arn);
    return shelf_from(s, prefix);
}

static void make_arn(const char *machine_arn, int64_t number, char arn[API_ARN_BYTES])
{
    int size = snprintf(arn, API_ARN_BYTES, "%s:%" PRId64, machine_arn, number);
    assert(size > 0 && size < API_ARN_BYTES); /* names are short */
    (void)size;
}

static bool same_revision(const asl_value *version, const asl_value *machine)
{
    const asl_value *a = api_get(version, "revisionId");
    const asl_value *b = api_get(machine, "revisionId");
    return a && b ? api_equal(a, b) : !a && !b;
}

static const asl_value *published(struct api *a, const char *machine_arn, const asl_value *machine)
{
    const asl_value *found = NULL;
    for (size_t i = first_of(&a->versions, machine_arn);
         i < a->versions.count && belongs(&a->versions.items[i], machine_arn); i++)
        if (same_revision(a->versions.items[i].document, machine))
            found = a->versions.items[i].document;
    return found;
}

void versions_publish(struct api *a, const char *machine_arn, struct asl_text description,
                      char arn[API_ARN_BYTES], int64_t *created)
{
    char key[API_VERSION_BYTES];
    const asl_value *machine = shelf_get(&a->machines, machine_arn);
    const asl_value *had = published(a, machine_arn, machine);
    if (had) {
        make_arn(machine_arn, api_document_integer(had, "version"), arn);
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
    version_key(machine_arn, number, key);
    make_arn(machine_arn, number, arn);
    api_put_take(a, &a->machines, machine_arn, next);
    api_put_take(a, &a->versions, key, version);
}

void versions_forget(struct api *a, const char *machine_arn)
{
    for (size_t i; (i = first_of(&a->versions, machine_arn)) < a->versions.count &&
                   belongs(&a->versions.items[i], machine_arn);) {
        char key[API_VERSION_BYTES];
        snprintf(key, sizeof key, "%s", a->versions.items[i].key);
        api_put_take(a, &a->versions, key, NULL);
    }
}

/* ---- the operations ---- */

static size_t count_of(struct api *a, const char *machine_arn)
{
    size_t first = first_of(&a->versions, machine_arn), i = first;
    while (i < a->versions.count && belongs(&a->versions.items[i], machine_arn))
        i++;
    return i - first;
}

bool versions_check_room(struct api_call *call, const char *machine_arn, bool is_new)
{
    struct api *a = call->api;
    int64_t most = a->quotas.most[QUOTA_VERSIONS];
    if ((!is_new && published(a, machine_arn, shelf_get(&a->machines, machine_arn))) ||
        (int64_t)count_of(a, machine_arn) < most)
        return true;
    api_fail(call, "ServiceQuotaExceededException",
             "A State Machine may have %" PRId64 " versions; delete some that are not needed",
             most);
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
    if (!versions_check_room(call, t.machine_arn, false))
        return;
    versions_publish(call->api, t.machine_arn, api_text(call, "description"), arn, &created);
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
    size_t first = first_of(&a->versions, t.machine_arn), size = page_size(call);
    bool more = false;
    value_list_init(&items);
    value_list_init(&l);
    for (size_t i = first + count_of(a, t.machine_arn); i-- > first && !more;) {
        const asl_value *version = a->versions.items[i].document;
        int64_t number = api_document_integer(version, "version");
        if (number >= below)
            continue;
        more = items.count == size;
        if (more)
            break;
        struct value_list item;
        value_list_init(&item);
        make_arn(t.machine_arn, number, arn);
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
static void aliases_of(struct api *a, const char *machine_arn, struct asl_text arn,
                       struct asl_buffer *out)
{
    for (size_t i = first_of(&a->aliases, machine_arn);
         i < a->aliases.count && belongs(&a->aliases.items[i], machine_arn); i++) {
        const asl_value *routes = api_get(a->aliases.items[i].document, "routingConfiguration");
        for (size_t r = 0; r < api_count(routes); r++) {
            const asl_value *to = api_get(value_at(routes, r), "stateMachineVersionArn");
            if (asl_text_equal(value_as_text(to), arn))
                asl_buffer_printf(out, "%s%s", out->size ? ", " : "",
                                  arn_name(a->aliases.items[i].key));
        }
    }
}

void api_DeleteStateMachineVersion(struct api_call *call)
{
    struct api *a = call->api;
    struct arn arn;
    char key[API_VERSION_BYTES], machine_arn[API_ARN_BYTES];
    struct asl_text text = api_text(call, "stateMachineVersionArn");
    if (!api_arn(call, "stateMachineVersionArn", 1u << ARN_MACHINE, &arn))
        return;
    if (!arn.qualifier[0] || strspn(arn.qualifier, "0123456789") != strlen(arn.qualifier)) {
        api_invalid(call, "State machine version ARN must be specified");
        return;
    }
    struct asl_buffer users;
    asl_buffer_init(&users, 65536);
    api_machine_arn(&arn, machine_arn);
    aliases_of(a, machine_arn, text, &users);
    version_key(machine_arn, strtoll(arn.qualifier, NULL, 10), key);
    if (users.size) {
        api_fail(
            call, "ConflictException",
            "Version to be deleted must not be referenced by an alias. Current list of aliases "
            "referencing this version: [%s]",
            users.data);
    } else {
        if (shelf_get(&a->versions, key) && api_is_here(call, &arn))
            api_put_take(a, &a->versions, key, NULL);
        api_answer_empty(call);
    }
    asl_buffer_free(&users);
}
