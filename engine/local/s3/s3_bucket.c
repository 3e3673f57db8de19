/* Calls on buckets: list, create, delete, head, and listing what is in one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/endpoint.h"
#include "s3.h"

#define NAMESPACE       " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define S3_FIRST_REGION "us-east-1"
#define KEYS_MAXIMUM    1000 /* S3: keys of one page */

bool s3_list_buckets(struct s3_call *c)
{
    asl_value *names = bucket_list(c->local);
    struct asl_buffer *out = &c->answer->body;
    s3_begin_xml(c);
    asl_buffer_puts(out, "<ListAllMyBucketsResult" NAMESPACE "><Owner>");
    s3_put_element(out, "ID", asl_text(c->local->account));
    asl_buffer_puts(out, "</Owner><Buckets>");
    for (size_t i = 0; i < value_count(names); i++) {
        struct asl_text name = value_as_text(value_at(names, i));
        asl_buffer_puts(out, "<Bucket>");
        s3_put_element(out, "Name", name);
        asl_buffer_puts(out, "<CreationDate>");
        s3_put_iso_time(out, bucket_created(c->local, name));
        asl_buffer_puts(out, "</CreationDate></Bucket>");
    }
    asl_buffer_puts(out, "</Buckets></ListAllMyBucketsResult>");
    value_release(names);
    return true;
}

/* Where the bucket is wanted: us-east-1 makes it elsewhere when told so, the other regions at home.
 */
static void read_region(const struct s3_call *c, char out[REGION_BYTES])
{
    static const char mark[] = "<LocationConstraint>";
    char *body = asl_copy_text(c->body), *at = strstr(body, mark);
    memcpy(out, c->local->region, REGION_BYTES);
    if (at && strcmp(out, S3_FIRST_REGION) == 0) {
        at += sizeof mark - 1;
        at[strcspn(at, "<")] = '\0';
        if (endpoint_region_is_good(at))
            snprintf(out, REGION_BYTES, "%s", at);
    }
    free(body);
}

bool s3_create_bucket(struct s3_call *c)
{
    char why[256], region[REGION_BYTES], there[REGION_BYTES];
    struct asl_text name = asl_text(c->bucket);
    read_region(c, region);
    bucket_region(c->local, name, there);
    /* us-east-1 says yes again to its owner, the other regions do not. */
    if (bucket_exists(c->local, name) &&
        (strcmp(region, S3_FIRST_REGION) != 0 || strcmp(there, region) != 0))
        return s3_refuse(c, &s3_bucket_owned, NULL);
    if (!bucket_create(c->local, name, region, why))
        return s3_refuse(c, &s3_internal, why);
    s3_set_header(c, "Location", "/%s", c->bucket);
    return true;
}

bool s3_delete_bucket(struct s3_call *c)
{
    char why[256];
    if (!bucket_delete(c->local, asl_text(c->bucket), why))
        return why[0] ? s3_refuse(c, &s3_internal, why) : s3_refuse(c, &s3_bucket_not_empty, NULL);
    c->answer->status = 204;
    return true;
}

bool s3_head_bucket(struct s3_call *c)
{
    char region[REGION_BYTES];
    bucket_region(c->local, asl_text(c->bucket), region);
    s3_set_header(c, "x-amz-bucket-region", "%s", region);
    return true;
}

/* ---- listing objects, both versions of the call ---- */

struct listing {
    struct s3_call *c;
    char *prefix, *delimiter, *after, *encoding, *token;
    bool is_version_2, is_url_encoded;
    long maximum;
    struct asl_buffer contents, prefixes;
    struct asl_buffer last_prefix; /* the common prefix last put */
    size_t count;
    bool is_truncated;
    struct asl_buffer last; /* where the next page begins behind */
};

static void put_name(struct listing *l, struct asl_buffer *out, const char *element,
                     struct asl_text name)
{
    if (!l->is_url_encoded) {
        s3_put_element(out, element, name);
        return;
    }
    struct asl_buffer encoded;
    asl_buffer_init(&encoded, 16384);
    for (size_t i = 0; i < name.size; i++) {
        unsigned char b = (unsigned char)name.data[i];
        bool is_plain = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') ||
                        (b >= 'A' && b <= 'Z') || (b != '\0' && strchr("-_.*/", b));
        if (is_plain)
            asl_buffer_putc(&encoded, (char)b);
        else if (b == ' ')
            asl_buffer_putc(&encoded, '+');
        else
            asl_buffer_printf(&encoded, "%%%02X", b);
    }
    s3_put_element(out, element, asl_buffer_text(&encoded));
    asl_buffer_free(&encoded);
}

/* The part of a key up to and with the first delimiter behind the prefix; empty when there is none.
 */
static struct asl_text common_prefix(const struct listing *l, struct asl_text key)
{
    size_t skip = strlen(l->prefix), size = strlen(l->delimiter);
    if (size == 0)
        return ASL_TEXT("");
    const char *found = memmem(key.data + skip, key.size - skip, l->delimiter, size);
    return found ? (struct asl_text){key.data, (size_t)(found - key.data) + size} : ASL_TEXT("");
}

static void put_contents(struct listing *l, struct asl_text key)
{
    struct object o;
    struct asl_buffer *out = &l->contents;
    if (!bucket_find(l->c->local, asl_text(l->c->bucket), key, &o))
        return; /* gone since the folder was read */
    asl_buffer_puts(out, "<Contents>");
    put_name(l, out, "Key", key);
    asl_buffer_puts(out, "<LastModified>");
    s3_put_iso_time(out, o.modified);
    asl_buffer_printf(out,
                      "</LastModified><ETag>&quot;%s&quot;</ETag><Size>%lld</Size>"
                      "<StorageClass>STANDARD</StorageClass></Contents>",
                      o.etag, (long long)o.size);
    object_free(&o);
    l->count++;
}

/* Takes a key into the page; false when the page was full before it. */
static bool take_key(struct listing *l, struct asl_text key)
{
    struct asl_text common = common_prefix(l, key), after = asl_text(l->after);
    if (asl_text_compare(key, after) <= 0)
        return true;
    if (common.size) {
        /* A page that ended with this common prefix goes on behind all of it. */
        bool is_seen = asl_text_equal(common, after) ||
                       asl_text_equal(common, asl_buffer_text(&l->last_prefix));
        if (is_seen)
            return true;
    }
    if ((long)l->count >= l->maximum) {
        l->is_truncated = true;
        return false;
    }
    asl_buffer_clear(&l->last);
    asl_buffer_put_text(&l->last, common.size ? common : key);
    if (common.size == 0) {
        put_contents(l, key);
        return true;
    }
    asl_buffer_clear(&l->last_prefix);
    asl_buffer_put_text(&l->last_prefix, common);
    asl_buffer_puts(&l->prefixes, "<CommonPrefixes>");
    put_name(l, &l->prefixes, "Prefix", common);
    asl_buffer_puts(&l->prefixes, "</CommonPrefixes>");
    l->count++;
    return true;
}

static void write_listing(struct listing *l)
{
    struct asl_buffer *out = &l->c->answer->body;
    s3_begin_xml(l->c);
    asl_buffer_puts(out, "<ListBucketResult" NAMESPACE ">");
    s3_put_element(out, "Name", asl_text(l->c->bucket));
    put_name(l, out, "Prefix", asl_text(l->prefix));
    if (l->delimiter[0])
        put_name(l, out, "Delimiter", asl_text(l->delimiter));
    asl_buffer_printf(out, "<MaxKeys>%ld</MaxKeys>", l->maximum);
    if (l->is_url_encoded)
        asl_buffer_puts(out, "<EncodingType>url</EncodingType>");
    asl_buffer_printf(out, "<IsTruncated>%s</IsTruncated>", l->is_truncated ? "true" : "false");
    if (l->is_version_2) {
        asl_buffer_printf(out, "<KeyCount>%zu</KeyCount>", l->count);
        if (l->token)
            s3_put_element(out, "ContinuationToken", asl_text(l->token));
        if (l->is_truncated)
            put_name(l, out, "NextContinuationToken", asl_buffer_text(&l->last));
    } else {
        put_name(l, out, "Marker", asl_text(l->after));
        if (l->is_truncated)
            put_name(l, out, "NextMarker", asl_buffer_text(&l->last));
    }
    asl_buffer_put_text(out, asl_buffer_text(&l->contents));
    asl_buffer_put_text(out, asl_buffer_text(&l->prefixes));
    asl_buffer_puts(out, "</ListBucketResult>");
}

static char *or_empty(char *text)
{
    return text ? text : asl_copy_text(ASL_TEXT(""));
}

static void read_listing(struct listing *l)
{
    struct s3_call *c = l->c;
    char *type = s3_parameter(c, "list-type"), *maximum = s3_parameter(c, "max-keys");
    l->is_version_2 = type && strcmp(type, "2") == 0;
    l->prefix = or_empty(s3_parameter(c, "prefix"));
    l->delimiter = or_empty(s3_parameter(c, "delimiter"));
    l->encoding = or_empty(s3_parameter(c, "encoding-type"));
    l->is_url_encoded = strcmp(l->encoding, "url") == 0;
    l->token = l->is_version_2 ? s3_parameter(c, "continuation-token") : NULL;
    if (l->token)
        l->after = asl_copy_text(asl_text(l->token));
    else
        l->after = or_empty(s3_parameter(c, l->is_version_2 ? "start-after" : "marker"));
    l->maximum = maximum ? strtol(maximum, NULL, 10) : KEYS_MAXIMUM;
    if (l->maximum > KEYS_MAXIMUM)
        l->maximum = KEYS_MAXIMUM;
    asl_buffer_init(&l->contents, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&l->prefixes, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&l->last_prefix, 16384);
    asl_buffer_init(&l->last, 16384);
    free(type);
    free(maximum);
}

static void free_listing(struct listing *l)
{
    free(l->prefix);
    free(l->delimiter);
    free(l->encoding);
    free(l->after);
    free(l->token);
    asl_buffer_free(&l->contents);
    asl_buffer_free(&l->prefixes);
    asl_buffer_free(&l->last_prefix);
    asl_buffer_free(&l->last);
}

static bool has_parameter(const struct s3_call *c, const char *name)
{
    char *value = s3_parameter(c, name);
    free(value);
    return value != NULL;
}

bool s3_list_objects(struct s3_call *c)
{
    if (has_parameter(c, "location")) {
        char region[REGION_BYTES];
        bucket_region(c->local, asl_text(c->bucket), region);
        bool is_first = strcmp(region, S3_FIRST_REGION) == 0; /* shown as no constraint */
        s3_begin_xml(c);
        asl_buffer_printf(&c->answer->body,
                          "<LocationConstraint" NAMESPACE ">%s</LocationConstraint>",
                          is_first ? "" : region);
        return true;
    }
    if (has_parameter(c, "versioning")) {
        s3_begin_xml(c);
        asl_buffer_puts(&c->answer->body, "<VersioningConfiguration" NAMESPACE "/>");
        return true;
    }
    struct listing l = {.c = c};
    read_listing(&l);
    bool is_fine = l.maximum >= 0;
    if (!is_fine)
        s3_refuse(c, &s3_invalid_argument,
                  "Argument maxKeys must be an integer between 0 and 2147483647");
    else {
        asl_value *keys = bucket_keys(c->local, asl_text(c->bucket), asl_text(l.prefix));
        for (size_t i = 0; l.maximum > 0 && i < value_count(keys); i++)
            if (!take_key(&l, value_as_text(value_at(keys, i))))
                break;
        value_release(keys);
        write_listing(&l);
    }
    free_listing(&l);
    return is_fine;
}
