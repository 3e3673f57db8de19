/* Activities: their names, and the queues where tasks wait for workers and workers for tasks.
 * Serves: facts 1.2, 1.5; quotas of section 5.
 *
 * The queues are memory only: recovery tells of the waiting tasks again. A task is handed out by an
 * ActivityStarted event; only when that is durable does the worker hear of it. At most one of the
 * two lists of a queue is not empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/api/internal.h"

#define POLL_MS 60000

/* A task that waits for a worker. */
struct offer {
    struct offer *hash_next;
    struct offer *before, *after; /* in its queue */
    struct queue *queue;
    int64_t execution, task;
};

/* A worker that waits for a task. */
struct poll {
    struct poll *before, *after;
    struct queue *queue;
    struct api_call *call;
    struct loop_timer *timer;
    int64_t until;           /* ms since 1970: nothing came */
    int64_t execution, task; /* handed to it, not yet durable */
};

struct queue {
    struct queue *next;
    char *arn;
    struct offer *offers, *offers_tail;
    struct poll *polls, *polls_tail;
    size_t poll_count;
};

struct activity_queues {
    struct queue *queues;
    struct offer **table; /* by execution and task, a power of two */
    size_t table_size, count;
};

/* ---- offers ---- */

static size_t slot_of(const struct activity_queues *q, int64_t execution, int64_t task)
{
    uint64_t key = (uint64_t)execution * 0x9E3779B97F4A7C15u ^ (uint64_t)task * 0xC2B2AE3D27D4EB4Fu;
    return (size_t)(key >> 32) & (q->table_size - 1);
}

static void grow(struct activity_queues *q)
{
    struct offer **old = q->table;
    size_t old_size = q->table_size;
    q->table_size = old_size ? old_size * 2 : 64;
    q->table = asl_allocate_zeroed(q->table_size, sizeof *q->table);
    for (size_t i = 0; i < old_size; i++)
        for (struct offer *o = old[i], *next; o; o = next) {
            next = o->hash_next;
            size_t slot = slot_of(q, o->execution, o->task);
            o->hash_next = q->table[slot];
            q->table[slot] = o;
        }
    free(old);
}

static void offer_free(struct activity_queues *q, struct offer *o)
{
    struct offer **at = &q->table[slot_of(q, o->execution, o->task)];
    while (*at != o)
        at = &(*at)->hash_next;
    *at = o->hash_next;
    *(o->before ? &o->before->after : &o->queue->offers) = o->after;
    *(o->after ? &o->after->before : &o->queue->offers_tail) = o->before;
    q->count--;
    free(o);
}

static void offer_add(struct activity_queues *q, struct queue *queue, int64_t execution,
                      int64_t task)
{
    if (q->count >= q->table_size)
        grow(q);
    struct offer *o = asl_allocate_zeroed(1, sizeof *o);
    size_t slot = slot_of(q, execution, task);
    *o = (struct offer){.hash_next = q->table[slot],
                        .before = queue->offers_tail,
                        .queue = queue,
                        .execution = execution,
                        .task = task};
    q->table[slot] = o;
    *(o->before ? &o->before->after : &queue->offers) = o;
    queue->offers_tail = o;
    q->count++;
}

static struct queue *queue_of(struct activity_queues *q, const char *arn)
{
    for (struct queue **at = &q->queues; *at; at = &(*at)->next)
        if (strcmp((*at)->arn, arn) == 0) {
            struct queue *found = *at; /* the last one used goes to the front */
            *at = found->next;
            found->next = q->queues;
            q->queues = found;
            return found;
        }
    struct queue *queue = asl_allocate_zeroed(1, sizeof *queue);
    queue->arn = asl_copy_text(asl_text(arn));
    queue->next = q->queues;
    q->queues = queue;
    return queue;
}

/* ---- polls ---- */

static void poll_leave(struct poll *p)
{
    if (!p->queue)
        return;
    *(p->before ? &p->before->after : &p->queue->polls) = p->after;
    *(p->after ? &p->after->before : &p->queue->polls_tail) = p->before;
    p->queue->poll_count--;
    p->before = p->after = NULL;
    p->queue = NULL;
    loop_timer_disarm(p->timer);
}

static void poll_free(struct poll *p)
{
    poll_leave(p);
    p->call->gone = NULL;
    p->call->own = NULL;
    loop_timer_free(p->timer);
    free(p);
}

static void poll_answer_nothing(void *state)
{
    struct poll *p = state;
    struct api_call *call = p->call;
    struct value_list l;
    poll_free(p);
    value_list_init(&l);
    value_list_set_take(&l, "taskToken", value_null());
    api_answer_take(call, value_object_take(&l));
}

static void poll_gone(struct api_call *call)
{
    struct poll *p = call->own;
    bool is_closing = call->api->is_closing;
    if (!p->queue && !is_closing)
        return; /* a task is on its way to it: the answer goes nowhere */
    poll_free(p);
    if (!is_closing)
        api_answer_empty(call);
}

static void poll_join(struct poll *p, struct queue *queue)
{
    p->queue = queue;
    p->before = queue->polls_tail;
    *(p->before ? &p->before->after : &queue->polls) = p;
    queue->polls_tail = p;
    queue->poll_count++;
    loop_timer_arm(p->timer, p->until);
}

/* ---- handing out ---- */

static void hand_out(struct poll *p, struct queue *queue);

struct handed {
    struct poll *poll;
    asl_value *out;
};

static void see_task(void *state, const struct asl_command *command)
{
    struct handed *h = state;
    struct asl_buffer scratch;
    struct value_list l;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    value_list_init(&l);
    value_list_set_take(&l, "taskToken", value_string_z(command->token));
    value_list_set_take(&l, "input", value_string(value_compact(command->parameters, &scratch)));
    asl_buffer_free(&scratch);
    h->out = value_object_take(&l);
}

/* It is durable that this worker has the task; or the task was over before. */
static void handed_out(void *state, enum engine_outcome outcome)
{
    struct poll *p = state;
    struct api_call *call = p->call;
    struct handed h = {p, NULL};
    if (outcome == ENGINE_OK)
        engine_look_task(call->api->engine, p->execution, p->task, see_task, &h);
    if (h.out) {
        poll_free(p);
        api_answer_take(call, h.out);
        return;
    }
    hand_out(p, queue_of(call->api->queues, api_text(call, "activityArn").data));
}

/* The first task that waits goes to the poll; if none does, the poll waits. */
static void hand_out(struct poll *p, struct queue *queue)
{
    struct api *a = p->call->api;
    struct offer *o = queue->offers;
    if (!o) {
        poll_join(p, queue);
        return;
    }
    struct asl_event event = {
        .kind = ASL_TASK_STARTED,
        .task = o->task,
        .worker = api_text(p->call, "workerName"),
    };
    p->execution = o->execution;
    p->task = o->task;
    offer_free(a->queues, o);
    engine_task_event(a->engine, p->execution, &event, handed_out, p);
}

/* ---- what the engine tells ---- */

static bool exists(void *state, struct asl_text text)
{
    const struct api *a = state;
    return shelf_get(&a->activities, text.data) != NULL;
}

static void waits(void *state, const char *text, int64_t execution, int64_t task)
{
    struct api *a = state;
    struct queue *queue = queue_of(a->queues, text);
    offer_add(a->queues, queue, execution, task);
    struct poll *p = queue->polls;
    if (p) {
        poll_leave(p);
        hand_out(p, queue);
    }
}

static void over(void *state, int64_t execution, int64_t task)
{
    struct activity_queues *q = ((struct api *)state)->queues;
    if (!q->count)
        return;
    struct offer *o = q->table[slot_of(q, execution, task)];
    while (o && (o->execution != execution || o->task != task))
        o = o->hash_next;
    if (o)
        offer_free(q, o);
}

void activities_init(struct api *a)
{
    const struct engine_activities activities = {a, exists, waits, over};
    a->queues = asl_allocate_zeroed(1, sizeof *a->queues);
    engine_set_activities(a->engine, &activities);
}

void activities_let_go(struct api *a)
{
    for (struct queue *queue = a->queues->queues; queue; queue = queue->next)
        while (queue->polls)
            poll_answer_nothing(queue->polls);
}

/* The calls are answered by then: no poll is left. */
void activities_free(struct api *a)
{
    struct activity_queues *q = a->queues;
    while (q->queues) {
        struct queue *queue = q->queues;
        while (queue->offers)
            offer_free(q, queue->offers);
        q->queues = queue->next;
        free(queue->arn);
        free(queue);
    }
    free(q->table);
    free(q);
}

/* ---- the operations ---- */

static bool find_activity(struct api_call *call, struct arn *arn, const asl_value **activity)
{
    if (!api_arn(call, "activityArn", 1u << ARN_ACTIVITY, arn))
        return false;
    *activity = shelf_get(&call->api->activities, api_text(call, "activityArn").data);
    if (*activity && api_is_here(call, arn))
        return true;
    api_fail(call, "ActivityDoesNotExist", "Activity Does Not Exist: '%.*s'",
             ASL_TEXT_ARGS(api_text(call, "activityArn")));
    return false;
}

static bool is_same_encryption(const struct api_call *call, const asl_value *activity)
{
    const asl_value *had = api_get(activity, "encryptionConfiguration");
    const asl_value *given = api_get(call->in, "encryptionConfiguration");
    asl_value *normal = value_literal("{\"type\":\"AWS_OWNED_KEY\"}");
    bool same = api_equal(had ? had : normal, given ? given : normal);
    value_release(normal);
    return same;
}

static bool check_room(struct api_call *call)
{
    struct api *a = call->api;
    struct scope_walk w;
    int64_t count = 0;
    if ((int64_t)a->activities.count < a->quotas.most[QUOTA_ACTIVITIES])
        return true;
    scope_walk_begin(&w, &a->activities, &call->scope, "activity", "");
    while (scope_walk_next(&w))
        count++;
    if (count < a->quotas.most[QUOTA_ACTIVITIES])
        return true;
    api_fail(
        call, "ActivityLimitExceeded",
        "The maximum number of activities has been reached. Existing activities must be deleted "
        "before a new activity can be created.");
    return false;
}

void api_CreateActivity(struct api_call *call)
{
    struct api *a = call->api;
    struct asl_text name = api_text(call, "name");
    char arn[API_ARN_BYTES];
    struct value_list l;
    if (!api_check_name(call, name) || !api_check_encryption(call))
        return;
    api_make_arn(&call->scope, "activity", name.data, NULL, arn);
    const asl_value *known = shelf_get(&a->activities, arn);
    if (known && !is_same_encryption(call, known)) {
        api_fail(call, "ActivityAlreadyExists",
                 "Activity Already Exists: '%s': EncryptionConfiguration may not be updated", arn);
        return;
    }
    if (!known) {
        if (!api_check_tags(call, arn) || !check_room(call))
            return;
        value_list_init(&l);
        value_list_set_take(&l, "creationDate", value_integer(api_now(call)));
        api_copy_member(&l, call->in, "encryptionConfiguration");
        api_put_take(a, &a->activities, arn, value_object_take(&l));
        api_keep_tags(call, arn);
    }
    value_list_init(&l);
    value_list_set_take(&l, "activityArn", value_string_z(arn));
    api_copy_time(&l, shelf_get(&a->activities, arn), "creationDate");
    api_answer_take(call, value_object_take(&l));
}

void api_DescribeActivity(struct api_call *call)
{
    struct arn arn;
    const asl_value *activity;
    struct value_list l;
    if (!find_activity(call, &arn, &activity))
        return;
    value_list_init(&l);
    api_copy_member(&l, call->in, "activityArn");
    value_list_set_take(&l, "name", value_string_z(arn.name));
    api_copy_time(&l, activity, "creationDate");
    if (api_get(activity, "encryptionConfiguration"))
        api_copy_member(&l, activity, "encryptionConfiguration");
    else
        value_list_set_take(&l, "encryptionConfiguration",
                            value_literal("{\"type\":\"AWS_OWNED_KEY\"}"));
    api_answer_take(call, value_object_take(&l));
}

void api_DeleteActivity(struct api_call *call)
{
    struct api *a = call->api;
    struct arn arn;
    if (!api_arn(call, "activityArn", 1u << ARN_ACTIVITY, &arn))
        return;
    const char *text = api_text(call, "activityArn").data;
    if (shelf_get(&a->activities, text) && api_is_here(call, &arn)) {
        api_put_take(a, &a->activities, text, NULL);
        if (shelf_get(&a->tags, text))
            api_put_take(a, &a->tags, text, NULL);
    }
    api_answer_empty(call);
}

void api_ListActivities(struct api_call *call)
{
    struct scope_walk w;
    char after[API_ARN_BYTES];
    struct value_list items, item, l;
    if (!page_begin(call, after))
        return;
    value_list_init(&items);
    value_list_init(&l);
    size_t size = page_size(call);
    const struct shelf_item *it;
    const char *last = NULL;
    scope_walk_begin(&w, &call->api->activities, &call->scope, "activity", after);
    while ((it = scope_walk_next(&w)) != NULL && items.count < size) {
        value_list_init(&item);
        value_list_set_take(&item, "activityArn", value_string_z(it->key));
        value_list_set_take(&item, "name", value_string_z(arn_name(it->key)));
        api_copy_time(&item, it->document, "creationDate");
        value_list_push_take(&items, value_object_take(&item));
        last = it->key;
    }
    value_list_set_take(&l, "activities", value_array_take(&items));
    if (it)
        page_set_next(call, &l, last);
    api_answer_take(call, value_object_take(&l));
}

void api_GetActivityTask(struct api_call *call)
{
    struct arn arn;
    const asl_value *activity;
    if (!find_activity(call, &arn, &activity))
        return;
    struct queue *queue = queue_of(call->api->queues, api_text(call, "activityArn").data);
    if ((int64_t)queue->poll_count >= call->api->quotas.most[QUOTA_WORKERS]) {
        api_fail(call, "ActivityWorkerLimitExceeded",
                 "The maximum number of workers concurrently polling for activity tasks has been "
                 "reached.");
        return;
    }
    struct loop *loop = engine_loop(call->api->engine);
    struct poll *p = asl_allocate_zeroed(1, sizeof *p);
    p->call = call;
    p->timer = loop_timer_new(loop, poll_answer_nothing, p);
    p->until = loop_now(loop) + POLL_MS;
    call->own = p;
    call->gone = poll_gone;
    hand_out(p, queue);
}
