/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet path, step by step: what one packet brings about. */
#include <netinet/in.h>

#include "worker/worker.h"

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

void worker_packet(struct worker *w, struct packet *p)
{
    w->counters[COUNT_PACKETS]++;
    w->counters[COUNT_BYTES] += p->wire_bytes;
    w->counters[COUNT_CUT] += p->captured_bytes < p->wire_bytes;
    enum decode_result decoded = packet_decode(&w->decoder, p);
    if (decoded == DECODE_UNKNOWN_LINK)
        link_unknown(w, p);
    if (decoded != DECODE_TCP && decoded != DECODE_UDP && decoded != DECODE_OTHER)
        return;

    if (decoded == DECODE_OTHER)
        p->src_port = p->dst_port = 0;
    struct flow_key key = flow_key_of(&w->config.key, p);
    uint16_t flags = mirror_copy(w, p, key);
    struct watch *watch = follow_find(w, key);
    if (watch != NULL)
        follow_packet(w, watch, p, key, flags);
    else
        addresses_look(w, p, key, flags);
    if (decoded == DECODE_TCP)
        worker_tcp(w, p, key, flags);
    else if (decoded == DECODE_UDP && p->payload_bytes > 0)
        worker_udp(w, p, key, flags);
}
