/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the files of a load, each by its format. Files are hostile: devices, endless, not what they say. */
#include "intel/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "intel/image_format.h"
#include "intel/load_before.h"
#include "intel/load_store.h"
#include "intel/load_unpack.h"

/* In the order in which they are asked; the first that says yes gets the file. */
/* clang-format off */
static const struct load_format *const formats[] = {
    &load_format_misp,
    &load_format_misp_index,
    &load_format_warninglist,
    &load_format_tinycheck,
    &load_format_ranges,
    &load_format_geofeed,
    &load_format_stix,
    &load_format_zeek,
    &load_format_rpz,
    &load_format_suricata,
    &load_format_adblock,
    &load_format_ioc,
    &load_format_dnsmasq,
    &load_format_unbound,
    &load_format_nftset,
    &load_format_hosts,
    &load_format_dataset,
    &load_format_csv,
    &load_format_plain,
    /* only if the configuration says so */
    &load_format_guard,
    &load_format_prefixes,
};
/* clang-format on */

/* A value of `allow` or `force` that means nothing. */
struct bad_option {
    struct loader *l;
    const char *path;
};

static void tell_bad_option(void *ctx, struct span value, const char *why)
{
    const struct bad_option *b = ctx;

    load_report_note(b->l->report, span_str(b->path), 0, 0, "warning", value, why, "");
}

static struct load_config *load_config_add(struct loader *l, const char *path, const struct load_options *o)
{
    struct bad_option bad = {l, path};
    struct load_config *c;

    if (grow(&l->configs, &l->config_room, l->config_count + 1, sizeof(struct load_config *)) < 0 ||
        (c = load_config_new(o, tell_bad_option, &bad)) == NULL) {
        l->no_memory = true;
        return NULL;
    }
    return l->configs[l->config_count++] = c;
}

struct loader *loader_new(struct build *b, struct load_report *report, const char *suffix_file)
{
    struct loader *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->build = b;
    l->report = report;
    l->entries_max = LOAD_ENTRIES_MAX;
    l->now_s = time(NULL);
    l->guards = guards_new(suffix_file);
    if (l->guards && load_config_add(l, "", &(struct load_options){0}))
        return l;
    loader_free(l);
    return NULL;
}

void loader_free(struct loader *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->source_count; i++) {
        free(l->sources[i].path);
        free(l->sources[i].feed);
    }
    free(l->sources);
    for (size_t i = 0; i < l->config_count; i++)
        load_config_free(l->configs[i]);
    free(l->configs);
    guards_free(l->guards);
    free(l);
}

void loader_limit(struct loader *l, uint64_t entries)
{
    l->entries_max = entries;
}

void loader_clock(struct loader *l, int64_t now_s)
{
    l->now_s = now_s;
}

int64_t loader_expires(const struct loader *l)
{
    return l->expires_s;
}

int loader_source(struct loader *l, const char *path, const struct load_options *o)
{
    const struct load_config *c = load_config_add(l, path, o);

    return c ? load_walk(l, path, c) : -ENOMEM;
}

int loader_path(struct loader *l, const char *path)
{
    return load_walk(l, path, l->configs[0]);
}

struct load_source *load_source_add(struct loader *l, const char *path, const char *feed,
                                    const struct load_config *config)
{
    if (l->source_count == l->source_room) {
        size_t room = l->source_room ? l->source_room * 2 : 16;
        struct load_source *list = reallocarray(l->sources, room, sizeof(*list));
        if (!list) {
            l->no_memory = true;
            return NULL;
        }
        l->sources = list;
        l->source_room = room;
    }
    struct load_source *s = &l->sources[l->source_count];
    *s = (struct load_source){.path = strdup(path), .feed = strdup(feed), .config = config};
    if (s->path && s->feed) {
        l->source_count++;
        return s;
    }
    free(s->path);
    free(s->feed);
    l->no_memory = true;
    return NULL;
}

/* UTF-16 has a mark, or every second byte is zero. */
static bool is_utf16(struct span s)
{
    size_t zeros[2] = {0, 0};

    if (s.len >= 2 && ((s.at[0] == 0xff && s.at[1] == 0xfe) || (s.at[0] == 0xfe && s.at[1] == 0xff)))
        return true;
    for (size_t i = 0; i < s.len; i++)
        zeros[i & 1] += s.at[i] == 0;
    return s.len >= 4 && ((zeros[0] == 0 && zeros[1] > s.len / 3) || (zeros[1] == 0 && zeros[0] > s.len / 3));
}

static bool is_binary(struct span s)
{
    size_t odd = 0;

    for (size_t i = 0; i < s.len; i++)
        odd += (s.at[i] < 0x20 && !strchr("\t\n\r\f", s.at[i])) || s.at[i] == 0 || s.at[i] == 0x7f;
    return odd > s.len / 50;
}

/* The format that the configuration names, or that the content has. */
static const struct load_format *find_format(const char *name, struct span head)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
        if (name ? strcmp(name, formats[i]->name) == 0 : formats[i]->is(head))
            return formats[i];
    return NULL;
}

static void load_by_format(struct load_file *f, struct load_input *in, struct span head)
{
    const struct load_options *o = load_options(f);
    const char *name = !o->format && o->columns ? "csv" : o->format;
    const struct load_format *format = find_format(name, head);
    struct load_place top = {.line = 1, .column = 1};

    if (!name && format == &load_format_plain && load_options(f)->hosting)
        format = &load_format_prefixes;
    if (!format && name)
        load_error(f, top, span_str(name), "is no format that is known");
    else if (!format)
        load_error(f, top, span_of(NULL, 0), "has no known format: bridle.ioc(5) has those that are read");
    else if ((!f->guards_only || format->has_guards) && format->load(f, in))
        f->format = format->name;
}

static void load_content(struct load_file *f, struct load_input *in)
{
    struct load_place top = {.line = 1, .column = 1};
    struct span none = span_of(NULL, 0);
    int err = load_input_start(in);
    struct span head = load_input_head(in);
    const char *packed = load_unpack_other(head);

    if (err < 0) {
        load_error(f, (struct load_place){0}, none, "cannot be unpacked: %s", strerror(-err));
    } else if (in->error && head.len == 0) {
        load_error(f, (struct load_place){0}, none, "cannot be read: %s", load_input_why(in));
    } else if (head.len == 0) {
        load_warning(f, (struct load_place){0}, none, "is empty");
    } else if (is_utf16(head)) {
        load_error(f, top, none, "is UTF-16 text; save it as UTF-8");
    } else if (head.len >= strlen(IMAGE_MAGIC) && memcmp(head.at, IMAGE_MAGIC, strlen(IMAGE_MAGIC)) == 0) {
        load_error(f, top, none, "is a compiled image: it is used alone, by its own name");
    } else if (packed) {
        load_error(f, top, none, "is %s: unpack it, or pack each file by gzip or xz", packed);
    } else if (is_binary(head)) { /* somewhere in it a line will look like one of ours */
        load_error(f, top, none, "is a binary file, no list of indicators");
    } else {
        load_by_format(f, in, head);
    }
}

/* Reads a regular file. Opened without blocking and looked at again: between stat and open somebody may have
 * put a FIFO there. 0, or negative errno when it cannot be opened. */
static int load_regular(struct load_file *f)
{
    struct loader *l = f->loader;
    struct load_place nowhere = {0};
    struct span none = span_of(NULL, 0);
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        int err = errno;
        load_error(f, nowhere, none, "cannot be read: %s", strerror(err));
        if (fd >= 0)
            close(fd);
        return -err;
    }
    uint64_t size = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode))
        load_error(f, nowhere, none, "is no regular file");
    else if (size > LOAD_FILE_BYTES_MAX)
        load_error(f, nowhere, none, "is too large: %" PRIu64 " bytes, the limit is %" PRIu64, size,
                   LOAD_FILE_BYTES_MAX);
    else if (l->bytes + size > LOAD_TOTAL_BYTES_MAX)
        load_error(f, nowhere, none, "was not read: all files together are larger than %" PRIu64 " bytes",
                   LOAD_TOTAL_BYTES_MAX);
    else {
        load_input_init(&l->input, fd, none, LOAD_FILE_BYTES_MAX);
        load_content(f, &l->input);
        load_input_done(&l->input);
        l->bytes += size;
        l->input.taken = 0;
    }
    close(fd);
    return 0;
}

static int read_source(struct load_file *f, const struct load_source *s)
{
    struct loader *l = f->loader;

    if (!s->in_memory)
        return load_regular(f);
    load_input_init(&l->input, -1, s->bytes, LOAD_FILE_BYTES_MAX);
    load_content(f, &l->input);
    load_input_done(&l->input);
    return 0;
}

int load_guards_of(struct loader *l, const struct load_source *s, bool silent)
{
    struct load_file f;

    load_file_begin(&f, l, s);
    f.guards_only = true;
    f.silent = silent;
    int err = read_source(&f, s);
    if (!silent)
        load_file_end(&f);
    return err;
}

int loader_bytes(struct loader *l, const char *name, struct span bytes)
{
    struct load_source *s = load_source_add(l, name, name, l->configs[0]);

    if (!s)
        return -ENOMEM;
    s->bytes = bytes;
    s->in_memory = true;
    return load_guards_of(l, s, true);
}

void load_progress(struct loader *l)
{
    uint64_t done = l->bytes + l->input.taken;

    if (done < l->bytes_told + LOAD_PROGRESS_BYTES) /* less than told: a file is read twice */
        return;
    l->bytes_told = done;
    uint64_t all = done > 0 ? build_count(l->build) * l->bytes_total / done : 0;
    build_hope(l->build, all < l->entries_max ? all : l->entries_max);
    load_report_progress(l->report, done, l->bytes_total, build_count(l->build) + l->ranges);
}

/* Reads a file for all that is in it. */
static void load_source_read(struct loader *l, struct load_source *s)
{
    struct load_file f;

    load_file_begin(&f, l, s);
    if (!s->left_out)
        read_source(&f, s);
    load_progress(l);
    load_file_end(&f);
    load_before_file(l->before, s, &f);
    s->format = f.format;
    memcpy(s->count, f.count, sizeof(s->count));
}

/* Names a file by its whole path. False: no memory. */
static bool name_fully(struct load_source *s)
{
    char *feed = strdup(s->path);

    if (!feed)
        return false;
    free(s->feed);
    s->feed = feed;
    return true;
}

/* Files of one name in several folders: in alerts, and where a list is compared with what it was, each is
 * another one. 0 or -ENOMEM. */
static int name_apart(struct loader *l)
{
    struct hash_key key = {{0}}; /* names of files are the operator's, not an attacker's */
    struct load_source **first = calloc(l->source_count + 1, sizeof(struct load_source *));
    struct pool names;
    bool good = first != NULL;
    uint32_t id;

    pool_init(&names, &key);
    for (size_t i = 0; good && i < l->source_count; i++) {
        struct load_source *s = &l->sources[i];
        uint32_t known = names.count;
        good = pool_add(&names, span_str(s->feed), &id) == 0;
        if (good && id < known)
            good = name_fully(first[id]) && name_fully(s);
        else if (good)
            first[id] = s;
    }
    pool_done(&names);
    free(first);
    return good ? 0 : -ENOMEM;
}

int loader_finish(struct loader *l)
{
    if (name_apart(l) < 0)
        l->no_memory = true;
    if (guards_seal(l->guards) < 0)
        l->no_memory = true;
    l->bytes_total = l->bytes;
    l->bytes = l->guard_count = 0;
    l->input.taken = 0;
    for (size_t i = 0; i < l->source_count; i++)
        load_source_read(l, &l->sources[i]);
    load_before_keep(l->before, l);
    if (l->bytes_told > 0) /* all is read, the image is not made yet */
        load_report_progress(l->report, l->bytes_total, l->bytes_total, build_count(l->build) + l->ranges);
    load_shadows(l);
    for (size_t i = 0; i < l->source_count; i++) {
        const struct load_source *s = &l->sources[i];
        load_report_file(l->report, span_str(s->path), s->format ? s->format : "none", s->count);
    }
    load_report_total(l->report, build_count(l->build));
    return l->no_memory ? -ENOMEM : 0;
}
