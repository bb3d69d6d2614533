/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refuses host names in capture filters (pcap-filter(7)) before libpcap sees them: it would ask DNS, from a
 * privileged process, for whatever a configuration says. Every word must be one that libpcap's grammar knows,
 * a number or an address; other words stand only right after `port`, `portrange`, `proto` and `protochain`,
 * which are looked up in local files.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "packet/capture.h"

#define WORD_MAX 63

/* Words of the grammar, sorted. What libpcap does not know of these it refuses itself: none is ever a name.
 */
static const char *const keywords[] = {
    "aarp",
    "addr1",
    "addr2",
    "addr3",
    "addr4",
    "address1",
    "address2",
    "address3",
    "address4",
    "ah",
    "and",
    "arp",
    "atalk",
    "broadcast",
    "byte",
    "carp",
    "clnp",
    "csnp",
    "decnet",
    "dir",
    "direction",
    "dst",
    "es-is",
    "esis",
    "esp",
    "ether",
    "fddi",
    "gateway",
    "geneve",
    "greater",
    "host",
    "icmp",
    "icmp-echo",
    "icmp-echoreply",
    "icmp-ireq",
    "icmp-ireqreply",
    "icmp-maskreply",
    "icmp-maskreq",
    "icmp-paramprob",
    "icmp-redirect",
    "icmp-routeradvert",
    "icmp-routersolicit",
    "icmp-sourcequench",
    "icmp-timxceed",
    "icmp-tstamp",
    "icmp-tstampreply",
    "icmp-unreach",
    "icmp6",
    "icmp6-destinationunreach",
    "icmp6-echo",
    "icmp6-echoreply",
    "icmp6-multicastlistenerdone",
    "icmp6-multicastlistenerquery",
    "icmp6-multicastlistenerreportv1",
    "icmp6-neighboradvert",
    "icmp6-neighborsolicit",
    "icmp6-packettoobig",
    "icmp6-parameterproblem",
    "icmp6-redirect",
    "icmp6-routeradvert",
    "icmp6-routersolicit",
    "icmp6-timeexceeded",
    "icmp6code",
    "icmp6type",
    "icmpcode",
    "icmptype",
    "ifindex",
    "igmp",
    "igrp",
    "iih",
    "inbound",
    "ip",
    "ip6",
    "ipx",
    "is-is",
    "isis",
    "iso",
    "l1",
    "l2",
    "lat",
    "len",
    "length",
    "less",
    "link",
    "llc",
    "lsp",
    "mask",
    "mopdl",
    "moprc",
    "mpls",
    "multicast",
    "net",
    "netbeui",
    "not",
    "or",
    "outbound",
    "pim",
    "port",
    "portrange",
    "ppp",
    "pppoed",
    "pppoes",
    "proto",
    "protochain",
    "psnp",
    "radio",
    "rarp",
    "sca",
    "sctp",
    "slip",
    "snp",
    "src",
    "stp",
    "tcp",
    "tcp-ack",
    "tcp-cwr",
    "tcp-ece",
    "tcp-fin",
    "tcp-push",
    "tcp-rst",
    "tcp-syn",
    "tcp-urg",
    "tcpflags",
    "tr",
    "udp",
    "vlan",
    "vrrp",
    "wlan",
};

static int compare(const void *word, const void *keyword)
{
    return strcmp(word, *(const char *const *)keyword);
}

static bool is_keyword(const char *word)
{
    return bsearch(word, keywords, sizeof keywords / sizeof *keywords, sizeof *keywords, compare) != NULL;
}

/* What libpcap's scanner takes for a number, or for an IPv4 address or the beginning of one: 10, 0x0a, 10.1.
 */
static bool is_number(const char *word)
{
    if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
        return word[2] != 0 && word[2 + strspn(word + 2, "0123456789abcdefABCDEF")] == 0;
    for (unsigned parts = 0; parts < 4; parts++) {
        size_t digits = strspn(word, "0123456789");
        if (digits == 0)
            return false;
        word += digits;
        if (*word == 0)
            return true;
        if (*word++ != '.')
            return false;
    }
    return false;
}

/* Six groups of one or two hexadecimal digits. */
static bool is_mac(const char *word)
{
    for (unsigned group = 0; group < 6; group++) {
        size_t digits = strspn(word, "0123456789abcdefABCDEF");
        if (digits == 0 || digits > 2 || word[digits] != (group < 5 ? ':' : 0))
            return false;
        word += digits + 1;
    }
    return true;
}

/* A run of letters, digits and `.:-_`: one word, or several between colons as in `tcp[12:2]`. */
static bool is_known(char *word)
{
    struct in6_addr a;

    if (is_mac(word) || inet_pton(AF_INET6, word, &a) == 1)
        return true;
    for (char *colon; (colon = strchr(word, ':')) != NULL; word = colon + 1) {
        *colon = 0;
        if (*word != 0 && !is_keyword(word) && !is_number(word))
            return false;
    }
    return *word == 0 || is_keyword(word) || is_number(word);
}

/* `word` may be a name: libpcap looks it up in /etc/services or /etc/protocols, not in DNS. */
static bool takes_name(const char *before)
{
    static const char *const takers[] = {"port", "portrange", "proto", "protochain"};

    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (strcmp(before, takers[i]) == 0)
            return true;
    return false;
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Length of the word at `at`, cut where libpcap's scanner cuts it or later; 0 where no word begins. */
static size_t word_length(const char *at)
{
    if (*at == '\\')
        return 1 + strcspn(at + 1, " !()\n\t");
    if (strspn(at, ALNUM ":") == 0)
        return 0;
    size_t len = strspn(at, ALNUM ".:_-");
    while (at[len - 1] == '-' || at[len - 1] == '_')
        len--;
    return len;
}

static bool is_plain(const char *word)
{
    return word[strspn(word, ALNUM ".-_")] == 0;
}

int capture_filter_words(const char *filter, char *ret_why, size_t why_bytes)
{
    char word[WORD_MAX + 1], before[WORD_MAX + 1] = "";

    for (const char *at = filter; *at != 0;) {
        at += strspn(at, " \t\r\n");
        size_t len = word_length(at);
        if (len == 0) {
            before[0] = 0;
            at += *at != 0;
            continue;
        }
        snprintf(word, sizeof word, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), at);
        bool escaped = *at == '\\';
        at += len;
        if (takes_name(before) && is_plain(word + escaped)) {
            before[0] = 0;
            continue;
        }
        memcpy(before, word, sizeof before);
        if (len > WORD_MAX || escaped || !is_known(word)) {
            snprintf(ret_why, why_bytes,
                     "filter: '%s' is no keyword, number or address; host names are not looked up, names of "
                     "ports stand right after 'port'",
                     before);
            return -EINVAL;
        }
    }
    return 0;
}
