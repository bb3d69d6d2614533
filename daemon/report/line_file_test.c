/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines, whatever happens to the file: a full disk, a closed reader, rotation, a crash before. */
#include "report/line_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "report/report_test.h"

static char path[] = "/tmp/bridle-lines-XXXXXX";
static struct heard heard;

static void put(struct line_file *f, const char *line)
{
    line_file_write(f, line, strlen(line));
}

static int setup(void **state)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    unlink(path);
    heard = (struct heard){0};
    log_to(hear, &heard);
    signal(SIGPIPE, SIG_IGN);
    return fd < 0;
}

static int teardown(void **state)
{
    unlink(path);
    return 0;
}

static void expect_content(const char *wanted)
{
    char *text = slurp(path);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_full_disk_tears_no_line(void **state)
{
    struct line_file f;
    struct rlimit before, small = {.rlim_cur = 12};

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(line_file_open(&f, path, false), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    put(&f, "12345\n");
    setrlimit(RLIMIT_FSIZE, &small); /* a write across the limit is cut short, as on a full disk */
    put(&f, "abcdefghij\n");
    put(&f, "lost\n");
    put(&f, "lost\n");
    setrlimit(RLIMIT_FSIZE, &before);
    put(&f, "again\n");
    line_file_close(&f);
    assert_int_equal(f.lost, 3);
    assert_int_equal(heard.lines, 1); /* not one for each */
    expect_content("12345\nabcdef\nagain\n");
}

static void a_torn_end_of_the_file_is_closed_first(void **state)
{
    struct line_file f;
    FILE *old = fopen(path, "w");

    fputs("{\"whole\":1}\n{\"half", old);
    fclose(old);
    assert_int_equal(line_file_open(&f, path, false), 0);
    put(&f, "{}\n");
    line_file_close(&f);
    expect_content("{\"whole\":1}\n{\"half\n{}\n");
}

static void rotation_begins_a_new_file(void **state)
{
    struct line_file f;
    struct stat st;
    char old[sizeof path + 2];
    mode_t mask = umask(0);

    assert_int_equal(line_file_open(&f, path, false), 0);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    put(&f, "1\n");
    snprintf(old, sizeof old, "%s.1", path);
    assert_int_equal(rename(path, old), 0);
    put(&f, "2\n");
    line_file_reopen(&f);
    put(&f, "3\n");
    line_file_close(&f);
    expect_content("3\n");
    assert_int_equal(rename(old, path), 0);
    expect_content("1\n2\n");
}

static void a_failed_rotation_keeps_the_old_file(void **state)
{
    struct line_file f;

    assert_int_equal(line_file_open(&f, path, false), 0);
    f.path = "/nonexistent/folder/file";
    line_file_reopen(&f);
    put(&f, "kept\n");
    line_file_close(&f);
    assert_int_equal(f.lost, 0);
    assert_int_equal(heard.lines, 1);
    expect_content("kept\n");
}

static void a_closed_reader_is_an_error_and_no_end(void **state)
{
    struct line_file f;
    int ends[2], saved = dup(STDOUT_FILENO);

    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(line_file_open(&f, "-", true), 0);
    for (unsigned i = 0; i < 100; i++)
        put(&f, "x\n");
    line_file_reopen(&f);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_int_equal(f.lost, 100);
    assert_int_equal(heard.lines, 1);
}

/* Watching must go on when nobody reads standard output: lines are lost, none is torn for the reader. */
static void a_stuck_reader_holds_nobody_up(void **state)
{
    struct line_file f;
    char line[3000], got[sizeof line];
    int ends[2], saved = dup(STDOUT_FILENO);
    struct timespec before, after;
    size_t whole = 0;

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    assert_int_equal(line_file_open(&f, "-", false), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (unsigned i = 0; i < 100; i++)
        line_file_write(&f, line, sizeof line);
    clock_gettime(CLOCK_MONOTONIC, &after);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    while (read(ends[0], got, sizeof got) == (ssize_t)sizeof got && memcmp(got, line, sizeof got) == 0)
        whole++;
    close(ends[0]);
    assert_true(after.tv_sec - before.tv_sec < 10);
    assert_true(f.lost > 0 && whole > 0);
    assert_int_equal(f.lost + whole, 100);
    assert_int_equal(heard.lines, 1);
}

static void a_pipe_waits_for_a_reader_and_finds_a_new_one(void **state)
{
    struct line_file f;
    char got[16] = "";

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(line_file_open(&f, path, false) < 0); /* nobody reads: does not hang */
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(line_file_open(&f, path, false), 0);
    put(&f, "1\n");
    close(reader);
    put(&f, "2\n");
    reader = open(path, O_RDONLY | O_NONBLOCK);
    put(&f, "3\n");
    assert_int_equal(read(reader, got, sizeof got), 2);
    assert_memory_equal(got, "3\n", 2);
    line_file_close(&f);
    close(reader);
}

static void what_cannot_be_opened_is_said(void **state)
{
    struct line_file f;

    assert_int_equal(line_file_open(&f, "/nonexistent/folder/file", false), -ENOENT);
    assert_int_equal(line_file_open(&f, "/tmp", false), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_tears_no_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_end_of_the_file_is_closed_first, setup, teardown),
        cmocka_unit_test_setup_teardown(rotation_begins_a_new_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_rotation_keeps_the_old_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_reader_is_an_error_and_no_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stuck_reader_holds_nobody_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pipe_waits_for_a_reader_and_finds_a_new_one, setup, teardown),
        cmocka_unit_test(what_cannot_be_opened_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
