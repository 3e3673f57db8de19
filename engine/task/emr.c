/* The optimized EMR integration (facts 4.6): its actions are not called as the API's operations,
 * and take one cluster or step where those take lists. modifyInstanceFleetByName and
 * modifyInstanceGroupByName look the name up first: the API knows ids only. */
#include <string.h>

#include "job.h"
#include "table.h"
#include "web.h"
#include "words.h"

#define TYPE "elasticmapreduce"

static const struct service_style plain_style = {
    .prefix = "ElasticMapReduce",
    .service = "AmazonElasticMapReduce",
    .base_error = "AmazonElasticMapReduceException",
    .metadata = true,
};

/* ---- parameters ---- */

/* `from` becomes `to`, in a list of one when `to` ends in "[]"; the rest stays. */
struct renaming {
    const char *from, *to;
};

static void put_renamed(const struct renaming *r, asl_value *value, struct value_list *out)
{
    struct asl_text to = asl_text(r->to);
    if (asl_text_ends(to, "[]")) {
        to.size -= strlen("[]");
        value = value_append_take(value_empty_array(), value);
    }
    value_list_push_member_take(out, value_string(to), value);
}

static asl_value *renamed(const asl_value *p, const struct renaming *list, size_t count)
{
    struct value_list out;
    if (!p || value_kind(p) != VALUE_OBJECT)
        return p ? value_retain(p) : value_empty_object();
    value_list_init(&out);
    for (size_t i = 0; i < value_count(p); i++) {
        const asl_value *key = value_key_at(p, i);
        const struct renaming *found = NULL;
        for (size_t j = 0; j < count; j++)
            if (asl_text_is(value_as_text(key), list[j].from))
                found = &list[j];
        if (found)
            put_renamed(found, value_retain(value_at(p, i)), &out);
        else
            value_list_push_member_take(&out, value_retain(key), value_retain(value_at(p, i)));
    }
    return value_object_take(&out);
}

static asl_value *map_step(const asl_value *p)
{
    static const struct renaming names[] = {{"ClusterId", "JobFlowId"}, {"Step", "Steps[]"}};
    return renamed(p, names, 2);
}

static asl_value *map_step_id(const asl_value *p)
{
    static const struct renaming names[] = {{"StepId", "StepIds[]"}};
    return renamed(p, names, 1);
}

static asl_value *map_clusters(const asl_value *p)
{
    static const struct renaming names[] = {{"ClusterId", "JobFlowIds[]"}};
    return renamed(p, names, 1);
}

/* ---- answers ---- */

/* A member, or the first of a list, moved up under another name. */
static asl_value *moved_take(asl_value *answer, const char *from, const char *path, const char *to)
{
    struct value_list out;
    const asl_value *found = job_find(answer, path);
    value_list_init(&out);
    for (size_t i = 0; i < value_count(answer); i++)
        if (!asl_text_is(value_as_text(value_key_at(answer, i)), from))
            value_list_push_member_take(&out, value_retain(value_key_at(answer, i)),
                                        value_retain(value_at(answer, i)));
    if (found)
        value_list_set_take(&out, to, value_retain(found));
    value_release(answer);
    return words_sorted_take(value_object_take(&out));
}

static asl_value *answer_cluster(asl_value *answer, const asl_value *parameters)
{
    (void)parameters;
    return moved_take(answer, "JobFlowId", "JobFlowId", "ClusterId");
}

static asl_value *answer_step(asl_value *answer, const asl_value *parameters)
{
    (void)parameters;
    return moved_take(answer, "StepIds", "StepIds[0]", "StepId");
}

static asl_value *answer_cancelled(asl_value *answer)
{
    return moved_take(answer, "CancelStepsInfoList", "CancelStepsInfoList[0]", "CancelStepsInfo");
}

static asl_value *shape_cluster(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_cluster(output, NULL);
}

static asl_value *shape_step(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_step(output, NULL);
}

static asl_value *shape_cancelled(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_cancelled(output);
}

/* ---- fleets and groups by name ---- */

/* What the two differ in. */
struct named {
    const char *list;   /* member of the list's answer */
    const char *name;   /* parameter that holds the name */
    const char *config; /* parameter that holds what is to change; and the API's own */
    const char *id;     /* the config's member that the API wants */
    const char *sent;   /* the API's member for the config; ends in "[]": a list of one */
    const char *what;   /* for people */
};
static const struct named fleets = {
    "InstanceFleets",  "InstanceFleetName", "InstanceFleet",
    "InstanceFleetId", "InstanceFleet",     "instance fleet",
};
static const struct named groups = {
    "InstanceGroups",  "InstanceGroupName", "InstanceGroup",
    "InstanceGroupId", "InstanceGroups[]",  "instance group",
};

static asl_value *ask_page(const asl_value *given, const asl_value *last)
{
    struct value_list out;
    const asl_value *cluster = value_get_z(given, "ClusterId");
    const asl_value *marker = last ? value_get_z(last, "Marker") : NULL;
    if (last && !marker)
        return NULL;
    value_list_init(&out);
    if (cluster)
        value_list_set_take(&out, "ClusterId", value_retain(cluster));
    if (marker)
        value_list_set_take(&out, "Marker", value_retain(marker));
    return value_object_take(&out);
}

static asl_value *modification(const struct named *n, const asl_value *given, const asl_value *id)
{
    static const struct renaming nothing[] = {{"", ""}};
    struct value_list out;
    asl_value *config = value_with_take(renamed(value_get_z(given, n->config), nothing, 1),
                                        value_string_z(n->id), value_retain(id));
    struct renaming to = {n->config, n->sent};
    value_list_init(&out);
    value_list_set_take(&out, "ClusterId", value_retain(value_get_z(given, "ClusterId")));
    put_renamed(&to, config, &out);
    return value_object_take(&out);
}

static asl_value *find(const struct named *n, const asl_value *given, const asl_value *answer)
{
    const asl_value *list = value_get_z(answer, n->list);
    for (size_t i = 0; list && i < value_count(list); i++) {
        const asl_value *name = value_get_z(value_at(list, i), "Name");
        const asl_value *id = value_get_z(value_at(list, i), "Id");
        if (name && id && value_equal(name, value_get_z(given, n->name)))
            return modification(n, given, id);
    }
    return NULL;
}

static void tell_missed(const struct named *n, const asl_value *given, struct asl_buffer *cause)
{
    asl_buffer_printf(cause, "The cluster %s has no %s of the name '%s'",
                      web_text(given, "ClusterId"), n->what, web_text(given, n->name));
}

static asl_value *find_fleet(const asl_value *given, const asl_value *answer)
{
    return find(&fleets, given, answer);
}

static asl_value *find_group(const asl_value *given, const asl_value *answer)
{
    return find(&groups, given, answer);
}

static void miss_fleet(const asl_value *given, struct asl_buffer *cause)
{
    tell_missed(&fleets, given, cause);
}

static void miss_group(const asl_value *given, struct asl_buffer *cause)
{
    tell_missed(&groups, given, cause);
}

#define NOT_FOUND "ElasticMapReduce.InvalidRequestException"
static const struct service_lookup fleet_lookup = {
    "emr", "listInstanceFleets", NULL, ask_page, find_fleet, NOT_FOUND, miss_fleet,
};
static const struct service_lookup group_lookup = {
    "emr", "listInstanceGroups", NULL, ask_page, find_group, NOT_FOUND, miss_group,
};

static const struct web_field fleet_fields[] = {
    {"ClusterId", WEB_STRING, true},
    {"InstanceFleetName", WEB_STRING, true},
    {"InstanceFleet", WEB_ANY, true},
};
static const struct web_field group_fields[] = {
    {"ClusterId", WEB_STRING, true},
    {"InstanceGroupName", WEB_STRING, true},
    {"InstanceGroup", WEB_ANY, true},
};

/* ---- what the integration's page asks of parameters ---- */

static bool fits_fields(const asl_value *p, const struct web_field *fields, size_t count,
                        struct asl_buffer *problems)
{
    if (p && value_kind(p) == VALUE_OBJECT)
        return web_check(p, fields, count, problems);
    asl_buffer_puts(problems, "The Parameters must be a JSON object");
    return false;
}

static const asl_value *member(const asl_value *object, const char *name)
{
    return object && value_kind(object) == VALUE_OBJECT ? value_get_z(object, name) : NULL;
}

static bool refuses(const asl_value *object, const char *name, struct asl_buffer *problems)
{
    if (member(object, name))
        asl_buffer_printf(problems, "%sThe field \"%s\" is not supported by Step Functions",
                          problems->size > 0 ? ", " : "", name);
    return member(object, name) != NULL;
}

/* "KeepJobFlowAliveWhenNoSteps is mandatory, and must have the Boolean value TRUE. The field Steps
 * is not allowed." Without instances it is the model that objects. */
static bool fits_cluster(const asl_value *p, struct asl_buffer *problems)
{
    static const char name[] = "KeepJobFlowAliveWhenNoSteps";
    const asl_value *instances = member(p, "Instances");
    const asl_value *keeps = member(instances, name);
    if (instances && value_kind(instances) == VALUE_OBJECT && !keeps)
        asl_buffer_printf(problems, "The field \"%s\" is required but was missing", name);
    else if (keeps && !value_is_true(keeps))
        asl_buffer_printf(problems, "The value of the field '%s' must be true", name);
    refuses(p, "Steps", problems);
    return problems->size == 0;
}

#define COUNT(fields) sizeof fields / sizeof *fields

static bool fits_fleet(const asl_value *p, struct asl_buffer *problems)
{
    return fits_fields(p, fleet_fields, COUNT(fleet_fields), problems) &&
           !refuses(member(p, "InstanceFleet"), "InstanceFleetId", problems);
}

static bool fits_group(const asl_value *p, struct asl_buffer *problems)
{
    return fits_fields(p, group_fields, COUNT(group_fields), problems) &&
           !refuses(member(p, "InstanceGroup"), "InstanceGroupId", problems);
}

/* ---- request-response ---- */

#define STYLE_LOOKING(hook, first)                                                                 \
    {                                                                                              \
        .prefix = "ElasticMapReduce", .service = "AmazonElasticMapReduce",                         \
        .base_error = "AmazonElasticMapReduceException", .metadata = true, .shape_take = hook,     \
        .lookup = first                                                                            \
    }
#define STYLE_WITH(hook) STYLE_LOOKING(hook, NULL)

static const struct action {
    const char *name, *operation;
    asl_value *(*map)(const asl_value *parameters);
    struct service_style style;
    bool (*fits)(const asl_value *parameters,
                 struct asl_buffer *problems); /* NULL: the model's check does */
} actions[] = {
    {"createCluster", "runJobFlow", NULL, STYLE_WITH(shape_cluster), fits_cluster},
    {"terminateCluster", "terminateJobFlows", map_clusters, STYLE_WITH(NULL), NULL},
    {"addStep", "addJobFlowSteps", map_step, STYLE_WITH(shape_step), NULL},
    {"cancelStep", "cancelSteps", map_step_id, STYLE_WITH(shape_cancelled), NULL},
    {"setClusterTerminationProtection", "setTerminationProtection", map_clusters, STYLE_WITH(NULL),
     NULL},
    {"modifyInstanceFleetByName", "modifyInstanceFleet", NULL, STYLE_LOOKING(NULL, &fleet_lookup),
     fits_fleet},
    {"modifyInstanceGroupByName", "modifyInstanceGroups", NULL, STYLE_LOOKING(NULL, &group_lookup),
     fits_group},
};

static const struct action *action_of(const struct resource *r)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, r->action) == 0)
            return &actions[i];
    return NULL;
}

static bool takes(const struct resource *r)
{
    return strcmp(r->type, TYPE) == 0 && r->pattern == TASK_REQUEST_RESPONSE && action_of(r);
}

/* NULL: they are as they must be. */
static void *refuse(const struct connectors *shared, struct task *task,
                    const struct task_request *request)
{
    const struct action *a = action_of(request->resource);
    struct asl_buffer problems;
    void *handle = NULL;
    asl_buffer_init(&problems, 8192);
    if (a->fits && !a->fits(request->parameters, &problems))
        handle = service_refuse(shared, task, request, problems.data);
    asl_buffer_free(&problems);
    return handle;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const struct action *a = action_of(request->resource);
    void *refusal = refuse(shared, task, request);
    if (refusal)
        return refusal;
    asl_value *sent = a->map ? a->map(request->parameters) : NULL;
    void *handle = service_start(shared, task, request, &a->style,
                                 service_operation(shared, "emr", a->operation),
                                 sent ? sent : request->parameters);
    value_release(sent);
    return handle;
}

/* Ending what has ended changes nothing; a cluster or step started twice does. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    (void)shared;
    return strcmp(request->resource->action, "createCluster") != 0 &&
           strcmp(request->resource->action, "addStep") != 0;
}

static bool model(const struct resource *r, struct connector_model *m)
{
    const struct action *a = action_of(r);
    *m = (struct connector_model){.service = "emr",
                                  .operation = a->operation,
                                  .style = &a->style,
                                  .fits = a->fits,
                                  .map = a->map};
    return true;
}

const struct connector connector_emr = {
    .name = "emr",
    .takes = takes,
    .start = start,
    .cancel = service_cancel,
    .repeatable = repeatable,
    .model = model,
};

/* ---- .sync ---- */

static const struct job_kind kinds[] = {
    {.type = TYPE,
     .action = "createCluster",
     .service = "emr",
     .operation = "runJobFlow",
     .describe = "describeCluster",
     .keys = {{"ClusterId", "ClusterId", JOB_OF_ANSWER}},
     .object = "Cluster",
     .wrap = "Cluster",
     .adds_answer = true,
     .status = "Status.State",
     .succeeded = "WAITING", /* "waits for the cluster to reach the WAITING state" */
     .failed = "TERMINATED TERMINATED_WITH_ERRORS",
     .answer_take = answer_cluster},
    {.type = TYPE,
     .action = "terminateCluster",
     .service = "emr",
     .operation = "terminateJobFlows",
     .map = map_clusters,
     .describe = "describeCluster",
     .keys = {{"ClusterId", "ClusterId", JOB_OF_PARAMETERS}},
     .object = "Cluster",
     .wrap = "Cluster",
     .status = "Status.State",
     .succeeded = "TERMINATED TERMINATED_WITH_ERRORS",
     .failed = ""},
    {.type = TYPE,
     .action = "addStep",
     .service = "emr",
     .operation = "addJobFlowSteps",
     .map = map_step,
     .describe = "describeStep",
     .stop = "cancelSteps",
     .keys = {{"ClusterId", "ClusterId", JOB_OF_PARAMETERS}, {"StepId", "StepId", JOB_OF_ANSWER}},
     .stop_keys = {{"ClusterId", "ClusterId", JOB_OF_PARAMETERS},
                   {"StepIds[]", "StepId", JOB_OF_ANSWER}},
     .object = "Step",
     .wrap = "Step",
     .status = "Status.State",
     .succeeded = "COMPLETED",
     .failed = "CANCELLED FAILED INTERRUPTED",
     .answer_take = answer_step},
};

static const struct job_kind *kind_of(const struct resource *r)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].action, r->action) == 0)
            return &kinds[i];
    return NULL;
}

static bool takes_job(const struct resource *r)
{
    return strcmp(r->type, TYPE) == 0 && r->pattern == TASK_SYNC && kind_of(r);
}

static void *start_job(const struct connectors *shared, struct task *task,
                       const struct task_request *request)
{
    void *refusal = refuse(shared, task, request);
    return refusal ? refusal
                   : job_start(shared, task, request, kind_of(request->resource), &plain_style);
}

/* What was refused at its start is no job. */
static void stop(void *handle)
{
    if (((struct service_handle *)handle)->cancel == job_cancel)
        job_stop(handle);
    else
        service_cancel_any(handle);
}

static bool model_job(const struct resource *r, struct connector_model *m)
{
    const struct job_kind *kind = kind_of(r);
    *m = (struct connector_model){.service = "emr",
                                  .operation = kind->operation,
                                  .style = &plain_style,
                                  .fits = action_of(r)->fits,
                                  .map = kind->map,
                                  .job = kind};
    return true;
}

const struct connector connector_emr_job = {
    .name = "emr .sync",
    .takes = takes_job,
    .start = start_job,
    .cancel = service_cancel_any,
    .repeatable = repeatable,
    .stop = stop,
    .model = model_job,
};
