/* The shape of a value, for the files of this folder only. */
#ifndef ASL_VALUE_INTERNAL_H
#define ASL_VALUE_INTERNAL_H

#include "value.h"

#include <stdint.h>
#include <string.h>

enum { VALUE_FLAG_TRUE = 1, VALUE_FLAG_DOUBLE = 2 /* `number` is computed */ };

struct asl_value {
    uint32_t references;
    uint8_t kind;
    uint8_t flags;
    uint16_t depth; /* saturates */
};

struct value_number {
    struct asl_value head;
    double number;
    size_t size;
    char text[];
};

struct value_string {
    struct asl_value head;
    size_t size;
    char text[];
};

struct value_container {
    struct asl_value head;
    size_t count;      /* elements or members */
    size_t capacity;   /* slots: one an element, two a member */
    asl_value **items; /* `own`, or a block of its own */
    char *compact;     /* cached compact text, or NULL */
    size_t compact_size;
    void *order; /* uint32_t[count]: members sorted by key, or NULL; the list link of the dead */
    asl_value *own[];
};

static inline struct value_number *value_number(asl_value *v)
{
    return (struct value_number *)v;
}

static inline struct value_container *value_container(asl_value *v)
{
    return (struct value_container *)v;
}

static inline size_t value_slots(const struct value_container *c)
{
    return c->head.kind == VALUE_OBJECT ? 2 * c->count : c->count;
}

asl_value *value_number_new(struct asl_text text);
/* The digits of the shortest decimal that reads back as d, the nearest one of those, and their
 * exponent (d1.d2d3... * 10^exponent); d > 0 and finite. Returns how many there are. */
int value_shortest_digits(double d, char digits[20], int *exponent);
/* Builds the object; true when keys were repeated (they are merged unless `refuse`). */
bool value_object_build_take(struct value_list *l, bool refuse, asl_value **object);

/* How many bytes from `at` on stand for themselves in a JSON string and are ASCII. Eight at a time:
 * payloads are mostly such bytes, and are read and printed whole. */
static inline size_t value_plain_run(const char *at, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t w;
        memcpy(&w, at + i, 8);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        /* A byte's high bit: it is over 0x7F, or (where it is not) borrowed by what was taken off.
         */
        if ((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & highs)
            break;
    }
    while (i < size && (unsigned char)at[i] >= 0x20 && (unsigned char)at[i] < 0x80 &&
           at[i] != '"' && at[i] != '\\')
        i++;
    return i;
}

#endif
