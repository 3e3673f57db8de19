/* SNS's stand-in: topics, subscriptions, publishing. A message goes to the queues that are
 * subscribed, in the same transaction as the answer, and to functions behind it; for subscribers
 * that are not on this machine (e-mail, HTTP, phones) a line of what they would be sent goes to the
 * log `sns.log`.
 *
 * Documents: "sns-topic" by name: {"attributes", "tags"}; "sns-subscription" by "<topic>/<uuid>":
 * {"Protocol", "Endpoint", "attributes"}. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "outbox.h"
#include "pattern.h"
#include "sns.h"
#include "sqs/sqs.h"

#define TOPIC           "sns-topic"
#define SUBSCRIPTION    "sns-subscription"
#define MESSAGE_MAXIMUM 262144
#define PAGE            100
#define BATCH_MAXIMUM   10

/* ---- names ---- */

static struct asl_text topic_name(struct asl_text arn)
{
    return sqs_name_in(arn);
}

/* "<topic>/<uuid>" in "arn:aws:sns:region:account:topic:uuid"; freed by the caller. */
static char *subscription_key(struct asl_text arn)
{
    struct asl_buffer key;
    struct asl_text id = sqs_name_in(arn), topic = {"", 0};
    if (id.size + 1 < arn.size)
        topic = sqs_name_in((struct asl_text){arn.data, arn.size - id.size - 1});
    asl_buffer_init(&key, 2048);
    asl_buffer_printf(&key, "%.*s/%.*s", ASL_TEXT_ARGS(topic), ASL_TEXT_ARGS(id));
    return asl_buffer_take(&key, NULL);
}

static void put_topic_arn(struct model_call *c, struct value_list *l, struct asl_text name)
{
    struct asl_buffer arn;
    asl_buffer_init(&arn, 1024);
    model_arn(c->local, "sns", name, &arn);
    model_put(l, "TopicArn", asl_buffer_text(&arn));
    asl_buffer_free(&arn);
}

/* Of a key "<topic>/<uuid>". */
static void subscription_arn(struct model_call *c, struct asl_text key, struct asl_buffer *arn)
{
    const char *slash = memchr(key.data, '/', key.size);
    size_t topic = slash ? (size_t)(slash - key.data) : key.size;
    model_arn(c->local, "sns", (struct asl_text){key.data, topic}, arn);
    asl_buffer_printf(arn, ":%.*s", (int)(key.size - topic - (slash != NULL)),
                      key.data + topic + (slash != NULL));
}

static bool check_topic_region(struct model_call *c, struct asl_text arn)
{
    return local_arn_is_here(c->local, arn) ||
           model_refuse(c, "InvalidParameterException", "Invalid parameter: TopicArn");
}

/* NULL after refusing. */
static asl_value *open_topic(struct model_call *c, struct asl_text arn)
{
    if (!check_topic_region(c, arn))
        return NULL;
    asl_value *topic = document_get(c->db, TOPIC, topic_name(arn));
    if (!topic)
        model_refuse(c, "NotFoundException", "Topic does not exist");
    return topic;
}

/* ---- topics ---- */

static bool check_topic_name(struct model_call *c, struct asl_text name, bool is_fifo)
{
    size_t size = asl_text_ends(name, ".fifo") ? name.size - 5 : name.size, i = 0;
    while (i < size && (isalnum((unsigned char)name.data[i]) || strchr("-_", name.data[i])))
        i++;
    if (i < size || size == 0 || name.size > 256 || asl_text_ends(name, ".fifo") != is_fifo)
        return model_refuse(c, "InvalidParameterException", "Invalid parameter: Topic Name");
    return true;
}

static bool create_topic(struct model_call *c)
{
    struct asl_text name = model_text(c->in, "Name");
    const asl_value *attributes = model_get(c->in, "Attributes"), *tags = model_get(c->in, "Tags");
    asl_value *old = document_get(c->db, TOPIC, name);
    if (!old) {
        struct value_list l;
        if (!check_topic_name(c, name, model_flag(attributes, "FifoTopic")))
            return false;
        value_list_init(&l);
        value_list_set_take(&l, "attributes",
                            attributes ? value_retain(attributes) : value_empty_object());
        value_list_set_take(&l, "tags", tags ? value_retain(tags) : value_empty_array());
        asl_value *topic = value_object_take(&l);
        document_put(c->db, TOPIC, name, topic);
        value_release(topic);
    }
    value_release(old);
    put_topic_arn(c, &c->out, name);
    return true;
}

/* Each subscription of a topic ("": of all), until `see` returns false. */
static void each_subscription(struct model_call *c, struct asl_text topic, struct asl_text after,
                              bool (*see)(struct model_call *c, struct asl_text key,
                                          const asl_value *subscription, void *state),
                              void *state)
{
    struct asl_buffer key, prefix;
    bool go_on = true;
    asl_buffer_init(&key, 2048);
    asl_buffer_init(&prefix, 2048);
    if (topic.size)
        asl_buffer_printf(&prefix, "%.*s/", ASL_TEXT_ARGS(topic));
    asl_buffer_put_text(&key, after);
    while (go_on && document_next(c->db, SUBSCRIPTION, asl_buffer_text(&prefix),
                                  asl_buffer_text(&key), &key)) {
        asl_value *subscription = document_get(c->db, SUBSCRIPTION, asl_buffer_text(&key));
        go_on = see(c, asl_buffer_text(&key), subscription, state);
        value_release(subscription);
    }
    asl_buffer_free(&key);
    asl_buffer_free(&prefix);
}

static bool drop_subscription(struct model_call *c, struct asl_text key,
                              const asl_value *subscription, void *state)
{
    (void)subscription;
    (void)state;
    document_remove(c->db, SUBSCRIPTION, key);
    return true;
}

static bool delete_topic(struct model_call *c)
{
    struct asl_text given = model_text(c->in, "TopicArn"), name = topic_name(given);
    if (!check_topic_region(c, given))
        return false;
    each_subscription(c, name, (struct asl_text){"", 0}, drop_subscription, NULL);
    document_remove(c->db, TOPIC, name); /* one that is not there is no error */
    return true;
}

static bool list_topics(struct model_call *c)
{
    struct asl_buffer key;
    struct value_list topics;
    asl_buffer_init(&key, 1024);
    value_list_init(&topics);
    asl_buffer_put_text(&key, model_text(c->in, "NextToken"));
    while (topics.count < PAGE &&
           document_next(c->db, TOPIC, ASL_TEXT(""), asl_buffer_text(&key), &key)) {
        struct value_list l;
        value_list_init(&l);
        put_topic_arn(c, &l, asl_buffer_text(&key));
        value_list_push_take(&topics, value_object_take(&l));
    }
    if (topics.count == PAGE)
        model_put(&c->out, "NextToken", asl_buffer_text(&key));
    value_list_set_take(&c->out, "Topics", value_array_take(&topics));
    asl_buffer_free(&key);
    return true;
}

static bool count_one(struct model_call *c, struct asl_text key, const asl_value *subscription,
                      void *state)
{
    (void)c;
    (void)key;
    (void)subscription;
    ++*(int *)state;
    return true;
}

static bool get_topic_attributes(struct model_call *c)
{
    char count[16];
    int confirmed = 0;
    struct asl_text given = model_text(c->in, "TopicArn"), name = topic_name(given);
    asl_value *topic = open_topic(c, given);
    if (!topic)
        return false;
    each_subscription(c, name, (struct asl_text){"", 0}, count_one, &confirmed);
    snprintf(count, sizeof count, "%d", confirmed);
    struct value_list l;
    value_list_init(&l);
    put_topic_arn(c, &l, name);
    model_put_z(&l, "Owner", c->local->account);
    model_put_z(&l, "SubscriptionsConfirmed", count);
    model_put_z(&l, "SubscriptionsPending", "0");
    model_put_z(&l, "SubscriptionsDeleted", "0");
    const asl_value *told = model_get(topic, "attributes");
    for (size_t i = 0; told && i < value_count(told); i++)
        value_list_push_member_take(&l, value_retain(value_key_at(told, i)),
                                    value_retain(value_at(told, i)));
    value_list_set_take(&c->out, "Attributes", value_object_take(&l));
    value_release(topic);
    return true;
}

/* "attributes" of a document with one more; looked at. */
static void set_attribute(struct model_call *c, const char *kind, struct asl_text key,
                          const asl_value *document)
{
    const asl_value *value = model_get(c->in, "AttributeValue");
    asl_value *attributes = value_with_take(value_retain(model_get(document, "attributes")),
                                            value_retain(model_get(c->in, "AttributeName")),
                                            value ? value_retain(value) : value_string_z(""));
    asl_value *changed =
        value_with_take(value_retain(document), value_string_z("attributes"), attributes);
    document_put(c->db, kind, key, changed);
    value_release(changed);
}

static bool set_topic_attributes(struct model_call *c)
{
    struct asl_text given = model_text(c->in, "TopicArn"), name = topic_name(given);
    asl_value *topic = open_topic(c, given);
    if (topic)
        set_attribute(c, TOPIC, name, topic);
    value_release(topic);
    return topic != NULL;
}

/* ---- subscriptions ---- */

static bool check_filter(struct model_call *c, const asl_value *attributes)
{
    struct value_error error;
    char message[256];
    struct asl_text text = model_text(attributes, "FilterPolicy");
    if (!text.size)
        return true;
    asl_value *policy = value_parse(text, 0, 0, &error);
    bool is_empty = policy && value_kind(policy) == VALUE_OBJECT && value_count(policy) == 0;
    bool fine = is_empty || pattern_check(policy, message) ||
                model_refuse(c, "InvalidParameterException", "Invalid parameter: FilterPolicy: %s",
                             policy ? message : error.message);
    value_release(policy);
    return fine;
}

struct search {
    struct asl_text protocol, endpoint;
    struct asl_buffer found; /* a key */
};

static bool is_same(struct model_call *c, struct asl_text key, const asl_value *s, void *state)
{
    struct search *search = state;
    (void)c;
    if (!asl_text_equal(model_text(s, "Protocol"), search->protocol) ||
        !asl_text_equal(model_text(s, "Endpoint"), search->endpoint))
        return true;
    asl_buffer_put_text(&search->found, key);
    return false;
}

static bool check_subscribe(struct model_call *c, struct asl_text protocol,
                            struct asl_text endpoint)
{
    static const char *const known[] = {"sqs",        "lambda", "http",        "https",   "email",
                                        "email-json", "sms",    "application", "firehose"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is_known |= asl_text_is(protocol, known[i]);
    if (!is_known)
        return model_refuse(c, "InvalidParameterException",
                            "Invalid parameter: Does not support this protocol string: %.*s",
                            ASL_TEXT_ARGS(protocol));
    if (!endpoint.size)
        return model_refuse(c, "InvalidParameterException", "Invalid parameter: Endpoint");
    if (asl_text_is(protocol, "sqs") && !asl_text_starts(endpoint, "arn:"))
        return model_refuse(c, "InvalidParameterException", "Invalid parameter: SQS endpoint ARN");
    if (asl_text_is(protocol, "lambda") && !outbox_takes(endpoint))
        return model_refuse(c, "InvalidParameterException",
                            "Invalid parameter: Lambda endpoint ARN");
    return true;
}

static bool subscribe(struct model_call *c)
{
    struct search search = {model_text(c->in, "Protocol"), model_text(c->in, "Endpoint"), {0}};
    struct asl_text given = model_text(c->in, "TopicArn"), name = topic_name(given);
    const asl_value *attributes = model_get(c->in, "Attributes");
    struct asl_buffer arn;
    asl_value *topic = open_topic(c, given);
    value_release(topic);
    if (!topic || !check_subscribe(c, search.protocol, search.endpoint) ||
        !check_filter(c, attributes))
        return false;
    asl_buffer_init(&search.found, 2048);
    asl_buffer_init(&arn, 2048);
    each_subscription(c, name, (struct asl_text){"", 0}, is_same, &search);
    if (!search.found.size) {
        struct value_list l;
        char id[37];
        model_uuid(id);
        asl_buffer_printf(&search.found, "%.*s/%s", ASL_TEXT_ARGS(name), id);
        value_list_init(&l);
        model_put(&l, "Protocol", search.protocol);
        model_put(&l, "Endpoint", search.endpoint);
        value_list_set_take(&l, "attributes",
                            attributes ? value_retain(attributes) : value_empty_object());
        asl_value *subscription = value_object_take(&l);
        document_put(c->db, SUBSCRIPTION, asl_buffer_text(&search.found), subscription);
        value_release(subscription);
    }
    subscription_arn(c, asl_buffer_text(&search.found), &arn);
    model_put(&c->out, "SubscriptionArn", asl_buffer_text(&arn));
    asl_buffer_free(&search.found);
    asl_buffer_free(&arn);
    return true;
}

/* NULL after refusing; `key` is freed by the caller. */
static asl_value *open_subscription(struct model_call *c, char **key)
{
    *key = subscription_key(model_text(c->in, "SubscriptionArn"));
    asl_value *subscription = document_get(c->db, SUBSCRIPTION, asl_text(*key));
    if (!subscription)
        model_refuse(c, "NotFoundException", "Subscription does not exist");
    return subscription;
}

static bool unsubscribe(struct model_call *c)
{
    char *key = subscription_key(model_text(c->in, "SubscriptionArn"));
    document_remove(c->db, SUBSCRIPTION, asl_text(key));
    free(key);
    return true;
}

static bool get_subscription_attributes(struct model_call *c)
{
    char *key;
    struct value_list l;
    asl_value *s = open_subscription(c, &key);
    value_list_init(&l);
    if (s) {
        struct asl_text arn = model_text(c->in, "SubscriptionArn");
        const asl_value *told = model_get(s, "attributes");
        model_put(&l, "SubscriptionArn", arn);
        put_topic_arn(c, &l, (struct asl_text){key, strcspn(key, "/")});
        model_copy(&l, "Protocol", s);
        model_copy(&l, "Endpoint", s);
        model_put_z(&l, "Owner", c->local->account);
        model_put_z(&l, "PendingConfirmation", "false");
        model_put_z(&l, "RawMessageDelivery", "false");
        for (size_t i = 0; told && i < value_count(told); i++)
            value_list_push_member_take(&l, value_retain(value_key_at(told, i)),
                                        value_retain(value_at(told, i)));
        value_list_set_take(&c->out, "Attributes", value_object_take(&l));
    }
    value_list_free(&l);
    value_release(s);
    free(key);
    return s != NULL;
}

static bool set_subscription_attributes(struct model_call *c)
{
    char *key;
    struct value_list l;
    asl_value *s = open_subscription(c, &key);
    value_list_init(&l);
    model_put(&l, model_text(c->in, "AttributeName").data, model_text(c->in, "AttributeValue"));
    asl_value *one = value_object_take(&l);
    bool fine = s && check_filter(c, one);
    if (fine)
        set_attribute(c, SUBSCRIPTION, asl_text(key), s);
    value_release(one);
    value_release(s);
    free(key);
    return fine;
}

struct listing {
    struct value_list items;
    struct asl_buffer last;
};

static bool show_subscription(struct model_call *c, struct asl_text key, const asl_value *s,
                              void *state)
{
    struct listing *listing = state;
    struct asl_buffer arn;
    struct value_list l;
    const char *slash = memchr(key.data, '/', key.size);
    asl_buffer_init(&arn, 2048);
    value_list_init(&l);
    subscription_arn(c, key, &arn);
    model_put(&l, "SubscriptionArn", asl_buffer_text(&arn));
    model_put_z(&l, "Owner", c->local->account);
    model_copy(&l, "Protocol", s);
    model_copy(&l, "Endpoint", s);
    put_topic_arn(c, &l,
                  (struct asl_text){key.data, slash ? (size_t)(slash - key.data) : key.size});
    value_list_push_take(&listing->items, value_object_take(&l));
    asl_buffer_clear(&listing->last);
    asl_buffer_put_text(&listing->last, key);
    asl_buffer_free(&arn);
    return listing->items.count < PAGE;
}

static void list(struct model_call *c, struct asl_text topic)
{
    struct listing listing;
    value_list_init(&listing.items);
    asl_buffer_init(&listing.last, 2048);
    each_subscription(c, topic, model_text(c->in, "NextToken"), show_subscription, &listing);
    if (listing.items.count == PAGE)
        model_put(&c->out, "NextToken", asl_buffer_text(&listing.last));
    value_list_set_take(&c->out, "Subscriptions", value_array_take(&listing.items));
    asl_buffer_free(&listing.last);
}

static bool list_subscriptions(struct model_call *c)
{
    list(c, ASL_TEXT(""));
    return true;
}

static bool list_subscriptions_by_topic(struct model_call *c)
{
    struct asl_text given = model_text(c->in, "TopicArn"), name = topic_name(given);
    asl_value *topic = open_topic(c, given);
    value_release(topic);
    if (topic)
        list(c, name);
    return topic != NULL;
}

/* ---- publishing ---- */

struct publication {
    const asl_value *in; /* Publish's parameters, or a batch's entry */
    struct asl_text topic;
    char id[37];
    asl_value *structure; /* of MessageStructure json; or NULL */
    const char *code;     /* where a delivery failed */
};

/* The message for one protocol. */
static struct asl_text message_for(const struct publication *p, struct asl_text protocol)
{
    const asl_value *own = p->structure ? value_get(p->structure, protocol) : NULL;
    if (!p->structure)
        return model_text(p->in, "Message");
    return own ? value_as_text(own) : model_text(p->structure, "default");
}

/* {"Type": "String", "Value": ...} of each attribute. */
static asl_value *shown_attributes(const asl_value *attributes)
{
    struct value_list all;
    value_list_init(&all);
    for (size_t i = 0; attributes && i < value_count(attributes); i++) {
        const asl_value *v = value_at(attributes, i);
        struct value_list l;
        value_list_init(&l);
        model_put(&l, "Type", model_text(v, "DataType"));
        model_put(&l, "Value",
                  model_text(v, model_get(v, "StringValue") ? "StringValue" : "BinaryValue"));
        value_list_push_member_take(&all, value_retain(value_key_at(attributes, i)),
                                    value_object_take(&l));
    }
    return value_object_take(&all);
}

/* What a subscriber gets that did not ask for the message raw. */
static asl_value *notification(struct model_call *c, const struct publication *p,
                               struct asl_text protocol)
{
    struct value_list l;
    struct asl_buffer time;
    int64_t now = local_now(c->local);
    const asl_value *attributes = model_get(p->in, "MessageAttributes");
    asl_buffer_init(&time, 64);
    protocol_time_iso8601(now / 1000, (int32_t)(now % 1000) * 1000000, &time);
    value_list_init(&l);
    model_put_z(&l, "Type", "Notification");
    model_put_z(&l, "MessageId", p->id);
    put_topic_arn(c, &l, p->topic);
    model_copy(&l, "Subject", p->in);
    model_put(&l, "Message", message_for(p, protocol));
    model_put(&l, "Timestamp", asl_buffer_text(&time));
    if (attributes && value_count(attributes))
        value_list_set_take(&l, "MessageAttributes", shown_attributes(attributes));
    asl_buffer_free(&time);
    return value_object_take(&l);
}

/* What a filter policy looks at: attributes as plain values, or the message's body. */
static asl_value *filtered(const asl_value *subscription, const struct publication *p)
{
    struct value_error error;
    struct value_list l;
    const asl_value *attributes = model_get(p->in, "MessageAttributes");
    if (asl_text_is(model_text(model_get(subscription, "attributes"), "FilterPolicyScope"),
                    "MessageBody"))
        return value_parse(message_for(p, model_text(subscription, "Protocol")), 0, 0, &error);
    value_list_init(&l);
    for (size_t i = 0; attributes && i < value_count(attributes); i++) {
        struct asl_text type = model_text(value_at(attributes, i), "DataType"),
                        text = model_text(value_at(attributes, i), "StringValue");
        asl_value *v = asl_text_is(type, "Number")         ? value_number_text(text)
                       : asl_text_is(type, "String.Array") ? value_parse(text, 0, 0, &error)
                                                           : NULL;
        value_list_push_member_take(&l, value_retain(value_key_at(attributes, i)),
                                    v ? v : value_string(text));
    }
    return value_object_take(&l);
}

static bool wants(const asl_value *subscription, const struct publication *p)
{
    struct value_error error;
    struct asl_text text = model_text(model_get(subscription, "attributes"), "FilterPolicy");
    asl_value *policy = text.size ? value_parse(text, 0, 0, &error) : NULL;
    asl_value *seen = policy ? filtered(subscription, p) : NULL;
    bool fits = !policy || pattern_matches(policy, seen);
    value_release(seen);
    value_release(policy);
    return fits;
}

static void deliver_to_queue(struct model_call *c, const struct publication *p,
                             const asl_value *subscription, struct asl_text message, bool is_raw)
{
    struct sqs_queue q;
    struct sqs_sent sent;
    const struct sqs_sending sending = {
        .body = message,
        .group = model_text(p->in, "MessageGroupId"),
        .deduplication = model_text(p->in, "MessageDeduplicationId"),
        .attributes = is_raw ? model_get(p->in, "MessageAttributes") : NULL,
        .delay_ms = -1,
    };
    /* A queue that has gone, or does not take it, is SNS's own business: the publisher is not told.
     */
    if (!sqs_queue_open_arn(c->local, model_text(subscription, "Endpoint"), &q))
        return;
    struct sqs_sending one = sending;
    if (!q.is_fifo)
        one.deduplication = (struct asl_text){NULL, 0};
    sqs_send(c->local, &q, &one, &sent);
    sqs_queue_free(&q);
}

/* A function gets the event that SNS calls it with, whatever the subscription says about raw
 * messages. */
static void deliver_to_function(struct model_call *c, const struct publication *p,
                                struct asl_text key, const asl_value *subscription,
                                const asl_value *sns)
{
    struct value_list record, records, whole;
    struct asl_buffer arn, text;
    asl_buffer_init(&arn, 2048);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_list_init(&record);
    value_list_init(&records);
    value_list_init(&whole);
    subscription_arn(c, key, &arn);
    model_put_z(&record, "EventSource", "aws:sns");
    model_put_z(&record, "EventVersion", "1.0");
    model_put(&record, "EventSubscriptionArn", asl_buffer_text(&arn));
    value_list_set_take(&record, "Sns", value_retain(sns));
    value_list_push_take(&records, value_object_take(&record));
    value_list_set_take(&whole, "Records", value_array_take(&records));
    asl_value *event = value_object_take(&whole);
    value_print(event, &text);
    outbox_post(c->local, model_text(subscription, "Endpoint"), p->id, asl_buffer_text(&text));
    value_release(event);
    asl_buffer_free(&text);
    asl_buffer_free(&arn);
}

static bool deliver(struct model_call *c, struct asl_text key, const asl_value *s, void *state)
{
    const struct publication *p = state;
    struct asl_text protocol = model_text(s, "Protocol");
    struct asl_buffer text;
    bool is_raw = model_flag(model_get(s, "attributes"), "RawMessageDelivery");
    if (!wants(s, p))
        return true;
    asl_value *v = notification(c, p, protocol);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (is_raw)
        asl_buffer_put_text(&text, message_for(p, protocol));
    else
        value_print(v, &text);
    if (asl_text_is(protocol, "sqs"))
        deliver_to_queue(c, p, s, asl_buffer_text(&text), is_raw);
    else if (asl_text_is(protocol, "lambda"))
        deliver_to_function(c, p, key, s, v);
    else {
        v = value_with_take(v, value_string_z("Protocol"), value_string(protocol));
        v = value_with_take(v, value_string_z("Endpoint"), value_retain(model_get(s, "Endpoint")));
        local_log(c->local, "sns", v);
    }
    value_release(v);
    asl_buffer_free(&text);
    return true;
}

static bool check_publication(struct model_call *c, struct publication *p, const asl_value *topic)
{
    struct value_error error;
    struct asl_text message = model_text(p->in, "Message");
    bool is_fifo = model_flag(model_get(topic, "attributes"), "FifoTopic");
    if (!message.size)
        return model_refuse(c, "InvalidParameterException", "Invalid parameter: Empty message");
    if (message.size > MESSAGE_MAXIMUM)
        return model_refuse(c, "InvalidParameterException", "Invalid parameter: Message too long");
    if (is_fifo && !model_text(p->in, "MessageGroupId").size)
        return model_refuse(c, "InvalidParameterException",
                            "Invalid parameter: The MessageGroupId parameter is required for FIFO "
                            "topics");
    if (!asl_text_is(model_text(p->in, "MessageStructure"), "json"))
        return true;
    p->structure = value_parse(message, 0, 0, &error);
    if (!p->structure)
        return model_refuse(c, "InvalidParameterException",
                            "Invalid parameter: Message Structure - JSON message body failed to "
                            "parse");
    if (!model_get(p->structure, "default"))
        return model_refuse(
            c, "InvalidParameterException",
            "Invalid parameter: Message Structure - No default entry in JSON message "
            "body");
    return true;
}

static bool publish_one(struct model_call *c, const asl_value *in, struct asl_text arn,
                        struct value_list *out)
{
    struct publication p = {.in = in, .topic = topic_name(arn)};
    asl_value *topic = open_topic(c, arn);
    bool fine = topic && check_publication(c, &p, topic);
    if (fine) {
        model_uuid(p.id);
        each_subscription(c, p.topic, (struct asl_text){"", 0}, deliver, &p);
        asl_value *v = notification(c, &p, ASL_TEXT("default"));
        local_log(c->local, "sns", v);
        value_release(v);
        model_put_z(out, "MessageId", p.id);
    }
    value_release(p.structure);
    value_release(topic);
    return fine;
}

void sns_publish(struct model_call *c, struct asl_text topic_arn, struct asl_text message)
{
    struct value_list in, out;
    if (!local_arn_is_here(c->local, topic_arn))
        return; /* a rule reaches its own region */
    asl_value *topic = document_get(c->db, TOPIC, topic_name(topic_arn));
    bool is_there = topic != NULL;
    value_release(topic);
    if (!is_there || !message.size)
        return;
    value_list_init(&in);
    value_list_init(&out);
    model_put(&in, "Message", message);
    asl_value *parameters = value_object_take(&in);
    bool was_refused = c->is_refused;
    publish_one(c, parameters, topic_arn, &out);
    c->is_refused = was_refused; /* a message that the topic does not take is dropped */
    value_release(parameters);
    value_list_free(&out);
}

static bool publish(struct model_call *c)
{
    struct asl_text arn = model_text(c->in, "TopicArn");
    if (!arn.size)
        arn = model_text(c->in, "TargetArn");
    if (!arn.size)
        return model_refuse(
            c, "InvalidParameterException",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required "
            "parameter; this stand-in has no phones");
    return publish_one(c, c->in, arn, &c->out);
}

static bool publish_batch(struct model_call *c)
{
    struct value_list fine, failed;
    const asl_value *entries = model_get(c->in, "PublishBatchRequestEntries");
    size_t count = entries ? value_count(entries) : 0;
    if (count == 0)
        return model_refuse(c, "EmptyBatchRequestException",
                            "The batch request doesn't contain any entries.");
    if (count > BATCH_MAXIMUM)
        return model_refuse(c, "TooManyEntriesInBatchRequestException",
                            "The batch request contains more entries than permissible.");
    asl_value *topic = open_topic(c, model_text(c->in, "TopicArn"));
    value_release(topic);
    value_list_init(&fine);
    value_list_init(&failed);
    for (size_t i = 0; topic && i < count; i++) {
        const asl_value *entry = value_at(entries, i);
        struct value_list l;
        value_list_init(&l);
        model_put(&l, "Id", model_text(entry, "Id"));
        if (publish_one(c, entry, model_text(c->in, "TopicArn"), &l))
            value_list_push_take(&fine, value_object_take(&l));
        else {
            model_put_z(&l, "Code", "InvalidParameter");
            model_put_z(&l, "Message", c->message);
            value_list_set_take(&l, "SenderFault", value_boolean(true));
            value_list_push_take(&failed, value_object_take(&l));
            c->is_refused = false; /* one entry is; the batch is not */
        }
    }
    value_list_set_take(&c->out, "Successful", value_array_take(&fine));
    value_list_set_take(&c->out, "Failed", value_array_take(&failed));
    return topic != NULL;
}

static const struct model_operation operations[] = {
    {"CreateTopic", create_topic},
    {"DeleteTopic", delete_topic},
    {"GetSubscriptionAttributes", get_subscription_attributes},
    {"GetTopicAttributes", get_topic_attributes},
    {"ListSubscriptions", list_subscriptions},
    {"ListSubscriptionsByTopic", list_subscriptions_by_topic},
    {"ListTopics", list_topics},
    {"Publish", publish},
    {"PublishBatch", publish_batch},
    {"SetSubscriptionAttributes", set_subscription_attributes},
    {"SetTopicAttributes", set_topic_attributes},
    {"Subscribe", subscribe},
    {"Unsubscribe", unsubscribe},
    {0},
};

/* In the query protocol an error is known by its code. */
static const char *query_error(const char *code)
{
    return strcmp(code, "NotFoundException") == 0           ? "NotFound;Sender"
           : strcmp(code, "InvalidParameterException") == 0 ? "InvalidParameter;Sender"
                                                            : NULL;
}

static const struct model_service model = {
    .arn_name = "sns",
    .error_space = "",
    .invalid = "ValidationError",
    .operations = operations,
    .query_error = query_error,
};

const struct local_service local_sns = {.name = "sns", .model = &model};
