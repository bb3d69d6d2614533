/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the indicators of a STIX bundle indicate, which is found only through other objects that may stand
 * anywhere in it: relationships to malware, campaigns and those behind them, reports that refer to
 * indicators, identities. Collected in a first reading, asked in a second one. All tables have a limit,
 * whatever the bundle: names and links beyond it are counted and left out. Ids are kept as keyed hashes of 64
 * bits.
 */
#ifndef BRIDLE_INTEL_LOAD_STIX_NAMES_H
#define BRIDLE_INTEL_LOAD_STIX_NAMES_H

#include "intel/image.h"

#define STIX_THINGS_MAX   65536u     /* objects with a name, or that something refers to */
#define STIX_LINKS_MAX    1000000u   /* from an indicator to one of them */
#define STIX_NAMES_MAX    (1u << 20) /* bytes of all names */
#define STIX_NAME_MAX     1024u
#define STIX_FOLLOWED_MAX 256u /* links of one indicator */

struct stix_names;

/* NULL without memory. */
struct stix_names *stix_names_new(void);
void stix_names_free(struct stix_names *n);
/* The hash of an object's id; 0 for an empty one. */
uint64_t stix_names_id(const struct stix_names *n, struct span id);

/* What kind of name an object of that type has; NONE: no name that people are told. */
enum stix_kind {
    STIX_KIND_NONE,
    STIX_KIND_CAMPAIGN, /* malware, campaign, threat actor ... */
    STIX_KIND_REPORT,   /* stands in where there is none of those */
    STIX_KIND_IDENTITY, /* who says so */
};
enum stix_kind stix_kind_of(struct span type);
/* The same of an id (TYPE--UUID). */
enum stix_kind stix_kind_of_id(struct span id);

/* An object with a name. */
void stix_names_add(struct stix_names *n, uint64_t id, enum stix_kind kind, struct span name);
/* An indicator indicates a thing, whether that was met already or not. */
void stix_names_link(struct stix_names *n, uint64_t indicator, uint64_t thing);
/* An indicator that was revoked: so are other versions of it. */
void stix_names_revoke(struct stix_names *n, uint64_t indicator);
/*
 * A report comes, whose id may stand behind what it refers to: `begin`, `refer` to each indicator, and `end`
 * with its id; or with 0, and it was no report.
 */
void stix_names_begin(struct stix_names *n);
void stix_names_refer(struct stix_names *n, uint64_t indicator);
void stix_names_end(struct stix_names *n, uint64_t id);
/* How many names and links did not fit. */
uint64_t stix_names_left_out(const struct stix_names *n);

/* All are there: what follows may be asked. */
void stix_names_seal(struct stix_names *n);
/* What the indicator indicates: names, borrowed, in the order in which the bundle first speaks of them. */
unsigned stix_names_campaigns(const struct stix_names *n, uint64_t indicator,
                              struct span ret[IMAGE_CAMPAIGNS_MAX]);
bool stix_names_revoked(const struct stix_names *n, uint64_t indicator);
/* The identity with that id; else the bundle's, if it has only one: others are those of victims. Empty: none.
 */
struct span stix_names_identity(const struct stix_names *n, uint64_t id);

#endif
