/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClientHellos as OpenSSL writes them, over TLS and DTLS; their names against its settings, their
 * fingerprints against what its server reads in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "proto/collect_pieces.h"
#include "proto/fingerprint_oracle.h"

struct client {
    const char *name, *alpn; /* ALPN in wire form */
    int least, most;         /* protocol versions */
    const char *groups;
    bool early_padding; /* SSL_OP_TLSEXT_PADDING */
    const char *want;
};

/* The first flight of a client with these settings, `*ret` allocated. */
static size_t first_flight(const struct client *c, const SSL_METHOD *method, uint8_t **ret)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
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

static const struct client clients[] = {
    {"www.example.com", "\x02h2\x08http/1.1", TLS1_2_VERSION, TLS1_3_VERSION, NULL, false,
     "tls-sni www.example.com|client|alpn=h2,http/1.1\n"},
    {"only12.example", NULL, TLS1_2_VERSION, TLS1_2_VERSION, NULL, false, "tls-sni only12.example|client\n"},
    {"Only13.Example", NULL, TLS1_3_VERSION, TLS1_3_VERSION, "P-521:X25519", true,
     "tls-sni only13.example|client\n"},
    {"large.example", "\x02h3", TLS1_2_VERSION, TLS1_3_VERSION, "ffdhe8192:X25519", false,
     "tls-sni large.example|client|alpn=h3\n"},
    {NULL, "\x02h2", TLS1_2_VERSION, TLS1_3_VERSION, NULL, false, ""},
};

static void agrees_with_openssl(void **state)
{
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        uint8_t *at = NULL;
        size_t len = first_flight(&clients[i], TLS_client_method(), &at);
        assert_true(len > 50);
        assert_int_equal((int)collect_proto("tls")->tcp_starts(span_of(at, len), false), STARTS_YES);
        check(&clients[i], at, len, 16384);
        check(&clients[i], at, len, 100);
        check(&clients[i], at, len, 1);
        free(at);
    }
}

/* What OpenSSL's server reads. An extension that it does not know is not among those that it tells. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
    struct oracle_hello *o = arg;
    const unsigned char *at;
    int *types;
    size_t n;

    o->version = SSL_client_hello_get0_legacy_version(ssl);
    n = SSL_client_hello_get0_ciphers(ssl, &at);
    oracle_values(&o->ciphers, at, n, 2);
    assert_int_equal(SSL_client_hello_get1_extensions_present(ssl, &types, &n), 1);
    for (size_t i = 0; i < n; i++) {
        size_t len;
        assert_int_equal(SSL_client_hello_get0_ext(ssl, (unsigned)types[i], &at, &len), 1);
        oracle_extension(o, (unsigned)types[i], at, len);
    }
    OPENSSL_free(types);
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR; /* that was all */
}

static void read_by_openssl(struct oracle_hello *o, const SSL_METHOD *method, const uint8_t *at, size_t len)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    oracle_clear(o);
    SSL_CTX_set_client_hello_cb(ctx, on_hello, o);
    SSL *ssl = SSL_new(ctx);
    assert_int_equal(BIO_write(in, at, (int)len), (int)len);
    SSL_set_bio(ssl, in, out);
    assert_int_equal(SSL_accept(ssl), -1);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

/* `lines`: those of one run with fingerprints. */
static void check_prints(const struct oracle_hello *o, const char *lines)
{
    char ja3[80], ja4[80], want[200];

    oracle_ja3(o, ja3);
    oracle_ja4(o, ja4);
    snprintf(want, sizeof want, "tls-ja3 %s\ntls-ja4 %s\n", ja3, ja4);
    assert_true(o->types.n > 3);
    assert_true(strlen(lines) >= strlen(want));
    assert_string_equal(lines + strlen(lines) - strlen(want), want);
}

static void fingerprints_of_tls(void **state)
{
    static struct oracle_hello o;
    struct collect k = {.values_only = true, .p.fingerprints = true, .p.crypto = crypto_new()};

    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        uint8_t *at = NULL;
        size_t len = first_flight(&clients[i], TLS_client_method(), &at);
        read_by_openssl(&o, TLS_server_method(), at, len);
        o.transport = 't';
        collect_clear(&k);
        collect_run(&k, collect_proto("tls")->tcp, at, len);
        check_prints(&o, k.lines);
        free(at);
    }
    crypto_free(k.p.crypto);
    collect_done(&k);
}

static void dtls(void **state)
{
    static struct oracle_hello o;
    static struct collect_pieces c;
    struct client client = {"Www.Example.com", "\x02h2", DTLS1_2_VERSION, DTLS1_2_VERSION, NULL, false, NULL};
    struct crypto *crypto = crypto_new();

    for (unsigned i = 0; i < 2; i++) { /* with a name, and without */
        uint8_t *at = NULL;
        size_t len = first_flight(&client, DTLS_client_method(), &at);
        read_by_openssl(&o, DTLS_server_method(), at, len);
        o.transport = 'd';
        collect_pieces_clear(&c);
        assert_int_equal(collect_proto("dtls")->udp_starts(span_of(at, len), false), STARTS_YES);
        assert_int_equal(collect_datagram(&c, collect_proto("dtls"), at, len, len), PARSE_DONE);
        c.k.p.crypto = crypto;
        c.k.p.fingerprints = c.k.values_only = true;
        assert_int_equal(collect_handshake(&c, collect_proto("dtls"), false), PARSE_DONE);
        assert_true((strncmp(c.k.lines, "dtls-sni www.example.com\n", 25) == 0) == (client.name != NULL));
        check_prints(&o, c.k.lines);
        client.name = NULL;
        free(at);
    }
    crypto_free(crypto);
    collect_done(&c.k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl),
        cmocka_unit_test(fingerprints_of_tls),
        cmocka_unit_test(dtls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
