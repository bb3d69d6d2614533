/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS over TCP: the first handshake message in its records, a client's or a server's. RFC 8446 §4 and §5.1.
 */
#include "proto/hello.h"
#include "proto/tls_record.h"
#include "proto/tls_server.h"

/* The values that an octet may have. */
struct range {
    uint8_t least, most;
};

/*
 * Records that may come before a hello: ChangeCipherSpec before a client's second one (RFC 8446 §D.4), a
 * server's warning, of an unrecognized name (RFC 6066 §3), before its own.
 */
static const struct range change_cipher_spec[] = {
    {TLS_CHANGE_CIPHER_SPEC, TLS_CHANGE_CIPHER_SPEC}, {3, 3}, {0, 4}, {0, 0}, {1, 1}, {1, 1}};
static const struct range warning[] = {
    {TLS_ALERT, TLS_ALERT}, {3, 3}, {0, 4}, {0, 0}, {2, 2}, {1, 1}, {0, 255}};
static const struct range record_header[] = {
    {TLS_HANDSHAKE, TLS_HANDSHAKE}, {3, 3}, {0, 4}, {0, TLS_RECORD_MAX >> 8}, {0, 255}};

#define LENGTH(of) (sizeof(of) / sizeof *(of))

/* Whether the bytes begin as these say. */
static enum proto_starts compare(struct span first, const struct range *want, size_t len)
{
    for (size_t i = 0; i < len && i < first.len; i++)
        if (first.at[i] < want[i].least || first.at[i] > want[i].most)
            return STARTS_NO;
    return first.len < len ? STARTS_MAYBE : STARTS_YES;
}

static struct span behind(struct span s, size_t bytes)
{
    return span_of(s.at + bytes, s.len - bytes);
}

/* The handshake message at the start of p->bytes. */
static enum parse_result read_message(struct parse *p)
{
    bool final = p->cut || p->last;
    struct span message;
    enum parse_result result = tls_join(p, HELLO_HEADER_BYTES, &message);

    if (result != PARSE_DONE)
        return result == PARSE_BAD ? PARSE_NOT : final ? PARSE_CUT : PARSE_MORE;
    struct cur c = cur_stream(message.at, message.len);
    uint8_t type = cur_u8(&c);
    if (type == TLS_SERVER_HELLO || type == TLS_CERTIFICATE)
        return tls_server(p);
    if (type != HELLO_CLIENT)
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

/* Whether the bytes begin with one of the records that may come before a hello, and how long that is. */
static enum proto_starts find_prefix(struct span first, uint32_t *ret_bytes)
{
    if (first.len > 0 && first.at[0] == TLS_HANDSHAKE) {
        *ret_bytes = 0;
        return STARTS_YES;
    }
    enum proto_starts starts = compare(first, change_cipher_spec, LENGTH(change_cipher_spec));
    *ret_bytes = LENGTH(change_cipher_spec);
    if (starts != STARTS_NO)
        return starts;
    *ret_bytes = LENGTH(warning);
    return compare(first, warning, LENGTH(warning));
}

static enum parse_result tls_tcp(struct parse *p)
{
    struct span all = p->bytes;
    uint32_t prefix;
    enum proto_starts starts = find_prefix(all, &prefix);
    bool header = all.len >= TLS_RECORD_HEADER_BYTES;

    if (!header || starts == STARTS_MAYBE) {
        p->need = header ? (uint32_t)all.len + 1 : TLS_RECORD_HEADER_BYTES;
        return p->cut || p->last ? PARSE_CUT : PARSE_MORE;
    }
    if (starts == STARTS_NO)
        return PARSE_NOT;
    p->bytes = behind(all, prefix);
    enum parse_result result = read_message(p);
    p->bytes = all;
    p->need += prefix;
    return result;
}

/*
 * A record of handshake that begins with a ClientHello or ServerHello, of which it may hold as little as the
 * first byte, or with a Certificate message.
 */
static enum proto_starts tls_tcp_starts(struct span first, bool named)
{
    uint32_t prefix;
    enum proto_starts starts = find_prefix(first, &prefix);

    if (starts != STARTS_YES)
        return starts;
    first = behind(first, prefix);
    starts = compare(first, record_header, LENGTH(record_header));
    if (starts != STARTS_YES)
        return starts;
    uint32_t record_bytes = (uint32_t)(first.at[3] << 8 | first.at[4]);
    first = behind(first, LENGTH(record_header));
    if (record_bytes == 0)
        return STARTS_NO;
    if (first.len == 0)
        return STARTS_MAYBE;
    if (first.at[0] == HELLO_CLIENT || first.at[0] == TLS_SERVER_HELLO)
        return STARTS_YES;
    return prefix > 0 ? STARTS_NO : tls_certificate_starts(first, record_bytes);
}

const struct proto proto_tls = {
    .tcp_starts = tls_tcp_starts,
    .tcp = tls_tcp,
};
