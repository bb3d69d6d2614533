/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of capture file formats share: bytes of the file where they lie, in its mapping or in a
 * buffer over read(2), and its byte order. */
#ifndef BRIDLE_PACKET_CAPTURE_FORMAT_H
#define BRIDLE_PACKET_CAPTURE_FORMAT_H

#include <sys/types.h>

#include "base/cursor.h"
#include "packet/capture.h"

/* The largest packet that a file may hold: what libpcap and Wireshark call MAXIMUM_SNAPLEN. */
#define CAPTURE_PACKET_BYTES_MAX 262144u
/* Holds the largest record or packet block beside what is read at once. */
#define CAPTURE_BUFFER_BYTES 524288u
/* The least that a record has. */
#define CAPTURE_RECORD_BYTES 12u
/* So much is read at once: it is still in the second-level cache when it is looked at, which the begin of a
 * larger block is not. */
#define CAPTURE_READ_BYTES 131072u
/* Interfaces of one pcapng section that are remembered; packets of later ones have no known link type. */
#define CAPTURE_INTERFACES_MAX 1024
/* Latest time that a file can claim (in the year 2262): adding a timeout to it does not overflow. */
#define CAPTURE_TIME_MAX_NS ((uint64_t)INT64_MAX)
#define CAPTURE_LINK_NONE   UINT32_MAX

/* One pcapng interface. */
struct capture_interface {
    int64_t offset_s; /* if_tsoffset */
    uint32_t linktype, snaplen_bytes;
    uint8_t resolution; /* if_tsresol */
};

/* capture_window.c: a part of a file, mapped. */
struct capture_window {
    uint8_t *at; /* owned: room for it; NULL: there is none */
    size_t page_bytes;
    uint64_t from;   /* where in the file it begins, on a page */
    unsigned missed; /* what bus_missed() said before */
    uid_t uid;       /* ours */
    bool in_use;
};

struct capture_file {
    /* Of the format: the next packets, up to `max`, of which none waits for a read but the first. */
    unsigned (*batch)(struct capture_file *c, struct packet *p, unsigned max, enum capture_result *ret_end);
    int fd; /* borrowed */
    uint32_t source;
    enum capture_result result; /* anything but CAPTURE_PACKET is final */
    const char *why;            /* static */
    int error;                  /* errno of a failed read, or 0 */
    bool ended;                 /* read(2) said so */
    bool held;                  /* bytes before `at` are still looked at: nothing may move */
    bool starved;               /* it would have to */
    bool little;                /* numbers are little-endian */
    const uint8_t *bytes;       /* `buffer`, or the window */
    size_t at, end;             /* what is unread of them */
    size_t large_bytes[2];      /* of the latest large record, and of the latest that was not as large */
    size_t ahead;               /* a record behind those: see capture_file_ahead */
    struct {
        uint8_t length_at,
            header_bytes; /* where in a record its length is, and how many bytes that leaves out */
    } record;
    struct capture_window window;
    uint64_t number, ts_ns; /* of the last packet */
    struct {
        uint32_t linktype, tick_ns, header_bytes;
        uint16_t major, minor;
        bool swapped; /* the two lengths of a packet */
        bool usual;   /* not even that, and the numbers are as we have them */
    } pcap;
    struct {
        uint32_t interfaces; /* described so far in this section, also those not remembered */
        struct capture_interface interface[CAPTURE_INTERFACES_MAX];
    } pcapng;
    uint8_t buffer[CAPTURE_BUFFER_BYTES];
};

/* False without memory, or too many: files are read then. Before a jail. */
bool capture_window_init(struct capture_window *w);
void capture_window_done(struct capture_window *w);
/* Whether `fd` (borrowed) is a file to be read through the window, from its position on. */
bool capture_window_use(struct capture_window *w, int fd);
/* Moves it so that it holds what the file has from `to` on: `*ret_bytes`, more than any block if there are so
 * many. False: it must be read. */
bool capture_window_move(struct capture_window *w, int fd, uint64_t to, size_t *ret_bytes);

/* Reads until `n` bytes are there. */
bool capture_read(struct capture_file *c, size_t n);
/* True when `n` bytes (at most the buffer) are there, from `at`; reads only when they are not. */
static inline bool capture_fill(struct capture_file *c, size_t n)
{
    return c->end - c->at >= n || capture_read(c, n);
}
/* Passes over `n` bytes of any number; false when the input ends before. */
bool capture_skip(struct capture_file *c, uint64_t n);
/* What to answer after capture_fill or capture_skip was false. */
enum capture_result capture_ended(struct capture_file *c, const char *within);
enum capture_result capture_bad(struct capture_file *c, const char *why);
/* Sets what capture says of a packet of which `captured` bytes lie at `at`. */
static inline enum capture_result capture_packet(struct capture_file *c, struct packet *p, const uint8_t *at,
                                                 uint32_t captured, uint32_t wire)
{
    p->ts_ns = c->ts_ns;
    p->number = ++c->number;
    p->at = at;
    p->captured_bytes = captured;
    p->wire_bytes = wire > captured ? wire : captured;
    p->source = c->source;
    return CAPTURE_PACKET;
}

/* The loop of a format's `batch` around its `next`, which the compiler puts into it. */
static inline unsigned capture_each(enum capture_result (*next)(struct capture_file *c, struct packet *p),
                                    struct capture_file *c, struct packet *p, unsigned max,
                                    enum capture_result *ret_end)
{
    unsigned n = 0;

    while (n < max && (*ret_end = next(c, &p[n])) == CAPTURE_PACKET) {
        c->held = true;
        n++;
    }
    c->held = false;
    c->ahead = c->at;
    return n;
}

/* The formats: each reads its file header if the first bytes are its own, and sets c->batch. False when they
 * are not; CAPTURE_BAD and the like are in c->result then too. */
bool capture_pcap_open(struct capture_file *c);
bool capture_pcapng_open(struct capture_file *c);

static inline struct cur capture_cursor(const struct capture_file *c, size_t n)
{
    return cur_datagram(c->bytes + c->at, n, n);
}

static inline uint32_t capture_u32_of(const struct capture_file *c, size_t at)
{
    uint32_t v;

    memcpy(&v, c->bytes + at, sizeof v);
    return c->little == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) ? v : __builtin_bswap32(v);
}

/* The number `offset` bytes from `at`, which is there. */
static inline uint32_t capture_u32_at(const struct capture_file *c, size_t offset)
{
    return capture_u32_of(c, c->at + offset);
}

static inline uint16_t capture_u16(const struct capture_file *c, struct cur *from)
{
    uint16_t v = cur_u16(from);
    return c->little ? __builtin_bswap16(v) : v;
}

static inline uint32_t capture_u32(const struct capture_file *c, struct cur *from)
{
    uint32_t v = cur_u32(from);
    return c->little ? __builtin_bswap32(v) : v;
}

#endif
