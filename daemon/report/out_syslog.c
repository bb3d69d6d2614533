/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alerts to the local syslog daemon in the form of RFC 3164 as rsyslog, syslog-ng and OpenWrt's logd read it
 * from their socket: local time, no host name. Never blocks; what a restarting daemon cannot take waits in a
 * short queue.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "report/output.h"
#include "report/phrase.h"

#define QUEUE_MAX         64
#define MESSAGE_MAX_BYTES 8000 /* below rsyslog's default of 8 KiB */

enum { PRIORITY_CRIT = 2, PRIORITY_WARNING = 4, PRIORITY_NOTICE = 5 };

struct syslog {
    const struct settings *settings; /* borrowed */
    int fd;                          /* -1: not connected */
    bool stream;
    unsigned priority[3];   /* of alerts of severity 1, 2, 3 */
    char *queue[QUEUE_MAX]; /* owned, oldest first */
    unsigned queued;
    uint64_t lost;
    bool failing; /* said so already */
};

static unsigned priority_named(const char *name, unsigned otherwise)
{
    static const char *const names[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return otherwise;
}

static int syslog_open(const struct output_context *context, void **ret)
{
    const struct settings *settings = context->options->settings;
    const unsigned deflt[3] = {PRIORITY_CRIT, PRIORITY_WARNING, PRIORITY_NOTICE};

    if (settings == NULL || !settings->syslog)
        return 0;
    struct syslog *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->settings = settings;
    s->fd = -1;
    for (unsigned i = 0; i < 3; i++)
        s->priority[i] = i < settings->syslog_severity.words
                             ? priority_named(settings->syslog_severity.word[i], deflt[i])
                             : deflt[i];
    tzset(); /* reads the time zone before the sandbox closes */
    *ret = s;
    return 1;
}

static void hang_up(struct syslog *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* 0 or the errno. */
static int dial(struct syslog *s, int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = s->settings->syslog_socket;

    if (path == NULL || strlen(path) >= sizeof to.sun_path)
        return ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path) + 1);
    s->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return errno;
    s->stream = type == SOCK_STREAM;
    if (connect(s->fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return 0;
    int error = errno;
    hang_up(s);
    return error == EPROTOTYPE && type == SOCK_DGRAM ? dial(s, SOCK_STREAM) : error;
}

/* One try. A stream's messages end with NUL, as syslog(3) does it. 0 or the errno. */
static int deliver(struct syslog *s, const char *message)
{
    size_t len = strlen(message);
    int error = s->fd >= 0 ? 0 : dial(s, SOCK_DGRAM);

    if (error != 0)
        return error;
    if (s->stream)
        len++;
    ssize_t n = send(s->fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == (ssize_t)len)
        return 0;
    error = n < 0 ? errno : EPIPE; /* a piece went out: only a new stream can put that right */
    if (error != EAGAIN && error != ENOBUFS && error != EMSGSIZE)
        hang_up(s);
    return error;
}

/* As deliver, but a daemon that went away and came back is met at its new socket. */
static int deliver_again(struct syslog *s, const char *message)
{
    bool was_connected = s->fd >= 0;
    int error = deliver(s, message);

    return error != 0 && was_connected && s->fd < 0 ? deliver(s, message) : error;
}

static void drop_first(struct syslog *s)
{
    free(s->queue[0]);
    s->queued--;
    memmove(&s->queue[0], &s->queue[1], s->queued * sizeof *s->queue);
}

static void flush(struct syslog *s)
{
    while (s->queued > 0) {
        int error = deliver_again(s, s->queue[0]);
        if (error == EMSGSIZE)
            s->lost++;
        else if (error != 0)
            return;
        drop_first(s);
    }
    bool recovered = s->failing;
    s->failing = false;
    if (recovered)
        log_notice("%s: syslog takes messages again", s->settings->syslog_socket);
}

static void hold(struct syslog *s, const char *message, int error)
{
    char *copy = strdup(message);

    bool news = !s->failing;

    s->failing = true;
    if (copy == NULL || s->queued == QUEUE_MAX) {
        s->lost++; /* the first news matter most: the newest is dropped */
        free(copy);
    } else {
        s->queue[s->queued++] = copy;
    }
    if (news) /* last: what is logged may come back here */
        log_warning("%s: cannot deliver to syslog: %s; messages wait", s->settings->syslog_socket,
                    strerror(error));
}

static struct text begin(char *buf, size_t cap, const struct syslog *s, unsigned priority)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct text t = text_on(buf, cap);
    time_t now = time(NULL); /* of sending: the daemon sorts by it */
    struct tm tm = {0};

    localtime_r(&now, &tm);
    text_fmt(&t, "<%u>%s %2d %02d:%02d:%02d bridled[%d]: ", s->settings->syslog_facility * 8 + priority,
             months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)getpid());
    return t;
}

static void send_text(struct syslog *s, const struct text *t)
{
    if (s->queued > 0)
        flush(s);
    int error = s->queued > 0 ? EAGAIN : deliver_again(s, t->at);
    if (error == EMSGSIZE)
        s->lost++;
    else if (error != 0)
        hold(s, t->at, error);
}

/* ` key=value`, in quotes where a reader could otherwise take a part of the value for another key. */
static void put(struct text *t, const char *key, struct span escaped)
{
    bool quote = escaped.len == 0;

    for (size_t i = 0; i < escaped.len; i++)
        quote |= escaped.at[i] <= ' ' || escaped.at[i] >= 0x7f || strchr("\"'=,;", escaped.at[i]) != NULL;
    text_fmt(t, quote ? " %s=\"" : " %s=", key);
    for (size_t i = 0; i < escaped.len; i++)
        text_char(t, escaped.at[i] == '"' ? '\'' : (char)escaped.at[i]);
    text_str(t, quote ? "\"" : "");
}

static void put_name(struct text *t, const char *key, struct span wire)
{
    char buf[NAME_TEXT_MAX * 4 + 1];
    struct text v = text_on(buf, sizeof buf);

    text_name(&v, wire);
    put(t, key, text_span(&v));
}

static void put_ends(struct text *t, const struct alert *a)
{
    char address[ADDR_TEXT_MAX];

    put(t, "client", span_str(addr_text(&a->where.client, address)));
    if (phrase_contacted(a->where.via))
        put(t, "server", span_str(addr_text(&a->where.server, address)));
    else
        put(t, "resolver", span_str(addr_text(&a->where.server, address)));
}

/* What makes an alert less severe than its tier, and what came of it. */
static void put_grade(struct text *t, const struct alert *a)
{
    const struct incident *in = a->incident;

    if (a->age.aged)
        text_fmt(t, " age_days=%" PRIu64, a->age.days);
    if (in->ioc->low_trust)
        text_str(t, " trust=low");
    if (in->blocked == BLOCKED_NOT)
        return;
    text_fmt(t, " blocked=%s", blocked_names[in->blocked]);
    put_name(t, "blocked_by", in->blocked_by);
}

static void syslog_alert(void *self, const struct alert *a)
{
    struct syslog *s = self;
    const struct incident *in = a->incident;
    const struct ioc_copy *ioc = in->ioc;
    char buf[MESSAGE_MAX_BYTES], campaigns[IMAGE_CAMPAIGNS_MAX * (IOC_CAMPAIGN_MAX + 2) + 1];
    struct text t = begin(buf, sizeof buf, s, s->priority[a->severity - 1]);
    struct text c = text_on(campaigns, sizeof campaigns);

    if (a->why == WHY_CLOSED)
        return;
    text_fmt(&t, "alert sev=%u why=%s stage=%s", a->severity, why_names[a->why], stage_names[in->stage]);
    put_ends(&t, a);
    put_name(&t, "observed", a->observed);
    put(&t, "ioc", span_str(ioc->value));
    alert_campaigns(&c, ioc);
    put(&t, "campaign", text_span(&c));
    text_fmt(&t, " tier=%s via=%s", tier_names[ioc->tier], via_names[a->where.via]);
    put_grade(&t, a);
    if (a->hosting.len > 0)
        put_name(&t, "hosting", a->hosting);
    text_fmt(&t, " incident=%s count=%" PRIu64 " bytes_out=%" PRIu64 " bytes_in=%" PRIu64, in->id, in->count,
             in->bytes_out, in->bytes_in);
    send_text(s, &t);
}

/* Kinds of engine events that are no cause for worry. */
static unsigned engine_priority(const char *kind)
{
    static const char *const calm[] = {"done", "file-done", "interface-up", "rules-loaded"};

    for (size_t i = 0; i < sizeof calm / sizeof *calm; i++)
        if (strcmp(calm[i], kind) == 0)
            return PRIORITY_NOTICE;
    return PRIORITY_WARNING;
}

static void syslog_engine(void *self, uint64_t ts_ns, const char *kind, const char *text)
{
    struct syslog *s = self;
    char buf[MESSAGE_MAX_BYTES];
    struct text t = begin(buf, sizeof buf, s, engine_priority(kind));

    text_fmt(&t, "%s: ", kind);
    text_utf8(&t, span_of(text, strnlen(text, MESSAGE_MAX_BYTES / 4 - 100)));
    send_text(s, &t);
}

static void syslog_tick(void *self)
{
    flush(self);
}

static uint64_t syslog_errors(const void *self)
{
    return ((const struct syslog *)self)->lost;
}

static void syslog_close(void *self)
{
    struct syslog *s = self;

    flush(s);
    while (s->queued > 0)
        drop_first(s);
    hang_up(s);
    free(s);
}

const struct output output_syslog = {
    .name = "syslog",
    .open = syslog_open,
    .alert = syslog_alert,
    .engine = syslog_engine,
    .tick = syslog_tick,
    .errors = syslog_errors,
    .close = syslog_close,
};
