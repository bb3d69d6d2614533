/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of Suricata, those that ask for a name, an address or a digest alone. What a rule demands beyond
 * that, but for ports, cannot be matched here, so it is refused and told: a name that is only listed together
 * with a path would accuse everybody who goes to that host.
 */
#include <inttypes.h>
#include <stdio.h>

#include "intel/load_entry.h"
#include "intel/load_kind.h"
#include "intel/load_text.h"
#include "intel/suricata_rule.h"

/* What a buffer of Suricata's holds; WIRE: the packet, of which a name is asked for as DNS writes it. */
enum buffer { BUFFER_PACKET, BUFFER_NAME, BUFFER_CERT, BUFFER_JA3, BUFFER_JA4, BUFFER_WIRE };

struct reader {
    struct load_file *f;   /* borrowed */
    struct load_input *in; /* borrowed */
    uint32_t number;       /* of the rule's first line */
    uint64_t disabled, alone, parts, ports;
    size_t len; /* of a rule of several lines */
    char joined[LOAD_LINE_BYTES_MAX];
};

/* A rule as far as it was understood. */
struct meaning {
    struct suricata_rule rule;
    enum buffer buffer; /* that the next content is looked for in */
    bool dotted;        /* and a dot was put before it (dotprefix) */
    enum buffer what;   /* of the content that there was */
    bool content, start, end, nocase, dot_before;
    bool head, in_head; /* the head of a DNS message is asked for, too; what comes says where it is */
    struct span shown;  /* of the rule's text: what is told */
    unsigned size;      /* bsize; 0: none */
    struct span message, reference, family;
    int64_t from_s;
    const char *why;    /* static: what is more than a name; NULL: nothing */
    struct span beyond; /* the option that is */
    char text[NAME_TEXT_MAX + 1];
    size_t text_len;
};

static const struct {
    const char *key;
    enum buffer buffer;
} buffers[] = {
    {"dns.query", BUFFER_NAME},
    {"dns_query", BUFFER_NAME},
    {"dns.query.name", BUFFER_NAME},
    {"dns.queries.rrname", BUFFER_NAME},
    {"dns.answer.name", BUFFER_NAME},
    {"dns.answers.rrname", BUFFER_NAME},
    {"tls.sni", BUFFER_NAME},
    {"tls_sni", BUFFER_NAME},
    {"quic.sni", BUFFER_NAME},
    {"http.host", BUFFER_NAME},
    {"http.host.raw", BUFFER_NAME},
    {"tls.cert_fingerprint", BUFFER_CERT},
    {"tls_cert_fingerprint", BUFFER_CERT},
    {"ja3.hash", BUFFER_JA3},
    {"ja3_hash", BUFFER_JA3},
    {"ja4.hash", BUFFER_JA4},
};

/* What says nothing about which traffic is meant, or only how it is looked for. */
static const char *const neutral[] = {
    "msg",           "sid",      "rev",       "gid",       "classtype",
    "priority",      "target",   "threshold", "flow",      "nocase",
    "fast_pattern",  "rawbytes", "tag",       "logto",     "app-layer-protocol",
    "to_lowercase",  "requires", "metadata",  "reference", "http_host",
    "http_raw_host",
};

static void beyond(struct meaning *m, const struct suricata_option *o, const char *why)
{
    if (m->why)
        return;
    m->why = why;
    m->beyond = o->key;
}

static unsigned number_of(struct span s)
{
    unsigned n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9' || i == 6)
            return 0;
        n = n * 10 + (unsigned)(s.at[i] - '0');
    }
    return n;
}

/* Bytes of the head of a question in DNS (RFC 1035 §4.1.1): flags and counts, which say no more than that it
 * is one. */
static bool is_dns_head(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.at[i] > 1)
            return false;
    return bytes.len <= 10;
}

/* Makes text of a name as DNS writes it (RFC 1035 §3.1), with its root. False: it is none. */
static bool name_of_wire(struct span bytes, struct text *to)
{
    size_t i = 0;

    while (i < bytes.len && bytes.at[i] > 0 && bytes.at[i] < 64 && bytes.len - i > bytes.at[i]) {
        if (i > 0)
            text_char(to, '.');
        text_raw(to, span_of(bytes.at + i + 1, bytes.at[i]));
        i += 1u + bytes.at[i];
    }
    return i > 0 && i + 1 == bytes.len && bytes.at[i] == 0;
}

static void take_content(struct meaning *m, const struct suricata_option *o)
{
    char buf[NAME_TEXT_MAX + 1];
    struct text t = text_on(buf, sizeof(buf)), wire = text_on(m->text, sizeof(m->text));
    bool good = suricata_content(o->value, &t), packet = m->buffer == BUFFER_PACKET;

    m->in_head = good && packet && !o->negated && is_dns_head(text_span(&t));
    m->head |= m->in_head;
    if (m->in_head)
        return;
    if (m->content)
        beyond(m, o, "asks for several things at once");
    if (o->negated)
        beyond(m, o, "asks for what is not there");
    if (!good)
        beyond(m, o, "has a content that cannot be read or is longer than any name");
    m->content = true;
    m->what = packet && name_of_wire(text_span(&t), &wire) ? BUFFER_WIRE : m->buffer;
    m->dot_before = m->dotted;
    m->start = m->end = false;
    m->shown = o->value;
    m->text_len = m->what == BUFFER_WIRE ? wire.len : t.len;
    if (m->what != BUFFER_WIRE)
        memcpy(m->text, buf, t.len);
}

/* `created_at 2020_01_31, malware_family Phantom` */
static void take_metadata(struct meaning *m, struct span value)
{
    while (value.len > 0) {
        struct span pair = load_split(&value, ','), key = load_word(&pair);
        pair = load_trim(pair);
        if (load_same(key, "created_at"))
            load_date_any(pair, false, &m->from_s);
        else if (load_same(key, "malware_family"))
            m->family = pair;
    }
}

/* Where in the buffer the content has to be. False: it is no such option. */
static bool take_position(struct meaning *m, const struct suricata_option *o)
{
    static const char *const places[] = {"depth", "offset", "distance", "within"};

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if ((m->in_head || (m->content && m->what == BUFFER_WIRE)) && load_same(o->key, places[i]))
            return true;
    if (load_same(o->key, "startswith")) {
        m->start = true;
    } else if (load_same(o->key, "endswith")) {
        m->end = true;
    } else if (load_same(o->key, "isdataat")) { /* `!1,relative`: nothing behind it */
        m->end = o->negated && load_begins(o->value, "1") && memmem(o->value.at, o->value.len, "relative", 8);
        if (!m->end)
            beyond(m, o, "asks for a length");
    } else if (load_same(o->key, "depth")) {
        m->start = m->content && number_of(o->value) == m->text_len;
        if (!m->start)
            beyond(m, o, "asks for a place inside of the name");
    } else if (load_same(o->key, "offset")) {
        if (!load_same(o->value, "0"))
            beyond(m, o, "asks for a place inside of the name");
    } else if (load_same(o->key, "bsize")) {
        m->size = number_of(o->value);
        if (m->size == 0)
            beyond(m, o, "asks for a length");
    } else {
        return false;
    }
    return true;
}

/* Texts for people, and those that set something elsewhere. False: it is no such option. */
static bool take_text(struct meaning *m, const struct suricata_option *o)
{
    if (load_same(o->key, "msg"))
        m->message = o->value;
    else if (load_same(o->key, "reference") && load_begins(o->value, "url,"))
        m->reference = load_trim(span_of(o->value.at + 4, o->value.len - 4));
    else if (load_same(o->key, "metadata"))
        take_metadata(m, o->value);
    else if (load_same(o->key, "sid") && !m->shown.at)
        m->shown = o->value;
    else if (load_same(o->key, "http_host") || load_same(o->key, "http_raw_host"))
        m->what = BUFFER_NAME; /* says it of the content before it */
    else if (load_same(o->key, "flowbits") && load_begins(o->value, "set,"))
        return true;
    for (size_t i = 0; i < sizeof(neutral) / sizeof(*neutral); i++)
        if (load_same(o->key, neutral[i]))
            return true;
    return false;
}

static void take_option(struct meaning *m, const struct suricata_option *o)
{
    for (size_t i = 0; i < sizeof(buffers) / sizeof(*buffers); i++)
        if (load_same(o->key, buffers[i].key)) {
            m->buffer = buffers[i].buffer;
            m->dotted = false;
            return;
        }
    if (load_same(o->key, "content"))
        take_content(m, o);
    else if (load_same(o->key, "dotprefix"))
        m->dotted = true;
    else if (load_same(o->key, "tls.fingerprint") || load_same(o->key, "tls_fingerprint")) {
        m->buffer = BUFFER_CERT;
        take_content(m, o);
        m->start = m->end = true;
    } else if (load_same(o->key, "pcre"))
        beyond(m, o, "asks for a regular expression");
    else if (load_same(o->key, "dataset") || load_same(o->key, "datarep"))
        beyond(m, o, "asks for what is in another file: load that");
    else if (!take_position(m, o) && !take_text(m, o))
        beyond(m, o, "asks for more than a name or address");
}

static void refuse(struct reader *r, const struct meaning *m, struct load_place at)
{
    char key[32];
    struct text t = text_on(key, sizeof(key));

    text_utf8(&t, m->beyond);
    load_quarantined(r->f, LOAD_CONDITIONS, at, m->shown, "this rule %s%s%s%s: list what is meant by itself",
                     m->why, key[0] ? " (" : "", key, key[0] ? ")" : "");
}

static void hand(struct reader *r, const struct meaning *m, struct load_place at, enum load_kind kind,
                 struct span value, bool exact)
{
    struct load_origin origin = {.campaign = {m->family},
                                 .campaigns = m->family.len > 0,
                                 .reference = m->reference};
    struct load_entry e = {.value = value,
                           .place = at,
                           .exact = exact,
                           .exception = load_same(m->rule.action, "pass"),
                           .origin = &origin,
                           .comment = m->message,
                           .from_s = m->from_s};

    r->alone += exact && kind == LOAD_KIND_NAME;
    load_kind_entry(r->f, kind, m->rule.action, &e);
}

/* Whether it may end as names do, and is not the middle of one. */
static bool is_end_of_name(struct span value)
{
    uint8_t last = value.len > 0 ? value.at[value.len - 1] : 0;

    return (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z');
}

/* The content of a buffer that holds a name or digest. */
static void hand_content(struct reader *r, struct meaning *m, struct load_place at)
{
    static const enum load_kind kinds[] = {[BUFFER_NAME] = LOAD_KIND_NAME,
                                           [BUFFER_CERT] = LOAD_KIND_CERT,
                                           [BUFFER_JA3] = LOAD_KIND_JA3,
                                           [BUFFER_JA4] = LOAD_KIND_JA4,
                                           [BUFFER_WIRE] = LOAD_KIND_NAME};
    struct span value = span_of(m->text, m->text_len);
    bool dot = value.len > 1 && value.at[0] == '.', whole = m->start && m->end;

    if (m->size > 0 && m->size != m->text_len + (m->dot_before && !dot))
        m->why = "asks for a length that is not that of the name";
    else if (m->size > 0)
        whole = m->end = true;
    if (!m->why && m->what == BUFFER_PACKET)
        m->why = "asks for bytes of a packet";
    if (!m->why && kinds[m->what] != LOAD_KIND_NAME && !whole && m->text_len < 32)
        m->why = "asks for a part of a digest";
    /* Without an end it asks for the name anywhere: the name is meant, and nothing else is loaded. */
    bool part = m->what == BUFFER_NAME && !m->end;
    if (!m->why && part && (m->start || !is_end_of_name(value)))
        m->why = "asks for the beginning of a name, or a part of it";
    if (m->why) {
        refuse(r, m, at);
        return;
    }
    /* With a dot before the name (dotprefix) the whole of it is the name alone; a dot in the rule without
     * that leaves only what is below. */
    bool exact = m->what == BUFFER_NAME && whole && (m->dot_before || !dot);
    if (exact && load_same(m->rule.action, "pass")) {
        m->why = "lets one name alone pass, and an exception holds for all below it";
        refuse(r, m, at);
        return;
    }
    if (dot)
        value = span_of(value.at + 1, value.len - 1);
    r->parts += part;
    hand(r, m, at, kinds[m->what], value, exact);
}

/* `any` and variables say nothing about which addresses are meant. */
static bool is_open(struct span side)
{
    return load_same(side, "any") || load_begins(side, "$") || load_begins(side, "!$");
}

static void hand_addresses(struct reader *r, struct meaning *m, struct load_place at)
{
    const struct suricata_rule *u = &m->rule;
    const struct span sides[] = {u->from, u->to};
    bool open[] = {is_open(u->from), is_open(u->to)},
         ports = !load_same(u->from_port, "any") || !load_same(u->to_port, "any");
    struct span rest, value;

    if (!m->why && open[0] && open[1])
        m->why = "names neither a host nor an address";
    else if (!m->why && !open[0] && !open[1])
        m->why = "asks for two addresses at once";
    else if (!m->why && m->head)
        m->why = "asks for bytes of a packet";
    else if (!m->why && load_same(u->action, "pass"))
        m->why = "lets addresses pass, which cannot be excepted";
    for (unsigned i = 0; i < 2 && !m->why; i++)
        if (!open[i] && (memchr(sides[i].at, '!', sides[i].len) || memchr(sides[i].at, '$', sides[i].len)))
            m->why = "leaves addresses out, or has variables among them";
    if (m->why) {
        refuse(r, m, at);
        return;
    }
    r->ports += ports;
    for (unsigned i = 0; i < 2; i++)
        for (rest = sides[i]; !open[i] && suricata_element(&rest, &value);)
            hand(r, m, at, LOAD_KIND_ADDRESS, value, false);
}

static void read_rule(struct reader *r, struct span text)
{
    struct load_place at = {r->number, 1};
    struct suricata_option o;
    struct meaning m;

    memset(&m, 0, offsetof(struct meaning, text));
    m.text_len = 0;
    const char *why = suricata_read(text, &m.rule);
    if (why) {
        load_refused(r->f, LOAD_MALFORMED, at, text, "%s", why);
        return;
    }
    struct span rest = m.rule.options;
    while (suricata_option(&rest, &o))
        take_option(&m, &o);
    if (!m.shown.at)
        m.shown = m.rule.action;
    at.column = r->len > 0 ? 0 : (uint32_t)(m.shown.at - text.at) + 1;
    if (m.content && (!is_open(m.rule.from) || !is_open(m.rule.to)) && !m.why)
        m.why = "asks for a name at an address";
    if (m.content)
        hand_content(r, &m, at);
    else
        hand_addresses(r, &m, at);
}

/* A rule goes on behind a backslash at the end of its line. False: it is longer than a line may be. */
static bool join(struct reader *r, struct span *line)
{
    struct span part = *line;

    r->len = 0;
    for (;;) {
        bool more = part.len > 0 && part.at[part.len - 1] == '\\';
        part.len -= more;
        if (!more && r->len == 0)
            return true;
        if (part.len > sizeof(r->joined) - r->len)
            return false;
        memcpy(r->joined + r->len, part.at, part.len);
        r->len += part.len;
        if (!more || !load_line(r->f, r->in, &part))
            break;
        while (part.len > 0 && load_is_space(part.at[part.len - 1]))
            part.len--;
    }
    *line = span_of(r->joined, r->len);
    return true;
}

static struct span without_hashes(struct span s)
{
    while (s.len > 0 && (s.at[0] == '#' || load_is_space(s.at[0])))
        s = span_of(s.at + 1, s.len - 1);
    return s;
}

static enum load_vote vote(struct span line)
{
    if (line.at[0] == '#')
        return LOAD_VOTE_NONE;
    return suricata_is_rule(line) ? LOAD_VOTE_YES : LOAD_VOTE_NO;
}

static bool is_suricata(struct span head)
{
    return load_votes(head, vote, 4); /* long rules have several lines */
}

static void tell_sums(struct reader *r)
{
    struct load_place nowhere = {0};
    char text[160];

    if (r->disabled > 0)
        load_warning(r->f, nowhere, span_of(NULL, 0), "%" PRIu64 " rules are switched off (#) and not loaded",
                     r->disabled);
    if (r->ports > 0)
        load_warning(r->f, nowhere, span_of(NULL, 0),
                     "%" PRIu64
                     " rules also ask for a port, which is not matched: loaded for all traffic with "
                     "their addresses",
                     r->ports);
    if (r->parts > 0) {
        snprintf(text, sizeof(text),
                 "%" PRIu64 " rules ask for a name without its end (endswith, bsize): the name is loaded",
                 r->parts);
        load_advice(r->f, nowhere, span_of(NULL, 0), text);
    }
    if (r->alone == 0)
        return;
    snprintf(text, sizeof(text),
             "%" PRIu64 " rules ask for one name alone: names below it are not matched, as in =NAME",
             r->alone);
    load_advice(r->f, nowhere, span_of(NULL, 0), text);
}

static bool load_suricata(struct load_file *f, struct load_input *in)
{
    struct reader r;
    struct span line;

    r.f = f;
    r.in = in;
    r.disabled = r.alone = r.parts = r.ports = 0;
    while (load_goes_on(f) && load_line(f, in, &line)) {
        line = load_trim(line);
        r.number = in->line;
        if (line.len == 0)
            continue;
        if (line.at[0] == '#')
            r.disabled += suricata_is_rule(without_hashes(line));
        else if (join(&r, &line))
            read_rule(&r, line);
        else
            load_refused(f, LOAD_MALFORMED, (struct load_place){r.number, 1}, span_of(r.joined, 64),
                         "a rule longer than %u bytes was left out", LOAD_LINE_BYTES_MAX);
    }
    tell_sums(&r);
    return true;
}

const struct load_format load_format_suricata = {"suricata-rules", is_suricata, load_suricata};
