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
#define COUNTS_AT    4u /* of the sections */
/* A message of 64 KiB holds no more records of an address than this; shorter ones only buy an attacker our
 * time. */
#define RECORDS_MAX  4096u
#define QUESTION_MIN 5u   /* bytes: the root, a type and a class */
#define POINTER      0xc0 /* and above: the first octet of one, RFC 1035 §4.1.4 */
#define FIXED_BYTES  10u  /* of a record: type, class, TTL, length of the RDATA */
#define RECORD_MIN   11u  /* the root, type, class, TTL and no RDATA */
#define CUT_WHOLE    512u /* bytes that a datagram has at least when the capture may have cut it */

enum { FLAG_RESPONSE = 0x8000, FLAG_TRUNCATED = 0x0200 }; /* RFC 1035 §4.1.1: QR, TC */
enum { CLASS_IN = 1, CLASS_MASK = 0x7fff /* without mDNS's top bit: RFC 6762 §10.2, §18.12 */ };
enum { TYPE_A = 1 };
enum { SVCB_IPV4HINT = 4, SVCB_IPV6HINT = 6 }; /* RFC 9460 §14.3.2 */

enum holds {
    HOLDS_NOTHING, /* that is reported */
    HOLDS_NAME,
    HOLDS_SERVICE, /* a name, then SvcParams */
    HOLDS_ADDRESS,
};

struct rr_type {
    char name[14];       /* empty: the type has none that we know */
    uint8_t holds;       /* enum holds */
    uint8_t name_offset; /* of the name in the RDATA */
};

static const struct rr_type rr_types[] = {
    [1] = {"A", HOLDS_ADDRESS},
    [2] = {"NS", HOLDS_NAME},
    [5] = {"CNAME", HOLDS_NAME},
    [6] = {"SOA"},
    [10] = {"NULL"},
    [11] = {"WKS"},
    [12] = {"PTR", HOLDS_NAME},
    [13] = {"HINFO"},
    [15] = {"MX", HOLDS_NAME, 2},
    [16] = {"TXT"},
    [17] = {"RP"},
    [18] = {"AFSDB"},
    [25] = {"KEY"},
    [28] = {"AAAA", HOLDS_ADDRESS},
    [29] = {"LOC"},
    [33] = {"SRV", HOLDS_NAME, 6}, /* RFC 2782 */
    [35] = {"NAPTR"},
    [37] = {"CERT"},
    [39] = {"DNAME", HOLDS_NAME}, /* RFC 6672 */
    [41] = {"OPT"},
    [43] = {"DS"},
    [44] = {"SSHFP"},
    [46] = {"RRSIG"},
    [47] = {"NSEC"},
    [48] = {"DNSKEY"},
    [50] = {"NSEC3"},
    [51] = {"NSEC3PARAM"},
    [52] = {"TLSA"},
    [53] = {"SMIMEA"},
    [59] = {"CDS"},
    [60] = {"CDNSKEY"},
    [61] = {"OPENPGPKEY"},
    [63] = {"ZONEMD"},
    [64] = {"SVCB", HOLDS_SERVICE, 2}, /* RFC 9460 §2.2 */
    [65] = {"HTTPS", HOLDS_SERVICE, 2},
    [99] = {"SPF"},
    [249] = {"TKEY"},
    [250] = {"TSIG"},
    [251] = {"IXFR"},
    [252] = {"AXFR"},
    [255] = {"ANY"},
    [256] = {"URI"},
    [257] = {"CAA"},
};

static const struct span rcodes[16] = {
    SPAN_LITERAL("NOERROR"), SPAN_LITERAL("FORMERR"), SPAN_LITERAL("SERVFAIL"), SPAN_LITERAL("NXDOMAIN"),
    SPAN_LITERAL("NOTIMP"),  SPAN_LITERAL("REFUSED"), SPAN_LITERAL("YXDOMAIN"), SPAN_LITERAL("YXRRSET"),
    SPAN_LITERAL("NXRRSET"), SPAN_LITERAL("NOTAUTH"), SPAN_LITERAL("NOTZONE"),  SPAN_LITERAL("DSOTYPENI"),
    SPAN_LITERAL("RCODE12"), SPAN_LITERAL("RCODE13"), SPAN_LITERAL("RCODE14"),  SPAN_LITERAL("RCODE15")};

struct header {
    uint16_t id, flags;
    uint16_t count[4]; /* questions, answers, authority, additional */
};

/* One message being read. */
struct reader {
    struct parse *p;
    struct cur c; /* over the message, offsets from its header */
    struct header h;
    uint32_t query_at; /* offset of the first question's name; 0: there is none */
    uint32_t owner_at; /* of the name of the record or question in hand */
    uint16_t type;     /* of that */
    bool typed;        /* it has one */
    bool odd;          /* a record contradicts itself, the message goes on behind it */
    bool sound;        /* it began with a name */
    struct observation o;
};

/* One record. */
struct record {
    uint16_t class;
    struct cur rdata;
    const struct rr_type *row;
};

/* The 16-bit number at `at`, which is there. */
static inline uint16_t number(struct span s, size_t at)
{
    return (uint16_t)(s.at[at] << 8 | s.at[at + 1]);
}

/* False: not all of it is there. */
static inline bool read_header(struct span message, struct header *ret)
{
    if (message.len < HEADER_BYTES)
        return false;
    ret->id = number(message, 0);
    ret->flags = number(message, 2);
    for (unsigned i = 0; i < 4; i++)
        ret->count[i] = number(message, COUNTS_AT + 2 * i);
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
static struct span type_text(const struct reader *r, uint16_t type)
{
    struct span known = span_str(type_row(type)->name);
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

/* The text of a name that is being emitted, seldom asked for, since nearly all are known by their octets. */
static void text_of_octets(struct observation *o, const void *of)
{
    const struct reader *r = of;

    o->name = name_text(o->wire, r->p->scratch->name[2]);
}

/* Reads a name that emit_name is to emit. */
static inline void take_name(struct reader *r, struct cur *c)
{
    struct name_octets *octets = &r->p->scratch->octets;

    r->o.wire = name_octets(c, &r->c, octets);
    r->o.wire_hash = octets->hash;
    r->o.costly_name = text_of_octets;
    if (r->o.wire.len == 0) {
        r->o.wire_hash = 0;
        r->o.costly_name = NULL;
        r->o.name = name_read(c, &r->c, r->p->scratch->name[2]);
    }
}

static inline void emit_name(struct reader *r, enum via via)
{
    if (r->o.wire.len == 0 && r->o.name.len == 0)
        return; /* the root is nobody's name */
    r->o.via = (uint8_t)via;
    r->o.is_addr = false;
    r->p->emit(r->p->ctx, &r->o);
}

static inline void emit_address(struct reader *r, const uint8_t *at, uint32_t width)
{
    r->o.via = VIA_DNS_ADDRESS;
    r->o.is_addr = true;
    r->o.costly_name = NULL;
    r->o.addr = width == 4 ? addr_v4(at) : addr_v6(at);
    r->p->emit(r->p->ctx, &r->o);
}

/* What a question says beside its name; seldom asked for. */
static void question_attributes(struct observation *o, const void *of)
{
    const struct reader *r = of;

    if (r->typed)
        put_attr(o, ATTR_RRTYPE, type_text(r, r->type));
    if (o->from_server)
        put_attr(o, ATTR_RCODE, rcode_text(r));
}

/* The text of the name at `at`, which may be empty. */
static struct span text_at(const struct reader *r, uint32_t at, char *ret)
{
    struct cur c = r->c;

    c.pos = at;
    c.state = CUR_OK;
    return name_read(&c, &r->c, ret);
}

/* RFC 1035 §4.1.2. */
static void read_question(struct reader *r)
{
    r->owner_at = r->c.pos;
    take_name(r, &r->c);
    if (!cur_ok(&r->c))
        return;
    r->sound = true;
    if (r->query_at == 0)
        r->query_at = r->owner_at;
    r->type = cur_u16(&r->c);
    r->typed = cur_ok(&r->c);
    cur_u16(&r->c); /* class */
    r->o.attrs = 0;
    r->o.costly = question_attributes;
    emit_name(r, VIA_DNS_QUERY);
}

/* The owner's name; nearly always a pointer to the question. */
static struct span owner_text(const struct reader *r)
{
    return text_at(r, r->owner_at, r->p->scratch->name[1]);
}

/* What a record says beside its values, once for all of them; seldom asked for. */
static void record_attributes(struct observation *o, const void *of)
{
    const struct reader *r = of;

    put_attr(o, ATTR_RRTYPE, span_str(type_row(r->type)->name));
    struct span owner = owner_text(r);
    if (owner.len > 0)
        put_attr(o, ATTR_RRNAME, owner);
    struct span query = r->query_at > 0 ? text_at(r, r->query_at, r->p->scratch->name[0]) : owner;
    if (r->query_at > 0 && query.len > 0)
        put_attr(o, ATTR_QUERY, query);
    if ((r->h.flags & 0xf) != 0)
        put_attr(o, ATTR_RCODE, rcode_text(r));
}

/* A list of addresses that fills `list`; IPv4 when `width` is 4. */
static void read_addresses(struct reader *r, struct record *rr, struct cur *list, uint32_t width)
{
    if ((rr->class & CLASS_MASK) != CLASS_IN)
        return;
    while (cur_ok(list) && cur_left(list) > 0) {
        struct span a = cur_take(list, width);
        if (a.len == width)
            emit_address(r, a.at, width);
    }
    r->odd |= list->state == CUR_BAD;
}

static void read_name(struct reader *r, struct record *rr)
{
    cur_skip(&rr->rdata, rr->row->name_offset);
    take_name(r, &rr->rdata);
    if (!cur_ok(&rr->rdata)) {
        r->odd |= rr->rdata.state == CUR_BAD;
        if (rr->rdata.state == CUR_CUT)
            r->c.state = CUR_CUT; /* a pointer led to where the cut is: all behind is hearsay */
        return;
    }
    emit_name(r, VIA_DNS_ANSWER);
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

/* `bytes` of an address, where the message goes on behind it: RFC 1035 §3.4.1, RFC 3596 §2.2. */
static inline void read_address(struct reader *r, uint16_t class, uint32_t bytes)
{
    uint32_t width = r->type == TYPE_A ? 4 : 16, at = r->c.pos;

    cur_skip(&r->c, bytes);
    if ((class & CLASS_MASK) != CLASS_IN || !cur_ok(&r->c))
        return;
    if (bytes != width)
        r->odd = true;
    else if (r->c.pos <= r->c.end)
        emit_address(r, r->c.base + at, width);
}

/*
 * What has a fixed length, behind the owner's name. Nearly every record is of the name asked for, to which a
 * pointer leads, or OPT's, of the root: then one question of bounds is enough. Which of the two it is no
 * processor can foresee, so there is no branch for it.
 */
static inline struct span read_fixed(struct reader *r)
{
    uint32_t left = r->c.pos < r->c.end ? r->c.end - r->c.pos : 0;

    if (left > FIXED_BYTES) {
        const uint8_t *at = r->c.base + r->c.pos;
        uint32_t bytes = 1u + (*at != 0) + FIXED_BYTES;
        bool brief = (uint8_t)(*at - POINTER) <= 0x100 - POINTER; /* a pointer, or 0 */
        if (brief && bytes <= left) {
            r->sound = true;
            r->c.pos += bytes;
            return span_of(at + bytes - FIXED_BYTES, FIXED_BYTES);
        }
    }
    name_skip(&r->c);
    r->sound |= cur_ok(&r->c);
    return cur_take(&r->c, FIXED_BYTES);
}

/* RFC 1035 §4.1.3. */
static void read_record(struct reader *r)
{
    struct record rr;

    r->owner_at = r->c.pos;
    struct span fixed = read_fixed(r);
    if (!cur_ok(&r->c))
        return;
    r->type = number(fixed, 0);
    rr.class = number(fixed, 2);
    rr.row = type_row(r->type);
    uint32_t ttl_s = (uint32_t)number(fixed, 4) << 16 | number(fixed, 6), bytes = number(fixed, 8);
    /* No RDATA: the way of RFC 2136 to say "this RRset". */
    if (rr.row->holds == HOLDS_NOTHING || bytes == 0) {
        cur_skip(&r->c, bytes);
        return;
    }
    r->o.ttl_s = ttl_s <= INT32_MAX ? ttl_s : 0; /* RFC 2181 §8 */
    r->o.attrs = 0;
    r->o.costly = record_attributes;
    if (rr.row->holds == HOLDS_ADDRESS) {
        read_address(r, rr.class, bytes);
        return;
    }
    rr.rdata = cur_child(&r->c, bytes);
    if (!cur_ok(&r->c))
        return;
    read_name(r, &rr);
    if (rr.row->holds == HOLDS_SERVICE)
        read_params(r, &rr);
    else
        r->odd |= cur_ok(&rr.rdata) && cur_left(&rr.rdata) > 0;
}

static enum parse_result read_message(struct reader *r)
{
    const uint16_t *count = r->h.count;
    uint32_t questions = count[0], answers_end = r->o.from_server ? questions + count[1] : 0, n = 0;
    uint32_t all = questions + count[1] + count[2] + count[3], most = all < RECORDS_MAX ? all : RECORDS_MAX;

    r->o.section_answer = true;
    r->o.ttl_s = 0;
    for (; n < questions && n < most && cur_ok(&r->c); n++)
        read_question(r);
    for (; n < most && cur_ok(&r->c); n++) {
        r->o.section_answer = n < answers_end;
        read_record(r);
    }
    if (n < all && cur_ok(&r->c))
        return PARSE_BAD;
    cur_has(&r->c, 0); /* a last record that was skipped may pass what is there */
    if (r->c.state == CUR_BAD || r->odd)
        return PARSE_BAD;
    return cur_ok(&r->c) ? PARSE_DONE : PARSE_CUT;
}

/* Other counts may promise more than there is: resolvers read such messages too. `whole`: bytes of the
 * message.
 */
static inline bool plausible(uint32_t questions, size_t whole)
{
    return whole >= HEADER_BYTES && questions * QUESTION_MIN <= whole - HEADER_BYTES;
}

static void tell_facts(struct parse *p, const struct header *h)
{
    p->facts.response = h->flags & FLAG_RESPONSE;
    p->facts.id = h->id;
    p->facts.rcode = h->flags & 0xf;
    p->facts.truncated = h->flags & FLAG_TRUNCATED;
}

/* Behind the header. One by one: to copy what was just written in pieces takes long. */
static inline void begin(struct cur *c, struct span bytes, uint32_t whole, bool cut)
{
    c->base = bytes.at;
    c->pos = HEADER_BYTES;
    c->end = (uint32_t)bytes.len;
    c->limit = whole;
    c->need = 0;
    c->state = CUR_OK;
    c->cut = cut || bytes.len < whole;
}

static enum parse_result parse_message(struct parse *p, struct span bytes, uint32_t whole, bool cut)
{
    struct reader r;

    if (bytes.len > whole)
        bytes.len = whole;
    if (!read_header(bytes, &r.h) || !plausible(r.h.count[0], whole))
        return PARSE_NOT;
    tell_facts(p, &r.h);
    r.p = p;
    begin(&r.c, bytes, whole, cut);
    r.query_at = 0;
    r.odd = r.sound = false;
    r.o.name = span_of(NULL, 0);
    r.o.from_server = p->facts.response;
    r.o.of = &r;
    enum parse_result result = read_message(&r);
    if (result == PARSE_BAD && !r.sound)
        return PARSE_NOT;
    if (p->counters) {
        p->counters[COUNT_DNS]++;
        p->counters[COUNT_DNS_BAD] += result == PARSE_BAD;
    }
    return result;
}

/* Whether a name follows is left to the parser: all that comes here is nearly always DNS. What is here may be
 * the beginning of a datagram that the capture cut. */
static enum proto_starts dns_udp_starts(struct span first, bool named)
{
    size_t whole = first.len < CUT_WHOLE ? CUT_WHOLE : first.len;

    if (!named)
        return STARTS_NO;
    if (first.len < HEADER_BYTES)
        return STARTS_MAYBE;
    return plausible(number(first, COUNTS_AT), whole) ? STARTS_YES : STARTS_NO;
}

static enum parse_result dns_udp(struct parse *p)
{
    return parse_message(p, p->bytes, p->whole, p->cut);
}

/* Whether a name stands behind the header, as far as it is there; `bytes` has a header. */
static bool begins_named(struct span bytes, uint32_t whole, bool empty)
{
    struct cur c = cur_datagram(bytes.at, bytes.len, whole);

    cur_skip(&c, HEADER_BYTES);
    if (!empty)
        name_skip(&c);
    return c.state != CUR_BAD;
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
    read_header(message, &h);
    uint32_t records = (uint32_t)h.count[1] + h.count[2] + h.count[3];
    if (h.count[0] * QUESTION_MIN + records * RECORD_MIN > len - HEADER_BYTES)
        return STARTS_NO;
    return begins_named(message, len, (h.count[0] | records) == 0) ? STARTS_YES : STARTS_NO;
}

static enum parse_result dns_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    struct cur c = cur_stream(p->bytes.at, p->bytes.len);
    uint32_t len = cur_u16(&c);
    struct span message = cur_rest(&c);
    struct header h;
    bool headed = read_header(message, &h);

    if (message.len > len)
        message.len = len;
    if ((p->bytes.len >= 2 && len < HEADER_BYTES) || (headed && !plausible(h.count[0], len)))
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
