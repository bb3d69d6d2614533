/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop over layers, and the tables that say which number leads to which layer. */
#include "packet/layers.h"

/* Headers of one packet: beyond that it is made to waste time. Tunnels have their own, lower limit. */
#define HEADERS_MAX 32

typedef enum layer layer_fn(struct decoding *s);

static layer_fn *const functions[LAYERS] = {
#define X(id, function) [LAYER_##id] = function,
    BRIDLE_LAYERS(X)
#undef X
};

struct row {
    uint32_t number;
    enum layer layer;
};

/* LINKTYPE_ values (https://www.tcpdump.org/linktypes.html). */
static const struct row links[] = {
    {1, LAYER_ETHERNET},   /* EN10MB */
    {113, LAYER_SLL},      /* LINUX_SLL */
    {276, LAYER_SLL2},     /* LINUX_SLL2 */
    {101, LAYER_RAW},      /* RAW */
    {228, LAYER_IPV4},     /* IPV4 */
    {229, LAYER_IPV6},     /* IPV6 */
    {0, LAYER_LOOPBACK},   /* NULL */
    {108, LAYER_LOOPBACK}, /* LOOP */
    {12, LAYER_RAW},       /* DLT_RAW, as some programs write it */
    {14, LAYER_RAW},       /* DLT_RAW of OpenBSD */
};

/* https://www.iana.org/assignments/ieee-802-numbers */
static const struct row ethertypes[] = {
    {0x0800, LAYER_IPV4}, {0x86dd, LAYER_IPV6}, {0x8100, LAYER_VLAN},
    {0x88a8, LAYER_VLAN}, {0x9100, LAYER_VLAN}, {0x9200, LAYER_VLAN},
};

/* https://www.iana.org/assignments/protocol-numbers */
static const uint8_t protocols[256] = {
    [6] = LAYER_TCP,
    [17] = LAYER_UDP,
    [4] = LAYER_IP_IN_IP,
    [41] = LAYER_IP_IN_IP,
};

static enum layer find_row(const struct row *rows, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].number == number)
            return rows[i].layer;
    return LAYER_DONE;
}

enum layer layer_of_link(struct decoding *s, uint32_t linktype)
{
    s->result = DECODE_UNKNOWN_LINK;
    return find_row(links, sizeof links / sizeof *links, linktype);
}

enum layer layer_of_ethertype(struct decoding *s, uint16_t type)
{
    s->result = DECODE_NOT_IP;
    return find_row(ethertypes, sizeof ethertypes / sizeof *ethertypes, type);
}

enum layer layer_of_ip(struct decoding *s, uint8_t protocol)
{
    s->result = DECODE_OTHER;
    return (enum layer)protocols[protocol];
}

/* Fragments are counted where they are found: one that completes its datagram counts as its result too. */
static void count(uint64_t *counters, enum decode_result r)
{
    static const uint8_t of[] = {
        [DECODE_TCP] = COUNT_DECODE_TCP,     [DECODE_UDP] = COUNT_DECODE_UDP,
        [DECODE_OTHER] = COUNT_DECODE_OTHER, [DECODE_NOT_IP] = COUNT_DECODE_NOT_IP,
        [DECODE_SHORT] = COUNT_DECODE_SHORT, [DECODE_UNKNOWN_LINK] = COUNT_DECODE_UNKNOWN_LINK,
        [DECODE_BAD] = COUNT_DECODE_BAD,     [DECODE_TOO_DEEP] = COUNT_DECODE_DEPTH,
    };
    if (r != DECODE_FRAGMENT)
        counters[of[r]]++;
}

/* What an earlier packet left. Field by field: clearing it as a block took as long as decoding a header. */
static inline void forget(struct packet *p)
{
    static const struct addr none;

    p->src = p->dst = p->tunnel_src = p->tunnel_dst = none;
    p->src_port = p->dst_port = p->ip_id = p->l4_checksum = 0;
    p->ip_proto = p->ttl = p->tcp_flags = p->vlans = p->tunnel = p->tunnel_depth = 0;
    p->reassembled = false;
    p->seq = p->ack = 0;
    p->payload = NULL;
    p->payload_bytes = p->payload_wire_bytes = 0;
    memset(p->vlan, 0, sizeof p->vlan);
}

enum decode_result packet_decode(struct decoder *d, struct packet *p)
{
    struct decoding s = {.cur = cur_datagram(p->at, p->captured_bytes, p->wire_bytes),
                         .p = p,
                         .defrag = d->defrag,
                         .counters = d->counters};

    forget(p);
    enum layer next = layer_of_link(&s, p->linktype);
    for (unsigned headers = 0; next != LAYER_DONE; headers++)
        next = headers < HEADERS_MAX ? functions[next](&s) : layer_done(&s, DECODE_TOO_DEEP);
    count(d->counters, s.result);
    return s.result;
}
