/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of entries: normalised when they are read, judged by the guards when all guards are known. */
#include "intel/load_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "intel/load_store.h"

void load_file_begin(struct load_file *f, struct loader *l, const struct load_source *s)
{
    const char *slash = strrchr(s->feed, '/');

    *f = (struct load_file){.loader = l, .path = s->path, .feed = span_str(s->feed), .config = s->config};
    f->name = f->stem = span_str(slash ? slash + 1 : s->feed);
    if (f->stem.len > 3 && (span_eq(span_of(f->stem.at + f->stem.len - 3, 3), span_str(".gz")) ||
                            span_eq(span_of(f->stem.at + f->stem.len - 3, 3), span_str(".xz"))))
        f->stem.len -= 3;
    const uint8_t *dot = memrchr(f->stem.at, '.', f->stem.len);
    if (dot && dot > f->stem.at)
        f->stem.len = (size_t)(dot - f->name.at);
    f->campaign = s->config->o.campaign ? span_str(s->config->o.campaign) : f->stem;
}

const struct load_options *load_options(const struct load_file *f)
{
    return &f->config->o;
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

static void say(struct load_file *f, const char *kind, const char *reason, struct load_place at,
                struct span value, const char *text)
{
    if (!f->silent)
        load_report_note(f->loader->report, span_str(f->path), at.line, at.column, kind, value, text, reason);
}

void load_entry_id(struct load_file *f, struct span id)
{
    f->id = id;
}

/* Says behind the text which entry it is about, where the feed gives entries names of their own. */
static void add_id(const struct load_file *f, char *buf, size_t cap)
{
    size_t len = strlen(buf);
    struct text t = text_on(buf + len, cap - len);

    if (f->id.len == 0)
        return;
    text_str(&t, " (");
    text_escaped(&t, f->id);
    text_char(&t, ')');
}

/* As `say`, but only counted once there were too many. */
static void __attribute__((format(printf, 6, 0)))
vnote(struct load_file *f, const char *kind, const char *reason, struct load_place at, struct span value,
      const char *fmt, va_list ap)
{
    char text[512];

    if (f->notes >= LOAD_NOTES_MAX || f->loader->notes >= LOAD_NOTES_TOTAL_MAX) {
        f->notes_left_out++;
        return;
    }
    f->notes++;
    f->loader->notes++;
    vsnprintf(text, sizeof(text), fmt, ap);
    add_id(f, text, sizeof(text));
    say(f, kind, reason, at, value, text);
}

/* Counts; tells of all problems, and of the first ones of what is no problem. */
static void __attribute__((format(printf, 5, 0)))
vcount(struct load_file *f, enum load_count what, struct load_place at, struct span value, const char *fmt,
       va_list ap)
{
    if (f->guards_only)
        return;
    f->count[what]++;
    if (f->count[what] <= LOAD_FEW_MAX || load_count_is_problem(what))
        vnote(f, load_count_names[what], "", at, value, fmt, ap);
}

void load_note(struct load_file *f, enum load_count what, struct load_place at, struct span value,
               const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vcount(f, what, at, value, fmt, ap);
    va_end(ap);
}

void load_refused(struct load_file *f, enum load_count what, struct load_place at, struct span value,
                  const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vcount(f, what, at, value, fmt, ap);
    va_end(ap);
}

void load_quarantined(struct load_file *f, enum load_count why, struct load_place at, struct span value,
                      const char *fmt, ...)
{
    va_list ap;

    if (f->guards_only)
        return;
    f->count[LOAD_QUARANTINED]++;
    f->count[why]++;
    va_start(ap, fmt);
    vnote(f, load_count_names[LOAD_QUARANTINED], load_count_names[why], at, value, fmt, ap);
    va_end(ap);
}

void load_warning(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
{
    va_list ap;

    if (f->guards_only)
        return;
    va_start(ap, fmt);
    vnote(f, "warning", "", at, value, fmt, ap);
    va_end(ap);
}

void load_advice(struct load_file *f, struct load_place at, struct span value, const char *text)
{
    if (!f->guards_only && f->advice++ < LOAD_FEW_MAX)
        say(f, "advice", "", at, value, text);
}

void load_error(struct load_file *f, struct load_place at, struct span value, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    say(f, f->guards_only ? "warning" : "error", "", at, value, text);
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

/* The value for people; `buf` for addresses. */
static struct span text_of(const struct indicator *ind, char buf[PREFIX_TEXT_MAX])
{
    return ind->name.len > 0 ? ind->name : span_str(prefix_text(&ind->prefix, buf));
}

static bool too_broad(const struct load_file *f, const struct load_entry *e, const struct indicator *ind,
                      enum load_count *ret_kind, struct text *ret_why)
{
    const struct guards *g = f->loader->guards;
    enum guard_scope scope = e->exception ? GUARD_EXCEPTION : e->exact ? GUARD_EXACT : GUARD_BELOW;

    if (ioc_is_digest(ind->type))
        return false;
    return ioc_is_address(ind->type) ? guard_prefix(g, &ind->prefix, scope, ret_kind, ret_why)
                                     : guard_name(g, ind->name, scope, ret_kind, ret_why);
}

/* Whether the entry is too broad and nobody forces it; this is then told. */
static bool guarded(struct load_file *f, const struct load_entry *e, struct indicator *ind)
{
    char why[384], buf[PREFIX_TEXT_MAX];
    struct text t = text_on(why, sizeof(why));
    enum load_count kind = LOAD_COUNTS;

    if (!too_broad(f, e, ind, &kind, &t))
        return false;
    unsigned forced = load_config_forces(f->config, ind);
    if (forced == 0) {
        load_quarantined(f, kind, e->place, text_of(ind, buf), "%s", why);
        return true;
    }
    if (ind->type == IOC_DOMAIN && (forced & LOAD_CHOICE_FORCE) == 0)
        ind->type = IOC_NAME;
    load_note(f, LOAD_FORCED, e->place, text_of(ind, buf), "loaded%s, as the configuration says (force): %s",
              ind->type == IOC_NAME ? " as this name alone" : "", why);
    return false;
}

/* Whether the configuration of its source speaks against the entry, or the calendar; this is then told. */
static bool unwanted(struct load_file *f, const struct load_entry *e, const struct indicator *ind)
{
    struct loader *l = f->loader;
    char buf[PREFIX_TEXT_MAX];
    bool over = e->until_s != 0 && e->until_s < l->now_s;

    if (!e->exception) {
        bool allowed = load_config_allows(f->config, ind);
        if (allowed)
            load_note(f, LOAD_ALLOWED, e->place, text_of(ind, buf),
                      "left out, as the configuration says (allow)");
        else if (over)
            load_note(f, LOAD_EXPIRED, e->place, text_of(ind, buf),
                      "was theirs until a day that has passed: a match is told with the lowest severity");
        return allowed;
    }
    if (f->config->o.trust != LOAD_TRUST_FULL) {
        load_refused(f, LOAD_UNTRUSTED, e->place, ind->name,
                     "an exception switches off what others list: only a source of full trust may say so "
                     "(trust = full)");
        return true;
    }
    if (e->comment.len == 0)
        load_advice(f, e->place, ind->name,
                    "nobody will know next year why this is an exception: say it in a comment");
    if (over)
        load_refused(f, LOAD_ENDED, e->place, ind->name,
                     "this exception has ended: take the line out, or give it a later until=");
    else if (e->until_s != 0 && (l->expires_s == 0 || e->until_s < l->expires_s))
        l->expires_s = e->until_s + 1;
    return over;
}

/* Judges an entry whose value is normalised and lets it wait for the builder. */
static void take_entry(struct load_file *f, const struct load_entry *e, struct load_waiting *w)
{
    const struct load_options *o = load_options(f);
    struct indicator *ind = &w->ind;

    w->place = e->place;
    ind->type = (uint8_t)type_of(e, &w->normal);
    ind->tier = e->tier == TIER_UNKNOWN && o->has_tier ? o->tier : e->tier;
    ind->name = ioc_is_address(ind->type) ? span_of(NULL, 0) : span_of(w->normal.name, w->normal.len);
    ind->prefix = w->normal.prefix;
    ind->feed = f->feed;
    ind->line = e->place.line;
    ind->from_s = e->from_s;
    ind->until_s = e->until_s;
    ind->rebuilt = e->rebuilt;
    ind->low_trust = o->trust == LOAD_TRUST_LOW;
    if (guarded(f, e, ind) || unwanted(f, e, ind))
        return;
    const char *why = retyped(&w->normal);
    if (why)
        load_note(f, LOAD_RETYPED, e->place, e->value, "%s", why);
    f->rebuilt += e->rebuilt;
    load_queue_put(f, w, e->comment);
}

void load_warn_host_bits(struct load_file *f, struct load_place at, struct span value)
{
    load_warning(f, at, value,
                 "bits behind the prefix length were cleared; write the network's first address");
}

/* A URL with a path. Of a shortener's the host is not what is meant, either. */
static void refuse_path(struct load_file *f, const struct load_entry *e, const struct normal *n)
{
    static const char scheme[] = "://";
    const uint8_t *at = memmem(e->value.at, e->value.len, scheme, strlen(scheme));
    size_t start = at ? (size_t)(at - e->value.at) + strlen(scheme) : 0, end = start;
    enum load_count kind;
    struct normal host;
    char why[384];
    struct text t = text_on(why, sizeof(why));

    while (end < e->value.len && !strchr("/?#", e->value.at[end]))
        end++;
    normalise(span_of(e->value.at + start, end - start), NORMAL_WANT_HOST, &host);
    bool guarded_host = host.kind == NORMAL_NAME &&
                        guard_name(f->loader->guards, span_str(host.name), GUARD_EXACT, &kind, &t) &&
                        kind != LOAD_SINGLE_LABEL;
    if (guarded_host)
        load_quarantined(f, kind, e->place, e->value, "its host %s", why);
    else
        load_quarantined(f, LOAD_URL_PATH, e->place, e->value, "%s", n->why);
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
    } else if (n->kind == NORMAL_BAD && n->had_path) {
        refuse_path(f, e, n);
    } else if (n->kind == NORMAL_BAD) {
        load_refused(f, LOAD_MALFORMED, e->place, e->value, "%s", n->why);
    } else if (e->exception && n->kind != NORMAL_NAME) {
        load_refused(
            f, LOAD_MALFORMED, e->place, e->value,
            "an exception is a name; of an address or digest, allow= of its source says that it is left out");
    } else if (e->exact && n->had_wildcard) {
        load_refused(f, LOAD_MALFORMED, e->place, e->value,
                     "=NAME is one name alone and *. all below it: choose one");
    } else {
        if (n->had_host_bits)
            load_warn_host_bits(f, e->place, e->value);
        take_entry(f, e, w);
    }
}

void load_withdrawn(struct load_file *f, const struct load_entry *e, const char *why)
{
    char buf[PREFIX_TEXT_MAX];
    struct indicator ind = {0};
    struct normal n;

    if (f->guards_only)
        return;
    normalise(e->value, (enum normal_want)e->want, &n);
    if (n.kind != NORMAL_BAD) {
        ind.type = (uint8_t)type_of(e, &n);
        ind.name = ioc_is_address(ind.type) ? span_of(NULL, 0) : span_of(n.name, n.len);
        ind.prefix = n.prefix;
    }
    if (n.kind == NORMAL_BAD || load_config_forces(f->config, &ind) == 0) {
        load_refused(f, LOAD_WITHDRAWN, e->place, e->value, "%s", why);
        return;
    }
    load_note(f, LOAD_FORCED, e->place, text_of(&ind, buf), "loaded, as the configuration says (force): %s",
              why);
    load_entry(f, e);
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
    struct loader *l = f->loader;
    const char *why = NULL;

    if (!f->guards_only)
        load_progress(l);
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

void load_note_more(struct loader *l, const char *path, const char *kind, uint64_t n)
{
    char text[64];

    snprintf(text, sizeof(text), "and %" PRIu64 " more, which are only counted", n);
    load_report_note(l->report, span_str(path), 0, 0, kind, span_of(NULL, 0), text, "");
}

/* Of what is no problem, but told one by one, only the first ones are. */
static bool told_few(enum load_count what)
{
    static const bool few[LOAD_COUNTS] = {
        [LOAD_DUPLICATE] = true, [LOAD_ALLOWED] = true, [LOAD_WITHDRAWN] = true, [LOAD_ENDED] = true,
        [LOAD_RETYPED] = true,   [LOAD_EXPIRED] = true, [LOAD_FORCED] = true,
    };

    return few[what];
}

void load_file_end(struct load_file *f)
{
    struct load_place nowhere = {0};
    char text[128];

    load_queue_flush(f);
    for (unsigned i = 0; i < f->kinds; i++) {
        snprintf(text, sizeof(text), "%" PRIu64 " of this kind: no network sensor can see them",
                 f->kind[i].count);
        say(f, load_count_names[LOAD_NOT_NETWORK], "", nowhere, span_str(f->kind[i].name), text);
    }
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        if (f->count[i] > LOAD_FEW_MAX && told_few((enum load_count)i))
            load_note_more(f->loader, f->path, load_count_names[i], f->count[i] - LOAD_FEW_MAX);
    if (f->rebuilt > 0) {
        snprintf(text, sizeof(text),
                 "%" PRIu64 " dates are those of the list's making: the day of the first load counts",
                 f->rebuilt);
        load_advice(f, nowhere, span_of(NULL, 0), text);
    }
    if (f->notes_left_out > 0)
        load_note_more(f->loader, f->path, "warning", f->notes_left_out);
    f->count[LOAD_DUPLICATE] += f->merged;
}
