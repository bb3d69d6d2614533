/* SPDX-License-Identifier: BSD-2-Clause */
/* What files know besides indicators: who hosts an address, what guards against broad entries, resolvers, and
 * addresses at which there is nothing of theirs. */
#include <inttypes.h>
#include <stdio.h>

#include "intel/load_store.h"

/* Whether the source may say what switches off others; if not, this is told. */
static bool trusted(struct load_file *f, struct load_place at, struct span value)
{
    if (f->config->o.trust == LOAD_TRUST_FULL)
        return true;
    load_refused(f, LOAD_UNTRUSTED, at, value,
                 "neither guards, resolvers nor sinkholes are taken from a source that is not fully trusted "
                 "(trust = full)");
    return false;
}

void load_range(struct load_file *f, struct load_place at, struct span value, struct span tag, bool shared)
{
    struct normal n;

    if (f->guards_only)
        return;
    normalise(value, NORMAL_WANT_ANY, &n);
    if (n.kind != NORMAL_PREFIX && n.kind != NORMAL_ADDRESS) {
        load_refused(f, LOAD_MALFORMED, at, value, "a hosting range is an address or ADDRESS/LENGTH");
    } else if (guard_wide(&n.prefix)) {
        load_quarantined(f, LOAD_WIDE_PREFIX, at, value,
                         "wider than /8 (IPv4) or /19 (IPv6): nobody owns so much");
    } else if (build_range(f->loader->build, &n.prefix, tag, shared) < 0) {
        f->loader->no_memory = true;
    } else {
        f->count[LOAD_RANGES]++;
        f->loader->ranges++;
        if (n.had_host_bits)
            load_warn_host_bits(f, at, value);
    }
}

void load_merged(struct load_file *f, uint64_t n)
{
    char text[96];

    if (n == 0 || f->guards_only)
        return;
    f->merged += n;
    snprintf(text, sizeof(text), "%" PRIu64 " of the ranges were listed before: what says most labels them",
             n);
    if (!f->silent)
        load_report_note(f->loader->report, span_str(f->path), 0, 0, load_count_names[LOAD_DUPLICATE],
                         span_of(NULL, 0), text, "");
}

void load_resolver(struct load_file *f, struct load_place at, struct span value)
{
    struct build *b = f->loader->build;
    struct normal n;
    bool dotted;

    if (f->guards_only)
        return;
    if (!trusted(f, at, value))
        return;
    normalise(value, NORMAL_WANT_ANY, &n);
    dotted = n.kind == NORMAL_NAME && strchr(n.name, '.') != NULL;
    if (!dotted && n.kind != NORMAL_ADDRESS && n.kind != NORMAL_PREFIX) {
        load_refused(f, LOAD_MALFORMED, at, value, "a resolver is a full name, an address or ADDRESS/LENGTH");
        return;
    }
    if (!dotted && guard_wide(&n.prefix)) {
        load_quarantined(f, LOAD_WIDE_PREFIX, at, value,
                         "wider than /8 (IPv4) or /19 (IPv6): no resolver is");
        return;
    }
    if ((dotted ? build_resolver_name(b, span_str(n.name)) : build_resolver_net(b, &n.prefix)) < 0)
        f->loader->no_memory = true;
    f->count[LOAD_RESOLVERS]++;
    f->loader->ranges++;
    if (n.had_host_bits)
        load_warn_host_bits(f, at, value);
}

void load_sinkhole(struct load_file *f, struct load_place at, struct span value, enum answer_kind kind,
                   struct span who)
{
    struct normal n;

    if (f->guards_only || !trusted(f, at, value))
        return;
    normalise(value, NORMAL_WANT_ANY, &n);
    if (n.kind != NORMAL_ADDRESS && n.kind != NORMAL_PREFIX) {
        load_refused(f, LOAD_MALFORMED, at, value, "a sinkhole is an address or ADDRESS/LENGTH");
    } else if (guard_wide(&n.prefix)) {
        load_quarantined(f, LOAD_WIDE_PREFIX, at, value,
                         "wider than /8 (IPv4) or /19 (IPv6): no sinkhole is");
    } else if (build_answer(f->loader->build, &n.prefix, kind, who) < 0) {
        f->loader->no_memory = true;
    } else {
        f->count[LOAD_SINKHOLES]++;
        f->loader->ranges++;
        if (n.had_host_bits)
            load_warn_host_bits(f, at, value);
    }
}

void load_guard(struct load_file *f, struct load_place at, struct span value, struct span why)
{
    struct guards *g = f->loader->guards;
    struct normal n;

    if (!trusted(f, at, value))
        return;
    normalise(value, NORMAL_WANT_HOST, &n);
    bool name = n.kind == NORMAL_NAME;
    if (!name && n.kind != NORMAL_ADDRESS && n.kind != NORMAL_PREFIX) {
        load_refused(f, LOAD_MALFORMED, at, value, "a guard is a name, an address or ADDRESS/LENGTH");
        return;
    }
    if (why.len > LOAD_TEXT_BYTES_MAX)
        why.len = LOAD_TEXT_BYTES_MAX;
    if (f->guards_only &&
        (name ? guards_add(g, span_str(n.name), why) : guards_add_prefix(g, &n.prefix, why)) < 0)
        f->loader->no_memory = true;
    f->count[LOAD_GUARDS]++;
    f->loader->guard_count++;
}
