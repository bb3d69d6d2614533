/* SPDX-License-Identifier: BSD-2-Clause */
/* Community ID flow hashing, version 1. */
#include "report/community_id.h"

#include <netinet/in.h>

#include "base/sha.h"

static size_t put_addr(uint8_t *to, const struct addr *a)
{
    size_t n = addr_is_v4(a) ? 4 : 16;
    memcpy(to, a->b + 16 - n, n);
    return n;
}

static size_t put_port(uint8_t *to, uint16_t port)
{
    to[0] = (uint8_t)(port >> 8);
    to[1] = (uint8_t)(port & 0xff);
    return 2;
}

/* RFC 4648 section 4, padded. */
static void put_base64(char *to, const uint8_t *at, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t three = (uint32_t)at[i] << 16 | (i + 1 < bytes ? (uint32_t)at[i + 1] << 8 : 0) |
                         (i + 2 < bytes ? at[i + 2] : 0u);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = i + 1 < bytes ? digits[three >> 6 & 63] : '=';
        *to++ = i + 2 < bytes ? digits[three & 63] : '=';
    }
    *to = 0;
}

bool community_id(uint8_t ip_proto, const struct addr *a, uint16_t a_port, const struct addr *b,
                  uint16_t b_port, char ret[COMMUNITY_ID_MAX])
{
    bool ports = ip_proto == IPPROTO_TCP || ip_proto == IPPROTO_UDP || ip_proto == IPPROTO_SCTP;
    int order = memcmp(a->b, b->b, sizeof a->b);
    uint8_t in[2 + 16 + 16 + 2 + 4], digest[SHA1_BYTES];
    size_t n = put_port(in, 0); /* the seed */

    if (ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6)
        return false;
    if (order > 0 || (order == 0 && a_port > b_port)) {
        const struct addr *t = a;
        a = b;
        b = t;
        uint16_t port = a_port;
        a_port = b_port;
        b_port = port;
    }
    n += put_addr(in + n, a);
    n += put_addr(in + n, b);
    in[n++] = ip_proto;
    in[n++] = 0;
    if (ports) {
        n += put_port(in + n, a_port);
        n += put_port(in + n, b_port);
    }
    sha1(span_of(in, n), digest);
    memcpy(ret, "1:", 2);
    put_base64(ret + 2, digest, sizeof digest);
    return true;
}
