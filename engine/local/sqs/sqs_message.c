/* Messages: sent, received, hidden, dropped.
 *
 * A message is a row. It may be received when our clock has passed `visible`: a delay, or the
 * visibility timeout of its last receipt. Receiving moves `visible` on and is durable before the
 * answer leaves, so a kill -9 between send and receive, or behind a receipt, loses nothing: what
 * was not deleted is seen again.
 *
 * In a FIFO queue a message waits while an earlier one of its group is still there and hidden. */
#include "sqs.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"

#define SEEN_MS        300000 /* how long a deduplication id is remembered */
#define RECEIPT_BYTES  96
#define HANDLE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* ---- checks ---- */

static bool fail(struct sqs_sent *sent, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail(struct sqs_sent *sent, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sent->message, sizeof sent->message, format, arguments);
    va_end(arguments);
    sent->code = code;
    return false;
}

/* What XML can carry (SQS's own rule). */
static bool is_sendable(struct asl_text body)
{
    for (size_t at = 0; at < body.size;) {
        int32_t c = value_utf8_next(body, &at);
        if (c < 0 || (c < 0x20 && c != 0x9 && c != 0xA && c != 0xD) || c == 0xFFFE || c == 0xFFFF)
            return false;
    }
    return true;
}

static bool check_attribute(struct asl_text name, const asl_value *v, size_t *bytes,
                            struct sqs_sent *sent)
{
    struct asl_text type = model_text(v, "DataType"), text = model_text(v, "StringValue"),
                    binary = model_text(v, "BinaryValue");
    bool is_binary = asl_text_starts(type, "Binary");
    if (!is_binary && !asl_text_starts(type, "String") && !asl_text_starts(type, "Number"))
        return fail(sent, "InvalidParameterValue",
                    "The type of message (user) attribute '%.*s' is invalid. You must use only the "
                    "following supported type prefixes: Binary, Number, String.",
                    ASL_TEXT_ARGS(name));
    if (is_binary ? !binary.size : !text.size)
        return fail(sent, "InvalidParameterValue",
                    "The message (user) attribute '%.*s' must contain a non-empty value of type "
                    "'%s'.",
                    ASL_TEXT_ARGS(name), is_binary ? "Binary" : "String");
    *bytes += name.size + type.size + (is_binary ? binary.size / 4 * 3 : text.size);
    return true;
}

static bool check_sending(const struct sqs_queue *q, const struct sqs_sending *m,
                          struct sqs_sent *sent)
{
    size_t bytes = m->body.size;
    if (m->body.size == 0)
        return fail(sent, "MissingParameter",
                    "The request must contain the parameter MessageBody.");
    if (!is_sendable(m->body))
        return fail(sent, "InvalidMessageContents",
                    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 "
                    "to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
    if (m->attributes && value_count(m->attributes) > 10)
        return fail(sent, "InvalidParameterValue",
                    "Number of message attributes [%zu] exceeds the allowed maximum [10].",
                    value_count(m->attributes));
    for (size_t i = 0; m->attributes && i < value_count(m->attributes); i++)
        if (!check_attribute(value_as_text(value_key_at(m->attributes, i)),
                             value_at(m->attributes, i), &bytes, sent))
            return false;
    if ((int64_t)bytes > q->maximum_bytes)
        return fail(sent, "InvalidParameterValue",
                    "One or more parameters are invalid. Reason: Message must be shorter than %lld "
                    "bytes.",
                    (long long)q->maximum_bytes);
    if (m->delay_ms > 900000)
        return fail(
            sent, "InvalidParameterValue",
            "Value %lld for parameter DelaySeconds is invalid. Reason: DelaySeconds must be "
            ">= 0 and <= 900.",
            (long long)(m->delay_ms / 1000));
    if (q->is_fifo && !m->group.size)
        return fail(sent, "MissingParameter",
                    "The request must contain the parameter MessageGroupId.");
    if (q->is_fifo && !m->deduplication.size && !q->hashes_content)
        return fail(sent, "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled or "
                    "MessageDeduplicationId provided explicitly");
    if (!q->is_fifo && m->deduplication.size)
        return fail(sent, "InvalidParameterValue",
                    "Value %.80s for parameter MessageDeduplicationId is invalid. Reason: The "
                    "request includes a parameter that is not valid for this queue type.",
                    m->deduplication.data);
    return true;
}

/* ---- digests ---- */

static void put_length(struct asl_buffer *out, size_t size)
{
    const char bytes[4] = {(char)(size >> 24), (char)(size >> 16), (char)(size >> 8), (char)size};
    asl_buffer_put(out, bytes, 4);
}

static void put_sized(struct asl_buffer *out, struct asl_text text)
{
    put_length(out, text.size);
    asl_buffer_put_text(out, text);
}

static int compare_names(const void *a, const void *b)
{
    const asl_value *const *x = a, *const *y = b;
    return asl_text_compare(value_as_text(*x), value_as_text(*y));
}

/* The digest of message attributes (developer guide, "Calculating the MD5 message digest"): by
 * name, each part with its length in front. "" where there are none. */
static void hash_attributes(const asl_value *attributes, char out[33])
{
    size_t count = attributes ? value_count(attributes) : 0;
    out[0] = '\0';
    if (count == 0)
        return;
    const asl_value **names = asl_allocate(count * sizeof *names);
    struct asl_buffer bytes;
    asl_buffer_init(&bytes, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < count; i++)
        names[i] = value_key_at(attributes, i);
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        const asl_value *v = value_get(attributes, value_as_text(names[i]));
        struct asl_text type = model_text(v, "DataType");
        bool is_binary = asl_text_starts(type, "Binary");
        put_sized(&bytes, value_as_text(names[i]));
        put_sized(&bytes, type);
        asl_buffer_putc(&bytes, is_binary ? 2 : 1);
        if (is_binary) {
            struct asl_buffer raw;
            asl_buffer_init(&raw, ASL_BUFFER_MAXIMUM);
            protocol_base64_decode(model_text(v, "BinaryValue"), &raw);
            put_sized(&bytes, asl_buffer_text(&raw));
            asl_buffer_free(&raw);
        } else
            put_sized(&bytes, model_text(v, "StringValue"));
    }
    model_md5(asl_buffer_text(&bytes), out);
    asl_buffer_free(&bytes);
    free((void *)names);
}

static void hash_content(struct asl_text body, char out[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(body.data ? body.data : "", body.size, digest, NULL, EVP_sha256(), NULL) != 1)
        asl_out_of_memory();
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* ---- sending ---- */

/* Was it sent within the last five minutes? Then the first one's answer is given again. */
static bool was_seen(struct local *l, const struct sqs_queue *q, struct asl_text key,
                     struct sqs_sent *sent)
{
    bool found = false;
    int64_t now = local_now(l);
    database_run(l->database, "DELETE FROM sqs_seen WHERE until <= ?", "i", now);
    sqlite3_stmt *s = database_query(
        l->database, "SELECT message, sequence FROM sqs_seen WHERE queue = ? AND key = ?", "tt",
        asl_text(q->place), key);
    while (database_step(l->database, s)) {
        found = true;
        snprintf(sent->id, sizeof sent->id, "%.*s", ASL_TEXT_ARGS(database_text(s, 0)));
        snprintf(sent->sequence, sizeof sent->sequence, "%020lld",
                 (long long)sqlite3_column_int64(s, 1));
    }
    return found;
}

static asl_value *document_of(const struct sqs_sending *m, struct asl_text deduplication,
                              const struct sqs_sent *sent)
{
    struct value_list l;
    value_list_init(&l);
    model_put_z(&l, "MessageId", sent->id);
    model_put_z(&l, "MD5OfBody", sent->body_md5);
    if (m->attributes && value_count(m->attributes))
        value_list_set_take(&l, "MessageAttributes", value_retain(m->attributes));
    model_copy(&l, "AWSTraceHeader", m->system);
    if (deduplication.size)
        model_put(&l, "MessageDeduplicationId", deduplication);
    return value_object_take(&l);
}

static void put_message(struct local *l, const struct sqs_queue *q, const struct sqs_sending *m,
                        struct asl_text deduplication, struct sqs_sent *sent)
{
    struct asl_buffer scratch;
    int64_t now = local_now(l), delay = m->delay_ms >= 0 && !q->is_fifo ? m->delay_ms : q->delay_ms;
    asl_value *document = document_of(m, deduplication, sent);
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    database_run(
        l->database,
        "INSERT INTO sqs_message(queue, visible, sent, first, received, grp, body, document,"
        " receipt) VALUES(?, ?, ?, 0, 0, ?, ?, ?, '')",
        "tiittt", asl_text(q->place), now + delay, now, m->group, m->body,
        value_compact(document, &scratch));
    int64_t id = database_last_id(l->database);
    if (q->is_fifo) {
        snprintf(sent->sequence, sizeof sent->sequence, "%020lld", (long long)id);
        database_run(l->database,
                     "INSERT OR REPLACE INTO sqs_seen(queue, key, until, message, sequence)"
                     " VALUES(?, ?, ?, ?, ?)",
                     "ttiti", asl_text(q->place), deduplication, now + SEEN_MS, asl_text(sent->id),
                     id);
    }
    asl_buffer_free(&scratch);
    value_release(document);
    local_news(l);
}

bool sqs_send(struct local *l, const struct sqs_queue *q, const struct sqs_sending *m,
              struct sqs_sent *sent)
{
    char hash[65];
    struct asl_text deduplication = m->deduplication;
    *sent = (struct sqs_sent){.code = NULL};
    if (!check_sending(q, m, sent))
        return false;
    if (q->is_fifo && !deduplication.size) {
        hash_content(m->body, hash);
        deduplication = asl_text(hash);
    }
    model_md5(m->body, sent->body_md5);
    hash_attributes(m->attributes, sent->attributes_md5);
    hash_attributes(m->system, sent->system_md5);
    if (q->is_fifo && was_seen(l, q, deduplication, sent))
        return true;
    model_uuid(sent->id);
    put_message(l, q, m, deduplication, sent);
    return true;
}

static void read_sending(const asl_value *in, struct sqs_sending *m)
{
    int64_t delay = model_integer(in, "DelaySeconds", -1);
    *m = (struct sqs_sending){
        .body = model_text(in, "MessageBody"),
        .group = model_text(in, "MessageGroupId"),
        .deduplication = model_text(in, "MessageDeduplicationId"),
        .attributes = model_get(in, "MessageAttributes"),
        .system = model_get(in, "MessageSystemAttributes"),
        .delay_ms = delay < 0        ? -1
                    : delay > 100000 ? 100000000
                                     : delay * 1000,
    };
}

static void put_sent(struct value_list *l, const struct sqs_sent *sent)
{
    model_put_z(l, "MD5OfMessageBody", sent->body_md5);
    if (sent->attributes_md5[0])
        model_put_z(l, "MD5OfMessageAttributes", sent->attributes_md5);
    if (sent->system_md5[0])
        model_put_z(l, "MD5OfMessageSystemAttributes", sent->system_md5);
    model_put_z(l, "MessageId", sent->id);
    if (sent->sequence[0])
        model_put_z(l, "SequenceNumber", sent->sequence);
}

bool sqs_send_message(struct model_call *c)
{
    struct sqs_queue q;
    struct sqs_sending m;
    struct sqs_sent sent;
    if (!sqs_queue_of(c, &q))
        return false;
    read_sending(c->in, &m);
    bool is_fine = sqs_send(c->local, &q, &m, &sent);
    if (is_fine)
        put_sent(&c->out, &sent);
    else
        model_refuse(c, sent.code, "%s", sent.message);
    sqs_queue_free(&q);
    return is_fine;
}

/* ---- batches: each entry for itself, one list of what went well and one of what did not ---- */

struct batch {
    struct value_list fine, failed;
};

static void push_failed(struct batch *b, struct asl_text id, const char *code, const char *message)
{
    struct value_list l;
    value_list_init(&l);
    model_put(&l, "Id", id);
    value_list_set_take(&l, "SenderFault", value_boolean(true));
    model_put_z(&l, "Code", code);
    model_put_z(&l, "Message", message);
    value_list_push_take(&b->failed, value_object_take(&l));
}

static bool check_batch(struct model_call *c, const asl_value *entries)
{
    size_t count = entries ? value_count(entries) : 0;
    if (count == 0)
        return model_refuse(c, "EmptyBatchRequest",
                            "There should be at least one entry in the request.");
    if (count > SQS_BATCH_MAXIMUM)
        return model_refuse(c, "TooManyEntriesInBatchRequest",
                            "Maximum number of entries per request are %d. You have sent %zu.",
                            SQS_BATCH_MAXIMUM, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (asl_text_equal(model_text(value_at(entries, i), "Id"),
                               model_text(value_at(entries, k), "Id")))
                return model_refuse(c, "BatchEntryIdsNotDistinct", "Id %.80s repeated.",
                                    model_text(value_at(entries, i), "Id").data);
    return true;
}

static bool run_batch(struct model_call *c,
                      void (*one)(struct model_call *c, const struct sqs_queue *q,
                                  const asl_value *entry, struct batch *b))
{
    struct sqs_queue q;
    struct batch b;
    const asl_value *entries = model_get(c->in, "Entries");
    if (!sqs_queue_of(c, &q))
        return false;
    bool is_fine = check_batch(c, entries);
    value_list_init(&b.fine);
    value_list_init(&b.failed);
    for (size_t i = 0; is_fine && i < value_count(entries); i++)
        one(c, &q, value_at(entries, i), &b);
    if (is_fine) {
        value_list_set_take(&c->out, "Successful", value_array_take(&b.fine));
        if (b.failed.count)
            value_list_set_take(&c->out, "Failed", value_array_take(&b.failed));
    }
    value_list_free(&b.failed);
    sqs_queue_free(&q);
    return is_fine;
}

static void send_entry(struct model_call *c, const struct sqs_queue *q, const asl_value *entry,
                       struct batch *b)
{
    struct sqs_sending m;
    struct sqs_sent sent;
    struct value_list l;
    read_sending(entry, &m);
    if (!sqs_send(c->local, q, &m, &sent)) {
        push_failed(b, model_text(entry, "Id"), sent.code, sent.message);
        return;
    }
    value_list_init(&l);
    model_put(&l, "Id", model_text(entry, "Id"));
    put_sent(&l, &sent);
    value_list_push_take(&b->fine, value_object_take(&l));
}

bool sqs_send_message_batch(struct model_call *c)
{
    return run_batch(c, send_entry);
}

/* ---- receiving ---- */

/* Drops what is older than the queue keeps it, and moves what was received too often. */
static void tidy(struct local *l, const struct sqs_queue *q, int64_t now)
{
    database_run(l->database, "DELETE FROM sqs_message WHERE queue = ? AND sent < ?", "ti",
                 asl_text(q->place), now - q->retention_ms);
    if (!q->dead_letters)
        return;
    asl_value *there = document_get(l->database, "sqs", asl_text(q->dead_letters));
    if (there)
        database_run(l->database,
                     "UPDATE sqs_message SET queue = ?6 || '/' || ?1, received = 0, receipt = '',"
                     " document = json_set(document, '$.DeadLetterQueueSourceArn', ?2)"
                     " WHERE queue = ?3 AND visible <= ?4 AND received >= ?5",
                     "zztiiz", q->dead_letters, q->name, asl_text(q->place), now, q->receive_limit,
                     l->region);
    value_release(there);
}

static bool wants(const asl_value *in, const char *list, struct asl_text name)
{
    const asl_value *names = model_get(in, list);
    for (size_t i = 0; names && i < value_count(names); i++) {
        struct asl_text wanted = value_as_text(value_at(names, i));
        if (asl_text_is(wanted, "All") || asl_text_is(wanted, ".*") || asl_text_equal(wanted, name))
            return true;
        if (asl_text_ends(wanted, ".*") && wanted.size - 2 <= name.size &&
            memcmp(wanted.data, name.data, wanted.size - 2) == 0)
            return true;
    }
    return false;
}

static void put_system(struct model_call *c, struct value_list *l, const char *name,
                       struct asl_text text)
{
    if (text.size && (wants(c->in, "AttributeNames", asl_text(name)) ||
                      wants(c->in, "MessageSystemAttributeNames", asl_text(name))))
        model_put(l, name, text);
}

static void put_system_integer(struct model_call *c, struct value_list *l, const char *name,
                               int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    put_system(c, l, name, asl_text(text));
}

/* A row that was chosen: id, sent, first, received, group, body, document. */
struct row {
    int64_t id, sent, first, received;
    struct asl_text group, body;
    asl_value *document;
};

static void put_system_attributes(struct model_call *c, const struct sqs_queue *q,
                                  const struct row *r, struct value_list *message)
{
    struct value_list l;
    char sequence[24];
    value_list_init(&l);
    put_system(c, &l, "SenderId", ASL_TEXT("AIDALOCALSTEPWELL"));
    put_system_integer(c, &l, "SentTimestamp", r->sent);
    put_system_integer(c, &l, "ApproximateReceiveCount", r->received);
    put_system_integer(c, &l, "ApproximateFirstReceiveTimestamp", r->first);
    put_system(c, &l, "MessageGroupId", r->group);
    put_system(c, &l, "MessageDeduplicationId", model_text(r->document, "MessageDeduplicationId"));
    put_system(c, &l, "AWSTraceHeader",
               model_text(model_get(r->document, "AWSTraceHeader"), "StringValue"));
    snprintf(sequence, sizeof sequence, "%020lld", (long long)r->id);
    put_system(c, &l, "SequenceNumber", asl_text(q->is_fifo ? sequence : ""));
    struct asl_text source = model_text(r->document, "DeadLetterQueueSourceArn");
    if (source.size) {
        struct asl_buffer arn;
        asl_buffer_init(&arn, 1024);
        model_arn(c->local, "sqs", source, &arn);
        put_system(c, &l, "DeadLetterQueueSourceArn", asl_buffer_text(&arn));
        asl_buffer_free(&arn);
    }
    if (l.count)
        value_list_set_take(message, "Attributes", value_object_take(&l));
    value_list_free(&l);
}

static void put_message_attributes(struct model_call *c, const asl_value *all,
                                   struct value_list *message)
{
    struct value_list l;
    char md5[33];
    value_list_init(&l);
    for (size_t i = 0; all && i < value_count(all); i++)
        if (wants(c->in, "MessageAttributeNames", value_as_text(value_key_at(all, i))))
            value_list_push_member_take(&l, value_retain(value_key_at(all, i)),
                                        value_retain(value_at(all, i)));
    asl_value *chosen = value_object_take(&l);
    hash_attributes(chosen, md5);
    if (md5[0]) {
        model_put_z(message, "MD5OfMessageAttributes", md5);
        value_list_set_take(message, "MessageAttributes", value_retain(chosen));
    }
    value_release(chosen);
}

/* A receipt handle names its message and the receipt. */
static void make_receipt(int64_t id, char out[RECEIPT_BYTES])
{
    char chance[41];
    local_random(chance, sizeof chance, HANDLE_LETTERS);
    snprintf(out, RECEIPT_BYTES, "AQEB%lld.%s", (long long)id, chance);
}

static asl_value *receive_row(struct model_call *c, const struct sqs_queue *q, struct row *r,
                              int64_t now, int64_t hidden_ms)
{
    char receipt[RECEIPT_BYTES];
    struct value_list l;
    make_receipt(r->id, receipt);
    r->received++;
    r->first = r->first ? r->first : now;
    database_run(
        c->db,
        "UPDATE sqs_message SET visible = ?, first = ?, received = ?, receipt = ? WHERE id ="
        " ?",
        "iiizi", now + hidden_ms, r->first, r->received, receipt, r->id);
    value_list_init(&l);
    model_copy(&l, "MessageId", r->document);
    model_put_z(&l, "ReceiptHandle", receipt);
    model_copy(&l, "MD5OfBody", r->document);
    model_put(&l, "Body", r->body);
    put_system_attributes(c, q, r, &l);
    put_message_attributes(c, model_get(r->document, "MessageAttributes"), &l);
    return value_object_take(&l);
}

/* The next message that may be received, behind `after`; false: there is none. Its texts are the
 * caller's. */
static bool next_row(struct model_call *c, const struct sqs_queue *q, int64_t now, int64_t after,
                     struct row *r)
{
    static const char standard[] =
        "SELECT id, sent, first, received, grp, body, document FROM sqs_message"
        " WHERE queue = ?1 AND visible <= ?2 AND id > ?3 ORDER BY id LIMIT 1";
    static const char fifo[] =
        "SELECT id, sent, first, received, grp, body, document FROM sqs_message m"
        " WHERE queue = ?1 AND visible <= ?2 AND id > ?3 AND NOT EXISTS(SELECT 1 FROM sqs_message e"
        " WHERE e.queue = ?1 AND e.grp = m.grp AND e.id < m.id AND e.visible > ?2)"
        " ORDER BY id LIMIT 1";
    struct value_error error;
    bool found = false;
    sqlite3_stmt *s =
        database_query(c->db, q->is_fifo ? fifo : standard, "tii", asl_text(q->place), now, after);
    while (database_step(c->db, s)) {
        *r = (struct row){sqlite3_column_int64(s, 0),
                          sqlite3_column_int64(s, 1),
                          sqlite3_column_int64(s, 2),
                          sqlite3_column_int64(s, 3),
                          {0},
                          {0},
                          NULL};
        struct asl_text group = database_text(s, 4), body = database_text(s, 5);
        r->group = (struct asl_text){asl_copy_text(group), group.size};
        r->body = (struct asl_text){asl_copy_text(body), body.size};
        r->document = value_parse(database_text(s, 6), 0, 0, &error);
        found = true;
    }
    return found;
}

static void row_free(struct row *r)
{
    free((void *)(uintptr_t)r->group.data);
    free((void *)(uintptr_t)r->body.data);
    value_release(r->document);
}

/* Chosen first, hidden afterwards: so a call may take several of one group, in order. */
static size_t choose(struct model_call *c, const struct sqs_queue *q, int64_t now, size_t most,
                     struct row rows[SQS_BATCH_MAXIMUM])
{
    size_t count = 0;
    for (int64_t after = 0; count < most && next_row(c, q, now, after, &rows[count]); count++)
        after = rows[count].id;
    return count;
}

static int64_t next_visible(struct model_call *c, const struct sqs_queue *q, int64_t now)
{
    int64_t at = INT64_MAX;
    sqlite3_stmt *s = database_query(
        c->db, "SELECT MIN(visible) FROM sqs_message WHERE queue = ? AND visible > ?", "ti",
        asl_text(q->place), now);
    while (database_step(c->db, s))
        if (sqlite3_column_type(s, 0) != SQLITE_NULL)
            at = sqlite3_column_int64(s, 0);
    return at;
}

static bool check_receive(struct model_call *c, int64_t most, int64_t wait, int64_t hidden)
{
    const struct {
        const char *name;
        int64_t value, least, most;
    } bounds[] = {{"MaxNumberOfMessages", most, 1, SQS_BATCH_MAXIMUM},
                  {"WaitTimeSeconds", wait, 0, 20},
                  {"VisibilityTimeout", hidden, 0, 43200}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bounds[i].value < bounds[i].least || bounds[i].value > bounds[i].most)
            return model_refuse(c, "InvalidParameterValue",
                                "Value %lld for parameter %s is invalid. Reason: Must be between "
                                "%lld and %lld, if provided.",
                                (long long)bounds[i].value, bounds[i].name,
                                (long long)bounds[i].least, (long long)bounds[i].most);
    return true;
}

static bool receive(struct model_call *c, const struct sqs_queue *q, int64_t most, int64_t wait_ms,
                    int64_t hidden_ms)
{
    struct row rows[SQS_BATCH_MAXIMUM];
    struct value_list messages;
    int64_t now = local_now(c->local);
    tidy(c->local, q, now);
    size_t count = choose(c, q, now, (size_t)most, rows);
    if (count == 0 && wait_ms > 0 && model_may_wait(c))
        return model_wait(c, wait_ms, next_visible(c, q, now));
    value_list_init(&messages);
    for (size_t i = 0; i < count; i++) {
        value_list_push_take(&messages, receive_row(c, q, &rows[i], now, hidden_ms));
        row_free(&rows[i]);
    }
    if (count)
        value_list_set_take(&c->out, "Messages", value_array_take(&messages));
    return true;
}

bool sqs_receive_message(struct model_call *c)
{
    struct sqs_queue q;
    if (!sqs_queue_of(c, &q))
        return false;
    int64_t most = model_integer(c->in, "MaxNumberOfMessages", 1);
    int64_t wait = model_integer(c->in, "WaitTimeSeconds", q.wait_ms / 1000);
    int64_t hidden = model_integer(c->in, "VisibilityTimeout", q.visibility_ms / 1000);
    bool is_fine =
        check_receive(c, most, wait, hidden) && receive(c, &q, most, wait * 1000, hidden * 1000);
    sqs_queue_free(&q);
    return is_fine;
}

/* ---- receipts ---- */

/* The message a handle names: of a FIFO queue only by its last receipt. 0: none (any more); -1: no
 * handle at all. */
static int64_t find_receipt(struct model_call *c, const struct sqs_queue *q, struct asl_text handle,
                            int64_t *visible)
{
    int64_t found = 0;
    char *end = NULL;
    if (!asl_text_starts(handle, "AQEB") || handle.size >= RECEIPT_BYTES)
        return -1;
    int64_t id = strtoll(handle.data + 4, &end, 10);
    if (*end != '.')
        return -1;
    sqlite3_stmt *s =
        database_query(c->db, "SELECT receipt, visible FROM sqs_message WHERE id = ? AND queue = ?",
                       "it", id, asl_text(q->place));
    while (database_step(c->db, s)) {
        *visible = sqlite3_column_int64(s, 1);
        if (!q->is_fifo || asl_text_equal(database_text(s, 0), handle))
            found = id;
    }
    return found;
}

static bool bad_receipt(struct sqs_sent *told, struct asl_text handle)
{
    return fail(told, "ReceiptHandleIsInvalid",
                "The input receipt handle \"%.80s\" is not a valid receipt handle.",
                handle.data ? handle.data : "");
}

static bool delete_one(struct model_call *c, const struct sqs_queue *q, const asl_value *entry,
                       struct sqs_sent *told)
{
    int64_t visible;
    int64_t id = find_receipt(c, q, model_text(entry, "ReceiptHandle"), &visible);
    if (id < 0)
        return bad_receipt(told, model_text(entry, "ReceiptHandle"));
    database_run(c->db, "DELETE FROM sqs_message WHERE id = ?", "i", id);
    local_news(c->local); /* the next of its group may be waited for */
    return true;
}

static bool change_one(struct model_call *c, const struct sqs_queue *q, const asl_value *entry,
                       struct sqs_sent *told)
{
    int64_t visible = 0, now = local_now(c->local);
    int64_t seconds = model_integer(entry, "VisibilityTimeout", -1);
    int64_t id = find_receipt(c, q, model_text(entry, "ReceiptHandle"), &visible);
    if (seconds < 0 || seconds > 43200)
        return fail(
            told, "InvalidParameterValue",
            "Value %lld for parameter VisibilityTimeout is invalid. Reason: Must be between "
            "0 and 43200.",
            (long long)seconds);
    if (id < 0)
        return bad_receipt(told, model_text(entry, "ReceiptHandle"));
    if (id == 0 || visible <= now)
        return fail(told, "MessageNotInflight",
                    "Value %.80s for parameter ReceiptHandle is invalid. Reason: Message does not "
                    "exist or is not available for visibility timeout change.",
                    model_text(entry, "ReceiptHandle").data);
    database_run(c->db, "UPDATE sqs_message SET visible = ? WHERE id = ?", "ii",
                 now + seconds * 1000, id);
    local_news(c->local);
    return true;
}

/* What DeleteMessage and ChangeMessageVisibility are alike in. */
static bool run_one(struct model_call *c,
                    bool (*one)(struct model_call *c, const struct sqs_queue *q,
                                const asl_value *entry, struct sqs_sent *told))
{
    struct sqs_queue q;
    struct sqs_sent told;
    if (!sqs_queue_of(c, &q))
        return false;
    bool is_fine = one(c, &q, c->in, &told) || model_refuse(c, told.code, "%s", told.message);
    sqs_queue_free(&q);
    return is_fine;
}

static void finish_entry(struct batch *b, const asl_value *entry, bool is_fine,
                         const struct sqs_sent *told)
{
    struct value_list l;
    if (!is_fine) {
        push_failed(b, model_text(entry, "Id"), told->code, told->message);
        return;
    }
    value_list_init(&l);
    model_put(&l, "Id", model_text(entry, "Id"));
    value_list_push_take(&b->fine, value_object_take(&l));
}

static void delete_entry(struct model_call *c, const struct sqs_queue *q, const asl_value *entry,
                         struct batch *b)
{
    struct sqs_sent told;
    bool is_fine = delete_one(c, q, entry, &told);
    finish_entry(b, entry, is_fine, &told);
}

static void change_entry(struct model_call *c, const struct sqs_queue *q, const asl_value *entry,
                         struct batch *b)
{
    struct sqs_sent told;
    bool is_fine = change_one(c, q, entry, &told);
    finish_entry(b, entry, is_fine, &told);
}

bool sqs_delete_message(struct model_call *c)
{
    return run_one(c, delete_one);
}

bool sqs_delete_message_batch(struct model_call *c)
{
    return run_batch(c, delete_entry);
}

bool sqs_change_visibility(struct model_call *c)
{
    return run_one(c, change_one);
}

bool sqs_change_visibility_batch(struct model_call *c)
{
    return run_batch(c, change_entry);
}

/* ---- counts ---- */

void sqs_count(struct local *l, const struct sqs_queue *q, int64_t *visible, int64_t *hidden,
               int64_t *delayed)
{
    *visible = *hidden = *delayed = 0;
    sqlite3_stmt *s = database_query(
        l->database,
        "SELECT COUNT(*) FILTER (WHERE visible <= ?2), COUNT(*) FILTER (WHERE visible > ?2 AND"
        " received > 0), COUNT(*) FILTER (WHERE visible > ?2 AND received = 0)"
        " FROM sqs_message WHERE queue = ?1",
        "zi", q->place, local_now(l));
    while (database_step(l->database, s)) {
        *visible = sqlite3_column_int64(s, 0);
        *hidden = sqlite3_column_int64(s, 1);
        *delayed = sqlite3_column_int64(s, 2);
    }
}
