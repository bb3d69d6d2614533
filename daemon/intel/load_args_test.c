/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines of the loader, good and bad. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "intel/load_args.h"

#define WORDS_MAX 40

/* Splits at spaces; "" stands for an empty word. Returns how many. */
static int split(char *text, char *ret[WORDS_MAX])
{
    int n = 0;

    for (char *at = strtok(text, " "); at != NULL && n < WORDS_MAX - 1; at = strtok(NULL, " "))
        ret[n++] = strcmp(at, "\"\"") == 0 ? at + 2 : at;
    ret[n] = NULL;
    return n;
}

static void options_hold_for_one_path(void **state)
{
    char text[] =
        "bridle-loader --known --memory 5 --entries 7 --before --now 1700000000 --guard g --source s "
        "--format csv --columns a,b --campaign C --hosting h --tier c2 --trust low --allow x "
        "--force =y --allow z p --take-shrunk --trust indicators q";
    char *word[WORDS_MAX];
    int count = split(text, word);
    struct load_args a;
    struct load_arg arg;

    assert_int_equal(load_args_init(&a, count, word), 0);
    assert_true(a.known && a.before && !a.take_shrunk); /* a file's name, so far behind */
    assert_true(a.memory_bytes == 5 && a.entries == 7 && a.now_s == 1700000000);
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_GUARD);
    assert_string_equal(arg.path, "g");
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_PATH);
    assert_string_equal(arg.path, "p");
    const struct load_options *o = &arg.options;
    assert_string_equal(o->source, "s");
    assert_string_equal(o->format, "csv");
    assert_string_equal(o->columns, "a,b");
    assert_string_equal(o->campaign, "C");
    assert_string_equal(o->hosting, "h");
    assert_true(o->has_tier && o->tier == TIER_C2 && o->trust == LOAD_TRUST_LOW);
    assert_true(o->allows == 2 && o->forces == 1);
    assert_string_equal(o->allow[0], "x");
    assert_string_equal(o->allow[1], "z");
    assert_string_equal(o->force[0], "=y");
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_PATH);
    assert_string_equal(arg.path, "--take-shrunk");
    assert_true(arg.options.source == NULL && arg.options.allows == 0 && !arg.options.has_tier);
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_PATH);
    assert_true(arg.options.trust == LOAD_TRUST_INDICATORS);
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_END);
    assert_int_equal(load_args_next(&a, &arg), LOAD_ARG_END);
    load_args_done(&a);
}

static void nonsense_is_refused(void **state)
{
    static const char *const lines[] = {
        "l",
        "l --before",
        "l --entries",
        "l --entries 0 p",
        "l --entries -1 p",
        "l --entries 1x p",
        "l --entries \"\" p",
        "l --memory 99999999999999999999 p",
        "l --now 9223372036854775808 p",
        "l --now",
        "l --source",
        "l --source s",
        "l p --source s",
        "l --tier bad p",
        "l --tier C2 p",
        "l --trust none p",
        "l --trust \"\" p",
        "l --allow",
        "l --force x --force",
        "l --guard",
        "l --source s --guard g p",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *text = strdup(lines[i]), *word[WORDS_MAX];
        int count = split(text, word);
        struct load_args a;
        if (load_args_init(&a, count, word) != -EINVAL)
            fail_msg("%s", lines[i]);
        load_args_done(&a);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_hold_for_one_path),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
