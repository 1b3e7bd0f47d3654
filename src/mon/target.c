/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/target.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mon/addrspace.h"
#include "mon/images.h"
#include "mon/memfd.h"
#include "mon/pagefile.h"
#include "mon/procstat.h"
#include "mon/text.h"
#include "page.h"

#define SHM_DIR "/dev/shm"

/* ---- one target ---- */

/* Reads the header of a page, if it is one of any version. */
static bool read_header(int fd, struct page_header *h)
{
    static const uint8_t magic[] = PAGE_MAGIC;

    return pread(fd, h, sizeof *h, 0) == (ssize_t)sizeof *h &&
           memcmp(h->magic, magic, sizeof magic) == 0 && h->endian == PAGE_ENDIAN_TAG;
}

/* Looks into a process. Returns 0 or the negative errno of memfd_open; -ENOENT also if the page is
 * not its own. */
static int look_into(pid_t pid, struct target *t)
{
    struct page_header h;
    struct procstat stat;
    int fd = memfd_open(pid, PAGE_MEMFD_NAME, O_RDONLY);
    bool good;

    if (fd < 0)
        return fd;
    good = read_header(fd, &h) && procstat_read(pid, &stat) && h.start_ticks == stat.start_ticks &&
           h.pid == procstat_inner_pid(pid);
    close(fd);
    if (!good)
        return -ENOENT;
    *t = (struct target){.pid = pid,
                         .start_ticks = stat.start_ticks,
                         .uid = h.uid,
                         .live = true,
                         .since_real_ns = pagefile_time(h.start_real_ns)};
    text_clean(t->name, sizeof t->name, h.name, sizeof h.name);
    return 0;
}

/* Whether the process of an image that nobody holds goes on, after exec. A program that closed all
 * its files holds none either, but has its page mapped. */
static bool is_replaced(const struct page_header *h, const struct image *image)
{
    struct procstat stat;

    return h->state == PAGE_STATE_LIVE && procstat_read(image->pid, &stat) &&
           stat.start_ticks == image->start_ticks && !procstat_is_zombie(&stat) &&
           !addrspace_has_memfd(image->pid, PAGE_MEMFD_NAME);
}

/* Takes an image that nobody holds any more; false if it is not of a page. */
static bool look_at_image(const char *dir, uid_t uid, const struct image *image, struct target *t)
{
    struct page_header h;
    bool good;
    int fd;

    *t = (struct target){.pid = image->pid,
                         .start_ticks = image->start_ticks,
                         .uid = uid,
                         .since_real_ns = image->written_real_ns};
    snprintf(t->image, sizeof t->image, "%s/%s", dir, image->name);
    fd = open(t->image, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    good = read_header(fd, &h);
    close(fd);
    if (!good)
        return false;
    text_clean(t->name, sizeof t->name, h.name, sizeof h.name);
    t->replaced = is_replaced(&h, image);
    return true;
}

/* ---- all targets ---- */

static void add(struct target_list *list, const struct target *t)
{
    if (list->n < TARGETS_MAX)
        list->target[list->n++] = *t;
}

static bool is_ours(const struct stat *st)
{
    return geteuid() == 0 || st->st_uid == geteuid();
}

/* Whether a process began at so many ticks or later; 0: any did. */
static bool began_since(pid_t pid, uint64_t ticks)
{
    struct procstat stat;

    return ticks == 0 || (procstat_read(pid, &stat) && stat.start_ticks >= ticks);
}

/* Those that began at SINCE_TICKS or later. */
static void list_live(struct target_list *list, uint64_t since_ticks)
{
    DIR *proc = opendir("/proc");

    if (proc == NULL)
        return;
    for (const struct dirent *e = readdir(proc); e != NULL; e = readdir(proc)) {
        struct target t;
        struct stat st;
        pid_t pid;
        int error;

        if (!isdigit((unsigned char)e->d_name[0]) || fstatat(dirfd(proc), e->d_name, &st, 0) != 0 ||
            !is_ours(&st))
            continue;
        pid = (pid_t)strtol(e->d_name, NULL, 10);
        if (!began_since(pid, since_ticks))
            continue;
        error = look_into(pid, &t);
        if (error == 0)
            add(list, &t);
        else if (error == -EACCES || error == -EPERM)
            list->ndenied++;
    }
    closedir(proc);
}

static void list_dead_of(struct target_list *list, uid_t uid)
{
    struct images images;
    char dir[32];

    snprintf(dir, sizeof dir, PAGE_DIR_FORMAT, (unsigned)uid);
    images_find_dead(dir, uid, &images);
    for (unsigned i = 0; i < images.n; i++) {
        struct target t;

        if (look_at_image(dir, uid, &images.image[i], &t))
            add(list, &t);
    }
}

static void list_dead(struct target_list *list)
{
    static const char prefix[] = "gomon-";
    DIR *shm;

    if (geteuid() != 0) {
        list_dead_of(list, geteuid());
        return;
    }
    shm = opendir(SHM_DIR);
    if (shm == NULL)
        return;
    for (const struct dirent *e = readdir(shm); e != NULL; e = readdir(shm))
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) == 0 &&
            isdigit((unsigned char)e->d_name[sizeof prefix - 1]))
            list_dead_of(list, (uid_t)strtoul(e->d_name + sizeof prefix - 1, NULL, 10));
    closedir(shm);
}

static int live_and_newest_first(const void *a, const void *b)
{
    const struct target *x = a;
    const struct target *y = b;

    if (x->live != y->live)
        return x->live ? -1 : 1;
    return (x->since_real_ns < y->since_real_ns) - (x->since_real_ns > y->since_real_ns);
}

void target_list_read(struct target_list *list)
{
    list->n = 0;
    list->ndenied = 0;
    list_live(list, 0);
    list_dead(list);
    qsort(list->target, list->n, sizeof list->target[0], live_and_newest_first);
}

void target_list_read_dead(struct target_list *list)
{
    list->n = list->ndenied = 0;
    list_dead(list);
    qsort(list->target, list->n, sizeof list->target[0], live_and_newest_first);
}

void target_clear_images(int64_t now_real_ns)
{
    char dir[32];

    snprintf(dir, sizeof dir, PAGE_DIR_FORMAT, (unsigned)geteuid());
    images_clear(dir, now_real_ns);
}

/* ---- finding ---- */

#define WHY(...) snprintf(error, TARGET_ERROR_BYTES, __VA_ARGS__)

#define PID_DIGITS 9 /* more than any pid has, and no overflow yet */

static bool is_number(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* The pid that a number means, or 0: no process can have it. */
static pid_t pid_of(const char *number)
{
    return strlen(number) <= PID_DIGITS ? (pid_t)strtol(number, NULL, 10) : 0;
}

/* The newest image of a process that had this pid. */
static bool find_image(struct target_list *list, pid_t pid, struct target *found)
{
    target_list_read_dead(list);
    for (unsigned i = 0; i < list->n; i++) {
        if (list->target[i].pid == pid) {
            *found = list->target[i];
            return true;
        }
    }
    return false;
}

enum target_match target_find_pid(pid_t pid, struct target_list *list, struct target *found,
                                  char error[static TARGET_ERROR_BYTES])
{
    struct procstat stat;
    int opened = look_into(pid, found);

    if (opened == 0 || find_image(list, pid, found))
        return TARGET_FOUND;
    if (!procstat_read(pid, &stat)) {
        WHY("there is no process %d, and none of that pid has left a page: gomon -l lists targets",
            (int)pid);
        return TARGET_NONE;
    }
    if (procstat_is_zombie(&stat)) {
        WHY("process %d (%s) has ended, and has left no page: gomon -l lists targets", (int)pid,
            stat.name);
        return TARGET_NONE;
    }
    if (opened == -EACCES || opened == -EPERM) {
        WHY("process %d (%s) is another user's: run gomon as that user or as root", (int)pid,
            stat.name);
        return TARGET_DENIED;
    }
    WHY("process %d (%s) has no page: it does not use libgort, or runs with GORT_MONITOR=off",
        (int)pid, stat.name);
    return TARGET_NO_PAGE;
}

/* Whether T is called WORD, or begins so if WHOLE is not asked for. */
static bool is_called(const struct target *t, const char *word, bool whole)
{
    return whole ? strcmp(t->name, word) == 0 : strncmp(t->name, word, strlen(word)) == 0;
}

/* Keeps those of LIST that are called WORD. */
static unsigned keep_called(struct target_list *list, const char *word, bool live, bool whole)
{
    unsigned n = 0;

    for (unsigned i = 0; i < list->n; i++)
        n += list->target[i].live == live && is_called(&list->target[i], word, whole);
    if (n == 0)
        return 0;
    n = 0;
    for (unsigned i = 0; i < list->n; i++)
        if (list->target[i].live == live && is_called(&list->target[i], word, whole))
            list->target[n++] = list->target[i];
    list->n = n;
    return n;
}

enum target_match target_find(const char *word, struct target_list *list, struct target *found,
                              char error[static TARGET_ERROR_BYTES])
{
    if (is_number(word) && pid_of(word) == 0) {
        WHY("there is no process %.32s: gomon -l lists targets", word);
        return TARGET_NONE;
    }
    if (is_number(word))
        return target_find_pid(pid_of(word), list, found, error);
    target_list_read(list);
    if (keep_called(list, word, true, true) == 0 && keep_called(list, word, true, false) == 0 &&
        keep_called(list, word, false, true) == 0 && keep_called(list, word, false, false) == 0) {
        list->n = 0;
        WHY("no target is called \"%s\": gomon -l lists them", word);
        return TARGET_NONE;
    }
    if (list->n > 1) {
        WHY("%u targets are called \"%s\": name one by its pid", list->n, word);
        return TARGET_SEVERAL;
    }
    *found = list->target[0];
    return TARGET_FOUND;
}

enum target_match target_find_live(const char *word, struct target_list *list, struct target *found,
                                   char error[static TARGET_ERROR_BYTES])
{
    enum target_match match = target_find(word, list, found, error);

    if (is_number(word) || match == TARGET_NONE || list->target[0].live)
        return match;
    list->n = 0;
    WHY("nothing that runs is called \"%s\"", word);
    return TARGET_NONE;
}

enum target_match target_find_dead(const char *word, struct target_list *list, struct target *found,
                                   char error[static TARGET_ERROR_BYTES])
{
    bool found_one;

    if (is_number(word)) {
        found_one = find_image(list, pid_of(word), found);
    } else {
        target_list_read_dead(list);
        found_one = keep_called(list, word, false, true) > 0 ||
                    keep_called(list, word, false, false) > 0;
        if (found_one)
            *found = list->target[0];
    }
    if (found_one)
        return TARGET_FOUND;
    list->n = 0;
    WHY("nothing that ended and was \"%s\" has left a page: gomon --dead lists those that have",
        word);
    return TARGET_NONE;
}

bool target_find_successor(const struct target *old, uint64_t end_ticks,
                           const struct pidlist *taken, struct target_list *list,
                           struct target *found)
{
    bool any = false;

    if (look_into(old->pid, found) == 0 && found->start_ticks == old->start_ticks &&
        found->since_real_ns != old->since_real_ns)
        return true;
    list->n = 0;
    list_live(list, end_ticks > old->start_ticks ? end_ticks : old->start_ticks + 1);
    for (unsigned i = 0; i < list->n; i++) {
        const struct target *t = &list->target[i];

        if (t->uid != old->uid || strcmp(t->name, old->name) != 0 || pidlist_has(taken, t->pid))
            continue;
        if (!any || t->start_ticks > found->start_ticks)
            *found = *t;
        any = true;
    }
    return any;
}
