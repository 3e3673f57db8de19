/* History: the table of AWS's event types, and the chunk that events are encoded into as they
 * happen. Serves: HistoryEvent (API reference); facts 2.1.
 *
 * A chunk is bytes: a version, the first id and time, then one record an event: type, distance to
 * the previous event, time since the last record, a mask of the fields that are present, the
 * fields. Each payload text (and state name) stands in a chunk once and is referred to afterwards:
 * a state's output is the next state's input.
 */
#ifndef ASL_RUN_HISTORY_H
#define ASL_RUN_HISTORY_H

#include "../asl.h"

/* AWS's 62 types. The order is part of the stored form: append only. */
enum history_type {
    EVENT_ACTIVITY_FAILED,
    EVENT_ACTIVITY_SCHEDULED,
    EVENT_ACTIVITY_SCHEDULE_FAILED,
    EVENT_ACTIVITY_STARTED,
    EVENT_ACTIVITY_SUCCEEDED,
    EVENT_ACTIVITY_TIMED_OUT,
    EVENT_CHOICE_STATE_ENTERED,
    EVENT_CHOICE_STATE_EXITED,
    EVENT_EXECUTION_ABORTED,
    EVENT_EXECUTION_FAILED,
    EVENT_EXECUTION_STARTED,
    EVENT_EXECUTION_SUCCEEDED,
    EVENT_EXECUTION_TIMED_OUT,
    EVENT_FAIL_STATE_ENTERED,
    EVENT_LAMBDA_FUNCTION_FAILED,
    EVENT_LAMBDA_FUNCTION_SCHEDULED,
    EVENT_LAMBDA_FUNCTION_SCHEDULE_FAILED,
    EVENT_LAMBDA_FUNCTION_STARTED,
    EVENT_LAMBDA_FUNCTION_START_FAILED,
    EVENT_LAMBDA_FUNCTION_SUCCEEDED,
    EVENT_LAMBDA_FUNCTION_TIMED_OUT,
    EVENT_MAP_ITERATION_ABORTED,
    EVENT_MAP_ITERATION_FAILED,
    EVENT_MAP_ITERATION_STARTED,
    EVENT_MAP_ITERATION_SUCCEEDED,
    EVENT_MAP_STATE_ABORTED,
    EVENT_MAP_STATE_ENTERED,
    EVENT_MAP_STATE_EXITED,
    EVENT_MAP_STATE_FAILED,
    EVENT_MAP_STATE_STARTED,
    EVENT_MAP_STATE_SUCCEEDED,
    EVENT_PARALLEL_STATE_ABORTED,
    EVENT_PARALLEL_STATE_ENTERED,
    EVENT_PARALLEL_STATE_EXITED,
    EVENT_PARALLEL_STATE_FAILED,
    EVENT_PARALLEL_STATE_STARTED,
    EVENT_PARALLEL_STATE_SUCCEEDED,
    EVENT_PASS_STATE_ENTERED,
    EVENT_PASS_STATE_EXITED,
    EVENT_SUCCEED_STATE_ENTERED,
    EVENT_SUCCEED_STATE_EXITED,
    EVENT_TASK_FAILED,
    EVENT_TASK_SCHEDULED,
    EVENT_TASK_STARTED,
    EVENT_TASK_START_FAILED,
    EVENT_TASK_STATE_ABORTED,
    EVENT_TASK_STATE_ENTERED,
    EVENT_TASK_STATE_EXITED,
    EVENT_TASK_SUBMIT_FAILED,
    EVENT_TASK_SUBMITTED,
    EVENT_TASK_SUCCEEDED,
    EVENT_TASK_TIMED_OUT,
    EVENT_WAIT_STATE_ABORTED,
    EVENT_WAIT_STATE_ENTERED,
    EVENT_WAIT_STATE_EXITED,
    EVENT_MAP_RUN_ABORTED,
    EVENT_MAP_RUN_FAILED,
    EVENT_MAP_RUN_STARTED,
    EVENT_MAP_RUN_SUCCEEDED,
    EVENT_EXECUTION_REDRIVEN,
    EVENT_MAP_RUN_REDRIVEN,
    EVENT_EVALUATION_FAILED,
    EVENT_TYPES,
    EVENT_NONE = EVENT_TYPES,
};
const char *history_type_name(enum history_type type);

/* What an event may carry; which of it a type shows, and under which name, stands in the table.
 * A text whose data is NULL, a value that is NULL and a number below 0 are absent. */
struct history_event {
    enum history_type type;
    int64_t id, previous;
    int64_t at;                  /* ms since 1970 */
    const asl_value *name;       /* of a state, or a Map iteration's */
    const asl_value *payload;    /* input, output or parameters */
    struct asl_text raw_payload; /* the same as text, where the caller's own text is kept */
    struct asl_text error, cause;
    struct asl_text resource, resource_type, region;
    struct asl_text role_arn, version_arn, alias_arn;
    struct asl_text worker, location, map_run_arn;
    const asl_value *assigned;    /* {"name": value} of Assign */
    const asl_value *credentials; /* {"RoleArn"} */
    int64_t number;               /* length, index, redriveCount */
    int64_t timeout, heartbeat;   /* seconds */
};

/* All fields absent. */
void history_event_init(struct history_event *e, enum history_type type);
void history_append(struct asl_history *h, const struct history_event *e);

#endif
