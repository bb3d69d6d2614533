/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must never be a broad indicator, whoever lists it: names below which unrelated people live (shared
 * hosts from files with @guard, public suffixes), and addresses that mean nothing outside one
 * network. Feeds do contain such entries: one dynamic DNS root would make every customer a victim.
 */
#ifndef BRIDLE_INTEL_GUARD_H
#define BRIDLE_INTEL_GUARD_H

#include "base/addr.h"
#include "base/text.h"
#include "intel/load_report.h"

struct guards;

/* `suffix_file` (borrowed): where the public suffix list is, see suffix.h. NULL without memory. */
struct guards *guards_new(const char *suffix_file);
void guards_free(struct guards *g);

/* Adds a normalised name (at most NAME_TEXT_MAX) and why it is too broad; both are copied. `why` begins with
 * a word for the kind: `popular` and `shortener` are used by everybody, below all others live unrelated
 * people. 0 or -ENOMEM. */
int guards_add(struct guards *g, struct span name, struct span why);
/* The same for addresses: neither these nor any prefix around them is an indicator. */
int guards_add_prefix(struct guards *g, const struct prefix *p, struct span why);
/* After the last one, before the first question. 0 or -ENOMEM. */
int guards_seal(struct guards *g);

/* For what an entry is. */
enum guard_scope {
    GUARD_BELOW,     /* a name and all below it */
    GUARD_EXACT,     /* this name alone; an address that was meant */
    GUARD_EXCEPTION, /* it takes away, so nothing but a single label is too broad */
};

/* True: a normalised name is too broad; `ret_kind` and `ret_why` get the reason. */
bool guard_name(const struct guards *g, struct span name, enum guard_scope scope, enum load_count *ret_kind,
                struct text *ret_why);
/* True: too wide, no public address, or guarded. */
bool guard_prefix(const struct guards *g, const struct prefix *p, enum guard_scope scope,
                  enum load_count *ret_kind, struct text *ret_why);
/* True: wider than any hosting range or indicator may be. */
bool guard_wide(const struct prefix *p);

#endif
