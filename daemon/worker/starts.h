/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which protocol first bytes are of. Nearly all segments begin with two bytes that no protocol begins with:
 * a table of all answers to them, asked once, says so without a call.
 */
#ifndef BRIDLE_WORKER_STARTS_H
#define BRIDLE_WORKER_STARTS_H

#include "packet/packet.h"
#include "proto/proto.h"
#include "worker/shm.h"

struct starts {
    /* By first byte, a bit for each protocol that may begin so: on any port, and on one of its own. */
    uint16_t tcp_any[256], tcp_named[256];
    uint64_t tcp_two[256][4];              /* by two bytes: whether any protocol may begin so on any port */
    uint64_t port[64];                     /* by their low 12 bits: ports that are a protocol's own */
    uint16_t udp_any[256], udp_named[256]; /* the same of datagrams */
};

_Static_assert(WORKER_PROTOS_MAX <= 16, "a bit for each protocol");

void starts_init(struct starts *s, const struct worker_config *config);
/* Ports of a segment or datagram. */
struct starts_ports {
    uint16_t src, dst;
};

static inline struct starts_ports starts_ports(const struct packet *p)
{
    return (struct starts_ports){p->src_port, p->dst_port};
}

/* Whether one of the ports is set for protocol `proto`. */
bool starts_named(const struct worker_config *config, unsigned proto, struct starts_ports ports);

/* Whether one of the ports is a protocol's own; rarely also when none is. */
static inline bool starts_has_port(const struct starts *s, struct starts_ports ports)
{
    uint64_t src = s->port[ports.src >> 6 & 63] >> (ports.src & 63);
    uint64_t dst = s->port[ports.dst >> 6 & 63] >> (ports.dst & 63);

    return ((src | dst) & 1) != 0;
}

/* The protocols that a stream may be of which begins with these two bytes, as bits; more than are so, never
 * less. `named`: as starts_has_port says. */
static inline unsigned starts_two(const struct starts *s, const uint8_t two[2], bool named)
{
    uint64_t any = s->tcp_two[two[0]][two[1] / 64] >> two[1] % 64 & 1;

    return (s->tcp_any[two[0]] & (0u - (unsigned)any)) | (s->tcp_named[two[0]] & (0u - (unsigned)named));
}

/* The same of a stream's first bytes, of which there is at least one. */
static inline unsigned starts_may(const struct starts *s, struct span first, const struct packet *p)
{
    bool named = starts_has_port(s, starts_ports(p));

    if (first.len > 1)
        return starts_two(s, first.at, named);
    return s->tcp_any[first.at[0]] | (named ? s->tcp_named[first.at[0]] : 0u);
}

/* Which protocol they are of among those that they `may` be of; the surest wins. */
enum proto_starts starts_which(unsigned may, struct span first, const struct worker_config *config,
                               struct starts_ports ports, unsigned *ret);
/* Both. */
static inline enum proto_starts starts_tcp(const struct starts *s, struct span first,
                                           const struct worker_config *config, const struct packet *p,
                                           unsigned *ret)
{
    unsigned may = starts_may(s, first, p);

    return may == 0 ? STARTS_NO : starts_which(may, first, config, starts_ports(p), ret);
}
/* The protocols that a datagram may be of by its first byte, as bits. `named`: as starts_has_port says. */
static inline unsigned starts_udp_one(const struct starts *s, uint8_t one, bool named)
{
    return s->udp_any[one] | (s->udp_named[one] & (0u - (unsigned)named));
}

/* The same of a datagram (not empty); `any`: as if it were on their ports. */
static inline unsigned starts_udp_may(const struct starts *s, const struct packet *p, bool any)
{
    return starts_udp_one(s, p->payload[0], any || starts_has_port(s, starts_ports(p)));
}

/* Whether it may be of protocol `proto`, one of those, by all that it begins with. */
bool starts_udp(const struct worker_config *config, unsigned proto, const struct packet *p, bool any);

#endif
