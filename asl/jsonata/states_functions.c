/* The functions Step Functions adds, as natives: the evaluator knows nothing of them.
 * Whole-number arguments are cut towards zero; the documentation's "rounded down" is not what was
 * recorded (facts 3.13, 9).
 */
#include "states_functions.h"

#include "../intrinsic/hash.h"
#include "../intrinsic/java_random.h"

#include <math.h>
#include <string.h>

/* Elements that $range and $partition make at most: AWS's own limit for arrays of intrinsics. */
#define RANGE_MAXIMUM 1000

/* Codes and words as recorded from AWS. */
static asl_value *fail(struct jsonata_error *error, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static asl_value *fail(struct jsonata_error *error, const char *code, const char *format, ...)
{
    va_list arguments;
    strncpy(error->code, code, sizeof error->code - 1);
    error->position = JSONATA_NO_POSITION;
    asl_buffer_init(&error->message, 4096);
    va_start(arguments, format);
    asl_buffer_vprintf(&error->message, format, arguments);
    va_end(arguments);
    return NULL;
}

/* Towards zero; false when it is missing or no finite number. */
static bool whole(const asl_value *v, double *out)
{
    if (!v || value_kind(v) != VALUE_NUMBER || !isfinite(value_as_double(v)))
        return false;
    *out = trunc(value_as_double(v));
    return true;
}

/* What JSONata makes of a list of results: nothing, the one, or the array. */
static asl_value *collapse(struct value_list *list)
{
    asl_value *only = NULL;
    if (list->count == 0) {
        value_list_free(list);
        return NULL;
    }
    if (list->count > 1)
        return value_array_take(list);
    only = value_retain(list->items[0]);
    value_list_free(list);
    return only;
}

/* $partition(array, size): chunks of `size`; without a size one chunk; size 0: nothing. */
static asl_value *partition(const struct jsonata_env *env, const asl_value *const *arguments,
                            size_t count, struct jsonata_error *error)
{
    (void)env;
    const asl_value *array = count > 0 ? arguments[0] : NULL;
    double size = 0;
    if (!array)
        return NULL;
    if (value_kind(array) != VALUE_ARRAY)
        return fail(error, "T0412",
                    "Argument 1 of function \"partition\" must be an array of undefined");
    if (count < 2 || !arguments[1])
        size = (double)value_count(array);
    else if (!whole(arguments[1], &size))
        return NULL;
    if (!(size >= 1))
        return NULL;
    struct value_list chunks = {0};
    for (size_t at = 0; at < value_count(array);) {
        struct value_list chunk = {0};
        for (; at < value_count(array) && (double)chunk.count < size; at++)
            value_list_push_take(&chunk, value_retain(value_at(array, at)));
        value_list_push_take(&chunks, value_array_take(&chunk));
    }
    return value_array_take(&chunks);
}

/* $range(first, last, step): inclusive; nothing without a step or with a step of 0. */
static asl_value *range(const struct jsonata_env *env, const asl_value *const *arguments,
                        size_t count, struct jsonata_error *error)
{
    (void)env;
    double first, last, step;
    if (count < 3 || !whole(arguments[0], &first) || !whole(arguments[1], &last) ||
        !whole(arguments[2], &step) || step == 0)
        return NULL;
    double many = floor((last - first) / step) + 1;
    if (many > RANGE_MAXIMUM)
        return fail(error, "D3137",
                    "$range makes at most 1000 numbers, not %.0f: take a larger step", many);
    struct value_list list = {0};
    for (double i = 0; i < many; i++)
        value_list_push_take(&list, value_double(first + i * step));
    return collapse(&list);
}

/* $hash(text, algorithm) */
static asl_value *hash(const struct jsonata_env *env, const asl_value *const *arguments,
                       size_t count, struct jsonata_error *error)
{
    (void)env;
    if (count < 2 || !arguments[0] || !arguments[1])
        return NULL;
    struct asl_buffer hex;
    asl_buffer_init(&hex, 256);
    asl_value *digest = NULL;
    if (intrinsic_hash(value_as_text(arguments[1]), value_as_text(arguments[0]), &hex))
        digest = value_string(asl_buffer_text(&hex));
    else
        fail(error, "D3137",
             "Hash algorithm '%.*s' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5",
             ASL_TEXT_ARGS(value_as_text(arguments[1])));
    asl_buffer_free(&hex);
    return digest;
}

/* $random(seed): Java's, for a seed the same every time. */
static asl_value *random_number(const struct jsonata_env *env, const asl_value *const *arguments,
                                size_t count, struct jsonata_error *error)
{
    (void)error;
    double seed;
    if (count > 0 && whole(arguments[0], &seed)) {
        struct java_random generator;
        double bounded = seed > 9.2e18 ? 9.2e18 : seed < -9.2e18 ? -9.2e18 : seed;
        java_random_seed(&generator, (int64_t)bounded);
        return value_double(java_random_next_double(&generator));
    }
    return value_double(env->random ? env->random(env->state) : 0);
}

static asl_value *uuid(const struct jsonata_env *env, const asl_value *const *arguments,
                       size_t count, struct jsonata_error *error)
{
    (void)arguments, (void)count;
    char text[37];
    if (!env->uuid)
        return fail(error, "D3137", "There is no source of UUIDs here");
    env->uuid(env->state, text);
    return value_string_z(text);
}

/* $parse(text): JSON text to a value. */
static asl_value *parse(const struct jsonata_env *env, const asl_value *const *arguments,
                        size_t count, struct jsonata_error *error)
{
    (void)env;
    if (count < 1 || !arguments[0])
        return NULL;
    struct value_error problem;
    asl_value *v = value_parse(value_as_text(arguments[0]), 0, 0, &problem);
    return v ? v : fail(error, "D3137", "Invalid JSON");
}

const struct jsonata_native jsonata_states_functions[] = {
    {"partition", "<xn?:a>", partition},
    {"range", "<nnn?:a>", range},
    {"hash", "<s-s:s>", hash},
    {"random", "<n?:n>", random_number},
    {"uuid", "<:s>", uuid},
    {"parse", "<s-:x>", parse},
    {NULL, NULL, NULL},
};
