/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things that people write in feeds: dates, and words that are nearly right. */
#ifndef BRIDLE_INTEL_LOAD_TEXT_H
#define BRIDLE_INTEL_LOAD_TEXT_H

#include "base/span.h"

/* Reads `YYYY-MM-DD`, or that with a time (RFC 3339), as Unix seconds. A date alone is its first second, or
 * its last one if `last`. False when it is none. */
bool load_date(struct span text, bool last, int64_t *ret_s);

/* The word of `words` (NULL at the end) that is most like `text`, or NULL when none is close. */
const char *load_closest(struct span text, const char *const *words);

/* Cuts white space off both ends. */
struct span load_trim(struct span s);
/* Takes the next run of bytes that are no white space off `*rest`; empty at the end. */
struct span load_word(struct span *rest);

static inline bool load_is_space(uint8_t c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v');
}

#endif
