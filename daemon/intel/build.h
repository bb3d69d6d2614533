/* SPDX-License-Identifier: BSD-2-Clause */
/* Building an image: collect indicators, hosting ranges and resolvers, merge what is the same, write. Used by
 * the loader alone. */
#ifndef BRIDLE_INTEL_BUILD_H
#define BRIDLE_INTEL_BUILD_H

#include "base/hash.h"
#include "intel/indicator.h"

struct build;

struct build *build_new(void);
void build_free(struct build *b);
/* Sets the hash key of the image, else random: two builds of the same entries are then the same bytes. The
 * key must look random (it multiplies). Before the first entry only. */
void build_set_key(struct build *b, const struct hash_key *key);

enum build_added {
    BUILD_NEW,
    BUILD_MERGED, /* the value was there from another feed or line: campaign and source were added to its sets
                   */
    BUILD_NO_MEMORY,
};

/* Copies what `ind` borrows. `ret_first`, if not NULL, gets feed (borrowed until the next call) and line of
 * the earlier entry when merged. */
enum build_added build_indicator(struct build *b, const struct indicator *ind, struct indicator *ret_first);
/* Calls for the memory that build_expected will look at, if it is soon given these: with millions of entries
 * a caller that says this of a dozen first saves most of the time. Changes nothing. Returns their hash. */
uint64_t build_expect(const struct build *b, const struct indicator *ind);
/* As build_indicator, of what build_expect gave this hash. */
enum build_added build_expected(struct build *b, const struct indicator *ind, uint64_t hash,
                                struct indicator *ret_first);
/* About so many entries will there be: what finds them is then not made anew again and again. A guess will
 * do; it is not followed beyond 64 times the entries that there are, for it takes memory. */
void build_hope(struct build *b, uint64_t entries);
/* A hosting range: "aws", "aws/CLOUDFRONT"; `shared` for CDNs. 0 or -ENOMEM. */
int build_range(struct build *b, const struct prefix *range, struct span tag, bool shared);
/* A public DNS resolver: a normalised name, which stands for all below it, or its addresses. 0 or -ENOMEM. */
int build_resolver_name(struct build *b, struct span name);
int build_resolver_net(struct build *b, const struct prefix *net);
/* Addresses that lead nowhere, and who answers there. 0, -ENOMEM, or -EFBIG with too many texts. */
int build_answer(struct build *b, const struct prefix *net, enum answer_kind kind, struct span who);
uint32_t build_count(const struct build *b);
/* No entry will be added any more: gives up what only finds them. build_write does it, too. */
void build_end(struct build *b);
/* Room for the days on which entries were first loaded; after the last entry, before a day. 0 or -ENOMEM. */
int build_days(struct build *b);
/* An entry's day, as IMAGE_FIRST_DAYS has it; 0, as at first: not known. */
void build_day(struct build *b, uint32_t id, uint16_t day);
uint16_t build_day_of(const struct build *b, uint32_t id);
/* Writes the image to `fd` from its current position. What was collected is given up on the way, so that both
 * together never take much more memory than the image: a builder writes once. 0 or negative errno; -EFBIG
 * when it would pass 4 GiB, what was written is then of no use. */
int build_write(struct build *b, int fd);

#endif
