/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The matcher image: all indicators in one position-independent, little-endian, versioned, checksummed block
 * that is mapped read-only by every process (and can be a file). Whoever wrote it may be hostile: every
 * offset is checked against the image's end where it is used; the checksum is against accidents only.
 */
#ifndef BRIDLE_INTEL_IMAGE_H
#define BRIDLE_INTEL_IMAGE_H

#include "intel/indicator.h"

#define IMAGE_CAMPAIGNS_MAX 8
#define IMAGE_SOURCES_MAX   8

struct image; /* a mapped image */

/* Maps the whole of `fd` (borrowed). Checks magic, version, the header's checksum, section bounds; if
 * `verify`, the checksum over everything, too: that reads the whole file. NULL: `*ret_why` is static text. */
struct image *image_map(int fd, bool verify, const char **ret_why);
void image_unmap(struct image *im);

size_t image_bytes(const struct image *im);
uint32_t image_iocs(const struct image *im);
/* What one indicator takes of it, on average; 0 when there is none. */
double image_bytes_each(const struct image *im);

/* What one indicator is, for people and events. Spans are borrowed from the image and hold text that nobody
 * checked. */
struct ioc {
    uint32_t id;
    uint8_t type, tier;
    uint64_t key;      /* stable over images and machines: a hash of type and value alone */
    struct span value; /* "name", "=name" is "name" with type NAME; address or prefix as text */
    struct span campaign[IMAGE_CAMPAIGNS_MAX];
    unsigned campaigns;
    struct span source[IMAGE_SOURCES_MAX];         /* all who list it; the first one is the one to name */
    unsigned sources;                              /* 0: source[0] is empty */
    struct span reference, licence, comment, feed; /* of the first entry */
    uint32_t line;
    int64_t from_s, until_s; /* Unix seconds, 0: not known. The latest that a source gave; no end wins */
    int64_t first_s;         /* 00:00 UTC of the day on which the value was first loaded here; 0: not known */
    bool low_trust;          /* only sources of low trust list it */
    bool rebuilt;            /* some source gave nothing but the day on which it was made anew: no from_s */
};

/* The key of a value in its normalised form, as struct ioc has it. */
uint64_t image_value_key(uint8_t type, struct span value);

/* False when there is no such id or the image is broken there. */
bool image_ioc(const struct image *im, uint32_t id, struct ioc *ret);

/* Where an address is hosted: "aws/CLOUDFRONT", "digitalocean"; the longest range that holds it. False:
 * nowhere known. `ret_shared`: unrelated parties share the addresses of this range (a CDN). Either may be
 * NULL. */
bool image_hosting(const struct image *im, const struct addr *a, struct span *ret_tag, bool *ret_shared);

/* Whether an address that DNS answered with is known to lead nowhere (enum answer_kind). `ret_who`, which may
 * be NULL, gets who answers there: borrowed from the image; empty for addresses of nobody, and for
 * ANSWER_REAL. */
uint8_t image_answer(const struct image *im, const struct addr *a, struct span *ret_who);

/* Whether this name (as for match_name), or this address, belongs to a public DNS resolver that is reached
 * over TLS, QUIC or HTTPS. */
bool image_resolver_name(const struct image *im, struct span name);
bool image_resolver_addr(const struct image *im, const struct addr *a);

#endif
