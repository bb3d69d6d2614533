/* SPDX-License-Identifier: BSD-2-Clause */
/* Test program: reads capture files, decodes every packet, and prints a line a file: how it ended, packets,
 * results of decode, and the link types seen. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "packet/capture.h"
#include "packet/decode.h"
#include "packet/defrag.h"

#define LINKTYPES_MAX 8

static const char *const results[] = {
    [CAPTURE_END] = "end", [CAPTURE_CUT] = "cut", [CAPTURE_BAD] = "bad", [CAPTURE_ERROR] = "error"};

static void note_link(uint32_t *links, uint32_t linktype)
{
    for (unsigned i = 0; i < LINKTYPES_MAX; i++) {
        if (links[i] == linktype)
            return;
        if (links[i] == UINT32_MAX) {
            links[i] = linktype;
            return;
        }
    }
}

static void read_file(struct capture_file *c, struct decoder *d)
{
    uint32_t links[LINKTYPES_MAX];
    uint64_t packets = 0;
    struct packet p;
    enum capture_result r;

    memset(links, 0xff, sizeof links);
    while ((r = capture_file_next(c, &p)) == CAPTURE_PACKET) {
        packets++;
        note_link(links, p.linktype);
        packet_decode(d, &p);
    }
    printf("%s %llu", results[r], (unsigned long long)packets);
    for (unsigned i = COUNT_DECODE_TCP; i <= COUNT_FRAGMENTS_CONFLICT; i++)
        printf(" %s=%llu", counter_infos[i].name, (unsigned long long)d->counters[i]);
    printf(" links=");
    for (unsigned i = 0; i < LINKTYPES_MAX && links[i] != UINT32_MAX; i++)
        printf("%u,", links[i]);
    printf(" %s\n", capture_file_why(c));
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        uint64_t counters[COUNTERS] = {0};
        int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
        struct capture_file *c = capture_file_new(fd, (uint32_t)i);
        struct decoder d = {.defrag = defrag_new(64, 65535, 30000000000u, counters), .counters = counters};

        if (c == NULL || d.defrag == NULL)
            return 1;
        printf("%s ", argv[i]);
        read_file(c, &d);
        defrag_free(d.defrag);
        capture_file_free(c);
        if (fd >= 0)
            close(fd);
    }
    return 0;
}
