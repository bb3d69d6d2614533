/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of all protocols by those who parse nothing; proto/meson.build has the list. */
#ifndef BRIDLE_PROTO_INFOS_H
#define BRIDLE_PROTO_INFOS_H

struct proto_info {
    const char *name; /* app_proto in events: "dns", "tls" */
    const char
        *ports; /* its own, as words: "53 5353 5355"; empty: it is told by its first bytes on any port */
};

/* By the protocol's number. */
extern const struct proto_info proto_infos[];
extern const unsigned proto_count;

#endif
