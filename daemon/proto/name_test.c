/* SPDX-License-Identifier: BSD-2-Clause */
/* Names against a slow and obvious reader: every length, position, octet and way to compress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/name.h"

#define ROUNDS 60000

struct random_name {
    uint64_t seed;
    uint8_t at[512];
    uint32_t len, start; /* the name to read begins at `start` */
    uint32_t label[64], labels;
};

static unsigned below(struct random_name *g, unsigned n)
{
    g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(g->seed >> 33) % n;
}

static uint8_t random_octet(struct random_name *g)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@[`{~ /";
    static const uint8_t odd[] = {0, 0x1f, '.', '\\', 0x7f, 0x80, 0xae, 0xc1, 0xff};

    return below(g, 100) == 0 ? odd[below(g, sizeof odd)] : (uint8_t)usual[below(g, sizeof usual - 1)];
}

/* Labels, then the root or a pointer to a label written before, or to nowhere good. */
static void random_run(struct random_name *g)
{
    g->start = g->len;
    for (unsigned n = below(g, 7); n > 0; n--) {
        unsigned len = 1 + below(g, below(g, 12) == 0 ? 63 : 12);
        g->label[g->labels++ % 64] = g->len;
        g->at[g->len++] = (uint8_t)len;
        while (len-- > 0)
            g->at[g->len++] = random_octet(g);
    }
    unsigned end = below(g, 20);
    unsigned to = g->labels > 0 ? g->label[below(g, g->labels < 64 ? g->labels : 64)] : below(g, 40);
    if (end == 0)
        g->at[g->len++] = (uint8_t)(64 + below(g, 128));
    else if (end > 10) {
        g->at[g->len++] = (uint8_t)(0xc0 | to >> 8);
        g->at[g->len++] = (uint8_t)to;
    } else
        g->at[g->len++] = 0;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* False: malformed, or not all there. */
static bool slow_read(const uint8_t *at, uint32_t pos, uint32_t end, char *text, uint32_t *ret_behind)
{
    uint32_t before = pos, octets = 1;
    char *out = text;

    for (*ret_behind = 0; pos < end;) {
        unsigned len = at[pos++];
        if (len == 0) {
            *ret_behind = *ret_behind ? *ret_behind : pos;
            *out = 0;
            return true;
        }
        if (len >= 0xc0) {
            if (pos >= end || ((len & 0x3f) << 8 | at[pos]) >= before)
                return false;
            *ret_behind = *ret_behind ? *ret_behind : pos + 1;
            before = pos = (len & 0x3f) << 8 | at[pos];
            continue;
        }
        octets += len + 1;
        if (len > 63 || octets > 255 || len > end - pos)
            return false;
        out += sprintf(out, "%s", out == text ? "" : ".");
        for (; len > 0; len--, pos++) {
            uint8_t c = lower(at[pos]);
            bool odd = c < ' ' || c > '~' || c == '.' || c == '\\';
            out += sprintf(out, odd ? "\\%03u" : "%c", c);
        }
    }
    return false;
}

/* The hash of these octets when they lie in one piece, in upper case, behind octets that are all `before`. */
static uint64_t hash_in_one_piece(struct span octets, uint8_t before, struct hash_key key)
{
    struct name_octets store = {.key = key};
    uint8_t at[16 + NAME_OCTETS_MAX + 1];

    memset(at, before, 16);
    for (size_t i = 0; i < octets.len; i++)
        at[16 + i] = upper(octets.at[i]);
    at[16 + octets.len] = 0;
    struct cur c = cur_datagram(at, 17 + octets.len, 17 + octets.len);
    const struct cur message = c;
    c.pos = 16;
    struct span again = name_octets(&c, &message, &store);
    assert_int_equal(again.len, octets.len);
    for (size_t i = 0; i < octets.len; i++)
        assert_int_equal(lower(again.at[i]), lower(octets.at[i]));
    return store.hash;
}

/* The hash is that of the octets, however they lie; any other octet, key or length makes it another. */
static void check_hash(struct span octets, uint64_t hash, struct hash_key key)
{
    uint8_t other[NAME_OCTETS_MAX];
    size_t last = octets.len - 1;

    assert_int_not_equal(hash, 0);
    assert_int_equal(hash, hash_in_one_piece(octets, 0xff, key));
    assert_int_equal(hash, hash_in_one_piece(octets, 'a', key));
    assert_int_not_equal(hash, hash_in_one_piece(octets, 0, (struct hash_key){{key.k[0] + 1, key.k[1]}}));
    for (unsigned i = 0; i < 2; i++) {
        size_t place = i == 0 ? 1 : last;
        memcpy(other, octets.at, octets.len);
        other[place] = lower(other[place]) == 'q' ? 'r' : 'q';
        assert_int_not_equal(hash, hash_in_one_piece(span_of(other, octets.len), 0, key));
    }
}

/* As octets, a name is either not read at all, or says the same as its text. */
static void check_octets(struct cur c, const struct cur *message, const char *want, uint32_t behind,
                         bool good)
{
    const uint32_t start = c.pos;
    char text[NAME_TEXT_MAX + 1];
    const struct hash_key key = {{0x0123456789abcdef, 0xfedcba9876543210}};
    struct name_octets store = {.key = key};
    struct span octets = name_octets(&c, message, &store);

    assert_true(cur_ok(&c));
    if (octets.len == 0) {
        assert_int_equal(c.pos, start);
        return;
    }
    assert_true(good);
    assert_int_equal(c.pos, behind);
    struct span name = name_text(octets, text);
    assert_int_equal(name.len, strlen(want));
    assert_memory_equal(name.at, want, name.len);
    size_t at = 0;
    while (at < octets.len)
        at += octets.at[at] + 1u;
    assert_int_equal(at, octets.len);
    check_hash(octets, store.hash, key);
    assert_int_equal(name_text_hash(&key, name), store.hash);
}

static void check(const struct random_name *g, uint32_t end)
{
    char want[NAME_TEXT_MAX + 1], got[NAME_TEXT_MAX + 1];
    uint32_t behind;
    uint8_t *copy = malloc(end); /* ends where it ends, for the sanitizers */

    memcpy(copy, g->at, end);
    struct cur c = cur_datagram(copy, end, g->len);
    const struct cur message = c;
    c.pos = g->start;
    bool good = slow_read(copy, g->start, end, want, &behind);
    check_octets(c, &message, want, behind, good);
    struct span name = name_read(&c, &message, got);
    assert_int_equal(cur_ok(&c), good);
    assert_int_equal(name.len, good ? strlen(want) : 0);
    if (good) {
        assert_memory_equal(name.at, want, name.len);
        assert_int_equal(c.pos, behind);
        assert_true((const char *)name.at >= got && (const char *)name.at + name.len < got + sizeof got);
    } else if (end == g->len) {
        assert_int_equal(c.state, CUR_BAD);
    }
    free(copy);
}

static void names_as_the_reference(void **state)
{
    struct random_name g = {.seed = 1};

    for (unsigned round = 0; round < ROUNDS; round++) {
        g.labels = g.len = 0;
        while (g.len < below(&g, 20))
            g.at[g.len++] = random_octet(&g);
        for (unsigned runs = 1 + below(&g, 4); runs > 0 && g.len < 300; runs--)
            random_run(&g);
        check(&g, g.len);
        check(&g, g.start + below(&g, g.len - g.start + 1));
    }
}

/* The longest text there is, and names of 255 and 256 octets of each length of label. */
static void names_at_the_limit(void **state)
{
    struct random_name g = {.seed = 2};

    for (unsigned label = 1; label <= 63; label++)
        for (unsigned octets = 240; octets <= 258; octets++)
            for (int octet = 'a'; octet <= 0xff; octet += 0xff - 'a') {
                g.len = g.start = 20;
                memset(g.at, 0, sizeof g.at);
                for (unsigned left = octets - 1, n; left > 1; left -= n + 1) {
                    n = left - 1 < label ? left - 1 : label;
                    g.at[g.len++] = (uint8_t)n;
                    memset(g.at + g.len, octet, n);
                    g.len += n;
                }
                g.at[g.len++] = 0;
                check(&g, g.len);
            }
}

/* A cursor that was moved past what is there reads nothing. */
static void behind_the_end(void **state)
{
    static const uint8_t at[23] = {[20] = 1, '-', 0};
    char text[NAME_TEXT_MAX + 1];

    for (uint32_t pos = 0; pos < 60; pos++) {
        uint8_t *copy = malloc(23);
        memcpy(copy, at, 23);
        struct cur c = cur_datagram(copy, 23, 100);
        const struct cur message = c;
        c.pos = pos;
        struct span name = name_read(&c, &message, text);
        assert_int_equal(c.state, pos >= 21 && pos != 22 ? CUR_CUT : CUR_OK);
        assert_int_equal(name.len, pos == 20);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_as_the_reference),
        cmocka_unit_test(names_at_the_limit),
        cmocka_unit_test(behind_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
