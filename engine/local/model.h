/* Stand-ins that AWS's own models describe: SQS, SNS, EventBridge, Secrets Manager, SSM.
 *
 * A service is one file: a table of operations, each a function from parameters to members of the
 * answer. Everything around it is done here, once: which operation a request means, in AWS JSON
 * or in the query protocol; whether its parameters fit the model (engine/aws/constraint.h); the
 * answer's and the error's form on the wire. For the files of this folder only.
 */
#ifndef ENGINE_LOCAL_MODEL_H
#define ENGINE_LOCAL_MODEL_H

#include "asl/value/value.h"
#include "engine/aws/catalogue.h"
#include "service.h"

/* A request that is being carried out. */
struct model_call {
    struct local *local;
    struct database *db;
    const struct model_service *service;
    const struct catalogue_operation *operation;
    const char *host;      /* as the client calls us: for URLs in answers */
    asl_value *in;         /* an object, checked by the model, its names; blobs as base64 */
    struct value_list out; /* members of the answer: timestamps as numbers, blobs as base64 */
    struct local_answer *answer;
    bool is_query;
    bool is_refused;
    const char *code; /* the model's name of the exception, or a code it does not know */
    char message[1024];
};

struct model_operation {
    const char *name;
    /* False: refused (model_refuse says why), or waiting (model_wait); its changes are taken
     * back. */
    bool (*run)(struct model_call *c);
};

/* How old clients of the query protocol spell a member that the newer model calls otherwise. */
struct model_alias {
    const char *query, *member;
    const char *key, *value; /* of a map's entries; NULL: "key", "value" */
    const char *operation;   /* of this one only; NULL: of all */
};

struct model_service {
    const char *arn_name;                     /* in the catalogue */
    const char *error_space;                  /* in front of an error's name in JSON; "" */
    const char *invalid;                      /* the code where parameters do not fit the model */
    const struct model_operation *operations; /* ends with a NULL name */
    const struct model_alias *aliases;        /* ends with a NULL query; or NULL */
    const char *path_member; /* what a form's path stands for where it is not given; or NULL */
    /* What the query protocol calls an error that JSON calls `code`, as "Code;Sender"; or NULL. */
    const char *(*query_error)(const char *code);
};

bool model_handle(struct local *l, const struct model_service *s,
                  const struct http_received *request, struct local_answer *answer);
void model_fail(struct local_answer *answer, const char *why);

/* ---- for operations ---- */

/* Always false. `code` is a constant. */
bool model_refuse(struct model_call *c, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Not answered yet: asked again when something changed (local_news), when our clock shows
 * `look_again_at` (INT64_MAX: never), and a last time after `patience_ms` of real time. Always
 * false. Only where model_may_wait. */
bool model_wait(struct model_call *c, int64_t patience_ms, int64_t look_again_at);
bool model_may_wait(const struct model_call *c);

/* A member, or NULL where it is absent or null. */
const asl_value *model_get(const asl_value *v, const char *name);
/* Of a string; {NULL, 0} where there is none. */
struct asl_text model_text(const asl_value *v, const char *name);
bool model_flag(const asl_value *v, const char *name);
/* An integer, or text that is one; `otherwise` where it is neither. */
int64_t model_integer(const asl_value *v, const char *name, int64_t otherwise);

void model_put(struct value_list *l, const char *name, struct asl_text text);
void model_put_z(struct value_list *l, const char *name, const char *text);
void model_put_integer(struct value_list *l, const char *name, int64_t i);
void model_put_time(struct value_list *l, const char *name, int64_t ms); /* epoch seconds */
/* The same member of another object, where it is there. */
void model_copy(struct value_list *l, const char *name, const asl_value *from);
/* "arn:aws:<service>:<region>:<account>:<rest>" */
void model_arn(const struct local *l, const char *service, struct asl_text rest,
               struct asl_buffer *out);
/* A version 4 UUID. */
void model_uuid(char out[37]);
void model_md5(struct asl_text bytes, char out[33]);

/* ---- the query protocol (query.c) ---- */

/* A form's parameters by the operation's model; the names of `aliases` are taken too. Nested at
 * most as deep as the model is. NULL when it is no form. */
asl_value *query_read(const struct catalogue_operation *o, const struct model_alias *aliases,
                      struct asl_text form);
/* One plain parameter of a form, decoded; empty when it is not there. */
void query_parameter(struct asl_text form, const char *name, struct asl_buffer *out);
void query_write(const struct catalogue_operation *o, const struct model_alias *aliases,
                 const asl_value *output, const char *request_id, struct asl_buffer *out);
void query_write_error(const struct catalogue_service *s, const char *code, const char *message,
                       bool is_ours, const char *request_id, struct asl_buffer *out);

/* ---- documents: JSON by kind and key, for what is few and looked up by name; of the region that
 * we are in (local_enter) ---- */

/* NULL when there is none; yours. */
asl_value *document_get(struct database *d, const char *kind, struct asl_text key);
/* `document` is looked at. */
void document_put(struct database *d, const char *kind, struct asl_text key,
                  const asl_value *document);
void document_remove(struct database *d, const char *kind, struct asl_text key);
/* The first key behind `after` that begins with `prefix`; false when there is none. `key` is
 * emptied first. */
bool document_next(struct database *d, const char *kind, struct asl_text prefix,
                   struct asl_text after, struct asl_buffer *key);

#endif
