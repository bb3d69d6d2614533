/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An observation: a name, address or digest that was seen in traffic, how it was seen (`via`), and up to
 * eight attributes. Parsers make them; matching, history and outputs read them without knowing the protocol.
 */
#ifndef BRIDLE_INTEL_OBSERVATION_H
#define BRIDLE_INTEL_OBSERVATION_H

#include "base/addr.h"
#include "base/span.h"

/* X(identifier, "via as events print it", "words for people") */
#define BRIDLE_VIAS(X)                                                                                       \
    X(DNS_QUERY, "dns-query", "asked for in DNS")                                                            \
    X(DNS_ANSWER, "dns-answer", "named in a DNS answer")                                                     \
    X(DNS_ADDRESS, "dns-address", "address in a DNS answer")                                                 \
    X(TLS_SNI, "tls-sni", "TLS server name")                                                                 \
    X(FLOW, "flow", "address of a connection")                                                               \
    X(LEARNED, "learned-address", "connection to an address that DNS gave for the name")

enum via {
#define X(id, name, words) VIA_##id,
    BRIDLE_VIAS(X)
#undef X
        VIAS
};

/* X(identifier, "key in events") */
#define BRIDLE_ATTRS(X)                                                                                      \
    X(RRNAME, "rrname") /* owner of the record that held the value */                                        \
    X(RRTYPE, "rrtype")                                                                                      \
    X(QUERY, "query") /* QNAME of the message's first question */                                            \
    X(RCODE, "rcode")                                                                                        \
    X(ALPN, "alpn") /* comma-separated */                                                                    \
    X(ECH, "ech")   /* the extension is there: "true" */

enum attr_key {
#define X(id, name) ATTR_##id,
    BRIDLE_ATTRS(X)
#undef X
        ATTRS
};

#define OBSERVATION_ATTRS_MAX 8

/* Longest name as text: 255 octets of wire form, each at most four characters (\DDD). */
#define NAME_TEXT_MAX 1020

struct attr {
    uint8_t key;       /* enum attr_key */
    struct span value; /* borrowed */
};

struct observation {
    uint8_t via;      /* enum via */
    bool is_addr;     /* the value is `addr`, else `name` */
    struct span name; /* borrowed: lower case, no trailing dot, odd octets as \DDD */
    struct addr addr;
    bool from_server; /* the sender of these bytes is the server (a DNS response), not the client */
    bool
        section_answer; /* DNS: a question or a record of the answer section (else authority or additional) */
    uint32_t ttl_s;     /* DNS_ADDRESS: of the record */
    uint8_t attrs;
    struct attr attr[OBSERVATION_ATTRS_MAX];
};

extern const char *const via_names[VIAS], *const via_words[VIAS], *const attr_names[ATTRS];

#endif
