/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of settings, and what no single key can say. */
#include "report/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/text.h"
#include "packet/capture.h"

#define TEXT     CONF_TEXT
#define LIST     CONF_LIST
#define BOOL     CONF_BOOL
#define NUMBER   CONF_NUMBER
#define SIZE     CONF_SIZE
#define DURATION CONF_DURATION
#define CHOICE   CONF_CHOICE

static const struct conf_key source_keys[] = {
#define X(key, field, type, deflt, least, most, choices, help)                                               \
    {"source", key, type, offsetof(struct settings_source, field), deflt, least, most, choices, help, NULL},
    BRIDLE_SOURCE_SETTINGS(X)
#undef X
};

const struct conf_group settings_source_group = {source_keys, sizeof source_keys / sizeof *source_keys,
                                                 sizeof(struct settings_source)};

const struct conf_key settings_keys[] = {
#define X(section, key, field, type, deflt, least, most, choices, help)                                      \
    {section, key, type, offsetof(struct settings, field), deflt, least, most, choices, help, NULL},
    BRIDLE_SETTINGS(X)
#undef X
        {"source", "NAME", CONF_GROUP, offsetof(struct settings, sources), "", 0, SOURCES_MAX, NULL,
         "A list of indicators, one section for each, with a name of your own choice. It stands beside "
         "`path` "
         "above.",
         &settings_source_group},
};

const size_t settings_count = sizeof settings_keys / sizeof *settings_keys;

struct check {
    conf_problem_fn problem;
    void *ctx;
    bool failed;
};

static void tell(struct check *c, bool error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void tell(struct check *c, bool error, const char *fmt, ...)
{
    char raw[512], buf[2048];
    struct text t = text_on(buf, sizeof buf);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    text_escaped(&t, span_str(raw));
    c->failed |= error;
    c->problem(c->ctx, error, buf);
}

static bool has_word(const struct conf_list *list, size_t before, const char *word)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(list->word[i], word) == 0)
            return true;
    return false;
}

static void check_capture(struct check *c, const struct settings *s)
{
    const struct conf_list *l = &s->interfaces;
    struct capture_tzsp_name tzsp;

    if (l->words == 0)
        tell(c, true, "capture.interface: no interface: name one, or write auto");
    for (size_t i = 0; i < l->words; i++) {
        const char *w = l->word[i];
        if (strcmp(w, "auto") == 0 && l->words > 1)
            tell(c, true, "capture.interface: auto stands alone: remove it or the other interfaces");
        else if (capture_is_tzsp(w) && !capture_tzsp_read(w, &tzsp))
            tell(c, true,
                 "capture.interface: \"%s\" cannot be received: write tzsp:37008, tzsp:192.0.2.1:37008 or "
                 "tzsp:[2001:db8::1]:37008",
                 w);
        else if (capture_is_tzsp(w) && s->filter[0] != 0)
            tell(c, true, "capture.filter: does not apply to %s: the sender chooses what it sends", w);
        else if (!capture_is_tzsp(w) && (strlen(w) >= SETTINGS_INTERFACE_MAX || strchr(w, '/') != NULL))
            tell(c, true,
                 "capture.interface: \"%s\" cannot be an interface: names have at most %d characters and "
                 "no slash (see `ip link`)",
                 w, SETTINGS_INTERFACE_MAX - 1);
        else if (has_word(l, i, w))
            tell(c, true, "capture.interface: %s is there twice: remove one", w);
    }
    if (l->words > SETTINGS_INTERFACES)
        tell(c, true, "capture.interface: more than %d interfaces", SETTINGS_INTERFACES);
    if (strlen(s->filter) >= SETTINGS_FILTER_MAX)
        tell(c, true, "capture.filter: longer than %d bytes: shorten it", SETTINGS_FILTER_MAX - 1);
    if (s->snaplen > 0 && s->snaplen < 256)
        tell(c, true, "capture.snaplen: %u bytes hold no names: write 0 (whole packets), or 2048 and more",
             (unsigned)s->snaplen);
    else if (s->snaplen > 0 && s->snaplen < 2048)
        tell(c, false, "capture.snaplen: %u bytes lose names in long messages: 0 or 2048 and more keep them",
             (unsigned)s->snaplen);
}

static bool read_port(const char *w)
{
    char *end;

    if (w[0] < '0' || w[0] > '9')
        return false;
    unsigned long n = strtoul(w, &end, 10);
    return *end == 0 && n >= 1 && n <= 65535;
}

static void check_network(struct check *c, const struct settings *s)
{
    const struct conf_list *l = &s->home;

    if (l->words == 0 || l->words > SETTINGS_HOMES)
        tell(c, true, "network.home: %zu prefixes: write auto, or 1 to %d prefixes", l->words,
             SETTINGS_HOMES);
    for (size_t i = 0; i < l->words; i++) {
        struct prefix p;
        bool host_bits = false;
        if (strcmp(l->word[i], "auto") == 0)
            continue;
        if (!prefix_parse(span_str(l->word[i]), &p, &host_bits)) {
            tell(c, true, "network.home: \"%s\" is no prefix: write as 192.0.2.0/24 or 2001:db8::/32",
                 l->word[i]);
        } else if (host_bits) {
            char meant[PREFIX_TEXT_MAX];
            tell(c, false, "network.home: %s has bits behind its length: taken as %s", l->word[i],
                 prefix_text(&p, meant));
        }
    }
    l = &s->dns_ports;
    if (l->words == 0 || l->words > SETTINGS_PORTS)
        tell(c, true, "network.dns-ports: %zu ports: write 1 to %d, as 53 5353 5355", l->words,
             SETTINGS_PORTS);
    for (size_t i = 0; i < l->words; i++)
        if (!read_port(l->word[i]))
            tell(c, true, "network.dns-ports: \"%s\" is no port: write a number from 1 to 65535", l->word[i]);
}

static void check_alerts(struct check *c, const struct settings *s)
{
    static const char *const severities[] = {"emerg",   "alert",  "crit", "err",
                                             "warning", "notice", "info", "debug"};
    const struct conf_list *l = &s->syslog_severity;

    if (s->close_after < s->repeat_interval)
        tell(c, true,
             "alerts.close-after is shorter than alerts.repeat-interval: incidents would be closed before "
             "they are summarised; make it at least as long");
    if (l->words != 3)
        tell(c, true, "syslog.severity: %zu words: write three, for alerts of severity 1, 2 and 3", l->words);
    for (size_t i = 0; i < l->words; i++) {
        size_t k = 0;
        while (k < 8 && strcmp(severities[k], l->word[i]) != 0)
            k++;
        if (k == 8)
            tell(c, true, "syslog.severity: \"%s\" is none of emerg alert crit err warning notice info debug",
                 l->word[i]);
    }
    if (s->stats_interval > 0 && s->stats_interval < SECOND_NS)
        tell(c, true, "eve.stats-interval: shorter than a second: write 0 (never), or 1s and more");
    if (s->observe && s->eve_path[0] == 0)
        tell(c, false, "eve.observations is on, but eve.path names no file to write them to");
}

/* A path that does not change its meaning with the folder in which we happen to be started. */
static void check_path(struct check *c, const char *key, const char *path, size_t most)
{
    if (path[0] != 0 && path[0] != '/')
        tell(c, true,
             "%s: \"%s\" depends on the folder that the daemon is started in: write a path that begins "
             "with /",
             key, path);
    if (strlen(path) > most)
        tell(c, true, "%s: longer than %zu bytes", key, most);
}

static void check_paths(struct check *c, const struct settings *s)
{
    const size_t socket_most = 107; /* sun_path, unix(7) */

    check_path(c, "daemon.state", s->state_dir, 3840);
    check_path(c, "daemon.control-socket", s->control_socket, socket_most);
    if (s->syslog)
        check_path(c, "syslog.socket", s->syslog_socket, socket_most);
    if (s->syslog && s->syslog_socket[0] == 0)
        tell(c, true, "syslog.socket: empty: name the socket (/dev/log), or write enabled = no");
    if (s->rules.words == 0)
        tell(c, true, "rules.path: empty: name files or folders, or write default");
}

bool settings_source_path(const struct settings_source *source, char *ret, size_t bytes)
{
    const char *path = source->path;
    int n = path[0] != 0 ? snprintf(ret, bytes, "%s", path)
                         : snprintf(ret, bytes, "%s/%s", SOURCES_DIR, source->named.name);

    return n > 0 && (size_t)n < bytes;
}

static bool is_digest(const char *hex)
{
    return strlen(hex) == 64 && strspn(hex, "0123456789abcdefABCDEF") == 64;
}

static void check_source(struct check *c, const struct settings_source *source)
{
    char where[32 + CONF_NAME_MAX], key[64 + CONF_NAME_MAX];
    const char *url = source->url;
    bool pinned = source->sha256[0] != 0 || source->minisign[0] != 0;

    snprintf(where, sizeof where, "[source %s]", source->named.name);
    snprintf(key, sizeof key, "%s path", where);
    check_path(c, key, source->path, 3840);
    if (source->path[0] == 0 && url[0] == 0)
        tell(c, true, "%s: neither path nor url: say where its list is", where);
    if (strcspn(url, " \t\"'\\") != strlen(url))
        tell(c, true, "%s url: blanks, quotes and backslashes cannot stand in a URL: write %%20 for a blank",
             where);
    if (strncmp(url, "http://", 7) == 0 && !pinned)
        tell(c, true,
             "%s url: whoever is on the way can change what comes by http: write https, or pin it by sha256 "
             "or "
             "minisign",
             where);
    else if (url[0] != 0 && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        tell(c, true, "%s url: write a URL that begins with https://, or give a path instead", where);
    if (pinned && url[0] == 0)
        tell(c, false, "%s: sha256 and minisign are checked when a url is fetched, and there is none", where);
    if (source->sha256[0] != 0 && !is_digest(source->sha256))
        tell(c, true, "%s sha256: write 64 hexadecimal digits", where);
    if (source->minisign[0] != 0 &&
        (strncmp(source->minisign, "RW", 2) != 0 || strlen(source->minisign) != 56))
        tell(c, true, "%s minisign: write the public key itself: 56 characters that begin with RW", where);
}

static void check_sources(struct check *c, const struct settings *s)
{
    char path[4096], other[4096];

    check_path(c, "rules.exceptions", s->exceptions, 3840);
    for (size_t i = 0; i < s->sources.count; i++) {
        const struct settings_source *source = settings_source(s, i);
        check_source(c, source);
        settings_source_path(source, path, sizeof path);
        for (size_t k = 0; k < i; k++)
            if (settings_source_path(settings_source(s, k), other, sizeof other) && strcmp(path, other) == 0)
                tell(c, true, "[source %s] path: the same as that of [source %s]", source->named.name,
                     settings_source(s, k)->named.name);
    }
}

static void check_limits(struct check *c, const struct settings *s)
{
    uint64_t bytes = s->streams * s->stream_bytes_max * s->workers;

    if (bytes > 1024ull * MiB)
        tell(c, false,
             "limits.streams and limits.stream-bytes: an attacker could make the workers hold %llu MiB",
             (unsigned long long)(bytes / MiB));
}

int settings_check(const struct settings *s, conf_problem_fn problem, void *ctx)
{
    struct check c = {.problem = problem, .ctx = ctx};

    check_capture(&c, s);
    check_network(&c, s);
    check_alerts(&c, s);
    check_paths(&c, s);
    check_sources(&c, s);
    check_limits(&c, s);
    return c.failed ? -EINVAL : 0;
}
