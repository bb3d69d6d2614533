/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the report, and a loader that is hostile to who started it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "intel/load_wire.h"

static void keep(void *ctx, const char *line)
{
    strcpy(ctx, line);
}

static void lines_survive_hostile_text(void **state)
{
    char line[LOAD_LINE_MAX], path[5000], value[70000];
    struct load_report r = {keep, line};
    struct load_line parsed;

    memset(path, '\n', sizeof(path));
    memset(value, '\t', sizeof(value));
    value[sizeof(value) - 1] = 0;
    load_report_note(&r, span_of(path, sizeof(path)), UINT32_MAX, 0, "malformed",
                     span_of(value, sizeof(value)), value, "url-path");
    assert_true(strlen(line) < LOAD_LINE_MAX);
    assert_null(strchr(line, '\n'));
    assert_true(load_line_parse(line, &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_NOTE);
    assert_int_equal(parsed.line, UINT32_MAX);
    assert_true(span_eq(parsed.note, span_str("malformed")));
    assert_true(span_eq(parsed.reason, span_str("url-path")));
    assert_true(load_note_is_problem(&parsed));
    assert_true(parsed.path.len > 100 && parsed.value.len > 100 && parsed.text.len > 100);

    uint64_t count[LOAD_COUNTS];
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        count[i] = i * 1000000007u;
    load_report_file(&r, span_of(path, sizeof(path)), "plain", count);
    assert_true(load_line_parse(line, &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_FILE);
    assert_memory_equal(parsed.count, count, sizeof(count));
    load_report_total(&r, 12);
    assert_string_equal(line, "total\t12");
    load_report_progress(&r, 4194304, 8388608, 99);
    assert_true(load_line_parse(line, &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_PROGRESS);
    assert_true(parsed.bytes == 4194304 && parsed.bytes_of == 8388608 && parsed.indicators == 99);
}

static void changes_survive_hostile_text(void **state)
{
    char line[LOAD_LINE_MAX], text[5000];
    struct load_report r = {keep, line};
    struct load_line parsed;

    memset(text, '\t', sizeof(text));
    load_report_change(&r, "removed", "domain", span_of(text, sizeof(text)), span_of(text, sizeof(text)));
    assert_true(strlen(line) < LOAD_LINE_MAX && load_line_parse(line, &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_CHANGE);
    assert_true(span_eq(parsed.change, span_str("removed")) && span_eq(parsed.type, span_str("domain")));
    assert_true(parsed.value.len > 100 && parsed.feed.len > 100);
    load_report_kept(&r, span_of(text, sizeof(text)), 3, UINT64_C(1) << 62);
    assert_true(strlen(line) < LOAD_LINE_MAX && load_line_parse(line, &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_KEPT);
    assert_true(parsed.path.len > 100 && parsed.now == 3 && parsed.before == UINT64_C(1) << 62);
    load_report_diff(&r, 1, 2, 3);
    assert_true(load_line_parse(line, &parsed) && parsed.kind == LOAD_LINE_DIFF);
    assert_true(parsed.added == 1 && parsed.removed == 2 && parsed.changed == 3);
    load_report_expires(&r, INT64_MAX);
    assert_true(load_line_parse(line, &parsed) && parsed.kind == LOAD_LINE_EXPIRES);
    assert_true(parsed.expires_s == INT64_MAX);
    assert_true(load_line_parse("known\t12", &parsed) && parsed.kind == LOAD_LINE_KNOWN);
    assert_true(parsed.indicators == 12);
}

static void nonsense_is_no_line(void **state)
{
    static const char *const bad[] = {"",
                                      "total",
                                      "total\t",
                                      "total\tx",
                                      "total\t1\t2",
                                      "progress\t1\t2",
                                      "change",
                                      "change\tadded\tdomain\tx",
                                      "change\tmoved\tdomain\tx\tf",
                                      "change\tadded\tdomain\tx\tf\t",
                                      "diff\t1\t2",
                                      "diff\t1\t2\t-3",
                                      "kept\tp\t1",
                                      "kept\tp\t1\t",
                                      "expires",
                                      "expires\t9223372036854775808",
                                      "known\t",
                                      "progress\t1\t2\t3\t4",
                                      "progress\t1\t\t3",
                                      "total\t-1",
                                      "total\t99999999999999999999",
                                      "image\t1 ",
                                      "file\ta\tb",
                                      "note\ta\t1\t1",
                                      "nonsense\t1",
                                      "note\ta\t4294967296\t1\tk\tv\tt\tr",
                                      "note\ta\t1\t1\tk\tv\tt",
                                      "note\ta\t1\t1\tk\tv\tt\tr\tmore",
                                      "file\tp\tf\t0\t0\t0\t0\t0\t0\t0\t0",
                                      "file\tp\tf\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0",
                                      "file\tp\tf\t0\t0\t0\t0\t0\t0\t0\t0\tx",
                                      "\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t"};
    struct load_line parsed;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (load_line_parse(bad[i], &parsed))
            fail_msg("%s was read", bad[i]);
    assert_true(load_line_parse("image\t7", &parsed));
    assert_int_equal(parsed.kind, LOAD_LINE_IMAGE);
    assert_int_equal(parsed.indicators, 7);
}

static void lines_and_descriptors_arrive(void **state)
{
    char line[LOAD_LINE_MAX], byte = 0;
    int pair[2], fd = -1, p[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(pipe(p), 0);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), -EAGAIN);
    assert_int_equal(loader_line_send(pair[1], "total\t1", -1), 0);
    assert_int_equal(loader_line_send(pair[1], "image\t1", p[0]), 0);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), 1);
    assert_string_equal(line, "total\t1");
    assert_int_equal(fd, -1);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), 1);
    assert_string_equal(line, "image\t1");
    assert_true(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    close(p[0]);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(fd);
    close(p[1]);
    close(pair[1]);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), 0);
    close(pair[0]);
}

/* One datagram with `fds` copies of a descriptor. */
static void send_raw(int to, const void *bytes, size_t len, unsigned fds)
{
    union {
        char buf[CMSG_SPACE(8 * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {(void *)(uintptr_t)bytes, len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fds > 0) {
        m.msg_control = control.buf;
        m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds * sizeof(int));
        for (unsigned i = 0; i < fds; i++)
            memcpy(CMSG_DATA(c) + i * sizeof(int), &to, sizeof(int));
    }
    assert_int_equal(sendmsg(to, &m, 0), len);
}

static int lowest_free_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

static void a_hostile_sender_gains_nothing(void **state)
{
    static char huge[LOAD_LINE_MAX + 100];
    char line[LOAD_LINE_MAX];
    int pair[2], fd;

    memset(huge, 'x', sizeof(huge));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    int before = lowest_free_fd();
    send_raw(pair[1], huge, sizeof(huge), 0);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), -EBADMSG);
    send_raw(pair[1], "a\0b", 3, 1);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), -EBADMSG);
    send_raw(pair[1], "image\t1", 7, 8);
    assert_int_equal(loader_line_receive(pair[0], line, &fd), -EBADMSG);
    assert_int_equal(fd, -1);
    assert_int_equal(lowest_free_fd(), before); /* none was left open */
    memset(huge, 0, sizeof(huge));
    memset(huge, 'x', LOAD_LINE_MAX);
    assert_int_equal(loader_line_send(pair[1], huge, -1), -EMSGSIZE);
    close(pair[0]);
    assert_int_equal(loader_line_send(pair[1], "x", -1), -EPIPE);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_survive_hostile_text),
        cmocka_unit_test(changes_survive_hostile_text),
        cmocka_unit_test(nonsense_is_no_line),
        cmocka_unit_test(lines_and_descriptors_arrive),
        cmocka_unit_test(a_hostile_sender_gains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
