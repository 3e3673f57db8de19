/* Which resources a Task may name, and what its Parameters or Arguments must hold.
 *
 * The table is the list of optimized integrations (facts 4.6) with the patterns each offers. What a
 * service of the SDK kind (aws-sdk:*) offers is the catalogue's knowledge, not ours: only its shape
 * is checked here. A resource that holds a "${...}" or the like waits for a substitution and is let
 * pass.
 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

enum { CALL = 1, SYNC = 2, TOKEN = 4, SYNC_2 = 8 };

struct integration {
    const char *service;
    const char *actions; /* "a|b" */
    unsigned patterns;
};

static const struct integration integrations[] = {
    {"apigateway", "invoke", CALL | TOKEN},
    {"athena", "startQueryExecution", CALL | SYNC},
    {"athena", "stopQueryExecution|getQueryExecution|getQueryResults", CALL},
    {"batch", "submitJob", CALL | SYNC},
    {"bedrock", "invokeModel", CALL | TOKEN},
    {"bedrock", "createModelCustomizationJob", CALL | SYNC},
    {"bedrockagentcore", "invokeHarness", CALL},
    {"codebuild", "startBuild|startBuildBatch|retryBuildBatch", CALL | SYNC},
    {"codebuild",
     "stopBuild|stopBuildBatch|batchGetBuilds|batchGetReports|batchDeleteBuilds|deleteBuildBatch",
     CALL},
    {"databrew", "startJobRun", CALL | SYNC},
    {"dynamodb", "getItem|putItem|updateItem|deleteItem", CALL},
    {"ecs", "runTask", CALL | SYNC | TOKEN},
    {"eks", "call", CALL | TOKEN},
    {"eks",
     "runJob|createCluster|deleteCluster|createNodegroup|deleteNodegroup|createFargateProfile|"
     "deleteFargateProfile",
     CALL | SYNC | TOKEN},
    {"elasticmapreduce", "createCluster|terminateCluster|addStep", CALL | SYNC},
    {"elasticmapreduce",
     "cancelStep|setClusterTerminationProtection|modifyInstanceFleetByName|"
     "modifyInstanceGroupByName",
     CALL},
    {"emr-containers", "createVirtualCluster", CALL},
    {"emr-containers", "deleteVirtualCluster|startJobRun", CALL | SYNC},
    {"emr-serverless",
     "createApplication|startApplication|stopApplication|deleteApplication|startJobRun|"
     "cancelJobRun",
     CALL | SYNC},
    {"events", "putEvents", CALL | TOKEN},
    {"glue", "startJobRun", CALL | SYNC},
    {"http", "invoke", CALL},
    {"lambda", "invoke", CALL | TOKEN},
    {"mediaconvert", "createJob", CALL | SYNC},
    {"sagemaker",
     "createTrainingJob|createTransformJob|createHyperParameterTuningJob|createLabelingJob|"
     "createProcessingJob",
     CALL | SYNC},
    {"sagemaker", "createEndpoint|createEndpointConfig|createModel|updateEndpoint", CALL},
    {"sns", "publish", CALL | TOKEN},
    {"sqs", "sendMessage", CALL | TOKEN},
    {"states", "startExecution", CALL | SYNC | SYNC_2 | TOKEN},
};

/* Members that a call cannot do without; one that ends in ".$" counts. */
struct need {
    const char *service, *action, *members;
};
static const struct need needs[] = {
    {"lambda", "invoke", "FunctionName"},
    {"sqs", "sendMessage", "QueueUrl|MessageBody"},
    {"sns", "publish", "Message"},
    {"dynamodb", "getItem", "TableName|Key"},
    {"dynamodb", "putItem", "TableName|Item"},
    {"states", "startExecution", "StateMachineArn"},
    {"events", "putEvents", "Entries"},
    {"ecs", "runTask", "TaskDefinition"},
    {"glue", "startJobRun", "JobName"},
};

static bool is_listed(const char *list, const char *name)
{
    size_t size = strlen(name);
    while (list != NULL) {
        size_t n = strcspn(list, "|");
        if (n == size && memcmp(list, name, n) == 0) {
            return true;
        }
        list = list[n] == '|' ? list + n + 1 : NULL;
    }
    return false;
}

#define SDK "aws-sdk:"

static bool is_sdk(const struct resource *r)
{
    return strncmp(r->type, SDK, sizeof SDK - 1) == 0;
}

static struct asl_text sdk_service(const struct resource *r)
{
    return asl_text(r->type + sizeof SDK - 1);
}

/* No .sync with the SDK; the rest is the catalogue's to say. */
static bool is_sdk_offered(const struct compiler *c, const struct resource *r)
{
    struct asl_text service = sdk_service(r), action = asl_text(r->action);
    bool shaped =
        r->pattern != TASK_SYNC && r->pattern != TASK_SYNC_2 && service.size > 0 && action.size > 0;
    return shaped &&
           (c->catalogue == NULL || c->catalogue->offers(c->catalogue->state, service, action));
}

static const struct integration *integration_called(const char *service, const char *action)
{
    for (size_t i = 0; i < sizeof integrations / sizeof *integrations; i++) {
        if (strcmp(integrations[i].service, service) == 0 &&
            is_listed(integrations[i].actions, action)) {
            return &integrations[i];
        }
    }
    return NULL;
}

static const struct integration *integration_of(const struct resource *r)
{
    return integration_called(r->type, r->action);
}

static bool is_offered(const struct compiler *c, const struct resource *r)
{
    static const unsigned bits[] = {[TASK_REQUEST_RESPONSE] = CALL,
                                    [TASK_SYNC] = SYNC,
                                    [TASK_SYNC_2] = SYNC_2,
                                    [TASK_CALLBACK] = TOKEN};
    if (is_sdk(r)) {
        return is_sdk_offered(c, r);
    }
    const struct integration *k = integration_of(r);
    return k != NULL && (k->patterns & bits[r->pattern]) != 0;
}

/* ---- what was probably meant ---- */

/* The action is there, but not in that way. */
static void tell_patterns(struct compiler *c, const char *service, const char *action,
                          unsigned patterns)
{
    static const struct {
        unsigned bit;
        const char *suffix;
    } ways[] = {{CALL, ""}, {SYNC, ".sync"}, {SYNC_2, ".sync:2"}, {TOKEN, ".waitForTaskToken"}};
    struct asl_buffer hint;
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if ((patterns & ways[i].bit) != 0) {
            asl_buffer_printf(&hint, "%s%s:%s%s", hint.size > 0 ? ", " : "offered is ", service,
                              action, ways[i].suffix);
        }
    }
    hint_tell(c, asl_buffer_text(&hint));
    asl_buffer_free(&hint);
}

static void tell_sdk(struct compiler *c, const struct resource *r)
{
    struct asl_text service = sdk_service(r), action = asl_text(r->action);
    const struct asl_catalogue *k = c->catalogue;
    struct asl_buffer hint;
    if (k == NULL || k->hint == NULL) {
        return;
    }
    if (k->offers(k->state, service, action)) {
        tell_patterns(c, r->type, r->action, CALL | TOKEN);
        return;
    }
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    k->hint(k->state, service, action, &hint);
    hint_tell(c, asl_buffer_text(&hint));
    asl_buffer_free(&hint);
}

/* `service` is empty where it is as it was written. */
static void tell_meant(struct compiler *c, const char *service, struct asl_text action)
{
    struct asl_buffer hint;
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&hint, "did you mean '%s%s%.*s'?", service, service[0] ? ":" : "",
                      ASL_TEXT_ARGS(action));
    hint_tell(c, asl_buffer_text(&hint));
    asl_buffer_free(&hint);
}

/* "sendMessage.waitForTasktoken": the action is there, what stands behind it is nothing. */
static bool tell_suffix(struct compiler *c, const struct resource *r)
{
    char *action = asl_copy_text((struct asl_text){r->action, strcspn(r->action, ".")});
    const struct integration *k = integration_called(r->type, action);
    if (k != NULL) {
        tell_patterns(c, r->type, action, k->patterns);
    }
    free(action);
    return k != NULL;
}

static bool is_same_but_case(struct asl_text a, struct asl_text b)
{
    size_t i = 0;
    while (i < a.size && i < b.size && (a.data[i] | 0x20) == (b.data[i] | 0x20)) {
        i++;
    }
    return i == a.size && i == b.size;
}

/* "sqs:SendMessage", "Lambda:invoke". */
static bool tell_case(struct compiler *c, const struct resource *r)
{
    for (size_t i = 0; i < sizeof integrations / sizeof *integrations; i++) {
        const char *action = integrations[i].actions;
        bool is_service = is_same_but_case(asl_text(r->type), asl_text(integrations[i].service));
        while (is_service && action != NULL) {
            struct asl_text one = {action, strcspn(action, "|")};
            if (is_same_but_case(asl_text(r->action), one)) {
                bool is_written = strcmp(r->type, integrations[i].service) == 0;
                tell_meant(c, is_written ? "" : integrations[i].service, one);
                return true;
            }
            action = action[one.size] == '|' ? action + one.size + 1 : NULL;
        }
    }
    return false;
}

/* Names that people know services by, or that only the SDK's integration has. */
static bool tell_alias(struct compiler *c, const struct resource *r)
{
    static const struct {
        const char *known_as, *service;
    } aliases[] = {
        {"emr", "elasticmapreduce"},         {"emrcontainers", "emr-containers"},
        {"emrserverless", "emr-serverless"}, {"eventbridge", "events"},
        {"stepfunctions", "states"},         {"sfn", "states"},
        {"bedrockruntime", "bedrock"},       {"api-gateway", "apigateway"},
    };
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (is_same_but_case(asl_text(r->type), asl_text(aliases[i].known_as)) &&
            integration_called(aliases[i].service, r->action) != NULL) {
            tell_meant(c, aliases[i].service, asl_text(r->action));
            return true;
        }
    }
    return false;
}

/* "dynamodb:query", "redshift-data:executeStatement", "bedrock:converse". */
static bool tell_sdk_has_it(struct compiler *c, const struct resource *r)
{
    static const char *const endings[] = {"", "runtime"};
    const struct asl_catalogue *k = c->catalogue;
    bool is_told = false;
    struct asl_buffer name, hint;
    asl_buffer_init(&name, 1024);
    asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; k != NULL && !is_told && i < sizeof endings / sizeof *endings; i++) {
        asl_buffer_clear(&name);
        for (const char *at = r->type; *at; at++) {
            if (*at != '-') {
                asl_buffer_putc(&name, *at);
            }
        }
        asl_buffer_puts(&name, endings[i]);
        is_told = k->offers(k->state, asl_buffer_text(&name), asl_text(r->action));
        if (is_told) {
            asl_buffer_printf(&hint, "the SDK's integration has it: arn:aws:states:::" SDK "%s:%s",
                              name.data, r->action);
            hint_tell(c, asl_buffer_text(&hint));
        }
    }
    asl_buffer_free(&name);
    asl_buffer_free(&hint);
    return is_told;
}

/* A service with integrations of its own, or one that only the SDK has. */
static void tell_optimized(struct compiler *c, const struct resource *r)
{
    struct guess service = {.wrong = asl_text(r->type)};
    bool is_known = false;
    if (strcmp(r->type, "stateMachine") == 0) {
        hint_tell(c,
                  ASL_TEXT("a state machine is started by arn:aws:states:::states:startExecution, "
                           "with its ARN as StateMachineArn"));
        return;
    }
    if (tell_case(c, r) || tell_suffix(c, r) || tell_alias(c, r) || tell_sdk_has_it(c, r)) {
        return;
    }
    for (size_t i = 0; i < sizeof integrations / sizeof *integrations; i++) {
        if (strcmp(integrations[i].service, r->type) == 0) {
            is_known = true;
            suggest(c, asl_text(r->action), integrations[i].actions);
        }
        guess_try(&service, asl_text(integrations[i].service));
    }
    if (!is_known) {
        guess_tell(c, &service);
    }
}

/* "arn:aws:states:::lambda", "arn:aws:states:::aws-sdk:s3" */
static bool tell_missing_action(struct compiler *c, const struct resource *r)
{
    if (r->action[0] != '\0' && r->type[0] != '\0' && strcmp(r->type, "aws-sdk") != 0) {
        return false;
    }
    hint_tell(c, ASL_TEXT("the action is missing: <service>:<action>, as in lambda:invoke or "
                          "aws-sdk:s3:getObject"));
    return true;
}

static void tell_offered(struct compiler *c, const struct resource *r)
{
    const struct integration *k = integration_of(r);
    if (tell_missing_action(c, r)) {
        return;
    }
    if (is_sdk(r)) {
        tell_sdk(c, r);
    } else if (k != NULL) {
        tell_patterns(c, r->type, r->action, k->patterns);
    } else {
        tell_optimized(c, r);
    }
}

/* ---- EXPRESS ---- */

static void check_express(struct compiler *c, const struct place *place, const struct resource *r)
{
    if (r->family == TASK_ACTIVITY) {
        report(c, CODE_SCHEMA, place, "Express state machine does not support Activity ARN");
    } else if (r->pattern == TASK_SYNC || r->pattern == TASK_SYNC_2) {
        report(c, CODE_SCHEMA, place,
               "Express state machine does not support '.sync' service integration");
    } else if (r->pattern == TASK_CALLBACK) {
        /* The blank at the end is AWS's. */
        report(c, CODE_SCHEMA, place,
               "Express state machine does not support '.waitForTaskToken' service integration ");
    }
}

/* ---- Parameters and Arguments ---- */

static bool has_member(const asl_value *object, struct asl_text name)
{
    for (size_t i = 0; i < value_count(object); i++) {
        struct asl_text key = value_as_text(value_key_at(object, i));
        bool is_hole = asl_text_ends(key, ".$");
        if (asl_text_equal(key, name) ||
            (is_hole && asl_text_equal((struct asl_text){key.data, key.size - 2}, name))) {
            return true;
        }
    }
    return false;
}

static void check_needs(struct compiler *c, const asl_value *payload, const struct place *place,
                        const char *members)
{
    while (members != NULL) {
        size_t n = strcspn(members, "|");
        struct asl_text name = {members, n};
        if (!has_member(payload, name)) {
            report(c, CODE_SCHEMA, place, "The field '%.*s' is required but was missing",
                   ASL_TEXT_ARGS(name));
        }
        members = members[n] == '|' ? members + n + 1 : NULL;
    }
}

static void check_payload(struct compiler *c, const asl_value *state, const struct place *place,
                          const struct resource *r)
{
    const char *field = c->language == LANGUAGE_JSONATA ? "Arguments" : "Parameters";
    const asl_value *payload = value_get_z(state, field);
    if (payload == NULL) {
        struct place here = place_key(place, ASL_TEXT("Resource"));
        report(c, CODE_SCHEMA, &here, "%s field is required for resource ARN: %s", field, r->arn);
        return;
    }
    struct place here = place_key(place, asl_text(field));
    for (size_t i = 0; value_kind(payload) == VALUE_OBJECT && i < sizeof needs / sizeof *needs;
         i++) {
        if (strcmp(needs[i].service, r->type) == 0 && strcmp(needs[i].action, r->action) == 0) {
            check_needs(c, payload, &here, needs[i].members);
        }
    }
}

/* ---- Credentials ---- */

static void check_credentials(struct compiler *c, const asl_value *state, const struct place *place,
                              const struct resource *r)
{
    const asl_value *credentials = value_get_z(state, "Credentials");
    struct place here = place_key(place, ASL_TEXT("Credentials"));
    if (credentials == NULL) {
        return;
    }
    if (r->family == TASK_ACTIVITY) {
        report(c, CODE_SCHEMA, &here, "The field 'Credentials' is not supported for activities");
    } else if (value_kind(credentials) == VALUE_OBJECT &&
               !has_member(credentials, ASL_TEXT("RoleArn"))) {
        report(c, CODE_SCHEMA, &here, "The field 'RoleArn' is required but was missing");
    }
}

/* Templates of SAM, CDK, Serverless and their like leave their marks until they are deployed. */
static bool holds_mark(const char *arn)
{
    static const char *const marks[] = {"${", "#{", "{{", "<"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strstr(arn, marks[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* What stands behind the nth colon; "" when there are not so many. */
static const char *behind_colon(const char *arn, size_t n)
{
    for (; n > 0 && arn != NULL; n--) {
        arn = strchr(arn, ':');
        arn = arn != NULL ? arn + 1 : NULL;
    }
    return arn != NULL ? arn : "";
}

static bool is_partition(const char *arn)
{
    const char *partition = behind_colon(arn, 1);
    return strncmp(partition, "aws", 3) == 0 && (partition[3] == ':' || partition[3] == '-');
}

/* "function:NAME" or "function:NAME:QUALIFIER"; region and account are not looked at: examples
 * leave them out. */
static bool is_function(const char *rest)
{
    static const char word[] = "function:";
    if (strncmp(rest, word, sizeof word - 1) != 0) {
        return false;
    }
    const char *name = rest + sizeof word - 1;
    size_t size = strcspn(name, ":");
    const char *qualifier = name[size] == ':' ? name + size + 1 : NULL;
    return size > 0 &&
           (qualifier == NULL || (qualifier[0] != '\0' && strchr(qualifier, ':') == NULL));
}

static bool is_activity(const char *rest)
{
    const char *name = behind_colon(rest, 1);
    return name[0] != '\0' && strchr(name, ':') == NULL;
}

/* "arn:aws-cn:lambda:...": a partition of AWS's, and something that a Task can be. */
static bool is_of_kind(const struct resource *r)
{
    const char *service = behind_colon(r->arn, 2), *rest = behind_colon(r->arn, 5);
    if (!is_partition(r->arn)) {
        return false;
    }
    switch (r->family) {
    case TASK_SERVICE:
        return true;
    case TASK_ACTIVITY:
        return is_activity(rest);
    case TASK_LAMBDA:
        return strncmp(service, "lambda:", strlen("lambda:")) == 0 && is_function(rest);
    }
    return false;
}

/* An ARN that is none of these three says what it could be. */
static void tell_shape(struct compiler *c, const struct resource *r)
{
    static const char words[] = "a Task's Resource is arn:aws:states:::<service>:<action>, "
                                "arn:aws:lambda:<region>:<account>:function:<name> or "
                                "arn:aws:states:<region>:<account>:activity:<name>";
    if (!is_partition(r->arn)) {
        struct asl_text partition = {behind_colon(r->arn, 1), 0};
        partition.size = strcspn(partition.data, ":");
        struct asl_buffer hint;
        asl_buffer_init(&hint, ASL_BUFFER_MAXIMUM);
        asl_buffer_printf(&hint, "no partition of AWS is called '%.*s': aws, aws-cn, aws-us-gov",
                          ASL_TEXT_ARGS(partition));
        hint_tell(c, asl_buffer_text(&hint));
        asl_buffer_free(&hint);
    } else if (r->family == TASK_SERVICE) {
        tell_offered(c, r);
    } else {
        hint_tell(c, asl_text(words));
    }
}

void resource_check(struct compiler *c, const asl_value *state, const struct place *place,
                    const struct resource *r)
{
    struct place here = place_key(place, ASL_TEXT("Resource"));
    check_credentials(c, state, place, r);
    if (holds_mark(r->arn) && r->family != TASK_SERVICE) {
        return;
    }
    if (strncmp(r->arn, "arn:", 4) != 0) {
        report(c, CODE_SCHEMA, &here, "Value is not a valid resource ARN");
        return;
    }
    /* A mark for the partition or region does not hide what is called. */
    bool is_told = r->family == TASK_SERVICE && !holds_mark(r->type) && !holds_mark(r->action);
    bool is_wrong = (!holds_mark(r->arn) && !is_of_kind(r)) || (is_told && !is_offered(c, r));
    if (is_wrong) {
        report(c, CODE_SCHEMA, &here,
               "The resource provided %s is not recognized. The value is not a valid resource ARN, "
               "or the resource is not available in this region.",
               r->arn);
        tell_shape(c, r);
        return;
    }
    if (c->express) {
        check_express(c, &here, r);
    }
    if (r->family == TASK_SERVICE) {
        check_payload(c, state, place, r);
    }
}
