/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 (RFC 791), IPv6 (RFC 8200) with its extension headers and fragments, authentication (RFC 4302), and
 * what IP carries without a header of its own: IP (RFC 2003, 2473, 4213), Ethernet (RFC 3378, 8986), MPLS
 * (RFC 4023).
 */
#include "base/hash.h"
#include "packet/defrag.h"
#include "packet/layers.h"

#define EXTENSIONS_MAX 16

#define IPV4_MORE     0x2000
#define IPV4_OFFSET   0x1fff
#define IPV6_HEADER   40u
#define FRAGMENT_MORE 1u

enum layer ip_any(struct decoding *s)
{
    struct cur peek = s->cur;
    uint8_t version = cur_u8(&peek) >> 4;

    if (!cur_ok(&peek))
        return layer_short(s);
    return version == 4 ? LAYER_IPV4 : version == 6 ? LAYER_IPV6 : layer_done(s, DECODE_NOT_IP);
}

bool ip_plausible(struct cur c)
{
    uint32_t left = cur_left(&c), bytes;
    struct cur peek = c;
    uint8_t first = cur_u8(&peek);

    if (first >> 4 == 6) {
        struct span h = cur_take(&c, IPV6_HEADER);
        return cur_ok(&c) && IPV6_HEADER + be16(h.at + 4) <= left;
    }
    struct span h = cur_take(&c, 20);
    if (!cur_ok(&c) || first >> 4 != 4)
        return false;
    bytes = (first & 0xfu) * 4;
    return bytes >= 20 && bytes <= be16(h.at + 2) && be16(h.at + 2) <= left;
}

/* RFC 1071, over a header that is there. */
static bool checksum_right(struct span header)
{
    uint32_t sum = 0;

    if (header.len == 0) /* options that were cut off */
        return false;
    for (size_t i = 0; i + 2 <= header.len; i += 2)
        sum += be16(header.at + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return ((sum + (sum >> 16)) & 0xffff) == 0xffff;
}

static bool believable(const struct decoding *s)
{
    struct cur c = s->cur;

    if (!ip_plausible(c))
        return false;
    if (s->strict == STRICT_FITS)
        return true;
    struct span h = cur_take(&c, 20);
    uint32_t left = cur_left(&s->cur);
    if (h.at[0] >> 4 == 6)
        return IPV6_HEADER + be16(h.at + 4) == left;
    struct cur whole = s->cur;
    return be16(h.at + 2) == left || checksum_right(cur_take(&whole, (h.at[0] & 0xfu) * 4));
}

/*
 * From here on the packet ends `bytes` after `start`: what follows is the link's padding. The IP header is
 * believed when it claims more than the frame has: the rest is then as if cut off by the capture, so no
 * length leads past what was captured.
 */
static void bound(struct cur *c, uint32_t start, uint32_t bytes)
{
    c->limit = bytes < CUR_UNBOUNDED - start ? start + bytes : CUR_UNBOUNDED;
    if (c->end > c->limit)
        c->end = c->limit;
    c->cut = c->end < c->limit;
}

/* Tells apart equal addresses in different VLANs and tunnels. */
static uint64_t path_of(const struct packet *p)
{
    static const struct hash_key key = {{0, 0x9e3779b97f4a7c15u}};
    uint64_t vlans = 0;

    for (unsigned i = 0; i < p->vlans; i++)
        vlans = vlans << 12 | p->vlan[i];
    uint64_t path = vlans | (uint64_t)p->vlans << 48 | (uint64_t)p->tunnel_depth << 56;
    return p->tunnel_depth == 0 ? path : hash_word(&key, path, p->tunnel_key);
}

bool layer_reassemble(struct decoding *s, struct fragment *f, uint8_t *ret_proto)
{
    struct packet *p = s->p;
    struct span whole;

    if (s->defrag == NULL || s->cur.end < s->cur.limit)
        return false;
    f->ts_ns = p->ts_ns;
    f->src = p->src;
    f->dst = p->dst;
    f->path = path_of(p);
    f->bytes = cur_rest(&s->cur);
    if (!defrag_add(s->defrag, f, &whole, ret_proto))
        return false;
    s->cur = cur_datagram(whole.at, whole.len, whole.len);
    p->reassembled = true;
    return true;
}

/*
 * The rest of the packet is a fragment. True when it completes its datagram, whose payload the cursor is then
 * over. One that the capture cut short would leave a hole for ever and is not held; if it is the first it is
 * gone on with, as the begin of a datagram that was cut.
 */
static bool join(struct decoding *s, struct fragment *f)
{
    s->counters[COUNT_FRAGMENTS]++;
    s->result = DECODE_FRAGMENT;
    if (s->cur.end < s->cur.limit)
        return f->offset == 0;
    if (!layer_reassemble(s, f, &s->p->ip_proto))
        return false;
    s->carried = false; /* the payload of what carries it may have lain where `whole` lies now */
    return true;
}

enum layer ip_v4(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct packet *p = s->p;
    uint32_t start = c->pos;

    if (s->strict != STRICT_NOT && !believable(s))
        return layer_done(s, DECODE_BAD);
    struct span h = cur_take(c, 20);
    if (!cur_ok(c))
        return layer_short(s);
    uint32_t header_bytes = (h.at[0] & 0xfu) * 4;
    uint32_t total = be16(h.at + 2);
    if (h.at[0] >> 4 != 4 || header_bytes < 20 || (total != 0 && total < header_bytes))
        return layer_done(s, DECODE_BAD);
    p->src = addr_v4(h.at + 12);
    p->dst = addr_v4(h.at + 16);
    p->mapped = false;
    p->ip_proto = h.at[9];
    p->ttl = h.at[8];
    p->ip_id = be16(h.at + 4);
    s->addressed = true;
    s->strict = STRICT_NOT;
    if (total != 0) /* zero: a segment that the sender's network card was yet to cut up */
        bound(c, start, total);
    cur_skip(c, header_bytes - 20);
    if (!cur_ok(c))
        return layer_short(s);
    uint16_t fragment = be16(h.at + 6);
    if ((fragment & (IPV4_MORE | IPV4_OFFSET)) != 0) {
        struct fragment f = {.id = p->ip_id,
                             .proto = p->ip_proto,
                             .offset = (uint32_t)(fragment & IPV4_OFFSET) * 8,
                             .more = (fragment & IPV4_MORE) != 0};
        if (!join(s, &f))
            return LAYER_DONE;
    }
    return layer_of_ip(s, p->ip_proto);
}

/* Fragment header (§4.5), whose first byte was read. True when there is something to go on with. */
static bool v6_fragment(struct decoding *s)
{
    struct cur *c = &s->cur;

    cur_skip(c, 1);
    uint16_t offset = cur_u16(c);
    struct fragment f = {.proto = s->p->ip_proto, .offset = offset & ~7u, .more = offset & FRAGMENT_MORE};
    f.id = cur_u32(c);
    if (!cur_ok(c)) {
        layer_short(s);
        return false;
    }
    if (f.offset == 0 && !f.more) /* atomic: RFC 6946 */
        return true;
    return join(s, &f);
}

/* Walks the extension headers (§4), of which the first is `p->ip_proto`. */
static enum layer v6_extensions(struct decoding *s)
{
    struct cur *c = &s->cur;
    uint8_t *next = &s->p->ip_proto;

    for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
        uint8_t type = *next;
        uint8_t following, len;
        switch (type) {
        case 0:   /* hop-by-hop options */
        case 43:  /* routing */
        case 60:  /* destination options */
        case 135: /* mobility */
        case 139: /* HIP */
        case 140: /* Shim6 */
        case 51:  /* authentication: RFC 4302, counts in words of four bytes */
            following = cur_u8(c);
            len = cur_u8(c);
            cur_skip(c, type == 51 ? (len + 2u) * 4 - 2 : (len + 1u) * 8 - 2);
            if (!cur_ok(c))
                return layer_short(s);
            *next = following;
            break;
        case 44:
            following = cur_u8(c);
            if (!cur_ok(c))
                return layer_short(s);
            *next = following;
            if (!v6_fragment(s))
                return LAYER_DONE;
            break;
        default:
            return layer_of_ip(s, type);
        }
    }
    return layer_done(s, DECODE_TOO_DEEP);
}

enum layer ip_v6(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct packet *p = s->p;
    uint32_t start = c->pos;

    if (s->strict != STRICT_NOT && !believable(s))
        return layer_done(s, DECODE_BAD);
    struct span h = cur_take(c, IPV6_HEADER);
    if (!cur_ok(c))
        return layer_short(s);
    if (h.at[0] >> 4 != 6)
        return layer_done(s, DECODE_BAD);
    uint32_t payload_bytes = be16(h.at + 4);
    p->src = addr_v6(h.at + 8);
    p->dst = addr_v6(h.at + 24);
    p->mapped = addr_is_v4(&p->src) || addr_is_v4(&p->dst);
    p->ip_proto = h.at[6];
    p->ttl = h.at[7];
    p->ip_id = 0;
    s->addressed = true;
    s->strict = STRICT_NOT;
    if (payload_bytes != 0) /* zero: a jumbogram (RFC 2675), or not cut up yet as with IPv4 */
        bound(c, start, IPV6_HEADER + payload_bytes);
    return v6_extensions(s);
}

/* In IPv4; among IPv6's extension headers it is read above. */
enum layer ip_authentication(struct decoding *s)
{
    uint8_t next = cur_u8(&s->cur);
    uint8_t words = cur_u8(&s->cur);

    cur_skip(&s->cur, (words + 2u) * 4 - 2);
    if (!cur_ok(&s->cur))
        return layer_short(s);
    s->p->ip_proto = next;
    return layer_of_ip(s, next);
}

enum layer ip_tunnel(struct decoding *s)
{
    bool in_v4 = addr_is_v4(&s->p->src);

    if (s->p->ip_proto == 4)
        return tunnel_to(s, in_v4 ? TUNNEL_IPIP : TUNNEL_4IN6, 0, LAYER_IPV4);
    return tunnel_to(s, in_v4 ? TUNNEL_6IN4 : TUNNEL_6IN6, 0, LAYER_IPV6);
}

/* Segment routing over IPv6 ends in a frame: RFC 8986 §4.9. */
enum layer ip_ethernet(struct decoding *s)
{
    return tunnel_to(s, TUNNEL_SRV6, 0, LAYER_ETHERNET);
}

enum layer ip_etherip(struct decoding *s)
{
    uint16_t version = cur_u16(&s->cur);

    if (!cur_ok(&s->cur) || version != 0x3000)
        return LAYER_DONE;
    return tunnel_to(s, TUNNEL_ETHERIP, 0, LAYER_ETHERNET);
}

enum layer ip_mpls(struct decoding *s)
{
    return tunnel_to(s, TUNNEL_MPLS, 0, LAYER_MPLS);
}
