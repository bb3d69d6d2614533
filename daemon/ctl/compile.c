/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl compile: the matcher image as a file, for machines that shall read no feeds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/bridlectl.h"
#include "ctl/open_image.h"
#include "ctl/out_file.h"
#include "intel/image.h"

static int copy(int from, FILE *to)
{
    static char part[65536];
    ssize_t n;

    if (lseek(from, 0, SEEK_SET) < 0)
        return -errno;
    while ((n = read(from, part, sizeof part)) > 0)
        if (fwrite(part, 1, (size_t)n, to) != (size_t)n)
            return -errno;
    return n < 0 ? -errno : 0;
}

int ctl_compile(const struct ctl *c)
{
    struct out_file out;
    const char *why;

    if (c->output == NULL) {
        log_error("compile needs -o FILE");
        return CTL_USAGE;
    }
    if (c->operands == 0 && c->config == NULL) {
        log_error("compile needs paths, or a configuration that names them (-c CONF)");
        return CTL_USAGE;
    }
    int fd = open_image_of(c, c->operand, c->operands);
    if (fd < 0)
        return CTL_FAILED;
    struct image *im = image_map(fd, true, &why);
    if (im == NULL) {
        log_error("the loader made no image: %s", why);
        close(fd);
        return CTL_FAILED;
    }
    int rc = out_file_open(&out, c->output);
    if (rc == 0)
        rc = out_file_close(&out, copy(fd, out.stream));
    if (rc < 0)
        log_error("%s: %s", c->output, strerror(-rc));
    else if (!c->json)
        printf("%s: %u indicators, %zu bytes\n", c->output, image_iocs(im), image_bytes(im));
    image_unmap(im);
    close(fd);
    return rc < 0 ? CTL_FAILED : CTL_DONE;
}
