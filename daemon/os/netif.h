/* SPDX-License-Identifier: BSD-2-Clause */
/* Network interfaces: which to watch, which addresses are home, and when they come and go (rtnetlink(7)). */
#ifndef BRIDLE_OS_NETIF_H
#define BRIDLE_OS_NETIF_H

#include "base/addr.h"

struct netif {
    char name[16];
    unsigned index;
    bool up; /* administratively up and carrier */
    bool loopback, physical, bridge;
    bool default_route; /* the default route leaves through it */
    bool enslaved;      /* a port of a bridge or bond */
};

/* Lists at most `max` interfaces; returns their number or negative errno. */
int netif_list(struct netif *ret, int max);
/*
 * `interface = auto`: where this machine forwards (net.ipv4.ip_forward or v6) and has a LAN bridge, that
 * bridge (a bridge that is not the default route's); else every physical interface that is up. Fills names,
 * returns how many; `ret_reason` says why, for the log and `status`.
 */
int netif_choose(char ret[][16], int max, char *ret_reason, size_t reason_bytes);
/* `home = auto`: private ranges plus the prefixes of all interfaces that are not the default route's. Returns
 * how many. */
int netif_home(struct prefix *ret, int max);

/* Watching: a non-blocking rtnetlink socket for the event loop, or negative errno. Must be opened before the
 * sandbox. */
int netif_watch_open(void);
/* Drains the socket; true when links or addresses may have changed, so that netif_list is worth another look.
 */
bool netif_watch_changed(int fd);

#endif
