/* A connector carries out one kind of Task. One file a connector, all of this shape; table.c
 * lists them.
 *
 * The engine calls `start` once the command is durable. The connector reports what happens
 * through `task_report_*`, from the loop (never from within `start`), in the order STARTED,
 * SUBMITTED, SUCCEEDED or FAILED; after the last one, or after `cancel`, the task is gone for
 * it, and so is its handle for the engine. The last report of a TASK_CALLBACK is SUBMITTED: who
 * holds the token goes on. Request-response connectors need not report STARTED: the engine does
 * when `start` returns.
 */
#ifndef ENGINE_TASK_CONNECTOR_H
#define ENGINE_TASK_CONNECTOR_H

#include "asl/asl.h"
#include "asl/definition/machine.h"
#include "engine/loop/http_out.h"

struct task; /* the engine's handle of one open task */

/* What connectors share: made once by the engine. */
struct connectors {
    struct loop *loop;
    struct http_out *http;
    struct aws *aws; /* credentials, endpoints, region: engine/aws/aws.h */
    const char *region;
    const char *account;
    const asl_value *connections; /* of HTTP Tasks: connections.h; NULL: none */
    struct tokens *tokens;        /* theirs: tokens.h; NULL: none is kept */
    void *engine;                 /* the engine itself */
};

struct task_request {
    const struct resource *resource;
    const asl_value *parameters;
    const asl_value *credentials; /* {"RoleArn"}, or NULL */
    const asl_value *state_name;
    const char *execution_arn;
    const char *machine_arn;
    const char *role_arn;    /* the machine's, for messages; NULL or "": none */
    const char *token;       /* "" unless callback, sync, activity */
    int64_t event_id;        /* of ...Scheduled: with the execution it derives idempotency tokens */
    int64_t timeout_seconds; /* 0: none */
    bool again;              /* sent again after a crash: the first outcome is unknown */
    bool submitted;          /* and SUBMITTED was reported then: it is not to be reported again */
};

/* What a resource calls, in the terms of the service models: for those who check its parameters
 * before the call, or a mock in place of its answer. */
struct connector_model {
    const char *service, *operation;   /* in the catalogue: it takes the parameters */
    const struct service_style *style; /* how members and errors are called: service.h */
    /* What the integration asks of them beyond the model; `problems` in AWS's words. NULL: nothing.
     */
    bool (*fits)(const asl_value *parameters, struct asl_buffer *problems);
    asl_value *(*map)(const asl_value *parameters); /* to the operation's; NULL: as they are */
    const struct job_kind *job; /* .sync: what it becomes, job.h; NULL: the operation's answer */
    /* what of the result is JSON whatever the model says: "Input Output", or NULL */
    const char *any;
};

struct connector {
    const char *name; /* for messages */
    /* True when this connector carries out that resource. The table is asked in order. */
    bool (*takes)(const struct resource *resource);
    /* Returns the connector's own handle, kept until done or cancel. */
    void *(*start)(const struct connectors *shared, struct task *task,
                   const struct task_request *request);
    /* Lets go: what was started goes on (Stepwell ends and will take it up again). */
    void (*cancel)(void *handle);
    /* May it be sent again when its outcome is unknown (DESIGN, invariant 5)? */
    bool (*repeatable)(const struct connectors *shared, const struct task_request *request);
    /* As cancel, but nobody will ever want the outcome (abort, timeout, a sibling failed): stops
     * the job where AWS does. NULL: cancel does. */
    void (*stop)(void *handle);
    /* Tells what it calls; false, or NULL: nothing that a model describes. */
    bool (*model)(const struct resource *resource, struct connector_model *m);
};

/* The connector that carries out a resource; NULL when none does (then the definition should not
 * have compiled, or it is an activity, which is the engine's own). */
const struct connector *connector_for(const struct resource *resource);

/* Does anybody want to see the HTTP exchange behind the task? */
bool task_is_inspected(const struct task *task);
bool task_reveals_secrets(const struct task *task);
/* Shows it, before the outcome; see struct engine_trial. */
void task_report_exchange(struct task *task, const asl_value *request, const asl_value *response);

/* `output` is looked at. Error and cause are AWS's words. */
void task_report_started(struct task *task, struct asl_text worker);
void task_report_submitted(struct task *task, const asl_value *output);
void task_report_succeeded(struct task *task, const asl_value *output);
void task_report_failed(struct task *task, struct asl_text error, struct asl_text cause);
void task_report_submit_failed(struct task *task, struct asl_text error, struct asl_text cause);
void task_report_start_failed(struct task *task, struct asl_text error, struct asl_text cause);

#endif
