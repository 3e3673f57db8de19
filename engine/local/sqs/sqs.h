/* SQS's stand-in: queues are documents, messages rows. For the files of this folder, and for those
 * that deliver into queues (SNS, EventBridge). */
#ifndef ENGINE_LOCAL_SQS_SQS_H
#define ENGINE_LOCAL_SQS_SQS_H

#include "engine/local/model.h"

#define SQS_MESSAGE_MAXIMUM (1 << 20) /* bytes, body and attributes; since August 2025 */
#define SQS_BATCH_MAXIMUM   10

/* A queue's settings, with defaults filled in. What it owns is released by sqs_queue_free. */
struct sqs_queue {
    char *name;
    char *place;         /* "<region>/<name>": where its messages lie */
    asl_value *document; /* {"attributes", "created", "modified", "tags"} */
    const asl_value *attributes;
    int64_t visibility_ms, retention_ms, delay_ms, wait_ms, maximum_bytes;
    bool is_fifo, hashes_content;
    /* the name of the queue for what was received too often, of the same region; or NULL */
    char *dead_letters;
    int64_t receive_limit; /* of that */
};

/* By name; false: there is none in the region that we are in. */
bool sqs_queue_open(struct local *l, struct asl_text name, struct sqs_queue *q);
/* By ARN, in its region: for those that deliver. */
bool sqs_queue_open_arn(struct local *l, struct asl_text arn, struct sqs_queue *q);
/* By a call's QueueUrl; false after refusing. */
bool sqs_queue_of(struct model_call *c, struct sqs_queue *q);
void sqs_queue_free(struct sqs_queue *q);
/* The name at the end of a URL or an ARN. */
struct asl_text sqs_name_in(struct asl_text url_or_arn);

/* What is sent; texts may be {NULL, 0}, attributes NULL. */
struct sqs_sending {
    struct asl_text body, group, deduplication;
    const asl_value *attributes, *system;
    int64_t delay_ms; /* -1: the queue's */
};
/* What became of it, for the answer; or why not (`code` set). */
struct sqs_sent {
    char id[37], body_md5[33], attributes_md5[33], system_md5[33], sequence[24];
    const char *code;
    char message[256];
};
bool sqs_send(struct local *l, const struct sqs_queue *q, const struct sqs_sending *m,
              struct sqs_sent *sent);

/* Counts for GetQueueAttributes. */
void sqs_count(struct local *l, const struct sqs_queue *q, int64_t *visible, int64_t *hidden,
               int64_t *delayed);

/* One an operation; in the files that end in their family. */
bool sqs_create_queue(struct model_call *c);
bool sqs_delete_queue(struct model_call *c);
bool sqs_get_queue_attributes(struct model_call *c);
bool sqs_get_queue_url(struct model_call *c);
bool sqs_list_queues(struct model_call *c);
bool sqs_list_dead_letter_sources(struct model_call *c);
bool sqs_list_queue_tags(struct model_call *c);
bool sqs_purge_queue(struct model_call *c);
bool sqs_set_queue_attributes(struct model_call *c);
bool sqs_tag_queue(struct model_call *c);
bool sqs_untag_queue(struct model_call *c);
bool sqs_send_message(struct model_call *c);
bool sqs_send_message_batch(struct model_call *c);
bool sqs_receive_message(struct model_call *c);
bool sqs_delete_message(struct model_call *c);
bool sqs_delete_message_batch(struct model_call *c);
bool sqs_change_visibility(struct model_call *c);
bool sqs_change_visibility_batch(struct model_call *c);

#endif
