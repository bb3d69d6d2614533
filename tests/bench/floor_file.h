/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a capture with read() of 1 MiB into one buffer: the cheapest way that was found. */
#ifndef BRIDLE_BENCH_FLOOR_FILE_H
#define BRIDLE_BENCH_FLOOR_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "floor.h"

#define FLOOR_BLOCK_BYTES  (1u << 20)
#define FLOOR_PACKET_MAX   (256u * 1024u)
#define FLOOR_RECORD_BYTES 16u /* seconds, fraction, captured length, wire length */

struct floor_packet {
    const uint8_t *at;
    uint32_t captured_bytes, wire_bytes;
};

static inline uint32_t floor_le32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v); /* the machines that this runs on are little-endian; the header is checked */
    return v;
}

/* The file, behind its header. */
static inline int floor_open(const char *path)
{
    uint8_t header[24];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        floor_fail(path, strerror(errno));
    if (read(fd, header, sizeof header) != (ssize_t)sizeof header)
        floor_fail(path, "is too short");
    uint32_t magic = floor_le32(header);
    if ((magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) || floor_le32(header + 20) != 1)
        floor_fail(path, "is no pcap file of Ethernet in this machine's byte order");
    return fd;
}

/*
 * Calls `visit` for each packet of a file. Inlined with it, so that a floor pays for no call. Records that
 * span two blocks are moved to the front of the buffer first.
 */
static inline __attribute__((always_inline)) void
floor_each(const char *path, void (*visit)(void *ctx, const struct floor_packet *p), void *ctx)
{
    static _Alignas(4096) uint8_t buffer[FLOOR_BLOCK_BYTES];
    int fd = floor_open(path);
    size_t have = 0;
    ssize_t got;

    while ((got = read(fd, buffer + have, sizeof buffer - have)) > 0) {
        const uint8_t *at = buffer, *end = buffer + have + (size_t)got;
        while ((size_t)(end - at) >= FLOOR_RECORD_BYTES) {
            struct floor_packet p = {at + FLOOR_RECORD_BYTES, floor_le32(at + 8), floor_le32(at + 12)};
            if (p.captured_bytes > FLOOR_PACKET_MAX)
                floor_fail(path, "has a packet that is too large");
            if ((size_t)(end - p.at) < p.captured_bytes)
                break;
            visit(ctx, &p);
            at = p.at + p.captured_bytes;
        }
        have = (size_t)(end - at);
        memmove(buffer, at, have);
    }
    if (got < 0)
        floor_fail(path, strerror(errno));
    close(fd);
}

#endif
