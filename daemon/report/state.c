/* SPDX-License-Identifier: BSD-2-Clause */
/* Open incidents on disk. */
#include "report/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "intel/match.h"

#define FIRST_LINE     "bridle incidents 2"
#define LINE_MAX_BYTES 32768
#define FIELDS_MAX     32

/* indicator KEY TYPE VALUE TIER LINE FROM UNTIL FIRST DOUBTS REFERENCE FEED SOURCES SOURCE... CAMPAIGN... */
enum {
    I_KEY = 1,
    I_TYPE,
    I_VALUE,
    I_TIER,
    I_LINE,
    I_FROM,
    I_UNTIL,
    I_FIRST,
    I_DOUBTS,
    I_REFERENCE,
    I_FEED,
    I_SOURCES, /* how many */
    I_TEXTS,
};

enum { DOUBT_LOW_TRUST = 1, DOUBT_REBUILT = 2, DOUBTS_ALL = 3 };

/* incident KEY TYPE VALUE CLIENT ID FIRST LAST ACTIVE TOLD COUNT TOLD-COUNT OUT IN STAGE SEVERITY
 *          SERVER CLIENT-PORT SERVER-PORT IP-PROTO VIA MATCH FLAGS FLOW OBSERVED HOSTING BLOCKED BLOCKED-BY
 */
enum {
    N_KEY = 1,
    N_TYPE,
    N_VALUE,
    N_CLIENT,
    N_ID,
    N_FIRST,
    N_LAST,
    N_ACTIVE,
    N_TOLD,
    N_COUNT,
    N_TOLD_COUNT,
    N_OUT,
    N_IN,
    N_STAGE,
    N_SEVERITY,
    N_SERVER,
    N_CLIENT_PORT,
    N_SERVER_PORT,
    N_IP_PROTO,
    N_VIA,
    N_MATCH,
    N_FLAGS,
    N_FLOW,
    N_OBSERVED,
    N_HOSTING,
    N_BLOCKED,
    N_BLOCKED_BY,
    N_FIELDS,
};

static void put_u64(struct text *t, uint64_t v)
{
    text_fmt(t, "\t%" PRIu64, v);
}

static void put_text(struct text *t, struct span s)
{
    text_char(t, '\t');
    text_escaped(t, s);
}

static void put_str(struct text *t, const char *s)
{
    put_text(t, span_str(s));
}

static void put_indicator_ref(struct text *t, const struct ioc_copy *c)
{
    text_fmt(t, "\t%016" PRIx64, c->key);
    put_str(t, ioc_type_names[c->type]);
    put_str(t, c->value);
}

static void put_indicator(struct text *t, const struct ioc_copy *c)
{
    text_str(t, "indicator");
    put_indicator_ref(t, c);
    put_str(t, tier_names[c->tier]);
    put_u64(t, c->line);
    const int64_t times[] = {c->from_s, c->until_s, c->first_s};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        put_u64(t, times[i] > 0 ? (uint64_t)times[i] : 0); /* from before 1970 they say nothing */
    put_u64(t, (c->low_trust ? DOUBT_LOW_TRUST : 0) | (c->rebuilt ? DOUBT_REBUILT : 0));
    put_str(t, c->reference);
    put_str(t, c->feed);
    put_u64(t, c->sources);
    for (unsigned i = 0; i < c->sources; i++)
        put_str(t, c->source[i]);
    for (unsigned i = 0; i < c->campaigns; i++)
        put_str(t, c->campaign[i]);
}

static void put_incident(struct text *t, const struct incident *in, uint64_t offset_ns)
{
    char address[ADDR_TEXT_MAX];
    const uint64_t numbers[] = {in->first_ns,
                                in->last_ns,
                                in->active_at - offset_ns,
                                in->told_at - offset_ns,
                                in->count,
                                in->told_count,
                                in->bytes_out,
                                in->bytes_in};
    const struct sighting *f = &in->face;

    text_str(t, "incident");
    put_indicator_ref(t, in->ioc);
    put_str(t, addr_text(&f->client, address));
    put_str(t, in->id);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_u64(t, numbers[i]);
    put_str(t, stage_names[in->stage]);
    put_u64(t, in->severity);
    put_str(t, addr_text(&f->server, address));
    put_u64(t, f->client_port);
    put_u64(t, f->server_port);
    put_u64(t, f->ip_proto);
    put_str(t, via_names[f->via]);
    put_str(t, match_names[f->match]);
    put_u64(t, f->flags);
    put_u64(t, f->flow_id);
    put_text(t, in->observed);
    put_text(t, in->hosting);
    put_str(t, blocked_names[in->blocked]);
    put_text(t, in->blocked_by);
}

static void put_line(FILE *to, struct text *t)
{
    text_char(t, '\n');
    if (!t->full)
        fwrite(t->at, 1, t->len, to);
}

static void write_all(struct incidents *s, FILE *to, uint64_t offset_ns, char *buf)
{
    s->saves++;
    fputs(FIRST_LINE "\n", to);
    for (struct incident_link *l = s->by_activity.next; l != &s->by_activity; l = l->next) {
        struct incident *in = incident_by_activity(l);
        struct text t = text_on(buf, LINE_MAX_BYTES);
        if (in->ioc->saved != s->saves) {
            in->ioc->saved = s->saves;
            put_indicator(&t, in->ioc);
            put_line(to, &t);
            t = text_on(buf, LINE_MAX_BYTES);
        }
        put_incident(&t, in, offset_ns);
        put_line(to, &t);
    }
}

static void sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* Writes to `path` and makes sure that it is on the disk. */
static int write_file(struct incidents *s, const char *path, uint64_t offset_ns)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    char *buf = malloc(LINE_MAX_BYTES);

    if (to == NULL || buf == NULL) {
        int error = errno;
        free(buf);
        if (to != NULL)
            fclose(to);
        else if (fd >= 0)
            close(fd);
        return -error;
    }
    write_all(s, to, offset_ns, buf);
    free(buf);
    bool bad = fflush(to) != 0 || ferror(to) || fsync(fd) != 0;
    int error = bad && errno != 0 ? errno : EIO;
    if (fclose(to) != 0 || bad)
        return -error;
    return 0;
}

int state_save(struct incidents *s, const char *dir, uint64_t offset_ns)
{
    char path[4096], temporary[4096];

    if (snprintf(path, sizeof path, "%s/incidents", dir) >= (int)sizeof path ||
        snprintf(temporary, sizeof temporary, "%s/incidents.new", dir) >= (int)sizeof temporary)
        return -ENAMETOOLONG;
    int r = write_file(s, temporary, offset_ns);
    if (r == 0 && rename(temporary, path) != 0)
        r = -errno;
    if (r != 0)
        unlink(temporary);
    else
        sync_dir(dir);
    return r;
}

/* A line taken apart: fields without their escapes. */
struct fields {
    struct span f[FIELDS_MAX];
    size_t n;
};

/* Undoes text_escaped in place; returns the new length, SIZE_MAX when an escape is broken. */
static size_t unescape(char *at, size_t len)
{
    size_t to = 0;

    for (size_t i = 0; i < len; i++) {
        if (at[i] != '\\') {
            at[to++] = at[i];
            continue;
        }
        unsigned v = 0;
        for (unsigned k = 1; k <= 3; k++) {
            if (i + k >= len || at[i + k] < '0' || at[i + k] > '9')
                return SIZE_MAX;
            v = v * 10 + (unsigned)(at[i + k] - '0');
        }
        if (v > 255)
            return SIZE_MAX;
        at[to++] = (char)v;
        i += 3;
    }
    return to;
}

static bool take_apart(char *line, size_t len, struct fields *ret)
{
    ret->n = 0;
    for (size_t from = 0; from <= len;) {
        const char *tab = memchr(line + from, '\t', len - from);
        size_t end = tab != NULL ? (size_t)(tab - line) : len;
        if (ret->n == FIELDS_MAX)
            return false;
        size_t n = unescape(line + from, end - from);
        if (n == SIZE_MAX)
            return false;
        ret->f[ret->n++] = span_of(line + from, n);
        from = end + 1;
    }
    return true;
}

/* Numbers of at most `most`; a broken field clears *ok and reads as 0. */
static uint64_t number(struct span s, unsigned base, uint64_t most, bool *ok)
{
    uint64_t v = 0;

    *ok &= s.len > 0;
    for (size_t i = 0; i < s.len && *ok; i++) {
        const char *digits = "0123456789abcdef", *d = s.at[i] != 0 ? strchr(digits, s.at[i]) : NULL;
        uint64_t digit = d != NULL ? (uint64_t)(d - digits) : base;
        *ok = digit < base && v <= (UINT64_MAX - digit) / base;
        v = *ok ? v * base + digit : 0;
    }
    *ok &= v <= most;
    return *ok ? v : 0;
}

static uint8_t named(struct span s, const char *const *names, unsigned n, bool *ok)
{
    for (unsigned i = 0; i < n; i++)
        if (span_eq(s, span_str(names[i])))
            return (uint8_t)i;
    *ok = false;
    return 0;
}

static struct addr address(struct span s, bool *ok)
{
    struct addr a = {0};
    *ok &= addr_parse(s, &a);
    return a;
}

/* Makes the copy that the incidents after this line use; it is held until the end of the load. */
static struct ioc_copy *read_indicator(struct incidents *s, const struct fields *f)
{
    bool ok = f->n >= I_TEXTS;
    struct ioc ioc = {0};

    if (!ok)
        return NULL;
    ioc.key = number(f->f[I_KEY], 16, UINT64_MAX, &ok);
    ioc.type = named(f->f[I_TYPE], ioc_type_names, IOC_TYPES, &ok);
    ioc.tier = named(f->f[I_TIER], tier_names, TIERS, &ok);
    ioc.value = f->f[I_VALUE];
    ioc.line = (uint32_t)number(f->f[I_LINE], 10, UINT32_MAX, &ok);
    ioc.from_s = (int64_t)number(f->f[I_FROM], 10, INT64_MAX, &ok);
    ioc.until_s = (int64_t)number(f->f[I_UNTIL], 10, INT64_MAX, &ok);
    ioc.first_s = (int64_t)number(f->f[I_FIRST], 10, INT64_MAX, &ok);
    uint64_t doubts = number(f->f[I_DOUBTS], 10, DOUBTS_ALL, &ok);
    ioc.low_trust = (doubts & DOUBT_LOW_TRUST) != 0;
    ioc.rebuilt = (doubts & DOUBT_REBUILT) != 0;
    ioc.reference = f->f[I_REFERENCE];
    ioc.feed = f->f[I_FEED];
    ioc.sources = (unsigned)number(f->f[I_SOURCES], 10, IMAGE_SOURCES_MAX, &ok);
    if (!ok || ioc.sources > f->n - I_TEXTS)
        return NULL;
    memcpy(ioc.source, &f->f[I_TEXTS], ioc.sources * sizeof *ioc.source);
    for (size_t i = I_TEXTS + ioc.sources; i < f->n && ioc.campaigns < IMAGE_CAMPAIGNS_MAX; i++)
        ioc.campaign[ioc.campaigns++] = f->f[i];
    return ok && ioc.value.len > 0 ? ioc_copy_get(&s->copies, &ioc, IOC_NO_GENERATION) : NULL;
}

static bool read_face(struct incident *in, const struct fields *f)
{
    bool ok = true;

    in->face.server = address(f->f[N_SERVER], &ok);
    in->face.client_port = (uint16_t)number(f->f[N_CLIENT_PORT], 10, UINT16_MAX, &ok);
    in->face.server_port = (uint16_t)number(f->f[N_SERVER_PORT], 10, UINT16_MAX, &ok);
    in->face.ip_proto = (uint8_t)number(f->f[N_IP_PROTO], 10, UINT8_MAX, &ok);
    in->face.via = named(f->f[N_VIA], via_names, VIAS, &ok);
    in->face.match = named(f->f[N_MATCH], match_names, MATCH_EXCEPTION + 1, &ok);
    in->face.flags = (uint16_t)number(f->f[N_FLAGS], 10, RECORD_FLAGS_ALL, &ok);
    in->face.flow_id = number(f->f[N_FLOW], 10, UINT64_MAX, &ok);
    incident_text(&in->observed, f->f[N_OBSERVED]);
    incident_text(&in->hosting, f->f[N_HOSTING]);
    in->blocked = named(f->f[N_BLOCKED], blocked_names, BLOCKS, &ok);
    incident_text(&in->blocked_by, f->f[N_BLOCKED_BY]);
    return ok;
}

static bool read_numbers(struct incident *in, const struct fields *f)
{
    bool ok = f->f[N_ID].len == 16;

    number(f->f[N_ID], 16, UINT64_MAX, &ok);
    if (ok)
        memcpy(in->id, f->f[N_ID].at, 16);
    in->first_ns = number(f->f[N_FIRST], 10, UINT64_MAX, &ok);
    in->last_ns = number(f->f[N_LAST], 10, UINT64_MAX, &ok);
    in->active_at = number(f->f[N_ACTIVE], 10, INT64_MAX, &ok);
    in->told_at = number(f->f[N_TOLD], 10, INT64_MAX, &ok);
    in->count = number(f->f[N_COUNT], 10, UINT64_MAX, &ok);
    in->told_count = number(f->f[N_TOLD_COUNT], 10, in->count, &ok);
    in->bytes_out = number(f->f[N_OUT], 10, INT64_MAX, &ok);
    in->bytes_in = number(f->f[N_IN], 10, INT64_MAX, &ok);
    in->told_bytes = in->bytes_out + in->bytes_in;
    in->stage = named(f->f[N_STAGE], stage_names, STAGES, &ok);
    in->severity = (uint8_t)number(f->f[N_SEVERITY], 10, 3, &ok);
    return ok && in->count > 0 && in->severity > 0;
}

static bool read_incident(struct incidents *s, const struct fields *f)
{
    bool ok = f->n == N_FIELDS && s->table.count < s->max;
    char value[IOC_VALUE_MAX + 1];

    if (!ok || f->f[N_VALUE].len > IOC_VALUE_MAX)
        return false;
    memcpy(value, f->f[N_VALUE].at, f->f[N_VALUE].len);
    value[f->f[N_VALUE].len] = 0;
    uint64_t key = number(f->f[N_KEY], 16, UINT64_MAX, &ok);
    uint8_t type = named(f->f[N_TYPE], ioc_type_names, IOC_TYPES, &ok);
    struct addr client = address(f->f[N_CLIENT], &ok);
    struct ioc_copy *ioc = ok ? ioc_copy_find(&s->copies, key, type, value) : NULL;
    if (ioc == NULL || incidents_find(s, ioc, &client) != NULL)
        return false;
    ioc->users++;
    struct incident *in = incidents_open(s, ioc, &client, 0);
    if (in == NULL)
        return false;
    if (read_numbers(in, f) && read_face(in, f))
        return true;
    incidents_remove(s, in);
    return false;
}

/* Indicators that were read are held here, so that incidents find them. */
struct held {
    struct ioc_copy **copy; /* owned */
    size_t n, room;
};

static bool hold(struct incidents *s, struct held *h, struct ioc_copy *copy)
{
    if (copy == NULL)
        return false;
    if (h->n == h->room && h->n < s->max) {
        size_t room = h->room > 0 ? h->room * 2 : 64;
        struct ioc_copy **more = realloc(h->copy, room * sizeof(struct ioc_copy *));
        if (more != NULL) {
            h->copy = more;
            h->room = room;
        }
    }
    if (h->n == h->room) {
        ioc_copy_release(&s->copies, copy);
        return false;
    }
    h->copy[h->n++] = copy;
    return true;
}

static bool read_line(struct incidents *s, struct held *h, char *line, size_t len)
{
    struct fields f;

    if (!take_apart(line, len, &f))
        return false;
    if (span_eq(f.f[0], span_str("indicator")))
        return hold(s, h, read_indicator(s, &f));
    return span_eq(f.f[0], span_str("incident")) && read_incident(s, &f);
}

static void read_lines(struct incidents *s, FILE *from, const char *path, char *buf)
{
    struct held h = {0};
    unsigned long line = 1, skipped = 0, first_skipped = 0;

    while (fgets(buf, LINE_MAX_BYTES, from) != NULL) {
        size_t len = strlen(buf); /* a NUL within ends the line early: damaged, and found to be */
        bool whole = len > 0 && buf[len - 1] == '\n';
        line++;
        for (int c = whole ? '\n' : 0; c != '\n' && c != EOF;)
            c = fgetc(from);
        if (whole && read_line(s, &h, buf, len - 1))
            continue;
        skipped++;
        if (first_skipped == 0)
            first_skipped = line;
    }
    for (size_t i = 0; i < h.n; i++)
        ioc_copy_release(&s->copies, h.copy[i]);
    free(h.copy);
    if (skipped > 0)
        log_warning("%s:%lu: %lu damaged lines are skipped; their incidents may alert again", path,
                    first_skipped, skipped);
}

int state_load(struct incidents *s, const char *dir)
{
    char path[4096];

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return -errno;
    if (snprintf(path, sizeof path, "%s/incidents", dir) >= (int)sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    FILE *from = fdopen(fd, "r");
    char *buf = malloc(LINE_MAX_BYTES);
    if (from != NULL && buf != NULL && fgets(buf, LINE_MAX_BYTES, from) != NULL) {
        if (strcmp(buf, FIRST_LINE "\n") == 0)
            read_lines(s, from, path, buf);
        else
            log_warning("%s: not written by this version: open incidents will alert again", path);
    }
    if (from != NULL)
        fclose(from);
    else
        close(fd);
    free(buf);
    return 0;
}
