/* eks:runJob.sync: a Kubernetes job is made, asked after until it is complete or has failed, and
 * its logs are fetched when LogOptions.RetrieveLogs asks for them; see eks.h.
 *
 *   SUBMITTING -> POLLING <-timer-> ASKING -ended-> [LISTING pods -> READING a log each] -> report
 *
 * Logs are best effort: what cannot be read is shown as {error, cause} in its place. */
#include "eks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/sigv4.h"
#include "engine/loop/loop.h"
#include "words.h"

/* AWS asks once a minute at first; somebody may be waiting here. */
#define FIRST_MS   1000
#define LONGEST_MS 30000
#define PATIENCE   10
/* Containers whose logs are read, one after the other. */
#define CONTAINERS_MAXIMUM 1000

struct eks_job {
    struct service_handle handle;
    const struct connectors *shared;
    struct task *task;
    struct eks_cluster cluster;
    asl_value *parameters;
    bool again, reported;
    char *path; /* of the job: ".../jobs/<name>" */
    char *name;
    struct aws_raw_call *call;
    struct loop_timer *timer;
    int64_t wait_ms;
    size_t failures;
    asl_value *job; /* as it was shown last */
    bool failed;
    /* logs */
    asl_value *containers; /* [[pod, container], ...] */
    size_t next;
    asl_value *pods; /* {pod: {containers: {name: {log}}}} */
};

static void job_free(struct eks_job *j)
{
    loop_timer_free(j->timer);
    eks_free(&j->cluster);
    value_release(j->parameters);
    value_release(j->job);
    value_release(j->containers);
    value_release(j->pods);
    free(j->path);
    free(j->name);
    free(j);
}

static void cancel(void *handle)
{
    struct eks_job *j = handle;
    if (j->call)
        aws_raw_cancel(j->call);
    job_free(j);
}

static void ask(struct eks_job *j, const char *path,
                void (*done)(void *state, const struct http_answer *answer))
{
    j->call = eks_send(&j->cluster, j->shared, "GET", path, ASL_TEXT(""), done, j);
}

static asl_value *json_of(const struct http_answer *a)
{
    struct value_error error;
    asl_value *v = value_parse(asl_buffer_text(&a->body), 0, 0, &error);
    return v ? v : value_empty_object();
}

/* ---- the end ---- */

static void report(struct eks_job *j)
{
    asl_value *result = value_retain(j->job);
    struct asl_buffer cause;
    if (j->pods) {
        struct value_list logs;
        value_list_init(&logs);
        value_list_set_take(&logs, "pods", value_retain(j->pods));
        result = value_with_take(result, value_string_z("logs"), value_object_take(&logs));
    }
    if (j->failed) {
        asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
        value_print(result, &cause);
        task_report_failed(j->task, ASL_TEXT("States.TaskFailed"),
                           words_cut(asl_buffer_text(&cause)));
        asl_buffer_free(&cause);
    } else {
        task_report_succeeded(j->task, result);
    }
    value_release(result);
    job_free(j);
}

/* ---- logs ---- */

static const asl_value *log_option(const struct eks_job *j, const char *name)
{
    const asl_value *options = value_get_z(j->parameters, "LogOptions");
    return options ? value_get_z(options, name) : NULL;
}

static bool is_asked(const struct eks_job *j, const char *option)
{
    const asl_value *v = log_option(j, option);
    return v && value_is_true(v);
}

static asl_value *object_of(const char *key, asl_value *value_take)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, key, value_take);
    return value_object_take(&l);
}

/* {"log": ...}, or {"error", "cause"}. */
static asl_value *log_of(const struct eks_job *j, const struct http_answer *a)
{
    struct asl_text text = asl_buffer_text(&a->body);
    char error[32];
    if (eks_is_success(a))
        return object_of("log", is_asked(j, "RawLogs") && value_utf8_valid(text)
                                    ? value_string(text)
                                    : web_body(text));
    snprintf(error, sizeof error, a->failure == HTTP_DONE ? "EKS.%d" : "EKS.SdkClientException",
             a->status);
    return value_with_take(object_of("error", value_string_z(error)), value_string_z("cause"),
                           a->failure == HTTP_DONE && value_utf8_valid(text)
                               ? value_string(text)
                               : value_string_z(a->message));
}

static void keep_log_take(struct eks_job *j, const asl_value *place, asl_value *log)
{
    const asl_value *pod = value_at(place, 0), *container = value_at(place, 1);
    const asl_value *there = value_get(j->pods, value_as_text(pod));
    const asl_value *containers = there ? value_get_z(there, "containers") : NULL;
    asl_value *more = value_with_take(containers ? value_retain(containers) : value_empty_object(),
                                      value_retain(container), log);
    j->pods = value_with_take(j->pods, value_retain(pod), object_of("containers", more));
}

static void read_next(struct eks_job *j);

static void on_log(void *state, const struct http_answer *a)
{
    struct eks_job *j = state;
    j->call = NULL;
    keep_log_take(j, value_at(j->containers, j->next++), log_of(j, a));
    read_next(j);
}

static void put_pods_path(const struct eks_job *j, struct asl_buffer *path)
{
    const char *namespace = web_text(j->parameters, "Namespace");
    asl_buffer_puts(path, "/api/v1/namespaces/");
    sigv4_encode(asl_text(namespace[0] ? namespace : "default"), false, path);
    asl_buffer_puts(path, "/pods");
}

static void read_next(struct eks_job *j)
{
    struct asl_buffer path;
    if (j->next >= value_count(j->containers)) {
        report(j);
        return;
    }
    const asl_value *place = value_at(j->containers, j->next);
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    put_pods_path(j, &path);
    asl_buffer_putc(&path, '/');
    sigv4_encode(value_as_text(value_at(place, 0)), false, &path);
    asl_buffer_puts(&path, "/log?container=");
    sigv4_encode(value_as_text(value_at(place, 1)), false, &path);
    web_put_query(log_option(j, "LogParameters"), &path);
    ask(j, path.data, on_log);
    asl_buffer_free(&path);
}

static asl_value *containers_of_take(asl_value *list, const asl_value *pod)
{
    const asl_value *name = job_find(pod, "metadata.name");
    const asl_value *containers = job_find(pod, "spec.containers");
    for (size_t i = 0; name && containers && i < value_count(containers); i++) {
        const asl_value *container = value_get_z(value_at(containers, i), "name");
        if (!container || value_count(list) >= CONTAINERS_MAXIMUM)
            continue;
        asl_value *place = value_append_take(value_empty_array(), value_retain(name));
        list = value_append_take(list, value_append_take(place, value_retain(container)));
    }
    return list;
}

static void on_pods(void *state, const struct http_answer *a)
{
    struct eks_job *j = state;
    asl_value *answer = json_of(a);
    const asl_value *items = value_get_z(answer, "items");
    j->call = NULL;
    j->containers = value_empty_array();
    j->pods = value_empty_object();
    for (size_t i = 0; items && i < value_count(items); i++)
        j->containers = containers_of_take(j->containers, value_at(items, i));
    value_release(answer);
    read_next(j);
}

static void list_pods(struct eks_job *j)
{
    struct asl_buffer path;
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    put_pods_path(j, &path);
    asl_buffer_puts(&path, "?labelSelector=job-name%3D");
    sigv4_encode(asl_text(j->name), false, &path);
    ask(j, path.data, on_pods);
    asl_buffer_free(&path);
}

/* ---- polling ---- */

static void poll_later(struct eks_job *j)
{
    loop_timer_arm(j->timer, loop_now(j->shared->loop) + j->wait_ms);
    j->wait_ms += j->wait_ms / 2;
    if (j->wait_ms > LONGEST_MS)
        j->wait_ms = LONGEST_MS;
}

/* Is a condition of that type there, and true? */
static bool has_condition(const asl_value *job, const char *type)
{
    const asl_value *list = job_find(job, "status.conditions");
    for (size_t i = 0; list && i < value_count(list); i++) {
        const asl_value *t = value_get_z(value_at(list, i), "type");
        const asl_value *status = value_get_z(value_at(list, i), "status");
        if (t && status && asl_text_is(value_as_text(t), type) &&
            asl_text_is(value_as_text(status), "True"))
            return true;
    }
    return false;
}

static void on_asked(void *state, const struct http_answer *a)
{
    struct eks_job *j = state;
    bool will_stay = a->failure == HTTP_DONE && a->status >= 400 && a->status < 500;
    j->call = NULL;
    if (!eks_is_success(a)) {
        if (!will_stay && ++j->failures < PATIENCE) {
            poll_later(j);
            return;
        }
        eks_report_failure(j->task, &j->cluster, a);
        job_free(j);
        return;
    }
    j->failures = 0;
    value_release(j->job);
    j->job = json_of(a);
    j->failed = has_condition(j->job, "Failed");
    if (!j->failed && !has_condition(j->job, "Complete"))
        poll_later(j);
    else if (is_asked(j, "RetrieveLogs"))
        list_pods(j);
    else
        report(j);
}

static void on_timer(void *state)
{
    struct eks_job *j = state;
    ask(j, j->path, on_asked);
}

/* ---- submitting ---- */

static void keep_name(struct eks_job *j, const asl_value *job)
{
    const asl_value *name = job_find(job, "metadata.name");
    struct asl_buffer path;
    if (!name || value_kind(name) != VALUE_STRING)
        return;
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    eks_put_jobs_path(j->parameters, &path);
    asl_buffer_putc(&path, '/');
    sigv4_encode(value_as_text(name), false, &path);
    j->path = asl_copy_text(asl_buffer_text(&path));
    j->name = asl_copy_text(value_as_text(name));
    asl_buffer_free(&path);
}

static void on_submitted(void *state, const struct http_answer *a)
{
    struct eks_job *j = state;
    asl_value *answer = json_of(a);
    /* The first submission was taken before a crash. */
    bool was_taken = j->again && a->failure == HTTP_DONE && a->status == 409;
    j->call = NULL;
    keep_name(j, was_taken ? value_get_z(j->parameters, "Job") : answer);
    value_release(answer);
    if ((!eks_is_success(a) && !was_taken) || !j->path) {
        eks_report_failure(j->task, &j->cluster, a);
        job_free(j);
        return;
    }
    if (!j->reported) {
        asl_value *output = web_output(a);
        task_report_submitted(j->task, output);
        value_release(output);
    }
    poll_later(j);
}

void *eks_job_start(const struct connectors *shared, struct task *task,
                    const struct task_request *request, struct eks_cluster *cluster_take)
{
    struct eks_job *j = asl_allocate_zeroed(1, sizeof *j);
    struct asl_buffer path, body;
    j->handle.cancel = cancel;
    j->shared = shared;
    j->task = task;
    j->cluster = *cluster_take;
    j->parameters = value_retain(request->parameters);
    j->again = request->again;
    j->reported = request->submitted;
    j->wait_ms = FIRST_MS;
    j->timer = loop_timer_new(shared->loop, on_timer, j);
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    eks_put_jobs_path(j->parameters, &path);
    eks_put_body(value_get_z(j->parameters, "Job"), &body);
    j->call =
        eks_send(&j->cluster, shared, "POST", path.data, asl_buffer_text(&body), on_submitted, j);
    asl_buffer_free(&path);
    asl_buffer_free(&body);
    return j;
}
