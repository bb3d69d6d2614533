/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving memory back: madvise(2) over the program's own segments (elf(5)). */
#include "os/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Relocations in the code itself: such pages are no copy of the file. */
static bool has_text_relocations(const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *d = (const ElfW(Dyn) *)(info->dlpi_addr + p->p_vaddr); d->d_tag != DT_NULL; d++)
            if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL) != 0))
                return true;
    }
    return false;
}

/* Segments that nobody writes are private mappings of a file, and every page of them is still in that file.
 */
static int drop_segments(struct dl_phdr_info *info, size_t size, void *ctx)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    if (has_text_relocations(info))
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || (p->p_flags & PF_W) != 0)
            continue;
        uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
        uintptr_t to = (info->dlpi_addr + p->p_vaddr + p->p_memsz + page - 1) & ~(page - 1);
        (void)madvise((void *)from, to - from,
                      MADV_DONTNEED); /* the kernel's own segment refuses: it costs nothing */
    }
    return 0;
}

void memory_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    dl_iterate_phdr(drop_segments, NULL);
}
