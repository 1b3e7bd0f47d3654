/* SPDX-License-Identifier: MIT */
/* fileid.h - whether a descriptor is still the file that it was.
 * A program may close every descriptor that it does not know, as daemons do, and then open files of
 * its own by the same numbers. The runtime must neither write into those nor close them: so it
 * remembers which file a number meant, and asks before it uses it.
 * Threads: any; async-signal-safe. */
#ifndef RUNTIME_FILEID_H
#define RUNTIME_FILEID_H

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

struct fileid {
    dev_t device;
    ino_t inode;
};

static inline struct fileid fileid_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 ? (struct fileid){st.st_dev, st.st_ino} : (struct fileid){0, 0};
}

static inline bool fileid_is(int fd, struct fileid id)
{
    struct fileid now = fileid_of(fd);

    return fd >= 0 && id.inode != 0 && now.device == id.device && now.inode == id.inode;
}

/* Closes FD if it is the file ID. */
static inline void fileid_close(int fd, struct fileid id)
{
    if (fileid_is(fd, id))
        close(fd);
}

#endif
