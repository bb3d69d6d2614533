/* SPDX-License-Identifier: BSD-2-Clause */
/* How old an indicator's word is. */
#include "report/ageing.h"

#include <inttypes.h>

#define DAY_S      86400
#define DATE_BYTES 10 /* of "2018-12-31 00:00:00" */

/* Where each type finds its limit among the settings, and what people call many of it. */
static const struct {
    const char *many;
    size_t limit;
} types[IOC_TYPES] = {
    [IOC_DOMAIN] = {"names", offsetof(struct settings, age_name)},
    [IOC_NAME] = {"names", offsetof(struct settings, age_name)},
    [IOC_EXCEPTION] = {"names", offsetof(struct settings, age_name)},
    [IOC_ADDRESS] = {"addresses", offsetof(struct settings, age_address)},
    [IOC_PREFIX] = {"prefixes", offsetof(struct settings, age_prefix)},
    [IOC_CERT] = {"certificates", offsetof(struct settings, age_certificate)},
    [IOC_JA3] = {"fingerprints", offsetof(struct settings, age_fingerprint)},
    [IOC_JA4] = {"fingerprints", offsetof(struct settings, age_fingerprint)},
};

static bool is_time(int64_t s)
{
    return s > 0 && (uint64_t)s <= UINT64_MAX / SECOND_NS;
}

/* A source that is made anew every day lists it today without saying since when: then the day on which we
 * first saw it there counts too. */
static int64_t vouched_for(const struct ioc_copy *ioc, bool *ret_loaded)
{
    bool by_load = !is_time(ioc->from_s) || (ioc->rebuilt && ioc->first_s > ioc->from_s);

    *ret_loaded = by_load;
    return by_load ? ioc->first_s : ioc->from_s;
}

struct ageing ageing_of(const struct settings *s, const struct ioc_copy *ioc, uint64_t ts_ns)
{
    struct ageing a = {0};
    int64_t now_s = (int64_t)(ts_ns / SECOND_NS);

    memcpy(&a.limit_ns, (const char *)s + types[ioc->type].limit, sizeof a.limit_ns);
    int64_t since_s = vouched_for(ioc, &a.loaded);
    a.ended = is_time(ioc->until_s) && now_s > ioc->until_s;
    if (a.ended)
        since_s = ioc->until_s;
    if (!is_time(since_s) || since_s > now_s)
        return a;
    a.aged = a.ended || (a.limit_ns > 0 && ts_ns - (uint64_t)since_s * SECOND_NS > a.limit_ns);
    if (a.aged) {
        a.since_s = since_s;
        a.days = (uint64_t)(now_s - since_s) / DAY_S;
    }
    return a;
}

void ageing_date(struct text *t, int64_t s)
{
    char buf[40];
    struct text date = text_on(buf, sizeof buf);

    if (!is_time(s))
        return;
    text_time_human(&date, (uint64_t)s * SECOND_NS);
    text_raw(t, span_of(buf, DATE_BYTES));
}

void ageing_words(struct text *t, const struct ageing *a, const struct ioc_copy *ioc)
{
    if (!a->aged)
        return;
    text_str(t, a->ended ? "listed until " : a->loaded ? "first loaded " : "listed since ");
    ageing_date(t, a->since_s);
    uint64_t limit_days = a->limit_ns / (DAY_S * SECOND_NS);
    if (limit_days > 0)
        text_fmt(t, ", %s age after %" PRIu64 " days", types[ioc->type].many, limit_days);
}
