/* Items as JSON text, as JavaScript's JSON.stringify writes them. */
#ifndef ASL_JSONATA_STRINGIFY_H
#define ASL_JSONATA_STRINGIFY_H

#include "data.h"

enum stringify_style {
    STRINGIFY_EXACT,   /* as JSON.stringify: for messages */
    STRINGIFY_ROUNDED, /* as $string: 15 digits of fractions, functions as "" */
    STRINGIFY_PRETTY,  /* the same, indented by two */
};

enum stringify_outcome { STRINGIFY_FINE, STRINGIFY_INFINITE, STRINGIFY_TOO_DEEP };

/* On STRINGIFY_INFINITE *culprit is the number that JSON cannot hold. */
enum stringify_outcome jsonata_stringify(struct builder *b, item i, enum stringify_style style,
                                         item *culprit);
/* A number as JavaScript prints it; rounded to 15 digits when it is a fraction and `rounded`. */
/* `d`, finite, lies half way between two numbers of so many decimal places: JavaScript's toFixed
 * and toPrecision take the one farther from zero. */
bool jsonata_is_in_the_middle(double d, int places);
size_t jsonata_print_number(double d, bool rounded, char out[32]);

double jsonata_round_to_15_digits(double d); /* finite */

/* Items deeper than this are not walked. */
#define ITEM_DEPTH_MAXIMUM 1000

#endif
