/* Which addresses are whose: see address.h. Apart from http_out.c, because it is a policy in tables
 * that is checked without a socket. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

socklen_t address_from_text(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return sizeof *six;
    }
    return 0;
}

bool address_host_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcasecmp(host, "localhost") == 0;
}

static bool is_public_v4(const uint8_t *b)
{
    static const struct {
        uint32_t net, mask;
    } closed[] = {
        {0x00000000, 0xff000000}, {0x0a000000, 0xff000000}, {0x64400000, 0xffc00000},
        {0x7f000000, 0xff000000}, {0xa9fe0000, 0xffff0000}, {0xac100000, 0xfff00000},
        {0xc0000000, 0xffffff00}, {0xc0a80000, 0xffff0000}, {0xc6120000, 0xfffe0000},
        {0xe0000000, 0xe0000000},
    };
    uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if ((a & closed[i].mask) == closed[i].net)
            return false;
    return true;
}

/* Blocks whose addresses carry one of IPv4, and where. */
static const struct {
    uint8_t bytes[12];
    size_t size, at;
} carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12},    /* ::ffff:0:0/96, mapped */
    {{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 12}, /* 64:ff9b::/96, NAT64 */
    {{0x20, 0x02}, 2, 2},                                    /* 2002::/16, 6to4 */
};

static bool is_public_v6(const uint8_t *b)
{
    static const uint8_t teredo[] = {0x20, 0x01, 0, 0}; /* 2001::/32 hides one */
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (memcmp(b, carriers[i].bytes, carriers[i].size) == 0)
            return is_public_v4(b + carriers[i].at);
    /* 2000::/3, the global unicast block */
    return (b[0] & 0xe0) == 0x20 && memcmp(b, teredo, sizeof teredo) != 0;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        return is_public_v4((const uint8_t *)&four->sin_addr.s_addr); /* in network order */
    }
    if (address->sa_family != AF_INET6)
        return false;
    return is_public_v6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
}
