/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed lists: whole, in pieces, cut at every byte, damaged, and bombs. */
#include "intel/load_test.h"

#include "config.h"
#include "intel/load_input.h"
#include "intel/load_unpack.h"

#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_LZMA
#include <lzma.h>
#endif

#define ROOM ((size_t)1 << 20)

struct way {
    const char *name;
    size_t (*pack)(uint8_t *to, const void *at, size_t len);
};

#if HAVE_ZLIB
static size_t pack_gzip(uint8_t *to, const void *at, size_t len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)at,
                  .avail_in = (uInt)len,
                  .next_out = to,
                  .avail_out = (uInt)ROOM};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}
#endif

#if HAVE_LZMA
static size_t pack_xz(uint8_t *to, const void *at, size_t len)
{
    size_t n = 0;

    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, at, len, to, &n, ROOM), LZMA_OK);
    return n;
}
#endif

static const struct way ways[] = {
#if HAVE_ZLIB
    {"gz", pack_gzip},
#endif
#if HAVE_LZMA
    {"xz", pack_xz},
#endif
    {NULL, NULL},
};

static uint8_t packed[2 * ROOM];
static char text[2 * ROOM];

/* Loads packed bytes as FILE.gz or so. */
static void load_packed(struct load_test *t, const struct way *w, size_t len)
{
    char name[32];

    snprintf(name, sizeof(name), "list.txt.%s", w->name);
    load_test_begin(t);
    load_test_bytes(t, name, packed, len);
    load_test_finish(t);
}

static void a_packed_list_is_a_list(void **state)
{
    for (const struct way *w = ways; w->name; w++) {
        struct load_test t;
        size_t n = w->pack(packed, "\xef\xbb\xbf", 3);
        n += w->pack(packed + n, "a.example\nb.exa", 15);
        n += w->pack(packed + n, "mple\nc.example", 14);
        load_packed(&t, w, n);
        load_test_has(&t, "file\tlist.txt.", "\tplain\t3\t");
        assert_true(span_eq(load_test_ioc(&t, "b.example").campaign[0], span_str("list")));
        assert_int_equal(load_test_ioc(&t, "c.example").line, 3);
        assert_int_equal(load_test_notes(&t), 0);
        load_test_end(&t);
    }
}

/* What came before the cut is loaded, no half of a name is, and the cut is always told. */
static void a_cut_is_told(void **state)
{
    size_t len = 0;

    for (unsigned i = 0; i < 200; i++)
        len += (size_t)sprintf(text + len, "n%u-%08x.example\n", i, i * 2654435761u);
    for (const struct way *w = ways; w->name; w++) {
        size_t n = w->pack(packed, text, len);
        for (size_t cut = n - 1; cut > 40; cut -= cut > n - 40 ? 1 : 37) {
            struct load_test t;
            load_packed(&t, w, cut);
            load_test_has(&t, "note\tlist.txt.", "error");
            for (unsigned i = 0; i < t.lines; i++)
                assert_null(strstr(t.line[i], "malformed\t"));
            assert_true(image_iocs(t.im) <= 200);
            load_test_end(&t);
        }
    }
}

static void damage_is_told(void **state)
{
    size_t len = 0;

    for (unsigned i = 0; i < 3000; i++)
        len += (size_t)sprintf(text + len, "n%u-%08x.example\n", i, i * 2654435761u);
    for (const struct way *w = ways; w->name; w++) {
        struct load_test t;
        size_t n = w->pack(packed, text, len);
        for (size_t i = n / 2; i < n / 2 + 16; i++)
            packed[i] ^= 0x5a;
        load_packed(&t, w, n);
        load_test_has(&t, "note\tlist.txt.", "damaged");
        load_test_end(&t);
    }
}

/* Zeros fill blocks of tapes; anything else could be what is left of a list. */
static void what_stands_behind_is_told(void **state)
{
    for (const struct way *w = ways; w->name; w++) {
        struct load_test t;
        size_t n = w->pack(packed, "a.example\n", 10);
        memset(packed + n, 0, 512);
        load_packed(&t, w, n + 512);
        assert_int_equal(load_test_notes(&t), 0);
        load_test_end(&t);
        memcpy(packed + n + 8, "b.example", 9);
        load_packed(&t, w, n + 17);
        load_test_ioc(&t, "a.example");
        load_test_has(&t, "note\tlist.txt.", "error");
        load_test_end(&t);
    }
}

/* Megabytes of zeros pack into nearly nothing, again and again. */
static void a_bomb_ends(void **state)
{
    memset(text, '#', sizeof(text));
    for (size_t i = 79; i < sizeof(text); i += 80)
        text[i] = '\n';
    for (const struct way *w = ways; w->name; w++) {
        struct load_test t;
        size_t one = w->pack(packed, text, sizeof(text)), n = one;
        for (; n + one <= sizeof(packed) && n < 300 * one; n += one)
            memcpy(packed + n, packed, one);
        load_packed(&t, w, n);
        load_test_has(&t, "note\tlist.txt.", "200 times its size");
        load_test_end(&t);
    }
}

static void what_cannot_be_unpacked_is_named(void **state)
{
    static const struct {
        const char *bytes, *part;
    } files[] = {
        {"PK\x03\x04 xxxxxxxxxxxxx", "packed by zip"},
        {"BZh91AY&SYxxxxxxxxxx", "packed by bzip2"},
        {"\x28\xb5\x2f\xfdxxxxxxxxxxxx", "packed by zstd"},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct load_test t;
        load_test_one(&t, "f", files[i].bytes);
        load_test_has(&t, "note\tf\t", files[i].part);
        load_test_end(&t);
    }
    struct load_test t;
    memset(text, 'a', 1024);
    memcpy(text + 257, "ustar", 5);
    for (const struct way *w = ways; w->name; w++) {
        load_packed(&t, w, w->pack(packed, text, 1024));
        load_test_has(&t, "note\tlist.txt.", "is a tar archive");
        load_test_end(&t);
    }
    for (const struct way *w = ways; w->name; w++) {
        size_t n = w->pack(packed, "a.example\n", 10);
        memcpy(text, packed, n);
        load_packed(&t, w, w->pack(packed, text, n));
        load_test_has(&t, "note\tlist.txt.", "packed by");
        load_test_end(&t);
    }
}

/* A reader in two passes sees the same twice. */
static void it_can_be_read_again(void **state)
{
    static struct load_input in;
    struct span line;

    for (const struct way *w = ways; w->name; w++) {
        size_t n = w->pack(packed, "\xef\xbb\xbfone\ntwo\n", 11);
        load_input_init(&in, -1, span_of(packed, n), 1000);
        assert_int_equal(load_input_start(&in), 0);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(load_input_line(&in, &line), LOAD_INPUT_LINE);
            assert_true(span_eq(line, span_str("one")));
            if (i == 1)
                while (load_input_line(&in, &line) != LOAD_INPUT_END)
                    ;
            assert_int_equal(load_input_rewind(&in), 0);
            assert_int_equal(in.line, 0);
        }
        load_input_done(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_list_is_a_list),
        cmocka_unit_test(a_cut_is_told),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(what_stands_behind_is_told),
        cmocka_unit_test(a_bomb_ends),
        cmocka_unit_test(what_cannot_be_unpacked_is_named),
        cmocka_unit_test(it_can_be_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
