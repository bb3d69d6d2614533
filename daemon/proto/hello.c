/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2): server_name (RFC 6066 §3), ALPN (RFC 7301 §3.1),
 * Encrypted ClientHello (RFC 9849), the cookie of DTLS (RFC 6347 §4.2.1).
 */
#include "proto/hello.h"

#include "base/text.h"
#include "proto/fingerprint.h"
#include "proto/name.h"

/* A client sends one (RFC 6066 §3 forbids more); a few are reported, since which one counts is not ours to
 * guess. */
#define NAMES_MAX 8u

enum { HOST_NAME = 0 };

/* What a ClientHello says; spans borrow its bytes. */
struct hello {
    const struct parse *p;
    struct fingerprint_hello print;
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

/* What stays as it is. */
static const bool plain[256] = {
    [' ' ... '+'] = true, ['-' ... '['] = true, [']' ... '~'] = true, /* but ',' and '\\' */
};

/* Protocol names are any octets; what would be taken for a separator is escaped like what cannot be printed.
 */
static void put_protocol(struct text *t, struct span protocol)
{
    size_t before = t->len;

    if (t->full)
        return;
    if (t->len > 0)
        text_char(t, ',');
    for (size_t i = 0, run; i < protocol.len && !t->full; i += run) {
        for (run = 0; i + run < protocol.len && plain[protocol.at[i + run]];)
            run++;
        text_raw(t, span_of(protocol.at + i, run));
        if (i + run == protocol.len)
            break;
        if (protocol.at[i + run] == ',')
            text_str(t, "\\044");
        else
            text_escaped(t, span_of(protocol.at + i + run, 1));
        run++;
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

/* One of those that say something here: RFC 8446 §4.2. */
static void read_extension(struct hello *h, uint16_t type, struct cur *body)
{
    switch (type) {
    case 0: /* RFC 6066 §3 */
        read_server_name(h, body);
        break;
    case 16: /* RFC 7301 §3.1 */
        read_alpn(h, body);
        break;
    case 0xfe0d: /* RFC 9849 §5, and its drafts from 13 on */
    case 0xfe0a: /* draft-ietf-tls-esni-10 */
    case 0xfe09: /* draft-ietf-tls-esni-09 */
    case 0xfe08: /* draft-ietf-tls-esni-08 */
    case 0xffce: /* draft-ietf-tls-esni-00 to -06: the name alone is encrypted */
        h->ech = true;
        break;
    }
}

/* RFC 8446 §4.2. One that contradicts itself does not hide those behind it. */
static void read_extensions(struct hello *h, struct cur c)
{
    while (cur_ok(&c) && cur_left(&c) > 0) {
        uint32_t head = cur_u32(&c);
        uint16_t type = (uint16_t)(head >> 16), bytes = (uint16_t)head;
        if (type != 0 && type != 16 && type < 0xfe08) {
            cur_skip(&c, bytes);
            continue;
        }
        struct cur body = cur_child(&c, bytes);
        if (cur_ok(&c))
            read_extension(h, type, &body);
        note_state(h, &body);
    }
    note_state(h, &c);
}

/* A vector that says nothing here. */
static void skip_vec8(struct cur *c)
{
    cur_skip(c, cur_u8(c));
}

/* What is there of a vector of at most 2^16-1 bytes. */
static struct span take_vec16(struct cur *c)
{
    uint16_t bytes = cur_u16(c);
    struct span there = cur_rest(c);

    cur_skip(c, bytes);
    if (!cur_ok(c))
        there.len = 0;
    return span_of(there.at, there.len < bytes ? there.len : bytes);
}

/* RFC 8446 §4.1.2; `c` stands behind the handshake header. */
static void read_hello(struct hello *h, struct cur c, bool cookie)
{
    h->print.version = cur_u16(&c); /* legacy_version */
    cur_skip(&c, 32);               /* random */
    skip_vec8(&c);                  /* legacy_session_id */
    if (cookie)
        skip_vec8(&c); /* RFC 6347 §4.2.1, RFC 9147 §5.3 */
    h->print.cipher_suites = take_vec16(&c);
    skip_vec8(&c);                        /* legacy_compression_methods */
    if (cur_ok(&c) && cur_left(&c) > 0) { /* there were hellos without extensions */
        struct cur list = cur_vec16(&c);
        h->print.extensions = cur_rest(&list);
        read_extensions(h, list);
        if (cur_left(&c) > 0)
            cur_fail(&c);
    }
    note_state(h, &c);
}

static void add_fingerprints(struct observation *o, const void *of)
{
    const struct hello *h = of;
    const struct parse *p = h->p;

    observation_add(o, ATTR_JA3, fingerprint_ja3(&h->print, p->crypto, p->scratch->digest[0]));
    observation_add(o, ATTR_JA4, fingerprint_ja4(&h->print, p->crypto, p->scratch->digest[1]));
}

/* The same as observations: a client is known by them whether it names its server or not. */
static void emit_fingerprints(struct parse *p, struct observation *o)
{
    observation_complete(o);
    struct observation print = *o;
    for (unsigned i = 0; i < o->attrs; i++) {
        if (o->attr[i].key != ATTR_JA3 && o->attr[i].key != ATTR_JA4)
            continue;
        print.via = o->attr[i].key == ATTR_JA3 ? VIA_JA3 : VIA_JA4;
        /* JA4 keeps the case of ALPN; names of observations are in lower case. */
        print.name = name_of_host(o->attr[i].value, p->scratch->name[0]);
        p->emit(p->ctx, &print);
    }
}

/* Tells what the hello says; the number of names. `whole`: it is well-formed, so that it has fingerprints. */
static unsigned emit_hello(struct parse *p, const struct hello *h, enum via via, bool whole)
{
    struct observation o = {.via = (uint8_t)via};
    unsigned names = 0;

    observation_add(&o, ATTR_ALPN, text_span(&h->alpn));
    if (h->ech)
        observation_add(&o, ATTR_ECH, span_str("true"));
    if (whole && p->crypto != NULL) {
        o.costly = add_fingerprints;
        o.of = h;
    }
    for (unsigned i = 0; i < h->names; i++) {
        o.name = name_of_host(h->name[i], p->scratch->name[0]);
        if (o.name.len == 0)
            continue;
        names++;
        p->emit(p->ctx, &o);
    }
    if (p->fingerprints)
        emit_fingerprints(p, &o);
    return names;
}

static char transport(enum via via)
{
    return via == VIA_QUIC_SNI ? 'q' : via == VIA_DTLS_SNI ? 'd' : 't';
}

enum parse_result hello_parse(struct parse *p, enum via via, struct span message, uint32_t whole, bool broken)
{
    struct cur c = cur_datagram(message.at, message.len, whole);
    struct hello h;

    h.p = p;
    h.print = (struct fingerprint_hello){.transport = transport(via)};
    h.names = 0;
    h.bad = broken;
    h.ech = h.cut = false;
    h.alpn = text_on(p->scratch->text, sizeof p->scratch->text);
    cur_skip(&c, HELLO_HEADER_BYTES);
    read_hello(&h, c, via == VIA_DTLS_SNI);
    enum parse_result result = h.bad ? PARSE_BAD : h.cut ? PARSE_CUT : PARSE_DONE;
    unsigned names = emit_hello(p, &h, via, result == PARSE_DONE && message.len == whole);
    if (p->counters) {
        p->counters[COUNT_TLS]++;
        p->counters[COUNT_TLS_BAD] += result == PARSE_BAD;
        p->counters[COUNT_TLS_NO_SNI] += result == PARSE_DONE && names == 0;
    }
    return result;
}

enum parse_result hello_handshake(struct parse *p, enum via via)
{
    bool final = p->cut || p->last;
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    uint8_t type = cur_u8(&c);
    uint32_t body = cur_u24(&c);

    if (p->bytes.len > 0 && type != HELLO_CLIENT)
        return PARSE_NOT;
    if (!cur_ok(&c)) {
        p->need = c.need;
        return final ? PARSE_CUT : PARSE_MORE;
    }
    if (body > HELLO_MAX)
        return PARSE_NOT;
    uint32_t whole = HELLO_HEADER_BYTES + body;
    uint32_t want = whole < PARSE_JOIN_MAX ? whole : PARSE_JOIN_MAX;
    if (p->bytes.len < want && !final) {
        p->need = want;
        return PARSE_MORE;
    }
    struct span message = span_of(p->bytes.at, p->bytes.len < want ? p->bytes.len : want);
    return hello_parse(p, via, message, whole, false);
}
