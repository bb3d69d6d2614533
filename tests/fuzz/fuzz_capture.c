/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the readers of capture files: whatever a file holds, packets lie in memory, reading ends, and
 * batches bring the same as one packet after the other. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packet/capture_format.h"

struct seen {
    uint64_t packets, sum;
    enum capture_result end;
};

static void look(struct seen *s, const struct capture_file *c, const struct packet *p)
{
    if (p->at < c->buffer || p->at + p->captured_bytes > c->buffer + c->end ||
        p->wire_bytes < p->captured_bytes || p->ts_ns > CAPTURE_TIME_MAX_NS || p->number != ++s->packets)
        abort();
    s->sum = s->sum * 31 + p->ts_ns + p->wire_bytes + p->linktype;
    for (uint32_t i = 0; i < p->captured_bytes; i++)
        s->sum = s->sum * 31 + p->at[i];
}

static struct seen one_by_one(struct capture_file *c)
{
    struct seen s = {0};
    struct packet p;

    while ((s.end = capture_file_next(c, &p)) == CAPTURE_PACKET)
        look(&s, c, &p);
    return s;
}

static struct seen in_batches(struct capture_file *c)
{
    struct seen s = {0};
    struct packet p[5];
    unsigned n;

    while ((n = capture_file_batch(c, p, 5, &s.end)) > 0)
        for (unsigned i = 0; i < n; i++)
            look(&s, c, &p[i]);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct capture_file *c;
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("capture", MFD_CLOEXEC);
        c = capture_file_new(fd, 0);
    }
    if (c == NULL || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size ||
        lseek(fd, 0, SEEK_SET) != 0)
        abort();
    capture_file_use(c, fd, 0);
    struct seen one = one_by_one(c);
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    capture_file_use(c, fd, 0);
    struct seen other = in_batches(c);
    if (one.packets != other.packets || one.sum != other.sum || one.end != other.end ||
        one.packets > size / 16 || capture_file_why(c) == NULL)
        abort();
    return 0;
}
