/* SPDX-License-Identifier: BSD-2-Clause */
/* Export as a response policy zone (draft-vixie-dnsop-dns-rpz-00), without its name: any will do. */
#include "ctl/export.h"

/* The zone's own name must fit behind it into 255 octets (RFC 1035 §2.3.4), and a wildcard before it. */
#define NAME_MAX 200u

void export_begin_rpz(struct export *x)
{
    export_made_by(x, ";");
    text_str(&x->text, "$TTL 300\n@ IN SOA localhost. hostmaster.localhost. ");
    text_u64(&x->text, (uint64_t)(uint32_t)x->now_s);
    text_str(&x->text, " 3600 600 86400 300\n@ IN NS localhost.\n");
}

static unsigned word_of(const struct addr *a, unsigned i)
{
    return (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* The longest run of at least two zero words, the first of equals: it is written as "zz", as in BIND. */
static unsigned longest_zeros(const struct addr *a, unsigned *ret_length)
{
    unsigned best = 8;

    *ret_length = 1;
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && word_of(a, i + n) == 0)
            n++;
        if (n > *ret_length) {
            best = i;
            *ret_length = n;
        }
    }
    return best;
}

/* §4.3: the prefix length, then the address from its end. */
static void ip_trigger(struct text *t, const struct prefix *p)
{
    unsigned run, zeros = longest_zeros(&p->addr, &run);

    if (addr_is_v4(&p->addr)) {
        text_fmt(t, "%u.%u.%u.%u.%u", p->bits - 96u, p->addr.b[15], p->addr.b[14], p->addr.b[13],
                 p->addr.b[12]);
    } else {
        text_fmt(t, "%u", p->bits);
        for (unsigned i = 8; i-- > 0;) {
            if (i >= zeros && i < zeros + run) {
                text_str(t, i == zeros ? ".zz" : "");
                continue;
            }
            text_fmt(t, ".%x", word_of(&p->addr, i));
        }
    }
    text_str(t, ".rpz-ip CNAME .\n");
}

static void policy(struct export *x, const char *before, struct span name, enum ioc_type says)
{
    text_str(&x->text, before);
    text_name(&x->text, name);
    text_str(&x->text, says == IOC_EXCEPTION ? " CNAME rpz-passthru.\n" : " CNAME .\n");
}

/*
 * A wildcard covers nothing below a name that exists (RFC 4592 §2.2.1), and writing this entry makes the
 * names between it and what is listed above it exist: they are written, too, and say the same as that.
 */
static void fill_gap(struct export *x, struct span name, enum ioc_type above, size_t above_at)
{
    size_t from = 0;

    if (above == IOC_TYPES)
        return;
    for (;;) {
        from += (size_t)((const uint8_t *)memchr(name.at + from, '.', name.len - from) - name.at) - from + 1;
        struct span between = span_of(name.at + from, name.len - from);
        if (from >= above_at)
            return;
        if (export_listed(x->im, between) != 0)
            return; /* and it has filled what is above it */
        policy(x, "", between, above);
        policy(x, "*.", between, above);
    }
}

/* §3.1, §3.4: the name does not exist, or passes. */
bool export_rpz(struct export *x, const struct export_entry *e)
{
    struct span name = e->ioc.value;
    size_t above_at = 0;

    if (ioc_is_address(e->ioc.type)) {
        ip_trigger(&x->text, &e->prefix);
        return true;
    }
    if (name.len > NAME_MAX)
        return false;
    enum ioc_type above = export_above(x->im, name, &above_at);
    enum ioc_type below = e->ioc.type == IOC_NAME ? above : (enum ioc_type)e->ioc.type;
    policy(x, "", name, (enum ioc_type)e->ioc.type);
    if (below != IOC_TYPES)
        policy(x, "*.", name, below);
    fill_gap(x, name, above, above_at);
    return true;
}
