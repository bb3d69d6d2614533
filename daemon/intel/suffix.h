/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public suffixes: names below which anybody may register one (publicsuffix.org). The rules are those of the
 * system's list, else those that libpsl was built with; its look-ups cost more than all else that is done
 * with an indicator, so they are the second choice.
 */
#ifndef BRIDLE_INTEL_SUFFIX_H
#define BRIDLE_INTEL_SUFFIX_H

#include "base/span.h"

/* Where distributions have it. */
#define SUFFIXES_FILE "/usr/share/publicsuffix/public_suffix_list.dat"

struct suffixes;

/* `file` need not be there. NULL without memory. */
struct suffixes *suffixes_new(const char *file);
void suffixes_free(struct suffixes *s);
/* Whether a normalised name of two labels or more is a public suffix; unknown top-level domains are not
 * looked at. Without a file and libpsl nothing is. */
bool suffixes_has(const struct suffixes *s, struct span name);

#endif
