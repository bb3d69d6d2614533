/* SPDX-License-Identifier: BSD-2-Clause */
/* Severity, names and identifiers of alerts. */
#include "report/alert.h"

#include <inttypes.h>

#include "base/sha.h"

/* The most severe that a stage can be. */
static const uint8_t stage_severity[STAGES] = {
    [STAGE_SCANNED] = 3,   [STAGE_QUERIED] = 2,   [STAGE_RESOLVED] = 2,
    [STAGE_ATTEMPTED] = 2, [STAGE_CONNECTED] = 1, [STAGE_EXCHANGED] = 1,
};

static const struct {
    unsigned flags; /* all of them */
    uint8_t lower;  /* by this much */
} doubts[] = {
    {RECORD_STREAM | RECORD_MIDSTREAM, 1},
    {RECORD_VIA_RESOLVER, 1},
    {RECORD_OTHER_NAME, 1},
};

uint8_t alert_severity(const struct ioc_copy *ioc, enum stage stage, bool aged, unsigned flags)
{
    unsigned severity = stage_severity[stage];

    if (tier_severity[ioc->tier] > severity)
        severity = tier_severity[ioc->tier];
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++)
        if ((flags & doubts[i].flags) == doubts[i].flags)
            severity += doubts[i].lower;
    severity += ioc->type == IOC_JA3 || ioc->type == IOC_JA4;
    severity += ioc->low_trust;
    return (uint8_t)(aged || severity > SEVERITY_LEAST ? SEVERITY_LEAST : severity);
}

uint32_t alert_signature_id(uint64_t ioc_key)
{
    uint32_t id = (uint32_t)(ioc_key ^ ioc_key >> 32) & 0x7fffffffu;
    return id != 0 ? id : 1;
}

void alert_campaigns(struct text *t, const struct ioc_copy *ioc)
{
    if (ioc->campaigns == 0)
        text_str(t, "unnamed campaign");
    for (unsigned i = 0; i < ioc->campaigns; i++) {
        text_str(t, i > 0 ? ", " : "");
        text_str(t, ioc->campaign[i]);
    }
}

void alert_value(struct text *t, const struct ioc_copy *ioc)
{
    if (ioc_is_digest(ioc->type))
        text_fmt(t, "%s ", ioc_type_names[ioc->type]);
    text_str(t, ioc->value);
}

void alert_signature(struct text *t, const struct ioc_copy *ioc)
{
    if (ioc->campaigns == 0)
        text_str(t, "Spyware infrastructure");
    else
        alert_campaigns(t, ioc);
    text_str(t, ": ");
    alert_value(t, ioc);
}

void alert_category(struct text *t, const struct ioc_copy *ioc)
{
    text_str(t, "Spyware infrastructure");
    if (ioc->tier != TIER_UNKNOWN)
        text_fmt(t, ": %s", tier_words[ioc->tier]);
}

void alert_incident_id(const struct ioc_copy *ioc, const struct addr *client, uint64_t first_ns,
                       const char *sensor, char ret[17])
{
    char buf[IOC_VALUE_MAX + ADDR_TEXT_MAX + 512], address[ADDR_TEXT_MAX];
    struct text t = text_on(buf, sizeof buf);
    uint8_t digest[SHA256_BYTES];

    /* The sensor's name stands last: it alone can be cut. */
    text_fmt(&t, "%s\n%s\n%s\n%" PRIu64 "\n%s", ioc_type_names[ioc->type], ioc->value,
             addr_text(client, address), first_ns, sensor);
    sha256(text_span(&t), digest);
    ret[16] = 0;
    for (unsigned i = 0; i < 8; i++) {
        ret[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        ret[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
}
