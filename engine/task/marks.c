/* See marks.h. What a parameter holds that is not of its kind is left for the service to refuse. */
#include "marks.h"

#define MANAGED "MANAGED_BY_AWS"
#define BY_US   "STARTED_BY_STEP_FUNCTIONS"

static asl_value *pair(const char *first, const char *key, const char *value)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, first, value_string_z(key));
    value_list_set_take(&l, "Value", value_string_z(value));
    return value_object_take(&l);
}

/* A member that may be left out, of that kind; NULL: it is of another. Yours. */
static asl_value *member(const asl_value *object, const char *name, asl_value *empty_take)
{
    const asl_value *given = value_get_z(object, name);
    asl_value *found = given ? value_retain(given) : value_retain(empty_take);
    bool fits = value_kind(found) == value_kind(empty_take);
    value_release(empty_take);
    if (fits)
        return found;
    value_release(found);
    return NULL;
}

static asl_value *with(asl_value *object_take, const char *name, asl_value *value_taken)
{
    return value_with_take(object_take, value_string_z(name), value_taken);
}

asl_value *marks_ecs(asl_value *p, const struct task_request *request)
{
    (void)request;
    return value_get_z(p, "StartedBy") ? p
                                       : with(p, "StartedBy", value_string_z("AWS Step Functions"));
}

asl_value *marks_batch(asl_value *p, const struct task_request *request)
{
    static const char *const others[] = {"NodeOverrides", "EcsPropertiesOverride",
                                         "EksPropertiesOverride"};
    (void)request;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (value_get_z(p, others[i]))
            return p;
    asl_value *overrides = member(p, "ContainerOverrides", value_empty_object());
    asl_value *variables = overrides ? member(overrides, "Environment", value_empty_array()) : NULL;
    if (!variables) {
        value_release(overrides);
        return p;
    }
    variables = value_append_take(variables, pair("Name", MANAGED, BY_US));
    return with(p, "ContainerOverrides", with(overrides, "Environment", variables));
}

asl_value *marks_sagemaker(asl_value *p, const struct task_request *request)
{
    asl_value *tags =
        request->resource->pattern == TASK_SYNC ? member(p, "Tags", value_empty_array()) : NULL;
    if (!tags)
        return p;
    tags = value_append_take(tags, pair("Key", MANAGED, BY_US));
    if (request->execution_arn)
        tags = value_append_take(
            tags, pair("Key", "AWS_STEP_FUNCTIONS_EXECUTION_ARN", request->execution_arn));
    return with(p, "Tags", tags);
}

asl_value *marks_mediaconvert(asl_value *p, const struct task_request *request)
{
    asl_value *tags = member(p, "Tags", value_empty_object());
    (void)request;
    if (!tags)
        return p;
    return with(p, "Tags", with(tags, "ManagedByService", value_string_z("AWSStepFunctions")));
}
