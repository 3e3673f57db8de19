/* Jobs: see job.h for the states; who makes each transition:
 *
 *   job_start, on_submitted, poll_later, on_timer, on_described, finish
 */
#include "job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/loop/loop.h"
#include "words.h"

#define FIRST_MS   1000
#define LONGEST_MS 30000
/* Polls that fail one after the other before the task does: a service that restarts is waited
 * for. */
#define PATIENCE 10

struct job {
    struct service_handle handle;
    const struct connectors *shared;
    struct task *task;
    const struct job_kind *kind;
    const struct service_style *style;
    const struct resource *resource; /* the machine's: lives as long as the task */
    asl_value *parameters;           /* as they were given, with what is added */
    asl_value *answer;               /* of the submission, as it is shown; NULL before */
    asl_value *keys;                 /* of Describe; NULL until submitted */
    asl_value *stop_keys;
    asl_value *last; /* the newest object that Describe showed, or NULL */
    char *role_arn, *machine_role, *region;
    asl_value *state; /* the Task's name */
    char token[37];
    bool reported; /* SUBMITTED was */
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
                        ? value_at(value, 0)
                        : NULL;
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

static asl_value *key_value(const struct job *j, const struct job_key *k, const asl_value *answer)
{
    if (k->source == JOB_CONSTANT)
        return value_string_z(k->from);
    const asl_value *found =
        job_find(k->source == JOB_OF_PARAMETERS ? j->parameters : answer, k->from);
    return found ? value_retain(found) : NULL;
}

/* NULL when the answer has not what it takes; what the parameters leave out is optional. */
static asl_value *keys_of(const struct job *j, const struct job_key *keys, const asl_value *answer)
{
    struct value_list l;
    value_list_init(&l);
    for (const struct job_key *k = keys; k < keys + JOB_KEYS && k->to; k++) {
        asl_value *value = key_value(j, k, answer);
        struct asl_text to = asl_text(k->to);
        if (!value && k->source == JOB_OF_PARAMETERS)
            continue;
        if (!value) {
            value_list_free(&l);
            return NULL;
        }
        if (asl_text_ends(to, "[]")) {
            to.size -= strlen("[]");
            value = value_append_take(value_empty_array(), value);
        }
        value_list_push_member_take(&l, value_string(to), value);
    }
    return value_object_take(&l);
}

/* ---- ends ---- */

static void job_free(struct job *j)
{
    if (j->timer)
        loop_timer_free(j->timer);
    value_release(j->parameters);
    value_release(j->answer);
    value_release(j->keys);
    value_release(j->stop_keys);
    value_release(j->last);
    free(j->role_arn);
    free(j->region);
    free(j->machine_role);
    value_release(j->state);
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
        .region = j->region,
        .role_arn = j->role_arn,
        .state = j->state ? value_as_text(j->state) : (struct asl_text){NULL, 0},
        .token = j->token,
    };
}

void job_stop(void *handle)
{
    struct job *j = handle;
    if (j->stop_keys && j->kind->stop) {
        struct aws_ask ask = ask_for(j, j->kind->stop, j->stop_keys);
        aws_call_forget(j->shared->aws, &ask);
    }
    job_cancel(j);
}

static const char *starter(const struct job_kind *kind)
{
    return kind->operation ? kind->operation : kind->action;
}

static void fail(struct job *j, const struct aws_outcome *o)
{
    struct words w;
    words_of_failure(&w,
                     &(struct words_about){
                         j->style, service_operation(j->shared, j->kind->service, starter(j->kind)),
                         j->kind->type, j->role_arn, j->machine_role},
                     o);
    task_report_failed(j->task, asl_buffer_text(&w.error), words_cut(asl_buffer_text(&w.cause)));
    words_free(&w);
    job_free(j);
}

/* The submission's answer without its metadata, as members of a result. */
static void put_answer(const struct job *j, struct value_list *l)
{
    for (size_t i = 0; j->answer && i < value_count(j->answer); i++)
        if (!asl_text_starts(value_as_text(value_key_at(j->answer, i)), "Sdk"))
            value_list_push_member_take(l, value_retain(value_key_at(j->answer, i)),
                                        value_retain(value_at(j->answer, i)));
}

/* {<wrap>: object}, beside the answer where the kind has it so. */
static asl_value *wrapped_take(const struct job *j, asl_value *object)
{
    struct value_list l;
    value_list_init(&l);
    if (j->kind->adds_answer)
        put_answer(j, &l);
    value_list_set_take(&l, j->kind->wrap, object);
    return words_sorted_take(value_object_take(&l));
}

static asl_value *answer_of(const struct job *j)
{
    struct value_list l;
    value_list_init(&l);
    put_answer(j, &l);
    return value_object_take(&l);
}

static asl_value *result_of(const struct job *j)
{
    asl_value *result = j->last ? value_retain(j->last) : value_empty_object();
    if (j->kind->shape_take)
        result = j->kind->shape_take(j->resource, result);
    return j->kind->wrap ? wrapped_take(j, result) : result;
}

/* With what Describe showed last; as a failure's cause it is the same, as JSON text. */
static void finish(struct job *j, bool failed)
{
    asl_value *result = j->kind->gives_answer && !failed ? answer_of(j) : result_of(j);
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
    if (object) {
        value_release(j->last);
        j->last = value_retain(object);
    }
    if (is_word_of(j->kind->failed, word))
        finish(j, true);
    else if (is_word_of(j->kind->succeeded, word))
        finish(j, j->kind->has_failed && j->kind->has_failed(object));
    else
        poll_later(j);
}

static bool is_gone(const struct job *j, const struct aws_outcome *o)
{
    return j->kind->gone_code && o->trouble == AWS_ANSWERED &&
           strcmp(o->answer.code, j->kind->gone_code) == 0;
}

static void on_described(void *state, const struct aws_outcome *o)
{
    struct job *j = state;
    j->call = NULL;
    if (!o->answer.failed) {
        j->failures = 0;
        judge(j, o->answer.output);
    } else if (is_gone(j, o)) {
        finish(j, false);
    } else if (o->trouble != AWS_REFUSED && ++j->failures < PATIENCE) {
        poll_later(j);
    } else {
        fail(j, o);
    }
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
    j->stop_keys = value_retain(j->keys);
    if (!j->reported)
        task_report_submitted(j->task, j->keys);
    j->reported = true;
    poll_later(j);
    return true;
}

/* The service answered, but started nothing, or not all (ECS without a place for a task). */
static void fail_unknown(struct job *j, const asl_value *output)
{
    struct words w;
    words_of_unknown(&w, j->style, output);
    task_report_failed(j->task, asl_buffer_text(&w.error), words_cut(asl_buffer_text(&w.cause)));
    words_free(&w);
    job_free(j);
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
    asl_value *output = words_of_success(j->style, o);
    if (j->kind->answer_take)
        output = j->kind->answer_take(output, j->parameters);
    j->answer = value_retain(output);
    j->keys = keys_of(j, j->kind->keys, output);
    j->stop_keys =
        keys_of(j, j->kind->stop_keys[0].to ? j->kind->stop_keys : j->kind->keys, output);
    if (!j->keys || (j->style->has_refused && j->style->has_refused(output))) {
        fail_unknown(j, output);
    } else {
        if (!j->reported)
            task_report_submitted(j->task, output);
        poll_later(j);
    }
    value_release(output);
}

static asl_value *parameters_of(const struct job *j, const struct task_request *request)
{
    asl_value *p = service_parameters(j->style, request, request->parameters);
    const char *member = j->kind->name_member;
    if (!member || value_kind(p) != VALUE_OBJECT || value_get_z(p, member))
        return p;
    return value_with_take(p, value_string_z(member), value_string_z(j->token));
}

void *job_start(const struct connectors *shared, struct task *task,
                const struct task_request *request, const struct job_kind *kind,
                const struct service_style *style)
{
    struct job *j = asl_allocate_zeroed(1, sizeof *j);
    j->handle.cancel = job_cancel;
    assert(service_operation(shared, kind->service, starter(kind)) &&
           service_operation(shared, kind->service, kind->describe) &&
           (!kind->stop || service_operation(shared, kind->service, kind->stop)));
    j->shared = shared;
    j->task = task;
    j->kind = kind;
    j->style = style;
    j->resource = request->resource;
    j->reported = request->submitted;
    j->again = request->again;
    j->wait_ms = FIRST_MS;
    service_token(request, j->token);
    j->parameters = parameters_of(j, request);
    j->role_arn = service_role(request->credentials);
    j->region = service_region(shared, request);
    j->state = request->state_name ? value_retain(request->state_name) : NULL;
    j->machine_role = request->role_arn ? asl_copy_text(asl_text(request->role_arn)) : NULL;
    j->timer = loop_timer_new(shared->loop, on_timer, j);
    asl_value *sent = kind->map ? kind->map(j->parameters) : value_retain(j->parameters);
    struct aws_ask ask = ask_for(j, starter(kind), sent);
    j->call = aws_call(shared->aws, &ask, on_submitted, j);
    value_release(sent);
    return j;
}

bool job_is_repeatable(const struct connectors *shared, const struct job_kind *kind)
{
    return kind->name_member ||
           service_is_repeatable(service_operation(shared, kind->service, starter(kind)));
}
