/* What API Gateway's and HTTP's tasks share: queries, headers and bodies from parameters, and
 * the answer as {Headers, ResponseBody, StatusCode, StatusText} (facts 4.5). */
#ifndef ENGINE_TASK_WEB_H
#define ENGINE_TASK_WEB_H

#include "connector.h"

/* The fields a task takes; a table of them is checked before anything is sent. */
enum web_kind {
    WEB_STRING,
    WEB_LISTS, /* {name: [values]} */
    WEB_MAP,   /* {name: value or [values]} */
    WEB_TREE,  /* the same, and objects within */
    WEB_ANY,
};
struct web_field {
    const char *name;
    enum web_kind kind;
    bool required;
};
/* True, or AWS's words in `problems`. */
bool web_check(const asl_value *parameters, const struct web_field *fields, size_t count,
               struct asl_buffer *problems);

/* The text of a member that is a string; "" when it is not there. */
const char *web_text(const asl_value *parameters, const char *key);
/* Appends "?a=b&a=c" (or "&..." behind a query; objects as forms have them); NULL adds nothing. */
void web_put_query(const asl_value *map, struct asl_buffer *url);
/* Adds headers; false and words in `problems` when AWS would refuse one of them by its name
 * ("X-Amz-*" in the list stands for all that begin like it). */
bool web_put_headers(const asl_value *map, const char *const *refused, size_t count,
                     struct http_headers *headers, struct asl_buffer *problems);
/* A scalar's text, or compact JSON. Appends. */
void web_put_scalar(const asl_value *v, struct asl_buffer *out);

/* JSON where the body is JSON, else its text; base64 where it is no text. Yours. */
asl_value *web_body(struct asl_text body);
asl_value *web_output(const struct http_answer *answer);

#endif
