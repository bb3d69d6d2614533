/* SPDX-License-Identifier: BSD-2-Clause */
/* A hostile image: nothing that it says may make a reader crash, run on or hand out what is not there. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "intel/image_format.h"
#include "intel/match.h"

#define ASKED_MAX 64u

static void require(bool held)
{
    if (!held)
        abort();
}

static void in_image(const struct image *im, struct span s)
{
    require(s.len == 0 || (s.at >= im->base && s.at + s.len <= im->base + im->bytes));
}

static void ask(const struct image *im, const struct ioc *ioc)
{
    struct prefix p;

    in_image(im, ioc->value);
    for (unsigned i = 0; i < ioc->sources; i++)
        in_image(im, ioc->source[i]);
    in_image(im, ioc->feed);
    for (unsigned i = 0; i < ioc->campaigns; i++)
        in_image(im, ioc->campaign[i]);
    struct match m = match_name(im, ioc->value);
    require(m.how <= MATCH_EXCEPTION && (m.how == MATCH_NONE || m.ioc < image_iocs(im)));
    m = match_value(im, (enum ioc_type)ioc->type, ioc->value);
    require(m.how == MATCH_NONE ||
            (m.how == MATCH_EXACT && m.ioc < image_iocs(im) && image_has_type(im, (enum ioc_type)ioc->type)));
    image_resolver_name(im, ioc->value);
    if (prefix_parse(ioc->value, &p, NULL)) {
        struct span tag;
        m = match_addr(im, &p.addr);
        require(m.how == MATCH_NONE || m.ioc < image_iocs(im));
        if (image_hosting(im, &p.addr, &tag, NULL))
            in_image(im, tag);
        image_resolver_addr(im, &p.addr);
        require(image_answer(im, &p.addr, &tag) < ANSWER_KINDS);
        in_image(im, tag);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    uint8_t head[IMAGE_HEADER_BYTES] = IMAGE_MAGIC;
    const char *why;
    struct ioc ioc;

    if (fd < 0)
        fd = memfd_create("image", MFD_CLOEXEC);
    require(fd >= 0 && ftruncate(fd, (off_t)size) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    if (size >= sizeof head) { /* what the fuzzer need not find out */
        memcpy(head + sizeof IMAGE_MAGIC - 1, data + sizeof IMAGE_MAGIC - 1,
               sizeof head - sizeof IMAGE_MAGIC + 1);
        put_le32(head + IMAGE_AT_VERSION, IMAGE_VERSION);
        put_le32(head + IMAGE_AT_BYTES, (uint32_t)size);
        put_le64(head + IMAGE_AT_HEAD_SUM, 0);
        put_le64(head + IMAGE_AT_HEAD_SUM, image_checksum(0, span_of(head, sizeof head)));
        require(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    }
    struct image *im = image_map(fd, false, &why);
    if (im == NULL) {
        require(why != NULL);
        return 0;
    }
    match_name(im, span_str("www.good.evil.example"));
    match_value(im, IOC_CERT, span_str("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    image_resolver_name(im, span_str("x.dns.example"));
    for (uint32_t id = 0; id < ASKED_MAX; id++)
        if (image_ioc(im, id, &ioc))
            ask(im, &ioc);
    image_unmap(im);
    return 0;
}
