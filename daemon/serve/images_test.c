/* SPDX-License-Identifier: BSD-2-Clause */
/* Which images are taken: a hostile loader sends descriptors of its choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the headers that it needs */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/build.h"
#include "serve/images.h"

static int written_to(int fd)
{
    struct build *b = build_new();
    struct indicator ind = {.type = IOC_DOMAIN, .name = span_str("evil.example"), .feed = span_str("test")};

    build_indicator(b, &ind, NULL);
    assert_int_equal(build_write(b, fd), 0);
    build_free(b);
    return fd;
}

static int sealed(int seals)
{
    int fd = written_to(memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING));

    if (seals != 0)
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static void foreign_must_be_sealed(void **state)
{
    static const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    static const int too_few[] = {0, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_GROW, F_SEAL_SHRINK | F_SEAL_GROW};
    char path[] = "/tmp/bridle-image-XXXXXX";
    struct images im = {0};
    const char *why = "";

    for (unsigned i = 0; i < sizeof too_few / sizeof *too_few; i++)
        assert_int_equal(images_add(&im, sealed(too_few[i]), true, 0, 0, &why), -EPERM);
    int file = written_to(mkstemp(path)), again = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(images_add(&im, file, true, 0, 0, &why), -EPERM); /* somebody else's to change */
    unlink(path);
    assert_int_equal(images_add(&im, dup(again), true, 0, 0, &why), -EPERM);
    assert_int_equal(im.newest, 0);
    assert_int_equal(images_add(&im, again, false, 0, 0, &why), 0);
    assert_int_equal(images_add(&im, sealed(all), true, 0, 0, &why), 0);
    assert_int_equal(im.newest, 2);
    images_done(&im);
}

static void files_are_told_from_images(void **state)
{
    static const uint8_t first_version[4] = {1};
    char path[] = "/tmp/bridle-image-XXXXXX";
    const char *why = "";
    int file = written_to(mkstemp(path)), fd = images_open_file(path, &why);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(images_open_file(path, &why), -EPERM);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(pwrite(file, first_version, 4, 8), 4); /* it stands behind the mark */
    assert_int_equal(images_open_file(path, &why), -EINVAL);
    assert_non_null(strstr(why, "another version of bridle"));
    assert_int_equal(ftruncate(file, 9), 0);
    assert_int_equal(images_open_file(path, &why), -EINVAL);
    assert_int_equal(ftruncate(file, 7), 0);
    assert_int_equal(images_open_file(path, &why), -ENOENT);
    assert_int_equal(pwrite(file, "# a list of names", 17, 0), 17);
    assert_int_equal(images_open_file(path, &why), -ENOENT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(images_open_file(path, &why), -ENOENT);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(foreign_must_be_sealed),
                                       cmocka_unit_test(files_are_told_from_images)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
