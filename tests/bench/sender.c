/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-sender FILE IFACE [--rate PPS] [--seconds N]: plays a capture onto an interface by packet(7), without
 * a queueing discipline, as fast as it goes or at an even rate; once, or over and over for so many seconds.
 * Prints what it sent as JSON. The capture is in memory before the first packet goes out.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet/capture.h"

/* Packets of one system call: enough to forget its cost, few enough that a slow rate is still even. */
#define BATCH     32u
#define SECOND_NS 1000000000ull

struct frames {
    struct iovec *at; /* owned, and so is what each entry points to */
    size_t count, room;
};

struct play {
    const struct frames *frames;
    int fd;
    uint64_t rate, seconds; /* 0: as fast as it goes; 0: once */
    uint64_t sent, refused, bytes, laps;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static int add(struct frames *f, const struct packet *p)
{
    if (f->count == f->room) {
        f->room = f->room == 0 ? 65536 : f->room * 2;
        struct iovec *at = realloc(f->at, f->room * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        f->at = at;
    }
    void *copy = malloc(p->captured_bytes);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, p->at, p->captured_bytes);
    f->at[f->count++] = (struct iovec){.iov_base = copy, .iov_len = p->captured_bytes};
    return 0;
}

static int load(struct frames *f, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct capture_file *file = fd >= 0 ? capture_file_new(fd, 0) : NULL;
    struct packet p;
    int rc = file == NULL ? -errno : 0;

    while (rc == 0 && capture_file_next(file, &p) == CAPTURE_PACKET)
        rc = p.captured_bytes > 0 ? add(f, &p) : 0;
    capture_file_free(file);
    if (fd >= 0)
        close(fd);
    return rc == 0 && f->count == 0 ? -ENODATA : rc;
}

static int open_interface(const char *name)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
    int one = 1, room = 4 << 20;
    /* Protocol 0: it sends and receives nothing. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    return fd;
}

static void wait_until(uint64_t at_ns)
{
    struct timespec t = {.tv_sec = (time_t)(at_ns / SECOND_NS), .tv_nsec = (long)(at_ns % SECOND_NS)};

    if (now_ns() < at_ns)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Sends frames from `at` on; how many are done with. One that the interface refuses is passed over. */
static unsigned send_batch(struct play *p, size_t at)
{
    struct mmsghdr m[BATCH];
    const struct frames *f = p->frames;
    unsigned n = f->count - at < BATCH ? (unsigned)(f->count - at) : BATCH;

    memset(m, 0, sizeof m);
    for (unsigned i = 0; i < n; i++) {
        m[i].msg_hdr.msg_iov = &f->at[at + i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    int done = sendmmsg(p->fd, m, n, 0);
    if (done <= 0) {
        p->refused++;
        return 1;
    }
    p->sent += (unsigned)done;
    for (int i = 0; i < done; i++)
        p->bytes += f->at[at + (unsigned)i].iov_len;
    return (unsigned)done;
}

static void play(struct play *p)
{
    uint64_t start = now_ns(), end = p->seconds > 0 ? start + p->seconds * SECOND_NS : UINT64_MAX;

    do {
        for (size_t at = 0; at < p->frames->count && now_ns() < end;) {
            if (p->rate > 0)
                wait_until(start + (p->sent + p->refused) * SECOND_NS / p->rate);
            at += send_batch(p, at);
        }
        p->laps++;
    } while (p->seconds > 0 && now_ns() < end);
    double wall_s = (double)(now_ns() - start) / 1e9;
    printf("{\"sent\":%llu,\"refused\":%llu,\"bytes\":%llu,\"laps\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n",
           (unsigned long long)p->sent, (unsigned long long)p->refused, (unsigned long long)p->bytes,
           (unsigned long long)p->laps, wall_s, (double)p->sent / wall_s);
}

static int usage(void)
{
    fputs("Usage: bench-sender FILE IFACE [--rate PPS] [--seconds N]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"rate", required_argument, NULL, 'r'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    struct frames frames = {0};
    struct play p = {.frames = &frames};
    int opt;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == '?')
            return usage();
        *(opt == 'r' ? &p.rate : &p.seconds) = strtoull(optarg, NULL, 10);
    }
    if (argc - optind != 2)
        return usage();
    int rc = load(&frames, argv[optind]);
    if (rc == 0)
        rc = p.fd = open_interface(argv[optind + 1]);
    if (rc < 0) {
        fprintf(stderr, "%s on %s: %s\n", argv[optind], argv[optind + 1], strerror(-rc));
        return 1;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    play(&p);
    return 0;
}
