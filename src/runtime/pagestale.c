/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagestale.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/pagename.h"

#define LOOKED_AT_MAX     1024 /* of more dead files the rest waits for the next start */
#define UNFINISHED_KEPT_S 10
#define STAT_BLOCK_BYTES  512u

struct dead_file {
    char name[48];
    ino_t inode;
    int64_t written_s;
    uint64_t bytes;
};

struct dead_files {
    size_t count;
    struct dead_file file[LOOKED_AT_MAX];
};

/* "123.456", as pagename.c makes them. */
static bool is_page_name(const char *name)
{
    size_t pid_digits = strspn(name, "0123456789");
    const char *dot = name + pid_digits;

    return pid_digits > 0 && *dot == '.' && dot[1] != '\0' &&
           dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

/* ".123.456.new" */
static bool is_unfinished_name(const char *name)
{
    size_t length = strlen(name);

    return name[0] == '.' && length > 4 && strcmp(name + length - 4, ".new") == 0;
}

/* Whether NAME is a plain file of ours that nobody holds the lock of. */
static bool is_dead(int dir, const char *name, struct stat *st)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool dead = false;

    if (fd < 0)
        return false;
    dead = fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
           flock(fd, LOCK_SH | LOCK_NB) == 0;
    close(fd);
    return dead;
}

/* Removes NAME, unless another file has come by that name. */
static void remove_file(int dir, const char *name, ino_t inode)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == inode)
        unlinkat(dir, name, 0);
}

/* A young one is not even tested: its maker is about to lock it and would find it locked. */
static void remove_unfinished(int dir, const char *name, int64_t now_real_s)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        now_real_s - st.st_mtime > UNFINISHED_KEPT_S && is_dead(dir, name, &st))
        remove_file(dir, name, st.st_ino);
}

static void look_at(int dir, const char *name, int64_t now_real_s, struct dead_files *dead)
{
    struct dead_file *file = &dead->file[dead->count];
    struct stat st;

    if (is_unfinished_name(name)) {
        remove_unfinished(dir, name, now_real_s);
        return;
    }
    if (dead->count == LOOKED_AT_MAX || strlen(name) >= sizeof file->name || !is_page_name(name) ||
        !is_dead(dir, name, &st))
        return;
    memcpy(file->name, name, strlen(name) + 1);
    file->inode = st.st_ino;
    file->written_s = st.st_mtime;
    file->bytes = (uint64_t)st.st_blocks * STAT_BLOCK_BYTES;
    dead->count++;
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct dead_file *x = a;
    const struct dead_file *y = b;

    return (x->written_s < y->written_s) - (x->written_s > y->written_s);
}

static void remove_surplus(int dir, int64_t now_real_s, struct dead_files *dead)
{
    uint64_t bytes = 0;

    qsort(dead->file, dead->count, sizeof dead->file[0], compare_newest_first);
    for (size_t i = 0; i < dead->count; i++) {
        const struct dead_file *file = &dead->file[i];

        bytes += file->bytes;
        if (i >= PAGESTALE_KEPT_FILES || bytes > PAGESTALE_KEPT_BYTES ||
            now_real_s - file->written_s > PAGESTALE_KEPT_S)
            remove_file(dir, file->name, file->inode);
    }
}

void pagestale_clear(const char *path, int64_t now_real_s)
{
    int fd = pagename_open_dir(path);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dead_files *dead = calloc(1, sizeof *dead);

    if (dir != NULL && dead != NULL) {
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
            look_at(fd, entry->d_name, now_real_s, dead);
        remove_surplus(fd, now_real_s, dead);
    }
    free(dead);
    if (dir != NULL)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}
