/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows that matched: who is watched over, how far the flow got, and how many bytes went each way. Kept in a
 * fixed slab; the flow cache's entries of both directions point here, and what they would hold otherwise
 * lives inside.
 */
#ifndef BRIDLE_FLOW_WATCH_H
#define BRIDLE_FLOW_WATCH_H

#include "base/slab.h"
#include "flow/flow_cache.h"
#include "intel/observation.h"

#define WATCH_HITS_MAX 4

/* How far a flow got; worker/record.h maps it to a stage. */
enum watch_progress {
    WATCH_KNOCKED,   /* the listed end opened it, nobody answered */
    WATCH_ATTEMPTED, /* our end opened it */
    WATCH_CONNECTED,
    WATCH_EXCHANGED, /* payload in both directions */
};

/* One indicator that the flow matched. */
struct watch_hit {
    uint32_t ioc;
    uint8_t via, match, proto;
    uint8_t told;    /* progress + 1 of the last record; 0: none yet */
    bool pending;    /* a learned address: not told until the flow turns out to be nameless */
    bool raise_only; /* shared range: may raise an incident, never open one */
    uint16_t flags;  /* enum record_flag of its first record */
    bool is_addr;
    struct addr addr; /* the value, to match it again after a reload */
    uint16_t name_len;
    char name[NAME_TEXT_MAX];
};

struct watch_side {
    uint64_t bytes;
    uint32_t high; /* TCP: next sequence number after the highest byte seen */
    bool seen, payload;
};

struct watch {
    struct flow_key key;
    unsigned client_dir;                   /* key.dir of packets from the end that is watched over */
    bool listed_opened;                    /* the listed end sent the SYN, or the first datagram */
    bool opened;                           /* who opened it was seen */
    struct watch_side side[2];             /* by direction */
    uint64_t told_ns, last_ns, told_bytes; /* times by the worker's clock */
    struct flow_entry inner[2];
    struct packet origin; /* the latest packet; its bytes are gone */
    uint8_t progress;     /* enum watch_progress */
    uint8_t hits;
    struct watch_hit hit[WATCH_HITS_MAX];
};

struct watches {
    struct watch *slot; /* owned: mapped, touched only where used */
    struct slab slab;   /* which slots are in use */
};

/* 0 or -ENOMEM. */
int watches_init(struct watches *w, uint32_t count);
void watches_done(struct watches *w);
/* A new watch, or NULL when all are in use: the caller gives up watches_oldest() if it is idle. */
struct watch *watches_new(struct watches *w, struct flow_key key);
struct watch *watches_at(struct watches *w, uint32_t slot);
struct watch *watches_oldest(struct watches *w);
uint32_t watches_slot(const struct watches *w, const struct watch *watch);
void watches_free(struct watches *w, struct watch *watch);
void watches_touch(struct watches *w, struct watch *watch);

/* Says where the stream of a direction began, when that is known from its SYN or from its entry in the flow
 * cache. */
void watch_base(struct watch *watch, unsigned dir, uint32_t seq);
/* Counts a packet of the flow and works out the progress. A mirror's `copy` of a datagram is not counted.
 * True when the progress rose. */
bool watch_packet(struct watch *watch, unsigned dir, const struct packet *p, bool copy);

#endif
