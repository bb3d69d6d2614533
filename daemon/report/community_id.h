/* SPDX-License-Identifier: BSD-2-Clause */
/* Community ID flow hashing, version 1, seed 0 (https://github.com/corelight/community-id-spec): the same
 * short text for a flow in every tool. */
#ifndef BRIDLE_REPORT_COMMUNITY_ID_H
#define BRIDLE_REPORT_COMMUNITY_ID_H

#include "base/addr.h"

/* "1:" and 28 characters of base64 and a NUL. */
#define COMMUNITY_ID_MAX 31

/* False for ICMP and ICMPv6 (their types and codes are not known here). Ports are in host
 * order and count only for protocols that have them. */
bool community_id(uint8_t ip_proto, const struct addr *a, uint16_t a_port, const struct addr *b,
                  uint16_t b_port, char ret[COMMUNITY_ID_MAX]);

#endif
