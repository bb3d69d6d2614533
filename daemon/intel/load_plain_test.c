/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain lists as people publish them, and text that is none. */
#include "intel/load_test.h"

static void all_that_lists_have(void **state)
{
    struct load_test t;

    load_test_one(&t, "dir/finfisher_names.txt",
                  "\xef\xbb\xbf# comment\r\n"
                  "; comment\r\n"
                  "// comment\r\n"
                  "\r\n"
                  "A.Example.  # why\r\n"
                  "\tb[.]example // why\r\n"
                  "*.c.example\r\n"
                  "192.0.2.1\r\n"
                  "198.51.100.0/24\r\n"
                  "2001:db8::1\r\n"
                  "0.0.0.0 d.example e.example\r\n"
                  "127.0.0.1\tf.example # why\r\n"
                  "::1 localhost\r\n"
                  "hxxps://g[.]example/\r\n"
                  "hxxps://h[.]example/path // why\r\n"
                  "b\xc3\xbc"
                  "cher.example\r\n"
                  "i.example, j.example\r\n"
                  "a.example");
    static const char *const names[] = {"a.example", "b.example", "c.example", "d.example",
                                        "e.example", "f.example", "g.example", "xn--bcher-kva.example",
                                        "i.example"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_true(load_test_match(&t, names[i], MATCH_EXACT));
    assert_true(load_test_match(&t, "h.example", MATCH_NONE));
    assert_true(load_test_match(&t, "j.example", MATCH_NONE));
    load_test_ioc(&t, "2001:db8::1");
    assert_true(span_eq(load_test_ioc(&t, "192.0.2.1").campaign[0], span_str("finfisher_names")));
    assert_int_equal(load_test_ioc(&t, "198.51.100.77").line, 9);
    assert_int_equal(load_test_count(&t, "dir/finfisher_names.txt", LOAD_LOADED), 12);
    load_test_has(&t, "note\tdir/finfisher_names.txt\t15\t1\tquarantined\thxxps://h[.]example/path\t",
                  "path");
    load_test_has(&t, "note\tdir/finfisher_names.txt\t17\t12\twarning\tj.example\t", "is not read");
    load_test_has(&t, "note\tdir/finfisher_names.txt\t18\t1\tduplicate\ta.example\t",
                  "dir/finfisher_names.txt:5");
    load_test_end(&t);
}

static void bad_lines_do_not_stop_a_load(void **state)
{
    static char text[LOAD_LINE_MAX + 3 * 65536 + 64];
    struct load_test t;
    size_t n = 0;

    n += (size_t)sprintf(text + n, "a.example\n");
    memset(text + n, 'x', 65536);
    n += 65536;
    n += (size_t)sprintf(text + n, "\nb.example\n");
    memset(text + n, 'x', 65537);
    n += 65537;
    n += (size_t)sprintf(text + n, "\nc.exa") + 1; /* with a NUL */
    n += (size_t)sprintf(text + n, "mple\n%%%%\n.\nd.example\n");
    memset(text + n, 'x', 65537);
    n += 65537;
    load_test_begin(&t);
    load_test_bytes(&t, "f", text, n);
    load_test_finish(&t);
    assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 3);
    assert_int_equal(load_test_count(&t, "f", LOAD_MALFORMED), 6);
    load_test_has(&t, "note\tf\t2\t1\tmalformed\t", "longer than any name");
    load_test_has(&t, "note\tf\t4\t1\tmalformed\t", "a line longer than 65536 bytes");
    load_test_has(&t, "note\tf\t5\t6\tmalformed\tc.exa\\000mple\t", "NUL");
    load_test_has(&t, "note\tf\t9\t1\tmalformed\t", "a line longer than 65536 bytes");
    load_test_end(&t);
}

static void what_is_no_list_is_not_guessed_at(void **state)
{
    static const struct {
        const char *text, *format, *part;
    } files[] = {
        {"", "none", "is empty"},
        {"\xef\xbb\xbf", "none", "is empty"},
        {"\xff\xfe"
         "a\0.",
         "none", "UTF-16"},
        {"This is a text\nthat speaks of evil.example\nat some length\nand says\nno more\n", "none",
         "no known format"},
        {"uuid,event_id,name\n1,2,a\n", "none", "no known format"},
        {"\x7f"
         "ELF\x02\x01\x01\n\x03\x04\x05\x06\x07\x08",
         "none", "binary"},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct load_test t;
        char file[64];
        load_test_one(&t, "f", files[i].text);
        load_test_has(&t, "note\tf\t", files[i].part);
        snprintf(file, sizeof(file), "file\tf\t%s\t", files[i].format);
        load_test_has(&t, file, "");
        assert_int_equal(image_iocs(t.im), 0);
        load_test_end(&t);
    }
}

static void notes_are_capped_and_the_rest_counted(void **state)
{
    static char text[64 * 3000];
    struct load_test t;
    size_t n = (size_t)sprintf(text, "a.example\n");

    for (unsigned i = 0; i < 2000; i++)
        n += (size_t)sprintf(text + n, "n%u\na.example\n", i);
    load_test_one(&t, "f", text);
    assert_int_equal(load_test_count(&t, "f", LOAD_QUARANTINED), 2000);
    assert_int_equal(load_test_count(&t, "f", LOAD_DUPLICATE), 2000);
    assert_int_equal(load_test_notes(&t), 1002);
    load_test_has(&t, "note\tf\t0\t0\twarning\t\t", "and 1100 more");
    load_test_has(&t, "note\tf\t0\t0\tduplicate\t\t", "and 1900 more");
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_lists_have),
        cmocka_unit_test(bad_lines_do_not_stop_a_load),
        cmocka_unit_test(what_is_no_list_is_not_guessed_at),
        cmocka_unit_test(notes_are_capped_and_the_rest_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
