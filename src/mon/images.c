/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/images.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define KEPT_FILES 8
#define KEPT_BYTES (UINT64_C(16) << 20)
#define KEPT_NS (24 * 3600 * NS_PER_S)
#define UNFINISHED_KEPT_NS (10 * NS_PER_S)
#define STAT_BLOCK_BYTES 512u

/* ---- names ---- */

/* Takes "<pid>.<start ticks>" apart. */
static bool parse_name(const char *name, struct image *image)
{
    char *end;
    long pid = strtol(name, &end, 10);

    if (name[0] < '0' || name[0] > '9' || *end != '.' || end[1] < '0' || end[1] > '9')
        return false;
    image->pid = (pid_t)pid;
    image->start_ticks = strtoull(end + 1, &end, 10);
    if (*end != '\0' || (size_t)(end - name) >= sizeof image->name)
        return false;
    memcpy(image->name, name, (size_t)(end - name) + 1);
    return true;
}

/* ".<pid>.<start ticks>.new": being built, or left by one who died at it. */
static bool is_unfinished(const char *name)
{
    size_t len = strlen(name);

    return name[0] == '.' && len > 4 && strcmp(name + len - 4, ".new") == 0;
}

/* ---- files ---- */

/* Whether NAME is a plain file of UID whose lock can be had. */
static bool is_dead(int dir, const char *name, uid_t uid, struct stat *st)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    bool dead;

    if (fd < 0)
        return false;
    dead = fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == uid && st->st_nlink == 1 &&
           flock(fd, LOCK_SH | LOCK_NB) == 0;
    close(fd);
    return dead;
}

static int64_t written_ns(const struct stat *st)
{
    return st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static int newest_first(const void *a, const void *b)
{
    const struct image *x = a;
    const struct image *y = b;

    return (x->written_real_ns < y->written_real_ns) - (x->written_real_ns > y->written_real_ns);
}

/* Adds an image, in the place of the oldest if there is no more room. */
static void add(struct images *images, const struct image *image)
{
    if (images->n == IMAGES_MAX) {
        qsort(images->image, images->n, sizeof images->image[0], newest_first);
        if (newest_first(image, &images->image[images->n - 1]) >= 0)
            return;
        images->n--;
    }
    images->image[images->n++] = *image;
}

/* The folder PATH, if it is one of UID that nobody else can write to; NULL else. */
static DIR *open_dir(const char *path, uid_t uid)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    DIR *dir = NULL;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && st.st_uid == uid && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        dir = fdopendir(fd);
    if (dir == NULL)
        close(fd);
    return dir;
}

static void find_dead_in(DIR *dir, uid_t uid, struct images *images)
{
    images->n = 0;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        struct image image = {0};
        struct stat st;

        if (!parse_name(e->d_name, &image) || !is_dead(dirfd(dir), e->d_name, uid, &st))
            continue;
        image.written_real_ns = written_ns(&st);
        image.bytes = (uint64_t)st.st_blocks * STAT_BLOCK_BYTES;
        image.inode = st.st_ino;
        add(images, &image);
    }
    qsort(images->image, images->n, sizeof images->image[0], newest_first);
}

void images_find_dead(const char *path, uid_t uid, struct images *images)
{
    DIR *dir = open_dir(path, uid);

    images->n = 0;
    if (dir == NULL)
        return;
    find_dead_in(dir, uid, images);
    closedir(dir);
}

/* ---- clearing ---- */

/* Removes NAME, unless another file has come by that name. */
static void remove_file(int dir, const char *name, ino_t inode)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == inode)
        unlinkat(dir, name, 0);
}

/* A young one may be about to be locked by its maker: hands off. */
static void remove_unfinished(DIR *dir, int64_t now_real_ns)
{
    rewinddir(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        struct stat st;

        if (is_unfinished(e->d_name) && is_dead(dirfd(dir), e->d_name, geteuid(), &st) &&
            now_real_ns - written_ns(&st) > UNFINISHED_KEPT_NS)
            remove_file(dirfd(dir), e->d_name, st.st_ino);
    }
}

void images_clear(const char *path, int64_t now_real_ns)
{
    DIR *dir = open_dir(path, geteuid());
    struct images images;
    uint64_t bytes = 0;

    if (dir == NULL)
        return;
    find_dead_in(dir, geteuid(), &images);
    for (unsigned i = 0; i < images.n; i++) {
        const struct image *image = &images.image[i];

        bytes += image->bytes;
        if (i >= KEPT_FILES || bytes > KEPT_BYTES ||
            now_real_ns - image->written_real_ns > KEPT_NS)
            remove_file(dirfd(dir), image->name, image->inode);
    }
    remove_unfinished(dir, now_real_ns);
    closedir(dir);
}
