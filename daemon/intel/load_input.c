/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading indicator files in a bounded buffer. */
#include "intel/load_input.h"

#include <errno.h>
#include <unistd.h>

#include "intel/load_unpack.h"

/* So much of a line that is too long is kept, to show it. */
#define BEGINNING 64

void load_input_init(struct load_input *in, int fd, struct span memory, uint64_t bytes_max)
{
    in->fd = fd;
    in->memory = in->whole = memory;
    in->unpack = NULL;
    in->room = in->bytes_max = bytes_max;
    in->taken = 0;
    in->line = 0;
    in->error = 0;
    in->at_end = false;
    in->start = in->end = 0;
}

void load_input_done(struct load_input *in)
{
    load_unpack_free(in->unpack);
    in->unpack = NULL;
}

/* Bytes as they lie in the file. */
static ssize_t take_raw(void *ctx, void *to, size_t max)
{
    struct load_input *in = ctx;
    ssize_t n;

    if (in->fd < 0) {
        n = (ssize_t)(max < in->memory.len ? max : in->memory.len);
        if (n > 0) {
            memcpy(to, in->memory.at, (size_t)n);
            in->memory = span_of(in->memory.at + n, in->memory.len - (size_t)n);
        }
    } else {
        do
            n = read(in->fd, to, max);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return -errno;
    }
    in->taken += (uint64_t)n;
    return n;
}

static ssize_t take(struct load_input *in, void *to, size_t max)
{
    return in->unpack ? load_unpack_read(in->unpack, to, max) : take_raw(in, to, max);
}

/* Adds what is there to the buffer, which has room; sets `at_end` when nothing more comes. */
static void more(struct load_input *in)
{
    ssize_t n = take(in, in->buf + in->end, sizeof(in->buf) - in->end);

    if (n > 0 && (uint64_t)n <= in->room) {
        in->room -= (uint64_t)n;
        in->end += (size_t)n;
        return;
    }
    in->error = n > 0 ? -EFBIG : (int)n;
    in->at_end = true;
}

static void fill(struct load_input *in)
{
    if (in->start > 0) {
        memmove(in->buf, in->buf + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    while (in->end < sizeof(in->buf) && !in->at_end)
        more(in);
}

int load_input_start(struct load_input *in)
{
    struct span head = load_input_head(in);

    if (!in->unpack && load_unpack_is(head)) {
        in->unpack = load_unpack_new(head, (struct load_packed){take_raw, in});
        if (!in->unpack)
            return -ENOMEM;
        in->room = in->bytes_max;
        in->start = in->end = 0;
        in->error = 0;
        in->at_end = false;
        head = load_input_head(in);
    }
    if (head.len >= 3 && memcmp(head.at, "\xef\xbb\xbf", 3) == 0)
        load_input_skip(in, 3);
    return 0;
}

int load_input_rewind(struct load_input *in)
{
    int fd = in->fd;

    load_input_done(in);
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    load_input_init(in, fd, in->whole, in->bytes_max);
    return load_input_start(in);
}

const char *load_input_why(const struct load_input *in)
{
    const char *why = in->unpack ? load_unpack_why(in->unpack) : NULL;

    if (why)
        return why;
    if (in->error != -EFBIG)
        return strerror(-in->error);
    return in->unpack ? "unpacked, it is larger than a file may be"
                      : "the file grew beyond the limit while it was read";
}

struct span load_input_head(struct load_input *in)
{
    fill(in);
    return span_of(in->buf + in->start, in->end - in->start);
}

void load_input_skip(struct load_input *in, size_t bytes)
{
    in->start += bytes < in->end - in->start ? bytes : in->end - in->start;
}

/* Drops what is left of a line that filled the buffer; `keep` first bytes stay where they are. */
static void skip_line(struct load_input *in, size_t keep)
{
    const uint8_t *nl = NULL;

    while (!nl && !in->at_end) {
        in->start = in->end = keep;
        more(in);
        nl = memchr(in->buf + keep, '\n', in->end - keep);
    }
    in->start = nl ? (size_t)(nl + 1 - in->buf) : in->end;
}

enum load_input_line load_input_line(struct load_input *in, struct span *ret)
{
    uint8_t *nl = in->end > in->start ? memchr(in->buf + in->start, '\n', in->end - in->start) : NULL;

    if (!nl && !in->at_end) {
        fill(in);
        nl = in->end > in->start ? memchr(in->buf + in->start, '\n', in->end - in->start) : NULL;
    }
    if (in->start == in->end || (!nl && in->error))
        return LOAD_INPUT_END;
    in->line++;
    size_t len = (nl ? (size_t)(nl - in->buf) : in->end) - in->start;
    if (!nl && len == sizeof(in->buf)) {
        *ret = span_of(in->buf, BEGINNING);
        skip_line(in, BEGINNING);
        return LOAD_INPUT_TOO_LONG;
    }
    const uint8_t *at = in->buf + in->start;
    in->start += len + (nl ? 1 : 0);
    if (len > 0 && at[len - 1] == '\r')
        len--;
    *ret = span_of(at, len <= LOAD_LINE_BYTES_MAX ? len : BEGINNING);
    return len <= LOAD_LINE_BYTES_MAX ? LOAD_INPUT_LINE : LOAD_INPUT_TOO_LONG;
}

void load_input_seek(struct load_input *in, uint8_t byte)
{
    for (;;) {
        const uint8_t *from = in->buf + in->start, *at = memchr(from, byte, in->end - in->start);
        const uint8_t *nl = memrchr(from, '\n', at ? (size_t)(at - from) : in->end - in->start);
        if (nl)
            in->start = (size_t)(nl + 1 - in->buf);
        bool longest = in->start == 0 && in->end == sizeof(in->buf); /* load_input_line judges it */
        if (at || in->at_end || longest)
            return;
        fill(in);
    }
}

size_t load_input_read(struct load_input *in, void *to, size_t max)
{
    if (in->start == in->end && !in->at_end)
        fill(in);
    size_t n = in->end - in->start < max ? in->end - in->start : max;
    memcpy(to, in->buf + in->start, n);
    in->start += n;
    return n;
}
