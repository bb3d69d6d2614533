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
    if (c->result == CAPTURE_PACKET)
        return c->batch(c, p, max, ret_end);
    if (c->result == CAPTURE_ERROR)
        errno = c->error;
    *ret_end = c->result;
    return 0;
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
