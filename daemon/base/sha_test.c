/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-1 and SHA-256: published vectors, and every length around the edges of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sha.h"

static const char *hex(const uint8_t *at, size_t n, char *ret)
{
    for (size_t i = 0; i < n; i++)
        snprintf(ret + 2 * i, 3, "%02x", at[i]);
    return ret;
}

/* https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values */
static void published_vectors(void **state)
{
    static const struct {
        const char *message, *sha1, *sha256;
    } rows[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sha1(span_str(rows[i].message), digest);
        assert_string_equal(hex(digest, SHA1_BYTES, text), rows[i].sha1);
        sha256(span_str(rows[i].message), digest);
        assert_string_equal(hex(digest, SHA256_BYTES, text), rows[i].sha256);
    }
}

/* Each digest is of the one before and n bytes; the last one was computed by another implementation. */
static void chain(void (*sha)(struct span, uint8_t *), size_t bytes, const char *last)
{
    uint8_t digest[SHA256_BYTES], *message;
    char text[2 * SHA256_BYTES + 1];

    for (size_t n = 0; n < 300; n++) {
        size_t before = n == 0 ? 0 : bytes;
        message = malloc(before + n + 1); /* its own, so that a read past it is found */
        assert_non_null(message);
        memcpy(message, digest, before);
        for (size_t i = 0; i < n; i++)
            message[before + i] = (uint8_t)(n + i);
        sha(span_of(message, before + n), digest);
        free(message);
    }
    assert_string_equal(hex(digest, bytes, text), last);
}

static void every_length(void **state)
{
    chain(sha1, SHA1_BYTES, "20300948c7b2765282ed4a2ea52ea7c6e0068919");
    chain(sha256, SHA256_BYTES, "d3d115821dbc8c831aa64efa5bf8c163e82157ecce7cc0c68280011950f48252");
}

static void a_span_of_nothing(void **state)
{
    uint8_t none[SHA256_BYTES], empty[SHA256_BYTES];

    sha256(span_of(NULL, 0), none);
    sha256(span_str(""), empty);
    assert_memory_equal(none, empty, sizeof none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(every_length),
        cmocka_unit_test(a_span_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
