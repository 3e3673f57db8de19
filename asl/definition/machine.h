/* A compiled machine: what definition/ makes and run/ reads. Immutable once compiled.
 *
 * Everything that can be decided from the text is decided here: each path, intrinsic, JSONata
 * expression, template and choice rule is compiled once; names are resolved to pointers. A machine
 * owns all it points to and is freed as one.
 */
#ifndef ASL_DEFINITION_MACHINE_H
#define ASL_DEFINITION_MACHINE_H

#include "../intrinsic/intrinsic.h"
#include "../jsonata/jsonata.h"
#include "../path/path.h"
#include "../value/value.h"

enum query_language { LANGUAGE_JSONPATH, LANGUAGE_JSONATA };

enum state_kind {
    STATE_PASS,
    STATE_TASK,
    STATE_CHOICE,
    STATE_WAIT,
    STATE_SUCCEED,
    STATE_FAIL,
    STATE_PARALLEL,
    STATE_MAP,
};

/* A payload template of either language: constants with holes. A subtree without holes is one
 * TEMPLATE_LITERAL, so that a constant template costs one retain. */
enum template_kind {
    TEMPLATE_LITERAL,
    TEMPLATE_OBJECT,
    TEMPLATE_ARRAY,
    TEMPLATE_PATH,      /* "x.$": "$.a" */
    TEMPLATE_INTRINSIC, /* "x.$": "States.Format(...)" */
    TEMPLATE_JSONATA,   /* "{% ... %}" */
};

struct template
{
    enum template_kind kind;
    /* The member's name in an object (without ".$"); NULL for elements and roots. */
    asl_value *key;
    /* For messages. JSONPath: the member's own name as written ("value.$"). JSONata: the path of
     * the field from the state ("Output/result", "Arguments/Items[0]/x"). */
    char *field;
    union {
        asl_value *literal;
        struct path *path;
        struct intrinsic *intrinsic;
        struct jsonata *jsonata;
        struct {
            struct template *items;
            size_t count;
        } children;
    } of;
};

/* A field that may be a constant, a reference path or a JSONata expression: Seconds/SecondsPath,
 * TimeoutSeconds/TimeoutSecondsPath, MaxConcurrency(Path), Error/ErrorPath ... Exactly one is set,
 * or none when the field is absent (then value is NULL and template is NULL). */
struct setting {
    asl_value *value;          /* constant */
    struct template *template; /* TEMPLATE_PATH, TEMPLATE_INTRINSIC or TEMPLATE_JSONATA */
    const char *name;          /* the field as written: "SecondsPath" */
};

enum choice_operator {
    CHOICE_AND,
    CHOICE_OR,
    CHOICE_NOT,
    CHOICE_EQUALS, /* String, Numeric, Boolean, Timestamp: see `type` */
    CHOICE_LESS,
    CHOICE_LESS_EQUALS,
    CHOICE_GREATER,
    CHOICE_GREATER_EQUALS,
    CHOICE_MATCHES,   /* StringMatches */
    CHOICE_IS,        /* IsString ...: see `type`, `expected` */
    CHOICE_CONDITION, /* JSONata */
};

enum choice_type {
    CHOICE_STRING,
    CHOICE_NUMERIC,
    CHOICE_BOOLEAN,
    CHOICE_TIMESTAMP,
    CHOICE_NULL,
    CHOICE_PRESENT,
};

struct choice_rule {
    enum choice_operator operator;
    enum choice_type type;
    struct path *variable;     /* "Variable" */
    asl_value *operand;        /* constant right side, or NULL */
    struct path *operand_path; /* ...Path right side, or NULL */
    bool expected;             /* of CHOICE_IS */
    struct choice_rule *rules; /* And, Or, Not */
    size_t rule_count;
    size_t number;              /* within its Choice, depth first, from 0 */
    struct template *condition; /* CHOICE_CONDITION: TEMPLATE_JSONATA, or a literal boolean */
    /* top level only */
    struct state *next;
    struct template *assign; /* TEMPLATE_OBJECT/LITERAL object, or NULL */
    struct template *output; /* JSONata, or NULL */
};

struct retrier {
    asl_value **errors; /* strings */
    size_t error_count;
    int64_t interval_seconds;  /* default 1 */
    int64_t max_attempts;      /* default 3 */
    double backoff_rate;       /* default 2.0 */
    int64_t max_delay_seconds; /* 0: none */
    bool full_jitter;
};

struct catcher {
    asl_value **errors;
    size_t error_count;
    struct state *next;
    struct path *result_path; /* NULL: replace the whole (`$`) */
    bool discard;             /* "ResultPath": null */
    struct template *assign;
    struct template *output;
};

/* How a Task waits for its end. */
enum task_pattern {
    TASK_REQUEST_RESPONSE,
    TASK_SYNC,     /* .sync */
    TASK_SYNC_2,   /* .sync:2 */
    TASK_CALLBACK, /* .waitForTaskToken */
};

enum task_family {
    TASK_LAMBDA,   /* a function ARN: LambdaFunction* events */
    TASK_ACTIVITY, /* an activity ARN: Activity* events */
    TASK_SERVICE,  /* arn:aws:states:::...: Task* events */
};

struct resource {
    char *arn; /* as written */
    enum task_family family;
    enum task_pattern pattern;
    char *type;   /* history's resourceType: "dynamodb", "aws-sdk:s3", "lambda" */
    char *name;   /* history's resource: "getItem", "startExecution.sync:2" */
    char *action; /* without the pattern: "startExecution" */
};

/* The distributed Map's ItemReader, ItemBatcher and ResultWriter. A member that is absent is NULL,
 * or a setting with neither value nor template. */
struct item_reader {
    char *resource;             /* "arn:aws:states:::s3:getObject" */
    struct template *arguments; /* Parameters or Arguments: Bucket, Key, Prefix ... */
    asl_value *config;          /* ReaderConfig as written, or NULL */
    struct setting max_items;   /* ReaderConfig.MaxItems(Path) */
};

struct item_batcher {
    struct template *input; /* BatchInput */
    struct setting max_items;
    struct setting max_bytes;
};

struct result_writer {
    char *resource;             /* "arn:aws:states:::s3:putObject", or NULL: no export */
    struct template *arguments; /* Parameters or Arguments: Bucket, Prefix */
    asl_value *config;          /* WriterConfig as written, or NULL */
};

/* A "States" object: the machine's own, a branch's, an item processor's. */
struct states {
    struct state **states; /* in the order of the text */
    size_t count;
    struct state *start;
    struct states *outer; /* NULL for the machine's own */
};

struct state {
    enum state_kind kind;
    enum query_language language;
    asl_value *name;
    size_t id; /* unique in the machine, 0.. in text order, nested ones included */
    struct states *owner;
    struct state *next; /* NULL: End (or Choice, Succeed, Fail) */

    /* data flow, JSONPath */
    struct path *input_path; /* NULL: absent, i.e. `$` */
    bool input_null;         /* "InputPath": null -> {} */
    struct path *output_path;
    bool output_null;
    struct template *parameters; /* Parameters (Pass, Task, Parallel), Arguments in JSONata; for Map
                                    see item_selector */
    struct template *result_selector;
    struct path *result_path;
    bool result_discarded; /* "ResultPath": null */
    /* data flow, JSONata */
    struct template *output;
    /* both */
    struct template *assign;

    struct retrier *retriers;
    size_t retrier_count;
    struct catcher *catchers;
    size_t catcher_count;

    union {
        struct {
            asl_value *result; /* or NULL */
        } pass;
        struct {
            struct resource resource;
            struct setting timeout;       /* TimeoutSeconds, TimeoutSecondsPath */
            struct setting heartbeat;     /* HeartbeatSeconds, HeartbeatSecondsPath */
            struct template *credentials; /* or NULL */
        } task;
        struct {
            struct choice_rule *rules;
            size_t count;
            struct state *default_next; /* or NULL */
        } choice;
        struct {
            struct setting seconds;   /* Seconds, SecondsPath */
            struct setting timestamp; /* Timestamp, TimestampPath */
        } wait;
        struct {
            struct setting error; /* Error, ErrorPath */
            struct setting cause; /* Cause, CausePath */
        } fail;
        struct {
            struct states **branches;
            size_t count;
        } parallel;
        struct {
            struct states *processor;
            bool distributed;
            bool child_express;             /* ProcessorConfig.ExecutionType EXPRESS */
            struct path *items_path;        /* or NULL */
            struct setting items;           /* JSONata Items: template of any kind, or literal */
            struct template *item_selector; /* ItemSelector, or legacy Parameters */
            struct setting max_concurrency;
            struct setting tolerated_count;
            struct setting tolerated_percentage;
            asl_value *item_reader; /* the fields as written, or NULL ... */
            asl_value *item_batcher;
            asl_value *result_writer;
            struct item_reader reader; /* ... and compiled */
            struct item_batcher batcher;
            struct result_writer writer;
            char *label; /* or NULL */
        } map;
    } of;
};

enum { MACHINE_ROLE_ARN, MACHINE_ARN, MACHINE_NAME, MACHINE_TOLD };

struct asl_machine {
    struct states root;
    enum query_language language;
    int64_t timeout_seconds; /* 0: none */
    bool express;
    char *comment;
    asl_value *variable_references; /* {"StateName": ["var", ...]} */
    size_t state_count;             /* nested ones included: ids run below it */
    struct state **by_id;
    size_t references;             /* shared by executions: see asl_machine_retain */
    asl_value *told[MACHINE_TOLD]; /* what its executions share: see execution_text */
};

#endif
