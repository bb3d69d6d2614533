/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of names known not to be listed: only the very same bytes are known, at any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "flow/unlisted.h"

static const struct hash_key key = {{0x0123456789abcdef, 0xfedcba9876543210}};

/* On the heap, so that a read behind the end is found. */
static struct span bytes_of(unsigned seed, size_t len)
{
    uint8_t *at = malloc(len);

    assert_non_null(at);
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(seed + i * 7);
    return span_of(at, len);
}

static void done(struct span s)
{
    free((void *)(uintptr_t)s.at);
}

static void only_the_same_bytes(void **state)
{
    struct unlisted *u = calloc(1, sizeof *u);

    for (size_t len = 1; len <= UNLISTED_BYTES_MAX; len++) {
        struct span name = bytes_of(3, len), other = bytes_of(3, len);
        struct unlisted_name *row = unlisted_row(u, &key, name);
        assert_non_null(row);
        assert_false(unlisted_is(row, name));
        unlisted_keep(row, name, len);
        assert_true(unlisted_is(row, other));
        assert_int_equal(row->text_hash, len);
        for (size_t i = 0; i < len; i++) {
            ((uint8_t *)(uintptr_t)other.at)[i] ^= 0x20;
            assert_false(unlisted_is(row, other));
            ((uint8_t *)(uintptr_t)other.at)[i] ^= 0x20;
        }
        other.len--;
        assert_false(unlisted_is(row, other));
        other.len++;
        unlisted_forget(u);
        assert_false(unlisted_is(row, other));
        done(name);
        done(other);
    }
    free(u);
}

static void what_is_long_has_no_row(void **state)
{
    struct unlisted *u = calloc(1, sizeof *u);
    struct span name = bytes_of(1, UNLISTED_BYTES_MAX + 1);

    assert_null(unlisted_row(u, &key, name));
    done(name);
    free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_same_bytes),
        cmocka_unit_test(what_is_long_has_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
