/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Google's QUIC: the server name in the client hello of QUIC Crypto ("QUIC Crypto", Langley and Chang, 2016),
 * which versions up to Q046 send in clear ("QUIC Wire Layout Specification", 2016) and Q050 in CRYPTO frames.
 */
#include "proto/quic_google.h"

#include "proto/name.h"

#define CHLO      "CHLO" /* the message's tag */
#define SNI       "SNI\0"
#define TAG_BYTES 4u
#define TAGS_MAX  128u /* of a message, as the specification has it */
#define HEAD      8u   /* tag, number of tags, padding */
#define HASH      12u  /* of what follows it, in packets without a key */

bool google_starts(struct span handshake)
{
    size_t known = handshake.len < TAG_BYTES ? handshake.len : TAG_BYTES;

    return known > 0 && memcmp(handshake.at, CHLO, known) == 0;
}

/* Numbers of a message are little-endian, unlike anything else in proto/. */
static uint32_t little(struct cur *c, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (uint32_t)cur_u8(c) << 8 * i;
    return v;
}

/* Where the value of the tag SNI lies, from the first byte of all values. False: there is none. */
static bool find_name(struct cur *c, uint32_t tags, uint32_t *ret_begin, uint32_t *ret_end)
{
    uint32_t begin = 0;

    for (; tags > 0 && cur_ok(c); tags--) {
        struct span tag = cur_take(c, TAG_BYTES);
        uint32_t end = little(c, 4);
        if (end < begin)
            cur_fail(c);
        if (!cur_ok(c))
            return false;
        if (span_eq(tag, span_of(SNI, TAG_BYTES))) {
            *ret_begin = begin;
            *ret_end = end;
            return true;
        }
        begin = end;
    }
    return false;
}

static enum parse_result done(struct parse *p, enum parse_result result, bool named)
{
    if (p->counters) {
        p->counters[COUNT_TLS]++;
        p->counters[COUNT_TLS_BAD] += result == PARSE_BAD;
        p->counters[COUNT_TLS_NO_SNI] += result == PARSE_DONE && !named;
    }
    return result;
}

/* What a cursor that did not reach the end of the name means. */
static enum parse_result short_of(struct parse *p, const struct cur *c)
{
    if (c->state == CUR_BAD)
        return done(p, PARSE_BAD, false);
    if (c->state == CUR_OK)
        return done(p, PARSE_DONE, false);
    if (c->state == CUR_CUT || p->cut || p->last)
        return done(p, PARSE_CUT, false);
    p->need = c->need;
    return PARSE_MORE;
}

enum parse_result google_handshake(struct parse *p)
{
    struct observation o = {.via = VIA_QUIC_SNI};
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    uint32_t begin = 0, end = 0;

    if (p->bytes.len > 0 && !google_starts(p->bytes))
        return PARSE_NOT;
    little(&c, TAG_BYTES); /* byte by byte: each may be another than that of the tag */
    uint32_t tags = little(&c, 2);
    cur_skip(&c, HEAD - TAG_BYTES - 2);
    if (tags > TAGS_MAX)
        cur_fail(&c);
    struct cur values = c;
    if (!find_name(&c, tags, &begin, &end))
        return short_of(p, &c);
    if (end > PARSE_JOIN_MAX)
        cur_fail(&c);
    values.state = c.state;
    cur_skip(&values, tags * (TAG_BYTES + 4) + begin);
    struct span name = cur_take(&values, end - begin);
    if (!cur_ok(&values))
        return short_of(p, &values);
    o.name = name_of_host(name, p->scratch->name[0]);
    if (o.name.len > 0)
        p->emit(p->ctx, &o);
    return done(p, PARSE_DONE, o.name.len > 0);
}

/* The number in a version like Q043; 0: it is none that is in clear. */
static unsigned version_of(uint32_t word)
{
    unsigned tens = (word >> 8 & 0xff) - '0', ones = (word & 0xff) - '0';

    if (word >> 16 != ('Q' << 8 | '0') || tens > 9 || ones > 9)
        return 0;
    return tens * 10 + ones <= 46 ? tens * 10 + ones : 0;
}

/*
 * Moves behind what comes before the frames of a client's packet, and returns the version; 0 when it is no
 * such packet. Up to Q043 public flags, with a connection ID and the version; then a long header of one
 * length.
 */
static unsigned read_head(struct cur *c)
{
    uint8_t first = cur_u8(c);
    bool flags = (first & 0x80) == 0; /* 0x01 version, 0x08 connection ID, 0x30 size of the packet number */
    static const uint8_t number_bytes[4] = {1, 2, 4, 6};

    if (flags) {
        if ((first & 0xc9) != 0x09)
            return 0;
        cur_skip(c, 8);
    }
    unsigned version = version_of(cur_u32(c));
    if (!cur_ok(c) || version == 0 || flags != (version <= 43))
        return 0;
    if (!flags && cur_u8(c) != 0x50) /* lengths of the connection IDs: 8 and 0 */
        return 0;
    cur_skip(c, flags ? number_bytes[first >> 4 & 3] : 8 + 1u + (first & 3));
    cur_skip(c, HASH + (version < 34)); /* before 34 private flags, too */
    return version;
}

/* The data of a STREAM frame for stream 1, whose type is 1fdoooss, if that is the next frame. */
static struct cur read_stream(struct cur *c, unsigned version, uint64_t *ret_offset)
{
    uint8_t type = cur_u8(c);
    unsigned offset_bytes = type >> 2 & 7;
    uint64_t id = 0, offset = 0;

    for (unsigned i = 0; i <= (type & 3u); i++)
        id |= cur_u8(c);
    for (unsigned i = 0; i < offset_bytes + (offset_bytes > 0); i++)
        offset |= (uint64_t)cur_u8(c) << 8 * (version < 39 ? i : offset_bytes - i);
    *ret_offset = offset;
    if ((type & 0x80) == 0 || id != 1)
        cur_fail(c);
    if ((type & 0x20) == 0)
        return *c;
    uint32_t len = version < 39 ? little(c, 2) : cur_u16(c);
    return cur_child(c, len);
}

static enum parse_result google_udp(struct parse *p)
{
    struct cur c = cur_datagram(p->bytes.at, p->bytes.len, p->whole);
    unsigned version = read_head(&c);
    uint64_t offset = 0;

    if (version == 0)
        return PARSE_NOT;
    while (cur_ok(&c) && c.pos < c.end && c.base[c.pos] == 0)
        cur_skip(&c, 1); /* padding */
    struct cur data = read_stream(&c, version, &offset);
    struct span bytes = cur_rest(&data);
    if (bytes.len == 0 || offset > PARSE_JOIN_MAX || (offset == 0 && !google_starts(bytes)))
        return c.state == CUR_CUT ? PARSE_CUT : PARSE_DONE;
    if (p->counters)
        p->counters[COUNT_QUIC]++;
    if (p->piece != NULL)
        p->piece(p->ctx, (uint32_t)offset, bytes);
    return PARSE_DONE;
}

static enum proto_starts google_udp_starts(struct span first, bool named)
{
    struct cur c = cur_stream(first.at, first.len);
    unsigned version = read_head(&c);

    return c.state == CUR_MORE ? STARTS_MAYBE : version > 0 ? STARTS_YES : STARTS_NO;
}

const struct proto proto_quic_google = {
    .udp_starts = google_udp_starts,
    .udp = google_udp,
    .handshake = google_handshake,
};
