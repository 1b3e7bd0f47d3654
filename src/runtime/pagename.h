/* SPDX-License-Identifier: MIT */
/* pagename.h - the file by which the page is found after the process has died.
 * It lies in a directory of the user's own, in memory, is built under a temporary name and shown
 * by a rename when it is complete. An exclusive flock is held on it for life: the kernel drops it
 * at death, however that comes, so a file without a lock is that of a dead process. Nothing here is
 * ever mapped: a full or truncated file is an error code, not a signal.
 * Threads: one at a time. */
#ifndef RUNTIME_PAGENAME_H
#define RUNTIME_PAGENAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/fileid.h"

struct pagename {
    int dir; /* -1: there is none */
    int fd;  /* -1: there is none */
    struct fileid dir_id;
    struct fileid id; /* of fd */
    char name[48];
    char unfinished[56]; /* "" once the file is shown */
};

#define PAGENAME_INIT       \
    {                       \
        .dir = -1, .fd = -1 \
    }

/* Opens the directory PATH, made with mode 0700 if it is missing. It must be a real directory of
 * this user, closed to others, in memory. Returns a descriptor or a negative errno, of which
 * ENOTDIR, EPERM and EMEDIUMTYPE name these three conditions. */
int pagename_open_dir(const char *path);

/* Makes an empty file for the process PID, started at START_TICKS, in the directory DIR_PATH, under
 * a temporary name and locked. Returns 0, or a positive errno: then *N is as PAGENAME_INIT. */
int pagename_make(struct pagename *n, const char *dir_path, pid_t pid, uint64_t start_ticks);

/* Gives the file its name. Returns 0 or a positive errno. */
int pagename_show(struct pagename *n);

/* Whether it is still our file, there by name and with BYTES: someone may have removed or cut it,
 * and the program may have closed it. */
bool pagename_is_there(const struct pagename *n, uint64_t bytes);

/* Removes the file by name, if the name is still that of our file. */
void pagename_remove(struct pagename *n);

/* Closes; the lock goes with it, the file stays. Async-signal-safe. */
void pagename_close(struct pagename *n);

/* Why there is no such file, in words. ERROR is a positive errno of a function above. */
const char *pagename_reason(int error);

#endif
