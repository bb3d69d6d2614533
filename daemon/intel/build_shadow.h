/* SPDX-License-Identifier: BSD-2-Clause */
/* Which indicators a broader one makes superfluous: of use to those who keep lists. */
#ifndef BRIDLE_INTEL_BUILD_SHADOW_H
#define BRIDLE_INTEL_BUILD_SHADOW_H

#include "intel/build.h"

/* One of them, and the narrowest that covers it. Spans are borrowed for the time of the call. */
struct build_shadow {
    struct span value, feed, by_value, by_feed;
    uint32_t line, by_line;
};

/*
 * Calls `tell` for each indicator below (or within) a broader one that is no less grave, no less trusted and
 * ends no sooner, with no exception between them. After the last entry, before build_write. False: there are
 * too many of all, or of addresses and lengths of prefixes: these were not looked at.
 */
bool build_shadows(const struct build *b, void (*tell)(void *ctx, const struct build_shadow *s), void *ctx);

#endif
