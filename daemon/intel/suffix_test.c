/* SPDX-License-Identifier: BSD-2-Clause */
/* That our reading of the public suffix list says what libpsl says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "intel/normalise.h"
#include "intel/suffix.h"

#if HAVE_LIBPSL
#include <libpsl.h>
#endif

/* A small list in a file of its own; the caller frees it. */
static struct suffixes *small_list(const char *text)
{
    char path[] = "/tmp/bridle-suffix-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct suffixes *s = suffixes_new(path);
    unlink(path);
    assert_non_null(s);
    return s;
}

static bool has(const struct suffixes *s, const char *name)
{
    return suffixes_has(s, span_str(name));
}

static void all_kinds_of_rules(void **state)
{
    struct suffixes *s = small_list("// com.example is a comment\n"
                                    "\n"
                                    "com\r\n"
                                    "co.uk and what follows is none\n"
                                    "*.ck\n"
                                    "!www.ck\n"
                                    "*.deep.cloud.example\n"
                                    "\xe5\x85\xac\xe5\x8f\xb8.cn\n"
                                    "!\n"
                                    "*.\n"
                                    "bad..rule\n"
                                    "last.example");

    assert_true(has(s, "co.uk") && has(s, "last.example") && has(s, "xn--55qx5d.cn"));
    assert_true(has(s, "any.ck") && !has(s, "www.ck") && !has(s, "x.any.ck"));
    assert_true(has(s, "deep.cloud.example") && has(s, "x.deep.cloud.example"));
    assert_false(has(s, "cloud.example") || has(s, "y.x.deep.cloud.example"));
    assert_false(has(s, "x.com") || has(s, "com.example") || has(s, "xco.uk") || has(s, "o.uk"));
    suffixes_free(s);
}

static void hostile_lists_are_read(void **state)
{
    static char text[3 * 65536];

    memset(text, 'a', sizeof(text) - 1);
    memcpy(text + 70000, "\nco.uk\n*", 8);
    struct suffixes *s = small_list(text);
    assert_true(has(s, "co.uk"));
    suffixes_free(s);
}

#if HAVE_LIBPSL

/* Without a file, libpsl's own rules decide. */
static void without_a_file(void **state)
{
    struct suffixes *s = suffixes_new("/nonexistent/list");

    assert_non_null(s);
    assert_true(has(s, "co.uk") && !has(s, "example.co.uk"));
    suffixes_free(s);
}

static void compare(const struct suffixes *s, const psl_ctx_t *psl, const char *name)
{
    if (strchr(name, '.') && has(s, name) != (psl_is_public_suffix(psl, name) != 0))
        fail_msg("%s: libpsl says %d", name, psl_is_public_suffix(psl, name));
}

/* A rule, and names around it. */
static void compare_rule(const struct suffixes *s, const psl_ctx_t *psl, const char *line)
{
    struct normal n;
    char name[NAME_TEXT_MAX + 16];

    normalise(span_str(line + (*line == '!')), NORMAL_WANT_HOST, &n);
    if (n.kind != NORMAL_NAME)
        fail_msg("%s: %s", line, n.why);
    compare(s, psl, n.name);
    for (const char *dot = strchr(n.name, '.'); dot; dot = strchr(dot + 1, '.'))
        compare(s, psl, dot + 1);
    static const char *const before[] = {"x", "x.", "a.b.", "www."};
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
        snprintf(name, sizeof(name), "%s%s", before[i], n.name);
        compare(s, psl, name);
    }
}

static void compare_random(const struct suffixes *s, const psl_ctx_t *psl)
{
    static const char *const part[] = {"com", "co",        "uk",      "jp",  "kobe", "city",
                                       "ck",  "www",       "a",       "s3",  "dev",  "io",
                                       "aws", "amazonaws", "compute", "net", "bd",   "xn--p1ai"};
    uint64_t random = 1;

    for (unsigned n = 0; n < 100000; n++) {
        char name[128] = "";
        for (unsigned label = 0; label < 2 + n % 4; label++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            strcat(name, label ? "." : "");
            strcat(name, part[(random >> 33) % (sizeof(part) / sizeof(*part))]);
        }
        compare(s, psl, name);
    }
}

static void the_same_as_libpsl_says(void **state)
{
    struct suffixes *s = suffixes_new(SUFFIXES_FILE);
    psl_ctx_t *psl = psl_load_file(SUFFIXES_FILE);
    FILE *list = fopen(SUFFIXES_FILE, "re");
    char line[1024];
    unsigned rules = 0;

    assert_non_null(s);
    if (!psl || !list) {
        print_message("%s is not there\n", SUFFIXES_FILE);
        suffixes_free(s);
        skip();
    }
    while (fgets(line, sizeof(line), list)) {
        line[strcspn(line, " \t\r\n")] = 0;
        if (line[0] == 0 || strncmp(line, "//", 2) == 0)
            continue;
        compare_rule(s, psl, line);
        rules++;
    }
    assert_in_range(rules, 5000, 100000);
    compare_random(s, psl);
    fclose(list);
    psl_free(psl);
    suffixes_free(s);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_rules),
        cmocka_unit_test(hostile_lists_are_read),
#if HAVE_LIBPSL
        cmocka_unit_test(without_a_file),
        cmocka_unit_test(the_same_as_libpsl_says),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
