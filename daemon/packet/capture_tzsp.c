/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receives TZSP (TaZmen Sniffer Protocol): datagrams in which routers and access points send the frames that
 * they see. To the rest of the program each is what it was on the wire, a UDP datagram over IPv6 (IPv4
 * addresses mapped) to TZSP's port, so that one decoder reads live and recorded ones and tells the sender.
 * Whoever can send to this port can show what he likes: it belongs on an address that only those can reach
 * who are meant to.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet/capture_live.h"

#define BATCH         32
#define HEADERS_BYTES 48u /* IPv6, UDP */
#define ROOM_BYTES    65536u
#define TZSP_PORT     37008
#define LINKTYPE_IPV6 229
#define TZSP_TYPES    5 /* packets, settings, keep-alive, opening */
#define TZSP_PACKETS  1 /* the two lowest of them */

struct tzsp {
    struct capture_live live;
    struct addr addr;   /* where it listens; all zero: the address is told for each datagram */
    uint32_t overflows; /* as the kernel told it last: since the socket was opened, modulo 2^32 */
    struct mmsghdr message[BATCH];
    struct iovec bytes[BATCH];
    struct sockaddr_in6 sender[BATCH]; /* of both families: large enough for either */
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                      CMSG_SPACE(sizeof(uint32_t))];
    } control[BATCH];
    uint8_t room[BATCH][HEADERS_BYTES + ROOM_BYTES]; /* pages that no datagram reaches are never touched */
};

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* Both families where no address is named, as far as there are two. Negative errno. */
static int open_socket(const struct capture_tzsp_name *name)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(name->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(name->port)};
    const int type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    bool v4 = !name->any && addr_is_v4(&name->addr);
    int fd = v4 ? -1 : socket(AF_INET6, type, 0);

    if (!name->any && v4)
        memcpy(&four.sin_addr, name->addr.b + 12, 4);
    else if (!name->any)
        memcpy(&six.sin6_addr, name->addr.b, 16);
    if (fd >= 0 && (set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !name->any) != 0 ||
                    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0 ||
                    bind(fd, (struct sockaddr *)&six, sizeof six) != 0)) {
        int r = -errno;
        close(fd);
        return r;
    }
    if (fd >= 0)
        return fd;
    fd = v4 || name->any ? socket(AF_INET, type, 0) : -1;
    if (fd < 0 || bind(fd, (struct sockaddr *)&four, sizeof four) == 0)
        return fd >= 0 ? fd : -errno;
    int r = -errno;
    close(fd);
    return r;
}

static void prepare(struct tzsp *t)
{
    for (unsigned i = 0; i < BATCH; i++) {
        t->bytes[i] = (struct iovec){t->room[i] + HEADERS_BYTES, ROOM_BYTES};
        t->message[i].msg_hdr = (struct msghdr){.msg_name = &t->sender[i],
                                                .msg_namelen = sizeof t->sender[i],
                                                .msg_iov = &t->bytes[i],
                                                .msg_iovlen = 1,
                                                .msg_control = t->control[i].bytes,
                                                .msg_controllen = sizeof t->control[i].bytes};
    }
}

static int tzsp_open(const struct capture_live_options *o, struct capture_live **ret, char *ret_why,
                     size_t why_bytes)
{
    struct capture_tzsp_name name;
    int ring = o->ring_bytes <= INT32_MAX ? (int)o->ring_bytes : INT32_MAX;

    if (!capture_tzsp_read(o->interface, &name) || o->filter[0] != 0) {
        snprintf(ret_why, why_bytes, "%s: no TZSP receiver, or with a filter, which is for interfaces",
                 o->interface);
        return -EINVAL;
    }
    int fd = open_socket(&name);
    if (fd < 0) {
        snprintf(ret_why, why_bytes, "%s: %s", o->interface, strerror(-fd));
        return fd;
    }
    struct tzsp *t = calloc(1, sizeof *t);
    if (t == NULL) {
        close(fd);
        return -ENOMEM;
    }
    /* The first one needs a privilege, the second one is limited by net.core.rmem_max. */
    if (ring != 0 && set(fd, SOL_SOCKET, SO_RCVBUFFORCE, ring) != 0)
        set(fd, SOL_SOCKET, SO_RCVBUF, ring);
    set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    t->addr = name.addr;
    t->live.self = t;
    t->live.fd = fd;
    t->live.linktype = LINKTYPE_IPV6;
    *ret = &t->live;
    return 0;
}

static void tzsp_close(struct capture_live *c)
{
    close(c->fd);
    free(c->self);
}

/* What the kernel says of a datagram. */
struct said {
    uint64_t ts_ns;
    struct addr to;
};

static void control(struct tzsp *t, struct msghdr *m, struct said *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec ts;
            memcpy(&ts, CMSG_DATA(c), sizeof ts);
            ret->ts_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t overflows;
            memcpy(&overflows, CMSG_DATA(c), sizeof overflows);
            t->live.counts.dropped += overflows - t->overflows;
            t->overflows = overflows;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            ret->to = addr_v6(info.ipi6_addr.s6_addr);
        }
    }
    if (ret->ts_ns == 0) {
        struct timespec ts;
        clock_gettime(CLOCK_REALTIME, &ts);
        ret->ts_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    }
}

/* Writes the headers that the kernel took off. */
static void restore(uint8_t *at, const struct sockaddr_in6 *sender, const struct addr *to, size_t bytes)
{
    struct sockaddr_in four;
    struct addr from = {.w = {0, 0}};
    uint16_t port = sender->sin6_port; /* at the same place in both */
    size_t udp_bytes = bytes + 8 <= UINT16_MAX ? bytes + 8 : 0;

    memcpy(&four, sender, sizeof four);
    if (sender->sin6_family == AF_INET)
        from = addr_v4((const uint8_t *)&four.sin_addr);
    else
        from = addr_v6(sender->sin6_addr.s6_addr);
    memset(at, 0, HEADERS_BYTES);
    at[0] = 0x60;
    at[4] = at[44] = (uint8_t)(udp_bytes >> 8);
    at[5] = at[45] = (uint8_t)udp_bytes;
    at[6] = IPPROTO_UDP;
    at[7] = 64;
    memcpy(at + 8, from.b, 16);
    memcpy(at + 24, to->b, 16);
    memcpy(at + 40, &port, 2);
    at[42] = TZSP_PORT >> 8;
    at[43] = TZSP_PORT & 0xff;
}

static void hand_over(struct tzsp *t, unsigned i)
{
    struct capture_live *c = &t->live;
    const uint8_t *tzsp = t->room[i] + HEADERS_BYTES;
    uint32_t bytes = t->message[i].msg_len;
    struct said said = {.to = t->addr};
    struct packet p;

    control(t, &t->message[i].msg_hdr, &said);
    if (bytes < 4 || tzsp[0] != 1 || tzsp[1] > TZSP_TYPES) {
        c->counts.foreign++;
        return;
    }
    if (tzsp[1] > TZSP_PACKETS)
        return;
    c->counts.received++;
    restore(t->room[i], &t->sender[i], &said.to, bytes);
    p.ts_ns = said.ts_ns;
    p.number = ++c->number;
    p.at = t->room[i];
    p.captured_bytes = p.wire_bytes = HEADERS_BYTES + bytes;
    p.source = c->source;
    p.linktype = c->linktype;
    c->fn(c->ctx, &p, 1);
}

static int tzsp_dispatch(struct capture_live *c, short revents, int max)
{
    struct tzsp *t = c->self;
    int done = 0;

    while (done < max) {
        int room = max - done < BATCH ? max - done : BATCH;
        prepare(t);
        int n = recvmmsg(c->fd, t->message, (unsigned)room, MSG_DONTWAIT, NULL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        for (int i = 0; i < n; i++)
            hand_over(t, (unsigned)i);
        done += n > 0 ? n : 0;
        if (n < room)
            break;
    }
    return done;
}

const struct capture_kind capture_tzsp = {
    .open = tzsp_open,
    .close = tzsp_close,
    .dispatch = tzsp_dispatch,
};
