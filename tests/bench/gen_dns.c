/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions and answers as stub resolvers and recursive ones exchange them: RFC 1035, RFC 6891, RFC 9460. */
#include "gen_dns.h"

#define CLASS_IN    1u
#define AT_QUESTION 12u /* where the question's name begins: RFC 1035 §4.1.1 */

enum { TAG_EDNS = 100, TAG_ANSWER };

static void put_labels(struct bytes *b, const char *text, size_t len)
{
    while (len > 0) {
        const char *dot = memchr(text, '.', len);
        size_t label = dot ? (size_t)(dot - text) : len;
        put_u8(b, (unsigned)label);
        put(b, text, label);
        label += dot != NULL;
        text += label;
        len -= label;
    }
    put_u8(b, 0);
}

static void put_pointer(struct bytes *b, size_t at)
{
    put_u16(b, 0xc000u | (unsigned)at);
}

static void header(struct bytes *b, const struct dns_talk *t, unsigned flags, const unsigned counts[3],
                   bool edns)
{
    put_u16(b, t->id);
    put_u16(b, flags);
    put_u16(b, 1);
    put_u16(b, counts[0]);
    put_u16(b, counts[1]);
    put_u16(b, counts[2] + edns);
    put_labels(b, t->name.text, t->name.len);
    put_u16(b, t->type);
    put_u16(b, CLASS_IN);
}

static void put_edns(struct bytes *b, bool asks, struct rng *r)
{
    put_u8(b, 0);
    put_u16(b, DNS_OPT);
    put_u16(b, 1232);
    put_number(b, 4, rng_percent(r, 30) ? 0x8000 : 0);
    size_t options = put_open(b, 2);
    if (asks && rng_percent(r, 20)) { /* a cookie: RFC 7873 */
        put_u16(b, 10);
        put_u16(b, 8);
        put_random(b, r, 8);
    }
    put_close(b, 2, options);
}

void dns_query(struct bytes *b, const struct dns_talk *t)
{
    static const unsigned none[3];
    struct rng r = rng_for(t->seed, TAG_EDNS);
    bool edns = rng_percent(&r, 60);

    header(b, t, 0x0100, none, edns);
    if (edns)
        put_edns(b, true, &r);
}

/* The fields of a record behind its name, up to its length. */
static size_t record(struct bytes *b, unsigned type, uint32_t ttl_s)
{
    put_u16(b, type);
    put_u16(b, CLASS_IN);
    put_number(b, 4, ttl_s);
    return put_open(b, 2);
}

/* Records of the addresses, or of the service, that the name at `owner` has. Returns how many. */
static unsigned put_data(struct bytes *b, const struct dns_talk *t, size_t owner, struct rng *r)
{
    unsigned n = t->type == DNS_HTTPS ? 1 : rng_from(r, 1, 4);
    uint32_t ttl_s = rng_from(r, 20, 300);

    for (unsigned i = 0; i < n; i++) {
        put_pointer(b, owner);
        size_t data = record(b, t->type, ttl_s);
        struct addr a = name_address(t->number, t->type == DNS_AAAA, i);
        if (t->type == DNS_A) {
            put(b, a.b + 12, 4);
        } else if (t->type == DNS_AAAA) {
            put(b, a.b, 16);
        } else { /* RFC 9460 §2.2: priority 1, the owner itself, alpn="h3,h2", ipv4hint */
            put(b, "\0\1\0\0\1\0\6\2h3\2h2\0\4\0\4", 17);
            put(b, a.b + 12, 4);
        }
        put_close(b, 2, data);
    }
    return n;
}

static void put_soa(struct bytes *b, const struct dns_talk *t)
{
    const char *dot = memchr(t->name.text, '.', t->name.len);

    put_pointer(b, AT_QUESTION + (size_t)(dot - t->name.text) + 1);
    size_t data = record(b, DNS_SOA, 900);
    put_text(b, "\3ns1");
    put_pointer(b, AT_QUESTION);
    put_text(b, "\12hostmaster");
    put_pointer(b, AT_QUESTION);
    put_number(b, 4, 2026010101);
    put_number(b, 4, 7200);
    put_number(b, 4, 3600);
    put_number(b, 4, 1209600);
    put_number(b, 4, 900);
    put_close(b, 2, data);
}

void dns_answer(struct bytes *b, const struct dns_talk *t)
{
    struct rng edns_rng = rng_for(t->seed, TAG_EDNS), r = rng_for(t->seed, TAG_ANSWER);
    bool edns = rng_percent(&edns_rng, 60);
    unsigned counts[3] = {0};
    size_t owner = AT_QUESTION, begin = b->len;

    header(b, t, t->no_domain ? 0x8183 : 0x8180, counts, edns);
    if (t->no_domain) {
        put_soa(b, t);
        counts[1] = 1;
    } else {
        unsigned aliases = t->chained ? rng_from(&r, 1, 3) : 0;
        for (unsigned i = aliases; i-- > 0;) {
            put_pointer(b, owner);
            size_t data = record(b, DNS_CNAME, rng_from(&r, 60, 3600));
            owner = b->len - begin;
            if (i > 0) {
                put_text(b, i == 1 ? "\4edge" : "\3geo");
                put_pointer(b, AT_QUESTION);
            } else {
                put_labels(b, t->target.text, t->target.len);
            }
            put_close(b, 2, data);
        }
        counts[0] = aliases + put_data(b, t, owner, &r);
    }
    if (edns)
        put_edns(b, false, &edns_rng);
    b->at[begin + 7] = (uint8_t)counts[0];
    b->at[begin + 9] = (uint8_t)counts[1];
}
