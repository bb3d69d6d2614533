/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets come from. Files (pcap and pcapng) are ours: read in large blocks and parsed where they lie.
 * Live capture is libpcap's.
 */
#ifndef BRIDLE_PACKET_CAPTURE_H
#define BRIDLE_PACKET_CAPTURE_H

#include "packet/packet.h"

enum capture_result {
    CAPTURE_PACKET, /* `p` is set; its bytes are valid until the next call */
    CAPTURE_END,    /* the file ended where it should */
    CAPTURE_CUT,    /* the file ended within a packet or block; all whole packets were read */
    CAPTURE_BAD,    /* not a capture file, or broken beyond repair here: capture_file_why tells */
    CAPTURE_ERROR,  /* read failed: errno */
    CAPTURE_LATER,  /* of no concern outside: a batch is full before its end */
};

struct capture_file;

/* Reads from `fd` (file or pipe; borrowed), from its position on. NULL: out of memory. The format is found at
 * the first read. Before a jail. */
struct capture_file *capture_file_new(int fd, uint32_t source);
void capture_file_free(struct capture_file *c);
/* Starts over with another file, allocating nothing. */
void capture_file_use(struct capture_file *c, int fd, uint32_t source);
/* Whether it lies in memory, so that no packet is waited for. */
bool capture_file_mapped(const struct capture_file *c);
/* The next packet. After anything but CAPTURE_PACKET the answer stays the same. */
enum capture_result capture_file_next(struct capture_file *c, struct packet *p);
/*
 * The next packets, up to `max`; the bytes of all of them are valid until the next call. Their number; 0:
 * `*ret_end` tells why, as capture_file_next does.
 */
unsigned capture_file_batch(struct capture_file *c, struct packet *p, unsigned max,
                            enum capture_result *ret_end);
/* Calls for the memory of one packet behind the last batch, and so on with each call: a packet tells where
 * the next one is, so they can be called for only one after the other. Changes nothing. */
void capture_file_ahead(struct capture_file *c);
/* Static text that follows the file's name in a message: what is wrong, after CAPTURE_BAD or CAPTURE_CUT. */
const char *capture_file_why(const struct capture_file *c);

struct capture_live;

/* Room for the name of an interface, or for `tzsp:[ADDRESS]:PORT`, with its NUL. */
#define CAPTURE_NAME_MAX 64

struct capture_live_options {
    char interface[CAPTURE_NAME_MAX];
    char filter[1024];      /* pcap-filter(7); empty: everything */
    uint32_t snaplen_bytes; /* 0: whole packets */
    /* The ring is cut into blocks of 256 KiB, so on a quiet line it holds ring / 256 KiB * timeout. */
    uint32_t ring_bytes;
    uint32_t block_timeout_ms;
    uint32_t busy_poll_us; /* after a packet, so long nobody sleeps; 0: not at all */
    uint32_t workers; /* of this interface; more than 1: PACKET_FANOUT_HASH | FLAG_DEFRAG in group `fanout` */
    uint16_t fanout;
    bool promiscuous;
};

struct capture_live_counts {
    uint64_t received, dropped; /* since the capture was opened, as the kernel tells it */
    uint64_t foreign;           /* datagrams that came to a TZSP receiver and are no TZSP */
};

/* Packets that a live capture hands over together, at most. */
#define CAPTURE_LIVE_BATCH 16u

/* The bytes of all of them are valid until it returns. */
typedef void (*capture_fn)(void *ctx, struct packet *p, unsigned n);

/*
 * Opens, activates, filters, joins the fanout group; needs CAP_NET_RAW, which may be dropped afterwards.
 * `source` goes into the packets. 0 or negative errno; `ret_why` then holds text for people (128 bytes or
 * more).
 */
int capture_live_open(const struct capture_live_options *o, uint32_t source, struct capture_live **ret,
                      char *ret_why, size_t why_bytes);
void capture_live_close(struct capture_live *c);
/* For poll(2). */
int capture_live_fd(const struct capture_live *c);
/* Calls `fn` for the packets that are there, about `max` at most; never blocks. `revents`: what poll(2) said
 * of the descriptor just now; without POLLIN there is nothing. Number of packets, -ENETDOWN when the
 * interface went down or away (what came before is read first), another negative errno. */
int capture_live_dispatch(struct capture_live *c, short revents, int max, capture_fn fn, void *ctx);
/* Called by `fn`: calls for the memory of one packet behind those that it was given, and so on, as
 * capture_file_ahead does. */
void capture_live_ahead(struct capture_live *c);
/* Asks the kernel: a system call. */
int capture_live_counts(struct capture_live *c, struct capture_live_counts *ret);
/*
 * A receiver of TZSP, in which routers and access points send what they see, stands where else an interface
 * is named: `tzsp:PORT`, `tzsp:ADDRESS:PORT`, IPv6 in brackets.
 */
struct capture_tzsp_name {
    struct addr addr;
    bool any; /* no address: all of this machine */
    uint16_t port;
};

bool capture_is_tzsp(const char *interface);
/* False when it is malformed. */
bool capture_tzsp_read(const char *interface, struct capture_tzsp_name *ret);
/* The part of capture_filter_check that needs no libpcap: refuses words that libpcap might ask DNS for. */
int capture_filter_words(const char *filter, char *ret_why, size_t why_bytes);
/* Compiles a filter without opening anything, to check it: 0, or -EINVAL with text. Names of hosts are
 * refused: libpcap would ask DNS. */
int capture_filter_check(const char *filter, char *ret_why, size_t why_bytes);

/* A packet filter over packets that were read from files, whatever their link type. */
struct capture_select;

/* Compiles it for all link types that are decoded, since names of ports are read from files that a jail does
 * not let us open. 0, or negative errno with text. */
int capture_select_new(const char *filter, struct capture_select **ret, char *ret_why, size_t why_bytes);
void capture_select_free(struct capture_select *s);
/* Whether the packet passes; what makes no sense on its link type passes none. */
bool capture_select_passes(const struct capture_select *s, const struct packet *p);

#endif
