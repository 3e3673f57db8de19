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
/* $round. */
double jsonata_round(double d, double precision);
item jsonata_format_number(struct run *run, double d, struct asl_text picture, item options);

#endif
