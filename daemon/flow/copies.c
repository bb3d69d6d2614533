/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that a mirror port delivers twice. */
#include "flow/copies.h"

#define WINDOW_MS 20u

bool copies_seen(struct copies *c, const struct hash_key *key, struct flow_key k, const struct packet *p)
{
    uint32_t now_ms = (uint32_t)(p->ts_ns / 1000000u);
    uint64_t h = hash_word(key, k.hash, (uint64_t)p->seq << 32 | p->ack);

    h = hash_word(key, h,
                  (uint64_t)p->ip_id << 48 | (uint64_t)p->l4_checksum << 32 | (uint64_t)k.dir << 24 |
                      p->payload_wire_bytes);
    uint32_t digest = (uint32_t)(h >> 32), i = (uint32_t)h & (COPIES_SLOTS - 1);
    bool seen = c->slot[i].digest == digest && now_ms - c->slot[i].time_ms <= WINDOW_MS;
    c->slot[i].digest = digest;
    c->slot[i].time_ms = now_ms;
    return seen;
}
