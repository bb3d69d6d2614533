/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of an Initial packet: RFC 9000 §12.4 and §19. */
#include "proto/quic_frames.h"

#include <endian.h>

#include "proto/hello.h"

enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CONNECTION_CLOSE = 0x1c };

/* How many zeros a span begins with. */
static uint32_t zeros(struct span s)
{
    uint64_t word[4];
    size_t n = 0;

    for (; n + sizeof word <= s.len; n += sizeof word) {
        memcpy(word, s.at + n, sizeof word);
        if ((word[0] | word[1] | word[2] | word[3]) != 0)
            break;
    }
    for (; n + sizeof *word <= s.len; n += sizeof *word) {
        memcpy(word, s.at + n, sizeof *word);
        if (word[0] != 0)
            return (uint32_t)n + (uint32_t)__builtin_ctzll(le64toh(word[0])) / 8;
    }
    while (n < s.len && s.at[n] == 0)
        n++;
    return (uint32_t)n;
}

/* RFC 9000 §19.3. */
static void skip_ack(struct cur *c, bool ecn)
{
    cur_varint(c); /* Largest Acknowledged */
    cur_varint(c); /* ACK Delay */
    uint64_t ranges = cur_varint(c);
    cur_varint(c); /* First ACK Range */
    for (; cur_ok(c) && ranges > 0; ranges--) {
        cur_varint(c); /* Gap */
        cur_varint(c); /* ACK Range Length */
    }
    for (unsigned i = 0; ecn && i < 3; i++)
        cur_varint(c);
}

/* RFC 9000 §19.6. What lies where no ClientHello reaches is not handed out. */
static void read_crypto(struct cur *c, const struct parse *p, bool *ret_hello)
{
    uint64_t offset = cur_varint(c);
    struct cur child = cur_vec_varint(c);
    struct span data = cur_rest(&child);

    if (data.len == 0 || offset + data.len > HELLO_HEADER_BYTES + HELLO_MAX)
        return;
    if (ret_hello != NULL && offset == 0 && data.at[0] == HELLO_CLIENT && (data.len < 2 || data.at[1] <= 2))
        *ret_hello = true;
    if (p != NULL)
        p->piece(p->ctx, (uint32_t)offset, data);
}

/* RFC 9000 §19.19. */
static void skip_close(struct cur *c)
{
    cur_varint(c); /* Error Code */
    cur_varint(c); /* Frame Type */
    cur_vec_varint(c);
}

enum cur_state quic_frames(struct cur c, uint8_t crypto, const struct parse *p, bool *ret_hello)
{
    while (cur_ok(&c) && cur_left(&c) > 0) {
        /* A type in more bytes than it needs is an error of which some servers take no notice. */
        uint64_t type = cur_varint(&c);
        if (type == crypto) {
            read_crypto(&c, p, ret_hello);
            continue;
        }
        switch (type) {
        case PADDING:
            cur_skip(&c, zeros(cur_rest(&c))); /* most of a client's first packet */
            break;
        case PING:
            break;
        case ACK:
        case ACK_ECN:
            skip_ack(&c, type == ACK_ECN);
            break;
        case CONNECTION_CLOSE:
            skip_close(&c);
            break;
        default:
            cur_fail(&c);
        }
    }
    return (enum cur_state)c.state;
}
