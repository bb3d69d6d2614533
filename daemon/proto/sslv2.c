/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClientHello in the form of SSL 2.0, which old clients sent to servers of any version. It has no extensions,
 * hence no name: it is counted as a hello without one. RFC 5246 Appendix E.2.
 */
#include "proto/proto.h"

enum {
    HEADER_BYTES = 11, /* up to challenge_length */
    CLIENT_HELLO = 1,
    CIPHER_SPEC_BYTES = 3,
    SESSION_ID_BYTES = 16, /* SSL 2.0; none in a hello for later versions */
    CHALLENGE_MIN = 16,
    CHALLENGE_MAX = 32,
    LENGTH_HIGH = 0xfc, /* of the first byte: a hello has less than 1024, with 300 ciphers */
};

/* Whether the lengths in a header agree with each other. */
static bool fits(struct cur *c)
{
    uint16_t length = cur_u16(c) & 0x7fff;

    cur_skip(c, 3); /* msg_type, version */
    uint16_t ciphers = cur_u16(c), session_id = cur_u16(c), challenge = cur_u16(c);
    return cur_ok(c) && ciphers > 0 && ciphers % CIPHER_SPEC_BYTES == 0 &&
           (session_id == 0 || session_id == SESSION_ID_BYTES) && challenge >= CHALLENGE_MIN &&
           challenge <= CHALLENGE_MAX && length == HEADER_BYTES - 2 + ciphers + session_id + challenge;
}

static enum proto_starts sslv2_tcp_starts(struct span first, bool named)
{
    struct cur c = cur_stream(first.at, first.len);

    if (first.len > 0 && (first.at[0] & LENGTH_HIGH) != 0x80)
        return STARTS_NO;
    if (first.len > 2 && first.at[2] != CLIENT_HELLO)
        return STARTS_NO;
    if (first.len > 3 && first.at[3] != 0 && first.at[3] != 3)
        return STARTS_NO;
    if (first.len > 4 && (first.at[3] == 0 ? first.at[4] != 2 : first.at[4] > 3)) /* 0002, 0300 to 0303 */
        return STARTS_NO;
    if (first.len < HEADER_BYTES)
        return STARTS_MAYBE;
    return fits(&c) ? STARTS_YES : STARTS_NO;
}

static enum parse_result sslv2_tcp(struct parse *p)
{
    switch (sslv2_tcp_starts(p->bytes, false)) {
    case STARTS_NO:
        return PARSE_NOT;
    case STARTS_MAYBE:
        p->need = (uint32_t)p->bytes.len + 1; /* every byte of the header can say no */
        return p->cut || p->last ? PARSE_CUT : PARSE_MORE;
    case STARTS_YES:
        break;
    }
    if (p->counters) {
        p->counters[COUNT_TLS]++;
        p->counters[COUNT_TLS_NO_SNI]++;
    }
    return PARSE_DONE;
}

const struct proto proto_sslv2 = {
    .tcp_starts = sslv2_tcp_starts,
    .tcp = sslv2_tcp,
};
