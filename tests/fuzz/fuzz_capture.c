/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the readers of capture files: whatever a file holds, packets lie in memory and reading ends. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packet/capture_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct capture_file *c;
    static int fd = -1;
    struct packet p;
    uint64_t packets = 0;
    uint32_t sum = 0;

    if (fd < 0) {
        fd = memfd_create("capture", MFD_CLOEXEC);
        c = capture_file_new(fd, 0);
    }
    if (c == NULL || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size ||
        lseek(fd, 0, SEEK_SET) != 0)
        abort();
    capture_file_use(c, fd, 0);
    while (capture_file_next(c, &p) == CAPTURE_PACKET) {
        if (p.at < c->buffer || p.at + p.captured_bytes > c->buffer + c->end ||
            p.wire_bytes < p.captured_bytes || p.ts_ns > CAPTURE_TIME_MAX_NS || p.number != ++packets)
            abort();
        for (uint32_t i = 0; i < p.captured_bytes; i++)
            sum += p.at[i];
    }
    if (packets > size / 16 || (sum != 0 && packets == 0) || capture_file_why(c) == NULL)
        abort();
    return 0;
}
