/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagename.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/check.h"
#include "runtime/os_linux.h"

/* 0, or why the directory FD must not be trusted with our file. */
static int check_dir(int fd)
{
    struct stat st;
    struct statfs fs;

    if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return EPERM;
    if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
        return EMEDIUMTYPE; /* a write to a real disk may take seconds */
    return 0;
}

int pagename_open_dir(const char *path)
{
    int error = 0;
    int fd = -1;

    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
        return -errno;
    fd = os_off_stdio(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    error = check_dir(fd);
    if (error != 0)
        close(fd);
    return error != 0 ? -error : fd;
}

/* A file that is new and ours alone. What an earlier program of this pid and start time (one that
 * called exec) or a dead one left under the temporary name is in the way. */
static int create(int dir, const char *name)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, name, flags, S_IRUSR | S_IWUSR);

    if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
        fd = openat(dir, name, flags, S_IRUSR | S_IWUSR);
    return os_off_stdio(fd);
}

int pagename_make(struct pagename *n, const char *dir_path, pid_t pid, uint64_t start_ticks)
{
    int error = 0;

    *n = (struct pagename)PAGENAME_INIT;
    n->dir = pagename_open_dir(dir_path);
    if (n->dir < 0) {
        error = -n->dir;
        n->dir = -1;
        return error;
    }
    snprintf(n->name, sizeof n->name, "%ld.%" PRIu64, (long)pid, start_ticks);
    snprintf(n->unfinished, sizeof n->unfinished, ".%s.new", n->name);
    n->dir_id = fileid_of(n->dir);
    n->fd = create(n->dir, n->unfinished);
    if (n->fd >= 0)
        n->id = fileid_of(n->fd);
    if (n->fd < 0 || flock(n->fd, LOCK_EX | LOCK_NB) != 0) {
        error = errno;
        pagename_remove(n);
        pagename_close(n);
    }
    return error;
}

int pagename_show(struct pagename *n)
{
    DCHECK(n->fd >= 0 && n->unfinished[0] != '\0');
    if (renameat(n->dir, n->unfinished, n->dir, n->name) != 0)
        return errno;
    n->unfinished[0] = '\0';
    return 0;
}

bool pagename_is_there(const struct pagename *n, uint64_t bytes)
{
    struct stat st;

    return fileid_is(n->fd, n->id) && fstat(n->fd, &st) == 0 && st.st_nlink > 0 &&
           (uint64_t)st.st_size == bytes;
}

void pagename_remove(struct pagename *n)
{
    const char *name = n->unfinished[0] != '\0' ? n->unfinished : n->name;
    struct stat named;

    if (n->fd >= 0 && fileid_is(n->dir, n->dir_id) &&
        fstatat(n->dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == n->id.inode &&
        named.st_dev == n->id.device)
        unlinkat(n->dir, name, 0);
}

void pagename_close(struct pagename *n)
{
    fileid_close(n->fd, n->id);
    fileid_close(n->dir, n->dir_id);
    n->fd = -1;
    n->dir = -1;
}

const char *pagename_reason(int error)
{
    const char *text = NULL;

    if (error == ENOTDIR)
        return "not a directory";
    if (error == EPERM)
        return "not this user's with mode 0700";
    if (error == EMEDIUMTYPE)
        return "not in memory (tmpfs)";
    text = strerrordesc_np(error);
    return text != NULL ? text : "unknown error";
}
