/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program says of itself (not alerts): to stderr, or to whoever main gave it to. Only cold code of
 * main, loader and bridlectl logs; the packet path never does. */
#ifndef BRIDLE_BASE_LOG_H
#define BRIDLE_BASE_LOG_H

#include "base/span.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void (*log_fn)(void *ctx, enum log_level level, const char *line);

/* One escaped line without newline; the default sink writes "bridled: LINE" to stderr. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_to(log_fn fn, void *ctx);
void log_name(const char *program); /* static text */
void log_threshold(enum log_level least_important);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
