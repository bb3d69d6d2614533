/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS over TCP: the server's name in the ClientHello. RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6066 §3
 * (server_name), RFC 7301 §3.1 (ALPN), RFC 9849 (Encrypted ClientHello).
 */
#include "base/text.h"
#include "proto/name.h"
#include "proto/tls_record.h"

#define HANDSHAKE_HEADER_BYTES 4u
/* The longest body that the vectors of a ClientHello allow. */
#define HELLO_MAX (2u + 32 + 1 + 32 + 2 + 65534 + 1 + 255 + 2 + 65535)
/* A client sends one (RFC 6066 §3 forbids more); a few are reported, since which one counts is not ours to
 * guess. */
#define NAMES_MAX 8u

enum { CLIENT_HELLO = 1 };
enum { HOST_NAME = 0 };

/* What a ClientHello says; spans borrow its bytes. */
struct hello {
    struct span name[NAMES_MAX];
    unsigned names;
    struct text alpn;
    bool ech;
    bool bad; /* it contradicts itself */
    bool cut; /* it goes on where there are no bytes */
};

static void note_state(struct hello *h, const struct cur *c)
{
    h->bad |= c->state == CUR_BAD;
    h->cut |= c->state == CUR_CUT || c->state == CUR_MORE;
}

/* RFC 6066 §3. */
static void read_server_name(struct hello *h, struct cur *c)
{
    struct cur list = cur_vec16(c);

    while (cur_ok(&list) && cur_left(&list) > 0) {
        uint8_t type = cur_u8(&list);
        struct cur entry = cur_vec16(&list);
        struct span name = cur_take(&entry, cur_left(&entry));
        if (!cur_ok(&entry)) {
            note_state(h, &entry);
            break;
        }
        if (type == HOST_NAME && h->names < NAMES_MAX)
            h->name[h->names++] = name;
    }
    note_state(h, &list);
}

/* Protocol names are any octets; what would be taken for a separator is escaped like what cannot be printed.
 */
static void put_protocol(struct text *t, struct span protocol)
{
    size_t before = t->len;

    if (t->full)
        return;
    if (t->len > 0)
        text_char(t, ',');
    for (size_t i = 0; i < protocol.len; i++) {
        if (protocol.at[i] == ',')
            text_str(t, "\\044");
        else
            text_escaped(t, span_of(protocol.at + i, 1));
    }
    if (t->full) { /* never half a name */
        t->len = before;
        t->at[before] = 0;
    }
}

/* RFC 7301 §3.1. */
static void read_alpn(struct hello *h, struct cur *c)
{
    struct cur list = cur_vec16(c);

    while (cur_ok(&list) && cur_left(&list) > 0) {
        struct cur entry = cur_vec8(&list);
        struct span protocol = cur_take(&entry, cur_left(&entry));
        note_state(h, &entry);
        if (!cur_ok(&entry))
            break;
        put_protocol(&h->alpn, protocol);
    }
    note_state(h, &list);
}

static void read_ech(struct hello *h, struct cur *c)
{
    h->ech = true;
}

static const struct {
    uint16_t type;
    void (*read)(struct hello *h, struct cur *c);
} extensions[] = {
    {0, read_server_name}, /* RFC 6066 §3 */
    {16, read_alpn},       /* RFC 7301 §3.1 */
    {0xfe0d, read_ech},    /* RFC 9849 §5, and its drafts from 13 on */
    {0xfe0a, read_ech},    /* draft-ietf-tls-esni-10 */
    {0xfe09, read_ech},    /* draft-ietf-tls-esni-09 */
    {0xfe08, read_ech},    /* draft-ietf-tls-esni-08 */
    {0xffce, read_ech},    /* draft-ietf-tls-esni-00 to -06: the name alone is encrypted */
};

/* RFC 8446 §4.2. One that contradicts itself does not hide those behind it. */
static void read_extensions(struct hello *h, struct cur *c)
{
    while (cur_ok(c) && cur_left(c) > 0) {
        uint16_t type = cur_u16(c);
        struct cur body = cur_vec16(c);
        for (size_t i = 0; cur_ok(c) && i < sizeof extensions / sizeof *extensions; i++)
            if (extensions[i].type == type)
                extensions[i].read(h, &body);
        note_state(h, &body);
    }
    note_state(h, c);
}

/* RFC 8446 §4.1.2; `c` stands behind the handshake header. */
static void read_hello(struct hello *h, struct cur *c)
{
    cur_u16(c);                         /* legacy_version */
    cur_skip(c, 32);                    /* random */
    cur_vec8(c);                        /* legacy_session_id */
    cur_vec16(c);                       /* cipher_suites */
    cur_vec8(c);                        /* legacy_compression_methods */
    if (cur_ok(c) && cur_left(c) > 0) { /* there were hellos without extensions */
        struct cur list = cur_vec16(c);
        read_extensions(h, &list);
        if (cur_left(c) > 0)
            cur_fail(c);
    }
    note_state(h, c);
}

/* Tells what the hello says; the number of names. */
static unsigned emit_names(struct parse *p, const struct hello *h)
{
    struct observation o = {.via = VIA_TLS_SNI};
    unsigned names = 0;

    if (h->alpn.len > 0)
        o.attr[o.attrs++] = (struct attr){ATTR_ALPN, text_span(&h->alpn)};
    if (h->ech)
        o.attr[o.attrs++] = (struct attr){ATTR_ECH, span_str("true")};
    for (unsigned i = 0; i < h->names; i++) {
        o.name = name_of_host(h->name[i], p->scratch->name[0]);
        if (o.name.len == 0)
            continue;
        names++;
        p->emit(p->ctx, &o);
    }
    return names;
}

/* `broken`: what came instead of the rest of the message does not belong to it. */
static enum parse_result parse_hello(struct parse *p, struct span message, uint32_t whole, bool broken)
{
    struct cur c = cur_datagram(message.at, message.len, whole);
    struct hello h;

    h.names = 0;
    h.bad = broken;
    h.ech = h.cut = false;
    h.alpn = text_on(p->scratch->text, sizeof p->scratch->text);
    cur_skip(&c, HANDSHAKE_HEADER_BYTES);
    read_hello(&h, &c);
    unsigned names = emit_names(p, &h);
    enum parse_result result = h.bad ? PARSE_BAD : h.cut ? PARSE_CUT : PARSE_DONE;
    if (p->counters) {
        p->counters[COUNT_TLS]++;
        p->counters[COUNT_TLS_BAD] += result == PARSE_BAD;
        p->counters[COUNT_TLS_NO_SNI] += result == PARSE_DONE && names == 0;
    }
    return result;
}

/* RFC 8446 §4: the first handshake message of the stream. */
static enum parse_result tls_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct span message;
    enum parse_result result = tls_join(p, HANDSHAKE_HEADER_BYTES, &message);

    if (result != PARSE_DONE)
        return result == PARSE_BAD ? PARSE_NOT : final ? PARSE_CUT : PARSE_MORE;
    struct cur c = cur_stream(message.at, message.len);
    if (cur_u8(&c) != CLIENT_HELLO)
        return PARSE_NOT;
    uint32_t body = cur_u24(&c);
    if (body > HELLO_MAX)
        return PARSE_NOT;
    uint32_t whole = HANDSHAKE_HEADER_BYTES + body;
    result = tls_join(p, whole < PARSE_JOIN_MAX ? whole : PARSE_JOIN_MAX, &message);
    if (result == PARSE_MORE && !final)
        return PARSE_MORE;
    return parse_hello(p, message, whole, result == PARSE_BAD);
}

/* One record of handshake that begins with a ClientHello; it may hold as little as that message's first byte.
 */
static enum proto_starts tls_tcp_starts(struct span first, bool named)
{
    static const struct {
        uint8_t least, most;
    } expect[] = {
        {TLS_HANDSHAKE, TLS_HANDSHAKE}, {3, 3},   {0, 4},
        {0, TLS_RECORD_MAX >> 8},       {0, 255}, {CLIENT_HELLO, CLIENT_HELLO},
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
