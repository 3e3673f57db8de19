/* Intrinsic functions. Breaks when: a digest, Java's random numbers, the grammar of calls or one of
 * the 18 functions answers other than AWS does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "asl/intrinsic/hash.h"
#include "asl/intrinsic/java_random.h"

static struct asl_text digest(const char *algorithm, struct asl_text data, struct asl_buffer *out)
{
    asl_buffer_clear(out);
    assert_true(intrinsic_hash(asl_text(algorithm), data, out));
    return asl_buffer_text(out);
}

/* Every length of 0 to 299 bytes, so that each way the padding can fall is met: the MD5 of all
 * digests in a row, as another implementation gives it; and the digest of "hello". */
static void digests_of_every_length(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm, *of_all, *hello;
    } cases[] = {
        {"MD5", "e5b64e002faa2b921e7dcb0baefb05fc", "5d41402abc4b2a76b9719d911017c592"},
        {"SHA-1", "6df49302700d5c01ab2bd651a0c7c936", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"},
        {"SHA-256", "3d5c059d0df664bc92fcb01ea81b46ad",
         "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
        {"SHA-384", "cd4e800211b9e3d722c86a4a3941c3f0",
         "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90"
         "125a3c79f90397bdf5f6a13de828684f"},
        {"SHA-512", "966c3488d674a4a059ad3c67d374ca82",
         "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
         "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"},
    };
    char data[300];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(i % 251);
    }
    struct asl_buffer all, one;
    asl_buffer_init(&all, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&one, ASL_BUFFER_MAXIMUM);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        asl_buffer_clear(&all);
        for (size_t n = 0; n < sizeof data; n++) {
            asl_buffer_put_text(&all, digest(cases[c].algorithm, (struct asl_text){data, n}, &one));
        }
        digest("MD5", asl_buffer_text(&all), &one);
        assert_string_equal(one.data, cases[c].of_all);
        digest(cases[c].algorithm, ASL_TEXT("hello"), &one);
        assert_string_equal(one.data, cases[c].hello);
    }
    assert_false(intrinsic_hash(ASL_TEXT("sha-256"), ASL_TEXT("x"), &one));
    assert_false(intrinsic_hash(ASL_TEXT("SHA-25"), ASL_TEXT("x"), &one));
    asl_buffer_free(&all);
    asl_buffer_free(&one);
}

/* The recorded seeded results of AWS, which are java.util.Random's, and values that the Java
 * documentation's algorithm gives. */
static void random_numbers_are_javas(void **state)
{
    (void)state;
    static const struct {
        int64_t seed;
        int32_t bound, expected;
    } cases[] = {{42, 99, 62}, {1, 999, 105}, {2, 999, 805}, {-10, 9, 0}, {0, 9, 6}, {1, 7, 4}};
    struct java_random r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        java_random_seed(&r, cases[i].seed);
        assert_int_equal(java_random_next_int_below(&r, cases[i].bound), cases[i].expected);
    }
    java_random_seed(&r, 42);
    assert_int_equal(java_random_next_int(&r), -1170105035);
    assert_int_equal(java_random_next_int(&r), 234785527);
    java_random_seed(&r, 42);
    assert_int_equal(java_random_next_int_below(&r, 16), 11);
    java_random_seed(&r, 42);
    assert_true(java_random_next_double(&r) == 0.7275636800328681);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_of_every_length),
        cmocka_unit_test(random_numbers_are_javas),
    };
    return cmocka_run_group_tests_name("intrinsic", tests, NULL, NULL);
}
