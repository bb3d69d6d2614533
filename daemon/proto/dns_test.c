/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS: hand-made messages for every rule, and every prefix of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"
#include "proto/dns_message.h"

static struct collect fresh(void)
{
    struct collect k = {.result = PARSE_MORE};
    collect_clear(&k);
    return k;
}

/* As one datagram and as a message on a TCP stream: both say `want`; the result of the datagram. */
static enum parse_result expect(const struct message *m, const char *want)
{
    static struct message framed;
    const struct proto *dns = collect_proto("dns");
    struct collect udp = fresh(), tcp = fresh();

    udp.p.whole = (uint32_t)m->len;
    collect_run(&udp, dns->udp, m->at, m->len);
    assert_string_equal(udp.lines, want);
    framed.len = 0;
    u16(&framed, (unsigned)m->len);
    memcpy(framed.at + 2, m->at, m->len);
    framed.len += m->len;
    collect_run(&tcp, dns->tcp, framed.at, framed.len);
    assert_string_equal(tcp.lines, want);
    assert_int_equal(tcp.result,
                     udp.result == PARSE_DONE || udp.result == PARSE_BAD ? PARSE_NEXT : udp.result);
    if (tcp.result == PARSE_NEXT)
        assert_int_equal(tcp.p.consumed, framed.len);
    collect_prefixes(dns->tcp, framed.at, framed.len, 1);
    assert_int_equal(udp.counters[COUNT_DNS], udp.result != PARSE_NOT);
    assert_int_equal(udp.counters[COUNT_DNS_BAD], udp.result == PARSE_BAD);
    collect_done(&udp);
    collect_done(&tcp);
    return udp.result;
}

static void query_is_reported_folded(void **state)
{
    struct message m;

    header(&m, 0x0100, 1, 0, 0, 1);
    question(&m, "WWW.Example.COM", 1);
    u8(&m, 0); /* OPT */
    rdata(&m, 41, 1232, 0);
    assert_int_equal(expect(&m, "dns-query www.example.com|client|answer|rrtype=A\n"), PARSE_DONE);
}

static void facts_are_set(void **state)
{
    struct message m;
    struct collect k = fresh();

    header(&m, 0x8183, 1, 0, 0, 0);
    question(&m, "a", 28);
    k.p.whole = (uint32_t)m.len;
    collect_run(&k, collect_proto("dns")->udp, m.at, 12); /* the header is all that was captured */
    assert_int_equal(k.result, PARSE_CUT);
    assert_true(k.p.facts.response);
    assert_int_equal(k.p.facts.id, 0x1234);
    assert_int_equal(k.p.facts.rcode, 3);
    collect_run(&k, collect_proto("dns")->udp, m.at, m.len);
    assert_string_equal(k.lines, "dns-query a|server|answer|rrtype=AAAA|rcode=NXDOMAIN\n");
    collect_done(&k);
}

static void chain_of_answers(void **state)
{
    struct message m;
    size_t r;

    header(&m, 0x8180, 1, 4, 1, 1);
    question(&m, "www.Example.com", 1); /* at 12; "example.com" at 16 */
    pointer(&m, 12);
    r = rdata(&m, 5, 1, 300);
    size_t target = m.len;
    labels(&m, "CDN");
    pointer(&m, 16);
    rdata_end(&m, r);
    pointer(&m, (unsigned)target);
    address(&m, 1, 60, 0x0a000001);
    pointer(&m, (unsigned)target);
    address(&m, 3, 60, 0x0a000002); /* CHAOS: not an address */
    pointer(&m, (unsigned)target);
    r = rdata(&m, 28, 0x8001, 0x80000000); /* cache-flush bit; a TTL that counts as 0 */
    u32(&m, 0x20010db8);
    u32(&m, 0);
    u32(&m, 0);
    u32(&m, 1);
    rdata_end(&m, r);
    pointer(&m, 16);
    r = rdata(&m, 2, 1, 5);
    name(&m, "ns1.test");
    rdata_end(&m, r);
    name(&m, "ns1.test");
    address(&m, 1, 7, 0x0a000003);
    assert_int_equal(
        expect(&m, "dns-query www.example.com|server|answer|rrtype=A|rcode=NOERROR\n"
                   "dns-answer "
                   "cdn.example.com|server|answer|rrtype=CNAME|rrname=www.example.com|query=www.example.com\n"
                   "dns-address "
                   "0a000001|server|answer|ttl=60|rrtype=A|rrname=cdn.example.com|query=www.example.com\n"
                   "dns-address 20010db8000000000000000000000001|server|answer|ttl=0|rrtype=AAAA|"
                   "rrname=cdn.example.com|query=www.example.com\n"
                   "dns-answer ns1.test|server|rrtype=NS|rrname=example.com|query=www.example.com\n"
                   "dns-address 0a000003|server|ttl=7|rrtype=A|rrname=ns1.test|query=www.example.com\n"),
        PARSE_DONE);
}

static void every_type_that_holds_a_name(void **state)
{
    static const struct {
        unsigned type, before;
        const char *want;
    } rows[] = {
        {2, 0, "NS"}, {5, 0, "CNAME"}, {12, 0, "PTR"}, {15, 2, "MX"}, {33, 6, "SRV"}, {39, 0, "DNAME"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m;
        char want[256];
        header(&m, 0x8400, 0, 2, 0, 0);
        name(&m, "o.test");
        size_t r = rdata(&m, rows[i].type, 1, 9);
        for (unsigned n = 0; n < rows[i].before; n++)
            u8(&m, 0xff);
        name(&m, "Target.test");
        rdata_end(&m, r);
        name(&m, "o.test");
        r = rdata(&m, rows[i].type, 1, 9); /* the root is not reported */
        for (unsigned n = 0; n < rows[i].before; n++)
            u8(&m, 0);
        u8(&m, 0);
        rdata_end(&m, r);
        snprintf(want, sizeof want, "dns-answer target.test|server|answer|rrtype=%s|rrname=o.test\n",
                 rows[i].want);
        assert_int_equal(expect(&m, want), PARSE_DONE);
    }
}

static void types_that_hold_none(void **state)
{
    static const unsigned types[] = {6, 16, 17, 35, 41, 46, 47, 99, 250, 257, 65535};
    struct message m;

    header(&m, 0x8400, 0, sizeof types / sizeof *types, 0, 0);
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        u8(&m, 0);
        size_t r = rdata(&m, types[i], 1, 9);
        name(&m, "looks.like.a.name");
        rdata_end(&m, r);
    }
    assert_int_equal(expect(&m, ""), PARSE_DONE);
}

static void hints_of_service_bindings(void **state)
{
    struct message m;

    header(&m, 0x8180, 1, 2, 0, 0);
    question(&m, "h.test", 65);
    pointer(&m, 12);
    size_t r = rdata(&m, 65, 1, 30);
    u16(&m, 1);
    u8(&m, 0);  /* ".": the owner itself */
    u16(&m, 1); /* alpn */
    u16(&m, 3);
    u8(&m, 2);
    u16(&m, 0x6832);
    u16(&m, 4); /* ipv4hint */
    u16(&m, 8);
    u32(&m, 0x01020304);
    u32(&m, 0x05060708);
    u16(&m, 6); /* ipv6hint */
    u16(&m, 16);
    for (unsigned i = 0; i < 4; i++)
        u32(&m, i);
    rdata_end(&m, r);
    pointer(&m, 12);
    r = rdata(&m, 64, 1, 30);
    u16(&m, 0);
    name(&m, "Pool.test");
    rdata_end(&m, r);
    assert_int_equal(
        expect(&m,
               "dns-query h.test|server|answer|rrtype=HTTPS|rcode=NOERROR\n"
               "dns-address 01020304|server|answer|ttl=30|rrtype=HTTPS|rrname=h.test|query=h.test\n"
               "dns-address 05060708|server|answer|ttl=30|rrtype=HTTPS|rrname=h.test|query=h.test\n"
               "dns-address 00000000000000010000000200000003|server|answer|ttl=30|rrtype=HTTPS|rrname=h.test|"
               "query=h.test\n"
               "dns-answer pool.test|server|answer|rrtype=SVCB|rrname=h.test|query=h.test\n"),
        PARSE_DONE);
}

static void odd_octets_are_escaped(void **state)
{
    static const uint8_t label[] = {'A', '.', '\\', 0, 0x7f, 0xe2, ' ', '"', '/', '[', '@', 'Z', '`', '{'};
    struct message m;

    header(&m, 0, 1, 0, 0, 0);
    u8(&m, sizeof label);
    memcpy(m.at + m.len, label, sizeof label);
    m.len += sizeof label;
    name(&m, "x");
    u16(&m, 300);
    u16(&m, 1);
    assert_int_equal(expect(&m,
                            "dns-query a\\046\\092\\000\\127\\226 \"/[@z`{.x|client|answer|rrtype=TYPE300\n"),
                     PARSE_DONE);
}

static void several_questions_of_any_class(void **state)
{
    struct message m;

    header(&m, 0, 3, 1, 0, 0);
    question(&m, "_a._tcp.local", 12);
    name(&m, "b");
    u16(&m, 255);
    u16(&m, 0x8001); /* a unicast response is welcome */
    u8(&m, 0);       /* the root */
    u32(&m, 0x00010001);
    pointer(&m, 12);
    size_t r = rdata(&m, 12, 1, 4500); /* known answer */
    labels(&m, "office printer");
    pointer(&m, 12);
    rdata_end(&m, r);
    assert_int_equal(expect(&m,
                            "dns-query _a._tcp.local|client|answer|rrtype=PTR\n"
                            "dns-query b|client|answer|rrtype=ANY\n"
                            "dns-answer office printer._a._tcp.local|client|rrtype=PTR|rrname=_a._tcp.local|"
                            "query=_a._tcp.local\n"),
                     PARSE_DONE);
}

static void update_without_rdata(void **state)
{
    struct message m;

    header(&m, 5 << 11, 1, 1, 1, 0);
    question(&m, "zone.test", 6);
    pointer(&m, 12);
    rdata(&m, 1, 255, 0); /* RFC 2136 §2.4.1: an RRset exists */
    pointer(&m, 12);
    rdata(&m, 5, 254, 0);
    assert_int_equal(expect(&m, "dns-query zone.test|client|answer|rrtype=SOA\n"), PARSE_DONE);
}

static void longest_name(void **state)
{
    struct message m;
    char want[600], *w = want;

    for (unsigned last = 61; last <= 62; last++) { /* 255 octets, 256 octets */
        header(&m, 0, 1, 0, 0, 0);
        for (unsigned i = 0; i < 4; i++) {
            unsigned n = i < 3 ? 63 : last;
            u8(&m, n);
            memset(m.at + m.len, 'a' + (int)i, n);
            m.len += n;
        }
        u8(&m, 0);
        u32(&m, 0x00010001);
        w = stpcpy(want, last == 61 ? "dns-query " : "");
        for (unsigned i = 0; last == 61 && i < 4; i++) {
            memset(w, 'a' + (int)i, 63);
            w += i < 3 ? 63 : 61;
            *w++ = '.';
        }
        strcpy(last == 61 ? w - 1 : w, last == 61 ? "|client|answer|rrtype=A\n" : "");
        assert_int_equal(expect(&m, want), last == 61 ? PARSE_DONE : PARSE_NOT);
    }
}

/* Pointers may only lead backwards, each further than the one before it. */
static void pointers_that_lead_nowhere(void **state)
{
    static const struct {
        unsigned at_12, at_14;
    } rows[] = {
        {0xc00c, 0xc00c},                   /* to itself */
        {0xc00e, 0xc00c},                   /* forward */
        {0xffff, 0xc00c},                   /* past the end */
        {0x4161, 0xc00c},                   /* RFC 6891 §5: extended labels are gone */
        {0x8061, 0xc00c}, {0x0161, 0xc00c}, /* "a", then a pointer to the same name */
        {0x0161, 0xc00d},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m;
        header(&m, 0, 1, 0, 0, 0);
        u16(&m, rows[i].at_12);
        u16(&m, rows[i].at_14);
        u32(&m, 0x00010001);
        assert_int_equal(expect(&m, ""), PARSE_NOT);
        header(&m, 0, 2, 0, 0, 0); /* the same behind a sound question */
        question(&m, "", 1);
        u16(&m, rows[i].at_12 + (rows[i].at_12 >= 0xc000 && rows[i].at_12 < 0xffff ? 5 : 0));
        u16(&m, rows[i].at_14 + 5);
        u32(&m, 0x00010001);
        assert_int_equal(expect(&m, ""), PARSE_BAD);
    }
}

static void pointers_within_pointers(void **state)
{
    struct message m;

    header(&m, 0, 3, 0, 0, 0);
    question(&m, "c", 1);
    size_t second = m.len;
    labels(&m, "b");
    pointer(&m, 12);
    u32(&m, 0x00010001);
    labels(&m, "a");
    pointer(&m, (unsigned)second);
    u32(&m, 0x00010001);
    assert_int_equal(expect(&m, "dns-query c|client|answer|rrtype=A\n"
                                "dns-query b.c|client|answer|rrtype=A\n"
                                "dns-query a.b.c|client|answer|rrtype=A\n"),
                     PARSE_DONE);
}

/* A chain of pointers as long as any name needs, in the RDATA of a record of no interest, and one longer. */
static void chains_of_pointers(void **state)
{
    for (unsigned extra = 0; extra < 2; extra++) {
        struct message m;
        header(&m, 0x8000, 0, 2, 0, 0);
        u8(&m, 0);
        size_t r = rdata(&m, 10, 1, 0), last = m.len;
        name(&m, "a");
        for (unsigned i = 0; i < 126 + extra; i++) {
            size_t at = m.len;
            pointer(&m, (unsigned)last);
            last = at;
        }
        rdata_end(&m, r);
        u8(&m, 0);
        r = rdata(&m, 5, 1, 0);
        pointer(&m, (unsigned)last);
        rdata_end(&m, r);
        assert_int_equal(expect(&m, extra ? "" : "dns-answer a|server|answer|rrtype=CNAME\n"),
                         extra ? PARSE_BAD : PARSE_DONE);
    }
}

static void what_comes_before_damage_is_told(void **state)
{
    struct message m;

    header(&m, 0x8180, 1, 3, 0, 0);
    question(&m, "q.test", 1);
    pointer(&m, 12);
    address(&m, 1, 1, 0x0a000001);
    size_t good = m.len;
    pointer(&m, 12);
    size_t r = rdata(&m, 1, 1, 1);
    u16(&m, 0); /* an address of two bytes: skipped, the message goes on */
    rdata_end(&m, r);
    pointer(&m, 12);
    address(&m, 1, 1, 0x0a000002);
    const char *two = "dns-query q.test|server|answer|rrtype=A|rcode=NOERROR\n"
                      "dns-address 0a000001|server|answer|ttl=1|rrtype=A|rrname=q.test|query=q.test\n"
                      "dns-address 0a000002|server|answer|ttl=1|rrtype=A|rrname=q.test|query=q.test\n";
    assert_int_equal(expect(&m, two), PARSE_BAD);
    m.len = good; /* the counts promise more */
    const char *one = "dns-query q.test|server|answer|rrtype=A|rcode=NOERROR\n"
                      "dns-address 0a000001|server|answer|ttl=1|rrtype=A|rrname=q.test|query=q.test\n";
    assert_int_equal(expect(&m, one), PARSE_BAD);
    pointer(&m, 12);
    r = rdata(&m, 16, 1, 1);
    m.at[r - 1] = 1; /* a record that is not reported passes the end */
    assert_int_equal(expect(&m, one), PARSE_BAD);
    m.at[r - 1] = 0;
    pointer(&m, 12);
    r = rdata(&m, 5, 1, 1);
    labels(&m, "passes");
    m.at[r - 1] = 3; /* a name passes its RDATA */
    assert_int_equal(expect(&m, one), PARSE_BAD);
}

static void datagrams_cut_by_the_capture(void **state)
{
    struct message m;
    struct collect whole = fresh();
    const struct proto *dns = collect_proto("dns");

    whole.values_only = true;
    header(&m, 0x8180, 1, 3, 0, 0);
    question(&m, "q.test", 1);
    pointer(&m, 12);
    address(&m, 1, 1, 0x0a000001);
    pointer(&m, 12);
    size_t r = rdata(&m, 16, 1, 1);
    name(&m, "text");
    rdata_end(&m, r);
    pointer(&m, 12);
    address(&m, 1, 1, 0x0a000002);
    whole.p.whole = (uint32_t)m.len;
    collect_run(&whole, dns->udp, m.at, m.len);
    for (size_t n = 0; n < m.len; n++) {
        struct collect part = fresh();
        part.values_only = true;
        part.p.whole = (uint32_t)m.len;
        part.p.cut = true;
        collect_run(&part, dns->udp, m.at, n);
        assert_int_equal(part.result, n < 12 ? PARSE_NOT : PARSE_CUT);
        assert_int_equal((int)dns->udp_starts(span_of(m.at, n), true), n < 12 ? STARTS_MAYBE : STARTS_YES);
        assert_memory_equal(part.lines, whole.lines, part.len);
        assert_true((part.observations > 0) == (n >= 20)); /* the name's own bytes are there */
        collect_done(&part);
    }
    assert_int_equal(whole.observations, 3);
    collect_done(&whole);
}

static void records_are_bounded(void **state)
{
    static struct message m;
    struct collect k = fresh();

    header(&m, 0x8400, 0, 5000, 0, 0);
    for (unsigned i = 0; i < 5000; i++) {
        u8(&m, 0);
        rdata(&m, 1, 1, 0);
    }
    k.p.whole = (uint32_t)m.len;
    assert_int_equal(collect_run(&k, collect_proto("dns")->udp, m.at, m.len), PARSE_BAD);
    collect_done(&k);
}

static void several_messages_on_a_stream(void **state)
{
    static struct message m, stream;
    struct collect k = fresh();
    const struct proto *dns = collect_proto("dns");
    size_t at = 0;

    stream.len = 0;
    for (unsigned i = 0; i < 3; i++) {
        header(&m, 0, 1, 0, 0,
               i == 1 ? 1 : 0); /* the second lacks a record: the third is found all the same */
        question(&m, i == 0 ? "one" : i == 1 ? "two" : "three", 1);
        u16(&stream, (unsigned)m.len);
        memcpy(stream.at + stream.len, m.at, m.len);
        stream.len += m.len;
    }
    while (at < stream.len) {
        assert_int_equal(collect_run(&k, dns->tcp, stream.at + at, stream.len - at), PARSE_NEXT);
        at += k.p.consumed;
    }
    assert_int_equal(at, stream.len);
    assert_string_equal(k.lines,
                        "dns-query one|client|answer|rrtype=A\ndns-query two|client|answer|rrtype=A\n"
                        "dns-query three|client|answer|rrtype=A\n");
    assert_int_equal(collect_run(&k, dns->tcp, stream.at, 1), PARSE_MORE);
    assert_int_equal(k.p.need, 2);
    assert_int_equal(collect_run(&k, dns->tcp, stream.at, 2), PARSE_MORE);
    assert_int_equal(k.p.need, 14);
    assert_int_equal(collect_run(&k, dns->tcp, stream.at, 14), PARSE_MORE);
    assert_int_equal(k.p.need, 2 + stream.at[1]);
    assert_int_equal(k.p.facts.id, 0x1234); /* told before the message is whole */
    k.p.last = true;
    collect_clear(&k);
    assert_int_equal(collect_run(&k, dns->tcp, stream.at, 19), PARSE_CUT);
    assert_string_equal(k.lines, "dns-query one|client|answer\n");
    collect_done(&k);
}

static void what_is_not_dns(void **state)
{
    const struct proto *dns = collect_proto("dns");
#define BYTES(s)                                                                                             \
    {                                                                                                        \
        (const uint8_t *)s, sizeof s - 1                                                                     \
    }
    static const struct span others[] = {
        BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        BYTES("SSH-2.0-OpenSSH_9.2p1\r\n"),
        BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x01r\x00\x00\x00\x00\x00"), /* a ClientHello */
        BYTES("\x16\x03\x01\x02\x80\x01\x00\x01\xfc\x03\x03\x01r\x00\x00\x00\x00\x00"),
        BYTES("\x38\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00\x00\x00"), /* OpenVPN */
    };
#undef BYTES
    struct message m;

    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(dns->tcp_starts(others[i], true), STARTS_NO);
    }
    assert_int_equal(dns->udp_starts(others[0], true), STARTS_NO);
    header(&m, 0, 1, 0, 0, 0);
    question(&m, "x", 1);
    assert_int_equal(dns->udp_starts(span_of(m.at, m.len), true), STARTS_YES);
    assert_int_equal(dns->udp_starts(span_of(m.at, m.len), false), STARTS_NO); /* any other port, 137 too */
    static const uint8_t framed[] = {0, 17, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
    for (size_t n = 0; n <= sizeof framed; n++) {
        assert_int_equal(dns->tcp_starts(span_of(framed, n), true), n < 14 ? STARTS_MAYBE : STARTS_YES);
        assert_int_equal(dns->tcp_starts(span_of(framed, n), false), STARTS_NO);
    }
    static const uint8_t brief[] = {0, 11, 1};
    assert_int_equal(dns->tcp_starts(span_of(brief, 3), true), STARTS_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_is_reported_folded),
        cmocka_unit_test(facts_are_set),
        cmocka_unit_test(chain_of_answers),
        cmocka_unit_test(every_type_that_holds_a_name),
        cmocka_unit_test(types_that_hold_none),
        cmocka_unit_test(hints_of_service_bindings),
        cmocka_unit_test(odd_octets_are_escaped),
        cmocka_unit_test(several_questions_of_any_class),
        cmocka_unit_test(update_without_rdata),
        cmocka_unit_test(longest_name),
        cmocka_unit_test(pointers_that_lead_nowhere),
        cmocka_unit_test(pointers_within_pointers),
        cmocka_unit_test(chains_of_pointers),
        cmocka_unit_test(what_comes_before_damage_is_told),
        cmocka_unit_test(datagrams_cut_by_the_capture),
        cmocka_unit_test(records_are_bounded),
        cmocka_unit_test(several_messages_on_a_stream),
        cmocka_unit_test(what_is_not_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
