/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC Initial packets of the traffic generator, really protected: RFC 9000 §17.2.2, RFC 9001 §5, RFC 9369.
 */
#ifndef BRIDLE_BENCH_GEN_QUIC_H
#define BRIDLE_BENCH_GEN_QUIC_H

#include <openssl/evp.h>

#include "base/text.h"
#include "gen_bytes.h"

enum { QUIC_V1 = 1, QUIC_V2 = 0x6b3343cf };
enum { QUIC_INITIAL = 0, QUIC_HANDSHAKE = 2 };

/* What OpenSSL fetches and allocates once. */
struct quic {
    EVP_MD *sha256; /* owned, as all that follows */
    EVP_CIPHER *gcm, *ecb;
    EVP_MD_CTX *digest;
    EVP_CIPHER_CTX *seal, *mask;
};

struct quic_packet {
    uint32_t version;
    bool server;        /* the server sends it */
    struct span origin; /* the connection ID from which the keys derive: the client's first DCID */
    struct span dcid, scid;
    uint32_t number;
    unsigned number_bytes; /* 1 to 4 */
};

/* 0 or -ENOMEM. */
int quic_init(struct quic *q);
void quic_done(struct quic *q);
/* Adds an Initial with these frames to a datagram. */
void quic_put_initial(struct quic *q, struct bytes *to, const struct quic_packet *p, struct span frames);
/* A Handshake packet, `bytes` long behind its length, that only its ends can read. */
void quic_put_handshake(struct bytes *to, const struct quic_packet *p, struct rng *r, size_t bytes);
/* Everything of a long header up to the token: RFC 9000 §17.2. */
void quic_put_long(struct bytes *to, const struct quic_packet *p, unsigned type);
void quic_put_varint(struct bytes *to, uint64_t v);
/* A CRYPTO frame: RFC 9000 §19.6. */
void quic_put_crypto(struct bytes *to, uint32_t offset, struct span data);

#endif
