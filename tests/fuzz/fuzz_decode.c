/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes decode with reassembly, and holds what is read in one go against what the layers say. The input is a
 * row of packets: link type (index in a list), bytes that the capture cut off, length (16 bits), bytes.
 */
#include <stddef.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "flow/key.h"
#include "packet/defrag.h"
#include "packet/layers.h"

static bool same(const struct packet *a, const struct packet *b)
{
    return addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst) && a->mapped == b->mapped &&
           a->src_port == b->src_port && a->dst_port == b->dst_port && a->ip_proto == b->ip_proto &&
           a->ttl == b->ttl && a->ip_id == b->ip_id && a->reassembled == b->reassembled &&
           a->tcp_flags == b->tcp_flags && a->tcp_header_bytes == b->tcp_header_bytes &&
           a->l4_checksum == b->l4_checksum && a->seq == b->seq && a->ack == b->ack &&
           a->payload == b->payload && a->payload_bytes == b->payload_bytes &&
           a->payload_wire_bytes == b->payload_wire_bytes && memcmp(a->vlan, b->vlan, sizeof a->vlan) == 0 &&
           a->vlans == b->vlans && a->tunnel_depth == b->tunnel_depth && a->tunnel_path == b->tunnel_path &&
           a->tunnel_id == b->tunnel_id && a->tunnel_key == b->tunnel_key;
}

static bool same_flow(const struct plain *found, const struct packet *p)
{
    static const struct hash_key key = {{1, 2}};
    struct flow_ends ends = flow_ends_of(found, p->ip_proto);
    struct flow_key a = flow_key_between(&key, &ends), b = flow_key_of(&key, p);

    return a.hash == b.hash && a.dir == b.dir;
}

/* Whatever is read in one go, the layers must have found, too. */
static void check_plain(struct packet p)
{
    uint64_t counters[COUNTERS] = {0};
    struct decoder d = {.counters = counters};
    struct packet plain = p;

    memset(&plain.src, 0xa5, sizeof plain - offsetof(struct packet, src));
    struct plain found;
    enum decode_result r = plain_find(&plain, &found);
    if (r != DECODE_TCP && r != DECODE_UDP)
        return;
    plain_decode(&found, &plain);
    if (decode_layers(&d, &p) != r || !same(&plain, &p) || !same_flow(&found, &p))
        abort();
}

static void one_packet(struct decoder *d, struct packet *p, struct span bytes)
{
    /* In memory of its own size: reads past the captured bytes are found. */
    uint8_t *copy = malloc(bytes.len + 1);
    uint32_t sum = 0;

    if (copy == NULL)
        abort();
    memcpy(copy, bytes.at, bytes.len);
    p->at = copy;
    if (p->linktype == 1)
        check_plain(*p);
    enum decode_result r = packet_decode(d, p);
    bool transport = r == DECODE_TCP || r == DECODE_UDP;
    if (p->payload_bytes > p->payload_wire_bytes || (!transport && p->payload != NULL) ||
        p->vlans > PACKET_VLANS_MAX || p->tunnel_depth > PACKET_DEPTH_MAX ||
        (p->tunnel_path == 0) != (p->tunnel_depth == 0) || (p->tunnel_depth == 0 && p->tunnel_key != 0))
        abort();
    for (unsigned i = 0; i < p->tunnel_depth; i++)
        if ((p->tunnel_path >> i * 8 & 0xff) == TUNNEL_NONE ||
            (p->tunnel_path >> i * 8 & 0xff) >= TUNNEL_KINDS)
            abort();
    if (!p->reassembled && p->payload_bytes > 0 &&
        (p->payload < copy || p->payload + p->payload_bytes > copy + bytes.len))
        abort();
    for (uint32_t i = 0; i < p->payload_bytes; i++)
        sum += p->payload[i];
    p->seq += sum; /* the reads stay */
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t links[] = {1,   101, 12,  14,  228, 229, 0,   108, 113, 276, 147, 9,   50, 51,
                                     104, 204, 105, 119, 127, 163, 192, 107, 100, 123, 219, 10,  6,  7,
                                     129, 143, 239, 109, 117, 258, 274, 178, 179, 180, 181, 281, 285};
    uint64_t counters[COUNTERS] = {0};
    struct cur c = cur_datagram(data, size, size);
    struct decoder d = {.defrag = defrag_new(3, 4096, 1000, counters), .counters = counters};

    if (d.defrag == NULL)
        abort();
    for (uint64_t n = 1; cur_left(&c) >= 4; n++) {
        struct packet p = {.number = n, .ts_ns = n * 100};
        p.linktype = links[cur_u8(&c) % (sizeof links / sizeof *links)];
        uint32_t missing = cur_u8(&c);
        uint32_t len = cur_u16(&c);
        struct span bytes = cur_take(&c, len < cur_left(&c) ? len : cur_left(&c));
        p.captured_bytes = (uint32_t)bytes.len;
        p.wire_bytes = p.captured_bytes + missing;
        one_packet(&d, &p, bytes);
    }
    defrag_free(d.defrag);
    return 0;
}
