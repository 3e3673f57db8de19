/* The checksum header of operations that want one (S3 mostly).
 *
 * Three cases of the model: a flexible checksum that the parameters picked (ChecksumAlgorithm), a
 * flexible one that is required and not picked (CRC32, as the SDKs do since 2025), and the old
 * httpChecksumRequired (Content-MD5). A checksum that the parameters bring themselves is left
 * alone.
 */
#include "walk.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { SUM_MAXIMUM = EVP_MAX_MD_SIZE };

static size_t put_big_endian(uint64_t n, size_t bytes, unsigned char *out)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
    return bytes;
}

static size_t sum_crc32(struct asl_text body, unsigned char *out)
{
    return put_big_endian(crc32(0, (const Bytef *)body.data, (uInt)body.size), 4, out);
}

/* A reflected CRC, bit by bit: bodies are small and the rarer algorithms need no table. */
static uint64_t reflected(struct asl_text body, uint64_t polynomial, uint64_t all_ones)
{
    uint64_t crc = all_ones;
    for (size_t i = 0; i < body.size; i++) {
        crc ^= (unsigned char)body.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
    }
    return crc ^ all_ones;
}

static size_t sum_crc32c(struct asl_text body, unsigned char *out)
{
    return put_big_endian(reflected(body, 0x82F63B78u, 0xFFFFFFFFu), 4, out);
}

static size_t sum_crc64nvme(struct asl_text body, unsigned char *out)
{
    return put_big_endian(reflected(body, 0x9A6C9329AC4BC9B5u, ~(uint64_t)0), 8, out);
}

static size_t digest(const EVP_MD *kind, struct asl_text body, unsigned char *out)
{
    unsigned size = 0;
    return EVP_Digest(body.data, body.size, out, &size, kind, NULL) == 1 ? size : 0;
}

static size_t sum_sha1(struct asl_text body, unsigned char *out)
{
    return digest(EVP_sha1(), body, out);
}

static size_t sum_sha256(struct asl_text body, unsigned char *out)
{
    return digest(EVP_sha256(), body, out);
}

static size_t sum_sha512(struct asl_text body, unsigned char *out)
{
    return digest(EVP_sha512(), body, out);
}

static size_t sum_md5(struct asl_text body, unsigned char *out)
{
    return digest(EVP_md5(), body, out);
}

static const struct algorithm {
    const char *name, *header;
    size_t (*sum)(struct asl_text body, unsigned char *out);
} algorithms[] = {
    {"CRC32", "x-amz-checksum-crc32", sum_crc32},
    {"CRC32C", "x-amz-checksum-crc32c", sum_crc32c},
    {"CRC64NVME", "x-amz-checksum-crc64nvme", sum_crc64nvme},
    {"SHA1", "x-amz-checksum-sha1", sum_sha1},
    {"SHA256", "x-amz-checksum-sha256", sum_sha256},
    {"SHA512", "x-amz-checksum-sha512", sum_sha512},
    {"MD5", "x-amz-checksum-md5", sum_md5},
};

static const struct algorithm old = {"MD5", "Content-MD5", sum_md5};

static const struct algorithm *algorithm_named(struct asl_text name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (name.size == strlen(algorithms[i].name) &&
            strncasecmp(name.data, algorithms[i].name, name.size) == 0)
            return &algorithms[i];
    return NULL;
}

static bool is_given(const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strncasecmp(headers->items[i].name, "x-amz-checksum-", 15) == 0 &&
            strcasecmp(headers->items[i].name, "x-amz-checksum-mode") != 0 &&
            strcasecmp(headers->items[i].name, "x-amz-checksum-type") != 0)
            return true;
    return http_headers_get(headers, "Content-MD5") != NULL;
}

static void set_sum(const struct algorithm *a, struct aws_request *request)
{
    unsigned char sum[SUM_MAXIMUM];
    struct asl_buffer text;
    struct asl_text body = asl_buffer_text(&request->body);
    if (body.data == NULL)
        body = ASL_TEXT("");
    asl_buffer_init(&text, 2 * SUM_MAXIMUM);
    protocol_base64_encode((struct asl_text){(const char *)sum, a->sum(body, sum)}, &text);
    http_headers_set(&request->headers, a->header, asl_buffer_text(&text));
    asl_buffer_free(&text);
}

void checksum_add(struct writing *w, const asl_value *parameters, struct aws_request *request)
{
    const struct catalogue_operation *o = w->operation;
    bool required = o->flags & CATALOGUE_CHECKSUM_REQUIRED;
    if (o->input.shape == NULL || is_given(&request->headers))
        return;
    if (o->checksum_member == NULL) {
        if (required)
            set_sum(&old, request);
        return;
    }
    const struct catalogue_member *m =
        catalogue_member(o->input.shape, asl_text(o->checksum_member));
    const asl_value *v = m != NULL ? writing_find(w, o->input.shape, parameters, m) : NULL;
    bool picked = v != NULL && value_kind(v) == VALUE_STRING;
    if (!picked && !required)
        return;
    const struct algorithm *a = picked ? algorithm_named(value_as_text(v)) : &algorithms[0];
    if (a == NULL) { /* the XXHASH family, or a slip */
        w->failed = true;
        asl_buffer_printf(w->problems,
                          "The checksum algorithm '%.*s' of the field '%s' is not offered here; "
                          "use CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512 or MD5",
                          ASL_TEXT_ARGS(value_as_text(v)), o->checksum_member);
        return;
    }
    if (!picked && m != NULL && m->location == CATALOGUE_IN_HEADER)
        http_headers_set(&request->headers, wire_name(m, m->name), asl_text(a->name));
    set_sum(a, request);
}
