/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads capture files from any descriptor, in large blocks into one buffer, where packets are parsed in
 * place.
 */
#include "packet/capture_format.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct capture_file *capture_file_new(int fd, uint32_t source)
{
    struct capture_file *c = malloc(sizeof *c);
    if (c != NULL)
        capture_file_use(c, fd, source);
    return c;
}

void capture_file_free(struct capture_file *c)
{
    free(c);
}

void capture_file_use(struct capture_file *c, int fd, uint32_t source)
{
    memset(c, 0, offsetof(struct capture_file, buffer));
    c->fd = fd;
    c->source = source;
    c->why = "";
}

bool capture_read(struct capture_file *c, size_t n)
{
    if (c->held) {
        c->starved = true;
        return false;
    }
    while (c->end - c->at < n) {
        if (c->ended || c->error != 0)
            return false;
        if (c->at + n > CAPTURE_BUFFER_BYTES) {
            memmove(c->buffer, c->buffer + c->at, c->end - c->at);
            c->end -= c->at;
            c->at = 0;
        }
        ssize_t got = read(c->fd, c->buffer + c->end, CAPTURE_BUFFER_BYTES - c->end);
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

enum capture_result capture_packet(struct capture_file *c, struct packet *p, const uint8_t *at,
                                   uint32_t captured, uint32_t wire)
{
    p->ts_ns = c->ts_ns;
    p->number = ++c->number;
    p->at = at;
    p->captured_bytes = captured;
    p->wire_bytes = wire > captured ? wire : captured;
    p->source = c->source;
    return CAPTURE_PACKET;
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

enum capture_result capture_file_next(struct capture_file *c, struct packet *p)
{
    if (c->result == CAPTURE_PACKET && c->next == NULL)
        open_format(c);
    if (c->result == CAPTURE_PACKET)
        return c->next(c, p);
    if (c->result == CAPTURE_ERROR)
        errno = c->error;
    return c->result;
}

unsigned capture_file_batch(struct capture_file *c, struct packet *p, unsigned max,
                            enum capture_result *ret_end)
{
    unsigned n = 0;

    while (n < max && (*ret_end = capture_file_next(c, &p[n])) == CAPTURE_PACKET) {
        c->held = true;
        n++;
    }
    c->held = false;
    return n;
}

const char *capture_file_why(const struct capture_file *c)
{
    return c->why;
}
