/* SPDX-License-Identifier: BSD-2-Clause */
/* One line about the program itself, escaped, to the sink. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

/* Longest line before and after escaping, which makes up to four bytes of one. */
#define LINE_MAX_BYTES    1024
#define ESCAPED_MAX_BYTES (4 * LINE_MAX_BYTES)

/* The one exception to "no global state": a message must find its way from wherever it arises. */
static struct {
    const char *program;
    log_fn fn;
    void *ctx;
    enum log_level threshold;
} sink = {.program = "bridled", .threshold = LOG_LEVEL_NOTICE};

void log_to(log_fn fn, void *ctx)
{
    sink.fn = fn;
    sink.ctx = ctx;
}

void log_name(const char *program)
{
    sink.program = program;
}

void log_threshold(enum log_level least_important)
{
    sink.threshold = least_important;
}

static void to_stderr(const char *line)
{
    char buf[ESCAPED_MAX_BYTES + 64];
    struct text t = text_on(buf, sizeof buf - 1);

    text_fmt(&t, "%s: %s", sink.program, line);
    buf[t.len] = '\n';
    /* One write, so that lines of several processes do not mix; nothing can be done when it fails. */
    ssize_t ignored = write(STDERR_FILENO, buf, t.len + 1);
    (void)ignored;
}

/* As text_escaped, but a backslash stays: texts that are logged were often escaped before. */
static void escape(struct text *t, const char *line)
{
    for (const char *p = line; *p != 0; p++)
        if (*p == '\\')
            text_char(t, *p);
        else
            text_escaped(t, span_of(p, 1));
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES], escaped[ESCAPED_MAX_BYTES];
    struct text t = text_on(escaped, sizeof escaped);
    int saved = errno;
    va_list ap;

    if (level > sink.threshold)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    escape(&t, line);
    if (sink.fn != NULL)
        sink.fn(sink.ctx, level, escaped);
    else
        to_stderr(escaped);
    errno = saved;
}
