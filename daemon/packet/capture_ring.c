/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the ring of a packet socket (packet(7), TPACKET_V3) where it lies, many packets together. libpcap
 * hands out one packet after the other and gives a block back with its last one, so what a packet looks up
 * could not be on its way from memory while another is in hand. Here a block goes back when all of it was
 * looked at.
 */
#include "packet/capture_live.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE_BYTES    64u
#define TAG_BYTES     4u /* IEEE 802.1Q, clause 9.3 */
#define ADDRESS_BYTES (2u * ETH_ALEN)

struct capture_ring {
    uint8_t *blocks; /* owned: a mapping */
    uint32_t block_bytes, count, snaplen_bytes;
    uint32_t block;       /* that is in hand, or comes next */
    uint64_t sequence;    /* of that block, as the kernel counts them from 1 */
    uint8_t *next;        /* in the block in hand */
    uint32_t left;        /* packets of it from `next` on; 0: no block is in hand */
    const uint8_t *ahead; /* the last header that was called for */
    uint32_t ahead_left;  /* packets of its block from there on */
    struct packet batch[CAPTURE_LIVE_BATCH];
};

static struct tpacket_block_desc *block_at(const struct capture_ring *r, uint32_t i)
{
    void *at = r->blocks + (size_t)i * r->block_bytes;

    return at;
}

struct capture_ring *capture_ring_new(int fd, uint32_t block_bytes, uint32_t bytes, uint32_t snaplen_bytes)
{
    struct capture_ring *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->block_bytes = block_bytes;
    r->snaplen_bytes = snaplen_bytes;
    r->sequence = 1;
    /* The kernel maps the whole ring or nothing, and only the one who made it knows how large it became. */
    for (r->count = bytes / block_bytes + 1; r->count > 0; r->count--) {
        void *at = mmap(NULL, (size_t)r->count * block_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED)
            continue;
        r->blocks = at;
        if (block_at(r, 0)->version == TPACKET_V3)
            return r;
        break;
    }
    capture_ring_free(r);
    return NULL;
}

void capture_ring_free(struct capture_ring *r)
{
    if (r != NULL && r->blocks != NULL)
        munmap(r->blocks, (size_t)r->count * r->block_bytes);
    free(r);
}

/* A header, and the first bytes behind those of its packet: another processor wrote them, so they come from
 * afar. */
static inline void call_for(const uint8_t *at)
{
    for (unsigned line = 0; line < 4; line++)
        __builtin_prefetch(at + (size_t)line * LINE_BYTES);
}

static void give_back(struct capture_ring *r)
{
    __atomic_store_n(&block_at(r, r->block)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    r->block = r->block + 1 < r->count ? r->block + 1 : 0;
    r->sequence++;
}

/* Takes the next block that is ready: 1, or 0, or -EPROTO when it is not the one that must follow. */
static int take_block(struct capture_ring *r)
{
    for (;;) {
        struct tpacket_block_desc *b = block_at(r, r->block);
        if ((__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
            return 0;
        if (b->hdr.bh1.seq_num != r->sequence)
            return -EPROTO;
        r->left = b->hdr.bh1.num_pkts;
        r->next = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
        if (r->left > 0)
            return 1;
        give_back(r); /* older kernels hand over empty ones */
    }
}

/* Puts the VLAN tag back that the kernel took out. The ring has room for it before each packet. */
static uint8_t *put_tag(const struct tpacket3_hdr *h, uint8_t *at)
{
    uint16_t type = (h->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? h->hv1.tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tci = (uint16_t)h->hv1.tp_vlan_tci;
    const uint8_t tag[TAG_BYTES] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(tci >> 8), (uint8_t)tci};

    memmove(at - TAG_BYTES, at, ADDRESS_BYTES);
    memcpy(at - TAG_BYTES + ADDRESS_BYTES, tag, TAG_BYTES);
    return at - TAG_BYTES;
}

static inline bool has_tag(const struct tpacket3_hdr *h)
{
    return (h->hv1.tp_vlan_tci != 0 || (h->tp_status & TP_STATUS_VLAN_VALID) != 0) &&
           h->tp_snaplen >= ADDRESS_BYTES;
}

/* What the loopback interface sends it also receives. `header`: of a packet; who sent it stands behind. */
static inline bool sent_to_itself(const uint8_t *header)
{
    struct sockaddr_ll from;

    memcpy(&from, header + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)), sizeof from);
    return from.sll_pkttype == PACKET_OUTGOING && from.sll_hatype == ARPHRD_LOOPBACK;
}

/* The next packets of the block in hand; their number, 0 only when none of them is to be seen. */
static unsigned fill(struct capture_ring *r, struct capture_live *c)
{
    unsigned n = 0, left = r->left;
    uint8_t *at = r->next;

    for (; left > 0 && n < CAPTURE_LIVE_BATCH; left--) {
        struct packet *p = &r->batch[n];
        struct tpacket3_hdr h;
        call_for(at); /* nobody did for the first ones of a block */
        memcpy(&h, at, sizeof h);
        uint32_t tag_bytes = has_tag(&h) ? TAG_BYTES : 0;
        uint32_t captured = h.tp_snaplen + tag_bytes;
        p->at = tag_bytes > 0 ? put_tag(&h, at + h.tp_mac) : at + h.tp_mac;
        p->captured_bytes = captured < r->snaplen_bytes ? captured : r->snaplen_bytes;
        p->wire_bytes = h.tp_len + tag_bytes;
        p->ts_ns = h.tp_sec * UINT64_C(1000000000) + h.tp_nsec;
        p->source = c->source;
        p->linktype = c->linktype;
        if (!sent_to_itself(at)) {
            p->number = ++c->number;
            n++;
        }
        at += h.tp_next_offset;
    }
    r->next = at;
    r->ahead = at;
    r->ahead_left = left;
    r->left = left;
    return n;
}

void capture_ring_ahead(struct capture_ring *r)
{
    if (r->ahead_left <= 1)
        return;
    uint32_t next_offset;
    memcpy(&next_offset, r->ahead + offsetof(struct tpacket3_hdr, tp_next_offset), sizeof next_offset);
    r->ahead += next_offset;
    r->ahead_left--;
    call_for(r->ahead);
}

int capture_ring_dispatch(struct capture_ring *r, struct capture_live *c, int max)
{
    int got = 0;

    while (got < max) {
        int taken = r->left > 0 ? 1 : take_block(r);
        if (taken <= 0)
            return taken < 0 ? taken : got;
        unsigned n = fill(r, c);
        if (n > 0)
            c->fn(c->ctx, r->batch, n);
        got += (int)n;
        if (r->left == 0)
            give_back(r);
    }
    return got;
}
