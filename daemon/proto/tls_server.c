/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates of TLS up to 1.2: RFC 5246 §7.4.2. Whether TLS 1.3 was agreed on: RFC 8446 §4.2.1. */
#include "proto/tls_server.h"

#include "proto/hello.h"
#include "proto/tls_record.h"
#include "proto/x509.h"

#define SERVER_HELLO_MAX (2u + 32 + 1 + 32 + 2 + 1 + 2 + 65535)
/* Before Certificate: ServerHello and SupplementalData. */
#define MESSAGES_MAX 3u
/* Of one message; chains are three or four long. */
#define CERTIFICATES_MAX 32u

enum { SUPPLEMENTAL_DATA = 23 }; /* RFC 4680 §2 */

enum server_hello { HELLO_NONE, HELLO_ENDS, HELLO_GOES_ON };

/* A certificate that is whole, and what was computed of it. */
struct certificate {
    struct parse *p;
    struct span der; /* borrowed */
    bool done;
    struct span sha256, sha1;
};

static void compute(struct certificate *c)
{
    if (c->done)
        return;
    c->sha256 = crypto_digest_text(c->p->crypto, CRYPTO_SHA256, c->der, c->p->scratch->digest[0]);
    c->sha1 = crypto_digest_text(c->p->crypto, CRYPTO_SHA1, c->der, c->p->scratch->digest[1]);
    c->done = true;
}

/* `of` is a pointer to a pointer, so that what was computed for one name is there for the next. */
static void add_digests(struct observation *o, const void *of)
{
    struct certificate *c = *(struct certificate *const *)of;

    compute(c);
    observation_add(o, ATTR_CERT_SHA256, c->sha256);
    observation_add(o, ATTR_CERT_SHA1, c->sha1);
}

/* The certificate itself as an observation; its role was added to `o` already. */
static void tell_digests(struct certificate *c, struct observation o)
{
    compute(c);
    o.via = VIA_CERT;
    o.name = c->sha256;
    observation_add(&o, ATTR_CERT_SHA1, c->sha1);
    if (o.name.len > 0)
        c->p->emit(c->p->ctx, &o);
}

/* One certificate of the list, the `number`th; what was made of it. */
static enum parse_result read_certificate(struct parse *p, struct cur der, unsigned number, bool from_server)
{
    struct certificate c = {.p = p, .der = cur_rest(&der)};
    struct certificate *at = &c;
    struct observation o = {.via = VIA_CERT_NAME, .from_server = from_server};
    bool whole = c.der.len == cur_left(&der);
    bool digests = p->crypto != NULL && whole && c.der.len > 0;
    enum parse_result result = whole ? PARSE_DONE : PARSE_CUT;

    if (number > 0)
        observation_add(&o, ATTR_CERT_ROLE, span_str("chain"));
    else if (!from_server)
        observation_add(&o, ATTR_CERT_ROLE, span_str("client"));
    if (number == 0) {
        struct observation name = o;
        name.costly = digests ? add_digests : NULL;
        name.of = &at;
        result = x509_names(p, der, &name);
    }
    if (digests && p->digests)
        tell_digests(&c, o);
    return result;
}

/* certificate_list, RFC 5246 §7.4.2; `c` stands behind the handshake header. */
static enum parse_result read_list(struct parse *p, struct cur *c, bool from_server)
{
    struct cur list = cur_vec24(c);
    bool bad = false, cut = false;
    unsigned number = 0;

    while (cur_ok(&list) && cur_left(&list) > 0 && number < CERTIFICATES_MAX) {
        struct cur der = cur_vec24(&list);
        if (!cur_ok(&list))
            break;
        enum parse_result result = read_certificate(p, der, number, from_server);
        bad |= result == PARSE_BAD;
        cut |= result == PARSE_CUT;
        number++;
    }
    bad |= cur_left(c) > 0 || list.state == CUR_BAD || c->state == CUR_BAD;
    cut |= list.state == CUR_CUT || c->state == CUR_CUT;
    if (p->counters) {
        p->counters[COUNT_TLS_CERT] += number > 0;
        p->counters[COUNT_TLS_CERT_BAD] += bad;
    }
    return bad ? PARSE_BAD : cut ? PARSE_CUT : PARSE_DONE;
}

/* Where this extension of a ServerHello names TLS 1.3 or a draft of it. */
static bool names_tls13(struct cur *body)
{
    uint16_t version = cur_u16(body);

    return cur_ok(body) && (version == 0x0304 || version >> 8 == 0x7f);
}

/* RFC 5246 §7.4.1.3. TLS 1.3's HelloRetryRequest is one, too, and always has the extension (RFC 8446 §4.1.4).
 */
static enum server_hello read_server_hello(struct cur *c)
{
    enum { SUPPORTED_VERSIONS = 43 };
    bool tls13 = false;

    uint16_t version = cur_u16(c);
    if (version >> 8 == 0x7f) /* drafts before 22, whose fields are others */
        return HELLO_ENDS;
    cur_skip(c, 32); /* random */
    uint8_t session_bytes = cur_u8(c);
    cur_skip(c, session_bytes); /* session_id */
    cur_skip(c, 2 + 1);         /* cipher_suite, compression_method */
    if (version >> 8 != 3 || !cur_ok(c) || session_bytes > 32)
        return HELLO_NONE;
    if (cur_left(c) > 0) {
        struct cur list = cur_vec16(c);
        while (cur_ok(&list) && cur_left(&list) > 0) {
            uint32_t head = cur_u32(&list);
            if (head >> 16 != SUPPORTED_VERSIONS) {
                cur_skip(&list, (uint16_t)head);
                continue;
            }
            struct cur body = cur_child(&list, (uint16_t)head);
            tls13 |= names_tls13(&body);
        }
        if (!cur_ok(&list) || !cur_ok(c) || cur_left(c) > 0)
            return HELLO_NONE;
    }
    return tls13 || version == 0x0304 ? HELLO_ENDS : HELLO_GOES_ON;
}

/* The Certificate message at `at` of the handshake's bytes. */
static enum parse_result read_message(struct parse *p, uint32_t at, uint32_t whole)
{
    struct span flight;
    enum parse_result result = tls_join(p, whole < PARSE_JOIN_MAX ? whole : PARSE_JOIN_MAX, &flight);

    if (result == PARSE_MORE && !p->cut && !p->last)
        return PARSE_MORE;
    struct cur c = cur_datagram(flight.at, flight.len, whole);
    cur_skip(&c, at + HELLO_HEADER_BYTES);
    enum parse_result said = read_list(p, &c, p->facts.response);
    return result == PARSE_BAD ? PARSE_BAD : said;
}

/*
 * The first `want` bytes of handshake. False: `ret` is the answer; behind a ServerHello another record,
 * ChangeCipherSpec for one, says that an earlier session goes on.
 */
static bool join(struct parse *p, uint32_t want, bool first, struct span *flight, enum parse_result *ret)
{
    if (want > PARSE_JOIN_MAX) {
        *ret = PARSE_DONE;
        return false;
    }
    enum parse_result result = tls_join(p, want, flight);
    if (result == PARSE_MORE)
        *ret = p->cut || p->last ? PARSE_CUT : PARSE_MORE;
    else
        *ret = first ? PARSE_NOT : PARSE_DONE;
    return result == PARSE_DONE;
}

enum parse_result tls_server(struct parse *p)
{
    enum parse_result result = PARSE_DONE;
    uint32_t at = 0, end;
    struct span flight;

    for (unsigned i = 0; i < MESSAGES_MAX; i++, at = end) {
        if (!join(p, at + HELLO_HEADER_BYTES, i == 0, &flight, &result))
            return result;
        struct cur c = cur_stream(flight.at, flight.len);
        cur_skip(&c, at);
        uint8_t type = cur_u8(&c);
        uint32_t body = cur_u24(&c);
        end = at + HELLO_HEADER_BYTES + body;
        p->facts.response = i > 0 || type != TLS_CERTIFICATE || p->sender != SIDE_CLIENT;
        if (type == TLS_CERTIFICATE)
            return read_message(p, at, end);
        if (type != (i == 0 ? TLS_SERVER_HELLO : SUPPLEMENTAL_DATA))
            return i == 0 ? PARSE_NOT : PARSE_DONE;
        if (i == 0 && body > SERVER_HELLO_MAX)
            return PARSE_NOT;
        if (!join(p, end, i == 0, &flight, &result))
            return result;
        struct cur hello = cur_datagram(flight.at, flight.len, end);
        cur_skip(&hello, HELLO_HEADER_BYTES);
        enum server_hello kind = i == 0 ? read_server_hello(&hello) : HELLO_GOES_ON;
        if (kind != HELLO_GOES_ON)
            return kind == HELLO_NONE ? PARSE_NOT : PARSE_DONE;
    }
    return PARSE_DONE;
}

enum proto_starts tls_certificate_starts(struct span first, uint32_t record_bytes)
{
    enum { TOLD_BY = 4 + 3 + 3 + 4 }; /* headers of message, list, certificate and DER */
    struct cur c = cur_stream(first.at, first.len);

    if (record_bytes < TOLD_BY)
        return STARTS_NO;
    uint8_t type = cur_u8(&c);
    uint32_t body = cur_u24(&c), list = cur_u24(&c), certificate = cur_u24(&c), der = cur_u32(&c);
    bool nests = der >> 16 == 0x3082 ? (der & 0xffff) + 4 == certificate
                                     : der >> 16 == 0x3081 && (der >> 8 & 0xff) + 3 == certificate;
    if ((c.pos >= 1 && type != TLS_CERTIFICATE) || (c.pos >= 7 && list + 3 != body) ||
        (c.pos >= 10 && certificate + 3 > list) || (c.pos >= 14 && !nests))
        return STARTS_NO;
    return cur_ok(&c) ? STARTS_YES : STARTS_MAYBE;
}
