/* SPDX-License-Identifier: BSD-2-Clause */
/* Notices for people: names for numbers, and no byte of a name that is not printable. */
#include "serve/notice.h"

#include <stdio.h>

#include "intel/image_test.h"

static const char *source(void *ctx, uint32_t number)
{
    return number == 2 ? "dump\nfile.pcap" : number == 0 ? "eth0" : NULL;
}

static void expect(enum notice notice, uint64_t a, uint64_t b, const char *expected)
{
    struct record r = {.notice = (uint8_t)notice, .number = {a, b}};
    char text[256];

    notice_text(&r, NULL, source, NULL, text, sizeof text);
    assert_string_equal(text, expected);
}

static void names_stand_for_numbers(void **state)
{
    expect(NOTICE_FILE_CUT, 2, 17,
           "file dump\\010file.pcap ends within packet 17: all whole packets before it were read");
    expect(NOTICE_FILE_ERROR, 2, 5, "file dump\\010file.pcap cannot be read: error Input/output error");
    expect(NOTICE_MIRROR_COPIES, 0, 50,
           "file or interface eth0 has packets twice: 50 per cent; they are counted once");
    expect(NOTICE_LINK_UNKNOWN, 0, 147, "file or interface eth0 has a link type that is not decoded: 147");
    expect(NOTICE_FILE_BAD, 77, 5, "file 77 is no capture file that can be read (after 5 packets)");
    expect(NOTICE_DONE, 3, 99, "all input was read (3 files, 99 packets)");
}

/* The longest ones of the meter are whole where main renders them. */
static void long_texts_fit(void **state)
{
    for (unsigned n = 0; n < NOTICES; n++) {
        struct record r = {.notice = (uint8_t)n, .number = {0, 100}};
        char text[1024];
        notice_text(&r, NULL, source, NULL, text, sizeof text);
        assert_true(strlen(text) < sizeof text - 64);
        if (notice_once((uint8_t)n))
            assert_non_null(strstr(text, "file or interface eth0"));
    }
    assert_false(notice_once(NOTICE_FILE_DONE));
    assert_true(notice_once(NOTICE_DARK));
}

static void an_indicator_is_told_by_its_value(void **state)
{
    static const char *const values[] = {"evil.example", "a\x1b[31m\n.example"};
    static const char *const told[] = {"evil.example", "a\\027[31m\\010.example", "2",
                                       "18446744073709551615"};
    static const uint64_t numbers[] = {0, 1, 2, UINT64_MAX};
    struct build *b = build_new();
    char text[256], wanted[256];

    for (unsigned i = 0; i < 2; i++) {
        struct indicator ind = test_name(IOC_DOMAIN, values[i]);
        build_indicator(b, &ind, NULL);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < 4; i++) {
        struct record r = {.notice = NOTICE_LEARNED_SUSPENDED, .number = {17, numbers[i]}};
        notice_text(&r, im, source, NULL, text, sizeof text);
        snprintf(wanted, sizeof wanted, "suspended (17 clients, indicator %s)", told[i]);
        assert_non_null(strstr(text, wanted));
    }
    expect(NOTICE_LEARNED_SUSPENDED, 17, 1, /* its image is gone */
           "a learned address is used by many who never asked: suspended (17 clients, indicator 1)");
    image_unmap(im);
    build_free(b);
}

static void a_hostile_worker_cannot_overflow(void **state)
{
    struct record r = {.notice = NOTICE_FILE_ERROR, .number = {UINT64_MAX, UINT64_MAX}};
    char text[24];

    notice_text(&r, NULL, source, NULL, text, sizeof text);
    assert_int_equal(text[sizeof text - 1], 0);
    assert_true(strlen(text) < sizeof text);
}

static void every_notice_has_a_level(void **state)
{
    bool event;

    for (uint8_t n = 0; n < NOTICES; n++)
        assert_in_range(notice_level(n, &event), LOG_LEVEL_ERROR, LOG_LEVEL_DEBUG);
    assert_int_equal(notice_level(NOTICE_FILE_BAD, &event), LOG_LEVEL_ERROR);
    assert_int_equal(notice_level(NOTICE_FILE_CUT, &event), LOG_LEVEL_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_stand_for_numbers),
        cmocka_unit_test(long_texts_fit),
        cmocka_unit_test(an_indicator_is_told_by_its_value),
        cmocka_unit_test(a_hostile_worker_cannot_overflow),
        cmocka_unit_test(every_notice_has_a_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
