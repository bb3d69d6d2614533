/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing indicators for other programs. A format is one row in export.c and a function that writes one
 * entry. What a format cannot say is counted and told, never left out in silence, and no format says more
 * than was listed.
 */
#ifndef BRIDLE_CTL_EXPORT_H
#define BRIDLE_CTL_EXPORT_H

#include "base/addr.h"
#include "base/text.h"
#include "intel/image_format.h"

/* Sets of types of indicators. */
#define EXPORT_BIT(type) (1u << IOC_##type)
#define EXPORT_NAMES     (EXPORT_BIT(DOMAIN) | EXPORT_BIT(NAME))
#define EXPORT_ADDRESSES (EXPORT_BIT(ADDRESS) | EXPORT_BIT(PREFIX))

/* Longer texts of feeds (campaign, comment ...) are cut, so that an entry has a bound. */
#define EXPORT_TEXT_MAX 2048u
/* One entry of any format. */
#define EXPORT_ROOM (256u * 1024)

/* What is being written. */
struct export
{
    const struct image *im; /* borrowed */
    struct text text;       /* what will be written next */
    uint64_t indicators;    /* of the image */
    int64_t now_s;          /* for what must have a time; SOURCE_DATE_EPOCH if that is set */
    unsigned pass;          /* from 0 */
    uint64_t written;       /* in this pass */
    uint8_t *told; /* stix2: owned bits, for each octet of the image's STRINGS: its object was written */
    struct span header[3]; /* ioc: what the last headers said; borrowed from the image */
};

/* An indicator whose value was checked: a name has letters of host names alone, a digest those of its kind.
 */
struct export_entry {
    struct ioc ioc;
    struct prefix prefix;       /* of an address or prefix */
    char addr[PREFIX_TEXT_MAX]; /* its text */
};

struct export_format {
    const char *name;
    unsigned types;    /* types that it has words for */
    unsigned narrower; /* of these: it stands for less than was listed */
    unsigned alike;    /* of these: a reader could take it for more than was listed */
    const char *hint;  /* what may help with the others; or NULL */
    unsigned passes;   /* over all indicators; 0 is 1 */
    bool each;         /* entries for the same name are all written, not just the one that decides */
    void (*begin)(struct export *x); /* of each pass; may be NULL */
    /* Appends to x->text; false: the format has no words for this one after all. */
    bool (*entry)(struct export *x, const struct export_entry *e);
    void (*end)(struct export *x); /* of each pass; may be NULL */
};

bool export_plain(struct export *x, const struct export_entry *e);
void export_begin_hosts(struct export *x);
bool export_hosts(struct export *x, const struct export_entry *e);
void export_begin_adguard(struct export *x);
bool export_adguard(struct export *x, const struct export_entry *e);
void export_begin_dnsmasq(struct export *x);
bool export_dnsmasq(struct export *x, const struct export_entry *e);
void export_begin_unbound(struct export *x);
bool export_unbound(struct export *x, const struct export_entry *e);
void export_begin_rpz(struct export *x);
bool export_rpz(struct export *x, const struct export_entry *e);
void export_begin_nftset(struct export *x);
bool export_nftset(struct export *x, const struct export_entry *e);
void export_end_nftset(struct export *x);
bool export_suricata(struct export *x, const struct export_entry *e);
void export_begin_zeek(struct export *x);
bool export_zeek(struct export *x, const struct export_entry *e);
void export_begin_stix(struct export *x);
bool export_stix(struct export *x, const struct export_entry *e);
void export_end_stix(struct export *x);
void export_begin_ioc(struct export *x);
bool export_ioc(struct export *x, const struct export_entry *e);

/* Checks the value and reads addresses. An image can come from anywhere, and what stands in its texts would
 * stand in the configuration of another program. */
bool export_sound(struct export_entry *e);
/* Set of EXPORT_BITs: as what exactly this name is listed. */
unsigned export_listed(const struct image *im, struct span name);
/* What decides below the name's parent: IOC_DOMAIN, IOC_EXCEPTION, or IOC_TYPES when nothing does. `ret_at`,
 * if not NULL: where in `name` that begins. */
enum ioc_type export_above(const struct image *im, struct span name, size_t *ret_at);
/* A comment line: who made this, behind `mark`. */
void export_made_by(struct export *x, const char *mark);
/* A feed's text, cut to EXPORT_TEXT_MAX. */
static inline struct span export_cut(struct span s)
{
    return span_of(s.at, s.len > EXPORT_TEXT_MAX ? EXPORT_TEXT_MAX : s.len);
}

#endif
