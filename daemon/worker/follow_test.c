/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows to listed and learned addresses: stages, bytes, and every guard against false alarms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "worker/rig.h"

static const char *const listed[] = {"evil.example",    "!fine.evil.example",    "192.0.2.66",
                                     "198.51.100.0/24", "shared 203.0.113.0/24", NULL};
static const struct rig_end alice = {"10.0.0.5", 40000}, bob = {"10.0.0.6", 41000},
                            resolver = {"10.0.0.1", 53}, upstream = {"9.9.9.9", 53};
static uint8_t buf[4096];

static void ask(struct rig *rig, struct rig_end who, struct rig_end whom, uint16_t id, const char *name)
{
    rig_udp(rig, who, whom, buf, rig_dns_query(buf, id, name));
}

static void answer(struct rig *rig, struct rig_end who, struct rig_end whom, uint16_t id, const char *name,
                   const char *addr)
{
    const char *const addrs[] = {addr, NULL};
    rig_udp(rig, whom, who, buf, rig_dns_answer(buf, id, name, NULL, addrs));
}

static void resolve(struct rig *rig, struct rig_end who, struct rig_end whom, const char *name,
                    const char *addr)
{
    ask(rig, who, whom, 77, name);
    answer(rig, who, whom, 77, name, addr);
}

static void connect_to(struct rig *rig, struct rig_end from, struct rig_end to)
{
    rig_tcp(rig, from, to, 100, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, to, from, 900, 101, TCP_SYN | TCP_ACK, NULL, 0);
    rig_tcp(rig, from, to, 101, 901, TCP_ACK, NULL, 0);
}

static void exchange(struct rig *rig, struct rig_end from, struct rig_end to, const void *bytes, size_t len)
{
    connect_to(rig, from, to);
    rig_tcp(rig, from, to, 101, 901, TCP_ACK, bytes, len);
    rig_tcp(rig, to, from, 901, 0, TCP_ACK, "reply", 5);
}

/* The stages of an indicator's sightings in order, those that count in capitals: q r a c e s. */
static const char *stages(struct rig *rig, int via)
{
    static char text[RIG_RECORDS_MAX + 1];
    unsigned n = 0;

    rig_drain(rig);
    for (unsigned i = 0; i < rig->records; i++) {
        const struct record *r = &rig->record[i].r;
        if (r->kind == RECORD_SIGHTING && (via < 0 || r->via == via))
            text[n++] = (char)(stage_names[r->stage][0] - ((r->flags & RECORD_UPDATE) != 0 ? 0 : 'a' - 'A'));
    }
    text[n] = 0;
    return text;
}

static void dns_stages(void **state)
{
    struct rig *rig = rig_new(listed);
    const struct record *r = NULL;

    resolve(rig, alice, resolver, "www.evil.example", "192.0.2.9");
    assert_string_equal(stages(rig, -1), "Qqr");
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_DNS_ADDRESS, "192.0.2.9", &r), 1);
    assert_int_equal(r->client_port, alice.port);
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), 1);
    resolve(rig, alice, resolver, "fine.evil.example", "192.0.2.10");
    resolve(rig, alice, resolver, "notevil.example", "192.0.2.11");
    assert_string_equal(stages(rig, -1), "Qqr");
    rig_free(rig);
}

/* An answer of hundreds of addresses fills neither the ring nor the table. */
static void many_addresses(void **state)
{
    enum { ADDRESSES = 120 };
    static char text[ADDRESSES][16];
    const char *addrs[ADDRESSES + 1] = {NULL};
    struct rig *rig = rig_new(listed);

    for (unsigned i = 0; i < ADDRESSES; i++) {
        snprintf(text[i], sizeof text[i], "203.0.114.%u", i);
        addrs[i] = text[i];
    }
    ask(rig, alice, resolver, 5, "evil.example");
    rig_udp(rig, resolver, alice, buf, rig_dns_answer(buf, 5, "evil.example", NULL, addrs));
    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_DNS_ADDRESS, NULL, NULL), ADDRESSES);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_DNS_ADDRESS, NULL, NULL), WORKER_ADDRESSES);
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), WORKER_ADDRESSES);
    rig_free(rig);
}

/* An answer alone, on a mirror that shows one direction, is a sighting; but nothing is learned from it. */
static void unasked_answer(void **state)
{
    struct rig *rig = rig_new(listed);

    answer(rig, alice, resolver, 5, "evil.example", "192.0.2.9");
    assert_string_equal(stages(rig, -1), "Qr");
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), 0);
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 443}, "x", 1);
    rig_finish(rig);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_LEARNED, NULL, NULL), 0);
    rig_free(rig);
}

/* A blocker's answer resolves nothing. */
static void sinkholed(void **state)
{
    struct rig *rig = rig_new(listed);

    resolve(rig, alice, resolver, "evil.example", "0.0.0.0");
    resolve(rig, alice, resolver, "evil.example", "127.0.0.1");
    assert_string_equal(stages(rig, -1), "QqqQqq");
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), 0);
    rig_free(rig);
}

/* A listed name behind an innocent alias: the addresses at its end are learned for it. */
static void alias(void **state)
{
    const char *const addrs[] = {"192.0.2.9", NULL};
    struct rig *rig = rig_new(listed);

    ask(rig, alice, resolver, 9, "short.example");
    rig_udp(rig, resolver, alice, buf, rig_dns_answer(buf, 9, "short.example", "cdn.evil.example", addrs));
    assert_string_equal(stages(rig, -1), "Qr");
    assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, "192.0.2.9", NULL), 1);
    rig_free(rig);
}

/* A connection to a learned address without a name is a sighting of the client that asked. */
static void learned_nameless(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 8443}, "not TLS at all", 14);
    assert_string_equal(stages(rig, VIA_LEARNED), "Ce");
    rig_finish(rig);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_LEARNED, "evil.example", &r), 2);
    assert_int_equal(r->bytes_out, 14);
    assert_int_equal(r->bytes_in, 5);
    rig_free(rig);
}

/* A SYN that nobody answers is told after a while, and one that is refused at once. */
static void learned_attempted(void **state)
{
    struct rig *rig = rig_new(listed);

    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    rig_tcp(rig, alice, (struct rig_end){"192.0.2.9", 443}, 100, 0, TCP_SYN, NULL, 0);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    rig_wait(rig, 6000000000u);
    assert_string_equal(stages(rig, VIA_LEARNED), "A");
    rig_tcp(rig, alice, (struct rig_end){"192.0.2.9", 444}, 100, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, (struct rig_end){"192.0.2.9", 444}, alice, 0, 101, TCP_RST | TCP_ACK, NULL, 0);
    assert_string_equal(stages(rig, VIA_LEARNED), "AA");
    rig_free(rig);
}

/* Another name on the same address: the name wins. */
static void learned_overruled(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len;

    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    len = rig_hello(buf, sizeof buf, "innocent.example", 0, 10000, 1);
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 443}, buf, len);
    rig_finish(rig);
    assert_string_equal(stages(rig, -1), "Qqr");
    assert_int_equal(rig->w->counters[COUNT_LEARNED_OVERRULED], 1);
    rig_free(rig);

    rig = rig_new(listed);
    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    len = rig_hello(buf, sizeof buf, "www.evil.example", 0, 10000, 1);
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 443}, buf, len);
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    assert_string_equal(stages(rig, VIA_TLS_SNI), "Ce");
    rig_free(rig);
}

/* Encrypted Client Hello: an outer name that the client never asked for hides another; a name that it asked
 * for is its own, and the extension a pretence (GREASE). */
static void learned_ech(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello_with(buf, sizeof buf, "public.example", 0xfe0d, 100, 10000, 1);
    static uint8_t hello[4096];

    memcpy(hello, buf, len);
    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 443}, hello, len);
    assert_string_equal(stages(rig, VIA_LEARNED), "Ce");
    rig_free(rig);

    rig = rig_new(listed);
    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    resolve(rig, alice, resolver, "public.example", "192.0.2.9");
    exchange(rig, alice, (struct rig_end){"192.0.2.9", 443}, hello, len);
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    rig_free(rig);
}

/* Others who use the address never asked: nothing, unless the asker is a resolver and nobody else was seen
 * asking. */
static void strangers(void **state)
{
    struct rig *rig = rig_new(listed);

    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    exchange(rig, bob, (struct rig_end){"192.0.2.9", 443}, "nameless", 8);
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    rig_free(rig);

    /* The resolver is known as one, because it answered somebody; it asks upstream. */
    rig = rig_new(listed);
    const struct record *r = NULL;
    resolve(rig, bob, resolver, "innocent.example", "192.0.2.200");
    resolve(rig, (struct rig_end){"10.0.0.1", 5000}, upstream, "evil.example", "192.0.2.9");
    exchange(rig, bob, (struct rig_end){"192.0.2.9", 443}, "nameless", 8);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_LEARNED, "evil.example", &r), 2);
    assert_true(r->flags & RECORD_VIA_RESOLVER);
    rig_free(rig);
}

/* Who answers a neighbour by LLMNR is no resolver, and whoever asks and answers is not forgotten for others.
 */
static void who_is_resolver(void **state)
{
    struct rig *rig = rig_new(listed);
    char addr[32];

    resolve(rig, (struct rig_end){"10.0.0.6", 4242}, (struct rig_end){"10.0.0.5", 5355}, "desktop",
            "10.0.0.5");
    resolve(rig, alice, resolver, "evil.example", "192.0.2.9");
    exchange(rig, bob, (struct rig_end){"192.0.2.9", 4444}, "nameless", 8);
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    rig_free(rig);

    rig = rig_new(listed);
    resolve(rig, bob, resolver, "innocent.example", "192.0.2.200");
    resolve(rig, (struct rig_end){"10.0.0.1", 5000}, upstream, "evil.example", "192.0.2.9");
    for (unsigned i = 0; i < 8 * LEARNED_ASKERS; i++) {
        snprintf(addr, sizeof addr, "10.1.%u.%u", i / 256, i % 256);
        ask(rig, (struct rig_end){addr, 5000}, upstream, 1, "innocent.example");
    }
    exchange(rig, bob, (struct rig_end){"192.0.2.9", 4444}, "nameless", 8);
    assert_string_equal(stages(rig, VIA_LEARNED), "Ce");
    rig_free(rig);
}

/* One answer poisoned with everybody's resolver: DNS to it is never a sighting, and many users suspend the
 * entry. */
static void poisoned(void **state)
{
    struct rig *rig = rig_new(listed);
    char addr[32];

    resolve(rig, alice, resolver, "evil.example", "8.8.8.8");
    resolve(rig, alice, (struct rig_end){"8.8.8.8", 53}, "innocent.example", "192.0.2.200");
    resolve(rig, bob, (struct rig_end){"8.8.8.8", 53}, "innocent.example", "192.0.2.200");
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    rig_free(rig);

    rig = rig_new(listed);
    resolve(rig, bob, resolver, "innocent.example", "192.0.2.200");
    resolve(rig, (struct rig_end){"10.0.0.1", 5000}, upstream, "evil.example", "8.8.8.8");
    rig_udp(rig, bob, (struct rig_end){"8.8.8.8", 443}, "QUIC shows a name", 17);
    rig_wait(rig, 10 * 1000000000ull);
    assert_string_equal(stages(rig, VIA_LEARNED), "");
    for (unsigned i = 0; i < 40; i++) {
        snprintf(addr, sizeof addr, "10.0.1.%u", i);
        exchange(rig, (struct rig_end){addr, 1234}, (struct rig_end){"8.8.8.8", 443}, "nameless", 8);
    }
    rig_finish(rig);
    rig_drain(rig);
    unsigned counted = 0;
    for (unsigned i = 0; i < rig->records; i++)
        counted += rig->record[i].r.kind == RECORD_SIGHTING && rig->record[i].r.via == VIA_LEARNED &&
                   (rig->record[i].r.flags & RECORD_UPDATE) == 0;
    assert_int_equal(counted, LEARNED_STRANGERS_MAX);
    assert_int_equal(rig_count(rig, RECORD_NOTICE, -1, NULL, NULL), 1);
    rig_free(rig);
}

/* In a shared range a nameless flow may raise an incident, never open one. */
static void shared_range(void **state)
{
    struct rig *rig = rig_new(listed);

    resolve(rig, alice, resolver, "evil.example", "203.0.113.9");
    exchange(rig, alice, (struct rig_end){"203.0.113.9", 443}, "nameless", 8);
    assert_string_equal(stages(rig, VIA_LEARNED), "ce");
    rig_free(rig);
}

static void listed_address(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    exchange(rig, alice, (struct rig_end){"192.0.2.66", 443}, "x", 1);
    assert_string_equal(stages(rig, VIA_FLOW), "Ace");
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, "192.0.2.66", &r);
    assert_false(r->flags & RECORD_GUESSED);
    rig_free(rig);

    rig = rig_new(listed);
    rig_udp(rig, alice, (struct rig_end){"198.51.100.3", 500}, "x", 1);
    rig_udp(rig, (struct rig_end){"198.51.100.3", 500}, alice, "yy", 2);
    assert_string_equal(stages(rig, VIA_FLOW), "Ae");
    rig_finish(rig);
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, "198.51.100.3", &r);
    assert_int_equal(r->bytes_out, 1);
    assert_int_equal(r->bytes_in, 2);
    rig_free(rig);
}

/* A FIN takes a sequence number, and so shifts what follows it; it is no byte. */
static void an_end_is_no_byte(void **state)
{
    const struct record *r = NULL;
    const struct rig_end them = {"192.0.2.66", 443};
    struct rig *rig = rig_new(listed);

    exchange(rig, alice, them, "x", 1);
    rig_tcp(rig, alice, them, 102, 906, TCP_FIN | TCP_ACK, NULL, 0);
    rig_tcp(rig, alice, them, 102, 906, TCP_FIN | TCP_ACK, NULL, 0);
    rig_tcp(rig, them, alice, 906, 103, TCP_FIN | TCP_ACK, "bye", 3);
    rig_tcp(rig, alice, them, 103, 910, TCP_ACK, NULL, 0);
    rig_tcp(rig, them, alice, 910, 103, TCP_RST, NULL, 0);
    rig_finish(rig);
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, "192.0.2.66", &r);
    assert_int_equal(r->bytes_out, 1);
    assert_int_equal(r->bytes_in, 8);
    rig_free(rig);
}

/* The listed address knocks at our door: scanned; connected only if answered. Our end stays the client of the
 * record. */
static void scanned(void **state)
{
    const struct record *r = NULL;
    const struct rig_end them = {"192.0.2.66", 50000}, ours = {"10.0.0.5", 22};
    struct addr a;
    struct rig *rig = rig_new(listed);

    rig_tcp(rig, them, ours, 100, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, ours, them, 0, 101, TCP_RST | TCP_ACK, NULL, 0);
    assert_string_equal(stages(rig, VIA_FLOW), "S");
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    addr_parse(span_str(ours.addr), &a);
    assert_true(addr_eq(&a, &r->client));
    assert_int_equal(r->client_port, 22);
    assert_true(r->flags & RECORD_INBOUND);
    rig_free(rig);

    rig = rig_new(listed);
    exchange(rig, them, ours, "x", 1);
    assert_string_equal(stages(rig, VIA_FLOW), "Sce");
    rig_free(rig);
}

/* The opening was not seen: who is the client is guessed, and said to be. */
static void midstream_address(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    rig_tcp(rig, (struct rig_end){"192.0.2.66", 443}, alice, 100, 5, TCP_ACK, "data", 4);
    rig_tcp(rig, alice, (struct rig_end){"192.0.2.66", 443}, 5, 104, TCP_ACK, "data", 4);
    assert_string_equal(stages(rig, VIA_FLOW), "Ce");
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    assert_int_equal(r->client_port, alice.port);
    assert_true(r->flags & RECORD_GUESSED);
    rig_free(rig);
}

/* A mirror that delivers every packet twice changes neither counts nor bytes. */
static void mirrored_twice(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    for (unsigned copy = 0; copy < 2; copy++, rig->frame = 0) /* the same IP identification */
        rig_udp(rig, alice, (struct rig_end){"198.51.100.3", 500}, "four", 4);
    rig_finish(rig);
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    assert_int_equal(r->bytes_out, 4);
    assert_int_equal(rig->w->counters[COUNT_DUPLICATES], 1);
    rig_free(rig);
}

/* Datagrams of one size whose checksum the hardware was to fill in are no copies of each other. */
static void same_size_is_no_copy(void **state)
{
    static const char *const texts[] = {"first datagram, of", "other datagram, of"};
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    for (unsigned i = 0; i < 2; i++, rig->frame = 0)
        rig_udp(rig, alice, (struct rig_end){"198.51.100.3", 500}, texts[i], 18);
    rig_finish(rig);
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    assert_int_equal(r->bytes_out, 36);
    assert_int_equal(rig->w->counters[COUNT_DUPLICATES], 0);
    rig_free(rig);
}

/* After a reload a watched flow goes on with the new number of its indicator, or is let go. */
static void reloaded(void **state)
{
    static const char *const more[] = {"a.example", "192.0.2.66", NULL};
    static const char *const none[] = {"a.example", NULL};
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);
    uint32_t before;

    connect_to(rig, alice, (struct rig_end){"192.0.2.66", 443});
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    before = r->ioc;
    rig_image(rig, more);
    rig_tcp(rig, alice, (struct rig_end){"192.0.2.66", 443}, 101, 901, TCP_ACK, "x", 1);
    rig_tcp(rig, (struct rig_end){"192.0.2.66", 443}, alice, 901, 102, TCP_ACK, "y", 1);
    assert_string_equal(stages(rig, VIA_FLOW), "Ace");
    rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    assert_int_equal(r->generation, 2);
    assert_int_not_equal(r->ioc, before);
    rig_image(rig, none);
    rig_tcp(rig, alice, (struct rig_end){"192.0.2.66", 443}, 102, 902, TCP_ACK, "more", 4);
    rig_finish(rig);
    assert_string_equal(stages(rig, VIA_FLOW), "Ace");
    rig_free(rig);
}

/* The bytes of a flow that ended, or fell silent, are told by then: not when its place is needed, days later.
 * A FIN is no byte. */
static void told_when_silent(void **state)
{
    const struct rig_end bad = {"192.0.2.66", 443};
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);

    exchange(rig, alice, bad, "12345678", 8);
    rig_tcp(rig, bad, alice, 906, 109, TCP_ACK, "four", 4);
    rig_wait(rig, 61 * 1000000000ull);
    unsigned before = rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, &r);
    assert_int_equal(r->bytes_out, 8);
    assert_int_equal(r->bytes_in, 9);
    rig_finish(rig);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, NULL), before);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dns_stages),
        cmocka_unit_test(many_addresses),
        cmocka_unit_test(unasked_answer),
        cmocka_unit_test(sinkholed),
        cmocka_unit_test(alias),
        cmocka_unit_test(learned_nameless),
        cmocka_unit_test(learned_attempted),
        cmocka_unit_test(learned_overruled),
        cmocka_unit_test(learned_ech),
        cmocka_unit_test(strangers),
        cmocka_unit_test(poisoned),
        cmocka_unit_test(shared_range),
        cmocka_unit_test(listed_address),
        cmocka_unit_test(an_end_is_no_byte),
        cmocka_unit_test(scanned),
        cmocka_unit_test(midstream_address),
        cmocka_unit_test(mirrored_twice),
        cmocka_unit_test(same_size_is_no_copy),
        cmocka_unit_test(reloaded),
        cmocka_unit_test(who_is_resolver),
        cmocka_unit_test(told_when_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
