/* Execution history to CloudWatch Logs: a record an event, as AWS writes them. Serves: facts 1.6;
 * developer guide, "Using CloudWatch Logs to log execution history".
 *
 * Terms: {"group", "machine", "level", "data"}. The stream is named as AWS's,
 * "states/<machine>/<minute>/<8 hex digits>", one for each machine and run of the server; it is
 * made when the service misses it.
 */
#include "engine/api/delivery/channel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAYLOAD_MAXIMUM ((size_t)248 << 10) /* of an input or output in a record: AWS's */
#define BATCH_RECORDS   10000               /* PutLogEvents' */
#define BATCH_BYTES     1048576
#define NAME_BYTES      160

/* ---- what is logged ---- */

enum level { LEVEL_OFF, LEVEL_FATAL, LEVEL_ERROR, LEVEL_ALL };

/* The least level that logs an event; all others are ALL's. */
static const struct {
    const char *type;
    enum level level;
} levels[] = {
    {"ExecutionAborted", LEVEL_FATAL},
    {"ExecutionFailed", LEVEL_FATAL},
    {"ExecutionTimedOut", LEVEL_FATAL},
    {"ActivityFailed", LEVEL_ERROR},
    {"ActivityScheduleFailed", LEVEL_ERROR},
    {"ActivityTimedOut", LEVEL_ERROR},
    {"EvaluationFailed", LEVEL_ERROR},
    {"FailStateEntered", LEVEL_ERROR},
    {"LambdaFunctionFailed", LEVEL_ERROR},
    {"LambdaFunctionScheduleFailed", LEVEL_ERROR},
    {"LambdaFunctionStartFailed", LEVEL_ERROR},
    {"LambdaFunctionTimedOut", LEVEL_ERROR},
    {"MapIterationAborted", LEVEL_ERROR},
    {"MapIterationFailed", LEVEL_ERROR},
    {"MapRunAborted", LEVEL_ERROR},
    {"MapRunFailed", LEVEL_ERROR},
    {"MapStateAborted", LEVEL_ERROR},
    {"MapStateFailed", LEVEL_ERROR},
    {"ParallelStateAborted", LEVEL_ERROR},
    {"ParallelStateFailed", LEVEL_ERROR},
    {"TaskFailed", LEVEL_ERROR},
    {"TaskStartFailed", LEVEL_ERROR},
    {"TaskStateAborted", LEVEL_ERROR},
    {"TaskSubmitFailed", LEVEL_ERROR},
    {"TaskTimedOut", LEVEL_ERROR},
    {"WaitStateAborted", LEVEL_ERROR},
};

static enum level level_of(struct asl_text type)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (asl_text_is(type, levels[i].type))
            return levels[i].level;
    return LEVEL_ALL;
}

static enum level level_named(struct asl_text name)
{
    static const char *const names[] = {"OFF", "FATAL", "ERROR", "ALL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (asl_text_is(name, names[i]))
            return (enum level)i;
    return LEVEL_OFF;
}

static struct asl_text term(const struct tracked *t, const char *name)
{
    const asl_value *v = api_get(t->terms, name);
    return v ? value_as_text(v) : (struct asl_text){"", 0};
}

/* "arn:aws:logs:<region>:<account>:log-group:<name>:*" */
static struct asl_text group_of(const asl_value *logging)
{
    static const char mark[] = ":log-group:";
    const asl_value *destinations = api_get(logging, "destinations");
    const asl_value *group = api_count(destinations)
                                 ? api_get(value_at(destinations, 0), "cloudWatchLogsLogGroup")
                                 : NULL;
    const asl_value *arn = api_get(group, "logGroupArn");
    const char *at = arn ? strstr(value_as_text(arn).data, mark) : NULL;
    if (!at)
        return (struct asl_text){"", 0};
    at += sizeof mark - 1;
    return (struct asl_text){at, strcspn(at, ":")};
}

asl_value *logs_terms(struct api *a, const char *machine, const asl_value *logging)
{
    const asl_value *level = api_get(logging, "level");
    struct value_list l;
    if (!level || level_named(value_as_text(level)) == LEVEL_OFF)
        return NULL;
    struct asl_text group = group_of(logging);
    if (!group.size || !channel_operation(a, "cloudwatchlogs", "PutLogEvents", false))
        return NULL;
    value_list_init(&l);
    value_list_set_take(&l, "group", value_string(group));
    value_list_set_take(&l, "machine", value_string_z(machine));
    value_list_set_take(&l, "level", value_retain(level));
    const asl_value *data = api_get(logging, "includeExecutionData");
    value_list_set_take(&l, "data", value_boolean(data && value_is_true(data)));
    return value_object_take(&l);
}

/* ---- a record ---- */

static bool is_payload(struct asl_text name)
{
    return asl_text_is(name, "input") || asl_text_is(name, "output");
}

static bool is_of_payload(struct asl_text name)
{
    return asl_text_is(name, "inputDetails") || asl_text_is(name, "outputDetails");
}

/* As much of a text as PAYLOAD_MAXIMUM bytes hold when it is escaped; whole characters. */
static asl_value *cut(const asl_value *text)
{
    struct asl_text t = value_as_text(text);
    size_t escaped = 2, i = 0;
    for (; i < t.size && escaped <= PAYLOAD_MAXIMUM; i++) {
        unsigned char c = (unsigned char)t.data[i];
        escaped += c == '"' || c == '\\' ? 2 : c < 0x20 ? 6 : 1;
    }
    t.size = escaped > PAYLOAD_MAXIMUM && i ? i - 1 : i;
    while (t.size && ((unsigned char)t.data[t.size] & 0xC0) == 0x80)
        t.size--;
    return value_string(t);
}

static asl_value *details_of(const asl_value *event, bool data)
{
    const asl_value *details = api_event_details(event);
    struct value_list l;
    bool is_cut = false;
    value_list_init(&l);
    for (size_t i = 0; i < api_count(details); i++) {
        struct asl_text name = value_as_text(value_key_at(details, i));
        asl_value *v = value_retain(value_at(details, i));
        if (!data && (is_payload(name) || is_of_payload(name))) {
            value_release(v);
            continue;
        }
        if (is_payload(name) && value_size(v) > PAYLOAD_MAXIMUM) {
            asl_value *shorter = cut(v);
            value_release(v);
            v = shorter;
            is_cut = true;
        }
        if (is_cut && is_of_payload(name))
            v = api_with_take(v, "truncated", value_boolean(true));
        value_list_push_member_take(&l, value_retain(value_key_at(details, i)), v);
    }
    return value_object_take(&l);
}

static void set_number(struct value_list *l, const char *name, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    value_list_set_take(l, name, value_string_z(text));
}

static bool wants(const struct tracked *t, const asl_value *event)
{
    return level_of(value_as_text(api_get(event, "type"))) <= level_named(term(t, "level"));
}

static asl_value *record(struct channel *c, const struct tracked *t, const asl_value *event)
{
    struct asl_text type = value_as_text(api_get(event, "type"));
    struct asl_buffer message;
    struct value_list l;
    (void)c;
    int64_t redrives = t->riding_redrives + asl_text_is(type, "ExecutionRedriven");
    value_list_init(&l);
    set_number(&l, "id", api_document_integer(event, "id"));
    value_list_set_take(&l, "type", value_string(type));
    value_list_set_take(&l, "details", details_of(event, value_is_true(api_get(t->terms, "data"))));
    set_number(&l, "previous_event_id", api_document_integer(event, "previousEventId"));
    set_number(&l, "event_timestamp", api_event_time(event));
    value_list_set_take(&l, "execution_arn", value_string_z(t->arn));
    set_number(&l, "redrive_count", redrives);
    asl_value *v = value_object_take(&l);
    asl_buffer_init(&message, ASL_BUFFER_MAXIMUM);
    value_print(v, &message);
    value_release(v);
    value_list_init(&l);
    value_list_set_take(&l, "timestamp", value_integer(api_event_time(event)));
    value_list_set_take(&l, "message", value_string(asl_buffer_text(&message)));
    asl_buffer_free(&message);
    return value_object_take(&l);
}

/* ---- streams ---- */

struct stream {
    struct stream *next;
    char *group, *machine;
    char name[NAME_BYTES];
};
struct streams {
    struct stream *all, *current;
    bool is_made; /* the current one was just made: a service that misses it now lacks the group */
};

static struct streams *streams_of(struct channel *c)
{
    if (!c->own)
        c->own = asl_allocate_zeroed(1, sizeof(struct streams));
    return c->own;
}

static struct stream *stream_new(struct channel *c, const struct tracked *t)
{
    struct stream *s = asl_allocate_zeroed(1, sizeof *s);
    struct tm at;
    char minute[32];
    time_t now = (time_t)(loop_now(engine_loop(c->api->engine)) / 1000);
    gmtime_r(&now, &at);
    strftime(minute, sizeof minute, "%Y-%m-%d-%H-%M", &at);
    s->group = asl_copy_text(term(t, "group"));
    s->machine = asl_copy_text(term(t, "machine"));
    snprintf(s->name, sizeof s->name, "states/%s/%s/%08x", s->machine, minute,
             (unsigned)engine_random(c->api->engine));
    s->next = streams_of(c)->all;
    streams_of(c)->all = s;
    return s;
}

static struct stream *stream_of(struct channel *c, const struct tracked *t)
{
    for (struct stream *s = streams_of(c)->all; s; s = s->next)
        if (asl_text_is(term(t, "group"), s->group) && asl_text_is(term(t, "machine"), s->machine))
            return s;
    return stream_new(c, t);
}

static void free_streams(struct channel *c)
{
    struct streams *streams = c->own;
    for (struct stream *s = streams ? streams->all : NULL, *next; s; s = next) {
        next = s->next;
        free(s->group);
        free(s->machine);
        free(s);
    }
    free(streams);
}

/* ---- the request ---- */

static bool together(const struct tracked *a, const struct tracked *b)
{
    return asl_text_equal(term(a, "machine"), term(b, "machine")) &&
           asl_text_equal(term(a, "group"), term(b, "group"));
}

struct dated {
    int64_t at;
    size_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* PutLogEvents wants them by time. Events of one execution are so already, and stay in order. */
static asl_value *sorted_take(asl_value *records)
{
    struct value_list l;
    size_t count = api_count(records);
    struct dated *order = asl_allocate_zeroed(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = (struct dated){api_document_integer(value_at(records, i), "timestamp"), i};
    qsort(order, count, sizeof *order, by_time);
    value_list_init(&l);
    for (size_t i = 0; i < count; i++)
        value_list_push_take(&l, value_retain(value_at(records, order[i].index)));
    free(order);
    value_release(records);
    return value_array_take(&l);
}

static asl_value *stream_parameters(const struct stream *s)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "logGroupName", value_string_z(s->group));
    value_list_set_take(&l, "logStreamName", value_string_z(s->name));
    return value_object_take(&l);
}

static asl_value *parameters(struct channel *c, asl_value *records)
{
    struct stream *s = stream_of(c, c->riding[0]);
    streams_of(c)->current = s;
    return api_with_take(stream_parameters(s), "logEvents", sorted_take(records));
}

static enum channel_verdict judge(struct channel *c, const struct aws_outcome *outcome)
{
    const struct aws_answer *answer = &outcome->answer;
    struct streams *streams = streams_of(c);
    bool was_create = strcmp(c->on_way->name, "CreateLogStream") == 0;
    bool is_missing = strstr(answer->code, "ResourceNotFoundException") != NULL;
    if (outcome->trouble == AWS_REFUSED)
        return CHANNEL_REFUSED;
    if (outcome->trouble != AWS_ANSWERED || (answer->failed && answer->status >= 500) ||
        strstr(answer->code, "Throttling") || strstr(answer->code, "ServiceUnavailable"))
        return CHANNEL_LATER;
    if (was_create) {
        streams->is_made = true;
        return answer->failed && !strstr(answer->code, "ResourceAlreadyExists") ? CHANNEL_REFUSED
                                                                                : CHANNEL_AT_ONCE;
    }
    if (answer->failed && is_missing && !streams->is_made) {
        channel_send_take(c, "CreateLogStream", stream_parameters(streams->current));
        return CHANNEL_UNDER_WAY;
    }
    streams->is_made = false;
    return answer->failed ? CHANNEL_REFUSED : CHANNEL_DELIVERED;
}

const struct channel_kind channel_logs = {
    .document = "logs",
    .service = "cloudwatchlogs",
    .operation = "PutLogEvents",
    .records = BATCH_RECORDS,
    .bytes = BATCH_BYTES,
    .together = together,
    .wants = wants,
    .record = record,
    .parameters = parameters,
    .judge = judge,
    .free_own = free_streams,
};
