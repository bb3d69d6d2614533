/* SPDX-License-Identifier: BSD-2-Clause */
/* What people write, and what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "intel/normalise.h"

/* Marks: u had_url, p had_path, w had_wildcard, b had_host_bits, r retyped. */
struct row {
    const char *text, *want, *marks;
};

static void describe(const struct normal *n, char *value, char *marks)
{
    char text[PREFIX_TEXT_MAX];

    strcpy(value, n->kind == NORMAL_NAME  ? n->name
                  : n->kind == NORMAL_BAD ? "BAD"
                                          : prefix_text(&n->prefix, text));
    sprintf(marks, "%s%s%s%s%s", n->had_url ? "u" : "", n->had_path ? "p" : "", n->had_wildcard ? "w" : "",
            n->had_host_bits ? "b" : "", n->retyped ? "r" : "");
}

static void check(const struct row *rows, size_t n, enum normal_want want)
{
    char value[NAME_TEXT_MAX + 1], marks[8];
    unsigned wrong = 0;

    for (size_t i = 0; i < n; i++) {
        struct normal r;
        normalise(span_str(rows[i].text), want, &r);
        describe(&r, value, marks);
        bool ok = strcmp(value, rows[i].want ? rows[i].want : "BAD") == 0 &&
                  (r.why != NULL) == (r.kind == NORMAL_BAD);
        if (ok && rows[i].want != NULL)
            ok = strcmp(marks, rows[i].marks ? rows[i].marks : "") == 0;
        if (!ok) {
            print_error("%s: %s (%s) %s\n", rows[i].text, value, marks, r.why ? r.why : "");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static const struct row hosts[] = {
    {"example.com", "example.com"},
    {"Example.COM.", "example.com"},
    {"  \t\"Example.com\",\r\n", "example.com"},
    {"\xef\xbb\xbf"
     "example.com",
     "example.com"},
    {"<http://example.com/>", "example.com", "u"},
    {"localhost", "localhost"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example"},
    {"B\xc3\x9c"
     "CHER.example",
     "xn--bcher-kva.example"},
    {"bu\xcc\x88"
     "cher.example",
     "xn--bcher-kva.example"},
    {"stra\xc3\x9f"
     "e.example",
     "xn--strae-oqa.example"}, /* nontransitional: not strasse */
    {"xn--.example", "xn--.example"},
    {"xn--zzzzzzzz-.example", "xn--zzzzzzzz-.example"},
    {"\xe4\xbe\x8b\xe3\x80\x82\xe4\xb8\xad\xe5\x9b\xbd", "xn--fsq.xn--fiqs8s"}, /* ideographic full stop */
    {"_dmarc.ex_ample.com", "_dmarc.ex_ample.com"},
    {"-a-.com", "-a-.com"},
    {"1.example.com", "1.example.com"},
    {"123.com", "123.com"},
    {"*.example.com", "example.com", "w"},
    {".example.com", "example.com"},
    {"example[.]com", "example.com"},
    {"www(.)example{.}com", "www.example.com"},
    {"www[dot]example(DOT)com", "www.example.com"},
    {"*[.]example[.]com", "example.com", "w"},
    {"hxxp://example[.]com", "example.com", "u"},
    {"hXXps[:]//example[.]com/", "example.com", "u"},
    {"hxxps[://]example.com", "example.com", "u"},
    {"hxxpstore.com", "hxxpstore.com"}, /* a name, not a scheme */
    {"hxxp[.]com", "hxxp.com"},
    {"http://user:pa@ss@example.com:8080/a/b?c#d", "example.com", "up"},
    {"https://evil.example\\@good.example/", "evil.example", "up"},
    {"https://evil.example#@good.example/", "evil.example", "u"},
    {"https://evil.example?@good.example/", "evil.example", "up"},
    {"https://example.com/#top", "example.com", "u"},
    {"meow://example.com:1/", "example.com", "u"},
    {"example.com:443", "example.com", "u"},
    {"example.com/", "example.com", "u"},
    {"fgr1w2gnsdvsb.xyz/x", "fgr1w2gnsdvsb.xyz", "up"},
    {"example.com/redirect?to=http://other.example/", "example.com", "up"},
    {"192.0.2.1", "192.0.2.1", "r"},
    {"192[.]0[.]2[.]1", "192.0.2.1", "r"},
    {"192.0.2.1:8080", "192.0.2.1", "ur"},
    {"http://192.0.2.1/x", "192.0.2.1", "upr"},
    {"2001:DB8::1", "2001:db8::1", "r"},
    {"[2001:db8::1]", "2001:db8::1", "r"},
    {"[2001:db8::1]:443", "2001:db8::1", "ur"},
    {"https://[2001:db8::1]:443/x", "2001:db8::1", "upr"},
    {"2001[:]db8[:][:]1", "2001:db8::1", "r"},
    {"::ffff:192.0.2.1", "192.0.2.1", "r"},
    {"192.0.2.0/24", "192.0.2.0/24", "r"},
    {"192.0.2.1/24", "192.0.2.0/24", "br"},
    {"192.0.2.1/32", "192.0.2.1", "r"},
    {"2001:db8::1/32", "2001:db8::/32", "br"},
    {"[2001:db8::]/32", "2001:db8::/32", "r"},
    {"0.0.0.0/0", "0.0.0.0/0", "r"},
    {""},
    {"  "},
    {"\"\""},
    {"."},
    {".."},
    {"*"},
    {"*."},
    {"*.."},
    {"a..b"},
    {"a."
     "."},
    {"..a"},
    {"**.a"},
    {"a.*.b"},
    {"a*.b"},
    {"a b"},
    {"a\tb"},
    {"a\x01"
     "b"},
    {"a\x7f"
     "b"},
    {"a,b"},
    {"a\"b"},
    {"a'b"},
    {"a\\000b"},
    {"a!b"},
    {"user@example.com"},
    {"user[@]example[.]com"},
    {"mailto:user@example.com"},
    {"@"},
    {"1.2.3"},
    {"1.2.3.256"},
    {"1.2.3.4.5"},
    {"0x7f.1"},
    {"0x7f000001"},
    {"2130706433"},
    {"1"},
    {"01.02.03.04"},
    {"1.2.3.4."},
    {"example.1"},
    {"*.192.0.2.1"},
    {"a.0x"},
    {"192.0.2.0/33"},
    {"192.0.2.0/255.255.255.0"},
    {"2001:db8::/129"},
    {"192.0.2.0/"
     "0000"},
    {"fe80::1%eth0"},
    {"[fe80::1%25eth0]:80"},
    {"2001:db8:::1"},
    {"[2001:db8::1"},
    {"[example.com]"},
    {"[2001:db8::1]x"},
    {"[]"},
    {"[:"},
    {"::g"},
    {"a%2eb"},
    {"http://"},
    {"http:///x"},
    {"http://:80/"},
    {"http://user@/"},
    {"://a"},
    {"/etc/passwd"},
    {"?"},
    {"example.com:http"},
    {"example.com:1234567"},
    {"javascript:alert(1)"},
    {"\xff\xfe.example"},
    {"a\xe2\x98\x83.example"}, /* not UTF-8; a snowman */
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl.com"},
};

static void values_of_a_host(void **state)
{
    check(hosts, sizeof hosts / sizeof *hosts, NORMAL_WANT_HOST);
}

static void values_of_any_type(void **state)
{
    static const struct row rows[] = {
        {"example.com", "example.com"},
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1/24", "192.0.2.0/24", "b"},
        {"http://example.com", "example.com", "u"},
        {"http://example.com:80/", "example.com", "u"},
        {"http://192.0.2.1/", "192.0.2.1", "u"},
        {"http://example.com/x"},
        {"example.com/x"},
        {"example.com?x"},
        {"192.0.2.1/x"},
    };
    check(rows, sizeof rows / sizeof *rows, NORMAL_WANT_ANY);
}

static void lengths_are_limits(void **state)
{
    char text[9000];
    struct normal n;

    memset(text, 'a', sizeof text);
    for (size_t i = 63; i < sizeof text; i += 64)
        text[i] = '.';
    normalise(span_of(text, 253), NORMAL_WANT_HOST, &n);
    assert_int_equal(n.kind, NORMAL_NAME);
    assert_int_equal(strlen(n.name), 253);
    normalise(span_of(text, 254), NORMAL_WANT_HOST, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
    for (size_t len = 255; len < sizeof text; len += 1000) {
        normalise(span_of(text, len), NORMAL_WANT_HOST, &n);
        assert_int_equal(n.kind, NORMAL_BAD);
    }
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    for (size_t len = 2; len < 5000; len += 34) {
        normalise(span_of(text, len), NORMAL_WANT_HOST, &n);
        assert_true(n.kind == NORMAL_BAD || strlen(n.name) <= 63);
    }
}

/* What came out goes in unchanged: a loader, a look-up and a test may each normalise once more. */
static void twice_is_once(void **state)
{
    char value[NAME_TEXT_MAX + 1], again[NAME_TEXT_MAX + 1], marks[8];

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct normal n;
        normalise(span_str(hosts[i].text), NORMAL_WANT_HOST, &n);
        if (n.kind == NORMAL_BAD)
            continue;
        describe(&n, value, marks);
        normalise(span_str(value), NORMAL_WANT_ANY, &n);
        describe(&n, again, marks);
        assert_string_equal(value, again);
        assert_string_equal(marks, "");
    }
}

/* Quotes around a value keep it from the short way; what comes out must be the same. */
static void compare_ways(const char *text)
{
    char quoted[400];
    struct normal a, b;

    snprintf(quoted, sizeof quoted, "'%s'", text);
    for (unsigned want = NORMAL_WANT_HOST; want <= NORMAL_WANT_CERT; want++) {
        memset(&a, 0xa5, sizeof a);
        normalise(span_str(text), want, &a);
        normalise(span_str(quoted), want, &b);
        if (a.kind != b.kind || strcmp(a.name, b.name) != 0 || a.why != b.why || a.len != strlen(a.name) ||
            a.len != b.len)
            fail_msg("%s: %d %s, %d %s", text, a.kind, a.name, b.kind, b.name);
        assert_true(a.type == b.type && a.retyped == b.retyped && a.had_url == b.had_url &&
                    a.had_path == b.had_path && a.had_wildcard == b.had_wildcard &&
                    a.had_host_bits == b.had_host_bits && a.bare_digest == b.bare_digest);
        assert_int_equal(a.prefix.bits, b.prefix.bits);
        assert_memory_equal(&a.prefix.addr, &b.prefix.addr, sizeof a.prefix.addr);
    }
}

static void the_short_way_is_the_long_way(void **state)
{
    static const char letters[] = "abcdefABCDEFxyzXYZ0123456789-_......";
    uint64_t random = 7;
    char text[300];

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        compare_ways(hosts[i].text);
    for (unsigned n = 0; n < 100000; n++) {
        size_t len = n % 1000 < 990 ? n % 20 : 50 + n % 240;
        size_t most = n % 3 == 0 ? sizeof letters - 1 : sizeof letters - 6; /* fewer dots: longer labels */
        for (size_t i = 0; i < len; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            text[i] = letters[(random >> 33) % most];
        }
        text[len] = 0;
        compare_ways(text);
    }
}

/* Each octet at each place of the words that the short way takes. */
static void octets_of_common_names(void **state)
{
    static const char letters[] = "ab-c.d_e1fghij.klmnopqrs.tuvwxyz";
    char text[sizeof letters];

    for (size_t len = 1; len < sizeof letters; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned octet = 1; octet < 256; octet++) {
                memcpy(text, letters, len);
                text[len] = 0;
                text[at] = (char)octet;
                compare_ways(text);
            }
}

static void a_nul_is_not_the_end(void **state)
{
    struct normal n;

    normalise(span_of("example.com\0.org", 16), NORMAL_WANT_HOST, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
    normalise(span_of("\0", 1), NORMAL_WANT_HOST, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
    normalise(span_of(NULL, 0), NORMAL_WANT_HOST, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_host),
        cmocka_unit_test(values_of_any_type),
        cmocka_unit_test(lengths_are_limits),
        cmocka_unit_test(twice_is_once),
        cmocka_unit_test(the_short_way_is_the_long_way),
        cmocka_unit_test(octets_of_common_names),
        cmocka_unit_test(a_nul_is_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
