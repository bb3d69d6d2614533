/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: handshakes between OpenSSL's client and server, what either end says in every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proto/collect.h"
#include "proto/writer.h"

struct setting {
    int version;
    unsigned chain; /* certificates after the first */
    unsigned names; /* of the first, many or one */
    bool client_certificate, status;
    long fragment;    /* longest record, 0: as long as may be */
    const char *want; /* of the server's stream, without its attributes */
};

/* What each side wrote, flight after flight. */
struct talk {
    struct writer said[2];
    size_t flight[2][8];
    unsigned flights[2];
    SSL_SESSION *session;
};

static EVP_PKEY *key;
static struct crypto *crypto;
static struct talk talk;

static X509 *certificate(const char *cn, unsigned names)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    char list[8192] = "";
    size_t len = 0;

    X509_set_version(x, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
    for (unsigned i = 0; i < names; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%sDNS:name-%u.example", i ? "," : "", i);
    if (names > 0) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, list);
        assert_non_null(e);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static int give_status(SSL *ssl, void *arg)
{
    unsigned char *response = OPENSSL_malloc(1000);

    memset(response, 0x5a, 1000);
    SSL_set_tlsext_status_ocsp_resp(ssl, response, 1000);
    return SSL_TLSEXT_ERR_OK;
}

static int accept_any(int ok, X509_STORE_CTX *ctx)
{
    return 1;
}

static SSL_CTX *context(const struct setting *s, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    assert_true(SSL_CTX_set_min_proto_version(ctx, s->version) &&
                SSL_CTX_set_max_proto_version(ctx, s->version));
    if (s->fragment)
        SSL_CTX_set_max_send_fragment(ctx, s->fragment);
    if (server || s->client_certificate) {
        X509 *own = certificate(server ? "Server.Example" : "client.example", s->names);
        assert_int_equal(SSL_CTX_use_certificate(ctx, own), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
        X509_free(own);
        for (unsigned i = 0; i < s->chain; i++)
            SSL_CTX_add_extra_chain_cert(ctx, certificate("ca.example", 100));
        SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    }
    if (server && s->client_certificate)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, accept_any);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"test", 4);
    if (server && s->status)
        SSL_CTX_set_tlsext_status_cb(ctx, give_status);
    if (!server && s->status)
        SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
    /* Two of its groups are offered, the one without a key share is taken: HelloRetryRequest. */
    SSL_CTX_set1_groups_list(ctx, server ? "P-256" : "X25519:P-256");
    return ctx;
}

/* Lets both ends talk until they are done; `session`: the client goes on with it. */
static void handshake(const struct setting *s, SSL_CTX *ctx[2], SSL_SESSION *session)
{
    SSL *ssl[2];

    memset(&talk, 0, sizeof talk);
    for (unsigned side = 0; side < 2; side++) {
        ssl[side] = SSL_new(ctx[side]);
        SSL_set_bio(ssl[side], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
    if (session)
        SSL_set_session(ssl[0], session);
    SSL_set_connect_state(ssl[0]);
    SSL_set_accept_state(ssl[1]);
    for (unsigned turn = 0; turn < 12; turn++) {
        static uint8_t bytes[65536];
        unsigned side = turn % 2;
        SSL_do_handshake(ssl[side]);
        SSL_read(ssl[side], bytes, 1); /* tickets of TLS 1.3 */
        int n = BIO_read(SSL_get_wbio(ssl[side]), bytes, sizeof bytes);
        if (n <= 0)
            continue;
        talk.flight[side][talk.flights[side]++] = talk.said[side].len;
        put(&talk.said[side], span_of(bytes, (size_t)n));
        BIO_write(SSL_get_rbio(ssl[side ^ 1]), bytes, n);
    }
    assert_true(SSL_is_init_finished(ssl[0]) && SSL_is_init_finished(ssl[1]));
    assert_int_equal(SSL_session_reused(ssl[0]), session != NULL);
    talk.session = SSL_get1_session(ssl[0]);
    SSL_shutdown(ssl[0]);
    SSL_free(ssl[0]);
    SSL_free(ssl[1]);
}

static struct span flight(unsigned side, unsigned number)
{
    size_t begin = talk.flight[side][number];
    size_t end = number + 1 < talk.flights[side] ? talk.flight[side][number + 1] : talk.said[side].len;

    assert_true(number < talk.flights[side]);
    return span_of(talk.said[side].at + begin, end - begin);
}

/* The bytes say `want`, whole and in every prefix, as it stands and with its records torn. */
static void check(struct span bytes, enum parse_side sender, enum parse_result result, const char *want)
{
    static struct writer torn;
    static const size_t sizes[] = {16384, 1000, 13, 1};
    struct parse settings = {.sender = sender, .crypto = crypto, .digests = false};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct collect k = {.p = settings, .values_only = true};
        struct span rest = bytes;
        torn.len = 0;
        while (rest.len > 0) {
            size_t n = 5 + (size_t)(rest.at[3] << 8 | rest.at[4]);
            if (rest.at[0] == 22)
                add_records(&torn, span_of(rest.at + 5, n - 5), sizes[i]);
            else
                put(&torn, span_of(rest.at, n));
            rest = span_of(rest.at + n, rest.len - n);
        }
        bool tells_at_once = bytes.at[5] != 11 || sizes[i] > 13; /* a Certificate message: strictly */
        for (size_t n = 0; n < 30 && tells_at_once; n++)
            assert_int_not_equal(collect_proto("tls")->tcp_starts(span_of(torn.at, n), false), STARTS_NO);
        collect_clear(&k);
        assert_int_equal(collect_run(&k, collect_proto("tls")->tcp, torn.at, torn.len), result);
        assert_string_equal(k.lines, want);
        collect_done(&k);
        collect_prefixes_set(&settings, collect_proto("tls")->tcp, torn.at, torn.len,
                             torn.len > 9000 ? 127 : 1);
    }
}

static void certificates_up_to_12(void **state)
{
    static const struct setting settings[] = {
        {TLS1_VERSION, 0, 0, false, false, 0, "tls-cert-name server.example\n"},
        {TLS1_1_VERSION, 2, 2, false, false, 512,
         "tls-cert-name server.example\ntls-cert-name name-0.example\ntls-cert-name name-1.example\n"},
        {TLS1_2_VERSION, 8, 1, true, false, 0,
         "tls-cert-name server.example\ntls-cert-name name-0.example\n"},
        {TLS1_2_VERSION, 1, 0, false, true, 700, "tls-cert-name server.example\n"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        SSL_CTX *ctx[2] = {context(&settings[i], false), context(&settings[i], true)};
        handshake(&settings[i], ctx, NULL);
        check(flight(0, 0), SIDE_UNKNOWN, PARSE_DONE, "");
        check(flight(1, 0), SIDE_UNKNOWN, PARSE_DONE, settings[i].want);
        if (settings[i].client_certificate)
            check(flight(0, 1), SIDE_CLIENT, PARSE_DONE,
                  "tls-cert-name client.example\ntls-cert-name name-0.example\n");
        SSL_SESSION *session = talk.session;
        handshake(&settings[i], ctx, session); /* goes on where it was */
        check(flight(1, 0), SIDE_UNKNOWN, PARSE_DONE, "");
        SSL_SESSION_free(talk.session);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx[0]);
        SSL_CTX_free(ctx[1]);
    }
}

static void nothing_of_13(void **state)
{
    static const struct setting setting = {TLS1_3_VERSION, 1, 1, true, false, 0, ""};
    SSL_CTX *ctx[2] = {context(&setting, false), context(&setting, true)};

    handshake(&setting, ctx, NULL);
    assert_true(talk.flights[0] >= 3 && flight(0, 1).at[0] == 20); /* HelloRetryRequest, and its answer */
    for (unsigned i = 0; i < 2; i++) {
        check(flight(0, i), SIDE_UNKNOWN, PARSE_DONE, "");
        check(flight(1, i), SIDE_UNKNOWN, PARSE_DONE, "");
    }
    SSL_SESSION_free(talk.session);
    SSL_CTX_free(ctx[0]);
    SSL_CTX_free(ctx[1]);
}

/* The digests are those that OpenSSL computes. */
static void digests(void **state)
{
    static const struct setting setting = {TLS1_2_VERSION, 1, 0, false, false, 0, ""};
    SSL_CTX *ctx[2] = {context(&setting, false), context(&setting, true)};
    struct collect k = {.p = {.crypto = crypto, .digests = true}};
    unsigned char raw[2][32];
    char want[512], *out = want;

    handshake(&setting, ctx, NULL);
    X509 *own = SSL_CTX_get0_certificate(ctx[1]);
    X509_digest(own, EVP_sha256(), raw[0], NULL);
    X509_digest(own, EVP_sha1(), raw[1], NULL);
    out += sprintf(out, "tls-cert ");
    for (unsigned i = 0; i < 32; i++)
        out += sprintf(out, "%02x", raw[0][i]);
    out += sprintf(out, "|server|cert_sha1=");
    for (unsigned i = 0; i < 20; i++)
        out += sprintf(out, "%02x", raw[1][i]);
    collect_clear(&k);
    struct span bytes = flight(1, 0);
    assert_int_equal(collect_run(&k, collect_proto("tls")->tcp, bytes.at, bytes.len), PARSE_DONE);
    assert_non_null(strstr(k.lines, want));
    assert_int_equal(k.observations, 3);
    collect_done(&k);
    SSL_SESSION_free(talk.session);
    SSL_CTX_free(ctx[0]);
    SSL_CTX_free(ctx[1]);
}

static int set_up(void **state)
{
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    crypto = crypto_new();
    return key == NULL || crypto == NULL;
}

static int tear_down(void **state)
{
    EVP_PKEY_free(key);
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_up_to_12),
        cmocka_unit_test(nothing_of_13),
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
