/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed is kept, bounded, across loads and daemons, whatever a hostile loader says; the file of known
 * values, too. */
#include "serve/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/known.h"

#define WHEN_NS 1795341600000000000u /* 2026-11-22 10:00 UTC */

static char dir[] = "/tmp/bridle-changes-XXXXXX";
static char room[2 * CHANGES_BYTES + 1];

static void take(struct changes *c, const char *line)
{
    struct load_line l;

    assert_true(load_line_parse(line, &l));
    changes_take(c, &l, WHEN_NS);
}

static const char *printed(bool json)
{
    struct text t = text_on(room, sizeof room);

    changes_print(dir, json, &t);
    assert_false(t.full);
    return room;
}

static void clean(void)
{
    char path[128];

    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = {"changes.jsonl", "changes.old.jsonl", "known"};
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
}

static void a_load(void **state)
{
    struct changes c = {0};

    take(&c, "change\tadded\tdomain\tone.example.org\tlist.txt");
    take(&c, "change\tremoved\tprefix\t192.0.2.0/24\ta \"b\" \\092c");
    take(&c, "change\tchanged\tname\tx\",\"feed\":\"no\tf");
    take(&c, "diff\t1\t2\t3");
    assert_int_equal(changes_keep(&c, dir, 7, WHEN_NS), 0);
    assert_null(c.at);
    assert_string_equal(
        printed(true),
        "{\"time\":\"2026-11-22T10:00:00.000000+0000\",\"change\":\"added\",\"type\":\"domain\","
        "\"value\":\"one.example.org\",\"feed\":\"list.txt\"}\n"
        "{\"time\":\"2026-11-22T10:00:00.000000+0000\",\"change\":\"removed\",\"type\":\"prefix\","
        "\"value\":\"192.0.2.0/24\",\"feed\":\"a \\\"b\\\" \\\\092c\"}\n"
        "{\"time\":\"2026-11-22T10:00:00.000000+0000\",\"change\":\"changed\",\"type\":\"name\","
        "\"value\":\"x\\\",\\\"feed\\\":\\\"no\",\"feed\":\"f\"}\n"
        "{\"time\":\"2026-11-22T10:00:00.000000+0000\",\"generation\":7,\"added\":1,\"removed\":2,"
        "\"changed\":3}\n");
    assert_string_equal(printed(false),
                        "2026-11-22T10:00:00.000000+0000  + domain one.example.org  (list.txt)\n"
                        "2026-11-22T10:00:00.000000+0000  - prefix 192.0.2.0/24  (a \"b\" \\092c)\n"
                        "2026-11-22T10:00:00.000000+0000  ~ name x\",\"feed\":\"no  (f)\n"
                        "2026-11-22T10:00:00.000000+0000  generation 7: 1 added, 2 removed, 3 changed\n");
    clean();
}

static void loads_without_changes(void **state)
{
    struct changes c = {0};

    take(&c, "diff\t0\t0\t0");
    assert_int_equal(changes_keep(&c, dir, 1, WHEN_NS), 0);
    take(&c, "change\tadded\tdomain\tx\ty"); /* and then the load was refused */
    changes_drop(&c);
    take(&c, "change\tadded\tdomain\tx\ty"); /* no numbers: it knew no load before */
    assert_int_equal(changes_keep(&c, dir, 1, WHEN_NS), 0);
    take(&c, "diff\t1\t1\t1");
    assert_int_equal(changes_keep(&c, NULL, 1, WHEN_NS), 0);
    take(&c, "diff\t1\t1\t1");
    assert_int_equal(changes_keep(&c, "", 1, WHEN_NS), 0);
    assert_string_equal(printed(false), "");
    take(&c, "diff\t1\t1\t1");
    assert_int_equal(changes_keep(&c, "/nonexistent", 1, WHEN_NS), -ENOENT);
}

/* Whatever comes, two files of bounded size hold the last of it. */
static void never_too_much(void **state)
{
    struct changes c = {0};
    char line[LOAD_LINE_MAX], path[128];
    struct stat st;

    for (unsigned load = 1; load <= 6; load++) {
        for (unsigned i = 0; i < 1000; i++) {
            int n = snprintf(line, sizeof line, "change\tadded\tdomain\t%u.%u.", load, i);
            memset(line + n, '"', 600); /* each takes two bytes as JSON */
            snprintf(line + n + 600, sizeof line - (size_t)n - 600, "\tfeed");
            take(&c, line);
        }
        take(&c, "diff\t1000\t0\t0");
        assert_int_equal(changes_keep(&c, dir, load, WHEN_NS), 0);
    }
    for (unsigned old = 0; old < 2; old++) {
        snprintf(path, sizeof path, "%s/changes%s.jsonl", dir, old ? ".old" : "");
        assert_int_equal(stat(path, &st), 0);
        assert_in_range(st.st_size, 1000, CHANGES_BYTES);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_non_null(strstr(printed(true), "\"generation\":6,"));
    assert_null(strstr(room, "\"generation\":4,"));
    clean();
}

/* Of a write that was cut, or that is none of ours. */
static void odd_files(void **state)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/changes.jsonl", dir);
    f = fopen(path, "w");
    fputs("nonsense\n{}\n{\"time\":\"now\n{\"change\":\"\033[2Jx\",\"value\":\"\033[2J\"}\n", f);
    for (unsigned i = 0; i < 20000; i++)
        fputc('{', f);
    fputs("\n{\"time\":\"T\",\"generation\":2,\"added\":1,\"removed\":0,\"changed\":0}\n{\"time\":\"cut", f);
    fclose(f);
    printed(false);
    assert_null(strchr(room, '\033'));
    assert_non_null(strstr(room, "T  generation 2: 1 added, 0 removed, 0 changed\n"));
    clean();
}

static int sealed(const char *text)
{
    int fd = memfd_create("known", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_true(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    return fd;
}

static void write_next(const char *text)
{
    int fd = known_begin(dir);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void expect_known(ssize_t bytes)
{
    char buf[32];
    int fd = known_open(dir);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, buf, sizeof buf), bytes);
    close(fd);
}

static void known_values(void **state)
{
    expect_known(0); /* an empty one to begin with */
    assert_int_equal(known_open(NULL), -ENOENT);
    assert_int_equal(known_open(""), -ENOENT);
    assert_int_equal(known_begin(NULL), -ENOENT);
    assert_int_equal(known_begin("/nonexistent"), -ENOENT);
    assert_int_equal(known_take(dir), -ENOENT);
    write_next("first");
    expect_known(0); /* it is not whole yet */
    assert_int_equal(known_take(dir), 0);
    known_end(dir);
    expect_known(5);
    write_next("of a load that failed");
    known_end(dir);
    assert_int_equal(known_take(dir), -ENOENT);
    write_next("one that begins anew");
    int fd = known_begin(dir);
    assert_int_equal(ftruncate(fd, 1l << 40), 0);
    close(fd);
    assert_int_equal(known_take(dir), -EFBIG);
    known_end(dir);
    expect_known(5); /* the good one stayed */
    clean();
}

static void known_images(void **state)
{
    char buf[32];
    int fd = sealed("image");

    assert_int_equal(known_image(dir), -ENOENT);
    assert_int_equal(known_store_image(dir, fd), 0);
    assert_int_equal(known_store_image(NULL, fd), -ENOENT);
    assert_int_equal(known_store_image("/nonexistent", fd), -ENOENT);
    close(fd);
    fd = known_image(dir);
    assert_int_equal(read(fd, buf, sizeof buf), 5);
    close(fd);
    fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING); /* it could still change */
    assert_int_equal(known_store_image(dir, fd), -EPERM);
    assert_int_equal(known_image(dir), -ENOENT); /* an old one would bring back what is gone */
    assert_int_equal(ftruncate(fd, 1l << 40), 0);
    assert_true(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    assert_int_equal(known_store_image(dir, fd), -EFBIG);
    close(fd);
    clean();
}

static int make(void **state)
{
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int done(void **state)
{
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load),         cmocka_unit_test(loads_without_changes),
        cmocka_unit_test(never_too_much), cmocka_unit_test(odd_files),
        cmocka_unit_test(known_values),   cmocka_unit_test(known_images),
    };
    return cmocka_run_group_tests(tests, make, done);
}
