/* SPDX-License-Identifier: MIT */
/* checkpoint.h - takes the log of a recording into the file, in a process of its own.
 * A commit in WAL mode waits for no disk, but for the first one of a log that begins anew, which
 * waits once. A checkpoint waits several times, and a bad disk takes seconds each time. So a child
 * does it that fork made, with a connection of its own, when the log has grown. It is no thread:
 * gomon forks children that use SQLite (incident.h), and what a thread had locked then would stay
 * locked in them.
 * What holds: the child is forked before the file is opened here, since what SQLite knows of locks
 * on a file must not go over a fork. It changes nothing but what a checkpoint changes, so it may be
 * killed at any time, as gomon itself; it is when gomon ends, however that ends. Who records takes
 * the log in only beyond CHECKPOINT_MOST_PAGES, where the child is not asked any more; or if there
 * is no child, at CHECKPOINT_PAGES. A child that is in the way for so long is killed.
 * Who: recorder.c. Threads: one owner; the process has a single thread when it forks.
 * Source: sqlite.org/wal.html, "Avoiding Excessively Large WAL Files"; howtocorrupt.html, 2.6. */
#ifndef MON_CHECKPOINT_H
#define MON_CHECKPOINT_H

#include <sys/types.h>

#define CHECKPOINT_PAGES      256  /* from so many on, at each commit */
#define CHECKPOINT_MOST_PAGES 4096 /* and twice that if the child does not come to an end */

struct sqlite3;

struct checkpoint {
    pid_t pid; /* 0: there is none; else it is to be waited for */
    int fd;    /* it is asked through; -1: it is not there any more */
};

/* Forks the child for PATH, which need not be there yet. If that fails, there is none. */
void checkpoint_start(struct checkpoint *c, const char *path);

/* From now on all is as said above when DB, the open file, commits. C stays where it is until DB is
 * closed. */
void checkpoint_watch(struct checkpoint *c, struct sqlite3 *db);

/* Ends the child and waits for its end; who closes DB after that is the last one. Of one that holds
 * only zeros, nothing happens. */
void checkpoint_stop(struct checkpoint *c);

#endif
