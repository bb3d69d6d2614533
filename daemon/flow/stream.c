/* SPDX-License-Identifier: BSD-2-Clause */
/* The assembler's slab and its insertion by offset. */
#include "flow/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A slot that grew beyond this gives its pages back when it is freed. */
/* Routes change within a flow, by a hop or two. */
#define TTL_SLACK  3
#define KEEP_BYTES 16384u

int streams_init(struct streams *s, uint32_t count, uint32_t bytes_max, uint64_t *counters)
{
    memset(s, 0, sizeof *s);
    s->slot_bytes = (bytes_max + 2 + 4095) & ~4095u;
    s->counters = counters;
    s->slot = calloc(count, sizeof *s->slot);
    s->memory = mmap(NULL, (size_t)count * s->slot_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->memory == MAP_FAILED)
        s->memory = NULL;
    if (slab_init(&s->slab, count) < 0 || s->slot == NULL || s->memory == NULL) {
        streams_done(s);
        return -ENOMEM;
    }
    return 0;
}

void streams_done(struct streams *s)
{
    if (s->memory != NULL)
        munmap(s->memory, (size_t)s->slab.count * s->slot_bytes);
    free(s->slot);
    slab_done(&s->slab);
    s->slot = NULL;
    s->memory = NULL;
}

struct stream *streams_at(struct streams *s, uint32_t slot)
{
    return slab_used(&s->slab, slot) ? &s->slot[slot] : NULL;
}

uint32_t streams_slot(const struct streams *s, const struct stream *stream)
{
    return (uint32_t)(stream - s->slot);
}

struct stream *streams_oldest(struct streams *s)
{
    return streams_at(s, s->slab.oldest);
}

void streams_touch(struct streams *s, struct stream *stream)
{
    slab_touch(&s->slab, streams_slot(s, stream));
}

struct stream *streams_new(struct streams *s, struct flow_key key, uint32_t base_seq)
{
    uint32_t i = slab_take(&s->slab);
    if (i == SLAB_NONE)
        return NULL;
    struct stream *stream = &s->slot[i];

    memset(stream, 0, offsetof(struct stream, origin));
    stream->bytes = s->memory + (size_t)i * s->slot_bytes;
    stream->key = key;
    stream->base_seq = base_seq;
    stream->other = stream->first = FLOW_NONE;
    stream->proto = STREAM_PROTO_UNKNOWN;
    stream->ranges = 1;
    s->counters[COUNT_STREAMS]++;
    return stream;
}

void streams_free(struct streams *s, struct stream *stream)
{
    uint32_t reached = stream->range[stream->ranges - 1].to;

    if (reached > KEEP_BYTES)
        madvise(stream->bytes, s->slot_bytes, MADV_DONTNEED);
    slab_give(&s->slab, streams_slot(s, stream));
}

struct stream *streams_fork(struct streams *s, struct stream *stream)
{
    struct stream *copy = streams_new(s, stream->key, stream->base_seq);
    if (copy == NULL)
        return NULL;
    memcpy(copy->range, stream->range, sizeof copy->range);
    copy->ranges = stream->ranges;
    copy->segments = stream->segments;
    copy->proto =
        stream->handshake ? stream->proto : STREAM_PROTO_UNKNOWN; /* its first bytes may be others */
    copy->midstream = stream->midstream;
    copy->cut = stream->cut;
    copy->conflict = copy->last_wins = true;
    copy->origin = stream->origin;
    copy->used_ns = stream->used_ns;
    copy->ttl = stream->ttl;
    copy->plausible = stream->plausible;
    copy->handshake = stream->handshake;
    for (unsigned i = 0; i < stream->ranges; i++)
        memcpy(copy->bytes + stream->range[i].from, stream->bytes + stream->range[i].from,
               stream->range[i].to - stream->range[i].from);
    copy->first = streams_slot(s, stream);
    stream->other = streams_slot(s, copy);
    return copy;
}

struct stream *streams_other(struct streams *s, const struct stream *stream)
{
    return stream->other == FLOW_NONE ? NULL : streams_at(s, stream->other);
}

bool stream_disagrees(const struct stream *stream, uint32_t offset, struct span bytes)
{
    uint64_t to = (uint64_t)offset + bytes.len;

    for (unsigned i = 0; i < stream->ranges; i++) {
        struct stream_range r = stream->range[i];
        uint32_t from = r.from > offset ? r.from : offset;
        uint32_t stop = r.to < to ? r.to : (uint32_t)to;
        if (from < stop && memcmp(stream->bytes + from, bytes.at + (from - offset), stop - from) != 0)
            return true;
    }
    return false;
}

/* Writes `bytes` at `from`: all of them where the last copy wins, else only where nothing is yet. */
static void write_over(struct stream *stream, uint32_t from, struct span bytes)
{
    uint32_t to = from + (uint32_t)bytes.len, at = from;

    for (unsigned i = 0; i < stream->ranges && at < to && !stream->last_wins; i++) {
        struct stream_range r = stream->range[i];
        if (r.from > at) {
            uint32_t stop = r.from < to ? r.from : to;
            memcpy(stream->bytes + at, bytes.at + (at - from), stop - at);
        }
        at = r.to > at ? r.to : at;
    }
    if (at < to)
        memcpy(stream->bytes + at, bytes.at + (at - from), to - at);
}

/* The ranges with [from, to) added, joined where they touch; returns how many, 0 when there would be too many
 * islands. */
static unsigned joined(const struct stream *stream, uint32_t from, uint32_t to,
                       struct stream_range ret[1 + STREAM_ISLANDS_MAX])
{
    struct stream_range merged[2 + STREAM_ISLANDS_MAX];
    unsigned n = 0;
    bool placed = false;

    for (unsigned i = 0; i < stream->ranges; i++) {
        struct stream_range r = stream->range[i];
        if (r.to >= from && r.from <= to) {
            from = r.from < from ? r.from : from;
            to = r.to > to ? r.to : to;
            continue;
        }
        if (r.from > to && !placed) {
            merged[n++] = (struct stream_range){from, to};
            placed = true;
        }
        merged[n++] = r;
    }
    if (!placed)
        merged[n++] = (struct stream_range){from, to};
    if (n > 1 + STREAM_ISLANDS_MAX)
        return 0;
    memcpy(ret, merged, n * sizeof *merged);
    return n;
}

bool stream_insert(struct streams *s, struct stream *stream, uint32_t offset, struct span bytes)
{
    struct stream_range ranges[1 + STREAM_ISLANDS_MAX];
    bool limit = false;

    if (offset >= s->slot_bytes || stream->segments >= STREAM_SEGMENTS_MAX)
        return false;
    if (bytes.len > s->slot_bytes - offset) {
        bytes.len = s->slot_bytes - offset;
        limit = true;
    }
    if (bytes.len == 0)
        return true;
    unsigned n = joined(stream, offset, offset + (uint32_t)bytes.len, ranges);
    if (n == 0)
        return false;
    write_over(stream, offset, bytes);
    memcpy(stream->range, ranges, n * sizeof *ranges);
    stream->ranges = (uint8_t)n;
    stream->segments++;
    return !limit;
}

enum stream_trust stream_trust(const struct stream *stream, uint8_t ttl, bool plausible)
{
    if (stream->segments == 0)
        return STREAM_EQUAL;
    if (ttl + TTL_SLACK <= stream->ttl)
        return STREAM_LESS;
    if (stream->ttl + TTL_SLACK <= ttl)
        return STREAM_MORE;
    return plausible == stream->plausible ? STREAM_EQUAL : plausible ? STREAM_MORE : STREAM_LESS;
}

void stream_note_trust(struct stream *stream, uint8_t ttl, bool plausible)
{
    bool first = stream->segments == 0;

    stream->plausible = plausible && (first || stream->plausible);
    if (first || ttl > stream->ttl)
        stream->ttl = ttl;
}

void stream_empty(struct stream *stream)
{
    stream->ranges = 1;
    stream->range[0] = (struct stream_range){0, 0};
    stream->segments = 0;
    stream->need = 0;
    if (!stream->handshake)
        stream->proto = STREAM_PROTO_UNKNOWN;
}

void stream_consume(struct stream *stream, uint32_t n)
{
    uint32_t reached = stream->range[stream->ranges - 1].to;
    uint32_t first = stream->range[0].to > n ? stream->range[0].to - n : 0;
    unsigned kept = 1;

    if (reached > n)
        memmove(stream->bytes, stream->bytes + n, reached - n);
    for (unsigned i = 1; i < stream->ranges; i++) {
        struct stream_range r = stream->range[i];
        if (r.to <= n)
            continue;
        if (r.from <= n)
            first = r.to - n;
        else
            stream->range[kept++] = (struct stream_range){r.from - n, r.to - n};
    }
    stream->range[0] = (struct stream_range){0, first};
    stream->ranges = (uint8_t)kept;
    stream->base_seq += n;
    stream->segments = stream->told_segments = 0;
    stream->parses = 0;
    stream->need = 0;
}
