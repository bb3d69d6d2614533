/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: certificates in a server's flight or a client's, in records of every size, and every prefix of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"
#include "proto/writer.h"

static struct writer message, stream, leaf, chain;
static struct crypto *crypto;

static const char *const names[] = {"www.Example.com", "*.example.com", "www.example.com", NULL};

/* A ServerHello; `versions`: of supported_versions, 0: none. */
static void server_hello(struct writer *w, unsigned legacy, unsigned versions)
{
    number(w, 1, 2);
    size_t body = open_vector(w, 3);
    number(w, 2, legacy);
    for (unsigned i = 0; i < 32; i++)
        number(w, 1, 0xc0 + i);
    number(w, 1, 4);
    number(w, 4, 0xdeadbeef);
    number(w, 2, 0xc02f);
    number(w, 1, 0);
    size_t extensions = open_vector(w, 2);
    number(w, 4, 0xff010001); /* renegotiation_info */
    number(w, 1, 0);
    if (versions) {
        number(w, 4, 43 << 16 | 2);
        number(w, 2, versions);
    }
    close_vector(w, 2, extensions);
    close_vector(w, 3, body);
}

static void handshake(struct writer *w, unsigned type, struct span body)
{
    number(w, 1, type);
    number(w, 3, body.len);
    put(w, body);
}

/* A Certificate message with `leaf` and then `chain`, `more` times. */
static void certificates(struct writer *w, unsigned more)
{
    number(w, 1, 11);
    size_t body = open_vector(w, 3), list = open_vector(w, 3);
    for (unsigned i = 0; i <= more; i++) {
        struct writer *from = i == 0 ? &leaf : &chain;
        number(w, 3, from->len);
        put(w, written(from));
    }
    close_vector(w, 3, list);
    close_vector(w, 3, body);
}

static void make_certificates(void)
{
    static const char *const authority[] = {"ca.example", NULL};

    leaf.len = chain.len = message.len = stream.len = 0;
    der_certificate_for(&leaf, names);
    der_certificate_for(&chain, authority);
}

/* The flight of a TLS 1.2 server. */
static void make_flight(unsigned more)
{
    make_certificates();
    server_hello(&message, 0x0303, 0);
    certificates(&message, more);
    handshake(&message, 12, BYTES("key exchange"));
    handshake(&message, 14, span_of(NULL, 0));
}

static void records_of(size_t size)
{
    stream.len = 0;
    add_records(&stream, written(&message), size);
}

static enum parse_result run(struct collect *k, struct span bytes)
{
    collect_clear(k);
    memset(k->counters, 0, sizeof k->counters);
    k->p.crypto = crypto;
    return collect_run(k, collect_proto("tls")->tcp, bytes.at, bytes.len);
}

/* `want` NULL: something. */
static void expect_stream(struct parse settings, enum parse_result result, const char *want)
{
    struct collect k = {.p = settings, .values_only = true};

    assert_int_equal(run(&k, written(&stream)), result);
    if (want)
        assert_string_equal(k.lines, want);
    settings.crypto = crypto;
    collect_done(&k);
    collect_prefixes_set(&settings, collect_proto("tls")->tcp, stream.at, stream.len,
                         stream.len > 4096 ? 509 : 1);
}

static void expect(enum parse_result result, const char *want)
{
    static const size_t sizes[] = {16384, 200, 38, 37, 5, 4, 3, 1};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        records_of(sizes[i]);
        expect_stream((struct parse){.need = 0}, result, want);
    }
}

#define VALUES "tls-cert-name www.example.com\ntls-cert-name *.example.com\n"

static void names_of_the_first(void **state)
{
    make_flight(0);
    expect(PARSE_DONE, VALUES);
    make_flight(3);
    expect(PARSE_DONE, VALUES);
    make_certificates();
    server_hello(&message, 0x0300, 0); /* SSLv3 */
    certificates(&message, 1);
    expect(PARSE_DONE, VALUES);
    make_certificates();
    server_hello(&message, 0x0303, 0);
    handshake(&message, 23, BYTES("supplemental data"));
    certificates(&message, 1);
    expect(PARSE_DONE, VALUES);
    make_certificates();
    server_hello(&message, 0x0303, 0x0303); /* says what it need not */
    certificates(&message, 1);
    expect(PARSE_DONE, VALUES);
}

/* Where all but the first bytes of the flight are not there yet: decided? */
static void expect_decided(size_t bytes, enum parse_result want)
{
    struct collect k = {.values_only = true};

    assert_int_equal(run(&k, span_of(stream.at, bytes - 1)), PARSE_MORE);
    assert_int_equal(k.p.need, bytes);
    assert_true(k.p.facts.response);
    assert_int_equal(run(&k, span_of(stream.at, bytes)), want);
    assert_true(k.p.facts.response);
    assert_int_equal(k.counters[COUNT_TLS_CERT], 0);
    assert_int_equal(k.observations, 0);
    collect_done(&k);
}

static void tls13_is_not_waited_for(void **state)
{
    static const unsigned versions[][2] = {{0x0303, 0x0304}, {0x0303, 0x7f1c}, {0x0303, 0x7e02}, {0x0304, 0}};

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        make_certificates();
        server_hello(&message, versions[i][0], versions[i][1]);
        size_t hello = message.len;
        certificates(&message, 0);
        if (versions[i][1] == 0x7e02) { /* no draft */
            expect(PARSE_DONE, VALUES);
            continue;
        }
        expect(PARSE_DONE, "");
        records_of(16384);
        expect_decided(5 + hello, PARSE_DONE);
    }
    make_certificates();
    handshake(&message, 2, BYTES("\x7f\x12 a draft whose fields are others ........")); /* before draft 22 */
    expect(PARSE_DONE, "");
}

static void without_a_certificate(void **state)
{
    static const unsigned types[] = {12, 13, 14, 4, 1, 2, 0, 255};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        make_certificates();
        server_hello(&message, 0x0303, 0);
        size_t hello = message.len;
        handshake(&message, types[i], BYTES("0123456789"));
        certificates(&message, 0);
        expect(PARSE_DONE, "");
        records_of(16384);
        expect_decided(5 + hello + 4, PARSE_DONE);
    }
    make_certificates();
    server_hello(&message, 0x0303, 0);
    size_t hello = message.len;
    records_of(16384);
    put(&stream, BYTES("\x14\x03\x03\x00\x01\x01")); /* an earlier session goes on */
    expect_stream((struct parse){.need = 0}, PARSE_DONE, "");
    expect_decided(5 + hello + 5, PARSE_DONE);
    make_certificates();
    server_hello(&message, 0x0303, 0);
    handshake(&message, 11, BYTES("\x00\x00\x00"));
    expect(PARSE_DONE, "");
}

static void no_server_hello(void **state)
{
    make_certificates();
    handshake(&message, 2, BYTES("\x03\x03 too short"));
    expect(PARSE_NOT, "");
    make_flight(0);
    message.at[4] = 4; /* version */
    expect(PARSE_NOT, "");
    make_flight(0);
    message.at[4 + 34] = 33; /* longer than session identifiers are */
    expect(PARSE_NOT, "");
    make_flight(0);
    message.at[1] = 2; /* longer than a ServerHello can be */
    records_of(16384);
    struct collect k = {.values_only = true};
    assert_int_equal(run(&k, span_of(stream.at, 9)), PARSE_NOT);
    collect_done(&k);
}

/* What a capture that begins later sees, and a client's own certificate. */
static void certificate_first(void **state)
{
    static const struct {
        enum parse_side sender;
        bool response;
        const char *want;
    } rows[] = {
        {SIDE_UNKNOWN, true, "tls-cert-name www.example.com|server\ntls-cert-name *.example.com|server\n"},
        {SIDE_SERVER, true, "tls-cert-name www.example.com|server\ntls-cert-name *.example.com|server\n"},
        {SIDE_CLIENT, false,
         "tls-cert-name www.example.com|client|cert_role=client\n"
         "tls-cert-name *.example.com|client|cert_role=client\n"},
    };
    make_certificates();
    certificates(&message, 2);
    handshake(&message, 16, BYTES("key exchange"));
    expect(PARSE_DONE, VALUES);
    records_of(16384);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collect k = {.p.sender = rows[i].sender};
        collect_clear(&k);
        assert_int_equal(collect_run(&k, collect_proto("tls")->tcp, stream.at, stream.len), PARSE_DONE);
        assert_string_equal(k.lines, rows[i].want);
        assert_int_equal(k.p.facts.response, rows[i].response);
        collect_done(&k);
    }
}

static void starts(void **state)
{
    const struct proto *tls = collect_proto("tls");

    make_certificates();
    certificates(&message, 1);
    records_of(16384);
    for (size_t n = 0; n <= 25; n++)
        assert_int_equal((int)tls->tcp_starts(span_of(stream.at, n), false),
                         n < 19 ? STARTS_MAYBE : STARTS_YES);
    for (size_t i = 5; i < 19; i++) { /* whatever is changed, lengths no longer nest */
        uint8_t was = stream.at[i];
        stream.at[i] ^= 0x40;
        assert_int_equal((int)tls->tcp_starts(written(&stream), false), STARTS_NO);
        stream.at[i] = was;
    }
    static const char subject[100] = "\x31";
    leaf.len = message.len = 0;
    der_certificate(&leaf, BYTES(subject), span_of(NULL, 0));
    certificates(&message, 0); /* shorter than 256 octets */
    records_of(16384);
    assert_int_equal(stream.at[16], 0x81);
    assert_int_equal((int)tls->tcp_starts(written(&stream), false), STARTS_YES);
    stream.at[17] ^= 0x40;
    assert_int_equal((int)tls->tcp_starts(written(&stream), false), STARTS_NO);
    make_certificates();
    certificates(&message, 1);
    records_of(13);
    assert_int_equal((int)tls->tcp_starts(written(&stream), false), STARTS_NO);
    records_of(14);
    assert_int_equal((int)tls->tcp_starts(written(&stream), false), STARTS_YES);
    make_flight(0);
    records_of(1);
    for (size_t n = 0; n <= 9; n++)
        assert_int_equal((int)tls->tcp_starts(span_of(stream.at, n), false),
                         n < 6 ? STARTS_MAYBE : STARTS_YES);
}

/* `lines` with the digests of `leaf` for the first and those of `chain` for all others. */
static void expect_digests(struct parse settings, unsigned more, const char *role)
{
    struct collect k = {.p = settings};
    static char want[64 * 1024];
    char hex[4][2 * CRYPTO_HASH_BYTES_MAX + 1], digests[256];
    const char *who = settings.sender == SIDE_CLIENT ? "client" : "server";
    size_t len;

    for (unsigned i = 0; i < 4; i++)
        crypto_digest_text(crypto, i % 2 ? CRYPTO_SHA1 : CRYPTO_SHA256, written(i < 2 ? &leaf : &chain),
                           hex[i]);
    snprintf(digests, sizeof digests, "%s%s|cert_sha256=%s|cert_sha1=%s", who, role, hex[0], hex[1]);
    len = (size_t)snprintf(want, sizeof want,
                           "tls-cert-name www.example.com|%s\ntls-cert-name *.example.com|%s\n"
                           "tls-cert %s|%s%s|cert_sha1=%s\n",
                           digests, digests, hex[0], who, role, hex[1]);
    for (unsigned i = 0; i < more; i++)
        len += (size_t)snprintf(want + len, sizeof want - len,
                                "tls-cert %s|%s|cert_role=chain|cert_sha1=%s\n", hex[2], who, hex[3]);
    assert_int_equal(run(&k, written(&stream)), PARSE_DONE);
    assert_string_equal(k.lines, want);
    collect_done(&k);
}

static void digests(void **state)
{
    make_flight(2);
    for (size_t size = 1; size < 20000; size *= 7) {
        records_of(size);
        expect_digests((struct parse){.digests = true}, 2, "");
        expect_stream((struct parse){.digests = true, .crypto = crypto}, PARSE_DONE, NULL);
    }
    make_certificates();
    certificates(&message, 1);
    records_of(16384);
    expect_digests((struct parse){.digests = true, .sender = SIDE_CLIENT}, 1, "|cert_role=client");
    make_flight(100); /* nobody has so many */
    records_of(16384);
    expect_digests((struct parse){.digests = true}, 31, "");
}

/* Nobody can name a certificate that is not whole. */
static void no_digest_of_a_part(void **state)
{
    struct collect k = {.p.digests = true, .p.last = true};

    make_flight(1);
    records_of(16384);
    size_t first = 5 + 4 + 49 + 4 + 3 + 3 + leaf.len;
    run(&k, span_of(stream.at, first - 1));
    assert_int_equal(k.result, PARSE_CUT);
    assert_string_equal(k.lines,
                        "tls-cert-name www.example.com|server\ntls-cert-name *.example.com|server\n");
    run(&k, span_of(stream.at, first));
    assert_int_equal(k.result, PARSE_CUT);
    assert_int_equal(k.observations, 3);
    assert_non_null(strstr(k.lines, "\ntls-cert "));
    run(&k, span_of(stream.at, first + 3 + chain.len - 1));
    assert_int_equal(k.observations, 3);
    run(&k, span_of(stream.at, first + 3 + chain.len));
    assert_int_equal(k.observations, 4);
    assert_int_equal(k.result, PARSE_DONE);
    collect_done(&k);
}

static void expect_counted(unsigned certs, unsigned bad)
{
    struct collect k = {.values_only = true};

    records_of(16384);
    run(&k, written(&stream));
    assert_int_equal(k.counters[COUNT_TLS_CERT], certs);
    assert_int_equal(k.counters[COUNT_TLS_CERT_BAD], bad);
    assert_int_equal(k.counters[COUNT_TLS], 0);
    collect_done(&k);
}

static void damage_does_not_hide_the_names(void **state)
{
    enum { BODY = 4 + 49 + 4, FIRST = BODY + 3 };

    make_flight(1);
    expect_counted(1, 0);
    message.at[BODY + 2]++; /* the list passes the message */
    expect(PARSE_BAD, "");
    expect_counted(0, 1);
    make_flight(1);
    message.at[BODY + 2]--; /* a byte behind the list */
    expect(PARSE_BAD, VALUES);
    expect_counted(1, 1);
    make_flight(1);
    message.at[FIRST + 3 + leaf.len] = 1; /* the second passes the list */
    expect(PARSE_BAD, VALUES);
    expect_counted(1, 1);
    make_flight(1);
    message.at[FIRST + 2]--; /* the first does not hold what it says */
    expect(PARSE_BAD, "");
    make_flight(0);
    memset(message.at + FIRST, 0, 3); /* empty */
    expect(PARSE_BAD, "");
    expect_counted(1, 1);

    make_flight(1);
    records_of(FIRST + 3 + leaf.len);
    stream.at[5 + FIRST + 3 + leaf.len] = 21; /* an alert where the second should be */
    expect_stream((struct parse){.digests = true}, PARSE_BAD, NULL);
}

/* A chain longer than what is joined: read as far as that. */
static void endless_chains(void **state)
{
    make_certificates();
    server_hello(&message, 0x0303, 0);
    certificates(&message, 400);
    assert_true(message.len > PARSE_JOIN_MAX);
    records_of(16384);
    expect_stream((struct parse){.need = 0}, PARSE_DONE, VALUES);
    make_certificates();
    server_hello(&message, 0x0303, 0);
    for (unsigned i = 0; i < 10; i++)
        handshake(&message, 23, span_of(NULL, 0));
    certificates(&message, 0);
    expect(PARSE_DONE, "");
}

static int set_up(void **state)
{
    crypto = crypto_new();
    return crypto == NULL;
}

static int tear_down(void **state)
{
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_first),
        cmocka_unit_test(tls13_is_not_waited_for),
        cmocka_unit_test(without_a_certificate),
        cmocka_unit_test(no_server_hello),
        cmocka_unit_test(certificate_first),
        cmocka_unit_test(starts),
        cmocka_unit_test(digests),
        cmocka_unit_test(no_digest_of_a_part),
        cmocka_unit_test(damage_does_not_hide_the_names),
        cmocka_unit_test(endless_chains),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
