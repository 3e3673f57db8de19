/* ".sync": start a job, ask until it has ended, give what it became. One machine, jobs as data.
 *
 *   SUBMITTING -answer-> POLLING <-timer-> ASKING -ended-> report
 *
 * The intervals grow from 1 s to 30 s on the loop's clock, so that skipped time skips them. A
 * submission sent again after a crash carries the same token or name, and so finds the same job.
 */
#ifndef ENGINE_TASK_JOB_H
#define ENGINE_TASK_JOB_H

#include "service.h"

/* A parameter of Describe and Stop: taken from the task's parameters or the submission's answer. */
struct job_key {
    const char *to;   /* "JobName"; ends in "[]": a list of one */
    const char *from; /* a path, "Build.Id", "Tasks[0].TaskArn"; or the text itself */
    enum { JOB_OF_ANSWER, JOB_OF_PARAMETERS, JOB_CONSTANT } source;
};
#define JOB_KEYS 3

struct job_kind {
    const char *type, *action; /* of the resource: "glue", "startJobRun" */
    const char *service;       /* in the catalogue */
    const char *operation;     /* what starts it, where it is not called as the action; else NULL */
    asl_value *(*map)(const asl_value *parameters); /* to that operation's; NULL: as they are */
    const char *describe;
    const char *stop; /* NULL: aborting leaves the job alone */
    struct job_key keys[JOB_KEYS];
    struct job_key stop_keys[JOB_KEYS]; /* where they differ from Describe's */
    const char *object;    /* in Describe's answer: "JobRun", "Jobs[0]"; "": all of it */
    const char *wrap;      /* the result is {<wrap>: object}; NULL: the object */
    const char *status;    /* path in the object: "Status.State" */
    const char *succeeded; /* words, separated by spaces */
    const char *failed;
    const char *gone_code;   /* Describe fails so when a deletion has succeeded; NULL: never */
    const char *name_member; /* set to the token when the parameters leave it out, so that sending
                                  again is the same job; NULL: the model's own token does that */
    /* Sent again after a crash, the submission may be refused because the first one was taken
     * and has ended: by this code. Then `found_keys` gives the keys (or NULL) from the
     * parameters. */
    const char *taken_code;
    asl_value *(*found_keys)(const asl_value *parameters);
    /* The submission's answer as it is shown, taken and given back; NULL: as it is. */
    asl_value *(*answer_take)(asl_value *answer, const asl_value *parameters);
    bool adds_answer;  /* its members stand in the result beside the object */
    bool gives_answer; /* they are the result; the object is only what a failure's cause shows */
    /* The result or cause, taken and given back changed; NULL: as it is. */
    asl_value *(*shape_take)(const struct resource *resource, asl_value *object);
    /* A second look at what succeeded by its status (a container's exit code); NULL: none. */
    bool (*has_failed)(const asl_value *object);
};

void *job_start(const struct connectors *shared, struct task *task,
                const struct task_request *request, const struct job_kind *kind,
                const struct service_style *style);
void job_cancel(void *handle);
void job_stop(void *handle); /* cancels, and stops the job */

/* May the submission be sent again? By its name or the model's token. */
bool job_is_repeatable(const struct connectors *shared, const struct job_kind *kind);

/* What a path of names and [0] finds; NULL when it is not there. "" finds `value`. */
const asl_value *job_find(const asl_value *value, const char *path);

#endif
