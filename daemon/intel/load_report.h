/* SPDX-License-Identifier: BSD-2-Clause */
/* What a load did, per file, and every problem with its place: written by the loader as lines, read by main
 * and bridlectl. */
#ifndef BRIDLE_INTEL_LOAD_REPORT_H
#define BRIDLE_INTEL_LOAD_REPORT_H

#include "base/span.h"

/*
 * X(identifier, "name as printed", class). Of each entry exactly one OUTCOME (or PROBLEM, which somebody
 * should look at) is counted: their sum is how many entries there were. A DETAIL says more about some that
 * are counted already.
 */
/* clang-format off */
#define BRIDLE_LOAD_COUNTS(X) \
    X(LOADED, "loaded", OUTCOME) \
    X(RETYPED, "retyped", DETAIL) /* loaded: an address listed as a name, a name as a URL */ \
    X(DUPLICATE, "duplicate", OUTCOME) /* listed before: campaigns and sources are merged */ \
    X(QUARANTINED, "quarantined", PROBLEM) /* too broad to be true: not loaded; a detail says why */ \
    X(NOT_NETWORK, "not-network", OUTCOME) /* file hash, e-mail address ...: no network sensor can see it */ \
    X(MALFORMED, "malformed", PROBLEM) \
    X(RANGES, "ranges", OUTCOME) /* hosting ranges */ \
    X(GUARDS, "guards", OUTCOME) /* what guards against broad indicators */ \
    X(RESOLVERS, "resolvers", OUTCOME) /* names and addresses of public resolvers */ \
    X(SINKHOLES, "sinkholes", OUTCOME) /* addresses of sinkholes, block pages and parking */ \
    X(ALLOWED, "allowed", OUTCOME) /* not loaded: the configuration of its source says so */ \
    X(WITHDRAWN, "withdrawn", OUTCOME) /* not loaded: its feed says that it is none (any more) */ \
    X(ENDED, "ended", OUTCOME) /* not loaded: an exception whose time is over */ \
    X(UNTRUSTED, "untrusted", PROBLEM) /* not loaded: only a fully trusted source may say it */ \
    X(SHADOWED, "shadowed", DETAIL) /* loaded, but a broader entry says no less */ \
    X(EXPIRED, "expired", DETAIL) /* loaded: valid until a day that has passed */ \
    X(FORCED, "forced", DETAIL) /* loaded: the configuration of its source says so */ \
    X(SINGLE_LABEL, "single-label", DETAIL) /* quarantined: no host on the internet */ \
    X(PUBLIC_SUFFIX, "public-suffix", DETAIL) /* quarantined: names below it belong to unrelated people */ \
    X(SHARED_HOST, "shared-host", DETAIL) /* quarantined: likewise */ \
    X(SHORTENER, "shortener", DETAIL) /* quarantined: everybody follows its links */ \
    X(POPULAR_SITE, "popular-site", DETAIL) /* quarantined: everybody uses it */ \
    X(RESERVED_ADDRESS, "reserved-address", DETAIL) /* quarantined: another host in every network; a name, too */ \
    X(WIDE_PREFIX, "wide-prefix", DETAIL) /* quarantined: too many addresses */ \
    X(URL_PATH, "url-path", DETAIL) /* quarantined: its host alone would be broader */ \
    X(CONDITIONS, "conditions", DETAIL) /* quarantined: it demands more than is looked at */
/* clang-format on */

enum load_count {
#define X(id, name, class) LOAD_##id,
    BRIDLE_LOAD_COUNTS(X)
#undef X
        LOAD_COUNTS
};

extern const char *const load_count_names[LOAD_COUNTS];
bool load_count_is_outcome(enum load_count what); /* or a problem, which is one, too */
bool load_count_is_problem(enum load_count what);

/* X(identifier, "name in the configuration") how far a source is trusted */
#define BRIDLE_LOAD_TRUSTS(X)                                                                                \
    X(FULL, "full") /* it may also hold exceptions, guards, resolvers and sinkholes */                       \
    X(INDICATORS,                                                                                            \
      "indicators") /* indicators and hosting ranges: a list from elsewhere must not switch off others */    \
    X(LOW, "low")   /* the same, and alerts are one severity lower */

enum load_trust {
#define X(id, name) LOAD_TRUST_##id,
    BRIDLE_LOAD_TRUSTS(X)
#undef X
        LOAD_TRUSTS
};

extern const char *const load_trust_names[LOAD_TRUSTS];

/*
 * One line of the report, fields separated by TAB, text escaped so that it has neither TAB nor newline:
 *   note   PATH LINE COLUMN KIND VALUE TEXT REASON   one entry: KIND is a load_count name, `warning`,
 *          `error` or `advice`; REASON is empty or a load_count name that says more, such as `shortener` if
 * it was quarantined; TEXT says what is wrong and what to do; LINE and COLUMN are 0 where they mean nothing
 *   file   PATH FORMAT count...               one number per load_count, in order; after the file's last note
 *   progress BYTES OF ENTRIES                 how far it is, now and then: so much is read, so many entries
 *                                             of all kinds are loaded
 *   total  INDICATORS                         the last line
 */
struct load_report {
    void (*line)(void *ctx, const char *line); /* called with each line, without newline */
    void *ctx;
};

#define LOAD_LINE_MAX 2048

/* Format and report the four lines. Text is cut where the line would grow too long, never a field. */
void load_report_note(const struct load_report *r, struct span path, uint32_t line, uint32_t column,
                      const char *kind, struct span value, const char *text, const char *reason);
void load_report_file(const struct load_report *r, struct span path, const char *format,
                      const uint64_t count[LOAD_COUNTS]);
void load_report_progress(const struct load_report *r, uint64_t bytes, uint64_t of, uint64_t entries);
void load_report_total(const struct load_report *r, uint64_t indicators);
/* What changed since the load before (load_wire.h). */
void load_report_kept(const struct load_report *r, struct span path, uint64_t now, uint64_t before);
void load_report_change(const struct load_report *r, const char *what, const char *type, struct span value,
                        struct span feed);
void load_report_diff(const struct load_report *r, uint64_t added, uint64_t removed, uint64_t changed);
void load_report_expires(const struct load_report *r, int64_t at_s);

#endif
