/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUIC: the handshake bytes in the Initial packets of clients. RFC 9000 §17.2, RFC 9001 §5, RFC 9369. Their
 * keys follow from a connection ID in the packet, so what an attacker sends is opened too; the tag only says
 * that whoever sealed the packet meant QUIC.
 */
#include "proto/crypto_private.h"
#include "proto/hello.h"
#include "proto/quic_frames.h"
#include "proto/quic_google.h"
#include "proto/quic_keys.h"

#define INITIALS_MAX 8u /* of one datagram that are tried; a client sends one or two */
#define SAMPLE_AT    4u /* the sample begins as if the packet number had four bytes: RFC 9001 §5.4.2 */

/* A datagram while its packets are walked. */
struct walk {
    struct parse *p;
    unsigned understood; /* packets that only a client sends, or any of a server that is known */
    unsigned initials;   /* that were tried */
    bool cut, limit;
};

/* A long header packet: RFC 9000 §17.2. */
struct packet {
    const struct quic_version *version; /* NULL: its keys are not known */
    uint32_t number;                    /* of the version */
    uint32_t begin;                     /* where the packet begins in the datagram */
    uint8_t first;
    struct span dcid, scid;
};

static void count(const struct walk *w, enum counter counter)
{
    if (w->p->counters)
        w->p->counters[counter]++;
}

/* What every version has: RFC 8999 §5.1. */
static struct packet read_header(struct cur *c)
{
    struct packet k = {.begin = c->pos};

    k.first = cur_u8(c);
    k.number = cur_u32(c);
    uint8_t dcid_bytes = cur_u8(c);
    k.dcid = cur_take(c, dcid_bytes);
    uint8_t scid_bytes = cur_u8(c);
    k.scid = cur_take(c, scid_bytes);
    k.version = quic_version_find(k.number);
    return k;
}

/* `cid` is at most QUIC_CID_MAX bytes long. */
static void set_cid(struct parse_cid *ret, struct span cid)
{
    ret->len = (uint8_t)cid.len;
    memcpy(ret->id, cid.at, cid.len);
}

static bool is_long(uint8_t first)
{
    return (first & 0x80) != 0;
}

/*
 * RFC 9001 §5.3 and §5.4: opens a packet with these keys into the plain buffer, where *ret stands upon it.
 * `body` begins with the packet number and is at least SAMPLE_AT + 16 bytes long. A tag that the capture cut
 * off is not verified.
 */
static bool unseal(struct crypto *c, const struct quic_keys *keys, const uint8_t *packet,
                   const struct cur *body, struct cur *ret)
{
    const uint8_t *at = body->base + body->pos;
    uint32_t there = body->end - body->pos, whole = body->limit - body->pos;
    size_t header = (size_t)(at - packet);
    uint8_t mask[CRYPTO_AES_BYTES], nonce[CRYPTO_NONCE_BYTES];

    if (header + 4 > sizeof c->plain || !crypto_block(c, keys->hp, at + SAMPLE_AT, mask))
        return false;
    memcpy(c->plain, packet, header + 4);
    c->plain[0] ^= mask[0] & 0x0f;
    uint32_t number_bytes = (c->plain[0] & 3u) + 1;
    memcpy(nonce, keys->iv, sizeof nonce);
    for (uint32_t i = 0; i < number_bytes; i++) {
        c->plain[header + i] ^= mask[1 + i];
        /* The number as it stands: a client that begins has no larger ones to leave out the front of. */
        nonce[sizeof nonce - number_bytes + i] ^= c->plain[header + i];
    }
    if (whole <= number_bytes + CRYPTO_TAG_BYTES)
        return false;
    uint32_t sealed = whole - number_bytes - CRYPTO_TAG_BYTES;
    uint32_t known = there - number_bytes < sealed ? there - number_bytes : sealed;
    *ret = cur_datagram(c->plain, known, sealed);
    return crypto_open(c, keys->key, nonce, span_of(c->plain, header + number_bytes),
                       span_of(at + number_bytes, known), there == whole ? at + number_bytes + sealed : NULL);
}

/* Opens an Initial with the keys of one connection ID; counts, and hands out what it holds. */
static bool try_cid(struct walk *w, const struct packet *k, const struct cur *body, struct span cid)
{
    struct crypto *c = w->p->crypto;
    const struct quic_keys *keys = quic_keys_get(c, k->version, cid);
    bool cut = body->end < body->limit, hello = false;
    struct cur frames;

    if (keys == NULL) {
        w->limit = true;
        return false;
    }
    if (!unseal(c, keys, body->base + k->begin, body, &frames))
        return false;
    /* Without its tag a packet must make sense: the beginning of a hello, and nothing wrong before it. */
    if (cut && (quic_frames(frames, k->version->crypto, NULL, &hello) == CUR_BAD || !hello))
        return false;
    set_cid(&w->p->facts.cid, cid);
    w->understood++;
    count(w, COUNT_QUIC);
    if (quic_frames(frames, k->version->crypto, w->p, NULL) == CUR_BAD)
        count(w, COUNT_QUIC_BAD);
    return true;
}

/* RFC 9000 §17.2.2, of a client. */
static void read_initial(struct walk *w, const struct packet *k, struct cur *c)
{
    const struct parse_cid *flow = w->p->cid;

    cur_vec_varint(c); /* Token */
    struct cur body = cur_vec_varint(c);
    if (cur_ok(c) && cur_left(&body) < SAMPLE_AT + CRYPTO_AES_BYTES)
        cur_fail(c);
    if (!cur_ok(c))
        return;
    if (body.pos + SAMPLE_AT + CRYPTO_AES_BYTES > body.end) {
        w->cut = true;
        return;
    }
    if (w->initials++ == INITIALS_MAX) {
        w->limit = true;
        return;
    }
    /* A client that heard from the server writes the server's connection ID, and keeps the keys of its own;
     * but for a Retry (RFC 9001 §5.2). */
    struct span first = flow != NULL ? span_of(flow->id, flow->len) : k->dcid;
    bool opened = try_cid(w, k, &body, first);
    if (!opened && !w->limit && !span_eq(first, k->dcid))
        opened = try_cid(w, k, &body, k->dcid);
    if (body.end < body.limit)
        w->cut = true;
    else if (!opened && !w->limit)
        count(w, COUNT_QUIC_BAD);
}

/* What is known of a server's packet without its keys. */
static void read_server(struct walk *w, const struct packet *k)
{
    w->understood++;
    if (k->version == NULL)
        return;
    set_cid(&w->p->facts.cid, k->scid);
    w->p->facts.retry = quic_type_of(k->version, k->first) == QUIC_RETRY;
}

/* One packet, `c` behind its header. False: the rest of the datagram is its, or is nobody's to tell. */
static bool read_packet(struct walk *w, const struct packet *k, struct cur *c)
{
    if (k->version == NULL && k->number != 0) /* 0: a version negotiation, RFC 9000 §17.2.1 */
        count(w, COUNT_QUIC_VERSION);
    if (w->p->sender == SIDE_SERVER)
        read_server(w, k);
    if (w->p->sender == SIDE_SERVER || k->version == NULL || w->p->crypto == NULL || w->p->piece == NULL)
        return false;
    switch (quic_type_of(k->version, k->first)) {
    case QUIC_INITIAL:
        read_initial(w, k, c);
        if (c->state == CUR_BAD)
            count(w, COUNT_QUIC_BAD);
        break;
    case QUIC_0RTT: /* RFC 9000 §17.2.3: of clients only */
        cur_vec_varint(c);
        w->understood += cur_ok(c);
        break;
    case QUIC_HANDSHAKE: /* §17.2.4 */
        cur_vec_varint(c);
        break;
    case QUIC_RETRY: /* §17.2.5 */
        return false;
    }
    return cur_ok(c) && !w->limit;
}

static bool fits(const struct packet *k)
{
    return k->version == NULL || (k->dcid.len <= QUIC_CID_MAX && k->scid.len <= QUIC_CID_MAX);
}

/* The packets of a datagram: RFC 9000 §12.2. */
static enum parse_result quic_udp(struct parse *p)
{
    struct cur c = cur_datagram(p->bytes.at, p->bytes.len, p->whole);
    struct walk w = {.p = p};
    unsigned packets = 0;

    while (cur_left(&c) > 0) {
        struct packet k = read_header(&c);
        if (!cur_ok(&c) || !is_long(k.first) || !fits(&k))
            break;
        packets++;
        if (!read_packet(&w, &k, &c))
            break;
    }
    if (w.limit)
        count(&w, COUNT_QUIC_LIMIT);
    if (w.cut)
        return PARSE_CUT;
    if (w.understood > 0)
        return PARSE_DONE;
    return c.state == CUR_CUT ? PARSE_CUT : packets > 0 ? PARSE_BAD : PARSE_NOT;
}

/* RFC 9000 §17.2.1: nothing but a list of versions, of four bytes each. */
static bool is_negotiation(struct span bytes)
{
    struct cur c = cur_datagram(bytes.at, bytes.len, bytes.len);

    read_header(&c);
    return cur_ok(&c) && cur_left(&c) > 0 && cur_left(&c) % 4 == 0;
}

/* A long header of a known version. The fixed bit may be either (RFC 9287), and the length of a client's
 * first datagram (RFC 9000 §14.1) is not asked for: some send less. */
static enum proto_starts quic_udp_starts(struct span first, bool named)
{
    struct cur c = cur_stream(first.at, first.len);

    if (!is_long(cur_u8(&c)) && cur_ok(&c))
        return STARTS_NO;
    uint32_t number = cur_u32(&c);
    if (cur_ok(&c) && number == 0)
        return is_negotiation(first) ? STARTS_YES : STARTS_NO;
    if (cur_ok(&c) && quic_version_find(number) == NULL)
        return quic_version_plausible(number) ? STARTS_YES : STARTS_NO;
    struct cur dcid = cur_vec8(&c);
    if (!cur_ok(&c))
        return STARTS_MAYBE;
    return cur_left(&dcid) > QUIC_CID_MAX || cur_u8(&c) > QUIC_CID_MAX ? STARTS_NO : STARTS_YES;
}

/* Nothing of a short header says how long its connection ID is. */
static void quic_addressed(struct span datagram, struct parse_cid *ret)
{
    struct cur c = cur_datagram(datagram.at, datagram.len, datagram.len);
    struct packet k = read_header(&c);

    ret->len = 0;
    if (cur_ok(&c) && is_long(k.first) && k.version != NULL && fits(&k))
        set_cid(ret, k.dcid);
}

/* RFC 9001 §4: the handshake has no records. */
static enum parse_result quic_handshake(struct parse *p)
{
    if (google_starts(p->bytes))
        return google_handshake(p);
    return hello_handshake(p, VIA_QUIC_SNI);
}

const struct proto proto_quic = {
    .udp_starts = quic_udp_starts,
    .udp = quic_udp,
    .handshake = quic_handshake,
    .addressed = quic_addressed,
};
