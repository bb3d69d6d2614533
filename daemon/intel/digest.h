/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of certificates and fingerprints of ClientHellos (JA3, JA4) as people write them: `cert:`, `ja3:`
 * or `ja4:` and the value, in any case, with or without colons between the bytes. A bare digest could be that
 * of a file, so it is none; the form of JA4 speaks for itself.
 */
#ifndef BRIDLE_INTEL_DIGEST_H
#define BRIDLE_INTEL_DIGEST_H

#include "intel/indicator.h"

/* Longest value: SHA-256 in hex. */
#define DIGEST_TEXT_MAX 64

/* What the text says that it is: CERT, JA3 or JA4, a prefix is taken off `*text`; else IOC_TYPES. */
enum ioc_type digest_type(struct span *text);
/* Writes the value without its prefix as images hold it, NUL-terminated. NULL, or static text: why it is
 * none; `ret` is then untouched. */
const char *digest_read(enum ioc_type type, struct span text, char ret[DIGEST_TEXT_MAX + 1]);
/* Whether it is nothing but hex digits of a usual digest. Those that could be of a certificate or JA3 are
 * written to `ret`, else it is made empty. */
bool digest_bare(struct span text, char ret[DIGEST_TEXT_MAX + 1]);

#endif
