/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a MISP feed, manifest.json: it has no indicators, and says in which files they are. */
#include <stdlib.h>

#include "intel/load_json.h"
#include "intel/load_misp.h"
#include "intel/load_text.h"

/* `UUID` alone, or `UUID.member`. */
static bool is_uuid_path(struct span path, const char *member)
{
    if (path.len < LOAD_UUID_LEN || !load_is_uuid(span_of(path.at, LOAD_UUID_LEN)))
        return false;
    struct span rest = span_of(path.at + LOAD_UUID_LEN, path.len - LOAD_UUID_LEN);
    return member ? rest.len > 1 && rest.at[0] == '.' &&
                        span_eq(span_of(rest.at + 1, rest.len - 1), span_str(member))
                  : rest.len == 0;
}

static bool known(const struct load_json *w, void *ctx)
{
    struct span path = load_json_path(w);
    return is_uuid_path(path, "info") || is_uuid_path(path, "Orgc") || is_uuid_path(path, "timestamp");
}

static bool is_index(struct span head)
{
    return load_json_is(head, known, NULL);
}

static bool load_index(struct load_file *f, struct load_input *in)
{
    struct load_json *w = load_json_whole(f, in) ? load_json_new(f, in) : NULL;
    char first[LOAD_UUID_LEN + 1] = "";
    unsigned long events = 0;

    if (!w)
        return false;
    for (enum json_token t = load_json_next(w); t != JSON_END && t != JSON_BROKEN; t = load_json_next(w)) {
        if (t != JSON_OBJECT || !is_uuid_path(load_json_path(w), NULL))
            continue;
        if (events++ == 0)
            memcpy(first, w->path, LOAD_UUID_LEN);
    }
    load_json_free(w);
    load_warning(f, (struct load_place){.line = 1, .column = 1}, span_of(NULL, 0),
                 "is the index of a MISP feed and has no indicators itself: those of its %lu events are in "
                 "files beside it that are named by UUID, such as %s.json",
                 events, first);
    return true;
}

const struct load_format load_format_misp_index = {"misp-index", is_index, load_index};
