/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address ranges of hosters and content delivery networks as they publish them in JSON: AWS, Google,
 * Oracle, Azure, Cloudflare, Fastly, CloudFront's own list, and RIPEstat's announced prefixes for those who
 * publish none. One row of a table each.
 */
#include <stdlib.h>

#include "base/text.h"
#include "intel/load_json.h"
#include "intel/load_ranges.h"

#define VALUE_MAX  64u /* longer than any prefix */
#define FIELDS_MAX 6

/* What a value says of a range. */
enum field { NONE, PREFIX, SERVICE, REGION, HOSTER };

/*
 * A service whose ranges need to be told apart. Of equal ranges the higher rank labels them: AWS lists the
 * addresses that a service takes from another under both, though that service alone uses them.
 */
struct service {
    const char *name;
    uint8_t rank;
    bool generic; /* what other services are built on */
    bool shared;  /* many customers share each address, as clients see it */
};

#define RANK_SERVICE 3 /* of one that no table names */

/* https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html. Not shared: a machine or load balancer
 * of one customer (EC2), an address that an accelerator has for itself (GLOBALACCELERATOR). */
static const struct service aws_services[] = {
    {"AMAZON", 1, true, false},     /* everything, whatever it is for */
    {"EC2", 2, true, false},        /* virtual machines */
    {"CLOUDFRONT", 5, false, true}, /* the content delivery network */
    {"CLOUDFRONT_ORIGIN_FACING", 4, false, true} /* its way to the servers behind it */,
    {"S3", RANK_SERVICE, false, true},       /* all buckets of a region */
    {"DYNAMODB", RANK_SERVICE, false, true}, /* all tables of a region, and so the next ones */
    {"KINESIS_VIDEO_STREAMS", RANK_SERVICE, false, true},
    {"MEDIA_PACKAGE_V2", RANK_SERVICE, false, true},
    {"IVS_REALTIME", RANK_SERVICE, false, true},
    {"EBS", RANK_SERVICE, false, true},
    {"AURORA_DSQL", RANK_SERVICE, false, true},
    {"CHIME_MEETINGS", RANK_SERVICE, false, true},
    {"CHIME_VOICECONNECTOR", RANK_SERVICE, false, true},
    {"AMAZON_CONNECT", RANK_SERVICE, false, true},
    {"WORKSPACES_GATEWAYS", RANK_SERVICE, false, true},
    {"ROUTE53", RANK_SERVICE, false, true},          /* name servers of all zones */
    {"ROUTE53_RESOLVER", RANK_SERVICE, false, true}, /* from here on: from where AWS acts for all customers */
    {"ROUTE53_HEALTHCHECKS", RANK_SERVICE, false, true},
    {"ROUTE53_HEALTHCHECKS_PUBLISHING", RANK_SERVICE, false, true},
    {"API_GATEWAY", RANK_SERVICE, false, true},
    {"AMAZON_APPFLOW", RANK_SERVICE, false, true},
    {"CODEBUILD", RANK_SERVICE, false, true},
    {"CLOUD9", RANK_SERVICE, false, true},
    {"EC2_INSTANCE_CONNECT", RANK_SERVICE, false, true},
    {NULL, 0, false, false},
};

/* Tags of a range in Oracle's list, which has several for one. */
static const struct service oracle_services[] = {
    {"OCI", 1, true, false}, /* customers' machines */
    {"OSN", 2, true, true},  /* Oracle's services, for all customers */
    {"OBJECT_STORAGE", 4, false, true},
    {NULL, 0, false, false},
};

/* systemService in Azure's list; empty for AzureCloud, which is everything of a region. Shared: front ends of
 * many customers. */
static const struct service azure_services[] = {
    {"AzureFrontDoor", 5, false, true},
    {"AzureStorage", 4, false, true},
    {"AzureAppService", RANK_SERVICE, false, true},
    {"AzureSQL", RANK_SERVICE, false, true},
    {"AzureCosmosDB", RANK_SERVICE, false, true},
    {"AzureKeyVault", RANK_SERVICE, false, true},
    {"AzureEventHub", RANK_SERVICE, false, true},
    {"AzureServiceBus", RANK_SERVICE, false, true},
    {"AzureTrafficManager", RANK_SERVICE, false, true},
    {NULL, 0, false, false},
};

static const struct service no_services[] = {{NULL, 0, false, false}};

struct provider {
    const char *hoster; /* NULL: the list does not name it */
    bool shared;        /* all of it */
    const struct service *services;
    struct {
        const char *path;
        enum field field;
        const char *service, *region; /* that this path implies */
    } fields[FIELDS_MAX];
};

static const struct provider providers[] = {
    {"aws",
     false,
     aws_services,
     {{"prefixes[].ip_prefix", PREFIX, NULL, NULL},
      {"ipv6_prefixes[].ipv6_prefix", PREFIX, NULL, NULL},
      {"prefixes[].service", SERVICE, NULL, NULL},
      {"ipv6_prefixes[].service", SERVICE, NULL, NULL},
      {"prefixes[].region", REGION, NULL, NULL},
      {"ipv6_prefixes[].region", REGION, NULL, NULL}}},
    {"google",
     false,
     no_services,
     {{"prefixes[].ipv4Prefix", PREFIX, NULL, NULL},
      {"prefixes[].ipv6Prefix", PREFIX, NULL, NULL},
      {"prefixes[].service", HOSTER, NULL, NULL}, /* "Google Cloud" in cloud.json, absent in goog.json */
      {"prefixes[].scope", REGION, NULL, NULL}}},
    {"oracle",
     false,
     oracle_services,
     {{"regions[].cidrs[].cidr", PREFIX, NULL, NULL},
      {"regions[].cidrs[].tags[]", SERVICE, NULL, NULL},
      {"regions[].region", REGION, NULL, NULL}}},
    {"azure",
     false,
     azure_services,
     {{"values[].properties.addressPrefixes[]", PREFIX, NULL, NULL},
      {"values[].properties.systemService", SERVICE, NULL, NULL},
      {"values[].properties.region", REGION, NULL, NULL}}},
    {"cloudflare",
     true,
     no_services,
     {{"result.ipv4_cidrs[]", PREFIX, NULL, NULL}, {"result.ipv6_cidrs[]", PREFIX, NULL, NULL}}},
    {"fastly",
     true,
     no_services,
     {{"addresses[]", PREFIX, NULL, NULL}, {"ipv6_addresses[]", PREFIX, NULL, NULL}}},
    {"aws",
     true,
     aws_services,
     {{"CLOUDFRONT_GLOBAL_IP_LIST[]", PREFIX, "CLOUDFRONT", "GLOBAL"},
      {"CLOUDFRONT_REGIONAL_EDGE_IP_LIST[]", PREFIX, "CLOUDFRONT", NULL}}},
    {NULL, false, no_services, {{"data.prefixes[].prefix", PREFIX, NULL, NULL}}},
};

#define PROVIDERS (sizeof(providers) / sizeof(*providers))

/* A text of the record in hand, and in how many containers it was found. */
struct part {
    char at[VALUE_MAX];
    size_t len;
    unsigned depth;
};

struct ranges_reader {
    struct load_json *w;
    struct load_ranges *ranges;
    const struct provider *p;
    struct part prefix, service, region, hoster;
    struct load_place place; /* of the prefix */
};

static int field_at(const struct load_json *w, const struct provider *p)
{
    for (int i = 0; i < FIELDS_MAX && p->fields[i].path; i++)
        if (load_json_at(w, p->fields[i].path))
            return i;
    return -1;
}

static const struct service *service_of(const struct provider *p, struct span name)
{
    const struct service *s = p->services;

    while (s->name && !span_eq(name, span_str(s->name)))
        s++;
    return s;
}

static uint8_t rank_of(const struct provider *p, struct span name)
{
    const struct service *s = service_of(p, name);
    return name.len == 0 ? 0 : s->name ? s->rank : RANK_SERVICE;
}

static struct span text_of(const struct part *p)
{
    return span_of(p->at, p->len);
}

static void set(struct part *p, const struct load_json *w, struct span text)
{
    p->len = text.len < sizeof(p->at) ? text.len : sizeof(p->at);
    memcpy(p->at, text.at, p->len);
    p->depth = w->read.depth;
    if (w->len > 0 && w->path[w->len - 1] == ']') /* one of a list: it belongs to what has the list */
        p->depth--;
}

/* "Google Cloud" as the tags have it: google-cloud. */
static void set_hoster(struct part *p, const struct load_json *w, struct span text)
{
    set(p, w, text);
    for (size_t i = 0; i < p->len; i++)
        p->at[i] = p->at[i] == ' '                      ? '-'
                   : p->at[i] >= 'A' && p->at[i] <= 'Z' ? (char)(p->at[i] + 0x20)
                                                        : p->at[i];
}

/* Hands the range in hand on. */
static void emit(struct ranges_reader *c)
{
    char buf[LOAD_RANGE_TAG_MAX];
    struct text tag = text_on(buf, sizeof(buf));
    const struct service *s = service_of(c->p, text_of(&c->service));

    load_ranges_part(&tag,
                     c->hoster.len > 0 ? text_of(&c->hoster) : load_ranges_hoster(c->w->f, c->p->hoster));
    load_ranges_part(&tag, text_of(&c->service));
    load_ranges_part(&tag, text_of(&c->region));
    struct load_range range = {.value = text_of(&c->prefix),
                               .place = c->place,
                               .tag = text_span(&tag),
                               .rank =
                                   (uint8_t)(rank_of(c->p, text_of(&c->service)) * 2 + (c->region.len > 0)),
                               .shared = c->p->shared || s->shared,
                               .generic = s->generic || c->service.len == 0};
    load_ranges_add(c->ranges, &range);
    c->prefix.len = 0;
}

static void take_prefix(struct ranges_reader *c, int field, struct span text)
{
    const char *path = c->p->fields[field].path, *service = c->p->fields[field].service,
               *region = c->p->fields[field].region;

    c->place = load_json_place(c->w);
    if (text.len == 0 || text.len > VALUE_MAX) {
        load_refused(c->w->f, LOAD_MALFORMED, c->place, text,
                     "a hosting range is an address or ADDRESS/LENGTH");
        return;
    }
    set(&c->prefix, c->w, text);
    if (service)
        set(&c->service, c->w, span_str(service));
    if (region)
        set(&c->region, c->w, span_str(region));
    if (path[strlen(path) - 1] == ']') /* what goes with it stands before it */
        emit(c);
    if (service)
        c->service.len = c->region.len = 0;
}

static void take_scalar(struct ranges_reader *c, enum json_token token)
{
    int i = field_at(c->w, c->p);
    struct span text = token == JSON_STRING ? c->w->read.text : span_of(NULL, 0);

    if (i < 0)
        return;
    switch (c->p->fields[i].field) {
    case PREFIX:
        take_prefix(c, i, text);
        break;
    case SERVICE: /* of several the one that says most */
        if (text.len > 0 && rank_of(c->p, text) >= rank_of(c->p, text_of(&c->service)))
            set(&c->service, c->w, text);
        break;
    case REGION:
        if (text.len > 0)
            set(&c->region, c->w, text);
        break;
    case HOSTER:
        if (text.len > 0)
            set_hoster(&c->hoster, c->w, text);
        break;
    case NONE:
        break;
    }
}

/* Nothing holds beyond the container that it stood in. */
static void leave(struct ranges_reader *c)
{
    struct part *parts[] = {&c->service, &c->region, &c->hoster};
    unsigned depth = c->w->read.depth;

    if (c->prefix.len > 0 && c->prefix.depth > depth)
        emit(c);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (parts[i]->depth > depth)
            parts[i]->len = 0;
}

static bool is_prefix(const struct load_json *w, const struct provider *p)
{
    struct prefix prefix;
    bool host_bits;
    int i = w->read.token == JSON_STRING ? field_at(w, p) : -1;

    return i >= 0 && p->fields[i].field == PREFIX && prefix_parse(w->read.text, &prefix, &host_bits);
}

/* The provider whose list it is: `ret` is a const struct provider *. */
static bool of_any(const struct load_json *w, void *ret)
{
    for (size_t i = 0; i < PROVIDERS; i++)
        if (is_prefix(w, &providers[i])) {
            *(const struct provider **)ret = &providers[i];
            return true;
        }
    return false;
}

static bool is_ranges(struct span head)
{
    const struct provider *p;

    return load_json_is(head, of_any, &p);
}

static void read_ranges(struct ranges_reader *c)
{
    for (enum json_token t = load_json_next(c->w); t != JSON_END && t != JSON_BROKEN;
         t = load_json_next(c->w)) {
        if (t == JSON_OBJECT_END || t == JSON_ARRAY_END)
            leave(c);
        else if (t != JSON_OBJECT && t != JSON_ARRAY)
            take_scalar(c, t);
    }
}

static bool load_ranges_json(struct load_file *f, struct load_input *in)
{
    struct ranges_reader c = {.w = NULL};

    if (!load_json_is(load_input_head(in), of_any, &c.p)) {
        load_error(f, (struct load_place){0}, span_of(NULL, 0),
                   "is no JSON list of address ranges that is known: AWS, Google, Oracle, Azure, Cloudflare, "
                   "Fastly, RIPEstat");
        return false;
    }
    c.w = load_json_whole(f, in) ? load_json_new(f, in) : NULL;
    c.ranges = c.w ? load_ranges_new(f) : NULL;
    if (c.ranges)
        read_ranges(&c);
    load_ranges_end(c.ranges);
    load_json_free(c.w);
    return c.ranges != NULL;
}

const struct load_format load_format_ranges = {"ip-ranges", is_ranges, load_ranges_json};
