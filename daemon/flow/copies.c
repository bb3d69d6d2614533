/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that a mirror port delivers twice. */
#include "flow/copies.h"

#include <netinet/in.h>
#include <string.h>

#define WINDOW_MS 20u

#define EDGE_BYTES 16u

/* Where the sender's hardware fills in checksums, and IPv6 has no identification, datagrams of one size
 * differ in nothing but their bytes. Segments have numbers. */
static uint64_t mix_edges(const struct hash_key *key, uint64_t h, const struct packet *p)
{
    uint64_t word[4];

    if (p->payload_bytes < EDGE_BYTES) {
        uint64_t few[2] = {0};
        memcpy(few, p->payload, p->payload_bytes);
        return hash_fold(h ^ few[0], few[1] ^ key->k[1]);
    }
    memcpy(word, p->payload, EDGE_BYTES);
    memcpy(word + 2, p->payload + p->payload_bytes - EDGE_BYTES, EDGE_BYTES);
    return hash_fold(h ^ word[0], word[1] ^ key->k[1]) ^ hash_fold(word[2] ^ key->k[0], word[3] ^ ~key->k[1]);
}

bool copies_seen(struct copies *c, const struct hash_key *key, struct flow_key k, const struct packet *p)
{
    uint32_t now_ms = (uint32_t)(p->ts_ns / 1000000u);
    uint64_t numbers = (uint64_t)p->seq << 32 | p->ack;
    uint32_t marks = (uint32_t)p->l4_checksum << 16 | p->ip_id;
    uint64_t rest = (uint64_t)marks << 32 | (uint64_t)k.dir << 24 | (p->payload_wire_bytes & 0xffffff);
    uint64_t h = hash_fold(k.hash ^ numbers, rest ^ key->k[0]);

    if (p->ip_proto != IPPROTO_TCP && p->payload_bytes > 0)
        h = mix_edges(key, h, p);
    h ^= h >> 32;
    uint32_t digest = (uint32_t)(h >> 32), i = (uint32_t)h & (COPIES_SLOTS - 1);
    bool seen = c->slot[i].digest == digest && now_ms - c->slot[i].time_ms <= WINDOW_MS;
    c->slot[i].digest = digest;
    c->slot[i].time_ms = now_ms;
    return seen;
}
