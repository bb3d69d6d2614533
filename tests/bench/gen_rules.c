/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a list of indicators: names, then prefixes. */
#include "gen_rules.h"

#include <errno.h>
#include <stdio.h>

#include "gen_names.h"

int rules_write(const char *path, uint32_t names, uint32_t addresses)
{
    FILE *out = fopen(path, "w");

    if (!out)
        return -errno;
    for (uint32_t i = 0; i < names; i++) {
        struct name name = name_text(NAMES_LISTED + i);
        name.text[name.len++] = '\n';
        fwrite(name.text, 1, name.len, out);
    }
    for (uint32_t i = 0; i < addresses; i++) {
        struct prefix p = listed_prefix(i);
        char text[PREFIX_TEXT_MAX];
        fputs(prefix_text(&p, text), out);
        fputc('\n', out);
    }
    int failed = ferror(out) ? -EIO : 0;
    if (fclose(out) != 0 && !failed)
        failed = -errno;
    return failed;
}
