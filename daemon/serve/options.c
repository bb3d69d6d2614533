/* SPDX-License-Identifier: BSD-2-Clause */
/* bridled's command line. */
#include "serve/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"

#define DEFAULT_FILE BRIDLE_SYSCONFDIR "/bridled.conf"

enum long_option { OPT_WORKERS = 256, OPT_EVE, OPT_OBSERVE, OPT_FAIL, OPT_VERSION, OPT_HELP_CONFIG };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"read", required_argument, NULL, 'r'},
    {"interface", required_argument, NULL, 'i'},
    {"rules", required_argument, NULL, 'R'},
    {"filter", required_argument, NULL, 'f'},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"eve", required_argument, NULL, OPT_EVE},
    {"observe", no_argument, NULL, OPT_OBSERVE},
    {"fail-on-alert", no_argument, NULL, OPT_FAIL},
    {"test", no_argument, NULL, 't'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {"help-config", no_argument, NULL, OPT_HELP_CONFIG},
    {NULL, 0, NULL, 0},
};

void options_help(FILE *to)
{
    fputs("Usage: bridled [-c CONF] -r FILE [FILE...]   read captures (- is standard input), print alerts\n"
          "       bridled [-c CONF] [-i IFACE]...       watch interfaces\n"
          "       bridled [-c CONF] -t                  check configuration and rules, print the settings\n"
          "\n"
          "  -c CONF           configuration file; without -r, -i and -c: " DEFAULT_FILE "\n"
          "  -r FILE           capture file (pcap, pcapng); may be repeated, further operands are files\n"
          "  -i IFACE          interface to watch; may be repeated\n"
          "  -R RULES          file or folder with indicators, in any supported format; may be repeated\n"
          "  -f BPF            packet filter, as in pcap-filter(7); no host names\n"
          "  --workers N       worker processes for each interface; with -r, files that are read at once, "
          "each\n"
          "                    as a capture of its own\n"
          "  --eve PATH        events as JSON lines (EVE); - is standard output\n"
          "  --observe         also write every name and address that was seen (needs --eve)\n"
          "  --fail-on-alert   exit with 3 when anything matched\n"
          "  -t                check and exit\n"
          "  --help, --help-config, --version\n"
          "\n"
          "Exit status: 0 done, 1 it could not do what was asked, 2 usage, 3 see --fail-on-alert,\n"
          "128+N a worker died of signal N while reading a capture.\n",
          to);
}

static enum options_action usage(struct options *o, const char *fmt, const char *arg)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(o->why, sizeof o->why, fmt, arg);
#pragma GCC diagnostic pop
    return OPTIONS_USAGE;
}

static void add(struct words *w, const char *word)
{
    w->at[w->count++] = word; /* there is room for every word of argv */
}

static enum options_action add_file(struct options *o, const char *name)
{
    if (strcmp(name, "-") == 0) {
        if (o->standard_input)
            return usage(o, "standard input (%s) can be read only once", name);
        o->standard_input = true;
    }
    add(&o->files, name);
    return OPTIONS_RUN;
}

static enum options_action take(struct options *o, int opt, char **argv)
{
    switch (opt) {
    case 1: /* an operand, in its place among the options */
        if (o->files.count == 0)
            return usage(o, "`%s` is no option; capture files are given with -r", optarg);
        return add_file(o, optarg);
    case 'r':
        return add_file(o, optarg);
    case 'i':
        add(&o->interfaces, optarg);
        break;
    case 'R':
        add(&o->rules, optarg);
        break;
    case 'c':
        o->config = optarg;
        break;
    case 'f':
        o->filter = optarg;
        break;
    case OPT_WORKERS:
        o->workers = optarg;
        break;
    case OPT_EVE:
        o->eve = optarg;
        break;
    case OPT_OBSERVE:
        o->observe = true;
        break;
    case OPT_FAIL:
        o->fail_on_alert = true;
        break;
    case 't':
        o->mode = MODE_CHECK;
        break;
    case 'h':
        return OPTIONS_HELP;
    case OPT_HELP_CONFIG:
        return OPTIONS_HELP_CONFIG;
    case OPT_VERSION:
        return OPTIONS_VERSION;
    case ':':
        return usage(o, "%s needs a value", argv[optind - 1]);
    default:
        return usage(o, "%s is not known, or takes no value", argv[optind - 1]);
    }
    return OPTIONS_RUN;
}

static enum options_action check(struct options *o)
{
    if (o->files.count > 0 && o->interfaces.count > 0)
        return usage(o, "-r and %s exclude each other: a capture is read or an interface is watched", "-i");
    if (o->eve != NULL && o->eve[0] == 0)
        return usage(o, "%s needs a path, or - for standard output", "--eve");
    /* A configuration file may name the path: options_settings looks again. */
    if (o->observe && o->eve == NULL && o->config == NULL && !options_reads_default_file(o))
        return usage(o, "--observe needs %s: observations are events", "--eve PATH");
    if (o->mode == 0)
        o->mode = o->files.count > 0 ? MODE_REPLAY : MODE_LIVE;
    return OPTIONS_RUN;
}

enum options_action options_parse(struct options *o, int argc, char **argv)
{
    size_t room = (size_t)argc + 1;
    int opt;

    *o = (struct options){0};
    o->files.at = calloc(room, sizeof *o->files.at);
    o->interfaces.at = calloc(room, sizeof *o->interfaces.at);
    o->rules.at = calloc(room, sizeof *o->rules.at);
    if (o->files.at == NULL || o->interfaces.at == NULL || o->rules.at == NULL)
        return usage(o, "%s", "no memory");
    optind = 0;
    /* `-`: operands come in their place, for files are read in the order given; `:`: we tell the error */
    while ((opt = getopt_long(argc, argv, "-:c:r:i:R:f:th", long_options, NULL)) != -1) {
        enum options_action a = take(o, opt, argv);
        if (a != OPTIONS_RUN)
            return a;
    }
    for (; optind < argc; optind++) { /* after `--` */
        optarg = argv[optind];
        enum options_action a = take(o, 1, argv);
        if (a != OPTIONS_RUN)
            return a;
    }
    return check(o);
}

void options_free(struct options *o)
{
    free(o->files.at);
    free(o->interfaces.at);
    free(o->rules.at);
}

bool options_reads_default_file(const struct options *o)
{
    return o->config == NULL && o->files.count == 0 && o->interfaces.count == 0;
}

const char *options_file(const struct options *o)
{
    if (o->config != NULL)
        return o->config;
    return options_reads_default_file(o) && (access(DEFAULT_FILE, F_OK) == 0 || errno != ENOENT)
               ? DEFAULT_FILE
               : NULL;
}

static int replace_list(struct conf_list *list, const struct words *w)
{
    struct conf_list new = {.word = calloc(w->count, sizeof *new.word)};

    if (new.word == NULL)
        return -ENOMEM;
    for (; new.words < w->count; new.words++) {
        new.word[new.words] = strdup(w->at[new.words]);
        if (new.word[new.words] == NULL)
            return -ENOMEM; /* the program ends: nothing to clean */
    }
    for (size_t i = 0; i < list->words; i++)
        free(list->word[i]);
    free(list->word);
    *list = new;
    return 0;
}

static int command_line(const struct options *o, struct settings *s, conf_problem_fn problem, void *ctx)
{
    const struct {
        const char *key, *value;
    } set[] = {
        {"capture.filter", o->filter},
        {"capture.workers", o->workers},
        {"eve.path", o->eve},
        {"eve.observations", o->observe ? "yes" : NULL},
    };

    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (set[i].value != NULL &&
            conf_set(settings_keys, settings_count, s, set[i].key, set[i].value, problem, ctx) < 0)
            return -EDOM;
    /* Not by conf_set: a path on the command line may hold spaces and commas. */
    if (o->interfaces.count > 0 && replace_list(&s->interfaces, &o->interfaces) < 0)
        return -ENOMEM;
    if (o->rules.count > 0 && replace_list(&s->rules, &o->rules) < 0)
        return -ENOMEM;
    for (size_t i = 0; o->rules.count > 0 && i < settings_count; i++)
        if (settings_keys[i].type == CONF_GROUP) /* -R: these and no others */
            conf_group_clear(&settings_keys[i], s);
    return 0;
}

/* What was asked for on the command line alone touches nothing beyond what was asked for: no state, and, in
 * replay, no syslog. */
static int without_file(const struct options *o, struct settings *s, conf_problem_fn problem, void *ctx)
{
    int rc = conf_set(settings_keys, settings_count, s, "daemon.state", "", problem, ctx);

    if (rc == 0)
        rc = conf_set(settings_keys, settings_count, s, "rules.exceptions", "", problem, ctx);

    if (rc == 0 && o->files.count > 0)
        rc = conf_set(settings_keys, settings_count, s, "syslog.enabled", "no", problem, ctx);
    return rc;
}

/* Where settings came from, to tell it with what is wrong with them. */
struct origin {
    const struct options *options; /* borrowed, and so are the others */
    const struct settings *settings;
    const char *path;
    const unsigned *lines; /* of settings_keys in that file; 0: not there */
    conf_problem_fn problem;
    void *ctx;
};

static bool on_command_line(const struct options *o, const char *section, const char *name)
{
    const struct {
        const char *section, *name;
        bool given;
    } set[] = {
        {"capture", "interface", o->interfaces.count > 0},
        {"capture", "filter", o->filter != NULL},
        {"capture", "workers", o->workers != NULL},
        {"rules", "path", o->rules.count > 0},
        {"eve", "path", o->eve != NULL},
        {"eve", "observations", o->observe},
    };

    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (set[i].given && strcmp(section, set[i].section) == 0 && strcmp(name, set[i].name) == 0)
            return true;
    return false;
}

/* The line of `[source NAME] KEY`, or else of its section; 0: this text is about something else. */
static unsigned line_of_source(const struct origin *from, const char *text)
{
    for (size_t i = 0; i < from->settings->sources.count; i++) {
        const struct settings_source *source = settings_source(from->settings, i);
        char where[32 + CONF_NAME_MAX];
        int len = snprintf(where, sizeof where, "[source %s]", source->named.name);
        if (strncmp(text, where, (size_t)len) != 0)
            continue;
        for (size_t k = 0; text[len] == ' ' && k < settings_source_group.count; k++) {
            const char *name = settings_source_group.keys[k].name;
            if (strncmp(text + len + 1, name, strlen(name)) == 0 &&
                text[(size_t)len + 1 + strlen(name)] == ':' && source->named.lines[k] != 0)
                return source->named.lines[k];
        }
        return source->named.line;
    }
    return 0;
}

/* What settings_check tells begins with SECTION.KEY: if that stands in the file, the line is told, too. */
static void problem_at(void *ctx, bool error, const char *text)
{
    const struct origin *from = ctx;
    char buf[2048];
    struct text t = text_on(buf, sizeof buf);
    unsigned line = line_of_source(from, text);

    for (size_t i = 0; line == 0 && i < settings_count; i++) {
        const struct conf_key *k = &settings_keys[i];
        size_t section = strlen(k->section), name = strlen(k->name);
        if (!on_command_line(from->options, k->section, k->name) && strncmp(text, k->section, section) == 0 &&
            text[section] == '.' && strncmp(text + section + 1, k->name, name) == 0 &&
            strchr(": ", text[section + 1 + name]) != NULL)
            line = from->lines[i];
    }
    if (line > 0)
        text_fmt(&t, "%s:%u: %s", from->path, line, text);
    from->problem(from->ctx, error, line > 0 ? buf : text);
}

int options_settings(const struct options *o, struct settings *ret, conf_problem_fn problem, void *ctx)
{
    const char *path = o->config != NULL ? o->config : DEFAULT_FILE;
    unsigned lines[SETTINGS_KEYS] = {0};
    struct origin from = {
        .options = o, .settings = ret, .path = path, .lines = lines, .problem = problem, .ctx = ctx};
    int rc = conf_defaults(settings_keys, settings_count, ret);

    if (rc < 0)
        return rc;
    if (options_file(o) != NULL)
        rc = conf_read_lines(settings_keys, settings_count, ret, path, problem, ctx, lines);
    else if (!options_reads_default_file(o))
        rc = without_file(o, ret, problem, ctx);
    if (rc < 0) {
        if (rc != -EINVAL) { /* -EINVAL was told */
            char text[512];
            snprintf(text, sizeof text, "%s: cannot be read: %s", path, strerror(-rc));
            problem(ctx, true, text);
        }
        return -EINVAL;
    }
    rc = command_line(o, ret, problem, ctx);
    if (rc < 0)
        return rc;
    if (o->observe && (ret->eve_path == NULL || ret->eve_path[0] == 0)) {
        problem(ctx, true, "--observe needs --eve PATH: observations are events");
        return -EDOM;
    }
    return settings_check(ret, problem_at, &from) < 0 ? -EINVAL : 0;
}
