/* DynamoDB's numbers: up to 38 significant decimal digits, magnitudes 1E-130 to 9.99...E+125,
 * exact. No double touches them. */
#ifndef ENGINE_LOCAL_DYNAMODB_NUMBER_H
#define ENGINE_LOCAL_DYNAMODB_NUMBER_H

#include "asl/value/text.h"

#define NUMBER_DIGITS           38
#define NUMBER_EXPONENT_MAXIMUM 125
#define NUMBER_EXPONENT_MINIMUM (-130)
#define NUMBER_KEY_BYTES        (NUMBER_DIGITS + 3)

/* d0.d1d2... times 10^exponent, without leading or trailing zeros; zero has no digits. */
struct number {
    bool is_negative;
    int exponent;
    int count;
    char digits[NUMBER_DIGITS]; /* 0 to 9 */
};

enum number_problem {
    NUMBER_FINE,
    NUMBER_NOT_NUMERIC,
    NUMBER_TOO_LARGE,
    NUMBER_TOO_SMALL,
    NUMBER_TOO_PRECISE,
};
/* DynamoDB's words; for NUMBER_NOT_NUMERIC the text itself is to be put behind ": ". */
const char *number_problem_text(enum number_problem problem);

enum number_problem number_read(struct asl_text text, struct number *out);
/* Plain digits, as DynamoDB answers: no exponent, no trailing zeros. */
void number_print(const struct number *n, struct asl_buffer *out);
int number_compare(const struct number *a, const struct number *b); /* <0, 0, >0 */
enum number_problem number_add(const struct number *a, const struct number *b, struct number *out);
struct number number_negated(const struct number *n);
/* Bytes whose memcmp order is the numbers' order. Returns their count. */
size_t number_key(const struct number *n, unsigned char out[NUMBER_KEY_BYTES]);
/* The bytes DynamoDB hashes for a number: sign and exponent, then two digits a byte. */
size_t number_hash_bytes(const struct number *n, unsigned char out[NUMBER_KEY_BYTES]);

#endif
