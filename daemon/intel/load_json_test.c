/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of values, whatever the order, depth and length of keys. */
#include "intel/load_json.h"

#include "intel/load_test.h"

struct seen {
    const char *const *paths; /* expected, NULL at the end */
    unsigned count;
};

static bool compare(const struct load_json *w, void *ctx)
{
    struct seen *seen = ctx;
    struct span path = load_json_path(w);
    const char *want = seen->paths[seen->count];

    if (!want || !load_json_at(w, want))
        fail_msg("%u: \"%.*s\", not \"%s\"", seen->count, SPAN_FMT(path), want ? want : "the end");
    seen->count++;
    return false;
}

static void check(const char *json, const char *const *paths)
{
    struct seen seen = {.paths = paths};

    assert_false(load_json_is(span_str(json), compare, &seen));
    assert_null(paths[seen.count]);
}

static void paths_of_values(void **state)
{
    static const char *const nested[] = {"",    "a", "b", "b[]", "b[].c", "b[]", "b[]", "b[]", "b[][]",
                                         "b[]", "b", "d", "d.e", "d.e.f", "d.e", "d",   "",    NULL};
    static const char *const scalar[] = {"", NULL};
    static const char *const list[] = {"", "[]", "[]", "[]", "[].x", "[]", "", NULL};
    static const char *const cut[] = {"", "a", "a[]", "a[]", NULL};
    static const char *const odd[] = {"", "a?b", "??", "", NULL};

    check("{\"a\": 1, \"b\": [{\"c\": null}, \"s\", [7]], \"d\": {\"e\": {\"f\": true}}}", nested);
    check("\"x\"", scalar);
    check("[1, 2, {\"x\": []}]", (const char *const[]){"", "[]", "[]", "[]", "[].x", "[].x", "[]", "", NULL});
    check("{\"a\": [1, 2, ", cut);
    check("{\"a.b\": 1, \"[]\": 2}", odd);
    check("[1, 2, {\"x\": 3}]", list);
}

static bool is_b(const struct load_json *w, void *ctx)
{
    unsigned *values = ctx;

    assert_true(w->len <= LOAD_JSON_PATH_MAX);
    (*values)++;
    return load_json_at(w, "b");
}

/* A path that is too long is like no other, and the one behind it is right again. */
static void long_paths(void **state)
{
    static char json[4096], key[LOAD_JSON_PATH_MAX + 1];
    unsigned values = 0;

    memset(key, 'k', sizeof(key) - 1);
    for (size_t cut = 0; cut < 6; cut++) { /* around the limit */
        snprintf(json, sizeof(json), "{\"%s\": [[{\"%s\": {\"a\": 1}}]], \"b\": 2, \"c\": 3}", key + cut,
                 key);
        values = 0;
        assert_true(load_json_is(span_str(json), is_b, &values));
        assert_int_equal(values, 11);
    }
}

/* As deep as the reader goes, and one deeper. */
static void deep(void **state)
{
    char json[JSON_DEPTH_MAX + 2];
    unsigned values = 0;

    memset(json, '[', sizeof(json));
    assert_false(load_json_is(span_of(json, sizeof(json)), is_b, &values));
    assert_int_equal(values, JSON_DEPTH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_values),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
