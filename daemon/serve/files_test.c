/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way in which files of rules change changes their mark, nothing else does, and each is heard of in one
 * of the folders that are named. */
#include "serve/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/bridle-files-XXXXXX";

struct heard {
    char path[256][128];
    unsigned count;
};

static void folder(void *ctx, const char *path, bool names)
{
    struct heard *h = ctx;

    assert_true(h->count < 256);
    snprintf(h->path[h->count++], sizeof h->path[0], "%s%s", path, names ? " (names)" : "");
}

static const char *in(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", top, name);
    return p;
}

static void put(const char *name, const char *text)
{
    int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static uint64_t mark_of(const char *name, struct heard *h)
{
    struct heard ignored = {.count = 0};
    struct files f = {.folder = folder, .ctx = h != NULL ? h : &ignored};

    files_add(&f, in(name));
    return f.mark;
}

static bool is_heard(const struct heard *h, const char *name, const char *how)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "%s%s", in(name), how);
    for (unsigned i = 0; i < h->count; i++)
        if (strcmp(h->path[i], wanted) == 0)
            return true;
    return false;
}

static uint64_t before;

static void changed(bool wanted)
{
    uint64_t now = mark_of("rules", NULL);

    assert_int_equal(now != before, wanted);
    before = now;
}

static void all_ways_to_change(void **state)
{
    assert_int_equal(mkdir(in("rules"), 0700), 0);
    assert_int_equal(mkdir(in("rules/sub"), 0700), 0);
    put("rules/a", "one");
    put("rules/sub/b", "two");
    changed(true);
    changed(false);
    put("rules/a", "longer");
    changed(true);
    put("rules/sub/b", "TWO");
    changed(true);
    put("rules/new", "x");
    changed(true);
    assert_int_equal(rename(in("rules/new"), in("rules/sub/other")), 0);
    changed(true);
    put("elsewhere", "same size");
    put("rules/c", "SAME SIZE");
    changed(true);
    assert_int_equal(rename(in("elsewhere"), in("rules/c")), 0); /* in its place */
    changed(true);
    assert_int_equal(unlink(in("rules/c")), 0);
    changed(true);
    assert_int_equal(rename(in("rules"), in("away")), 0);
    changed(true);
    changed(false);
    assert_int_equal(rename(in("away"), in("rules")), 0);
    changed(true);
}

static void what_is_no_change(void **state)
{
    before = mark_of("rules", NULL);
    put("rules/.hidden", "x");
    put("rules/sub/.hidden", "x");
    changed(false);
    assert_int_equal(unlink(in("rules/.hidden")), 0);
    put("beside", "x");
    changed(false);
}

static void links(void **state)
{
    struct heard h = {.count = 0};

    assert_int_equal(mkdir(in("one"), 0700), 0);
    assert_int_equal(mkdir(in("two"), 0700), 0);
    put("one/list", "x");
    put("two/list", "x");
    assert_int_equal(symlink("one", in("now")), 0);
    uint64_t first = mark_of("now/list", &h);
    assert_true(is_heard(&h, "now", "") || is_heard(&h, "one", ""));
    assert_true(is_heard(&h, ".", "") || h.count > 2);
    /* the link is swapped for another: what names it changed */
    assert_int_equal(symlink("two", in("next")), 0);
    assert_int_equal(rename(in("next"), in("now")), 0);
    assert_true(mark_of("now/list", NULL) != first);
    first = mark_of("now/list", NULL);
    put("two/list", "y!");
    assert_true(mark_of("now/list", NULL) != first);
    /* one that leads to itself, and one that leads nowhere */
    assert_int_equal(symlink("loop", in("loop")), 0);
    mark_of("loop", NULL);
    assert_int_equal(symlink("nowhere/at/all", in("dangling")), 0);
    first = mark_of("dangling", NULL);
    assert_int_equal(symlink(top, in("one/up")), 0); /* a folder in itself ends, too */
    mark_of("one", NULL);
    assert_int_equal(unlink(in("one/up")), 0);
    assert_int_equal(mkdir(in("nowhere"), 0700), 0);
    assert_int_equal(mkdir(in("nowhere/at"), 0700), 0);
    put("nowhere/at/all", "x");
    assert_true(mark_of("dangling", NULL) != first);
}

static void folders_to_listen_to(void **state)
{
    struct heard h = {.count = 0};

    mark_of("missing/folder/list", &h);
    assert_true(is_heard(&h, "missing/folder", "")); /* the listener fails, and hears of those above */
    assert_true(is_heard(&h, "missing", " (names)"));
    h.count = 0;
    mark_of("rules", &h);
    assert_true(is_heard(&h, "rules", ""));
    assert_true(is_heard(&h, "rules/sub", ""));
    assert_string_equal(h.path[0], top);
    assert_string_equal(h.path[1], "/tmp (names)");
    assert_string_equal(h.path[2], "/ (names)");
}

static int make(void **state)
{
    return mkdtemp(top) != NULL ? 0 : -1;
}

static int done(void **state)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_to_change),
        cmocka_unit_test(what_is_no_change),
        cmocka_unit_test(links),
        cmocka_unit_test(folders_to_listen_to),
    };
    return cmocka_run_group_tests(tests, make, done);
}
