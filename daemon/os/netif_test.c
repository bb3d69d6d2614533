/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces, in network namespaces of our own: nothing is left behind and nothing outside is touched. */
#include "os/netif.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX 32

static bool have_namespace;

/* Each test begins with nothing but a loopback interface. */
static int fresh(void **state)
{
    have_namespace = (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
                     system("ip link set lo up 2>/dev/null") == 0;
    return 0;
}

#define NEED_NAMESPACE()                                                                                     \
    if (!have_namespace)                                                                                     \
        skip();

static void run(const char *command)
{
    char line[512];
    snprintf(line, sizeof line, "ip %s", command);
    assert_int_equal(system(line), 0);
}

static void forward(const char *value)
{
    int fd = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        skip();
    assert_int_equal(write(fd, value, 1), 1);
    close(fd);
}

/* The kernel tells of a carrier when it comes to it: an interface may be up a while after it was set up. */
static void expect_choice(const char *names, const char *reason)
{
    char chosen[MAX][16], why[256], all[512];

    for (unsigned tries = 0; tries < 200; tries++) {
        int n = netif_choose(chosen, MAX, why, sizeof why);
        assert_true(n >= 0);
        all[0] = 0;
        for (int i = 0; i < n; i++) {
            strcat(all, i > 0 ? " " : "");
            strcat(all, chosen[i]);
        }
        if (strcmp(all, names) == 0)
            break;
        usleep(50000);
    }
    assert_string_equal(all, names);
    assert_string_equal(why, reason);
}

static const struct netif *find(const struct netif *list, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    fail_msg("no interface %s", name);
    return NULL;
}

static void test_list(void **state)
{
    struct netif list[MAX];

    NEED_NAMESPACE();
    run("link add wan type veth peer name wan-peer");
    run("link add br-lan type bridge");
    run("link add lan type veth peer name lan-peer");
    run("link set lan master br-lan");
    run("tuntap add dev idle mode tap");
    run("link set wan up");
    run("link set wan-peer up");
    run("address add 192.0.2.2/24 dev wan");
    run("route add default via 192.0.2.1");
    int n = netif_list(list, MAX);
    assert_int_equal(n, 7);
    assert_true(find(list, n, "lo")->loopback);
    assert_false(find(list, n, "lo")->physical);
    assert_true(find(list, n, "wan")->up);
    assert_true(find(list, n, "wan")->default_route);
    assert_true(find(list, n, "wan")->physical);
    assert_false(find(list, n, "wan")->enslaved);
    assert_true(find(list, n, "br-lan")->bridge);
    assert_false(find(list, n, "br-lan")->physical);
    assert_false(find(list, n, "br-lan")->default_route);
    assert_true(find(list, n, "lan")->enslaved);
    assert_false(find(list, n, "lan")->up);
    assert_false(find(list, n, "idle")->physical);
    assert_int_equal(netif_list(list, 2), 2);
}

static void test_default_route_many_ways(void **state)
{
    struct netif list[MAX];

    NEED_NAMESPACE();
    run("link add one type veth peer name one-peer");
    run("link add two type veth peer name two-peer");
    run("link set one up");
    run("link set one-peer up");
    run("link set two up");
    run("link set two-peer up");
    run("address add 192.0.2.2/24 dev one");
    run("address add 198.51.100.2/24 dev two");
    run("route add default nexthop via 192.0.2.1 nexthop via 198.51.100.1");
    run("route add 203.0.113.0/24 dev one-peer");
    int n = netif_list(list, MAX);
    assert_true(find(list, n, "one")->default_route);
    assert_true(find(list, n, "two")->default_route);
    assert_false(find(list, n, "one-peer")->default_route);
    run("route delete default");
    run("-6 route add default dev two-peer");
    n = netif_list(list, MAX);
    assert_false(find(list, n, "one")->default_route);
    assert_true(find(list, n, "two-peer")->default_route);
}

static void test_choose_router(void **state)
{
    NEED_NAMESPACE();
    forward("1");
    expect_choice("", "this machine forwards packets without a LAN bridge, and no physical interface is up");
    run("link add wan type veth peer name wan-peer");
    run("link set wan up");
    run("link set wan-peer up");
    run("address add 192.0.2.2/24 dev wan");
    run("route add default via 192.0.2.1");
    run("link set wan-peer name wan-far");
    expect_choice("wan-far wan",
                  "this machine forwards packets without a LAN bridge, and physical interfaces that "
                  "are up are wan-far wan");
    run("link add br-lan type bridge");
    expect_choice("wan-far wan",
                  "this machine forwards packets without a LAN bridge, and physical interfaces that "
                  "are up are wan-far wan");
    run("link add lan type veth peer name lan-peer");
    run("link set lan master br-lan");
    run("link set br-lan up");
    expect_choice("br-lan", "this machine forwards packets, and its LAN bridge is br-lan");
    run("route delete default");
    run("route add default dev br-lan");
    expect_choice("wan-far wan",
                  "this machine forwards packets without a LAN bridge, and physical interfaces that "
                  "are up are wan-far wan");
    forward("0");
    expect_choice(
        "wan-far wan",
        "this machine does not forward packets, and physical interfaces that are up are wan-far wan");
}

/* docker0 has ports that lead to containers only, here a tap that stands for a virtual machine. */
static void test_choose_not_containers(void **state)
{
    NEED_NAMESPACE();
    forward("1");
    run("link add eth0 type veth peer name far");
    run("link set eth0 up");
    run("link add docker0 type bridge");
    if (system("ip tuntap add dev tap0 mode tap 2>/dev/null") != 0)
        skip();
    run("link set tap0 master docker0");
    run("link set docker0 up");
    run("link set far up");
    expect_choice("far eth0",
                  "this machine forwards packets without a LAN bridge, and physical interfaces that are "
                  "up are far eth0");
}

static bool has(const struct prefix *list, int n, const char *text)
{
    for (int i = 0; i < n; i++) {
        char buf[PREFIX_TEXT_MAX];
        if (strcmp(prefix_text(&list[i], buf), text) == 0)
            return true;
    }
    return false;
}

static void test_home(void **state)
{
    struct prefix list[MAX];

    NEED_NAMESPACE();
    run("link add wan type veth peer name wan-peer");
    run("link add lan type veth peer name lan-peer");
    run("link set wan up");
    run("link set wan-peer up");
    run("link set lan up");
    run("address add 192.0.2.2/24 dev wan");
    run("address add 203.0.113.129/25 dev lan");
    run("address add 10.1.2.3/24 dev lan");
    run("address add 2001:db8:1:2::3/64 dev lan");
    run("address add 198.51.100.1 peer 198.51.100.7/32 dev lan");
    run("route add default via 192.0.2.1");
    int n = netif_home(list, MAX);
    assert_true(has(list, n, "10.0.0.0/8"));
    assert_true(has(list, n, "fc00::/7"));
    assert_true(has(list, n, "203.0.113.128/25"));
    assert_true(has(list, n, "2001:db8:1:2::/64"));
    assert_true(has(list, n, "198.51.100.7"));
    assert_false(has(list, n, "10.1.2.0/24")); /* within 10.0.0.0/8 */
    assert_false(has(list, n, "192.0.2.0/24"));
    assert_int_equal(n, 9 + 3);
    assert_int_equal(netif_home(list, 3), 3);
}

static void test_watch(void **state)
{
    NEED_NAMESPACE();
    int fd = netif_watch_open();
    assert_true(fd >= 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_false(netif_watch_changed(fd));
    run("link add one type veth peer name two");
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_true(netif_watch_changed(fd));
    assert_false(netif_watch_changed(fd));
    run("address add 192.0.2.1/24 dev one");
    assert_true(netif_watch_changed(fd));
    run("link delete one");
    assert_true(netif_watch_changed(fd));
    assert_false(netif_watch_changed(fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list, fresh),
        cmocka_unit_test_setup(test_default_route_many_ways, fresh),
        cmocka_unit_test_setup(test_choose_router, fresh),
        cmocka_unit_test_setup(test_choose_not_containers, fresh),
        cmocka_unit_test_setup(test_home, fresh),
        cmocka_unit_test_setup(test_watch, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
