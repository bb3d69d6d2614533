/* SPDX-License-Identifier: BSD-2-Clause */
/* A ClientHello as browsers write it, its extensions in random order: RFC 8446 §4.1.2, RFC 8701. */
#include "gen_hello.h"

enum { TAG_HELLO = 200 };
enum { GROUP_MLKEM = 0x11ec, GROUP_X25519 = 29, GROUP_P256 = 23, GROUP_P384 = 24 };

/* What is drawn for one hello. */
struct draft {
    const struct hello *hello;
    struct rng rng;
    bool ech;
    uint8_t grease[4]; /* RFC 8701 §2: 0x0a, 0x1a ... 0xfa, twice each */
};

static void put_grease(struct bytes *b, const struct draft *d, unsigned i)
{
    put_u8(b, d->grease[i]);
    put_u8(b, d->grease[i]);
}

static void put_name(struct bytes *b, struct draft *d)
{
    size_t list = put_open(b, 2);
    put_u8(b, 0);
    put_u16(b, (unsigned)d->hello->name.len);
    put(b, d->hello->name.text, d->hello->name.len);
    put_close(b, 2, list);
}

static void put_groups(struct bytes *b, struct draft *d)
{
    size_t list = put_open(b, 2);
    put_grease(b, d, 0);
    if (d->hello->quantum)
        put_u16(b, GROUP_MLKEM);
    put_u16(b, GROUP_X25519);
    put_u16(b, GROUP_P256);
    put_u16(b, GROUP_P384);
    put_close(b, 2, list);
}

static void put_shares(struct bytes *b, struct draft *d)
{
    size_t list = put_open(b, 2);
    put_grease(b, d, 0);
    put_number(b, 3, 1 << 8);
    if (d->hello->quantum) {
        put_u16(b, GROUP_MLKEM);
        put_u16(b, 1216);
        put_random(b, &d->rng, 1216);
    }
    put_u16(b, GROUP_X25519);
    put_u16(b, 32);
    put_random(b, &d->rng, 32);
    put_close(b, 2, list);
}

static void put_versions(struct bytes *b, struct draft *d)
{
    size_t list = put_open(b, 1);
    put_grease(b, d, 1);
    put_u16(b, 0x0304);
    if (!d->hello->quic)
        put_u16(b, 0x0303);
    put_close(b, 1, list);
}

static void put_alpn(struct bytes *b, struct draft *d)
{
    size_t list = put_open(b, 2);
    put_text(b, d->hello->quic ? "\2h3" : "\2h2\10http/1.1");
    put_close(b, 2, list);
}

static void put_ticket(struct bytes *b, struct draft *d)
{
    if (rng_percent(&d->rng, 10))
        put_random(b, &d->rng, 192);
}

/* An Encrypted ClientHello that is GREASE: draft-ietf-tls-esni §6.2. */
static void put_ech(struct bytes *b, struct draft *d)
{
    put(b, "\0\0\1\0\1", 5);
    put_u8(b, rng_below(&d->rng, 256));
    put_u16(b, 32);
    put_random(b, &d->rng, 32);
    put_u16(b, 144);
    put_random(b, &d->rng, 144);
}

/* RFC 9000 §18.2, varints written out: idle timeout, limits, the client's own connection ID. */
static void put_parameters(struct bytes *b, struct draft *d)
{
    put(b, "\1\4\200\0\165\60", 6);
    put(b, "\4\4\200\360\0\0", 6);
    put(b, "\5\4\200\140\0\0", 6);
    put(b, "\6\4\200\140\0\0", 6);
    put(b, "\7\4\200\140\0\0", 6);
    put(b, "\10\2\100\144", 4);
    put(b, "\11\2\100\147", 4);
    put_u8(b, 15);
    put_u8(b, (unsigned)d->hello->scid.len);
    put(b, d->hello->scid.at, d->hello->scid.len);
}

static const struct extension {
    uint16_t type;
    const char *fixed; /* its bytes, or NULL: `put` writes them */
    uint16_t fixed_len;
    void (*put)(struct bytes *b, struct draft *d);
    enum { BOTH, TCP_ONLY, QUIC_ONLY } where;
} extensions[] = {
    {0, NULL, 0, put_name, BOTH},
    {23, "", 0, NULL, TCP_ONLY},
    {0xff01, "\0", 1, NULL, TCP_ONLY},
    {10, NULL, 0, put_groups, BOTH},
    {11, "\1\0", 2, NULL, TCP_ONLY},
    {35, NULL, 0, put_ticket, TCP_ONLY},
    {16, NULL, 0, put_alpn, BOTH},
    {5, "\1\0\0\0\0", 5, NULL, BOTH},
    {13, "\0\20\4\3\10\4\4\1\5\3\10\5\5\1\10\6\6\1", 18, NULL, BOTH},
    {18, "", 0, NULL, TCP_ONLY},
    {51, NULL, 0, put_shares, BOTH},
    {45, "\1\1", 2, NULL, BOTH},
    {43, NULL, 0, put_versions, BOTH},
    {27, "\2\0\2", 3, NULL, BOTH},
    {17613, "\0\3\2h2", 5, NULL, TCP_ONLY},
    {0xfe0d, NULL, 0, put_ech, BOTH},
    {57, NULL, 0, put_parameters, QUIC_ONLY},
};
#define EXTENSIONS (sizeof extensions / sizeof extensions[0])

static void put_extension(struct bytes *b, struct draft *d, const struct extension *e)
{
    if (e->where == (d->hello->quic ? TCP_ONLY : QUIC_ONLY) || (e->put == put_ech && !d->ech))
        return;
    put_u16(b, e->type);
    size_t body = put_open(b, 2);
    if (e->put)
        e->put(b, d);
    else
        put(b, e->fixed, e->fixed_len);
    put_close(b, 2, body);
}

static void put_extensions(struct bytes *b, struct draft *d)
{
    uint8_t order[EXTENSIONS];
    size_t list = put_open(b, 2);

    for (unsigned i = 0; i < EXTENSIONS; i++) {
        unsigned j = rng_below(&d->rng, i + 1);
        order[i] = order[j];
        order[j] = (uint8_t)i;
    }
    put_grease(b, d, 2);
    put_u16(b, 0);
    for (unsigned i = 0; i < EXTENSIONS; i++)
        put_extension(b, d, &extensions[order[i]]);
    put_grease(b, d, 3);
    put_u16(b, 1);
    put_u8(b, 0);
    put_close(b, 2, list);
}

void hello_put(struct bytes *b, const struct hello *h)
{
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                                      0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
    struct draft d = {.hello = h, .rng = rng_for(h->seed, TAG_HELLO)};

    d.ech = rng_percent(&d.rng, 60); /* not every client writes it */
    for (unsigned i = 0; i < 4; i++)
        d.grease[i] = (uint8_t)(rng_below(&d.rng, 16) << 4 | 0x0a);
    if (d.grease[3] == d.grease[2]) /* no extension comes twice */
        d.grease[3] = (uint8_t)(d.grease[3] ^ 0x10);
    put_u8(b, 1);
    size_t body = put_open(b, 3);
    put_u16(b, 0x0303);
    put_random(b, &d.rng, 32);
    put_u8(b, h->quic ? 0 : 32);
    put_random(b, &d.rng, h->quic ? 0 : 32);
    size_t list = put_open(b, 2);
    put_grease(b, &d, 1);
    for (unsigned i = 0; i < (h->quic ? 3 : sizeof suites / sizeof suites[0]); i++)
        put_u16(b, suites[i]);
    put_close(b, 2, list);
    put_u16(b, 0x0100);
    put_extensions(b, &d);
    put_close(b, 3, body);
}

void hello_put_record(struct bytes *b, const struct hello *h)
{
    put_u8(b, 22);
    put_u16(b, 0x0301);
    size_t record = put_open(b, 2);
    hello_put(b, h);
    put_close(b, 2, record);
}
