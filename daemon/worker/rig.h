/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: a worker without a process, fed with packets built on the spot, and main's end of its rings. */
#ifndef BRIDLE_WORKER_RIG_H
#define BRIDLE_WORKER_RIG_H

#include "worker/worker.h"

#define RIG_RECORDS_MAX 4096

struct rig_record {
    struct record r;
    char value[NAME_TEXT_MAX + 1]; /* the name, or the address as text */
};

struct rig {
    struct worker *w;
    struct worker_shm *shm;
    struct ring sightings, observations;
    struct rig_record record[RIG_RECORDS_MAX]; /* in order of sequence, after rig_drain */
    unsigned records;
    uint64_t ts_ns, frame;
    int control;    /* main's end */
    uint8_t ttl;    /* of the packets built; 0: 64 */
    bool checksums; /* TCP packets have right checksums; else none has */
};

struct rig_end {
    const char *addr;
    uint16_t port;
};

/* `indicators`: text as "evil.example", "=exact.example", "!not.evil.example", "192.0.2.1",
 * "198.51.100.0/24", "cert:..", "ja3:.."; hosting ranges as "shared 203.0.113.0/24",
 * addresses that lead nowhere as "sinkhole 192.0.2.0/24", "parked 192.0.2.1"; ends with NULL. */
struct rig *rig_new(const char *const *indicators);
/* With small tables, so that everything crowds everything out. */
struct rig *rig_sized_new(const char *const *indicators, unsigned flow_entries_log2, unsigned streams,
                          unsigned watches);
void rig_image(struct rig *rig, const char *const *indicators); /* a reload */
void rig_free(struct rig *rig);
/* One Ethernet frame each; time moves on by a millisecond. */
void rig_tcp(struct rig *rig, struct rig_end from, struct rig_end to, uint32_t seq, uint32_t ack,
             uint8_t flags, const void *bytes, size_t len);
void rig_udp(struct rig *rig, struct rig_end from, struct rig_end to, const void *bytes, size_t len);
/* A raw IP packet as it is. */
void rig_ip(struct rig *rig, const void *bytes, size_t len);
/* Time passes. */
void rig_wait(struct rig *rig, uint64_t ns);
/* The end of the capture: what is held is told. */
void rig_finish(struct rig *rig);
/* Moves what is in the rings to `record`. */
void rig_drain(struct rig *rig);
/* How many drained records are of this kind, via and value (NULL: any), and the last of them. */
unsigned rig_count(struct rig *rig, enum record_kind kind, int via, const char *value,
                   const struct record **ret);

/* A ClientHello in TLS records of at most `record_bytes`: server name (NULL: none), `padding` bytes of
 * extension before the name, and a random filled with `salt`. Returns its length. */
size_t rig_hello(uint8_t *ret, size_t cap, const char *name, size_t padding, size_t record_bytes,
                 uint8_t salt);
/* The same with an extension of any type instead of the padding: 0xfe0d is Encrypted Client Hello. */
size_t rig_hello_with(uint8_t *ret, size_t cap, const char *name, uint16_t extension, size_t bytes,
                      size_t record_bytes, uint8_t salt);
/* DNS messages: a query for `name`; an answer with A records of the addresses (NULL-terminated). */
size_t rig_dns_query(uint8_t *ret, uint16_t id, const char *name);
size_t rig_dns_answer(uint8_t *ret, uint16_t id, const char *name, const char *cname,
                      const char *const *addrs);

#endif
