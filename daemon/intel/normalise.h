/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one normaliser: every value that people wrote, in a feed, a rule, a configuration or a look-up, goes
 * through it. It undoes case, trailing dot, IDNA (RFC 5891 by libidn2), defanging (hxxp, [.], (dot), [:]),
 * URLs, wildcards `*.`, ports and IPv6 brackets, and says what the value then is. Names from the wire do not
 * need it: parsers deliver them folded.
 */
#ifndef BRIDLE_INTEL_NORMALISE_H
#define BRIDLE_INTEL_NORMALISE_H

#include "base/addr.h"
#include "intel/observation.h"

enum normal_kind { NORMAL_NAME, NORMAL_ADDRESS, NORMAL_PREFIX, NORMAL_BAD };

struct normal {
    uint8_t kind;       /* enum normal_kind */
    bool retyped;       /* asked for a name, found an address */
    bool had_url;       /* scheme, path, port or query was cut off */
    bool had_path;      /* a path beyond "/" was cut off: the host alone is broader than what was listed */
    bool had_wildcard;  /* "*." was cut off */
    bool had_host_bits; /* 10.0.0.1/8: host bits were cleared */
    char name[NAME_TEXT_MAX + 1]; /* NUL-terminated A-labels, lower case, no trailing dot */
    struct prefix prefix;
    const char *why; /* NORMAL_BAD: static text, what is wrong and what to do */
};

/* `what` says what the text is supposed to be: a URL may be reduced to its host only where the feed's type
 * says host. */
enum normal_want { NORMAL_WANT_HOST, NORMAL_WANT_ANY };

void normalise(struct span text, enum normal_want want, struct normal *ret);

#endif
