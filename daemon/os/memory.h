/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving memory back. */
#ifndef BRIDLE_OS_MEMORY_H
#define BRIDLE_OS_MEMORY_H

/*
 * For a process that has started and will live long: takes out of its memory the code and tables that only
 * the start needed (the linker, relocations, what libraries set up), and what malloc holds free. What is
 * needed again comes back from the page cache, page by page.
 */
void memory_trim(void);

#endif
