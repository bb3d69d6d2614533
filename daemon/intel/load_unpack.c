/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking gzip (RFC 1952) and xz, bounded in memory and in what comes out. */
#include "intel/load_unpack.h"

#include <errno.h>
#include <stdlib.h>

#include "config.h"
#include "intel/load_input.h"

#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_LZMA
#include <lzma.h>
#endif

/* Lists of names shrink to a tenth, JSON to a thirtieth. What grows more than this is no list: gzip can grow
 * a thousandfold, xz seven thousandfold. Small files may: they cost nothing. */
#define GROWTH_MAX        200u
#define GROWTH_FREE_BYTES ((uint64_t)64 << 20)
/* `xz -9` needs 65 MiB, `xz` alone 9. */
#define XZ_MEMORY_BYTES (BRIDLE_SMALL ? (uint64_t)12 << 20 : (uint64_t)80 << 20)

enum step { STEP_ON, STEP_END, STEP_FAILED };

/* The unpacked bytes go on at `next_out`; both move. */
struct window {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

struct load_unpack {
    struct load_packed from;
    enum step (*step)(struct load_unpack *u, struct window *w, bool last);
    const char *why; /* static; or NULL */
    int error;       /* negative errno, sticky */
    bool in_end, ended;
    uint64_t in_bytes, out_bytes;
#if HAVE_ZLIB
    z_stream gzip;
    bool gzip_open, gzip_between; /* between two members */
#endif
#if HAVE_LZMA
    lzma_stream xz;
    bool xz_open;
#endif
    size_t start, end; /* what is unread in `buf` */
    uint8_t buf[LOAD_LINE_BYTES_MAX + 2u];
};

static bool begins(struct span head, const char *magic, size_t len)
{
    return head.len >= len && memcmp(head.at, magic, len) == 0;
}

#define BEGINS(head, magic) begins(head, magic, sizeof(magic) - 1)

static bool is_gzip(struct span head)
{
    return BEGINS(head, "\x1f\x8b\x08");
}

static bool is_xz(struct span head)
{
    return BEGINS(head, "\xfd"
                        "7zXZ\0");
}

bool load_unpack_is(struct span head)
{
    return (HAVE_ZLIB && is_gzip(head)) || (HAVE_LZMA && is_xz(head));
}

const char *load_unpack_other(struct span head)
{
    if (head.len >= 263 && memcmp(head.at + 257, "ustar", 5) == 0)
        return "a tar archive";
    return BEGINS(head, "PK\x03\x04")           ? "packed by zip"
           : BEGINS(head, "BZh")                ? "packed by bzip2"
           : BEGINS(head, "\x28\xb5\x2f\xfd")   ? "packed by zstd"
           : BEGINS(head, "7z\xbc\xaf\x27\x1c") ? "packed by 7-Zip"
           : is_gzip(head)                      ? "packed by gzip"
           : is_xz(head)                        ? "packed by xz"
                                                : NULL;
}

#if HAVE_ZLIB || HAVE_LZMA
static enum step failed(struct load_unpack *u, int error, const char *why)
{
    u->error = error;
    u->why = why;
    return STEP_FAILED;
}
#endif

#if HAVE_ZLIB
/* Members may follow each other (RFC 1952 §2.2), with zeros between and behind them, as tapes have. Anything
 * else could be what is left of a member. */
static enum step next_member(struct load_unpack *u, struct window *w, bool last)
{
    for (; w->in_len > 0 && *w->in == 0; w->in_len--)
        w->in++;
    if (w->in_len < 3 && !last)
        return STEP_ON; /* more bytes are there or the end shows */
    if (w->in_len == 0)
        return STEP_END;
    if (!is_gzip(span_of(w->in, w->in_len)))
        return failed(u, -EBADMSG, "something else stands behind its gzip data");
    u->gzip_between = false;
    return inflateReset(&u->gzip) == Z_OK ? STEP_ON : failed(u, -EBADMSG, "the gzip data is damaged");
}

static enum step step_gzip(struct load_unpack *u, struct window *w, bool last)
{
    if (u->gzip_between) {
        enum step s = next_member(u, w, last);
        if (s != STEP_ON || u->gzip_between)
            return s;
    }
    u->gzip.next_in = (Bytef *)(uintptr_t)w->in;
    u->gzip.avail_in = (uInt)w->in_len;
    u->gzip.next_out = w->out;
    u->gzip.avail_out = (uInt)w->out_len;
    int got = inflate(&u->gzip, Z_NO_FLUSH);
    w->in = u->gzip.next_in;
    w->in_len = u->gzip.avail_in;
    w->out = u->gzip.next_out;
    w->out_len = u->gzip.avail_out;
    if (got == Z_MEM_ERROR)
        return failed(u, -ENOMEM, NULL);
    if (got == Z_BUF_ERROR && last)
        return failed(u, -ENODATA, "the file is cut: its gzip data goes on");
    if (got != Z_OK && got != Z_BUF_ERROR && got != Z_STREAM_END)
        return failed(u, -EBADMSG, "the gzip data is damaged");
    u->gzip_between = got == Z_STREAM_END;
    return STEP_ON;
}

static bool begin_gzip(struct load_unpack *u)
{
    u->step = step_gzip;
    u->gzip_open = inflateInit2(&u->gzip, 16 + MAX_WBITS) == Z_OK; /* 16: gzip and nothing else */
    return u->gzip_open;
}
#endif

#if HAVE_LZMA
static enum step step_xz(struct load_unpack *u, struct window *w, bool last)
{
    u->xz.next_in = w->in;
    u->xz.avail_in = w->in_len;
    u->xz.next_out = w->out;
    u->xz.avail_out = w->out_len;
    lzma_ret got = lzma_code(&u->xz, last ? LZMA_FINISH : LZMA_RUN);
    w->in = u->xz.next_in;
    w->in_len = u->xz.avail_in;
    w->out = u->xz.next_out;
    w->out_len = u->xz.avail_out;
    if (got == LZMA_OK)
        return STEP_ON;
    if (got == LZMA_STREAM_END)
        return STEP_END;
    if (got == LZMA_BUF_ERROR)
        return last ? failed(u, -ENODATA, "the file is cut: its xz data goes on") : STEP_ON;
    if (got == LZMA_MEMLIMIT_ERROR || got == LZMA_MEM_ERROR)
        return failed(u, -ENOMEM, "unpacking needs too much memory: pack it by `xz -6` or less");
    return failed(u, -EBADMSG, "the xz data is damaged");
}

static bool begin_xz(struct load_unpack *u)
{
    u->step = step_xz;
    u->xz = (lzma_stream)LZMA_STREAM_INIT;
    u->xz_open = lzma_stream_decoder(&u->xz, XZ_MEMORY_BYTES, LZMA_CONCATENATED) == LZMA_OK;
    return u->xz_open;
}
#endif

static bool begin(struct load_unpack *u, struct span head)
{
#if HAVE_ZLIB
    if (is_gzip(head))
        return begin_gzip(u);
#endif
#if HAVE_LZMA
    if (is_xz(head))
        return begin_xz(u);
#endif
    return false;
}

struct load_unpack *load_unpack_new(struct span head, struct load_packed from)
{
    struct load_unpack *u = calloc(1, sizeof(*u));

    if (!u)
        return NULL;
    u->from = from;
    u->in_bytes = u->end = head.len < sizeof(u->buf) ? head.len : sizeof(u->buf);
    if (u->end > 0)
        memcpy(u->buf, head.at, u->end);
    if (begin(u, head))
        return u;
    load_unpack_free(u);
    return NULL;
}

void load_unpack_free(struct load_unpack *u)
{
    if (!u)
        return;
#if HAVE_ZLIB
    if (u->gzip_open)
        inflateEnd(&u->gzip);
#endif
#if HAVE_LZMA
    if (u->xz_open)
        lzma_end(&u->xz);
#endif
    free(u);
}

const char *load_unpack_why(const struct load_unpack *u)
{
    return u->why;
}

/* Adds packed bytes behind those that are unread. False at an error. */
static bool refill(struct load_unpack *u)
{
    memmove(u->buf, u->buf + u->start, u->end - u->start);
    u->end -= u->start;
    u->start = 0;
    ssize_t n = u->from.read(u->from.ctx, u->buf + u->end, sizeof(u->buf) - u->end);
    if (n < 0) {
        u->error = (int)n;
        return false;
    }
    u->in_end = n == 0;
    u->end += (size_t)n;
    u->in_bytes += (uint64_t)n;
    return true;
}

static bool is_bomb(struct load_unpack *u)
{
    if (u->out_bytes <= GROWTH_FREE_BYTES || u->out_bytes / GROWTH_MAX <= u->in_bytes)
        return false;
    u->error = -EFBIG;
    u->why = "unpacks to more than 200 times its size: it is no list, the rest was not read";
    return true;
}

ssize_t load_unpack_read(struct load_unpack *u, void *to, size_t max)
{
    size_t n = 0;

    while (n == 0 && !u->error && !u->ended && !is_bomb(u)) {
        /* Few bytes may be the beginning of what the next ones end: a magic number, a header. */
        if (u->end - u->start < 16 && !u->in_end && !refill(u))
            break;
        struct window w = {u->buf + u->start, u->end - u->start, to, max};
        u->ended = u->step(u, &w, u->in_end) == STEP_END;
        n = max - w.out_len;
        u->start = u->end - w.in_len;
    }
    u->out_bytes += n;
    return n > 0 ? (ssize_t)n : u->error;
}
