/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings instead of a heap: Linux moves their pages when they grow (mremap(2)). */
#include "intel/build_region.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEAST_BYTES ((size_t)64 << 10)
#define LARGE_BYTES ((size_t)8 << 20)

int region_map(struct region *r, size_t need)
{
    size_t cap = r->cap + r->cap / 4;

    if (need > SIZE_MAX / 2)
        return -ENOMEM;
    cap = (cap > need ? cap : need) + LEAST_BYTES - 1;
    cap -= cap % LEAST_BYTES;
    void *at = r->at == NULL ? mmap(NULL, cap, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                             : mremap(r->at, r->cap, cap, MREMAP_MAYMOVE);
    if (at == MAP_FAILED)
        return -ENOMEM;
    if (cap >= LARGE_BYTES)
        madvise(at, cap, MADV_HUGEPAGE); /* tables of this size are looked at in random places */
    r->at = at;
    r->cap = cap;
    return 0;
}

void region_done(struct region *r)
{
    if (r->at != NULL)
        munmap(r->at, r->cap);
    *r = (struct region){0};
}

void region_give_back(const uint8_t *from, const uint8_t *to)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)from + page - 1) / page * page, end = (uintptr_t)to / page * page;

    if (first < end)
        madvise((void *)first, end - first, MADV_DONTNEED);
}
