/* SPDX-License-Identifier: BSD-2-Clause */
/* An image on its way to a descriptor, block by block. */
#include "intel/build_sink.h"

#include <errno.h>
#include <unistd.h>

#include "intel/build_region.h"

static void write_all(struct build_sink *s, const uint8_t *at, size_t len)
{
    while (len > 0 && s->error == 0) {
        ssize_t n = write(s->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->error = n < 0 ? -errno : -EIO;
            return;
        }
        at += n;
        len -= (size_t)n;
    }
}

void build_sink_init(struct build_sink *s, int fd)
{
    static const uint8_t zeros[IMAGE_HEADER_BYTES];

    s->fd = fd;
    s->error = 0;
    s->bytes = IMAGE_HEADER_BYTES;
    s->sum = 0;
    s->used = 0;
    write_all(s, zeros, sizeof zeros);
}

static void write_block(struct build_sink *s)
{
    s->sum = image_checksum(s->sum, span_of(s->block, s->used));
    write_all(s, s->block, s->used);
    s->used = 0;
}

void build_sink_put(struct build_sink *s, struct span bytes)
{
    if (s->bytes + bytes.len > UINT32_MAX && s->error == 0)
        s->error = -EFBIG;
    s->bytes += bytes.len;
    while (bytes.len > 0 && s->error == 0) {
        size_t room = sizeof s->block - s->used, n = bytes.len < room ? bytes.len : room;
        memcpy(s->block + s->used, bytes.at, n);
        bytes = span_of(bytes.at + n, bytes.len - n);
        s->used += n;
        if (s->used == sizeof s->block)
            write_block(s);
    }
}

void build_sink_move(struct build_sink *s, struct span bytes)
{
    const size_t part_bytes = (size_t)1 << 20;

    while (bytes.len > 0) {
        size_t n = bytes.len < part_bytes ? bytes.len : part_bytes;
        build_sink_put(s, span_of(bytes.at, n));
        region_give_back(bytes.at, bytes.at + n);
        bytes = span_of(bytes.at + n, bytes.len - n);
    }
}

void build_sink_align(struct build_sink *s)
{
    static const uint8_t zeros[IMAGE_ALIGN];

    build_sink_put(s, span_of(zeros, (size_t)(-s->bytes % IMAGE_ALIGN)));
}

int build_sink_finish(struct build_sink *s, uint8_t head[IMAGE_HEADER_BYTES])
{
    if (s->used > 0)
        write_block(s);
    put_le32(head + IMAGE_AT_BYTES, (uint32_t)s->bytes);
    put_le64(head + IMAGE_AT_BODY_SUM, s->sum);
    put_le64(head + IMAGE_AT_HEAD_SUM, image_checksum(0, span_of(head, IMAGE_HEADER_BYTES)));
    if (s->error == 0 && lseek(s->fd, -(off_t)s->bytes, SEEK_CUR) < 0)
        s->error = -errno;
    write_all(s, head, IMAGE_HEADER_BYTES);
    if (s->error == 0 && lseek(s->fd, (off_t)s->bytes - IMAGE_HEADER_BYTES, SEEK_CUR) < 0)
        s->error = -errno;
    return s->error;
}
