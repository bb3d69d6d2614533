/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of main share. */
#include "serve/serve.h"

#include <stdarg.h>
#include <stdio.h>

#include "serve/clock.h"
#include "serve/live.h"
#include "serve/notice.h"

void serve_engine(struct serve *s, enum log_level level, uint64_t ts_ns, const char *kind, const char *fmt,
                  ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_line(level, "%s", text);
    if (s->reporter != NULL)
        reporter_engine(s->reporter, ts_ns != 0 || s->replay != NULL ? ts_ns : clock_wall_ns(), kind, text);
}

void serve_notice_text(struct serve *s, const struct record *r, char *ret, size_t bytes)
{
    const struct generation *g = images_find(&s->images, r->generation);
    notice_text(r, g != NULL ? g->map : NULL, serve_source, s, ret, bytes);
}

void serve_stats(struct serve *s, uint64_t ts_ns)
{
    uint64_t sum[COUNTERS];
    struct meter meter;

    workers_sum(&s->workers, sum);
    workers_meter(&s->workers, &meter);
    reporter_stats(s->reporter, ts_ns, sum, &meter);
}

const char *serve_source(void *serve, uint32_t source)
{
    const struct serve *s = serve;

    if (s->live != NULL)
        return live_interface(s->live, source);
    return source < s->options.files.count ? s->options.files.at[source] : NULL;
}
