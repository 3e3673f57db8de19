/* Between Query's key condition and its reading. For the files of this folder. */
#ifndef ENGINE_LOCAL_DYNAMODB_QUERY_H
#define ENGINE_LOCAL_DYNAMODB_QUERY_H

#include "dynamodb.h"

#define KEY_CONDITIONS_MAXIMUM 8 /* more than two are refused anyway */

struct key_condition {
    struct asl_text name;
    enum expression_operation operation; /* EQ, LT, LE, GT, GE, BETWEEN, BEGINS_WITH */
    const asl_value *values[2];
    size_t count;
};
struct key_conditions {
    struct key_condition items[KEY_CONDITIONS_MAXIMUM];
    size_t count;
};

/* Refuses what is no key condition. */
bool key_conditions_read(struct dynamodb_call *c, const struct expression *e,
                         struct key_conditions *out);
/* Refuses what does not fit these keys. */
bool key_conditions_fit(struct dynamodb_call *c, const struct key_conditions *k,
                        const struct dynamodb_keys *keys);
const struct key_condition *key_condition_on(const struct key_conditions *k, struct asl_text name);
bool key_condition_holds(const struct key_condition *k, const asl_value *v);
/* Sortable bytes from which, and up to (without) which range keys meet the condition; NULL: all. */
void key_condition_bounds(const struct key_condition *k, struct asl_buffer *from,
                          struct asl_buffer *to);
/* Bytes behind every key. */
void key_put_end(struct asl_buffer *out);

#endif
