/* Jobs: see job.h for the states; who makes each transition:
 *
 *   job_start, on_submitted, poll_later, on_timer, on_described, finish
 */
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/loop.h"
#include "words.h"

#define FIRST_MS 1000
#define LONGEST_MS 30000
/* Polls that fail one after the other before the task does: a service that restarts is waited for. */
#define PATIENCE 10

struct job {
    const struct connectors *shared;
    struct task *task;
    const struct job_kind *kind;
    const struct resource *resource; /* the machine's: lives as long as the task */
    asl_value *parameters;  /* as they are sent */
    asl_value *keys;        /* of Describe and Stop; NULL until submitted */
    char *role_arn, *machine_role;
    char token[37];
    bool reported;          /* SUBMITTED was */
    bool again;
    struct aws_call *call;
    struct loop_timer *timer;
    int64_t wait_ms;
    size_t failures;
};

/* ---- paths ---- */

const asl_value *job_find(const asl_value *value, const char *path)
{
    while (value && *path) {
        size_t size = strcspn(path, ".[");
        value = value_get(value, (struct asl_text){path, size});
        path += size;
        if (strncmp(path, "[0]", 3) == 0) {
            value = value && value_kind(value) == VALUE_ARRAY && value_count(value) > 0
                        ? value_at(value, 0) : NULL;
            path += 3;
        }
        path += *path == '.';
    }
    return value;
}

static bool is_word_of(const char *words, struct asl_text word)
{
    for (const char *at = words; at && *at;) {
        size_t size = strcspn(at, " ");
        if (asl_text_equal((struct asl_text){at, size}, word))
            return true;
        at += size + (at[size] == ' ');
    }
    return false;
}

/* NULL when the answer has not what it takes. */
static asl_value *keys_of(const struct job *j, const asl_value *answer)
{
    struct value_list l;
    value_list_init(&l);
    for (const struct job_key *k = j->kind->keys; k < j->kind->keys + 3 && k->to; k++) {
        const asl_value *found = job_find(k->of_parameters ? j->parameters : answer, k->from);
        size_t size = strlen(k->to);
        bool is_list = size > 2 && strcmp(k->to + size - 2, "[]") == 0;
        if (!found && k->of_parameters)
            continue; /* an optional one: the default cluster */
        if (!found) {
            value_list_free(&l);
            return NULL;
        }
        asl_value *value = value_retain(found);
        if (is_list)
            value = value_append_take(value_empty_array(), value);
        value_list_push_member_take(
            &l, value_string((struct asl_text){k->to, is_list ? size - 2 : size}), value);
    }
    return value_object_take(&l);
}

/* ---- ends ---- */

static void job_free(struct job *j)
{
    if (j->timer)
        loop_timer_free(j->timer);
    value_release(j->parameters);
    value_release(j->keys);
    free(j->role_arn);
    free(j->machine_role);
    free(j);
}

void job_cancel(void *handle)
{
    struct job *j = handle;
    if (j->call)
        aws_call_cancel(j->call);
    job_free(j);
}

static struct aws_ask ask_for(const struct job *j, const char *action, const asl_value *parameters)
{
    return (struct aws_ask){
        .operation = service_operation(j->shared, j->kind->service, action),
        .names = PROTOCOL_V1,
        .parameters = parameters,
        .role_arn = j->role_arn,
        .token = j->token,
    };
}

void job_stop(void *handle)
{
    struct job *j = handle;
    if (j->keys && j->kind->stop) {
        struct aws_ask ask = ask_for(j, j->kind->stop, j->keys);
        aws_call_forget(j->shared->aws, &ask);
    }
    job_cancel(j);
}

static void fail(struct job *j, const struct aws_outcome *o)
{
    struct words w;
    words_of_failure(&w, &(struct words_about){j->kind->style,
                                               service_operation(j->shared, j->kind->service,
                                                                 j->kind->action),
                                               j->kind->type, j->role_arn, j->machine_role}, o);
    task_report_failed(j->task, asl_buffer_text(&w.error), words_cut(asl_buffer_text(&w.cause)));
    words_free(&w);
    job_free(j);
}

static void finish(struct job *j, const asl_value *answer, const asl_value *object, bool failed)
{
    const asl_value *shown = j->kind->gives_answer && !failed ? answer : object;
    asl_value *result = value_retain(shown);
    if (j->kind->shape_take)
        result = j->kind->shape_take(j->resource, result);
    if (failed) {
        struct asl_buffer cause;
        asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
        value_print(result, &cause);
        task_report_failed(j->task, ASL_TEXT("States.TaskFailed"),
                           words_cut(asl_buffer_text(&cause)));
        asl_buffer_free(&cause);
    } else {
        task_report_succeeded(j->task, result);
    }
    value_release(result);
    job_free(j);
}

/* ---- polling ---- */

static void poll_later(struct job *j)
{
    loop_timer_arm(j->timer, loop_now(j->shared->loop) + j->wait_ms);
    j->wait_ms += j->wait_ms / 2;
    if (j->wait_ms > LONGEST_MS)
        j->wait_ms = LONGEST_MS;
}

static void judge(struct job *j, const asl_value *answer)
{
    const asl_value *object = job_find(answer, j->kind->object);
    const asl_value *status = object ? job_find(object, j->kind->status) : NULL;
    struct asl_text word = status ? value_as_text(status) : ASL_TEXT("");
    if (is_word_of(j->kind->failed, word))
        finish(j, answer, object, true);
    else if (is_word_of(j->kind->succeeded, word))
        finish(j, answer, object, j->kind->has_failed && j->kind->has_failed(object));
    else
        poll_later(j);
}

static void on_described(void *state, const struct aws_outcome *o)
{
    struct job *j = state;
    j->call = NULL;
    if (!o->answer.failed) {
        j->failures = 0;
        judge(j, o->answer.output);
        return;
    }
    if (o->trouble != AWS_REFUSED && ++j->failures < PATIENCE)
        poll_later(j);
    else
        fail(j, o);
}

static void on_timer(void *state)
{
    struct job *j = state;
    struct aws_ask ask = ask_for(j, j->kind->describe, j->keys);
    j->call = aws_call(j->shared->aws, &ask, on_described, j);
}

/* ---- submitting ---- */

static void refuse(struct job *j, const char *problems)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    service_refusal(j->parameters, problems, &cause);
    task_report_start_failed(j->task, ASL_TEXT("States.Runtime"), asl_buffer_text(&cause));
    asl_buffer_free(&cause);
    job_free(j);
}

/* The first submission was taken before the crash, and has ended since. */
static bool was_taken(struct job *j, const struct aws_outcome *o)
{
    if (!j->again || o->trouble != AWS_ANSWERED || !j->kind->taken_code ||
        strcmp(o->answer.code, j->kind->taken_code) != 0)
        return false;
    j->keys = j->kind->found_keys(j->parameters);
    if (!j->keys)
        return false;
    if (!j->reported)
        task_report_submitted(j->task, j->keys);
    j->reported = true;
    poll_later(j);
    return true;
}

static void on_submitted(void *state, const struct aws_outcome *o)
{
    struct job *j = state;
    j->call = NULL;
    if (o->trouble == AWS_REFUSED) {
        refuse(j, o->answer.message);
        return;
    }
    if (o->answer.failed) {
        if (!was_taken(j, o))
            fail(j, o);
        return;
    }
    asl_value *output = words_of_success(j->kind->style, o);
    j->keys = keys_of(j, output);
    if (!j->reported)
        task_report_submitted(j->task, output);
    value_release(output);
    if (j->keys) {
        poll_later(j);
        return;
    }
    task_report_failed(j->task, ASL_TEXT("States.TaskFailed"),
                       ASL_TEXT("The service's answer does not name the job that it started."));
    job_free(j);
}

static asl_value *parameters_of(const struct job *j, const struct task_request *request)
{
    asl_value *p = request->parameters ? value_retain(request->parameters) : value_empty_object();
    const char *member = j->kind->name_member;
    if (!member || value_kind(p) != VALUE_OBJECT || value_get_z(p, member))
        return p;
    return value_with_take(p, value_string_z(member), value_string_z(j->token));
}

void *job_start(const struct connectors *shared, struct task *task,
                const struct task_request *request, const struct job_kind *kind)
{
    struct job *j = asl_allocate_zeroed(1, sizeof *j);
    j->shared = shared;
    j->task = task;
    j->kind = kind;
    j->resource = request->resource;
    j->reported = request->submitted;
    j->again = request->again;
    j->wait_ms = FIRST_MS;
    service_token(request, j->token);
    j->parameters = parameters_of(j, request);
    j->role_arn = service_role(request->credentials);
    j->machine_role = request->role_arn ? asl_copy_text(asl_text(request->role_arn)) : NULL;
    j->timer = loop_timer_new(shared->loop, on_timer, j);
    struct aws_ask ask = ask_for(j, kind->action, j->parameters);
    j->call = aws_call(shared->aws, &ask, on_submitted, j);
    return j;
}
