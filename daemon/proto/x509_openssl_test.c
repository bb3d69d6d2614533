/* SPDX-License-Identifier: BSD-2-Clause */
/* X.509: certificates that OpenSSL made, and what becomes of them when octets change, as OpenSSL reads them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "proto/writer.h"
#include "proto/x509_oracle.h"

static void add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* A certificate signed by itself; `*ret` is to be freed with OPENSSL_free. */
static size_t make(int cn_type, const char *cn, const char *alt_names, unsigned char **ret)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);

    assert_non_null(key);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_ASC, (const unsigned char *)"DE", -1, -1, 0);
    if (cn)
        assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", cn_type, (const unsigned char *)cn, -1, -1,
                                                    0),
                         1);
    X509_NAME_add_entry_by_txt(subject, "OU", MBSTRING_ASC, (const unsigned char *)"a unit", -1, -1, -1);
    X509_set_pubkey(x, key);
    add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
    if (alt_names)
        add_extension(x, NID_subject_alt_name, alt_names);
    add_extension(x, NID_ext_key_usage, "serverAuth");
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    int len = i2d_X509(x, ret);
    assert_true(len > 0);
    X509_free(x);
    EVP_PKEY_free(key);
    return (size_t)len;
}

static const struct {
    int cn_type;
    const char *cn, *alt_names, *want;
} certificates[] = {
    {MBSTRING_UTF8, "www.Example.com", "DNS:*.example.com,DNS:www.example.com",
     "\nwww.example.com\n*.example.com\n"},
    {V_ASN1_PRINTABLESTRING, "A Person", "DNS:a.example", "\na.example\n"},
    {V_ASN1_T61STRING, "teletex.example", NULL, "\nteletex.example\n"},
    {V_ASN1_IA5STRING, "ia5.example", "IP:192.0.2.1,IP:2001:db8::1",
     "\nia5.example\n192.0.2.1\n2001:db8::1\n"},
    {MBSTRING_UTF8,
     "b\xc3\xbc"
     "cher.example",
     "email:a@b.example,URI:https://c.example/,RID:1.2.3.4,DNS:d.example", "\nd.example\n"},
    {MBSTRING_UTF8, NULL, "critical,otherName:1.3.6.1.5.5.7.8.5;UTF8:someone@xmpp.example,DNS:xmpp.example",
     "\nxmpp.example\n"},
    {MBSTRING_UTF8, "10.0.0.1", "IP:10.0.0.1", "\n10.0.0.1\n"},
    {MBSTRING_UTF8, "2001:db8::2", NULL, "\n2001:db8::2\n"},
    {MBSTRING_UTF8, "host", NULL, "\nhost\n"},
};

static void agrees_with_openssl(void **state)
{
    for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++) {
        unsigned char *at = NULL;
        size_t len = make(certificates[i].cn_type, certificates[i].cn, certificates[i].alt_names, &at);
        struct x509_lines ours = {.len = 0};
        assert_int_equal(x509_oracle_ours(at, len, &ours), PARSE_DONE);
        assert_string_equal(ours.at, certificates[i].want);
        assert_int_equal(x509_oracle_compare(at, len), X509_SAME);
        free(ours.at);
        OPENSSL_free(at);
    }
}

/* Each octet in turn becomes each of these, or loses or gains a bit. */
static void change_octets(uint8_t *at, size_t len, unsigned *said)
{
    static const uint8_t others[] = {0, 1, 0x0c, 0x1e, 0x24, 0x30, 0x80, 0x81, 0x82, 0xa2, 0xff};

    for (size_t n = 0; n < len; n++) {
        uint8_t was = at[n];
        for (size_t v = 0; v < sizeof others + 8; v++) {
            at[n] = (uint8_t)(v < 8 ? was ^ 1 << v : others[v - 8]);
            said[x509_oracle_compare(at, len)]++;
        }
        at[n] = was;
    }
}

static void agrees_when_octets_change(void **state)
{
    static const char *const names[] = {"www.example.com", "*.example.com", "a.example", NULL};
    static struct writer w;
    unsigned said[X509_DIFFERS + 1] = {0};
    unsigned char *at = NULL;

    size_t len = make(certificates[3].cn_type, certificates[3].cn, certificates[3].alt_names, &at);
    change_octets(at, len, said);
    OPENSSL_free(at);
    w.len = 0;
    der_certificate_for(&w, names);
    change_octets(w.at, w.len, said);
    assert_int_equal(said[X509_DIFFERS], 0);
    assert_true(said[X509_SAME] > 1000 && said[X509_PART] > 0 && said[X509_REFUSED] > 1000);
}

/* Those that the other tests make by hand are certificates to OpenSSL, too. */
static void agrees_on_hand_made(void **state)
{
    static const char *const names[] = {"www.example.com", "*.example.com", "a\\b c.example", NULL};
    static struct writer w;

    w.len = 0;
    der_certificate_for(&w, names);
    assert_int_equal(x509_oracle_compare(w.at, w.len), X509_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl),
        cmocka_unit_test(agrees_when_octets_change),
        cmocka_unit_test(agrees_on_hand_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
