/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of live capture on a pair of virtual Ethernet interfaces, in a network namespace of the test's own,
 * which vanishes with it. Skipped without the privilege to make one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet/capture.h"
#include "packet/decode.h"
#include "packet/packet_build.h"

#define WAIT_NS 5000000000u
#define FLOWS   64

static const char magic[] = "bridle live test";

struct seen {
    unsigned packets;
    struct packet last;
    uint8_t bytes[2048];  /* of the last */
    unsigned flow[FLOWS]; /* packets by the flow that their payload names */
    bool each_next; /* flows follow one another, 0 behind the last, and numbers of packets grow by one */
    enum decode_result result;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static int setup(void **state)
{
    run("ip link add v0 type veth peer name v1");
    run("sysctl -qw net.ipv6.conf.v0.disable_ipv6=1 net.ipv6.conf.v1.disable_ipv6=1");
    run("ip link set v0 up && ip link set v1 up");
    return 0;
}

static int teardown(void **state)
{
    return system("ip link del v0 2>/dev/null") < 0;
}

static struct capture_live_options options(const char *interface)
{
    struct capture_live_options o = {.ring_bytes = 16u << 20,
                                     .block_timeout_ms = 20,
                                     .workers = 1,
                                     .promiscuous = true};

    snprintf(o.interface, sizeof o.interface, "%s", interface);
    return o;
}

static struct capture_live *open_live(const struct capture_live_options *o)
{
    struct capture_live *c;
    char why[256] = "";

    if (capture_live_open(o, 3, &c, why, sizeof why) != 0)
        fail_msg("%s", why);
    return c;
}

static void send_from(const char *interface, struct build *b)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
    static int fd = -1;

    if (fd < 0)
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(sendto(fd, build_at(b), b->len, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)b->len);
}

/* Takes a packet whose UDP or TCP payload is the magic text and a flow's number. */
static void take_one(struct seen *s, struct packet *p)
{
    static uint64_t counters[COUNTERS];
    struct decoder d = {.counters = counters};
    enum decode_result r = packet_decode(&d, p);

    if (p->payload_bytes < sizeof magic || memcmp(p->payload, magic, sizeof magic - 1) != 0)
        return;
    uint8_t flow = p->payload[sizeof magic - 1] % FLOWS;
    s->each_next &= s->packets % FLOWS == flow && (s->packets == 0 || s->last.number < p->number);
    s->packets++;
    s->result = r;
    s->last = *p;
    s->flow[flow]++;
    memcpy(s->bytes, p->at, p->captured_bytes < sizeof s->bytes ? p->captured_bytes : sizeof s->bytes);
}

static void take(void *ctx, struct packet *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        take_one(ctx, &p[i]);
}

/* Waits at most so long, then takes what is there. */
static int take_within(struct capture_live *c, int wait_ms, struct seen *s)
{
    struct pollfd fd = {.fd = capture_live_fd(c), .events = POLLIN};

    poll(&fd, 1, wait_ms);
    return capture_live_dispatch(c, fd.revents, 64, take, s);
}

static void receive(struct capture_live *c, struct seen *s, unsigned packets)
{
    uint64_t until = now_ns(CLOCK_MONOTONIC) + WAIT_NS;

    while (s->packets < packets && now_ns(CLOCK_MONOTONIC) < until)
        assert_true(take_within(c, 100, s) >= 0);
    assert_int_equal(s->packets, packets);
}

static void payload(struct build *b, uint8_t flow, size_t padding)
{
    static const uint8_t zeros[1500];

    b->len = 0;
    build_before(b, zeros, padding);
    build_before(b, &flow, 1);
    build_before(b, magic, sizeof magic - 1);
}

static void udp_frame(struct build *b, uint8_t flow, size_t padding)
{
    payload(b, flow, padding);
    build_udp(b);
    build_ipv4(b, 17, 0, 0);
    build_ethernet(b, 0x0800);
}

/* What was sent is received, in order, both ways, byte for byte; counts agree; nothing blocks. */
static void everything(void **state)
{
    struct capture_live_options o = options("v0");
    struct capture_live *c = open_live(&o);
    struct seen s = {0};
    struct build b;
    struct capture_live_counts counts;

    for (unsigned i = 0; i < 200; i++) {
        udp_frame(&b, (uint8_t)i, i * 5);
        send_from(i % 2 ? "v1" : "v0", &b);
        if (i % 50 == 49)
            receive(c, &s, i + 1);
    }
    assert_memory_equal(s.bytes, build_at(&b), b.len);
    assert_int_equal(s.last.captured_bytes, b.len);
    assert_int_equal(s.last.wire_bytes, b.len);
    assert_int_equal(s.last.linktype, 1);
    assert_int_equal(s.last.source, 3);
    assert_true(s.last.number >= 200);
    uint64_t now = now_ns(CLOCK_REALTIME);
    assert_in_range(s.last.ts_ns, now - 60 * UINT64_C(1000000000), now);
    assert_int_equal(capture_live_counts(c, &counts), 0);
    assert_in_range(counts.received, 200, 300);
    assert_int_equal(counts.dropped, 0);
    assert_int_equal(capture_live_counts(c, &counts), 0);
    assert_in_range(counts.received, 200, 300); /* the kernel forgets at each read, we do not */
    uint64_t before = now_ns(CLOCK_MONOTONIC);
    assert_int_equal(take_within(c, 0, &s), 0);
    assert_true(now_ns(CLOCK_MONOTONIC) - before < 500000000u);
    capture_live_close(c);
}

/* A VLAN tag that the kernel took out is put back, also where "any" interface is captured. */
static void vlan_tags(void **state)
{
    static const char *const interfaces[] = {"v0", "any"};

    for (unsigned i = 0; i < 2; i++) {
        struct capture_live_options o = options(interfaces[i]);
        struct capture_live *c = open_live(&o);
        struct seen s = {0};
        struct build b;
        payload(&b, 0, 0);
        build_udp(&b);
        build_ipv4(&b, 17, 0, 0);
        build_vlan(&b, 100, 0x0800);
        build_ethernet(&b, 0x8100);
        send_from("v1", &b);
        receive(c, &s, i == 0 ? 1 : 2); /* "any" sees it leave and arrive */
        assert_int_equal(s.result, DECODE_UDP);
        assert_int_equal(s.last.vlans, 1);
        assert_int_equal(s.last.vlan[0], 100);
        capture_live_close(c);
    }
}

/* Many times around a small ring, with packets of all sizes, each seventh with a tag: each is seen once and
 * in order, however many are handed over together and wherever a turn ends. */
static void around(void **state)
{
    struct capture_live_options o = options("v0");
    o.ring_bytes = 512u << 10;
    struct capture_live *c = open_live(&o);
    struct seen s = {.each_next = true};
    struct build b;

    for (unsigned i = 0; i < 20000; i++) {
        payload(&b, (uint8_t)(i % FLOWS), i * 37 % 1400);
        build_udp(&b);
        build_ipv4(&b, 17, 0, 0);
        if (i % 7 == 0)
            build_vlan(&b, 100, 0x0800);
        build_ethernet(&b, i % 7 == 0 ? 0x8100 : 0x0800);
        send_from("v1", &b);
        if (i % 250 == 249)
            receive(c, &s, i + 1);
    }
    assert_true(s.each_next);
    capture_live_close(c);
}

/* What loopback sends it also receives: it is seen once. */
static void loopback(void **state)
{
    struct capture_live_options o = options("lo");
    struct capture_live *c = open_live(&o);
    struct seen s = {.each_next = true};
    struct build b;

    for (unsigned i = 0; i < 40; i++) {
        udp_frame(&b, (uint8_t)i, 0);
        send_from("lo", &b);
    }
    receive(c, &s, 40);
    for (unsigned i = 0; i < 5; i++)
        assert_true(take_within(c, 20, &s) >= 0);
    assert_int_equal(s.packets, 40);
    assert_true(s.each_next);
    capture_live_close(c);
}

static void snaplen(void **state)
{
    struct capture_live_options o = options("v0");
    o.snaplen_bytes = 96;
    struct capture_live *c = open_live(&o);
    struct seen s = {0};
    struct build b;

    udp_frame(&b, 0, 1000);
    send_from("v1", &b);
    receive(c, &s, 1);
    assert_int_equal(s.last.captured_bytes, 96);
    assert_int_equal(s.last.wire_bytes, b.len);
    assert_int_equal(s.last.payload_wire_bytes, sizeof magic + 1000);
    capture_live_close(c);
}

static void filter(void **state)
{
    struct capture_live_options o = options("v0");
    char why[256] = "";
    struct capture_live *c;
    struct seen s = {0};
    struct build b;

    snprintf(o.filter, sizeof o.filter, "tcp");
    c = open_live(&o);
    for (unsigned i = 0; i < 20; i++) {
        udp_frame(&b, 1, 0);
        send_from("v1", &b);
    }
    payload(&b, 2, 0);
    build_tcp(&b, 0);
    build_ipv4(&b, 6, 0, 0);
    build_ethernet(&b, 0x0800);
    send_from("v1", &b);
    receive(c, &s, 1);
    assert_int_equal(s.flow[2], 1);
    capture_live_close(c);

    snprintf(o.filter, sizeof o.filter, "host localhost");
    assert_int_equal(capture_live_open(&o, 0, &c, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "localhost"));
    snprintf(o.filter, sizeof o.filter, "tcp or or");
    assert_int_equal(capture_live_open(&o, 0, &c, why, sizeof why), -EINVAL);
}

static void swap_ends(uint8_t *ip, bool v6)
{
    uint8_t t[16];
    size_t n = v6 ? 16 : 4, at = v6 ? 8 : 12;

    memcpy(t, ip + at, n);
    memcpy(ip + at, ip + at + n, n);
    memcpy(ip + at + n, t, n);
}

static void flow_frame(struct build *b, uint8_t flow, bool back)
{
    bool v6 = flow & 1, tcp = flow & 2;

    payload(b, flow, 0);
    if (tcp)
        build_tcp(b, 0);
    else
        build_udp(b);
    uint8_t *ports = build_at(b);
    build_u16(ports + (back ? 2 : 0), 40000u + flow);
    build_u16(ports + (back ? 0 : 2), 443);
    uint8_t *ip = v6 ? build_ipv6(b, tcp ? 6 : 17) : build_ipv4(b, tcp ? 6 : 17, 0, 0);
    if (back)
        swap_ends(ip, v6);
    build_ethernet(b, v6 ? 0x86dd : 0x0800);
}

/* Two workers: each flow is seen by one of them alone, both ways, and both have work. */
static void fanout(void **state)
{
    struct capture_live_options o = options("v0");
    struct capture_live *c[2];
    struct seen s[2] = {0};
    struct build b;

    o.workers = 2;
    o.fanout = (uint16_t)getpid();
    for (unsigned i = 0; i < 2; i++)
        c[i] = open_live(&o);
    for (unsigned i = 0; i < FLOWS * 4; i++) {
        flow_frame(&b, (uint8_t)(i % FLOWS), i & FLOWS);
        send_from(i & FLOWS ? "v0" : "v1", &b);
    }
    uint64_t until = now_ns(CLOCK_MONOTONIC) + WAIT_NS;
    while (s[0].packets + s[1].packets < FLOWS * 4 && now_ns(CLOCK_MONOTONIC) < until)
        for (unsigned i = 0; i < 2; i++)
            assert_true(take_within(c[i], 0, &s[i]) >= 0);
    for (unsigned f = 0; f < FLOWS; f++) {
        assert_int_equal(s[0].flow[f] + s[1].flow[f], 4);
        assert_true(s[0].flow[f] == 0 || s[1].flow[f] == 0);
    }
    assert_true(s[0].packets > 0 && s[1].packets > 0);
    for (unsigned i = 0; i < 2; i++)
        capture_live_close(c[i]);
}

/* With two workers the kernel joins IPv4 fragments before it chooses one. */
static void fanout_fragments(void **state)
{
    struct capture_live_options o = options("v0");
    struct seen s = {0};
    struct build whole, b;

    o.workers = 2;
    o.fanout = (uint16_t)(getpid() + 1);
    struct capture_live *c = open_live(&o);
    payload(&whole, 5, 100);
    build_udp(&whole);
    for (unsigned part = 0; part < 2; part++) {
        size_t from = part * 64, to = part == 0 ? 64 : whole.len;
        b.len = 0;
        build_before(&b, build_at(&whole) + from, to - from);
        uint8_t *ip = build_ipv4(&b, 17, 0, 0);
        build_u16(ip + 6, from / 8 | (part == 0 ? 0x2000u : 0));
        uint32_t sum = 0;
        for (unsigned i = 0; i < 20; i += 2)
            sum += (uint32_t)ip[i] << 8 | ip[i + 1];
        sum = (sum & 0xffff) + (sum >> 16);
        build_u16(ip + 10, ~(sum + (sum >> 16)));
        build_ethernet(&b, 0x0800);
        send_from("v1", &b);
    }
    receive(c, &s, 1);
    assert_int_equal(s.last.payload_bytes, sizeof magic + 100);
    capture_live_close(c);
}

/* An interface that goes down or away ends the capture, for good and without waiting; what came before is
 * read. */
static void interface_gone(void **state)
{
    static const char *const commands[] = {"ip link set v0 down", "ip link del v0"};

    for (unsigned i = 0; i < 2; i++) {
        struct capture_live_options o = options("v0");
        struct capture_live *c = open_live(&o);
        struct seen s = {0};
        struct build b;
        assert_int_equal(take_within(c, 0, &s), 0);
        udp_frame(&b, 0, 0);
        send_from("v1", &b);
        struct pollfd fd = {.fd = capture_live_fd(c), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 1000), 1);
        run(commands[i]);
        assert_int_equal(take_within(c, 1000, &s), -ENETDOWN);
        assert_int_equal(s.packets, 1);
        assert_int_equal(take_within(c, 0, &s), -ENETDOWN);
        capture_live_close(c);
        run(i == 0 ? "ip link set v0 up" : "true");
    }
}

static void no_interface(void **state)
{
    struct capture_live_options o = options("nosuch0");
    struct capture_live *c = NULL;
    char why[256] = "";

    assert_int_equal(capture_live_open(&o, 0, &c, why, sizeof why), -ENODEV);
    assert_non_null(strstr(why, "nosuch0"));
    assert_null(c);
    run("ip link set v0 down");
    o = options("v0");
    assert_int_equal(capture_live_open(&o, 0, &c, why, sizeof why), -ENETDOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything, setup, teardown),
        cmocka_unit_test_setup_teardown(vlan_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(around, setup, teardown),
        cmocka_unit_test_setup_teardown(loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(snaplen, setup, teardown),
        cmocka_unit_test_setup_teardown(filter, setup, teardown),
        cmocka_unit_test_setup_teardown(fanout, setup, teardown),
        cmocka_unit_test_setup_teardown(fanout_fragments, setup, teardown),
        cmocka_unit_test_setup_teardown(interface_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(no_interface, setup, teardown),
    };

    if (unshare(CLONE_NEWNET) != 0 || system("ip link set lo up") != 0) {
        puts("1..0 # SKIP no network namespace can be made here");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
