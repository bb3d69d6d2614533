/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files: every type, every way of being wrong, and that what is printed is read back the same.
 */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

struct values {
    char *text, *other;
    struct conf_list list;
    bool flag;
    uint64_t number, size, duration;
    uint32_t choice;
};

#define ROW(section, name, type, field, deflt, least, most, choices)                                         \
    {                                                                                                        \
        section, name, type, offsetof(struct values, field), deflt, least, most, choices, "What it is."      \
    }

static const struct conf_key keys[] = {
    ROW("one", "filter", CONF_TEXT, text, "", 0, 0, NULL),
    ROW("one", "home", CONF_LIST, list, "auto", 0, 0, NULL),
    ROW("one", "promiscuous", CONF_BOOL, flag, "yes", 0, 0, NULL),
    ROW("one", "workers", CONF_NUMBER, number, "1", 1, 64, NULL),
    ROW("second", "ring-size", CONF_SIZE, size, "4MiB", 65536, 1u << 30, NULL),
    ROW("second", "interval", CONF_DURATION, duration, "1h", 0, 0, NULL),
    ROW("second", "facility", CONF_CHOICE, choice, "daemon", 0, 0, "kern user daemon"),
    ROW("second", "socket", CONF_TEXT, other, "/dev/log", 0, 0, NULL),
};
#define KEYS (sizeof keys / sizeof *keys)

struct told {
    char text[8192];
    unsigned problems;
};

static char dir[] = "/tmp/bridle-conf-XXXXXX";
static char path[64];

static void tell(void *ctx, bool error, const char *text)
{
    struct told *told = ctx;
    assert_true(error);
    assert_null(strchr(text, '\n'));
    /* The path differs from run to run. */
    if (strncmp(text, path, strlen(path)) == 0)
        text += strlen(path);
    size_t len = strlen(told->text);
    snprintf(told->text + len, sizeof told->text - len, "%s\n", text);
    told->problems++;
}

static void write_file(const char *bytes, size_t len)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static int read_bytes(const char *bytes, size_t len, struct values *v, struct told *told)
{
    write_file(bytes, len);
    *told = (struct told){{0}};
    assert_int_equal(conf_defaults(keys, KEYS, v), 0);
    return conf_read(keys, KEYS, v, path, tell, told);
}

static int read_text(const char *text, struct values *v, struct told *told)
{
    return read_bytes(text, strlen(text), v, told);
}

/* Reads a file that has exactly these problems. */
static void expect(const char *text, const char *problems)
{
    struct values v;
    struct told told;
    int r = read_text(text, &v, &told);

    assert_string_equal(told.text, problems);
    assert_int_equal(r, problems[0] != 0 ? -EINVAL : 0);
    conf_free(keys, KEYS, &v);
}

static void test_defaults(void **state)
{
    struct values v;

    assert_int_equal(conf_defaults(keys, KEYS, &v), 0);
    assert_string_equal(v.text, "");
    assert_int_equal(v.list.words, 1);
    assert_string_equal(v.list.word[0], "auto");
    assert_true(v.flag);
    assert_int_equal(v.size, 4 << 20);
    assert_int_equal(v.duration, 3600000000000);
    assert_int_equal(v.choice, 2);
    conf_free(keys, KEYS, &v);
    assert_null(v.text);
    assert_int_equal(v.list.words, 0);
}

static void test_good(void **state)
{
    struct values v;
    struct told told;
    int r = read_text("\xef\xbb\xbf# a comment\r\n"
                      "[one] ; and another\r\n"
                      "  filter = tcp port 443   \r\n"
                      "\tor udp port 53 ; a comment\r\n"
                      "home: 10.0.0.0/8, 192.168.0.0/16\r\n"
                      "  # between\r\n"
                      "      fe80::/10\r\n"
                      "home = fd00::/8\r\n"
                      "promiscuous = OFF\r\n"
                      "[second]\n"
                      "ring-size = 64 k\n"
                      "interval = 1500ms\n"
                      "facility = User\n"
                      "[one]\n"
                      "workers=64",
                      &v, &told);

    assert_string_equal(told.text, "");
    assert_int_equal(r, 0);
    assert_string_equal(v.text, "tcp port 443 or udp port 53");
    assert_int_equal(v.list.words, 4);
    assert_string_equal(v.list.word[0], "10.0.0.0/8");
    assert_string_equal(v.list.word[2], "fe80::/10");
    assert_string_equal(v.list.word[3], "fd00::/8");
    assert_false(v.flag);
    assert_int_equal(v.size, 65536);
    assert_int_equal(v.duration, 1500000000);
    assert_int_equal(v.choice, 1);
    assert_int_equal(v.number, 64);
    conf_free(keys, KEYS, &v);
}

static void test_empty(void **state)
{
    expect("", "");
    expect("\n\n# nothing\n; nothing\n \t \n", "");
    expect("[one]\nhome =\nfilter=", "");
}

static void test_unknown(void **state)
{
    expect("[oen]\nfilter = x\nnonsense\n[one]\n", ":1:1: unknown section [oen]: did you mean [one]?\n");
    expect("[capture]\n", ":1:1: unknown section [capture]: there are [one] [second]\n");
    expect("[one]\n  wrokers = 2\n", ":2:3: unknown key \"wrokers\": did you mean \"workers\"?\n");
    expect("[one]\nsocket = /x\n", ":2:1: unknown key \"socket\": \"socket\" belongs to [second]\n");
    expect("[one]\nxyzzy = 1\n goes on\nworkers = 2\n",
           ":2:1: unknown key \"xyzzy\": remove it; --help-config lists all keys\n");
    expect("workers = 2\n",
           ":1:1: unknown key \"workers\" before the first [SECTION]: \"workers\" belongs to "
           "[one]\n");
    expect("[one]\na\033[31m\n", ":2:2: byte 27: not a text file (UTF-8 or ASCII, lines end with newline)\n");
    expect("[one]\nw\xc3\xb6rkers = 2\n",
           ":2:1: unknown key \"w\\195\\182rkers\": did you mean \"workers\"?\n");
}

static void test_syntax(void **state)
{
    expect("[one\nworkers = 100\n", ":1:1: section without its closing bracket: write [NAME]\n");
    expect("[one] workers = 2\n", ":1:7: text behind a section: put it into the next line\n");
    expect("[one]\nworkers 2\nhome\n",
           ":2:1: neither a [SECTION] nor KEY = VALUE\n:3:1: neither a [SECTION] nor KEY = VALUE\n");
    expect("[one]\n= 2\n", ":2:1: unknown key \"\": remove it; --help-config lists all keys\n");
    expect("[one]\n  and more\n",
           ":2:3: indented, but there is no value above that it could continue: write KEY = VALUE\n");
    expect("[one]\nworkers = 2\n  3\n", ":3:3: workers takes one value on one line: remove the blanks before "
                                        "this line if it is another key\n");
    expect("[one]\nworkers = 2\nworkers = 3\n", ":3:1: workers was set in line 2 already: remove one of the "
                                                "two\n");
    expect("[one]\nhome = auto # all\n",
           ":2:8: home has a word that begins with \"#\": put comments on lines of their own\n");
}

static void test_values(void **state)
{
    expect(
        "[one]\nworkers = 0\n[second]\nring-size = 2G\ninterval = 5\nfacility = kernel\n",
        ":2:11: \"0\" is no value for workers: write a whole number; from 1 to 64\n"
        ":4:13: \"2G\" is no value for ring-size: write bytes, as 64KiB, 4MiB or 1GiB; from 64KiB to 1GiB\n"
        ":5:12: \"5\" is no value for interval: write a time, as 500ms, 30s, 5min, 1h or 2d\n"
        ":6:12: \"kernel\" is no value for facility: write one of: kern user daemon\n");
    expect(
        "[one]\npromiscuous = maybe\nworkers = 99999999999999999999999\n",
        ":2:15: \"maybe\" is no value for promiscuous: write yes or no\n"
        ":3:11: \"99999999999999999999999\" is no value for workers: write a whole number; from 1 to 64\n");
    expect("[second]\ninterval = 300000000d\n",
           ":2:12: \"300000000d\" is no value for interval: write a time, as "
           "500ms, 30s, 5min, 1h or 2d\n");
    expect("[one]\nworkers =\n", ":2:10: \"\" is no value for workers: write a whole number; from 1 to 64\n");
    expect("[one]\nworkers = -1\n",
           ":2:11: \"-1\" is no value for workers: write a whole number; from 1 to 64\n");
    expect("[one]\nworkers = 1.5\n",
           ":2:11: \"1.5\" is no value for workers: write a whole number; from 1 to 64\n");
}

/* inih would cut it, and take the rest for another line. */
static void test_long_line(void **state)
{
    struct values v;
    struct told told;
    char text[8192];

    for (size_t len = 150; len < 250; len++) {
        snprintf(text, sizeof text, "[one]\nfilter = %0*d\nworkers = 7\n", (int)len, 1);
        int r = read_text(text, &v, &told);
        if (r == 0)
            assert_int_equal(strlen(v.text), len);
        else
            assert_string_equal(told.text,
                                ":2:198: line longer than 197 bytes: let it go on in the next line, "
                                "indented\n");
        assert_int_equal(r == 0, len + 9 <= 197);
        assert_int_equal(v.number, 7);
        conf_free(keys, KEYS, &v);
    }
    snprintf(text, sizeof text, "[one]\n%0*d\n going = on\n and on\n[second]\nfacility = x\n", 5000, 1);
    assert_int_equal(read_text(text, &v, &told), -EINVAL);
    assert_int_equal(told.problems, 3);
    conf_free(keys, KEYS, &v);
}

static void test_too_much(void **state)
{
    struct values v;
    struct told told;
    size_t room = 200 * 1024, len;
    char *text = malloc(room);

    len = (size_t)snprintf(text, room, "[one]\nfilter =\n");
    while (len < 20000)
        len += (size_t)snprintf(text + len, room - len, " and not port 65535\n");
    assert_int_equal(read_bytes(text, len, &v, &told), -EINVAL);
    assert_non_null(strstr(told.text, "filter is longer than 4096 bytes"));
    conf_free(keys, KEYS, &v);
    len = (size_t)snprintf(text, room, "[one]\n");
    for (unsigned i = 0; i < 1030; i++)
        len += (size_t)snprintf(text + len, room - len, "home = h%u\n", i);
    assert_int_equal(read_bytes(text, len, &v, &told), -EINVAL);
    assert_int_equal(told.problems, 6);
    assert_int_equal(v.list.words, 1024);
    conf_free(keys, KEYS, &v);
    free(text);
}

static void test_binary(void **state)
{
    struct values v;
    struct told told;
    static const char utf16[] = "\xff\xfe[\0o\0n\0e\0]\0\n\0";

    assert_int_equal(read_bytes(utf16, sizeof utf16 - 1, &v, &told), -EINVAL);
    assert_string_equal(told.text,
                        ":1:4: byte 0: not a text file (UTF-8 or ASCII, lines end with newline)\n");
    conf_free(keys, KEYS, &v);
    expect("[one]\nfilter = a\rb\n",
           ":2:11: byte 13: not a text file (UTF-8 or ASCII, lines end with newline)\n");
}

static void test_no_file(void **state)
{
    struct values v;
    struct told told = {{0}};

    assert_int_equal(conf_defaults(keys, KEYS, &v), 0);
    unlink(path);
    assert_int_equal(conf_read(keys, KEYS, &v, path, tell, &told), -ENOENT);
    assert_int_equal(conf_read(keys, KEYS, &v, dir, tell, &told), -EISDIR);
    write_file("", 0);
    assert_int_equal(truncate(path, 1 << 30), 0);
    assert_int_equal(conf_read(keys, KEYS, &v, path, tell, &told), -EFBIG);
    assert_int_equal(conf_read(keys, KEYS, &v, "/dev/zero", tell, &told), -EFBIG);
    assert_int_equal(conf_read(keys, KEYS, &v, "/dev/null", tell, &told), 0);
    assert_int_equal(told.problems, 0);
    conf_free(keys, KEYS, &v);
}

static void test_set(void **state)
{
    struct values v;
    struct told told = {{0}};

    assert_int_equal(conf_defaults(keys, KEYS, &v), 0);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.workers", "3", tell, &told), 0);
    assert_int_equal(v.number, 3);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.home", "a b", tell, &told), 0);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.home", "c", tell, &told), 0);
    assert_int_equal(v.list.words, 1);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.worker", "3", tell, &told), -EINVAL);
    assert_int_equal(conf_set(keys, KEYS, &v, "workers", "3", tell, &told), -EINVAL);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.workers", "65", tell, &told), -EINVAL);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.filter", "a\nb", tell, &told), -EINVAL);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.filter", "a ;b", tell, &told), -EINVAL);
    assert_int_equal(v.number, 3);
    assert_string_equal(
        told.text, "one.worker: there is no such key: write SECTION.KEY\n"
                   "workers: there is no such key: write SECTION.KEY\n"
                   "one.workers: \"65\" is no value for workers: write a whole number; from 1 to 64\n"
                   "one.filter: filter has a control character (10): remove it\n"
                   "one.filter: filter has a word that begins with \";\": put comments on lines of their "
                   "own\n");
    conf_free(keys, KEYS, &v);
}

static void print_to(const struct values *v)
{
    FILE *f = fopen(path, "w");
    conf_print(keys, KEYS, v, f);
    fclose(f);
}

static void assert_same(const struct values *a, const struct values *b)
{
    assert_string_equal(a->text, b->text);
    assert_string_equal(a->other, b->other);
    assert_int_equal(a->list.words, b->list.words);
    for (size_t i = 0; i < a->list.words; i++)
        assert_string_equal(a->list.word[i], b->list.word[i]);
    assert_int_equal(a->flag, b->flag);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->duration, b->duration);
    assert_int_equal(a->choice, b->choice);
}

static void round_trip(struct values *v)
{
    struct values again;
    struct told told = {{0}};

    print_to(v);
    assert_int_equal(conf_defaults(keys, KEYS, &again), 0);
    int r = conf_read(keys, KEYS, &again, path, tell, &told);
    assert_string_equal(told.text, "");
    assert_int_equal(r, 0);
    assert_same(v, &again);
    conf_free(keys, KEYS, &again);
}

static void test_round_trip(void **state)
{
    static const char *const texts[] = {
        "",
        "a",
        "tcp[13] = 2 and (port 443 or port 80)",
        "a  b   c\td",
        "x = y [z] and = w   == v word = u another=t [s] [r] x = y [z] and = w   == v word = u another=t [s] "
        "[r] x = "
        "y [z] and = w   == v word = u another=t [s] [r]",
        "a;b c;d e#f",
    };
    static const uint64_t numbers[] = {0, 1, 999, 1000, 60000000000, 61000000000, 86400000000000, UINT64_MAX};
    struct values v;
    struct told told = {{0}};
    char list[20000];
    size_t len = 0;

    assert_int_equal(conf_defaults(keys, KEYS, &v), 0);
    round_trip(&v);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(conf_set(keys, KEYS, &v, "one.filter", texts[i], tell, &told), 0);
        assert_string_equal(v.text, texts[i]);
        round_trip(&v);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        v.duration = numbers[i];
        v.size = 65536 + numbers[i] % 4096;
        round_trip(&v);
    }
    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, " host-%u.example", i);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.home", list, tell, &told), 0);
    assert_int_equal(v.list.words, 1000);
    round_trip(&v);
    assert_int_equal(conf_set(keys, KEYS, &v, "one.home", "", tell, &told), 0);
    round_trip(&v);
    conf_free(keys, KEYS, &v);
}

/* The default file changes nothing, and every key in it can be had by taking the # away. */
static void test_default_file(void **state)
{
    struct values v, again;
    struct told told = {{0}};
    char *text = NULL;
    size_t bytes;

    FILE *mem = open_memstream(&text, &bytes);
    conf_print(keys, KEYS, NULL, mem);
    fclose(mem);
    assert_int_equal(conf_defaults(keys, KEYS, &v), 0);
    assert_int_equal(read_text(text, &again, &told), 0);
    assert_same(&v, &again);
    conf_free(keys, KEYS, &again);
    for (char *p = text; (p = strstr(p, "\n#")) != NULL; p++)
        if (p[2] != ' ')
            p[1] = ' ';
    assert_int_equal(read_text(text, &again, &told), 0);
    assert_same(&v, &again);
    conf_free(keys, KEYS, &again);
    conf_free(keys, KEYS, &v);
    free(text);
}

/* --- sections with a name --- */

struct feed {
    struct conf_named named;
    char *path;
    struct conf_list allow;
    uint32_t trust;
};

struct feeds {
    bool watch;
    struct conf_named_list list;
};

#define MEMBER(name, type, field, deflt, choices)                                                            \
    {                                                                                                        \
        "feed", name, type, offsetof(struct feed, field), deflt, 0, 0, choices, "What it is.", NULL          \
    }

static const struct conf_key feed_keys[] = {
    MEMBER("path", CONF_TEXT, path, "", NULL),
    MEMBER("allow", CONF_LIST, allow, "", NULL),
    MEMBER("trust", CONF_CHOICE, trust, "full", "low full"),
};
static const struct conf_group feed_group = {feed_keys, 3, sizeof(struct feed)};
static const struct conf_key group_keys[] = {
    {"rules", "watch", CONF_BOOL, offsetof(struct feeds, watch), "yes", 0, 0, NULL, "What it is.", NULL},
    {"feed", "NAME", CONF_GROUP, offsetof(struct feeds, list), "", 0, 3, NULL, "A feed.", &feed_group},
};

static int read_feeds(const char *text, struct feeds *f, struct told *told)
{
    write_file(text, strlen(text));
    *told = (struct told){{0}};
    assert_int_equal(conf_defaults(group_keys, 2, f), 0);
    return conf_read(group_keys, 2, f, path, tell, told);
}

static void expect_feeds(const char *text, const char *problems)
{
    struct feeds f;
    struct told told;

    read_feeds(text, &f, &told);
    assert_string_equal(told.text, problems);
    conf_free(group_keys, 2, &f);
}

static void test_group(void **state)
{
    struct feeds f;
    struct told told;
    int r = read_feeds("[feed one]\npath = /a b/c\nallow = x,y\n z\n[rules]\nwatch = no\n"
                       "[feed\ttwo.2 ] ; comment\nallow = x\nallow = y\ntrust = low\n",
                       &f, &told);

    assert_string_equal(told.text, "");
    assert_int_equal(r, 0);
    assert_false(f.watch);
    assert_int_equal(f.list.count, 2);
    const struct feed *at = f.list.at;
    assert_string_equal(at[0].named.name, "one");
    assert_int_equal(at[0].named.line, 1);
    assert_int_equal(at[0].named.lines[1], 3);
    assert_int_equal(at[0].named.lines[2], 0);
    assert_string_equal(at[0].path, "/a b/c");
    assert_int_equal(at[0].allow.words, 3);
    assert_int_equal(at[0].trust, 1);
    assert_string_equal(at[1].named.name, "two.2");
    assert_string_equal(at[1].path, "");
    assert_int_equal(at[1].allow.words, 2);
    assert_int_equal(at[1].trust, 0);
    conf_free(group_keys, 2, &f);
    assert_int_equal(f.list.count, 0);
}

static void test_group_problems(void **state)
{
    expect_feeds("[feed]\npath = /x\n",
                 ":1:1: write [feed NAME], where NAME has at most 40 letters, digits, - "
                 "and _\n");
    expect_feeds("[feed a b]\n[feed ../../etc]\n[feed .hidden]\n[feed -x]\n[feed "
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
                 ":1:1: write [feed NAME], where NAME has at most 40 letters, digits, - and _\n"
                 ":2:1: write [feed NAME], where NAME has at most 40 letters, digits, - and _\n"
                 ":3:1: write [feed NAME], where NAME has at most 40 letters, digits, - and _\n"
                 ":4:1: write [feed NAME], where NAME has at most 40 letters, digits, - and _\n"
                 ":5:1: write [feed NAME], where NAME has at most 40 letters, digits, - and _\n");
    expect_feeds("[feed a]\n[feed b]\n[feed a]\npath = /x\n",
                 ":3:1: [feed a] stands in line 1 already: give this one another name\n");
    expect_feeds("[feed a]\n[feed b]\n[feed c]\n[feed d]\npath = /x\n",
                 ":4:1: more than 3 sections [feed NAME], or out of memory\n");
    expect_feeds("[feeds a]\n", ":1:1: unknown section [feeds a]: did you mean [feed NAME]?\n");
    expect_feeds("[x]\n", ":1:1: unknown section [x]: there are [rules] [feed NAME]\n");
    expect_feeds("[rules x]\n", ":1:1: unknown section [rules x]: did you mean [rules]?\n");
    expect_feeds("[feed a]\npaht = /x\nwatch = no\n",
                 ":2:1: unknown key \"paht\": did you mean \"path\"?\n"
                 ":3:1: unknown key \"watch\": \"watch\" belongs to [rules]\n");
    expect_feeds("[rules]\ntrust = low\nNAME = x\n",
                 ":2:1: unknown key \"trust\": \"trust\" belongs to [feed NAME]\n"
                 ":3:1: unknown key \"NAME\": remove it; --help-config lists all keys\n");
    expect_feeds("[feed a]\ntrust = some\ntrust = low\ntrust = full\n[feed b]\ntrust = low\n",
                 ":2:9: \"some\" is no value for trust: write one of: low full\n"
                 ":3:1: trust was set in line 2 already: remove one of the two\n"
                 ":4:1: trust was set in line 2 already: remove one of the two\n");
}

static void test_group_printed(void **state)
{
    struct feeds f, again;
    struct told told;
    char *text = NULL;
    size_t bytes;

    assert_int_equal(read_feeds("[feed b]\nallow = x y\n[feed a]\npath = /a b\ntrust = low\n", &f, &told), 0);
    FILE *mem = open_memstream(&text, &bytes);
    conf_print(group_keys, 2, &f, mem);
    fclose(mem);
    assert_string_equal(text, "[rules]\nwatch = yes\n\n[feed b]\npath =\nallow = x y\ntrust = full\n\n"
                              "[feed a]\npath = /a b\nallow =\ntrust = low\n");
    assert_int_equal(read_feeds(text, &again, &told), 0);
    assert_int_equal(again.list.count, 2);
    conf_free(group_keys, 2, &again);
    conf_free(group_keys, 2, &f);
    free(text);
    mem = open_memstream(&text, &bytes);
    conf_print(group_keys, 2, NULL, mem);
    conf_help(group_keys, 2, mem);
    fclose(mem);
    assert_non_null(strstr(text, "\n# A feed.\n#[feed NAME]\n\n# What it is.\n# (text)\n#path =\n"));
    assert_non_null(strstr(text, "\n[feed NAME] trust\n    What it is.\n    one of: low full\n"));
    free(text);
}

static int make_dir(void **state)
{
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/f", dir);
    return 0;
}

static int remove_dir(void **state)
{
    unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_default_file),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_group_problems),
        cmocka_unit_test(test_group_printed),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
