/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments that came before the start of their stream. */
#include "flow/orphan.h"

#include "packet/plausible.h"

#define WAIT_NS 1000000000u

void orphans_keep(struct orphans *o, struct flow_key key, const struct packet *p, bool judge, uint64_t now_ns,
                  uint64_t *counters)
{
    struct orphan *slot = &o->orphan[o->next];

    if (p->payload_bytes == 0 || p->payload_bytes > sizeof slot->bytes)
        return;
    if (slot->used && slot->kept_ns + WAIT_NS > now_ns)
        counters[COUNT_STREAM_ORPHAN]++;
    o->next = (o->next + 1) % ORPHANS;
    slot->key = key;
    slot->kept_ns = now_ns;
    slot->seq = p->seq;
    slot->ttl = p->ttl;
    slot->judged = judge;
    slot->plausible = judge && packet_plausible(p);
    slot->len = p->payload_bytes;
    slot->used = true;
    memcpy(slot->bytes, p->payload, p->payload_bytes);
}

struct orphan *orphans_take(struct orphans *o, struct flow_key key, uint64_t now_ns)
{
    for (unsigned i = 0; i < ORPHANS; i++) {
        struct orphan *slot = &o->orphan[i];
        if (!slot->used || slot->key.hash != key.hash || slot->key.dir != key.dir)
            continue;
        slot->used = false;
        if (slot->kept_ns + WAIT_NS > now_ns)
            return slot;
    }
    return NULL;
}
