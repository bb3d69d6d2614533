/* SPDX-License-Identifier: BSD-2-Clause */
/* Putting names of resolvers in order, so that a look-up is one binary search. */
#include "intel/build_private.h"

#include <errno.h>
#include <stdlib.h>

struct resolver {
    struct span name;
    uint32_t id;
};

static int by_end(const void *a, const void *b)
{
    const struct resolver *x = a, *y = b;
    return name_order(x->name, y->name);
}

int build_resolvers(const struct build *b, struct build_section *ret)
{
    struct resolver *list = calloc(b->resolvers, sizeof *list);
    const struct resolver *last = NULL;

    if (b->resolvers > 0 && (list == NULL || region_grow(&ret->memory, 4 * b->resolvers) < 0)) {
        free(list);
        return -ENOMEM;
    }
    for (size_t i = 0; i < b->resolvers; i++)
        list[i] = (struct resolver){pool_get(&b->strings, b->resolver[i]), b->resolver[i]};
    if (b->resolvers > 0)
        qsort(list, b->resolvers, sizeof *list, by_end);
    for (size_t i = 0; i < b->resolvers; i++) {
        if (last != NULL && name_within(list[i].name, last->name))
            continue; /* equal, or covered by a name above it */
        last = &list[i];
        put_le32(ret->memory.at + ret->len, last->id);
        ret->len += 4;
    }
    free(list);
    ret->at = ret->memory.at;
    return 0;
}
