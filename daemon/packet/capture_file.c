/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads capture files from any descriptor: in its mapping or in large blocks into one buffer, and packets are
 * parsed where they lie. */
#include "packet/capture_format.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/bus.h"

#define CACHE_LINE_BYTES 64u
/* Where a record ends only its begin tells, so one after the other would be waited for. But most are either
 * small, and end in the lines that are called for anyway, or one of the two sizes that large ones had of
 * late: what would follow those is called for, too. */
#define LARGE_BYTES 512u

struct capture_file *capture_file_new(int fd, uint32_t source)
{
    struct capture_file *c = malloc(sizeof *c);
    if (c == NULL)
        return NULL;
    capture_window_init(&c->window); /* else files are read */
    capture_file_use(c, fd, source);
    return c;
}

void capture_file_free(struct capture_file *c)
{
    if (c != NULL)
        capture_window_done(&c->window);
    free(c);
}

void capture_file_use(struct capture_file *c, int fd, uint32_t source)
{
    struct capture_window window = c->window;

    memset(c, 0, offsetof(struct capture_file, buffer));
    c->window = window;
    c->bytes = capture_window_use(&c->window, fd) ? window.at : c->buffer;
    c->fd = fd;
    c->source = source;
    c->why = "";
}

bool capture_file_mapped(const struct capture_file *c)
{
    return c->window.in_use;
}

/* From here on by read(2), which is told where. */
static void leave_window(struct capture_file *c, uint64_t at)
{
    c->window.in_use = false;
    c->bytes = c->buffer;
    c->at = c->end = 0;
    if (lseek(c->fd, (off_t)at, SEEK_SET) < 0)
        c->error = errno;
}

static bool read_mapped(struct capture_file *c, uint64_t to, size_t n)
{
    size_t bytes;

    if (bus_missed() != c->window.missed) {
        c->error = EIO;
        return false;
    }
    if (!capture_window_move(&c->window, c->fd, to, &bytes)) {
        leave_window(c, to);
        return capture_fill(c, n);
    }
    c->at = (size_t)(to - c->window.from);
    c->end = c->at + bytes;
    return bytes >= n;
}

bool capture_read(struct capture_file *c, size_t n)
{
    if (c->held) {
        c->starved = true;
        return false;
    }
    if (c->window.in_use)
        return read_mapped(c, c->window.from + c->at, n);
    memmove(c->buffer, c->buffer + c->at, c->end - c->at);
    c->end -= c->at;
    c->at = 0;
    while (c->end < n) {
        if (c->ended || c->error != 0)
            return false;
        size_t room = CAPTURE_BUFFER_BYTES - c->end;
        ssize_t got = read(c->fd, c->buffer + c->end, room < CAPTURE_READ_BYTES ? room : CAPTURE_READ_BYTES);
        if (got > 0)
            c->end += (size_t)got;
        else if (got == 0)
            c->ended = true;
        else if (errno != EINTR)
            c->error = errno;
    }
    return true;
}

bool capture_skip(struct capture_file *c, uint64_t n)
{
    if (n > c->end - c->at && c->held) {
        c->starved = true;
        return false;
    }
    if (n > c->end - c->at && c->window.in_use) {
        uint64_t at = c->window.from + c->at;
        bool there = n < UINT64_MAX - at && read_mapped(c, at + n - 1, 1); /* the last that is passed over */
        c->at += there;
        return there;
    }
    while (n > c->end - c->at) {
        n -= c->end - c->at;
        c->at = c->end = 0;
        if (!capture_fill(c, 1))
            return false;
    }
    c->at += (size_t)n;
    return true;
}

enum capture_result capture_ended(struct capture_file *c, const char *within)
{
    if (c->starved) {
        c->starved = false;
        return CAPTURE_LATER;
    }
    if (c->error != 0) {
        c->result = CAPTURE_ERROR;
    } else if (c->at == c->end && within == NULL) {
        c->result = CAPTURE_END;
    } else {
        c->result = CAPTURE_CUT;
        c->why = within != NULL ? within : "ends within the header of a packet";
    }
    return c->result;
}

enum capture_result capture_bad(struct capture_file *c, const char *why)
{
    c->why = why;
    return c->result = CAPTURE_BAD;
}

static void open_format(struct capture_file *c)
{
    if (!capture_fill(c, 4)) {
        if (c->error != 0)
            c->result = CAPTURE_ERROR;
        else
            capture_bad(c, c->end == 0 ? "is empty" : "is not a capture file");
    } else if (!capture_pcap_open(c) && !capture_pcapng_open(c)) {
        capture_bad(c, "is not a capture file");
    }
}

unsigned capture_file_batch(struct capture_file *c, struct packet *p, unsigned max,
                            enum capture_result *ret_end)
{
    if (c->result == CAPTURE_PACKET && c->batch == NULL)
        open_format(c);
    unsigned n = 0;
    if (c->result == CAPTURE_PACKET)
        n = c->batch(c, p, max, ret_end);
    else
        *ret_end = c->result;
    if (n == 0 && c->result == CAPTURE_ERROR)
        errno = c->error;
    return n;
}

static inline void call_for(const uint8_t *at)
{
    __builtin_prefetch(at);
    __builtin_prefetch(at + CACHE_LINE_BYTES);
}

/* Sizes come in no order that can be foreseen, so there is no branch for them. */
static inline void note_size(struct capture_file *c, size_t bytes)
{
    size_t latest = c->large_bytes[0], before = c->large_bytes[1];
    bool differs = (bytes - LARGE_BYTES <= CAPTURE_PACKET_BYTES_MAX - LARGE_BYTES) & (bytes != latest);
    size_t mask = 0 - (size_t)differs;

    c->large_bytes[1] = before ^ ((before ^ latest) & mask);
    c->large_bytes[0] = latest ^ ((latest ^ bytes) & mask);
}

void capture_file_ahead(struct capture_file *c)
{
    size_t at = c->ahead;

    if (at >= c->end || c->end - at < CAPTURE_RECORD_BYTES)
        return;
    size_t bytes = c->record.header_bytes + (size_t)capture_u32_of(c, at + c->record.length_at);
    at = bytes < c->end - at ? at + bytes : c->end;
    c->ahead = at;
    note_size(c, bytes);
    const uint8_t *next = c->bytes + at;
    call_for(next);
    call_for(next + c->large_bytes[0]);
    call_for(next + c->large_bytes[1]);
    call_for(next + 2 * c->large_bytes[0]);
}

enum capture_result capture_file_next(struct capture_file *c, struct packet *p)
{
    enum capture_result end;

    return capture_file_batch(c, p, 1, &end) > 0 ? CAPTURE_PACKET : end;
}

const char *capture_file_why(const struct capture_file *c)
{
    return c->why;
}
