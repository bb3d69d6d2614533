/* SPDX-License-Identifier: BSD-2-Clause */
/* What feeds call the types of their values: MISP, Zeek, OTX, abuse.ch and those who write tables by hand. */
#ifndef BRIDLE_INTEL_LOAD_KIND_H
#define BRIDLE_INTEL_LOAD_KIND_H

#include "intel/load_entry.h"

enum load_kind {
    LOAD_KIND_UNKNOWN, /* a word that is in no table: what no network sensor can see, mostly */
    LOAD_KIND_NAME,
    LOAD_KIND_ADDRESS, /* or a prefix */
    LOAD_KIND_URL,
    LOAD_KIND_CERT, /* digest of a certificate */
    LOAD_KIND_JA3,
    LOAD_KIND_JA4,
    LOAD_KIND_PAIR, /* `domain|ip`: both are meant */
    LOAD_KIND_PORT, /* `ip-dst|port`, `hostname|port` */
};

/* By a word of any case, with `-`, `_` or a blank between its parts. */
enum load_kind load_kind_of(struct span word);
/* What the normaliser is to make of a value of that kind: an enum normal_want. */
uint8_t load_kind_want(enum load_kind kind, struct span value);
/* Hands an entry of that kind on, whose value is as the feed wrote it: prefixed for digests, taken apart for
 * pairs. `word`: the type as written, told where no network sensor can see it. */
void load_kind_entry(struct load_file *f, enum load_kind kind, struct span word, struct load_entry *e);

#endif
