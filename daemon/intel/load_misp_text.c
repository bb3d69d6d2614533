/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary of MISP: paths, tags, galaxies, dates. */
#include "intel/load_misp.h"
#include "intel/load_text.h"

/* Cuts `word` off the front. */
static bool skip(struct span *s, const char *word)
{
    size_t n = strlen(word);

    if (s->len < n || memcmp(s->at, word, n) != 0)
        return false;
    *s = span_of(s->at + n, s->len - n);
    return true;
}

/* A wrapper is cut off only as a whole key. */
static bool skip_key(struct span *s, const char *key)
{
    struct span rest = *s;

    if (!skip(&rest, key) || (rest.len > 0 && rest.at[0] != '.' && rest.at[0] != '['))
        return false;
    *s = rest;
    return true;
}

struct span misp_path(const struct load_json *w)
{
    struct span s = load_json_path(w);

    skip_key(&s, "response");
    while (skip(&s, "[]") || skip(&s, ".") || skip_key(&s, "Event"))
        ;
    return s;
}

bool misp_attribute_path(struct span path, struct span *ret_member)
{
    if (skip(&path, "Object[]") && !skip(&path, "."))
        return false;
    if (!skip(&path, "Attribute[]") || (path.len > 0 && !skip(&path, ".")))
        return false;
    *ret_member = path;
    return true;
}

bool misp_path_matters(struct span path)
{
    static const char *const paths[] = {
        "",
        "Attribute",
        "Object",
        "Object[]",
        "Object[].Attribute",
        "Tag",
        "Tag[]",
        "EventTag",
        "EventTag[]",
        "EventTag[].Tag",
        "Galaxy",
        "Galaxy[]",
        "Galaxy[].GalaxyCluster",
        "Galaxy[].GalaxyCluster[]",
        "Event",
        "Event.Orgc",
        "Orgc",
        "Org",
    };

    misp_attribute_path(path, &path);
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (span_eq(path, span_str(paths[i])))
            return true;
    return false;
}

bool misp_is_event(const struct load_json *w)
{
    static const char key[] = ".Event";
    struct span s = load_json_path(w);
    size_t n = sizeof(key) - 1;
    bool within = span_eq(s, span_str(key + 1)) || (s.len > n && memcmp(s.at + s.len - n, key, n) == 0);

    return misp_path(w).len == 0 && !within; /* what is within a wrapper goes with it */
}

bool misp_says(const struct load_json *w, bool yes)
{
    return w->read.token == (yes ? JSON_TRUE : JSON_FALSE) ||
           (w->read.text.len == 1 && w->read.text.at[0] == (yes ? '1' : '0')) ||
           load_same(w->read.text, yes ? "true" : "false");
}

bool misp_galaxy_names(struct span type)
{
    static const char *const types[] = {
        "threat-actor",
        "mitre-intrusion-set",
        "microsoft-activity-group",
        "surveillance-vendor",
        "mitre-campaign",
        "mitre-malware",
        "mitre-tool",
        "malpedia",
        "tool",
        "rat",
        "android",
        "backdoor",
        "banker",
        "botnet",
        "stealer",
        "ransomware",
        "exploit-kit",
        "cryptominers",
        "360net-threat-actor",
        "mitre-mobile-attack-malware",
        "mitre-mobile-attack-intrusion-set",
        "mitre-enterprise-attack-malware",
        "mitre-enterprise-attack-intrusion-set",
        "mitre-mobile-attack-tool",
        "mitre-enterprise-attack-tool",
        "intelligence-agency",
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (span_eq(type, span_str(types[i])))
            return true;
    return false;
}

struct span misp_tag_campaign(struct span tag)
{
    struct span none = span_of(NULL, 0);
    const uint8_t *equals;

    if (!skip(&tag, "misp-galaxy:") || !(equals = memchr(tag.at, '=', tag.len)))
        return none;
    struct span type = span_of(tag.at, (size_t)(equals - tag.at));
    struct span name = span_of(equals + 1, tag.len - type.len - 1);
    if (name.len < 2 || name.at[0] != '"' || name.at[name.len - 1] != '"' || !misp_galaxy_names(type))
        return none;
    name = load_trim(span_of(name.at + 1, name.len - 2));
    /* clusters of one's own have their UUID in the tag: it names nothing */
    return load_is_uuid(name) ? none : name;
}

uint8_t misp_tag_tier(struct span tag)
{
    static const struct {
        const char *tag;
        enum tier tier;
    } rows[] = {
        {"kill-chain:Delivery", TIER_DELIVERY},
        {"kill-chain:Exploitation", TIER_INFECTION},
        {"kill-chain:Command and Control", TIER_C2},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (span_eq(tag, span_str(rows[i].tag)))
            return (uint8_t)rows[i].tier;
    return TIER_UNKNOWN;
}

bool misp_date(struct span text, int64_t *ret_s)
{
    int64_t s = 0;

    for (size_t i = 0; i < text.len && i < 12; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return load_date(text, false, ret_s);
        s = s * 10 + (text.at[i] - '0');
    }
    if (text.len == 0 || text.len > 11)
        return false;
    *ret_s = s;
    return true;
}
