/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fingerprints of the program that wrote a ClientHello: JA3, and the client part of JA4 (its specification's
 * "JA4", the part that is under the BSD licence).
 */
#ifndef BRIDLE_PROTO_FINGERPRINT_H
#define BRIDLE_PROTO_FINGERPRINT_H

#include "proto/crypto.h"

/* A list of more values has no fingerprint: all that are registered are fewer. */
#define FINGERPRINT_VALUES_MAX 512u

/* Room for either, with its NUL. */
#define FINGERPRINT_TEXT_MAX (2 * CRYPTO_HASH_BYTES_MAX + 1)

/* A whole, well-formed ClientHello. */
struct fingerprint_hello {
    char transport;            /* 't': TLS over TCP, 'q': QUIC, 'd': DTLS */
    uint16_t version;          /* legacy_version */
    struct span cipher_suites; /* borrowed, as all spans here: the list without its length */
    struct span extensions;    /* the same */
};

/* The text of the fingerprint, in `ret` (FINGERPRINT_TEXT_MAX bytes). Empty: a list contradicts itself or is
 * too long, or the digest cannot be had. */
struct span fingerprint_ja3(const struct fingerprint_hello *h, struct crypto *c, char *ret);
struct span fingerprint_ja4(const struct fingerprint_hello *h, struct crypto *c, char *ret);

#endif
