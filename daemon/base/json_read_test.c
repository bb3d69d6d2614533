/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents in blocks of every size, broken ones to the byte, and what an attacker sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_read.h"
#include "base/text.h"

/* Bytes in blocks of their exact size, each gone when the next one comes, so that sanitizers see a late look.
 */
struct blocks {
    struct span rest;
    size_t size;
    uint8_t *block; /* owned */
};

static struct span next_block(void *ctx)
{
    struct blocks *b = ctx;
    size_t n = b->rest.len < b->size ? b->rest.len : b->size;

    free(b->block);
    b->block = malloc(n + !n);
    if (n > 0)
        memcpy(b->block, b->rest.at, n);
    b->rest = span_of(b->rest.at + n, b->rest.len - n);
    return span_of(b->block, n);
}

static void start(struct json_read *r, struct blocks *b, const void *at, size_t len, size_t size)
{
    *b = (struct blocks){.rest = span_of(at, len), .size = size};
    json_read_init(r, next_block, b);
}

static const char signs[] = "^$!{}[]:\"#tfn";

/* All tokens: a sign for each, texts behind theirs. */
static void show(struct json_read *r, struct text *t)
{
    while (json_read_next(r) != JSON_END && r->token != JSON_BROKEN) {
        text_char(t, signs[r->token]);
        if (r->token == JSON_KEY || r->token == JSON_STRING || r->token == JSON_NUMBER)
            text_escaped(t, r->text);
    }
    text_char(t, signs[r->token]);
}

/* In blocks of every size; `count`: how often something was mended. */
static void reads_as(const char *text, const char *wanted, bool mends, unsigned count)
{
    static struct json_read r;
    struct blocks b;

    for (size_t size = 1; size <= strlen(text) + 1; size++) {
        char buf[512];
        struct text t = text_on(buf, sizeof(buf));
        start(&r, &b, text, strlen(text), size);
        r.mends = mends;
        show(&r, &t);
        free(b.block);
        if (strcmp(buf, wanted) != 0 || r.mended != count)
            fail_msg("%s in blocks of %zu: %s, %u mended, %s at %u:%u", text, size, buf, (unsigned)r.mended,
                     r.why ? r.why : "", r.line, r.column);
    }
}

static void reads_to(const char *text, const char *wanted)
{
    reads_as(text, wanted, false, 0);
}

static void documents(void **state)
{
    reads_to("{}", "{}$");
    reads_to("[]", "[]$");
    reads_to(" 5 ", "#5$");
    reads_to("\"\"", "\"$");
    reads_to("true", "t$");
    reads_to("{\"a\":{\"b\":[1,{}]},\"a\":null}\r\n\t", "{:a{:b[#1{}]}:an}$");
    reads_to("[true,false , null]", "[tfn]$");
    reads_to("[0,-0,10,-1.5,1e5,1E+05,0.0e-0,123456789012345678901234567890]",
             "[#0#-0#10#-1.5#1e5#1E+05#0.0e-0#123456789012345678901234567890]$");
    reads_to("[[[]],[{}]]", "[[[]][{}]]$");
    reads_to("{\"a long key, longer than a word\":\"a text, longer than that, and plain\"}",
             "{:a long key, longer than a word\"a text, longer than that, and plain}$");
    reads_to("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\"\\092/\\008\\012\\010\\013\\009]$");
    reads_to("[\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\u0000\"]",
             "[\"A\\195\\169\\226\\130\\172\\240\\159\\152\\128\\000]$");
    reads_to("[\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]",
             "[\"\\127\\194\\128\\223\\191\\224\\160\\128\\237\\159\\191\\238\\128\\128\\240\\144\\128\\128\\"
             "244\\143"
             "\\191\\191]$");
}

static const struct {
    const char *text;
    unsigned line, column;
    const char *why;
} broken[] = {
    {"", 1, 1, "too early"},
    {" \n ", 2, 2, "too early"},
    {"{", 1, 2, "too early"},
    {"[1", 1, 3, "too early"},
    {"{\"a\"", 1, 5, "colon"},
    {"{\"a\":", 1, 6, "too early"},
    {"{\"a\":1,", 1, 8, "too early"},
    {"[1,]", 1, 4, "value"},
    {"{\"a\":1,}", 1, 8, "key"},
    {"{,}", 1, 2, "key"},
    {"[,]", 1, 2, "value"},
    {"{1:2}", 1, 2, "key"},
    {"{\"a\" 1}", 1, 6, "colon"},
    {"{\"a\":1 \"b\":2}", 1, 8, "comma"},
    {"[1 2]", 1, 4, "comma"},
    {"[1}", 1, 3, "comma"},
    {"{\"a\":1]", 1, 7, "comma"},
    {"]", 1, 1, "value"},
    {"[]]", 1, 3, "behind the end"},
    {"{} x", 1, 4, "behind the end"},
    {"[]\n[]", 2, 1, "behind the end"},
    {"[01]", 1, 3, "comma"},
    {"[+1]", 1, 2, "value"},
    {"[.5]", 1, 2, "value"},
    {"[1.]", 1, 4, "digit"},
    {"[-]", 1, 3, "digit"},
    {"[1e]", 1, 4, "digit"},
    {"[1e+]", 1, 5, "digit"},
    {"[0x1]", 1, 3, "comma"},
    {"[tru]", 1, 5, "neither"},
    {"[True]", 1, 2, "value"},
    {"nul", 1, 4, "neither"},
    {"[NaN]", 1, 2, "value"},
    {"['a']", 1, 2, "value"},
    {"[\"a]", 1, 5, "not end"},
    {"[\"a\\\"]", 1, 7, "not end"},
    {"[\"a\nb\"]", 1, 4, "control"},
    {"[\"\x1f\"]", 1, 3, "control"},
    {"[\"12345678\t12345678\"]", 1, 11, "control"},
    {"[\"\\x41\"]", 1, 4, "backslash"},
    {"[\"\\u12g4\"]", 1, 7, "hex"},
    {"[\"\\ud83d\"]", 1, 9, "surrogate"},
    {"[\"\\ud83d\\n\"]", 1, 10, "surrogate"},
    {"[\"\\ud83d\\u0041\"]", 1, 15, "surrogate"},
    {"[\"\\ude00\"]", 1, 9, "surrogate"},
    {"[\"\x80\"]", 1, 3, "UTF-8"},
    {"[\"\xc1\xbf\"]", 1, 3, "UTF-8"},
    {"[\"\xe0\x9f\xbf\"]", 1, 4, "UTF-8"},
    {"[\"\xed\xa0\x80\"]", 1, 4, "UTF-8"},
    {"[\"\xf0\x8f\xbf\xbf\"]", 1, 4, "UTF-8"},
    {"[\"\xf4\x90\x80\x80\"]", 1, 4, "UTF-8"},
    {"[\"\xf5\x80\x80\x80\"]", 1, 3, "UTF-8"},
    {"[\"\xc3\"]", 1, 4, "UTF-8"},
    {"[\"\xe2\x82\"]", 1, 5, "UTF-8"},
    {"{\"a\xff\":1}", 1, 4, "UTF-8"},
    {"[/* x */]", 1, 2, "value"},
    {"\n\n[\n 1,\n  \x01]", 5, 3, "value"},
};

static void broken_documents_to_the_byte(void **state)
{
    static struct json_read r;

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        const char *text = broken[i].text;
        for (size_t size = 1; size <= strlen(text) + 1; size++) {
            struct blocks b;
            char buf[256];
            struct text t = text_on(buf, sizeof(buf));
            start(&r, &b, text, strlen(text), size);
            show(&r, &t);
            free(b.block);
            if (r.token != JSON_BROKEN || r.line != broken[i].line || r.column != broken[i].column ||
                !strstr(r.why, broken[i].why))
                fail_msg("%s: %s at %u:%u", text, r.why ? r.why : "read", r.line, r.column);
            assert_int_equal(json_read_next(&r), JSON_BROKEN);
            assert_false(json_read_key(&r) || json_read_item(&r));
            json_read_skip(&r);
        }
    }
}

/* Nothing that stands behind what is no character is lost with it. */
static void what_is_no_character_is_mended(void **state)
{
    reads_as("[\"a\\ud83d\"]", "[\"a\\239\\191\\189]$", true, 1);
    reads_as("[\"\\ud83d\\n\"]", "[\"\\239\\191\\189\\010]$", true, 1);
    reads_as("[\"\\ud83d\\u0041\"]", "[\"\\239\\191\\189A]$", true, 1);
    reads_as("[\"\\ude00\\ud83d\\ud83d\\ude00b\"]",
             "[\"\\239\\191\\189\\239\\191\\189\\240\\159\\152\\128b]$", true, 2);
    reads_as("[\"\x80z\", 1]", "[\"\\239\\191\\189z#1]$", true, 1);
    reads_as("[\"\xe2\x82\"]", "[\"\\239\\191\\189]$", true, 1);
    reads_as("[\"\xf0\x9f\xc3\xa9\"]", "[\"\\239\\191\\189\\195\\169]$", true, 1);
    reads_as("{\"k\xff\":\"\\ud800\\x\"}", "{:k\\239\\191\\189!", true, 2);
    reads_as("[\"\\ud8\"]", "[!", true, 0);
}

static void one_document_behind_the_other(void **state)
{
    static struct json_read r;
    static const char *const texts[][2] = {
        {"{\"a\":1}\n{\"b\":2}\n", "{:a#1}{:b#2}$"},
        {"[][1]{}", "[][#1]{}$"},
        {"{} 5", "{}!"},
        {"{}]", "{}!"},
        {"5 {}", "#5{}$"},
        {"{}\n[", "{}[!"},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        for (size_t size = 1; size <= strlen(texts[i][0]) + 1; size++) {
            struct blocks b;
            char buf[64];
            struct text t = text_on(buf, sizeof(buf));
            start(&r, &b, texts[i][0], strlen(texts[i][0]), size);
            r.many = true;
            show(&r, &t);
            free(b.block);
            assert_string_equal(buf, texts[i][1]);
        }
}

/* A NUL is a byte like another one, and none that ends anything. */
static void nul_bytes(void **state)
{
    static struct json_read r;
    static const char *const texts[] = {"\0{}", "[1\0]", "[\"a\0b\"]", "[1,\0]", "[]\0", "[\"\\\0\"]"};
    static const size_t sizes[] = {3, 4, 7, 5, 3, 6};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct blocks b;
        char buf[64];
        struct text t = text_on(buf, sizeof(buf));
        start(&r, &b, texts[i], sizes[i], 2);
        show(&r, &t);
        free(b.block);
        assert_int_equal(r.token, JSON_BROKEN);
    }
}

static void places_of_tokens(void **state)
{
    static const char text[] = "{\n  \"k\": [1,\n\t\"\xc3\xa9\", {}],\r\n\"l\":\n\n null }";
    static const unsigned wanted[][2] = {{1, 1}, {2, 3},  {2, 8}, {2, 9}, {3, 2}, {3, 8},
                                         {3, 9}, {3, 10}, {4, 1}, {6, 2}, {6, 7}, {6, 8}};
    static struct json_read r;

    for (size_t size = 1; size < sizeof(text); size++) {
        struct blocks b;
        start(&r, &b, text, sizeof(text) - 1, size);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
            json_read_next(&r);
            if (r.line != wanted[i][0] || r.column != wanted[i][1])
                fail_msg("token %zu in blocks of %zu: %u:%u", i, size, r.line, r.column);
        }
        assert_int_equal(r.token, JSON_END);
        free(b.block);
    }
}

static void nested(struct json_read *r, char open, size_t depth, char *text, struct blocks *b)
{
    memset(text, open, depth);
    start(r, b, text, depth, 7);
    while (json_read_next(r) != JSON_BROKEN)
        ;
    free(b->block);
}

static void depth_is_limited(void **state)
{
    static char text[2 * JSON_DEPTH_MAX + 1];
    static struct json_read r;
    struct blocks b;

    nested(&r, '[', JSON_DEPTH_MAX, text, &b);
    assert_non_null(strstr(r.why, "too early"));
    nested(&r, '[', JSON_DEPTH_MAX + 1, text, &b);
    assert_non_null(strstr(r.why, "too deep"));
    assert_int_equal(r.column, JSON_DEPTH_MAX + 1);
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    start(&r, &b, text, sizeof(text) - 1, 1);
    while (json_read_next(&r) != JSON_BROKEN && r.token != JSON_END)
        ;
    free(b.block);
    assert_int_equal(r.token, JSON_END);
}

/* `front` bytes, then characters of two bytes up to `bytes`, as one text. */
static void long_text(struct json_read *r, size_t front, size_t bytes, size_t *ret_len)
{
    struct blocks b;
    uint8_t *text = malloc(bytes + 4);
    struct span s;

    text[0] = '[';
    text[1] = '"';
    for (size_t i = 0; i < bytes; i++)
        text[2 + i] = i < front ? 'a' : (i - front) % 2 == 0 ? 0xc3 : 0xa9;
    memcpy(text + 2 + bytes, "\"]", 2);
    start(r, &b, text, bytes + 4, 1000);
    json_read_next(r);
    assert_true(json_read_string(r, &s));
    assert_memory_equal(s.at, text + 2, s.len);
    *ret_len = s.len;
    bool cut = r->cut;
    assert_int_equal(json_read_next(r), JSON_ARRAY_END);
    assert_int_equal(json_read_next(r), JSON_END);
    r->cut = cut;
    free(b.block);
    free(text);
}

static void long_texts_are_cut_between_characters(void **state)
{
    static struct json_read r;
    size_t len;

    long_text(&r, JSON_TEXT_MAX, JSON_TEXT_MAX, &len);
    assert_true(len == JSON_TEXT_MAX && !r.cut);
    long_text(&r, JSON_TEXT_MAX + 1, JSON_TEXT_MAX + 1, &len);
    assert_true(len == JSON_TEXT_MAX && r.cut);
    long_text(&r, 0, 3 * JSON_TEXT_MAX, &len);
    assert_true(len == JSON_TEXT_MAX && r.cut);
    long_text(&r, 1, 3 * JSON_TEXT_MAX + 1, &len);
    assert_true(len == JSON_TEXT_MAX - 1 && r.cut);
}

static void what_is_left_out(void **state)
{
    static const char text[] =
        "{\"a\":[1,[2,{\"x\":\"]\"}]],\"b\":\"s\",\"c\":{\"d\":1,\"e\":[]},\"f\":5,\"g\":[[1],{},7],"
        "\"h\":true,\"i\":\"t\"}";
    static struct json_read r;

    for (size_t size = 1; size < sizeof(text); size++) {
        struct blocks b;
        struct span s = span_str("untouched");
        start(&r, &b, text, sizeof(text) - 1, size);
        json_read_skip(&r); /* nothing was read yet: nothing is left out */
        assert_true(json_read_next(&r) == JSON_OBJECT);
        assert_true(json_read_key(&r) && json_read_is(&r, "a"));
        assert_true(json_read_key(&r) && json_read_is(&r, "b") && !json_read_is(&r, "bb"));
        assert_false(json_read_open(&r, JSON_OBJECT));
        assert_true(json_read_key(&r) && json_read_is(&r, "c"));
        assert_false(json_read_string(&r, &s));
        assert_true(span_eq(s, span_str("untouched")));
        assert_true(json_read_key(&r) && json_read_is(&r, "f"));
        assert_false(json_read_string(&r, &s));
        assert_true(json_read_key(&r) && json_read_is(&r, "g"));
        assert_true(json_read_open(&r, JSON_ARRAY));
        assert_true(json_read_item(&r) && r.token == JSON_ARRAY);
        json_read_skip(&r);
        assert_true(json_read_item(&r) && r.token == JSON_OBJECT);
        assert_false(json_read_key(&r));
        assert_true(json_read_item(&r) && r.token == JSON_NUMBER && json_read_is(&r, "7"));
        assert_false(json_read_item(&r));
        assert_true(json_read_key(&r) && json_read_is(&r, "h"));
        json_read_skip(&r);
        assert_true(json_read_key(&r) && json_read_is(&r, "i"));
        assert_true(json_read_string(&r, &s) && span_eq(s, span_str("t")));
        assert_false(json_read_key(&r));
        assert_int_equal(json_read_next(&r), JSON_END);
        free(b.block);
    }
}

/* What is left out is read as strictly as what is not. */
static void errors_in_what_is_left_out(void **state)
{
    static const char *const bad[] = {"{\"a\":[[\"\xff\"]]}", "{\"a\":[1,]}", "{\"a\":\"\\ud800\"}",
                                      "{\"a\":[", "{\"a\":01}"};
    static struct json_read r;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct blocks b;
        start(&r, &b, bad[i], strlen(bad[i]), 3);
        json_read_next(&r);
        while (json_read_key(&r))
            ;
        assert_int_equal(json_read_next(&r), JSON_BROKEN);
        free(b.block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(broken_documents_to_the_byte),
        cmocka_unit_test(what_is_no_character_is_mended),
        cmocka_unit_test(one_document_behind_the_other),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(places_of_tokens),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(errors_in_what_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
