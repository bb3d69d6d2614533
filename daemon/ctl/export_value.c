/* SPDX-License-Identifier: BSD-2-Clause */
/* What exports ask of an image: whether a value is sound, and what is listed around a name. */
#include "config.h"
#include "ctl/export.h"
#include "intel/digest.h"

/* RFC 1035 §2.3.4, without the root's dot. */
#define NAME_MAX  253u
#define LABEL_MAX 63u

unsigned export_listed(const struct image *im, struct span name)
{
    uint64_t hash = text_hash(&im->key, im->key.k[0], name);
    unsigned found = 0;
    uint32_t id;

    if (!filter_has(&im->name_filter, hash))
        return 0;
    struct table_walk walk = table_walk(&im->names, hash);
    while (table_next(&walk, &id)) {
        struct image_record rec;
        if (image_record(im, id, &rec) && rec.meta[META_AT_TYPE] <= IOC_EXCEPTION && span_eq(rec.text, name))
            found |= 1u << rec.meta[META_AT_TYPE];
    }
    return found;
}

enum ioc_type export_above(const struct image *im, struct span name, size_t *ret_at)
{
    for (size_t i = 1; i < name.len; i++) {
        if (name.at[i - 1] != '.')
            continue;
        unsigned types = export_listed(im, span_of(name.at + i, name.len - i));
        if ((types & (EXPORT_BIT(DOMAIN) | EXPORT_BIT(EXCEPTION))) == 0)
            continue;
        if (ret_at != NULL)
            *ret_at = i;
        return types & EXPORT_BIT(EXCEPTION) ? IOC_EXCEPTION : IOC_DOMAIN;
    }
    return IOC_TYPES;
}

static bool has_letters_of_names(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return s.len > 0;
}

bool export_sound(struct export_entry *e)
{
    struct span s = e->ioc.value;
    size_t label = 0;

    if (ioc_is_address(e->ioc.type)) {
        if (!prefix_parse(s, &e->prefix, NULL))
            return false;
        prefix_text(&e->prefix, e->addr);
        return true;
    }
    if (!has_letters_of_names(s) || s.len > (ioc_is_digest(e->ioc.type) ? DIGEST_TEXT_MAX : NAME_MAX))
        return false;
    for (size_t i = 0; i <= s.len && !ioc_is_digest(e->ioc.type); i++) {
        bool ends = i == s.len || s.at[i] == '.';
        if (ends ? label == 0 : label == LABEL_MAX)
            return false;
        label = ends ? 0 : label + 1;
    }
    return true;
}

void export_made_by(struct export *x, const char *mark)
{
    text_str(&x->text, mark);
    text_str(&x->text,
             " Indicators of spyware infrastructure, made by bridlectl export " BRIDLE_VERSION "\n");
}
