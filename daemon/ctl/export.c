/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl export: the normalised indicators in the formats of other programs. */
#include "ctl/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "config.h"
#include "ctl/bridlectl.h"
#include "ctl/open_image.h"
#include "ctl/out_file.h"

#define ALL_TYPES ((1u << IOC_TYPES) - 1)
#define TO_NFT    "addresses: --format nftset"

/* data table */
static const struct export_format formats[] = {
    {.name = "plain",
     .types = EXPORT_BIT(DOMAIN) | EXPORT_ADDRESSES,
     .hint = "--format ioc says everything",
     .entry = export_plain},
    {.name = "hosts",
     .types = EXPORT_NAMES,
     .narrower = EXPORT_BIT(DOMAIN),
     .alike = EXPORT_BIT(NAME),
     .hint = TO_NFT,
     .begin = export_begin_hosts,
     .entry = export_hosts},
    {.name = "rpz",
     .types = EXPORT_NAMES | EXPORT_BIT(EXCEPTION) | EXPORT_ADDRESSES,
     .begin = export_begin_rpz,
     .entry = export_rpz},
    {.name = "unbound",
     .types = EXPORT_NAMES | EXPORT_BIT(EXCEPTION),
     .hint = TO_NFT,
     .begin = export_begin_unbound,
     .entry = export_unbound},
    {.name = "dnsmasq",
     .types = EXPORT_NAMES | EXPORT_BIT(EXCEPTION) | EXPORT_ADDRESSES,
     .begin = export_begin_dnsmasq,
     .entry = export_dnsmasq},
    {.name = "adguard",
     .types = EXPORT_NAMES | EXPORT_BIT(EXCEPTION),
     .hint = TO_NFT,
     .begin = export_begin_adguard,
     .entry = export_adguard},
    {.name = "nftset",
     .types = EXPORT_ADDRESSES,
     .hint = "names: a format for resolvers",
     .passes = 2,
     .begin = export_begin_nftset,
     .entry = export_nftset,
     .end = export_end_nftset},
#if !BRIDLE_SMALL /* what sensors and analysts read is made on a larger machine */
    {.name = "zeek-intel",
     .types = EXPORT_NAMES | EXPORT_ADDRESSES | EXPORT_BIT(CERT),
     .narrower = EXPORT_BIT(DOMAIN),
     .alike = EXPORT_BIT(NAME),
     .begin = export_begin_zeek,
     .entry = export_zeek},
    {.name = "suricata-dataset",
     .types = EXPORT_NAMES,
     .narrower = EXPORT_BIT(DOMAIN),
     .alike = EXPORT_BIT(NAME),
     .hint = "addresses: --format suricata-dataset-ip",
     .entry = export_suricata},
    {.name = "suricata-dataset-ip",
     .types = EXPORT_BIT(ADDRESS),
     .hint = "names: --format suricata-dataset",
     .entry = export_plain},
    {.name = "stix2",
     .types = EXPORT_NAMES | EXPORT_ADDRESSES | EXPORT_BIT(CERT),
     .alike = EXPORT_BIT(NAME),
     .begin = export_begin_stix,
     .entry = export_stix,
     .end = export_end_stix},
#endif
    {.name = "ioc", .types = ALL_TYPES, .each = true, .begin = export_begin_ioc, .entry = export_ioc},
};

#define FORMATS (sizeof formats / sizeof *formats)

/* What became of the indicators. */
struct tally {
    uint64_t written;
    uint64_t left_out[IOC_TYPES], narrower[IOC_TYPES], alike[IOC_TYPES];
    uint64_t covered; /* the same name is listed with more */
    uint64_t broken;  /* no value that our loader would have written */
};

/* Whether another entry for the same name says as much: an exception beats all, a domain its name alone. */
static bool is_covered(const struct export *x, const struct ioc *i)
{
    if (ioc_is_address(i->type) || ioc_is_digest(i->type))
        return false;
    unsigned others = export_listed(x->im, i->value) & ~(1u << i->type);
    return others & EXPORT_BIT(EXCEPTION) || (i->type == IOC_NAME && others & EXPORT_BIT(DOMAIN));
}

static int flush(struct export *x, FILE *out)
{
    struct span s = text_span(&x->text);

    x->text.len = 0;
    return fwrite(s.at, 1, s.len, out) == s.len ? 0 : -EIO;
}

static void one(struct export *x, const struct export_format *f, uint32_t id, struct tally *t)
{
    struct export_entry e;

    if (!image_ioc(x->im, id, &e.ioc) || !export_sound(&e)) {
        t->broken++;
    } else if ((f->types >> e.ioc.type & 1) == 0) {
        t->left_out[e.ioc.type]++;
    } else if (!f->each && is_covered(x, &e.ioc)) {
        t->covered++;
    } else if (!f->entry(x, &e)) {
        x->text.len = 0;
        t->left_out[e.ioc.type]++;
    } else if (x->text.full) {
        x->text = text_on(x->text.at, x->text.cap);
        t->broken++;
    } else {
        x->written += x->text.len > 0;
        t->written++;
        t->narrower[e.ioc.type] += f->narrower >> e.ioc.type & 1;
        t->alike[e.ioc.type] += f->alike >> e.ioc.type & 1;
    }
}

static int write_all(struct export *x, const struct export_format *f, FILE *out, struct tally *ret)
{
    int rc = 0;

    for (x->pass = 0; rc == 0 && x->pass < (f->passes > 0 ? f->passes : 1); x->pass++) {
        *ret = (struct tally){0}; /* each pass goes over all */
        x->written = 0;
        if (f->begin != NULL)
            f->begin(x);
        rc = flush(x, out);
        for (uint32_t id = 0; rc == 0 && id < image_iocs(x->im); id++) {
            one(x, f, id, ret);
            rc = flush(x, out);
        }
        if (f->end != NULL)
            f->end(x);
        if (rc == 0)
            rc = flush(x, out);
    }
    return rc;
}

/* `2 exception, 1 ja3`; false when there is none. */
static bool list_types(struct text *t, const uint64_t count[IOC_TYPES])
{
    size_t before = t->len;

    for (unsigned i = 0; i < IOC_TYPES; i++)
        if (count[i] > 0)
            text_fmt(t, "%s%" PRIu64 " %s", t->len > before ? ", " : "", count[i], ioc_type_names[i]);
    return t->len > before;
}

static void tell(const char *what, const uint64_t count[IOC_TYPES], const char *hint)
{
    char line[512];
    struct text t = text_on(line, sizeof line);

    if (!list_types(&t, count))
        return;
    if (hint != NULL)
        text_fmt(&t, " (%s)", hint);
    log_notice("%s: %s", what, line);
}

static void for_people(const struct export *x, const struct export_format *f, const struct tally *t)
{
    log_notice("%" PRIu64 " of %u indicators written as %s", t->written, image_iocs(x->im), f->name);
    tell("left out, for the format cannot say them", t->left_out, f->hint);
    tell("stand for themselves alone, not for what is below them", t->narrower, NULL);
    tell("look like those that stand for all below, too, to who takes them so", t->alike, NULL);
    if (t->covered > 0)
        log_notice("said already by another entry for the same name: %" PRIu64, t->covered);
    if (t->broken > 0)
        log_warning("left out, for the image is broken there: %" PRIu64, t->broken);
}

static void json_counts(struct json *j, const char *key, const uint64_t count[IOC_TYPES])
{
    json_open(j, key);
    for (unsigned i = 0; i < IOC_TYPES; i++)
        if (count[i] > 0)
            json_u64(j, ioc_type_names[i], count[i]);
    json_close(j);
}

static void for_programs(const struct export *x, const struct export_format *f, const struct tally *t)
{
    char line[2048];
    struct text text = text_on(line, sizeof line);
    struct json j = json_on(&text);

    json_open(&j, NULL);
    json_str(&j, "format", f->name);
    json_u64(&j, "indicators", image_iocs(x->im));
    json_u64(&j, "written", t->written);
    json_counts(&j, "left-out", t->left_out);
    json_counts(&j, "narrower", t->narrower);
    json_counts(&j, "alike", t->alike);
    json_u64(&j, "covered", t->covered);
    json_u64(&j, "broken", t->broken);
    json_close(&j);
    fprintf(stderr, "%s\n", line);
}

/* SOURCE_DATE_EPOCH (reproducible-builds.org), else the wall clock. */
static int64_t now_s(void)
{
    const char *set = getenv("SOURCE_DATE_EPOCH");
    char *end;
    long long s = set != NULL ? strtoll(set, &end, 10) : 0;

    return set != NULL && *set != 0 && *end == 0 ? s : (int64_t)time(NULL);
}

static int export(const struct ctl *c, const struct export_format *f, const struct image *im)
{
    struct export x = {.im = im, .now_s = now_s()};
    struct out_file out;
    struct tally tally = {0};
    char *room = malloc(EXPORT_ROOM);

    x.told = calloc(im->section[IMAGE_STRINGS].len / 8 + 1, 1);
    int rc = room == NULL || x.told == NULL ? -ENOMEM : out_file_open(&out, c->output);
    if (rc == 0) {
        x.text = text_on(room, EXPORT_ROOM);
        rc = out_file_close(&out, write_all(&x, f, out.stream, &tally));
    }
    if (rc < 0)
        log_error("%s: %s", c->output != NULL ? c->output : "standard output", strerror(-rc));
    else if (c->json)
        for_programs(&x, f, &tally);
    else
        for_people(&x, f, &tally);
    free(room);
    free(x.told);
    return rc < 0 ? CTL_FAILED : CTL_DONE;
}

static const struct export_format *find_format(const char *name)
{
    for (unsigned i = 0; name != NULL && i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    char line[512];
    struct text t = text_on(line, sizeof line);
    for (unsigned i = 0; i < FORMATS; i++)
        text_fmt(&t, "%s%s", i > 0 ? ", " : "", formats[i].name);
    log_error("%s; the formats are: %s",
              name != NULL ? "there is no such format" : "export needs --format FORMAT", line);
    return NULL;
}

int ctl_export(const struct ctl *c)
{
    const struct export_format *f = find_format(c->format);

    if (f == NULL)
        return CTL_USAGE;
    struct image *im = open_image(c);
    if (im == NULL)
        return CTL_FAILED;
    int status = export(c, f, im);
    image_unmap(im);
    return status;
}
