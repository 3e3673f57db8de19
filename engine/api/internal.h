/* Shared by the files of engine/api only.
 *
 *   api.c         a request: read, check by the model, hand to its operation, answer once durable
 *   table.c       the operations, one line each
 *   shelf.c       named documents in memory, written through to the store
 *   scope.c       whose a request is: region and account
 *   arn.c         ARNs of this service, read and made
 *   page.c        nextToken and maxResults
 *   prune.c       parameters without what the model does not know
 *   quota.c       how many of a thing there may be
 *   signature.c   SigV4, verified
 *   delivery/     what happened, told to CloudWatch Logs and EventBridge
 *   machines.c, versions.c, aliases.c, executions.c, history.c, sync.c, activities.c, tokens.c,
 *   map_runs.c, tags.c, validation.c, test_state/: a family of operations each
 */
#ifndef ENGINE_API_INTERNAL_H
#define ENGINE_API_INTERNAL_H

#include "engine/api/api.h"
#include "engine/api/describe.h"
#include "engine/api/shelf.h"
#include "engine/aws/constraint.h"

#define API_NAME_MAXIMUM 80 /* characters of a machine's, an execution's, an activity's name */
#define API_NAME_BYTES   (API_NAME_MAXIMUM * 4 + 1)
#define API_ARN_BYTES    2049

struct api;
struct api_call;

/* Whose a thing or a request is. Names are unique in a scope, and lists show one scope's own. */
struct scope {
    char partition[24]; /* "aws" */
    char region[64];
    char account[13];
};
/* The server's own: of unsigned requests, and of what the command line makes. */
void scope_default(const struct api *a, struct scope *s);
void scope_begin(struct api *a);
/* What the signature says; true when there is one. The account is the access key's id where that is
 * twelve digits, else the server's. */
bool scope_of_request(const struct api *a, const struct http_received *request, struct scope *s);

struct api_operation {
    const char *name;
    void (*handle)(struct api_call *call);
};
const struct api_operation *api_operation_named(struct asl_text name);
/* Of EventBridge's rules: schedule/rules.c. */
const struct api_operation *rules_operation_named(struct asl_text name);
/* Of EventBridge Scheduler, which speaks REST: schedule/scheduler.c. */
void scheduler_handle(struct api *a, struct http_exchange *x, const struct http_received *request);

/* A service whose operations are named by X-Amz-Target. */
struct api_service {
    const char *prefix;   /* of the target */
    const char *type;     /* its Content-Type */
    const char *arn_name; /* in the catalogue */
    const struct api_operation *(*operation)(struct asl_text name);
};

/* One request on its way. Lives from its arrival to its answer. */
struct api_call {
    struct api_call *before, *after;
    struct api *api;
    struct http_exchange *exchange;
    const struct api_operation *operation;
    const char *type; /* Content-Type of the answer */
    struct scope scope;
    bool is_signed; /* its region is where it was sent to: what is elsewhere is not found */
    bool is_inner;  /* of an execution: any account's */
    /* the service in the catalogue whose errors have statuses of their own, or NULL */
    const char *rest;
    const char *error; /* what was answered, for `rest`; or NULL */
    asl_value *in;     /* the parameters: an object that satisfies the model */
    int status;        /* of the answer, once there is one */
    int64_t began_us;  /* by a steady clock */
    char id[37];       /* x-amzn-RequestId, once there is one */
    struct asl_buffer body;
    bool is_ready; /* the answer is with the exchange: `word` tells it */
    struct engine_word word;
    bool is_second_try;                  /* of StartExecution: see there */
    bool is_gone;                        /* the client left: its answer goes nowhere */
    void (*gone)(struct api_call *call); /* told then; a long poll leaves its queue */
    int64_t execution;                   /* the one it is about, for operations that wait */
    void *own;                           /* the operation's, freed by it */
};

struct api {
    struct engine *engine;
    struct scope home;
    struct catalogue *catalogue;
    struct mock_desk *mocks; /* or NULL */
    struct aws *aws;         /* or NULL */
    /* or NULL */
    asl_value *(*pattern_rules)(void *state, const char *region, const asl_value *parameters);
    void *pattern_state;
    struct deliveries *deliveries;
    enum { TELLS_UNKNOWN, TELLS_STATUSES, TELLS_NOTHING } tells_statuses; /* EventBridge is set */
    void (*log)(void *state, enum api_level level, const char *line);
    void *log_state;
    enum api_level log_level;
    struct constraint_checker *checker;
    struct api_shape {
        const struct api_operation *operation;
        const struct catalogue_operation *shape;
    } shapes[64]; /* of operations that were called, by their place in memory: api.c */
    struct quotas quotas;
    struct api_call *calls;
    struct shelf machines;        /* by ARN */
    struct shelf versions;        /* by "<machine's ARN>:<8 digits>" */
    struct shelf aliases;         /* by ARN */
    struct shelf activities;      /* by ARN */
    struct shelf tags;            /* by ARN */
    struct shelf tokens;          /* of RedriveExecution, by ARN */
    struct shelf schedules;       /* by key: schedule/schedules.h */
    struct shelf rules;           /* of EventBridge, by name */
    struct shelf schedule_groups; /* of EventBridge Scheduler: schedule/groups.c */
    struct loop_timer *due;       /* the nearest schedule */
    size_t deleting;              /* machines that wait for the end of their executions */
    struct activity_queues *queues;
    struct sync_waiting *sync_waiting;
    uint64_t answered, refused;
    bool is_closing;
};

/* A call for an exchange, and what a call begins with: its operation's parameters checked by the
 * model of `arn_name`; false after refusing. */
struct api_call *api_call_new(struct api *a, struct http_exchange *x, const char *type);
bool api_begin(struct api_call *call, const char *arn_name, const struct api_operation *operation);
/* False after refusing. */
bool api_read_parameters(struct api_call *call, struct asl_text body);
void api_answer_plain(struct http_exchange *x, int status, const char *text);

/* ---- answering: each call once; the call is gone afterwards ---- */

/* Status 200 and the members. Waits for the commit when documents were put. */
void api_answer_take(struct api_call *call, asl_value *out);
/* The same in two parts, for what is not durable yet: the answer as a word (or NULL) for whoever
 * makes it so; and, behind that, the end of the call. */
struct engine_word *api_answer_ahead_take(struct api_call *call, asl_value *out);
void api_answer_told(struct api_call *call);
/* {} */
void api_answer_empty(struct api_call *call);
/* Status 400: {"__type", "message"}; the message is formatted. */
void api_fail(struct api_call *call, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with one more member ("resourceName", "reason"). */
void api_fail_with(struct api_call *call, const char *type, const char *member, const char *text,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
/* ValidationException */
#define api_invalid(call, ...) api_fail(call, "ValidationException", __VA_ARGS__)

/* ---- parameters ---- */

/* A string's text, NUL-terminated; {NULL, 0} when it is absent. */
struct asl_text api_text(const struct api_call *call, const char *member);
bool api_flag(const struct api_call *call, const char *member);
int64_t api_integer(const struct api_call *call, const char *member, int64_t otherwise);
int64_t api_now(const struct api_call *call);
/* False after refusing (InvalidName) what AWS does not take as a name. */
bool api_check_name(struct api_call *call, struct asl_text name);

void api_log(struct api *a, enum api_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- looking, where things may be missing ---- */

/* The member; NULL where there is none, where it is null, or where `v` is NULL. */
const asl_value *api_get(const asl_value *v, const char *member);
size_t api_count(const asl_value *v);                   /* of NULL: 0 */
bool api_equal(const asl_value *a, const asl_value *b); /* NULL equals NULL only */

/* ---- documents ---- */

/* `document` with `member` set to v; takes both. */
asl_value *api_with_take(asl_value *document, const char *member, asl_value *v);
void api_copy_member(struct value_list *l, const asl_value *from, const char *member);
/* A member that holds milliseconds, as a time of the wire. Nothing when it is absent. */
void api_copy_time(struct value_list *l, const asl_value *from, const char *member);
int64_t api_document_integer(const asl_value *document, const char *member);
/* Puts it on the shelf and into the next commit; NULL deletes. Takes `document`. */
void api_put_take(struct api *a, struct shelf *shelf, const char *key, asl_value *document);

/* ---- ARNs (arn.c) ---- */

enum arn_kind { ARN_OTHER, ARN_MACHINE, ARN_EXECUTION, ARN_EXPRESS, ARN_ACTIVITY, ARN_MAP_RUN };
struct arn {
    enum arn_kind kind;
    struct scope scope;
    char resource[32];              /* "stateMachine": its type as written */
    char name[API_NAME_BYTES];      /* machine's or activity's */
    char label[API_NAME_BYTES];     /* behind "/", or "" */
    char qualifier[API_NAME_BYTES]; /* version, alias, execution's name; or "" */
};
/* False: it is no ARN of this service. */
bool arn_read(struct asl_text text, struct arn *arn);
/* Reads a parameter as an ARN of one of `kinds` (bits 1 << kind); false after refusing it. What it
 * asks, in AWS's order: is it an ARN of this service (InvalidArn), of a type that the operation
 * takes (InvalidArn), of the caller's account (AccessDeniedException: Step Functions has no
 * resource-based policies, so that IAM lets nobody across). One of another region passes here, and
 * is not found (api_is_here). */
bool api_arn(struct api_call *call, const char *member, unsigned kinds, struct arn *arn);
/* True after refusing one that names a distributed Map's label. */
bool api_refuse_label(struct api_call *call, const struct arn *arn);
/* "arn:aws:states:<region>:<account>:<resource>:<name>[:<qualifier>]" */
void api_make_arn(const struct scope *s, const char *resource, const char *name,
                  const char *qualifier, char out[API_ARN_BYTES]);
/* The ARN of what a label, version, alias or execution belongs to. */
void api_machine_arn(const struct arn *arn, char out[API_ARN_BYTES]);
/* The name at an ARN's end: borrowed from it. */
const char *arn_name(const char *arn);
/* The last of these, for ARNs that stand elsewhere: false after refusing one of another account
 * than the caller's. Who does not sign is nobody, and may all. */
bool api_check_account(struct api_call *call, const struct arn *arn, struct asl_text text);
bool scope_is_own_account(const struct api_call *call, const struct arn *arn);
/* False: of another region than the one that the request was sent to, or of another account. */
bool api_is_here(const struct api_call *call, const struct arn *arn);
/* Where one scope's things of a kind ("stateMachine") begin on a shelf that is keyed by ARN, behind
 * `after` ("": at the first), and whether an item is one of them. */
struct scope_walk {
    const struct shelf *shelf;
    size_t at;
    char prefix[API_ARN_BYTES];
};
void scope_walk_begin(struct scope_walk *w, const struct shelf *shelf, const struct scope *s,
                      const char *resource, const char *after);
/* NULL: there are no more. */
const struct shelf_item *scope_walk_next(struct scope_walk *w);

/* ---- machines (machines.c) ---- */

/* What a state machine ARN stands for. All borrowed from the shelves. */
struct target {
    struct arn arn;
    char machine_arn[API_ARN_BYTES];
    const asl_value *machine;
    const asl_value *version; /* NULL: the machine's newest revision */
    const asl_value *alias;   /* NULL: none was named */
    char version_arn[API_ARN_BYTES], alias_arn[API_ARN_BYTES]; /* or "" */
    char test_case[API_NAME_BYTES]; /* of a mock file, behind "#"; or "" */
};
/* Finds what a parameter names; an alias gives one of its versions by its weights. False after
 * answering. */
bool api_target(struct api_call *call, const char *member, struct target *t);
/* The same, refusing a machine that is being deleted. */
bool api_live_target(struct api_call *call, const char *member, struct target *t);
bool api_check_not_deleting(struct api_call *call, const char *arn, const asl_value *machine);
bool machine_is_deleting(const asl_value *machine);
void machines_settle(struct api *a);
/* The same for one that is to be started: its ARN may name a test case, as Step Functions Local's
 * do
 * ("...:stateMachine:M#Case"). */
bool api_start_target(struct api_call *call, struct target *t);
/* The same without a call: false when there is no such machine. */
bool target_find(struct api *a, struct asl_text text, struct target *t);
/* The document that tells of this revision: the version's, else the machine's. */
const asl_value *target_revision(const struct target *t);
bool machine_is_express(const asl_value *machine);
/* The row of the store under which this revision's executions begin. */
int64_t target_row(const struct target *t);
bool machines_load(struct api *a, char message[512]);
/* Publishes the machine's revision under the next number, or finds the version that it has already;
 * writes its ARN. Shared by create, update and publish. */
void versions_publish(struct api *a, const char *machine_arn, struct asl_text description,
                      char arn[API_ARN_BYTES], int64_t *created);
/* False after refusing one more version than there may be; one that is published already finds its
 * own, unless the revision is about to be new. */
bool versions_check_room(struct api_call *call, const char *machine_arn, bool is_new);
#define API_VERSION_BYTES (API_ARN_BYTES + 16)
void version_key(const char *machine_arn, int64_t number, char out[API_VERSION_BYTES]);
/* Drops what belongs to a machine that is deleted. */
void versions_forget(struct api *a, const char *machine_arn);
void aliases_forget(struct api *a, const char *machine_arn);

/* Diagnostics as InvalidDefinition shows them; false and an answered call when the definition has
 * errors. */
bool api_check_definition(struct api_call *call, struct asl_text definition, bool express);

/* False after refusing a CMK without its key. */
bool api_check_encryption(struct api_call *call);

/* False after refusing a "roleArn" that is no ARN. */
bool api_check_role(struct api_call *call);

/* ---- tags (tags.c) ---- */

/* Those a resource is created with; false after refusing too many. */
bool api_check_tags(struct api_call *call, const char *arn);
/* Lists of tags, whose key is called `member`. A key stands once, with the value that was given
 * last. */
asl_value *tags_merge_take(asl_value *tags, const asl_value *given, const char *member);
/* Those whose keys are not among `keys` (strings). Yours. */
asl_value *tags_without(const asl_value *tags, const asl_value *keys, const char *member);
/* Keeps the "tags" of what is created. */
void api_keep_tags(struct api_call *call, const char *arn);

/* ---- executions (executions.c) ---- */

/* False after refusing another open execution. */
bool api_check_open_executions(struct api_call *call);

/* The execution a parameter names: its id; 0 after answering. EXPRESS ones are refused. */
int64_t api_execution(struct api_call *call, const char *member);
/* The name and input of a start, checked; false after answering. `parsed` is yours to release. */
bool api_start_of(struct api_call *call, const struct target *t, struct engine_start *start);
/* Starts it, with what is to be told of it; `trace` is its X-Ray header, empty for none. */
void api_start(struct api *a, const struct target *t, struct engine_start *start,
               struct asl_text trace,
               void (*done)(void *state, const struct engine_started *started), void *state);
/* The input as it was given, a string; yours. */
asl_value *api_execution_input(struct api *a, int64_t execution, const asl_execution *x);
void api_answer_refused_start(struct api_call *call, const struct engine_started *started);
/* Parsed, yours; NULL after answering InvalidExecutionInput. */
asl_value *api_read_input(struct api_call *call, struct asl_text input);

/* ---- pages (page.c) ---- */

#define API_PAGE_DEFAULT 100
size_t page_size(const struct api_call *call);
/* The place behind which a page begins ("" for the first); false after answering InvalidToken. */
bool page_begin(struct api_call *call, char after[API_ARN_BYTES]);
void page_set_next(const struct api_call *call, struct value_list *out, const char *after);

/* ---- queues and waiting ---- */
void activities_init(struct api *a);
void activities_free(struct api *a);
void sync_see_end(struct api *a, int64_t execution);
void sync_free(struct api *a);
void activities_let_go(struct api *a);

/* ---- the operations (table.c) ---- */
/* clang-format off */
#define API_OPERATIONS(X)                                                                          \
    X(CreateActivity) X(CreateStateMachine) X(CreateStateMachineAlias) X(DeleteActivity)           \
    X(DeleteStateMachine) X(DeleteStateMachineAlias) X(DeleteStateMachineVersion)                  \
    X(DescribeActivity) X(DescribeExecution) X(DescribeMapRun) X(DescribeStateMachine)             \
    X(DescribeStateMachineAlias) X(DescribeStateMachineForExecution) X(GetActivityTask)            \
    X(GetExecutionHistory) X(ListActivities) X(ListExecutions) X(ListMapRuns)                      \
    X(ListStateMachineAliases) X(ListStateMachineVersions) X(ListStateMachines)                    \
    X(ListTagsForResource) X(PublishStateMachineVersion) X(RedriveExecution) X(SendTaskFailure)    \
    X(SendTaskHeartbeat) X(SendTaskSuccess) X(StartExecution) X(StartSyncExecution)                \
    X(StopExecution) X(TagResource) X(TestState) X(UntagResource) X(UpdateMapRun)                  \
    X(UpdateStateMachine) X(UpdateStateMachineAlias) X(ValidateStateMachineDefinition)
/* clang-format on */
#define API_DECLARE(name) void api_##name(struct api_call *call);
API_OPERATIONS(API_DECLARE)

#endif
