/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens in a folder is heard, whatever way a file gets there; what happens elsewhere is not. */
#include "os/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/bridle-watch-XXXXXX", file[64], other[64], sub[64];

static void write_to(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void all_that_happens(void **state)
{
    int fd = watch_open();

    assert_true(fd >= 0);
    assert_int_equal(watch_folder(fd, folder, false), 0);
    assert_int_equal(watch_folder(fd, folder, false), 0);
    assert_false(watch_take(fd));
    write_to(file);
    assert_true(watch_take(fd));
    assert_false(watch_take(fd));
    assert_int_equal(rename(file, other), 0);
    assert_true(watch_take(fd));
    assert_int_equal(symlink(other, file), 0);
    assert_true(watch_take(fd));
    assert_int_equal(unlink(file), 0);
    assert_true(watch_take(fd));
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_true(watch_take(fd));
    assert_int_equal(watch_folder(fd, sub, false), 0);
    assert_int_equal(rmdir(sub), 0);
    assert_true(watch_take(fd));
    unlink(other);
    close(fd);
}

static void names_alone(void **state)
{
    int fd = watch_open();

    write_to(file);
    assert_int_equal(watch_folder(fd, folder, true), 0);
    write_to(file);
    assert_false(watch_take(fd));
    write_to(other);
    assert_true(watch_take(fd));
    assert_int_equal(watch_folder(fd, folder, false), 0);
    assert_int_equal(watch_folder(fd, folder, true), 0);
    write_to(file);
    assert_true(watch_take(fd));
    unlink(file);
    unlink(other);
    close(fd);
}

static void not_a_folder(void **state)
{
    int fd = watch_open();

    write_to(file);
    assert_int_equal(watch_folder(fd, file, false), -ENOTDIR);
    assert_int_equal(watch_folder(fd, sub, false), -ENOENT);
    unlink(file);
    close(fd);
}

static int make(void **state)
{
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(file, sizeof file, "%s/a", folder);
    snprintf(other, sizeof other, "%s/b", folder);
    snprintf(sub, sizeof sub, "%s/sub", folder);
    return 0;
}

static int done(void **state)
{
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_happens),
        cmocka_unit_test(names_alone),
        cmocka_unit_test(not_a_folder),
    };
    return cmocka_run_group_tests(tests, make, done);
}
