/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl: options, and a table of subcommands. */
#include "ctl/bridlectl.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"

#define DEFAULT_SOCKET BRIDLE_RUNDIR "/control"

static const struct command {
    const char *name, *operands, *help;
    unsigned least, most; /* operands */
    int (*run)(const struct ctl *c);
} commands[] = {
    {"status", "", "what the daemon does", 0, 0, ctl_status},
    {"reload", "", "load the rules again; the old ones stay in use when that fails", 0, 0, ctl_reload},
    {"changes", "", "what the last loads added, removed and changed", 0, 0, ctl_changes},
    {"check", "[PATH...]", "read indicator files and tell what becomes of each entry (-v: of all)", 0, ~0u,
     ctl_check},
    {"lookup", "VALUE...",
     "which indicator matches a name, address, digest or fingerprint, and why\n"
     "                             (- reads standard input; -R: in these rules)",
     1, ~0u, ctl_lookup},
    {"compile", "-o FILE [PATH...]", "write the matcher image of these rules to a file", 0, ~0u, ctl_compile},
    {"export", "--format NAME",
     "write the indicators for another program (-R: of these rules;\n"
     "                             -o: to a file; an unknown format: which there are)",
     0, 0, ctl_export},
};

#define COMMANDS (sizeof commands / sizeof *commands)

enum long_option { OPT_JSON = 256, OPT_COLUMNS, OPT_FORMAT, OPT_SOURCE, OPT_TAKE_SHRUNK, OPT_VERSION };

static const struct option long_options[] = {
    {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, OPT_JSON},
    {"config", required_argument, NULL, 'c'},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"columns", required_argument, NULL, OPT_COLUMNS},
    {"rules", required_argument, NULL, 'R'},
    {"output", required_argument, NULL, 'o'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"take-shrunk", no_argument, NULL, OPT_TAKE_SHRUNK},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static void help(FILE *to)
{
    fputs("Usage: bridlectl [-s SOCKET] [--json] COMMAND [OPERAND...]\n\n", to);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-8s %-17s %s\n", commands[i].name, commands[i].operands, commands[i].help);
    fputs(
        "\n  -s SOCKET      control socket of the daemon (" DEFAULT_SOCKET ")\n"
        "  --json         for programs\n"
        "  -R RULES       lookup, export: rules to ask instead of the daemon; may be repeated\n"
        "  -o FILE        compile, export: where to write\n"
        "  --format NAME  export: what to write; check: what the files are, whatever they look like\n"
        "  -c CONF        check, lookup, compile, export: all that this configuration names, as the daemon\n"
        "                 would load it\n"
        "  --source NAME  check: as the section [source NAME] of it says\n"
        "  --columns SPEC check: the columns of a table, as value,type,campaign,-\n"
        "  --take-shrunk  reload: lists that have lost more than half of their entries, too\n"
        "  -v             check: also list what is no problem, such as what was listed before\n"
        "  --help, --version\n",
        to);
}

static int usage(const char *what)
{
    fprintf(stderr, "bridlectl: %s\nTry `bridlectl --help`.\n", what);
    return CTL_USAGE;
}

/* -1: go on; else the exit status. */
static int take_options(struct ctl *c, int argc, char **argv)
{
    int opt;

    while ((opt = getopt_long(argc, argv, "s:c:R:o:vh", long_options, NULL)) != -1) {
        switch (opt) {
        case 's':
            c->socket = optarg;
            break;
        case OPT_JSON:
            c->json = true;
            break;
        case 'c':
            c->config = optarg;
            break;
        case OPT_SOURCE:
            c->source = optarg;
            break;
        case OPT_COLUMNS:
            c->columns = optarg;
            break;
        case 'R':
            c->rules[c->rules_count++] = optarg;
            break;
        case 'o':
            c->output = optarg;
            break;
        case OPT_FORMAT:
            c->format = optarg;
            break;
        case OPT_TAKE_SHRUNK:
            c->take_shrunk = true;
            break;
        case 'v':
            c->verbose = true;
            break;
        case 'h':
            help(stdout);
            return CTL_DONE;
        case OPT_VERSION:
            puts("bridlectl " BRIDLE_VERSION);
            return CTL_DONE;
        default: /* getopt told it */
            fputs("Try `bridlectl --help`.\n", stderr);
            return CTL_USAGE;
        }
    }
    return -1;
}

static int run(struct ctl *c, int argc, char **argv)
{
    int status = take_options(c, argc, argv);

    if (status >= 0)
        return status;
    if (optind == argc)
        return usage("which command?");
    const char *name = argv[optind++];
    c->operand = argv + optind;
    c->operands = (unsigned)(argc - optind);
    for (unsigned i = 0; i < COMMANDS; i++) {
        const struct command *k = &commands[i];
        if (strcmp(k->name, name) != 0)
            continue;
        if (c->operands < k->least || c->operands > k->most)
            return usage(k->most == 0 ? "this command takes no operand" : "this command needs an operand");
        return k->run(c);
    }
    return usage("there is no such command");
}

int main(int argc, char **argv)
{
    struct ctl c = {.socket = DEFAULT_SOCKET, .rules = calloc((size_t)argc, sizeof *c.rules)};

    if (c.rules == NULL)
        return CTL_FAILED;
    log_name("bridlectl");
    signal(SIGPIPE, SIG_DFL);
    int status = run(&c, argc, argv);
    free(c.rules);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == CTL_DONE)
        status = CTL_FAILED;
    return status;
}
