/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside proto/: AES-128-GCM (FIPS 197, NIST SP 800-38D) and SHA-256 (FIPS 180-4) by the instructions that
 * x86 has for them. Nothing here is secret: keys of Initial packets follow from what stands in them. So what
 * libcrypto is good for, that nobody learns a key, is not needed, and what its interface costs, more than the
 * work itself for packets of this size, can be saved. Where the machine has no such instructions libcrypto
 * does it.
 */
#ifndef BRIDLE_PROTO_CRYPTO_X86_H
#define BRIDLE_PROTO_CRYPTO_X86_H

#include "base/span.h"
#include "config.h"

#if defined(__x86_64__) && !BRIDLE_SMALL
#define CRYPTO_X86 1
#else
#define CRYPTO_X86 0
#endif

/* Blocks of SHA-256 that are taken side by side. */
#define CRYPTO_LANES 3u

#if CRYPTO_X86
/* Whether this machine can; else neither of the others may be called. */
bool crypto_x86_can(void);
/* One block of AES-128. */
void crypto_x86_block(const uint8_t *key, const uint8_t *in, uint8_t *ret);
/* Decrypts `sealed` to `plain`, which may hold `aad`. True when `tag` is right; NULL: there is none to be. */
bool crypto_x86_open(uint8_t *plain, const uint8_t *key, const uint8_t *nonce, struct span aad,
                     struct span sealed, const uint8_t *tag);

/* Whether this machine has those of SHA-256. */
bool crypto_x86_can_sha(void);
/* Takes one block of 64 bytes into each of `n` states, one to CRYPTO_LANES. */
void crypto_x86_sha256(unsigned n, uint32_t (*state)[8], const uint8_t *const *block);
#endif

#endif
