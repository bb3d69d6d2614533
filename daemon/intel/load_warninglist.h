/* SPDX-License-Identifier: BSD-2-Clause */
/* The word in front of the reason of guards: what kind of shared host a list is of, by its name. */
#ifndef BRIDLE_INTEL_LOAD_WARNINGLIST_H
#define BRIDLE_INTEL_LOAD_WARNINGLIST_H

/* "shortener", "dynamic-dns", "popular" or "shared"; static. */
const char *load_warninglist_word(const char *name);

#endif
