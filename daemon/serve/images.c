/* SPDX-License-Identifier: BSD-2-Clause */
/* The generations of the matcher image. */
#include "serve/images.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/image_format.h"

#define IMAGES_VERIFIED_BYTES_MAX ((off_t)4 << 20) /* read in a few milliseconds */

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* An image that the loader could still change, or cut under our feet (SIGBUS), is refused; so is a file that
 * it can only read, because somebody else may change that. */
static int check_sealed(int fd, bool foreign, const char **ret_why)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0) {
        *ret_why = "the image is empty or no file";
        return -EINVAL;
    }
    if (foreign && (seals < 0 || (seals & SEALS) != SEALS)) {
        *ret_why = "the image is not sealed";
        return -EPERM;
    }
    return 0;
}

/* Reading the whole of a large image would delay the first packet: its checksum was verified when it was
 * compiled, and `bridlectl check` does it again. */
static bool small(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size <= IMAGES_VERIFIED_BYTES_MAX;
}

static struct generation *free_slot(struct images *im)
{
    for (unsigned i = 0; i < IMAGES_KEPT; i++)
        if (im->kept[i].number == 0)
            return &im->kept[i];
    return NULL;
}

static void release(struct generation *g)
{
    if (g->number == 0)
        return;
    image_unmap(g->map);
    close(g->fd);
    *g = (struct generation){0};
}

int images_add(struct images *im, int fd, bool foreign, uint64_t now_ns, uint64_t problems,
               const char **ret_why)
{
    int rc = check_sealed(fd, foreign, ret_why);
    struct image *map = rc < 0 ? NULL : image_map(fd, small(fd), ret_why);

    if (map == NULL) {
        close(fd);
        return rc < 0 ? rc : -EBADMSG;
    }
    struct generation *g = free_slot(im);
    if (g == NULL) {
        *ret_why = "a worker has not taken any of the latest reloads: the indicators in use stay";
        image_unmap(map);
        close(fd);
        return -EBUSY;
    }
    *g = (struct generation){
        .number = ++im->newest, .fd = fd, .map = map, .loaded_ns = now_ns, .problems = problems};
    return 0;
}

const struct generation *images_newest(const struct images *im)
{
    return images_find(im, im->newest);
}

const struct generation *images_find(const struct images *im, uint32_t number)
{
    for (unsigned i = 0; number != 0 && i < IMAGES_KEPT; i++)
        if (im->kept[i].number == number)
            return &im->kept[i];
    return NULL;
}

void images_drop_before(struct images *im, uint32_t number)
{
    for (unsigned i = 0; i < IMAGES_KEPT; i++)
        if (im->kept[i].number < number)
            release(&im->kept[i]);
}

void images_done(struct images *im)
{
    images_drop_before(im, UINT32_MAX);
}

static bool begins_as_image(int fd)
{
    char head[sizeof IMAGE_MAGIC - 1];
    return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
           memcmp(head, IMAGE_MAGIC, sizeof head) == 0;
}

int images_open_file(const char *path, const char **ret_why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -ENOENT; /* the loader says what is wrong with it */
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !begins_as_image(fd)) {
        close(fd);
        return -ENOENT;
    }
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        close(fd);
        *ret_why = "a compiled image must belong to root or to our user, and nobody else may write it";
        return -EPERM;
    }
    struct image *im = image_map(fd, false, ret_why);
    if (im == NULL) {
        close(fd);
        return -EINVAL;
    }
    image_unmap(im);
    return fd;
}
