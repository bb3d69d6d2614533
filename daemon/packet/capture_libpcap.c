/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live capture: libpcap over Linux packet sockets (packet(7)), TPACKET_V3. After the capture is open only
 * poll(2), getsockopt(2) and reads of the shared ring are used, so that the worker can be locked up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "packet/capture_live.h"

#if HAVE_LIBPCAP

#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/socket.h>

#define SNAPLEN_BYTES_MAX 262144
#define BLOCK_BYTES       262144 /* what libpcap makes rings of for TPACKET_V3 */

struct libpcap {
    struct capture_live live;
    pcap_t *pcap;              /* owned; its descriptor is live.fd */
    struct capture_ring *ring; /* owned; NULL: libpcap hands out the packets */
    uint32_t fraction_ns;      /* of one unit in pcap's tv_usec */
    int error;                 /* negative errno that ended the capture; the kernel tells it only once */
};

/* The DLT_ numbers that differ from their LINKTYPE_ on Linux. The interface "any" stays LINUX_SLL: in
 * LINUX_SLL2 libpcap does not put back the VLAN tags that the kernel took out. */
static uint32_t linktype_of(int dlt)
{
    switch (dlt) {
    case DLT_RAW:
        return 101;
    case DLT_ATM_RFC1483:
        return 100;
    case DLT_ATM_CLIP:
        return 106;
    default:
        return (uint32_t)dlt;
    }
}

static int compile(pcap_t *pcap, const char *filter, struct bpf_program *ret, char *ret_why, size_t why_bytes)
{
    int r = capture_filter_words(filter, ret_why, why_bytes);

    if (r == 0 && pcap_compile(pcap, ret, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(ret_why, why_bytes, "filter: %s", pcap_geterr(pcap));
        r = -EINVAL;
    }
    return r;
}

int capture_filter_check(const char *filter, char *ret_why, size_t why_bytes)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN_BYTES_MAX);
    struct bpf_program program;

    if (pcap == NULL)
        return -ENOMEM;
    int r = compile(pcap, filter, &program, ret_why, why_bytes);
    if (r == 0)
        pcap_freecode(&program);
    pcap_close(pcap);
    return r;
}

static int set_filter(pcap_t *pcap, const char *filter, char *ret_why, size_t why_bytes)
{
    struct bpf_program program;
    int r;

    if (*filter == 0)
        return 0;
    r = compile(pcap, filter, &program, ret_why, why_bytes);
    if (r != 0)
        return r;
    if (pcap_setfilter(pcap, &program) != 0) {
        snprintf(ret_why, why_bytes, "filter: %s", pcap_geterr(pcap));
        r = -EINVAL;
    }
    pcap_freecode(&program);
    return r;
}

static int errno_of(int pcap_error)
{
    switch (pcap_error) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return -ENODEV;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return -EPERM;
    case PCAP_ERROR_IFACE_NOT_UP:
        return -ENETDOWN;
    default:
        return -EIO;
    }
}

static uint32_t snaplen_of(const struct capture_live_options *o)
{
    return o->snaplen_bytes != 0 && o->snaplen_bytes < SNAPLEN_BYTES_MAX ? o->snaplen_bytes
                                                                         : SNAPLEN_BYTES_MAX;
}

static int activate(pcap_t *pcap, const struct capture_live_options *o, char *ret_why, size_t why_bytes)
{
    pcap_set_snaplen(pcap, (int)snaplen_of(o));
    pcap_set_promisc(pcap, o->promiscuous);
    pcap_set_timeout(pcap, o->block_timeout_ms != 0 ? (int)o->block_timeout_ms : 1);
    if (o->ring_bytes != 0)
        pcap_set_buffer_size(pcap, o->ring_bytes <= INT32_MAX ? (int)o->ring_bytes : INT32_MAX);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int r = pcap_activate(pcap);
    if (r >= 0)
        return 0;
    const char *detail = pcap_geterr(pcap);
    snprintf(ret_why, why_bytes, "%s: %s%s%s", o->interface, pcap_statustostr(r), *detail ? ": " : "",
             detail);
    return errno_of(r);
}

/* Both directions of a flow go to the same worker: the kernel's flow hash is symmetric, and FLAG_DEFRAG lets
 * it see the ports of fragments. */
static int join_fanout(int fd, const struct capture_live_options *o, char *ret_why, size_t why_bytes)
{
    uint32_t arg = o->fanout | (uint32_t)(PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG) << 16;

    if (o->workers <= 1 || setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &arg, sizeof arg) == 0)
        return 0;
    int r = -errno;
    snprintf(ret_why, why_bytes, "%s: the workers cannot share the interface (PACKET_FANOUT)", o->interface);
    return r;
}

/*
 * Where packets lie as they came: from any other link libpcap makes headers of its own, and with a filter it
 * looks itself at what came before the kernel had it.
 */
static struct capture_ring *own_ring(const struct libpcap *c, const struct capture_live_options *o)
{
    bool usual = c->live.linktype == DLT_EN10MB && *o->filter == 0 && c->fraction_ns == 1 &&
                 pcap_bufsize(c->pcap) == BLOCK_BYTES;

    return usual ? capture_ring_new(c->live.fd, BLOCK_BYTES, o->ring_bytes, snaplen_of(o)) : NULL;
}

static int setup(struct libpcap *c, const struct capture_live_options *o, char *ret_why, size_t why_bytes)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    int r = activate(c->pcap, o, ret_why, why_bytes);

    if (r != 0)
        return r;
    if (pcap_setnonblock(c->pcap, 1, error) != 0) {
        snprintf(ret_why, why_bytes, "%s: %s", o->interface, error);
        return -EIO;
    }
    r = set_filter(c->pcap, o->filter, ret_why, why_bytes);
    if (r != 0)
        return r;
    c->live.fd = pcap_fileno(c->pcap);
    c->live.linktype = linktype_of(pcap_datalink(c->pcap));
    c->fraction_ns = pcap_get_tstamp_precision(c->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    c->ring = own_ring(c, o);
    return join_fanout(c->live.fd, o, ret_why, why_bytes);
}

static void libpcap_close(struct capture_live *live)
{
    struct libpcap *c = live->self;

    capture_ring_free(c->ring);
    pcap_close(c->pcap);
    free(c);
}

static int libpcap_open(const struct capture_live_options *o, struct capture_live **ret, char *ret_why,
                        size_t why_bytes)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    struct libpcap *c = calloc(1, sizeof *c);

    if (c == NULL)
        return -ENOMEM;
    c->live.self = c;
    c->pcap = pcap_create(o->interface, error);
    if (c->pcap == NULL) {
        snprintf(ret_why, why_bytes, "%s: %s", o->interface, error);
        free(c);
        return -ENODEV;
    }
    int r = setup(c, o, ret_why, why_bytes);
    if (r != 0) {
        libpcap_close(&c->live);
        return r;
    }
    *ret = &c->live;
    return 0;
}

static void on_packet(u_char *ctx, const struct pcap_pkthdr *h, const u_char *at)
{
    struct libpcap *l = (struct libpcap *)(void *)ctx;
    struct capture_live *c = &l->live;
    struct packet p;

    p.ts_ns = (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec * l->fraction_ns;
    p.number = ++c->number;
    p.at = at;
    p.captured_bytes = h->caplen;
    p.wire_bytes = h->len > h->caplen ? h->len : h->caplen;
    p.source = c->source;
    p.linktype = c->linktype;
    c->fn(c->ctx, &p, 1);
}

/* What ended the capture: negative errno. */
static int socket_error(const struct capture_live *c)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return -errno;
    return error == ENXIO || error == ENODEV || error == 0 ? -ENETDOWN : -error;
}

/*
 * libpcap is called only when a block is ready. Else it would poll by itself, and on an error of the socket
 * ask the kernel what became of the interface, by a call that a locked-up worker may not make.
 */
static int libpcap_dispatch(struct capture_live *live, short revents, int max)
{
    struct libpcap *c = live->self;
    int got = 0;

    if (c->error == 0 && (revents & POLLIN) != 0)
        got = c->ring != NULL ? capture_ring_dispatch(c->ring, live, max)
                              : pcap_dispatch(c->pcap, max, on_packet, (u_char *)c);
    if (got < 0 && c->ring != NULL)
        c->error = got;
    if (c->error == 0 && (got < 0 || (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0))
        c->error = socket_error(live);
    return c->error != 0 ? c->error : got;
}

static void libpcap_ahead(struct capture_live *live)
{
    struct libpcap *c = live->self;

    if (c->ring != NULL)
        capture_ring_ahead(c->ring);
}

static int libpcap_count(struct capture_live *c)
{
    struct tpacket_stats_v3 stats = {0}; /* since the last time that it was asked */
    socklen_t len = sizeof stats;

    if (getsockopt(c->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0)
        return -errno;
    c->counts.received += stats.tp_packets - stats.tp_drops; /* tp_packets counts both */
    c->counts.dropped += stats.tp_drops;
    return 0;
}

const struct capture_kind capture_libpcap = {
    .open = libpcap_open,
    .close = libpcap_close,
    .dispatch = libpcap_dispatch,
    .count = libpcap_count,
    .ahead = libpcap_ahead,
};

#else

static int unsupported(char *ret_why, size_t why_bytes)
{
    snprintf(ret_why, why_bytes, "this build has no live capture (libpcap)");
    return -ENOTSUP;
}

static int libpcap_open(const struct capture_live_options *o, struct capture_live **ret, char *ret_why,
                        size_t why_bytes)
{
    return unsupported(ret_why, why_bytes);
}

const struct capture_kind capture_libpcap = {.open = libpcap_open};

int capture_filter_check(const char *filter, char *ret_why, size_t why_bytes)
{
    return unsupported(ret_why, why_bytes);
}

#endif
