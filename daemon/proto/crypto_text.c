/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests as they are written. */
#include "proto/crypto.h"

struct span crypto_digest_text(struct crypto *c, enum crypto_hash hash, struct span bytes, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[CRYPTO_HASH_BYTES_MAX];
    size_t len = crypto_digest(c, hash, bytes, raw);

    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[raw[i] >> 4];
        ret[2 * i + 1] = digits[raw[i] & 15];
    }
    ret[2 * len] = 0;
    return span_of(ret, 2 * len);
}
