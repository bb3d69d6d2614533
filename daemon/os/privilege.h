/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving up what a process does not need: users, capabilities(7), no_new_privs, dumpability, limits. */
#ifndef BRIDLE_OS_PRIVILEGE_H
#define BRIDLE_OS_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

/* What is kept. */
enum privilege_keep {
    KEEP_NOTHING,
    KEEP_NET_RAW, /* permitted, inheritable, ambient: so that a worker started by fexecve has it too */
};

/*
 * Changes to `user` (and its groups) if we are root and `user` is not NULL or empty; reduces capabilities,
 * the bounding set included, to `keep` (of what we have); sets no_new_privs and PR_SET_DUMPABLE 0.
 * Irreversible; checks afterwards that root cannot be had back. 0 or negative errno, with text in `ret_why`.
 */
int privilege_drop(const char *user, enum privilege_keep keep, char *ret_why, size_t why_bytes);
/* Whether this process holds CAP_NET_RAW. */
bool privilege_has_net_raw(void);

#endif
