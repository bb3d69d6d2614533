/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding the QUIC Initial packets of clients (RFC 9000 §17.2.2) in a capture, or making some. */
#include <stdlib.h>

#include "floor_file.h"
#include "floor_quic.h"

#define MADE_BYTES   1200u /* RFC 9000 §14.1: what a client's datagram has at least */
#define TAG_BYTES    16u
#define SLOTS        (1u << 20) /* of connection IDs; a power of two */
#define INITIALS_MAX (SLOTS / 2)

struct floor_initials {
    struct floor_initial *initial; /* owned */
    size_t count, keys;
    struct floor_quic *quic; /* owned */
    uint8_t *bytes;          /* owned: all of them */
    size_t used, room;
    uint32_t *slot; /* owned: connection ID -> 1 + index of an initial; while finding */
    struct floor_count *counted;
};

static void *grown(void *at, size_t bytes)
{
    void *more = realloc(at, bytes);

    if (more == NULL)
        floor_fail("memory", "is used up");
    return more;
}

static uint32_t be(const uint8_t *p, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

/* The payload of UDP to port 443, or NULL. */
static const uint8_t *payload(const struct floor_packet *p, uint32_t *ret_bytes)
{
    const uint8_t *at = p->at + 14, *end = p->at + p->captured_bytes;

    if (p->captured_bytes < 14 + 48)
        return NULL;
    while (end - at >= 48 && (be(at - 2, 2) == 0x8100 || be(at - 2, 2) == 0x88a8))
        at += 4;
    if (end - at < 48)
        return NULL;
    uint32_t type = be(at - 2, 2), header = type == 0x0800 ? (at[0] & 15u) * 4u : 40u;
    bool udp = type == 0x0800   ? at[9] == 17 && (be(at + 6, 2) & 0x3fff) == 0
               : type == 0x86dd ? at[6] == 17
                                : false;
    at += header;
    if (!udp || header < 20 || end - at < 8 || be(at + 2, 2) != 443 || be(at + 4, 2) < 8 ||
        be(at + 4, 2) > (uint32_t)(end - at))
        return NULL;
    *ret_bytes = be(at + 4, 2) - 8;
    return at + 8;
}

/* RFC 9000 §16, values below 2^30. False: not there. */
static bool varint(const uint8_t *at, uint32_t bytes, uint32_t *pos, uint32_t *ret)
{
    if (*pos >= bytes)
        return false;
    unsigned n = 1u << (at[*pos] >> 6);
    if (n > 4 || bytes - *pos < n)
        return false;
    *ret = be(at + *pos, n) & ((1u << (8 * n - 2)) - 1);
    *pos += n;
    return true;
}

/* The first packet of a datagram, when it is a version 1 Initial. */
static bool initial_at(const uint8_t *at, uint32_t bytes, struct floor_initial *ret)
{
    uint32_t pos = 6, token, rest;

    if (bytes < 7 || (at[0] & 0xf0) != 0xc0 || be(at + 1, 4) != 1 || at[5] > FLOOR_DCID_MAX)
        return false;
    *ret = (struct floor_initial){.at = at, .dcid_at = 6, .dcid_bytes = at[5]};
    pos += at[5];
    if (pos >= bytes || at[pos] > FLOOR_DCID_MAX)
        return false;
    pos += 1u + at[pos]; /* SCID */
    if (!varint(at, bytes, &pos, &token) || token > bytes - pos)
        return false;
    pos += token;
    if (!varint(at, bytes, &pos, &rest) || rest > bytes - pos || rest < 4 + TAG_BYTES ||
        pos + 4 > FLOOR_HEADER_MAX)
        return false;
    ret->number_at = pos;
    ret->bytes = pos + rest;
    return true;
}

/* Which keys are its, and whether it is the first that needs them. */
static void note_dcid(struct floor_initials *f, struct floor_initial *in)
{
    const uint8_t *id = in->at + in->dcid_at;
    uint32_t h = in->dcid_bytes;

    for (unsigned i = 0; i < in->dcid_bytes; i++)
        h = (h ^ id[i]) * 16777619u; /* FNV-1a */
    for (h ^= h >> 15;; h++) {
        uint32_t *slot = &f->slot[h % SLOTS];
        if (*slot == 0) {
            *slot = (uint32_t)f->count + 1;
            in->key = (uint32_t)f->keys++;
            in->fresh = true;
            return;
        }
        const struct floor_initial *other = &f->initial[*slot - 1];
        if (other->dcid_bytes == in->dcid_bytes &&
            memcmp(other->at + other->dcid_at, id, in->dcid_bytes) == 0) {
            in->key = other->key;
            return;
        }
    }
}

static void keep(struct floor_initials *f, const struct floor_initial *in)
{
    struct floor_initial *kept = &f->initial[f->count];

    if (f->count == INITIALS_MAX || f->room - f->used < in->bytes)
        return;
    *kept = *in;
    kept->at = memcpy(f->bytes + f->used, in->at, in->bytes);
    note_dcid(f, kept);
    f->used += in->bytes;
    f->count++;
}

static void find(void *ctx, const struct floor_packet *p)
{
    struct floor_initials *f = ctx;
    struct floor_initial in;
    uint32_t bytes;
    const uint8_t *at = payload(p, &bytes);

    f->counted->packets++;
    f->counted->bytes += p->wire_bytes;
    if (at != NULL && initial_at(at, bytes, &in))
        keep(f, &in);
}

static struct floor_initials *initials_new(size_t room)
{
    struct floor_initials *f = grown(NULL, sizeof *f);

    *f = (struct floor_initials){.room = room, .bytes = grown(NULL, room)};
    f->initial = grown(NULL, INITIALS_MAX * sizeof *f->initial);
    f->slot = grown(NULL, SLOTS * sizeof *f->slot);
    memset(f->slot, 0, SLOTS * sizeof *f->slot);
    return f;
}

/* Those that do not open are later packets, whose connection ID the server chose; they name nobody. */
static void drop_unopened(struct floor_initials *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++)
        if (floor_quic_open(f->quic, &f->initial[i]))
            f->initial[kept++] = f->initial[i];
    f->count = kept;
}

struct floor_initials *floor_initials_of(const char *path, bool all, struct floor_count *ret)
{
    struct floor_initials *f = initials_new((size_t)1 << 30); /* touched only where used */

    f->counted = ret;
    floor_each(path, find, f);
    f->quic = floor_quic_new(f->keys);
    if (!all)
        drop_unopened(f);
    return f;
}

struct floor_initials *floor_initials_made(size_t count)
{
    /* Long header, Initial, version 1, DCID of 8 bytes, no SCID, no token, length 1200 - 18 as two bytes */
    static const uint8_t header[] = {0xc3, 0, 0, 0, 1, 8};
    static const uint8_t behind[] = {0, 0, 0x44, 0x9e};
    size_t made = count < INITIALS_MAX ? count : INITIALS_MAX;
    struct floor_initials *f = initials_new(made * MADE_BYTES + 1);
    struct floor_initial in;

    for (size_t i = 0; i < made; i++) {
        uint8_t packet[MADE_BYTES];
        floor_quic_fill(packet, sizeof packet);
        memcpy(packet, header, sizeof header);
        memcpy(packet + sizeof header + 8, behind, sizeof behind);
        if (initial_at(packet, sizeof packet, &in))
            keep(f, &in);
    }
    f->quic = floor_quic_new(f->keys);
    return f;
}

void floor_crypto(const struct floor_initials *f, struct floor_count *ret)
{
    for (size_t i = 0; i < f->count; i++) {
        ret->check += floor_quic_open(f->quic, &f->initial[i]);
        ret->keys += f->initial[i].fresh;
    }
    ret->initials += f->count;
}

void floor_initials_free(struct floor_initials *f)
{
    floor_quic_free(f->quic);
    free(f->initial);
    free(f->slot);
    free(f->bytes);
    free(f);
}
