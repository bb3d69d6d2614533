/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursor: what is there, what may come, what never can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static void numbers_are_big_endian(void **state)
{
    struct cur c = cur_stream(bytes, sizeof bytes);

    assert_int_equal(cur_u8(&c), 1);
    assert_int_equal(cur_u16(&c), 0x0203);
    assert_int_equal(cur_u24(&c), 0x040506);
    assert_int_equal(cur_u32(&c), 0x0708090a);
    assert_true(cur_ok(&c));
}

/* Examples of RFC 9000 appendix A.1. */
static void varints(void **state)
{
    static const uint8_t v[] = {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c, 0x9d,
                                0x7f, 0x3e, 0x7d, 0x7b, 0xbd, 0x25, 0x40, 0x25};
    struct cur c = cur_stream(v, sizeof v);

    assert_true(cur_varint(&c) == 151288809941952652u);
    assert_int_equal(cur_varint(&c), 494878333);
    assert_int_equal(cur_varint(&c), 15293);
    assert_int_equal(cur_varint(&c), 37);
    assert_int_equal(cur_varint(&c), 37);
    assert_true(cur_ok(&c));
    for (size_t len = 1; len < 8; len++) {
        c = cur_stream(v, len);
        assert_int_equal(cur_varint(&c), 0);
        assert_int_equal(c.state, CUR_MORE);
        assert_int_equal(c.need, 8);
        assert_int_equal(c.pos, 0);
    }
}

static void more_says_how_much(void **state)
{
    struct cur c = cur_stream(bytes, 3);

    cur_skip(&c, 2);
    assert_int_equal(cur_u32(&c), 0);
    assert_int_equal(c.state, CUR_MORE);
    assert_int_equal(c.need, 6);
    assert_int_equal(cur_u8(&c), 0); /* sticky, though a byte is there */
    assert_int_equal(c.pos, 2);
    assert_int_equal(cur_take(&c, 1).len, 0);
    assert_int_equal(cur_rest(&c).len, 0);
    cur_skip(&c, 1);
    cur_fail(&c);
    assert_int_equal(c.state, CUR_MORE);
    assert_int_equal(cur_child(&c, 0).state, CUR_MORE);
}

static void a_datagram_is_bad_or_cut(void **state)
{
    struct cur c = cur_datagram(bytes, 4, 4);
    assert_int_equal(cur_u32(&c), 0x01020304);
    cur_u8(&c);
    assert_int_equal(c.state, CUR_BAD);
    c = cur_datagram(bytes, 4, 8);
    cur_take(&c, 5);
    assert_int_equal(c.state, CUR_CUT);
    c = cur_datagram(bytes, 4, 8);
    cur_take(&c, 9);
    assert_int_equal(c.state, CUR_BAD);
    c = cur_datagram(bytes, 8, 4); /* bytes past the datagram are not part of it */
    cur_take(&c, 5);
    assert_int_equal(c.state, CUR_BAD);
    c = cur_datagram(bytes, 4, 8);
    cur_skip(&c, 8);
    assert_true(cur_ok(&c));
    assert_int_equal(cur_left(&c), 0);
    cur_skip(&c, 1);
    assert_int_equal(c.state, CUR_BAD);
}

static void children_keep_to_their_limit(void **state)
{
    static const uint8_t v[] = {0, 4, 2, 10, 11, 12, 99};
    struct cur c = cur_stream(v, sizeof v), in = cur_vec16(&c);

    assert_int_equal(cur_left(&in), 4);
    struct cur inner = cur_vec8(&in);
    assert_int_equal(cur_u16(&inner), 10 << 8 | 11);
    cur_u8(&inner); /* 12 is there, but belongs to another */
    assert_int_equal(inner.state, CUR_BAD);
    assert_int_equal(cur_u8(&in), 12);
    assert_int_equal(cur_u8(&c), 99);
    c = cur_stream(v, sizeof v);
    in = cur_vec16(&c);
    inner = cur_child(&in, 5);
    assert_int_equal(in.state, CUR_BAD);
    assert_int_equal(inner.state, CUR_BAD);
    assert_true(cur_ok(&c));
}

/* A child whose bytes have not all come reads what is there; its `need` counts from the stream's start. */
static void a_child_may_be_incomplete(void **state)
{
    static const uint8_t v[] = {0, 0, 100, 1, 2, 3};
    struct cur c = cur_stream(v, sizeof v), in = cur_vec24(&c);

    assert_int_equal(cur_rest(&in).len, 3);
    assert_int_equal(cur_u16(&in), 0x0102);
    assert_int_equal(cur_u32(&in), 0);
    assert_int_equal(in.state, CUR_MORE);
    assert_int_equal(in.need, 9);
    assert_true(cur_ok(&c));
    struct cur behind = cur_vec8(&c); /* its length itself is not there */
    assert_int_equal(behind.state, CUR_MORE);
    assert_int_equal(behind.need, 104);
}

static void lengths_do_not_wrap(void **state)
{
    struct cur c = cur_stream(bytes, sizeof bytes);

    cur_u8(&c);
    cur_take(&c, UINT32_MAX);
    assert_int_equal(c.state, CUR_BAD);
    c = cur_stream(bytes, sizeof bytes);
    cur_u8(&c);
    cur_skip(&c, UINT32_MAX);
    assert_int_equal(c.state, CUR_BAD);
    c = cur_stream(bytes, sizeof bytes);
    cur_u8(&c);
    assert_int_equal(cur_child(&c, UINT32_MAX).state, CUR_BAD);
    c = cur_stream(NULL, 0);
    assert_int_equal(cur_take(&c, 0).len, 0);
    assert_true(cur_ok(&c));
    assert_int_equal(cur_u8(&c), 0);
    assert_int_equal(c.need, 1);
}

/* Every prefix of a stream gives a prefix of the answer, and `need` is never wrong: with fewer bytes the
 * answer stays the same. */
static void need_is_the_least_that_helps(void **state)
{
    static const uint8_t v[] = {0, 3, 7, 7, 7, 2, 0, 1, 0x40, 0x25, 9};
    uint32_t need[sizeof v + 1], at[sizeof v + 1];

    for (size_t len = 0; len <= sizeof v; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, v, len);
        struct cur c = cur_stream(exact, len), in = cur_vec16(&c);
        cur_take(&in, 3);
        if (cur_ok(&in)) {
            in = cur_vec8(&c);
            cur_u16(&in);
        }
        if (cur_ok(&in))
            cur_varint(&c);
        need[len] = in.state == CUR_MORE ? in.need : c.need;
        at[len] = in.pos + c.pos;
        assert_true(in.state != CUR_BAD && c.state != CUR_BAD);
        free(exact);
    }
    for (size_t len = 0; len < sizeof v - 1; len++)
        for (size_t longer = len; longer < need[len]; longer++)
            assert_int_equal(at[longer], at[len]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),       cmocka_unit_test(varints),
        cmocka_unit_test(more_says_how_much),           cmocka_unit_test(a_datagram_is_bad_or_cut),
        cmocka_unit_test(children_keep_to_their_limit), cmocka_unit_test(a_child_may_be_incomplete),
        cmocka_unit_test(lengths_do_not_wrap),          cmocka_unit_test(need_is_the_least_that_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
