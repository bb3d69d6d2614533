/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL's digests and ciphers, fetched once (their look-up by name costs more than their work) with
 * contexts that are used again, so that a packet neither allocates nor searches. One per worker, made before
 * its jail closes.
 */
#ifndef BRIDLE_PROTO_CRYPTO_H
#define BRIDLE_PROTO_CRYPTO_H

#include "base/addr.h"
#include "base/span.h"

enum crypto_hash { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_HASHES };

#define CRYPTO_HASH_BYTES_MAX 32

struct crypto;

/* NULL: OpenSSL has not what is needed. */
struct crypto *crypto_new(void);
void crypto_free(struct crypto *c);
/* The digest of `bytes` into `ret` (CRYPTO_HASH_BYTES_MAX bytes); its length, 0 when it cannot be had (MD5
 * under FIPS rules). */
size_t crypto_digest(struct crypto *c, enum crypto_hash hash, struct span bytes, uint8_t *ret);
/* The same as lower-case hexadecimal, NUL-terminated, in `ret` (2 * CRYPTO_HASH_BYTES_MAX + 1 bytes). */
struct span crypto_digest_text(struct crypto *c, enum crypto_hash hash, struct span bytes, char *ret);

/*
 * Bounds what a flood of connection IDs costs: from the first call on, keys are derived at most
 * CRYPTO_BUDGET_RATE times a second, and for one network of clients CRYPTO_BUDGET_SHARE times. Call it before
 * each datagram with the time; in replay, where nobody waits, never.
 */
void crypto_budget(struct crypto *c, uint64_t now_ns);
/* Whose share the next datagrams draw on: the /24 or /64 of `client`. NULL, or never called: nobody's. */
void crypto_client(struct crypto *c, const struct addr *client);

#define CRYPTO_BUDGET_RATE  50000u /* a second, and as many at once */
#define CRYPTO_BUDGET_SHARE 6250u  /* of them for one network */

#endif
