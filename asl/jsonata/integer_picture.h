/* Integers by picture (fn:format-integer): "001", "#,##0", "A", "i", "Ww;o" ... */
#ifndef ASL_JSONATA_INTEGER_PICTURE_H
#define ASL_JSONATA_INTEGER_PICTURE_H

#include "library.h"

enum integer_style {
    INTEGER_DECIMAL,
    INTEGER_LETTERS,
    INTEGER_ROMAN,
    INTEGER_WORDS,
    INTEGER_SEQUENCE
};
enum letter_case { CASE_LOWER, CASE_UPPER, CASE_TITLE };

struct separator {
    size_t position; /* digits to its right */
    uint32_t character;
};

struct integer_picture {
    enum integer_style style;
    enum letter_case letters;
    bool ordinal;
    bool regular; /* separators[0] repeats at every `position` digits */
    uint32_t zero;
    size_t mandatory, optional;
    size_t parse_width;           /* digits to take when parsing, 0: all */
    struct separator *separators; /* from the right */
    size_t separator_count;
    struct asl_text token;
};

/* False and the failure set when it is none. */
bool jsonata_integer_picture(struct run *run, struct asl_text text, struct integer_picture *p);
/* False and the failure set for pictures that cannot be formatted (sequences). */
bool jsonata_put_integer(struct run *run, struct builder *b, double value,
                         const struct integer_picture *p);
/* NaN when the text is no such number. */
double jsonata_read_integer(struct run *run, struct asl_text text, const struct integer_picture *p);
/* The regular expression that finds one in a text; false for sequences. */
bool jsonata_integer_pattern(struct run *run, struct builder *b, const struct integer_picture *p);

/* Numbers in words (words.c). */
void jsonata_put_words(struct builder *b, double value, bool ordinal, enum letter_case letters);
double jsonata_read_words(struct asl_text text);
void jsonata_words_pattern(struct builder *b);

#endif
