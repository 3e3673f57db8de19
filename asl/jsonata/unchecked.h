/* Functions of the library applied partially. The reference calls what is behind them without
 * looking at their signatures, and what does not fit is left to JavaScript: it converts, takes a
 * text for the list of its characters, finds no length in a number - or ends with an error of its
 * own, and then the call is refused here (T0410).
 *
 * A table says for each function how it meets its arguments; where that cannot be said of one
 * argument alone there is a function for it, which mends the arguments and calls the native, or
 * knows the result itself. unchecked.c converts and calls; unchecked_text.c, unchecked_list.c and
 * unchecked_number.c hold those functions.
 */
#ifndef ASL_JSONATA_UNCHECKED_H
#define ASL_JSONATA_UNCHECKED_H

#include "library.h"

/* A call under way. */
struct unchecked {
    struct run *run;
    const struct native *native;
    item *arguments; /* four at least, undefined behind the last */
    size_t count;
    const struct call *call;
    bool *is_refused; /* set by what finds so while it computes: the result counts for nothing */
};

struct usage {
    const char *name;   /* of the function */
    const char *usages; /* a letter for each argument, see unchecked_convert() */
    /* Instead. With an undefined first argument only where the letter is u: else the native is
     * called, as nothing comes of nothing. */
    item (*call)(const struct unchecked *u);
};

/* Each ends with a NULL name. */
extern const struct usage unchecked_text_usages[], unchecked_list_usages[],
    unchecked_number_usages[];

/* Fails: the argument is none that JavaScript, or this, makes something of. */
item unchecked_refuse(const struct unchecked *u, size_t index);
item unchecked_call_native(const struct unchecked *u);

/* The argument as the native wants it, or failed. The letters:
 *   x as it is        s a text           t its text         n its number     p a picture
 *   a an array        j texts            h objects          l a list         o what has keys
 *   f a callback      k a key            w options        d a number by its figures
 * Undefined stays undefined. */
item unchecked_convert(const struct unchecked *u, char usage, size_t index);
/* The argument's text, or refused where it has none. */
item unchecked_text_of(const struct unchecked *u, size_t index);
/* The argument, no array, as a list to go through by index; or refused. */
item unchecked_as_list(const struct unchecked *u, size_t index);

/* An object made by an expression has no text in JavaScript, nor has what holds one; that of a
 * pattern is its source. */
bool unchecked_has_no_text(const struct unchecked *u, item i);
/* NaN, and the call refused, for an object made by an expression or what holds one. */
double unchecked_number_of(const struct unchecked *u, item i);
/* JavaScript's a + b: numbers, or the texts of both when one is no number by nature. */
item unchecked_add(const struct unchecked *u, item a, item b);
/* One string for each character, or for each UTF-16 unit as indices see them. */
item unchecked_characters(const struct unchecked *u, item text, bool are_units);

#define UNCHECKED_NO_LENGTH (-1)

/* `length` of a function that is one of JavaScript: of what wraps an argument, of a pattern. Others
 * are objects there, and have none. */
int unchecked_function_length(item i);
/* Nothing is in it: a text without characters, a wrapped function. */
bool unchecked_is_of_length_0(item i);
/* An object with a member of that name. */
bool unchecked_has_length(const struct unchecked *u, item i);

#endif
