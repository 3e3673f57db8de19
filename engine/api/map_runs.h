/* What map_runs.c (runs) and map_children.c (their executions) share. */
#ifndef ENGINE_API_MAP_RUNS_H
#define ENGINE_API_MAP_RUNS_H

#include "engine/api/internal.h"

struct map_run {
    int64_t execution, started; /* MapRunStarted's id */
    asl_value *beginning, *end; /* documents; end NULL: it goes on, or its execution was stopped */
    asl_value *redriven;        /* "redriveCount" and "redriveDate"; NULL: it was not */
    struct asl_map_run now;
    bool is_live, is_over;
    enum asl_status status; /* of the execution */
    char *execution_arn;
    int64_t stopped;
    int64_t asked;     /* when, in ms since 1970 */
    char why_not[128]; /* the run's unsuccessful children cannot be redriven; "" when they can */
};

/* By its execution and MapRunStarted's id; false: there is none. Free it otherwise. */
bool map_run_read(struct api *a, int64_t execution, int64_t started, struct map_run *run);
/* The run that "mapRunArn" names; false after answering. */
bool map_run_find(struct api_call *call, struct map_run *run);
void map_run_free(struct map_run *run);

/* ---- children (map_children.c) ---- */

/* A child of a run: its ARN tells, and holds, all of it. */
struct map_child {
    int64_t execution, started, index;
    struct arn arn;
};
/* Whether an execution's ARN is a child's that may be one (`arn.kind` ARN_EXPRESS: an EXPRESS
 * child); it is looked for by the others. */
bool map_child_of(struct asl_text arn, struct map_child *child);
/* Its events from the first on, renumbered from 1, as GetExecutionHistory shows them; false: there
 * are none, so there is no such child. */
bool map_child_events(struct api *a, const struct map_child *child, bool include_data,
                      bool (*see)(void *state, int64_t id, const asl_value *event), void *state);
/* DescribeExecution of it. */
void map_child_describe(struct api_call *call, const struct map_child *child);
/* Sets what DescribeStateMachineForExecution has more for it. */
void map_child_add_machine(struct api *a, const struct map_child *child, struct value_list *l);
/* ListExecutions by "mapRunArn". */
void map_children_list(struct api_call *call);

#endif
