/* SPDX-License-Identifier: MIT */
/* publish.c - makes the page and keeps it up to date.
 * One lock orders those who work on the page: sysmon's tick and mailbox, the clean end, the crash.
 * Sysmon only tries to take it, and comes again. A crash waits a moment for a tick to end, but no
 * longer: it may have happened in the tick. */
#include "config.h"

#include "runtime/publish.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/seqlock.h"
#include "gort/stats.h"
#include "page.h"
#include "runtime/command.h"
#include "runtime/dump.h"
#include "runtime/fatal.h"
#include "runtime/history.h"
#include "runtime/latency.h"
#include "runtime/lock.h"
#include "runtime/noroot.h"
#include "runtime/pagefile.h"
#include "runtime/pageident.h"
#include "runtime/pagelayout.h"
#include "runtime/pagestale.h"
#include "runtime/pagewrite.h"
#include "runtime/proc.h"
#include "runtime/publish_events.h"
#include "runtime/publish_heap.h"
#include "runtime/publish_leaks.h"
#include "runtime/publish_procs.h"
#include "runtime/publish_values.h"
#include "runtime/sealed.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"
#include "runtime/taskgroups.h"
#include "runtime/tasktab.h"

#define PROC_ROWS_MIN   64u
#define INTERVAL_NS     NS_PER_S /* the longest between two ticks while all is well */
#define GROUPS_EVERY_NS NS_PER_S
#define GROUPS_LEAST_NS NS_PER_MS
#define GROUPS_MOST_NS  (10 * NS_PER_MS)
#define GROUPS_LAST_NS  (NS_PER_S / 2) /* of a program that ends: a million tasks */
#define LAST_WAIT_NS    (100 * NS_PER_MS)
#define LAST_LOOK_NS    (100 * NS_PER_US)
#define GROUPS_SHARE    100 /* at most a hundredth of the time goes into counting groups */

_Static_assert(PAGELAYOUT_TASK_GROUPS == TASKGROUPS_TOP, "all that are told have room");

static struct {
    struct lock lock;
    _Atomic(uint32_t) on;       /* 1: there is a page, and it lives; [atomic] */
    struct sealed memory;       /* [const] while on */
    struct pagelayout layout;   /* [const] while on */
    struct page_header *header; /* [const] while on */
    struct page_proc *proc;     /* [const] while on */
    uint32_t nrows;             /* of proc; [const] */
    /* All below: [lock:lock] */
    struct pagedouble values;
    struct pagedouble groups;
    struct pagedouble latency;
    struct pagedouble leaks;
    struct publish_heap heap;
    struct history history;
    struct pagefile file;
    int64_t ticked_ns;
    uint64_t ntops;
    uint64_t npublishes;
    uint64_t total_ns;
    int64_t groups_due_ns;      /* of the next count */
    struct taskgroups *counted; /* NULL: no memory for it */
    bool counting;
    struct taskgroups_hog hogs_told[TASKGROUPS_HOGS];
    uint64_t value[METRIC_COUNT];
    struct page_task_group top[TASKGROUPS_TOP]; /* of the last count */
} page = {.lock = LOCK_INIT(RANK_PUBLISH), .memory = SEALED_INIT, .file = {.name = PAGENAME_INIT}};
NO_ROOT(page);

static bool is_on(void)
{
    return atomic_load_explicit(&page.on, memory_order_acquire) != 0;
}

/* ---- A tick ---- */

static void tell_time(int64_t now_ns)
{
    seq_store(&page.header->epoch_real_ns, (uint64_t)clock_real_ns());
    seq_store(&page.header->epoch_mono_ns, (uint64_t)clock_mono_ns());
    seq_store(&page.header->heartbeat_mono_ns, (uint64_t)now_ns);
}

static void tell_values(int64_t now_ns)
{
    publish_procs(page.proc, page.nrows);
    publish_values_sched(page.value, page.proc, page.nrows);
    publish_values_latency(page.value, &page.latency, now_ns);
    publish_leaks(page.value, &page.leaks, now_ns);
    publish_heap_values(page.value);
    page.value[METRIC_DUMPS] = command_dumps();
    page.value[METRIC_DUMP_HOLD_MAX] = (uint64_t)dump_hold_max_ns();
    page.value[METRIC_PUBLISHES] = page.npublishes;
    page.value[METRIC_PUBLISH_TOTAL] = page.total_ns;
    pagedouble_put(&page.values, page.value, sizeof page.value, METRIC_COUNT, now_ns);
    publish_heap_tick(&page.heap, now_ns);
}

static bool was_told(const struct taskgroups_hog *hog)
{
    for (size_t i = 0; i < TASKGROUPS_HOGS; i++)
        if (page.hogs_told[i].id == hog->id && page.hogs_told[i].since_ns == hog->since_ns)
            return true;
    return false;
}

/* An event for each task that runs without end: one for all its time. */
static void tell_hogs(int64_t now_ns)
{
    const struct taskgroups *g = page.counted;

    for (size_t i = 0; i < g->nhogs; i++)
        if (!was_told(&g->hog[i]))
            publish_event(PAGE_EVENT_TASK_HOG, g->hog[i].id, (uint64_t)now_ns - g->hog[i].since_ns,
                          NULL);
    memcpy(page.hogs_told, g->hog, sizeof page.hogs_told);
}

static void put_groups(int64_t now_ns)
{
    page.ntops = taskgroups_top(page.counted, page.top);
    pagedouble_put(&page.groups, page.top, page.ntops * sizeof page.top[0], page.ntops, now_ns);
}

/* Goes on counting the groups of tasks, or begins when it is time. */
static void tell_groups(int64_t now_ns)
{
    int64_t budget_ns = (now_ns - page.ticked_ns) / GROUPS_SHARE;

    if (page.counted == NULL || (!page.counting && now_ns < page.groups_due_ns))
        return;
    if (!page.counting) {
        taskgroups_begin(page.counted, now_ns);
        page.counting = true;
        page.groups_due_ns = now_ns + GROUPS_EVERY_NS;
    }
    if (budget_ns < GROUPS_LEAST_NS)
        budget_ns = GROUPS_LEAST_NS;
    if (budget_ns > GROUPS_MOST_NS)
        budget_ns = GROUPS_MOST_NS;
    if (!taskgroups_count(page.counted, now_ns + budget_ns))
        return;
    page.counting = false;
    tell_hogs(now_ns);
    put_groups(now_ns);
}

/* Once a second. */
static void tell_history(int64_t now_ns)
{
    struct page_sites_minute sites = {0};
    int64_t ended_ns = 0;

    if (!history_is_due(&page.history, now_ns))
        return;
    publish_heap_sites(&page.heap, now_ns);
    if (!history_add(&page.history, now_ns, page.value, &ended_ns))
        return;
    sites.mono_ns = (uint64_t)ended_ns;
    taskgroups_sites(page.top, page.ntops, sites.tasks);
    publish_heap_top_sites(&page.heap, sites.allocs);
    history_add_sites(&page.history, &sites);
}

static void tick_locked(int64_t now_ns)
{
    int64_t start_ns = clock_thread_cpu_ns();

    tell_values(now_ns);
    tell_groups(now_ns);
    tell_history(now_ns);
    tell_time(now_ns);
    pagefile_tick(&page.file, now_ns);
    page.ticked_ns = now_ns;
    page.npublishes++;
    page.total_ns += (uint64_t)(clock_thread_cpu_ns() - start_ns);
}

void publish_tick(int64_t now_ns)
{
    if (!is_on() || !lock_try(&page.lock))
        return;
    if (is_on())
        tick_locked(now_ns);
    lock_release(&page.lock);
}

int command_serve(int64_t now_ns)
{
    bool more = false;

    if (!is_on() || !lock_try(&page.lock))
        return 0;
    if (is_on())
        more = command_step(now_ns);
    lock_release(&page.lock);
    return more;
}

/* ---- The end ---- */

static void set_state(enum page_state state)
{
    /* Release: what was published before belongs to the state that it ended in. */
    __atomic_store_n(&page.header->state, (uint32_t)state, __ATOMIC_RELEASE);
}

void publish_exit(void)
{
    if (!is_on())
        return;
    lock_take(&page.lock);
    if (is_on()) {
        atomic_store_explicit(&page.on, 0, memory_order_relaxed);
        publish_event(PAGE_EVENT_EXIT, 0, 0, NULL);
        tick_locked(clock_mono_ns());
        set_state(PAGE_STATE_EXITED);
        pagefile_remove(&page.file);
        command_exit();
    }
    lock_release(&page.lock);
}

static void recount_groups(int64_t now_ns)
{
    taskgroups_begin(page.counted, now_ns);
    if (taskgroups_count(page.counted, now_ns + GROUPS_LAST_NS))
        put_groups(now_ns);
}

/* Of a program that ends. May be called in a signal's handler. */
static bool lock_soon(void)
{
    int64_t end_ns = clock_mono_ns() + LAST_WAIT_NS;
    bool locked = lock_try(&page.lock);

    for (; !locked && clock_mono_ns() < end_ns; locked = lock_try(&page.lock))
        nanosleep(&(struct timespec){.tv_nsec = LAST_LOOK_NS}, NULL);
    return locked;
}

void publish_deadlock(void)
{
    if (!is_on() || !lock_soon())
        return;
    if (is_on() && page.counted != NULL)
        recount_groups(clock_mono_ns());
    lock_release(&page.lock);
}

void publish_crashed(const char *message)
{
    if (atomic_exchange_explicit(&page.on, 0, memory_order_acquire) == 0)
        return;
    set_state(PAGE_STATE_CRASHED);
    publish_event_now(PAGE_EVENT_FATAL, 0, 0, message);
    if (lock_soon()) /* for good: nobody is to follow */
        pagefile_write(&page.file);
    else
        pagefile_write_state(&page.file, PAGE_STATE_CRASHED);
}

/* A forked child has the parent's memory, descriptors and locks, but no sysmon: it has no page. */
static void leave_in_child(void)
{
    atomic_store_explicit(&page.on, 0, memory_order_relaxed);
    publish_events_init((struct pagering){0});
    pagefile_leave(&page.file);
    sealed_leave(&page.memory);
    tasktab_leave();
    command_leave();
}

/* ---- The beginning ---- */

static void read_sizes(struct pagelayout_sizes *sizes)
{
    const char *text = getenv("GORT_HISTORY");

    sizes->procs = page.nrows;
    sizes->size_classes = GORT_MEMSTATS_SIZES;
    sizes->latencies = LATENCY_BUCKETS;
    if (!history_parse(text, sizes))
        runtime_log("gort: GORT_HISTORY=%s is neither \"off\" nor spans such as 15m,24h; ignored",
                    text);
}

static void fill_header(void)
{
    pageident_fill(page.header);
    page.header->start_real_ns = (uint64_t)sched.start_real_ns;
    page.header->publish_interval_ns = INTERVAL_NS;
    page.header->os_page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
    tell_time(sched.start_ns);
}

static void find_parts(void)
{
    void *base = page.memory.base;
    const struct page_section *procs = pagelayout_find(&page.layout, PAGE_SECTION_PROCS);

    CHECK(procs != NULL);
    page.proc = (struct page_proc *)(void *)((char *)base + procs->offset);
    page.values = pagedouble_at(base, &page.layout, PAGE_SECTION_VALUES);
    page.groups = pagedouble_at(base, &page.layout, PAGE_SECTION_TASK_GROUPS);
    page.latency = pagedouble_at(base, &page.layout, PAGE_SECTION_LATENCY);
    page.leaks = pagedouble_at(base, &page.layout, PAGE_SECTION_LEAKS);
    publish_events_init(pagering_at(base, &page.layout, PAGE_SECTION_EVENTS));
    publish_heap_init(&page.heap, base, &page.layout);
    history_init(&page.history, base, &page.layout);
    page.counted = sys_map(sizeof *page.counted, SYS_OTHER);
}

/* The memory of the page, with all that never changes. Returns 0 or a positive errno. */
static int make_page(void)
{
    struct pagelayout_sizes sizes;
    int error = 0;

    read_sizes(&sizes);
    pagelayout_plan(&page.layout, &sizes);
    error = sealed_make(&page.memory, PAGE_MEMFD_NAME, page.layout.bytes, SEALED_OURS_ONLY);
    if (error != 0)
        return error;
    sys_count(SYS_OTHER, (int64_t)page.memory.bytes);
    page.header = page.memory.base;
    pagelayout_write(&page.layout, page.header);
    fill_header();
    find_parts();
    return 0;
}

static void name_page(void)
{
    char dir[48];

    snprintf(dir, sizeof dir, PAGE_DIR_FORMAT, page.header->uid);
    pagestale_clear(dir, clock_real_ns() / NS_PER_S);
    pagefile_init(&page.file, dir, page.header, &page.layout);
}

/* Room for as many procs as a program is likely to ask for that starts with NPROCS. */
static uint32_t proc_rows(uint32_t nprocs)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    size_t rows = max_size(cpus > 0 ? 2 * (size_t)cpus : 0, PROC_ROWS_MIN);

    return (uint32_t)min_size(max_size(rows, nprocs), PROC_MAX);
}

void publish_init(enum publish_mode mode, int nprocs)
{
    bool shared = mode == PUBLISH_ON;
    int error = tasktab_init(TASKS_MAX, shared ? TASKTAB_SHARED : TASKTAB_PRIVATE);

    if (!shared)
        return;
    page.nrows = proc_rows((uint32_t)nprocs);
    page.ticked_ns = sched.start_ns;
    if (error == 0)
        error = make_page();
    if (error == 0)
        error = command_init();
    if (error == 0)
        error = pthread_atfork(NULL, NULL, leave_in_child);
    if (error != 0) {
        runtime_log("gort: this process can't be monitored: %s", strerror(error));
        leave_in_child();
        return;
    }
    name_page();
    publish_event(PAGE_EVENT_START, 0, 0, NULL);
    set_state(PAGE_STATE_LIVE);
    atomic_store_explicit(&page.on, 1, memory_order_release); /* pairs with the acquire in is_on */
    publish_tick(clock_mono_ns());
    atexit(publish_exit); /* a task may call exit; without it the program would seem killed */
}
