/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a protocol is to the engine. A parser is a pure function of a stream prefix (TCP) or of a datagram
 * (UDP): it borrows, never allocates, keeps no state between calls, and emits observations in order of
 * appearance. With PARSE_MORE it has emitted nothing: an observation comes with all its attributes when its
 * message is whole, so the caller calls again from the start of the message when `need` bytes are there, and
 * whenever it gives a message up (limit, gap, end of the connection) once more with `last`, for what the
 * bytes that did come say. A protocol is one file and one name in proto/meson.build's list.
 */
#ifndef BRIDLE_PROTO_PROTO_H
#define BRIDLE_PROTO_PROTO_H

#include "base/counters.h"
#include "base/cursor.h"
#include "intel/observation.h"
#include "proto/crypto.h"
#include "proto/infos.h"
#include "proto/name.h"

enum parse_result {
    PARSE_DONE, /* nothing more to learn from this stream */
    PARSE_NEXT, /* one message ended at `consumed`: there the next one begins, of any protocol */
    PARSE_MORE, /* undecided until the stream is `need` bytes long */
    PARSE_CUT,  /* undecided for ever: the capture cut the bytes off */
    PARSE_NOT,  /* not this protocol, in spite of how it began */
    PARSE_BAD,  /* this protocol, malformed: what came before was emitted */
};

#define PARSE_JOIN_MAX (64u * 1024u) /* handshake bytes of one message joined from their records */

/* Work space of a parser; contents mean nothing between calls. One per worker. */
struct parse_scratch {
    char name[3][NAME_TEXT_MAX + 1];
    struct name_octets octets;
    char text[512];
    char digest[4][72];
    uint8_t join[PARSE_JOIN_MAX];
};

/* Who sent the bytes of a stream, where its opening was seen. */
enum parse_side { SIDE_UNKNOWN, SIDE_CLIENT, SIDE_SERVER };

/* QUIC: the destination connection ID from which a connection's Initial keys derive (RFC 9001 §5.2). */
struct parse_cid {
    uint8_t len;
    uint8_t id[20];
};

struct parse {
    /* in */
    struct span bytes; /* borrowed: the message from its first byte, as far as it is there */
    bool cut;          /* the bytes after these will never come (snapshot length) */
    bool last;         /* TCP: the caller gives the message up: say what there is, no PARSE_MORE */
    uint32_t whole;    /* UDP: length of the datagram on the wire */
    enum parse_side sender;
    bool fingerprints;             /* JA3 and JA4 are looked for: emit them as observations of their own */
    bool digests;                  /* the same for certificates */
    const struct parse_cid *cid;   /* borrowed; QUIC: that of the flow's first Initial, NULL: none before */
    struct parse_scratch *scratch; /* borrowed */
    struct crypto *crypto;         /* borrowed; NULL: do without digests and QUIC */
    uint64_t *counters;            /* borrowed: COUNTERS of them; NULL: do not count */
    /* Spans in `o` are valid during the call, which must not parse: the scratch space is in use. */
    void (*emit)(void *ctx, struct observation *o);
    /* Where a datagram holds pieces of a handshake (QUIC's CRYPTO frames, DTLS fragments): one of them, at
     * its offset in the handshake; valid during the call. The caller puts them together for `handshake`. */
    void (*piece)(void *ctx, uint32_t offset, struct span bytes);
    void *ctx;
    /* out */
    uint32_t need;     /* with PARSE_MORE: more than bytes.len */
    uint32_t consumed; /* with PARSE_NEXT: more than 0; beyond the bytes that are there: in what is to come */
    /* out: facts of the message that the engine uses */
    struct parse_facts {
        bool response;        /* DNS: QR; TLS: a server's message */
        uint16_t id;          /* DNS: transaction id */
        uint8_t rcode;        /* DNS */
        bool truncated;       /* DNS: TC, more was to say than there was room for */
        struct parse_cid cid; /* QUIC: the connection ID whose keys opened this datagram; for a server's
                                 long header packet its source connection ID */
        bool open;            /* HTTP: a body follows whose end is not known, and may hold anything */
        bool retry;           /* QUIC: a server's Retry (RFC 9000 §17.2.5) */
    } facts;
};

enum proto_starts {
    STARTS_NO,
    STARTS_MAYBE, /* agrees so far, too short to tell */
    STARTS_YES,
};

struct proto {
    bool repeats; /* TCP: a part of a message is told only when no more of it can come, for each of its
                     messages says something */
    /* Whether the first bytes of a TCP stream or of a datagram can be of this protocol; `named`: one of the
     * ports is set. */
    enum proto_starts (*tcp_starts)(struct span first, bool named);
    enum parse_result (*tcp)(struct parse *p);
    enum proto_starts (*udp_starts)(struct span first, bool named);
    enum parse_result (*udp)(struct parse *p);
    /* The handshake that `udp` hands out in pieces, from its first byte; like `tcp`. */
    enum parse_result (*handshake)(struct parse *p);
    /* QUIC: the connection ID to which a datagram is addressed; none: len 0. */
    void (*addressed)(struct span datagram, struct parse_cid *ret);
};

/* All protocols, generated by the build, `proto_count` of them. The index is the protocol's number. */
extern const struct proto *const protos[];

#endif
