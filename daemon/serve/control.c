/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket. */
#include "serve/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/rules.h"

/* A client that says nothing, or does not read, is let go. A reload may take its time. */
#define IDLE_SECONDS 10

struct control_client {
    struct control *control; /* borrowed */
    int socket;              /* owned; -1: free */
    struct event *event;     /* owned */
    bool asked;              /* the request was read: nothing more is expected */
    char request[CONTROL_REQUEST_MAX];
    size_t request_len;
    char *answer; /* owned; NULL: none yet */
    size_t answer_len, sent;
    int fd; /* owned: goes with the first byte; -1: none */
};

struct control {
    struct serve *serve; /* borrowed */
    int socket;          /* owned */
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    struct event *event; /* owned */
    struct control_client client[CONTROL_CLIENTS_MAX];
};

bool control_parse(char *line, struct control_request *ret)
{
    char *save = NULL;

    *ret = (struct control_request){0};
    for (const char *p = line; *p != 0; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    for (char *w = strtok_r(line, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        if (ret->words > 0 && strcmp(w, "json") == 0) {
            ret->json = true;
            continue;
        }
        if (ret->words == CONTROL_WORDS_MAX)
            return false;
        ret->word[ret->words++] = w;
    }
    return ret->words > 0;
}

static void drop(struct control_client *c)
{
    rules_forget(c->control->serve->rules, c);
    if (c->event != NULL)
        event_free(c->event);
    if (c->fd >= 0)
        close(c->fd);
    close(c->socket);
    free(c->answer);
    *c = (struct control_client){.control = c->control, .socket = -1, .fd = -1};
}

static ssize_t send_some(struct control_client *c)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {.iov_base = c->answer + c->sent, .iov_len = c->answer_len - c->sent};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (c->fd >= 0 && c->sent == 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof control.space;
        struct cmsghdr *m = CMSG_FIRSTHDR(&msg);
        m->cmsg_level = SOL_SOCKET;
        m->cmsg_type = SCM_RIGHTS;
        m->cmsg_len = CMSG_LEN(sizeof c->fd);
        memcpy(CMSG_DATA(m), &c->fd, sizeof c->fd);
    }
    return sendmsg(c->socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct control_client *c = ctx;

    ssize_t n = (what & EV_TIMEOUT) != 0 ? -1 : send_some(c);
    if (n < 0 && (what & EV_TIMEOUT) == 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->sent += n > 0 ? (size_t)n : 0;
    if (n <= 0 || c->sent == c->answer_len)
        drop(c);
}

static void answer(struct control_client *c, const char *first, struct span text, int fd)
{
    const struct timeval limit = {.tv_sec = IDLE_SECONDS};

    event_free(c->event);
    c->answer_len = strlen(first) + text.len;
    c->answer = malloc(c->answer_len + 1);
    c->fd = fd >= 0 ? dup(fd) : -1;
    c->event = event_new(c->control->serve->base, c->socket, EV_WRITE | EV_PERSIST, on_writable, c);
    if (c->answer == NULL || c->event == NULL || event_add(c->event, &limit) < 0) {
        drop(c);
        return;
    }
    memcpy(c->answer, first, strlen(first));
    if (text.len > 0)
        memcpy(c->answer + strlen(first), text.at, text.len);
}

void control_answer(struct control_client *c, struct span text, int fd)
{
    answer(c, "ok\n", text, fd);
}

void control_refuse(struct control_client *c, const char *text)
{
    answer(c, "error ", span_str(text), -1);
}

static void run(struct control_client *c, char *line)
{
    struct control_request q;
    /* It may wait for a reload: then only its going away matters. */
    const struct timeval long_wait = {.tv_sec = 3600};

    c->asked = true;
    event_add(c->event, &long_wait);
    if (!control_parse(line, &q)) {
        control_refuse(c, "this is no request");
        return;
    }
    for (const struct control_command *k = control_commands; k->name != NULL; k++) {
        if (strcmp(k->name, q.word[0]) == 0) {
            k->run(c->control->serve, c, &q);
            return;
        }
    }
    control_refuse(c, "this daemon does not know the command");
}

static void on_request(evutil_socket_t fd, short what, void *ctx)
{
    struct control_client *c = ctx;
    char ignored[256];

    if (c->asked) { /* it waits for its answer, with its own side closed or not */
        if ((what & EV_TIMEOUT) != 0)
            drop(c);
        else if (recv(c->socket, ignored, sizeof ignored, MSG_DONTWAIT) == 0)
            event_del(c->event);
        return;
    }
    ssize_t n = (what & EV_TIMEOUT) != 0 ? 0
                                         : recv(c->socket, c->request + c->request_len,
                                                sizeof c->request - 1 - c->request_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        drop(c);
        return;
    }
    c->request_len += (size_t)n;
    c->request[c->request_len] = 0;
    char *end = memchr(c->request, '\n', c->request_len);
    if (end != NULL) {
        *end = 0;
        run(c, c->request);
    } else if (c->request_len == sizeof c->request - 1) {
        control_refuse(c, "the request is too long");
    }
}

/* Who may connect is a matter of the socket's mode; this asks once more who really did. */
static bool allowed(struct serve *s, int fd)
{
    struct ucred who;
    socklen_t len = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return false;
    return who.uid == 0 || who.uid == geteuid() || s->settings.control_group[0] != 0;
}

/* What fits into any socket's buffer. */
static void turn_away(int socket, const char *why)
{
    if (send(socket, why, strlen(why), MSG_NOSIGNAL) < 0)
        log_debug("control: %s", strerror(errno));
    close(socket);
}

static void on_connect(evutil_socket_t fd, short what, void *ctx)
{
    const struct timeval limit = {.tv_sec = IDLE_SECONDS};
    struct control *k = ctx;
    int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct control_client *c = NULL;

    if (got < 0)
        return;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX && c == NULL; i++)
        if (k->client[i].socket < 0)
            c = &k->client[i];
    if (!allowed(k->serve, got)) {
        turn_away(got, "error only root and bridled's own user may ask it\n");
        return;
    }
    if (c == NULL) {
        turn_away(got, "error too many ask at once: ask again\n");
        return;
    }
    c->socket = got;
    c->event = event_new(k->serve->base, got, EV_READ | EV_PERSIST, on_request, c);
    if (c->event == NULL || event_add(c->event, &limit) < 0)
        drop(c);
}

/* Makes the socket's folder if only that is missing, for our user. */
static void make_folder(const char *path, const struct passwd *user)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];

    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder)
        return;
    *slash = 0;
    if (mkdir(folder, 0755) == 0 && user != NULL && chown(folder, user->pw_uid, user->pw_gid) < 0)
        log_warning("%s: %s", folder, strerror(errno));
}

/* 0, -EADDRINUSE when a daemon listens there, or another negative errno. */
static int bind_it(struct control *k, mode_t mode)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;

    memcpy(a.sun_path, k->path, sizeof a.sun_path);
    if (connect(k->socket, (const struct sockaddr *)&a, sizeof a) == 0)
        return -EADDRINUSE;
    /* Only ever removes a socket: the path comes from a configuration that may be wrong. */
    if (lstat(k->path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(k->path);
    close(k->socket);
    k->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0777 & ~mode);
    int rc = k->socket < 0 || bind(k->socket, (const struct sockaddr *)&a, sizeof a) < 0 ? -errno : 0;
    umask(before);
    return rc;
}

/* Its folder may be writable by the user that we become: what is given away must be the socket and no other
 * file that was put in its place. */
static int give_away(const char *path, const struct passwd *user, const struct group *group)
{
    uid_t uid = user != NULL ? user->pw_uid : (uid_t)-1;
    gid_t gid = group != NULL ? group->gr_gid : (gid_t)-1;
    struct stat st;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int rc = fstat(fd, &st) < 0                              ? -errno
             : !S_ISSOCK(st.st_mode) || st.st_nlink != 1     ? -EPERM
             : fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno
                                                             : 0;
    close(fd);
    return rc;
}

static int open_it(struct control *k)
{
    const struct settings *s = &k->serve->settings;
    struct passwd *user = geteuid() == 0 && s->user[0] != 0 ? getpwnam(s->user) : NULL;
    struct group *group = s->control_group[0] != 0 ? getgrnam(s->control_group) : NULL;

    if (s->control_group[0] != 0 && group == NULL) {
        log_error("[daemon] control-group: there is no group `%s`", s->control_group);
        return -ENOENT;
    }
    if (strlen(s->control_socket) >= sizeof k->path)
        return -ENAMETOOLONG;
    memcpy(k->path, s->control_socket, strlen(s->control_socket) + 1);
    make_folder(k->path, user);
    k->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (k->socket < 0)
        return -errno;
    int rc = bind_it(k, group != NULL ? 0660 : 0600);
    if (rc < 0)
        k->path[0] = 0; /* not ours to remove */
    if (rc == 0 && (user != NULL || group != NULL))
        rc = give_away(k->path, user, group);
    return rc == 0 && listen(k->socket, 8) < 0 ? -errno : rc;
}

int control_open(struct serve *s)
{
    if (s->settings.control_socket[0] == 0)
        return 0;
    struct control *k = calloc(1, sizeof *k);
    if (k == NULL)
        return -ENOMEM;
    k->serve = s;
    k->socket = -1;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        k->client[i] = (struct control_client){.control = k, .socket = -1, .fd = -1};
    int rc = open_it(k);
    if (rc == 0) {
        s->control = k;
        return 0;
    }
    /* Without a configuration file nobody asked for a control socket: going on is better than refusing. */
    bool needed = s->options.config != NULL || options_reads_default_file(&s->options);
    log_line(needed ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "control socket %s: %s",
             s->settings.control_socket, rc == -EADDRINUSE ? "another bridled listens there" : strerror(-rc));
    control_free(k);
    return needed ? -EINVAL : 0;
}

int control_start(struct serve *s)
{
    struct control *k = s->control;

    if (k == NULL)
        return 0;
    k->event = event_new(s->base, k->socket, EV_READ | EV_PERSIST, on_connect, k);
    return k->event == NULL || event_add(k->event, NULL) < 0 ? -ENOMEM : 0;
}

void control_free(struct control *k)
{
    if (k == NULL)
        return;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (k->client[i].socket >= 0)
            drop(&k->client[i]);
    if (k->event != NULL)
        event_free(k->event);
    if (k->path[0] != 0 && unlink(k->path) < 0)
        log_debug("%s: %s", k->path, strerror(errno));
    if (k->socket >= 0)
        close(k->socket);
    free(k);
}
