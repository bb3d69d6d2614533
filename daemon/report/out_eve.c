/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as JSON lines in Suricata's EVE layout, each flushed as it happens. tests/eve.schema.json says what
 * a line may hold. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "intel/match.h"
#include "proto/infos.h"
#include "report/community_id.h"
#include "report/line_file.h"
#include "report/output.h"

/* The longest line: all of a record's bytes as six-character escapes, and what stands around them; or all
 * counters and clients. */
#define LINE_MAX_BYTES (RING_RECORD_MAX * 6 + 16384 + VISIBILITY_CLIENTS * METER_CLIENT_JSON_MAX)
/* Of our own text in an engine event. */
#define ENGINE_TEXT_MAX 4096
/* JSON numbers are doubles to many readers: what is larger would be changed by them. */
#define FLOW_ID_MASK ((UINT64_C(1) << 53) - 1)

struct eve {
    struct output_context context;
    struct line_file file;
    struct text line;
    uint64_t too_long;
    char buf[LINE_MAX_BYTES];
};

static const char *const tunnel_names[TUNNEL_KINDS] = {[TUNNEL_NONE] = "none",
#define X(id, name, mirror) [TUNNEL_##id] = name,
                                                       BRIDLE_TUNNELS(X)
#undef X
};

static int eve_open(const struct output_context *context, void **ret)
{
    const char *path = context->options->eve_path;

    if (path == NULL || path[0] == 0)
        return 0;
    struct eve *e = calloc(1, sizeof *e);
    if (e == NULL)
        return -ENOMEM;
    e->context = *context;
    int r = line_file_open(&e->file, path, context->options->replay);
    if (r != 0) {
        log_error("%s: cannot open it for events: %s", path, strerror(-r));
        free(e);
        return r;
    }
    *ret = e;
    return 1;
}

static struct json begin(struct eve *e, uint64_t ts_ns, const char *event_type)
{
    e->line = text_on(e->buf, sizeof e->buf);
    struct json j = json_on(&e->line);

    char time[40];
    struct text t = text_on(time, sizeof time);
    text_time_eve(&t, ts_ns);
    json_open(&j, NULL);
    json_span(&j, "timestamp", text_span(&t));
    json_str(&j, "event_type", event_type);
    return j;
}

static void end(struct eve *e, struct json *j)
{
    json_close(j);
    text_char(&e->line, '\n');
    if (e->line.full)
        e->too_long++;
    else
        line_file_write(&e->file, e->line.at, e->line.len);
}

static void put_addr(struct json *j, const char *key, const struct addr *a)
{
    char text[ADDR_TEXT_MAX];
    json_str(j, key, addr_text(a, text));
}

static void put_end(struct json *j, const char *key, const struct sighting *s, const struct addr *a)
{
    char text[ADDR_TEXT_MAX];
    json_str(j, key, s->mapped ? addr_text_v6(a, text) : addr_text(a, text));
}

/* Suricata's names of IP protocols; others as their number. */
static void put_ip_proto(struct json *j, uint8_t ip_proto)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = {{IPPROTO_TCP, "TCP"},   {IPPROTO_UDP, "UDP"},          {IPPROTO_ICMP, "ICMP"},
                 {IPPROTO_SCTP, "SCTP"}, {IPPROTO_ICMPV6, "IPv6-ICMP"}, {IPPROTO_GRE, "GRE"},
                 {IPPROTO_ESP, "ESP"}};
    char name[16];
    struct text t = text_on(name, sizeof name);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == ip_proto)
            text_str(&t, names[i].name);
    if (t.len == 0)
        text_u64(&t, ip_proto);
    json_span(j, "proto", text_span(&t));
}

static void put_source(struct eve *e, struct json *j, const struct sighting *s, bool with_frame)
{
    bool replay = e->context.options->replay;

    if (s->source == SIGHTING_NO_SOURCE || (replay && !with_frame))
        return;
    const char *name = e->context.source(e->context.source_ctx, s->source);
    if (name != NULL)
        json_str(j, replay ? "pcap_filename" : "in_iface", name);
    if (replay)
        json_u64(j, "pcap_cnt", s->packet);
}

/* The innermost tunnel, and the way to it. */
static void put_tunnel(struct json *j, const struct sighting *s)
{
    json_open(j, "tunnel");
    json_str(j, "kind", tunnel_names[s->tunnel_path & 0xff]);
    if (s->tunnel_id != 0)
        json_u64(j, "id", s->tunnel_id);
    put_addr(j, "src_ip", &s->tunnel_src);
    put_addr(j, "dest_ip", &s->tunnel_dst);
    json_u64(j, "depth", s->tunnel_depth);
    json_open_array(j, "path");
    for (unsigned i = s->tunnel_depth; i > 0; i--)
        json_str(j, NULL, tunnel_names[s->tunnel_path >> (i - 1) * 8 & 0xff]);
    json_close_array(j);
    json_close(j);
}

static void put_layers(struct json *j, const struct sighting *s)
{
    if (s->vlans > 0) {
        json_open_array(j, "vlan");
        for (unsigned i = 0; i < s->vlans; i++)
            json_u64(j, NULL, s->vlan[i]);
        json_close_array(j);
    }
    if (s->tunnel_depth > 0)
        put_tunnel(j, s);
}

/* Where it was seen; `with_frame`: a frame of the capture stands behind this event. */
static void put_where(struct eve *e, struct json *j, const struct sighting *s, bool with_frame)
{
    bool ports = s->ip_proto == IPPROTO_TCP || s->ip_proto == IPPROTO_UDP || s->ip_proto == IPPROTO_SCTP;
    char id[COMMUNITY_ID_MAX];

    json_u64(j, "flow_id", s->flow_id & FLOW_ID_MASK);
    put_source(e, j, s, with_frame);
    put_layers(j, s);
    put_end(j, "src_ip", s, &s->client);
    if (ports)
        json_u64(j, "src_port", s->client_port);
    put_end(j, "dest_ip", s, &s->server);
    if (ports)
        json_u64(j, "dest_port", s->server_port);
    put_ip_proto(j, s->ip_proto);
    if (s->proto > 0 && s->proto <= proto_count)
        json_str(j, "app_proto", proto_infos[s->proto - 1].name);
    if (community_id(s->ip_proto, &s->client, s->client_port, &s->server, s->server_port, id))
        json_str(j, "community_id", id);
    if (s->flags & RECORD_STREAM)
        json_str(j, "stream", s->flags & RECORD_MIDSTREAM ? "midstream" : "start");
    if (s->ip_proto == IPPROTO_TCP || s->flags & RECORD_GUESSED)
        json_str(j, "opened", s->flags & RECORD_GUESSED ? "guessed" : "seen");
    if (s->flags & RECORD_CONFLICT)
        json_bool(j, "conflict", true);
    if (s->flags & RECORD_VIA_RESOLVER)
        json_bool(j, "via_resolver", true);
    if (s->flags & RECORD_INBOUND)
        json_bool(j, "inbound", true);
}

static void put_attrs(struct json *j, const struct record *rec)
{
    uint32_t seen = 0;
    _Static_assert(ATTRS <= 32, "a bit for each");

    for (unsigned i = 0; i < rec->attrs; i++) {
        const struct attr *a = &rec->attr[i];
        if (seen & 1u << a->key)
            continue; /* a key must not occur twice in an object */
        seen |= 1u << a->key;
        if (a->key == ATTR_ECH)
            json_bool(j, attr_names[a->key], true);
        else
            json_span(j, attr_names[a->key], a->value);
    }
}

static void put_alert(struct json *j, const struct alert *a)
{
    const struct ioc_copy *ioc = a->incident->ioc;
    char buf[IOC_VALUE_MAX + IMAGE_CAMPAIGNS_MAX * (IOC_CAMPAIGN_MAX + 2) + 64];
    struct text t = text_on(buf, sizeof buf);

    json_open(j, "alert");
    json_str(j, "action", "allowed");
    json_u64(j, "gid", ALERT_GID);
    json_u64(j, "signature_id", alert_signature_id(ioc->key));
    json_u64(j, "rev", 1);
    alert_signature(&t, ioc);
    json_span(j, "signature", text_span(&t));
    t = text_on(buf, sizeof buf);
    alert_category(&t, ioc);
    json_span(j, "category", text_span(&t));
    json_u64(j, "severity", a->severity);
    json_close(j);
}

static void put_date(struct json *j, const char *key, int64_t s)
{
    char buf[40];
    struct text t = text_on(buf, sizeof buf);

    ageing_date(&t, s);
    if (t.len > 0)
        json_span(j, key, text_span(&t));
}

/* Since when, until when, and what that makes of it. What nobody said is left out. */
static void put_age(struct json *j, const struct alert *a)
{
    const struct ioc_copy *ioc = a->incident->ioc;

    put_date(j, "valid_from", ioc->from_s);
    put_date(j, "valid_until", ioc->until_s);
    put_date(j, "first_loaded", ioc->first_s);
    if (a->age.aged) {
        json_bool(j, "aged", true);
        json_u64(j, "age_days", a->age.days);
    }
    if (ioc->low_trust)
        json_str(j, "trust", "low");
}

static void put_ioc(struct json *j, const struct alert *a)
{
    const struct ioc_copy *ioc = a->incident->ioc;

    json_open(j, "ioc");
    json_str(j, "type", ioc_type_names[ioc->type]);
    json_str(j, "value", ioc->value);
    json_str(j, "tier", tier_names[ioc->tier]);
    json_str(j, "match", match_names[a->where.match]);
    json_str(j, "via", via_names[a->where.via]);
    json_span(j, "observed", a->observed);
    json_open_array(j, "campaigns");
    for (unsigned i = 0; i < ioc->campaigns; i++)
        json_str(j, NULL, ioc->campaign[i]);
    json_close_array(j);
    json_str(j, "source", ioc->source[0]);
    json_open_array(j, "sources");
    for (unsigned i = 0; i < ioc->sources; i++)
        json_str(j, NULL, ioc->source[i]);
    json_close_array(j);
    json_str(j, "reference", ioc->reference);
    json_str(j, "feed", ioc->feed);
    json_u64(j, "line", ioc->line);
    json_span(j, "hosting", a->hosting);
    put_age(j, a);
    json_close(j);
}

static void put_blocked(struct json *j, const struct incident *in)
{
    if (in->blocked == BLOCKED_NOT)
        return;
    json_open(j, "dns");
    json_str(j, "blocked", blocked_names[in->blocked]);
    json_span(j, "blocked_by", in->blocked_by);
    json_close(j);
}

static void put_time(struct json *j, const char *key, uint64_t ts_ns)
{
    char buf[40];
    struct text t = text_on(buf, sizeof buf);

    text_time_eve(&t, ts_ns);
    json_span(j, key, text_span(&t));
}

static void put_incident(struct json *j, const struct alert *a)
{
    const struct incident *in = a->incident;

    json_open(j, "incident");
    json_str(j, "id", in->id);
    json_str(j, "why", why_names[a->why]);
    json_str(j, "stage", stage_names[in->stage]);
    put_time(j, "first_seen", in->first_ns);
    put_time(j, "last_seen", in->last_ns);
    json_u64(j, "count", in->count);
    json_u64(j, "bytes_out", in->bytes_out);
    json_u64(j, "bytes_in", in->bytes_in);
    json_close(j);
}

static void eve_alert(void *self, const struct alert *a)
{
    struct eve *e = self;
    struct json j = begin(e, a->ts_ns, "alert");

    put_where(e, &j, &a->where, a->record != NULL);
    put_alert(&j, a);
    put_ioc(&j, a);
    put_incident(&j, a);
    put_blocked(&j, a->incident);
    if (a->record != NULL)
        put_attrs(&j, a->record);
    end(e, &j);
}

static void eve_observation(void *self, const struct record *rec)
{
    struct eve *e = self;

    if (!e->context.options->observe)
        return;
    struct json j = begin(e, rec->ts_ns, "observation");
    struct sighting where = sighting_of(rec);
    put_where(e, &j, &where, true);
    json_str(&j, "via", via_names[rec->via]);
    if (rec->is_addr)
        put_addr(&j, "ip", &rec->value_addr);
    else
        json_span(&j, "name", rec->value);
    put_attrs(&j, rec);
    if (rec->match != MATCH_NONE && rec->match != MATCH_EXCEPTION)
        json_bool(&j, "match", true);
    end(e, &j);
}

static void eve_engine(void *self, uint64_t ts_ns, const char *kind, const char *text)
{
    struct eve *e = self;
    struct json j = begin(e, ts_ns, "engine");

    json_open(&j, "engine");
    json_str(&j, "kind", kind);
    json_span(&j, "text", span_of(text, strnlen(text, ENGINE_TEXT_MAX)));
    json_close(&j);
    end(e, &j);
}

/* "capture" of "capture.packets". */
static struct span group_of(const char *name)
{
    return span_of(name, strcspn(name, "."));
}

static void put_group(struct json *j, struct span group, const struct output_counter *counters, size_t n)
{
    char key[64];
    struct text t = text_on(key, sizeof key);

    text_raw(&t, group);
    json_open(j, key);
    for (size_t i = 0; i < n; i++)
        if (span_eq(group_of(counters[i].name), group) && counters[i].name[group.len] == '.')
            json_u64(j, counters[i].name + group.len + 1, counters[i].value);
    json_close(j);
}

static void eve_stats(void *self, uint64_t ts_ns, const struct output_stats *stats)
{
    struct eve *e = self;
    struct json j = begin(e, ts_ns, "stats");
    const struct output_counter *counters = stats->counter;

    json_open(&j, "stats");
    for (size_t i = 0; i < stats->counters; i++) {
        size_t before = 0;
        while (before < i && !span_eq(group_of(counters[before].name), group_of(counters[i].name)))
            before++;
        if (before == i) /* the first of its group */
            put_group(&j, group_of(counters[i].name), counters, stats->counters);
    }
    json_close(&j);
    json_open(&j, "visibility");
    meter_json_clients(&j, stats->meter, VISIBILITY_CLIENTS);
    json_open(&j, "others");
    meter_json_counts(&j, &stats->others);
    json_close(&j);
    json_close(&j);
    end(e, &j);
}

static void eve_reopen(void *self)
{
    line_file_reopen(&((struct eve *)self)->file);
}

static uint64_t eve_errors(const void *self)
{
    const struct eve *e = self;
    return e->file.lost + e->too_long;
}

static void eve_close(void *self)
{
    struct eve *e = self;
    line_file_close(&e->file);
    free(e);
}

const struct output output_eve = {
    .name = "eve",
    .open = eve_open,
    .alert = eve_alert,
    .observation = eve_observation,
    .engine = eve_engine,
    .stats = eve_stats,
    .reopen = eve_reopen,
    .errors = eve_errors,
    .close = eve_close,
};
