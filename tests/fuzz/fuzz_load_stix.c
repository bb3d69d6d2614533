/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a STIX pattern, and as a file that may be a STIX bundle. */
#include "fuzz_load.h"
#include "intel/stix_pattern.h"

static bool within(struct span part, const uint8_t *at, size_t len)
{
    return part.len == 0 || (part.at >= at && part.at + part.len <= at + len);
}

static void read_pattern(const uint8_t *data, size_t size)
{
    struct stix_pattern p;
    uint8_t *scratch = malloc(size + 1);
    bool good = stix_pattern_read(span_of(data, size), scratch, &p);

    require(good == (p.why == NULL) && p.where <= size && p.comparisons <= STIX_COMPARISONS_MAX);
    for (unsigned i = 0; good && i < p.comparisons; i++) {
        const struct stix_comparison *c = &p.comparison[i];
        require(within(c->path, data, size) && within(c->value, scratch, size));
        require(c->tied_from <= i && i < c->tied_to && c->tied_to <= p.comparisons);
        require(c->path.len > 0 && (c->is_text || c->value.len == 0));
    }
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_pattern(data, size);
    load_bytes(data, size);
    return 0;
}
