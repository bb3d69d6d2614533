/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kinds of live capture share. Each has this in a struct of its own. */
#ifndef BRIDLE_PACKET_CAPTURE_LIVE_H
#define BRIDLE_PACKET_CAPTURE_LIVE_H

#include "packet/capture.h"

struct capture_live {
    const struct capture_kind *kind;
    void *self; /* the struct that this is in */
    int fd;     /* for poll(2) */
    uint32_t source, linktype;
    uint64_t number; /* of the last packet */
    struct capture_live_counts counts;
    capture_fn fn; /* of the running dispatch */
    void *ctx;
};

struct capture_kind {
    int (*open)(const struct capture_live_options *o, struct capture_live **ret, char *ret_why,
                size_t why_bytes);
    void (*close)(struct capture_live *c);
    int (*dispatch)(struct capture_live *c, short revents, int max);
    int (*count)(struct capture_live *c);  /* brings `counts` up to date; NULL: they are */
    void (*ahead)(struct capture_live *c); /* NULL: packets are handed over one by one */
};

extern const struct capture_kind capture_libpcap, capture_tzsp;

/* capture_ring.c: the ring of a packet socket, mapped once more. */
struct capture_ring;

/*
 * For the Ethernet socket `fd` (borrowed), whose ring somebody made of blocks of `block_bytes`, `bytes` or
 * less altogether, and of which nobody else takes packets. NULL: it is another kind of ring, or there is no
 * memory.
 */
struct capture_ring *capture_ring_new(int fd, uint32_t block_bytes, uint32_t bytes, uint32_t snaplen_bytes);
void capture_ring_free(struct capture_ring *r);
/* As capture_live_dispatch. */
int capture_ring_dispatch(struct capture_ring *r, struct capture_live *c, int max);
void capture_ring_ahead(struct capture_ring *r);

#endif
