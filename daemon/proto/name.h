/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from the wire as text: ASCII letters in lower case, no trailing dot, every octet outside 0x20-0x7e, a
 * backslash, and a dot that is part of a label as \DDD (decimal, RFC 1035 §5.1). So two names are the same
 * exactly when their texts are, and a '.' in the text always parts two labels.
 */
#ifndef BRIDLE_PROTO_NAME_H
#define BRIDLE_PROTO_NAME_H

#include "base/cursor.h"
#include "base/hash.h"
#include "intel/observation.h"

#define NAME_OCTETS_MAX 255 /* of a domain name, RFC 1035 §2.3.4 */

/* A name in place of its text: its labels, each behind its length, without pointers and the root. They cost
 * less than the text. */
struct name_octets {
    struct hash_key key;         /* in: of `hash` */
    uint64_t hash;               /* of letters in lower case; never 0 */
    uint8_t before[16];          /* room of which nothing is said */
    uint8_t at[NAME_OCTETS_MAX]; /* those of a name that is not in one piece in its message */
};

/* Reads the name at `c`, which moves behind it, if that is as usual, and hashes it on the way. Empty if not
 * (the root, what is malformed, more pointers than usual): then `c` stays, and name_read tells. */
struct span name_octets(struct cur *c, const struct cur *message, struct name_octets *ret);
/* The hash of the octets of a name, from its text: the one that name_octets returns with that key. */
uint64_t name_text_hash(const struct hash_key *key, struct span text);
/* The text of such octets, still where name_octets found or put them, in `ret` (NAME_TEXT_MAX + 1 bytes). */
struct span name_text(struct span octets, char *ret);

/*
 * Reads the domain name at `c`, which moves behind it, into `ret` (NAME_TEXT_MAX + 1 bytes). Compression
 * pointers (§4.1.4) lead into `message`, whose base is that of `c`; each leads strictly before the name and
 * every pointer before it, so their number is bounded. Errors are those of `c`; the root is an empty span.
 */
struct span name_read(struct cur *c, const struct cur *message, char *ret);
/* Moves `c` behind the domain name without looking where its pointer leads. */
void name_skip(struct cur *c);
/* A host name that came as characters, dots between labels (RFC 6066 §3), as text in `ret` (NAME_TEXT_MAX + 1
 * bytes). Empty when there is nothing but a dot, or more than NAME_OCTETS_MAX octets. */
struct span name_of_host(struct span host, char *ret);

#endif
