/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: what a row says about its values, columns that the configuration names, and hostile quoting. */
#include "intel/load_test.h"

#include <unistd.h>

#include "intel/load_csv.h"

/* Loads a text as a file under options. */
static void load_with(struct load_test *t, const char *text, const struct load_options *o)
{
    char path[] = "/tmp/load_csv_test.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    load_test_begin(t);
    assert_int_equal(loader_source(t->l, path, o), 0);
    load_test_finish(t);
    unlink(path);
}

static void a_row_says_it_of_all_its_values(void **state)
{
    struct load_test t;

    load_test_one(&t, "f.csv",
                  "Domain,IP Address,Campaign,First_Seen,Valid Until,Comment,Reference,Source,Tier\n"
                  "a.example,\"192.0.2.1, 192.0.2.2\",Phantom,\"November 7th, 2014\",20301231,"
                  "\"said \"\"so\"\"\",https://lab.example/1,Lab,infection\n"
                  "b.example,n/a,,soon,,,,,\n");
    static const char *const values[] = {"a.example", "192.0.2.1", "192.0.2.2"};
    for (size_t i = 0; i < 3; i++) {
        struct ioc ioc = load_test_ioc(&t, values[i]);
        assert_true(span_eq(ioc.campaign[0], span_str("Phantom")));
        assert_true(span_eq(ioc.comment, span_str("said \"so\"")));
        assert_true(span_eq(ioc.reference, span_str("https://lab.example/1")));
        assert_true(span_eq(ioc.source[0], span_str("Lab")));
        assert_int_equal(ioc.tier, TIER_INFECTION);
        assert_int_equal(ioc.from_s, 1415318400);
        assert_int_equal(ioc.until_s, 1924991999);
        assert_int_equal(ioc.line, 2);
    }
    assert_true(span_eq(load_test_ioc(&t, "b.example").campaign[0], span_str("f")));
    load_test_has(&t, "note\tf.csv\t3\t16\twarning\t", "1 dates are not understood");
    load_test_end(&t);
}

static void columns_are_named_by_the_configuration(void **state)
{
    struct load_options o = {.columns = "-,campaign,value,type"};
    struct load_test t;

    load_with(&t, "1;Phantom;a.example;domain\n2;Phantom;192.0.2.1;ip\n3;Phantom;00;sha256\n", &o);
    assert_true(span_eq(load_test_ioc(&t, "192.0.2.1").campaign[0], span_str("Phantom")));
    load_test_has(&t, "file\t", "\tcsv\t2\t");
    load_test_has(&t, "note\t", "not-network\tsha256");
    load_test_end(&t);
    o.columns = "value,campain";
    load_with(&t, "a.example,x\n", &o);
    load_test_has(&t, "note\t", "names no column");
    assert_int_equal(image_iocs(t.im), 0);
    load_test_end(&t);
    o.columns = "value,name server"; /* a column may be left out only by `-` */
    load_with(&t, "a.example,ns.example\n", &o);
    load_test_has(&t, "note\t", "name server");
    load_test_end(&t);
}

/* Names in columns that are called something else are no indicators. */
static void only_values_are_values(void **state)
{
    struct load_test t;

    load_test_one(&t, "f.csv",
                  "domain,registrar,nameserver,email domain\na.example,r.example,ns.example,m.example\n");
    assert_int_equal(image_iocs(t.im), 1);
    load_test_end(&t);
    load_test_one(&t, "g.csv", "rank,site\n1,a.example\n2,b.example\n");
    assert_int_equal(image_iocs(t.im), 2); /* a header that says nothing is the first row */
    load_test_end(&t);
}

static void quotes_may_be_anything(void **state)
{
    static const char *const texts[] = {"\"",       "\"\"",     "a\"b",   "\"a\"b,c",  " \"a\",\"b\"",
                                        "\"a\n\"b", "\"\"\"\"", ",\"\n,", "\"a,\"\"b", "\"a\" ,b"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        char text[512];
        struct load_test t;
        int n =
            snprintf(text, sizeof(text), "domain,comment\nfirst.example,x\n%s\nlast.example,y\n", texts[i]);
        load_test_one(&t, "f.csv", text);
        load_test_has(&t, "file\tf.csv\tcsv\t", "");
        assert_true(load_test_match(&t, "first.example", MATCH_EXACT));
        load_test_end(&t);
        for (int cut = 1; cut < n; cut++) { /* in a block of its own size: what is read behind it shows */
            struct csv_record r;
            char *copy = malloc((size_t)cut);
            memcpy(copy, text, (size_t)cut);
            csv_is_open(copy, (size_t)cut, ',');
            csv_split(copy, (size_t)cut, ',', true, &r);
            for (unsigned k = 0; k < r.cells; k++)
                assert_true((const char *)r.cell[k].at >= copy &&
                            (const char *)r.cell[k].at + r.cell[k].len <= copy + cut);
            free(copy);
        }
    }
}

/* A quote that is never closed costs a bounded look ahead, and no row. */
static void an_open_quote_swallows_nothing(void **state)
{
    static char text[64 * 2000];
    struct load_test t;
    size_t n = (size_t)sprintf(text, "domain,comment\n");

    for (unsigned i = 0; i < 1000; i++)
        n += (size_t)sprintf(text + n, "n%u.example,%sx\n", i, i % 100 ? "" : "\"");
    load_test_one(&t, "f.csv", text);
    for (unsigned i = 0; i < 1000; i += 1) {
        char name[32];
        sprintf(name, "n%u.example", i);
        assert_true(load_test_match(&t, name, MATCH_EXACT));
    }
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_it_of_all_its_values),
        cmocka_unit_test(columns_are_named_by_the_configuration),
        cmocka_unit_test(only_values_are_values),
        cmocka_unit_test(quotes_may_be_anything),
        cmocka_unit_test(an_open_quote_swallows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
