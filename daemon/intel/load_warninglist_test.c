/* SPDX-License-Identifier: BSD-2-Clause */
/* MISP warninglists guard, whatever the order of files and of what stands in them. */
#include "intel/load_warninglist.h"

#include "intel/load_test.h"

static void words(void **state)
{
    static const struct {
        const char *name, *word;
    } rows[] = {
        {"List of known URL Shorteners domains", "shortener"},
        {"List of known dynamic DNS domains", "dynamic-dns"},
        {"Top 1000 websites from Alexa", "popular"},
        {"Tranco list", "popular"},
        {"List of known hosting", "shared"},
        {"", "shared"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_string_equal(load_warninglist_word(rows[i].name), rows[i].word);
}

static void names_guard(void **state)
{
    static const char list[] =
        "{\"description\": \"d\", \"list\": [\".dyn.example.net\", \"short.example.net\",\n "
        "\"*.wild.example.net\", "
        "\"not a name\", 5, null, [\"in.a.list\"], \".\", \"\"], \"matching_attributes\": [\"domain\"], "
        "\"name\": "
        "\"List of known dynamic DNS domains\", \"type\": \"hostname\", \"version\": 2}";
    static const char feed[] = "dyn.example.net\nevil.dyn.example.net\nshort.example.net\nwild.example.net\n";
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "feed.txt", feed);
    load_test_text(&t, "list.json", list);
    load_test_finish(&t);
    assert_int_equal(load_test_count(&t, "feed.txt", LOAD_QUARANTINED), 3);
    assert_int_equal(load_test_count(&t, "feed.txt", LOAD_LOADED), 1);
    assert_int_equal(load_test_count(&t, "list.json", LOAD_GUARDS), 3);
    assert_int_equal(load_test_count(&t, "list.json", LOAD_MALFORMED), 6);
    load_test_has(&t, "note\tfeed.txt\t1\t", "dynamic-dns: List of known dynamic DNS domains");
    load_test_has(&t, "note\tlist.json\t2\t", "not a name");
    load_test_end(&t);
}

static void other_types(void **state)
{
    static const char regex[] =
        "{\"list\": [\"/^evil/i\", \"a.example.net\"], \"type\": \"regex\", \"name\": \"r\"}";
    static const char cidr[] =
        "{\"type\": \"cidr\", \"name\": \"c\", \"list\": [\"198.51.100.0/24\", \"x y\"]}";
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "regex.json", regex);
    load_test_text(&t, "cidr.json", cidr);
    load_test_text(&t, "feed.txt", "a.example.net\n198.51.100.7\n");
    load_test_finish(&t);
    assert_int_equal(load_test_count(&t, "regex.json", LOAD_MALFORMED), 2);
    assert_int_equal(load_test_count(&t, "cidr.json", LOAD_GUARDS), 1);
    assert_int_equal(load_test_count(&t, "cidr.json", LOAD_MALFORMED), 1);
    load_test_has(&t, "note\tregex.json\t1\t", "type \"regex\"");
    load_test_ioc(&t, "a.example.net");
    load_test_end(&t);
}

/* Whatever is said of the file, it is read as what it is. */
static void lists_by_kind(void **state)
{
    static const char list[] = "{\"type\": \"string\", \"name\": \"l\", \"list\": [\"a.example.net\"]}";
    char path[] = "/tmp/guard-XXXXXX";
    struct load_test t;

    load_test_options(&t, path, 0, list, &(struct load_options){.format = "guard"});
    assert_int_equal(load_test_count(&t, path, LOAD_GUARDS), 1);
    assert_int_equal(load_test_count(&t, path, LOAD_MALFORMED), 0);
    load_test_end(&t);
}

static void broken_lists(void **state)
{
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "l.json",
                   "{\"type\": \"hostname\", \"list\": [\"a.example.net\", \"b.example.net\", \"c");
    load_test_text(&t, "feed.txt", "a.example.net\n");
    load_test_finish(&t);
    assert_int_equal(load_test_count(&t, "feed.txt", LOAD_QUARANTINED), 0);
    load_test_has(&t, "note\tl.json\t1\t", "broken JSON");
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),         cmocka_unit_test(names_guard),  cmocka_unit_test(other_types),
        cmocka_unit_test(lists_by_kind), cmocka_unit_test(broken_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
