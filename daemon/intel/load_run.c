/* SPDX-License-Identifier: BSD-2-Clause */
/* One load, from the first path to the image. */
#include "intel/load_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "intel/load_before.h"
#include "intel/load_wire.h"
#include "intel/suffix.h"

/* A line with a number; `fd` (borrowed) goes with it unless it is -1. 0 or negative errno. */
static int send_number(const char *what, uint64_t number, int fd)
{
    char line[48];

    snprintf(line, sizeof(line), "%s\t%" PRIu64, what, number);
    return loader_line_send(LOADER_WIRE_FD, line, fd);
}

static int send_image(struct build *b)
{
    int fd = memfd_create("bridle-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    int err = build_write(b, fd);
    if (err == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        err = -errno;
    if (err == 0)
        err = send_number("image", build_count(b), fd);
    close(fd);
    return err;
}

/* What changed, and the next file of known values. */
static int compare(struct load_before *before, struct build *b, int64_t now_s)
{
    int64_t known = -1;
    int err = load_before_compare(before, b, now_s, LOADER_NEXT_FD, &known);

    return err == 0 && known >= 0 ? send_number("known", (uint64_t)known, -1) : err;
}

/* Reads all paths. 1: some of them could not be read, nor kept as they were; 0; -ENOMEM. */
static int read_paths(struct load_args *a, struct loader *l, const struct load_before *before)
{
    const char **failed = calloc(a->room, sizeof *failed);
    size_t count = 0, lost = 0;
    struct load_arg arg;
    enum load_arg_kind kind;

    if (failed == NULL)
        return -ENOMEM;
    while ((kind = load_args_next(a, &arg)) < LOAD_ARG_END) {
        if (kind == LOAD_ARG_GUARD)
            loader_guards(l, arg.path);
        else if (loader_source(l, arg.path, &arg.options) < 0)
            failed[count++] = arg.path;
    }
    int err = loader_finish(l);
    for (size_t i = 0; i < count; i++)
        lost += !load_before_kept(before, failed[i]);
    free(failed);
    return err < 0 ? err : lost > 0;
}

static int load_into(struct build *b, struct loader *l, struct load_before *before, struct load_args *a,
                     const struct load_report *report)
{
    int64_t now_s = a->now_s > 0 ? a->now_s : (int64_t)time(NULL);

    loader_clock(l, now_s);
    loader_limit(l, a->entries > 0 ? a->entries : LOAD_ENTRIES_MAX);
    loader_before(l, before);
    int incomplete = read_paths(a, l, before), err = incomplete < 0 ? incomplete : 0;
    if (err == 0)
        err = compare(before, b, now_s);
    if (err == 0 && loader_expires(l) > 0)
        load_report_expires(report, loader_expires(l));
    if (err == 0)
        err = send_image(b);
    return err < 0 ? err : incomplete > 0 || build_count(b) == 0;
}

int load_run(struct load_args *a, struct load_report *report)
{
    struct build *b = build_new();
    struct loader *l = b ? loader_new(b, report, SUFFIXES_FILE) : NULL;
    struct load_before *before = load_before_new(a->before ? LOADER_BEFORE_FD : -1,
                                                 a->known ? LOADER_KNOWN_FD : -1, a->take_shrunk, report);
    const char *last = a->end[-1];
    int done = l && before ? load_into(b, l, before, a, report) : -ENOMEM;

    if (done < 0)
        load_report_note(report, span_str(last), 0, 0, "error", span_of(NULL, 0),
                         done == -ENOMEM ? "no image was made: more memory is needed (limits.loader-memory)"
                                         : strerror(-done),
                         "");
    loader_free(l);
    load_before_free(before);
    build_free(b);
    return done < 0 ? LOADER_FAILED : done > 0 ? LOADER_INCOMPLETE : LOADER_OK;
}
