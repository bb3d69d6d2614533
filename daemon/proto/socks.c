/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): whom a client asks its proxy for. All that a side says before the
 * stream is the target's is one message, since its parts alone look like anything: the client's choice of
 * methods, its password, and its request; the server's choice, its judgement, and its reply. Both sides begin
 * alike, a client's request has a command where a server's reply has "succeeded".
 */
#include "proto/name.h"
#include "proto/proto.h"

#define METHODS_MAX 16u
#define TEXT_MAX    255u /* bytes of a user or a name in SOCKS 4; in SOCKS 5 their length is one octet */

enum { SOCKS4_CONNECT = 1, SOCKS4_BIND = 2, SOCKS4_GRANTED = 0x5a };
enum { SOCKS5_PASSWORD = 2, SOCKS5_PASSWORD_VERSION = 1 };  /* RFC 1928 §3, RFC 1929 §2 */
enum { SOCKS5_CONNECT = 1, SOCKS5_SUCCEEDED = 0 };          /* RFC 1928 §4, §6 */
enum { SOCKS5_IPV4 = 1, SOCKS5_NAME = 3, SOCKS5_IPV6 = 4 }; /* RFC 1928 §5 */

struct target {
    bool sure;    /* this is SOCKS, as far as one can tell */
    bool weak;    /* by two octets and what is plausible */
    bool replied; /* a server's */
    bool asked;   /* a client's, and known */
    bool is_addr;
    struct span name;
    struct addr addr;
};

/* What is not SOCKS is a contradiction. */
static uint8_t expect(struct cur *c, uint8_t least, uint8_t most)
{
    uint8_t octet = cur_u8(c);

    if (octet < least || octet > most)
        cur_fail(c);
    return octet;
}

static bool is_plain(uint8_t octet)
{
    return octet > 0x20 && octet < 0x7f;
}

/* A host's name; those that resolve have no controls and no spaces, what is no SOCKS has them soon. */
static struct span read_host(struct cur *c, uint32_t len)
{
    struct span host = cur_rest(c);

    for (host.len = 0; host.len < len && cur_ok(c); host.len++)
        if (!is_plain(cur_u8(c)))
            cur_fail(c);
    return host;
}

/* RFC 1928 §5. */
static void read_address(struct cur *c, struct target *t)
{
    uint8_t type = expect(c, SOCKS5_IPV4, SOCKS5_IPV6);

    if (type == 2)
        cur_fail(c);
    t->sure = cur_ok(c);
    t->is_addr = type != SOCKS5_NAME;
    if (type == SOCKS5_NAME) {
        t->name = read_host(c, cur_u8(c));
        t->asked = cur_ok(c);
        return;
    }
    struct span value = cur_take(c, type == SOCKS5_IPV4 ? 4 : 16);
    t->asked = cur_ok(c);
    if (cur_ok(c))
        t->addr = type == SOCKS5_IPV4 ? addr_v4(value.at) : addr_v6(value.at);
}

/* RFC 1928 §4 and §6: a request, or a reply. */
static void read_request(struct cur *c, uint8_t command, struct target *t)
{
    expect(c, 5, 5);
    expect(c, command, command);
    expect(c, 0, 0);
    read_address(c, t);
    cur_u16(c); /* port */
    t->replied = command == SOCKS5_SUCCEEDED;
    t->asked &= !t->replied;
}

/* RFC 1928 §3, RFC 1929 §2; the request follows. */
static void read_greeting(struct cur *c)
{
    expect(c, 5, 5);
    for (uint8_t methods = expect(c, 1, METHODS_MAX); methods > 0 && cur_ok(c); methods--) {
        uint8_t method = cur_u8(c);
        if ((method > 9 && method < 0x80) || method == 0xff) /* assigned, or private */
            cur_fail(c);
    }
    struct cur next = *c;
    if (cur_u8(&next) != SOCKS5_PASSWORD_VERSION)
        return;
    *c = next;
    cur_vec8(c); /* user */
    cur_vec8(c); /* password */
}

/* A capture may begin with the request or the reply. */
static void read_socks5(struct cur *c, struct target *t)
{
    struct cur ahead = *c;
    uint8_t octet[6];

    for (unsigned i = 0; i < 4; i++)
        octet[i] = i == 1 ? expect(&ahead, 0, METHODS_MAX) : cur_u8(&ahead);
    if (!cur_ok(&ahead)) {
        *c = ahead;
        return;
    }
    bool request =
        octet[2] == 0 && (octet[3] == SOCKS5_IPV4 || octet[3] == SOCKS5_NAME || octet[3] == SOCKS5_IPV6);
    if (octet[1] <= SOCKS5_CONNECT && request) {
        read_request(c, octet[1], t);
        return;
    }
    if (octet[1] == 0) { /* RFC 1928 §3: the server takes "no authentication" */
        cur_skip(c, 2);
        read_request(c, SOCKS5_SUCCEEDED, t);
        return;
    }
    /* The server takes a password, and lets the client in; or a client has two methods. */
    if (octet[1] == SOCKS5_PASSWORD && octet[2] == SOCKS5_PASSWORD_VERSION && octet[3] == 0) {
        octet[4] = cur_u8(&ahead);
        octet[5] = cur_u8(&ahead);
        if (!cur_ok(&ahead)) {
            *c = ahead;
            return;
        }
        if (octet[4] == 5 && octet[5] == SOCKS5_SUCCEEDED) {
            cur_skip(c, 4);
            read_request(c, SOCKS5_SUCCEEDED, t);
            return;
        }
    }
    read_greeting(c);
    read_request(c, SOCKS5_CONNECT, t);
}

/* Text up to its NUL. */
static struct span read_text(struct cur *c)
{
    struct span text = cur_rest(c);
    uint8_t octet;

    for (text.len = 0; (octet = cur_u8(c)) != 0; text.len++)
        if (!is_plain(octet) || text.len == TEXT_MAX)
            cur_fail(c);
    return text;
}

/* SOCKS 4; 4a puts a name behind an address 0.0.0.x. */
static void read_socks4(struct cur *c, struct target *t)
{
    expect(c, 4, 4);
    expect(c, SOCKS4_CONNECT, SOCKS4_BIND);
    uint16_t port = cur_u16(c);
    struct span ip = cur_take(c, 4);
    if (!cur_ok(c))
        return;
    t->addr = addr_v4(ip.at);
    bool named = ip.at[0] == 0 && ip.at[1] == 0 && ip.at[2] == 0;
    if (port == 0 || ip.at[3] == 0 || (!named && (ip.at[0] == 0 || addr_is_group(&t->addr))))
        cur_fail(c);
    read_text(c); /* user */
    t->sure = cur_ok(c);
    t->weak = t->is_addr = !named;
    if (named)
        t->name = read_text(c);
    t->asked = cur_ok(c);
}

/* Eight octets, of which two are known: the server's TLS behind them tells. */
static void read_socks4_reply(struct cur *c, struct target *t)
{
    expect(c, 0, 0);
    expect(c, SOCKS4_GRANTED, SOCKS4_GRANTED);
    cur_skip(c, 6);
    struct cur behind = *c;
    expect(&behind, 0x16, 0x16);
    expect(&behind, 3, 3);
    t->sure = t->replied = cur_ok(&behind);
    if (!cur_ok(&behind))
        *c = behind;
}

static struct cur read_socks(struct span bytes, struct target *t)
{
    struct cur c = cur_stream(bytes.at, bytes.len), first = c;

    memset(t, 0, sizeof *t);
    switch (cur_u8(&first)) {
    case 0:
        read_socks4_reply(&c, t);
        break;
    case 4:
        read_socks4(&c, t);
        break;
    case 5:
        read_socks5(&c, t);
        break;
    default:
        cur_fail(&c);
    }
    return c;
}

/* Whether a client goes on as one does through a proxy: with TLS, or a word. */
static enum proto_starts goes_on(struct cur c)
{
    uint8_t octet = cur_u8(&c);

    if (!cur_ok(&c))
        return STARTS_MAYBE;
    return octet == 0x16 || (octet >= 'A' && octet <= 'Z') ? STARTS_YES : STARTS_NO;
}

static enum proto_starts socks_tcp_starts(struct span first, bool named)
{
    struct target t;
    struct cur c = read_socks(first, &t);

    if (c.state == CUR_BAD)
        return STARTS_NO;
    if (t.weak && !named)
        return goes_on(c);
    return t.sure ? STARTS_YES : STARTS_MAYBE;
}

static void tell(struct parse *p, const struct target *t)
{
    struct observation o = {.via = VIA_PROXY_TARGET};

    o.name = t->is_addr ? span_str(addr_text(&t->addr, p->scratch->text))
                        : name_of_host(t->name, p->scratch->name[0]);
    if (o.name.len > 0)
        p->emit(p->ctx, &o);
}

static enum parse_result socks_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct target t;
    struct cur c = read_socks(p->bytes, &t);

    if (c.state == CUR_BAD || (t.asked && p->sender == SIDE_SERVER) ||
        (t.replied && p->sender == SIDE_CLIENT))
        return PARSE_NOT;
    if (!cur_ok(&c) && !final) {
        p->need = c.need;
        return PARSE_MORE;
    }
    if (t.asked)
        tell(p, &t);
    if (!cur_ok(&c))
        return PARSE_CUT;
    if (p->counters)
        p->counters[COUNT_PREAMBLE]++;
    p->consumed = c.pos;
    return PARSE_NEXT;
}

const struct proto proto_socks = {
    .tcp_starts = socks_tcp_starts,
    .tcp = socks_tcp,
};
