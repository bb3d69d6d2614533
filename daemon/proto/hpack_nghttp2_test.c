/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HPACK: what nghttp2 packs, ours unpacks; and of blocks made at random, or packed and then damaged, both
 * read the same fields, and both find a mistake or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "proto/hpack.h"

#define BLOCK_MAX 4096u
#define TEXT_MAX  (1u << 20)

/* What an unpacker read, field by field. */
struct read {
    uint8_t at[TEXT_MAX];
    size_t len;
    size_t table; /* no dynamic table can have become larger */
    bool bad;
};

static struct read ours, theirs;
static uint64_t seed = 1;

static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void put(struct read *r, const void *at, size_t len)
{
    if (r->len + 4 + len > TEXT_MAX)
        fail();
    memcpy(r->at + r->len, &(uint32_t){(uint32_t)len}, 4);
    if (len > 0)
        memcpy(r->at + r->len + 4, at, len);
    r->len += 4 + len;
    r->table += len + 16;
}

static void unpack_ours(const uint8_t *block, size_t len)
{
    static uint8_t buf[TEXT_MAX];
    uint8_t *exact = malloc(len ? len : 1);
    struct hpack_field f;
    struct hpack h;

    ours.len = ours.table = 0;
    memcpy(exact, block, len);
    hpack_begin(&h, cur_datagram(exact, len, len));
    while (hpack_next(&h, &f)) {
        struct span name = hpack_text(f.name, buf, sizeof buf);
        put(&ours, name.at, name.len);
        struct span value = hpack_text(f.value, buf, sizeof buf);
        put(&ours, value.at, value.len);
    }
    ours.bad = !cur_ok(&h.c);
    free(exact);
}

static void unpack_theirs(const uint8_t *block, size_t len)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_nv nv;
    int flags = 0;

    theirs.len = theirs.table = 0;
    assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
    nghttp2_hd_inflate_change_table_size(inflater, UINT32_MAX);
    for (theirs.bad = false; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
        ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, len, 1);
        theirs.bad = n < 0;
        if (n < 0 || (n == 0 && flags == 0))
            break;
        block += n;
        len -= (size_t)n;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            put(&theirs, nv.name, nv.namelen);
            put(&theirs, nv.value, nv.valuelen);
        }
    }
    nghttp2_hd_inflate_del(inflater);
}

/* Both tables may differ where more than ours holds was announced and used. */
static void compare(const uint8_t *block, size_t len)
{
    unpack_ours(block, len);
    unpack_theirs(block, len);
    if (theirs.table > HPACK_TABLE_BYTES)
        return;
    assert_int_equal(ours.bad, theirs.bad);
    assert_int_equal(ours.len, theirs.len);
    assert_memory_equal(ours.at, theirs.at, ours.len);
}

/* A block that nghttp2 packed, of fields that often come again. */
static size_t pack(uint8_t *block, size_t cap, unsigned fields)
{
    static const char *const names[] = {":authority", "host",       ":method", "x-a",
                                        "cookie",     "user-agent", "y",       ""};
    static char text[256][64];
    nghttp2_nv nv[256];
    nghttp2_hd_deflater *deflater;

    for (unsigned i = 0; i < fields; i++) {
        size_t len = below(sizeof text[i]);
        for (size_t k = 0; k < len; k++)
            text[i][k] = (char)(below(8) ? "abcdefgh.-0123"[below(14)] : (char)below(256));
        const char *name = names[below(sizeof names / sizeof *names)];
        bool again = i > 0 && below(3) == 0;
        nv[i] = again ? nv[below(i)]
                      : (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)text[i], strlen(name), len, 0};
        nv[i].flags = below(8) == 0 ? NGHTTP2_NV_FLAG_NO_INDEX : 0;
    }
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, HPACK_TABLE_BYTES), 0);
    if (below(4) == 0)
        nghttp2_hd_deflate_change_table_size(deflater, below(HPACK_TABLE_BYTES));
    ssize_t n = nghttp2_hd_deflate_hd(deflater, block, cap, nv, fields);
    nghttp2_hd_deflate_del(deflater);
    assert_true(n > 0);
    return (size_t)n;
}

static void packed(void **state)
{
    static uint8_t block[1 << 16];

    for (unsigned round = 0; round < 2000; round++) {
        size_t len = pack(block, sizeof block, 1 + below(round % 10 == 0 ? 256 : 20));
        unpack_ours(block, len);
        unpack_theirs(block, len);
        assert_false(ours.bad);
        assert_int_equal(ours.len, theirs.len);
        assert_memory_equal(ours.at, theirs.at, ours.len);
    }
}

static void damaged(void **state)
{
    static uint8_t block[1 << 16];

    for (unsigned round = 0; round < 100000; round++) {
        size_t len = pack(block, sizeof block, 1 + below(6));
        for (unsigned n = 1 + below(3); n > 0; n--)
            block[below((unsigned)len)] = (uint8_t)below(256);
        compare(block, below(4) ? len : below((unsigned)len + 1));
    }
}

static void random_blocks(void **state)
{
    uint8_t block[64];

    for (unsigned round = 0; round < 200000; round++) {
        size_t len = below(sizeof block);
        for (size_t i = 0; i < len; i++)
            block[i] = (uint8_t)(below(4) ? below(256) : below(2) ? 0x40 : 0x80 + below(70));
        compare(block, len);
    }
}

/* Strings of Huffman code: at random (they begin with short codes), and all ones but for a few bits. */
static void random_codes(void **state)
{
    uint8_t block[64];

    for (unsigned round = 0; round < 200000; round++) {
        size_t len = below(40);
        block[0] = 0;
        block[1] = 1;
        block[2] = 'x';
        block[3] = (uint8_t)(0x80 | len);
        for (size_t i = 0; i < len; i++)
            block[4 + i] = (uint8_t)(round % 2 ? below(256) : 0xff & ~(below(3) ? 0 : 1u << below(8)));
        compare(block, 4 + len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed),
        cmocka_unit_test(damaged),
        cmocka_unit_test(random_blocks),
        cmocka_unit_test(random_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
