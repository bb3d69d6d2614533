/* SPDX-License-Identifier: BSD-2-Clause */
/* What OpenSSL is asked for: published vectors, no allocation for a packet, and the budget of a flood. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "proto/crypto_private.h"
#include "proto/crypto_x86.h"
#include "proto/quic_test.h"

static unsigned long allocations;

static void *counted_malloc(size_t bytes, const char *file, int line)
{
    allocations++;
    return malloc(bytes);
}

static void *counted_realloc(void *at, size_t bytes, const char *file, int line)
{
    allocations++;
    return realloc(at, bytes);
}

static void uncounted_free(void *at, const char *file, int line)
{
    free(at);
}

static void digests(void **state)
{
    char text[2 * CRYPTO_HASH_BYTES_MAX + 1];

    for (unsigned twice = 0; twice < 2; twice++) {
        crypto_digest_text(crypto, CRYPTO_MD5, BYTES("abc"), text);
        assert_string_equal(text, "900150983cd24fb0d6963f7d28e17f72"); /* RFC 1321 §A.5 */
        crypto_digest_text(crypto, CRYPTO_SHA1, BYTES("abc"), text);
        assert_string_equal(text, "a9993e364706816aba3e25717850c26c9cd0d89d"); /* FIPS 180-4 */
        crypto_digest_text(crypto, CRYPTO_SHA256, BYTES("abc"), text);
        assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
    assert_int_equal(crypto_digest(NULL, CRYPTO_MD5, BYTES("abc"), (uint8_t *)text), 0);
}

/* RFC 4231 §4.2, §4.3. */
static void hmac_vectors(void)
{
    static const char twenty[] =
        "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b";
    struct crypto_hmac h;
    struct crypto_message m;
    uint8_t out[1][SHA256_DIGEST_LENGTH];

    crypto_hmac_key(crypto, &h, BYTES(twenty));
    for (unsigned twice = 0; twice < 2; twice++) {
        crypto_message(&m, BYTES("Hi There"));
        crypto_hmac(crypto, &h, &m, 1, out);
        assert_memory_equal(out, "\xb0\x34\x4c\x61\xd8\xdb\x38\x53\x5c\xa8\xaf\xce\xaf\x0b\xf1\x2b", 16);
    }
    crypto_hmac_key(crypto, &h, BYTES("Jefe"));
    crypto_message(&m, BYTES("what do ya want for nothing?"));
    crypto_hmac(crypto, &h, &m, 1, out);
    assert_memory_equal(out, "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7", 16);
}

/* As OpenSSL has it: of all lengths that a block holds, several at once. */
static void hmac_lengths(void)
{
    struct crypto_hmac h;
    struct crypto_message m[CRYPTO_LANES];
    uint8_t out[CRYPTO_LANES][SHA256_DIGEST_LENGTH], all[CRYPTO_MESSAGE_MAX], want[SHA256_DIGEST_LENGTH];
    uint32_t at = 1;

    for (size_t len = 0; len <= sizeof all; len++) {
        for (size_t i = 0; i < sizeof all; i++)
            all[i] = (uint8_t)((at = at * 1664525 + 1013904223) >> 24);
        struct span key = span_of(all, len);
        crypto_hmac_key(crypto, &h, key);
        for (unsigned n = 1; n <= CRYPTO_LANES; n++) {
            for (unsigned i = 0; i < n; i++)
                crypto_message(&m[i], span_of(all + i, (len + 7 * i) % (sizeof all - i)));
            crypto_hmac(crypto, &h, m, n, out);
            for (unsigned i = 0; i < n; i++) {
                assert_non_null(HMAC(EVP_sha256(), key.at, (int)key.len, all + i,
                                     (len + 7 * i) % (sizeof all - i), want, NULL));
                assert_memory_equal(out[i], want, sizeof want);
            }
        }
    }
}

static void hmac(void **state)
{
    hmac_vectors();
    hmac_lengths();
#if CRYPTO_X86
    bool x86 = crypto->x86_sha;
    crypto->x86_sha = false;
    hmac_vectors();
    hmac_lengths();
    crypto->x86_sha = x86;
#endif
}

static void many(unsigned n, unsigned from, unsigned *ret_opened, unsigned *ret_limited)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned cid = from + i;
        memcpy(datagram.at + 6, &cid, sizeof cid);
        struct said s = said();
        *ret_opened += s.k.counters[COUNT_QUIC] > 0;
        *ret_limited += s.k.counters[COUNT_QUIC_LIMIT] > 0;
    }
}

/* Good packets, and packets whose keys are new each time. */
static void nothing_is_allocated(void **state)
{
    struct quic_packet q = client(BUILD_V1);
    unsigned opened = 0, limited = 0;

    for (unsigned round = 0; round < 2; round++) {
        hello_frames();
        datagram.len = 0;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        said();
        unsigned long before = allocations;
        for (unsigned i = 0; i < 500; i++) {
            struct said s = said();
            opened += s.k.counters[COUNT_QUIC] > 0;
        }
        many(500, 1, &opened, &limited);
        if (round == 1)
            assert_int_equal(allocations, before);
    }
    assert_true(allocations > 0);
    assert_int_equal(opened, 1000);
    assert_int_equal(limited, 0);
}

/* Whatever does it, packets of all lengths open to the same, and a wrong bit anywhere is told. */
static void opened_either_way(void **state)
{
#if CRYPTO_X86
    static uint8_t sealed[2000], first[sizeof sealed];
    uint8_t key[CRYPTO_AES_BYTES], nonce[CRYPTO_NONCE_BYTES], tag[CRYPTO_TAG_BYTES], aad[64], block[2][16];
    uint32_t at = 1;
    int n;

    if (!crypto_x86_can())
        skip();
    for (size_t len = 0; len < sizeof sealed; len = len < 300 ? len + 1 : len + 37) {
        uint8_t *const fill[] = {key, nonce, aad, sealed};
        const size_t bytes[] = {sizeof key, sizeof nonce, sizeof aad, sizeof sealed};
        for (unsigned i = 0; i < 4; i++)
            for (size_t k = 0; k < bytes[i]; k++)
                fill[i][k] = (uint8_t)((at = at * 1664525 + 1013904223) >> 24);
        struct span header = span_of(aad, len % (sizeof aad + 1)), body = span_of(sealed, len);
        EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        /* The plain text of the one is what the other seals. */
        crypto_x86_open(crypto->plain, key, nonce, header, body, NULL);
        memcpy(first, crypto->plain, len);
        assert_int_equal(EVP_EncryptInit(ctx, EVP_aes_128_gcm(), key, nonce), 1);
        assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)header.len), 1);
        assert_int_equal(EVP_EncryptUpdate(ctx, first, &n, first, (int)len), 1);
        assert_int_equal(EVP_EncryptFinal(ctx, first + n, &n), 1);
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag), 1);
        EVP_CIPHER_CTX_free(ctx);
        assert_memory_equal(first, sealed, len);
        for (unsigned x86 = 0; x86 < 2; x86++) {
            crypto->x86 = x86 != 0;
            assert_true(crypto_open(crypto, key, nonce, header, body, tag));
            uint8_t *wrong = len > 0 && at % 2 == 0 ? &sealed[at % len] : &tag[at % sizeof tag];
            *wrong ^= (uint8_t)(1 << at % 8);
            assert_false(crypto_open(crypto, key, nonce, header, body, tag));
            *wrong ^= (uint8_t)(1 << at % 8);
            assert_true(crypto_block(crypto, key, sealed, block[x86]));
        }
        assert_memory_equal(block[0], block[1], sizeof block[0]);
    }
#endif
}

static bool spend_as(uint64_t now_ns, const char *client_text)
{
    struct addr client;

    assert_true(addr_parse(span_str(client_text), &client));
    crypto_budget(crypto, now_ns);
    crypto_client(crypto, &client);
    return crypto_spend(crypto);
}

static unsigned spend_all(uint64_t now_ns, const char *client_text)
{
    unsigned n = 0;

    while (spend_as(now_ns, client_text))
        n++;
    return n;
}

static void shares_of_a_flood(void **state)
{
    const uint64_t second = 1000000000, t = 1000 * second;

    assert_true(crypto_spend(crypto)); /* no budget: no limit */
    assert_int_equal(spend_all(t, "192.0.2.1"), CRYPTO_BUDGET_SHARE);
    assert_int_equal(spend_all(t, "192.0.2.255"), 0); /* the same /24 */
    assert_true(spend_as(t, "192.0.3.1"));
    assert_true(spend_as(t, "2001:db8::1"));
    assert_int_equal(spend_all(t, "2001:db8::ffff:1:2:3"), CRYPTO_BUDGET_SHARE - 1);
    assert_true(spend_as(t, "2001:db8:0:1::"));
    assert_int_equal(spend_all(t + second / 100, "192.0.2.1"), CRYPTO_BUDGET_SHARE / 100);
    assert_int_equal(spend_all(t + 5 * second, "192.0.2.1"), CRYPTO_BUDGET_SHARE);

    unsigned all = 0;
    for (unsigned net = 0; net < 200; net++) {
        char text[32];
        snprintf(text, sizeof text, "10.%u.%u.1", net, net);
        all += spend_all(t + 10 * second, text);
    }
    assert_int_equal(all, CRYPTO_BUDGET_RATE);
    assert_false(spend_as(t + 10 * second, "203.0.113.1"));
    crypto_client(crypto, NULL);
    assert_false(crypto_spend(crypto));
    crypto_budget(crypto, t + 11 * second);
    for (all = 0; crypto_spend(crypto); all++)
        ;
    assert_int_equal(all, CRYPTO_BUDGET_RATE);
}

/* With nothing left, packets whose keys are known open all the same. */
static void a_spent_budget(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    hello_frames();
    datagram.len = 0;
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    struct said s = said();
    assert_int_equal(s.k.counters[COUNT_QUIC_LIMIT], 1);
    expect_nothing(&s, PARSE_BAD);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    crypto_budget(crypto, 2000 * 1000000000ull);
    s = said();
    expect_hello(&s);
    while (crypto_spend(crypto))
        ;
    s = said();
    expect_hello(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(hmac),
        cmocka_unit_test(nothing_is_allocated),
        cmocka_unit_test(opened_either_way),
        cmocka_unit_test(shares_of_a_flood),
        cmocka_unit_test(a_spent_budget),
    };
    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, uncounted_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
