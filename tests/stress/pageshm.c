/* SPDX-License-Identifier: MIT */
/* pageshm.c - trouble with /dev/shm is never the program's: full, read-only, the image cut or
 * removed with its directory, the directory open to others. The live page goes on and tells of it
 * once. Runs in a mount namespace of its own, with a small /dev/shm. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "page.h"
#include "tests/support/pageload.h"
#include "tests/support/pageread.h"
#include "tests/support/procfd.h"
#include "tests/support/wait.h"

#define WAIT_NS (20 * NS_PER_S)

struct target {
    pid_t pid;
    struct pageread page;
    uint64_t heartbeat;
    char dir[48];
    char image[96];
};

/* ---- the target and its page ---- */

static bool is_live(void *arg)
{
    struct target *t = arg;

    return pageread_refresh(&t->page) && pageread_header(&t->page)->state == PAGE_STATE_LIVE;
}

static bool is_later(void *arg)
{
    struct target *t = arg;

    return pageread_refresh(&t->page) &&
           pageread_header(&t->page)->heartbeat_mono_ns > t->heartbeat + NS_PER_S / 2;
}

static bool is_in_trouble(void *arg)
{
    struct target *t = arg;

    return pageread_refresh(&t->page) && pageread_events(&t->page, PAGE_EVENT_OUT_OF_SHM) == 1;
}

static bool has_image(void *arg)
{
    struct stat st;

    return stat(((struct target *)arg)->image, &st) == 0;
}

static const char *start(struct target *t)
{
    const struct page_header *h = NULL;

    t->pid = pageload_start();
    if (t->pid < 0 || !pageread_open(&t->page, procfd_open(t->pid, PAGE_MEMFD_NAME, O_RDONLY)) ||
        !wait_until(is_live, t, WAIT_NS))
        return "there is no live page";
    h = pageread_header(&t->page);
    snprintf(t->dir, sizeof t->dir, PAGE_DIR_FORMAT, h->uid);
    snprintf(t->image, sizeof t->image, "%s/%d.%" PRIu64, t->dir, h->pid, h->start_ticks);
    return NULL;
}

/* Nothing bad has come of it: the page tells of the trouble, goes on and holds together. */
static const char *goes_on(struct target *t)
{
    if (!wait_until(is_in_trouble, t, WAIT_NS))
        return "no event tells of it";
    t->heartbeat = pageread_header(&t->page)->heartbeat_mono_ns;
    if (!wait_until(is_later, t, WAIT_NS))
        return "the page does not go on";
    if (pageread_events(&t->page, PAGE_EVENT_OUT_OF_SHM) != 1)
        return "the event is told again and again";
    if (waitpid(t->pid, NULL, WNOHANG) != 0)
        return "the process has ended";
    return pageread_check(&t->page);
}

static void end(struct target *t)
{
    if (t->pid > 0)
        pageload_kill(t->pid);
    if (t->page.fd >= 0)
        close(t->page.fd);
    pageread_close(&t->page);
    *t = (struct target){.page = {.fd = -1}};
}

/* ---- /dev/shm ---- */

static bool mount_shm(const char *options, unsigned long flags)
{
    return mount("tmpfs", "/dev/shm", "tmpfs", flags, options) == 0;
}

static void unmount_shm(void)
{
    umount2("/dev/shm", MNT_DETACH);
}

/* Uses up what is left of it. */
static void fill_shm(void)
{
    static const char block[65536];
    int fd = open("/dev/shm/filler", O_CREAT | O_WRONLY, 0600);

    for (size_t n = sizeof block; fd >= 0 && n > 0; n /= 2)
        while (write(fd, block, n) > 0)
            ;
    close(fd);
}

/* ---- the cases; each begins with an empty /dev/shm of 4 MiB ---- */

static const char *full_from_the_start(struct target *t)
{
    const char *fault = NULL;

    fill_shm();
    fault = start(t);
    return fault != NULL ? fault : goes_on(t);
}

static const char *full_while_it_runs(struct target *t)
{
    const char *fault = start(t);

    if (fault == NULL && !wait_until(has_image, t, WAIT_NS))
        fault = "there is no image";
    fill_shm();
    return fault != NULL ? fault : goes_on(t);
}

static const char *read_only(struct target *t)
{
    const char *fault = NULL;

    if (mount("none", "/dev/shm", "none", MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return "it can't be made read-only";
    fault = start(t);
    return fault != NULL ? fault : goes_on(t);
}

static const char *open_to_others(struct target *t)
{
    char dir[48];
    const char *fault = NULL;

    snprintf(dir, sizeof dir, PAGE_DIR_FORMAT, geteuid());
    if (mkdir(dir, 0777) != 0 || chmod(dir, 0777) != 0)
        return "mkdir";
    fault = start(t);
    if (fault == NULL)
        fault = goes_on(t);
    if (fault == NULL && has_image(t))
        fault = "it trusted the directory";
    return fault;
}

static const char *image_cut(struct target *t)
{
    const char *fault = start(t);

    if (fault == NULL && !wait_until(has_image, t, WAIT_NS))
        fault = "there is no image";
    if (fault == NULL && truncate(t->image, 100) != 0)
        fault = "truncate";
    return fault != NULL ? fault : goes_on(t);
}

static const char *directory_removed(struct target *t)
{
    const char *fault = start(t);

    if (fault == NULL && !wait_until(has_image, t, WAIT_NS))
        fault = "there is no image";
    if (fault == NULL && (unlink(t->image) != 0 || rmdir(t->dir) != 0))
        fault = "it can't be removed";
    return fault != NULL ? fault : goes_on(t);
}

static int call_exit(void *arg)
{
    (void)arg;
    gort_sleep(1500 * GORT_MS); /* the image is there after a second */
    exit(0);
}

/* A program that calls exit in a task was not killed, and leaves no image. */
static const char *called_exit(struct target *t)
{
    char dir[48];
    int status = 0;

    (void)t;
    snprintf(dir, sizeof dir, PAGE_DIR_FORMAT, geteuid());
    pid_t pid = fork();

    if (pid == 0)
        _exit(gort_run(NULL, call_exit, NULL));
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return "it did not exit";
    return rmdir(dir) == 0 ? NULL : "it left an image";
}

static const struct {
    const char *name;
    const char *(*run)(struct target *t);
} cases[] = {
    {"full from the start", full_from_the_start},
    {"full while it runs", full_while_it_runs},
    {"read-only", read_only},
    {"directory open to others", open_to_others},
    {"image cut", image_cut},
    {"directory removed", directory_removed},
    {"exit called", called_exit},
};

int main(void)
{
    struct target t = {.page = {.fd = -1}};
    int failed = 0;

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0) {
        perror("unshare");
        return 77;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *fault = NULL;

        if (!mount_shm("size=4m,mode=1777", 0)) {
            perror("mount");
            return 77;
        }
        fault = cases[i].run(&t);
        printf("%s: %s\n", cases[i].name, fault != NULL ? fault : "the program went on");
        failed += fault != NULL;
        end(&t);
        unmount_shm();
    }
    return failed == 0 ? 0 : 1;
}
