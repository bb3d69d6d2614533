/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PROXY protocol (HAProxy, "The PROXY protocol, versions 1 & 2"): a header that a proxy puts before the
 * client's bytes. Of what it says only the name that the client asked for (PP2_TYPE_AUTHORITY) is told.
 */
#include "proto/name.h"
#include "proto/proto.h"

#define LINE_MAX 107u  /* §2.1: bytes with its end */
#define READ_MAX 4096u /* bytes of a header of version 2 that are read; what is behind is passed over */

enum { PP2_LOCAL = 0x20, PP2_PROXY = 0x21, PP2_TYPE_AUTHORITY = 2 }; /* §2.2 */

/* §2.2: bytes of the addresses, by family. */
static const uint8_t address_bytes[] = {0, 12, 36, 216};

struct header {
    bool line;  /* version 1 */
    bool local; /* the proxy's own connection: all the rest says nothing */
    uint8_t address_bytes;
    struct cur rest; /* version 2: behind the length */
};

/* What is not there makes the cursor BAD. */
static void literal(struct cur *c, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (cur_u8(c) != (uint8_t)text[i])
            cur_fail(c);
}

/* As much as tells a header from everything else. */
static struct cur read_header(struct span bytes, struct header *h)
{
    static const char line[] = "PROXY ", signature[] = "\r\n\r\n\0\r\nQUIT\n";
    struct cur c = cur_stream(bytes.at, bytes.len), first = c;

    memset(h, 0, sizeof *h);
    h->line = cur_u8(&first) == 'P';
    if (h->line) {
        literal(&c, line, sizeof line - 1);
        uint8_t family = cur_u8(&c); /* TCP4, TCP6, UNKNOWN */
        if (family != 'T' && family != 'U')
            cur_fail(&c);
        return c;
    }
    literal(&c, signature, sizeof signature - 1);
    uint8_t command = cur_u8(&c);
    if (command != PP2_LOCAL && command != PP2_PROXY)
        cur_fail(&c);
    uint8_t family = cur_u8(&c);
    if (family >> 4 >= sizeof address_bytes || (family & 0xf) > 2)
        cur_fail(&c);
    else
        h->address_bytes = address_bytes[family >> 4];
    h->local = command == PP2_LOCAL;
    h->rest = cur_vec16(&c);
    return c;
}

static enum proto_starts proxy_tcp_starts(struct span first, bool named)
{
    struct header h;
    struct cur c = read_header(first, &h);

    return c.state == CUR_BAD ? STARTS_NO : cur_ok(&c) ? STARTS_YES : STARTS_MAYBE;
}

/* §2.1. */
static void skip_line(struct cur *c)
{
    uint8_t octet = 0;

    while (cur_ok(c) && octet != '\n') {
        octet = cur_u8(c);
        if ((octet < 0x20 && octet != '\r' && octet != '\n') || octet > 0x7e || c->pos > LINE_MAX)
            cur_fail(c);
    }
}

/* §2.2.1 to 2.2.3: type, length, value. */
static void tell_authority(struct parse *p, struct cur values)
{
    while (cur_ok(&values) && cur_left(&values) > 0) {
        uint8_t type = cur_u8(&values);
        struct cur value = cur_vec16(&values);
        if (type != PP2_TYPE_AUTHORITY)
            continue;
        struct span name = cur_take(&value, cur_left(&value));
        struct observation o = {.via = VIA_PROXY_TARGET, .name = name_of_host(name, p->scratch->name[0])};
        if (o.name.len > 0)
            p->emit(p->ctx, &o);
        return;
    }
}

static enum parse_result proxy_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct header h;
    struct cur c = read_header(p->bytes, &h);

    if (cur_ok(&c) && h.line)
        skip_line(&c);
    if (c.state == CUR_BAD)
        return PARSE_NOT;
    uint32_t read = c.pos < READ_MAX ? c.pos : READ_MAX;
    p->need = cur_ok(&c) ? read : c.need;
    if (!final && p->need > p->bytes.len)
        return PARSE_MORE;
    if (!cur_ok(&c))
        return PARSE_CUT;
    if (!h.line && !h.local && h.address_bytes > 0) {
        cur_skip(&h.rest, h.address_bytes);
        tell_authority(p, h.rest);
    }
    if (p->counters)
        p->counters[COUNT_PREAMBLE]++;
    p->consumed = c.pos;
    return PARSE_NEXT;
}

const struct proto proto_proxy = {
    .tcp_starts = proxy_tcp_starts,
    .tcp = proxy_tcp,
};
