/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking a rule of Suricata (or Snort) apart: docs.suricata.io, "Suricata Rules", "Rules Format". */
#ifndef BRIDLE_INTEL_SURICATA_RULE_H
#define BRIDLE_INTEL_SURICATA_RULE_H

#include "base/text.h"

/* All borrowed from the rule's text. */
struct suricata_rule {
    struct span action, protocol, from, from_port, to, to_port;
    struct span options; /* what stands between the brackets */
};

struct suricata_option {
    struct span key, value; /* without quotes; the value may be empty */
    bool negated;           /* `!` before it */
};

/* Whether a line, without white space around it, begins a rule; not that it is a good one. */
bool suricata_is_rule(struct span line);
/* NULL, or static text: what is wrong. */
const char *suricata_read(struct span text, struct suricata_rule *ret);
/* Takes the next option off; false at the end, or where nothing can be read any more. */
bool suricata_option(struct span *rest, struct suricata_option *ret);
/* Takes the next element off a list of addresses: `[A,[B,C]]`, A; false at the end. */
bool suricata_element(struct span *rest, struct span *ret);
/* The bytes that a content stands for: `|2e|` is hex, `\"` a character of its own. False: it cannot be read.
 */
bool suricata_content(struct span value, struct text *to);

#endif
