/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet path: decode, flow cache, parse, observe, match, and into the ring. All that a worker has is in
 * one struct; everything in it is allocated before the first packet.
 */
#ifndef BRIDLE_WORKER_WORKER_H
#define BRIDLE_WORKER_WORKER_H

#include "flow/copies.h"
#include "flow/learned.h"
#include "flow/orphan.h"
#include "flow/stream.h"
#include "flow/transactions.h"
#include "flow/unlisted.h"
#include "flow/watch.h"
#include "intel/match.h"
#include "packet/capture.h"
#include "packet/plain.h"
#include "proto/proto.h"
#include "worker/record.h"
#include "worker/shm.h"
#include "worker/starts.h"
#include "worker/visibility.h"

/* Packets of a file that are handled together: what is looked up for them fits into the first-level cache. */
#define WORKER_BATCH 16u
#define WORKER_TOLD  256u
/* Copies that a mirror delivers are judged after so many packets of which one would be told, and at the end
 * of a file if it has so many. */
#define COPIES_JUDGED_AT    50u
#define COPIES_JUDGED_LEAST 20u
/* Addresses of one DNS message that are told and learned for listed names. */
#define WORKER_ADDRESSES 32u
#define WORKER_SIGHTINGS 32u /* of names in one DNS message: what more it lists is nobody's question */

/* What the first step found out of a packet. */
struct step {
    struct flow_key key; /* unless it is no IP packet */
    struct plain plain;  /* most packets are never decoded further */
    enum decode_result decoded;
};

struct worker {
    struct worker_config config; /* private copy */
    struct worker_shm *shm;      /* borrowed */
    uint64_t *counters;          /* borrowed: in the shared status page */
    struct ring sightings, observations;
    int control, wake_fd;          /* owned; wake_fd may be -1 */
    struct capture_live *live;     /* owned; NULL in replay. Never closed: the jail does not let us */
    struct capture_select *select; /* owned; NULL without a filter, and live */
    bool ending, stopping;
    int next_fd; /* owned; a file that came while another is read; -1: none */
    uint32_t next_source;
    bool patient; /* the capture is read without a wait: main need not be woken for each sighting */
    bool unsaid;  /* there are some that it was not woken for */

    struct image *image; /* owned; NULL before the first one came */
    uint32_t generation;

    uint64_t now_ns, next_tick_ns, next_expire_ns; /* packet time in replay, monotonic live */
    uint64_t packet_ns;                            /* of the latest packet, for notices */
    uint64_t seq;                                  /* of the next record */
    struct decoder decoder;
    struct capture_file *file; /* owned; replay */
    struct packet batch[WORKER_BATCH];
    struct step step[WORKER_BATCH];
    struct flow_cache cache;
    struct streams streams;
    struct watches watches;
    struct learned_table learned;
    struct orphans orphans;
    struct copies copies;
    struct transactions transactions;
    struct unlisted unlisted;
    struct visibility visibility;
    uint64_t packets_judged, copies_judged; /* of this source, since its copies were judged last */
    bool copies_told, link_told;
    struct {
        uint32_t digest, time_s;
    } told[WORKER_TOLD]; /* flows that could not be watched: told once a minute */
    struct starts starts;
    bool wants_fingerprints, wants_digests; /* the image lists such; observations show certificates, too */
    struct crypto *crypto;                  /* owned; NULL: OpenSSL refused */
    struct parse_scratch scratch;
    uint8_t record[RING_RECORD_MAX];
};

/* What one parse of a message works with. */
struct message {
    struct worker *w;
    const struct packet *p; /* ends, time and frame of the observations */
    struct flow_key key;    /* of the direction parsed */
    struct stream *stream;  /* that holds the bytes, or NULL: they are in the packet */
    unsigned proto;
    uint16_t flags; /* enum record_flag */
    uint32_t known; /* hash of a name of this flow that was reported before, or 0 */
    uint32_t told;  /* hash of the latest server name that this message showed, or 0 */
    bool again;     /* the observation in hand was told before */
    bool named;     /* the message named a server */
    /* DNS: what this message has shown */
    uint8_t dns_hits, dns_addresses;
    uint8_t dns_saw;     /* resolve.c: what the answer held beside them */
    uint8_t dns_blocked; /* enum blocked: by `dns_nowhere` */
    uint32_t dns_sightings;
    struct addr dns_nowhere; /* an address in the answer that leads nowhere */
    uint8_t dns_via[WATCH_HITS_MAX];
    struct match dns_hit[WATCH_HITS_MAX];
    struct parse parse;
    uint16_t dns_name_len[WATCH_HITS_MAX];
    char dns_name[WATCH_HITS_MAX][NAME_TEXT_MAX];
};

static inline uint16_t worker_now_s(const struct worker *w)
{
    return (uint16_t)(w->now_ns / 1000000000u);
}

/* Tells main which packet is in hand, should it be the last one. */
static inline void worker_note(struct worker *w, const struct packet *p)
{
    atomic_store_explicit(&w->shm->status.packet, p->number, memory_order_relaxed);
}

/* With each second packet of a batch, in both steps: evenly over the time that it takes, for one call of
 * memory can only follow the one before. */
static inline void worker_call_ahead(struct worker *w, unsigned i)
{
    if ((i & 1) != 0 && w->file != NULL)
        capture_file_ahead(w->file);
}

/*
 * path.c: everything that one packet brings about, in two steps, so that a batch of packets can take the
 * first one together: what the second one looks up is then on its way from memory.
 */
/* The first step of up to `n` packets, and of how many: what was put together from fragments is gone when the
 * next packet is decoded. */
unsigned worker_look(struct worker *w, struct packet *p, struct step *ret, unsigned n);
void worker_act(struct worker *w, struct packet *p, const struct step *step);
/* Both. */
void worker_packet(struct worker *w, struct packet *p);
/* Says once for each source that more than a fifth of its packets came twice; looks at those since last time.
 */
void worker_judge_copies(struct worker *w, uint32_t source);

/* tcp.c */
/* `e`: the entry of this direction, as assemble_entry() gives it; `may`: as starts_may() says of the payload.
 */
void worker_tcp(struct worker *w, const struct packet *p, struct flow_key key, struct flow_entry *e,
                unsigned may, uint16_t flags);
/* udp.c */
/* What message a datagram (not empty) may be, by its first bytes; 0: none. */
unsigned worker_udp_may(const struct worker *w, const struct packet *p);
/* RFC 1035 §4.1.1 (QR, QDCOUNT): whether a datagram may be an answer of DNS, from whatever port. What is
 * encrypted has any bits there, and no processor foresees one of them: but hardly ever does it seem to hold
 * no more questions than octets. */
static inline bool worker_udp_like_answer(const uint8_t *at, uint32_t bytes)
{
    enum { HEADER_BYTES = 12 };

    if (bytes < HEADER_BYTES)
        return false;
    unsigned questions_least = (unsigned)at[4] << 8, response = at[2] >> 7;

    return (response & (unsigned)(questions_least <= bytes)) != 0;
}
void worker_udp(struct worker *w, const struct packet *p, struct flow_key key, unsigned may, uint16_t flags);

/* assemble.c: messages that wait for more bytes are told as far as they came. Once a second. */
void worker_streams_tick(struct worker *w);
/* Parses what is left of all streams, as nothing more will come. */
void worker_streams_finish(struct worker *w);

/* observe.c: parses one message; every observation goes through matching and into the rings. */
void message_init(struct message *m, struct worker *w, const struct packet *p, struct flow_key key,
                  unsigned proto, uint16_t flags);
enum parse_result message_parse_stream(struct message *m, struct span bytes, bool cut, bool last);
enum parse_result message_parse_udp(struct message *m);
/* Puts a record into its ring: waits in replay, drops and counts live. Fills in sequence, time, ends from
 * `p`. */
void worker_emit(struct worker *w, struct record *r);
/* Wakes main for what it was not woken for. */
void worker_wake(struct worker *w);
void worker_record_ends(struct record *r, const struct packet *p, struct flow_key key, bool from_server);
void worker_notice(struct worker *w, enum notice notice, uint64_t a, uint64_t b);

/* named.c: the first bytes of this direction showed no name. */
void named_nothing(struct worker *w, const struct packet *p, struct flow_key key);

/* follow.c: flows that matched. */
struct watch *follow_find(struct worker *w, struct flow_key key);
/* The watch that an entry of the flow cache (NULL: none) refers to, or NULL. */
struct watch *follow_of(struct worker *w, const struct flow_entry *e);
/* The watch of this flow, made if there is none; `client_dir` is the direction of packets from the end that
 * is watched over. NULL at the limit (counted). */
struct watch *follow_make(struct worker *w, const struct packet *p, struct flow_key key, unsigned client_dir);
/* Adds a matched indicator. NULL when the flow has it already, or has too many. */
struct watch_hit *follow_hit(struct worker *w, struct watch *watch, struct match match, enum via via,
                             uint16_t flags);
void follow_hit_name(struct watch_hit *hit, struct span name);
/* One record of what became of the flow: the first one of a hit counts as a sighting, the others are updates.
 * `o`: with its attributes, or NULL. */
void follow_tell(struct worker *w, struct watch *watch, struct watch_hit *hit, const struct observation *o);
/* A message of this flow showed something listed of one of its ends: follow the flow from here. `flags`: enum
 * record_flag, beside those of the message. */
void follow_name(struct message *m, struct observation *o, struct match hit, uint16_t flags);
/* The flow named a server: pending hits of learned addresses give way, unless the name was only an outer one,
 * which is what it returns. */
bool follow_named(struct message *m, const struct observation *o);
/* The first bytes of the client showed no name: pending hits are told. */
void follow_nameless(struct worker *w, struct flow_key key);
/* A packet of a watched flow. */
void follow_packet(struct worker *w, struct watch *watch, const struct packet *p, struct flow_key key,
                   uint16_t flags);
void follow_release(struct worker *w, struct watch *watch);
void follow_tick(struct worker *w);
void follow_finish(struct worker *w);
/* After a reload: hits are matched again with the new image. */
void follow_rematch(struct worker *w);

/* addresses.c: flows that are known by their addresses. */
/* Whether the destination was perhaps learned. Of a connection over TCP only what opens it is asked for. */
static inline bool addresses_learned(const struct worker *w, const struct packet *p)
{
    bool opens = p->ip_proto != 6 /* TCP */ || (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

    return opens && learned_maybe(&w->learned, &p->dst);
}

/* Whether any address is listed. */
static inline bool addresses_any(const struct worker *w)
{
    return w->image != NULL && (w->image->levels[0].count | w->image->levels[1].count) != 0;
}

/* Whether one of the ends is perhaps listed. */
static inline bool addresses_listed(const struct worker *w, const struct addr *src, const struct addr *dst)
{
    return w->image != NULL && (match_addr_maybe(w->image, dst) || match_addr_maybe(w->image, src));
}

/* False: addresses_look would find nothing. */
static inline bool addresses_maybe(const struct worker *w, const struct packet *p)
{
    return addresses_listed(w, &p->src, &p->dst) || addresses_learned(w, p);
}
/* Looks both ends of a flow up, which no watch follows yet. True: the flow cache may have changed. */
bool addresses_look(struct worker *w, const struct packet *p, struct flow_key key, uint16_t flags);
/* Learns an address that a DNS answer gave for a listed name. */
void addresses_learn(struct message *m, const struct observation *o, struct match hit, struct span name);
/* The same, learned by another worker. */
void addresses_learn_remote(struct worker *w, const struct worker_message *msg);
/* After a reload: learned addresses are matched again by their names. */
void addresses_rematch(struct worker *w);

/* run.c. `w` is all zero before. */
int worker_init(struct worker *w, struct worker_shm *shm, int control, char *ret_why, size_t why_bytes);
int worker_run(struct worker *w); /* exit status */
/* Handles what main sends; `wait_ms` < 0 waits for ever. False when main is gone. */
bool worker_control(struct worker *w, int wait_ms);
void worker_tick(struct worker *w);

#endif
