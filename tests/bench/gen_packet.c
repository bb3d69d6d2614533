/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets with right lengths and checksums: RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 1071. */
#include "gen_packet.h"

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_FRAGMENT = 44 };

static void be16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static void be32(uint8_t *at, uint32_t v)
{
    be16(at, v >> 16);
    be16(at + 2, v);
}

/* Sum of 16-bit words in the machine's order (RFC 1071 §2 (B)): swapped only when it is stored. */
static uint64_t sum_words(uint64_t sum, const uint8_t *at, size_t len)
{
    for (; len >= 4; at += 4, len -= 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        sum += word;
    }
    uint8_t tail[4] = {0};
    memcpy(tail, at, len);
    uint32_t word;
    memcpy(&word, tail, 4);
    return sum + word;
}

static void store_sum(uint8_t *at, uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t word = (uint16_t)~sum;
    memcpy(at, &word, 2);
}

static uint8_t *grow(struct frame *f, size_t n)
{
    f->len += (uint32_t)n;
    memset(f->at + f->len - n, 0, n);
    return f->at + f->len - n;
}

static void ethernet(struct frame *f, const struct path *p, unsigned from)
{
    f->len = 0;
    uint8_t *at = grow(f, 14);
    at[0] = at[6] = 2;
    at[5] = from ? 1 : 2;
    at[11] = from ? 2 : 1;
    unsigned type = addr_is_v4(&p->addr[0]) ? 0x0800 : 0x86dd;
    if (p->vlan) {
        be16(at + 12, 0x8100);
        at = grow(f, 4) - 12;
        be16(at + 12, p->vlan);
        be16(at + 14, type);
    } else {
        be16(at + 12, type);
    }
}

/* Addresses, protocol and length as a checksum covers them. */
static uint64_t pseudo(const struct path *p, unsigned from, unsigned protocol, uint32_t len)
{
    bool v4 = addr_is_v4(&p->addr[0]);
    uint8_t tail[8] = {0};

    be32(tail, len);
    be32(tail + 4, protocol);
    uint64_t sum = sum_words(0, tail, 8);
    sum = sum_words(sum, p->addr[from].b + (v4 ? 12 : 0), v4 ? 4 : 16);
    return sum_words(sum, p->addr[!from].b + (v4 ? 12 : 0), v4 ? 4 : 16);
}

static void ip(struct frame *f, const struct path *p, unsigned from, unsigned protocol, uint32_t len,
               uint16_t id)
{
    ethernet(f, p, from);
    if (addr_is_v4(&p->addr[0])) {
        uint8_t *at = grow(f, 20);
        at[0] = 0x45;
        be16(at + 2, 20 + len);
        be16(at + 4, id);
        be16(at + 6, protocol == PROTOCOL_FRAGMENT ? 0 : 0x4000);
        at[8] = p->ttl[from];
        at[9] = (uint8_t)(protocol == PROTOCOL_FRAGMENT ? PROTOCOL_UDP : protocol);
        memcpy(at + 12, p->addr[from].b + 12, 4);
        memcpy(at + 16, p->addr[!from].b + 12, 4);
        store_sum(at + 10, sum_words(0, at, 20));
    } else {
        uint8_t *at = grow(f, 40);
        be32(at, 0x60000000u | ((p->port[0] * 40503u ^ p->port[1]) & 0xfffff)); /* RFC 6437 */
        be16(at + 4, len);
        at[6] = (uint8_t)protocol;
        at[7] = p->ttl[from];
        memcpy(at + 8, p->addr[from].b, 16);
        memcpy(at + 24, p->addr[!from].b, 16);
    }
}

static void pad(struct frame *f)
{
    if (f->len < 60)
        grow(f, 60 - f->len);
}

/* Options of a SYN: maximum segment size, SACK, timestamps, window scale; of others: timestamps. */
static unsigned tcp_options(uint8_t *at, const struct segment *s)
{
    uint8_t *stamp = at + 2;

    if (s->flags & SYN) {
        static const uint8_t syn[] = {2, 4, 0, 0, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
        memcpy(at, syn, sizeof syn);
        be16(at + 2, s->mss);
        stamp = at + 6;
    } else {
        at[0] = at[1] = 1;
        stamp[0] = 8;
        stamp[1] = 10;
    }
    be32(stamp + 2, s->time_ms);
    be32(stamp + 6, s->echo_ms);
    return s->flags & SYN ? 20 : 12;
}

void packet_tcp(struct frame *f, const struct path *p, const struct segment *s, uint16_t ip_id)
{
    unsigned options = s->flags & SYN ? 20 : 12;
    uint32_t len = 20 + options + (uint32_t)s->payload.len;

    ip(f, p, s->from, PROTOCOL_TCP, len, ip_id);
    uint8_t *at = grow(f, 20 + options);
    be16(at, p->port[s->from]);
    be16(at + 2, p->port[!s->from]);
    be32(at + 4, s->seq);
    be32(at + 8, s->flags & ACK ? s->ack : 0);
    at[12] = (uint8_t)((20 + options) / 4 << 4);
    at[13] = (uint8_t)s->flags;
    be16(at + 14, s->window);
    tcp_options(at + 20, s);
    if (s->payload.len > 0)
        memcpy(f->at + f->len, s->payload.at, s->payload.len);
    f->len += (uint32_t)s->payload.len;
    store_sum(at + 16, sum_words(pseudo(p, s->from, PROTOCOL_TCP, len), at, len));
    pad(f);
}

void packet_udp(struct frame *f, const struct path *p, unsigned from, struct span payload, uint16_t ip_id)
{
    uint32_t len = 8 + (uint32_t)payload.len;

    ip(f, p, from, PROTOCOL_UDP, len, ip_id);
    uint8_t *at = grow(f, 8);
    be16(at, p->port[from]);
    be16(at + 2, p->port[!from]);
    be16(at + 4, len);
    memcpy(f->at + f->len, payload.at, payload.len);
    f->len += (uint32_t)payload.len;
    store_sum(at + 6, sum_words(pseudo(p, from, PROTOCOL_UDP, len), at, len));
    if (at[6] == 0 && at[7] == 0)
        be16(at + 6, 0xffff);
    pad(f);
}

void packet_bare_syn(struct frame *f, const struct path *p, uint32_t seq, uint16_t ip_id)
{
    ip(f, p, 0, PROTOCOL_TCP, 24, ip_id);
    uint8_t *at = grow(f, 24);
    be16(at, p->port[0]);
    be16(at + 2, p->port[1]);
    be32(at + 4, seq);
    at[12] = 6 << 4;
    at[13] = SYN;
    be16(at + 14, 64240);
    be32(at + 20, 0x02040000u | (path_mss(p) + 12));
    store_sum(at + 16, sum_words(pseudo(p, 0, PROTOCOL_TCP, 24), at, 24));
    pad(f);
}

void packet_fragment(struct frame *f, const struct path *p, struct span payload, uint32_t offset, bool more,
                     uint32_t ip_id)
{
    bool v4 = addr_is_v4(&p->addr[0]);
    uint32_t len = (uint32_t)payload.len;

    ip(f, p, 0, PROTOCOL_FRAGMENT, v4 ? len : 8 + len, (uint16_t)ip_id);
    if (v4) {
        uint8_t *at = f->at + f->len - 20;
        be16(at + 6, offset / 8 | (more ? 0x2000 : 0));
        memset(at + 10, 0, 2);
        store_sum(at + 10, sum_words(0, at, 20));
    } else {
        uint8_t *at = grow(f, 8); /* RFC 8200 §4.5 */
        at[0] = PROTOCOL_UDP;
        be16(at + 2, offset | more);
        be32(at + 4, ip_id);
    }
    memcpy(f->at + f->len, payload.at, payload.len);
    f->len += len;
    pad(f);
}
