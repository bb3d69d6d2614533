/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces by rtnetlink(7) alone: unlike /sys it always speaks of the network namespace that we are
 * in.
 */
#include "os/netif.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

/* Interfaces that are looked at; a machine with more is served by naming some. */
#define LINKS_MAX 512

typedef void (*message_fn)(void *ctx, struct nlmsghdr *m);

static int netlink_open(uint32_t groups, int flags)
{
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

/* One datagram of answers. 1: more to come, 0: done, negative errno. */
static int dump_part(int fd, message_fn fn, void *ctx)
{
    _Alignas(struct nlmsghdr) char buf[32768];
    ssize_t n = recv(fd, buf, sizeof buf, 0);

    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    size_t len = (size_t)n;
    for (struct nlmsghdr *m = (struct nlmsghdr *)buf; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR)
            return ((struct nlmsgerr *)NLMSG_DATA(m))->error;
        fn(ctx, m);
    }
    return 1;
}

/* Calls `fn` for every object of a kind: RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE. */
static int dump(uint16_t type, message_fn fn, void *ctx)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg body; /* the longest of the three kinds'; zero: everything */
    } ask = {
        .head = {.nlmsg_len = sizeof ask, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    int fd = netlink_open(0, 0);

    if (fd < 0)
        return fd;
    int r = send(fd, &ask, sizeof ask, 0) < 0 ? -errno : 1;
    while (r == 1)
        r = dump_part(fd, fn, ctx);
    close(fd);
    return r;
}

/* The attribute of a kind in a run of them, or NULL. */
static struct rtattr *attribute(void *from, size_t len, unsigned short type)
{
    for (struct rtattr *a = from; RTA_OK(a, len); a = RTA_NEXT(a, len))
        if ((a->rta_type & NLA_TYPE_MASK) == type)
            return a;
    return NULL;
}

static unsigned attribute_u32(struct rtattr *a)
{
    unsigned v = 0;
    if (a != NULL && RTA_PAYLOAD(a) >= sizeof v)
        memcpy(&v, RTA_DATA(a), sizeof v);
    return v;
}

enum kind { HARDWARE, BRIDGE, PAIR, LEAF, OTHER };

struct link {
    struct netif netif;
    unsigned master; /* index of the bridge or bond; 0: none */
    enum kind kind;
};

struct links {
    struct link link[LINKS_MAX];
    size_t count;
};

/* What the kernel calls this kind of virtual interface; hardware has no such name, but for switch ports. */
static enum kind kind_of(struct ifinfomsg *info, size_t len)
{
    static const struct {
        const char *name;
        enum kind kind;
    } kinds[] = {
        {"bridge", BRIDGE}, {"dsa", HARDWARE}, {"veth", PAIR},   {"macvlan", PAIR},
        {"ipvlan", PAIR},   {"tun", LEAF},     {"dummy", OTHER}, {"ifb", OTHER},
    };
    struct rtattr *a = attribute(IFLA_RTA(info), len, IFLA_LINKINFO);

    if (a != NULL)
        a = attribute(RTA_DATA(a), RTA_PAYLOAD(a), IFLA_INFO_KIND);
    if (a == NULL)
        return info->ifi_type == ARPHRD_VOID || (info->ifi_flags & IFF_LOOPBACK) != 0 ? OTHER : HARDWARE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(RTA_DATA(a), kinds[i].name, RTA_PAYLOAD(a)) == 0)
            return kinds[i].kind;
    return OTHER;
}

static void take_link(void *ctx, struct nlmsghdr *m)
{
    struct links *links = ctx;
    struct ifinfomsg *info = NLMSG_DATA(m);

    if (m->nlmsg_type != RTM_NEWLINK || links->count == LINKS_MAX)
        return;
    size_t len = IFLA_PAYLOAD(m);
    struct rtattr *name = attribute(IFLA_RTA(info), len, IFLA_IFNAME);
    if (name == NULL)
        return;
    struct link *l = &links->link[links->count++];
    *l = (struct link){
        .netif = {.index = (unsigned)info->ifi_index,
                  .up = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0,
                  .loopback = (info->ifi_flags & IFF_LOOPBACK) != 0},
        .master = attribute_u32(attribute(IFLA_RTA(info), len, IFLA_MASTER)),
        .kind = kind_of(info, len),
    };
    snprintf(l->netif.name, sizeof l->netif.name, "%.*s", (int)RTA_PAYLOAD(name),
             (const char *)RTA_DATA(name));
    l->netif.bridge = l->kind == BRIDGE;
    l->netif.enslaved = l->master != 0;
}

static void mark_default(struct links *links, unsigned index)
{
    for (size_t i = 0; i < links->count && index != 0; i++)
        if (links->link[i].netif.index == index)
            links->link[i].netif.default_route = true;
}

static void take_route(void *ctx, struct nlmsghdr *m)
{
    struct rtmsg *route = NLMSG_DATA(m);

    if (m->nlmsg_type != RTM_NEWROUTE || route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST ||
        route->rtm_table == RT_TABLE_LOCAL)
        return;
    size_t len = RTM_PAYLOAD(m);
    mark_default(ctx, attribute_u32(attribute(RTM_RTA(route), len, RTA_OIF)));
    struct rtattr *many = attribute(RTM_RTA(route), len, RTA_MULTIPATH);
    if (many == NULL)
        return;
    struct rtnexthop *hop = RTA_DATA(many);
    for (int left = (int)RTA_PAYLOAD(many); left >= (int)sizeof *hop && RTNH_OK(hop, left);
         hop = RTNH_NEXT(hop)) {
        mark_default(ctx, (unsigned)hop->rtnh_ifindex);
        left -= RTNH_ALIGN(hop->rtnh_len);
    }
}

static int links_read(struct links *ret)
{
    bool hardware = false;

    ret->count = 0;
    int r = dump(RTM_GETLINK, take_link, ret);
    if (r == 0)
        r = dump(RTM_GETROUTE, take_route, ret);
    for (size_t i = 0; i < ret->count; i++)
        hardware |= ret->link[i].kind == HARDWARE;
    /* In a container the ends of pairs are what hardware is elsewhere. */
    for (size_t i = 0; i < ret->count; i++)
        ret->link[i].netif.physical = ret->link[i].kind == (hardware ? HARDWARE : PAIR);
    return r;
}

int netif_list(struct netif *ret, int max)
{
    struct links links;
    int n = 0, r = links_read(&links);

    if (r < 0)
        return r;
    for (size_t i = 0; i < links.count && n < max; i++)
        ret[n++] = links.link[i].netif;
    return n;
}

static bool sysctl_on(const char *path)
{
    FILE *f = fopen(path, "re");
    int value = f != NULL ? fgetc(f) : '0';

    if (f != NULL)
        fclose(f);
    return value > '0';
}

static bool forwards(void)
{
    return sysctl_on("/proc/sys/net/ipv4/ip_forward") || sysctl_on("/proc/sys/net/ipv6/conf/all/forwarding");
}

/*
 * A bridge to which clients are attached: not towards the provider, and with a port that leaves the machine.
 * The bridges of containers and virtual machines have none, and they make this machine forward.
 */
static bool is_lan_bridge(const struct links *links, const struct link *bridge)
{
    if (!bridge->netif.bridge || bridge->netif.default_route || bridge->netif.enslaved)
        return false;
    for (size_t i = 0; i < links->count; i++) {
        const struct link *port = &links->link[i];
        bool inner = !port->netif.physical && (port->kind == PAIR || port->kind == LEAF);
        if (port->master == bridge->netif.index && !inner)
            return true;
    }
    return false;
}

static bool is_up_and_physical(const struct links *links, const struct link *l)
{
    return l->netif.physical && l->netif.up && !l->netif.loopback;
}

static int pick(const struct links *links, bool (*wanted)(const struct links *, const struct link *),
                char ret[][16], int max)
{
    int n = 0;

    for (size_t i = 0; i < links->count && n < max; i++)
        if (wanted(links, &links->link[i]))
            memcpy(ret[n++], links->link[i].netif.name, sizeof *ret);
    return n;
}

int netif_choose(char ret[][16], int max, char *ret_reason, size_t reason_bytes)
{
    struct links links;
    struct text t = text_on(ret_reason, reason_bytes);
    int n = links_read(&links);

    if (n < 0)
        return n;
    bool router = forwards();
    n = router ? pick(&links, is_lan_bridge, ret, max) : 0;
    if (n > 0) {
        text_fmt(&t, "this machine forwards packets, and %s",
                 n == 1 ? "its LAN bridge is" : "its LAN bridges are");
    } else {
        n = pick(&links, is_up_and_physical, ret, max);
        text_fmt(&t, "%s, and %s",
                 router ? "this machine forwards packets without a LAN bridge"
                        : "this machine does not forward packets",
                 n > 0 ? "physical interfaces that are up are" : "no physical interface is up");
    }
    for (int i = 0; i < n; i++) {
        text_char(&t, ' ');
        text_escaped(&t, span_str(ret[i]));
    }
    return n;
}

struct home {
    const struct links *links;
    struct prefix *ret;
    int count, max;
};

static void home_add(struct home *h, const struct prefix *p)
{
    for (int i = 0; i < h->count; i++)
        if (h->ret[i].bits <= p->bits && prefix_has(&h->ret[i], &p->addr))
            return;
    if (h->count < h->max)
        h->ret[h->count++] = *p;
}

static bool is_inner(const struct links *links, unsigned index)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->link[i].netif.index == index)
            return !links->link[i].netif.default_route && !links->link[i].netif.loopback;
    return false;
}

static void take_address(void *ctx, struct nlmsghdr *m)
{
    struct home *h = ctx;
    struct ifaddrmsg *info = NLMSG_DATA(m);
    struct prefix p;

    if (m->nlmsg_type != RTM_NEWADDR || !is_inner(h->links, info->ifa_index))
        return;
    /* Not IFA_LOCAL: the prefix is that of the peer where the two differ. */
    struct rtattr *a = attribute(IFA_RTA(info), IFA_PAYLOAD(m), IFA_ADDRESS);
    if (a == NULL || info->ifa_prefixlen == 0)
        return;
    if (info->ifa_family == AF_INET && RTA_PAYLOAD(a) == 4 && info->ifa_prefixlen <= 32)
        p = (struct prefix){addr_v4(RTA_DATA(a)), (uint8_t)(info->ifa_prefixlen + 96)};
    else if (info->ifa_family == AF_INET6 && RTA_PAYLOAD(a) == 16 && info->ifa_prefixlen <= 128)
        p = (struct prefix){addr_v6(RTA_DATA(a)), info->ifa_prefixlen};
    else
        return;
    p.addr = addr_mask(&p.addr, p.bits);
    home_add(h, &p);
}

int netif_home(struct prefix *ret, int max)
{
    static const char *const private[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
                                          "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
                                          "fc00::/7",      "fe80::/10",     "::1/128"};
    struct links links;
    struct home h = {.links = &links, .ret = ret, .max = max};

    for (size_t i = 0; i < sizeof private / sizeof *private; i++) {
        struct prefix p;
        if (prefix_parse(span_str(private[i]), &p, NULL))
            home_add(&h, &p);
    }
    int r = links_read(&links);
    if (r == 0)
        r = dump(RTM_GETADDR, take_address, &h);
    return r < 0 ? r : h.count;
}

int netif_watch_open(void)
{
    return netlink_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK);
}

bool netif_watch_changed(int fd)
{
    char buf[8192];
    bool changed = false;

    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        /* ENOBUFS: more happened than the socket could hold. */
        if (n < 0 && errno != EINTR && errno != ENOBUFS)
            return changed;
        changed |= n >= 0 || errno == ENOBUFS;
    }
}
