/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a worker: memory first, then the capture, then the sandbox, then a loop over packets and
 * messages from main. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "os/memory.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "packet/defrag.h"
#include "worker/worker.h"

#define SECOND_NS         1000000000ull
#define FRAGMENT_WAIT_NS  (30 * SECOND_NS)
#define FRAGMENTED_MAX    65535u
#define CONTROL_EVERY     4096u /* packets of a file between two looks at the control socket */
#define DISPATCH_MAX      4096  /* more than a block of the ring holds of the smallest packets */
#define LEARNED_EXPIRE_NS (30 * SECOND_NS)

static int fail(struct worker *w, const char *why)
{
    snprintf(w->shm->status.why, sizeof w->shm->status.why, "%s", why);
    atomic_store(&w->shm->status.state, WORKER_FAILED);
    return EXIT_WORKER_FAILED;
}

static bool config_plausible(const struct worker_config *c)
{
    return c->homes <= WORKER_HOME_MAX && c->flow_entries_log2 >= 4 && c->flow_entries_log2 <= 24 &&
           c->streams > 0 && c->watches > 0 && c->fragments > 0 && proto_count <= WORKER_PROTOS_MAX;
}

int worker_init(struct worker *w, struct worker_shm *shm, int control, char *ret_why, size_t why_bytes)
{
    w->shm = shm;
    w->config = shm->config;
    w->counters = shm->status.counter;
    w->control = control;
    w->wake_fd = w->next_fd = -1;
    atomic_store(&shm->status.abi, BRIDLE_ABI);
    if (w->config.abi != BRIDLE_ABI || !config_plausible(&w->config)) {
        snprintf(ret_why, why_bytes, "bridled and bridle-worker are of different versions");
        return -EPROTO;
    }
    ring_attach(&w->sightings, worker_shm_sightings(shm), shm->sightings_size);
    ring_attach(&w->observations, worker_shm_observations(shm, shm->sightings_size), shm->observations_size);
    visibility_init(&w->visibility, &w->config.key, &shm->status.visibility, w->counters);
    w->wants_digests = w->config.observe;
    starts_init(&w->starts, &w->config);
    w->scratch.octets.key = w->config.key;
    w->crypto = crypto_new();
    w->decoder.counters = w->counters;
    w->decoder.defrag = defrag_new(w->config.fragments, FRAGMENTED_MAX, FRAGMENT_WAIT_NS, w->counters);
    w->file = w->config.live ? NULL : capture_file_new(-1, 0);
    if (w->decoder.defrag == NULL || (!w->config.live && w->file == NULL) ||
        flow_cache_init(&w->cache, w->config.flow_entries_log2, w->counters) < 0 ||
        streams_init(&w->streams, w->config.streams, w->config.stream_bytes_max, w->counters) < 0 ||
        watches_init(&w->watches, w->config.watches) < 0 ||
        learned_init(&w->learned, w->config.learned, &w->config.key, w->counters) < 0) {
        snprintf(ret_why, why_bytes, "not enough memory for the configured limits");
        return -ENOMEM;
    }
    return 0;
}

static void take_image(struct worker *w, int fd, uint32_t generation)
{
    const char *why;
    struct image *image = image_map(fd, false, &why);
    struct worker_message ack = {.kind = WORKER_MSG_IMAGE_ACK, .number = generation};

    if (image == NULL)
        return; /* main made it and keeps the old one counted as in use */
    image_unmap(w->image);
    w->image = image;
    w->generation = generation;
    w->wants_fingerprints = image_has_type(image, IOC_JA3) || image_has_type(image, IOC_JA4);
    w->wants_digests = w->config.observe || image_has_type(image, IOC_CERT);
    flow_cache_unlook(&w->cache);
    unlisted_forget(&w->unlisted);
    follow_rematch(w);
    addresses_rematch(w);
    worker_message_send(w->control, &ack, -1);
}

static void take_home(struct worker *w)
{
    uint32_t homes = w->shm->config.homes;

    w->config.homes = homes < WORKER_HOME_MAX ? homes : WORKER_HOME_MAX;
    memcpy(w->config.home, w->shm->config.home, w->config.homes * sizeof *w->config.home);
}

bool worker_control(struct worker *w, int wait_ms)
{
    struct pollfd pfd = {.fd = w->control, .events = POLLIN};
    struct worker_message msg;
    int fd;

    if (poll(&pfd, 1, wait_ms) <= 0)
        return true;
    int got = worker_message_receive(w->control, &msg, &fd);
    if (got == -EAGAIN)
        return true;
    if (got <= 0)
        return false;
    switch (msg.kind) {
    case WORKER_MSG_WAKE_FD:
        w->wake_fd = fd;
        return true;
    case WORKER_MSG_IMAGE:
        if (fd >= 0)
            take_image(w, fd, msg.number);
        break;
    case WORKER_MSG_FILE:
        if (w->next_fd >= 0) /* main hands over one ahead, never two */
            break;
        w->next_fd = fd;
        w->next_source = msg.number;
        return true;
    case WORKER_MSG_END:
        w->ending = true;
        break;
    case WORKER_MSG_STOP:
        w->stopping = true;
        break;
    case WORKER_MSG_HOME:
        take_home(w);
        break;
    case WORKER_MSG_LEARN:
        addresses_learn_remote(w, &msg);
        break;
    }
    if (fd >= 0)
        close(fd);
    return true;
}

static void tell_visibility(struct worker *w)
{
    struct visibility_notice n;
    uint32_t source = w->config.live ? w->config.source : atomic_load(&w->shm->status.source);

    while (visibility_judge(&w->visibility, w->now_ns, &n))
        worker_notice(w, (enum notice)n.notice, source, n.percent);
}

void worker_tick(struct worker *w)
{
    worker_streams_tick(w);
    follow_tick(w);
    tell_visibility(w);
    if (w->now_ns >= w->next_expire_ns || w->now_ns + LEARNED_EXPIRE_NS < w->next_expire_ns) {
        learned_expire(&w->learned, w->now_ns);
        w->next_expire_ns = w->now_ns + LEARNED_EXPIRE_NS;
    }
}

static void tick_if_due(struct worker *w)
{
    /* Files may run backwards: a clock that jumped either way starts the second anew. */
    if (w->next_tick_ns - w->now_ns - 1 < SECOND_NS)
        return;
    w->next_tick_ns = w->now_ns + SECOND_NS;
    worker_tick(w);
}

static void finish(struct worker *w)
{
    worker_streams_finish(w);
    follow_finish(w);
    tell_visibility(w);
}

static void file_ended(struct worker *w, enum capture_result result, uint32_t index, uint64_t packets)
{
    static const uint8_t notice_of[] = {
        [CAPTURE_END] = NOTICE_FILE_DONE,
        [CAPTURE_CUT] = NOTICE_FILE_CUT,
        [CAPTURE_BAD] = NOTICE_FILE_BAD,
        [CAPTURE_ERROR] = NOTICE_FILE_ERROR,
    };
    struct worker_message ack = {.kind = WORKER_MSG_FILE_ACK, .number = index};
    if (w->packets_judged >= COPIES_JUDGED_LEAST)
        worker_judge_copies(w, index);
    uint64_t number = result == CAPTURE_CUT     ? packets + 1
                      : result == CAPTURE_ERROR ? (uint64_t)errno
                                                : packets;

    worker_notice(w, (enum notice)notice_of[result], index, number);
    worker_message_send(w->control, &ack, -1);
}

/* Leaves out what the filter does not want. */
static unsigned select_packets(const struct worker *w, struct packet *p, unsigned n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++)
        if (capture_select_passes(w->select, &p[i]))
            p[kept++] = p[i];
    return kept;
}

/* The second step, in a loop that has the processor's registers for itself. */
__attribute__((noinline)) static void act_on(struct worker *w, unsigned i, unsigned n)
{
    for (; i < n; i++) {
        struct packet *p = &w->batch[i];
        w->now_ns = w->packet_ns = p->ts_ns;
        worker_note(w, p);
        tick_if_due(w);
        worker_call_ahead(w, i);
        worker_act(w, p, &w->step[i]);
    }
}

static void read_batch(struct worker *w, unsigned n)
{
    for (unsigned i = 0, looked; i < n; i += looked) {
        looked = worker_look(w, &w->batch[i], &w->step[i], n - i);
        act_on(w, i, i + looked);
    }
}

/* Reads one capture file. False when main is gone. */
static bool read_file(struct worker *w, int fd, uint32_t index)
{
    struct capture_file *file = w->file;
    enum capture_result result = CAPTURE_ERROR;
    uint64_t packets = 0, looked_at = 0;
    unsigned n;

    atomic_store(&w->shm->status.source, index);
    w->packets_judged = w->copies_judged = 0;
    w->copies_told = w->link_told = false;
    capture_file_use(file, fd, index);
    w->patient = capture_file_mapped(file);
    while (!w->stopping && (n = capture_file_batch(file, w->batch, WORKER_BATCH, &result)) > 0) {
        packets += n;
        read_batch(w, w->select == NULL ? n : select_packets(w, w->batch, n));
        if (packets - looked_at >= CONTROL_EVERY) {
            looked_at = packets;
            worker_wake(w);
            atomic_fetch_add_explicit(&w->shm->status.beats, 1, memory_order_relaxed);
            if (!worker_control(w, 0))
                return false;
        }
    }
    w->patient = false;
    if (!w->stopping)
        file_ended(w, result, index, packets);
    worker_wake(w);
    close(fd);
    return true;
}

static int run_files(struct worker *w)
{
    uint32_t files = 0;

    while (!w->stopping && (!w->ending || w->next_fd >= 0)) {
        int fd = w->next_fd;
        if (fd < 0) {
            if (!worker_control(w, -1))
                return EXIT_WORKER_ORPHAN;
            continue;
        }
        w->next_fd = -1;
        files++;
        if (!read_file(w, fd, w->next_source))
            return EXIT_WORKER_ORPHAN;
    }
    finish(w);
    worker_notice(w, NOTICE_DONE, files, w->counters[COUNT_PACKETS]);
    return 0;
}

static void on_live_packets(void *ctx, struct packet *p, unsigned n)
{
    struct worker *w = ctx;

    for (unsigned at = 0, looked; at < n; at += looked) {
        looked = worker_look(w, p + at, w->step, n - at);
        for (unsigned i = 0; i < looked; i++) {
            w->packet_ns = p[at + i].ts_ns;
            worker_note(w, &p[at + i]);
            capture_live_ahead(w->live);
            worker_act(w, &p[at + i], &w->step[i]);
        }
    }
}

static uint64_t monotonic_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* Waits for packets, and for main unless `ret_asked` is NULL; what poll(2) says of the capture. */
static short wait_live(struct worker *w, int wait_ms, bool *ret_asked)
{
    struct pollfd pfd[2] = {{.fd = capture_live_fd(w->live), .events = POLLIN},
                            {.fd = w->control, .events = POLLIN}};

    poll(pfd, ret_asked != NULL ? 2 : 1, wait_ms);
    if (ret_asked != NULL)
        *ret_asked = pfd[1].revents != 0;
    w->now_ns = monotonic_ns();
    atomic_fetch_add_explicit(&w->shm->status.beats, 1, memory_order_relaxed);
    return pfd[0].revents;
}

static void count_live(struct worker *w)
{
    struct capture_live_counts counts;

    if (capture_live_counts(w->live, &counts) < 0)
        return;
    w->counters[COUNT_KERNEL_DROPS] = counts.dropped;
    w->counters[COUNT_FOREIGN] = counts.foreign;
}

/* What came before the order to stop may be held back by the kernel for the block timeout. */
static void finish_live(struct worker *w)
{
    uint64_t end_ns = monotonic_ns() + (w->config.capture.block_timeout_ms + 50) * 1000000ull;

    while (capture_live_dispatch(w->live, wait_live(w, 20, NULL), DISPATCH_MAX, on_live_packets, w) >= 0 &&
           w->now_ns < end_ns)
        continue;
    count_live(w);
    finish(w);
}

static int run_live(struct worker *w)
{
    uint64_t busy_ns = w->config.capture.busy_poll_us * 1000ull, latest_ns = 0, counted_ns = 0;
    bool asked;

    while (!w->stopping) {
        short ready = wait_live(w, w->now_ns - latest_ns < busy_ns ? 0 : 1000, &asked);
        /* First: packets that came after a reload are matched with its image. */
        if (asked && !worker_control(w, 0))
            return EXIT_WORKER_ORPHAN;
        int got = capture_live_dispatch(w->live, ready, DISPATCH_MAX, on_live_packets, w);
        if (got < 0)
            return got == -ENETDOWN ? EXIT_WORKER_INTERFACE : fail(w, strerror(-got));
        if (got > 0)
            latest_ns = w->now_ns;
        tick_if_due(w);
        if (w->now_ns - counted_ns >= SECOND_NS) {
            counted_ns = w->now_ns;
            count_live(w);
        }
    }
    finish_live(w);
    return 0;
}

static int jail(struct worker *w, enum sandbox_profile profile)
{
    char why[200];

    if (privilege_drop(NULL, KEEP_NOTHING, why, sizeof why) < 0)
        return fail(w, why);
    int entered = sandbox_enter(profile, &w->shm->status.trapped);
    if (entered < 0 && entered != -ENOSYS)
        return fail(w, "the system call filter cannot be installed");
    return 0;
}

int worker_run(struct worker *w)
{
    struct worker_message ready = {.kind = WORKER_MSG_READY};
    char why[256] = "";

    if (w->config.live) {
        int err = capture_live_open(&w->config.capture, w->config.source, &w->live, why, sizeof why);
        if (err == -ENETDOWN || err == -ENODEV || err == -ENXIO)
            return EXIT_WORKER_INTERFACE;
        if (err < 0)
            return fail(w, why);
    } else if (w->config.capture.filter[0] != 0 &&
               capture_select_new(w->config.capture.filter, &w->select, why, sizeof why) < 0) {
        return fail(w, why);
    }
    int jailed = jail(w, w->config.live ? SANDBOX_WORKER_LIVE : SANDBOX_WORKER_FILE);
    if (jailed != 0)
        return jailed;
    atomic_store(&w->shm->status.state, WORKER_READY);
    worker_message_send(w->control, &ready, -1);
    w->now_ns = w->config.live ? monotonic_ns() : 0;
    atomic_store(&w->shm->status.state, WORKER_RUNNING);
    if (w->config.live)
        memory_trim();
    int status = w->config.live ? run_live(w) : run_files(w);
    if (status == 0)
        atomic_store(&w->shm->status.state, WORKER_DONE);
    return status;
}
