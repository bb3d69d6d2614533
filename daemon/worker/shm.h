/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared memory between main and one worker, and the messages on their control socket. Main creates a
 * memfd, fills in `config`, and starts the worker by fexecve with the control socket (AF_UNIX,
 * SOCK_SEQPACKET) as descriptor WORKER_CONTROL_FD and the memfd as WORKER_SHM_FD; stderr is inherited,
 * everything else is closed.
 */
#ifndef BRIDLE_WORKER_SHM_H
#define BRIDLE_WORKER_SHM_H

#include "base/addr.h"
#include "base/counters.h"
#include "base/hash.h"
#include "base/ring.h"
#include "packet/capture.h"
#include "worker/visibility.h"

/* Raised whenever anything in this file, record.h or image.h changes its meaning. */
#define BRIDLE_ABI 6u

#define WORKER_CONTROL_FD 3
#define WORKER_SHM_FD     4

#define WORKER_HOME_MAX   64
#define WORKER_PORTS_MAX  16
#define WORKER_PROTOS_MAX 16

/* Written by main before the worker starts; the worker copies it, and does not look again but for
 * WORKER_MSG_HOME. */
struct worker_config {
    uint32_t abi;
    bool live;           /* else replay of the files that come over the control socket */
    bool observe;        /* write observations too */
    bool wait;           /* a full ring is waited for (replay); else records are dropped and counted */
    struct hash_key key; /* of all hashes over traffic; fixed in replay, random live */
    struct capture_live_options capture;
    uint32_t source; /* index of the interface */
    struct prefix home[WORKER_HOME_MAX];
    uint32_t homes;
    uint16_t ports[WORKER_PROTOS_MAX][WORKER_PORTS_MAX]; /* by index in protos[], zero-terminated */
    uint32_t flow_entries_log2;
    uint32_t streams, stream_bytes_max;
    uint32_t fragments;
    uint32_t watches;
    uint32_t learned;
};

/* Exit statuses of a worker, besides 0 and what the sandbox's handler uses (159). */
enum worker_exit {
    EXIT_WORKER_FAILED = 70,    /* could not start; `why` in the status says it */
    EXIT_WORKER_ORPHAN = 71,    /* main is gone */
    EXIT_WORKER_INTERFACE = 75, /* the interface went down or away: start again when it is back */
};

enum worker_state { WORKER_STARTING, WORKER_READY, WORKER_RUNNING, WORKER_DONE, WORKER_FAILED };

/* Written by the worker, read by main at any time, also after the worker's death. */
struct worker_status {
    _Atomic uint32_t abi;
    _Atomic uint32_t state;   /* enum worker_state */
    _Atomic uint32_t source;  /* file or interface of the current packet */
    _Atomic uint32_t trapped; /* number + 1 of the system call that the filter trapped; 0: none */
    _Atomic uint64_t packet;  /* number of the packet in hand */
    _Atomic uint64_t beats;   /* turns of the loop: stands still when the worker hangs */
    char why[256];            /* WORKER_FAILED: text for people */
    uint64_t counter[COUNTERS];
    struct visibility_page visibility;
};

struct worker_shm {
    struct worker_config config;
    _Alignas(64) struct worker_status status;
    uint32_t sightings_size, observations_size; /* of the two rings' data; written by main */
    /* followed, 64-byte aligned, by the ring of sightings and the ring of observations */
};

/* Whole size of the memory, and where the rings lie in it. */
size_t worker_shm_bytes(uint32_t sightings_size, uint32_t observations_size);
void *worker_shm_sightings(struct worker_shm *shm);
void *worker_shm_observations(struct worker_shm *shm, uint32_t sightings_size);

/* A message on the control socket. Main to worker unless noted; `fd` says which descriptor comes along
 * (SCM_RIGHTS). */
enum worker_message_kind {
    WORKER_MSG_WAKE_FD,   /* fd: an eventfd that the worker writes to when main sleeps */
    WORKER_MSG_IMAGE,     /* fd: the image; number = its generation */
    WORKER_MSG_FILE,      /* fd: a capture file; number = its index */
    WORKER_MSG_END,       /* no file follows: finish, say DONE, exit 0 */
    WORKER_MSG_STOP,      /* drain and exit 0 */
    WORKER_MSG_LEARN,     /* learned: an address that another worker learned; number = TTL in seconds */
    WORKER_MSG_HOME,      /* the configuration has new `home` and `homes` */
    WORKER_MSG_IMAGE_ACK, /* worker to main: the image of generation `number` is in use, the older one
                             unmapped */
    WORKER_MSG_FILE_ACK,  /* worker to main: file `number` was read */
    WORKER_MSG_READY,     /* worker to main: capture open, privileges dropped, sandboxed */
};

struct worker_message {
    uint32_t kind; /* enum worker_message_kind */
    uint32_t number;
    struct {
        struct addr addr, client; /* what was answered, and who asked */
        char name[256];           /* the listed name that was asked for, NUL-terminated */
    } learned;
};

/* Sends a message, with a descriptor unless `fd` is -1. 0 or negative errno. */
int worker_message_send(int socket, const struct worker_message *m, int fd);
/* Receives one; `*ret_fd` is -1 or a descriptor that the caller owns. 1, 0 at the end of the stream, negative
 * errno
 * (-EAGAIN when there is none, -EBADMSG when it is nonsense). */
int worker_message_receive(int socket, struct worker_message *ret, int *ret_fd);

#endif
