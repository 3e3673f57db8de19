/* From a resource to the shape of its result, and from its service to the errors it can give.
 *
 * Which operation a resource stands for is told by its connector (struct connector_model); the walk
 * over the shape and its words are constraint.c's.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "engine/task/connector.h"
#include "engine/task/job.h"
#include "engine/task/words.h"

bool mock_mode_named(struct asl_text name, enum mock_mode *mode)
{
    static const char *const names[] = {"STRICT", "PRESENT", "NONE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (asl_text_is(name, names[i])) {
            *mode = (enum mock_mode)i;
            return true;
        }
    return false;
}

/* ---- what a resource stands for ---- */

struct target {
    struct connector_model model;
    const struct catalogue_service *service;
    const struct catalogue_operation *operation;
};

/* False: no model describes it. */
static bool find_target(struct catalogue *catalogue, const struct resource *resource,
                        struct target *t)
{
    const struct connector *c = connector_for(resource);
    if (resource->pattern == TASK_CALLBACK || !c || !c->model || !c->model(resource, &t->model))
        return false;
    t->service = catalogue_service(catalogue, asl_text(t->model.service));
    t->operation =
        t->service ? catalogue_operation(t->service, asl_text(t->model.operation)) : NULL;
    return t->operation != NULL;
}

static enum protocol_names names_of(const struct target *t)
{
    return t->model.style->prefix ? PROTOCOL_V1 : PROTOCOL_STATES;
}

/* The shape at a path as job.h writes it ("", "JobRun", "Jobs[0]"), or NULL. */
static const struct catalogue_shape *shape_at(const struct target *t,
                                              const struct catalogue_shape *s, const char *path)
{
    struct asl_text name = {path, strcspn(path, "[")};
    if (!s || name.size == 0)
        return s;
    const struct catalogue_member *m = catalogue_member_spelt(t->service, s, name);
    const struct catalogue_shape *found = m ? m->shape : NULL;
    if (found && path[name.size] == '[')
        found = found->type == CATALOGUE_LIST ? found->members[0].shape : NULL;
    return found && found->type == CATALOGUE_STRUCTURE ? found : NULL;
}

/* Of the whole result, or of its one member `*wrap`. */
static const struct catalogue_shape *result_shape(const struct target *t, const char **wrap)
{
    const struct job_kind *job = t->model.job;
    const struct catalogue_shape *answer = t->operation->output.shape;
    *wrap = NULL;
    if (!job)
        return answer;
    if (job->gives_answer) /* an empty one gets members that no model has */
        return answer && answer->member_count > 0 ? answer : NULL;
    const struct catalogue_operation *describe =
        catalogue_operation(t->service, asl_text(job->describe));
    *wrap = job->wrap;
    return describe ? shape_at(t, describe->output.shape, job->object) : NULL;
}

static bool refuse(struct asl_buffer *message, const char *words)
{
    asl_buffer_puts(message, words);
    return false;
}

bool mock_check_result(struct constraint_checker *checker, struct catalogue *catalogue,
                       const struct resource *resource, enum mock_mode mode,
                       const asl_value *result, struct asl_buffer *message)
{
    struct target t;
    const char *wrap;
    asl_buffer_clear(message);
    if (mode == MOCK_NONE || !find_target(catalogue, resource, &t))
        return true;
    const struct catalogue_shape *shape = result_shape(&t, &wrap);
    if (!shape)
        return true;
    if (value_kind(result) != VALUE_OBJECT)
        return refuse(message, "Mocked result must be a JSON object.");
    const asl_value *object = wrap ? value_get_z(result, wrap) : result;
    if (!object && mode == MOCK_PRESENT)
        return true;
    if (!object || value_kind(object) != VALUE_OBJECT) {
        asl_buffer_printf(message,
                          object ? "Mock result schema validation error: Field '%s' must be an "
                                   "object"
                                 : "Mock result schema validation error: Required field '%s' is "
                                   "missing",
                          wrap);
        return false;
    }
    return constraint_check_mock(checker, t.service, shape, names_of(&t), mode == MOCK_STRICT,
                                 t.model.any, object, message);
}

/* ---- errors ---- */

/* What Step Functions itself can say of any task. */
static const char *const own_errors[] = {
    "States.TaskFailed",           "States.Timeout", "States.HeartbeatTimeout",
    "States.Permissions",          "States.Runtime", "States.DataLimitExceeded",
    "States.QueryEvaluationError",
};

/* Of HTTP answers: "States.Http.StatusCode.404", "ApiGateway.403". NULL: the resource has none. */
static const char *web_errors(const struct resource *r)
{
    return strcmp(r->type, "http") == 0         ? "States.Http."
           : strcmp(r->type, "apigateway") == 0 ? "ApiGateway."
                                                : NULL;
}

/* Names are chosen by those who write the function, the worker or whoever holds the token. */
static bool is_free(const struct resource *r)
{
    return r->family != TASK_SERVICE || r->pattern == TASK_CALLBACK ||
           strcmp(r->type, "lambda") == 0;
}

struct search {
    struct asl_text wanted;
    bool found;
    size_t distance; /* of `nearest` */
    char nearest[256];
};

static bool holds(const char *name, struct asl_text part)
{
    struct asl_text all = asl_text(name);
    return part.size > 0 && memmem(all.data, all.size, part.data, part.size) != NULL;
}

static void consider(struct search *s, const char *name)
{
    size_t d = catalogue_word_distance(s->wanted, name);
    if (asl_text_is(s->wanted, name))
        s->found = true;
    if (holds(name, s->wanted)) /* cut short: NoSuchKey for S3.NoSuchKeyException */
        d = 1;
    if (d < s->distance) {
        s->distance = d;
        snprintf(s->nearest, sizeof s->nearest, "%s", name);
    }
}

static void consider_service(struct search *s, const struct target *t)
{
    const struct words_about about = {.style = t->model.style, .operation = t->operation};
    struct asl_buffer name;
    asl_buffer_init(&name, 1024);
    for (uint32_t i = 0; i <= t->service->exception_count; i++) {
        const struct catalogue_shape *e =
            i < t->service->exception_count ? t->service->exceptions[i] : NULL;
        asl_buffer_clear(&name);
        words_put_error(&about, e ? e->error_code ? e->error_code : e->name : "", &name);
        consider(s, name.data);
    }
    asl_buffer_clear(&name);
    asl_buffer_printf(&name, "%s.SdkClientException",
                      t->model.style->prefix ? t->model.style->prefix : t->service->error_prefix);
    consider(s, name.data);
    asl_buffer_free(&name);
}

bool mock_check_error(struct catalogue *catalogue, const struct resource *resource,
                      struct asl_text error, struct asl_buffer *message)
{
    struct target t;
    struct search s = {.wanted = error, .distance = SIZE_MAX};
    asl_buffer_clear(message);
    for (size_t i = 0; i < sizeof own_errors / sizeof *own_errors; i++)
        consider(&s, own_errors[i]);
    const char *web = web_errors(resource);
    if (s.found || is_free(resource) || (web && asl_text_starts(error, web)))
        return true;
    if (find_target(catalogue, resource, &t))
        consider_service(&s, &t);
    else if (!web)
        return true;
    if (s.found)
        return true;
    asl_buffer_printf(message, "%s never fails with the error '%.*s'", resource->arn,
                      ASL_TEXT_ARGS(error));
    if (s.distance <= (error.size + 2) / 3)
        asl_buffer_printf(message, "; did you mean '%s'?", s.nearest);
    else if (web)
        asl_buffer_printf(message, "; its errors are named like '%s...'", web);
    else
        asl_buffer_printf(message, "; its errors are named like '%s'", s.nearest);
    return false;
}
