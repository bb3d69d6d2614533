/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain lists of what is too broad to be an indicator, one name, address or prefix a line. Such a list looks
 * like one of indicators, so only the configuration can say that it is none.
 */
#include "intel/load_entry.h"
#include "intel/load_text.h"

static bool is_guard(struct span head)
{
    return false;
}

/* Why: what the configuration says, else the file's name. */
static bool load_guard_list(struct load_file *f, struct load_input *in)
{
    const char *campaign = load_options(f)->campaign;
    struct span line, why = campaign ? span_str(campaign) : load_file_stem(f);

    if (load_format_warninglist.is(load_input_head(in)))
        return load_format_warninglist.load(f, in);
    while (load_goes_on(f) && load_line(f, in, &line)) {
        struct span rest = line, word = load_word(&rest);
        if (word.len > 0 && word.at[0] != '#' && word.at[0] != ';')
            load_guard(f, (struct load_place){in->line, (uint32_t)(word.at - line.at) + 1}, word, why);
    }
    return true;
}

const struct load_format load_format_guard = {"guard", is_guard, load_guard_list, true};
