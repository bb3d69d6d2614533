/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads behind loads: what changed, since when, what is kept; and an image before that is hostile. */
#include "intel/load_before.h"

#include "intel/load_test.h"

#define DAY_S(n) ((INT64_C(20000) + (n)) * 86400)

/* What one load leaves to the next. -1: nothing. */
struct left {
    int image, known;
    bool take_shrunk;
};

struct file {
    const char *name, *text; /* no text: a path */
};

static void leave(struct left *left)
{
    if (left->image >= 0)
        close(left->image);
    if (left->known >= 0)
        close(left->known);
}

/* Loads these files on that day; `*left` is what the load before left, and then what this one leaves. */
static void load_on(struct load_test *t, struct left *left, int day, const struct file *files)
{
    const char *why;
    int known = memfd_create("known", MFD_CLOEXEC), image = memfd_create("image", MFD_CLOEXEC);
    int64_t rows;

    load_test_begin(t);
    struct load_before *b = load_before_new(left->image, left->known, left->take_shrunk, &t->report);
    assert_non_null(b);
    loader_clock(t->l, DAY_S(day) + 5000);
    loader_before(t->l, b);
    for (; files->name != NULL; files++)
        if (files->text != NULL)
            load_test_text(t, files->name, files->text);
        else
            assert_int_equal(loader_path(t->l, files->name), 0);
    assert_int_equal(loader_finish(t->l), 0);
    assert_int_equal(load_before_compare(b, t->b, DAY_S(day) + 5000, known, &rows), 0);
    assert_int_equal(build_write(t->b, image), 0);
    load_before_free(b);
    t->im = image_map(image, true, &why);
    assert_non_null(t->im);
    if (left->image >= 0)
        close(left->image);
    left->image = image;
    if (left->known >= 0 && rows >= 0) {
        close(left->known);
        left->known = known;
    } else {
        close(known);
    }
}

static void no_line(const struct load_test *t, const char *beginning)
{
    const char *line = load_test_find(t, beginning);
    if (line != NULL)
        fail_msg("%s", line);
}

static void changes_are_told(void **state)
{
    static const struct file first[] = {
        {"a", "# bridle-ioc 1\n@campaign A\none.example\n=two.example\nthree.example tier=c2\n192.0.2.0/24\n"
              "cert:da39a3ee5e6b4b0d3255bfef95601890afd80709\n203.0.113.5\nfour.example\n"},
        {"b", "# bridle-ioc 1\n@source S\nfour.example\nfive.example\n"},
        {0}};
    static const struct file second[] = {
        {"b", "# bridle-ioc 1\n@source S\nfour.example\nsix.example\n"},
        {"a", "# bridle-ioc 1\n@campaign A\n203.0.113.5\none.example until=2099-01-01\ntwo.example\n"
              "three.example tier=infection\n192.0.2.0/25\n"
              "cert:da39a3ee5e6b4b0d3255bfef95601890afd80709\nfour.example\n"},
        {0}};
    struct left left = {-1, -1, false};
    struct load_test t;

    load_on(&t, &left, 0, first);
    no_line(&t, "change");
    no_line(&t, "diff");
    assert_int_equal(load_test_ioc(&t, "one.example").first_s, 0); /* nobody asked */
    load_test_end(&t);
    load_on(&t, &left, 0, first);
    load_test_has(&t, "diff\t0\t0\t0", "");
    no_line(&t, "change");
    load_test_end(&t);
    load_on(&t, &left, 0, second);
    load_test_has(&t, "diff\t3\t3\t2", ""); /* order, and which file came first, change nothing */
    load_test_has(&t, "change\tadded\tdomain\tsix.example\tb", "");
    load_test_has(&t, "change\tadded\tdomain\ttwo.example\ta", "");
    load_test_has(&t, "change\tadded\tprefix\t192.0.2.0/25\ta", "");
    load_test_has(&t, "change\tremoved\tname\ttwo.example\ta", "");
    load_test_has(&t, "change\tremoved\tdomain\tfive.example\tb", "");
    load_test_has(&t, "change\tremoved\tprefix\t192.0.2.0/24\ta", "");
    load_test_has(&t, "change\tchanged\tdomain\tthree.example\ta", "");
    load_test_has(&t, "change\tchanged\tdomain\tone.example\ta", "");
    load_test_end(&t);
    leave(&left);
}

/* Days go from image to image, and over a restart through the known values; a feed that is made anew, or a
 * value that was gone for a while, changes none. */
static void first_days_stay(void **state)
{
    static const struct file a[] = {{"a", "one.example\ntwo.example\n"}, {0}};
    static const struct file ab[] = {{"b", "three.example\none.example\n"},
                                     {"a", "two.example\n198.51.100.9\n"},
                                     {0}};
    static const struct file none[] = {{"b", "three.example\n"}, {0}};
    struct left left = {-1, memfd_create("known", MFD_CLOEXEC), true};
    struct load_test t;

    load_on(&t, &left, 0, a);
    assert_true(load_test_ioc(&t, "one.example").first_s == DAY_S(0));
    load_test_end(&t);
    load_on(&t, &left, 3, ab);
    assert_true(load_test_ioc(&t, "one.example").first_s == DAY_S(0));
    assert_true(load_test_ioc(&t, "three.example").first_s == DAY_S(3));
    assert_true(load_test_ioc(&t, "198.51.100.9").first_s == DAY_S(3));
    load_test_end(&t);
    load_on(&t, &left, 4, none);
    load_test_end(&t);
    close(left.image); /* a restart */
    left.image = -1;
    load_on(&t, &left, 9, ab);
    assert_true(load_test_ioc(&t, "one.example").first_s == DAY_S(0));
    assert_true(load_test_ioc(&t, "two.example").first_s == DAY_S(0));
    assert_true(load_test_ioc(&t, "198.51.100.9").first_s == DAY_S(3));
    load_test_end(&t);
    close(left.known); /* lost: the image still knows */
    left.known = memfd_create("known", MFD_CLOEXEC);
    assert_int_equal(write(left.known, "nonsense", 8), 8);
    load_on(&t, &left, 12, ab);
    load_test_has(&t, "note\tknown values\t0\t0\twarning\t", "begins anew");
    assert_true(load_test_ioc(&t, "one.example").first_s == DAY_S(0));
    load_test_end(&t);
    close(left.known); /* without it, too */
    left.known = -1;
    load_on(&t, &left, 15, a);
    assert_true(load_test_ioc(&t, "two.example").first_s == DAY_S(0));
    load_test_end(&t);
    leave(&left);
}

static void a_clock_that_is_wrong_makes_no_days(void **state)
{
    static const struct file a[] = {{"a", "one.example\n"}, {0}};
    static const struct file ab[] = {{"a", "one.example\ntwo.example\n"}, {0}};
    struct left left = {-1, memfd_create("known", MFD_CLOEXEC), false};
    struct load_test t;

    load_on(&t, &left, -20000, a); /* 1970 */
    assert_true(load_test_ioc(&t, "one.example").first_s == 0);
    load_test_end(&t);
    load_on(&t, &left, 10000, ab); /* far ahead */
    load_test_end(&t);
    load_on(&t, &left, 7, ab);
    assert_true(load_test_ioc(&t, "two.example").first_s == DAY_S(7));
    load_test_end(&t);
    load_on(&t, &left, -20000, ab);
    assert_true(load_test_ioc(&t, "two.example").first_s == DAY_S(7));
    load_test_end(&t);
    leave(&left);
}

static char *names(const char *prefix, unsigned from, unsigned to)
{
    char *text = calloc(to - from + 1, 40);

    for (unsigned i = from; i < to; i++)
        sprintf(text + strlen(text), "%s%u.example\n", prefix, i);
    return text;
}

/* A list with fewer than half of its entries stays as it was, through further loads, until it has grown again
 * or is taken as it is. */
static void shrunk_lists_are_kept(void **state)
{
    char *all = names("n", 0, 20), *half = names("n", 0, 10), *few = names("n", 11, 20),
         *nine = names("m", 0, 9);
    const struct file good[] = {{"big", all}, {"small", nine}, {0}};
    const struct file halved[] = {{"big", half}, {"small", nine}, {0}};
    const struct file shrunk[] = {{"big", few}, {"small", ""}, {0}};
    const struct file empty[] = {{"other", "x.example\n"},
                                 {"big", "<html><body>Not found</body></html>\n"},
                                 {0}};
    const struct file gone[] = {{"other", "x.example\n"}, {0}};
    struct left left = {-1, -1, false};
    struct load_test t;

    load_on(&t, &left, 0, good);
    load_test_end(&t);
    load_on(&t, &left, 1, halved); /* half is no mistake */
    no_line(&t, "kept");
    assert_int_equal(image_iocs(t.im), 19);
    load_test_end(&t);
    load_on(&t, &left, 2, good);
    load_test_end(&t);
    load_on(&t, &left, 3, shrunk);
    load_test_has(&t, "kept\tbig\t9\t20", "");
    load_test_has(&t, "kept\tsmall\t0\t9", "");
    assert_int_equal(image_iocs(t.im), 29);
    assert_true(load_test_match(&t, "n3.example", MATCH_EXACT));
    assert_int_equal(load_test_ioc(&t, "n3.example").line, 4);
    assert_int_equal(load_test_count(&t, "big", LOAD_LOADED), 9);
    load_test_has(&t, "diff\t0\t0\t0", "");
    load_test_has(&t, "total\t29", "");
    load_test_end(&t);
    load_on(&t, &left, 4, empty);
    load_test_has(&t, "kept\tbig\t0\t20", "");
    load_test_has(&t, "diff\t1\t9\t0", ""); /* small is not named any more, and so gone */
    load_test_end(&t);
    left.take_shrunk = true;
    load_on(&t, &left, 5, shrunk);
    no_line(&t, "kept");
    assert_int_equal(image_iocs(t.im), 9);
    load_test_end(&t);
    left.take_shrunk = false;
    load_on(&t, &left, 6, good);
    load_test_end(&t);
    load_on(&t, &left, 7, gone); /* who takes a list away means it */
    no_line(&t, "kept");
    assert_int_equal(image_iocs(t.im), 1);
    load_test_end(&t);
    leave(&left);
    free(all);
    free(half);
    free(few);
    free(nine);
}

static void write_list(const char *folder, const char *text)
{
    char path[64];

    snprintf(path, sizeof path, "%s/list.txt", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A long list does not hide that another one of its name, in another folder, is gone. */
static void lists_of_one_name_are_told_apart(void **state)
{
    char a[] = "/tmp/bridle-a-XXXXXX", b[] = "/tmp/bridle-b-XXXXXX", path[2][64];
    char *many = names("n", 0, 40), *few = names("m", 0, 20);
    struct left left = {-1, -1, false};
    struct load_test t;

    assert_true(mkdtemp(a) != NULL && mkdtemp(b) != NULL);
    const struct file folders[] = {{a, NULL}, {b, NULL}, {0}};
    snprintf(path[0], sizeof path[0], "%s/list.txt", a);
    snprintf(path[1], sizeof path[1], "%s/list.txt", b);
    write_list(a, many);
    write_list(b, few);
    load_on(&t, &left, 0, folders);
    assert_true(span_eq(load_test_ioc(&t, "n1.example").feed, span_str(path[0])));
    assert_true(span_eq(load_test_ioc(&t, "m1.example").feed, span_str(path[1])));
    assert_true(span_eq(load_test_ioc(&t, "m1.example").campaign[0], span_str("list")));
    load_test_end(&t);
    write_list(b, "m1.example\n");
    load_on(&t, &left, 1, folders);
    load_test_has(&t, "kept\t/tmp/bridle-b-", "/list.txt\t1\t20");
    assert_int_equal(image_iocs(t.im), 60);
    load_test_end(&t);
    leave(&left);
    for (unsigned i = 0; i < 2; i++)
        unlink(path[i]);
    rmdir(a);
    rmdir(b);
    free(many);
    free(few);
}

/* Everything that an entry says comes back from the image; what others list meanwhile is merged with it. */
static void kept_entries_are_whole(void **state)
{
    char *filler = names("f", 0, 20), *text;
    const struct file later[] = {{"a", ""},
                                 {"b", "# bridle-ioc 1\n@campaign B\n@source SB\none.example\n"},
                                 {0}};
    struct left left = {-1, memfd_create("known", MFD_CLOEXEC), false};
    struct load_test t;

    assert_true(
        asprintf(&text,
                 "# bridle-ioc 1\n@campaign A\n@source SA\n@reference R\n@licence L\n"
                 "one.example tier=c2 from=2021-01-01 until=2099-01-01 comment=\"C\" campaign=Z\n"
                 "=two.example\n!three.example comment=\"why\"\n=10.1.2.3\n2001:db8:7::/48\n"
                 "cert:da39a3ee5e6b4b0d3255bfef95601890afd80709\nja3:da39a3ee5e6b4b0d3255bfef95601890\n"
                 "t13d1516h2_8daaf6152771_b186095e22b6\n%s",
                 filler) > 0);
    const struct file first[] = {{"a", text}, {0}};
    load_on(&t, &left, 0, first);
    uint32_t count = image_iocs(t.im);
    assert_int_equal(count, 28);
    load_test_end(&t);
    load_on(&t, &left, 50, later);
    load_test_has(&t, "kept\ta\t0\t27", "");
    load_test_has(&t, "diff\t0\t0\t1", ""); /* one of them has another campaign now */
    assert_int_equal(image_iocs(t.im), count);
    struct ioc one = load_test_ioc(&t, "one.example");
    assert_true(one.tier == TIER_C2 && one.campaigns == 2 && one.sources == 2);
    assert_true(span_eq(one.campaign[0], span_str("B")) && span_eq(one.source[1], span_str("SA")));
    assert_true(one.from_s == 1609459200 && one.first_s == DAY_S(0));
    struct ioc two = load_test_ioc(&t, "two.example");
    assert_true(two.type == IOC_NAME && two.line == 7 && span_eq(two.reference, span_str("R")));
    assert_true(span_eq(two.licence, span_str("L")) && span_eq(two.feed, span_str("a")));
    assert_true(load_test_match(&t, "x.three.example", MATCH_EXCEPTION));
    load_test_ioc(&t, "10.1.2.3");
    load_test_ioc(&t, "2001:db8:7:1::1");
    load_test_digest(&t, IOC_CERT, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    load_test_digest(&t, IOC_JA3, "da39a3ee5e6b4b0d3255bfef95601890");
    load_test_digest(&t, IOC_JA4, "t13d1516h2_8daaf6152771_b186095e22b6");
    load_test_end(&t);
    leave(&left);
    free(filler);
    free(text);
}

/* Many random changes: numbers as a plain comparison would give them. */
static void diffs_match_reference(void **state)
{
    enum { N = 3000, ROUNDS = 8 };
    static uint8_t now[N], before[N];
    struct left left = {-1, -1, true};
    uint64_t seed = 41;

    for (unsigned round = 0; round < ROUNDS; round++) {
        char *text = calloc(N, 48), *to = text;
        unsigned add = 0, gone = 0, change = 0, from = test_random(&seed, N);
        to += sprintf(to, "# bridle-ioc 1\n");
        memcpy(before, now, sizeof now);
        for (unsigned i = 0; i < N; i++)
            if (round == 0 || test_random(&seed, 10) == 0)
                now[i] = (uint8_t)test_random(&seed, 3); /* 0: not listed; else one of two tiers */
        for (unsigned k = 0; k < N; k++) {
            unsigned i = (k + from) % N;
            add += now[i] != 0 && before[i] == 0;
            gone += now[i] == 0 && before[i] != 0;
            change += now[i] != 0 && before[i] != 0 && now[i] != before[i];
            if (now[i] != 0)
                to += i % 3 ? sprintf(to, "n%u.example tier=%s\n", i, now[i] == 1 ? "c2" : "delivery")
                            : sprintf(to, "198.18.%u.%u tier=%s\n", i / 256, i % 256,
                                      now[i] == 1 ? "c2" : "delivery");
        }
        struct file files[] = {{"a", text}, {0}};
        struct load_test t;
        char want[64];
        load_on(&t, &left, 0, files);
        snprintf(want, sizeof want, "diff\t%u\t%u\t%u", add, gone, change);
        if (round > 0)
            load_test_has(&t, want, "");
        unsigned told = 0;
        for (unsigned i = 0; i < t.lines; i++)
            told += strncmp(t.line[i], "change\t", 7) == 0;
        assert_true(round == 0 || told == add + gone + change || told <= LOADER_CHANGES_MAX);
        load_test_end(&t);
        free(text);
    }
    leave(&left);
}

/* Whatever the image before says, the load is made, and says nothing that is not there. */
static void a_hostile_image_before(void **state)
{
    char *all = names("n", 0, 30);
    const struct file files[] = {{"a", all}, {"b", "192.0.2.1\n2001:db8::/32\n"}, {0}};
    const struct file fewer[] = {{"a", "n5.example\n"}, {"b", "192.0.2.1\nnew.example\n"}, {0}};
    struct left left = {-1, -1, false};
    uint8_t bytes[8192];
    struct load_test t;
    uint64_t seed = 8;

    load_on(&t, &left, 0, files);
    load_test_end(&t);
    ssize_t len = pread(left.image, bytes, sizeof bytes, 0);
    assert_true(len > IMAGE_HEADER_BYTES && len < (ssize_t)sizeof bytes);
    for (unsigned round = 0; round < 200; round++) {
        uint8_t copy[sizeof bytes];
        memcpy(copy, bytes, (size_t)len);
        for (unsigned k = test_random(&seed, 6); k-- > 0;)
            copy[12 + test_random(&seed, (uint32_t)len - 12)] = (uint8_t)test_random(&seed, 256);
        test_sum_head(copy);
        assert_int_equal(pwrite(left.image, copy, (size_t)len, 0), len);
        struct left behind = {dup(left.image), -1, false};
        load_on(&t, &behind, 1, fewer);
        leave(&behind);
        assert_true(image_iocs(t.im) >= 3 && load_test_match(&t, "new.example", MATCH_EXACT));
        load_test_end(&t);
    }
    put_le32(bytes + IMAGE_AT_VERSION, IMAGE_VERSION - 1);
    test_sum_head(bytes);
    assert_int_equal(pwrite(left.image, bytes, (size_t)len, 0), len);
    load_on(&t, &left, 1, fewer);
    load_test_has(&t, "note\timage in use\t0\t0\twarning\t", "an older one");
    no_line(&t, "diff");
    load_test_end(&t);
    leave(&left);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(first_days_stay),
        cmocka_unit_test(a_clock_that_is_wrong_makes_no_days),
        cmocka_unit_test(shrunk_lists_are_kept),
        cmocka_unit_test(lists_of_one_name_are_told_apart),
        cmocka_unit_test(kept_entries_are_whole),
        cmocka_unit_test(diffs_match_reference),
        cmocka_unit_test(a_hostile_image_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
