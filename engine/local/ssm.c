/* Systems Manager's parameters: a stand-in for Parameter Store.
 *
 * A parameter is a document: {"Name", "Type", "Description", "versions": [{"Version", "Value",
 * "modified"}]}, newest last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "model.h"

#define KIND             "ssm"
#define VERSIONS_MAXIMUM 100
#define VALUE_MAXIMUM    8192 /* of an advanced parameter */
#define PAGE             10

/* ---- finding ---- */

/* The name in "name", "name:3" or an ARN; the version is left in *version (0: the newest). */
static struct asl_text read_name(struct model_call *c, struct asl_text given, int64_t *version)
{
    struct asl_text name = given;
    *version = 0;
    if (!local_arn_is_here(c->local, given))
        return ASL_TEXT(""); /* which is nobody's name */
    if (asl_text_starts(name, "arn:")) {
        for (int colons = 0; name.size && colons < 5; name.data++, name.size--)
            colons += *name.data == ':';
        if (asl_text_starts(name, "parameter"))
            name = (struct asl_text){name.data + 9, name.size - 9};
    }
    const char *colon = memchr(name.data ? name.data : "", ':', name.size);
    if (colon) {
        *version = strtoll(colon + 1, NULL, 10);
        name.size = (size_t)(colon - name.data);
    }
    return name;
}

/* "/name" of an ARN may be "name". */
static asl_value *find(struct model_call *c, struct asl_text name)
{
    asl_value *found = document_get(c->db, KIND, name);
    if (!found && name.size > 1 && name.data[0] == '/')
        found = document_get(c->db, KIND, (struct asl_text){name.data + 1, name.size - 1});
    return found;
}

static const asl_value *version_of(const asl_value *parameter, int64_t wanted)
{
    const asl_value *versions = model_get(parameter, "versions");
    size_t count = versions ? value_count(versions) : 0;
    for (size_t i = count; i > 0; i--)
        if (!wanted || model_integer(value_at(versions, i - 1), "Version", 0) == wanted)
            return value_at(versions, i - 1);
    return NULL;
}

/* ---- showing ---- */

static void put_arn(struct model_call *c, struct value_list *l, struct asl_text name)
{
    struct asl_buffer rest, arn;
    asl_buffer_init(&rest, 2100);
    asl_buffer_init(&arn, 4096);
    asl_buffer_printf(&rest, "parameter%s%.*s", asl_text_starts(name, "/") ? "" : "/",
                      ASL_TEXT_ARGS(name));
    model_arn(c->local, "ssm", asl_buffer_text(&rest), &arn);
    model_put(l, "ARN", asl_buffer_text(&arn));
    asl_buffer_free(&rest);
    asl_buffer_free(&arn);
}

static void put_value(struct model_call *c, struct value_list *l, const asl_value *parameter,
                      const asl_value *version)
{
    struct asl_buffer hidden;
    struct asl_text value = model_text(version, "Value");
    asl_buffer_init(&hidden, 2 * VALUE_MAXIMUM);
    if (asl_text_is(model_text(parameter, "Type"), "SecureString") &&
        !model_flag(c->in, "WithDecryption")) {
        protocol_base64_encode(ASL_TEXT("encrypted: ask WithDecryption"), &hidden);
        value = asl_buffer_text(&hidden);
    }
    model_put(l, "Value", value);
    asl_buffer_free(&hidden);
}

static asl_value *show(struct model_call *c, const asl_value *parameter, const asl_value *version,
                       bool with_value)
{
    struct value_list l;
    value_list_init(&l);
    model_copy(&l, "Name", parameter);
    model_copy(&l, "Type", parameter);
    if (with_value)
        put_value(c, &l, parameter, version);
    else
        model_copy(&l, "Description", parameter);
    model_copy(&l, "Version", version);
    model_put_time(&l, "LastModifiedDate", model_integer(version, "modified", 0));
    put_arn(c, &l, model_text(parameter, "Name"));
    model_put_z(&l, "DataType", "text");
    return value_object_take(&l);
}

/* ---- operations ---- */

static bool get_parameter(struct model_call *c)
{
    int64_t wanted;
    struct asl_text name = read_name(c, model_text(c->in, "Name"), &wanted);
    asl_value *parameter = find(c, name);
    const asl_value *version = version_of(parameter, wanted);
    if (!parameter)
        return model_refuse(c, "ParameterNotFound", "Parameter %.*s not found.",
                            ASL_TEXT_ARGS(name));
    if (version)
        value_list_set_take(&c->out, "Parameter", show(c, parameter, version, true));
    else
        model_refuse(c, "ParameterVersionNotFound",
                     "Systems Manager could not find version %lld of %.*s. Verify the version and "
                     "try again.",
                     (long long)wanted, ASL_TEXT_ARGS(name));
    value_release(parameter);
    return version != NULL;
}

static bool get_parameters(struct model_call *c)
{
    struct value_list found, missing;
    const asl_value *names = model_get(c->in, "Names");
    value_list_init(&found);
    value_list_init(&missing);
    for (size_t i = 0; names && i < value_count(names); i++) {
        int64_t wanted;
        asl_value *parameter = find(c, read_name(c, value_as_text(value_at(names, i)), &wanted));
        const asl_value *version = version_of(parameter, wanted);
        if (version)
            value_list_push_take(&found, show(c, parameter, version, true));
        else
            value_list_push_take(&missing, value_retain(value_at(names, i)));
        value_release(parameter);
    }
    value_list_set_take(&c->out, "Parameters", value_array_take(&found));
    value_list_set_take(&c->out, "InvalidParameters", value_array_take(&missing));
    return true;
}

/* Directly below a path, or anywhere below it. */
static bool is_below(struct asl_text key, struct asl_text path, bool recursive)
{
    return recursive || !memchr(key.data + path.size, '/', key.size - path.size);
}

/* What lies behind NextToken and begins with `prefix`, a page of it. */
static void list(struct model_call *c, struct asl_text prefix, bool recursive, bool with_value,
                 int64_t most)
{
    struct asl_buffer key;
    struct value_list found;
    asl_buffer_init(&key, 4096);
    value_list_init(&found);
    asl_buffer_put_text(&key, model_text(c->in, "NextToken"));
    while ((int64_t)found.count < most &&
           document_next(c->db, KIND, prefix, asl_buffer_text(&key), &key)) {
        if (!is_below(asl_buffer_text(&key), prefix, recursive))
            continue;
        asl_value *parameter = document_get(c->db, KIND, asl_buffer_text(&key));
        value_list_push_take(&found, show(c, parameter, version_of(parameter, 0), with_value));
        value_release(parameter);
    }
    if ((int64_t)found.count == most)
        model_put(&c->out, "NextToken", asl_buffer_text(&key));
    value_list_set_take(&c->out, "Parameters", value_array_take(&found));
    asl_buffer_free(&key);
}

static bool get_parameters_by_path(struct model_call *c)
{
    struct asl_buffer path;
    struct asl_text given = model_text(c->in, "Path");
    if (!asl_text_starts(given, "/"))
        return model_refuse(c, "ValidationException",
                            "The parameter doesn't meet the parameter name requirements. The "
                            "parameter name must begin with a forward slash \"/\".");
    if (model_get(c->in, "ParameterFilters"))
        return model_refuse(c, "NotImplemented",
                            "ParameterFilters are not offered by this stand-in.");
    asl_buffer_init(&path, 4096);
    asl_buffer_put_text(&path, given);
    if (!asl_text_ends(given, "/"))
        asl_buffer_putc(&path, '/');
    list(c, asl_buffer_text(&path), model_flag(c->in, "Recursive"), true,
         model_integer(c->in, "MaxResults", PAGE));
    asl_buffer_free(&path);
    return true;
}

static bool describe_parameters(struct model_call *c)
{
    if (model_get(c->in, "ParameterFilters") || model_get(c->in, "Filters"))
        return model_refuse(c, "NotImplemented", "Filters are not offered by this stand-in.");
    list(c, ASL_TEXT(""), true, false, model_integer(c->in, "MaxResults", 50));
    return true;
}

/* The versions of a parameter and one more, the oldest dropped beyond AWS's limit. */
static asl_value *one_more_version(struct model_call *c, const asl_value *old, int64_t *number)
{
    struct value_list all, l;
    const asl_value *versions = model_get(old, "versions");
    size_t count = versions ? value_count(versions) : 0;
    value_list_init(&all);
    for (size_t i = count >= VERSIONS_MAXIMUM; i < count; i++)
        value_list_push_take(&all, value_retain(value_at(versions, i)));
    *number = count ? model_integer(value_at(versions, count - 1), "Version", 0) + 1 : 1;
    value_list_init(&l);
    model_put_integer(&l, "Version", *number);
    model_copy(&l, "Value", c->in);
    model_put_integer(&l, "modified", local_now(c->local));
    value_list_push_take(&all, value_object_take(&l));
    return value_array_take(&all);
}

static bool check_put(struct model_call *c, const asl_value *old)
{
    if (old && !model_flag(c->in, "Overwrite"))
        return model_refuse(c, "ParameterAlreadyExists",
                            "The parameter already exists. To overwrite this value, set the "
                            "overwrite option in the request to true.");
    if (!old && !model_get(c->in, "Type"))
        return model_refuse(c, "ValidationException",
                            "A parameter type is required when you create a parameter.");
    if (model_text(c->in, "Value").size == 0 || model_text(c->in, "Value").size > VALUE_MAXIMUM)
        return model_refuse(c, "ValidationException", "A parameter's value has 1 to %d characters.",
                            VALUE_MAXIMUM);
    return true;
}

static bool put_parameter(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "Name");
    asl_value *old = document_get(c->db, KIND, name);
    int64_t number;
    bool is_fine = check_put(c, old);
    if (is_fine) {
        struct value_list l;
        value_list_init(&l);
        model_put(&l, "Name", name);
        model_copy(&l, "Type", model_get(c->in, "Type") ? c->in : old);
        model_copy(&l, "Description", model_get(c->in, "Description") ? c->in : old);
        value_list_set_take(&l, "versions", one_more_version(c, old, &number));
        asl_value *parameter = value_object_take(&l);
        document_put(c->db, KIND, name, parameter);
        value_release(parameter);
        model_put_integer(&c->out, "Version", number);
        model_put_z(&c->out, "Tier", "Standard");
    }
    value_release(old);
    return is_fine;
}

static bool remove_one(struct model_call *c, struct asl_text name)
{
    asl_value *old = document_get(c->db, KIND, name);
    document_remove(c->db, KIND, name);
    value_release(old);
    return old != NULL;
}

static bool delete_parameter(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "Name");
    return remove_one(c, name) ||
           model_refuse(c, "ParameterNotFound", "Parameter %.*s not found.", ASL_TEXT_ARGS(name));
}

static bool delete_parameters(struct model_call *c)
{
    struct value_list gone, missing;
    const asl_value *names = model_get(c->in, "Names");
    value_list_init(&gone);
    value_list_init(&missing);
    for (size_t i = 0; names && i < value_count(names); i++)
        value_list_push_take(remove_one(c, value_as_text(value_at(names, i))) ? &gone : &missing,
                             value_retain(value_at(names, i)));
    value_list_set_take(&c->out, "DeletedParameters", value_array_take(&gone));
    value_list_set_take(&c->out, "InvalidParameters", value_array_take(&missing));
    return true;
}

static const struct model_operation operations[] = {
    {"DeleteParameter", delete_parameter},
    {"DeleteParameters", delete_parameters},
    {"DescribeParameters", describe_parameters},
    {"GetParameter", get_parameter},
    {"GetParameters", get_parameters},
    {"GetParametersByPath", get_parameters_by_path},
    {"PutParameter", put_parameter},
    {0},
};

static const struct model_service model = {
    .arn_name = "ssm",
    .error_space = "",
    .invalid = "ValidationException",
    .operations = operations,
};

const struct local_service local_ssm = {.name = "ssm", .model = &model};
