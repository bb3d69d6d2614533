/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain lists of a hoster's addresses and prefixes, one a line. Such a list looks like one of indicators, so
 * only the configuration can say that it is none: by naming the hoster.
 */
#include "base/text.h"
#include "intel/load_ranges.h"
#include "intel/load_text.h"

static bool is_prefixes(struct span head)
{
    return false;
}

static bool load_lines(struct load_file *f, struct load_input *in)
{
    struct load_ranges *r = load_ranges_new(f);
    char buf[LOAD_RANGE_TAG_MAX];
    struct text tag = text_on(buf, sizeof(buf));
    struct span line;

    load_ranges_part(&tag, load_ranges_hoster(f, NULL));
    while (r && load_goes_on(f) && load_line(f, in, &line)) {
        struct span rest = line, word = load_word(&rest);
        if (word.len == 0 || word.at[0] == '#' || word.at[0] == ';')
            continue;
        struct load_place at = {in->line, (uint32_t)(word.at - line.at) + 1};
        load_ranges_add(r, &(struct load_range){.value = word, .place = at, .tag = text_span(&tag)});
    }
    load_ranges_end(r);
    return r != NULL;
}

/* A list that says more than addresses is read as what it is. */
static bool load_prefixes(struct load_file *f, struct load_input *in)
{
    struct span head = load_input_head(in);

    return load_format_ranges.is(head)    ? load_format_ranges.load(f, in)
           : load_format_geofeed.is(head) ? load_format_geofeed.load(f, in)
                                          : load_lines(f, in);
}

const struct load_format load_format_prefixes = {"prefixes", is_prefixes, load_prefixes};
