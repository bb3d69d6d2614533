/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that a mirror port delivers twice. */
#include "flow/copies.h"

#include <string.h>

#define WINDOW_MS 20u

#define EDGE_BYTES 32u

/* Where the sender's hardware fills in checksums, and IPv6 has no identification, datagrams of one size
 * differ in nothing but their bytes. */
static uint64_t mix_bytes(const struct hash_key *key, uint64_t h, const uint8_t *at, size_t bytes)
{
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        h = hash_word(key, h, word);
    }
    return h;
}

bool copies_seen(struct copies *c, const struct hash_key *key, struct flow_key k, const struct packet *p)
{
    uint32_t now_ms = (uint32_t)(p->ts_ns / 1000000u);
    uint64_t h = hash_word(key, k.hash, (uint64_t)p->seq << 32 | p->ack);

    h = hash_word(key, h,
                  (uint64_t)p->ip_id << 48 | (uint64_t)p->l4_checksum << 32 | (uint64_t)k.dir << 24 |
                      p->payload_wire_bytes);
    if (p->payload_bytes > 0) {
        size_t edge = p->payload_bytes < EDGE_BYTES ? p->payload_bytes : EDGE_BYTES;
        h = mix_bytes(key, h, p->payload, edge);
        h = mix_bytes(key, h, p->payload + p->payload_bytes - edge, edge);
    }
    uint32_t digest = (uint32_t)(h >> 32), i = (uint32_t)h & (COPIES_SLOTS - 1);
    bool seen = c->slot[i].digest == digest && now_ms - c->slot[i].time_ms <= WINDOW_MS;
    c->slot[i].digest = digest;
    c->slot[i].time_ms = now_ms;
    return seen;
}
