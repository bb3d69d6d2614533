/* SPDX-License-Identifier: BSD-2-Clause */
/* What is given back comes back: code runs on, constants and variables keep what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "os/memory.h"

static const char *const pointers[] = {"a constant", "that the linker", "relocated"};
static int variable = 1;

/* Kilobytes of files' pages in our memory. */
static long file_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "re");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "RssFile: %ld kB", &kb);
    if (f != NULL)
        fclose(f);
    return kb;
}

static void nothing_is_lost(void **state)
{
    char *heap = strdup("held");

    variable = 2;
    for (unsigned i = 0; i < 3; i++) {
        memory_trim();
        assert_string_equal(pointers[0], "a constant");
        assert_string_equal(pointers[2], "relocated");
        assert_string_equal(heap, "held");
        assert_int_equal(variable, 2);
    }
    free(heap);
}

static void pages_of_files_are_given_back(void **state)
{
    long before = file_kb();

    if (before <= 0) {
        print_message("no /proc/self/status that tells\n");
        skip();
    }
    memory_trim();
    assert_true(file_kb() < before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(pages_of_files_are_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
