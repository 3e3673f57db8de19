/* State machines: create, update, delete; what their ARNs stand for. Serves: facts 1.2, 1.5, 1.6.
 *
 * A document tells of a machine's newest revision: {"type", "roleArn", "row", "creationDate",
 * "updateDate" (ms), "revisionId" (none before the first update), "loggingConfiguration",
 * "tracingConfiguration", "encryptionConfiguration", "lastVersion"}. The definition stands in the
 * store's row. A deleted machine leaves {"deleted"} so that its rows are not taken for a machine
 * that the command line made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/machines.h"

/* ---- documents ---- */

bool machine_is_deleted(const asl_value *machine)
{
    return api_get(machine, "deleted") != NULL;
}

static const asl_value *find(const struct api *a, const char *arn)
{
    const asl_value *machine = shelf_get(&a->machines, arn);
    return machine && !machine_is_deleted(machine) ? machine : NULL;
}

bool machine_is_deleting(const asl_value *machine)
{
    return api_get(machine, "deleting") != NULL;
}

bool api_check_not_deleting(struct api_call *call, const char *arn, const asl_value *machine)
{
    if (!machine_is_deleting(machine))
        return true;
    api_fail(call, "StateMachineDeleting", "State Machine is being deleted: '%s'", arn);
    return false;
}

bool machine_is_express(const asl_value *machine)
{
    const asl_value *type = api_get(machine, "type");
    return type && asl_text_is(value_as_text(type), "EXPRESS");
}

/* Deleted ones leave marks, so they are counted only where there may be too many. */
static int64_t count_machines(const struct api *a, const struct scope *scope)
{
    struct scope_walk w;
    int64_t count = 0;
    if ((int64_t)a->machines.count < a->quotas.most[QUOTA_MACHINES])
        return (int64_t)a->machines.count;
    scope_walk_begin(&w, &a->machines, scope, "stateMachine", "");
    for (const struct shelf_item *it; (it = scope_walk_next(&w)) != NULL;)
        count += !machine_is_deleted(it->document);
    return count;
}

asl_value *machine_default_of(const char *member)
{
    static const struct {
        const char *member, *value;
    } defaults[] = {
        {"loggingConfiguration", "{\"level\":\"OFF\",\"includeExecutionData\":false}"},
        {"tracingConfiguration", "{\"enabled\":false}"},
        {"encryptionConfiguration", "{\"type\":\"AWS_OWNED_KEY\"}"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (strcmp(defaults[i].member, member) == 0)
            return value_literal(defaults[i].value);
    return value_empty_object();
}

/* What was given over the defaults. */
static asl_value *with_defaults(const char *member, const asl_value *given)
{
    asl_value *v = machine_default_of(member);
    for (size_t i = 0; given && i < api_count(given); i++)
        v = value_with_take(v, value_retain(value_key_at(given, i)),
                            value_retain(value_at(given, i)));
    return v;
}

static const char *const configurations[] = {MACHINE_CONFIGURATIONS};
#define CONFIGURATIONS (sizeof configurations / sizeof *configurations)

/* A machine that the command line made has rows only: the newest of its name stands for it. */
static bool adopt(void *state, const struct store_machine *row)
{
    struct api *a = state;
    const asl_value *known = shelf_get(&a->machines, row->arn);
    if (known && !api_get(known, "adopted"))
        return true;
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "adopted", value_boolean(true));
    value_list_set_take(&l, "type", value_string_z(row->express ? "EXPRESS" : "STANDARD"));
    value_list_set_take(&l, "roleArn", value_string_z(row->role_arn));
    value_list_set_take(&l, "row", value_integer(row->id));
    value_list_set_take(&l, "creationDate", value_integer(row->created));
    value_list_set_take(&l, "updateDate", value_integer(row->created));
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        value_list_set_take(&l, configurations[i], machine_default_of(configurations[i]));
    shelf_put_take(&a->machines, row->arn, value_object_take(&l));
    return true;
}

static bool is_being_deleted(void *state, struct asl_text arn)
{
    const struct api *a = state;
    return a->deleting && machine_is_deleting(shelf_get(&a->machines, arn.data));
}

bool machines_load(struct api *a, char message[512])
{
    engine_set_deleting(a->engine, is_being_deleted, a);
    struct store *store = engine_store(a->engine);
    for (size_t i = 0; i < a->machines.count; i++)
        a->deleting += machine_is_deleting(a->machines.items[i].document);
    if (store_each_machine(store, adopt, a) == STORE_OK)
        return true;
    snprintf(message, 512, "%s", store_last_error(store)->message);
    return false;
}

/* ---- what an ARN stands for ---- */

/* One of an alias's versions, by their weights. */
static const asl_value *pick_route(struct api *a, const asl_value *alias)
{
    const asl_value *routes = api_get(alias, "routingConfiguration");
    int64_t at = (int64_t)(engine_random(a->engine) % 100);
    for (size_t i = 0; i < api_count(routes); i++) {
        at -= api_document_integer(value_at(routes, i), "weight");
        if (at < 0)
            return api_get(value_at(routes, i), "stateMachineVersionArn");
    }
    return api_get(value_at(routes, 0), "stateMachineVersionArn");
}

static void qualify(const struct target *t, const char *qualifier, char out[API_ARN_BYTES])
{
    api_make_arn(&t->arn.scope, "stateMachine", t->arn.name, qualifier, out);
}

static bool find_qualified(struct api *a, struct target *t)
{
    char key[API_VERSION_BYTES];
    struct arn version;
    if (strspn(t->arn.qualifier, "0123456789") == strlen(t->arn.qualifier)) {
        version_key(t->machine_arn, strtoll(t->arn.qualifier, NULL, 10), key);
        t->version = shelf_get(&a->versions, key);
        qualify(t, t->arn.qualifier, t->version_arn);
        return t->version != NULL;
    }
    qualify(t, t->arn.qualifier, t->alias_arn);
    t->alias = shelf_get(&a->aliases, t->alias_arn);
    if (!t->alias || !arn_read(value_as_text(pick_route(a, t->alias)), &version))
        return false;
    qualify(t, version.qualifier, t->version_arn);
    version_key(t->machine_arn, strtoll(version.qualifier, NULL, 10), key);
    t->version = shelf_get(&a->versions, key);
    return t->version != NULL;
}

/* `text` was read to t->arn. Each StartExecution comes by: nothing is read or printed twice. */
static bool find_target(struct api *a, struct asl_text text, struct target *t)
{
    t->version = t->alias = NULL;
    t->version_arn[0] = t->alias_arn[0] = t->test_case[0] = '\0';
    if (!t->arn.qualifier[0] && text.size < sizeof t->machine_arn) {
        memcpy(t->machine_arn, text.data, text.size);
        t->machine_arn[text.size] = '\0';
    } else {
        api_machine_arn(&t->arn, t->machine_arn);
    }
    t->machine = t->arn.label[0] ? NULL : find(a, t->machine_arn);
    return t->machine && (!t->arn.qualifier[0] || find_qualified(a, t));
}

bool target_find(struct api *a, struct asl_text text, struct target *t)
{
    return arn_read(text, &t->arn) && t->arn.kind == ARN_MACHINE && find_target(a, text, t);
}

bool api_live_target(struct api_call *call, const char *member, struct target *t)
{
    return api_target(call, member, t) && api_check_not_deleting(call, t->machine_arn, t->machine);
}

bool api_target(struct api_call *call, const char *member, struct target *t)
{
    if (!api_arn(call, member, 1u << ARN_MACHINE, &t->arn) || api_refuse_label(call, &t->arn))
        return false;
    if (api_is_here(call, &t->arn) && find_target(call->api, api_text(call, member), t))
        return true;
    api_fail(call, "StateMachineDoesNotExist", "State Machine Does Not Exist: '%.*s'",
             ASL_TEXT_ARGS(api_text(call, member)));
    return false;
}

const asl_value *target_revision(const struct target *t)
{
    return t->version ? t->version : t->machine;
}

int64_t target_row(const struct target *t)
{
    return api_document_integer(target_revision(t), "row");
}

/* ---- checks ---- */

static bool check_logging(struct api_call *call)
{
    const asl_value *logging = api_get(call->in, "loggingConfiguration");
    if (!logging)
        return true;
    const asl_value *level = api_get(logging, "level");
    const asl_value *destinations = api_get(logging, "destinations");
    bool is_on = level && !asl_text_is(value_as_text(level), "OFF");
    size_t count = destinations ? api_count(destinations) : 0;
    if (count > 1 || (is_on && count != 1)) {
        api_fail(call, "InvalidLoggingConfiguration",
                 "Invalid Logging Configuration: Must specify exactly one Log Destination.");
        return false;
    }
    const asl_value *group =
        count ? api_get(value_at(destinations, 0), "cloudWatchLogsLogGroup") : NULL;
    const asl_value *arn = api_get(group, "logGroupArn");
    if (count && !(arn && asl_text_starts(value_as_text(arn), "arn:") &&
                   asl_text_ends(value_as_text(arn), ":*"))) { /* "The ARN must end with :*" */
        api_fail(call, "InvalidLoggingConfiguration",
                 "Invalid Logging Configuration: Log Destination not found.");
        return false;
    }
    return true;
}

bool api_check_encryption(struct api_call *call)
{
    const asl_value *encryption = api_get(call->in, "encryptionConfiguration");
    const asl_value *type = api_get(encryption, "type");
    if (!type || !asl_text_is(value_as_text(type), "CUSTOMER_MANAGED_KMS_KEY") ||
        api_get(encryption, "kmsKeyId"))
        return true;
    api_fail(call, "InvalidEncryptionConfiguration",
             "Invalid Encryption Configuration: kmsKeyId must be set when the type is "
             "CUSTOMER_MANAGED_KMS_KEY");
    return false;
}

/* "arn:aws:iam::<account>:role/<name>" */
static bool is_role(struct asl_text arn)
{
    static const char service[] = ":iam::", kind[] = ":role/";
    return asl_text_starts(arn, "arn:") && strstr(arn.data, service) && strstr(arn.data, kind) &&
           strlen(arn.data) == arn.size && !asl_text_ends(arn, kind);
}

bool api_check_role(struct api_call *call)
{
    struct asl_text role = api_text(call, "roleArn");
    if (!role.data || is_role(role))
        return true;
    api_fail(call, "InvalidArn", "Invalid Role Arn: '%.*s'", ASL_TEXT_ARGS(role));
    return false;
}

/* What create and update have in common. */
static bool check_settings(struct api_call *call)
{
    if (api_text(call, "versionDescription").data && !api_flag(call, "publish")) {
        api_invalid(call, "Version description can only be set when publish is true");
        return false;
    }
    return check_logging(call) && api_check_encryption(call) && api_check_role(call);
}

/* ---- definitions in the store ---- */

static bool take_definition(void *state, const struct store_machine *row)
{
    struct definition *d = state;
    asl_buffer_put(&d->text, row->definition.data, row->definition.size);
    d->found = true;
    return false;
}

static bool read_definition(struct api *a, int64_t row, struct definition *d)
{
    d->found = false;
    asl_buffer_init(&d->text, ASL_BUFFER_MAXIMUM);
    store_get_machine(engine_store(a->engine), row, take_definition, d);
    return d->found;
}

static void again(void *state, enum engine_outcome outcome)
{
    struct api_call *call = state;
    (void)outcome;
    call->operation->handle(call);
}

/* A row that was put in this very turn is read after its commit. */
bool machine_need_definition(struct api_call *call, int64_t row, struct definition *d)
{
    if (read_definition(call->api, row, d))
        return true;
    asl_buffer_free(&d->text);
    if (engine_is_ahead(call->api->engine))
        engine_after_commit(call->api->engine, NULL, again, call);
    else
        api_fail(call, "StateMachineDoesNotExist",
                 "The definition of this State Machine is missing from the store");
    return false;
}

static int64_t put_row(struct api_call *call, const char *arn, struct asl_text definition,
                       bool express, struct asl_text role)
{
    struct asl_diagnostics diagnostics = {0};
    char *role_arn = asl_copy_text(role);
    int64_t row =
        engine_put_machine_as(call->api->engine, arn, definition, express, role_arn, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    free(role_arn);
    return row;
}

/* ---- CreateStateMachine ---- */

/* Whether a create that publishes tells of its version what the first one did; one that was deleted
 * since tells nothing. */
static bool is_same_version(struct api_call *call, const asl_value *machine)
{
    struct target t;
    const asl_value *published = api_get(machine, "published");
    if (!published || !target_find(call->api, value_as_text(published), &t) || !t.version)
        return true;
    return api_equal(api_get(t.version, "description"), api_get(call->in, "versionDescription"));
}

/* The same create again: everything but role and tags is as it was. */
static bool is_same_create(struct api_call *call, const asl_value *machine,
                           const struct definition *d)
{
    struct asl_text type = api_text(call, "type");
    bool same = asl_text_equal(asl_buffer_text(&d->text), api_text(call, "definition")) &&
                machine_is_express(machine) == asl_text_is(type, "EXPRESS") &&
                (api_get(machine, "published") != NULL) == api_flag(call, "publish") &&
                is_same_version(call, machine);
    for (size_t i = 0; same && i < CONFIGURATIONS; i++) {
        asl_value *wanted = with_defaults(configurations[i], api_get(call->in, configurations[i]));
        same = api_equal(wanted, api_get(machine, configurations[i]));
        value_release(wanted);
    }
    return same;
}

static void answer_created(struct api_call *call, const char *arn, const char *version_arn)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "stateMachineArn", value_string_z(arn));
    api_copy_time(&l, find(call->api, arn), "creationDate");
    if (version_arn)
        value_list_set_take(&l, "stateMachineVersionArn", value_string_z(version_arn));
    api_answer_take(call, value_object_take(&l));
}

static void create_again(struct api_call *call, const char *arn, const asl_value *machine)
{
    struct definition d;
    if (!machine_need_definition(call, api_document_integer(machine, "row"), &d))
        return;
    const asl_value *published = api_get(machine, "published");
    if (is_same_create(call, machine, &d)) {
        answer_created(call, arn, published ? value_as_text(published).data : NULL);
    } else {
        api_fail(call, "StateMachineAlreadyExists", "State Machine Already Exists: '%s'", arn);
    }
    asl_buffer_free(&d.text);
}

static asl_value *new_machine(struct api_call *call, bool express, int64_t row)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "type", value_string_z(express ? "EXPRESS" : "STANDARD"));
    api_copy_member(&l, call->in, "roleArn");
    value_list_set_take(&l, "row", value_integer(row));
    value_list_set_take(&l, "creationDate", value_integer(api_now(call)));
    value_list_set_take(&l, "updateDate", value_integer(api_now(call)));
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        value_list_set_take(&l, configurations[i],
                            with_defaults(configurations[i], api_get(call->in, configurations[i])));
    return value_object_take(&l);
}

static void create(struct api_call *call, const char *arn, bool express)
{
    struct api *a = call->api;
    char version[API_ARN_BYTES];
    int64_t created;
    int64_t row =
        put_row(call, arn, api_text(call, "definition"), express, api_text(call, "roleArn"));
    api_put_take(a, &a->machines, arn, new_machine(call, express, row));
    api_keep_tags(call, arn);
    if (api_flag(call, "publish")) {
        versions_publish(a, arn, api_text(call, "versionDescription"), version, &created);
        api_put_take(
            a, &a->machines, arn,
            api_with_take(value_retain(find(a, arn)), "published", value_string_z(version)));
    }
    answer_created(call, arn, api_flag(call, "publish") ? version : NULL);
}

/* What only a machine that is not there yet is refused for. */
static bool check_new(struct api_call *call, const char *arn)
{
    struct api *a = call->api;
    if (!api_check_tags(call, arn))
        return false;
    if (count_machines(a, &call->scope) < a->quotas.most[QUOTA_MACHINES])
        return true;
    api_fail(
        call, "StateMachineLimitExceeded",
        "The maximum number of state machines has been reached. Existing state machines must be "
        "deleted before a new state machine can be created.");
    return false;
}

void api_CreateStateMachine(struct api_call *call)
{
    char arn[API_ARN_BYTES];
    struct asl_text name = api_text(call, "name");
    bool express = asl_text_is(api_text(call, "type"), "EXPRESS");
    if (!api_check_name(call, name) || !check_settings(call) ||
        !api_check_definition(call, api_text(call, "definition"), express))
        return;
    api_make_arn(&call->scope, "stateMachine", name.data, NULL, arn);
    const asl_value *machine = find(call->api, arn);
    if (!machine && check_new(call, arn))
        create(call, arn, express);
    if (!machine)
        return;
    if (api_check_not_deleting(call, arn, machine))
        create_again(call, arn, machine);
}

/* ---- UpdateStateMachine ---- */

/* The machine with what the call changes; *changed tells whether it does. */
static asl_value *updated(struct api_call *call, const struct target *t, int64_t row, bool *changed)
{
    asl_value *next = value_retain(t->machine);
    *changed = row != target_row(t);
    next = api_with_take(next, "row", value_integer(row));
    if (api_get(next, "adopted")) /* from now on it is this document's, not the newest row's */
        next = api_with_take(next, "adopted", value_null());
    if (api_text(call, "roleArn").data)
        next = api_with_take(next, "roleArn", value_retain(api_get(call->in, "roleArn")));
    for (size_t i = 0; i < CONFIGURATIONS; i++) {
        const asl_value *given = api_get(call->in, configurations[i]);
        if (!given)
            continue;
        asl_value *v = with_defaults(configurations[i], given);
        *changed = *changed || !api_equal(v, api_get(next, configurations[i]));
        next = api_with_take(next, configurations[i], v);
    }
    return next;
}

static void update(struct api_call *call, const struct target *t, struct asl_text definition)
{
    struct api *a = call->api;
    char version[API_ARN_BYTES], revision[37];
    const char *arn = t->machine_arn;
    int64_t created;
    bool changed;
    const asl_value *own_role = api_get(t->machine, "roleArn");
    struct asl_text role = api_text(call, "roleArn");
    int64_t row = put_row(call, arn, definition, machine_is_express(t->machine),
                          role.data ? role : value_as_text(own_role));
    asl_value *next = updated(call, t, row, &changed);
    int64_t now = api_now(call);
    if (changed) {
        engine_uuid(a->engine, revision);
        next = api_with_take(next, "revisionId", value_string_z(revision));
        next = api_with_take(next, "updateDate", value_integer(now));
    }
    if (row != target_row(t))
        machine_keep_revision(a, t->machine);
    api_put_take(a, &a->machines, arn, next);
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "updateDate", describe_time(now));
    api_copy_member(&l, find(a, arn), "revisionId");
    if (api_flag(call, "publish")) {
        versions_publish(a, arn, api_text(call, "versionDescription"), version, &created);
        value_list_set_take(&l, "stateMachineVersionArn", value_string_z(version));
    }
    api_answer_take(call, value_object_take(&l));
}

/* Whether the role or a configuration that is given differs from the machine's. */
static bool changes_settings(const struct api_call *call, const asl_value *machine)
{
    const asl_value *role = api_get(call->in, "roleArn");
    bool changes = role && !api_equal(role, api_get(machine, "roleArn"));
    for (size_t i = 0; !changes && i < CONFIGURATIONS; i++) {
        const asl_value *given = api_get(call->in, configurations[i]);
        asl_value *v = given ? with_defaults(configurations[i], given) : NULL;
        changes = v && !api_equal(v, api_get(machine, configurations[i]));
        value_release(v);
    }
    return changes;
}

void api_UpdateStateMachine(struct api_call *call)
{
    struct target t;
    struct definition d;
    bool nothing = !api_text(call, "definition").data && !api_text(call, "roleArn").data;
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        nothing = nothing && !api_get(call->in, configurations[i]);
    if (!api_live_target(call, "stateMachineArn", &t))
        return;
    if (nothing) {
        api_fail(call, "MissingRequiredParameter",
                 "Either the definition, the role ARN, the LoggingConfiguration, or the "
                 "TracingConfiguration must be specified");
        return;
    }
    struct asl_text given = api_text(call, "definition");
    if (!check_settings(call) ||
        (given.data && !api_check_definition(call, given, machine_is_express(t.machine))) ||
        !machine_need_definition(call, api_document_integer(t.machine, "row"), &d))
        return;
    struct asl_text own = asl_buffer_text(&d.text);
    bool is_new = (given.data && !asl_text_equal(given, own)) || changes_settings(call, t.machine);
    if (!api_flag(call, "publish") || versions_check_room(call, t.machine_arn, is_new))
        update(call, &t, given.data ? given : own);
    asl_buffer_free(&d.text);
}

/* ---- definitions of files ---- */

#define ROLE_DEFAULT "arn:aws:iam::123456789012:role/stepwell"

static void place_new(struct api *a, const char *arn, bool express, int64_t row)
{
    int64_t now = loop_now(engine_loop(a->engine));
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "type", value_string_z(express ? "EXPRESS" : "STANDARD"));
    value_list_set_take(&l, "roleArn", value_string_z(ROLE_DEFAULT));
    value_list_set_take(&l, "row", value_integer(row));
    value_list_set_take(&l, "creationDate", value_integer(now));
    value_list_set_take(&l, "updateDate", value_integer(now));
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        value_list_set_take(&l, configurations[i], machine_default_of(configurations[i]));
    api_put_take(a, &a->machines, arn, value_object_take(&l));
}

static void place_next(struct api *a, const char *arn, const asl_value *machine, int64_t row)
{
    char revision[37];
    engine_uuid(a->engine, revision);
    machine_keep_revision(a, machine);
    asl_value *next = api_with_take(value_retain(machine), "row", value_integer(row));
    next = api_with_take(next, "adopted", value_null());
    next = api_with_take(next, "revisionId", value_string_z(revision));
    next = api_with_take(next, "updateDate", value_integer(loop_now(engine_loop(a->engine))));
    api_put_take(a, &a->machines, arn, next);
}

enum api_placed api_place_definition(struct api *a, const char *name, struct asl_text definition,
                                     bool express, struct asl_diagnostics *diagnostics,
                                     char message[256])
{
    struct scope scope;
    char arn[API_ARN_BYTES];
    scope_default(a, &scope);
    api_make_arn(&scope, "stateMachine", name, NULL, arn);
    const asl_value *machine = find(a, arn), *role = api_get(machine, "roleArn");
    message[0] = '\0';
    if (machine && (machine_is_deleting(machine) || machine_is_express(machine) != express)) {
        snprintf(message, 256, "%.80s %s; delete it first, or give the file another name", name,
                 machine_is_deleting(machine) ? "is being deleted"
                 : express                    ? "is there already, as STANDARD"
                                              : "is there already, as EXPRESS");
        return API_REFUSED;
    }
    int64_t row =
        engine_put_machine_as(a->engine, arn, definition, express,
                              role ? value_as_text(role).data : ROLE_DEFAULT, diagnostics);
    if (row < 0)
        return API_REFUSED;
    if (!machine)
        place_new(a, arn, express, row);
    else if (row != api_document_integer(machine, "row"))
        place_next(a, arn, machine, row);
    else
        return API_UNCHANGED;
    return machine ? API_UPDATED : API_CREATED;
}

/* ---- DeleteStateMachine ---- */

static bool is_running(struct api *a, const char *arn)
{
    return store_count_executions(engine_store(a->engine), arn, ASL_RUNNING) > 0;
}

static void delete_now(struct api *a, const char *arn)
{
    api_put_take(a, &a->machines, arn, value_literal("{\"deleted\":true}"));
    versions_forget(a, arn);
    aliases_forget(a, arn);
    if (shelf_get(&a->tags, arn))
        api_put_take(a, &a->tags, arn, NULL);
}

/* Executions that run go on to the next state they would enter, and fail there (is_being_deleted).
 * While there are any the machine is DELETING; with the last one's end it goes (machines_settle).
 * One that is not there is deleted already. */
void api_DeleteStateMachine(struct api_call *call)
{
    struct api *a = call->api;
    struct arn arn;
    char own[API_ARN_BYTES];
    if (!api_arn(call, "stateMachineArn", 1u << ARN_MACHINE, &arn) || api_refuse_label(call, &arn))
        return;
    api_machine_arn(&arn, own);
    const asl_value *machine = find(a, own);
    if (!machine || arn.qualifier[0] || !api_is_here(call, &arn)) {
        api_answer_empty(call);
        return;
    }
    if (!is_running(a, own)) {
        delete_now(a, own);
    } else if (!machine_is_deleting(machine)) {
        api_put_take(a, &a->machines, own,
                     api_with_take(value_retain(machine), "deleting", value_boolean(true)));
        a->deleting++;
    }
    api_answer_empty(call);
}

/* An execution has ended (or the server begins): machines that waited for it go. */
void machines_settle(struct api *a)
{
    size_t left = 0;
    for (size_t i = 0; a->deleting && i < a->machines.count; i++) {
        if (!machine_is_deleting(a->machines.items[i].document))
            continue;
        char *arn = asl_copy_text(asl_text(a->machines.items[i].key));
        if (is_running(a, arn))
            left++;
        else
            delete_now(a, arn); /* leaves a mark in its place: the shelf keeps its order */
        free(arn);
    }
    a->deleting = left;
}
