/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from the wire as text: ASCII letters in lower case, no trailing dot, every octet outside 0x20-0x7e, a
 * backslash, and a dot that is part of a label as \DDD (decimal, RFC 1035 §5.1). So two names are the same
 * exactly when their texts are, and a '.' in the text always parts two labels.
 */
#ifndef BRIDLE_PROTO_NAME_H
#define BRIDLE_PROTO_NAME_H

#include "base/cursor.h"
#include "intel/observation.h"

#define NAME_OCTETS_MAX 255 /* of a domain name, RFC 1035 §2.3.4 */

/* The octets of the name at `c`, with the root's, if they lie there in one piece: no pointer, none missing,
 * not too many; `c` moves behind them. Empty if not, and `c` stays. */
static inline struct span name_whole(struct cur *c)
{
    uint32_t pos = c->pos, stop = c->end;

    if (!cur_ok(c) || pos >= stop)
        return span_of(NULL, 0);
    stop = stop - pos > NAME_OCTETS_MAX ? pos + NAME_OCTETS_MAX : stop;
    while (pos < stop && c->base[pos] != 0 && c->base[pos] < 0x40)
        pos += c->base[pos] + 1u;
    if (pos >= stop || c->base[pos] != 0)
        return span_of(NULL, 0);
    struct span whole = span_of(c->base + c->pos, pos + 1 - c->pos);
    c->pos = pos + 1;
    return whole;
}

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
