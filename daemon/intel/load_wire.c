/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines and the image between the loader and who started it: AF_UNIX SOCK_SEQPACKET, SCM_RIGHTS (unix(7)). */
#include "intel/load_wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELDS_MAX (3 + LOAD_COUNTS)

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
    char buf[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

int loader_line_send(int socket, const char *line, int fd)
{
    union control control = {{0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    if (iov.iov_len >= LOAD_LINE_MAX)
        return -EMSGSIZE;
    if (fd >= 0) {
        m.msg_control = control.buf;
        m.msg_controllen = sizeof(control.buf);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    while (sendmsg(socket, &m, MSG_NOSIGNAL) < 0) {
        struct pollfd p = {.fd = socket, .events = POLLOUT};
        if (errno == EAGAIN)
            poll(&p, 1, -1);
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* The one descriptor that came along, or -1; a hostile sender's further ones do not fit and were closed. */
static int received_fd(struct msghdr *m)
{
    int fd = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int got;
            memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (fd < 0)
                fd = got;
            else
                close(got);
        }
    }
    return fd;
}

int loader_line_receive(int socket, char ret_line[LOAD_LINE_MAX], int *ret_fd)
{
    union control control;
    struct iovec iov = {.iov_base = ret_line, .iov_len = LOAD_LINE_MAX - 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.buf,
                       .msg_controllen = sizeof(control.buf)};
    ssize_t n;

    *ret_fd = -1;
    do
        n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    int fd = received_fd(&m);
    ret_line[n] = 0;
    bool nonsense = (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || strlen(ret_line) != (size_t)n;
    if (n == 0 || nonsense) {
        if (fd >= 0)
            close(fd);
        return nonsense || fd >= 0 ? -EBADMSG : 0;
    }
    *ret_fd = fd;
    return 1;
}

static bool number(struct span s, uint64_t most, uint64_t *ret)
{
    uint64_t v = 0;

    if (s.len == 0 || s.len > 19)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.at[i] - '0');
    }
    *ret = v;
    return v <= most;
}

static unsigned split(const char *line, struct span field[FIELDS_MAX])
{
    unsigned n = 0;

    for (const char *p = line;; p++) {
        size_t len = strcspn(p, "\t");
        if (n == FIELDS_MAX)
            return n + 1;
        field[n++] = span_of(p, len);
        p += len;
        if (!*p)
            return n;
    }
}

static bool parse_file(const struct span *field, unsigned n, struct load_line *ret)
{
    if (n != 3 + LOAD_COUNTS)
        return false;
    ret->path = field[1];
    ret->format = field[2];
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        if (!number(field[3 + i], UINT64_MAX, &ret->count[i]))
            return false;
    return true;
}

static bool parse_note(const struct span *field, unsigned n, struct load_line *ret)
{
    uint64_t line, column;

    if (n != 8 || !number(field[2], UINT32_MAX, &line) || !number(field[3], UINT32_MAX, &column))
        return false;
    ret->path = field[1];
    ret->line = (uint32_t)line;
    ret->column = (uint32_t)column;
    ret->note = field[4];
    ret->value = field[5];
    ret->text = field[6];
    ret->reason = field[7];
    return true;
}

static bool parse_progress(const struct span *field, unsigned n, struct load_line *ret)
{
    return n == 4 && number(field[1], UINT64_MAX, &ret->bytes) &&
           number(field[2], UINT64_MAX, &ret->bytes_of) && number(field[3], UINT64_MAX, &ret->indicators);
}

static bool parse_kept(const struct span *field, unsigned n, struct load_line *ret)
{
    ret->path = field[1];
    return n == 4 && number(field[2], UINT64_MAX, &ret->now) && number(field[3], UINT64_MAX, &ret->before);
}

static bool parse_change(const struct span *field, unsigned n, struct load_line *ret)
{
    if (n != 5 || (!span_eq(field[1], span_str("added")) && !span_eq(field[1], span_str("removed")) &&
                   !span_eq(field[1], span_str("changed"))))
        return false;
    ret->change = field[1];
    ret->type = field[2];
    ret->value = field[3];
    ret->feed = field[4];
    return true;
}

static bool parse_diff(const struct span *field, unsigned n, struct load_line *ret)
{
    return n == 4 && number(field[1], UINT64_MAX, &ret->added) &&
           number(field[2], UINT64_MAX, &ret->removed) && number(field[3], UINT64_MAX, &ret->changed);
}

static bool parse_expires(const struct span *field, unsigned n, struct load_line *ret)
{
    return n == 2 && number(field[1], INT64_MAX, &ret->expires_s);
}

static bool parse_count(const struct span *field, unsigned n, struct load_line *ret)
{
    return n == 2 && number(field[1], UINT64_MAX, &ret->indicators);
}

bool load_line_parse(const char *line, struct load_line *ret)
{
    static const struct {
        const char *word;
        enum load_line_kind kind;
        bool (*parse)(const struct span *field, unsigned n, struct load_line *ret);
    } rows[] = {
        {"note", LOAD_LINE_NOTE, parse_note},          {"progress", LOAD_LINE_PROGRESS, parse_progress},
        {"file", LOAD_LINE_FILE, parse_file},          {"change", LOAD_LINE_CHANGE, parse_change},
        {"kept", LOAD_LINE_KEPT, parse_kept},          {"diff", LOAD_LINE_DIFF, parse_diff},
        {"expires", LOAD_LINE_EXPIRES, parse_expires}, {"known", LOAD_LINE_KNOWN, parse_count},
        {"total", LOAD_LINE_TOTAL, parse_count},       {"image", LOAD_LINE_IMAGE, parse_count},
    };
    struct span field[FIELDS_MAX];
    unsigned n = split(line, field);

    *ret = (struct load_line){0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_eq(field[0], span_str(rows[i].word))) {
            ret->kind = (uint8_t)rows[i].kind;
            return rows[i].parse(field, n, ret);
        }
    return false;
}

bool load_note_is_problem(const struct load_line *l)
{
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        if (load_count_is_problem((enum load_count)i) && span_eq(l->note, span_str(load_count_names[i])))
            return true;
    return span_eq(l->note, span_str("error")) || span_eq(l->note, span_str("warning"));
}
