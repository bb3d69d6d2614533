/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS over TCP: the ClientHello in its records. RFC 8446 §4 and §5.1. */
#include "proto/hello.h"
#include "proto/tls_record.h"

/* RFC 8446 §4: the first handshake message of the stream. */
static enum parse_result tls_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct span message;
    enum parse_result result = tls_join(p, HELLO_HEADER_BYTES, &message);

    if (result != PARSE_DONE)
        return result == PARSE_BAD ? PARSE_NOT : final ? PARSE_CUT : PARSE_MORE;
    struct cur c = cur_stream(message.at, message.len);
    if (cur_u8(&c) != HELLO_CLIENT)
        return PARSE_NOT;
    uint32_t body = cur_u24(&c);
    if (body > HELLO_MAX)
        return PARSE_NOT;
    uint32_t whole = HELLO_HEADER_BYTES + body;
    result = tls_join(p, whole < PARSE_JOIN_MAX ? whole : PARSE_JOIN_MAX, &message);
    if (result == PARSE_MORE && !final)
        return PARSE_MORE;
    return hello_parse(p, VIA_TLS_SNI, message, whole, result == PARSE_BAD);
}

/* One record of handshake that begins with a ClientHello; it may hold as little as that message's first byte.
 */
static enum proto_starts tls_tcp_starts(struct span first, bool named)
{
    static const struct {
        uint8_t least, most;
    } expect[] = {
        {TLS_HANDSHAKE, TLS_HANDSHAKE}, {3, 3},   {0, 4},
        {0, TLS_RECORD_MAX >> 8},       {0, 255}, {HELLO_CLIENT, HELLO_CLIENT},
    };
    size_t known = sizeof expect / sizeof *expect;

    for (size_t i = 0; i < known && i < first.len; i++)
        if (first.at[i] < expect[i].least || first.at[i] > expect[i].most)
            return STARTS_NO;
    if (first.len >= 5 && first.at[3] == 0 && first.at[4] == 0)
        return STARTS_NO;
    return first.len < known ? STARTS_MAYBE : STARTS_YES;
}

const struct proto proto_tls = {
    .name = "tls",
    .ports = "",
    .tcp_starts = tls_tcp_starts,
    .tcp = tls_tcp,
};
