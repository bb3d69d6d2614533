/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl check: what became of each entry of indicator files. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/bridlectl.h"
#include "ctl/check_paths.h"
#include "ctl/check_table.h"
#include "ctl/run_load.h"
#include "intel/image.h"
#include "serve/images.h"

struct check {
    const struct ctl *ctl; /* borrowed */
    FILE *notes;           /* owned: told after the table */
    bool left_out;
    struct check_table table;
    uint64_t unreadable; /* files that could not be read, at all or to the end */
};

/* What is listed before, or what no network sensor can see, is no problem and often much. */
static bool is_told(const struct check *c, const struct load_line *l)
{
    return c->ctl->verbose || load_note_is_problem(l) || span_eq(l->note, span_str("advice"));
}

static void people(struct check *c, const struct load_line *l)
{
    char text[LOAD_LINE_MAX + 64];

    if (l->kind == LOAD_LINE_FILE) {
        check_table_add(&c->table, l);
    } else if (is_told(c, l)) {
        load_problem_text(l, text, sizeof text);
        fprintf(c->notes, "%s\n", text);
    } else {
        c->left_out = true;
    }
}

/* How many entries there were, whatever became of them. */
static uint64_t entries_of(const uint64_t count[LOAD_COUNTS])
{
    uint64_t n = 0;

    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        n += load_count_is_outcome((enum load_count)i) ? count[i] : 0;
    return n;
}

static void json_counts(struct json *j, const uint64_t count[LOAD_COUNTS])
{
    json_u64(j, "entries", entries_of(count));
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        json_u64(j, load_count_names[i], count[i]);
}

static void json_file(struct json *j, const struct load_line *l)
{
    json_span(j, "file", l->path);
    json_span(j, "format", l->format);
    json_counts(j, l->count);
}

static void json_note(struct json *j, const struct load_line *l)
{
    json_span(j, "path", l->path);
    json_u64(j, "line", l->line);
    json_u64(j, "column", l->column);
    json_span(j, "note", l->note);
    if (l->reason.len > 0)
        json_span(j, "reason", l->reason);
    json_span(j, "value", l->value);
    json_span(j, "text", l->text);
}

static void programs(const struct load_line *l)
{
    char line[8 * LOAD_LINE_MAX];
    struct text t = text_on(line, sizeof line);
    struct json j = json_on(&t);

    json_open(&j, NULL);
    if (l->kind == LOAD_LINE_FILE)
        json_file(&j, l);
    else
        json_note(&j, l);
    json_close(&j);
    puts(line);
}

static void on_line(void *ctx, const struct load_line *l)
{
    struct check *c = ctx;

    if (l->kind != LOAD_LINE_FILE && l->kind != LOAD_LINE_NOTE)
        return;
    c->unreadable += l->kind == LOAD_LINE_NOTE && span_eq(l->note, span_str("error"));
    if (c->ctl->json)
        programs(l);
    else
        people(c, l);
}

static void print_notes(struct check *c)
{
    char part[65536];
    size_t n;

    rewind(c->notes);
    putchar('\n');
    while ((n = fread(part, 1, sizeof part, c->notes)) > 0)
        fwrite(part, 1, n, stdout);
    if (c->left_out)
        puts("What is no problem, such as values that were listed before, is only counted: -v tells more");
}

/* How many indicators of each type there are. */
static void count_types(const struct image *im, uint64_t ret[IOC_TYPES])
{
    struct ioc ioc;

    memset(ret, 0, IOC_TYPES * sizeof *ret);
    for (uint32_t id = 0; im != NULL && id < image_iocs(im); id++)
        if (image_ioc(im, id, &ioc))
            ret[ioc.type]++;
}

static void total_for_people(uint64_t indicators, const uint64_t types[IOC_TYPES], const struct image *im)
{
    const char *comma = ": ";

    printf("%" PRIu64 " indicators", indicators);
    for (unsigned i = 0; i < IOC_TYPES; i++) {
        if (types[i] > 0) {
            printf("%s%" PRIu64 " %s", comma, types[i], ioc_type_names[i]);
            comma = ", ";
        }
    }
    if (im != NULL)
        printf("; %zu bytes of memory (%.1f each)", image_bytes(im), image_bytes_each(im));
    putchar('\n');
}

static void json_total(const struct check *c, const struct load *load, const uint64_t types[IOC_TYPES],
                       const struct image *im, uint64_t indicators)
{
    char line[4096];
    struct text t = text_on(line, sizeof line);
    struct json j = json_on(&t);

    json_open(&j, NULL);
    json_u64(&j, "indicators", indicators);
    json_open(&j, "types");
    for (unsigned i = 0; i < IOC_TYPES; i++)
        json_u64(&j, ioc_type_names[i], types[i]);
    json_close(&j);
    if (im != NULL)
        json_u64(&j, "bytes", image_bytes(im));
    if (load != NULL) {
        json_u64(&j, "files", load->files);
        json_u64(&j, "unreadable", c->unreadable);
        json_u64(&j, "problems", load->problems);
        json_open(&j, "counts");
        json_counts(&j, load->count);
        json_close(&j);
    }
    json_close(&j);
    puts(line);
}

/* The last line: `1324 indicators: 1318 domain, 6 name; 47104 bytes of memory (35.6 each)`. `load`: what was
 * done, or NULL; `im`: what came of it, or NULL. */
static void print_total(const struct check *c, const struct load *load, const struct image *im)
{
    uint64_t types[IOC_TYPES], indicators = load != NULL ? load->indicators : image_iocs(im);

    count_types(im, types);
    if (c->ctl->json)
        json_total(c, load, types, im, indicators);
    else
        total_for_people(indicators, types, im);
}

/* A compiled image needs no loader: whether it is whole, and what is in it. */
static int check_image(const struct check *c, int fd, const char *path)
{
    const char *why;
    struct image *im = image_map(fd, true, &why);

    if (im == NULL) {
        log_error("%s: %s", path, why);
        close(fd);
        return CTL_FAILED;
    }
    print_total(c, NULL, im);
    image_unmap(im);
    close(fd);
    return CTL_DONE;
}

/* Loads, and tells of it. An enum ctl_exit. */
static int check_load(struct check *c, const struct load_paths *paths)
{
    struct load load;
    const char *why;

    c->notes = tmpfile();
    if (c->notes == NULL) {
        log_error("no temporary file: %s", strerror(errno));
        return CTL_FAILED;
    }
    int rc = run_load_paths(paths, on_line, c, &load);
    if (!c->ctl->json) {
        check_table_print(&c->table, load.count);
        print_notes(c);
    }
    struct image *im = load.image >= 0 ? image_map(load.image, true, &why) : NULL;
    print_total(c, &load, im);
    image_unmap(im);
    fclose(c->notes);
    check_table_free(&c->table);
    load_abort(&load);
    return rc < 0 ? CTL_FAILED : CTL_DONE;
}

int ctl_check(const struct ctl *c)
{
    struct check check = {.ctl = c};
    struct check_paths paths;
    const char *why, *path = c->operands > 0 ? c->operand[0] : load_default_rules();
    bool may_be_image = c->operands <= 1 && c->config == NULL && c->source == NULL;
    int image = may_be_image ? images_open_file(path, &why) : -ENOENT;

    if (image >= 0)
        return check_image(&check, image, path);
    if (image != -ENOENT) {
        log_error("%s: %s", path, why);
        return CTL_FAILED;
    }
    int status = run_load_possible() ? check_paths_make(&paths, c) : CTL_FAILED;
    if (status != CTL_DONE)
        return status;
    status = check_load(&check, &paths.paths);
    check_paths_free(&paths);
    return status;
}
