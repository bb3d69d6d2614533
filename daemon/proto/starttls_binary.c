/* SPDX-License-Identifier: BSD-2-Clause */
/* Binary messages before TLS: PostgreSQL's, MySQL's, TDS's (MS-TDS), RDP's (MS-RDPBCGR) and LDAP's (RFC 4511)
 * ways to ask for it and to agree. */
#include "proto/starttls.h"

#define PATTERN_MAX      36
#define LDAP_MESSAGE_MAX 512u

struct octet {
    uint8_t least, most;
};

struct form {
    uint8_t octets;                   /* that are known: so many tell the message from others */
    uint8_t length_at, length_octets; /* of its own length field, big-endian; none: length_octets = 0 */
    uint8_t more;                     /* what the field does not count */
    struct octet octet[PATTERN_MAX];
};

#define IS(x)                                                                                                \
    {                                                                                                        \
        x, x                                                                                                 \
    }
#define ANY                                                                                                  \
    {                                                                                                        \
        0, 255                                                                                               \
    }
#define ZERO4 IS(0), IS(0), IS(0), IS(0)

static const struct form forms[] = {
    /* PostgreSQL, "Message Formats": SSLRequest and GSSENCRequest. */
    {8, 0, 0, 8, {IS(0), IS(0), IS(0), IS(8), IS(0x04), IS(0xd2), IS(0x16), {0x2f, 0x30}}},
    /* Its one octet of an answer, behind a refused GSSENCRequest too: one octet looks like anything, and is
     * told by the hello behind it. */
    {4, 0, 0, 1, {IS('S'), IS(0x16), IS(3), {0, 4}}},
    {5, 0, 0, 2, {IS('N'), IS('S'), IS(0x16), IS(3), {0, 4}}},
    /* MySQL, "Protocol::HandshakeV10": a packet of length (3 octets, the low first) and number, then the
     * protocol and the version as text. They have about a hundred octets. */
    {6, 0, 1, 4, {{0x40, 0x7f}, IS(0), IS(0), IS(0), IS(10), {'0', '9'}}},
    /* "Protocol::SSLRequest": the second packet, 32 octets: flags, length, character set, 19 of nothing. */
    {32, 0, 0, 36, {IS(32), IS(0), IS(0), IS(1), ANY,   ANY,   ANY,   ANY,   ANY,   ANY,
                    ANY,    ANY,   ANY,   ZERO4, ZERO4, ZERO4, ZERO4, IS(0), IS(0), IS(0)}},
    /* MS-TDS 2.2.3.1, 2.2.6.5: PRELOGIN and its answer, whose first option is VERSION, of six octets. */
    {13, 2, 2, 0, {IS(0x12), IS(1), {0, 1}, ANY, ANY, ANY, ANY, IS(0), IS(0), IS(0), ANY, IS(0), IS(6)}},
    {13, 2, 2, 0, {IS(0x04), IS(1), IS(0), ANY, ANY, ANY, ANY, IS(0), IS(0), IS(0), ANY, IS(0), IS(6)}},
    /* The handshake lies in packets of the same kind, as a rule one for each flight: only its header goes
     * before. */
    {11, 0, 0, 8, {IS(0x12), {0, 1}, ANY, ANY, ANY, ANY, ANY, IS(0), IS(0x16), IS(3), {0, 4}}},
    /* TPKT (RFC 1006 §6) and X.224 (§13.3, 13.4) connection request and confirm of class 0. */
    {11, 2, 2, 0, {IS(3), IS(0), {0, 1}, ANY, ANY, IS(0xe0), IS(0), IS(0), ANY, ANY, IS(0)}},
    {11, 2, 2, 0, {IS(3), IS(0), IS(0), ANY, ANY, IS(0xd0), ANY, ANY, ANY, ANY, IS(0)}},
};

static enum proto_starts form_starts(const struct form *f, struct span first)
{
    for (size_t i = 0; i < f->octets && i < first.len; i++)
        if (first.at[i] < f->octet[i].least || first.at[i] > f->octet[i].most)
            return STARTS_NO;
    return first.len < f->octets ? STARTS_MAYBE : STARTS_YES;
}

static uint32_t form_bytes(const struct form *f, struct span first)
{
    struct cur c = cur_stream(first.at, first.len);

    cur_skip(&c, f->length_at);
    return f->more + (f->length_octets == 0 ? 0u : f->length_octets == 1 ? cur_u8(&c) : cur_u16(&c));
}

enum { BER_SEQUENCE = 0x30, BER_INTEGER = 0x02, BER_ENUMERATED = 0x0a }; /* X.690 */
enum { LDAP_EXTENDED_REQUEST = 0x77, LDAP_EXTENDED_RESPONSE = 0x78, LDAP_REQUEST_NAME = 0x80 };

/* X.690 §8.1.3: a cursor over the contents of the element whose tag was read. */
static struct cur ber_contents(struct cur *c)
{
    uint32_t len = cur_u8(c);

    if (len >= 0x80) {
        unsigned octets = len & 0x7f;
        if (octets == 0 || octets > 4) /* 0: without a length, which RFC 4511 §5.1 forbids */
            cur_fail(c);
        for (len = 0; cur_ok(c) && octets > 0; octets--)
            len = len << 8 | cur_u8(c);
    }
    if (len > LDAP_MESSAGE_MAX)
        cur_fail(c);
    return cur_child(c, len);
}

/* RFC 4511 §4.1.1, §4.12, §4.14. */
static enum proto_starts ldap_starts(struct span first, uint32_t *ret_bytes)
{
    static const char start_tls[] = "1.3.6.1.4.1.1466.20037";
    struct cur c = cur_stream(first.at, first.len);

    cur_u8(&c); /* BER_SEQUENCE */
    struct cur message = ber_contents(&c);
    *ret_bytes = c.pos;
    if (cur_u8(&message) != BER_INTEGER)
        cur_fail(&message);
    struct cur id = cur_vec8(&message);
    if (cur_left(&id) < 1 || cur_left(&id) > 4)
        cur_fail(&message);
    uint8_t kind = cur_u8(&message);
    struct cur operation = ber_contents(&message);
    uint8_t tag = cur_u8(&operation);
    struct cur value = ber_contents(&operation);
    if (kind == LDAP_EXTENDED_REQUEST && tag == LDAP_REQUEST_NAME) {
        struct span name = cur_take(&value, sizeof start_tls - 1);
        if (cur_ok(&value) && !span_eq(name, span_str(start_tls)))
            cur_fail(&value);
    } else if (kind != LDAP_EXTENDED_RESPONSE || tag != BER_ENUMERATED) {
        cur_fail(&value);
    }
    return value.state == CUR_BAD ? STARTS_NO : value.state == CUR_OK ? STARTS_YES : STARTS_MAYBE;
}

enum proto_starts starttls_binary_starts(struct span first, uint32_t *ret_bytes)
{
    if (first.len == 0)
        return STARTS_MAYBE;
    enum proto_starts best = first.at[0] == BER_SEQUENCE ? ldap_starts(first, ret_bytes) : STARTS_NO;

    for (size_t i = 0; i < sizeof forms / sizeof *forms && best != STARTS_YES; i++) {
        if (first.at[0] < forms[i].octet[0].least || first.at[0] > forms[i].octet[0].most)
            continue; /* nearly always */
        enum proto_starts starts = form_starts(&forms[i], first);
        if (starts == STARTS_YES) {
            *ret_bytes = form_bytes(&forms[i], first);
            /* A length that ends before what was recognised is a lie. */
            starts = *ret_bytes >= forms[i].octets || forms[i].length_octets == 0 ? starts : STARTS_NO;
        }
        best = starts > best ? starts : best;
    }
    return best;
}
