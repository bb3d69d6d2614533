/* SPDX-License-Identifier: BSD-2-Clause */
/* Packing and checking of the records in the rings. */
#include "worker/record.h"

#include <errno.h>
#include <stddef.h>

#include "intel/match.h"

/* What lies in the ring: the fixed part of struct record as it is in memory (both ends are one build), then
 * the value, then per attribute a key, a 16-bit length and the bytes. */
#define FIXED offsetof(struct record, attr)

const char *const stage_names[STAGES] = {
#define X(id, name) name,
    BRIDLE_STAGES(X)
#undef X
};

const char *const blocked_names[BLOCKS] = {
#define X(id, name) name,
    BRIDLE_BLOCKS(X)
#undef X
};

const char *const notice_names[NOTICES] = {
#define X(id, name, text) name,
    BRIDLE_NOTICES(X)
#undef X
};

const char *const notice_texts[NOTICES] = {
#define X(id, name, text) text,
    BRIDLE_NOTICES(X)
#undef X
};

uint32_t record_pack(const struct record *r, uint8_t *buf)
{
    struct record fixed = *r;
    size_t at = FIXED + r->value.len;

    fixed.value_len = (uint16_t)r->value.len;
    fixed.attrs = 0;
    if (r->value.len > 0)
        memcpy(buf + FIXED, r->value.at, r->value.len);
    for (unsigned i = 0; i < r->attrs; i++) {
        struct span v = r->attr[i].value;
        if (v.len > UINT16_MAX || at + 3 + v.len > RING_RECORD_MAX)
            continue;
        buf[at] = r->attr[i].key;
        buf[at + 1] = (uint8_t)(v.len & 0xff);
        buf[at + 2] = (uint8_t)(v.len >> 8);
        if (v.len > 0)
            memcpy(buf + at + 3, v.at, v.len);
        at += 3 + v.len;
        fixed.attrs++;
    }
    memcpy(buf, &fixed, FIXED);
    return (uint32_t)at;
}

/* As many kinds as there are tunnels, and each a known one. */
static bool path_plausible(uint64_t path, unsigned depth)
{
    for (; depth > 0; depth--, path >>= 8)
        if ((path & 0xff) == TUNNEL_NONE || (path & 0xff) >= TUNNEL_KINDS)
            return false;
    return path == 0;
}

static bool plausible(const struct record *r, uint32_t len)
{
    return r->kind < RECORD_KINDS && r->via < VIAS && r->match <= MATCH_EXCEPTION && r->stage < STAGES &&
           r->blocked < BLOCKS && r->notice < NOTICES && r->vlans <= PACKET_VLANS_MAX &&
           r->tunnel_depth <= PACKET_DEPTH_MAX && path_plausible(r->tunnel_path, r->tunnel_depth) &&
           r->is_addr <= 1 && r->mapped <= 1 && r->attrs <= OBSERVATION_ATTRS_MAX &&
           r->value_len <= NAME_TEXT_MAX && FIXED + r->value_len <= len &&
           (r->flags & ~RECORD_FLAGS_ALL) == 0;
}

int record_unpack(const uint8_t *buf, uint32_t len, struct record *ret)
{
    if (len < FIXED)
        return -EBADMSG;
    memset(ret, 0, sizeof *ret);
    memcpy(ret, buf, FIXED);
    if (!plausible(ret, len))
        return -EBADMSG;
    ret->value = span_of(buf + FIXED, ret->value_len);
    size_t at = FIXED + ret->value_len;
    for (unsigned i = 0; i < ret->attrs; i++) {
        if (at + 3 > len)
            return -EBADMSG;
        size_t n = (size_t)buf[at + 1] | (size_t)buf[at + 2] << 8;
        if (buf[at] >= ATTRS || at + 3 + n > len)
            return -EBADMSG;
        ret->attr[i] = (struct attr){.key = buf[at], .value = span_of(buf + at + 3, n)};
        at += 3 + n;
    }
    return at == len ? 0 : -EBADMSG;
}
