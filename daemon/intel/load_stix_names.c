/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and relationships of a STIX bundle (STIX 2.1 §4, §5.1) in tables of limited size. */
#include "intel/load_stix_names.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

#define SLOTS (2 * STIX_THINGS_MAX)
/* Targets of links that are no things. */
#define REVOKED UINT32_MAX
#define COMING  (UINT32_MAX - 1)

struct thing {
    uint64_t id;
    uint32_t name_at;
    uint16_t name_len;
    uint8_t kind; /* enum stix_kind; NONE: was only referred to so far */
};

/* 12 bytes: there may be a million. */
struct link {
    uint32_t indicator[2]; /* halves of its id */
    uint32_t thing;        /* index */
};

struct stix_names {
    struct hash_key key;
    struct link *link;            /* owned; sorted once sealed */
    uint32_t links, room, report; /* report: the first link of the one that is read */
    uint32_t things, name_bytes, identities, identity;
    uint64_t left_out;
    uint32_t slot[SLOTS]; /* index of a thing plus 1, found by its id */
    struct thing thing[STIX_THINGS_MAX];
    char name[STIX_NAMES_MAX];
};

static const struct {
    const char *type;
    enum stix_kind kind;
} kinds[] = {
    {"malware", STIX_KIND_CAMPAIGN},      {"campaign", STIX_KIND_CAMPAIGN},
    {"threat-actor", STIX_KIND_CAMPAIGN}, {"intrusion-set", STIX_KIND_CAMPAIGN},
    {"tool", STIX_KIND_CAMPAIGN},         {"infrastructure", STIX_KIND_REPORT},
    {"report", STIX_KIND_REPORT},         {"grouping", STIX_KIND_REPORT},
    {"identity", STIX_KIND_IDENTITY},
};

enum stix_kind stix_kind_of(struct span type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (span_eq(type, span_str(kinds[i].type)))
            return kinds[i].kind;
    return STIX_KIND_NONE;
}

enum stix_kind stix_kind_of_id(struct span id)
{
    const uint8_t *dashes = id.len > 0 ? memmem(id.at, id.len, "--", 2) : NULL;

    return dashes ? stix_kind_of(span_of(id.at, (size_t)(dashes - id.at))) : STIX_KIND_NONE;
}

struct stix_names *stix_names_new(void)
{
    struct stix_names *n = calloc(1, sizeof(*n));

    if (n && getrandom(&n->key, sizeof(n->key), 0) != sizeof(n->key)) {
        free(n);
        return NULL;
    }
    return n;
}

void stix_names_free(struct stix_names *n)
{
    if (n)
        free(n->link);
    free(n);
}

uint64_t stix_names_id(const struct stix_names *n, struct span id)
{
    return id.len > 0 ? hash_bytes(&n->key, id.at, id.len) | 1 : 0;
}

/* Its index; STIX_THINGS_MAX if it was not met. */
static uint32_t find(const struct stix_names *n, uint64_t id, uint32_t *ret_slot)
{
    uint32_t slot = (uint32_t)(id >> 32) % SLOTS;

    while (n->slot[slot] != 0 && n->thing[n->slot[slot] - 1].id != id)
        slot = (slot + 1) % SLOTS;
    *ret_slot = slot;
    return n->slot[slot] != 0 ? n->slot[slot] - 1 : STIX_THINGS_MAX;
}

/* The same, but it is met now. STIX_THINGS_MAX: there is no room. */
static uint32_t meet(struct stix_names *n, uint64_t id)
{
    uint32_t slot, i = find(n, id, &slot);

    if (i < STIX_THINGS_MAX)
        return i;
    if (n->things == STIX_THINGS_MAX) {
        n->left_out++;
        return STIX_THINGS_MAX;
    }
    n->thing[n->things].id = id;
    n->slot[slot] = ++n->things;
    return n->things - 1;
}

void stix_names_add(struct stix_names *n, uint64_t id, enum stix_kind kind, struct span name)
{
    uint32_t i = id != 0 && name.len > 0 ? meet(n, id) : STIX_THINGS_MAX;
    size_t len = name.len < STIX_NAME_MAX ? name.len : STIX_NAME_MAX;

    if (i == STIX_THINGS_MAX)
        return;
    struct thing *t = &n->thing[i];
    if (t->kind == STIX_KIND_IDENTITY || kind == STIX_KIND_IDENTITY) {
        n->identities += t->kind != STIX_KIND_IDENTITY;
        n->identity = i;
    }
    t->kind = (uint8_t)kind;
    if (len > STIX_NAMES_MAX - n->name_bytes) {
        n->left_out++;
        return;
    }
    t->name_at = n->name_bytes;
    t->name_len = (uint16_t)len;
    memcpy(n->name + n->name_bytes, name.at, len);
    n->name_bytes += (uint32_t)len;
}

static void add_link(struct stix_names *n, uint64_t indicator, uint32_t thing)
{
    if (n->links == n->room && n->room < STIX_LINKS_MAX) {
        uint32_t room = n->room == 0 ? 1024 : n->room * 2;
        room = room < STIX_LINKS_MAX ? room : STIX_LINKS_MAX;
        struct link *list = reallocarray(n->link, room, sizeof(*list));
        if (list) {
            n->link = list;
            n->room = room;
        }
    }
    if (n->links == n->room)
        n->left_out++;
    else
        n->link[n->links++] = (struct link){{(uint32_t)(indicator >> 32), (uint32_t)indicator}, thing};
}

void stix_names_link(struct stix_names *n, uint64_t indicator, uint64_t thing)
{
    uint32_t i = indicator != 0 && thing != 0 ? meet(n, thing) : STIX_THINGS_MAX;

    if (i < STIX_THINGS_MAX)
        add_link(n, indicator, i);
}

void stix_names_revoke(struct stix_names *n, uint64_t indicator)
{
    if (indicator != 0)
        add_link(n, indicator, REVOKED);
}

void stix_names_begin(struct stix_names *n)
{
    n->report = n->links;
}

void stix_names_refer(struct stix_names *n, uint64_t indicator)
{
    add_link(n, indicator, COMING);
}

void stix_names_end(struct stix_names *n, uint64_t id)
{
    uint32_t i = id != 0 && n->links > n->report ? meet(n, id) : STIX_THINGS_MAX;

    if (i == STIX_THINGS_MAX)
        n->links = n->report;
    for (uint32_t at = n->report; at < n->links; at++)
        n->link[at].thing = i;
}

uint64_t stix_names_left_out(const struct stix_names *n)
{
    return n->left_out;
}

static bool before(const struct link *a, const struct link *b)
{
    if (a->indicator[0] != b->indicator[0])
        return a->indicator[0] < b->indicator[0];
    if (a->indicator[1] != b->indicator[1])
        return a->indicator[1] < b->indicator[1];
    return a->thing < b->thing;
}

/* Lets the link at `root` sink to its place in the heap of `count`. */
static void sink(struct link *list, uint32_t root, uint32_t count)
{
    struct link sinking = list[root];

    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        child += child + 1 < count && before(&list[child], &list[child + 1]);
        if (!before(&sinking, &list[child]))
            break;
        list[root] = list[child];
    }
    list[root] = sinking;
}

/* Heapsort: glibc's qsort takes as much memory again. */
void stix_names_seal(struct stix_names *n)
{
    for (uint32_t i = n->links / 2; i-- > 0;)
        sink(n->link, i, n->links);
    for (uint32_t end = n->links; end-- > 1;) {
        struct link last = n->link[0];
        n->link[0] = n->link[end];
        n->link[end] = last;
        sink(n->link, 0, end);
    }
}

/* The first link of the indicator from thing `thing` on; the number of links if there is none. */
static uint32_t first_link(const struct stix_names *n, uint64_t indicator, uint32_t thing)
{
    struct link wanted = {{(uint32_t)(indicator >> 32), (uint32_t)indicator}, thing};
    uint32_t low = 0, high = n->links;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (before(&n->link[mid], &wanted))
            low = mid + 1;
        else
            high = mid;
    }
    bool found =
        low < n->links && memcmp(n->link[low].indicator, wanted.indicator, sizeof(wanted.indicator)) == 0;
    return found ? low : n->links;
}

bool stix_names_revoked(const struct stix_names *n, uint64_t indicator)
{
    return indicator != 0 && first_link(n, indicator, REVOKED) < n->links;
}

static struct span name_of(const struct stix_names *n, const struct thing *t)
{
    return span_of(n->name + t->name_at, t->name_len);
}

static bool listed(const struct span *list, unsigned count, struct span name)
{
    for (unsigned i = 0; i < count; i++)
        if (span_eq(list[i], name))
            return true;
    return false;
}

/* Adds the names of one kind; gives how many there are then. */
static unsigned names_of_kind(const struct stix_names *n, uint32_t first, enum stix_kind kind, unsigned count,
                              struct span ret[IMAGE_CAMPAIGNS_MAX])
{
    const struct link *l = &n->link[first];

    for (uint32_t i = first; i < n->links && i - first < STIX_FOLLOWED_MAX && count < IMAGE_CAMPAIGNS_MAX;
         i++) {
        const struct link *at = &n->link[i];
        if (memcmp(at->indicator, l->indicator, sizeof(l->indicator)) != 0 || at->thing >= n->things)
            break;
        const struct thing *t = &n->thing[at->thing];
        if (t->kind == kind && t->name_len > 0 && !listed(ret, count, name_of(n, t)))
            ret[count++] = name_of(n, t);
    }
    return count;
}

unsigned stix_names_campaigns(const struct stix_names *n, uint64_t indicator,
                              struct span ret[IMAGE_CAMPAIGNS_MAX])
{
    uint32_t first = indicator != 0 ? first_link(n, indicator, 0) : n->links;

    if (first == n->links)
        return 0;
    unsigned count = names_of_kind(n, first, STIX_KIND_CAMPAIGN, 0, ret);
    return count > 0 ? count : names_of_kind(n, first, STIX_KIND_REPORT, 0, ret);
}

struct span stix_names_identity(const struct stix_names *n, uint64_t id)
{
    uint32_t slot, i = id != 0 ? find(n, id, &slot) : STIX_THINGS_MAX;

    if (i < STIX_THINGS_MAX && n->thing[i].kind == STIX_KIND_IDENTITY)
        return name_of(n, &n->thing[i]);
    return n->identities == 1 ? name_of(n, &n->thing[n->identity]) : span_of(NULL, 0);
}
