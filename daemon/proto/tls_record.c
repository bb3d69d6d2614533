/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins what TLS records carry: RFC 8446 §5.1, RFC 5246 §6.2.1. */
#include "proto/tls_record.h"

/* Forbidden since RFC 8446 §5.1, harmless before it; a stream of them is an attack. */
#define EMPTY_RECORDS_MAX 16u

/* A record's header; the cursor over its fragment is `ret`. False: no record of handshake can begin so. */
static bool read_header(struct cur *c, struct cur *ret)
{
    uint8_t type = cur_u8(c);
    uint16_t version = cur_u16(c);

    *ret = cur_vec16(c);
    return type == TLS_HANDSHAKE && version >= 0x0300 && version <= 0x0304 && cur_left(ret) <= TLS_RECORD_MAX;
}

/* Adds `more` behind what was found before, which moves to the scratch space for it. */
static void append(struct parse *p, struct span *so_far, struct span more)
{
    if (more.len == 0)
        return;
    if (so_far->len == 0) {
        *so_far = more;
        return;
    }
    uint8_t *join = p->scratch->join;
    if (so_far->at != join)
        memcpy(join, so_far->at, so_far->len);
    memcpy(join + so_far->len, more.at, more.len);
    *so_far = span_of(join, so_far->len + more.len);
}

enum parse_result tls_join(struct parse *p, uint32_t want, struct span *ret)
{
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    struct cur record;
    unsigned empty = 0;

    *ret = span_of(NULL, 0);
    while (ret->len < want) {
        if (!cur_has(&c, TLS_RECORD_HEADER_BYTES)) {
            p->need = c.need;
            return PARSE_MORE;
        }
        if (!read_header(&c, &record) || (cur_left(&record) == 0 && ++empty > EMPTY_RECORDS_MAX))
            return PARSE_BAD;
        uint32_t take = want - (uint32_t)ret->len;
        if (take > cur_left(&record))
            take = cur_left(&record);
        struct span there = cur_rest(&record);
        if (there.len > take)
            there.len = take;
        append(p, ret, there);
        if (there.len < take) {
            p->need = record.pos + take;
            return PARSE_MORE;
        }
    }
    return PARSE_DONE;
}
