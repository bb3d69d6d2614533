/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the guard before libpcap's filter compiler: no word may reach a host lookup, usual filters pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <stdio.h>

#include "config.h"
#include "packet/capture.h"

static unsigned lookups; /* of names of hosts or nets */

/* What libpcap would ask, in place of the C library's: it may look up services and parse addresses. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **ret)
{
    if (node != NULL && (hints == NULL || (hints->ai_flags & AI_NUMERICHOST) == 0))
        lookups++;
    return EAI_FAIL;
}

__attribute__((visibility("default"))) int getnetbyname_r(const char *name, struct netent *net, char *buf,
                                                          size_t buf_bytes, struct netent **ret, int *error)
{
    lookups++;
    *ret = NULL;
    return ENOENT;
}

__attribute__((visibility("default"))) int ether_hostton(const char *name, struct ether_addr *ret)
{
    lookups++;
    return -1;
}

__attribute__((visibility("default"))) struct hostent *gethostbyname(const char *name)
{
    lookups++;
    return NULL;
}

static const char *const good[] = {
    "",
    "tcp or udp",
    "host 192.0.2.1 and not port 22",
    "net 10.0.0.0/8 or net 192.168 or src net 2001:db8::/32",
    "host ::1 or host fe80::1:2 or host ::ffff:192.0.2.1",
    "ether host 02:00:00:0:0:1 and ether proto 0x88cc",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "ip[0] & 0xf != 5 and len - 4>10",
    "tcp[12:1]&0xf0>>2 > 20",
    "icmp[icmptype] != icmp-echo and icmp[icmptype]!=icmp-echoreply",
    "vlan 100 && (ip6 or arp) || mpls 5",
    "port 53 or 443 or (80 and 81)",
    "ip proto 47 or ip protochain 6",
    "src portrange 1000-2000",
    "(((port 53)))\n\tand\r\nlen <= 100",
    "not broadcast and not multicast",
};

/* Names stand in the same places in all of them. */
static const char *const named_ports[] = {
    "port domain",
    "dst port https or portrange ftp-data",
    "ip proto \\tcp",
    "ether proto \\ip",
};

static const char *const bad[] = {
    "host example.com",
    "host localhost",
    "example.com",
    "src example.com",
    "net example.net/24",
    "gateway router",
    "ether host pc1",
    "host fb.de",
    "host cafe",
    "host 1.2.3.4.5",
    "host 1.2.3.",
    "host 1.2.3.4x",
    "host 0x1.de",
    "host 1-2.example",
    "host \\evil",
    "host \\port",
    "port domain or evil.com",
    "port (53 or evil.com)",
    "port domain https",
    "host a:b.example",
    "host 1::fb.de",
    "host 12:fb.de:3",
    "host tcp-syn.com",
    "host tcp.com",
    "tcp and(evil.example)",
    "host x",
    "HOST 1.2.3.4",
    "port a:evil",
    "proto \\a/evil",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaa",
    "port aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
    "evil",
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void words(void **state)
{
    char why[128];

    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(capture_filter_words(good[i], why, sizeof why), 0);
    for (size_t i = 0; i < COUNT(named_ports); i++)
        assert_int_equal(capture_filter_words(named_ports[i], why, sizeof why), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        why[0] = 0;
        if (capture_filter_words(bad[i], why, sizeof why) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_true(why[0] != 0);
    }
}

#if HAVE_LIBPCAP
#include <pcap/pcap.h>

/* The traps above work: libpcap alone falls into them. */
static void trapped(void **state)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 100);
    struct bpf_program program;

    assert_int_not_equal(pcap_compile(pcap, &program, "host evil.example", 1, 0), 0);
    assert_int_equal(lookups, 1);
    assert_int_not_equal(pcap_compile(pcap, &program, "net evil", 1, 0), 0);
    assert_int_equal(lookups, 2);
    pcap_close(pcap);
    lookups = 0;
}

static void compiled(void **state)
{
    char why[128];

    for (size_t i = 0; i < COUNT(good); i++)
        if (capture_filter_check(good[i], why, sizeof why) != 0 && strstr(why, "IPv6 address") == NULL)
            fail_msg("%s: %s", good[i], why);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(capture_filter_check(bad[i], why, sizeof why), -EINVAL);
    assert_int_equal(capture_filter_check("tcp or or", why, sizeof why), -EINVAL);
    assert_int_equal(capture_filter_check("port", why, sizeof why), -EINVAL);
    assert_int_equal(lookups, 0);
}

/*
 * Filters of random words, of which some are names: what the guard lets through must not make libpcap look up
 * a host, whatever it thinks of the grammar.
 */
static void random_words(void **state)
{
    static const char *const pieces[] = {"host",    "port",   "net",       "src",       "dst",   "proto",
                                         "gateway", "and",    "or",        "not",       "ether", "evil",
                                         "fb.de",   "domain", "1.2.3",     "1.2.3.4.5", "::1",   "a:b",
                                         "80",      "0x10",   "\\",        "(",         ")",     "-",
                                         ":",       "/",      "[",         "]",         "tcp",   "_",
                                         ".",       "len",    "portrange", "beef",      "$1",    "&",
                                         "ip6",     "vlan",   "\n"};
    uint32_t seed = 7;
    unsigned passed = 0;

    for (unsigned round = 0; round < 40000; round++) {
        char filter[256] = "", why[128];
        size_t len = 0;
        for (unsigned n = 0; n < 6; n++) {
            seed = seed * 1664525 + 1013904223;
            const char *piece = pieces[(seed >> 10) % COUNT(pieces)];
            len += (size_t)snprintf(filter + len, sizeof filter - len, "%s%s", piece, seed >> 30 ? " " : "");
        }
        passed += capture_filter_words(filter, why, sizeof why) == 0;
        (void)capture_filter_check(filter, why, sizeof why);
        if (lookups != 0)
            fail_msg("looked up a host for: %s", filter);
    }
    assert_true(passed > 500);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
#if HAVE_LIBPCAP
        cmocka_unit_test(trapped),
        cmocka_unit_test(compiled),
        cmocka_unit_test(random_words),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
