/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters over packets from files: one filter, several link types. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config.h"
#include "packet/capture.h"

/* 192.168.1.10 asks 192.168.1.1 port 53 over UDP; the first 14 bytes are Ethernet's. */
static const uint8_t frame[] = {
    2, 0,  0,  0, 0, 1,   2,   0, 0,  0,   0,   2, 8, 0,    0x45, 0, 0,  28, 0, 1, 0,
    0, 64, 17, 0, 0, 192, 168, 1, 10, 192, 168, 1, 1, 0x0f, 0xa0, 0, 53, 0,  8, 0, 0,
};

static bool passes(const char *filter, uint32_t linktype, uint32_t skip, uint32_t cut)
{
    struct capture_select *s;
    char why[256];
    const struct packet p = {.at = frame + skip,
                             .captured_bytes = (uint32_t)sizeof frame - skip - cut,
                             .wire_bytes = (uint32_t)sizeof frame - skip,
                             .linktype = linktype};

    assert_int_equal(capture_select_new(filter, &s, why, sizeof why), 0);
    bool ret = capture_select_passes(s, &p);
    capture_select_free(s);
    return ret;
}

static void one_filter_many_links(void **state)
{
    if (!HAVE_LIBPCAP)
        skip();
    assert_true(passes("udp port 53", 1, 0, 0));
    assert_true(passes("udp port 53", 101, 14, 0));
    assert_true(passes("udp port 53", 228, 14, 0));
    assert_true(passes("host 192.168.1.10 and not tcp", 1, 0, 0));
    assert_false(passes("tcp", 1, 0, 0));
    assert_false(passes("tcp", 101, 14, 0));
    assert_false(passes("udp port 53", 1, 0, 5));    /* the port was cut off */
    assert_false(passes("udp port 53", 9999, 0, 0)); /* no link that is decoded */
    assert_true(passes("ether src 2:0:0:0:0:2", 1, 0, 0));
    assert_false(passes("ether src 2:0:0:0:0:2", 101, 14, 0)); /* makes no sense there */
}

static void no_filters(void **state)
{
    static const char *const bad[] = {"nonsense", "tcp or or", "host www.example.org", "port"};
    struct capture_select *s;
    char why[256];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = 0;
        assert_true(capture_select_new(bad[i], &s, why, sizeof why) < 0);
        assert_true(why[0] != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_filter_many_links), cmocka_unit_test(no_filters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
