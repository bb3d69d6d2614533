/* SPDX-License-Identifier: BSD-2-Clause */
/* Live capture: from an interface, or from those who send what they see. */
#include "packet/capture_live.h"

int capture_live_open(const struct capture_live_options *o, uint32_t source, struct capture_live **ret,
                      char *ret_why, size_t why_bytes)
{
    const struct capture_kind *kind = capture_is_tzsp(o->interface) ? &capture_tzsp : &capture_libpcap;
    int r = kind->open(o, ret, ret_why, why_bytes);

    if (r == 0) {
        (*ret)->kind = kind;
        (*ret)->source = source;
    }
    return r;
}

void capture_live_close(struct capture_live *c)
{
    if (c != NULL)
        c->kind->close(c);
}

int capture_live_fd(const struct capture_live *c)
{
    return c->fd;
}

int capture_live_dispatch(struct capture_live *c, short revents, int max, capture_fn fn, void *ctx)
{
    c->fn = fn;
    c->ctx = ctx;
    return c->kind->dispatch(c, revents, max);
}

void capture_live_ahead(struct capture_live *c)
{
    if (c->kind->ahead != NULL)
        c->kind->ahead(c);
}

int capture_live_counts(struct capture_live *c, struct capture_live_counts *ret)
{
    int r = c->kind->count != NULL ? c->kind->count(c) : 0;

    if (r == 0)
        *ret = c->counts;
    return r;
}
