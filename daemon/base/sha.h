/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-1 and SHA-256 (FIPS 180-4), for main, which names a few events a minute by them and need not have all
 * of libcrypto in memory for that. Nothing secret is hashed here, and nothing for each packet.
 */
#ifndef BRIDLE_BASE_SHA_H
#define BRIDLE_BASE_SHA_H

#include "base/span.h"

#define SHA1_BYTES   20
#define SHA256_BYTES 32

void sha1(struct span message, uint8_t ret[SHA1_BYTES]);
void sha256(struct span message, uint8_t ret[SHA256_BYTES]);

#endif
