/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins what TLS records carry: RFC 8446 §5.1, RFC 5246 §6.2.1. */
#include "proto/tls_record.h"

/* Forbidden since RFC 8446 §5.1, harmless before it; a stream of them is an attack. */
#define EMPTY_RECORDS_MAX 16u

/* A record's header; the cursor over its fragment is `ret`. False: no record of handshake can begin so. */
static inline bool read_header(struct cur *c, struct cur *ret)
{
    uint8_t type = cur_u8(c);
    uint16_t version = cur_u16(c);

    *ret = cur_vec16(c);
    return type == TLS_HANDSHAKE && version >= 0x0300 && version <= 0x0304 && cur_left(ret) <= TLS_RECORD_MAX;
}

/* What was found before with `more` behind it: both in the scratch space. */
static struct span append(struct parse *p, struct span so_far, struct span more)
{
    uint8_t *join = p->scratch->join;

    if (so_far.at != join)
        memcpy(join, so_far.at, so_far.len);
    memcpy(join + so_far.len, more.at, more.len);
    return span_of(join, so_far.len + more.len);
}

/* Most messages lie whole in their first record. */
static bool lies_in_first(struct span bytes, uint32_t want, struct span *ret)
{
    struct cur c = cur_stream(bytes.at, bytes.len);
    uint32_t kind = cur_u24(&c);
    uint16_t fragment_bytes = cur_u16(&c);

    if (kind < (TLS_HANDSHAKE << 16 | 0x0300) || kind > (TLS_HANDSHAKE << 16 | 0x0304) ||
        fragment_bytes > TLS_RECORD_MAX || fragment_bytes < want)
        return false;
    *ret = cur_take(&c, want);
    return cur_ok(&c);
}

enum parse_result tls_join(struct parse *p, uint32_t want, struct span *ret)
{
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    struct cur record;
    struct span so_far = span_of(NULL, 0);
    enum parse_result result = PARSE_DONE;
    unsigned empty = 0;

    if (lies_in_first(p->bytes, want, ret))
        return PARSE_DONE;
    while (so_far.len < want && result == PARSE_DONE) {
        if (!cur_has(&c, TLS_RECORD_HEADER_BYTES)) {
            p->need = c.need;
            result = PARSE_MORE;
            break;
        }
        if (!read_header(&c, &record) || (cur_left(&record) == 0 && ++empty > EMPTY_RECORDS_MAX)) {
            result = PARSE_BAD;
            break;
        }
        uint32_t take = want - (uint32_t)so_far.len;
        if (take > cur_left(&record))
            take = cur_left(&record);
        struct span there = cur_rest(&record);
        if (there.len < take) {
            p->need = record.pos + take;
            result = PARSE_MORE;
        } else {
            there.len = take;
        }
        if (so_far.len == 0)
            so_far = there;
        else if (there.len > 0)
            so_far = append(p, so_far, there);
    }
    *ret = so_far;
    return result;
}
