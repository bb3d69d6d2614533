/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside proto/: what OpenSSL was asked for once, and the secrets of QUIC that were derived with it. */
#ifndef BRIDLE_PROTO_CRYPTO_PRIVATE_H
#define BRIDLE_PROTO_CRYPTO_PRIVATE_H

#include <openssl/aes.h>
#include <openssl/evp.h>
#include <openssl/modes.h>
#include <openssl/sha.h>

#include "base/hash.h"
#include "config.h"
#include "proto/crypto.h"
#include "proto/quic_keys.h"

#define CRYPTO_AES_BYTES   16u
#define CRYPTO_NONCE_BYTES 12u
#define CRYPTO_TAG_BYTES   16u

#define BUDGET_SHARES 1024u /* networks told apart at once, by hash */

/* Each bucket is the time at which it will be full again: one number instead of two. */
struct crypto_budget {
    bool on;
    bool shared; /* `share` is somebody's */
    uint64_t now_ns;
    uint64_t full_ns;
    uint32_t share; /* index of the client's bucket */
    uint64_t share_full_ns[BUDGET_SHARES];
};

/* HMAC-SHA256 (RFC 2104) with a key: states of SHA-256 that have taken its pads. */
struct crypto_hmac {
    uint32_t state[2][8]; /* the inner one, the outer */
};

/* What a code is made of, padded as SHA-256 wants it. */
struct crypto_message {
    uint8_t block[SHA256_CBLOCK];
};

#define CRYPTO_MESSAGE_MAX (SHA256_CBLOCK - 9u) /* bytes of a message that fits in one block */

struct crypto {
#if BRIDLE_SMALL /* crypto_small.c */
    AES_KEY gcm;
    GCM128_CONTEXT *opener; /* owned */
#else
    EVP_MD *hash[CRYPTO_HASHES];                                    /* owned; NULL: not to be had */
    EVP_MD_CTX *digest;                                             /* owned */
    EVP_CIPHER_CTX *block, *gcm;                                    /* owned; AES-128 in ECB and GCM mode */
    uint8_t block_key[CRYPTO_AES_BYTES], gcm_key[CRYPTO_AES_BYTES]; /* the keys that these two have */
    bool x86, x86_sha;                                              /* done by crypto_x86.c instead, by crypto_x86_sha.c */
#endif
    struct hash_key key;                        /* of the tables below */
    struct crypto_hmac salt[QUIC_VERSIONS_MAX]; /* of each version: quic_keys_init */
    struct crypto_message label[QUIC_LABELS];   /* the same */
    struct quic_keys keys[QUIC_KEYS];           /* latest keys, by hash */
    struct crypto_budget budget;
    uint8_t plain[64u * 1024u]; /* the payload of a packet; more than a datagram holds */
};

/* Takes a key of at most 64 bytes. */
void crypto_hmac_key(const struct crypto *c, struct crypto_hmac *h, struct span key);
/* Takes at most CRYPTO_MESSAGE_MAX bytes. */
void crypto_message(struct crypto_message *m, struct span text);
/* The codes of `n` messages, one to CRYPTO_LANES. */
void crypto_hmac(const struct crypto *c, const struct crypto_hmac *h, const struct crypto_message *m,
                 unsigned n, uint8_t (*ret)[SHA256_DIGEST_LENGTH]);
/* One block of AES-128. */
bool crypto_block(struct crypto *c, const uint8_t *key, const uint8_t *in, uint8_t *ret);
/*
 * Decrypts `sealed` with AES-128-GCM into c->plain; true when `tag` is right. Without a tag (NULL) nothing is
 * verified. `aad` may lie in c->plain.
 */
bool crypto_open(struct crypto *c, const uint8_t *key, const uint8_t *nonce, struct span aad,
                 struct span sealed, const uint8_t *tag);
/* Takes one derivation out of the budget. False when there is none left. */
bool crypto_spend(struct crypto *c);

#endif
