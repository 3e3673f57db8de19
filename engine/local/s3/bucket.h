/* Buckets as folders, objects as files one may look at, and put there by hand.
 *
 * The folder is the truth: a file in it is an object. What a file cannot tell (ETag, headers, when
 * it was put by the loop's clock) is kept in the database beside its size and time stamp, and
 * worked out anew when these differ.
 *
 * Keys to paths: '/' separates folders; bytes that are unsafe in a file's name become %XX, "." and
 * ".." become %2E and %2E., an empty part becomes "%"; a part over 200 bytes goes on in the next
 * folder behind "%+"; an object whose path is a folder ("a" beside "a/b") lies in "a%". So no key
 * leaves its bucket, and every key has a place. */
#ifndef ENGINE_LOCAL_S3_BUCKET_H
#define ENGINE_LOCAL_S3_BUCKET_H

#include "asl/value/value.h"
#include "engine/local/service.h"

#define BUCKET_KEY_BYTES 1024 /* S3: a key */

struct object {
    char *path; /* of its file */
    int64_t size;
    int64_t modified;   /* ms */
    char etag[40];      /* hex MD5, without quotes */
    asl_value *headers; /* {"Content-Type": "..", "x-amz-meta-a": ".."} */
};
void object_free(struct object *o);

bool bucket_name_is_valid(struct asl_text name);
bool bucket_exists(const struct local *l, struct asl_text name);
bool bucket_create(struct local *l, struct asl_text name, const char *region, char why[256]);
/* False with `why` empty when it is not empty. */
bool bucket_delete(struct local *l, struct asl_text name, char why[256]);
/* The region it was made in; the one that we are in for a folder made by hand. */
void bucket_region(struct local *l, struct asl_text name, char out[REGION_BYTES]);
int64_t bucket_created(struct local *l, struct asl_text name); /* ms */
/* All buckets, by name: an array of strings; yours. */
asl_value *bucket_list(struct local *l);

/* Removes what interrupted puts left behind an hour ago or earlier. */
void bucket_sweep(struct local *l);

/* Durable when it returns true: written beside, synced, renamed. */
bool bucket_put(struct local *l, struct asl_text bucket, struct asl_text key, struct asl_text body,
                const asl_value *headers, char why[256]);
bool bucket_find(struct local *l, struct asl_text bucket, struct asl_text key, struct object *o);
/* Appends `size` bytes from `offset`. */
bool object_read(const struct object *o, int64_t offset, int64_t size, struct asl_buffer *out);
bool bucket_remove(struct local *l, struct asl_text bucket, struct asl_text key, char why[256]);
/* Every key that begins with `prefix`, sorted by its bytes: an array of strings; yours. */
asl_value *bucket_keys(struct local *l, struct asl_text bucket, struct asl_text prefix);

/* Key to path below the bucket's folder and back; for tests too. */
bool key_to_path(struct asl_text key, struct asl_buffer *path);
void path_to_key(struct asl_text path, struct asl_buffer *key);

#endif
