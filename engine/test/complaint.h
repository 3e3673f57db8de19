/* What is wrong with a test file, each with its place. Complaints are collected, not printed: all
 * of a file's are told at once, and the fuzzer reads files without a terminal. */
#ifndef ENGINE_TEST_COMPLAINT_H
#define ENGINE_TEST_COMPLAINT_H

#include "asl/value/value.h"

/* More of them help nobody. */
#define COMPLAINTS_MAXIMUM 40

struct complaint {
    char *message;
    size_t line, column; /* 0: of the file as a whole */
};

struct complaints {
    struct asl_text text; /* of the file: places are looked up in it */
    struct complaint *items;
    size_t count, capacity;
};
void complaints_free(struct complaints *c);

/* Where something stands in the file: a chain of steps from the root, living on the stack. */
struct step {
    const struct step *parent; /* NULL: the root itself */
    struct asl_text key;       /* data NULL: an element */
    size_t index;
};
struct step step_key(const struct step *parent, struct asl_text key);
struct step step_index(const struct step *parent, size_t index);
/* JSON Pointer (RFC 6901). */
void step_pointer(const struct step *step, struct asl_buffer *out);

/* At the value (`key`: at the member's name). */
void complain(struct complaints *c, const struct step *at, bool key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* At a JSON Pointer. */
void complain_at(struct complaints *c, struct asl_text pointer, bool key, const char *message);
/* ", did you mean 'X'?" behind what names it, or nothing. */
struct guess;
void put_guess(const struct guess *g, struct asl_buffer *out);

#endif
