/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of bridlectl check: a column for each thing that became of entries, details in words. */
#include "ctl/check_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

struct check_row {
    char *path; /* owned */
    char format[32];
    uint64_t count[LOAD_COUNTS];
};

void check_table_add(struct check_table *t, const struct load_line *l)
{
    if (t->rows == t->room) {
        size_t room = t->room > 0 ? t->room * 2 : 64;
        struct check_row *row = reallocarray(t->row, room, sizeof *row);
        if (row == NULL)
            return;
        t->row = row;
        t->room = room;
    }
    struct check_row *r = &t->row[t->rows];
    r->path = strndup((const char *)l->path.at, l->path.len);
    if (r->path == NULL)
        return;
    struct text format = text_on(r->format, sizeof r->format);
    text_raw(&format, l->format);
    memcpy(r->count, l->count, sizeof r->count);
    t->rows++;
}

/* `(3 shadowed, 1 shortener)`: what says more about entries that stand in a column. */
static void print_details(const uint64_t count[LOAD_COUNTS])
{
    const char *before = "  (";

    for (unsigned i = 0; i < LOAD_COUNTS; i++) {
        if (load_count_is_outcome((enum load_count)i) || count[i] == 0)
            continue;
        printf("%s%" PRIu64 " %s", before, count[i], load_count_names[i]);
        before = ", ";
    }
    puts(before[0] == ',' ? ")" : "");
}

static void print_row(const unsigned width[LOAD_COUNTS], const uint64_t count[LOAD_COUNTS],
                      const char *format, const char *path)
{
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        if (width[i] > 0)
            printf("%*" PRIu64 "  ", (int)width[i], count[i]);
    printf("%-8s %s", format, path);
    print_details(count);
}

/* How wide each column is; 0: there is nothing to tell. Loaded ones always are. */
static void measure(const uint64_t sum[LOAD_COUNTS], unsigned ret_width[LOAD_COUNTS])
{
    for (unsigned i = 0; i < LOAD_COUNTS; i++) {
        size_t name = strlen(load_count_names[i]);
        int digits = snprintf(NULL, 0, "%" PRIu64, sum[i]);
        bool told = load_count_is_outcome((enum load_count)i) && (sum[i] > 0 || i == LOAD_LOADED);
        ret_width[i] = !told ? 0 : digits > (int)name ? (unsigned)digits : (unsigned)name;
    }
}

void check_table_print(const struct check_table *t, const uint64_t sum[LOAD_COUNTS])
{
    unsigned width[LOAD_COUNTS];

    measure(sum, width);
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        if (width[i] > 0)
            printf("%*s  ", (int)width[i], load_count_names[i]);
    puts("format   file");
    for (size_t i = 0; i < t->rows; i++)
        print_row(width, t->row[i].count, t->row[i].format, t->row[i].path);
    if (t->rows > 1)
        print_row(width, sum, "", "all");
}

void check_table_free(struct check_table *t)
{
    for (size_t i = 0; i < t->rows; i++)
        free(t->row[i].path);
    free(t->row);
    *t = (struct check_table){0};
}
