/* One AWS call as a task: what every connector that speaks to an AWS service shares. The start
 * of the call, error names and causes in the style of the integration, response metadata,
 * cancelling.
 *
 * A connector gives a `struct service_style`, mostly constants, and hooks for what is its own.
 */
#ifndef ENGINE_TASK_SERVICE_H
#define ENGINE_TASK_SERVICE_H

#include "connector.h"
#include "engine/aws/aws.h"

struct service_task;

/* The first member of every handle of this folder's: a connector may give handles of several shapes
 * (its own, and that of a refusal), and cancels them through service_cancel_any. */
struct service_handle {
    void (*cancel)(void *self);
};
void service_cancel_any(void *handle);

/* A call that goes before, to find what the call itself needs; asked page after page. */
struct service_lookup {
    const char *service, *operation;   /* in the catalogue */
    const struct service_style *style; /* its own; NULL: the call's */
    /* Parameters of the next page: `last` is the answer before, NULL at first. NULL: no further; at
     * first: nothing needs to be found. */
    asl_value *(*ask)(const asl_value *given, const asl_value *last);
    /* Parameters of the call itself; NULL: not on this page. `answer` NULL: nothing was asked. */
    asl_value *(*found)(const asl_value *given, const asl_value *answer);
    /* When no page had it. Appends the cause. */
    const char *error;
    void (*missed)(const asl_value *given, struct asl_buffer *cause);
};

/* A call that goes behind, with what the call itself answered. */
struct service_sequel {
    const char *service, *operation; /* in the catalogue */
    const struct service_style *style;
    /* Its parameters, from the task's and the call's output; NULL: none is made. */
    asl_value *(*ask)(const asl_value *given, const asl_value *output);
    /* The task's output, taken and given back changed, once it has succeeded. */
    asl_value *(*shape_take)(const asl_value *given, asl_value *output);
};

struct service_style {
    const char *prefix; /* of error names: "DynamoDB"; NULL: aws-sdk style, the catalogue's names */
    /* error classes and causes as the SDK for Java 2 has them, behind that prefix */
    bool speaks_v2;
    const char *service;    /* in causes: "AmazonDynamoDBv2" */
    const char *base_error; /* for codes the model does not know: "AmazonDynamoDBException" */
    bool metadata;          /* SdkHttpMetadata and SdkResponseMetadata in outputs */
    int64_t timeout_ms;     /* of one attempt; 0: 60 s */
    bool times_out;         /* and beyond it is States.Timeout, not the client's own error */
    /* What AWS adds to parameters that are an object, taken and given back; NULL: nothing. */
    asl_value *(*add_take)(asl_value *parameters, const struct task_request *request);
    /* The service answered, but did not do it: a job or callback fails with "<service>.Unknown".
     * NULL: an answer is a success. */
    bool (*has_refused)(const asl_value *output);
    /* The output of a success, taken and given back changed; NULL: it goes as it is. Returning NULL
     * means that the hook has reported a failure itself. */
    asl_value *(*shape_take)(struct service_task *t, asl_value *output);
    const struct service_lookup *lookup; /* NULL: none */
    const struct service_sequel *sequel; /* NULL: none */
};

/* Starts the call of `operation`. `parameters` is looked at. The handle is a struct
 * service_task. */
void *service_start(const struct connectors *shared, struct task *task,
                    const struct task_request *request, const struct service_style *style,
                    const struct catalogue_operation *operation, const asl_value *parameters);
void service_cancel(void *handle);

/* For hooks. */
void service_fail(struct service_task *t, const char *error, struct asl_text cause);
const struct http_headers *service_headers(const struct service_task *t);
const asl_value *service_given(const struct service_task *t); /* the task's parameters; or NULL */

/* "The Parameters '<json>' could not be used to start the Task: [<problems>]": reported once the
 * present call has returned; the handle is for service_cancel too. */
void *service_refuse(const struct connectors *shared, struct task *task,
                     const struct task_request *request, const char *problems);
/* Its words alone. Appends. */
void service_refusal(const asl_value *parameters, const char *problems, struct asl_buffer *out);
/* Any failure of the start, reported likewise. */
void *service_fail_soon(const struct connectors *shared, struct task *task, const char *error,
                        const char *cause);

/* The idempotency token of a call: the same for the same execution and event, so that what is sent
 * again after a crash is the same call. Shaped as a UUID. */
void service_token(const struct task_request *request, char token[37]);
/* The Task's name, or empty: what a route "state:NAME" is held against. */
struct asl_text service_state(const struct task_request *request);
/* May be sent again: it only reads, or the token makes it the same call. */
bool service_is_repeatable(const struct catalogue_operation *operation);

/* The parameters as they are sent: with what the style adds; yours. */
asl_value *service_parameters(const struct service_style *style, const struct task_request *request,
                              const asl_value *given);
/* The role that a state's Credentials name; a copy, or NULL. */
char *service_role(const asl_value *credentials);
/* The region of the execution, where its calls go; yours. NULL: the one in use anyhow. */
char *service_region(const struct connectors *shared, const struct task_request *request);

/* The operation of a service, or NULL. */
const struct catalogue_operation *service_operation(const struct connectors *shared,
                                                    const char *service, const char *action);

#endif
