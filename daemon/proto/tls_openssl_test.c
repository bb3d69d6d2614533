/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: ClientHellos as OpenSSL writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "proto/collect.h"

struct client {
    const char *name, *alpn; /* ALPN in wire form */
    int least, most;         /* protocol versions */
    const char *groups;
    bool early_padding; /* SSL_OP_TLSEXT_PADDING */
    const char *want;
};

/* The first flight of a client with these settings, `*ret` allocated. */
static size_t first_flight(const struct client *c, uint8_t **ret)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    assert_true(SSL_CTX_set_min_proto_version(ctx, c->least) && SSL_CTX_set_max_proto_version(ctx, c->most));
    if (c->groups)
        assert_int_equal(SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)c->groups), 1);
    if (c->alpn)
        assert_int_equal(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)c->alpn,
                                                 (unsigned)strlen(c->alpn)),
                         0);
    if (c->early_padding)
        SSL_CTX_set_options(ctx, SSL_OP_TLSEXT_PADDING);
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    assert_non_null(ssl);
    SSL_set_bio(ssl, in, out);
    if (c->name)
        assert_int_equal(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                  (void *)(uintptr_t)c->name),
                         1);
    assert_int_equal(SSL_connect(ssl), -1);
    size_t len = BIO_ctrl_pending(out);
    *ret = malloc(len);
    assert_int_equal(BIO_read(out, *ret, (int)len), (int)len);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return len;
}

/* As written, and with its record torn into records of `size` bytes. */
static void check(const struct client *c, const uint8_t *at, size_t len, size_t size)
{
    uint8_t *torn = malloc(len * 6);
    size_t n = 0;
    struct collect k = {.values_only = false};

    for (size_t from = 5; from < len; from += size) {
        size_t part = len - from < size ? len - from : size;
        uint8_t head[5] = {22, 3, 1, (uint8_t)(part >> 8), (uint8_t)part};
        memcpy(torn + n, head, 5);
        memcpy(torn + n + 5, at + from, part);
        n += 5 + part;
    }
    collect_clear(&k);
    assert_int_equal(collect_run(&k, collect_proto("tls")->tcp, torn, n), PARSE_DONE);
    assert_string_equal(k.lines, c->want);
    collect_prefixes(collect_proto("tls")->tcp, torn, n, n > 2000 ? 7 : 1);
    collect_done(&k);
    free(torn);
}

static void agrees_with_openssl(void **state)
{
    static const struct client clients[] = {
        {"www.example.com", "\x02h2\x08http/1.1", TLS1_2_VERSION, TLS1_3_VERSION, NULL, false,
         "tls-sni www.example.com|client|alpn=h2,http/1.1\n"},
        {"only12.example", NULL, TLS1_2_VERSION, TLS1_2_VERSION, NULL, false,
         "tls-sni only12.example|client\n"},
        {"Only13.Example", NULL, TLS1_3_VERSION, TLS1_3_VERSION, "P-521:X25519", true,
         "tls-sni only13.example|client\n"},
        {"large.example", "\x02h3", TLS1_2_VERSION, TLS1_3_VERSION, "ffdhe8192:X25519", false,
         "tls-sni large.example|client|alpn=h3\n"},
        {NULL, "\x02h2", TLS1_2_VERSION, TLS1_3_VERSION, NULL, false, ""},
    };
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        uint8_t *at = NULL;
        size_t len = first_flight(&clients[i], &at);
        assert_true(len > 50);
        assert_int_equal((int)collect_proto("tls")->tcp_starts(span_of(at, len), false), STARTS_YES);
        check(&clients[i], at, len, 16384);
        check(&clients[i], at, len, 100);
        check(&clients[i], at, len, 1);
        free(at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
