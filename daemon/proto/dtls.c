/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS: the fragments of a ClientHello in a datagram's records. RFC 6347 §4.1 and §4.2.2, RFC 9147 §4 and §5.
 */
#include "proto/hello.h"

enum {
    HANDSHAKE = 22,           /* RFC 6347 §4.1: content type */
    RECORD_HEADER_BYTES = 13, /* type, version, epoch, sequence number, length */
    FRAGMENT_HEADER_BYTES =
        HELLO_HEADER_BYTES + 2 + 6, /* and message_seq, fragment_offset, fragment_length */
};

/* A record of handshake in epoch 0, which is not encrypted; its content is `ret`. */
static bool read_record(struct cur *c, struct cur *ret)
{
    uint8_t type = cur_u8(c);
    uint16_t version = cur_u16(c), epoch = cur_u16(c);

    cur_skip(c, 6); /* sequence_number */
    *ret = cur_vec16(c);
    return cur_ok(c) && type == HANDSHAKE && (version == 0xfeff || version == 0xfefd || version == 0xfefc) &&
           epoch == 0;
}

/* RFC 6347 §4.2.2. A fragment of a ClientHello: as far as it is there, it is `ret` and belongs at `*offset`
 * of a body of `*whole` bytes. */
static bool read_fragment(struct cur *c, uint32_t *whole, uint32_t *offset, struct cur *ret)
{
    uint8_t type = cur_u8(c);

    *whole = cur_u24(c);
    cur_skip(c, 2); /* message_seq: the hello comes again with a cookie */
    *offset = cur_u24(c);
    uint32_t length = cur_u24(c);
    *ret = cur_child(c, length);
    return cur_ok(c) && type == HELLO_CLIENT && *whole > 0 && *whole <= HELLO_MAX &&
           *offset + length <= *whole;
}

static enum proto_starts dtls_udp_starts(struct span first, bool named)
{
    struct cur c = cur_stream(first.at, first.len), record, fragment;
    uint32_t whole, offset;

    if (first.len < RECORD_HEADER_BYTES + FRAGMENT_HEADER_BYTES)
        return first.len == 0 || first.at[0] == HANDSHAKE ? STARTS_MAYBE : STARTS_NO;
    return read_record(&c, &record) && read_fragment(&record, &whole, &offset, &fragment) ? STARTS_YES
                                                                                          : STARTS_NO;
}

/* Hands out the handshake header as TLS has it, which stands before the body's fragments. */
static void tell_header(struct parse *p, uint32_t whole)
{
    const uint8_t header[HELLO_HEADER_BYTES] = {HELLO_CLIENT, (uint8_t)(whole >> 16), (uint8_t)(whole >> 8),
                                                (uint8_t)whole};

    p->piece(p->ctx, 0, span_of(header, sizeof header));
}

/* Hands out the fragments of a record; those of a message of another length than `*message`, if that is
 * known, are no part of it. False where something else begins. */
static bool tell_fragments(struct parse *p, struct cur *record, uint32_t *message)
{
    struct cur fragment;
    uint32_t whole, offset;

    do {
        if (!read_fragment(record, &whole, &offset, &fragment))
            return false;
        if (*message == 0)
            tell_header(p, *message = whole);
        struct span there = cur_rest(&fragment);
        if (whole == *message && there.len > 0)
            p->piece(p->ctx, HELLO_HEADER_BYTES + offset, there);
    } while (cur_left(record) > 0);
    return true;
}

static enum parse_result dtls_udp(struct parse *p)
{
    struct cur c = cur_datagram(p->bytes.at, p->bytes.len, p->whole), record;
    uint32_t message = 0;

    if (p->piece == NULL) /* a server's datagram */
        return PARSE_NOT;
    while (cur_left(&c) > 0 && read_record(&c, &record) && tell_fragments(p, &record, &message))
        ;
    return message == 0 ? PARSE_NOT : p->cut ? PARSE_CUT : PARSE_DONE;
}

static enum parse_result dtls_handshake(struct parse *p)
{
    return hello_handshake(p, VIA_DTLS_SNI);
}

const struct proto proto_dtls = {
    .udp_starts = dtls_udp_starts,
    .udp = dtls_udp,
    .handshake = dtls_handshake,
};
