/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler: the first bytes of a stream, put together by offset whatever the order of the pieces.
 * Streams live in a fixed slab with caps on their number, bytes, pieces and islands; the one that was used
 * least recently gives way. Where overlapping pieces disagree, which copy the receiver took is not ours to
 * guess: the caller keeps two readings and parses both. In the first, every piece counts and the first copy
 * stays. In the second, only the pieces that are most likely to have arrived count (those with the higher
 * TTL, which a receiver does not drop), and of these the last copy wins.
 */
#ifndef BRIDLE_FLOW_STREAM_H
#define BRIDLE_FLOW_STREAM_H

#include "base/slab.h"
#include "flow/flow_cache.h"

#define STREAM_ISLANDS_MAX                                                                                   \
    128 /* a datagram of QUIC can hold every second byte of a hello before the others */
#define STREAM_SEGMENTS_MAX 16384
#define STREAM_NAMES_MAX    4

struct stream_range {
    uint32_t from, to;
};

struct stream {
    uint8_t *bytes;      /* borrowed from the slab: offset 0 */
    struct flow_key key; /* of the direction that it carries */
    uint32_t base_seq;   /* TCP sequence number of offset 0 */
    uint32_t need;       /* the parser wants at least so many bytes before it looks again */
    uint64_t used_ns;    /* when the latest piece came, by the worker's clock */
    uint32_t other;      /* slot of the second reading, or FLOW_NONE */
    uint32_t first;      /* in a second reading: slot of the first, else FLOW_NONE */
    uint16_t segments;
    uint16_t told_segments; /* how many there were when they were told last */
    uint16_t parses;        /* of the message at offset 0 */
    uint8_t proto;          /* index in protos[], or STREAM_PROTO_UNKNOWN */
    bool last_wins;         /* a second reading: later copies overwrite */
    uint8_t ttl;            /* of the pieces in it, the highest */
    bool plausible;         /* the pieces in it are what a receiver takes */
    bool midstream, conflict, cut;
    bool handshake; /* pieces of datagrams; the offsets are the handshake's own */
    bool finished;  /* parsed to its end; the other reading is not */
    bool told;      /* what was there was reported although more may come */
    uint8_t ranges; /* range[0] begins at 0, even if empty */
    struct stream_range range[1 + STREAM_ISLANDS_MAX];
    uint32_t name[STREAM_NAMES_MAX]; /* hashes of names reported from either reading */
    uint8_t names;
    uint8_t cid_len, cid[20]; /* QUIC: destination connection ID of the first Initial packet */
    struct packet origin;     /* the latest packet of the stream; its bytes are gone */
};

#define STREAM_PROTO_UNKNOWN 0xff

struct streams {
    struct stream *slot; /* owned */
    uint8_t *memory;     /* owned: mapped, touched only where used */
    struct slab slab;    /* which slots are in use */
    uint32_t slot_bytes;
    uint64_t *counters; /* borrowed */
};

/* 0 or -ENOMEM. */
int streams_init(struct streams *s, uint32_t count, uint32_t bytes_max, uint64_t *counters);
void streams_done(struct streams *s);
/* A new stream; NULL when all are in use: then the caller gives up streams_oldest() and tries again. */
struct stream *streams_new(struct streams *s, struct flow_key key, uint32_t base_seq);
struct stream *streams_oldest(struct streams *s);
struct stream *streams_at(struct streams *s, uint32_t slot);
uint32_t streams_slot(const struct streams *s, const struct stream *stream);
void streams_free(struct streams *s, struct stream *stream);
/* Marks the stream as used most recently. */
void streams_touch(struct streams *s, struct stream *stream);
/* A second reading of the same stream: a copy in which later bytes win. NULL when none is free. */
struct stream *streams_fork(struct streams *s, struct stream *stream);
/* The second reading, or NULL. */
struct stream *streams_other(struct streams *s, const struct stream *stream);

/* How a piece compares with those that are there. */
enum stream_trust {
    STREAM_LESS, /* it was perhaps made to die on the way */
    STREAM_EQUAL,
    STREAM_MORE, /* those that are there were, perhaps */
};

enum stream_trust stream_trust(const struct stream *stream, uint8_t ttl, bool plausible);
/* Notes where a piece comes from. */
void stream_note_trust(struct stream *stream, uint8_t ttl, bool plausible);
/* Forgets what is there. */
void stream_empty(struct stream *stream);

/* Bytes that are there without a gap from offset 0. */
static inline uint32_t stream_have(const struct stream *stream)
{
    return stream->range[0].to;
}

/* Whether bytes that are there differ from these. */
bool stream_disagrees(const struct stream *stream, uint32_t offset, struct span bytes);
/* Puts a piece in its place. False when it was not, or not wholly, kept: too long, too many pieces or
 * islands. */
bool stream_insert(struct streams *s, struct stream *stream, uint32_t offset, struct span bytes);
/* Lets go of the first `n` bytes, whether they came or not: offset 0 moves there. */
void stream_consume(struct stream *stream, uint32_t n);

#endif
