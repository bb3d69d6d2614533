/* SPDX-License-Identifier: BSD-2-Clause */
/* X.509: hand-made certificates for every rule, and every prefix of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"
#include "proto/writer.h"
#include "proto/x509.h"

static struct writer subject, list, extensions, certificate;

static enum parse_result only_names(struct parse *p)
{
    struct observation like = {.via = VIA_CERT_NAME, .from_server = true};

    return x509_names(p, cur_datagram(p->bytes.at, p->bytes.len, p->whole), &like);
}

/* Adds subjectAltName with what `list` holds. */
static void add_list(void)
{
    static struct writer value;

    value.len = 0;
    der_put(&value, 0x30, written(&list));
    der_extension(&extensions, 17, written(&value));
    list.len = 0;
}

static void clear(void)
{
    subject.len = list.len = extensions.len = certificate.len = 0;
}

static void expect_bytes(enum parse_result result, const char *want)
{
    struct collect k = {.p.whole = (uint32_t)certificate.len, .values_only = true};

    collect_clear(&k);
    assert_int_equal(collect_run(&k, only_names, certificate.at, certificate.len), result);
    assert_string_equal(k.lines, want);
    for (size_t n = 0; n < certificate.len; n++) { /* what a part says, the whole says too, first */
        collect_clear(&k);
        enum parse_result part = collect_run(&k, only_names, certificate.at, n);
        assert_true(result == PARSE_DONE ? part == PARSE_CUT || part == PARSE_DONE : part != PARSE_MORE);
        assert_memory_equal(k.lines, want, k.len);
    }
    collect_done(&k);
}

static void expect(enum parse_result result, const char *want)
{
    certificate.len = 0;
    der_certificate(&certificate, written(&subject), written(&extensions));
    expect_bytes(result, want);
    clear();
}

static void in_order_and_once(void **state)
{
    der_attribute(&subject, 10, 0x0c, BYTES("Example Ltd."));
    der_attribute(&subject, 3, 0x13, BYTES("WWW.example.com"));
    der_put(&list, 0x82, BYTES("*.Example.com"));
    der_put(&list, 0x82, BYTES("www.example.COM."));
    der_put(&list, 0x82, BYTES("xn--bcher-kva.example"));
    der_put(&list, 0x82, BYTES("*.example.com"));
    add_list();
    expect(PARSE_DONE, "tls-cert-name www.example.com\ntls-cert-name *.example.com\n"
                       "tls-cert-name xn--bcher-kva.example\n");
    expect(PARSE_DONE, ""); /* neither subject nor extension */
    der_attribute(&subject, 3, 0x0c, BYTES("one"));
    der_attribute(&subject, 3, 0x0c, BYTES("two.example"));
    size_t set = der_open(&subject, 0x31); /* two in one set */
    static struct writer inner;
    inner.len = 0;
    der_attribute(&inner, 11, 0x0c, BYTES("unit"));
    der_attribute(&inner, 3, 0x0c, BYTES("three"));
    put(&subject, span_of(inner.at + 2, inner.at[1]));
    put(&subject, span_of(inner.at + 4 + inner.at[1], inner.at[3 + inner.at[1]]));
    der_close(&subject, set);
    expect(PARSE_DONE, "tls-cert-name one\ntls-cert-name two.example\ntls-cert-name three\n");
}

static void kinds_of_alt_name(void **state)
{
    der_put(&list, 0x81, BYTES("someone@mail.example"));
    der_put(&list, 0xa0, BYTES("\x06\x03\x55\x04\x03\xa0\x06\x0c\x04name"));
    der_put(&list, 0x86, BYTES("https://uri.example/"));
    der_put(&list, 0x87, BYTES("\xc0\x00\x02\x01"));
    der_put(&list, 0x87, BYTES("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"));
    der_put(&list, 0x87, BYTES("\xc0\x00\x02"));
    der_put(&list, 0x82, span_of(NULL, 0));
    der_put(&list, 0x82, BYTES("."));
    der_put(&list, 0x82, BYTES("a\0b \\\x80.example"));
    der_put(&list, 0x88, BYTES("\x2a\x03"));
    der_put(&list, 0x82, BYTES("last.example"));
    add_list();
    expect(PARSE_DONE, "tls-cert-name 192.0.2.1\ntls-cert-name 2001:db8::1\n"
                       "tls-cert-name a\\000b \\092\\128.example\ntls-cert-name last.example\n");
}

static void several_extensions(void **state)
{
    der_extension(&extensions, 15, BYTES("\x03\x02\x05\xa0"));
    der_put(&list, 0x82, BYTES("one.example"));
    add_list();
    der_extension(&extensions, 37, BYTES("\x30\x00"));
    der_put(&list, 0x82, BYTES("two.example"));
    add_list();
    expect(PARSE_DONE, "tls-cert-name one.example\ntls-cert-name two.example\n");
    size_t plain = der_open(&extensions, 0x30); /* not critical: that is left out */
    der_put(&extensions, 6, BYTES("\x55\x1d\x11"));
    der_put(&extensions, 4,
            BYTES("\x30\x09\x82\x07"
                  "a.plain"));
    der_close(&extensions, plain);
    expect(PARSE_DONE, "tls-cert-name a.plain\n");
}

static void common_names(void **state)
{
    static const struct {
        unsigned tag;
        const char *value;
        size_t len;
        const char *name;
    } rows[] = {
#define ROW(tag, value, name) {tag, value, sizeof value - 1, name}
        ROW(0x0c, "utf8.example", "utf8.example"),
        ROW(0x12, "917532944", "917532944"),
        ROW(0x13, "Printable.example", "printable.example"),
        ROW(0x14, "teletex.example", "teletex.example"),
        ROW(0x16, "ia5.example.", "ia5.example"),
        ROW(0x1e, "\0b\0m\0p", "bmp"),
        ROW(0x1c, "\0\0\0u\0\0\0n\0\0\0i", "uni"),
        ROW(0x0c, "192.0.2.1", "192.0.2.1"),
        ROW(0x0c, "2001:DB8::1", "2001:db8::1"),
        ROW(0x0c, "*", "*"),
        ROW(0x0c, "a_b-c.example", "a_b-c.example"),
        ROW(0x1e, "\0b\1m\0p", NULL), /* another alphabet */
        ROW(0x1e, "\0b\0m\0", NULL),
        ROW(0x1c, "\0\0\0u\0\1\0n", NULL),
        ROW(0x1c, "\0\0\0u\0\0", NULL),
        ROW(0x04, "octets", NULL),
        ROW(0x03, "\0bits", NULL),
        ROW(0x0c, "", NULL),
        ROW(0x0c, "A Person", NULL),
        ROW(0x0c,
            "b\xc3\xbc"
            "cher.example",
            NULL),
        ROW(0x14,
            "b\xfc"
            "cher.example",
            NULL),
        ROW(0x0c, "www.paypal.com\0.evil.example", NULL),
        ROW(0x0c, "a..b", NULL),
        ROW(0x0c, ".a", NULL),
        ROW(0x0c, "https://a.example/", NULL),
        ROW(0x0c, "12:34", NULL),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[64] = "";
        der_attribute(&subject, 3, rows[i].tag, span_of(rows[i].value, rows[i].len));
        der_attribute(&subject, 4, 0x0c, BYTES("surname"));
        if (rows[i].name)
            snprintf(want, sizeof want, "tls-cert-name %s\n", rows[i].name);
        expect(PARSE_DONE, want);
    }
    char name[512], want[512];
    for (unsigned len = 252; len < 512; len += len < 256 ? 1 : 100) {
        memset(name, 'a', sizeof name);
        der_attribute(&subject, 3, 0x0c, span_of(name, len));
        snprintf(want, sizeof want, "tls-cert-name %.*s\n", (int)len, name);
        expect(PARSE_DONE, len <= 253 ? want : "");
    }
}

/* A certificate from its parts, as der_certificate writes it, but these bytes for one of them. */
static void with_part(struct span part, struct span instead)
{
    certificate.len = 0;
    der_certificate(&certificate, written(&subject), written(&extensions));
    uint8_t *at = memmem(certificate.at, certificate.len, part.at, part.len);
    assert_non_null(at);
    assert_int_equal(part.len, instead.len);
    memcpy(at, instead.at, instead.len);
}

/* data table */
static void what_der_forbids(void **state)
{
    static const struct {
        struct span part, instead;
        enum parse_result result;
        const char *want;
    } rows[] = {
#define ROW(a, b, result, want)                                                                              \
    {{(const uint8_t *)a, sizeof a - 1}, {(const uint8_t *)b, sizeof b - 1}, result, want}
        ROW("\x82\x0bone.example",
            "\xa2\x0b\x16\x09"
            "e.example",
            PARSE_BAD, "tls-cert-name two.example\n"),
        ROW("\x0c\x04spam",
            "\x2c\x04\x0c\x02"
            "ab",
            PARSE_BAD, "tls-cert-name one.example\ntls-cert-name two.example\n"),
        ROW("\x82\x0bone.example",
            "\x82\x80"
            "e.example\0\0",
            PARSE_BAD, ""),
        ROW("\x82\x0bone.example",
            "\x82\x81\x0a"
            "ne.example",
            PARSE_DONE, "tls-cert-name ne.example\ntls-cert-name two.example\n"),
        ROW("\x82\x0bone.example",
            "\x82\x86\0\0\0\0\0\x05"
            ".exam",
            PARSE_DONE, "tls-cert-name .exam\ntls-cert-name two.example\n"),
        ROW("\x82\x0bone.example",
            "\x82\x85\1\0\0\0\x05"
            "n.exam",
            PARSE_BAD, ""),
        ROW("\x82\x0bone.example",
            "\x82\x84\x7f\xff\xff\xff"
            "example",
            PARSE_BAD, ""),
        ROW("\x82\x0bone.example",
            "\x82\x84\x00\xff\xff\xff"
            "example",
            PARSE_BAD, ""),
        ROW("\x82\x0bone.example", "\x9f\x82\x03\x09.e.xample", PARSE_BAD, ""),
        ROW("\x82\x0btwo.example", "\x82\x0ctwo.example", PARSE_BAD, "tls-cert-name one.example\n"),
        ROW("\x31\x11\x30\x0f\x06\x03", "\x31\x11\x30\x10\x06\x03", PARSE_BAD,
            "tls-cert-name one.example\ntls-cert-name two.example\n"),
        ROW("\x31\x11\x30\x0f\x06\x03", "\x30\x11\x30\x0f\x06\x03", PARSE_BAD,
            "tls-cert-name one.example\ntls-cert-name two.example\n"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        clear();
        der_attribute(&subject, 3, 0x0c, BYTES("spam"));
        der_attribute(&subject, 10, 0x0c, BYTES("organis."));
        der_put(&list, 0x82, BYTES("one.example"));
        der_put(&list, 0x82, BYTES("two.example"));
        add_list();
        with_part(rows[i].part, rows[i].instead);
        char want[128];
        bool common_name = rows[i].part.at[0] != 0x0c; /* it is not the part */
        snprintf(want, sizeof want, "%s%s", common_name ? "tls-cert-name spam\n" : "", rows[i].want);
        expect_bytes(rows[i].result, want);
    }
    clear();
}

/* An extension that is malformed does not hide another. */
static void damaged_extensions(void **state)
{
    size_t broken = der_open(&extensions, 0x30);
    der_put(&extensions, 6, BYTES("\x55\x1d\x11"));
    der_put(&extensions, 5, BYTES("no octets"));
    der_close(&extensions, broken);
    broken = der_open(&extensions, 0x30);
    der_put(&extensions, 6, BYTES("\x55\x1d\x11"));
    der_close(&extensions, broken);
    der_put(&extensions, 0x30, BYTES("\x06\x7f"));
    der_extension(&extensions, 17, BYTES("\x30\x7f\x82\x01x"));
    der_extension(&extensions, 17, BYTES("\x31\x03\x82\x01x"));
    der_extension(&extensions, 17, span_of(NULL, 0));
    der_put(&list, 0x82, BYTES("one.example"));
    add_list();
    expect(PARSE_BAD, "tls-cert-name one.example\n");
}

static void damaged_certificates(void **state)
{
    expect_bytes(PARSE_BAD, "");
    put(&certificate, BYTES("\x30\x80\x30\x80"));
    expect_bytes(PARSE_BAD, "");
    clear();
    put(&certificate, BYTES("not a certificate at all"));
    expect_bytes(PARSE_BAD, "");
    clear();
    der_attribute(&subject, 3, 0x0c, BYTES("name"));
    der_certificate(&certificate, written(&subject), span_of(NULL, 0));
    number(&certificate, 1, 0); /* behind it */
    expect_bytes(PARSE_BAD, "tls-cert-name name\n");
    clear();
    for (unsigned i = 0; i < 16000; i++) /* never walked, and no stack to be had */
        put(&certificate, BYTES("\x30\x83\x7f\xff\xff"));
    struct collect k = {.p.whole = (uint32_t)certificate.len};
    collect_clear(&k);
    assert_int_equal(collect_run(&k, only_names, certificate.at, certificate.len), PARSE_BAD);
    collect_done(&k);
}

/* `different` names, over and over. */
static struct collect many(unsigned names, unsigned different)
{
    struct collect k = {.values_only = true};

    clear();
    for (unsigned i = 0; i < names; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i % different);
        der_put(&list, 0x82, span_str(name));
    }
    add_list();
    der_certificate(&certificate, written(&subject), written(&extensions));
    collect_clear(&k);
    k.p.whole = (uint32_t)certificate.len;
    collect_run(&k, only_names, certificate.at, certificate.len);
    return k;
}

static void thousands_of_names(void **state)
{
    struct collect k = many(X509_NAMES_MAX, X509_NAMES_MAX);
    assert_int_equal(k.observations, X509_NAMES_MAX);
    assert_int_equal(k.result, PARSE_DONE);
    collect_done(&k);
    k = many(X509_NAMES_MAX + 1, X509_NAMES_MAX + 1);
    assert_int_equal(k.observations, X509_NAMES_MAX);
    assert_int_equal(k.result, PARSE_BAD);
    collect_done(&k);
    k = many(10000, 100);
    assert_int_equal(k.observations, 100);
    assert_int_equal(k.result, PARSE_DONE);
    collect_done(&k);
    k = many(1000, 500); /* more than are remembered: each is told, some twice */
    assert_in_range(k.observations, 500, 800);
    collect_done(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_and_once),    cmocka_unit_test(kinds_of_alt_name),
        cmocka_unit_test(several_extensions),   cmocka_unit_test(common_names),
        cmocka_unit_test(what_der_forbids),     cmocka_unit_test(damaged_extensions),
        cmocka_unit_test(damaged_certificates), cmocka_unit_test(thousands_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
