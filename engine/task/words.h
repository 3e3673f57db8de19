/* What is said of a call's end, in AWS's words: error names and causes, outputs and their
 * metadata. */
#ifndef ENGINE_TASK_WORDS_H
#define ENGINE_TASK_WORDS_H

#include "service.h"

struct words {
    struct asl_buffer error, cause;
};

struct words_about {
    const struct service_style *style;
    const struct catalogue_operation *operation;
    const char *type;         /* the resource's type, "dynamodb" */
    const char *role_arn;     /* that was to be assumed, or NULL */
    const char *machine_role; /* or NULL */
};

/* Of any failed outcome but AWS_REFUSED. */
void words_of_failure(struct words *w, const struct words_about *about,
                      const struct aws_outcome *o);
/* Of an answer by which the service did not do it: "<service>.Unknown", with the answer as cause.
 */
void words_of_unknown(struct words *w, const struct service_style *style, const asl_value *answer);
void words_free(struct words *w);
/* Appends the error's name for a code that the service answers with. */
void words_put_error(const struct words_about *about, const char *code, struct asl_buffer *out);
/* A cause at its greatest length (32,768 bytes: the API's bound). */
struct asl_text words_cut(struct asl_text cause);
/* The output of a success, with metadata where the style has it; yours. */
asl_value *words_of_success(const struct service_style *style, const struct aws_outcome *o);
/* The object with its members in alphabetical order, as optimized integrations give them. */
asl_value *words_sorted_take(asl_value *object);

#endif
