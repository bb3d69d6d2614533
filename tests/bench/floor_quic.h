/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the finding of QUIC Initial packets and their cryptography. */
#ifndef BRIDLE_BENCH_FLOOR_QUIC_H
#define BRIDLE_BENCH_FLOOR_QUIC_H

#include "floor.h"

#define FLOOR_QUIC_MAX   65536u
#define FLOOR_HEADER_MAX 4096u /* up to and with the packet number; tokens may be long */
#define FLOOR_DCID_MAX   20u

/* RFC 9000 §17.2.2. Offsets from `at`. */
struct floor_initial {
    const uint8_t *at; /* of the first byte of the header */
    uint32_t bytes;    /* header, payload and tag */
    uint32_t number_at;
    uint32_t key; /* index of its keys */
    uint8_t dcid_at, dcid_bytes;
    bool fresh; /* the first with its connection ID: keys are to be derived */
};

struct floor_quic;

/* For packets whose `key` is below `keys`. */
struct floor_quic *floor_quic_new(size_t keys);
void floor_quic_free(struct floor_quic *q);
/* Derives keys if need be, and decrypts. Whether the tag was right. */
bool floor_quic_open(struct floor_quic *q, const struct floor_initial *in);
/* Random bytes. */
void floor_quic_fill(uint8_t *at, size_t bytes);

#endif
