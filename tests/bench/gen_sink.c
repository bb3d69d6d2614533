/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a capture file, with the imperfections of a mirror port. */
#include "gen_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PCAP_HEAD   24u
#define PCAP_RECORD 16u
#define EPOCH_S     1767225600u /* 2026-01-01 */

/* The format's numbers are little-endian here on every machine. */
static void put_le32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static void flush(struct sink *s)
{
    for (size_t done = 0; done < s->used && s->fd >= 0;) {
        ssize_t n = write(s->fd, s->buffer + done, s->used - done);
        if (n < 0 && errno != EINTR) {
            close(s->fd);
            s->fd = -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    s->used = 0;
}

int sink_open(struct sink *s, const char *path, uint64_t seed, unsigned trouble_percent)
{
    static const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 /* Ethernet */};

    *s = (struct sink){.rng = rng_for(seed, 77),
                       .trouble_percent = trouble_percent,
                       .next_release = UINT64_MAX};
    s->buffer = malloc(SINK_BYTES);
    s->held = calloc(SINK_HELD, sizeof *s->held);
    s->release = calloc(SINK_HELD, sizeof *s->release);
    if (!s->buffer || !s->held || !s->release)
        return -ENOMEM;
    s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (s->fd < 0)
        return -errno;
    for (unsigned i = 0; i < 6; i++)
        put_le32(s->buffer + 4 * i, head[i]);
    s->used = PCAP_HEAD;
    return 0;
}

static void write_frame(struct sink *s, const struct frame *f)
{
    if (s->used + PCAP_RECORD + f->len > SINK_BYTES)
        flush(s);
    uint8_t *at = s->buffer + s->used;
    put_le32(at, EPOCH_S + (uint32_t)(s->clock_ns / 1000000000u));
    put_le32(at + 4, (uint32_t)(s->clock_ns / 1000 % 1000000u));
    put_le32(at + 8, f->len);
    put_le32(at + 12, f->len);
    memcpy(at + PCAP_RECORD, f->at, f->len);
    s->used += PCAP_RECORD + f->len;
    s->packets++;
    s->bytes += f->len;
}

static void release(struct sink *s, bool all)
{
    s->next_release = UINT64_MAX;
    for (unsigned i = 0; i < SINK_HELD; i++) {
        if (s->release[i] && (all || s->release[i] <= s->packets)) {
            s->release[i] = 0;
            write_frame(s, &s->held[i]);
        }
        if (s->release[i] && s->release[i] < s->next_release)
            s->next_release = s->release[i];
    }
}

/* Whether it will come later instead. */
static bool hold(struct sink *s, const struct frame *f)
{
    unsigned slot = rng_below(&s->rng, SINK_HELD);

    if (s->release[slot])
        return false;
    s->held[slot] = *f;
    s->release[slot] = s->packets + rng_from(&s->rng, 2, 400);
    if (s->release[slot] < s->next_release)
        s->next_release = s->release[slot];
    return true;
}

void sink_put(struct sink *s, uint64_t time_ns, const struct frame *f)
{
    unsigned twice = 0;

    if (time_ns > s->clock_ns)
        s->clock_ns = time_ns;
    if (s->packets >= s->next_release)
        release(s, false);
    if (s->trouble_percent) {
        unsigned fate = rng_below(&s->rng, 100) / s->trouble_percent;
        if (fate == 0 && !f->precious)
            return;
        if (fate == 1 && hold(s, f))
            return;
        twice = fate == 2;
    }
    write_frame(s, f);
    if (twice)
        write_frame(s, f);
}

int sink_close(struct sink *s)
{
    release(s, true);
    flush(s);
    int failed = s->fd < 0 ? s->fd : close(s->fd) < 0 ? -errno : 0;
    free(s->buffer);
    free(s->held);
    free(s->release);
    return failed;
}
