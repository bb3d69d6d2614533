/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS over UDP and TCP: names asked for, names and addresses answered. RFC 1035, RFC 6891 (EDNS: an OPT
 * record is one more record), RFC 9460 (SVCB and HTTPS), RFC 6762 (mDNS), RFC 4795 (LLMNR).
 *
 * A message is read once, where it lies; only names that are reported are expanded. What is malformed ends
 * the reading, what came before it has been emitted.
 */
#include "base/text.h"
#include "proto/name.h"
#include "proto/proto.h"

#define HEADER_BYTES 12u
/* A message of 64 KiB holds no more records of an address than this; shorter ones only buy an attacker our
 * time. */
#define RECORDS_MAX  4096u
#define QUESTION_MIN 5u   /* bytes: the root, a type and a class */
#define RECORD_MIN   11u  /* the root, type, class, TTL and no RDATA */
#define CUT_WHOLE    512u /* bytes that a datagram has at least when the capture may have cut it */

enum { FLAG_RESPONSE = 0x8000 }; /* RFC 1035 §4.1.1: QR */
enum { CLASS_IN = 1, CLASS_MASK = 0x7fff /* without mDNS's top bit: RFC 6762 §10.2, §18.12 */ };
enum { SVCB_IPV4HINT = 4, SVCB_IPV6HINT = 6 }; /* RFC 9460 §14.3.2 */

enum holds {
    HOLDS_NOTHING, /* that is reported */
    HOLDS_NAME,
    HOLDS_SERVICE, /* a name, then SvcParams */
    HOLDS_ADDRESS,
};

struct rr_type {
    struct span name;    /* empty: the type has none that we know */
    uint8_t holds;       /* enum holds */
    uint8_t name_offset; /* of the name in the RDATA */
};

#define TEXT(s)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(s), sizeof(s) - 1                                                                  \
    }

static const struct rr_type rr_types[] = {
    [1] = {TEXT("A"), HOLDS_ADDRESS},
    [2] = {TEXT("NS"), HOLDS_NAME},
    [5] = {TEXT("CNAME"), HOLDS_NAME},
    [6] = {TEXT("SOA")},
    [10] = {TEXT("NULL")},
    [11] = {TEXT("WKS")},
    [12] = {TEXT("PTR"), HOLDS_NAME},
    [13] = {TEXT("HINFO")},
    [15] = {TEXT("MX"), HOLDS_NAME, 2},
    [16] = {TEXT("TXT")},
    [17] = {TEXT("RP")},
    [18] = {TEXT("AFSDB")},
    [25] = {TEXT("KEY")},
    [28] = {TEXT("AAAA"), HOLDS_ADDRESS},
    [29] = {TEXT("LOC")},
    [33] = {TEXT("SRV"), HOLDS_NAME, 6}, /* RFC 2782 */
    [35] = {TEXT("NAPTR")},
    [37] = {TEXT("CERT")},
    [39] = {TEXT("DNAME"), HOLDS_NAME}, /* RFC 6672 */
    [41] = {TEXT("OPT")},
    [43] = {TEXT("DS")},
    [44] = {TEXT("SSHFP")},
    [46] = {TEXT("RRSIG")},
    [47] = {TEXT("NSEC")},
    [48] = {TEXT("DNSKEY")},
    [50] = {TEXT("NSEC3")},
    [51] = {TEXT("NSEC3PARAM")},
    [52] = {TEXT("TLSA")},
    [53] = {TEXT("SMIMEA")},
    [59] = {TEXT("CDS")},
    [60] = {TEXT("CDNSKEY")},
    [61] = {TEXT("OPENPGPKEY")},
    [63] = {TEXT("ZONEMD")},
    [64] = {TEXT("SVCB"), HOLDS_SERVICE, 2}, /* RFC 9460 §2.2 */
    [65] = {TEXT("HTTPS"), HOLDS_SERVICE, 2},
    [99] = {TEXT("SPF")},
    [249] = {TEXT("TKEY")},
    [250] = {TEXT("TSIG")},
    [251] = {TEXT("IXFR")},
    [252] = {TEXT("AXFR")},
    [255] = {TEXT("ANY")},
    [256] = {TEXT("URI")},
    [257] = {TEXT("CAA")},
};

static const struct span rcodes[16] = {TEXT("NOERROR"), TEXT("FORMERR"), TEXT("SERVFAIL"), TEXT("NXDOMAIN"),
                                       TEXT("NOTIMP"),  TEXT("REFUSED"), TEXT("YXDOMAIN"), TEXT("YXRRSET"),
                                       TEXT("NXRRSET"), TEXT("NOTAUTH"), TEXT("NOTZONE"),  TEXT("DSOTYPENI"),
                                       TEXT("RCODE12"), TEXT("RCODE13"), TEXT("RCODE14"),  TEXT("RCODE15")};

struct header {
    uint16_t id, flags;
    uint16_t count[4]; /* questions, answers, authority, additional */
};

/* One message being read. */
struct reader {
    struct parse *p;
    struct cur c; /* over the message, offsets from its header */
    struct header h;
    uint32_t query_at; /* offset of the first question's name */
    struct span query; /* its text, in scratch->name[0] */
    bool odd;          /* a record contradicts itself, the message goes on behind it */
    bool sound;        /* it began with a name */
    struct observation o;
};

/* One record whose owner has not been expanded yet. */
struct record {
    uint32_t owner_at;
    uint16_t type, class;
    uint32_t ttl_s;
    struct cur rdata;
    const struct rr_type *row;
    bool attributed; /* the attributes of r->o are this record's */
};

/* False: not all of it is there. Field by field into its place: a struct by value would be stored in halves
 * and loaded as a whole, which stalls. */
static bool read_header(struct cur *c, struct header *ret)
{
    if (!cur_has(c, HEADER_BYTES))
        return false;
    ret->id = cur_u16(c);
    ret->flags = cur_u16(c);
    for (unsigned i = 0; i < 4; i++)
        ret->count[i] = cur_u16(c);
    return true;
}

static void put_attr(struct observation *o, enum attr_key key, struct span value)
{
    o->attr[o->attrs++] = (struct attr){.key = (uint8_t)key, .value = value};
}

static const struct rr_type *type_row(uint16_t type)
{
    static const struct rr_type unknown;
    return type < sizeof rr_types / sizeof *rr_types ? &rr_types[type] : &unknown;
}

/* The type as text; one that has no row as RFC 3597 §5 writes it, in the scratch space. */
static struct span type_text(struct reader *r, uint16_t type)
{
    struct span known = type_row(type)->name;
    if (known.len > 0)
        return known;
    struct text t = text_on(r->p->scratch->text, sizeof r->p->scratch->text);
    text_fmt(&t, "TYPE%u", type);
    return text_span(&t);
}

static struct span rcode_text(const struct reader *r)
{
    return rcodes[r->h.flags & 0xf];
}

static void emit_name(struct reader *r, enum via via, struct span name)
{
    if (name.len == 0)
        return; /* the root is nobody's name */
    r->o.via = (uint8_t)via;
    r->o.is_addr = false;
    r->o.name = name;
    r->p->emit(r->p->ctx, &r->o);
}

static void emit_addr(struct reader *r, struct addr addr)
{
    r->o.via = VIA_DNS_ADDRESS;
    r->o.is_addr = true;
    r->o.addr = addr;
    r->p->emit(r->p->ctx, &r->o);
}

/* RFC 1035 §4.1.2. */
static void read_question(struct reader *r, bool first)
{
    uint32_t at = r->c.pos;
    struct span name = name_read(&r->c, &r->c, r->p->scratch->name[first ? 0 : 1]);

    if (!cur_ok(&r->c))
        return;
    r->sound = true;
    if (first) {
        r->query = name;
        r->query_at = at;
    }
    uint16_t type = cur_u16(&r->c);
    bool typed = cur_ok(&r->c);
    cur_u16(&r->c); /* class */
    r->o.attrs = 0;
    if (typed)
        put_attr(&r->o, ATTR_RRTYPE, type_text(r, type));
    if (r->o.from_server)
        put_attr(&r->o, ATTR_RCODE, rcode_text(r));
    emit_name(r, VIA_DNS_QUERY, name);
}

/* The owner's name; nearly always a pointer to the question. */
static struct span owner_text(struct reader *r, uint32_t at)
{
    struct cur c = r->c;

    c.pos = at;
    c.state = CUR_OK;
    if (r->query.len > 0 && cur_u16(&c) == (0xc000 | r->query_at))
        return r->query;
    c.pos = at;
    c.state = CUR_OK;
    return name_read(&c, &r->c, r->p->scratch->name[1]);
}

static void attribute(struct reader *r, struct record *rr)
{
    if (rr->attributed)
        return;
    rr->attributed = true;
    r->o.ttl_s = rr->ttl_s;
    r->o.attrs = 0;
    put_attr(&r->o, ATTR_RRTYPE, rr->row->name);
    struct span owner = owner_text(r, rr->owner_at);
    if (owner.len > 0)
        put_attr(&r->o, ATTR_RRNAME, owner);
    if (r->query.len > 0)
        put_attr(&r->o, ATTR_QUERY, r->query);
    if ((r->h.flags & 0xf) != 0)
        put_attr(&r->o, ATTR_RCODE, rcode_text(r));
}

/* A list of addresses that fills `list`; IPv4 when `width` is 4. */
static void read_addresses(struct reader *r, struct record *rr, struct cur *list, uint32_t width)
{
    if ((rr->class & CLASS_MASK) != CLASS_IN)
        return;
    while (cur_left(list) > 0) {
        struct span a = cur_take(list, width);
        if (!cur_ok(list))
            break;
        attribute(r, rr);
        emit_addr(r, width == 4 ? addr_v4(a.at) : addr_v6(a.at));
    }
    r->odd |= list->state == CUR_BAD;
}

static void read_name(struct reader *r, struct record *rr)
{
    cur_skip(&rr->rdata, rr->row->name_offset);
    struct span name = name_read(&rr->rdata, &r->c, r->p->scratch->name[2]);
    if (!cur_ok(&rr->rdata)) {
        r->odd |= rr->rdata.state == CUR_BAD;
        if (rr->rdata.state == CUR_CUT)
            r->c.state = CUR_CUT; /* a pointer led to where the cut is: all behind is hearsay */
        return;
    }
    attribute(r, rr);
    emit_name(r, VIA_DNS_ANSWER, name);
}

/* SvcParams: RFC 9460 §2.2. Their order is not ours to check. */
static void read_params(struct reader *r, struct record *rr)
{
    while (cur_ok(&rr->rdata) && cur_left(&rr->rdata) > 0) {
        uint16_t key = cur_u16(&rr->rdata);
        struct cur value = cur_vec16(&rr->rdata);
        if (cur_ok(&rr->rdata) && (key == SVCB_IPV4HINT || key == SVCB_IPV6HINT))
            read_addresses(r, rr, &value, key == SVCB_IPV4HINT ? 4 : 16);
    }
    r->odd |= rr->rdata.state == CUR_BAD;
}

/* RFC 1035 §4.1.3. */
static void read_record(struct reader *r)
{
    struct record rr = {.owner_at = r->c.pos};

    name_skip(&r->c);
    r->sound |= cur_ok(&r->c);
    rr.type = cur_u16(&r->c);
    rr.class = cur_u16(&r->c);
    rr.ttl_s = cur_u32(&r->c);
    if (rr.ttl_s > INT32_MAX) /* RFC 2181 §8 */
        rr.ttl_s = 0;
    rr.rdata = cur_vec16(&r->c);
    rr.row = type_row(rr.type);
    /* No RDATA: the way of RFC 2136 to say "this RRset". */
    if (!cur_ok(&r->c) || rr.row->holds == HOLDS_NOTHING || cur_left(&rr.rdata) == 0)
        return;
    if (rr.row->holds == HOLDS_ADDRESS) {
        uint32_t width = rr.type == 1 ? 4 : 16;
        if (cur_left(&rr.rdata) == width)
            read_addresses(r, &rr, &rr.rdata, width);
        else
            r->odd |= (rr.class & CLASS_MASK) == CLASS_IN;
        return;
    }
    read_name(r, &rr);
    if (rr.row->holds == HOLDS_SERVICE)
        read_params(r, &rr);
    else
        r->odd |= cur_ok(&rr.rdata) && cur_left(&rr.rdata) > 0;
}

static enum parse_result read_message(struct reader *r)
{
    uint32_t budget = RECORDS_MAX;

    for (unsigned section = 0; section < 4; section++) {
        r->o.section_answer = section == 0 || (section == 1 && r->o.from_server);
        r->o.ttl_s = 0;
        for (unsigned n = 0; n < r->h.count[section] && cur_ok(&r->c); n++) {
            if (budget-- == 0)
                return PARSE_BAD;
            if (section == 0)
                read_question(r, n == 0);
            else
                read_record(r);
        }
    }
    cur_has(&r->c, 0); /* a last record that was skipped may pass what is there */
    if (r->c.state == CUR_BAD || r->odd)
        return PARSE_BAD;
    return cur_ok(&r->c) ? PARSE_DONE : PARSE_CUT;
}

/* Other counts may promise more than there is: resolvers read such messages too. `whole`: bytes of the
 * message.
 */
static bool plausible_header(const struct header *h, uint32_t whole)
{
    return whole >= HEADER_BYTES && h->count[0] <= (whole - HEADER_BYTES) / QUESTION_MIN;
}

/* Whether a header and the name behind it, as far as it is there, can be DNS. */
static bool plausible(struct span bytes, uint32_t whole)
{
    struct cur c = cur_datagram(bytes.at, bytes.len, whole);
    struct header h;

    if (!read_header(&c, &h) || !plausible_header(&h, whole))
        return false;
    if ((h.count[0] | h.count[1] | h.count[2] | h.count[3]) == 0)
        return true;
    name_skip(&c);
    return c.state != CUR_BAD;
}

static void tell_facts(struct parse *p, const struct header *h)
{
    p->facts.response = h->flags & FLAG_RESPONSE;
    p->facts.id = h->id;
    p->facts.rcode = h->flags & 0xf;
}

static enum parse_result parse_message(struct parse *p, struct span bytes, uint32_t whole, bool cut)
{
    struct reader r;

    r.p = p;
    r.c = cur_datagram(bytes.at, bytes.len, whole);
    r.c.cut |= cut;
    r.query = span_of(NULL, 0);
    r.odd = r.sound = false;
    if (!read_header(&r.c, &r.h) || !plausible_header(&r.h, whole))
        return PARSE_NOT;
    tell_facts(p, &r.h);
    r.o.from_server = p->facts.response;
    r.o.costly = NULL;
    enum parse_result result = read_message(&r);
    if (result == PARSE_BAD && !r.sound)
        return PARSE_NOT;
    if (p->counters) {
        p->counters[COUNT_DNS]++;
        p->counters[COUNT_DNS_BAD] += result == PARSE_BAD;
    }
    return result;
}

/* What is here may be the beginning of a datagram that the capture cut. */
static enum proto_starts dns_udp_starts(struct span first, bool named)
{
    uint32_t whole = first.len < CUT_WHOLE ? CUT_WHOLE : (uint32_t)first.len;

    return named && plausible(first, whole) ? STARTS_YES : STARTS_NO;
}

static enum parse_result dns_udp(struct parse *p)
{
    return parse_message(p, p->bytes, p->whole, p->cut);
}

/* RFC 1035 §4.2.2: two bytes of length before each message. */
static enum proto_starts dns_tcp_starts(struct span first, bool named)
{
    struct cur c = cur_stream(first.at, first.len);
    uint32_t len = cur_u16(&c);

    if (!named)
        return STARTS_NO;
    if (!cur_ok(&c))
        return STARTS_MAYBE;
    if (len < HEADER_BYTES)
        return STARTS_NO;
    struct span message = cur_rest(&c);
    if (message.len < HEADER_BYTES)
        return STARTS_MAYBE;
    /* Other protocols speak on any TCP port: here all counts must fit. */
    struct header h;
    read_header(&c, &h);
    uint32_t records = (uint32_t)h.count[1] + h.count[2] + h.count[3];
    if (h.count[0] * QUESTION_MIN + records * RECORD_MIN > len - HEADER_BYTES)
        return STARTS_NO;
    return plausible(message, len) ? STARTS_YES : STARTS_NO;
}

static enum parse_result dns_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    uint32_t len = cur_u16(&c);
    struct span message = cur_rest(&c);
    struct header h;
    bool headed = read_header(&c, &h);

    if (message.len > len)
        message.len = len;
    if ((p->bytes.len >= 2 && len < HEADER_BYTES) || (headed && !plausible_header(&h, len)))
        return PARSE_NOT;
    if (headed)
        tell_facts(p, &h);
    if (!final && (!headed || message.len < len)) {
        p->need = headed ? 2 + len : p->bytes.len < 2 ? 2 : 2 + HEADER_BYTES;
        return PARSE_MORE;
    }
    if (!headed)
        return PARSE_CUT;
    enum parse_result result = parse_message(p, message, len, final);
    if (message.len < len || (result != PARSE_DONE && result != PARSE_BAD))
        return result;
    p->consumed = 2 + len; /* a malformed message does not break the framing */
    return PARSE_NEXT;
}

const struct proto proto_dns = {
    .repeats = true,
    .tcp_starts = dns_tcp_starts,
    .tcp = dns_tcp,
    .udp_starts = dns_udp_starts,
    .udp = dns_udp,
};
