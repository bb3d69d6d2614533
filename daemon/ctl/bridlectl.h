/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subcommands of bridlectl share. A subcommand is one row in bridlectl.c. */
#ifndef BRIDLE_CTL_BRIDLECTL_H
#define BRIDLE_CTL_BRIDLECTL_H

#include <stdbool.h>

#include "base/log.h"
#include "base/span.h"

enum ctl_exit {
    CTL_DONE = 0,
    CTL_FAILED = 1, /* it could not do what was asked */
    CTL_USAGE = 2,
};

struct ctl {
    const char *socket; /* of the daemon */
    bool json;
    bool verbose;        /* -v */
    bool take_shrunk;    /* --take-shrunk */
    const char *output;  /* -o */
    const char *format;  /* --format */
    const char *config;  /* -c */
    const char *source;  /* --source */
    const char *columns; /* --columns */
    const char **rules;  /* -R, owned array of borrowed words */
    unsigned rules_count;
    char **operand; /* borrowed */
    unsigned operands;
};

/* Each returns an enum ctl_exit, having told what is wrong. */
int ctl_status(const struct ctl *c);
int ctl_changes(const struct ctl *c);
int ctl_reload(const struct ctl *c);
int ctl_check(const struct ctl *c);
int ctl_lookup(const struct ctl *c);
int ctl_compile(const struct ctl *c);
int ctl_export(const struct ctl *c);

#endif
