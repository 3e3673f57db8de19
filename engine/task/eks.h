/* A Kubernetes API of an EKS cluster, as eks:call and eks:runJob reach it (facts 4.6): its address,
 * authorities and sign-in from the task's parameters.
 *
 * TLS is verified against CertificateAuthority and nothing else. A route for eks:call or eks:runJob
 * (kubectl proxy's address, say) takes the calls elsewhere; without one, and without --aws, only a
 * cluster on this machine is called. */
#ifndef ENGINE_TASK_EKS_H
#define ENGINE_TASK_EKS_H

#include "job.h"
#include "web.h"

struct eks_cluster {
    char *base, *name, *role_arn; /* role_arn: to be assumed first, or NULL */
    struct asl_buffer pem;
};

/* From parameters that web_check() has passed. False and why: the certificate is none, the address
 * is none that may be called. Free it in both cases. */
bool eks_open(struct eks_cluster *k, const struct connectors *shared,
              const struct task_request *request, char message[512]);
void eks_free(struct eks_cluster *k);

/* `path` with its query, encoded. As aws_raw_send(). */
struct aws_raw_call *eks_send(const struct eks_cluster *k, const struct connectors *shared,
                              const char *method, const char *path, struct asl_text body,
                              void (*done)(void *state, const struct http_answer *answer),
                              void *state);

/* A failed answer in words: "EKS.409" and the body; the client's own error without an answer. */
void eks_report_failure(struct task *task, const struct eks_cluster *k,
                        const struct http_answer *answer);
bool eks_is_success(const struct http_answer *answer);

/* JSON as it is, a string's own text. Appends. */
void eks_put_body(const asl_value *v, struct asl_buffer *out);
/* "/apis/batch/v1/namespaces/<the parameter, else default>/jobs". Appends. */
void eks_put_jobs_path(const asl_value *parameters, struct asl_buffer *out);

/* True, or AWS's words in `problems`. */
bool eks_check(const struct task_request *request, struct asl_buffer *problems);

/* eks:runJob.sync: eks_job.c. */
void *eks_job_start(const struct connectors *shared, struct task *task,
                    const struct task_request *request, struct eks_cluster *cluster_take);

#endif
