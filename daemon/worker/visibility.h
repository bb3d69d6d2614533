/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The visibility meter: new flows counted by what named them, DNS in clear against DNS encrypted, for each
 * client and in total; and what the shape of the traffic says of the place where it is captured. It counts
 * and keeps nothing else. Encrypted DNS: RFC 7858 (DoT), RFC 8484 (DoH), RFC 9250 (DoQ).
 */
#ifndef BRIDLE_WORKER_VISIBILITY_H
#define BRIDLE_WORKER_VISIBILITY_H

#include <stdatomic.h>

#include "base/counters.h"
#include "base/hash.h"
#include "config.h"
#include "intel/image.h"
#include "packet/packet.h"

/* X(identifier, "key in events", "words for people"). COUNT_VISIBLE_ of the same name counts each. */
#define BRIDLE_SEEN(X)                                                                                       \
    X(SNI, "sni", "SNI")                                                                                     \
    X(QUIC, "quic", "QUIC")                                                                                  \
    X(HTTP, "http", "HTTP")                                                                                  \
    X(OTHER, "other", "other")                   /* DTLS, the target asked of a proxy */                     \
    X(DNS_ADDRESS, "dns_address", "DNS address") /* no name, but DNS gave this address lately */             \
    X(OUTER, "outer", "ECH outer only")          /* the name in an encrypted hello's clear part */           \
    X(NAMELESS, "nameless", "nameless")

/* What named a new flow. */
enum seen {
#define X(id, key, words) SEEN_##id,
    BRIDLE_SEEN(X)
#undef X
        SEEN_KINDS
};

#define VISIBILITY_CLIENTS  256u
#define VISIBILITY_WAYS     16u /* rows that one client's address may take */
#define VISIBILITY_ASKED    (BRIDLE_SMALL ? 256u : 1024u)
#define VISIBILITY_RESOLVED (BRIDLE_SMALL ? 2048u : 8192u)

/* What is known of one client. */
struct visibility_client {
    struct addr addr;
    uint64_t flows[SEEN_KINDS];
    uint64_t dns, encrypted_dns; /* minutes with queries in clear, with new flows to encrypted resolvers */
};

/* In the status page: written by the worker, read by main at any time. */
struct visibility_page {
    struct visibility_row {
        _Atomic uint32_t turn; /* odd while the row goes over to another client; 0: never used */
        uint32_t dns_min, encrypted_min;
        struct visibility_client client;
    } row[VISIBILITY_CLIENTS];
};

/* What the shape of the traffic says, as a number of enum notice and its percentage. */
struct visibility_notice {
    unsigned notice;
    uint64_t percent;
};

struct visibility {
    const struct hash_key *key;   /* borrowed */
    struct visibility_page *page; /* borrowed: in the shared status page */
    uint64_t *counters;           /* borrowed */
    struct resolved {
        uint32_t digest, time_s;
    } resolved[VISIBILITY_RESOLVED];
    /* Clients whose queries count already: digests of the client and the minute. There may be more of them
     * than rows, which would go from hand to hand with each query. */
    uint32_t asked[VISIBILITY_ASKED];
    /* Which clients have rows: what is looked through is short and stays in the nearest cache. */
    struct visibility_set {
        uint32_t digest[VISIBILITY_WAYS]; /* 0: the row was never used */
        uint16_t used;                    /* a bit for each row: since `next` went past it */
        uint8_t next;                     /* the row that gives way next, if it was not used */
    } set[VISIBILITY_CLIENTS / VISIBILITY_WAYS];
    struct { /* TCP; halved now and then, so that the present weighs more than the past */
        uint32_t syn, syn_ack, data, v4;
    } tcp;
    struct { /* the address that opens most connections over IPv4, if one does */
        struct addr addr;
        uint32_t count, votes;
    } opener;
    struct { /* within the last hour or less */
        uint64_t start_ns;
        uint32_t flows, dark, dns, encrypted_dns;
    } hour;
    uint32_t said; /* a bit for each notice that was given */
};

/* All that is borrowed must outlive `v`; there is nothing to free. */
void visibility_init(struct visibility *v, const struct hash_key *key, struct visibility_page *page,
                     uint64_t *counters);

/* A SYN or SYN-ACK, once for each connection (a new entry of the flow cache), not for copies of a mirror. */
void visibility_syn(struct visibility *v, const struct packet *p);

/* A new flow of which it has been decided what names it. Spans are borrowed for the call. */
struct visibility_flow {
    struct addr client, server;
    uint16_t server_port;
    uint8_t ip_proto;
    uint8_t seen;           /* enum seen; NAMELESS becomes DNS_ADDRESS here, if it is */
    struct span name;       /* that named it, the outer one too; empty: none */
    struct span alpn;       /* of the hello, comma-separated; empty: none, or not known */
    const struct image *im; /* borrowed: knows resolvers; NULL: none yet */
};

/*
 * Once for each new flow whose client's first message was parsed, or turned out to say nothing: every TCP
 * connection whose client sent data, every QUIC and DTLS handshake. Not for DNS in clear, not for flows
 * that are joined midstream without a name, not for copies of a mirror.
 */
void visibility_flow(struct visibility *v, const struct visibility_flow *f, uint64_t now_ns);

/* An address in an answer of DNS. */
void visibility_resolved(struct visibility *v, const struct addr *a, uint64_t now_ns);

/* A query of DNS in clear, over UDP or TCP. Multicast (mDNS, LLMNR) is left out here. */
void visibility_dns(struct visibility *v, const struct addr *client, const struct addr *server,
                    uint64_t now_ns);

/* What is to be said now, one at a time, each once; false: nothing more. Once a second and at the end. */
bool visibility_judge(struct visibility *v, uint64_t now_ns, struct visibility_notice *ret);

#endif
