/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker tells main through its rings. The producer packs, the consumer unpacks from a private copy
 * and checks everything: the worker may be hostile. Both rings of a worker share one sequence, by which main
 * merges them.
 */
#ifndef BRIDLE_WORKER_RECORD_H
#define BRIDLE_WORKER_RECORD_H

#include "base/ring.h"
#include "intel/observation.h"
#include "packet/packet.h"

enum record_kind {
    RECORD_OBSERVATION, /* only with --observe or history */
    RECORD_SIGHTING, /* an observation that matched, or what became of the flow of an earlier one (update) */
    RECORD_LEARNED,  /* an address learned from a DNS answer: main passes it on to the other workers */
    RECORD_NOTICE,   /* something operational: `notice`, with a number or two */
    RECORD_KINDS
};

/* How far a client got with an indicator; a later one outranks an earlier one. */
#define BRIDLE_STAGES(X)                                                                                     \
    X(SCANNED, "scanned") /* the listed address opened a connection inward; nobody answered */               \
    X(QUERIED, "queried")                                                                                    \
    X(RESOLVED, "resolved")                                                                                  \
    X(ATTEMPTED, "attempted")                                                                                \
    X(CONNECTED, "connected")                                                                                \
    X(EXCHANGED, "exchanged") /* payload in both directions */

enum stage {
#define X(id, name) STAGE_##id,
    BRIDLE_STAGES(X)
#undef X
        STAGES
};

/* What DNS gave that leads nowhere; of several a later one is told. */
#define BRIDLE_BLOCKS(X)                                                                                     \
    X(NOT, "")                                                                                               \
    X(NODATA, "nodata")     /* no address, and nothing else either (RFC 2308 §2.2) */                       \
    X(REFUSED, "refused")   /* RCODE 5 */                                                                    \
    X(NXDOMAIN, "nxdomain") /* RCODE 3: blocked, or the name has lapsed */                                   \
    X(NOBODY, "blocked")    /* 0.0.0.0, ::, the asker itself: enum answer_kind */                            \
    X(PARKED, "parked")                                                                                      \
    X(SINKHOLE, "sinkhole")

enum blocked {
#define X(id, name) BLOCKED_##id,
    BRIDLE_BLOCKS(X)
#undef X
        BLOCKS
};

/* X(identifier, "name in engine events", "text for people; %llu are the two numbers") */
#define BRIDLE_NOTICES(X)                                                                                    \
    X(FILE_DONE, "file-done", "file %llu: read to its end, %llu packets")                                    \
    X(FILE_CUT, "file-cut", "file %llu ends within packet %llu: all whole packets before it were read")      \
    X(FILE_BAD, "file-bad", "file %llu is no capture file that can be read (after %llu packets)")            \
    X(FILE_ERROR, "file-error", "file %llu cannot be read: error %llu")                                      \
    X(LINK_UNKNOWN, "link-unknown", "file or interface %llu has a link type that is not decoded: %llu")      \
    X(MIRROR_COPIES, "mirror-copies",                                                                        \
      "file or interface %llu has packets twice: %llu per cent; they are counted once")                      \
    X(LEARNED_SUSPENDED, "learned-suspended",                                                                \
      "a learned address is used by many who never asked: suspended (%llu clients, indicator %llu)")         \
    X(CLIENTS_ONLY, "clients-only",                                                                          \
      "file or interface %llu shows only what clients send: %llu per cent of their connections are "         \
      "answered. Certificates, answers of DNS and whether a listed server answered cannot be seen: mirror "  \
      "both directions, received and transmitted")                                                           \
    X(SERVERS_ONLY, "servers-only",                                                                          \
      "file or interface %llu shows only what servers send: of %llu per cent of the connections the "        \
      "opening is seen. Server names and questions of DNS cannot be seen: mirror both directions, received " \
      "and transmitted")                                                                                     \
    X(ONE_CLIENT, "one-client",                                                                              \
      "file or interface %llu: one address opens %llu per cent of the connections. If a router translates "  \
      "addresses before this point, clients cannot be told apart: put the sensor on its inner side")         \
    X(DARK, "dark",                                                                                          \
      "file or interface %llu: %llu per cent of the new web connections within an hour showed no name, or "  \
      "only the outer one of Encrypted Client Hello. Browsers take its keys from DNS: let the resolver "     \
      "leave ech= out of HTTPS records, and have clients use that resolver")                                 \
    X(DNS_ENCRYPTED, "dns-encrypted",                                                                        \
      "file or interface %llu: %llu per cent of the clients' DNS within an hour was encrypted: what they "   \
      "ask cannot be seen here. Let the resolver answer NXDOMAIN for use-application-dns.net (then Firefox " \
      "leaves DNS over HTTPS off), turn it off in managed browsers, or watch at the resolver")               \
    X(DONE, "done", "all input was read (%llu files, %llu packets)")

enum notice {
#define X(id, name, text) NOTICE_##id,
    BRIDLE_NOTICES(X)
#undef X
        NOTICES
};

enum record_flag {
    RECORD_MIDSTREAM = 1,     /* stream: midstream (else start, or not a stream) */
    RECORD_GUESSED = 2,       /* opened: guessed; who is the client was not seen */
    RECORD_CONFLICT = 4,      /* overlapping or implausible segments: one of several readings */
    RECORD_COPY = 8,          /* a mirror's second copy: not counted */
    RECORD_UPDATE = 16,       /* progress of an earlier sighting: raises stage and bytes, is not counted */
    RECORD_VIA_RESOLVER = 32, /* learned: the name was asked for by a resolver on behalf of this client */
    RECORD_STREAM = 64,       /* came from a TCP stream: MIDSTREAM means something */
    RECORD_INBOUND = 128,     /* the listed end opened the connection */
    RECORD_OTHER_NAME = 256,  /* of a certificate: its client asked for another name */
    RECORD_FLAGS_ALL = 511,
};

#define RECORD_NO_IOC UINT32_MAX

struct record {
    uint64_t seq; /* order over both rings of a worker */
    uint64_t ts_ns;
    uint64_t packet;              /* frame number in its file, from 1 */
    uint64_t flow_id;             /* same in both directions of a flow */
    uint64_t bytes_out, bytes_in; /* sighting: payload client to server and back, so far */
    uint64_t number[2];           /* notice */
    struct addr client, server;   /* as observations define it: for DNS who asked, and whom */
    uint64_t tunnel_path;
    struct addr tunnel_src, tunnel_dst;
    struct addr value_addr; /* the value, if is_addr; of NOBODY, PARKED and SINKHOLE the address given */
    uint32_t ioc;           /* indicator id, or RECORD_NO_IOC */
    uint32_t generation;    /* of the image that `ioc` belongs to */
    uint32_t source;        /* file or interface */
    uint32_t ttl_s;         /* learned */
    uint8_t mapped;         /* the packets were of IPv6 although an address is v4-mapped */
    uint32_t tunnel_id;
    uint16_t client_port, server_port;
    uint16_t vlan[PACKET_VLANS_MAX];
    uint16_t flags;     /* enum record_flag */
    uint16_t value_len; /* of `value`, if not is_addr */
    uint8_t kind, via, match, stage, notice;
    uint8_t ip_proto, vlans, tunnel_depth, is_addr;
    uint8_t proto;   /* index in protos[] + 1; 0: none */
    uint8_t blocked; /* enum blocked: sighting of a name in DNS, told when its answer ended */
    uint8_t attrs;
    struct attr attr[OBSERVATION_ATTRS_MAX]; /* values point into the buffer that was unpacked */
    struct span value;                       /* the name, likewise */
};

/* Packs into `buf` of RING_RECORD_MAX bytes; returns the length. Attributes that do not fit are left out. */
uint32_t record_pack(const struct record *r, uint8_t *buf);
/* Unpacks and checks a record. 0, or -EBADMSG when a length, enum or flag is not what it may be. `ioc` is
 * checked by the caller against the image. Spans borrow `buf`. */
int record_unpack(const uint8_t *buf, uint32_t len, struct record *ret);

extern const char *const stage_names[STAGES], *const blocked_names[BLOCKS];
extern const char *const notice_names[NOTICES], *const notice_texts[NOTICES];

#endif
