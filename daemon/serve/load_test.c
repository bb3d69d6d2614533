/* SPDX-License-Identifier: BSD-2-Clause */
/* What a load says of how far it is, and that it says so seldom; a loader's lines as main takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/load.h"

static void it_is_told_once_a_second(void **state)
{
    struct load l = {.told_ns = 5 * (uint64_t)SECOND_NS};
    const uint64_t start_ns = l.told_ns;
    unsigned told = 0;

    assert_false(load_progress_due(&l, start_ns + 3 * (uint64_t)SECOND_NS)); /* nothing is known yet */
    l.bytes = 1;
    assert_false(load_progress_due(&l, start_ns + SECOND_NS - 1)); /* a short load */
    for (unsigned ms = 0; ms < 10000; ms++, l.bytes++)
        told += load_progress_due(&l, start_ns + ms * 1000000ull);
    assert_int_equal(told, 9);
    l.told_bytes = l.bytes;
    assert_false(load_progress_due(&l, UINT64_MAX)); /* there is nothing new */
}

static void text_is(const struct load *l, const char *wanted)
{
    char text[96];

    load_progress_text(l, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void whatever_the_numbers_are(void **state)
{
    text_is(&(struct load){0}, "files are read");
    text_is(&(struct load){.bytes = 88 << 20, .bytes_of = 203 << 20, .entries = 4300000},
            "43 % of 203 MiB read, 4300000 entries");
    text_is(&(struct load){.bytes = 9, .bytes_of = 5},
            "100 % of 0 MiB read, 0 entries"); /* a file that grew */
    text_is(&(struct load){.bytes = UINT64_MAX / 200, .bytes_of = UINT64_MAX / 100, .entries = UINT64_MAX},
            "50 % of 175921860444 MiB read, 18446744073709551615 entries");
}

static int taken(const char *const *lines, struct load *l)
{
    int pair[2], rc;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    assert_true(fcntl(pair[0], F_SETFL, O_NONBLOCK) >= 0);
    *l = (struct load){.socket = pair[0], .image = -1};
    for (; *lines; lines++)
        assert_int_equal(loader_line_send(pair[1], *lines, -1), 0);
    close(pair[1]);
    rc = load_read(l);
    close(pair[0]);
    return rc;
}

static void progress_is_no_result(void **state)
{
    static const char *const good[] = {"progress\t4194304\t25000000\t200000",
                                       "progress\t8388608\t25000000\t400000", "total\t1200000", NULL};
    static const char *const bad[] = {"progress\t4194304\t25000000", NULL};
    static const char *const late[] = {"image\t1", "progress\t1\t2\t3", NULL};
    struct load l;

    assert_int_equal(taken(good, &l), 0);
    assert_true(l.bytes == 8388608 && l.bytes_of == 25000000 && l.entries == 400000);
    assert_true(l.indicators == 1200000 && l.problems == 0 && l.files == 0);
    assert_int_equal(taken(bad, &l), -EBADMSG);
    assert_int_equal(taken(late, &l), -EBADMSG);
}

static void count_missing(void *ctx, const char *path, int error)
{
    (*(unsigned *)ctx)++;
}

/* A list that was never there is waited for; one that was is missed. */
static void paths_of_the_settings(void **state)
{
    static char rules[] = "/nonexistent/rules", *words[] = {rules};
    static char url[] = "https://feeds.example/a", none[] = "", name[] = "a";
    char list[] = "/tmp/bridle-load-XXXXXX", exceptions[] = "/nonexistent/exceptions";
    struct settings_source source = {.named = {.name = name}, .path = list, .url = url};
    struct settings s = {.rules = {words, 1}, .sources = {&source, 1}, .exceptions = exceptions};
    struct load_paths p;
    unsigned missing = 0;
    int fd = mkstemp(list);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(load_paths_configured(&p, &s), 0);
    assert_true(p.words == 1 && p.count >= 3);
    assert_string_equal(p.at[1].at, list);
    assert_string_equal(p.at[2].at, exceptions);
    assert_int_equal(load_paths_look(&p, count_missing, &missing), -ENOENT);
    assert_int_equal(missing, 1); /* /nonexistent/rules */
    assert_true(p.at[1].there && !p.at[2].there);
    unlink(list);
    assert_int_equal(load_paths_look(&p, count_missing, &missing), -ENOENT);
    assert_int_equal(missing, 3);
    load_paths_free(&p);
    assert_int_equal(load_paths_configured(&p, &s), 0); /* not there yet */
    missing = 0;
    load_paths_look(&p, count_missing, &missing);
    assert_int_equal(missing, 1);
    load_paths_free(&p);
    source.url = none; /* nobody will bring it */
    assert_int_equal(load_paths_configured(&p, &s), 0);
    missing = 0;
    load_paths_look(&p, count_missing, &missing);
    assert_int_equal(missing, 2);
    load_paths_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_once_a_second),
        cmocka_unit_test(whatever_the_numbers_are),
        cmocka_unit_test(progress_is_no_result),
        cmocka_unit_test(paths_of_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
