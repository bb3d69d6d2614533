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

struct guards;

/* `suffix_file` (borrowed): where the public suffix list is, see suffix.h. NULL without memory. */
struct guards *guards_new(const char *suffix_file);
void guards_free(struct guards *g);

/* Adds a shared host (normalised name, at most NAME_TEXT_MAX) and why it is one; both are copied. 0 or
 * -ENOMEM. */
int guards_add(struct guards *g, struct span name, struct span why);
/* After the last one, before the first question. 0 or -ENOMEM. */
int guards_seal(struct guards *g);

/* True: a normalised name is too broad; `ret_why` gets the reason. `alone`: the entry is for the exact name,
 * or an exception, and so may be a shared host, but still no single label. */
bool guard_name(const struct guards *g, struct span name, bool alone, struct text *ret_why);
/* True: too wide, or no public address; `ret_why` gets the reason. */
bool guard_prefix(const struct prefix *p, struct text *ret_why);
/* True: wider than any hosting range or indicator may be. */
bool guard_wide(const struct prefix *p);

#endif
