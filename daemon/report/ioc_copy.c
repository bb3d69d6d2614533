/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared copies of indicators' texts. */
#include "report/ioc_copy.h"

#include <stdlib.h>

#include "base/text.h"

#define TEXTS_MAX                                                                                            \
    (IOC_REFERENCE_MAX + IOC_FEED_MAX + IMAGE_SOURCES_MAX * (IOC_SOURCE_MAX + 1) +                           \
     IMAGE_CAMPAIGNS_MAX * (IOC_CAMPAIGN_MAX + 1) + 16)

static struct ioc_copy *of_node(struct chains_node *n)
{
    return (struct ioc_copy *)(void *)((char *)n - offsetof(struct ioc_copy, node));
}

static uint64_t hash_of(const struct ioc_copies *c, uint64_t key)
{
    return hash_word(&c->key, c->key.k[0], key);
}

struct ioc_copy *ioc_copy_find(const struct ioc_copies *c, uint64_t key, uint8_t type, const char *value)
{
    /* The key is not secret: a feed's author may have made two values collide, so they are compared. */
    for (struct chains_node *n = chains_first(&c->table, hash_of(c, key)); n != NULL; n = chains_next(n)) {
        struct ioc_copy *copy = of_node(n);
        if (copy->key == key && copy->type == type && strcmp(copy->value, value) == 0)
            return copy;
    }
    return NULL;
}

/* Appends at most `most` bytes of `s` and a NUL; returns where it begins, as an offset. */
static size_t append(struct text *to, struct span s, size_t most)
{
    size_t at = to->len;
    struct text part = text_on(to->at + at, most + 1 < to->cap - at ? most + 1 : to->cap - at);

    text_utf8(&part, s);
    to->len += part.len + 1;
    return at;
}

/* (Re)writes everything but the value. On failure the old texts stay. */
static bool refresh(struct ioc_copy *copy, const struct ioc *ioc)
{
    char buf[TEXTS_MAX];
    struct text t = text_on(buf, sizeof buf);
    size_t campaign[IMAGE_CAMPAIGNS_MAX], source[IMAGE_SOURCES_MAX];
    unsigned campaigns = ioc->campaigns < IMAGE_CAMPAIGNS_MAX ? ioc->campaigns : IMAGE_CAMPAIGNS_MAX;
    unsigned sources = ioc->sources < IMAGE_SOURCES_MAX ? ioc->sources : IMAGE_SOURCES_MAX;

    for (unsigned i = 0; i < sources || i == 0; i++)
        source[i] = append(&t, i < sources ? ioc->source[i] : span_of(NULL, 0), IOC_SOURCE_MAX);
    size_t reference = append(&t, ioc->reference, IOC_REFERENCE_MAX);
    size_t feed = append(&t, ioc->feed, IOC_FEED_MAX);
    for (unsigned i = 0; i < campaigns; i++)
        campaign[i] = append(&t, ioc->campaign[i], IOC_CAMPAIGN_MAX);
    char *texts = malloc(t.len);
    if (texts == NULL)
        return false;
    memcpy(texts, buf, t.len);
    free(copy->texts);
    copy->texts = texts;
    for (unsigned i = 0; i < sources || i == 0; i++)
        copy->source[i] = texts + source[i];
    copy->sources = (uint8_t)sources;
    copy->reference = texts + reference;
    copy->feed = texts + feed;
    for (unsigned i = 0; i < campaigns; i++)
        copy->campaign[i] = texts + campaign[i];
    copy->campaigns = (uint8_t)campaigns;
    copy->line = ioc->line;
    copy->tier = ioc->tier < TIERS ? ioc->tier : TIER_UNKNOWN;
    copy->from_s = ioc->from_s;
    copy->until_s = ioc->until_s;
    copy->first_s = ioc->first_s;
    copy->low_trust = ioc->low_trust;
    copy->rebuilt = ioc->rebuilt;
    return true;
}

static void copy_free(struct ioc_copy *copy)
{
    if (copy == NULL)
        return;
    free(copy->value);
    free(copy->texts);
    free(copy);
}

static struct ioc_copy *copy_new(const struct ioc *ioc, const char *value)
{
    struct ioc_copy *copy = calloc(1, sizeof *copy);

    if (copy == NULL)
        return NULL;
    copy->key = ioc->key;
    copy->type = ioc->type;
    copy->value = strdup(value);
    if (copy->value == NULL || !refresh(copy, ioc)) {
        copy_free(copy);
        return NULL;
    }
    return copy;
}

struct ioc_copy *ioc_copy_get(struct ioc_copies *c, const struct ioc *ioc, uint32_t generation)
{
    char value[IOC_VALUE_MAX + 1];
    struct text t = text_on(value, sizeof value);

    if (ioc->type >= IOC_TYPES)
        return NULL;
    text_name(&t, ioc->value);
    struct ioc_copy *copy = ioc_copy_find(c, ioc->key, ioc->type, value);

    if (copy == NULL) {
        if (chains_reserve(&c->table) != 0 || (copy = copy_new(ioc, value)) == NULL)
            return NULL;
        chains_insert(&c->table, &copy->node, hash_of(c, copy->key));
    } else if (copy->generation != generation || generation == IOC_NO_GENERATION) {
        refresh(copy, ioc);
    }
    copy->generation = generation;
    copy->users++;
    return copy;
}

void ioc_copy_release(struct ioc_copies *c, struct ioc_copy *copy)
{
    if (--copy->users > 0)
        return;
    chains_remove(&c->table, &copy->node);
    copy_free(copy);
}

void ioc_copies_done(struct ioc_copies *c)
{
    chains_done(&c->table);
}
