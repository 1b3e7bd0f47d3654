/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/checkpoint.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon/child.h"

/* ---- in the child ---- */

/* It ends with gomon, and a limit of a file's size is an error as others. */
static void obey(pid_t parent)
{
    child_drop_signals();
    signal(SIGXFSZ, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

/* The file is there: who asks has opened it. To read from it opens the log. */
static sqlite3 *open_file(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        _exit(1);
    sqlite3_exec(db, "PRAGMA synchronous=NORMAL; PRAGMA user_version", NULL, NULL, NULL);
    return db;
}

/* What fails, on a full disk perhaps, is tried again when it is asked for again. */
_Noreturn static void serve(const char *path)
{
    sqlite3 *db = NULL;
    char asked[64]; /* all at once: one checkpoint does */

    while (read(CHILD_FD, asked, sizeof asked) > 0) {
        if (db == NULL)
            db = open_file(path);
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    _exit(0);
}

/* ---- in gomon ---- */

void checkpoint_start(struct checkpoint *c, const char *path)
{
    pid_t parent = getpid();
    int fd[2];

    *c = (struct checkpoint){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
        return;
    c->pid = fork();
    if (c->pid == 0) {
        obey(parent);
        child_keep_only(fd[1]);
        serve(path);
    }
    close(fd[1]);
    if (c->pid < 0) {
        close(fd[0]);
        c->pid = 0;
        return;
    }
    c->fd = fd[0];
}

/* It is waited for in the end: if it waits for a disk, a kill takes as long. */
static void give_up(struct checkpoint *c)
{
    kill(c->pid, SIGKILL);
    close(c->fd);
    c->fd = -1;
}

/* If much is asked already, that will do. */
static void ask(struct checkpoint *c)
{
    if (send(c->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR)
        give_up(c);
}

/* PASSIVE waits for no lock: if the child is at it, or a reader in the way, nothing happens. */
static int on_commit(void *of, sqlite3 *db, const char *name, int npages)
{
    struct checkpoint *c = of;

    if (npages < CHECKPOINT_PAGES)
        return SQLITE_OK;
    if (c->fd >= 0 && npages >= 2 * CHECKPOINT_MOST_PAGES)
        give_up(c);
    if (c->fd >= 0 && npages < CHECKPOINT_MOST_PAGES)
        ask(c);
    else
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

/* The child is asked at once, so that it opens the file before anybody gives it another name. */
void checkpoint_watch(struct checkpoint *c, struct sqlite3 *db)
{
    sqlite3_wal_hook(db, on_commit, c);
    if (c->fd >= 0)
        ask(c);
}

void checkpoint_stop(struct checkpoint *c)
{
    if (c->pid == 0)
        return;
    if (c->fd >= 0)
        give_up(c);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *c = (struct checkpoint){.fd = -1};
}
