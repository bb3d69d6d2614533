/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings: defaults that are right as they are, and contradictions that are told with a hint. */
#include "report/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "intel/indicator.h"

struct told {
    char text[8192];
    unsigned errors;
};

static void tell(void *ctx, bool error, const char *text)
{
    struct told *told = ctx;
    size_t len = strlen(told->text);

    snprintf(told->text + len, sizeof told->text - len, "%s%s\n", error ? "" : "warning: ", text);
    told->errors += error;
}

/* Sets `key` to `value` and nothing else; what settings_check then says. */
static void expect(const char *key, const char *value, const char *said)
{
    struct settings s;
    struct told told = {{0}};

    assert_int_equal(conf_defaults(settings_keys, settings_count, &s), 0);
    assert_int_equal(conf_set(settings_keys, settings_count, &s, key, value, tell, &told), 0);
    int r = settings_check(&s, tell, &told);
    assert_string_equal(told.text, said);
    assert_int_equal(r, told.errors > 0 ? -EINVAL : 0);
    conf_free(settings_keys, settings_count, &s);
}

static void test_defaults(void **state)
{
    struct settings s;
    struct told told = {{0}};

    assert_int_equal(conf_defaults(settings_keys, settings_count, &s), 0);
    assert_int_equal(settings_check(&s, tell, &told), 0);
    assert_string_equal(told.text, "");
    assert_false(s.observe);
    assert_true(s.syslog);
    assert_int_equal(s.snaplen, 0);
    assert_int_equal(s.repeat_interval, 3600 * SECOND_NS);
    conf_free(settings_keys, settings_count, &s);
}

/* No two rows for one key, rows of a section together, defaults within their own range, help for all. */
static void test_table(void **state)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct conf_key *k = &settings_keys[i];
        bool left = false;
        assert_true(strlen(k->help) > 10 && k->help[strlen(k->help) - 1] == '.');
        assert_true(k->least <= k->most || k->most == 0);
        assert_int_equal(k->type == CONF_CHOICE, k->choices != NULL);
        for (size_t j = i + 1; j < settings_count; j++) {
            bool same = strcmp(k->section, settings_keys[j].section) == 0;
            assert_false(same && strcmp(k->name, settings_keys[j].name) == 0);
            assert_false(same && left);
            left |= !same;
        }
    }
}

static void test_capture(void **state)
{
    expect("capture.interface", "eth0 eth1", "");
    expect("capture.interface", "", "capture.interface: no interface: name one, or write auto\n");
    expect("capture.interface", "auto eth0",
           "capture.interface: auto stands alone: remove it or the other interfaces\n");
    expect("capture.interface", "eth0 eth1 eth0", "capture.interface: eth0 is there twice: remove one\n");
    expect("capture.interface", "abcdefghijklmnop",
           "capture.interface: \"abcdefghijklmnop\" cannot be an interface: names have at most 15 characters "
           "and no "
           "slash (see `ip link`)\n");
    expect("capture.interface", "tzsp:37008 tzsp:192.0.2.1:1 tzsp:[2001:db8::1]:65535 eth0", "");
    expect("capture.interface", "tzsp:",
           "capture.interface: \"tzsp:\" cannot be received: write tzsp:37008, tzsp:192.0.2.1:37008 or "
           "tzsp:[2001:db8::1]:37008\n");
    expect("capture.snaplen", "255",
           "capture.snaplen: 255 bytes hold no names: write 0 (whole packets), or 2048 and more\n");
    expect("capture.snaplen", "256",
           "warning: capture.snaplen: 256 bytes lose names in long messages: 0 or 2048 and more keep them\n");
    expect("capture.snaplen", "2k", "");
    char filter[1100];
    memset(filter, 'x', sizeof filter);
    filter[1023] = 0;
    expect("capture.filter", filter, "");
    filter[1023] = 'x';
    filter[1024] = 0;
    expect("capture.filter", filter, "capture.filter: longer than 1023 bytes: shorten it\n");
}

static void test_network(void **state)
{
    char many[2048] = "";

    expect("network.home", "auto 203.0.113.0/24 2001:db8::/32", "");
    expect("network.home", "", "network.home: 0 prefixes: write auto, or 1 to 64 prefixes\n");
    expect("network.home", "10.0.0.0/33 lan",
           "network.home: \"10.0.0.0/33\" is no prefix: write as 192.0.2.0/24 or 2001:db8::/32\n"
           "network.home: \"lan\" is no prefix: write as 192.0.2.0/24 or 2001:db8::/32\n");
    expect("network.home", "192.168.1.1/24",
           "warning: network.home: 192.168.1.1/24 has bits behind its length: taken as 192.168.1.0/24\n");
    for (unsigned i = 0; i < 65; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "10.0.%u.0/24 ", i);
    expect("network.home", many, "network.home: 65 prefixes: write auto, or 1 to 64 prefixes\n");
    expect("network.dns-ports", "1 65535", "");
    expect("network.dns-ports", "0 65536 +53 53x dns",
           "network.dns-ports: \"0\" is no port: write a number from 1 to 65535\n"
           "network.dns-ports: \"65536\" is no port: write a number from 1 to 65535\n"
           "network.dns-ports: \"+53\" is no port: write a number from 1 to 65535\n"
           "network.dns-ports: \"53x\" is no port: write a number from 1 to 65535\n"
           "network.dns-ports: \"dns\" is no port: write a number from 1 to 65535\n");
    expect("network.dns-ports", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
           "network.dns-ports: 17 ports: write 1 to 16, as 53 5353 5355\n");
}

static void test_alerts(void **state)
{
    expect("alerts.close-after", "59min", /* an hour between summaries */
           "alerts.close-after is shorter than alerts.repeat-interval: incidents would be closed before they "
           "are "
           "summarised; make it at least as long\n");
    expect("syslog.severity", "alert err debug", "");
    expect("syslog.severity", "alert err",
           "syslog.severity: 2 words: write three, for alerts of severity 1, 2 and 3\n");
    expect(
        "syslog.severity", "crit warn\xc3\xafng notice",
        "syslog.severity: \"warn\\195\\175ng\" is none of emerg alert crit err warning notice info debug\n");
    expect("eve.stats-interval", "999ms",
           "eve.stats-interval: shorter than a second: write 0 (never), or 1s and more\n");
    expect("eve.observations", "yes",
           "warning: eve.observations is on, but eve.path names no file to write them to\n");
}

static void test_paths(void **state)
{
    char longest[110];

    expect("daemon.state", "", "");
    expect("daemon.state", "state",
           "daemon.state: \"state\" depends on the folder that the daemon is started in: write a path that "
           "begins "
           "with /\n");
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[107] = 0;
    expect("daemon.control-socket", longest, "");
    longest[107] = 'x';
    longest[108] = 0;
    expect("daemon.control-socket", longest, "daemon.control-socket: longer than 107 bytes\n");
    expect("syslog.socket", "", "syslog.socket: empty: name the socket (/dev/log), or write enabled = no\n");
    expect("rules.path", "", "rules.path: empty: name files or folders, or write default\n");
}

static void test_limits(void **state)
{
    expect("limits.streams", "65536",
           "warning: limits.streams and limits.stream-bytes: an attacker could make the workers hold 4096 "
           "MiB\n");
}

static void test_exceptions(void **state)
{
    expect(
        "rules.exceptions", "exceptions",
        "rules.exceptions: \"exceptions\" depends on the folder that the daemon is started in: write a path "
        "that begins with /\n");
    expect("rules.exceptions", "", "");
}

/* Writes a file, reads it, and compares what settings_check then says. */
static void expect_file(const char *text, const char *said)
{
    char path[] = "/tmp/bridle-settings-XXXXXX";
    struct settings s;
    struct told told = {{0}};
    int fd = mkstemp(path);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(conf_defaults(settings_keys, settings_count, &s), 0);
    assert_int_equal(conf_read(settings_keys, settings_count, &s, path, tell, &told), 0);
    settings_check(&s, tell, &told);
    assert_string_equal(told.text, said);
    conf_free(settings_keys, settings_count, &s);
    unlink(path);
}

static void test_sources(void **state)
{
    static const char digest[] = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";
    char text[1024];

    expect_file("[source a]\npath = /x\n[source b]\nurl = https://feeds.example/b.json\n", "");
    expect_file("[source a]\ntier = c2\n", "[source a]: neither path nor url: say where its list is\n");
    expect_file(
        "[source a]\npath = lists\n",
        "[source a] path: \"lists\" depends on the folder that the daemon is started in: write a path that "
        "begins with /\n");
    expect_file("[source a]\npath = /x\n[source b]\npath = /x\n",
                "[source b] path: the same as that of [source a]\n");
    expect_file("[source a]\nurl = https://feeds.example/a\n[source b]\npath = /var/lib/bridle-feeds/a\n",
                "[source b] path: the same as that of [source a]\n");
    expect_file(
        "[source a]\nurl = http://feeds.example/a\n",
        "[source a] url: whoever is on the way can change what comes by http: write https, or pin it by "
        "sha256 or minisign\n");
    snprintf(text, sizeof text, "[source a]\nurl = http://feeds.example/a\nsha256 = %s\n", digest);
    expect_file(text, "");
    snprintf(text, sizeof text, "[source a]\npath = /x\nsha256 = %.63sg\n", digest);
    expect_file(text,
                "warning: [source a]: sha256 and minisign are checked when a url is fetched, and there is "
                "none\n[source a] sha256: write 64 hexadecimal digits\n");
    expect_file("[source a]\nurl = file:///etc/passwd\nminisign = RWxyz\n",
                "[source a] url: write a URL that begins with https://, or give a path instead\n"
                "[source a] minisign: write the public key itself: 56 characters that begin with RW\n");
    expect_file(
        "[source a]\nurl = https://feeds.example/a b\n",
        "[source a] url: blanks, quotes and backslashes cannot stand in a URL: write %20 for a blank\n");
}

/* The words of the configuration are those of the loader, in its order. */
static void test_tiers(void **state)
{
    char words[256] = "auto";

    for (unsigned i = 0; i < TIERS; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s", tier_names[i]);
    for (size_t i = 0; i < settings_count; i++)
        for (size_t k = 0; settings_keys[i].group != NULL && k < settings_keys[i].group->count; k++)
            if (strcmp(settings_keys[i].group->keys[k].name, "tier") == 0)
                assert_string_equal(settings_keys[i].group->keys[k].choices, words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_table),      cmocka_unit_test(test_capture),
        cmocka_unit_test(test_network),  cmocka_unit_test(test_alerts),     cmocka_unit_test(test_paths),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_exceptions), cmocka_unit_test(test_sources),
        cmocka_unit_test(test_tiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
