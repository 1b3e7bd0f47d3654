/* SPDX-License-Identifier: MIT */
/* images.h - the files that page images lie in, by user.
 * A process holds an exclusive lock on its file for life, and the kernel drops it however the
 * process dies: a file whose lock can be had is that of a dead one. Folder and files are believed
 * only if they are the user's own and no links.
 * Threads: any. */
#ifndef MON_IMAGES_H
#define MON_IMAGES_H

#include <stdint.h>
#include <sys/types.h>

#define IMAGES_MAX 64
#define IMAGE_NAME_BYTES 40

struct image {
    char name[IMAGE_NAME_BYTES]; /* "<pid>.<start ticks>" */
    pid_t pid;                   /* as the name says */
    uint64_t start_ticks;
    int64_t written_real_ns; /* about when it died */
    uint64_t bytes;
    ino_t inode;
};

struct images {
    unsigned n;
    struct image image[IMAGES_MAX]; /* newest first; of more the oldest are left out */
};

/* The images of dead processes in the folder PATH, which must be a folder of the user UID. */
void images_find_dead(const char *path, uid_t uid, struct images *images);

/* Removes from the folder PATH of this user all dead images but the newest 8 that are at most a day
 * old and 16 MiB in all, and what was left half-built. */
void images_clear(const char *path, int64_t now_real_ns);

#endif
