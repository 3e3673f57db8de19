/* A JSON body as "application/x-www-form-urlencoded": "Applying URL-encoding on request body" of
 * AWS's page on HTTP Tasks. {"a": {"b": [1]}} is a%5Bb%5D%5B0%5D=1. */
#ifndef ENGINE_TASK_FORM_H
#define ENGINE_TASK_FORM_H

#include "asl/value/value.h"

/* How an array is written: a[0]=x (AWS's own choice), a=x&a=y, a=x,y, a[]=x. */
enum form_arrays { FORM_INDICES, FORM_REPEAT, FORM_COMMAS, FORM_BRACKETS };

/* The format of a name, as AWS spells it; false when there is no such. */
bool form_arrays_named(struct asl_text name, enum form_arrays *arrays);

/* Appends the pairs of a body. Depth is bounded by the value's own. */
void form_put(const asl_value *body, enum form_arrays arrays, struct asl_buffer *out);
/* The same of one member. */
void form_put_member(struct asl_text key, const asl_value *v, enum form_arrays arrays,
                     struct asl_buffer *out);

#endif
