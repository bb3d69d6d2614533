/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside proto/: what OpenSSL was asked for once. */
#ifndef BRIDLE_PROTO_CRYPTO_PRIVATE_H
#define BRIDLE_PROTO_CRYPTO_PRIVATE_H

#include <openssl/evp.h>

#include "proto/crypto.h"

struct crypto {
    EVP_MD *hash[CRYPTO_HASHES]; /* owned; NULL: not to be had */
    EVP_MD_CTX *digest;          /* owned */
};

#endif
