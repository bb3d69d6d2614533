/* SPDX-License-Identifier: BSD-2-Clause */
/* Exports with all that feeds say: Zeek's Intelligence Framework, and our own format, bridle.ioc(5). */
#include <time.h>

#include "ctl/export.h"

/* An indicator takes as many lines as it has campaigns or sources; read again, they are merged. */
static unsigned lines_of(const struct ioc *i)
{
    unsigned n = i->campaigns > i->sources ? i->campaigns : i->sources;
    return n > 0 ? n : 1;
}

/* Of the line `k`: the last one is repeated. */
static struct span campaign_of(const struct ioc *i, unsigned k)
{
    return i->campaigns > 0 ? i->campaign[k < i->campaigns ? k : i->campaigns - 1] : span_str("");
}

static struct span source_of(const struct ioc *i, unsigned k)
{
    return i->sources > 0 ? i->source[k < i->sources ? k : i->sources - 1] : span_str("");
}

/* A field of Zeek's logs and input files: TAB and newline would begin another, a backslash an escape. */
static void zeek_field(struct text *t, struct span s)
{
    bool dash = s.len == 1 && s.at[0] == '-';

    s = export_cut(s);
    text_str(t, s.len == 0 ? "\t-" : "\t");
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < 0x20 || s.at[i] == 0x7f || s.at[i] == '\\' || dash)
            text_fmt(t, "\\x%02x", s.at[i]);
        else
            text_char(t, (char)s.at[i]);
    }
}

void export_begin_zeek(struct export *x)
{
    export_made_by(x, "#");
    text_str(&x->text,
             "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.campaign\n");
}

/* All campaigns in one field. */
static void zeek_campaigns(struct text *t, const struct ioc *i)
{
    char all[EXPORT_TEXT_MAX];
    struct text joined = text_on(all, sizeof all);

    for (unsigned k = 0; k < i->campaigns; k++) {
        text_str(&joined, k > 0 ? "; " : "");
        text_raw(&joined, i->campaign[k]);
    }
    zeek_field(t, text_span(&joined));
}

/* Zeek keeps one line of each source for a value: who reads its logs finds all campaigns in the description.
 */
bool export_zeek(struct export *x, const struct export_entry *e)
{
    static const char *const kinds[IOC_TYPES] = {[IOC_DOMAIN] = "Intel::DOMAIN",
                                                 [IOC_NAME] = "Intel::DOMAIN",
                                                 [IOC_ADDRESS] = "Intel::ADDR",
                                                 [IOC_PREFIX] = "Intel::SUBNET",
                                                 [IOC_CERT] = "Intel::CERT_HASH"};
    const struct ioc *i = &e->ioc;
    unsigned k = 0;

    if (i->type == IOC_CERT && i->value.len != 40) /* it compares SHA-1 alone */
        return false;
    do {
        if (ioc_is_address(i->type))
            text_str(&x->text, e->addr);
        else
            text_name(&x->text, i->value);
        text_char(&x->text, '\t');
        text_str(&x->text, kinds[i->type]);
        zeek_field(&x->text, i->sources > 0 ? source_of(i, k) : i->feed);
        zeek_campaigns(&x->text, i);
        zeek_field(&x->text, i->reference);
        zeek_field(&x->text, campaign_of(i, k));
        text_char(&x->text, '\n');
    } while (++k < lines_of(i));
    return true;
}

/* Quoted text; controls would end the line. */
static void quoted(struct text *t, struct span s, bool escapes)
{
    s = export_cut(s);
    text_char(t, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i] < 0x20 || s.at[i] == 0x7f ? ' ' : (char)s.at[i];
        if (escapes && (c == '"' || c == '\\'))
            text_char(t, '\\');
        text_char(t, !escapes && c == '"' ? '\'' : c); /* the text of a header knows no escapes */
    }
    text_char(t, '"');
}

/* A header where it says something else than before. */
static void ioc_headers(struct export *x, const struct ioc *i, struct span source)
{
    static const char *const names[] = {"@source", "@reference", "@licence"};
    const struct span now[] = {source, i->reference, i->licence};

    for (unsigned k = 0; k < 3; k++) {
        if (span_eq(now[k], x->header[k]))
            continue;
        x->header[k] = now[k];
        text_str(&x->text, names[k]);
        if (now[k].len > 0) {
            text_char(&x->text, ' ');
            quoted(&x->text, now[k], false);
        }
        text_char(&x->text, '\n');
    }
}

/* The day where that says all: the first second of one, the last of one. */
static void ioc_date(struct text *t, const char *key, int64_t when_s, bool last)
{
    time_t s = when_s;
    struct tm tm;

    if (when_s == 0 || gmtime_r(&s, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
        return;
    text_fmt(t, " %s=%04d-%02d-%02d", key, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    if ((when_s + last) % 86400 != 0)
        text_fmt(t, "T%02d:%02d:%02dZ", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Private or reserved: the guards refuse it unless it is written as one that is meant. */
static bool is_meant(const struct prefix *p)
{
    const uint8_t *b = p->addr.b, *v4 = b + 12;

    return addr_is_private(&p->addr) || addr_is_group(&p->addr) ||
           (addr_is_v4(&p->addr) ? v4[0] == 0 || v4[0] >= 240 || (v4[0] == 192 && v4[1] + v4[2] == 0)
                                 : p->addr.w[0] == 0 || b[0] == 1);
}

static void ioc_value(struct text *t, const struct export_entry *e)
{
    static const char *const before[IOC_TYPES] = {[IOC_NAME] = "=",
                                                  [IOC_EXCEPTION] = "!",
                                                  [IOC_CERT] = "cert:",
                                                  [IOC_JA3] = "ja3:",
                                                  [IOC_JA4] = "ja4:"};

    if (ioc_is_address(e->ioc.type)) {
        text_str(t, is_meant(&e->prefix) ? "=" : "");
        text_str(t, e->addr);
    } else {
        text_str(t, before[e->ioc.type] != NULL ? before[e->ioc.type] : "");
        text_name(t, e->ioc.value);
    }
}

static void ioc_text(struct text *t, const char *key, struct span s)
{
    if (s.len == 0)
        return;
    text_fmt(t, " %s=", key);
    quoted(t, s, true);
}

void export_begin_ioc(struct export *x)
{
    text_str(&x->text, "# bridle-ioc 1\n");
    export_made_by(x, "#");
}

bool export_ioc(struct export *x, const struct export_entry *e)
{
    const struct ioc *i = &e->ioc;

    for (unsigned k = 0; k < lines_of(i); k++) {
        ioc_headers(x, i, source_of(i, k));
        ioc_value(&x->text, e);
        ioc_text(&x->text, "campaign", campaign_of(i, k));
        if (i->tier != TIER_UNKNOWN)
            text_fmt(&x->text, " tier=%s", tier_names[i->tier]);
        ioc_date(&x->text, "from", i->from_s, false);
        ioc_date(&x->text, "until", i->until_s, true);
        ioc_text(&x->text, "comment", i->comment);
        text_char(&x->text, '\n');
    }
    return true;
}
