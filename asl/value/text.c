/* Borrowed text and growing buffers. Cut from the values because the whole program uses them. */
#include "text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asl_text asl_text(const char *zero_terminated)
{
    return (struct asl_text){zero_terminated, zero_terminated ? strlen(zero_terminated) : 0};
}

bool asl_text_equal(struct asl_text a, struct asl_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool asl_text_is(struct asl_text a, const char *zero_terminated)
{
    return asl_text_equal(a, asl_text(zero_terminated));
}

bool asl_text_starts(struct asl_text a, const char *prefix)
{
    size_t size = strlen(prefix);
    return a.size >= size && memcmp(a.data, prefix, size) == 0;
}

bool asl_text_ends(struct asl_text a, const char *suffix)
{
    size_t size = strlen(suffix);
    return a.size >= size && memcmp(a.data + a.size - size, suffix, size) == 0;
}

int asl_text_compare(struct asl_text a, struct asl_text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

_Noreturn void asl_out_of_memory(void)
{
    abort(); /* the core has no stderr; whoever runs it says more on SIGABRT if it likes */
}

void *asl_allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        asl_out_of_memory();
    return memory;
}

/* glibc's calloc does not look into the thread's cache: for what is small, and there is much of it,
 * malloc and a memset take a third of its time. */
enum { SMALL_ZEROED = 1024 };

void *asl_allocate_zeroed(size_t count, size_t size)
{
    if (count == 1 && size <= SMALL_ZEROED)
        return memset(asl_allocate(size), 0, size);
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        asl_out_of_memory();
    return memory;
}

void *asl_reallocate(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        asl_out_of_memory();
    return memory;
}

char *asl_copy_text(struct asl_text t)
{
    char *copy = asl_allocate(t.size + 1);
    if (t.size)
        memcpy(copy, t.data, t.size);
    copy[t.size] = '\0';
    return copy;
}

void asl_buffer_init(struct asl_buffer *b, size_t maximum)
{
    *b = (struct asl_buffer){.maximum = maximum};
}

void asl_buffer_init_on(struct asl_buffer *b, char *room, size_t size, size_t maximum)
{
    *b = (struct asl_buffer){.data = room, .capacity = size, .maximum = maximum, .is_lent = true};
    room[0] = '\0';
}

void asl_buffer_free(struct asl_buffer *b)
{
    if (!b->is_lent)
        free(b->data);
    asl_buffer_init(b, b->maximum);
}

void asl_buffer_clear(struct asl_buffer *b)
{
    b->size = 0;
    b->full = false;
    if (b->data)
        b->data[0] = '\0';
}

static void set_capacity(struct asl_buffer *b, size_t capacity)
{
    char *data = asl_reallocate(b->is_lent ? NULL : b->data, capacity);
    if (b->is_lent)
        memcpy(data, b->data, b->size + 1);
    b->data = data;
    b->capacity = capacity;
    b->is_lent = false;
}

char *asl_buffer_room(struct asl_buffer *b, size_t size)
{
    if (b->full || size > b->maximum || b->size > b->maximum - size) {
        b->full = true;
        return NULL;
    }
    size_t wanted = b->size + size + 1;
    if (wanted > b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 256;
        set_capacity(b, capacity < wanted ? wanted : capacity);
    }
    return b->data + b->size;
}

void asl_buffer_put(struct asl_buffer *b, const void *data, size_t size)
{
    char *room = asl_buffer_room(b, size);
    if (!room)
        return;
    if (size)
        memcpy(room, data, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void asl_buffer_putc(struct asl_buffer *b, char c)
{
    if (b->full || b->size >= b->maximum || b->size + 1 >= b->capacity) {
        asl_buffer_put(b, &c, 1);
        return;
    }
    b->data[b->size++] = c; /* there is room: printers write most texts byte by byte */
    b->data[b->size] = '\0';
}

void asl_buffer_puts(struct asl_buffer *b, const char *zero_terminated)
{
    asl_buffer_put(b, zero_terminated, strlen(zero_terminated));
}

void asl_buffer_put_text(struct asl_buffer *b, struct asl_text t)
{
    asl_buffer_put(b, t.data, t.size);
}

void asl_buffer_vprintf(struct asl_buffer *b, const char *format, va_list arguments)
{
    /* Into what room there is; once more only when that was too little. */
    va_list again;
    size_t free_bytes = b->full ? 0 : b->capacity - b->size;
    va_copy(again, arguments);
    int size = vsnprintf(free_bytes ? b->data + b->size : NULL, free_bytes, format, again);
    va_end(again);
    assert(size >= 0);
    char *room = asl_buffer_room(b, (size_t)size);
    if (!room && free_bytes)
        b->data[b->size] = '\0'; /* it passes the maximum: nothing of it */
    if (!room)
        return;
    if ((size_t)size >= free_bytes)
        vsnprintf(room, (size_t)size + 1, format, arguments);
    b->size += (size_t)size;
}

void asl_buffer_printf(struct asl_buffer *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    asl_buffer_vprintf(b, format, arguments);
    va_end(arguments);
}

struct asl_text asl_buffer_text(const struct asl_buffer *b)
{
    return (struct asl_text){b->data ? b->data : "", b->size};
}

char *asl_buffer_take(struct asl_buffer *b, size_t *size)
{
    if (!b->data)
        asl_buffer_put(b, "", 0);
    if (b->is_lent)
        set_capacity(b, b->size + 1);
    char *data = b->data;
    if (size)
        *size = b->size;
    b->data = NULL;
    b->size = b->capacity = 0;
    b->full = false;
    return data;
}
