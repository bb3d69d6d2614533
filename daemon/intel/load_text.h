/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things that people write in feeds: dates, and words that are nearly right. */
#ifndef BRIDLE_INTEL_LOAD_TEXT_H
#define BRIDLE_INTEL_LOAD_TEXT_H

#include "base/span.h"

/* Reads `YYYY-MM-DD`, or that with a time (RFC 3339), as Unix seconds. A date alone is its first second, or
 * its last one if `last`. False when it is none. */
bool load_date(struct span text, bool last, int64_t *ret_s);

/* The same, and what else stands in lists: `YYYYMMDD`, `YYYY_MM_DD`, `YYYY/MM/DD`, `July 11th, 2014`, `11
 * July 2014`, seconds or milliseconds since 1970. */
bool load_date_any(struct span text, bool last, int64_t *ret_s);

/* The word of `words` (NULL at the end) that is most like `text`, or NULL when none is close. */
const char *load_closest(struct span text, const char *const *words);

/* Cuts white space off both ends. */
struct span load_trim(struct span s);
/* Takes the next run of bytes that are no white space off `*rest`; empty at the end. */
struct span load_word(struct span *rest);
/* The same, in lists with comments: none where one begins, with `#`, `;` or `//` in front of a word. */
struct span load_list_word(struct span *rest);
/* Takes what stands before the next `byte`, and that, off `*rest`; all of it if there is none. */
struct span load_split(struct span *rest, uint8_t byte);
/* Whether they are the same but for the case of ASCII letters; `lower` is lower case. */
bool load_same(struct span s, const char *lower);
/* The same for how `s` begins. */
bool load_begins(struct span s, const char *lower);
/* Without the quotes around it, single or double, if there are two. */
struct span load_unquoted(struct span s);

/* Digits and hyphens of a UUID (RFC 9562 §4). */
#define LOAD_UUID_LEN 36u
bool load_is_uuid(struct span s);

/* What a line, without the white space around it and not empty, says about the format of its file. */
enum load_vote { LOAD_VOTE_NONE, LOAD_VOTE_YES, LOAD_VOTE_NO };
/* Asks the first lines, not one that is cut. Whether one says yes, and none says no or at least one in
 * `no_each` + 1 says yes. */
bool load_votes(struct span head, enum load_vote (*vote)(struct span line), unsigned no_each);

static inline bool load_is_space(uint8_t c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v');
}

#endif
