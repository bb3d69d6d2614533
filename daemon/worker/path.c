/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet path, step by step: what one packet brings about. */
#include "worker/assemble.h"

void worker_judge_copies(struct worker *w, uint32_t source)
{
    if (!w->copies_told && w->copies_judged * 5 > w->packets_judged) {
        w->copies_told = true;
        worker_notice(w, NOTICE_MIRROR_COPIES, source, w->copies_judged * 100 / w->packets_judged);
    }
    w->packets_judged = w->copies_judged = 0;
}

/* A mirror's second copy of a packet is marked, and said once when there are many. */
static uint16_t mirror_copy(struct worker *w, const struct packet *p, struct flow_key key)
{
    bool copy = copies_seen(&w->copies, &w->config.key, key, p);

    w->copies_judged += copy;
    w->counters[COUNT_DUPLICATES] += copy;
    if (++w->packets_judged == COPIES_JUDGED_AT)
        worker_judge_copies(w, p->source);
    return copy ? RECORD_COPY : 0;
}

static void link_unknown(struct worker *w, const struct packet *p)
{
    if (!w->link_told)
        worker_notice(w, NOTICE_LINK_UNKNOWN, p->source, p->linktype);
    w->link_told = true;
}

static bool has_flow(enum decode_result decoded)
{
    return decoded == DECODE_TCP || decoded == DECODE_UDP || decoded == DECODE_OTHER;
}

void worker_look(struct worker *w, struct packet *p, struct step *ret)
{
    w->counters[COUNT_PACKETS]++;
    w->counters[COUNT_BYTES] += p->wire_bytes;
    w->counters[COUNT_CUT] += p->captured_bytes < p->wire_bytes;
    ret->decoded = packet_decode(&w->decoder, p);
    if (!has_flow(ret->decoded))
        return;
    if (ret->decoded == DECODE_OTHER)
        p->src_port = p->dst_port = 0;
    ret->key = flow_key_of(&w->config.key, p);
    flow_cache_prefetch(&w->cache, ret->key);
    if (w->image != NULL) {
        match_addr_prefetch(w->image, &p->src);
        match_addr_prefetch(w->image, &p->dst);
    }
}

void worker_act(struct worker *w, const struct packet *p, const struct step *step)
{
    struct flow_key key = step->key;

    if (step->decoded == DECODE_UNKNOWN_LINK)
        link_unknown(w, p);
    if (!has_flow(step->decoded))
        return;
    uint16_t flags = mirror_copy(w, p, key);
    struct flow_entry *e = flow_cache_find(&w->cache, key);
    struct watch *watch = follow_of(w, e);
    if (watch != NULL)
        follow_packet(w, watch, p, key, flags);
    else if (addresses_look(w, p, key, flags))
        e = flow_cache_find(&w->cache, key);
    if (step->decoded == DECODE_TCP)
        worker_tcp(w, p, key, assemble_entry_of(w, e, key), flags);
    else if (step->decoded == DECODE_UDP && p->payload_bytes > 0)
        worker_udp(w, p, key, flags);
}

void worker_packet(struct worker *w, struct packet *p)
{
    struct step step;

    worker_look(w, p, &step);
    worker_act(w, p, &step);
}
