/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floors: what a capture costs at least, measured beside bridled in the same minute. Nothing here is linked
 * into bridled, nor anything of bridled into this: a floor must not move when bridled does.
 */
#ifndef BRIDLE_BENCH_FLOOR_H
#define BRIDLE_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_count {
    uint64_t packets, bytes; /* bytes on the wire */
    uint64_t initials;       /* crypto, tries: QUIC Initial packets that were decrypted */
    uint64_t keys;           /* crypto, tries: connection IDs that keys were derived for */
    uint64_t check;          /* of what was touched: keeps the compiler from leaving it out */
};

/* CPU time of this process, user and system, in ns. */
uint64_t floor_cpu_ns(void);

/* Ends the program with a message when the file cannot be read or is no little-endian pcap of Ethernet. */
void floor_read(const char *path, struct floor_count *ret);
void floor_walk(const char *path, struct floor_count *ret);
void floor_pcap(const char *path, struct floor_count *ret);

/* The QUIC Initial packets of clients in a capture, in memory, so that only cryptography is timed. */
struct floor_initials;
/* Those that open with their connection ID; or `all`, as who meets them must try. */
struct floor_initials *floor_initials_of(const char *path, bool all, struct floor_count *ret);
/* `count` different ones of 1200 bytes, if there is no capture at hand. */
struct floor_initials *floor_initials_made(size_t count);
/* Removes header protection and opens each, as RFC 9001 §5 asks for. */
void floor_crypto(const struct floor_initials *in, struct floor_count *ret);
void floor_initials_free(struct floor_initials *in);

/* Prints a message and ends the program with status 1. */
_Noreturn void floor_fail(const char *path, const char *why);

#endif
