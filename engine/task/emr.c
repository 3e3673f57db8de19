/* The optimized EMR integration (facts 4.6): its actions are not called as the API's operations,
 * and take one cluster or step where those take lists.
 *
 * modifyInstanceFleetByName and modifyInstanceGroupByName look a name up first; they are not
 * offered. */
#include <string.h>

#include "job.h"
#include "table.h"
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

static asl_value *answer_cluster(asl_value *answer)
{
    return moved_take(answer, "JobFlowId", "JobFlowId", "ClusterId");
}

static asl_value *answer_step(asl_value *answer)
{
    return moved_take(answer, "StepIds", "StepIds[0]", "StepId");
}

static asl_value *answer_cancelled(asl_value *answer)
{
    return moved_take(answer, "CancelStepsInfoList", "CancelStepsInfoList[0]", "CancelStepsInfo");
}

static asl_value *shape_cluster(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_cluster(output);
}

static asl_value *shape_step(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_step(output);
}

static asl_value *shape_cancelled(struct service_task *t, asl_value *output)
{
    (void)t;
    return answer_cancelled(output);
}

/* ---- request-response ---- */

#define STYLE_WITH(hook)                                                                           \
    {                                                                                              \
        .prefix = "ElasticMapReduce", .service = "AmazonElasticMapReduce",                         \
        .base_error = "AmazonElasticMapReduceException", .metadata = true, .shape_take = hook      \
    }

static const struct action {
    const char *name, *operation;
    asl_value *(*map)(const asl_value *parameters);
    struct service_style style;
} actions[] = {
    {"createCluster", "runJobFlow", NULL, STYLE_WITH(shape_cluster)},
    {"terminateCluster", "terminateJobFlows", map_clusters, STYLE_WITH(NULL)},
    {"addStep", "addJobFlowSteps", map_step, STYLE_WITH(shape_step)},
    {"cancelStep", "cancelSteps", map_step_id, STYLE_WITH(shape_cancelled)},
    {"setClusterTerminationProtection", "setTerminationProtection", map_clusters, STYLE_WITH(NULL)},
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

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    const struct action *a = action_of(request->resource);
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
    *m = (struct connector_model){
        .service = "emr", .operation = a->operation, .style = &a->style, .map = a->map};
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
     .succeeded = "RUNNING WAITING TERMINATED",
     .failed = "TERMINATED_WITH_ERRORS",
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
    return job_start(shared, task, request, kind_of(request->resource), &plain_style);
}

static bool model_job(const struct resource *r, struct connector_model *m)
{
    const struct job_kind *kind = kind_of(r);
    *m = (struct connector_model){.service = "emr",
                                  .operation = kind->operation,
                                  .style = &plain_style,
                                  .map = kind->map,
                                  .job = kind};
    return true;
}

const struct connector connector_emr_job = {
    .name = "emr .sync",
    .takes = takes_job,
    .start = start_job,
    .cancel = job_cancel,
    .repeatable = repeatable,
    .stop = job_stop,
    .model = model_job,
};
