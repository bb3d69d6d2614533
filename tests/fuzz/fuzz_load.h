/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets of the loaders share: one load of two files, and what must hold of its report. */
#ifndef BRIDLE_TESTS_FUZZ_LOAD_H
#define BRIDLE_TESTS_FUZZ_LOAD_H

#include <stdlib.h>

#include "intel/load.h"
#include "intel/load_wire.h"

static inline void require(bool held)
{
    if (!held)
        abort();
}

/* Every line can be taken apart again and has no control byte but its tabs. */
static inline void check_line(void *ctx, const char *line)
{
    uint64_t *loaded = ctx;
    struct load_line parsed;

    require(load_line_parse(line, &parsed));
    for (const char *c = line; *c; c++)
        require((*c >= 0x20 && *c < 0x7f) || *c == '\t');
    if (parsed.kind == LOAD_LINE_FILE)
        *loaded += parsed.count[LOAD_LOADED];
    if (parsed.kind == LOAD_LINE_TOTAL)
        require(parsed.indicators == *loaded);
}

/* Loads a file with a guard, then the bytes. */
static inline void load_bytes(const void *at, size_t size)
{
    static const char guards[] = "@guard x\nshared.example\n@campaign C\nlisted.example\n";
    uint64_t loaded = 0;
    struct load_report report = {.line = check_line, .ctx = &loaded};
    struct build *b = build_new();
    struct loader *l =
        b ? loader_new(b, &report, "") /* no list: reading one costs more than all else here */ : NULL;

    require(l && loader_bytes(l, "guards.ioc", span_of(guards, sizeof(guards) - 1)) == 0);
    require(loader_bytes(l, "fuzz/file.txt", span_of(at, size)) == 0);
    require(loader_finish(l) == 0);
    require(build_count(b) == loaded);
    loader_free(l);
    build_free(b);
}

#endif
