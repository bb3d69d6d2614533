/* SPDX-License-Identifier: BSD-2-Clause */
/* The generations of the matcher image, and compiled images as files. */
#include "serve/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/image_format.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* An image that the loader could still change, or cut under our feet (SIGBUS), is refused; so is a file that
 * it can only read, because somebody else may change that. */
static int check_sealed(int fd, bool foreign, struct stat *ret_st, bool *ret_sealed, const char **ret_why)
{
    int seals = fcntl(fd, F_GET_SEALS);

    *ret_sealed = seals >= 0 && (seals & SEALS) == SEALS;
    if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode) || ret_st->st_size <= 0) {
        *ret_why = "the image is empty or no file";
        return -EINVAL;
    }
    if (foreign && !*ret_sealed) {
        *ret_why = "the image is not sealed";
        return -EPERM;
    }
    return 0;
}

static int64_t written_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
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
    struct stat st;
    bool sealed;
    int rc = check_sealed(fd, foreign, &st, &sealed, ret_why);
    /* Reading the whole of a large image would delay the first packet: its checksum was verified when it was
     * compiled, and `bridlectl check` does it again. */
    struct image *map = rc < 0 ? NULL : image_map(fd, st.st_size <= IMAGES_COPY_MAX, ret_why);

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
    const struct generation *old = images_newest(im);
    im->previous = !sealed && old != NULL && old->in_place && !old->damaged ? old->number : 0;
    *g = (struct generation){.number = ++im->newest,
                             .fd = fd,
                             .map = map,
                             .in_place = !sealed,
                             .changed_ns = written_ns(&st),
                             .loaded_ns = now_ns,
                             .problems = problems};
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
        if (im->kept[i].number < number && im->kept[i].number != im->previous)
            release(&im->kept[i]);
}

void images_done(struct images *im)
{
    im->previous = 0;
    images_drop_before(im, UINT32_MAX);
}

static bool is_as_taken(const struct generation *g, struct stat *ret_st)
{
    return fstat(g->fd, ret_st) == 0 && (uint64_t)ret_st->st_size == image_bytes(g->map) &&
           written_ns(ret_st) == g->changed_ns;
}

bool images_changed(struct images *im)
{
    struct generation *g = (struct generation *)(uintptr_t)images_newest(im);
    struct stat st;

    if (g == NULL || !g->in_place || is_as_taken(g, &st))
        return false;
    bool again = g->damaged && written_ns(&st) == g->changed_ns;
    g->damaged = true;
    g->changed_ns = written_ns(&st);
    return !again;
}

int images_fall_back(struct images *im, uint64_t now_ns)
{
    const struct generation *newest = images_newest(im), *before = images_find(im, im->previous);
    struct stat st;
    const char *why;

    if (newest == NULL || !newest->damaged || before == NULL || !is_as_taken(before, &st))
        return -ENOENT;
    int fd = fcntl(before->fd, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? -errno : images_add(im, fd, false, now_ns, before->problems, &why);
}

static bool begins_as_image(int fd)
{
    char head[sizeof IMAGE_MAGIC - 1];
    return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
           memcmp(head, IMAGE_MAGIC, sizeof head) == 0;
}

static bool is_ours(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

/* Others may neither put another file in its place: a folder of theirs, but for one in which everybody can
 * only remove what is his (/tmp). */
static bool in_safe_folder(const char *path)
{
    struct stat st;
    char *real = realpath(path, NULL);

    if (real == NULL)
        return false;
    *strrchr(real, '/') = 0;
    bool safe = stat(real[0] != 0 ? real : "/", &st) == 0 && is_ours(&st) &&
                ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (st.st_mode & S_ISVTX) != 0);
    free(real);
    return safe;
}

static const char *check_file(int fd, const char *path, const struct stat *st)
{
    const char *why;

    if (!is_ours(st) || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "a compiled image must belong to root or to our user, and nobody else may write it";
    if (!in_safe_folder(path))
        return "others may write the folder of this compiled image: it must belong to root or to our user "
               "alone";
    struct image *im = image_map(fd, false, &why);
    image_unmap(im);
    return im != NULL ? NULL : why;
}

/* Into sealed memory: the descriptor of that, or negative errno. */
static int copy_of(int fd, off_t bytes)
{
    int copy = memfd_create("bridle-image", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc = 0;
    off_t at = 0;

    if (copy < 0)
        return -errno;
    while (at < bytes && rc == 0) {
        ssize_t n = sendfile(copy, fd, &at, (size_t)(bytes - at));
        rc = n < 0 ? -errno : n == 0 ? -EIO : 0;
    }
    if (rc == 0 && fcntl(copy, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
        rc = -errno;
    if (rc == 0)
        return copy;
    close(copy);
    return rc;
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
    *ret_why = check_file(fd, path, &st);
    if (*ret_why == NULL && st.st_size > IMAGES_COPY_MAX)
        return fd;
    int copy = *ret_why == NULL ? copy_of(fd, st.st_size) : -EINVAL;
    close(fd);
    if (copy < 0 && *ret_why == NULL)
        *ret_why = "the compiled image cannot be read into memory";
    return copy;
}
