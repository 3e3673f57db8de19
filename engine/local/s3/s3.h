/* An S3 call on its way. For the files of this folder. */
#ifndef ENGINE_LOCAL_S3_S3_H
#define ENGINE_LOCAL_S3_S3_H

#include "bucket.h"

struct s3_call {
    struct local *local;
    const struct http_received *request;
    struct local_answer *answer;
    char *bucket;         /* decoded; "" for the service itself */
    char *key;            /* decoded; "" for the bucket itself */
    struct asl_text body; /* without aws-chunked framing */
};

struct s3_error {
    const char *code;
    int status;
    const char *message;
};
extern const struct s3_error s3_no_such_bucket, s3_no_such_key, s3_bucket_owned,
    s3_bucket_not_empty, s3_invalid_bucket_name, s3_invalid_range, s3_precondition_failed,
    s3_not_modified, s3_bad_digest, s3_invalid_digest, s3_malformed_xml, s3_key_too_long,
    s3_invalid_argument, s3_internal, s3_method_not_allowed;

/* Fills the answer with an error; `detail` replaces its message when not NULL. Always false. */
bool s3_refuse(struct s3_call *c, const struct s3_error *error, const char *detail);
/* NotImplemented, naming what is not offered. Always false. */
bool s3_refuse_feature(struct s3_call *c, const char *what);

/* A query parameter, decoded, freed by the caller; NULL when it is not there. */
char *s3_parameter(const struct s3_call *c, const char *name);
void s3_set_header(struct s3_call *c, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "<name>text</name>", escaped. */
void s3_put_element(struct asl_buffer *out, const char *name, struct asl_text text);
void s3_begin_xml(struct s3_call *c);
void s3_put_iso_time(struct asl_buffer *out, int64_t ms);

/* Decodes %XX (and '+' as a space in a query). False when malformed or with a NUL in it. */
bool s3_decode(struct asl_text encoded, bool is_query, struct asl_buffer *out);

/* One a method and target; in the files that end in their family. */
bool s3_list_buckets(struct s3_call *c);
bool s3_create_bucket(struct s3_call *c);
bool s3_delete_bucket(struct s3_call *c);
bool s3_head_bucket(struct s3_call *c);
bool s3_list_objects(struct s3_call *c);
bool s3_put_object(struct s3_call *c);
bool s3_get_object(struct s3_call *c);
bool s3_delete_object(struct s3_call *c);
bool s3_delete_objects(struct s3_call *c);

#endif
