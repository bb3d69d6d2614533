/* SPDX-License-Identifier: BSD-2-Clause */
/* One worker process: its shared memory, its control socket, its death. */
#ifndef BRIDLE_SERVE_CHILD_H
#define BRIDLE_SERVE_CHILD_H

#include <sys/types.h>

#include "config.h"
#include "serve/drain.h"

#define CHILD_SIGHTINGS_BYTES    ((BRIDLE_SMALL ? 64u : 256u) * 1024)
#define CHILD_OBSERVATIONS_BYTES (1024u * 1024)
/* Of one whose sightings wait for the turn of its file: it goes on until this is full. Touched as used. */
#define CHILD_HELD_BYTES ((BRIDLE_SMALL ? 1024u : 4096u) * 1024)

struct child {
    pid_t pid;              /* 0: none */
    int socket, wake;       /* owned; -1: none */
    struct worker_shm *shm; /* owned mapping; NULL: none. The worker writes it at any time */
    uint32_t sightings_bytes;
    struct drain drain;
};

/* How a worker ended, as far as it can be known. */
struct child_end {
    int signal; /* 0: it exited; a call that the filter trapped counts as SIGSYS */
    int code;
    bool failed;      /* it said itself why it cannot go on: `why` */
    uint32_t trapped; /* number + 1 of the trapped call */
    uint32_t source;
    uint64_t packet;
    char why[512]; /* escaped */
};

/* Starts a worker and sends it the eventfd by which it wakes us; `held`: what it sights will wait. 0 or
 * negative errno. */
int child_start(struct child *c, int exe, const struct worker_config *config, bool held);
/* What the kernel said (waitpid) and what the status page still says. */
void child_read_end(const struct child *c, int wait_status, struct child_end *ret);
/* Text for people: "died of signal 11 (Segmentation fault) at packet 7". */
void child_end_text(const struct child_end *end, char *ret, size_t bytes);
/* After its death: closes what led to it; its memory stays. */
void child_hang_up(struct child *c);
/* After its death: gives everything back. */
void child_release(struct child *c);
/* A counter as it stands now: the worker writes, so it may be anything. */
uint64_t child_counter(const struct child *c, enum counter which);

#endif
