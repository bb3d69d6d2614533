/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Response policy zones (draft-vixie-dnsop-dns-rpz-00): names and addresses that a resolver does not answer
 * about. Records are read by ldns, one at a time; what is no policy is not given to it, since it would look
 * some types up in the system's files. A name with its wildcard is one indicator; a name alone is =NAME.
 */
#include "intel/load_entry.h"

#include "config.h"
#include "intel/load_text.h"

enum { LABELS_MAX = 128, RECORD_LINES_MAX = 256 };

/* Types that stand in policies, or at the top of their zone. */
static const char *const types[] = {"cname", "a", "aaaa", "txt", "soa", "ns", "mx", "srv", "ptr", "dname"};

/* The type of a record, behind owner, TTL and class in any order. `line` still begins with the owner's
 * column. */
static struct span type_of(struct span line)
{
    static const char *const classes[] = {"in", "ch", "hs", "any", "none"};
    struct span word = line.len > 0 && load_is_space(line.at[0]) ? span_of(NULL, 0) : load_word(&line);

    for (unsigned i = 0; i < 3; i++) {
        bool skip = false;
        word = load_word(&line);
        for (size_t k = 0; k < sizeof(classes) / sizeof(*classes); k++)
            skip = skip || load_same(word, classes[k]);
        if (!skip && !(word.len > 0 && word.at[0] >= '0' && word.at[0] <= '9'))
            break;
    }
    return word;
}

static bool is_policy(struct span line)
{
    struct span type = type_of(line), last = {0}, word;

    if (!load_same(type, "cname"))
        return false;
    while ((word = load_word(&line)).len > 0 && word.at[0] != ';')
        last = word;
    return load_same(last, ".") || load_same(last, "*.") || load_begins(last, "rpz-");
}

static bool is_rpz(struct span head)
{
    unsigned yes = 0, no = 0;

    for (unsigned i = 0; i < 400 && head.len > 0; i++) { /* white space at the start of a line matters here */
        struct span line = load_split(&head, '\n'), words = line, first = load_word(&words);
        bool inside =
            first.len == 0 || strchr(";$)(", first.at[0]) || (first.at[0] >= '0' && first.at[0] <= '9');
        bool record = false;
        for (size_t k = 0; k < sizeof(types) / sizeof(*types); k++)
            record = record || load_same(type_of(line), types[k]);
        if (is_policy(line))
            yes++;
        else if (!inside && !record)
            no++;
    }
    return yes > 0 && yes >= no;
}

#if HAVE_LDNS

#include <ldns/ldns.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/text.h"

/* ldns takes and gives back three times 64 KiB for a record: the C library need not ask the kernel each time.
 */
#define ALLOCATOR_KEEPS_BYTES (1 << 20)

enum action { ACTION_NONE, ACTION_BLOCK, ACTION_PASS, ACTION_TCP };

/* A name that waits for its wildcard. */
struct waiting {
    bool any, alone, below; /* there is one; it was listed itself; all below it was */
    enum action action;
    struct load_place place;
    char name[NAME_TEXT_MAX + 1];
    size_t len;
};

struct reader {
    struct load_file *f;                /* borrowed */
    struct load_input *in;              /* borrowed */
    ldns_rdf *origin, *previous, *apex; /* owned */
    bool fixed;                         /* the apex is that of the SOA */
    bool included;
    uint32_t number; /* of the record's first line */
    struct waiting waiting;
    size_t len;
    char text[LOAD_LINE_BYTES_MAX + 1u]; /* the record on one line */
};

/* Labels of a name without its root, from the left. */
struct labels {
    unsigned count;
    struct span label[LABELS_MAX];
};

static void split_name(const ldns_rdf *name, struct labels *ret)
{
    const uint8_t *at = ldns_rdf_data(name), *end = at + ldns_rdf_size(name);

    ret->count = 0;
    while (at<end && * at> 0 && *at < 64 && end - at > *at && ret->count < LABELS_MAX) {
        ret->label[ret->count++] = span_of(at + 1, *at);
        at += 1 + *at;
    }
}

static bool same_label(struct span a, struct span b)
{
    return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

/* Takes the labels of `base` off the end. False: it does not end so. */
static bool take_base(struct labels *name, const ldns_rdf *base)
{
    struct labels end;

    split_name(base, &end);
    if (end.count > name->count)
        return false;
    for (unsigned i = 0; i < end.count; i++)
        if (!same_label(name->label[name->count - end.count + i], end.label[i]))
            return false;
    name->count -= end.count;
    return true;
}

/* Labels in lower case, joined by dots; odd octets become what no name has. */
static void join_labels(struct text *t, const struct span *label, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            text_char(t, '.');
        for (size_t k = 0; k < label[i].len; k++) {
            uint8_t c = label[i].at[k];
            c = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
            text_char(t, c > 0x20 && c < 0x7f && c != '.' ? (char)c : '\\');
        }
    }
}

static void flush(struct reader *r)
{
    static const struct load_origin origin = {0};
    struct waiting *w = &r->waiting;
    struct span name = span_of(w->name, w->len);

    if (!w->any)
        return;
    w->any = false;
    if (w->action == ACTION_TCP || (w->action == ACTION_PASS && !w->below)) {
        load_quarantined(r->f, LOAD_CONDITIONS, w->place, name,
                         w->action == ACTION_TCP
                             ? "is only asked for again over TCP: that blocks nothing"
                             : "lets one name alone pass, and an exception holds for all below it");
        return;
    }
    load_entry(r->f, &(struct load_entry){.value = name,
                                          .place = w->place,
                                          .want = NORMAL_WANT_HOST,
                                          .exact = !w->below,
                                          .exception = w->action == ACTION_PASS,
                                          .origin = &origin});
}

/* A name is handed on when the next one comes, so that it and its wildcard are one. */
static void take_name(struct reader *r, const struct labels *owner, enum action action)
{
    struct waiting *w = &r->waiting;
    bool below = owner->count > 1 && same_label(owner->label[0], span_str("*"));
    char buf[NAME_TEXT_MAX + 1];
    struct text t = text_on(buf, sizeof(buf));

    join_labels(&t, owner->label + below, owner->count - below);
    if (!w->any || w->action != action || !span_eq(span_of(w->name, w->len), text_span(&t))) {
        flush(r);
        memcpy(w->name, buf, t.len + 1);
        w->len = t.len;
        w->action = action;
        w->alone = w->below = false;
        w->place = (struct load_place){r->number, 1};
    }
    w->any = true;
    w->alone |= !below;
    w->below |= below;
}

/* `32.1.2.0.192`: length, then the address backwards; in IPv6 words, `zz` for the zeros between (§4.1.1). */
static void take_address(struct reader *r, const struct labels *owner, enum action action)
{
    static const struct load_origin origin = {0};
    unsigned words = owner->count - 1; /* without rpz-ip */
    bool v4 = words == 5;
    char buf[128];
    struct text t = text_on(buf, sizeof(buf));

    for (unsigned i = 0; i < words; i++)
        v4 = v4 && !same_label(owner->label[i], span_str("zz"));
    for (unsigned i = words; i-- > 1;) {
        bool zeros = same_label(owner->label[i], span_str("zz"));
        bool first = t.len == 0, colon = t.len > 0 && t.at[t.len - 1] == ':';
        if (zeros)
            text_str(&t, colon ? ":" : "::");
        else if (!first && !colon)
            text_char(&t, v4 ? '.' : ':');
        if (!zeros)
            join_labels(&t, &owner->label[i], 1);
    }
    text_char(&t, '/');
    join_labels(&t, owner->label, words > 0);
    struct load_entry e = {.value = text_span(&t),
                           .place = {r->number, 1},
                           .want = NORMAL_WANT_ANY,
                           .exception = action == ACTION_PASS,
                           .origin = &origin};
    if (action == ACTION_TCP)
        load_quarantined(r->f, LOAD_CONDITIONS, e.place, e.value,
                         "is only asked for again over TCP: that blocks nothing");
    else
        load_entry(r->f, &e);
}

/* What the zone does with an owner, by its record (§3). */
static enum action action_of(const struct reader *r, const ldns_rr *rr, const struct labels *owner)
{
    struct labels target;

    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME)
        return ACTION_BLOCK; /* local data */
    split_name(ldns_rr_rdf(rr, 0), &target);
    bool same = target.count == owner->count;
    for (unsigned i = 0; same && i < owner->count; i++)
        same = same_label(target.label[i], owner->label[i]);
    if (same && owner->count > 0)
        return ACTION_PASS;      /* as it was written before rpz-passthru (§3.6) */
    take_base(&target, r->apex); /* the dot behind rpz-passthru is easily forgotten */
    if (target.count != 1)
        return ACTION_BLOCK;
    return same_label(target.label[0], span_str("rpz-passthru"))   ? ACTION_PASS
           : same_label(target.label[0], span_str("rpz-tcp-only")) ? ACTION_TCP
                                                                   : ACTION_BLOCK;
}

static void take_record(struct reader *r, const ldns_rr *rr)
{
    struct load_place at = {r->number, 1};
    struct labels owner;

    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && !r->fixed) {
        ldns_rdf_deep_free(r->apex);
        r->apex = ldns_rdf_clone(ldns_rr_owner(rr));
        r->fixed = true;
    }
    split_name(ldns_rr_owner(rr), &owner);
    if (!r->apex || !take_base(&owner, r->apex)) {
        load_refused(r->f, LOAD_MALFORMED, at, span_of(r->text, r->len), "outside of the zone");
        return;
    }
    if (owner.count == 0)
        return; /* SOA, NS: about the zone itself */
    enum action action = action_of(r, rr, &owner);
    struct span last = owner.label[owner.count - 1];
    if (same_label(last, span_str("rpz-ip")))
        take_address(r, &owner, action);
    else if (last.len > 4 && strncasecmp((const char *)last.at, "rpz-", 4) == 0)
        load_not_network(r->f, last); /* who asks, or which server answers: no indicator of ours */
    else
        take_name(r, &owner, action);
}

/* Leaves owner, type and data: ldns wants TTL and class in one order only, and neither matters here. */
static void without_ttl(struct reader *r, struct span type)
{
    size_t owner = 0, from = (size_t)((const char *)type.at - r->text);

    while (owner < r->len && !load_is_space((uint8_t)r->text[owner]))
        owner++;
    r->text[owner] = ' ';
    memmove(r->text + owner + 1, type.at, r->len - from + 1);
    r->len = owner + 1 + r->len - from;
}

static void read_record(struct reader *r)
{
    struct load_place at = {r->number, 1};
    struct span text = span_of(r->text, r->len), type = type_of(text);
    bool known = false;
    ldns_rr *rr = NULL;

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        known = known || load_same(type, types[i]);
    if (!known) {
        load_not_network(r->f, span_str("record that is no policy"));
        return;
    }
    without_ttl(r, type);
    ldns_status status = ldns_rr_new_frm_str(&rr, r->text, 3600, r->origin, &r->previous);
    if (status != LDNS_STATUS_OK)
        load_refused(r->f, LOAD_MALFORMED, at, text, "no record that can be read: %s",
                     ldns_get_errorstr_by_id(status));
    else
        take_record(r, rr);
    ldns_rr_free(rr);
}

static void take_origin(struct reader *r, struct span name)
{
    char buf[NAME_TEXT_MAX + 1];
    struct text t = text_on(buf, sizeof(buf));

    text_raw(&t, name);
    ldns_rdf *origin = t.full || t.len == 0 ? NULL : ldns_dname_new_frm_str(buf);
    if (origin && buf[t.len - 1] != '.' && ldns_dname_cat(origin, r->origin) != LDNS_STATUS_OK) {
        ldns_rdf_deep_free(origin);
        origin = NULL;
    }
    if (!origin) {
        load_refused(r->f, LOAD_MALFORMED, (struct load_place){r->number, 1}, name, "$ORIGIN is no name");
        return;
    }
    ldns_rdf_deep_free(r->origin);
    r->origin = origin;
    if (!r->fixed && !r->previous) {
        ldns_rdf_deep_free(r->apex);
        r->apex = ldns_rdf_clone(origin);
    }
}

static void read_directive(struct reader *r)
{
    struct span rest = span_of(r->text, r->len), word = load_word(&rest);

    if (load_same(word, "$origin"))
        take_origin(r, load_word(&rest));
    else if (load_same(word, "$include"))
        load_warning(r->f, (struct load_place){r->number, 1}, load_trim(rest),
                     "another file is not read: name it as a source of its own");
    else if (!load_same(word, "$ttl"))
        load_refused(r->f, LOAD_MALFORMED, (struct load_place){r->number, 1}, word,
                     "a directive that is not known; $GENERATE is not carried out");
}

/* Adds a line without its comment and brackets. False: it does not fit. */
static bool add_line(struct reader *r, struct span line, unsigned *depth)
{
    bool quoted = false;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.at[i];
        quoted ^= c == '"';
        if (c == ';' && !quoted)
            break;
        if (r->len + 2 >= sizeof(r->text))
            return false;
        if (c == '\\' && i + 1 < line.len) { /* \DDD and \. are ldns' to read */
            r->text[r->len++] = '\\';
            c = line.at[++i];
        } else if ((c == '(' || c == ')') && !quoted) {
            *depth += c == '(' ? 1 : *depth > 0 ? (unsigned)-1 : 0;
            c = ' ';
        }
        r->text[r->len++] = (char)c;
    }
    r->text[r->len] = 0;
    return true;
}

/* The lines of one record. False: it is longer than one may be. */
static bool gather(struct reader *r, struct span line)
{
    unsigned depth = 0, lines = 0;

    r->len = 0;
    r->number = r->in->line;
    do {
        if (!add_line(r, line, &depth) || ++lines > RECORD_LINES_MAX)
            return false;
    } while (depth > 0 && load_line(r->f, r->in, &line));
    return true;
}

static void read_zone(struct reader *r)
{
    struct span line;

    while (load_goes_on(r->f) && load_line(r->f, r->in, &line)) {
        bool fits = gather(r, line);
        struct span text = load_trim(span_of(r->text, r->len));
        if (!fits)
            load_refused(r->f, LOAD_MALFORMED, (struct load_place){r->number, 1}, text,
                         "a record longer than %u bytes or %u lines was left out", LOAD_LINE_BYTES_MAX,
                         (unsigned)RECORD_LINES_MAX);
        else if (text.len > 0 && text.at[0] == '$')
            read_directive(r);
        else if (text.len > 0)
            read_record(r);
    }
    flush(r);
}

static bool load_rpz(struct load_file *f, struct load_input *in)
{
    struct reader r;

#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, ALLOCATOR_KEEPS_BYTES);
#endif
    memset(&r, 0, offsetof(struct reader, text));
    r.f = f;
    r.in = in;
    r.origin = ldns_dname_new_frm_str(".");
    r.apex = ldns_dname_new_frm_str(".");
    if (r.origin && r.apex)
        read_zone(&r);
    else
        load_error(f, (struct load_place){0}, span_of(NULL, 0), "there is no memory left");
    ldns_rdf_deep_free(r.origin);
    ldns_rdf_deep_free(r.apex);
    ldns_rdf_deep_free(r.previous);
    return true;
}

#else

static bool load_rpz(struct load_file *f, struct load_input *in)
{
    load_error(f, (struct load_place){.line = 1, .column = 1}, span_of(NULL, 0),
               "is a response policy zone, which this build cannot read: it was made without ldns");
    return false;
}

#endif

const struct load_format load_format_rpz = {"rpz", is_rpz, load_rpz};
