/* Borrowed text and growing buffers: the two ways bytes travel through Stepwell.
 *
 * A `struct asl_text` looks at bytes somebody else owns; it is never NUL-terminated by promise.
 * A `struct asl_buffer` owns bytes, grows, and is born with its maximum: an append that would pass
 * the maximum changes nothing, sets `full`, and every later append does nothing either, so a writer
 * may write on and ask once at the end.
 *
 * Memory: an allocation that fails ends the process (`asl_out_of_memory`). Everything that matters
 * is in the store by then, and recovery is the normal path; half-handled exhaustion is not.
 */
#ifndef ASL_VALUE_TEXT_H
#define ASL_VALUE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asl_text {
    const char *data;
    size_t size;
};

/* A text from a C string or from a literal (no strlen at run time). */
struct asl_text asl_text(const char *zero_terminated);
#define ASL_TEXT(literal) ((struct asl_text){"" literal, sizeof(literal) - 1})

bool asl_text_equal(struct asl_text a, struct asl_text b);
bool asl_text_is(struct asl_text a, const char *zero_terminated);
bool asl_text_starts(struct asl_text a, const char *prefix);
bool asl_text_ends(struct asl_text a, const char *suffix);
/* memcmp order, shorter first on a common prefix: <0, 0, >0. */
int asl_text_compare(struct asl_text a, struct asl_text b);

/* printf helper: `printf("%.*s", ASL_TEXT_ARGS(t))`; texts over INT_MAX are cut. */
#define ASL_TEXT_ARGS(t) ((int)(t).size), ((t).data ? (t).data : "")

struct asl_buffer {
    char *data; /* NUL-terminated whenever it is not NULL */
    size_t size;
    size_t capacity;
    size_t maximum;
    bool full;    /* an append was refused; the content is incomplete */
    bool is_lent; /* data is the caller's: asl_buffer_init_on */
};

/* Large enough for anything Stepwell prints itself; use a tighter maximum where one is known. */
#define ASL_BUFFER_MAXIMUM ((size_t)1 << 30)

void asl_buffer_init(struct asl_buffer *b, size_t maximum);
/* Begins on `size` bytes (1 at least) of the caller's, which outlive the buffer, and goes on in
 * memory of its own where they are too few: for what is written on every call and seldom long. */
void asl_buffer_init_on(struct asl_buffer *b, char *room, size_t size, size_t maximum);
void asl_buffer_free(struct asl_buffer *b);
void asl_buffer_clear(struct asl_buffer *b); /* keeps the memory */
void asl_buffer_put(struct asl_buffer *b, const void *data, size_t size);
void asl_buffer_putc(struct asl_buffer *b, char c);
void asl_buffer_puts(struct asl_buffer *b, const char *zero_terminated);
void asl_buffer_put_text(struct asl_buffer *b, struct asl_text t);
void asl_buffer_printf(struct asl_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void asl_buffer_vprintf(struct asl_buffer *b, const char *format, va_list arguments);
/* Room for `size` more bytes at the returned place, or NULL when that passes the maximum (and
 * `full` is set). The caller writes there and then adds what it wrote to b->size. */
char *asl_buffer_room(struct asl_buffer *b, size_t size);
/* A view of what is in it, valid until the next append. */
struct asl_text asl_buffer_text(const struct asl_buffer *b);
/* Gives the bytes away (free() them); the buffer is empty again. */
char *asl_buffer_take(struct asl_buffer *b, size_t *size);

/* Allocation that does not fail: see the head of this file. Free with free(). */
void *asl_allocate(size_t size);
void *asl_allocate_zeroed(size_t count, size_t size);
void *asl_reallocate(void *old, size_t size);
char *asl_copy_text(struct asl_text t); /* NUL-terminated copy */
_Noreturn void asl_out_of_memory(void);

#endif
