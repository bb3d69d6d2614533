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
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/build.h"
#include "intel/match.h"
#include "os/bus.h"
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

/* An image of more than IMAGES_COPY_MAX. */
static void write_large(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct build *b = build_new();
    struct indicator ind = {.type = IOC_DOMAIN, .name = span_str("evil.example"), .feed = span_str("test")};
    char name[64];
    struct stat st;

    build_indicator(b, &ind, NULL);
    for (unsigned i = 0; i < 100000; i++) {
        ind.name =
            span_of(name, (size_t)snprintf(name, sizeof name, "a-name-to-make-it-long-%u.example.com", i));
        build_indicator(b, &ind, NULL);
    }
    assert_int_equal(build_write(b, file), 0);
    build_free(b);
    assert_int_equal(fstat(file, &st), 0);
    assert_true(st.st_size > IMAGES_COPY_MAX);
    close(file);
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
    assert_int_equal(images_open_file(path, &why), -EINVAL);
    assert_non_null(strstr(why, "nobody else may write it"));
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

static int seals_of(const char *path)
{
    const char *why;
    int fd = images_open_file(path, &why), seals = fcntl(fd, F_GET_SEALS);

    assert_true(fd >= 0);
    close(fd);
    return seals;
}

static void only_what_is_large_stays_in_its_file(void **state)
{
    char path[] = "/tmp/bridle-image-XXXXXX";
    const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

    close(written_to(mkstemp(path)));
    assert_int_equal(seals_of(path) & all, all);
    write_large(path);
    int seals = seals_of(path); /* of a file on tmpfs: it cannot be sealed any more */
    assert_true(seals < 0 || (seals & all) == 0);
    unlink(path);
}

static void others_may_not_write_the_folder(void **state)
{
    static const struct {
        mode_t mode;
        bool good;
    } rows[] = {{0755, true}, {0700, true}, {0775, false}, {0777, false}, {01777, true}};
    char folder[] = "/tmp/bridle-folder-XXXXXX", path[64], link[64];
    const char *why;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/image", folder);
    snprintf(link, sizeof link, "%s.link", folder);
    close(written_to(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644)));
    assert_int_equal(symlink(path, link), 0);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(chmod(folder, rows[i].mode), 0);
        for (unsigned k = 0; k < 2; k++) { /* it is the folder of the file that counts, not of the link */
            int fd = images_open_file(k == 0 ? path : link, &why);
            assert_int_equal(fd >= 0, rows[i].good);
            if (fd >= 0)
                close(fd);
            else
                assert_non_null(strstr(why, "folder"));
        }
    }
    unlink(link);
    unlink(path);
    rmdir(folder);
}

static uint32_t take(struct images *im, const char *path)
{
    const char *why = "";
    int fd = images_open_file(path, &why);

    assert_int_equal(images_add(im, fd, false, 1, 0, &why), 0);
    return im->newest;
}

static bool lists(const struct images *im)
{
    return match_found(match_name(images_newest(im)->map, span_str("evil.example")));
}

/* The file under the newest image is cut: nobody dies, and the image before it is taken again. */
static void a_file_that_is_cut_is_survived(void **state)
{
    char path[] = "/tmp/bridle-image-XXXXXX", next[64];
    struct images im = {0};
    struct ioc ioc;

    bus_init(); /* here, for cmocka has handlers of its own */
    close(mkstemp(path));
    snprintf(next, sizeof next, "%s.next", path);
    write_large(path);
    uint32_t first = take(&im, path);
    write_large(next);
    assert_int_equal(rename(next, path), 0);
    assert_false(images_changed(&im)); /* the old file is gone from the folder, but whole */
    uint32_t second = take(&im, path);
    images_drop_before(&im, second);
    assert_non_null(images_find(&im, first));            /* kept to fall back to */
    assert_int_equal(images_fall_back(&im, 1), -ENOENT); /* nothing is wrong */
    assert_true(lists(&im));
    assert_int_equal(truncate(path, 0), 0);
    assert_true(images_changed(&im));
    assert_false(images_changed(&im)); /* once */
    image_ioc(images_newest(&im)->map, 0, &ioc);
    (void)lists(&im);
    (void)image_hosting(images_newest(&im)->map, &(struct addr){0}, NULL, NULL);
    assert_int_equal(images_fall_back(&im, 1), 0);
    assert_true(im.newest > second && lists(&im));
    assert_int_equal(images_fall_back(&im, 1), -ENOENT);
    images_done(&im);
    unlink(path);
}

static void a_file_that_is_overwritten_is_told(void **state)
{
    char path[] = "/tmp/bridle-image-XXXXXX";
    struct images im = {0};

    close(mkstemp(path));
    write_large(path);
    take(&im, path);
    int file = open(path, O_RDWR | O_CLOEXEC);
    const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1}};
    assert_int_equal(pwrite(file, "x", 1, 4000), 1);
    assert_int_equal(futimens(file, now), 0);
    assert_true(images_changed(&im));
    assert_int_equal(images_fall_back(&im, 1), -ENOENT); /* there is none before it */
    assert_false(images_changed(&im));
    assert_int_equal(ftruncate(file, 0), 0); /* it goes on */
    assert_true(images_changed(&im));
    close(file);
    images_done(&im);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_must_be_sealed),
        cmocka_unit_test(files_are_told_from_images),
        cmocka_unit_test(only_what_is_large_stays_in_its_file),
        cmocka_unit_test(others_may_not_write_the_folder),
        cmocka_unit_test(a_file_that_is_cut_is_survived),
        cmocka_unit_test(a_file_that_is_overwritten_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
