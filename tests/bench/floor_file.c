/* SPDX-License-Identifier: BSD-2-Clause */
/* Floors of reading: 64 bytes of each packet touched; and headers parsed and classified. */
#include "floor_file.h"

#define TOUCHED_BYTES 64u

static void touch(void *ctx, const struct floor_packet *p)
{
    struct floor_count *c = ctx;
    uint64_t word;

    for (uint32_t i = 0; i + sizeof word <= TOUCHED_BYTES && i + sizeof word <= p->captured_bytes;
         i += sizeof word) {
        memcpy(&word, p->at + i, sizeof word);
        c->check ^= word;
    }
    c->packets++;
    c->bytes += p->wire_bytes;
}

void floor_read(const char *path, struct floor_count *ret)
{
    floor_each(path, touch, ret);
}

enum kind {
    KIND_OTHER,
    KIND_TCP_BARE, /* no payload */
    KIND_TCP_DATA,
    KIND_TLS_HELLO,
    KIND_HTTP,
    KIND_DNS,
    KIND_QUIC_LONG,
    KIND_QUIC_SHORT,
    KIND_UDP,
    KINDS
};

/* What is left of a packet; `next` is the number that announces it: of a protocol over Ethernet, then over
 * IP. */
struct layer {
    const uint8_t *at;
    uint32_t bytes, next;
};

static inline uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline bool ethernet(struct layer *l)
{
    if (l->bytes < 14)
        return false;
    l->next = be16(l->at + 12);
    l->at += 14;
    l->bytes -= 14;
    for (unsigned tags = 0; (l->next == 0x8100 || l->next == 0x88a8) && tags < 2 && l->bytes >= 4; tags++) {
        l->next = be16(l->at + 2);
        l->at += 4;
        l->bytes -= 4;
    }
    return true;
}

static inline bool ipv4(struct layer *l)
{
    if (l->bytes < 20)
        return false;
    uint32_t header = (l->at[0] & 15u) * 4u, total = be16(l->at + 2);
    if (header < 20 || total < header || header > l->bytes || (be16(l->at + 6) & 0x1fff) != 0)
        return false;
    l->next = l->at[9];
    l->bytes = (total < l->bytes ? total : l->bytes) - header; /* without Ethernet's padding */
    l->at += header;
    return true;
}

static inline bool ipv6(struct layer *l)
{
    if (l->bytes < 40)
        return false;
    uint32_t payload = be16(l->at + 4);
    l->next = l->at[6];
    l->at += 40;
    l->bytes -= 40;
    if (payload < l->bytes)
        l->bytes = payload;
    return true;
}

static inline enum kind tcp(const struct layer *l, uint64_t *check)
{
    uint32_t header = l->bytes < 20 ? UINT32_MAX : (l->at[12] >> 4) * 4u;

    if (header > l->bytes)
        return KIND_OTHER;
    *check += be16(l->at) ^ be16(l->at + 2);
    if (header == l->bytes)
        return KIND_TCP_BARE;
    switch (l->at[header]) {
    case 22:
        return KIND_TLS_HELLO;
    case 'G':
    case 'P':
    case 'H':
        return KIND_HTTP;
    default:
        return KIND_TCP_DATA;
    }
}

static inline enum kind udp(const struct layer *l, uint64_t *check)
{
    if (l->bytes < 9)
        return KIND_OTHER;
    uint32_t src = be16(l->at), dst = be16(l->at + 2);
    *check += src ^ dst;
    if (src == 53 || dst == 53)
        return KIND_DNS;
    if (src == 443 || dst == 443)
        return l->at[8] & 0x80 ? KIND_QUIC_LONG : KIND_QUIC_SHORT;
    return KIND_UDP;
}

struct walk {
    struct floor_count *count;
    uint64_t kind[KINDS];
};

static void classify(void *ctx, const struct floor_packet *p)
{
    struct walk *w = ctx;
    struct layer l = {p->at, p->captured_bytes, 0};
    enum kind kind = KIND_OTHER;

    if (ethernet(&l) && ((l.next == 0x0800 && ipv4(&l)) || (l.next == 0x86dd && ipv6(&l))))
        kind = l.next == 6    ? tcp(&l, &w->count->check)
               : l.next == 17 ? udp(&l, &w->count->check)
                              : KIND_OTHER;
    w->kind[kind]++;
    w->count->packets++;
    w->count->bytes += p->wire_bytes;
}

void floor_walk(const char *path, struct floor_count *ret)
{
    struct walk w = {.count = ret};

    floor_each(path, classify, &w);
    for (unsigned i = 0; i < KINDS; i++)
        ret->check += w.kind[i] << (i * 8u);
}
