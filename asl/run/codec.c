/* Numbers and texts as bytes; see codec.h. */
#include "codec.h"

void codec_put_number(struct asl_buffer *b, uint64_t n)
{
    char bytes[10];
    size_t size = 0;
    while (n >= 0x80) {
        bytes[size++] = (char)(n | 0x80);
        n >>= 7;
    }
    bytes[size++] = (char)n;
    asl_buffer_put(b, bytes, size);
}

void codec_put_signed(struct asl_buffer *b, int64_t n)
{
    codec_put_number(b, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

void codec_put_text(struct asl_buffer *b, struct asl_text t)
{
    codec_put_number(b, t.size);
    asl_buffer_put_text(b, t);
}

uint64_t codec_number(struct codec_reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at >= r->end)
            break;
        unsigned char byte = *r->at++;
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return n;
    }
    r->damaged = true;
    return 0;
}

int64_t codec_signed(struct codec_reader *r)
{
    uint64_t n = codec_number(r);
    return (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
}

unsigned codec_byte(struct codec_reader *r)
{
    if (r->at < r->end)
        return *r->at++;
    r->damaged = true;
    return 0;
}

struct asl_text codec_text(struct codec_reader *r)
{
    uint64_t size = codec_number(r);
    if (size > (uint64_t)(r->end - r->at)) {
        r->damaged = true;
        return ASL_TEXT("");
    }
    struct asl_text t = {(const char *)r->at, (size_t)size};
    r->at += size;
    return t;
}
