/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving up users, capabilities(7) and the ways back to them. */
#include "os/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"

#define BIT(cap) (UINT64_C(1) << (cap))

struct capabilities {
    uint64_t effective, permitted, inheritable;
};

static int caps_get(struct capabilities *ret)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (syscall(SYS_capget, &head, data) != 0)
        return -errno;
    *ret = (struct capabilities){
        .effective = data[0].effective | (uint64_t)data[1].effective << 32,
        .permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
        .inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
    };
    return 0;
}

/* `caps` become permitted, effective and inheritable. */
static int caps_set(uint64_t caps)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    for (int i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(caps >> (32 * i));
        data[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half, .inheritable = half};
    }
    return syscall(SYS_capset, &head, data) != 0 ? -errno : 0;
}

bool privilege_has_net_raw(void)
{
    struct capabilities caps;
    return caps_get(&caps) == 0 && (caps.effective & BIT(CAP_NET_RAW)) != 0;
}

struct identity {
    uid_t uid;
    gid_t gid;
    char name[64]; /* empty: a number that has no entry */
};

/* A name or a number of the user database; a number need not be there. */
static int identity_find(const char *user, struct identity *ret)
{
    char *end;
    struct passwd *pw = getpwnam(user);

    *ret = (struct identity){0};
    if (pw == NULL && user[0] >= '0' && user[0] <= '9') {
        unsigned long n = strtoul(user, &end, 10);
        if (*end != 0 || n >= (uid_t)-1)
            return -ENOENT;
        ret->uid = (uid_t)n;
        ret->gid = (gid_t)n;
        pw = getpwuid(ret->uid);
    } else if (pw == NULL) {
        return -ENOENT;
    }
    if (pw != NULL) {
        ret->uid = pw->pw_uid;
        ret->gid = pw->pw_gid;
        snprintf(ret->name, sizeof ret->name, "%s", pw->pw_name);
    }
    return 0;
}

static int become(const struct identity *who)
{
    /* Capabilities outlive the change of user; caps_set reduces them afterwards. */
    if (prctl(PR_SET_KEEPCAPS, 1) != 0)
        return -errno;
    if ((who->name[0] != 0 ? initgroups(who->name, who->gid) : setgroups(0, NULL)) != 0)
        return -errno;
    if (setresgid(who->gid, who->gid, who->gid) != 0 || setresuid(who->uid, who->uid, who->uid) != 0)
        return -errno;
    return prctl(PR_SET_KEEPCAPS, 0) != 0 ? -errno : 0;
}

/* What no later exec may gain. Without CAP_SETPCAP it cannot be changed; no_new_privs then stands for it. */
static void bounding_reduce(uint64_t keep, const struct capabilities *have)
{
    if ((have->effective & BIT(CAP_SETPCAP)) == 0)
        return;
    for (unsigned cap = 0; cap <= 63; cap++)
        if ((keep & BIT(cap)) == 0)
            prctl(PR_CAPBSET_DROP, cap); /* fails past the last capability that this kernel knows */
    /* Root's user number alone gives nothing at exec any more. */
    prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
}

static int caps_reduce(uint64_t keep)
{
    int r = caps_set(keep);

    if (r < 0)
        return r;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned cap = 0; cap <= 63; cap++)
        if ((keep & BIT(cap)) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0)
            return -errno;
    return 0;
}

static int lock_down(void)
{
    const struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return -errno;
    /* The leak checker attaches to its own process. */
    if (!BRIDLE_SANITIZED && prctl(PR_SET_DUMPABLE, 0) != 0)
        return -errno;
    return 0;
}

/* What was given up is gone. */
static int verify(uid_t uid, gid_t gid, uint64_t keep)
{
    struct capabilities caps;
    int r = caps_get(&caps);

    if (r < 0)
        return r;
    if (caps.permitted != keep || caps.effective != keep || caps.inheritable != keep)
        return -EPERM;
    if (getuid() != uid || geteuid() != uid || getgid() != gid || getegid() != gid)
        return -EPERM;
    if (uid != 0 && (setuid(0) == 0 || seteuid(0) == 0 || setresuid((uid_t)-1, (uid_t)-1, 0) == 0))
        return -EPERM;
    return 0;
}

static int failed(int error, const char *what, const char *who, char *ret_why, size_t why_bytes)
{
    snprintf(ret_why, why_bytes, "%s%s: %s", what, who, strerror(-error));
    return error;
}

int privilege_drop(const char *user, enum privilege_keep keep, char *ret_why, size_t why_bytes)
{
    struct capabilities have;
    int r = caps_get(&have);

    if (r < 0)
        return failed(r, "cannot read capabilities", "", ret_why, why_bytes);
    uint64_t kept = keep == KEEP_NET_RAW ? have.permitted & BIT(CAP_NET_RAW) : 0;

    struct identity who = {.uid = getuid(), .gid = getgid()};
    bool change = geteuid() == 0 && user != NULL && user[0] != 0;
    if (change && identity_find(user, &who) < 0) {
        snprintf(ret_why, why_bytes, "there is no user \"%s\": create it, or name another one (daemon.user)",
                 user);
        return -ENOENT;
    }
    bounding_reduce(kept, &have);
    if (change && (r = become(&who)) < 0)
        return failed(r, "cannot become user ", user, ret_why, why_bytes);
    if ((r = caps_reduce(kept)) < 0)
        return failed(r, "cannot give up capabilities", "", ret_why, why_bytes);
    if ((r = lock_down()) < 0)
        return failed(r, "cannot forbid new privileges", "", ret_why, why_bytes);
    if ((r = verify(who.uid, who.gid, kept)) < 0)
        return failed(r, "privileges could be had back", "", ret_why, why_bytes);
    return 0;
}
