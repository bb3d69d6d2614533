/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's first flight: RFC 8446 §4.1.3 with everything behind it encrypted, or RFC 5246 §7.4 in clear. */
#include "gen_server.h"

enum { TAG_SERVER = 300, TAG_CERTIFICATE };

/* DER (X.690): room for the longest length, which der_close makes as short as it must be. */
static size_t der_open(struct bytes *b, unsigned tag)
{
    put_u8(b, tag);
    put_room(b, 3);
    return b->len;
}

static void der_close(struct bytes *b, size_t begin)
{
    size_t len = b->len - begin, octets = len < 0x80 ? 1 : len < 0x100 ? 2 : 3;
    uint8_t *at = b->at + begin - 3;

    memmove(at + octets, b->at + begin, len);
    at[0] = (uint8_t)(octets == 1 ? len : 0x7f + octets);
    if (octets > 1)
        at[octets - 1] = (uint8_t)len;
    if (octets > 2)
        at[1] = (uint8_t)(len >> 8);
    b->len -= 3 - octets;
}

static void der_put(struct bytes *b, unsigned tag, const void *body, size_t len)
{
    size_t begin = der_open(b, tag);
    put(b, body, len);
    der_close(b, begin);
}

/* A Name (RFC 5280 §4.1.2.4) of one attribute, the common name. */
static void der_common_name(struct bytes *b, const char *text, size_t len)
{
    size_t name = der_open(b, 0x30), set = der_open(b, 0x31), attribute = der_open(b, 0x30);
    der_put(b, 6, "\x55\4\3", 3);
    der_put(b, 12, text, len);
    der_close(b, attribute);
    der_close(b, set);
    der_close(b, name);
}

static void der_algorithm(struct bytes *b)
{
    size_t algorithm = der_open(b, 0x30); /* ecdsa-with-SHA256 */
    der_put(b, 6, "\x2a\x86\x48\xce\x3d\4\3\2", 8);
    der_close(b, algorithm);
}

static void der_key(struct bytes *b, struct rng *r)
{
    size_t info = der_open(b, 0x30), algorithm = der_open(b, 0x30);
    der_put(b, 6, "\x2a\x86\x48\xce\x3d\2\1", 7);
    der_put(b, 6, "\x2a\x86\x48\xce\x3d\3\1\7", 8);
    der_close(b, algorithm);
    size_t key = der_open(b, 3);
    put(b, "\0\4", 2);
    put_random(b, r, 64);
    der_close(b, key);
    der_close(b, info);
}

/* §4.2.1.6, the name itself and a second one beside it; §4.2.1.9. */
static void der_extensions(struct bytes *b, const struct name *name)
{
    size_t outer = der_open(b, 0xa3), list = der_open(b, 0x30);

    size_t extension = der_open(b, 0x30);
    der_put(b, 6, "\x55\x1d\x13", 3);
    der_put(b, 1, "\xff", 1);
    der_put(b, 4, "\x30\0", 2);
    der_close(b, extension);
    if (name) {
        extension = der_open(b, 0x30);
        der_put(b, 6, "\x55\x1d\x11", 3);
        size_t value = der_open(b, 4), names = der_open(b, 0x30);
        der_put(b, 0x82, name->text, name->len);
        size_t second = der_open(b, 0x82);
        put_text(b, "alt.");
        put(b, name->text, name->len);
        der_close(b, second);
        der_close(b, names);
        der_close(b, value);
        der_close(b, extension);
    }
    der_close(b, list);
    der_close(b, outer);
}

static void der_integer(struct bytes *b, struct rng *r, size_t len)
{
    size_t begin = der_open(b, 2);
    put_u8(b, 0x40 | rng_below(r, 0x40)); /* positive */
    put_random(b, r, len - 1);
    der_close(b, begin);
}

/* §4.1; NULL: that of an authority. */
static void put_certificate(struct bytes *b, struct rng *r, const struct name *name)
{
    static const char authority[] = "Bench Root X1", issuer[] = "Bench Authority E5";
    size_t certificate = der_open(b, 0x30), tbs = der_open(b, 0x30), version = der_open(b, 0xa0);

    der_put(b, 2, "\2", 1);
    der_close(b, version);
    der_integer(b, r, 16);
    der_algorithm(b);
    der_common_name(b, name ? issuer : authority, (name ? sizeof issuer : sizeof authority) - 1);
    size_t validity = der_open(b, 0x30);
    der_put(b, 0x17, "251201000000Z", 13);
    der_put(b, 0x17, "260301000000Z", 13);
    der_close(b, validity);
    der_common_name(b, name ? name->text : issuer, name ? name->len : sizeof issuer - 1);
    der_key(b, r);
    der_extensions(b, name);
    der_close(b, tbs);
    der_algorithm(b);
    size_t bits = der_open(b, 3);
    put_u8(b, 0);
    size_t signature = der_open(b, 0x30);
    der_integer(b, r, 32);
    der_integer(b, r, 32);
    der_close(b, signature);
    der_close(b, bits);
    der_close(b, certificate);
}

static size_t record(struct bytes *b, unsigned type)
{
    put_u8(b, type);
    put_u16(b, 0x0303);
    return put_open(b, 2);
}

static size_t server_hello(struct bytes *b, struct rng *r, unsigned suite, unsigned session)
{
    put_u8(b, 2);
    size_t body = put_open(b, 3);
    put_u16(b, 0x0303);
    put_random(b, r, 32);
    put_u8(b, session);
    put_random(b, r, session);
    put_u16(b, suite);
    put_u8(b, 0);
    return body;
}

void server_put_hello(struct bytes *b, uint64_t seed, bool quantum, bool quic)
{
    struct rng r = rng_for(seed, TAG_SERVER);
    size_t body = server_hello(b, &r, 0x1301, quic ? 0 : 32), list = put_open(b, 2);

    put_u16(b, 51);
    size_t share = put_open(b, 2);
    put_u16(b, quantum ? 0x11ec : 29);
    size_t key = put_open(b, 2);
    put_random(b, &r, quantum ? 1120 : 32);
    put_close(b, 2, key);
    put_close(b, 2, share);
    put(b, "\0\53\0\2\3\4", 6);
    put_close(b, 2, list);
    put_close(b, 3, body);
}

void server_put_flight_13(struct bytes *b, uint64_t seed, bool quantum)
{
    struct rng r = rng_for(seed, TAG_CERTIFICATE);
    size_t hello = record(b, 22);

    server_put_hello(b, seed, quantum, false);
    put_close(b, 2, hello);
    put(b, "\24\3\3\0\1\1", 6);
    const uint16_t sizes[] = {(uint16_t)rng_from(&r, 30, 60), (uint16_t)rng_from(&r, 900, 3200),
                              (uint16_t)rng_from(&r, 96, 280), 53};
    for (unsigned i = 0; i < 4; i++) {
        size_t encrypted = record(b, 23);
        put_random(b, &r, sizes[i]);
        put_close(b, 2, encrypted);
    }
}

void server_put_flight_12(struct bytes *b, uint64_t seed, const struct name *name)
{
    struct rng r = rng_for(seed, TAG_CERTIFICATE);
    size_t flight = record(b, 22), body = server_hello(b, &r, 0xc02b, 32);

    put(b, "\0\17\0\27\0\0\377\1\0\1\0\0\13\0\2\1\0", 17);
    put_close(b, 3, body);
    put_u8(b, 11);
    body = put_open(b, 3);
    size_t list = put_open(b, 3);
    for (unsigned i = 0; i < 3; i++) {
        size_t certificate = put_open(b, 3);
        put_certificate(b, &r, i == 0 ? name : NULL);
        put_close(b, 3, certificate);
    }
    put_close(b, 3, list);
    put_close(b, 3, body);
    put_u8(b, 12); /* RFC 8422 §5.4: a point on secp256r1, then its signature */
    body = put_open(b, 3);
    put(b, "\3\0\27\101\4", 5);
    put_random(b, &r, 64);
    put_u16(b, 0x0403);
    size_t bytes = put_open(b, 2), signature = der_open(b, 0x30);
    der_integer(b, &r, 32);
    der_integer(b, &r, 32);
    der_close(b, signature);
    put_close(b, 2, bytes);
    put_close(b, 3, body);
    put(b, "\16\0\0\0", 4);
    put_close(b, 2, flight);
}
