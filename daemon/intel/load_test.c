/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders: what is found, in which order, and what hostile ones cost. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "intel/load_test.h"

struct folder {
    char path[64];
    int fd;
};

static int make_folder(void **state)
{
    struct folder *f = malloc(sizeof(*f));

    strcpy(f->path, "/tmp/bridle-load-XXXXXX");
    if (!mkdtemp(f->path))
        return -1;
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
    *state = f;
    return f->fd < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char command[128];

    close(f->fd);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
    int failed = system(command);
    free(f);
    return failed;
}

static void put(const struct folder *f, const char *name, const char *text)
{
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void load_folder(struct load_test *t, const struct folder *f, int wanted)
{
    load_test_begin(t);
    assert_int_equal(loader_path(t->l, f->path), wanted);
    load_test_finish(t);
}

/* A line about a file of the folder. */
static void has(const struct load_test *t, const struct folder *f, const char *kind, const char *name,
                const char *part)
{
    char beginning[256];
    snprintf(beginning, sizeof(beginning), "%s\t%s/%s\t", kind, f->path, name);
    load_test_has(t, beginning, part);
}

static void files_are_read_in_order_of_name(void **state)
{
    const struct folder *f = *state;
    struct load_test t;

    assert_int_equal(mkdirat(f->fd, "b", 0700), 0);
    put(f, "a.txt", "same.example\na.example\n");
    put(f, "b/x.txt", "same.example\n");
    put(f, "c.txt", "same.example\n");
    put(f, ".hidden", "hidden.example\n");
    put(f, "README.md", "readme.example\n");
    put(f, "c.txt~", "old.example\n");
    put(f, "c.txt.dpkg-old", "older.example\n");
    put(f, "meson.build", "install_subdir('x')\n");
    load_folder(&t, f, 0);
    assert_int_equal(image_iocs(t.im), 2);
    struct ioc ioc = load_test_ioc(&t, "same.example");
    assert_int_equal(ioc.campaigns, 3);
    assert_true(span_eq(ioc.campaign[0], span_str("a")) && span_eq(ioc.campaign[1], span_str("x")) &&
                span_eq(ioc.campaign[2], span_str("c")));
    assert_true(span_eq(ioc.feed, span_str("a.txt")));
    has(&t, f, "note", "b/x.txt", "duplicate\tsame.example\tlisted before in a.txt:1");
    has(&t, f, "file", "c.txt", "plain\t0\t0\t1");
    assert_int_equal(t.lines, 2 + 3 + 1);
    assert_string_equal(t.line[t.lines - 1], "total\t2");
    load_test_end(&t);
}

static void hostile_folders_are_told_and_the_rest_is_read(void **state)
{
    const struct folder *f = *state;
    struct load_test t;
    int fd;

    put(f, "good.txt", "good.example\n");
    put(f, "noise.ioc", "\x01\x02\n!a.example\n@campaign x\n\x03\x04\x7f\n");
    put(f, "compiled.img", "BRIDLEIM\x01\x02\x03");
    assert_int_equal(mkfifoat(f->fd, "fifo", 0600), 0);
    assert_int_equal(symlinkat(".", f->fd, "circle"), 0);
    assert_int_equal(symlinkat("loop2", f->fd, "loop1"), 0);
    assert_int_equal(symlinkat("loop1", f->fd, "loop2"), 0);
    assert_int_equal(symlinkat("nowhere", f->fd, "dangling"), 0);
    assert_int_equal(symlinkat("/dev/zero", f->fd, "device"), 0);
    assert_true((fd = openat(f->fd, "sparse", O_WRONLY | O_CREAT, 0600)) >= 0);
    assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
    close(fd);
    assert_true((fd = openat(f->fd, "zeros", O_WRONLY | O_CREAT, 0600)) >= 0);
    assert_int_equal(ftruncate(fd, (off_t)200 << 20), 0);
    close(fd);
    load_folder(&t, f, 0);
    assert_int_equal(image_iocs(t.im), 1);
    has(&t, f, "note", "fifo", "neither a regular file nor a folder");
    has(&t, f, "note", "device", "neither a regular file nor a folder");
    has(&t, f, "note", "loop1", "links in a circle");
    has(&t, f, "note", "dangling", "No such file");
    has(&t, f, "note", "sparse", "too large: 3221225472 bytes");
    has(&t, f, "note", "zeros", "binary");
    has(&t, f, "note", "noise.ioc", "binary");
    has(&t, f, "note", "compiled.img", "a compiled image");
    has(&t, f, "file", "good.txt", "plain\t1\t");
    load_test_end(&t);
}

static void depth_has_a_limit(void **state)
{
    const struct folder *f = *state;
    struct load_test t;
    char path[256] = "";

    for (unsigned i = 0; i < 20; i++) {
        strcat(path, i ? "/d" : "d");
        assert_int_equal(mkdirat(f->fd, path, 0700), 0);
    }
    strcat(path, "/deep.txt");
    put(f, path, "deep.example\n");
    put(f, "d/top.txt", "top.example\n");
    load_folder(&t, f, 0);
    assert_int_equal(image_iocs(t.im), 1);
    load_test_has(&t, "note\t", "nested too deep");
    load_test_end(&t);
}

static void what_cannot_be_read_at_all_is_an_error(void **state)
{
    const struct folder *f = *state;
    struct load_test t;
    char path[PATH_MAX + 10];

    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    load_test_begin(&t);
    assert_int_equal(loader_path(t.l, "/nonexistent/x"), -ENOENT);
    assert_int_equal(loader_path(t.l, ""), -ENOENT);
    assert_int_equal(loader_path(t.l, "/dev/null"), -EINVAL);
    assert_int_equal(loader_path(t.l, path), -ENAMETOOLONG);
    assert_int_equal(loader_path(t.l, f->path), 0); /* empty is no error */
    load_test_finish(&t);
    load_test_has(&t, "note\t/nonexistent/x\t0\t0\terror\t", "No such file");
    load_test_has(&t, "note\t/dev/null\t0\t0\terror\t", "neither");
    load_test_has(&t, "total\t0", "");
    load_test_end(&t);
}

static void guards_alone_give_only_guards(void **state)
{
    const struct folder *f = *state;
    struct load_test t;

    put(f, "g.ioc", "a.example\n\x01\n@guard x\nshared.example\n@hosting h\n192.0.2.0/24\n@nonsense\n");
    put(f, "broken", "\x01\x02\x03");
    load_test_begin(&t);
    load_test_text(&t, "list", "shared.example\nb.example\n");
    assert_int_equal(loader_guards(t.l, f->path), 0);
    assert_int_equal(loader_guards(t.l, "/nonexistent"), -ENOENT);
    load_test_finish(&t);
    assert_int_equal(image_iocs(t.im), 1);
    assert_int_equal(load_test_count(&t, "list", LOAD_QUARANTINED), 1);
    has(&t, f, "note", "broken", "warning");
    load_test_has(&t, "note\t/nonexistent\t0\t0\twarning\t", "No such file");
    assert_int_equal(t.lines, 1 + 1 + 1 + 1 + 1);
    load_test_end(&t);
}

/* What was given twice, once by a link, is read once. */
static void a_folder_is_read_once(void **state)
{
    const struct folder *f = *state;
    struct load_test t;
    char path[128];

    put(f, "a.txt", "a.example\n");
    snprintf(path, sizeof(path), "%s/", f->path);
    load_test_begin(&t);
    assert_int_equal(loader_path(t.l, path), 0);
    assert_int_equal(loader_path(t.l, f->path), 0);
    load_test_finish(&t);
    has(&t, f, "file", "a.txt", "plain\t1\t0\t0");
    assert_int_equal(t.lines, 2);
    load_test_end(&t);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_are_read_in_order_of_name),
        IN_FOLDER(hostile_folders_are_told_and_the_rest_is_read),
        IN_FOLDER(depth_has_a_limit),
        IN_FOLDER(what_cannot_be_read_at_all_is_an_error),
        IN_FOLDER(guards_alone_give_only_guards),
        IN_FOLDER(a_folder_is_read_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
