/* Queues: made, shown, changed, dropped. A queue's document keeps what it was told; what is counted
 * is counted when it is asked for. */
#include "sqs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND         "sqs"
#define NAME_MAXIMUM 80
#define LISTED       1000
#define TAGS_MAXIMUM 50

/* What a queue may be told, between which bounds; text where both are 0. */
static const struct {
    const char *name;
    int64_t least, most;
    const char *otherwise; /* shown where it was not told; NULL: not shown */
} settings[] = {
    {"VisibilityTimeout", 0, 43200, "30"},
    {"MaximumMessageSize", 1024, SQS_MESSAGE_MAXIMUM, "1048576"},
    {"MessageRetentionPeriod", 60, 1209600, "345600"},
    {"DelaySeconds", 0, 900, "0"},
    {"ReceiveMessageWaitTimeSeconds", 0, 20, "0"},
    {"RedrivePolicy", 0, 0, NULL},
    {"RedriveAllowPolicy", 0, 0, NULL},
    {"FifoQueue", 0, 0, NULL},
    {"ContentBasedDeduplication", 0, 0, NULL},
    {"DeduplicationScope", 0, 0, NULL},
    {"FifoThroughputLimit", 0, 0, NULL},
    {"Policy", 0, 0, NULL},
    {"KmsMasterKeyId", 0, 0, NULL},
    {"KmsDataKeyReusePeriodSeconds", 60, 86400, NULL},
    {"SqsManagedSseEnabled", 0, 0, "true"},
};
#define SETTINGS (sizeof settings / sizeof *settings)

/* ---- opening ---- */

struct asl_text sqs_name_in(struct asl_text t)
{
    for (size_t i = t.size; i > 0; i--)
        if (t.data[i - 1] == '/' || t.data[i - 1] == ':')
            return (struct asl_text){t.data + i, t.size - i};
    return t;
}

static void read_redrive(struct sqs_queue *q)
{
    struct value_error error;
    struct asl_text text = model_text(q->attributes, "RedrivePolicy");
    asl_value *policy = text.size ? value_parse(text, 0, 0, &error) : NULL;
    struct asl_text target = model_text(policy, "deadLetterTargetArn");
    q->receive_limit = model_integer(policy, "maxReceiveCount", 0);
    if (target.size && q->receive_limit > 0)
        q->dead_letters = asl_copy_text(sqs_name_in(target));
    value_release(policy);
}

static char *place_of(const struct local *l, struct asl_text name)
{
    struct asl_buffer place;
    asl_buffer_init(&place, 1024);
    asl_buffer_printf(&place, "%s/%.*s", l->region, ASL_TEXT_ARGS(name));
    return asl_buffer_take(&place, NULL);
}

bool sqs_queue_open(struct local *l, struct asl_text name, struct sqs_queue *q)
{
    *q = (struct sqs_queue){.document = document_get(l->database, KIND, name)};
    if (!q->document)
        return false;
    const asl_value *a = q->attributes = model_get(q->document, "attributes");
    q->name = asl_copy_text(name);
    q->place = place_of(l, name);
    q->visibility_ms = 1000 * model_integer(a, "VisibilityTimeout", 30);
    q->retention_ms = 1000 * model_integer(a, "MessageRetentionPeriod", 345600);
    q->delay_ms = 1000 * model_integer(a, "DelaySeconds", 0);
    q->wait_ms = 1000 * model_integer(a, "ReceiveMessageWaitTimeSeconds", 0);
    q->maximum_bytes = model_integer(a, "MaximumMessageSize", SQS_MESSAGE_MAXIMUM);
    q->is_fifo = model_flag(a, "FifoQueue");
    q->hashes_content = model_flag(a, "ContentBasedDeduplication");
    read_redrive(q);
    return true;
}

bool sqs_queue_open_arn(struct local *l, struct asl_text arn, struct sqs_queue *q)
{
    char before[REGION_BYTES];
    local_enter(l, local_arn_region(arn), before);
    bool is_there = sqs_queue_open(l, sqs_name_in(arn), q);
    local_enter(l, asl_text(before), NULL);
    return is_there;
}

void sqs_queue_free(struct sqs_queue *q)
{
    value_release(q->document);
    free(q->name);
    free(q->place);
    free(q->dead_letters);
}

bool sqs_queue_of(struct model_call *c, struct sqs_queue *q)
{
    if (sqs_queue_open(c->local, sqs_name_in(model_text(c->in, "QueueUrl")), q))
        return true;
    return model_refuse(c, "QueueDoesNotExist", "The specified queue does not exist.");
}

static void put_url(struct model_call *c, const char *name, struct asl_text queue)
{
    struct asl_buffer url;
    asl_buffer_init(&url, 2048);
    asl_buffer_printf(&url, "http://%s/%s/%.*s", c->host, c->local->account, ASL_TEXT_ARGS(queue));
    model_put(&c->out, name, asl_buffer_text(&url));
    asl_buffer_free(&url);
}

/* ---- what a queue may be told ---- */

static bool check_redrive(struct model_call *c, struct asl_text text)
{
    struct value_error error;
    asl_value *policy = value_parse(text, 0, 0, &error);
    struct asl_text target = model_text(policy, "deadLetterTargetArn");
    int64_t limit = model_integer(policy, "maxReceiveCount", 0);
    asl_value *queue = document_get(c->db, KIND, sqs_name_in(target));
    bool is_fine = true;
    if (!policy || !target.size || limit < 1 || limit > 1000)
        is_fine =
            model_refuse(c, "InvalidParameterValue",
                         "Value %.200s for parameter RedrivePolicy is invalid. Reason: it wants "
                         "deadLetterTargetArn, and maxReceiveCount from 1 to 1000.",
                         text.data);
    else if (!queue || !local_arn_is_here(c->local, target))
        is_fine = model_refuse(c, "InvalidParameterValue",
                               "Value %.200s for parameter RedrivePolicy is invalid. Reason: Dead "
                               "letter target does not exist.",
                               text.data);
    value_release(queue);
    value_release(policy);
    return is_fine;
}

static bool check_setting(struct model_call *c, struct asl_text name, const asl_value *v)
{
    struct asl_text text = value_as_text(v);
    size_t i = 0;
    while (i < SETTINGS && !asl_text_is(name, settings[i].name))
        i++;
    if (i == SETTINGS)
        return model_refuse(c, "InvalidAttributeName", "Unknown Attribute %.*s.",
                            ASL_TEXT_ARGS(name));
    if (asl_text_is(name, "RedrivePolicy") && text.size)
        return check_redrive(c, text);
    if (settings[i].most == 0)
        return true;
    size_t digits = 0;
    while (digits < text.size && isdigit((unsigned char)text.data[digits]))
        digits++;
    int64_t number =
        digits && digits == text.size && digits < 10 ? strtoll(text.data, NULL, 10) : -1;
    if (number < settings[i].least || number > settings[i].most)
        return model_refuse(c, "InvalidAttributeValue", "Invalid value for the parameter %s.",
                            settings[i].name);
    return true;
}

static bool check_settings(struct model_call *c, const asl_value *attributes)
{
    for (size_t i = 0; attributes && i < value_count(attributes); i++)
        if (!check_setting(c, value_as_text(value_key_at(attributes, i)), value_at(attributes, i)))
            return false;
    return true;
}

/* ---- making ---- */

static bool check_name(struct model_call *c, struct asl_text name, bool is_fifo)
{
    size_t size = name.size, i = 0;
    bool ends_fifo = asl_text_ends(name, ".fifo");
    if (ends_fifo)
        size -= 5;
    while (i < size && (isalnum((unsigned char)name.data[i]) || strchr("-_", name.data[i])))
        i++;
    if (i < size || size == 0 || name.size > NAME_MAXIMUM || ends_fifo != is_fifo)
        return model_refuse(c, "InvalidParameterValue",
                            is_fifo ? "The name of a FIFO queue can only include alphanumeric "
                                      "characters, hyphens, or underscores, must end with .fifo "
                                      "suffix and be 1 to 80 in length."
                                    : "Can only include alphanumeric characters, hyphens, or "
                                      "underscores. 1 to 80 in length");
    return true;
}

/* The same queue again is no error, another one of that name is. */
static bool check_same(struct model_call *c, const asl_value *old)
{
    const asl_value *given = model_get(c->in, "Attributes"), *had = model_get(old, "attributes");
    for (size_t i = 0; given && i < value_count(given); i++) {
        struct asl_text name = value_as_text(value_key_at(given, i)), before = {NULL, 0};
        const asl_value *v = value_get(had, name);
        for (size_t s = 0; !v && s < SETTINGS; s++)
            if (asl_text_is(name, settings[s].name) && settings[s].otherwise)
                before = asl_text(settings[s].otherwise);
        if (!asl_text_equal(v ? value_as_text(v) : before, value_as_text(value_at(given, i))))
            return model_refuse(c, "QueueNameExists",
                                "A queue already exists with the same name and a different value "
                                "for attribute %.*s",
                                ASL_TEXT_ARGS(name));
    }
    return true;
}

static void put_queue_take(struct model_call *c, struct asl_text name, asl_value *attributes,
                           int64_t created, const asl_value *tags)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "attributes", attributes);
    model_put_integer(&l, "created", created);
    model_put_integer(&l, "modified", local_now(c->local));
    value_list_set_take(&l, "tags", tags ? value_retain(tags) : value_empty_object());
    asl_value *document = value_object_take(&l);
    document_put(c->db, KIND, name, document);
    value_release(document);
}

bool sqs_create_queue(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "QueueName");
    const asl_value *attributes = model_get(c->in, "Attributes");
    asl_value *old = document_get(c->db, KIND, name);
    bool is_fine = check_settings(c, attributes);
    if (is_fine && old)
        is_fine = check_same(c, old);
    else if (is_fine && check_name(c, name, model_flag(attributes, "FifoQueue")))
        put_queue_take(c, name, attributes ? value_retain(attributes) : value_empty_object(),
                       local_now(c->local), model_get(c->in, "tags"));
    is_fine = is_fine && !c->is_refused;
    value_release(old);
    if (is_fine)
        put_url(c, "QueueUrl", name);
    return is_fine;
}

bool sqs_delete_queue(struct model_call *c)
{
    struct sqs_queue q;
    if (!sqs_queue_of(c, &q))
        return false;
    struct asl_text name = asl_text(q.name);
    database_run(c->db, "DELETE FROM sqs_message WHERE queue = ?", "t", name);
    database_run(c->db, "DELETE FROM sqs_seen WHERE queue = ?", "t", name);
    document_remove(c->db, KIND, name);
    sqs_queue_free(&q);
    return true;
}

bool sqs_purge_queue(struct model_call *c)
{
    struct sqs_queue q;
    if (!sqs_queue_of(c, &q))
        return false;
    database_run(c->db, "DELETE FROM sqs_message WHERE queue = ?", "t", asl_text(q.name));
    sqs_queue_free(&q);
    return true;
}

/* ---- showing ---- */

static bool is_wanted(const asl_value *names, const char *name)
{
    for (size_t i = 0; names && i < value_count(names); i++) {
        struct asl_text wanted = value_as_text(value_at(names, i));
        if (asl_text_is(wanted, "All") || asl_text_is(wanted, name))
            return true;
    }
    return false;
}

static void show_text(struct value_list *l, const asl_value *names, const char *name,
                      struct asl_text text)
{
    if (text.data && is_wanted(names, name))
        model_put(l, name, text);
}

static void show_number(struct value_list *l, const asl_value *names, const char *name, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    show_text(l, names, name, asl_text(text));
}

static void show(struct model_call *c, const struct sqs_queue *q, const asl_value *names,
                 struct value_list *l)
{
    int64_t visible, hidden, delayed;
    struct asl_buffer arn;
    asl_buffer_init(&arn, 1024);
    model_arn(c->local, "sqs", asl_text(q->name), &arn);
    show_text(l, names, "QueueArn", asl_buffer_text(&arn));
    asl_buffer_free(&arn);
    sqs_count(c->local, q, &visible, &hidden, &delayed);
    show_number(l, names, "ApproximateNumberOfMessages", visible);
    show_number(l, names, "ApproximateNumberOfMessagesNotVisible", hidden);
    show_number(l, names, "ApproximateNumberOfMessagesDelayed", delayed);
    show_number(l, names, "CreatedTimestamp", model_integer(q->document, "created", 0) / 1000);
    show_number(l, names, "LastModifiedTimestamp",
                model_integer(q->document, "modified", 0) / 1000);
    for (size_t i = 0; i < SETTINGS; i++) {
        struct asl_text told = model_text(q->attributes, settings[i].name);
        if (!told.data && settings[i].otherwise)
            told = asl_text(settings[i].otherwise);
        if (told.size)
            show_text(l, names, settings[i].name, told);
    }
}

static bool check_names(struct model_call *c, const asl_value *names)
{
    static const char *const counted[] = {"All",
                                          "QueueArn",
                                          "ApproximateNumberOfMessages",
                                          "ApproximateNumberOfMessagesNotVisible",
                                          "ApproximateNumberOfMessagesDelayed",
                                          "CreatedTimestamp",
                                          "LastModifiedTimestamp"};
    for (size_t i = 0; names && i < value_count(names); i++) {
        struct asl_text name = value_as_text(value_at(names, i));
        bool is_known = false;
        for (size_t k = 0; k < sizeof counted / sizeof *counted; k++)
            is_known |= asl_text_is(name, counted[k]);
        for (size_t k = 0; k < SETTINGS; k++)
            is_known |= asl_text_is(name, settings[k].name);
        if (!is_known)
            return model_refuse(c, "InvalidAttributeName", "Unknown Attribute %.*s.",
                                ASL_TEXT_ARGS(name));
    }
    return true;
}

bool sqs_get_queue_attributes(struct model_call *c)
{
    struct sqs_queue q;
    struct value_list l;
    const asl_value *names = model_get(c->in, "AttributeNames");
    if (!sqs_queue_of(c, &q))
        return false;
    bool is_fine = check_names(c, names);
    value_list_init(&l);
    if (is_fine)
        show(c, &q, names, &l);
    if (l.count)
        value_list_set_take(&c->out, "Attributes", value_object_take(&l));
    value_list_free(&l);
    sqs_queue_free(&q);
    return is_fine;
}

bool sqs_get_queue_url(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "QueueName");
    asl_value *queue = document_get(c->db, KIND, name);
    if (!queue)
        return model_refuse(c, "QueueDoesNotExist", "The specified queue does not exist.");
    value_release(queue);
    put_url(c, "QueueUrl", name);
    return true;
}

/* Calls `take` for the name of each queue that begins with `prefix`. */
static void
each_queue(struct model_call *c, struct asl_text prefix, struct asl_text after, size_t most,
           bool (*take)(struct model_call *c, struct asl_text name, struct value_list *urls),
           struct value_list *urls)
{
    struct asl_buffer key;
    asl_buffer_init(&key, 1024);
    asl_buffer_put_text(&key, after);
    while (urls->count < most && document_next(c->db, KIND, prefix, asl_buffer_text(&key), &key))
        take(c, asl_buffer_text(&key), urls);
    asl_buffer_free(&key);
}

static bool push_url(struct model_call *c, struct asl_text name, struct value_list *urls)
{
    struct asl_buffer url;
    asl_buffer_init(&url, 2048);
    asl_buffer_printf(&url, "http://%s/%s/%.*s", c->host, c->local->account, ASL_TEXT_ARGS(name));
    value_list_push_take(urls, value_string(asl_buffer_text(&url)));
    asl_buffer_free(&url);
    return true;
}

bool sqs_list_queues(struct model_call *c)
{
    struct value_list urls;
    int64_t most = model_integer(c->in, "MaxResults", 0);
    size_t limit = most > 0 && most < LISTED ? (size_t)most : LISTED;
    value_list_init(&urls);
    each_queue(c, model_text(c->in, "QueueNamePrefix"), model_text(c->in, "NextToken"), limit,
               push_url, &urls);
    if (most > 0 && urls.count == limit) /* the token is the last name shown */
        model_put(&c->out, "NextToken", sqs_name_in(value_as_text(urls.items[urls.count - 1])));
    if (urls.count)
        value_list_set_take(&c->out, "QueueUrls", value_array_take(&urls));
    value_list_free(&urls);
    return true;
}

static bool push_source(struct model_call *c, struct asl_text name, struct value_list *urls)
{
    struct sqs_queue q;
    struct asl_text wanted = sqs_name_in(model_text(c->in, "QueueUrl"));
    if (!sqs_queue_open(c->local, name, &q))
        return false;
    if (q.dead_letters && asl_text_is(wanted, q.dead_letters))
        push_url(c, name, urls);
    sqs_queue_free(&q);
    return true;
}

bool sqs_list_dead_letter_sources(struct model_call *c)
{
    struct sqs_queue q;
    struct value_list urls;
    if (!sqs_queue_of(c, &q))
        return false;
    sqs_queue_free(&q);
    value_list_init(&urls);
    each_queue(c, ASL_TEXT(""), ASL_TEXT(""), LISTED, push_source, &urls);
    value_list_set_take(&c->out, "queueUrls", value_array_take(&urls));
    return true;
}

/* ---- changing ---- */

bool sqs_set_queue_attributes(struct model_call *c)
{
    struct sqs_queue q;
    const asl_value *given = model_get(c->in, "Attributes");
    if (!sqs_queue_of(c, &q))
        return false;
    bool is_fine = check_settings(c, given);
    if (is_fine && model_get(given, "FifoQueue") && model_flag(given, "FifoQueue") != q.is_fifo)
        is_fine = model_refuse(c, "InvalidAttributeValue",
                               "Invalid value for the parameter FifoQueue. Reason: Modifying queue "
                               "type is not supported.");
    if (is_fine) {
        asl_value *all = value_retain(q.attributes);
        for (size_t i = 0; given && i < value_count(given); i++)
            all = value_with_take(all, value_retain(value_key_at(given, i)),
                                  value_retain(value_at(given, i)));
        put_queue_take(c, asl_text(q.name), all, model_integer(q.document, "created", 0),
                       model_get(q.document, "tags"));
        local_news(c->local);
    }
    sqs_queue_free(&q);
    return is_fine;
}

bool sqs_list_queue_tags(struct model_call *c)
{
    struct sqs_queue q;
    if (!sqs_queue_of(c, &q))
        return false;
    const asl_value *tags = model_get(q.document, "tags");
    if (tags && value_count(tags))
        value_list_set_take(&c->out, "Tags", value_retain(tags));
    sqs_queue_free(&q);
    return true;
}

static bool put_tags_take(struct model_call *c, struct sqs_queue *q, asl_value *tags)
{
    bool is_fine =
        value_count(tags) <= TAGS_MAXIMUM ||
        model_refuse(c, "InvalidParameterValue", "Too many tags added for queue %s.", q->name);
    if (is_fine)
        put_queue_take(c, asl_text(q->name), value_retain(q->attributes),
                       model_integer(q->document, "created", 0), tags);
    value_release(tags);
    sqs_queue_free(q);
    return is_fine;
}

bool sqs_tag_queue(struct model_call *c)
{
    struct sqs_queue q;
    const asl_value *given = model_get(c->in, "Tags");
    if (!sqs_queue_of(c, &q))
        return false;
    asl_value *tags = value_retain(model_get(q.document, "tags"));
    for (size_t i = 0; given && i < value_count(given); i++)
        tags = value_with_take(tags, value_retain(value_key_at(given, i)),
                               value_retain(value_at(given, i)));
    return put_tags_take(c, &q, tags);
}

bool sqs_untag_queue(struct model_call *c)
{
    struct sqs_queue q;
    const asl_value *keys = model_get(c->in, "TagKeys");
    if (!sqs_queue_of(c, &q))
        return false;
    struct value_list kept;
    const asl_value *tags = model_get(q.document, "tags");
    value_list_init(&kept);
    for (size_t i = 0; i < value_count(tags); i++) {
        bool is_gone = false;
        for (size_t k = 0; keys && k < value_count(keys); k++)
            is_gone |= value_equal(value_at(keys, k), value_key_at(tags, i));
        if (!is_gone)
            value_list_push_member_take(&kept, value_retain(value_key_at(tags, i)),
                                        value_retain(value_at(tags, i)));
    }
    return put_tags_take(c, &q, value_object_take(&kept));
}
