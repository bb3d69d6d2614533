/* SPDX-License-Identifier: BSD-2-Clause */
/* The first line of an HTTP/1.x message (RFC 9112 §3 and §4), told from those of other protocols. */
#ifndef BRIDLE_PROTO_HTTP_START_H
#define BRIDLE_PROTO_HTTP_START_H

#include "proto/http_text.h"
#include "proto/proto.h"

struct http_start {
    bool whole; /* the line's end is there: the rest is read */
    bool response;
    struct span method, target; /* of a request */
    bool versioned;             /* the request says its version */
    unsigned status;            /* of a response */
};

/* Whether a message can begin so, as far as it is there. */
enum proto_starts http_starts(struct span first);
/* Takes empty lines and the first line, if it is whole. */
enum proto_starts http_start(struct cur *c, struct http_start *ret);

#endif
