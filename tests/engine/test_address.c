/* Which addresses are public, and which hosts are this machine. Breaks when: the tables of
 * engine/loop/address.c lose a row, or a name passes for an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/loop/address.h"

#include <netinet/in.h>

static const struct {
    const char *text;
    bool is_public;
} addresses[] = {
    {"8.8.8.8", true},
    {"172.15.255.255", true},
    {"172.32.0.0", true},
    {"100.63.255.255", true},
    {"100.128.0.0", true},
    {"198.17.255.255", true},
    {"198.20.0.0", true},
    {"223.255.255.255", true},
    {"0.0.0.0", false},
    {"10.255.255.255", false},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"127.0.0.1", false},
    {"127.255.255.255", false},
    {"169.254.169.254", false},
    {"169.254.170.2", false},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"192.0.0.192", false},
    {"192.168.1.1", false},
    {"198.18.0.1", false},
    {"198.19.255.255", false},
    {"224.0.0.1", false},
    {"255.255.255.255", false},
    {"2600:1f18::1", true},
    {"2a00:1450:4001::200e", true},
    {"3fff:ffff::1", true},
    {"::", false},
    {"::1", false},
    {"::7f00:1", false},
    {"::ffff:8.8.8.8", true},
    {"::ffff:127.0.0.1", false},
    {"::ffff:169.254.169.254", false},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b:1::8.8.8.8", false}, /* of local use: RFC 8215 */
    {"2002:808:808::1", true},
    {"2002:7f00:1::1", false},
    {"2002:a9fe:a9fe::", false},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
    {"fc00::1", false},
    {"fd00:ec2::254", false},
    {"fe80::1", false},
    {"ff02::1", false},
};

static void tells_public_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct sockaddr_storage a;
        assert_true(address_from_text(addresses[i].text, 80, &a) > 0);
        if (address_is_public((const struct sockaddr *)&a) != addresses[i].is_public)
            fail_msg("%s", addresses[i].text);
    }
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(address_is_public(&local));
}

static void tells_this_machine(void **state)
{
    static const char *const own[] = {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"};
    static const char *const others[] = {"127.example.com",
                                         "127.0.0.1.example.com",
                                         "localhost.example",
                                         "127.1",
                                         "::2",
                                         "::ffff:127.0.0.1",
                                         "128.0.0.1",
                                         "",
                                         "127."};
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!address_host_is_loopback(own[i]))
            fail_msg("%s is this machine", own[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (address_host_is_loopback(others[i]))
            fail_msg("%s is not this machine", others[i]);
}

static void takes_numeric_addresses_only(void **state)
{
    struct sockaddr_storage a;
    (void)state;
    assert_int_equal(address_from_text("127.0.0.1", 8083, &a), sizeof(struct sockaddr_in));
    assert_int_equal(ntohs(((struct sockaddr_in *)&a)->sin_port), 8083);
    assert_int_equal(address_from_text("::1", 8083, &a), sizeof(struct sockaddr_in6));
    assert_int_equal(ntohs(((struct sockaddr_in6 *)&a)->sin6_port), 8083);
    assert_int_equal(address_from_text("localhost", 8083, &a), 0);
    assert_int_equal(address_from_text("127.0.0.1:8083", 8083, &a), 0);
    assert_int_equal(address_from_text("", 8083, &a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_public_addresses),
        cmocka_unit_test(tells_this_machine),
        cmocka_unit_test(takes_numeric_addresses_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
