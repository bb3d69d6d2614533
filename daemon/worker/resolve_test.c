/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of DNS for a listed name that lead nowhere, in all the ways in which blockers and lapsed names give
 * them, and those that only look so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "worker/rig.h"

static const char *const listed[] = {"evil.example",
                                     "other.example",
                                     "sinkhole 198.51.100.0/24",
                                     "parked 203.0.113.7",
                                     "sinkhole 2001:db8:bad::/48",
                                     NULL};
static const struct rig_end alice = {"10.0.0.5", 40000}, resolver = {"10.0.0.1", 53};
static uint8_t buf[4096];

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, TXT = 16, AAAA = 28, HTTPS = 65 };
enum { NOERROR, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5, TC = 0x100 };
enum { ANSWER, AUTHORITY, ADDITIONAL };

struct rr {
    uint16_t type;
    uint8_t section;
    const char *value; /* address, or name */
};

#define RRS_MAX 6

static size_t put_name(uint8_t *p, const char *name)
{
    uint8_t query[600];
    size_t n = rig_dns_query(query, 0, name) - 16;

    memcpy(p, query + 12, n);
    return n;
}

static size_t put_rr(uint8_t *p, const struct rr *rr)
{
    struct addr a;
    uint8_t *data = p + 12;
    size_t n = 0;

    if (addr_parse(span_str(rr->value), &a)) {
        n = rr->type == A ? 4 : 16;
        memcpy(data, a.b + 16 - n, n);
    } else if (rr->type == SOA) {
        n = put_name(data, rr->value);
        n += put_name(data + n, rr->value);
        memset(data + n, 0, 20);
        n += 20;
    } else {
        n = put_name(data, rr->value);
    }
    memcpy(p, (uint8_t[]){0xc0, 12, 0, (uint8_t)rr->type, 0, 1, 0, 0, 1, 44, 0, (uint8_t)n}, 12);
    return 12 + n;
}

/* A question for `type`, and the answer to it. */
static void talk(struct rig *rig, const char *name, uint16_t type, unsigned rcode, const struct rr *rr)
{
    static uint16_t id;
    size_t at = rig_dns_query(buf, ++id, name);

    buf[at - 3] = (uint8_t)type;
    rig_udp(rig, alice, resolver, buf, at);
    buf[2] = (uint8_t)(0x81 | ((rcode & TC) != 0 ? 2 : 0));
    buf[3] = (uint8_t)(0x80 | (rcode & 0xf));
    for (unsigned i = 0; i < RRS_MAX && rr[i].type != 0; i++) {
        buf[7 + 2 * rr[i].section]++;
        at += put_rr(buf + at, &rr[i]);
    }
    rig_udp(rig, resolver, alice, buf, at);
}

/* What is told of how it was blocked, in order; "RESOLVED" where it was not. */
static const char *told(struct rig *rig)
{
    static char text[4096];

    text[0] = 0;
    rig_drain(rig);
    for (unsigned i = 0; i < rig->records; i++) {
        const struct record *r = &rig->record[i].r;
        bool resolved = r->stage == STAGE_RESOLVED;
        if (r->kind != RECORD_SIGHTING || (r->blocked == BLOCKED_NOT && !resolved))
            continue;
        assert_true((r->flags & RECORD_UPDATE) != 0);
        assert_true(resolved || (r->stage == STAGE_QUERIED && r->is_addr == 0));
        strcat(text, text[0] != 0 ? " " : "");
        strcat(text, resolved ? "RESOLVED" : blocked_names[r->blocked]);
    }
    return text;
}

static const struct {
    const char *what;
    uint16_t type;
    unsigned rcode;
    struct rr rr[RRS_MAX];
    const char *told;
    unsigned learned;
} rows[] = {
    {"no such name", A, NXDOMAIN, {{0}}, "nxdomain", 0},
    {"no such name, with its zone", AAAA, NXDOMAIN, {{SOA, AUTHORITY, "example"}}, "nxdomain", 0},
    {"no such name, of a policy's zone", A, NXDOMAIN, {{SOA, ADDITIONAL, "rpz.local"}}, "nxdomain", 0},
    {"no such name at the end of a chain", A, NXDOMAIN, {{CNAME, ANSWER, "gone.example"}}, "nxdomain", 0},
    {"no such name, cut", HTTPS, NXDOMAIN | TC, {{0}}, "nxdomain", 0},
    {"refused", A, REFUSED, {{0}}, "refused", 0},
    {"refused, with an address", A, REFUSED, {{A, ANSWER, "192.0.2.5"}}, "refused", 0},
    {"a server that fails", A, SERVFAIL, {{0}}, "", 0},
    {"a server that fails, with an address", A, SERVFAIL, {{A, ANSWER, "0.0.0.0"}}, "", 0},
    {"nothing", A, NOERROR, {{0}}, "nodata", 0},
    {"nothing, with its zone", A, NOERROR, {{SOA, AUTHORITY, "evil.example"}}, "nodata", 0},
    {"nothing, of a policy's zone", A, NOERROR, {{SOA, ADDITIONAL, "rpz.local"}}, "nodata", 0},
    {"nothing of IPv6, as ever", AAAA, NOERROR, {{SOA, AUTHORITY, "evil.example"}}, "", 0},
    {"no text", TXT, NOERROR, {{0}}, "", 0},
    {"cut: ask again over TCP", A, NOERROR | TC, {{0}}, "", 0},
    {"a referral", A, NOERROR, {{NS, AUTHORITY, "ns.example.net"}, {A, ADDITIONAL, "192.0.2.53"}}, "", 0},
    {"an alias alone", A, NOERROR, {{CNAME, ANSWER, "host.example.net"}}, "", 0},
    {"nobody", A, NOERROR, {{A, ANSWER, "0.0.0.0"}}, "blocked", 0},
    {"this machine", A, NOERROR, {{A, ANSWER, "127.0.0.53"}}, "blocked", 0},
    {"nobody of IPv6", AAAA, NOERROR, {{AAAA, ANSWER, "::"}}, "blocked", 0},
    {"this machine by IPv6", AAAA, NOERROR, {{AAAA, ANSWER, "::1"}}, "blocked", 0},
    {"everybody", A, NOERROR, {{A, ANSWER, "255.255.255.255"}}, "blocked", 0},
    {"a sinkhole", A, NOERROR, {{A, ANSWER, "198.51.100.9"}}, "sinkhole", 0},
    {"a sinkhole by IPv6", AAAA, NOERROR, {{AAAA, ANSWER, "2001:db8:bad::9"}}, "sinkhole", 0},
    {"an alias of a block page",
     A,
     NOERROR,
     {{CNAME, ANSWER, "block.example.net"}, {A, ANSWER, "198.51.100.9"}},
     "sinkhole",
     0},
    {"parked", A, NOERROR, {{A, ANSWER, "203.0.113.7"}}, "parked", 0},
    {"beside the parking page", A, NOERROR, {{A, ANSWER, "203.0.113.8"}}, "RESOLVED", 1},
    {"several: the surest is told",
     A,
     NOERROR,
     {{A, ANSWER, "0.0.0.0"}, {A, ANSWER, "198.51.100.9"}, {A, ANSWER, "203.0.113.7"}},
     "sinkhole",
     0},
    {"one of them is real",
     A,
     NOERROR,
     {{A, ANSWER, "0.0.0.0"}, {A, ANSWER, "192.0.2.5"}, {A, ANSWER, "198.51.100.9"}},
     "RESOLVED",
     1},
    {"one is real, the other comes last",
     A,
     NOERROR,
     {{A, ANSWER, "192.0.2.5"}, {A, ANSWER, "198.51.100.9"}},
     "RESOLVED",
     1},
    {"a real address that is not the answer",
     A,
     NOERROR,
     {{A, ANSWER, "198.51.100.9"}, {A, ADDITIONAL, "192.0.2.5"}},
     "sinkhole",
     0},
    {"a listed alias as well",
     A,
     NOERROR,
     {{CNAME, ANSWER, "www.other.example"}, {A, ANSWER, "198.51.100.9"}},
     "sinkhole sinkhole",
     0},
};

static void what_answers_say(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig *rig = rig_new(listed);
        talk(rig, "www.evil.example", rows[i].type, rows[i].rcode, rows[i].rr);
        unsigned learned = rig_count(rig, RECORD_LEARNED, -1, NULL, NULL);
        if (strcmp(told(rig), rows[i].told) != 0 || learned != rows[i].learned)
            fail_msg("%s: \"%s\", learned %u", rows[i].what, told(rig), learned);
        rig_free(rig);
    }
}

/* Names that are not listed have answers like these all day. */
static void of_others_nothing_is_told(void **state)
{
    struct rig *rig = rig_new(listed);

    for (size_t i = 0; i < sizeof rows / sizeof *rows - 1; i++)
        talk(rig, "www.fine.example", rows[i].type, rows[i].rcode, rows[i].rr);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, -1, NULL, NULL), 0);
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), 0);
    rig_free(rig);
}

/* Of which address and of which name; the record is the client's whatever side sent the message. */
static void who_and_what(void **state)
{
    struct rig *rig = rig_new(listed);
    const struct record *r = NULL;
    char text[ADDR_TEXT_MAX];

    talk(rig, "shop.example.net", A, NOERROR,
         (const struct rr[RRS_MAX]){{CNAME, ANSWER, "www.other.example"}, {A, ANSWER, "198.51.100.9"}});
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_DNS_ANSWER, "www.other.example", &r), 2);
    assert_int_equal(r->blocked, BLOCKED_SINKHOLE);
    assert_string_equal(addr_text(&r->value_addr, text), "198.51.100.9");
    assert_string_equal(addr_text(&r->client, text), alice.addr);
    assert_string_equal(addr_text(&r->server, text), resolver.addr);
    assert_int_equal(r->client_port, alice.port);
    rig_free(rig);
}

/* What a blocker gave is no address of the name: who connects there is not told as connecting to it. */
static void nothing_is_learned(void **state)
{
    struct rig *rig = rig_new(listed);
    const struct rig_end sink = {"198.51.100.9", 80};

    talk(rig, "www.evil.example", A, NOERROR, (const struct rr[RRS_MAX]){{A, ANSWER, "198.51.100.9"}});
    rig_tcp(rig, alice, sink, 100, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, sink, alice, 900, 101, TCP_SYN | TCP_ACK, NULL, 0);
    rig_tcp(rig, alice, sink, 101, 901, TCP_ACK, "nameless", 8);
    rig_finish(rig);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_LEARNED, NULL, NULL), 0);
    rig_free(rig);
}

/* A new image knows the address as a sinkhole, or as shared by many: what was learned before follows it. */
static void a_new_image_judges_anew(void **state)
{
    static const char *const sink[] = {"evil.example", "sinkhole 192.0.2.0/24", NULL},
                             *const cdn[] = {"evil.example", "shared 192.0.2.0/24", NULL};
    const struct rig_end server = {"192.0.2.5", 80};

    for (unsigned i = 0; i < 2; i++) {
        struct rig *rig = rig_new(listed);
        const struct record *r = NULL;
        talk(rig, "www.evil.example", A, NOERROR, (const struct rr[RRS_MAX]){{A, ANSWER, "192.0.2.5"}});
        rig_image(rig, i == 0 ? sink : cdn);
        rig_tcp(rig, alice, server, 100, 0, TCP_SYN, NULL, 0);
        rig_tcp(rig, server, alice, 900, 101, TCP_SYN | TCP_ACK, NULL, 0);
        rig_tcp(rig, alice, server, 101, 901, TCP_ACK, "nameless", 8);
        rig_finish(rig);
        unsigned n = rig_count(rig, RECORD_SIGHTING, VIA_LEARNED, NULL, &r);
        assert_int_equal(n > 0, i);
        assert_true(r == NULL || (r->flags & RECORD_UPDATE) != 0);
        rig_free(rig);
    }
}

/* A name that is known not to be listed is looked up anew when it is, however it is spelled, asked for or
 * pointed to. */
static void known_names_are_looked_up_anew(void **state)
{
    static const char *const none[] = {"none.example", NULL}, *const now[] = {"late.example", NULL};
    static const char *const spelled[] = {"www.late.example", "WWW.LATE.EXAMPLE", "wWw.LaTe.eXaMpLe"};
    struct rig *rig = rig_new(none);

    for (unsigned turn = 0; turn < 3; turn++) {
        rig_image(rig, turn == 1 ? now : none);
        rig_drain(rig);
        unsigned asked = rig_count(rig, RECORD_SIGHTING, VIA_DNS_QUERY, "www.late.example", NULL),
                 named = rig_count(rig, RECORD_SIGHTING, VIA_DNS_ANSWER, "www.late.example", NULL);
        for (unsigned i = 0; i < 3; i++) {
            talk(rig, spelled[i], A, NOERROR, (const struct rr[RRS_MAX]){{A, ANSWER, "192.0.2.5"}});
            talk(rig, "other.example", A, NOERROR, (const struct rr[RRS_MAX]){{CNAME, ANSWER, spelled[i]}});
        }
        rig_drain(rig);
        asked = rig_count(rig, RECORD_SIGHTING, VIA_DNS_QUERY, "www.late.example", NULL) - asked;
        named = rig_count(rig, RECORD_SIGHTING, VIA_DNS_ANSWER, "www.late.example", NULL) - named;
        assert_int_equal(asked, turn == 1 ? 6 : 0);
        assert_int_equal(named, turn == 1 ? 3 : 0);
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_answers_say),
        cmocka_unit_test(of_others_nothing_is_told),
        cmocka_unit_test(who_and_what),
        cmocka_unit_test(nothing_is_learned),
        cmocka_unit_test(a_new_image_judges_anew),
        cmocka_unit_test(known_names_are_looked_up_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
