/* What is not pure: the loop's clock, the kernel's chance, UUIDs and task tokens. */
#include "engine/run/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static int64_t now(void *engine)
{
    return loop_now(((struct engine *)engine)->loop);
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

static uint64_t random_bits(void *engine)
{
    struct engine *e = engine;
    return e->options.random ? e->options.random(e->options.random_state) : kernel_random();
}

static void uuid(void *engine, char out[37])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t bits[2] = {random_bits(engine), random_bits(engine)};
    unsigned char bytes[16];
    memcpy(bytes, bits, sizeof bytes);
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    for (size_t i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[bytes[i] >> 4];
        out[at++] = hex[bytes[i] & 15];
    }
    out[36] = '\0';
}

/* Says where to deliver; 128 random bits make it a secret. Looks like AWS's: letters and digits. */
static void token(void *engine, int64_t event_id, char out[1025])
{
    struct engine *e = engine;
    snprintf(out, 1025, "AQ%016llx%016llx%016llx%016llx", (unsigned long long)e->env_execution,
             (unsigned long long)event_id, (unsigned long long)random_bits(e),
             (unsigned long long)random_bits(e));
}

bool engine_token_parse(const char *text, int64_t *execution, int64_t *task)
{
    if (strlen(text) != 2 + 64 || strncmp(text, "AQ", 2) != 0 ||
        strspn(text + 2, "0123456789abcdef") != 64)
        return false;
    char part[17] = {0};
    memcpy(part, text + 2, 16);
    *execution = (int64_t)strtoull(part, NULL, 16);
    memcpy(part, text + 18, 16);
    *task = (int64_t)strtoull(part, NULL, 16);
    return *execution > 0 && *task != 0;
}

void world_init(struct engine *e)
{
    e->env = (struct asl_env){
        .state = e,
        .now = now,
        .random = random_bits,
        .uuid = uuid,
        .token = token,
        .region = e->connectors.region,
    };
}
