/* SPDX-License-Identifier: BSD-2-Clause */
/* What a format (load_X.c) sees: the file in hand, and where to hand entries and notes. */
#ifndef BRIDLE_INTEL_LOAD_ENTRY_H
#define BRIDLE_INTEL_LOAD_ENTRY_H

#include "intel/image.h"
#include "intel/load.h"
#include "intel/load_input.h"
#include "intel/load_report.h"
#include "intel/normalise.h"

struct load_file; /* one file being loaded */

/* Where in the file; 0 where it means nothing. Columns count bytes from 1. */
struct load_place {
    uint32_t line, column;
};

/* What many entries of a file have in common. Texts are borrowed; what is too long is cut. */
struct load_origin {
    struct span campaign[IMAGE_CAMPAIGNS_MAX]; /* none: the file's name without its suffix */
    unsigned campaigns;
    struct span source, reference, licence;
};

struct load_entry {
    struct span value; /* as written, borrowed */
    struct load_place place;
    uint8_t want;   /* enum normal_want: what the feed says that it is */
    bool exact;     /* =value: this name alone; an address that is meant although it looks wrong */
    bool exception; /* !value */
    uint8_t tier;   /* enum tier */
    const struct load_origin *origin; /* borrowed */
    struct span comment;              /* borrowed */
    int64_t from_s, until_s;          /* Unix seconds; 0: not given */
    bool rebuilt; /* from_s is only the day on which the feed was made anew (load_dates.h) */
};

/* Each normalises, counts, reports; nothing can fail for the caller. */
void load_entry(struct load_file *f, const struct load_entry *e);
void load_range(struct load_file *f, struct load_place at, struct span value, struct span tag, bool shared);
/* `n` ranges that the file lists more than once, and that were put together: counted as duplicates. */
void load_merged(struct load_file *f, uint64_t n);
/* What the feed itself calls the entries that come: borrowed until the next call, told with every note on
 * them. Empty: nothing. */
void load_entry_id(struct load_file *f, struct span id);
/* A public resolver: a name, which stands for all below it, or addresses. */
void load_resolver(struct load_file *f, struct load_place at, struct span value);
/* `why` begins with a word for the kind: `shared`, `shortener`, `popular`, `dynamic-dns`, `cdn` ... A name,
 * an address or a prefix. */
void load_guard(struct load_file *f, struct load_place at, struct span value, struct span why);
/* An address or prefix at which there is nothing of theirs; `who` runs it. */
void load_sinkhole(struct load_file *f, struct load_place at, struct span value, enum answer_kind kind,
                   struct span who);
/* An entry that its feed itself marks as none (any more): revoked, deleted, not for detection; `why` says
 * which. It is loaded all the same if the configuration forces it. */
void load_withdrawn(struct load_file *f, const struct load_entry *e, const char *why);
/* An entry that no network sensor can see; `kind` says what it is about, e.g. "file:name". */
void load_not_network(struct load_file *f, struct span kind);
/* An entry that is not loaded for a reason that the format found: counted, and noted. */
void load_refused(struct load_file *f, enum load_count what, struct load_place at, struct span value,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same for what is too broad; `why` is the load_count that says so: LOAD_CONDITIONS ... */
void load_quarantined(struct load_file *f, enum load_count why, struct load_place at, struct span value,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Something to know that is no entry. An error: (the rest of) the file was not read. */
void load_warning(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Something to know that is no problem. */
void load_advice(struct load_file *f, struct load_place at, struct span value, const char *text);
void load_error(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The next line; lines that are too long or hold NUL are reported and left out. False at the end, which is
 * reported when it is an error. */
bool load_line(struct load_file *f, struct load_input *in, struct span *ret);
/* False when so much was refused or taken that the file is not read further; reported once. */
bool load_goes_on(struct load_file *f);
/* Whether only guards are looked for in this reading of the file. */
bool load_guards_only(const struct load_file *f);
/* The file's name without folder; without suffix too. Borrowed. */
struct span load_file_name(const struct load_file *f);
struct span load_file_stem(const struct load_file *f);

/* What the configuration says of the file's source; never NULL. */
const struct load_options *load_options(const struct load_file *f);

/* One row of the table of formats. */
struct load_format {
    const char *name;
    /* Whether the first bytes of a file (at most LOAD_LINE_BYTES_MAX, not empty) are of this format. */
    bool (*is)(struct span head);
    /* False: it turned out to be of no format after all, which was reported. */
    bool (*load)(struct load_file *f, struct load_input *in);
    bool has_guards; /* guards may stand in it: it is read for them first */
};

extern const struct load_format load_format_adblock;
extern const struct load_format load_format_csv;
extern const struct load_format load_format_dataset;
extern const struct load_format load_format_dnsmasq;
extern const struct load_format load_format_geofeed;
extern const struct load_format load_format_guard;
extern const struct load_format load_format_hosts;
extern const struct load_format load_format_ioc;
extern const struct load_format load_format_misp;
extern const struct load_format load_format_misp_index;
extern const struct load_format load_format_nftset;
extern const struct load_format load_format_plain;
extern const struct load_format load_format_prefixes;
extern const struct load_format load_format_ranges;
extern const struct load_format load_format_rpz;
extern const struct load_format load_format_stix;
extern const struct load_format load_format_suricata;
extern const struct load_format load_format_tinycheck;
extern const struct load_format load_format_unbound;
extern const struct load_format load_format_warninglist;
extern const struct load_format load_format_zeek;

#endif
