/* A start that failed for good, told to a queue: SQS SendMessage with the attributes that
 * EventBridge and its Scheduler set. Serves: EventBridge user guide, "dead-letter queues". */
#ifndef ENGINE_API_SCHEDULE_DEAD_LETTER_H
#define ENGINE_API_SCHEDULE_DEAD_LETTER_H

#include "engine/api/internal.h"

struct dead_letter {
    struct asl_text queue;   /* its ARN */
    struct asl_text body;    /* what the start's input would have been */
    struct asl_text source;  /* the rule's or schedule's ARN, or "" */
    const char *source_name; /* "RULE_ARN" or "SCHEDULE_ARN" */
    struct asl_text target;
    const char *code, *message;
    const char *condition; /* EXHAUSTED_RETRY_CONDITION, or NULL: it was not worth a retry */
    int64_t attempts;
};

/* Whether a text is a queue's ARN. */
bool dead_letter_is_queue(struct asl_text arn);
/* Sends; `done` is called once, from the loop or at once: NULL, or what went wrong. */
void dead_letter_send(struct api *a, const struct dead_letter *letter,
                      void (*done)(void *state, const char *problem), void *state);

#endif
