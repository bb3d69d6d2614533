/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker's notices mean for people: how loud each is, and its text with names in place of numbers. */
#ifndef BRIDLE_SERVE_NOTICE_H
#define BRIDLE_SERVE_NOTICE_H

#include "base/log.h"
#include "intel/image.h"
#include "worker/record.h"

/* How loud a notice is; ret_event: it is worth an engine event too. */
enum log_level notice_level(uint8_t notice, bool *ret_event);
/* Whether it is of an interface as a whole, so that one of its workers saying it is enough. */
bool notice_once(uint8_t notice);
/*
 * Renders notice_texts[notice]: a number that follows the word `file` or `interface` is replaced by the name
 * that `source` gives for it, escaped; one that follows `error` by the error's text; one that follows
 * `indicator` by its value in `im`, the image of r->generation (NULL: it is gone).
 */
void notice_text(const struct record *r, const struct image *im,
                 const char *(*source)(void *ctx, uint32_t source), void *ctx, char *ret, size_t bytes);

#endif
