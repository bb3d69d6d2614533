/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An observation: a name, address or digest that was seen in traffic, how it was seen (`via`), and up to
 * eight attributes. Parsers make them; matching, history and outputs read them without knowing the protocol.
 */
#ifndef BRIDLE_INTEL_OBSERVATION_H
#define BRIDLE_INTEL_OBSERVATION_H

#include "base/addr.h"
#include "base/span.h"

/* X(identifier, "via as events print it", what its text is (an IOC_ type; DOMAIN: a host name),
 * "words for people") */
#define BRIDLE_VIAS(X)                                                                                       \
    X(DNS_QUERY, "dns-query", DOMAIN, "asked for in DNS")                                                    \
    X(DNS_ANSWER, "dns-answer", DOMAIN, "named in a DNS answer")                                             \
    X(DNS_ADDRESS, "dns-address", DOMAIN, "address in a DNS answer")                                         \
    X(TLS_SNI, "tls-sni", DOMAIN, "TLS server name")                                                         \
    X(QUIC_SNI, "quic-sni", DOMAIN, "QUIC server name")                                                      \
    X(DTLS_SNI, "dtls-sni", DOMAIN, "DTLS server name")                                                      \
    X(HTTP_HOST, "http-host", DOMAIN, "HTTP host")                                                           \
    X(HTTP_LOCATION, "http-location", DOMAIN, "target of an HTTP redirect")                                  \
    X(PROXY_TARGET, "proxy-target", DOMAIN, "asked for from a proxy")                                        \
    X(CERT_NAME, "tls-cert-name", DOMAIN, "name in a server's certificate")                                  \
    X(CERT, "tls-cert", CERT, "certificate of a server")                                                     \
    X(JA3, "tls-ja3", JA3, "JA3 fingerprint of a client")                                                    \
    X(JA4, "tls-ja4", JA4, "JA4 fingerprint of a client")                                                    \
    X(FLOW, "flow", DOMAIN, "address of a connection")                                                       \
    X(LEARNED, "learned-address", DOMAIN, "connection to an address that DNS gave for the name")

enum via {
#define X(id, name, type, words) VIA_##id,
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
    X(ECH, "ech")   /* the extension is there: "true" */                                                     \
    X(JA3, "ja3")                                                                                            \
    X(JA4, "ja4")                                                                                            \
    X(QUIC_VERSION, "quic_version")                                                                          \
    X(CERT_SHA256, "cert_sha256")                                                                            \
    X(CERT_SHA1, "cert_sha1")                                                                                \
    X(CERT_ROLE, "cert_role") /* "client": the sender's own; "chain": not the first of its message */        \
    X(URL, "url")             /* HTTP redirect: as it was given */

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
    struct span name; /* borrowed: lower case, no trailing dot, odd octets as \DDD; a digest: hexadecimal */
    struct addr addr;
    bool from_server; /* the sender of these bytes is the server (a DNS response), not the client */
    bool
        section_answer; /* DNS: a question or a record of the answer section (else authority or additional) */
    uint32_t ttl_s;     /* DNS_ADDRESS: of the record */
    uint8_t attrs;
    struct attr attr[OBSERVATION_ATTRS_MAX];
    /* Adds attributes that cost too much to compute for what nobody reads; NULL: there are none. */
    void (*costly)(struct observation *o, const void *of);
    const void *of; /* borrowed: what `costly` and `costly_name` work on */
    /* Sets `name`, which has not been made of `wire` yet. NULL: it is there. */
    void (*costly_name)(struct observation *o, const void *of);
    struct span wire;   /* borrowed; DNS: a usual name as proto/name.h has octets */
    uint64_t wire_hash; /* of these. 0: `name` is there */
};

/* Adds an attribute if there is room; an empty value says nothing and is left out. */
static inline void observation_add(struct observation *o, enum attr_key key, struct span value)
{
    if (value.len > 0 && o->attrs < OBSERVATION_ATTRS_MAX)
        o->attr[o->attrs++] = (struct attr){(uint8_t)key, value};
}

/* The value of an attribute; empty: it has none. */
static inline struct span observation_attr(const struct observation *o, enum attr_key key)
{
    for (unsigned i = 0; i < o->attrs; i++)
        if (o->attr[i].key == key)
            return o->attr[i].value;
    return span_of(NULL, 0);
}

/* Makes the name, once. The observation must still be being emitted. */
static inline void observation_name(struct observation *o)
{
    if (o->costly_name != NULL)
        o->costly_name(o, o->of);
    o->costly_name = NULL;
}

/* Adds all that costs, once. */
static inline void observation_complete(struct observation *o)
{
    observation_name(o);
    if (o->costly != NULL)
        o->costly(o, o->of);
    o->costly = NULL;
}

extern const char *const via_names[VIAS], *const via_words[VIAS], *const attr_names[ATTRS];
extern const uint8_t via_types[VIAS]; /* enum ioc_type of the text */

#endif
