/* eks:call and eks:runJob: one request to a cluster's Kubernetes API; see eks.h. Waiting for a job
 * is eks_job.c's. The rest of EKS's actions are its own API's: optimized.c. */
#include "eks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "engine/aws/sigv4.h"
#include "table.h"
#include "words.h"

struct eks_task {
    struct service_handle handle;
    struct task *task;
    enum task_pattern pattern;
    struct eks_cluster cluster;
    struct aws_raw_call *call;
};

static const struct web_field call_fields[] = {
    {"ClusterName", WEB_STRING, true}, {"CertificateAuthority", WEB_STRING, true},
    {"Endpoint", WEB_STRING, true},    {"Method", WEB_STRING, true},
    {"Path", WEB_STRING, true},        {"QueryParameters", WEB_LISTS, false},
    {"RequestBody", WEB_ANY, false},
};
static const struct web_field job_fields[] = {
    {"ClusterName", WEB_STRING, true},
    {"CertificateAuthority", WEB_STRING, true},
    {"Endpoint", WEB_STRING, true},
    {"Namespace", WEB_STRING, false},
    {"Job", WEB_ANY, true},
    {"LogOptions", WEB_ANY, false},
};
static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"};

static bool is_call(const struct resource *r)
{
    return strcmp(r->action, "call") == 0;
}

/* ---- the cluster ---- */

/* The API wants base64 of PEM; a PEM text itself is taken too. */
static bool put_pem(const char *authority, struct asl_buffer *pem)
{
    static const char mark[] = "-----BEGIN";
    if (strncmp(authority, mark, sizeof mark - 1) == 0)
        asl_buffer_puts(pem, authority);
    else if (!protocol_base64_decode(asl_text(authority), pem))
        return false;
    return pem->size > sizeof mark && strncmp(pem->data, mark, sizeof mark - 1) == 0;
}

bool eks_open(struct eks_cluster *k, const struct connectors *shared,
              const struct task_request *request, char message[512])
{
    const asl_value *p = request->parameters;
    char where[64], base[512];
    asl_buffer_init(&k->pem, 1 << 20);
    k->name = asl_copy_text(asl_text(web_text(p, "ClusterName")));
    k->role_arn = service_role(request->credentials);
    k->base = NULL;
    snprintf(where, sizeof where, "eks:%s", request->resource->action);
    if (!aws_place(shared->aws, service_state(request), where, web_text(p, "Endpoint"), base,
                   message))
        return false;
    k->base = asl_copy_text(asl_text(base));
    bool is_plain = strncmp(base, "http://", strlen("http://")) == 0;
    if (!is_plain && !put_pem(web_text(p, "CertificateAuthority"), &k->pem)) {
        snprintf(message, 512, "The CertificateAuthority is no PEM certificate in base64");
        return false;
    }
    return true;
}

void eks_free(struct eks_cluster *k)
{
    free(k->base);
    free(k->name);
    free(k->role_arn);
    asl_buffer_free(&k->pem);
}

struct aws_raw_call *eks_send(const struct eks_cluster *k, const struct connectors *shared,
                              const char *method, const char *path, struct asl_text body,
                              void (*done)(void *state, const struct http_answer *answer),
                              void *state)
{
    struct aws_raw raw = {.cluster = k->name, .role_arn = k->role_arn};
    struct asl_buffer url;
    asl_buffer_init(&url, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&url, "%s%s", k->base, path);
    raw.request.method = method;
    raw.request.url = url.data;
    raw.request.body = body;
    raw.request.ca_pem = asl_buffer_text(&k->pem);
    http_headers_init(&raw.request.headers);
    http_headers_add(&raw.request.headers, "Accept", ASL_TEXT("application/json"));
    if (body.size > 0)
        http_headers_add(&raw.request.headers, "Content-Type",
                         strcmp(method, "PATCH") == 0 ? ASL_TEXT("application/merge-patch+json")
                                                      : ASL_TEXT("application/json"));
    struct aws_raw_call *call = aws_raw_send(shared->aws, &raw, done, state);
    http_headers_free(&raw.request.headers);
    asl_buffer_free(&url);
    return call;
}

/* ---- ends ---- */

bool eks_is_success(const struct http_answer *a)
{
    return a->failure == HTTP_DONE && a->status >= 200 && a->status < 300;
}

void eks_report_failure(struct task *task, const struct eks_cluster *k, const struct http_answer *a)
{
    char error[32], text[512];
    if (a->failure == HTTP_DONE) {
        snprintf(error, sizeof error, "EKS.%d", a->status);
        task_report_failed(task, asl_text(error), words_cut(asl_buffer_text(&a->body)));
        return;
    }
    aws_words_of_failure(a, k->base, text);
    task_report_failed(task, ASL_TEXT("EKS.SdkClientException"), asl_text(text));
}

static void task_free(struct eks_task *t)
{
    eks_free(&t->cluster);
    free(t);
}

static void cancel(void *handle)
{
    struct eks_task *t = handle;
    aws_raw_cancel(t->call);
    task_free(t);
}

static void on_answer(void *state, const struct http_answer *a)
{
    struct eks_task *t = state;
    asl_value *output = web_output(a);
    if (!eks_is_success(a))
        eks_report_failure(t->task, &t->cluster, a);
    else if (t->pattern == TASK_CALLBACK)
        task_report_submitted(t->task, output);
    else
        task_report_succeeded(t->task, output);
    value_release(output);
    task_free(t);
}

/* ---- start ---- */

bool eks_check(const struct task_request *request, struct asl_buffer *problems)
{
    const asl_value *p = request->parameters;
    bool calls = is_call(request->resource);
    if (!p || value_kind(p) != VALUE_OBJECT) {
        asl_buffer_puts(problems, "The Parameters must be a JSON object");
        return false;
    }
    if (!web_check(p, calls ? call_fields : job_fields,
                   calls ? sizeof call_fields / sizeof *call_fields
                         : sizeof job_fields / sizeof *job_fields,
                   problems))
        return false;
    if (calls && !table_has(methods, sizeof methods / sizeof *methods, web_text(p, "Method")))
        asl_buffer_puts(problems, "The value of the field 'Method' has an invalid format");
    else if (calls && web_text(p, "Path")[0] != '/')
        asl_buffer_puts(problems, "The value of the field 'Path' has an invalid format");
    return problems->size == 0;
}

void eks_put_body(const asl_value *v, struct asl_buffer *out)
{
    if (v && value_kind(v) != VALUE_NULL)
        web_put_scalar(v, out);
}

void eks_put_jobs_path(const asl_value *parameters, struct asl_buffer *out)
{
    const char *namespace = web_text(parameters, "Namespace");
    asl_buffer_puts(out, "/apis/batch/v1/namespaces/");
    sigv4_encode(asl_text(namespace[0] ? namespace : "default"), false, out);
    asl_buffer_puts(out, "/jobs");
}

static void *send_one(const struct connectors *shared, struct task *task,
                      const struct task_request *request, struct eks_cluster *cluster_take)
{
    const asl_value *p = request->parameters;
    bool calls = is_call(request->resource);
    struct eks_task *t = asl_allocate_zeroed(1, sizeof *t);
    struct asl_buffer path, body;
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    t->handle.cancel = cancel;
    t->task = task;
    t->pattern = request->resource->pattern;
    t->cluster = *cluster_take;
    if (calls) {
        sigv4_encode(asl_text(web_text(p, "Path")), true, &path);
        web_put_query(value_get_z(p, "QueryParameters"), &path);
    } else {
        eks_put_jobs_path(p, &path);
    }
    eks_put_body(value_get_z(p, calls ? "RequestBody" : "Job"), &body);
    t->call = eks_send(&t->cluster, shared, calls ? web_text(p, "Method") : "POST", path.data,
                       asl_buffer_text(&body), on_answer, t);
    asl_buffer_free(&path);
    asl_buffer_free(&body);
    return t;
}

static bool takes(const struct resource *r)
{
    if (strcmp(r->type, "eks") != 0)
        return false;
    if (is_call(r))
        return r->pattern == TASK_REQUEST_RESPONSE || r->pattern == TASK_CALLBACK;
    return strcmp(r->action, "runJob") == 0 && r->pattern != TASK_SYNC_2;
}

static void *start(const struct connectors *shared, struct task *task,
                   const struct task_request *request)
{
    struct asl_buffer problems;
    struct eks_cluster cluster;
    char message[512];
    asl_buffer_init(&problems, 8192);
    if (!eks_check(request, &problems)) {
        void *handle = service_refuse(shared, task, request, problems.data);
        asl_buffer_free(&problems);
        return handle;
    }
    asl_buffer_free(&problems);
    if (!eks_open(&cluster, shared, request, message)) {
        eks_free(&cluster);
        return service_fail_soon(shared, task, "EKS.SdkClientException", message);
    }
    return request->resource->pattern == TASK_SYNC ? eks_job_start(shared, task, request, &cluster)
                                                   : send_one(shared, task, request, &cluster);
}

/* Reading is; and a job with a name is made once. */
static bool repeatable(const struct connectors *shared, const struct task_request *request)
{
    const asl_value *p = request->parameters;
    (void)shared;
    if (!p || value_kind(p) != VALUE_OBJECT)
        return true;
    if (is_call(request->resource))
        return strcmp(web_text(p, "Method"), "GET") == 0 ||
               strcmp(web_text(p, "Method"), "HEAD") == 0;
    const asl_value *job = value_get_z(p, "Job");
    return job_find(job, "metadata.name") != NULL;
}

const struct connector connector_eks = {
    .name = "eks",
    .takes = takes,
    .start = start,
    .cancel = service_cancel_any,
    .repeatable = repeatable,
};
