/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Incidents: all sightings of one indicator by one client, how far it got, and when it is time to tell. This
 * file keeps the books and decides; it neither prints nor reads a clock. Times called `at` are the reporter's
 * clock, which never goes back; times of sightings are the packets'.
 */
#ifndef BRIDLE_REPORT_INCIDENT_H
#define BRIDLE_REPORT_INCIDENT_H

#include "report/ioc_copy.h"
#include "worker/record.h"

/* Flows of one incident whose bytes are told apart. */
#define INCIDENT_FLOWS_MAX 16

/* Neither a file nor an interface: from before a restart. */
#define SIGHTING_NO_SOURCE UINT32_MAX

/* Where and how something was seen: of a record what an incident keeps. */
struct sighting {
    struct addr client, server, tunnel_src, tunnel_dst;
    uint64_t flow_id, packet, tunnel_path;
    uint32_t source, tunnel_id;
    bool mapped; /* the packets were of IPv6 although an address is v4-mapped */
    uint16_t client_port, server_port;
    uint16_t vlan[PACKET_VLANS_MAX];
    uint16_t flags; /* enum record_flag */
    uint8_t via, match, proto, ip_proto, vlans, tunnel_depth;
};

struct sighting sighting_of(const struct record *rec);

struct flow_bytes {
    uint64_t flow_id, out, in;
};

struct incident_link {
    struct incident_link *prev, *next;
};

struct incident {
    struct chains_node node;
    struct incident_link by_activity; /* least recently active first */
    struct incident_link by_told;     /* in the queue while its repeat interval runs; else unlinked */
    struct ioc_copy *ioc;             /* shared */
    uint64_t serial;                  /* order of first sighting */
    char id[17];
    uint64_t first_ns, last_ns; /* of sightings, packet time */
    uint64_t active_at, told_at;
    uint64_t count, told_count;               /* sightings; and how many were told */
    uint64_t bytes_out, bytes_in, told_bytes; /* each way; and both when last told */
    uint8_t stage, severity;                  /* highest stage; most severe severity told */
    uint8_t blocked;                          /* enum blocked: nothing but this came of it; else NOT */
    /* The sighting that stands for the incident: the latest at its highest stage. */
    struct sighting face;
    struct span observed;    /* owned: the name or the address as text, as it came from the wire */
    struct span hosting;     /* owned: where the server is hosted; may be empty */
    struct span blocked_by;  /* owned: whose address it is, or the resolver; empty unless blocked */
    struct flow_bytes *flow; /* owned: INCIDENT_FLOWS_MAX, latest first; NULL until bytes were seen */
    uint8_t flows;
    bool flows_lost; /* a flow fell off the end: the sums are now lower bounds */
};

struct incidents {
    struct chains table;
    struct hash_key key;
    struct ioc_copies copies;
    struct incident_link by_activity, by_told; /* heads */
    uint64_t serial;
    uint64_t max, repeat_ns, close_ns;
    uint32_t saves; /* state.c: writings so far */
};

/* Why people are told. */
#define BRIDLE_WHYS(X)                                                                                       \
    X(NOTHING, "nothing")                                                                                    \
    X(NEW, "new")                                                                                            \
    X(RAISED, "raised")                                                                                      \
    X(REPEAT, "repeat")                                                                                      \
    X(CLOSED, "closed")

enum why {
#define X(id, name) WHY_##id,
    BRIDLE_WHYS(X)
#undef X
        WHYS
};

extern const char *const why_names[WHYS];

void incidents_init(struct incidents *s, const struct hash_key *key, uint64_t max, uint64_t repeat_ns,
                    uint64_t close_ns);
void incidents_done(struct incidents *s);

struct incident *incidents_find(const struct incidents *s, const struct ioc_copy *ioc,
                                const struct addr *client);
/* A new, empty incident; takes over the caller's hold on `ioc`, also on failure (NULL: no memory). The caller
 * has made room: s->table.count < s->max. */
struct incident *incidents_open(struct incidents *s, struct ioc_copy *ioc, const struct addr *client,
                                uint64_t at);
/* Takes it out and frees it. */
void incidents_remove(struct incidents *s, struct incident *in);

/* What a record means for an incident. */
struct incident_step {
    struct sighting where;
    struct span observed, hosting; /* borrowed; observed may be empty in an update */
    struct span blocked_by;        /* borrowed */
    uint64_t ts_ns, at;
    uint64_t bytes_out, bytes_in; /* of the flow so far */
    uint8_t stage, severity, blocked;
};

/*
 * Takes a sighting in: counts it unless it is an update or a copy, adds bytes, raises the stage. Says what to
 * tell: NEW for the first, RAISED for a higher stage, a more severe severity, or when what was blocked so far
 * is so no longer, REPEAT when an interval has passed since something was told or it turns out to be blocked,
 * else NOTHING (it is counted and summarised later).
 */
enum why incident_step(struct incidents *s, struct incident *in, const struct incident_step *step);
/* Notes that everything up to now was told. */
void incident_told(struct incidents *s, struct incident *in, uint64_t at);

struct incident_due {
    struct incident *incident; /* NULL: nothing is due */
    enum why why;              /* REPEAT or CLOSED */
    uint64_t at;               /* when it became due */
};

/* What is due next at time `at`, in order; the caller tells (incident_told) or removes it, then asks again.
 */
struct incident_due incidents_due(struct incidents *s, uint64_t at);
/* The incident that a link of the list `by_activity` belongs to. */
struct incident *incident_by_activity(struct incident_link *l);
/* The one that was idle longest. */
struct incident *incidents_oldest(const struct incidents *s);
/* All, in order of first sighting: an array to free(3), NULL when there are none or no memory. */
struct incident **incidents_sorted(const struct incidents *s, size_t *ret_n);
/* Replaces an owned span by a copy of `with`; keeps the old one without memory. */
void incident_text(struct span *owned, struct span with);
/* After a restore: no time may lie in the future of `at`, and the queue of repeats is put in order. */
void incidents_settle(struct incidents *s, uint64_t at);

#endif
