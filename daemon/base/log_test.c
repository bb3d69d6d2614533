/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines: escaped, bounded, to the sink that was asked for. */
#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct heard {
    char line[8192];
    enum log_level level;
    unsigned lines;
};

static void hear(void *ctx, enum log_level level, const char *line)
{
    struct heard *h = ctx;

    snprintf(h->line, sizeof h->line, "%s", line);
    h->level = level;
    h->lines++;
}

static void test_sink(void **state)
{
    struct heard h = {{0}};
    char longest[5000];

    log_to(hear, &h);
    log_warning("%s: %d", "a\nbridled: forged\033[2J\x7f\xc2\x9b", 7);
    assert_string_equal(h.line, "a\\010bridled: forged\\027[2J\\127\\194\\155: 7");
    assert_int_equal(h.level, LOG_LEVEL_WARNING);
    log_error("%s", "escaped before: \\010");
    assert_string_equal(h.line, "escaped before: \\010");
    memset(longest, '\n', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    log_error("%s", longest);
    assert_int_equal(strlen(h.line) % 4, 0);
    assert_int_equal(h.lines, 3);
    log_to(NULL, NULL);
}

static void test_threshold(void **state)
{
    struct heard h = {{0}};

    log_to(hear, &h);
    log_info("not heard");
    log_debug("not heard");
    assert_int_equal(h.lines, 0);
    log_notice("heard");
    log_threshold(LOG_LEVEL_DEBUG);
    log_debug("heard");
    assert_int_equal(h.lines, 2);
    log_threshold(LOG_LEVEL_ERROR);
    log_warning("not heard");
    assert_int_equal(h.lines, 2);
    log_threshold(LOG_LEVEL_NOTICE);
    log_to(NULL, NULL);
}

static void test_stderr(void **state)
{
    int fds[2], saved = dup(STDERR_FILENO);
    char buf[128] = "";

    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], STDERR_FILENO);
    errno = ENOENT;
    log_notice("first %d", 1);
    log_name("bridle-loader");
    log_error("second");
    log_name("bridled");
    int after = errno;
    dup2(saved, STDERR_FILENO);
    close(fds[1]);
    assert_true(read(fds[0], buf, sizeof buf - 1) > 0);
    assert_string_equal(buf, "bridled: first 1\nbridle-loader: second\n");
    assert_int_equal(after, ENOENT);
    close(fds[0]);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
