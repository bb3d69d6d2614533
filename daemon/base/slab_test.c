/* SPDX-License-Identifier: BSD-2-Clause */
/* The bookkeeping of a slab against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "base/slab.h"

#define SLOTS 7

static void check(const struct slab *s, const uint32_t *order, unsigned n)
{
    uint32_t at = s->oldest;

    assert_int_equal(s->in_use, n);
    for (unsigned i = 0; i < n; i++, at = slab_newer(s, at)) {
        assert_int_equal(at, order[i]);
        assert_true(slab_used(s, at));
    }
    assert_int_equal(at, SLAB_NONE);
    assert_int_equal(s->newest, n > 0 ? order[n - 1] : SLAB_NONE);
}

static void like_the_model(void **state)
{
    struct slab s;
    uint32_t order[SLOTS];
    unsigned n = 0;

    assert_int_equal(slab_init(&s, SLOTS), 0);
    srand(1);
    for (unsigned round = 0; round < 10000; round++) {
        unsigned i = n > 0 ? (unsigned)rand() % n : 0;
        uint32_t slot = n > 0 ? order[i] : SLAB_NONE;
        if (rand() % 2 != 0) {
            uint32_t got = slab_take(&s);
            assert_int_equal(got == SLAB_NONE, n == SLOTS);
            if (got != SLAB_NONE)
                order[n++] = got;
        } else if (slot != SLAB_NONE) {
            memmove(order + i, order + i + 1, (n - i - 1) * sizeof *order);
            if (rand() % 2 != 0) {
                slab_touch(&s, slot);
                order[n - 1] = slot;
            } else {
                slab_give(&s, slot);
                n--;
                assert_false(slab_used(&s, slot));
            }
        }
        check(&s, order, n);
    }
    assert_false(slab_used(&s, SLOTS));
    assert_false(slab_used(&s, SLAB_NONE));
    slab_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(like_the_model)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
