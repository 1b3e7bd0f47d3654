/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "mon/memfd.h"
#include "mon/pagefile.h"
#include "mon/pagepart.h"
#include "mon/procstat.h"
#include "mon/tasktable.h"
#include "mon/text.h"

struct source_page {
    struct source base;
    struct pagefile pf;
    struct source_facts facts;
    struct pagepart_map map;
    struct pagepart_place place;
    struct tasktable *tasks; /* NULL: none */
    pid_t pid;               /* whose page it is; 0: an image */
    int number;              /* by which it holds it */
};

static struct source_page *page_of(struct source *s)
{
    return (struct source_page *)(void *)s;
}

/* ---- operations ---- */

static void source_page_close(struct source *s)
{
    struct source_page *sp = page_of(s);

    tasktable_close(sp->tasks);
    pagefile_close(&sp->pf);
    free(sp);
}

static const struct source_facts *source_page_facts(const struct source *s)
{
    return &((const struct source_page *)(const void *)s)->facts;
}

static enum source_said said_of(uint32_t state)
{
    if (state == PAGE_STATE_EXITED)
        return SOURCE_SAID_EXITED;
    return state == PAGE_STATE_CRASHED ? SOURCE_SAID_CRASHED : SOURCE_SAID_LIVE;
}

static void take_live_facts(struct source_page *sp)
{
    sp->facts.heartbeat_ns = pagefile_time(sp->pf.header.heartbeat_mono_ns);
    sp->facts.said = said_of(sp->pf.header.state);
    sp->facts.let_go = sp->pid != 0 && !memfd_is_held(sp->pid, sp->number, sp->pf.fd);
}

static void source_page_look(struct source *s)
{
    struct source_page *sp = page_of(s);

    if (pagefile_refresh(&sp->pf))
        take_live_facts(sp);
}

static enum source_status source_page_read(struct source *s, struct snapshot *snapshot)
{
    struct source_page *sp = page_of(s);
    bool whole = true;

    if (!pagefile_refresh(&sp->pf))
        return SOURCE_GONE;
    take_live_facts(sp);
    whole &= pagepart_values(&sp->pf, &sp->map, snapshot);
    whole &= pagepart_procs(&sp->pf, snapshot);
    whole &= pagepart_classes(&sp->pf, snapshot);
    whole &= pagepart_latency(&sp->pf, snapshot);
    whole &= pagepart_sites(&sp->pf, snapshot);
    whole &= pagepart_leaks(&sp->pf, snapshot);
    pagepart_cycles(&sp->pf, &sp->place, snapshot);
    pagepart_events(&sp->pf, &sp->place, snapshot);
    return whole ? SOURCE_READ : SOURCE_TORN;
}

static void source_page_history(struct source *s, struct history *history)
{
    struct source_page *sp = page_of(s);

    pagepart_history(&sp->pf, &sp->map, &sp->place, history);
}

static void source_page_sites(struct source *s, source_site_fn *fn, void *arg)
{
    struct source_page *sp = page_of(s);

    pagepart_past_sites(&sp->pf, &sp->place, fn, arg);
}

/* From the table if there is one, else the groups that the target itself counted: so too until a
 * large table has been counted for the first time. */
static bool source_page_tasks(struct source *s, struct task_groups *groups)
{
    struct source_page *sp = page_of(s);
    enum tasktable_progress progress = sp->tasks != NULL ? tasktable_count(sp->tasks, groups)
                                                         : TASKTABLE_CUT;

    if (progress == TASKTABLE_COUNTED) {
        pagepart_holders(&sp->pf, groups);
        return true;
    }
    if (progress == TASKTABLE_PART && groups->valid && groups->nrows > 0)
        return false;
    return pagepart_groups(&sp->pf, groups);
}

static const struct source_ops source_page_ops = {
    .close = source_page_close,
    .facts = source_page_facts,
    .look = source_page_look,
    .read = source_page_read,
    .history = source_page_history,
    .sites = source_page_sites,
    .tasks = source_page_tasks,
};

/* ---- opening ---- */

__attribute__((format(printf, 3, 4))) static void
fail(struct source_failure *failure, enum exit_status status, const char *format, ...)
{
    va_list args;

    failure->status = status;
    va_start(args, format);
    vsnprintf(failure->why, sizeof failure->why, format, args);
    va_end(args);
}

static enum exit_status status_of(enum pagefile_verdict verdict)
{
    switch (verdict) {
    case PAGEFILE_GOOD:
        return EXIT_OK;
    case PAGEFILE_OTHER_VERSION:
    case PAGEFILE_DAMAGED:
        return EXIT_BAD_PAGE;
    case PAGEFILE_BUILDING:
    case PAGEFILE_UNREADABLE:
        return EXIT_FAILED;
    }
    UNREACHABLE();
}

/* Takes FD. WHOSE begins the message if the page is not good. */
static struct source_page *open_page(int fd, const char *whose, struct metric_table *t,
                                     struct source_failure *failure)
{
    struct source_page *sp = calloc(1, sizeof *sp);
    char why[PAGEFILE_WHY_BYTES];
    enum pagefile_verdict verdict;

    if (sp == NULL) {
        close(fd);
        fail(failure, EXIT_FAILED, "out of memory");
        return NULL;
    }
    verdict = pagefile_open(&sp->pf, fd, why);
    if (verdict == PAGEFILE_GOOD && !pagepart_metrics(&sp->pf, &sp->map, t)) {
        pagefile_close(&sp->pf);
        verdict = PAGEFILE_DAMAGED;
        snprintf(why, sizeof why, "describes no metric");
    }
    if (verdict != PAGEFILE_GOOD) {
        free(sp);
        fail(failure, status_of(verdict), "%s %s", whose, why);
        return NULL;
    }
    return sp;
}

static void spell_build_id(const struct page_header *h, char text[41])
{
    for (uint32_t i = 0; i < h->build_id_bytes && i < sizeof h->build_id; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", h->build_id[i]);
}

static struct source *finish(struct source_page *sp)
{
    const struct page_header *h = &sp->pf.header;
    const struct pagefile_section *section = sp->pf.section;

    text_clean(sp->facts.name, sizeof sp->facts.name, h->name, sizeof h->name);
    snprintf(sp->facts.version, sizeof sp->facts.version, "%u.%u", h->major, h->minor);
    spell_build_id(h, sp->facts.build_id);
    sp->facts.start_real_ns = pagefile_time(h->start_real_ns);
    sp->facts.interval_ns = pagefile_time(h->publish_interval_ns);
    take_live_facts(sp);
    sp->base.ops = &source_page_ops;
    if (sp->tasks != NULL || section[PAGE_SECTION_TASK_GROUPS].count > 0)
        sp->base.can |= SOURCE_CAN_TASKS;
    if (section[PAGE_SECTION_HISTORY_1S].count > 0 || section[PAGE_SECTION_HISTORY_1M].count > 0)
        sp->base.can |= SOURCE_CAN_HISTORY;
    if (section[PAGE_SECTION_SITES_1M].count > 0)
        sp->base.can |= SOURCE_CAN_SITES;
    return &sp->base;
}

static void fail_to_find(pid_t pid, int error, struct source_failure *failure)
{
    struct procstat stat;

    if (error == -ESRCH || !procstat_read(pid, &stat))
        fail(failure, EXIT_NO_TARGET, "there is no process %d", (int)pid);
    else if (procstat_is_zombie(&stat))
        fail(failure, EXIT_NO_TARGET, "process %d (%s) has ended", (int)pid, stat.name);
    else if (error == -EACCES || error == -EPERM)
        fail(failure, EXIT_PERMISSION,
             "process %d (%s) is another user's: run gomon as that user or as root", (int)pid,
             stat.name);
    else if (error == -ENOENT)
        fail(failure, EXIT_NO_TARGET,
             "process %d (%s) has no page: it does not use libgort, or runs with GORT_MONITOR=off",
             (int)pid, stat.name);
    else
        fail(failure, EXIT_FAILED, "the page of process %d cannot be opened: %s", (int)pid,
             strerror(-error));
}

static void open_tasks(struct source_page *sp, pid_t pid)
{
    int fd = memfd_open(pid, PAGE_TASKS_MEMFD_NAME, O_RDONLY);

    if (fd >= 0)
        sp->tasks = tasktable_open(fd);
}

struct source *source_page_open(pid_t pid, uint64_t start_ticks, struct metric_table *t,
                                struct source_failure *failure)
{
    char whose[48];
    struct source_page *sp;
    int number;
    int fd = memfd_open_numbered(pid, PAGE_MEMFD_NAME, O_RDONLY, &number);

    if (fd < 0) {
        fail_to_find(pid, fd, failure);
        return NULL;
    }
    snprintf(whose, sizeof whose, "the page of process %d", (int)pid);
    sp = open_page(fd, whose, t, failure);
    if (sp == NULL)
        return NULL;
    if (sp->pf.header.start_ticks != start_ticks || sp->pf.header.pid != procstat_inner_pid(pid)) {
        fail(failure, EXIT_NO_TARGET,
             "process %d has no page of its own: it inherited that of process %d", (int)pid,
             (int)sp->pf.header.pid);
        source_page_close(&sp->base);
        return NULL;
    }
    sp->pid = pid;
    sp->number = number;
    open_tasks(sp, pid);
    return finish(sp);
}

struct source *source_page_open_image(const char *path, uid_t uid, struct metric_table *t,
                                      struct source_failure *failure)
{
    struct stat st;
    struct source_page *sp;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        fail(failure, errno == EACCES ? EXIT_PERMISSION : EXIT_NO_TARGET, "%s: %s", path,
             strerror(errno));
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != uid || st.st_nlink != 1) {
        close(fd);
        fail(failure, EXIT_BAD_PAGE, "%s is not a plain file of user %u", path, (unsigned)uid);
        return NULL;
    }
    sp = open_page(fd, path, t, failure);
    return sp == NULL ? NULL : finish(sp);
}
