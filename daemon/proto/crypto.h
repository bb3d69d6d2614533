/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenSSL's digests and ciphers, fetched once (their look-up by name costs more than their work) with
 * contexts that are used again, so that a packet neither allocates nor searches. One per worker, made before
 * its jail closes.
 */
#ifndef BRIDLE_PROTO_CRYPTO_H
#define BRIDLE_PROTO_CRYPTO_H

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

#endif
