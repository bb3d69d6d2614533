/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl check: what became of each entry of indicator files. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/bridlectl.h"
#include "ctl/run_load.h"
#include "intel/image.h"
#include "serve/images.h"

struct check {
    const struct ctl *ctl; /* borrowed */
    FILE *notes;           /* owned: told after the table */
    bool left_out;
    unsigned files;
};

static bool is(struct span s, enum load_count which)
{
    return span_eq(s, span_str(load_count_names[which]));
}

static void heading(void)
{
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        printf("%11s ", load_count_names[i]);
    puts("format  file");
}

static void row(const uint64_t count[LOAD_COUNTS], struct span format, struct span path)
{
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        printf("%11" PRIu64 " ", count[i]);
    fwrite(format.at, 1, format.len, stdout);
    printf("%*s", format.len < 8 ? (int)(8 - format.len) : 1, "");
    fwrite(path.at, 1, path.len, stdout);
    putchar('\n');
}

static void people(struct check *c, const struct load_line *l)
{
    char text[LOAD_LINE_MAX + 64];

    if (l->kind == LOAD_LINE_FILE) {
        if (c->files++ == 0)
            heading();
        row(l->count, l->format, l->path);
    } else if (l->kind == LOAD_LINE_NOTE) {
        load_problem_text(l, text, sizeof text);
        if (c->ctl->verbose || (!is(l->note, LOAD_DUPLICATE) && !is(l->note, LOAD_NOT_NETWORK)))
            fprintf(c->notes, "%s\n", text);
        else
            c->left_out = true;
    }
}

static void json_file(struct json *j, const struct load_line *l)
{
    json_span(j, "file", l->path);
    json_span(j, "format", l->format);
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        json_u64(j, load_count_names[i], l->count[i]);
}

static void json_note(struct json *j, const struct load_line *l)
{
    json_span(j, "path", l->path);
    json_u64(j, "line", l->line);
    json_u64(j, "column", l->column);
    json_span(j, "note", l->note);
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
        puts("What was listed before, or what no network sensor can see, is only counted: -v tells more");
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

/* The last line: `1324 indicators: 1318 domain, 6 name; 47104 bytes of memory (35.6 each)`. `im`: what came
 * of the load, or NULL. */
static void print_total(const struct check *c, uint64_t indicators, const struct image *im)
{
    char line[1024];
    struct text t = text_on(line, sizeof line);
    struct json j = json_on(&t);
    uint64_t types[IOC_TYPES];

    count_types(im, types);
    if (!c->ctl->json) {
        total_for_people(indicators, types, im);
        return;
    }
    json_open(&j, NULL);
    json_u64(&j, "indicators", indicators);
    json_open(&j, "types");
    for (unsigned i = 0; i < IOC_TYPES; i++)
        json_u64(&j, ioc_type_names[i], types[i]);
    json_close(&j);
    if (im != NULL)
        json_u64(&j, "bytes", image_bytes(im));
    json_close(&j);
    puts(line);
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
    print_total(c, image_iocs(im), im);
    image_unmap(im);
    close(fd);
    return CTL_DONE;
}

int ctl_check(const struct ctl *c)
{
    static char deflt[] = "default";
    char *const words[] = {deflt};
    struct check check = {.ctl = c};
    struct load load;
    const char *why;
    const char *path = c->operands > 0 ? c->operand[0] : load_default_rules();
    int image = c->operands <= 1 ? images_open_file(path, &why) : -ENOENT;

    if (image >= 0)
        return check_image(&check, image, path);
    if (image != -ENOENT) {
        log_error("%s: %s", path, why);
        return CTL_FAILED;
    }
    check.notes = tmpfile();
    if (check.notes == NULL) {
        log_error("no temporary file: %s", strerror(errno));
        return CTL_FAILED;
    }
    int rc = c->operands > 0 ? run_load(c->operand, c->operands, RUN_LOAD_GUARD, on_line, &check, &load)
                             : run_load(words, 1, RUN_LOAD_GUARD, on_line, &check, &load);
    if (!c->json) {
        if (check.files > 1)
            row(load.count, span_str(""), span_str("all"));
        print_notes(&check);
    }
    struct image *im = load.image >= 0 ? image_map(load.image, true, &why) : NULL;
    print_total(&check, load.indicators, im);
    image_unmap(im);
    fclose(check.notes);
    load_abort(&load);
    return rc < 0 ? CTL_FAILED : CTL_DONE;
}
