/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds an image, and looks values up in one, printing all that is known of them. The test compiles it for
 * machines of other byte orders and word sizes and runs it under qemu: what comes out must be the same
 * everywhere.
 *   foreign build IMAGE   from lines `KIND VALUE CAMPAIGN SOURCE` on standard input
 *   foreign read IMAGE    values on standard input, one a line
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intel/build.h"
#include "intel/image_format.h"
#include "intel/match.h"
#include "intel/normalise.h"

static void add_indicator(struct build *b, unsigned type, const struct normal *n, const char *campaign,
                          const char *source, uint32_t line)
{
    struct indicator ind = {.type = (uint8_t)type,
                            .tier = (uint8_t)(line % TIERS),
                            .campaign = span_str(campaign),
                            .source = span_str(source),
                            .feed = span_str("foreign"),
                            .line = line,
                            .from_s = 1600000000 + line,
                            .until_s = line % 2 ? 1700000000 + (int64_t)line * 4000000 : 0,
                            .prefix = n->prefix};

    if (!ioc_is_address(ind.type))
        ind.name = span_str(n->name);
    if (build_indicator(b, &ind, NULL) == BUILD_NO_MEMORY)
        exit(1);
}

static void add(struct build *b, const char *kind, const char *value, const char *campaign,
                const char *source, uint32_t line)
{
    struct normal n;

    normalise(span_str(value), NORMAL_WANT_ANY, &n);
    if (n.kind == NORMAL_BAD) {
        fprintf(stderr, "line %u: %s\n", line, n.why);
        exit(1);
    }
    for (unsigned i = 0; i < IOC_TYPES; i++)
        if (strcmp(kind, ioc_type_names[i]) == 0)
            add_indicator(b, i, &n, campaign, source, line);
    if (strcmp(kind, "range") == 0)
        build_range(b, &n.prefix, span_str(campaign), line / 6 % 2);
    if (strcmp(kind, "sinkhole") == 0)
        build_answer(b, &n.prefix, line / 6 % 2 ? ANSWER_SINKHOLE : ANSWER_PARKED, span_str(campaign));
    if (strcmp(kind, "resolver") == 0 && n.kind == NORMAL_NAME)
        build_resolver_name(b, span_str(n.name));
    else if (strcmp(kind, "resolver") == 0)
        build_resolver_net(b, &n.prefix);
}

static int build_image(const char *path)
{
    static const struct hash_key key = {{0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu}};
    struct build *b = build_new();
    char line[1024];

    if (b == NULL)
        return 1;
    build_set_key(b, &key);
    for (uint32_t i = 1; fgets(line, sizeof line, stdin) != NULL; i++) {
        char *rest = line, *kind = strsep(&rest, " \n"), *value = strsep(&rest, " \n");
        char *campaign = strsep(&rest, " \n"), *source = strsep(&rest, " \n");
        if (source == NULL)
            return 1;
        add(b, kind, value, campaign, source, i);
    }
    if (build_days(b) < 0)
        return 1;
    for (uint32_t id = 0; id < build_count(b); id += 3)
        build_day(b, id, (uint16_t)(id % 5000 + 1));
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    int rc = fd < 0 ? -errno : build_write(b, fd);
    build_free(b);
    if (fd >= 0)
        close(fd);
    return rc < 0;
}

static void print_texts(const char *what, const struct span *texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        printf(" %s=%.*s", what, SPAN_FMT(texts[i]));
}

static void print_ioc(const struct image *im, uint32_t id)
{
    struct ioc i;

    if (!image_ioc(im, id, &i)) {
        printf(" broken\n");
        return;
    }
    printf(" %u %s %s %016" PRIx64 " %.*s", id, ioc_type_names[i.type], tier_names[i.tier], i.key,
           SPAN_FMT(i.value));
    print_texts("campaign", i.campaign, i.campaigns);
    print_texts("source", i.source, i.sources);
    print_texts("text", (struct span[]){i.reference, i.licence, i.comment, i.feed}, 4);
    printf(" %u %" PRId64 " %" PRId64 " %" PRId64 " %d%d\n", i.line, i.from_s, i.until_s, i.first_s,
           i.low_trust, i.rebuilt);
}

static void look_up(const struct image *im, const char *value)
{
    struct match m = {0};
    struct normal n;

    normalise(span_str(value), NORMAL_WANT_ANY, &n);
    if (n.kind == NORMAL_NAME) {
        m = match_name(im, span_str(n.name));
        printf("%s: resolver %d", n.name, image_resolver_name(im, span_str(n.name)));
    } else if (n.kind == NORMAL_ADDRESS) {
        const struct addr *a = &n.prefix.addr;
        struct span tag = {0}, who = {0};
        bool shared = false;
        char text[ADDR_TEXT_MAX];
        m = match_addr_maybe(im, a) ? match_addr(im, a) : (struct match){0};
        image_hosting(im, a, &tag, &shared);
        unsigned kind = image_answer(im, a, &who);
        printf("%s: hosting %.*s %d answer %u %.*s resolver %d", addr_text(a, text), SPAN_FMT(tag), shared,
               kind, SPAN_FMT(who), image_resolver_addr(im, a));
    } else if (n.kind == NORMAL_DIGEST) {
        m = match_value(im, (enum ioc_type)n.type, span_str(n.name));
        printf("%s:", n.name);
    }
    printf(" %s", match_names[m.how]);
    if (m.how != MATCH_NONE)
        print_ioc(im, m.ioc);
    else
        putchar('\n');
}

static int read_image(const char *path)
{
    char line[1024];
    const char *why;
    int fd = open(path, O_RDONLY);
    struct image *im = fd < 0 ? NULL : image_map(fd, true, &why);

    if (im == NULL) {
        printf("refused: %s\n", fd < 0 ? "no file" : why);
        return 1;
    }
    printf("%u indicators, %zu bytes\n", image_iocs(im), image_bytes(im));
    for (uint32_t id = 0; id < image_iocs(im); id++)
        print_ioc(im, id);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        look_up(im, line);
    }
    image_unmap(im);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "build") == 0)
        return build_image(argv[2]);
    if (argc == 3 && strcmp(argv[1], "read") == 0)
        return read_image(argv[2]);
    return 2;
}
