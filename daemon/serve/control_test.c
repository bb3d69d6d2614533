/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests on the control socket: what is one and what is not. */
#include "serve/control.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool parse(const char *line, struct control_request *ret)
{
    static char copy[CONTROL_REQUEST_MAX];

    snprintf(copy, sizeof copy, "%s", line);
    return control_parse(copy, ret);
}

static void requests(void **state)
{
    struct control_request q;

    assert_true(parse("status", &q));
    assert_int_equal(q.words, 1);
    assert_false(q.json);
    assert_true(parse("  status   json ", &q));
    assert_int_equal(q.words, 1);
    assert_string_equal(q.word[0], "status");
    assert_true(q.json);
    assert_true(parse("json", &q)); /* the first word is the command, whatever it is */
    assert_false(q.json);
    assert_true(parse("a b c d e f g h", &q));
    assert_int_equal(q.words, CONTROL_WORDS_MAX);
}

static void not_requests(void **state)
{
    struct control_request q;

    assert_false(parse("", &q));
    assert_false(parse("    ", &q));
    assert_false(parse("a b c d e f g h i", &q));
    assert_false(parse("status\tjson", &q));
    assert_false(parse("status\r", &q));
    assert_false(parse("st\033[2Jatus", &q));
    assert_false(parse("st\xc3\xa4tus", &q));
}

static void commands_have_different_names(void **state)
{
    assert_non_null(control_commands[0].name);
    for (const struct control_command *a = control_commands; a->name != NULL; a++)
        for (const struct control_command *b = a + 1; b->name != NULL; b++)
            assert_string_not_equal(a->name, b->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(not_requests),
        cmocka_unit_test(commands_have_different_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
