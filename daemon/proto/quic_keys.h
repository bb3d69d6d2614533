/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUIC's versions, and the keys that protect the Initial packets of a client: RFC 9001 §5.2, RFC 9369 §3.3.
 * They follow from the version and a connection ID that stand in the packet, so anybody on the path has them.
 */
#ifndef BRIDLE_PROTO_QUIC_KEYS_H
#define BRIDLE_PROTO_QUIC_KEYS_H

#include "base/span.h"

#define QUIC_CID_MAX      20u /* RFC 9000 §17.2 */
#define QUIC_KEYS         64u /* a hello often needs two packets: keys that are kept */
#define QUIC_VERSIONS_MAX 16u /* rows of the table of versions */

struct crypto;

/* What tells versions apart. */
struct quic_version {
    uint32_t first, last; /* numbers */
    const char *salt;     /* 20 bytes */
    uint8_t labels;       /* enum quic_label: the first of those of its keys */
    uint8_t type_base;    /* code of the type Initial; the others follow in their order */
    uint8_t crypto;       /* type of the CRYPTO frame: RFC 9000 §19.6 */
};

/* What is expanded from a secret: RFC 9001 §5.1 and §5.2, RFC 9369 §3.3.1. */
enum quic_label {
    QUIC_LABEL_CLIENT,
    QUIC_LABEL_V1, /* key, iv and hp, in this order */
    QUIC_LABEL_V2 = QUIC_LABEL_V1 + 3,
    QUIC_LABELS = QUIC_LABEL_V2 + 3
};

/* Long header packet types, numbered as in version 1: RFC 9000 §17.2. */
enum quic_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY };

struct quic_keys {
    const struct quic_version *version; /* borrowed: the table is static; NULL: not in use */
    uint8_t cid_len;
    uint8_t cid[QUIC_CID_MAX];
    uint8_t key[16]; /* AES-128-GCM */
    uint8_t iv[12];
    uint8_t hp[16]; /* header protection: RFC 9001 §5.4 */
};

/* What can be derived before any packet; part of crypto_new. */
void quic_keys_init(struct crypto *c);
/* The row of a version number; NULL when its keys are not known. */
const struct quic_version *quic_version_find(uint32_t number);
/* A number that QUIC uses although its keys are not known: reserved ones (RFC 9000 §15), drafts, Google's. */
bool quic_version_plausible(uint32_t number);
/* The type of a long header packet, from its first byte. */
enum quic_type quic_type_of(const struct quic_version *version, uint8_t first);
/*
 * The client's keys for `cid` (at most QUIC_CID_MAX bytes); valid until the next call. NULL when the budget
 * is spent (crypto_budget).
 */
const struct quic_keys *quic_keys_get(struct crypto *c, const struct quic_version *version, struct span cid);

#endif
