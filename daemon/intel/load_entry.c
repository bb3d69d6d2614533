/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of entries: normalised when they are read, judged by the guards when all guards are known. */
#include "intel/load_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "intel/load_store.h"

void load_file_begin(struct load_file *f, struct loader *l, const char *path, const char *feed)
{
    const char *slash = strrchr(feed, '/');

    *f = (struct load_file){.loader = l, .path = path, .feed = feed};
    f->name = f->stem = span_str(slash ? slash + 1 : feed);
    if (f->stem.len > 3 && (span_eq(span_of(f->stem.at + f->stem.len - 3, 3), span_str(".gz")) ||
                            span_eq(span_of(f->stem.at + f->stem.len - 3, 3), span_str(".xz"))))
        f->stem.len -= 3;
    const uint8_t *dot = memrchr(f->stem.at, '.', f->stem.len);
    if (dot && dot > f->stem.at)
        f->stem.len = (size_t)(dot - f->name.at);
}

struct span load_file_name(const struct load_file *f)
{
    return f->name;
}

struct span load_file_stem(const struct load_file *f)
{
    return f->stem;
}

bool load_guards_only(const struct load_file *f)
{
    return f->guards_only;
}

static void say(struct load_file *f, const char *kind, struct load_place at, struct span value,
                const char *text)
{
    if (!f->silent)
        load_report_note(f->loader->report, span_str(f->path), at.line, at.column, kind, value, text);
}

/* As `say`, but only counted once there were too many. */
static void __attribute__((format(printf, 5, 0)))
vnote(struct load_file *f, const char *kind, struct load_place at, struct span value, const char *fmt,
      va_list ap)
{
    char text[512];

    if (f->notes >= LOAD_NOTES_MAX || f->loader->notes >= LOAD_NOTES_TOTAL_MAX) {
        f->notes_left_out++;
        return;
    }
    f->notes++;
    f->loader->notes++;
    vsnprintf(text, sizeof(text), fmt, ap);
    say(f, kind, at, value, text);
}

void load_note(struct load_file *f, enum load_count what, struct load_place at, struct span value,
               const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vnote(f, load_count_names[what], at, value, fmt, ap);
    va_end(ap);
}

void load_refused(struct load_file *f, enum load_count what, struct load_place at, struct span value,
                  const char *fmt, ...)
{
    va_list ap;

    if (f->guards_only)
        return;
    f->count[what]++;
    va_start(ap, fmt);
    vnote(f, load_count_names[what], at, value, fmt, ap);
    va_end(ap);
}

void load_warning(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
{
    va_list ap;

    if (f->guards_only)
        return;
    va_start(ap, fmt);
    vnote(f, "warning", at, value, fmt, ap);
    va_end(ap);
}

void load_error(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    say(f, f->guards_only ? "warning" : "error", at, value, text);
}

void load_not_network(struct load_file *f, struct span kind)
{
    char name[sizeof(f->kind[0].name)];
    struct text t = text_on(name, sizeof(name));
    unsigned i;

    if (f->guards_only)
        return;
    f->count[LOAD_NOT_NETWORK]++;
    text_raw(&t, kind);
    for (i = 0; i < f->kinds && strcmp(f->kind[i].name, name) != 0; i++)
        ;
    if (i == LOAD_KINDS_MAX)
        i--; /* the last one stands for all further ones */
    else if (i == f->kinds)
        memcpy(f->kind[f->kinds++].name, i == LOAD_KINDS_MAX - 1 ? "other" : name,
               i == LOAD_KINDS_MAX - 1 ? sizeof("other") : sizeof(name));
    f->kind[i].count++;
}

/* What was changed about a value so that it could be loaded, or NULL. */
static const char *retyped(const struct normal *n)
{
    return n->kind == NORMAL_DIGEST && n->retyped ? "a digest listed as a name: loaded as a digest"
           : n->kind != NORMAL_NAME && n->retyped ? "an address listed as a name: loaded as an address"
           : n->had_path                          ? "the path after the name was cut off: loaded as a name"
           : n->had_url                           ? "a URL or port: loaded as the host"
                                                  : NULL;
}

static enum ioc_type type_of(const struct load_entry *e, const struct normal *n)
{
    return n->kind == NORMAL_ADDRESS  ? IOC_ADDRESS
           : n->kind == NORMAL_PREFIX ? IOC_PREFIX
           : n->kind == NORMAL_DIGEST ? (enum ioc_type)n->type
           : e->exception             ? IOC_EXCEPTION
           : e->exact                 ? IOC_NAME
                                      : IOC_DOMAIN;
}

/* Whether the entry is too broad, which is then told. */
static bool guarded(struct load_file *f, const struct load_entry *e, const struct indicator *ind)
{
    char why[384], buf[PREFIX_TEXT_MAX];
    struct text t = text_on(why, sizeof(why));
    bool name = ind->name.len > 0, alone = e->exact || e->exception;

    if (ioc_is_digest(ind->type))
        return false;
    if (name ? !guard_name(f->loader->guards, ind->name, alone, &t)
             : alone || !guard_prefix(&ind->prefix, &t))
        return false;
    load_refused(f, LOAD_QUARANTINED, e->place, name ? ind->name : span_str(prefix_text(&ind->prefix, buf)),
                 "%s", why);
    return true;
}

/* Judges an entry whose value is normalised and lets it wait for the builder. */
static void take_entry(struct load_file *f, const struct load_entry *e, struct load_waiting *w)
{
    struct indicator *ind = &w->ind;

    w->place = e->place;
    w->retyped = retyped(&w->normal) != NULL;
    ind->type = (uint8_t)type_of(e, &w->normal);
    ind->tier = e->tier;
    ind->name = ioc_is_address(ind->type) ? span_of(NULL, 0) : span_str(w->normal.name);
    ind->prefix = w->normal.prefix;
    ind->feed = span_str(f->feed);
    ind->line = e->place.line;
    ind->from_s = e->from_s;
    ind->until_s = e->until_s;
    if (!guarded(f, e, ind))
        load_queue_put(f, w, e->comment);
}

static void warn_host_bits(struct load_file *f, struct load_place at, struct span value)
{
    load_warning(f, at, value,
                 "bits behind the prefix length were cleared; write the network's first address");
}

void load_entry(struct load_file *f, const struct load_entry *e)
{
    if (f->guards_only)
        return;
    struct load_waiting *w = load_queue_slot(f, e->origin);
    const struct normal *n = &w->normal;
    normalise(e->value, (enum normal_want)e->want, &w->normal);
    if (n->bare_digest) {
        load_not_network(f, span_str("digest without cert: or ja3:"));
    } else if (n->kind == NORMAL_BAD) {
        load_refused(f, n->had_path ? LOAD_QUARANTINED : LOAD_MALFORMED, e->place, e->value, "%s", n->why);
    } else if (e->exception && n->kind != NORMAL_NAME) {
        load_refused(f, LOAD_MALFORMED, e->place, e->value, "an exception is a name; nothing else has any");
    } else if (e->exact && n->had_wildcard) {
        load_refused(f, LOAD_MALFORMED, e->place, e->value,
                     "=NAME is one name alone and *. all below it: choose one");
    } else {
        const char *why = retyped(n);
        if (why)
            load_note(f, LOAD_RETYPED, e->place, e->value, "%s", why);
        if (n->had_host_bits)
            warn_host_bits(f, e->place, e->value);
        take_entry(f, e, w);
    }
}

void load_range(struct load_file *f, struct load_place at, struct span value, struct span tag, bool shared)
{
    struct normal n;

    if (f->guards_only)
        return;
    normalise(value, NORMAL_WANT_ANY, &n);
    if (n.kind != NORMAL_PREFIX && n.kind != NORMAL_ADDRESS) {
        load_refused(f, LOAD_MALFORMED, at, value, "a hosting range is an address or ADDRESS/LENGTH");
    } else if (guard_wide(&n.prefix)) {
        load_refused(f, LOAD_QUARANTINED, at, value,
                     "wider than /8 (IPv4) or /19 (IPv6): nobody owns so much");
    } else if (build_range(f->loader->build, &n.prefix, tag, shared) < 0) {
        f->loader->no_memory = true;
    } else {
        f->count[LOAD_RANGES]++;
        f->loader->ranges++;
        if (n.had_host_bits)
            warn_host_bits(f, at, value);
    }
}

void load_resolver(struct load_file *f, struct load_place at, struct span value)
{
    struct build *b = f->loader->build;
    struct normal n;
    bool dotted;

    if (f->guards_only)
        return;
    normalise(value, NORMAL_WANT_ANY, &n);
    dotted = n.kind == NORMAL_NAME && strchr(n.name, '.') != NULL;
    if (!dotted && n.kind != NORMAL_ADDRESS && n.kind != NORMAL_PREFIX) {
        load_refused(f, LOAD_MALFORMED, at, value, "a resolver is a full name, an address or ADDRESS/LENGTH");
        return;
    }
    if (!dotted && guard_wide(&n.prefix)) {
        load_refused(f, LOAD_QUARANTINED, at, value, "wider than /8 (IPv4) or /19 (IPv6): no resolver is");
        return;
    }
    if ((dotted ? build_resolver_name(b, span_str(n.name)) : build_resolver_net(b, &n.prefix)) < 0)
        f->loader->no_memory = true;
    f->count[LOAD_RESOLVERS]++;
    f->loader->ranges++;
    if (n.had_host_bits)
        warn_host_bits(f, at, value);
}

void load_guard(struct load_file *f, struct load_place at, struct span value, struct span why)
{
    struct normal n;

    normalise(value, NORMAL_WANT_HOST, &n);
    if (n.kind != NORMAL_NAME) {
        load_refused(f, LOAD_MALFORMED, at, value, "a guard is a name");
        return;
    }
    if (why.len > LOAD_TEXT_BYTES_MAX)
        why.len = LOAD_TEXT_BYTES_MAX;
    if (f->guards_only && guards_add(f->loader->guards, span_str(n.name), why) < 0)
        f->loader->no_memory = true;
    f->count[LOAD_GUARDS]++;
    f->loader->guard_count++;
}

bool load_line(struct load_file *f, struct load_input *in, struct span *ret)
{
    for (;;) {
        enum load_input_line got = load_input_line(in, ret);
        struct load_place at = {.line = in->line, .column = 1};
        if (got == LOAD_INPUT_END)
            break;
        const uint8_t *nul = memchr(ret->at, 0, ret->len);
        if (got == LOAD_INPUT_TOO_LONG) {
            load_refused(f, LOAD_MALFORMED, at, *ret, "a line longer than %u bytes was left out",
                         LOAD_LINE_BYTES_MAX);
        } else if (nul) {
            at.column = (uint32_t)(nul - ret->at) + 1;
            load_refused(f, LOAD_MALFORMED, at, *ret, "a line with a NUL byte was left out");
        } else {
            if (!f->guards_only)
                load_progress(f->loader);
            return true;
        }
        if (!load_goes_on(f))
            return false;
    }
    struct load_place at = {.line = in->line + 1};
    if (in->error)
        load_error(f, at, span_of(NULL, 0), "cannot be read further: %s", load_input_why(in));
    return false;
}

/* Those that wait count until they prove to be known. */
static bool is_full(struct load_file *f)
{
    const struct loader *l = f->loader;

    if (build_count(l->build) + l->queue.count + l->ranges < l->entries_max)
        return false;
    load_queue_flush(f);
    return build_count(l->build) + l->ranges >= l->entries_max;
}

bool load_goes_on(struct load_file *f)
{
    const struct loader *l = f->loader;
    const char *why = NULL;

    if (l->no_memory)
        why = "there is no memory left (limits.loader-memory)";
    else if (is_full(f))
        why = "more entries than one load may have (limits.indicators)";
    else if (l->guard_count >= LOAD_GUARDS_MAX)
        why = "more guards than one load may have";
    else if (f->count[LOAD_MALFORMED] >= LOAD_REFUSED_MAX)
        why = "too many malformed entries, this is no list of indicators";
    if (why && !f->gave_up) {
        f->gave_up = true;
        load_error(f, (struct load_place){0}, span_of(NULL, 0), "the rest was not read: %s", why);
    }
    return !why;
}

static void say_more(struct load_file *f, const char *kind, uint64_t n)
{
    char text[64];

    snprintf(text, sizeof(text), "and %" PRIu64 " more, which are only counted", n);
    say(f, kind, (struct load_place){0}, span_of(NULL, 0), text);
}

void load_file_end(struct load_file *f)
{
    struct load_place nowhere = {0};
    char text[96];

    load_queue_flush(f);
    for (unsigned i = 0; i < f->kinds; i++) {
        snprintf(text, sizeof(text), "%" PRIu64 " of this kind: no network sensor can see them",
                 f->kind[i].count);
        say(f, load_count_names[LOAD_NOT_NETWORK], nowhere, span_str(f->kind[i].name), text);
    }
    if (f->count[LOAD_DUPLICATE] > LOAD_DUPLICATES_MAX)
        say_more(f, load_count_names[LOAD_DUPLICATE], f->count[LOAD_DUPLICATE] - LOAD_DUPLICATES_MAX);
    if (f->notes_left_out > 0)
        say_more(f, "warning", f->notes_left_out);
    if (!f->guards_only)
        load_report_file(f->loader->report, span_str(f->path), f->format ? f->format : "none", f->count);
}
