/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows that matched. */
#include "flow/watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/mman.h>

/* A sequence number further ahead than any window (RFC 7323 §2.3) is not this stream's: it must not inflate
 * the count. */
#define WINDOW_MAX (1u << 30)

int watches_init(struct watches *w, uint32_t count)
{
    memset(w, 0, sizeof *w);
    w->slot = mmap(NULL, count * sizeof *w->slot, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (w->slot == MAP_FAILED)
        w->slot = NULL;
    if (slab_init(&w->slab, count) < 0 || w->slot == NULL) {
        watches_done(w);
        return -ENOMEM;
    }
    return 0;
}

void watches_done(struct watches *w)
{
    if (w->slot != NULL)
        munmap(w->slot, w->slab.count * sizeof *w->slot);
    slab_done(&w->slab);
    w->slot = NULL;
}

struct watch *watches_new(struct watches *w, struct flow_key key)
{
    uint32_t i = slab_take(&w->slab);
    if (i == SLAB_NONE)
        return NULL;
    struct watch *watch = &w->slot[i];

    memset(watch, 0, offsetof(struct watch, hit));
    watch->key = key;
    return watch;
}

struct watch *watches_at(struct watches *w, uint32_t slot)
{
    return slab_used(&w->slab, slot) ? &w->slot[slot] : NULL;
}

struct watch *watches_oldest(struct watches *w)
{
    return watches_at(w, w->slab.oldest);
}

uint32_t watches_slot(const struct watches *w, const struct watch *watch)
{
    return (uint32_t)(watch - w->slot);
}

void watches_free(struct watches *w, struct watch *watch)
{
    slab_give(&w->slab, watches_slot(w, watch));
}

void watches_touch(struct watches *w, struct watch *watch)
{
    slab_touch(&w->slab, watches_slot(w, watch));
}

void watch_base(struct watch *watch, unsigned dir, uint32_t seq)
{
    struct watch_side *side = &watch->side[dir];

    if (!side->seen) {
        side->seen = true;
        side->high = seq;
    }
}

static void count_tcp(struct watch_side *side, const struct packet *p)
{
    uint32_t begin = p->seq + ((p->tcp_flags & TCP_SYN) != 0);
    uint32_t end = begin + p->payload_wire_bytes;

    if (!side->seen) {
        side->seen = true;
        side->high = begin;
    }
    uint32_t ahead = end - side->high;
    if (ahead != 0 && ahead < WINDOW_MAX) {
        side->bytes += ahead;
        side->high = end;
    }
    if ((p->tcp_flags & TCP_FIN) != 0 && side->high == end)
        side->high++; /* it takes a sequence number and is no byte */
}

static enum watch_progress progress_of(const struct watch *watch, unsigned dir, const struct packet *p)
{
    bool both = watch->side[0].payload && watch->side[1].payload;

    if (both)
        return WATCH_EXCHANGED;
    if (p->ip_proto != IPPROTO_TCP)
        return watch->listed_opened ? WATCH_KNOCKED : WATCH_ATTEMPTED;
    bool from_opener = watch->listed_opened == (dir != watch->client_dir);
    bool opening = (p->tcp_flags & TCP_SYN) != 0 && (p->tcp_flags & TCP_ACK) == 0;
    bool refused = (p->tcp_flags & TCP_RST) != 0;
    /* Anything but a SYN, or a RST, needs a handshake before it; a bare ACK of the opener proves one only
     * with its payload, because a scan may send it first. */
    if (!opening && !refused && (!from_opener || p->payload_wire_bytes > 0))
        return WATCH_CONNECTED;
    return watch->listed_opened ? WATCH_KNOCKED : WATCH_ATTEMPTED;
}

bool watch_packet(struct watch *watch, unsigned dir, const struct packet *p, bool copy)
{
    struct watch_side *side = &watch->side[dir];

    if (p->ip_proto == IPPROTO_TCP)
        count_tcp(side, p);
    else if (!copy)
        side->bytes += p->payload_wire_bytes;
    side->seen = true;
    side->payload |= p->payload_wire_bytes > 0;
    enum watch_progress now = progress_of(watch, dir, p);
    if (now <= watch->progress)
        return false;
    watch->progress = (uint8_t)now;
    return true;
}
