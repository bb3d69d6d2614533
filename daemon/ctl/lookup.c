/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl lookup: which indicator matches a name, address or digest, why, and where it is listed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "ctl/bridlectl.h"
#include "ctl/open_image.h"
#include "intel/match.h"
#include "intel/normalise.h"

/* What an answer is, before it is printed. */
struct finding {
    struct span query;
    const char *error; /* static text; NULL: it could be looked up */
    struct match match;
    struct ioc ioc;
    struct span hosting; /* of an address; may be empty */
    struct span who;     /* answers at an address that leads nowhere */
    uint8_t answer;      /* enum answer_kind of an address */
    bool resolver;       /* a public one */
};

/* A digest that does not say of what can be either. */
static struct match find_bare(const struct image *im, struct span digits)
{
    struct match m = match_value(im, IOC_CERT, digits);
    return m.how != MATCH_NONE ? m : match_value(im, IOC_JA3, digits);
}

static void find(const struct image *im, struct span query, struct finding *ret)
{
    struct normal n;

    *ret = (struct finding){.query = query};
    normalise(query, NORMAL_WANT_HOST, &n);
    switch (n.kind) {
    case NORMAL_NAME:
        ret->match = match_name(im, span_str(n.name));
        ret->resolver = image_resolver_name(im, span_str(n.name));
        break;
    case NORMAL_DIGEST:
        ret->match = match_value(im, (enum ioc_type)n.type, span_str(n.name));
        break;
    case NORMAL_PREFIX:
        ret->error = "a prefix cannot be looked up: give an address in it";
        break;
    case NORMAL_ADDRESS:
        ret->match = match_addr(im, &n.prefix.addr);
        image_hosting(im, &n.prefix.addr, &ret->hosting, NULL);
        ret->resolver = image_resolver_addr(im, &n.prefix.addr);
        ret->answer = image_answer(im, &n.prefix.addr, &ret->who);
        break;
    default:
        if (n.bare_digest)
            ret->match = find_bare(im, span_str(n.name));
        else
            ret->error = n.why;
    }
    if (ret->error == NULL && ret->match.how != MATCH_NONE && !image_ioc(im, ret->match.ioc, &ret->ioc))
        ret->error = "the image is broken";
}

static void field(struct text *t, const char *name, struct span value)
{
    if (value.len == 0)
        return;
    text_fmt(t, "    %-11s", name);
    text_escaped(t, value);
    text_char(t, '\n');
}

/* What an answer of DNS that leads there is called in events (dns.blocked of bridled(8)). */
static const char *const answer_names[ANSWER_KINDS] = {
    [ANSWER_BLOCKED] = "blocked",
    [ANSWER_SINKHOLE] = "sinkhole",
    [ANSWER_PARKED] = "parked",
};

/* What is known beside the indicators. */
static void about(const struct finding *f, struct text *t)
{
    field(t, "hosted at", f->hosting);
    if (f->answer != ANSWER_REAL)
        field(t, answer_names[f->answer], f->who.len > 0 ? f->who : span_str("leads nowhere"));
    if (f->resolver)
        field(t, "resolver", span_str("public, over TLS, QUIC or HTTPS"));
}

static void people(const struct finding *f, struct text *t)
{
    text_escaped(t, f->query);
    if (f->error != NULL) {
        text_fmt(t, ": %s\n", f->error);
        return;
    }
    if (f->match.how == MATCH_NONE) {
        text_str(t, ": no match\n");
        about(f, t);
        return;
    }
    const struct ioc *i = &f->ioc;
    text_str(t, f->match.how == MATCH_EXCEPTION ? ": no match: excepted by " : ": matches ");
    text_escaped(t, i->value);
    text_fmt(t, " (%s, %s)\n", i->type < IOC_TYPES ? ioc_type_names[i->type] : "?",
             match_names[f->match.how]);
    for (unsigned k = 0; k < i->campaigns; k++)
        field(t, "campaign", i->campaign[k]);
    if (i->tier < sizeof tier_words / sizeof *tier_words && i->tier != TIER_UNKNOWN)
        field(t, "kind", span_str(tier_words[i->tier]));
    for (unsigned k = 0; k < i->sources; k++)
        field(t, "source", i->source[k]);
    field(t, "reference", i->reference);
    field(t, "comment", i->comment);
    about(f, t);
    text_str(t, "    listed in  ");
    text_escaped(t, i->feed);
    if (i->line > 0)
        text_fmt(t, ":%u", i->line);
    text_char(t, '\n');
}

static void programs(const struct finding *f, struct text *t)
{
    struct json j = json_on(t);
    const struct ioc *i = &f->ioc;

    json_open(&j, NULL);
    json_span(&j, "query", f->query);
    json_bool(&j, "match", f->error == NULL && match_found(f->match));
    if (f->error != NULL) {
        json_str(&j, "error", f->error);
    } else if (f->match.how != MATCH_NONE) {
        json_open(&j, "ioc");
        json_str(&j, "type", i->type < IOC_TYPES ? ioc_type_names[i->type] : "");
        json_span(&j, "value", i->value);
        json_str(&j, "match", match_names[f->match.how]);
        json_open_array(&j, "campaigns");
        for (unsigned k = 0; k < i->campaigns; k++)
            json_span(&j, NULL, i->campaign[k]);
        json_close_array(&j);
        json_span(&j, "source", i->source[0]);
        json_span(&j, "reference", i->reference);
        json_span(&j, "feed", i->feed);
        json_u64(&j, "line", i->line);
        json_str(&j, "tier", i->tier < sizeof tier_names / sizeof *tier_names ? tier_names[i->tier] : "");
        json_span(&j, "hosting", f->hosting);
        json_close(&j);
    } else if (f->hosting.len > 0) {
        json_span(&j, "hosting", f->hosting);
    }
    if (f->resolver)
        json_bool(&j, "resolver", true);
    if (f->answer != ANSWER_REAL) {
        json_str(&j, "blocked", answer_names[f->answer]);
        json_span(&j, "blocked_by", f->who);
    }
    json_close(&j);
    text_char(t, '\n');
}

/* False when the query was none. */
static bool answer(const struct ctl *c, const struct image *im, struct span query)
{
    static char line[65536];
    struct text t = text_on(line, sizeof line);
    struct finding f;

    find(im, query, &f);
    if (c->json)
        programs(&f, &t);
    else
        people(&f, &t);
    fputs(line, f.error != NULL && !c->json ? stderr : stdout);
    return f.error == NULL;
}

/* One query a line; blank lines and comments are passed over. Flushed each, for it may be one end of a
 * dialogue. */
static bool answer_input(const struct ctl *c, const struct image *im)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool good = true;

    while ((n = getline(&line, &room, stdin)) >= 0) {
        struct span q = span_of(line, (size_t)n);
        while (q.len > 0 && strchr(" \t\r\n", q.at[q.len - 1]) != NULL)
            q.len--;
        while (q.len > 0 && (q.at[0] == ' ' || q.at[0] == '\t'))
            q = span_of(q.at + 1, q.len - 1);
        if (q.len == 0 || q.at[0] == '#')
            continue;
        good &= answer(c, im, q);
        fflush(stdout);
    }
    free(line);
    return good;
}

int ctl_lookup(const struct ctl *c)
{
    bool good = true;
    struct image *im = open_image(c);

    if (im == NULL)
        return CTL_FAILED;
    for (unsigned i = 0; i < c->operands; i++)
        good &=
            strcmp(c->operand[i], "-") == 0 ? answer_input(c, im) : answer(c, im, span_str(c->operand[i]));
    image_unmap(im);
    return good ? CTL_DONE : CTL_FAILED;
}
