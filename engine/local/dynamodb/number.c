/* Decimal arithmetic on digit arrays. A sum is formed in an array wide enough for any two numbers
 * of the range (digits from 10^126 down to 10^-168), then cut to its significant digits. */
#include "number.h"

#include <string.h>

#define HIGHEST (NUMBER_EXPONENT_MAXIMUM + 1) /* a carry's place */
#define LOWEST  (NUMBER_EXPONENT_MINIMUM - NUMBER_DIGITS)
#define PLACES  (HIGHEST - LOWEST + 1)

const char *number_problem_text(enum number_problem problem)
{
    static const char *const texts[] = {
        [NUMBER_FINE] = "",
        [NUMBER_NOT_NUMERIC] = "The parameter cannot be converted to a numeric value",
        [NUMBER_TOO_LARGE] = "Number overflow. Attempting to store a number with magnitude larger "
                             "than supported range",
        [NUMBER_TOO_SMALL] =
            "Number underflow. Attempting to store a number with magnitude smaller "
            "than supported range",
        [NUMBER_TOO_PRECISE] = "Attempting to store more than 38 significant digits in a Number",
    };
    return texts[problem];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "e+12" at `at`; false when malformed. Absurd exponents saturate. */
static bool read_exponent(struct asl_text t, size_t at, int *exponent)
{
    bool is_negative = false;
    if (at < t.size && (t.data[at] == '+' || t.data[at] == '-'))
        is_negative = t.data[at++] == '-';
    if (at == t.size)
        return false;
    int value = 0;
    for (; at < t.size; at++) {
        if (!is_digit(t.data[at]))
            return false;
        if (value < 1000000)
            value = value * 10 + (t.data[at] - '0');
    }
    *exponent = is_negative ? -value : value;
    return true;
}

static enum number_problem check_range(const struct number *n, size_t significant)
{
    if (significant == 0)
        return NUMBER_FINE;
    if (n->exponent > NUMBER_EXPONENT_MAXIMUM)
        return NUMBER_TOO_LARGE;
    if (n->exponent < NUMBER_EXPONENT_MINIMUM)
        return NUMBER_TOO_SMALL;
    return significant > NUMBER_DIGITS ? NUMBER_TOO_PRECISE : NUMBER_FINE;
}

enum number_problem number_read(struct asl_text t, struct number *out)
{
    *out = (struct number){0};
    size_t at = 0;
    if (t.size && (t.data[0] == '-' || t.data[0] == '+'))
        out->is_negative = t.data[at++] == '-';
    size_t digits = 0, significant = 0, zeros = 0; /* zeros: seen since the last other digit */
    int64_t whole = 0;                             /* significant places before the point */
    int64_t leading = 0;                           /* zeros right behind the point */
    bool has_point = false;
    for (; at < t.size && (is_digit(t.data[at]) || (t.data[at] == '.' && !has_point)); at++) {
        if (t.data[at] == '.') {
            has_point = true;
            continue;
        }
        digits++;
        char digit = (char)(t.data[at] - '0');
        bool has_begun = significant > 0;
        if (!has_point && (has_begun || digit))
            whole++;
        if (digit == 0 && !has_begun) {
            leading += has_point;
            continue;
        }
        if (digit == 0) {
            zeros++;
            continue;
        }
        for (; zeros > 0; zeros--, significant++)
            if (significant < NUMBER_DIGITS)
                out->digits[significant] = 0;
        if (significant < NUMBER_DIGITS)
            out->digits[significant] = digit;
        significant++;
    }
    int exponent = 0;
    if (digits == 0)
        return NUMBER_NOT_NUMERIC;
    if (at < t.size && (t.data[at] == 'e' || t.data[at] == 'E')) {
        if (!read_exponent(t, at + 1, &exponent))
            return NUMBER_NOT_NUMERIC;
    } else if (at < t.size)
        return NUMBER_NOT_NUMERIC;
    if (significant == 0)
        out->is_negative = false;
    int64_t place = exponent + (whole > 0 ? whole - 1 : -leading - 1);
    out->exponent = significant == 0  ? 0
                    : place > 100000  ? 100000
                    : place < -100000 ? -100000
                                      : (int)place;
    out->count = significant > NUMBER_DIGITS ? NUMBER_DIGITS : (int)significant;
    return check_range(out, significant);
}

static void put_zeros(struct asl_buffer *out, int count)
{
    for (int i = 0; i < count; i++)
        asl_buffer_putc(out, '0');
}

void number_print(const struct number *n, struct asl_buffer *out)
{
    if (n->count == 0) {
        asl_buffer_putc(out, '0');
        return;
    }
    if (n->is_negative)
        asl_buffer_putc(out, '-');
    if (n->exponent < 0) {
        asl_buffer_puts(out, "0.");
        put_zeros(out, -n->exponent - 1);
    }
    for (int i = 0; i < n->count; i++) {
        if (n->exponent >= 0 && i == n->exponent + 1)
            asl_buffer_putc(out, '.');
        asl_buffer_putc(out, (char)('0' + n->digits[i]));
    }
    put_zeros(out, n->exponent + 1 - n->count);
}

static int compare_magnitudes(const struct number *a, const struct number *b)
{
    if (a->count == 0 || b->count == 0)
        return (a->count != 0) - (b->count != 0);
    if (a->exponent != b->exponent)
        return a->exponent < b->exponent ? -1 : 1;
    for (int i = 0; i < a->count && i < b->count; i++)
        if (a->digits[i] != b->digits[i])
            return a->digits[i] < b->digits[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

int number_compare(const struct number *a, const struct number *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    int order = compare_magnitudes(a, b);
    return a->is_negative ? -order : order;
}

struct number number_negated(const struct number *n)
{
    struct number out = *n;
    out.is_negative = n->count > 0 && !n->is_negative;
    return out;
}

/* Adds (sign 1) or takes away (sign -1) n's digits to places[], the highest place first. */
static void put_places(int places[PLACES], const struct number *n, int sign)
{
    for (int i = 0; i < n->count; i++)
        places[HIGHEST - n->exponent + i] += sign * n->digits[i];
}

enum number_problem number_add(const struct number *a, const struct number *b, struct number *out)
{
    bool is_difference = a->is_negative != b->is_negative;
    const struct number *large = compare_magnitudes(a, b) >= 0 ? a : b;
    const struct number *small = large == a ? b : a;
    int places[PLACES] = {0};
    put_places(places, large, 1);
    put_places(places, small, is_difference ? -1 : 1);
    for (int i = PLACES - 1; i > 0; i--) {
        int carry = places[i] < 0 ? -1 : places[i] > 9 ? 1 : 0;
        places[i] -= 10 * carry;
        places[i - 1] += carry;
    }
    int first = 0, last = PLACES - 1;
    while (first < PLACES && places[first] == 0)
        first++;
    while (last >= first && places[last] == 0)
        last--;
    *out = (struct number){0};
    if (first == PLACES)
        return NUMBER_FINE;
    int significant = last - first + 1;
    out->is_negative = large->is_negative;
    out->exponent = HIGHEST - first;
    out->count = significant > NUMBER_DIGITS ? NUMBER_DIGITS : significant;
    for (int i = 0; i < out->count; i++)
        out->digits[i] = (char)places[first + i];
    return check_range(out, (size_t)significant);
}

size_t number_key(const struct number *n, unsigned char out[NUMBER_KEY_BYTES])
{
    enum { BELOW = 1, ZERO = 2, ABOVE = 3, END = 0xff };
    size_t size = 0;
    if (n->count == 0) {
        out[size++] = ZERO;
        return size;
    }
    unsigned char exponent = (unsigned char)(n->exponent - NUMBER_EXPONENT_MINIMUM);
    out[size++] = n->is_negative ? BELOW : ABOVE;
    out[size++] = n->is_negative ? (unsigned char)(255 - exponent) : exponent;
    for (int i = 0; i < n->count; i++)
        out[size++] = (unsigned char)(n->is_negative ? 10 - n->digits[i] : 1 + n->digits[i]);
    if (n->is_negative)
        out[size++] = END; /* -1.5 < -1: the longer of two sorts first */
    return size;
}

/* The layout is the one dynalite observed of DynamoDB: a byte of sign and exponent in base 100,
 * then the digits two by two plus one, or 101 minus them and a closing 102 for a negative number.
 */
size_t number_hash_bytes(const struct number *n, unsigned char out[NUMBER_KEY_BYTES])
{
    if (n->count == 0) {
        out[0] = 0x80;
        return 1;
    }
    int exponent = n->exponent + 1;
    int lead = exponent % 2 != 0; /* a zero in front makes pairs of the right digits */
    int pairs = (n->count + lead + 1) / 2;
    int head =
        (exponent + lead >= 0 ? (exponent + lead) / 2 : -((-(exponent + lead) + 1) / 2)) - 64;
    out[0] = (unsigned char)(n->is_negative ? ~head : head);
    for (int i = 0; i < pairs; i++) {
        int high = 2 * i - lead, low = high + 1;
        int pair = (high >= 0 ? n->digits[high] * 10 : 0) + (low < n->count ? n->digits[low] : 0);
        out[1 + i] = (unsigned char)(n->is_negative ? 101 - pair : pair + 1);
    }
    size_t size = (size_t)pairs + 1;
    if (n->is_negative && pairs < 20)
        out[size++] = 102;
    return size;
}
