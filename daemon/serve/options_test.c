/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: every rule that other programs rely on. */
#include "serve/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 12

static const struct {
    const char *args;
    enum options_action action;
    enum options_mode mode;
    const char *files, *interfaces, *rules; /* joined by blanks; NULL: do not look */
} cases[] = {
    {"-r a", OPTIONS_RUN, MODE_REPLAY, "a", "", ""},
    {"-r a b c", OPTIONS_RUN, MODE_REPLAY, "a b c", "", ""},
    {"-r a b -r c d", OPTIONS_RUN, MODE_REPLAY, "a b c d", "", ""},
    {"-r a -R x b -R y", OPTIONS_RUN, MODE_REPLAY, "a b", "", "x y"},
    {"-r a --eve - b", OPTIONS_RUN, MODE_REPLAY, "a b", NULL, NULL},
    {"-R x -r a -- -b", OPTIONS_RUN, MODE_REPLAY, "a -b", "", "x"},
    {"--read=a --rules=x", OPTIONS_RUN, MODE_REPLAY, "a", "", "x"},
    {"-r -", OPTIONS_RUN, MODE_REPLAY, "-", "", ""},
    {"-r a - b", OPTIONS_RUN, MODE_REPLAY, "a - b", "", ""},
    {"-r - -", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-i eth0 -i eth1", OPTIONS_RUN, MODE_LIVE, "", "eth0 eth1", ""},
    {"", OPTIONS_RUN, MODE_LIVE, "", "", ""},
    {"-c conf", OPTIONS_RUN, MODE_LIVE, "", "", ""},
    {"-t", OPTIONS_RUN, MODE_CHECK, "", "", ""},
    {"-t -r a", OPTIONS_RUN, MODE_CHECK, "a", "", ""},
    {"-r a -i eth0", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"a", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"a -r b", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-i eth0 eth1", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-r", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"--eve", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"--nonsense", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-x", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"--observe=yes -r a", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-r a --observe", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-i eth0 --observe", OPTIONS_USAGE, 0, NULL, NULL, NULL},
    {"-r a --observe --eve -", OPTIONS_RUN, MODE_REPLAY, "a", "", ""},
    {"-c conf -r a --observe", OPTIONS_RUN, MODE_REPLAY, "a", "", ""}, /* the file may name a path */
    {"--observe", OPTIONS_RUN, MODE_LIVE, "", "", ""},
    {"--help", OPTIONS_HELP, 0, NULL, NULL, NULL},
    {"-h", OPTIONS_HELP, 0, NULL, NULL, NULL},
    {"--help-config", OPTIONS_HELP_CONFIG, 0, NULL, NULL, NULL},
    {"--version", OPTIONS_VERSION, 0, NULL, NULL, NULL},
};

static int split(char *line, char *argv[ARGS_MAX])
{
    static char name[] = "bridled";
    int argc = 0;

    argv[argc++] = name;
    for (char *w = strtok(line, " "); w != NULL && argc < ARGS_MAX - 1; w = strtok(NULL, " "))
        argv[argc++] = w;
    argv[argc] = NULL;
    return argc;
}

static void expect_words(const struct words *w, const char *expect)
{
    char joined[256] = "";

    if (expect == NULL)
        return;
    for (size_t i = 0; i < w->count; i++) {
        strcat(joined, i > 0 ? " " : "");
        strcat(joined, w->at[i]);
    }
    assert_string_equal(joined, expect);
}

static void every_rule(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128], *argv[ARGS_MAX];
        struct options o;
        snprintf(line, sizeof line, "%s", cases[i].args);
        int argc = split(line, argv);
        enum options_action got = options_parse(&o, argc, argv);
        if (got != cases[i].action)
            print_error("`%s`: %s\n", cases[i].args, o.why);
        assert_int_equal(got, cases[i].action);
        if (got == OPTIONS_USAGE)
            assert_true(o.why[0] != 0);
        if (got == OPTIONS_RUN) {
            assert_int_equal(o.mode, cases[i].mode);
            expect_words(&o.files, cases[i].files);
            expect_words(&o.interfaces, cases[i].interfaces);
            expect_words(&o.rules, cases[i].rules);
        }
        options_free(&o);
    }
}

struct told {
    unsigned errors;
    char first[512], last[512];
};

static void problem(void *ctx, bool error, const char *text)
{
    struct told *t = ctx;

    t->errors += error;
    if (t->first[0] == 0)
        snprintf(t->first, sizeof t->first, "%s", text);
    snprintf(t->last, sizeof t->last, "%s", text);
}

static int settle(const char *args, struct settings *ret, struct told *told)
{
    char line[256], *argv[ARGS_MAX];
    struct options o;

    *told = (struct told){0};
    memset(ret, 0, sizeof *ret);
    snprintf(line, sizeof line, "%s", args);
    int argc = split(line, argv);
    assert_int_equal(options_parse(&o, argc, argv), OPTIONS_RUN);
    int rc = options_settings(&o, ret, problem, told);
    options_free(&o);
    return rc;
}

static void done(struct settings *s)
{
    conf_free(settings_keys, settings_count, s);
}

static void replay_alone_sends_nothing(void **state)
{
    struct settings s;
    struct told told;

    assert_int_equal(settle("-r a", &s, &told), 0);
    assert_false(s.syslog);
    assert_string_equal(s.state_dir, "");
    assert_string_equal(s.eve_path, "");
    done(&s);
    assert_int_equal(settle("-i lo", &s, &told), 0);
    assert_true(s.syslog);
    assert_string_equal(s.state_dir, "");
    assert_int_equal(s.interfaces.words, 1);
    assert_string_equal(s.interfaces.word[0], "lo");
    done(&s);
}

static void file_then_command_line(void **state)
{
    char path[] = "/tmp/bridle-options-XXXXXX", args[128];
    struct settings s;
    struct told told;
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");

    fputs("[eve]\npath = /var/log/e.json\n[capture]\nworkers = 3\nfilter = udp\n", f);
    fclose(f);
    snprintf(args, sizeof args, "-c %s -r a --observe --workers 2", path);
    assert_int_equal(settle(args, &s, &told), 0);
    assert_string_equal(s.eve_path, "/var/log/e.json");
    assert_string_equal(s.filter, "udp");
    assert_int_equal(s.workers, 2);
    assert_true(s.observe);
    assert_true(s.syslog); /* a file was given: it is used */
    done(&s);
    f = fopen(path, "w");
    fputs("[capture]\nwrokers = 3\n", f);
    fclose(f);
    assert_int_equal(settle(args, &s, &told), -22);
    assert_int_equal(told.errors, 1);
    assert_non_null(strstr(told.last, ":2:"));
    done(&s);
    unlink(path);
    assert_int_equal(settle(args, &s, &told), -22);
    assert_non_null(strstr(told.last, path));
    done(&s);
}

static void bad_values_are_usage(void **state)
{
    struct settings s;
    struct told told;

    assert_int_equal(settle("-r a --workers 0", &s, &told), -33);
    done(&s);
    assert_int_equal(settle("-r a --workers many", &s, &told), -33);
    assert_true(told.errors > 0);
    done(&s);
}

/* Also of what several words or keys make wrong, unless the command line said something else. */
static void mistakes_have_a_line(void **state)
{
    char path[] = "/tmp/bridle-options-XXXXXX", args[128], expected[256];
    const char conf[] = "# x\n[network]\nhome = 10.0.0.0/8\n  192.0.2.0/99\n[capture]\ninterface = auto a\n";
    struct settings s;
    struct told told;
    int fd = mkstemp(path);

    assert_int_equal(write(fd, conf, sizeof conf - 1), sizeof conf - 1);
    close(fd);
    snprintf(args, sizeof args, "-c %s -i b", path);
    assert_int_equal(settle(args, &s, &told), -EINVAL);
    assert_int_equal(told.errors, 1);
    snprintf(expected, sizeof expected, "%s:3: network.home: \"192.0.2.0/99\"", path);
    assert_memory_equal(told.last, expected, strlen(expected));
    done(&s);
    snprintf(args, sizeof args, "-c %s -i b -i b", path);
    assert_int_equal(settle(args, &s, &told), -EINVAL);
    assert_int_equal(told.errors, 2);
    done(&s);
    unlink(path);
}

static void sources(void **state)
{
    char path[] = "/tmp/bridle-options-XXXXXX", args[128], expected[256];
    const char good[] = "[source a]\npath = /x\n[source b]\nurl = https://feeds.example/b\n";
    const char bad[] = "[source a]\n\npath = x\n[source b]\n";
    struct settings s;
    struct told told;
    int fd = mkstemp(path);

    assert_int_equal(write(fd, good, sizeof good - 1), sizeof good - 1);
    snprintf(args, sizeof args, "-c %s -i b", path);
    assert_int_equal(settle(args, &s, &told), 0);
    assert_int_equal(s.sources.count, 2);
    assert_string_equal(s.exceptions, SETTINGS_EXCEPTIONS);
    done(&s);
    snprintf(args, sizeof args, "-c %s -r b -R /rules", path); /* those that were named, and no others */
    assert_int_equal(settle(args, &s, &told), 0);
    assert_int_equal(s.sources.count, 0);
    done(&s);
    assert_int_equal(settle("-r b", &s, &told), 0);
    assert_string_equal(s.exceptions, "");
    done(&s);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, bad, sizeof bad - 1, 0), sizeof bad - 1);
    snprintf(args, sizeof args, "-c %s -i b", path);
    assert_int_equal(settle(args, &s, &told), -EINVAL);
    assert_int_equal(told.errors, 2);
    snprintf(expected, sizeof expected, "%s:4: [source b]: neither", path);
    assert_memory_equal(told.last, expected, strlen(expected));
    snprintf(expected, sizeof expected, "%s:3: [source a] path: \"x\"", path);
    assert_memory_equal(told.first, expected, strlen(expected));
    done(&s);
    close(fd);
    unlink(path);
}

static void paths_may_hold_anything(void **state)
{
    static char name[] = "bridled", r[] = "-r", a[] = "a", R[] = "-R", odd[] = "/my rules, all";
    char *argv[] = {name, r, a, R, odd, NULL};
    struct options o;
    struct settings s = {0};
    struct told told = {0};

    assert_int_equal(options_parse(&o, 5, argv), OPTIONS_RUN);
    assert_int_equal(options_settings(&o, &s, problem, &told), 0);
    assert_int_equal(s.rules.words, 1);
    assert_string_equal(s.rules.word[0], odd);
    options_free(&o);
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        cmocka_unit_test(replay_alone_sends_nothing),
        cmocka_unit_test(file_then_command_line),
        cmocka_unit_test(bad_values_are_usage),
        cmocka_unit_test(mistakes_have_a_line),
        cmocka_unit_test(sources),
        cmocka_unit_test(paths_may_hold_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
