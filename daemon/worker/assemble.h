/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the worker remembers of a direction of a flow: its entry in the flow cache and, while a message is
 * split, the stream that puts it together. TCP segments and pieces of QUIC and DTLS handshakes come in by the
 * same door: bytes and their place.
 */
#ifndef BRIDLE_WORKER_ASSEMBLE_H
#define BRIDLE_WORKER_ASSEMBLE_H

#include "worker/worker.h"

/* Names told are remembered by this much of their hash; below it is the length of their message: in octets,
 * so that what follows a short one is not taken for a part of it, or with the highest bit in units. */
#define NAME_HASH_MASK       0xfffff000u
#define NAME_HASH_TOP        0x80000000u /* always set: no slot of a stream has such a number */
#define NAME_LENGTH_MASK     0x7ffu
#define NAME_LENGTH_LONG     0x800u
#define NAME_LENGTH_UNIT_LOG 5u

/* Bytes of a stream and their place. */
struct segment {
    struct span bytes;
    uint32_t seq;
    unsigned may; /* the protocols that a message which begins here may be of, as bits */
    bool cut;     /* the capture did not keep all of it */
    /* For assemble_hold: of a message that begins here and was parsed already, of which protocol it is, and
     * how much of it is to be there before it is parsed again; 0: none was. */
    unsigned proto;
    uint32_t need;
};

/* The entry of this direction, inside its watch if the flow is followed, or NULL. */
struct flow_entry *assemble_entry(struct worker *w, struct flow_key key);
/* The same, where the flow cache's own entry (NULL: none) was found already. */
struct flow_entry *assemble_entry_of(struct worker *w, struct flow_entry *e, struct flow_key key);
/* The entry of this direction, made if there is none. NULL: the cache has no room for it. What gave way is
 * told first. */
struct flow_entry *assemble_entry_make(struct worker *w, struct flow_key key, enum flow_class class);
/* The same, where there is none. */
struct flow_entry *assemble_entry_add(struct worker *w, struct flow_key key, enum flow_class class);
/* Nothing more is expected of this direction: where its message was and how long, and the hash of the name
 * that was told, or 0. */
void assemble_entry_done(struct flow_entry *e, uint32_t seq, uint32_t bytes, uint32_t name);
/* The hash of the name told in this direction, or 0. */
uint32_t assemble_entry_name(const struct flow_entry *e);
/* Whether bytes at `seq` are a copy of, or another version of, bytes of a message that was read. */
static inline bool assemble_entry_repeats(const struct flow_entry *e, uint32_t seq)
{
    unsigned unit_log = (e->value & NAME_LENGTH_LONG) != 0 ? NAME_LENGTH_UNIT_LOG : 0;

    return e->class == FLOW_DONE && seq - e->seq < (e->value & NAME_LENGTH_MASK) << unit_log;
}

/* The stream that holds bytes of this direction, or NULL. */
struct stream *assemble_stream(struct worker *w, const struct flow_entry *e);
/* Makes sure that the next stream finds room without parsing another one. */
void assemble_reserve(struct worker *w);
/* A new stream for this direction, whose first byte is at `base`. NULL when the cache refuses the flow. */
struct stream *assemble_open(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base);
/* Puts a segment into its place; nothing is parsed. */
void assemble_insert(struct worker *w, struct stream *s, const struct packet *p, const struct segment *g);
/* Parses what has grown enough, and closes the stream when nothing more is to come of it. */
void assemble_advance(struct worker *w, struct stream *s);
/* Both, and those segments that came before the stream was opened. */
void assemble_hold(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base,
                   const struct segment *g);
/* Tells what is there of a message, and goes on waiting for the rest. */
void assemble_tell(struct worker *w, struct stream *s);
/* No more bytes will come, or there is no room to wait for them: what is there is told. */
void assemble_give_up(struct worker *w, struct stream *s);

#endif
