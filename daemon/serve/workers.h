/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of workers: starting them, taking what they say, handing them images, and noticing their end. What
 * an end means is the policy's business: live (live.c) starts again, replay (replay.c) does not.
 */
#ifndef BRIDLE_SERVE_WORKERS_H
#define BRIDLE_SERVE_WORKERS_H

#include <event2/event.h>

#include "report/reporter.h"
#include "serve/backoff.h"
#include "serve/child.h"
#include "serve/images.h"

#define WORKERS_MAX 256

enum worker_phase {
    PHASE_IDLE,     /* never started, or its interface is not wanted any more */
    PHASE_STARTING, /* the process runs, the capture is not open yet */
    PHASE_RUNNING,
    PHASE_STOPPING, /* was told to stop */
    PHASE_WAITING,  /* died; starts again after a while */
    PHASE_AWAY,     /* its interface is down or gone */
    PHASE_ENDED,    /* ended, and nobody has decided yet */
    PHASES
};

extern const char *const phase_names[PHASES];

struct workers;

struct worker {
    struct workers *set; /* borrowed */
    unsigned index;      /* in the set */
    unsigned group;      /* interface it belongs to: the policy's number */
    struct worker_config config;
    enum worker_phase phase;
    struct child child;
    struct event *control, *wake; /* owned; NULL: no process */
    struct event *timer;          /* owned by the policy: starting again */
    bool ready;                   /* it opened its capture and is in its jail */
    bool held;                    /* its records stay in their rings until worker_release */
    int wait_status;              /* of a held one whose process is gone */
    bool misbehaved;              /* was killed for what it wrote */
    uint64_t last_ns;             /* time of its last record */
    uint32_t offered, acked;      /* generations of the image */
    uint64_t dead[COUNTERS];      /* sum over its processes that ended */
    struct backoff backoff;
    uint64_t started_ns, beat_ns; /* monotonic: start; when `beats` last moved */
    uint64_t beats;
    bool aborted;                /* was killed for hanging */
    uint64_t restarts;           /* since we started */
    uint64_t notices_ns;         /* since when `notices` counts */
    unsigned notices;            /* live: a worker that floods us with notices is not passed on */
    uint64_t rate_packets, rate; /* packets at the last look; packets a second since then */
};

struct workers_policy {
    bool shares_learned; /* what one learned is passed on to the others */
    void (*ready)(void *ctx, struct worker *w);
    void (*file_read)(void *ctx, struct worker *w, uint32_t number);
    void (*notice)(void *ctx, struct worker *w, const struct record *r);
    /* Called before a turn of records is handed to the reporter; may be NULL. */
    void (*records)(void *ctx);
    /* The process of a held worker is gone; what it said waits. NULL: none is ever held. */
    void (*waits)(void *ctx, struct worker *w);
    /* The process is gone, its rings were read to their end, `w` holds no process any more. */
    void (*ended)(void *ctx, struct worker *w, const struct child_end *end);
};

struct workers {
    struct event_base *base;   /* borrowed */
    int exe;                   /* borrowed */
    struct images *images;     /* borrowed */
    struct reporter *reporter; /* borrowed */
    const struct workers_policy *policy;
    void *ctx;                      /* of the policy */
    struct worker *at[WORKERS_MAX]; /* owned */
    unsigned count;
    uint64_t gone[COUNTERS]; /* sum over members that are no more */
    struct meter meter;      /* clients of processes that ended */
    uint64_t last_ns;        /* time of the last record of all */
    uint64_t learn_lost;     /* learned addresses that could not be passed on */
};

/* A new member of the set, not started. NULL: no memory or WORKERS_MAX reached. */
struct worker *workers_add(struct workers *ws, const struct worker_config *config);
/* Starts its process with the newest image. 0 or negative errno. */
int worker_start(struct worker *w);
/* What is home from now on, for this worker and those that follow it. */
void worker_home(struct worker *w, const struct prefix *home, unsigned homes);
/* Asks it to read what is there and to exit. */
void worker_stop(struct worker *w);
void worker_kill(struct worker *w, int signal);
/* Sends it a message. 0 or negative errno. */
int worker_send(struct worker *w, enum worker_message_kind kind, uint32_t number, int fd);
/* Takes the records that are there. */
void worker_drain(struct worker *w);
/* Sets `held`, before its process starts: whatever it says, and its end, are not told before worker_release.
 */
void worker_hold(struct worker *w);
void worker_release(struct worker *w);

static inline bool worker_alive(const struct worker *w)
{
    return w->child.pid > 0;
}

/* Offers the newest image to all that have an older one. True: somebody's socket was full, ask again. */
bool workers_offer_image(struct workers *ws);
/* Whether all that run have acknowledged it. */
bool workers_use_newest(const struct workers *ws);
/* After SIGCHLD: collects those that ended. */
void workers_reap(struct workers *ws);
unsigned workers_alive(const struct workers *ws);
/* Counters of one worker, and of all, ended processes included. */
uint64_t worker_counter(const struct worker *w, enum counter which);
void workers_sum(const struct workers *ws, uint64_t ret[COUNTERS]);
/* The clients of all, likewise. */
void workers_meter(const struct workers *ws, struct meter *ret);
/* Asks all to end and takes what they still have to say; after three seconds they are killed. */
void workers_stop(struct workers *ws);
/* Empties the set; kills what is left. The sums stay. */
void workers_done(struct workers *ws);

#endif
