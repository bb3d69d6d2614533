/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading again by itself: when files of the rules have changed, and then nothing for `rules.settle`. What
 * counts is what lies there, not what was heard of it, so that no way of writing, renaming, linking or taking
 * away can be missed for long: it is looked at when something was heard in a folder around, and now and then.
 */
#ifndef BRIDLE_SERVE_WATCH_H
#define BRIDLE_SERVE_WATCH_H

#include "serve/serve.h"

struct watch;

/* NULL: there is no inotify, or no memory (told). `paths` is borrowed. */
struct watch *watch_new(struct serve *s, const struct load_paths *paths);
/* A load begins: what lies there now is what it reads. */
void watch_loads(struct watch *w);
void watch_free(struct watch *w);

#endif
