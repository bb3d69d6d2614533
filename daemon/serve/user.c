/* SPDX-License-Identifier: BSD-2-Clause */
/* Which user to become when started as root. */
#include "serve/user.h"

#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/privilege.h"

#define DEFAULT_USER  "bridle"
#define FALLBACK_USER "nobody"
/* Folders that nftw holds open. */
#define DEPTH 16

bool user_by_hand(const struct options *o)
{
    return o->config == NULL && o->interfaces.count > 0;
}

static int unreadable(const char *path, const struct stat *st, int type, struct FTW *where)
{
    return type == FTW_DNR || type == FTW_NS || ((type == FTW_F || type == FTW_D) && access(path, R_OK) < 0);
}

/* Asks a child that has become the user. */
static bool can_read(const char *user, const struct load_paths *paths)
{
    char why[256];
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        bool good = privilege_drop(user, KEEP_NOTHING, why, sizeof why) == 0;
        for (size_t i = 0; i < paths->count && good; i++)
            good = nftw(paths->at[i].at, unreadable, DEPTH, 0) == 0;
        _exit(good ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int become(struct settings *s, const char *user)
{
    char *copy = strdup(user);

    if (copy == NULL)
        return -ENOMEM;
    free(s->user);
    s->user = copy;
    return 0;
}

static int for_run_by_hand(struct serve *s)
{
    struct load_paths paths;
    int rc = load_paths_make(&paths, s->settings.rules.word, s->settings.rules.words, true);

    if (rc == 0 && !can_read(s->settings.user, &paths)) {
        log_notice("only root can read the rules: staying root, without root's capabilities");
        rc = become(&s->settings, "");
    }
    load_paths_free(&paths);
    return rc;
}

static void make_state_folder(const struct settings *s)
{
    const struct passwd *pw = s->user[0] != 0 ? getpwnam(s->user) : NULL;

    if (s->state_dir[0] != 0 && mkdir(s->state_dir, 0700) == 0 && pw != NULL &&
        chown(s->state_dir, pw->pw_uid, pw->pw_gid) < 0)
        log_warning("%s: %s", s->state_dir, strerror(errno));
}

int user_choose(struct serve *s)
{
    int rc = 0;

    if (geteuid() != 0)
        return 0;
    if (strcmp(s->settings.user, DEFAULT_USER) == 0 && getpwnam(DEFAULT_USER) == NULL)
        rc = become(&s->settings, FALLBACK_USER);
    if (rc == 0 && user_by_hand(&s->options))
        rc = for_run_by_hand(s);
    make_state_folder(&s->settings);
    return rc;
}
