/* The function library: one table for each file that holds functions, joined in library.c. */
#ifndef ASL_JSONATA_LIBRARY_H
#define ASL_JSONATA_LIBRARY_H

#include "evaluate.h"

/* A native: arguments as its signature left them, at least as many as it has parameters. */
#define NATIVE(name)                                                                               \
    static item name(struct run *run, const item *arguments, size_t count, const struct call *call)
/* For natives that do not need all they are given. */
#define UNUSED_IN_NATIVE ((void)run, (void)arguments, (void)count, (void)call)

/* Each ends with a NULL name. */
extern const struct native jsonata_string_functions[];
extern const struct native jsonata_match_functions[];
extern const struct native jsonata_encode_functions[];
extern const struct native jsonata_number_functions[];
extern const struct native jsonata_format_functions[];
extern const struct native jsonata_array_functions[];
extern const struct native jsonata_object_functions[];
extern const struct native jsonata_higher_functions[];
extern const struct native jsonata_general_functions[];
extern const struct native jsonata_time_functions[];

/* String(d) of JavaScript in a base from 2 to 36, of a whole number. */
item jsonata_format_base(struct run *run, double d, int base);
/* What JavaScript's Number() makes of it, where the reference leaves that to JavaScript. */
double jsonata_javascript_number(struct run *run, item i);
/* Array.prototype.slice: where an offset lands in `length` things. */
size_t jsonata_slice_place(double at, double length);
/* `many` code points of `fill`, over and over; nothing when it is empty. */
void jsonata_put_padding(struct builder *b, struct asl_text fill, double many);
/* The two halves of a character beyond U+FFFF, each as a string. */
void jsonata_push_surrogates(struct run *run, struct asl_text astral, struct array *out);
/* $round. */
double jsonata_round(double d, double precision);
item jsonata_format_number(struct run *run, double d, struct asl_text picture, item options);

#endif
