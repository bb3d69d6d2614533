/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's command line (load_wire.h), taken apart. */
#ifndef BRIDLE_INTEL_LOAD_ARGS_H
#define BRIDLE_INTEL_LOAD_ARGS_H

#include "intel/load.h"

struct load_args {
    uint64_t entries, memory_bytes; /* 0: not given */
    int64_t now_s;                  /* 0: not given */
    bool before, known, take_shrunk;
    char *const *at, *const *end; /* borrowed: what was not taken yet */
    const char **list;            /* owned: values of `allow`, then those of `force` */
    size_t room;                  /* of each */
};

enum load_arg_kind {
    LOAD_ARG_PATH,
    LOAD_ARG_GUARD, /* a path that only guards are taken from */
    LOAD_ARG_END,
    LOAD_ARG_BAD,
};

struct load_arg {
    const char *path;            /* borrowed, as all texts */
    struct load_options options; /* of LOAD_ARG_PATH; borrowed until the next one is taken */
};

/* Takes the options in front. 0, -ENOMEM, or -EINVAL when they, or what follows, are nonsense. */
int load_args_init(struct load_args *a, int argc, char *const *argv);
void load_args_done(struct load_args *a);
/* Takes one more path with what stands in front of it. */
enum load_arg_kind load_args_next(struct load_args *a, struct load_arg *ret);

#endif
