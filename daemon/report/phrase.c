/* SPDX-License-Identifier: BSD-2-Clause */
/* The words in which people are told. */
#include "report/phrase.h"

#include <inttypes.h>

bool phrase_contacted(enum via via)
{
    return via != VIA_DNS_QUERY && via != VIA_DNS_ANSWER && via != VIA_DNS_ADDRESS;
}

const char *phrase_verb(enum stage stage, enum via via, unsigned flags)
{
    static const char *const verbs[STAGES] = {
        [STAGE_SCANNED] = "was contacted by",
        [STAGE_QUERIED] = "asked DNS for",
        [STAGE_RESOLVED] = "learned from DNS where to find",
        [STAGE_ATTEMPTED] = "tried to connect to",
        [STAGE_CONNECTED] = "connected to",
        [STAGE_EXCHANGED] = "exchanged data with",
    };

    if (via == VIA_DNS_ADDRESS && stage <= STAGE_RESOLVED)
        return "learned from DNS the address";
    if (via == VIA_DNS_ANSWER && stage <= STAGE_RESOLVED)
        return "was pointed by DNS to";
    if (stage == STAGE_CONNECTED && (flags & RECORD_INBOUND) != 0)
        return "accepted a connection from";
    return verbs[stage];
}

/* A digest says nothing to people: what has it comes first. */
static const char *const digest_of[IOC_TYPES] = {
    [IOC_CERT] = "a server with the listed certificate ",
    [IOC_JA3] = "a server, with software of the listed fingerprint ",
    [IOC_JA4] = "a server, with software of the listed fingerprint ",
};

void phrase_object(struct text *t, const struct alert *a)
{
    const struct ioc_copy *ioc = a->incident->ioc;
    struct addr ignored;

    if (digest_of[ioc->type] != NULL) {
        text_fmt(t, "%s%s", digest_of[ioc->type], ioc->value);
        return;
    }
    text_name(t, a->observed);
    if (!addr_parse(a->observed, &ignored) || span_eq(a->observed, span_str(ioc->value)))
        return; /* a name shows which listed name it ends in */
    if (ioc->type != IOC_DOMAIN && ioc->type != IOC_NAME)
        text_fmt(t, " in %s", ioc->value);
    else
        text_fmt(t, a->where.via == VIA_DNS_ADDRESS ? " of %s" : ", an address of %s", ioc->value);
}

void phrase_place(struct text *t, const struct alert *a)
{
    char server[ADDR_TEXT_MAX];
    bool place = phrase_contacted(a->where.via);

    if (place) {
        addr_text(&a->where.server, server);
        place = !span_eq(a->observed, span_str(server));
    }
    if (!place && a->hosting.len == 0)
        return;
    text_str(t, " (");
    if (place)
        text_str(t, server);
    if (place && a->hosting.len > 0)
        text_str(t, ", ");
    text_utf8(t, a->hosting);
    text_char(t, ')');
}

void phrase_blocked(struct text *t, enum blocked blocked, struct span by)
{
    static const struct {
        const char *before, *behind; /* who did it */
    } words[BLOCKS] = {
        [BLOCKED_NODATA] = {"blocked or gone: ", " gives no address for it"},
        [BLOCKED_REFUSED] = {"refused by ", ""},
        [BLOCKED_NXDOMAIN] = {"blocked or gone: ", " says that there is no such name"},
        [BLOCKED_NOBODY] = {"blocked by ", ""},
        [BLOCKED_PARKED] = {"parked at ", ""},
        [BLOCKED_SINKHOLE] = {"blocked by ", " (sinkhole)"},
    };

    if (blocked == BLOCKED_NOT)
        return;
    text_fmt(t, ", %s", words[blocked].before);
    text_utf8(t, by);
    text_str(t, words[blocked].behind);
}

void phrase_grade(struct text *t, const struct alert *a)
{
    const struct ioc_copy *ioc = a->incident->ioc;

    if (a->age.aged)
        text_str(t, ", aged: ");
    ageing_words(t, &a->age, ioc);
    if (ioc->low_trust)
        text_str(t, ", its source is trusted little");
}

void phrase_count(struct text *t, uint64_t n, const char *singular, const char *plural)
{
    text_fmt(t, "%" PRIu64 " %s", n, n == 1 ? singular : plural);
}
