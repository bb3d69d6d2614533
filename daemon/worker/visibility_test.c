/* SPDX-License-Identifier: BSD-2-Clause */
/* The visibility meter: what is counted for whom, what gives way, and when it speaks up, and when not. */
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>

#include "intel/image_test.h"
#include "worker/record.h"
#include "worker/visibility.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR   (3600 * SECOND)
#define START  (UINT64_C(1626600000) * SECOND)

static const struct hash_key key = {{1, 2}};
static struct visibility v;
static struct visibility_page page;
static uint64_t counters[COUNTERS];

static int fresh(void **state)
{
    memset(&page, 0, sizeof page);
    memset(counters, 0, sizeof counters);
    visibility_init(&v, &key, &page, counters);
    return 0;
}

static struct addr address(const char *text)
{
    struct addr a;
    assert_true(addr_parse(span_str(text), &a));
    return a;
}

static const struct visibility_client *row(const char *client)
{
    struct addr a = address(client);

    for (unsigned i = 0; i < VISIBILITY_CLIENTS; i++)
        if (page.row[i].turn != 0 && addr_eq(&page.row[i].client.addr, &a))
            return &page.row[i].client;
    return NULL;
}

static struct visibility_flow flow_of(const char *client, const char *server, uint16_t port, enum seen seen)
{
    return (struct visibility_flow){.client = address(client),
                                    .server = address(server),
                                    .server_port = port,
                                    .ip_proto = seen == SEEN_QUIC ? IPPROTO_UDP : IPPROTO_TCP,
                                    .seen = (uint8_t)seen};
}

static void flow(const char *client, const char *server, uint16_t port, enum seen seen, uint64_t now_ns)
{
    struct visibility_flow f = flow_of(client, server, port, seen);
    visibility_flow(&v, &f, now_ns);
}

static void syn(const char *from, uint8_t flags)
{
    struct packet p = {.src = address(from), .ip_proto = IPPROTO_TCP, .tcp_flags = flags};
    visibility_syn(&v, &p);
}

/* The one notice that is to be given now; NOTICES: none. */
static unsigned said(uint64_t now_ns)
{
    struct visibility_notice n = {NOTICES, 0}, more;

    if (visibility_judge(&v, now_ns, &n))
        assert_false(visibility_judge(&v, now_ns, &more));
    return n.notice;
}

static void counts_by_kind_and_client(void **state)
{
    for (unsigned k = 0; k < SEEN_KINDS; k++)
        for (unsigned i = 0; i <= k; i++)
            flow("10.0.0.1", "192.0.2.1", 443, (enum seen)k, START);
    flow("10.0.0.2", "192.0.2.1", 443, SEEN_SNI, START);
    for (unsigned k = 0; k < SEEN_KINDS; k++) {
        assert_int_equal(row("10.0.0.1")->flows[k], k + 1);
        assert_int_equal(counters[COUNT_VISIBLE_SNI + k], k + 1 + (k == SEEN_SNI));
    }
    assert_int_equal(row("10.0.0.2")->flows[SEEN_SNI], 1);
    assert_null(row("192.0.2.1"));
}

static void nonsense_multicast_and_dns_are_no_flows(void **state)
{
    struct visibility_flow f = flow_of("10.0.0.1", "192.0.2.1", 443, SEEN_SNI);

    f.seen = SEEN_KINDS;
    visibility_flow(&v, &f, START);
    flow("10.0.0.1", "239.255.255.250", 1900, SEEN_NAMELESS, START);
    flow("fe80::1", "ff02::fb", 5353, SEEN_NAMELESS, START);
    flow("10.0.0.1", "192.0.2.1", 53, SEEN_NAMELESS, START); /* DNS over TCP */
    struct addr client = address("10.0.0.1"), mdns = address("224.0.0.251");
    visibility_dns(&v, &client, &mdns, START);
    for (unsigned i = 0; i < COUNTERS; i++)
        assert_int_equal(counters[i], 0);
    assert_null(row("10.0.0.1"));
}

/* Only the nameless, only for a day, also when the capture runs backwards, v4 as well as v6. */
static void addresses_that_dns_gave(void **state)
{
    struct addr v4 = address("192.0.2.7"), v6 = address("2001:db8::7");
    const uint64_t *nameless = &counters[COUNT_VISIBLE_NAMELESS],
                   *known = &counters[COUNT_VISIBLE_DNS_ADDRESS];

    visibility_resolved(&v, &v4, START);
    visibility_resolved(&v, &v6, START);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_NAMELESS, START + 24 * HOUR);
    flow("10.0.0.1", "2001:db8::7", 443, SEEN_NAMELESS, START + 1);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_NAMELESS, START - HOUR);
    assert_int_equal(*known, 3);
    assert_int_equal(*nameless, 0);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_NAMELESS, START + 24 * HOUR + SECOND);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_NAMELESS, START - 25 * HOUR);
    flow("10.0.0.1", "192.0.2.8", 443, SEEN_NAMELESS, START);
    assert_int_equal(*nameless, 3);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_OUTER, START);
    flow("10.0.0.1", "192.0.2.7", 443, SEEN_SNI, START);
    assert_int_equal(*known, 3);
    assert_int_equal(counters[COUNT_VISIBLE_OUTER], 1);
}

/* Twice as many addresses as fit: some are forgotten, none is made up. */
static void the_table_of_addresses_forgets(void **state)
{
    struct addr a = address("192.0.0.0");

    for (unsigned i = 0; i < 2 * VISIBILITY_RESOLVED; i++) {
        a.b[14] = (uint8_t)(i >> 8);
        a.b[15] = (uint8_t)i;
        visibility_resolved(&v, &a, START);
    }
    for (unsigned other = 0; other < 2; other++) {
        a.b[13] = (uint8_t)other;
        for (unsigned i = 0; i < 2 * VISIBILITY_RESOLVED; i++) {
            a.b[14] = (uint8_t)(i >> 8);
            a.b[15] = (uint8_t)i;
            struct visibility_flow f = {.client = a, .server = a, .ip_proto = 6, .seen = SEEN_NAMELESS};
            visibility_flow(&v, &f, START);
        }
        if (other == 0) {
            assert_in_range(counters[COUNT_VISIBLE_DNS_ADDRESS], VISIBILITY_RESOLVED * 3 / 4,
                            VISIBILITY_RESOLVED);
            counters[COUNT_VISIBLE_DNS_ADDRESS] = 0;
        }
    }
    assert_int_equal(counters[COUNT_VISIBLE_DNS_ADDRESS], 0);
}

/* Many that come once do not push out one that is there all the time; totals keep what rows lose. */
static void clients_give_way(void **state)
{
    char text[32];

    for (unsigned i = 0; i < 10000; i++) {
        snprintf(text, sizeof text, "10.1.%u.%u", i >> 8, i & 255);
        flow(text, "192.0.2.1", 443, SEEN_SNI, START + i * SECOND);
        flow("10.0.0.1", "192.0.2.1", 443, SEEN_QUIC, START + i * SECOND);
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < VISIBILITY_CLIENTS; i++) {
        assert_int_equal(page.row[i].turn & 1, 0);
        sum += page.row[i].client.flows[SEEN_SNI];
    }
    assert_int_equal(row("10.0.0.1")->flows[SEEN_QUIC], 10000);
    assert_int_equal(row("10.0.0.1")->flows[SEEN_SNI], 0);
    assert_int_equal(sum, VISIBILITY_CLIENTS - 1);
    assert_int_equal(counters[COUNT_VISIBLE_SNI], 10000);
}

static void dns_is_counted_by_the_minute(void **state)
{
    struct addr client = address("10.0.0.1"), other = address("10.0.0.2"), server = address("10.0.0.53");
    uint64_t at = START - START % MINUTE;

    for (unsigned i = 0; i < 50; i++)
        visibility_dns(&v, &client, &server, at + i * SECOND);
    visibility_dns(&v, &other, &server, at);
    for (unsigned i = 0; i < 7; i++)
        flow("10.0.0.1", "192.0.2.53", 853, SEEN_SNI, at + i * SECOND);
    visibility_dns(&v, &client, &server, at + 61 * SECOND);
    assert_int_equal(row("10.0.0.1")->dns, 2);
    assert_int_equal(row("10.0.0.1")->encrypted_dns, 1);
    assert_int_equal(row("10.0.0.2")->dns, 1);
    assert_int_equal(counters[COUNT_VISIBLE_DNS], 3);
    assert_int_equal(counters[COUNT_VISIBLE_ENCRYPTED_DNS], 1);
    assert_int_equal(counters[COUNT_VISIBLE_DOT], 7);
}

static struct image *resolvers(void)
{
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "evil.example");
    struct prefix net;

    assert_true(prefix_parse(span_str("9.9.9.9"), &net, NULL));
    assert_int_equal(build_indicator(b, &ind, NULL), 0);
    assert_int_equal(build_resolver_name(b, span_str("dns.example")), 0);
    assert_int_equal(build_resolver_net(b, &net), 0);
    struct image *im = test_image(b);
    build_free(b);
    return im;
}

/* Port, ALPN, name, address; and what only resembles them. */
static void encrypted_dns_is_recognised(void **state)
{
    static const struct {
        const char *server, *name, *alpn;
        uint16_t port;
        uint8_t ip_proto, seen;
        enum counter is;
    } cases[] = {
        {"192.0.2.1", "a.example", "", 853, IPPROTO_TCP, SEEN_SNI, COUNT_VISIBLE_DOT},
        {"192.0.2.1", "", "", 853, IPPROTO_TCP, SEEN_NAMELESS, COUNT_VISIBLE_DOT},
        {"192.0.2.1", "a.example", "doq", 853, IPPROTO_UDP, SEEN_QUIC, COUNT_VISIBLE_DOQ},
        {"192.0.2.1", "a.example", "", 853, IPPROTO_UDP, SEEN_QUIC, COUNT_VISIBLE_DOQ},
        {"192.0.2.1", "a.example", "h2,dot", 443, IPPROTO_TCP, SEEN_SNI, COUNT_VISIBLE_DOT},
        {"192.0.2.1", "a.example", "dot,h2", 8853, IPPROTO_TCP, SEEN_SNI, COUNT_VISIBLE_DOT},
        {"192.0.2.1", "a.example", "doq", 784, IPPROTO_UDP, SEEN_QUIC, COUNT_VISIBLE_DOQ},
        {"192.0.2.1", "dns.example", "h2", 443, IPPROTO_TCP, SEEN_SNI, COUNT_VISIBLE_DOH},
        {"192.0.2.1", "me.dns.example", "h3", 443, IPPROTO_UDP, SEEN_QUIC, COUNT_VISIBLE_DOH},
        {"192.0.2.1", "dns.example", "h2", 443, IPPROTO_TCP, SEEN_OUTER, COUNT_VISIBLE_DOH},
        {"9.9.9.9", "", "", 443, IPPROTO_TCP, SEEN_NAMELESS, COUNT_VISIBLE_DOH},
        {"9.9.9.9", "", "", 80, IPPROTO_TCP, SEEN_NAMELESS, COUNTERS},
        {"192.0.2.1", "mydns.example", "h2", 443, IPPROTO_TCP, SEEN_SNI, COUNTERS},
        {"192.0.2.1", "dns.example", "", 80, IPPROTO_TCP, SEEN_HTTP, COUNTERS},
        {"192.0.2.1", "a.example", "dots,xdot,do", 443, IPPROTO_TCP, SEEN_SNI, COUNTERS},
        {"192.0.2.1", "a.example", "d", 443, IPPROTO_TCP, SEEN_SNI, COUNTERS},
        {"192.0.2.1", "evil.example", "h2", 443, IPPROTO_TCP, SEEN_SNI, COUNTERS},
    };
    static const enum counter kinds[] = {COUNT_VISIBLE_DOT, COUNT_VISIBLE_DOQ, COUNT_VISIBLE_DOH};
    struct image *im = resolvers();

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct visibility_flow f =
            flow_of("10.0.0.1", cases[i].server, cases[i].port, (enum seen)cases[i].seen);
        f.ip_proto = cases[i].ip_proto;
        f.name = span_str(cases[i].name);
        f.alpn = span_str(cases[i].alpn);
        f.im = im;
        memset(counters, 0, sizeof counters);
        visibility_flow(&v, &f, START + i * MINUTE);
        for (unsigned k = 0; k < 3; k++)
            if (counters[kinds[k]] != (cases[i].is == kinds[k]))
                fail_msg("case %u: %s is %u", i, counter_infos[kinds[k]].name, (unsigned)counters[kinds[k]]);
        assert_int_equal(counters[COUNT_VISIBLE_ENCRYPTED_DNS], cases[i].is != COUNTERS);
    }
    struct visibility_flow f = flow_of("10.0.0.1", "9.9.9.9", 443, SEEN_NAMELESS);
    visibility_flow(&v, &f, START); /* before the first image */
    image_unmap(im);
}

/* One connection after the other: who opens, whether it is answered, whether its client's data is there. */
static void connections(unsigned n, const char *client, bool opened, bool answered, bool data)
{
    while (n-- > 0) {
        if (opened)
            syn(client, TCP_SYN);
        if (answered)
            syn("192.0.2.1", TCP_SYN | TCP_ACK);
        if (data)
            flow(client, "192.0.2.1", 22, SEEN_SNI, START);
    }
}

static void both_directions_are_nothing_to_say(void **state)
{
    connections(1000, "10.0.0.1", true, true, true);
    connections(3000, "10.0.0.1", true, false, false); /* a scan */
    assert_int_equal(said(START), NOTICES);
}

static void one_direction_is_said_once(void **state)
{
    connections(49, "10.0.0.1", true, false, true);
    assert_int_equal(said(START), NOTICES);
    connections(1, "10.0.0.1", true, false, true);
    assert_int_equal(said(START), NOTICE_CLIENTS_ONLY);
    connections(1000, "10.0.0.1", true, false, true);
    assert_int_equal(said(START), NOTICES);
}

static void some_answers_are_enough(void **state)
{
    connections(98, "10.0.0.1", true, false, true);
    connections(2, "10.0.0.1", true, true, true);
    assert_int_equal(said(START), NOTICES);
}

static void data_without_openings_is_midstream(void **state)
{
    connections(1000, "10.0.0.1", false, false, true);
    assert_int_equal(said(START), NOTICES);
}

static void only_answers(void **state)
{
    connections(49, "10.0.0.1", false, true, false);
    assert_int_equal(said(START), NOTICES);
    connections(1, "10.0.0.1", false, true, false);
    assert_int_equal(said(START), NOTICE_SERVERS_ONLY);
}

/* A mirror that loses a direction after a long good time. */
static void the_past_weighs_less(void **state)
{
    connections(100000, "10.0.0.1", true, true, true);
    assert_int_equal(said(START), NOTICES);
    connections(20000, "10.0.0.1", true, false, true);
    assert_int_equal(said(START), NOTICE_CLIENTS_ONLY);
}

static void one_client(void **state)
{
    static const struct {
        const char *opener, *other;
        unsigned many, few, notice;
    } cases[] = {
        {"198.51.100.7", "203.0.113.1", 199, 0, NOTICES},
        {"198.51.100.7", "203.0.113.1", 200, 0, NOTICE_ONE_CLIENT},
        {"198.51.100.7", "203.0.113.1", 500, 10, NOTICE_ONE_CLIENT},
        {"198.51.100.7", "203.0.113.1", 500, 30, NOTICES},
        {"192.168.1.7", "203.0.113.1", 500, 0, NOTICES},
        {"100.64.3.7", "203.0.113.1", 500, 0, NOTICE_ONE_CLIENT},
        {"100.128.3.7", "203.0.113.1", 500, 0, NOTICE_ONE_CLIENT},
        {"2001:db8::7", "2001:db8::8", 500, 0, NOTICES},
        {"198.51.100.7", "2001:db8::8", 200, 500, NOTICE_ONE_CLIENT},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        /* The few come in between, and first. */
        for (unsigned n = 0; n < cases[i].many || n < cases[i].few; n++) {
            if (n < cases[i].few)
                connections(1, cases[i].other, true, true, true);
            if (n < cases[i].many)
                connections(1, cases[i].opener, true, true, true);
        }
        if (said(START) != cases[i].notice)
            fail_msg("case %u", i);
    }
}

/* Many with public addresses, each of whom opens much for a while. */
static void many_clients_in_turn(void **state)
{
    char text[32];

    for (unsigned turn = 0; turn < 100; turn++) {
        snprintf(text, sizeof text, "198.51.100.%u", turn);
        connections(150, text, true, true, true);
        assert_int_equal(said(START + turn * MINUTE), NOTICES);
    }
}

static void web(unsigned n, enum seen seen, uint64_t now_ns)
{
    while (n-- > 0)
        flow("10.0.0.1", "192.0.2.1", 443, seen, now_ns);
}

static void a_large_dark_share_is_said(void **state)
{
    web(140, SEEN_SNI, START);
    web(60, SEEN_OUTER, START);
    assert_int_equal(said(START), NOTICES); /* 30 per cent */
    web(5, SEEN_NAMELESS, START);
    assert_int_equal(said(START), NOTICE_DARK);
    web(500, SEEN_NAMELESS, START + HOUR);
    assert_int_equal(said(START + HOUR), NOTICES);
}

static void what_needs_no_name_is_not_dark(void **state)
{
    struct addr server = address("192.0.2.1");

    web(200, SEEN_SNI, START);
    for (unsigned i = 0; i < 500; i++)
        flow("10.0.0.1", "192.0.2.2", 22, SEEN_NAMELESS, START);
    visibility_resolved(&v, &server, START);
    web(500, SEEN_NAMELESS, START);
    assert_int_equal(said(START), NOTICES);
}

static void an_hour_is_judged_by_itself(void **state)
{
    assert_int_equal(said(START), NOTICES);
    web(199, SEEN_NAMELESS, START + MINUTE);
    assert_int_equal(said(START + HOUR - 1), NOTICES);
    assert_int_equal(said(START + HOUR + 1), NOTICES);
    web(199, SEEN_NAMELESS, START + HOUR + MINUTE);
    assert_int_equal(said(START + HOUR + MINUTE), NOTICES);
    assert_int_equal(said(START - 3 * HOUR), NOTICES); /* the next file is older */
    web(199, SEEN_NAMELESS, START - 3 * HOUR);
    assert_int_equal(said(START - 3 * HOUR), NOTICES);
    web(1, SEEN_NAMELESS, START - 3 * HOUR);
    assert_int_equal(said(START - 3 * HOUR), NOTICE_DARK);
}

static void encrypted_dns_is_said(void **state)
{
    struct addr client = address("10.0.0.1"), server = address("10.0.0.53");

    for (unsigned i = 0; i < 10; i++) {
        visibility_dns(&v, &client, &server, START + i * MINUTE);
        flow("10.0.0.2", "192.0.2.53", 853, SEEN_SNI, START + i * MINUTE);
    }
    assert_int_equal(said(START + 10 * MINUTE), NOTICES); /* half */
    flow("10.0.0.3", "192.0.2.53", 853, SEEN_SNI, START + 10 * MINUTE);
    assert_int_equal(said(START + 10 * MINUTE), NOTICE_DNS_ENCRYPTED);
}

/* Each text takes the source and the percentage, and fits into what main renders. */
static void notices_have_two_numbers(void **state)
{
    for (unsigned n = NOTICE_CLIENTS_ONLY; n <= NOTICE_DNS_ENCRYPTED; n++) {
        const char *first = strstr(notice_texts[n], "%llu");
        assert_non_null(first);
        const char *second = strstr(first + 1, "%llu");
        assert_non_null(second);
        assert_null(strchr(second + 1, '%'));
        assert_true(strncmp(notice_texts[n], "file or interface %llu", 22) == 0);
        assert_true(strlen(notice_texts[n]) < 600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts_by_kind_and_client, fresh),
        cmocka_unit_test_setup(nonsense_multicast_and_dns_are_no_flows, fresh),
        cmocka_unit_test_setup(addresses_that_dns_gave, fresh),
        cmocka_unit_test_setup(the_table_of_addresses_forgets, fresh),
        cmocka_unit_test_setup(clients_give_way, fresh),
        cmocka_unit_test_setup(dns_is_counted_by_the_minute, fresh),
        cmocka_unit_test_setup(encrypted_dns_is_recognised, fresh),
        cmocka_unit_test_setup(both_directions_are_nothing_to_say, fresh),
        cmocka_unit_test_setup(one_direction_is_said_once, fresh),
        cmocka_unit_test_setup(some_answers_are_enough, fresh),
        cmocka_unit_test_setup(data_without_openings_is_midstream, fresh),
        cmocka_unit_test_setup(only_answers, fresh),
        cmocka_unit_test_setup(the_past_weighs_less, fresh),
        cmocka_unit_test_setup(one_client, fresh),
        cmocka_unit_test_setup(many_clients_in_turn, fresh),
        cmocka_unit_test_setup(a_large_dark_share_is_said, fresh),
        cmocka_unit_test_setup(what_needs_no_name_is_not_dark, fresh),
        cmocka_unit_test_setup(an_hour_is_judged_by_itself, fresh),
        cmocka_unit_test_setup(encrypted_dns_is_said, fresh),
        cmocka_unit_test_setup(notices_have_two_numbers, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
