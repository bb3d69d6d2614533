/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one normaliser: every value that people wrote, in a feed, a rule, a configuration or a look-up, goes
 * through it. It undoes case, trailing dot, IDNA (RFC 5891 by libidn2), defanging (hxxp, [.], (dot), [:]),
 * URLs, wildcards `*.`, ports and IPv6 brackets, colons in digests, and says what the value then is. Names
 * from the wire do not need it: parsers deliver them folded.
 */
#ifndef BRIDLE_INTEL_NORMALISE_H
#define BRIDLE_INTEL_NORMALISE_H

#include "base/addr.h"
#include "intel/indicator.h"
#include "intel/observation.h"

enum normal_kind { NORMAL_NAME, NORMAL_ADDRESS, NORMAL_PREFIX, NORMAL_DIGEST, NORMAL_BAD };

struct normal {
    uint8_t kind;       /* enum normal_kind */
    uint8_t type;       /* NORMAL_DIGEST: IOC_CERT, IOC_JA3 or IOC_JA4 */
    bool retyped;       /* asked for a host, found an address or a digest */
    bool had_url;       /* scheme, path, port or query was cut off */
    bool had_path;      /* a path beyond "/" was cut off: the host alone is broader than what was listed */
    bool had_wildcard;  /* "*." was cut off */
    bool had_host_bits; /* 10.0.0.1/8: host bits were cleared */
    bool bare_digest; /* NORMAL_BAD: hex digits that do not say of what; in `name` if a certificate or JA3 has
                         so many */
    char name[NAME_TEXT_MAX + 1]; /* NUL-terminated A-labels, lower case, no trailing dot; or a digest */
    uint32_t len;                 /* of `name` */
    struct prefix prefix;
    const char *why; /* NORMAL_BAD: static text, what is wrong and what to do */
};

/* `what` says what the text is supposed to be: a URL may be reduced to its host only where the feed's type
 * says host; a bare digest is one of a certificate only where the feed's type says so. */
enum normal_want { NORMAL_WANT_HOST, NORMAL_WANT_ANY, NORMAL_WANT_CERT };

void normalise(struct span text, enum normal_want want, struct normal *ret);

#endif
