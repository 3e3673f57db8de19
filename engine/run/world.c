/* What is not pure: the loop's clock, the kernel's chance, UUIDs, task tokens, names.
 *
 * A task token is (execution, task, MAC) in base64: nothing is stored for it, it survives every
 * restart, and it cannot be guessed. The key of the MAC is a document of the store.
 */
#include "engine/run/internal.h"

#include "engine/aws/aws.h"
#include "engine/task/accept.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* 33 bytes are 44 characters of base64, without padding. */
enum {
    TOKEN_VERSION = 1,
    MAC_BYTES = 16,
    TOKEN_BYTES = 1 + 8 + 8 + MAC_BYTES,
    TOKEN_CHARACTERS = 44
};

static int64_t now(void *engine)
{
    return ((struct engine *)engine)->env_now;
}

/* The kernel's randomness by the block: one system call for many UUIDs. */
static uint64_t kernel_random(void)
{
    static uint64_t pool[64];
    static size_t left = 0;
    if (left == 0) {
        for (size_t got = 0; got < sizeof pool;) {
            ssize_t size = getrandom((char *)pool + got, sizeof pool - got, 0);
            if (size > 0)
                got += (size_t)size;
        }
        left = sizeof pool / sizeof *pool;
    }
    return pool[--left];
}

/* Parameters without a path are the definition's own value, the same one each time: what was
 * accepted once is accepted again. Held values are not freed, so an address means what it meant. */
static struct accepted *accepted_slot(struct engine *e, const asl_value *parameters)
{
    return &e->accepted[((uintptr_t)parameters >> 4) % ACCEPTED];
}

static bool was_accepted(struct engine *e, const struct resource *resource,
                         const asl_value *parameters)
{
    const struct accepted *a = accepted_slot(e, parameters);
    return parameters && a->parameters == parameters && a->resource == resource;
}

static void note_accepted(struct engine *e, const struct resource *resource,
                          const asl_value *parameters)
{
    struct accepted *a = accepted_slot(e, parameters);
    if (!parameters)
        return;
    asl_value *before = a->parameters;
    *a = (struct accepted){resource, value_retain(parameters)};
    value_release(before);
}

void world_free(struct engine *e)
{
    for (size_t i = 0; i < ACCEPTED; i++)
        value_release(e->accepted[i].parameters);
}

static bool accepts(void *engine, const struct resource *resource, const asl_value *parameters,
                    struct asl_buffer *problems)
{
    struct engine *e = engine;
    if (!e->connectors.aws || was_accepted(e, resource, parameters))
        return true;
    bool fine = accept_parameters(aws_catalogue(e->connectors.aws), resource, parameters, problems);
    if (fine)
        note_accepted(e, resource, parameters);
    return fine;
}

static uint64_t random_bits(void *engine)
{
    struct engine *e = engine;
    return e->options.random ? e->options.random(e->options.random_state) : kernel_random();
}

static void write_uuid(const unsigned char bytes[16], char out[37])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[bytes[i] >> 4];
        out[at++] = hex[bytes[i] & 15];
    }
    out[36] = '\0';
}

static void random_bytes(struct engine *e, unsigned char *out, size_t size)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t bits = random_bits(e);
        memcpy(out + at, &bits, size - at < 8 ? size - at : 8);
    }
}

static void uuid(void *engine, char out[37])
{
    unsigned char bytes[16];
    random_bytes(engine, bytes, sizeof bytes);
    bytes[6] = (bytes[6] & 0x0F) | 0x40; /* RFC 9562, version 4 */
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    write_uuid(bytes, out);
}

/* RFC 9562, version 7: names that ascend keep the store's index of arns growing at one end. */
void world_name(struct engine *e, char out[37])
{
    unsigned char bytes[16];
    int64_t ms = loop_now(e->loop);
    if (ms > e->name_ms) {
        e->name_ms = ms;
        e->name_count = 0;
    } else if (++e->name_count > 0xFFF) {
        e->name_ms++;
        e->name_count = 0;
    }
    random_bytes(e, bytes, sizeof bytes);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(e->name_ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)(0x70 | e->name_count >> 8);
    bytes[7] = (unsigned char)e->name_count;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    write_uuid(bytes, out);
}

/* ---- tokens ---- */

static void put_number(unsigned char *out, int64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

static int64_t get_number(const unsigned char *in)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | in[i];
    return (int64_t)number;
}

static void sign(const struct engine *e, const unsigned char *bytes, unsigned char mac[MAC_BYTES])
{
    unsigned char whole[EVP_MAX_MD_SIZE];
    unsigned size = sizeof whole;
    if (!HMAC(EVP_sha256(), e->token_key, sizeof e->token_key, bytes, TOKEN_BYTES - MAC_BYTES,
              whole, &size))
        abort(); /* OpenSSL without SHA-256 */
    memcpy(mac, whole, MAC_BYTES);
}

static void token(void *engine, int64_t event_id, char out[1025])
{
    struct engine *e = engine;
    unsigned char bytes[TOKEN_BYTES] = {TOKEN_VERSION};
    put_number(bytes + 1, e->env_execution);
    put_number(bytes + 9, event_id);
    sign(e, bytes, bytes + 17);
    EVP_EncodeBlock((unsigned char *)out, bytes, TOKEN_BYTES);
}

bool engine_token_read(const struct engine *e, struct asl_text text, int64_t *execution,
                       int64_t *task)
{
    unsigned char bytes[TOKEN_BYTES], mac[MAC_BYTES];
    if (text.size != TOKEN_CHARACTERS ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text.data, TOKEN_CHARACTERS) != TOKEN_BYTES ||
        bytes[0] != TOKEN_VERSION)
        return false;
    sign(e, bytes, mac);
    if (CRYPTO_memcmp(mac, bytes + 17, MAC_BYTES) != 0)
        return false;
    *execution = get_number(bytes + 1);
    *task = get_number(bytes + 9);
    return true;
}

/* ---- the store's own: the tokens' key, the clock ---- */

static bool take_key(void *state, const char *name, struct store_bytes value)
{
    struct engine *e = state;
    (void)name;
    if (value.size == sizeof e->token_key)
        memcpy(e->token_key, value.data, value.size);
    return false;
}

/* A new key is durable with the first commit, and so before any token made with it is seen. */
static bool init_key(struct engine *e, struct store_error *error)
{
    enum store_status status = store_get_document(e->store, "engine", "token-key", take_key, e);
    if (status == STORE_NOT_FOUND) {
        random_bytes(e, e->token_key, sizeof e->token_key);
        store_put_document(turn_now(e)->batch, "engine", "token-key",
                           (struct store_bytes){e->token_key, sizeof e->token_key});
    } else if (status != STORE_OK) {
        *error = *store_last_error(e->store);
        return false;
    }
    return true;
}

void world_keep_clock(struct engine *e)
{
    unsigned char bytes[8];
    if (loop_is_real(e->loop))
        return;
    put_number(bytes, loop_now(e->loop));
    store_put_document(turn_now(e)->batch, "engine", "clock",
                       (struct store_bytes){bytes, sizeof bytes});
}

static bool take_clock(void *state, const char *name, struct store_bytes value)
{
    struct engine *e = state;
    (void)name;
    if (value.size == 8)
        loop_go_on_from(e->loop, get_number(value.data));
    return false;
}

bool world_init(struct engine *e, struct store_error *error)
{
    e->env = (struct asl_env){
        .state = e,
        .now = now,
        .random = random_bits,
        .uuid = uuid,
        .accepts = accepts,
        .token = token,
    };
    store_get_document(e->store, "engine", "clock", take_clock, e);
    return init_key(e, error);
}
