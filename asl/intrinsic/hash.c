/* The five digests of States.Hash, as one table over one padding.
 *
 * All five are Merkle-Damgård: a state of words, blocks mixed into it one by one, a last block that
 * is padded with 0x80, zeros and the length in bits. So the padding stands once, and a digest is a
 * row: its block, its words, its first state and the function that mixes a block in. The state is
 * kept in uint64_t for all of them; the 32-bit digests use the lower halves.
 */
#include "hash.h"

#include <string.h>

enum { STATE_WORDS = 8, BLOCK_MAXIMUM = 128 };

struct digest {
    const char *name;
    size_t block;          /* bytes */
    size_t word;           /* bytes of a word of the state */
    size_t output;         /* bytes */
    bool is_little_endian; /* MD5 alone */
    uint64_t initial[STATE_WORDS];
    void (*mix)(uint64_t *state, const unsigned char *block);
};

/* Cube roots of the first 80 primes, fractions' first 64 bits (FIPS 180-4, 4.2.3); the upper halves
 * of the first 64 are SHA-256's (4.2.2). */
static const uint64_t sha2_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

/* floor(2^32 * |sin(i + 1)|) (RFC 1321, 3.4). */
static const uint32_t md5_constants[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotate_left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint64_t rotate_right_64(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static uint64_t read_big(const unsigned char *bytes, size_t count)
{
    uint64_t x = 0;
    for (size_t i = 0; i < count; i++) {
        x = x << 8 | bytes[i];
    }
    return x;
}

static uint32_t read_little(const unsigned char *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void write_word(uint64_t x, size_t count, bool is_little_endian, unsigned char *out)
{
    for (size_t i = 0; i < count; i++) {
        size_t shift = 8 * (is_little_endian ? i : count - 1 - i);
        out[i] = (unsigned char)(x >> shift);
    }
}

static void add_32(uint64_t *state, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        state[i] = (uint32_t)(state[i] + words[i]);
    }
}

static void md5_mix(uint64_t *state, const unsigned char *block)
{
    static const unsigned char shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1];
    uint32_t c = (uint32_t)state[2], d = (uint32_t)state[3];
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t f, word;
        switch (i / 16) {
        case 0:
            f = (b & c) | (~b & d);
            word = i;
            break;
        case 1:
            f = (d & b) | (~d & c);
            word = (5 * i + 1) % 16;
            break;
        case 2:
            f = b ^ c ^ d;
            word = (3 * i + 5) % 16;
            break;
        default:
            f = c ^ (b | ~d);
            word = 7 * i % 16;
            break;
        }
        f += a + md5_constants[i] + read_little(block + 4 * word);
        a = d;
        d = c;
        c = b;
        b += rotate_left(f, shifts[i / 16][i % 4]);
    }
    add_32(state, (uint32_t[]){a, b, c, d}, 4);
}

static void sha1_mix(uint64_t *state, const unsigned char *block)
{
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80];
    for (size_t i = 0; i < 80; i++) {
        w[i] = i < 16 ? (uint32_t)read_big(block + 4 * i, 4)
                      : rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1], c = (uint32_t)state[2];
    uint32_t d = (uint32_t)state[3], e = (uint32_t)state[4];
    for (size_t i = 0; i < 80; i++) {
        uint32_t f = i < 20        ? (b & c) | (~b & d)
                     : i / 20 == 2 ? (b & c) | (b & d) | (c & d)
                                   : b ^ c ^ d;
        uint32_t next = rotate_left(a, 5) + f + e + constants[i / 20] + w[i];
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    add_32(state, (uint32_t[]){a, b, c, d, e}, 5);
}

static void sha256_mix(uint64_t *state, const unsigned char *block)
{
    uint32_t w[64], v[8];
    for (size_t i = 0; i < 64; i++) {
        if (i < 16) {
            w[i] = (uint32_t)read_big(block + 4 * i, 4);
            continue;
        }
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) + w[i - 7] +
               (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
    }
    for (size_t i = 0; i < 8; i++) {
        v[i] = (uint32_t)state[i];
    }
    for (size_t i = 0; i < 64; i++) {
        uint32_t a = v[0], e = v[4];
        uint32_t one = v[7] + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                       ((e & v[5]) ^ (~e & v[6])) + (uint32_t)(sha2_constants[i] >> 32) + w[i];
        uint32_t two = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += one;
        v[0] = one + two;
    }
    add_32(state, v, 8);
}

static void sha512_mix(uint64_t *state, const unsigned char *block)
{
    uint64_t w[80], v[8];
    for (size_t i = 0; i < 80; i++) {
        if (i < 16) {
            w[i] = read_big(block + 8 * i, 8);
            continue;
        }
        uint64_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (rotate_right_64(x, 1) ^ rotate_right_64(x, 8) ^ x >> 7) + w[i - 7] +
               (rotate_right_64(y, 19) ^ rotate_right_64(y, 61) ^ y >> 6);
    }
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < 80; i++) {
        uint64_t a = v[0], e = v[4];
        uint64_t one = v[7] +
                       (rotate_right_64(e, 14) ^ rotate_right_64(e, 18) ^ rotate_right_64(e, 41)) +
                       ((e & v[5]) ^ (~e & v[6])) + sha2_constants[i] + w[i];
        uint64_t two = (rotate_right_64(a, 28) ^ rotate_right_64(a, 34) ^ rotate_right_64(a, 39)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += one;
        v[0] = one + two;
    }
    for (size_t i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

static const struct digest digests[] = {
    {"MD5", 64, 4, 16, true, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, md5_mix},
    {"SHA-1",
     64,
     4,
     20,
     false,
     {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
     sha1_mix},
    {"SHA-256",
     64,
     4,
     32,
     false,
     {
         0x6a09e667,
         0xbb67ae85,
         0x3c6ef372,
         0xa54ff53a,
         0x510e527f,
         0x9b05688c,
         0x1f83d9ab,
         0x5be0cd19,
     },
     sha256_mix},
    {"SHA-384",
     128,
     8,
     48,
     false,
     {
         0xcbbb9d5dc1059ed8,
         0x629a292a367cd507,
         0x9159015a3070dd17,
         0x152fecd8f70e5939,
         0x67332667ffc00b31,
         0x8eb44a8768581511,
         0xdb0c2e0d64f98fa7,
         0x47b5481dbefa4fa4,
     },
     sha512_mix},
    {"SHA-512",
     128,
     8,
     64,
     false,
     {
         0x6a09e667f3bcc908,
         0xbb67ae8584caa73b,
         0x3c6ef372fe94f82b,
         0xa54ff53a5f1d36f1,
         0x510e527fade682d1,
         0x9b05688c2b3e6c1f,
         0x1f83d9abfb41bd6b,
         0x5be0cd19137e2179,
     },
     sha512_mix},
};

static const struct digest *digest_named(struct asl_text name)
{
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        if (asl_text_is(name, digests[i].name)) {
            return &digests[i];
        }
    }
    return NULL;
}

/* The rest that fills no block, padded; it takes two blocks when the length finds no room in one.
 */
static void mix_last(const struct digest *d, uint64_t *state, struct asl_text rest, uint64_t total)
{
    unsigned char last[2 * BLOCK_MAXIMUM] = {0};
    size_t length_size = 2 * d->word;
    size_t size = rest.size + 1 + length_size <= d->block ? d->block : 2 * d->block;
    if (rest.size > 0) {
        memcpy(last, rest.data, rest.size);
    }
    last[rest.size] = 0x80;
    /* The upper half of SHA-512's 128-bit length stays zero: no text has 2^61 bytes. */
    write_word(total * 8, 8, d->is_little_endian, last + size - 8);
    for (size_t at = 0; at < size; at += d->block) {
        d->mix(state, last + at);
    }
}

bool intrinsic_hash(struct asl_text algorithm, struct asl_text data, struct asl_buffer *hex)
{
    const struct digest *d = digest_named(algorithm);
    if (!d) {
        return false;
    }
    uint64_t state[STATE_WORDS];
    memcpy(state, d->initial, sizeof state);
    size_t whole = data.size / d->block * d->block;
    for (size_t at = 0; at < whole; at += d->block) {
        d->mix(state, (const unsigned char *)data.data + at);
    }
    struct asl_text rest = {whole < data.size ? data.data + whole : NULL, data.size - whole};
    mix_last(d, state, rest, data.size);

    unsigned char bytes[sizeof state];
    for (size_t i = 0; i < STATE_WORDS && i * d->word < d->output; i++) {
        write_word(state[i], d->word, d->is_little_endian, bytes + i * d->word);
    }
    for (size_t i = 0; i < d->output; i++) {
        asl_buffer_putc(hex, "0123456789abcdef"[bytes[i] >> 4]);
        asl_buffer_putc(hex, "0123456789abcdef"[bytes[i] & 15]);
    }
    return true;
}
