/* SPDX-License-Identifier: BSD-2-Clause */
/* bridled's command line. What it says here is relied on by other programs: it may grow, not change. */
#ifndef BRIDLE_SERVE_OPTIONS_H
#define BRIDLE_SERVE_OPTIONS_H

#include <stdio.h>

#include "report/settings.h"

/* A bounded set of words from argv. */
struct words {
    const char **at; /* owned; the words are borrowed from argv */
    size_t count;
};

enum options_mode { MODE_LIVE = 1, MODE_REPLAY = 2, MODE_CHECK = 4 };

enum options_action {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_HELP_CONFIG,
    OPTIONS_VERSION,
    OPTIONS_USAGE, /* `why` says what is wrong */
};

struct options {
    enum options_mode mode;
    const char *config; /* -c; NULL: not given */
    struct words files, interfaces, rules;
    const char *filter, *workers, *eve; /* NULL: not given */
    bool observe, fail_on_alert;
    bool standard_input; /* one of the files is `-` */
    char why[256];
};

enum options_action options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);
void options_help(FILE *to);
/* Without -r, -i and -c the daemon runs as it was installed: with its configuration file. */
bool options_reads_default_file(const struct options *o);
/* The configuration file that is read; NULL: none is. */
const char *options_file(const struct options *o);
/*
 * Makes the settings: defaults, then the file, then the command line; each problem is told. 0; -EINVAL when
 * the file cannot be used; -EDOM when the command line is wrong (usage).
 */
int options_settings(const struct options *o, struct settings *ret, conf_problem_fn problem, void *ctx);

#endif
