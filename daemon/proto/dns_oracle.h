/* SPDX-License-Identifier: BSD-2-Clause */
/* For the test and the fuzz target of DNS: what ldns reads in a message, and whether ours is the same. */
#ifndef BRIDLE_PROTO_DNS_ORACLE_H
#define BRIDLE_PROTO_DNS_ORACLE_H

#include <ldns/ldns.h>

#include "proto/collect.h"

enum oracle {
    ORACLE_EQUAL,
    ORACLE_SILENT, /* ldns cannot read the message */
    ORACLE_FEWER,  /* ours calls the message malformed, and says a part of what ldns says, in order */
    ORACLE_DIFFERS,
};

/* The text of an uncompressed name. True when there is one beside the root. */
static inline bool oracle_name(const ldns_rdf *rdf, char *ret)
{
    const uint8_t *at = ldns_rdf_data(rdf), *end = at + ldns_rdf_size(rdf);
    char *begin = ret;

    while (at < end && *at) {
        const uint8_t *stop = at + 1 + *at;
        if (ret != begin)
            ret += sprintf(ret, ".");
        for (at++; at < stop; at++) {
            if (*at < ' ' || *at > '~' || *at == '.' || *at == '\\')
                ret += sprintf(ret, "\\%03u", *at);
            else
                ret += sprintf(ret, "%c", *at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        }
    }
    return ret != begin;
}

static inline void oracle_say(struct collect *k, const char *via, const ldns_rdf *rdf)
{
    char text[NAME_TEXT_MAX + 8];

    if (!rdf || !oracle_name(rdf, text))
        return;
    collect_str(k, via);
    collect_str(k, text);
    collect_str(k, "\n");
}

static inline void oracle_addresses(struct collect *k, const uint8_t *at, size_t len, size_t width)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[4];

    for (; len >= width; at += width, len -= width) {
        collect_str(k, "dns-address ");
        for (size_t i = width == 16 && memcmp(at, mapped, 12) == 0 ? 12 : 0; i < width; i++) {
            snprintf(text, sizeof text, "%02x", at[i]);
            collect_str(k, text);
        }
        collect_str(k, "\n");
    }
}

static inline void oracle_params(struct collect *k, const ldns_rdf *rdf)
{
    const uint8_t *at = ldns_rdf_data(rdf), *end = at + ldns_rdf_size(rdf);

    while (end - at >= 4) {
        unsigned key = (unsigned)(at[0] << 8 | at[1]), len = (unsigned)(at[2] << 8 | at[3]);
        at += 4;
        if (len > (size_t)(end - at))
            return;
        if (key == 4 || key == 6)
            oracle_addresses(k, at, len, key == 4 ? 4 : 16);
        at += len;
    }
}

static inline void oracle_record(struct collect *k, const ldns_rr *rr)
{
    bool in = (ldns_rr_get_class(rr) & 0x7fff) == LDNS_RR_CLASS_IN;
    unsigned type = ldns_rr_get_type(rr);

    if (ldns_rr_rd_count(rr) == 0)
        return;
    switch (type) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
        if (in)
            oracle_addresses(k, ldns_rdf_data(ldns_rr_rdf(rr, 0)), ldns_rdf_size(ldns_rr_rdf(rr, 0)),
                             type == LDNS_RR_TYPE_A ? 4 : 16);
        break;
    case LDNS_RR_TYPE_NS:
    case LDNS_RR_TYPE_CNAME:
    case LDNS_RR_TYPE_PTR:
    case LDNS_RR_TYPE_DNAME:
        oracle_say(k, "dns-answer ", ldns_rr_rdf(rr, 0));
        break;
    case LDNS_RR_TYPE_MX:
    case LDNS_RR_TYPE_SVCB:
    case LDNS_RR_TYPE_HTTPS:
        oracle_say(k, "dns-answer ", ldns_rr_rdf(rr, 1));
        if (type != LDNS_RR_TYPE_MX && in && ldns_rr_rd_count(rr) > 2)
            oracle_params(k, ldns_rr_rdf(rr, 2));
        break;
    case LDNS_RR_TYPE_SRV:
        oracle_say(k, "dns-answer ", ldns_rr_rdf(rr, 3));
        break;
    default:
        break;
    }
}

/* Reads one record with ldns; the next one begins where RDLENGTH says, which ldns does not always hold to. */
static inline bool oracle_next(struct collect *k, const uint8_t *at, size_t len, size_t *pos, bool question)
{
    ldns_rr *rr = NULL;
    ldns_rdf *owner = NULL;
    size_t fixed = *pos;
    bool good =
        ldns_wire2dname(&owner, at, len, &fixed) == LDNS_STATUS_OK && fixed + (question ? 4 : 10) <= len;
    size_t next = fixed + 4;

    if (good && !question)
        next += 6 + (size_t)(at[fixed + 8] << 8 | at[fixed + 9]);
    good = good && next <= len &&
           ldns_wire2rr(&rr, at, len, pos, question ? LDNS_SECTION_QUESTION : LDNS_SECTION_ANSWER) ==
               LDNS_STATUS_OK;
    if (good && question)
        oracle_say(k, "dns-query ", ldns_rr_owner(rr));
    else if (good)
        oracle_record(k, rr);
    ldns_rdf_deep_free(owner);
    ldns_rr_free(rr);
    *pos = next;
    return good;
}

/* Every record of a message; false when ldns cannot read one. */
static inline bool oracle_message(struct collect *k, const uint8_t *at, size_t len)
{
    size_t pos = 12;

    if (len < pos)
        return false;
    for (unsigned section = 0; section < 4; section++)
        for (unsigned n = (unsigned)(at[4 + 2 * section] << 8 | at[5 + 2 * section]); n > 0; n--)
            if (!oracle_next(k, at, len, &pos, section == 0))
                return false;
    return true;
}

/* Whether the lines of `few` stand in `many` in the same order. */
static inline bool oracle_within(const char *few, const char *many)
{
    while (*few) {
        size_t n = strcspn(few, "\n") + 1;
        while (strncmp(many, few, n) != 0) {
            many += strcspn(many, "\n");
            if (*many++ == 0)
                return false;
        }
        few += n;
        many += n;
    }
    return true;
}

static inline void oracle_ours(struct collect *k, const uint8_t *at, size_t len)
{
    k->values_only = true;
    k->p.whole = (uint32_t)len;
    k->p.cut = k->p.last = false;
    collect_clear(k);
    collect_run(k, collect_proto("dns")->udp, at, len);
}

/* The message as ldns writes it anew, without what it cannot say twice. NULL: it cannot. */
static inline uint8_t *oracle_rewrite(const uint8_t *at, size_t len, size_t *ret_len)
{
    ldns_pkt *pkt = NULL;
    uint8_t *again = NULL;

    if (ldns_wire2pkt(&pkt, at, len) == LDNS_STATUS_OK &&
        ldns_pkt2wire(&again, pkt, ret_len) != LDNS_STATUS_OK)
        again = NULL;
    ldns_pkt_free(pkt);
    return again;
}

/* Compares ours with ldns for one message. */
static inline enum oracle oracle_compare_one(const uint8_t *at, size_t len)
{
    struct collect ours = {.values_only = true}, theirs = {.values_only = true};
    enum oracle answer = ORACLE_SILENT;

    collect_clear(&theirs);
    if (oracle_message(&theirs, at, len)) {
        oracle_ours(&ours, at, len);
        answer = strcmp(ours.lines, theirs.lines) == 0                                  ? ORACLE_EQUAL
                 : ours.result != PARSE_DONE && oracle_within(ours.lines, theirs.lines) ? ORACLE_FEWER
                                                                                        : ORACLE_DIFFERS;
        if (answer == ORACLE_DIFFERS)
            fprintf(stderr, "ours (%d):\n%sldns:\n%s", ours.result, ours.lines, theirs.lines);
    }
    collect_done(&ours);
    collect_done(&theirs);
    return answer;
}

/* The same for a message, and for what ldns makes of it: there ours has no reason to call it malformed. */
static inline enum oracle dns_oracle_compare(const uint8_t *at, size_t len)
{
    size_t again_len = 0;
    enum oracle answer = oracle_compare_one(at, len);
    uint8_t *again = oracle_rewrite(at, len, &again_len);

    if (again && oracle_compare_one(again, again_len) == ORACLE_FEWER)
        answer = ORACLE_DIFFERS;
    free(again);
    return answer;
}

#endif
