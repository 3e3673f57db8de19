/* Secrets Manager's stand-in: secrets with versions and their stages. They lie in the stand-ins'
 * database, which only its owner may read (0600), and in no log.
 *
 * A secret is a document: {"Name", "ARN", "Description", "created", "changed", "deleted" (absent:
 * it is there), "versions": {id: {"created", "stages", "SecretString"|"SecretBinary"}}}. */
#include <string.h>

#include "model.h"

#define KIND    "secret"
#define LISTED  100
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char current[] = "AWSCURRENT", previous[] = "AWSPREVIOUS";

/* ---- finding ---- */

/* The name in a SecretId: itself, or an ARN's part, with or without the six characters behind it.
 */
static asl_value *find(struct model_call *c, struct asl_text id)
{
    struct asl_buffer prefix;
    struct asl_text name = id;
    asl_buffer_init(&prefix, 1024);
    model_arn(c->local, "secretsmanager", ASL_TEXT("secret:"), &prefix);
    if (prefix.data && asl_text_starts(id, prefix.data))
        name = (struct asl_text){id.data + prefix.size, id.size - prefix.size};
    asl_buffer_free(&prefix);
    asl_value *found = document_get(c->db, KIND, name);
    if (!found && name.size > 7 && name.data[name.size - 7] == '-') {
        found = document_get(c->db, KIND, (struct asl_text){name.data, name.size - 7});
        if (found && name.data != id.data && !asl_text_equal(model_text(found, "ARN"), id)) {
            value_release(found);
            found = NULL;
        }
    }
    return found;
}

/* A secret that is there; NULL after refusing. */
static asl_value *open_secret(struct model_call *c)
{
    asl_value *secret = find(c, model_text(c->in, "SecretId"));
    if (!secret)
        model_refuse(c, "ResourceNotFoundException",
                     "Secrets Manager can't find the specified secret.");
    else if (model_get(secret, "deleted")) {
        model_refuse(c, "InvalidRequestException",
                     "You can't perform this operation on the secret because it was marked for "
                     "deletion.");
        value_release(secret);
        secret = NULL;
    }
    return secret;
}

static void put_take(struct model_call *c, asl_value *secret)
{
    document_put(c->db, KIND, model_text(secret, "Name"), secret);
    value_release(secret);
}

static asl_value *with_take(asl_value *v, const char *name, asl_value *member)
{
    return value_with_take(v, value_string_z(name), member);
}

/* ---- versions ---- */

static bool has_stage(const asl_value *version, struct asl_text stage)
{
    const asl_value *stages = model_get(version, "stages");
    for (size_t i = 0; stages && i < value_count(stages); i++)
        if (asl_text_equal(value_as_text(value_at(stages, i)), stage))
            return true;
    return false;
}

static const asl_value *version_with(const asl_value *secret, struct asl_text stage,
                                     const asl_value **id)
{
    const asl_value *versions = model_get(secret, "versions");
    for (size_t i = 0; versions && i < value_count(versions); i++)
        if (has_stage(value_at(versions, i), stage)) {
            *id = value_key_at(versions, i);
            return value_at(versions, i);
        }
    return NULL;
}

static asl_value *stages_without(const asl_value *stages, const asl_value *taken)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; stages && i < value_count(stages); i++) {
        bool is_taken = false;
        for (size_t k = 0; k < value_count(taken); k++)
            is_taken |= value_equal(value_at(stages, i), value_at(taken, k));
        if (!is_taken)
            value_list_push_take(&l, value_retain(value_at(stages, i)));
    }
    return value_array_take(&l);
}

/* Versions with `stages` taken from whoever had them. Who loses AWSCURRENT becomes AWSPREVIOUS; a
 * version without any stage is gone. */
static asl_value *without_stages(const asl_value *versions, const asl_value *stages)
{
    struct value_list l;
    bool moves_current = false;
    for (size_t i = 0; i < value_count(stages); i++)
        moves_current |= asl_text_is(value_as_text(value_at(stages, i)), current);
    asl_value *taken = value_retain(stages);
    if (moves_current)
        taken = value_append_take(taken, value_string_z(previous));
    value_list_init(&l);
    for (size_t i = 0; versions && i < value_count(versions); i++) {
        const asl_value *v = value_at(versions, i);
        asl_value *left = stages_without(model_get(v, "stages"), taken);
        if (moves_current && has_stage(v, asl_text(current)))
            left = value_append_take(left, value_string_z(previous));
        if (value_count(left))
            value_list_push_member_take(&l, value_retain(value_key_at(versions, i)),
                                        with_take(value_retain(v), "stages", value_retain(left)));
        value_release(left);
    }
    value_release(taken);
    return value_object_take(&l);
}

/* A new version of a (taken) secret with the request's value; `id` is its name. */
static asl_value *add_version_take(struct model_call *c, asl_value *secret, const char *id)
{
    struct value_list l;
    const asl_value *given = model_get(c->in, "VersionStages");
    asl_value *stages = given ? value_retain(given)
                              : value_append_take(value_empty_array(), value_string_z(current));
    value_list_init(&l);
    model_put_integer(&l, "created", local_now(c->local));
    value_list_set_take(&l, "stages", value_retain(stages));
    model_copy(&l, "SecretString", c->in);
    model_copy(&l, "SecretBinary", c->in);
    asl_value *versions = without_stages(model_get(secret, "versions"), stages);
    versions = with_take(versions, id, value_object_take(&l));
    secret = with_take(secret, "versions", versions);
    value_list_set_take(&c->out, "VersionStages", stages);
    return with_take(secret, "changed", value_integer(local_now(c->local)));
}

static void version_id(struct model_call *c, char id[65])
{
    struct asl_text token = model_text(c->in, "ClientRequestToken");
    if (token.size && token.size < 65) {
        memcpy(id, token.data, token.size);
        id[token.size] = '\0';
    } else
        model_uuid(id);
}

static bool has_value(const asl_value *in)
{
    return model_get(in, "SecretString") || model_get(in, "SecretBinary");
}

static void put_name(struct model_call *c, const asl_value *secret)
{
    model_copy(&c->out, "ARN", secret);
    model_copy(&c->out, "Name", secret);
}

/* ---- operations ---- */

static asl_value *new_secret(struct model_call *c, struct asl_text name)
{
    struct value_list l;
    struct asl_buffer rest, arn;
    char suffix[7];
    asl_buffer_init(&rest, 1024);
    asl_buffer_init(&arn, 2048);
    local_random(suffix, sizeof suffix, LETTERS);
    asl_buffer_printf(&rest, "secret:%.*s-%s", ASL_TEXT_ARGS(name), suffix);
    model_arn(c->local, "secretsmanager", asl_buffer_text(&rest), &arn);
    value_list_init(&l);
    model_put(&l, "Name", name);
    model_put(&l, "ARN", asl_buffer_text(&arn));
    model_copy(&l, "Description", c->in);
    model_copy(&l, "Tags", c->in);
    model_put_integer(&l, "created", local_now(c->local));
    model_put_integer(&l, "changed", local_now(c->local));
    value_list_set_take(&l, "versions", value_empty_object());
    asl_buffer_free(&rest);
    asl_buffer_free(&arn);
    return value_object_take(&l);
}

static bool create_secret(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "Name");
    char id[65];
    asl_value *old = document_get(c->db, KIND, name);
    bool is_dying = old && model_get(old, "deleted");
    value_release(old);
    if (is_dying)
        return model_refuse(c, "InvalidRequestException",
                            "You can't create this secret because a secret with this name is "
                            "already scheduled for deletion.");
    if (old)
        return model_refuse(c, "ResourceExistsException",
                            "The operation failed because the secret %.*s already exists.",
                            ASL_TEXT_ARGS(name));
    asl_value *secret = new_secret(c, name);
    put_name(c, secret);
    if (has_value(c->in)) {
        version_id(c, id);
        secret = add_version_take(c, secret, id);
        value_list_free(&c->out); /* CreateSecret tells no stages */
        put_name(c, secret);
        model_put_z(&c->out, "VersionId", id);
    }
    put_take(c, secret);
    return true;
}

static bool put_secret_value(struct model_call *c)
{
    char id[65];
    asl_value *secret = open_secret(c);
    if (!secret)
        return false;
    if (!has_value(c->in)) {
        value_release(secret);
        return model_refuse(c, "InvalidRequestException",
                            "You must provide either SecretString or SecretBinary.");
    }
    version_id(c, id);
    put_name(c, secret);
    model_put_z(&c->out, "VersionId", id);
    put_take(c, add_version_take(c, secret, id));
    return true;
}

static bool update_secret(struct model_call *c)
{
    char id[65];
    asl_value *secret = open_secret(c);
    const asl_value *description = model_get(c->in, "Description");
    if (!secret)
        return false;
    if (description)
        secret = with_take(secret, "Description", value_retain(description));
    if (has_value(c->in)) {
        version_id(c, id);
        secret = add_version_take(c, secret, id);
        value_list_free(&c->out);
        model_put_z(&c->out, "VersionId", id);
    }
    put_name(c, secret);
    put_take(c, secret);
    return true;
}

static bool get_secret_value(struct model_call *c)
{
    asl_value *secret = open_secret(c);
    if (!secret)
        return false;
    struct asl_text wanted = model_text(c->in, "VersionId"),
                    stage = model_text(c->in, "VersionStage");
    const asl_value *id = NULL, *v = NULL, *versions = model_get(secret, "versions");
    if (!stage.size)
        stage = asl_text(current);
    if (wanted.size) {
        size_t at = value_find(versions, wanted);
        id = at == SIZE_MAX ? NULL : value_key_at(versions, at);
        v = id ? value_at(versions, at) : NULL;
    } else
        v = version_with(secret, stage, &id);
    if (v) {
        put_name(c, secret);
        value_list_set_take(&c->out, "VersionId", value_retain(id));
        model_copy(&c->out, "SecretString", v);
        model_copy(&c->out, "SecretBinary", v);
        value_list_set_take(&c->out, "VersionStages", value_retain(model_get(v, "stages")));
        model_put_time(&c->out, "CreatedDate", model_integer(v, "created", 0));
    } else
        model_refuse(c, "ResourceNotFoundException",
                     "Secrets Manager can't find the specified secret value for %s: %.*s",
                     wanted.size ? "VersionId" : "staging label",
                     ASL_TEXT_ARGS(wanted.size ? wanted : stage));
    value_release(secret);
    return v != NULL;
}

static void put_description(struct value_list *l, const asl_value *secret, const char *stages_name)
{
    struct value_list stages;
    const asl_value *versions = model_get(secret, "versions");
    model_copy(l, "ARN", secret);
    model_copy(l, "Name", secret);
    model_copy(l, "Description", secret);
    model_copy(l, "Tags", secret);
    model_put_time(l, "CreatedDate", model_integer(secret, "created", 0));
    model_put_time(l, "LastChangedDate", model_integer(secret, "changed", 0));
    if (model_get(secret, "deleted"))
        model_put_time(l, "DeletedDate", model_integer(secret, "deleted", 0));
    value_list_init(&stages);
    for (size_t i = 0; versions && i < value_count(versions); i++)
        value_list_push_member_take(&stages, value_retain(value_key_at(versions, i)),
                                    value_retain(model_get(value_at(versions, i), "stages")));
    value_list_set_take(l, stages_name, value_object_take(&stages));
}

static bool describe_secret(struct model_call *c)
{
    asl_value *secret = find(c, model_text(c->in, "SecretId"));
    if (!secret)
        return model_refuse(c, "ResourceNotFoundException",
                            "Secrets Manager can't find the specified secret.");
    put_description(&c->out, secret, "VersionIdsToStages");
    value_release(secret);
    return true;
}

static bool list_secrets(struct model_call *c)
{
    struct asl_buffer key;
    struct value_list list;
    int64_t most = model_integer(c->in, "MaxResults", LISTED);
    if (model_get(c->in, "Filters"))
        return model_refuse(c, "NotImplemented", "Filters are not offered by this stand-in.");
    asl_buffer_init(&key, 1024);
    value_list_init(&list);
    asl_buffer_put_text(&key, model_text(c->in, "NextToken"));
    while ((int64_t)list.count < most &&
           document_next(c->db, KIND, ASL_TEXT(""), asl_buffer_text(&key), &key)) {
        struct value_list l;
        asl_value *secret = document_get(c->db, KIND, asl_buffer_text(&key));
        value_list_init(&l);
        if (!model_get(secret, "deleted") || model_flag(c->in, "IncludePlannedDeletion")) {
            put_description(&l, secret, "SecretVersionsToStages");
            value_list_push_take(&list, value_object_take(&l));
        }
        value_release(secret);
    }
    if ((int64_t)list.count == most)
        model_put(&c->out, "NextToken", asl_buffer_text(&key));
    value_list_set_take(&c->out, "SecretList", value_array_take(&list));
    asl_buffer_free(&key);
    return true;
}

static bool delete_secret(struct model_call *c)
{
    asl_value *secret = open_secret(c);
    int64_t days = model_integer(c->in, "RecoveryWindowInDays", 30), now = local_now(c->local);
    if (!secret)
        return false;
    bool at_once = model_flag(c->in, "ForceDeleteWithoutRecovery");
    int64_t when = at_once ? now : now + days * 86400000;
    put_name(c, secret);
    model_put_time(&c->out, "DeletionDate", when);
    if (at_once) {
        document_remove(c->db, KIND, model_text(secret, "Name"));
        value_release(secret);
    } else
        put_take(c, with_take(secret, "deleted", value_integer(when)));
    return true;
}

static bool restore_secret(struct model_call *c)
{
    asl_value *secret = find(c, model_text(c->in, "SecretId"));
    if (!secret)
        return model_refuse(c, "ResourceNotFoundException",
                            "Secrets Manager can't find the specified secret.");
    put_name(c, secret);
    put_take(c, with_take(secret, "deleted", value_null()));
    return true;
}

static const struct model_operation operations[] = {
    {"CreateSecret", create_secret},
    {"DeleteSecret", delete_secret},
    {"DescribeSecret", describe_secret},
    {"GetSecretValue", get_secret_value},
    {"ListSecrets", list_secrets},
    {"PutSecretValue", put_secret_value},
    {"RestoreSecret", restore_secret},
    {"UpdateSecret", update_secret},
    {0},
};

static const struct model_service model = {
    .arn_name = "secretsmanager",
    .error_space = "",
    .invalid = "ValidationException",
    .operations = operations,
};

const struct local_service local_secretsmanager = {.name = "secretsmanager", .model = &model};
