/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows of the traffic generator and their whole lives. A flow is small, since there may be a million at
 * once: what it says is made again from its seed for each packet.
 */
#ifndef BRIDLE_BENCH_GEN_FLOW_H
#define BRIDLE_BENCH_GEN_FLOW_H

#include <stdio.h>

#include "gen_bytes.h"
#include "gen_names.h"
#include "gen_packet.h"

struct quic;

#define FLOW_NONE  UINT32_MAX
#define POOL_BYTES (1u << 20)

/* X(identifier, step, port of the server): what a flow is. */
#define FLOW_KINDS(X)                                                                                        \
    X(DNS, flow_step_end, 53)                                                                                \
    X(TLS, flow_step_tcp, 443)                                                                               \
    X(HTTP, flow_step_tcp, 80)                                                                               \
    X(QUIC, flow_step_quic, 443)                                                                             \
    X(UDP, flow_step_udp, 0)                                                                                 \
    X(SYN, flow_step_syn, 0)                                                                                 \
    X(NAMES, flow_step_names, 0)                                                                             \
    X(DCID, flow_step_dcid, 0)                                                                               \
    X(FRAGMENTS, flow_step_fragments, 0)

enum flow_kind {
#define X(id, step, port) FLOW_##id,
    FLOW_KINDS(X)
#undef X
        FLOW_KIND_COUNT
};

/* X(identifier, name in the output, kind of flow): where a listed name is said. */
#define LISTED_VIAS(X)                                                                                       \
    X(DNS_QUERY, "dns-query", FLOW_DNS)                                                                      \
    X(DNS_ANSWER, "dns-answer", FLOW_DNS)                                                                    \
    X(TLS_WHOLE, "tls-sni", FLOW_TLS)                                                                        \
    X(TLS_SPLIT, "tls-sni-split", FLOW_TLS)                                                                  \
    X(HTTP_HOST, "http-host", FLOW_HTTP)                                                                     \
    X(QUIC_ONE, "quic-sni", FLOW_QUIC)                                                                       \
    X(QUIC_TWO, "quic-sni-two", FLOW_QUIC)

enum listed_via {
#define X(id, name, kind) VIA_##id,
    LISTED_VIAS(X)
#undef X
        VIA_COUNT,
    VIA_NONE = VIA_COUNT
};

struct flow {
    uint64_t seed;
    uint64_t due_ns; /* of its next packet */
    uint32_t next;   /* in the wheel */
    uint32_t number; /* of the name */
    uint32_t client;
    uint32_t seq[2];     /* of the client, of the server: next byte */
    uint32_t sent, left; /* bytes of what is being said */
    uint32_t pace_us;    /* pause between what is said */
    uint32_t rtt_us;     /* round trip */
    uint32_t gap_ns;     /* between segments */
    uint8_t kind, via;
    uint8_t dns_step, dns_asks; /* questions before anything else; steps: all are asked, then answered */
    uint8_t stage, turn, rounds, unacked, ack_every;
    bool v6, quantum, tls12, ack_due, resets, seen;
};

/* Shares of kinds among new flows, and what they look like. */
struct mix {
    const char *name;
    uint32_t packets; /* unless the command line says */
    uint32_t live;    /* flows at once */
    uint32_t tick_ns;
    uint8_t share[FLOW_KIND_COUNT]; /* sum: 100 */
    uint32_t vias;                  /* bits: where listed names are said */
    uint8_t v6_percent, vlan_percent;
    uint8_t midlife_percent; /* of the first flows, that began before the capture */
    uint8_t trouble_percent; /* see gen_sink.h */
    uint8_t ack_every[2];    /* segments: from, to */
    uint8_t asks_percent;    /* of connections that are preceded by DNS */
    uint8_t rounds;          /* most requests of a connection */
    uint32_t request[2], response[2];
    uint32_t pace_us[2], gap_us[2]; /* from, to: with density 1/x */
};

struct gen {
    const struct mix *mix;
    struct rng rng;
    struct sink sink;
    struct quic *quic; /* borrowed */
    uint8_t *pool;     /* owned: POOL_BYTES at random */
    struct bytes said; /* scratch */
    struct frame frame;
    FILE *truth; /* borrowed, or NULL: a line for each listed pair */
    uint64_t now_ns;
    uint64_t listed[VIA_COUNT]; /* how many */
    uint64_t incidents;
    uint64_t flows; /* that sent a packet */
};

extern const uint16_t flow_ports[FLOW_KIND_COUNT];

/* A new flow that begins now; `via` as listed, VIA_NONE: benign, of a kind that the mix draws. */
void flow_begin(struct gen *g, struct flow *f, enum listed_via via);
/* Sends its next packet and sets when the one after it is due; false: that was the last. */
bool flow_step(struct gen *g, struct flow *f);

/* For the steps of single kinds. */

struct path flow_path(const struct gen *g, const struct flow *f);
/* A number for each purpose of the flow. */
static inline uint64_t flow_of(const struct flow *f, uint64_t tag)
{
    return rng_of(f->seed, tag);
}
/* The name that it says: one of an indicator often stands behind a further label. */
struct name flow_name(const struct flow *f);
/* About this long after now. */
void flow_after(struct gen *g, struct flow *f, uint64_t ns);
void flow_send(struct gen *g, struct flow *f);
bool flow_step_dns(struct gen *g, struct flow *f);
bool flow_step_end(struct gen *g, struct flow *f);
bool flow_step_tcp(struct gen *g, struct flow *f);
bool flow_step_udp(struct gen *g, struct flow *f);
bool flow_step_quic(struct gen *g, struct flow *f);
bool flow_step_syn(struct gen *g, struct flow *f);
bool flow_step_names(struct gen *g, struct flow *f);
bool flow_step_dcid(struct gen *g, struct flow *f);
bool flow_step_fragments(struct gen *g, struct flow *f);
/* Puts a flow into the middle of its life, if it has one. */
void flow_midlife(struct gen *g, struct flow *f);
void flow_midlife_tcp(struct gen *g, struct flow *f);
void flow_midlife_quic(struct gen *g, struct flow *f);

extern const struct mix mixes[];
extern const unsigned mix_count;

#endif
