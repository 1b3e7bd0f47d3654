/* SPDX-License-Identifier: MIT */
/* memstats.c - MemStats mean what Go's mean: sums, objects, the ring of pauses, the goal, forced
 * collections, memory given back; and they hold at any moment, read from any thread, while objects
 * of all kinds come and go. In both modes of the collector. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "runtime/gclimiter.h"
#include "runtime/san.h"

static int failures;

#define EXPECT(cond, ...)                                   \
    do {                                                    \
        if (!(cond)) {                                      \
            failures++;                                     \
            printf("memstats.c:%d: %s: ", __LINE__, #cond); \
            printf(__VA_ARGS__);                            \
            printf("\n");                                   \
        }                                                   \
    } while (0)

/* The equations that every reading has to satisfy. */
static void expect_sums(const gort_memstats *m)
{
    uint64_t parts = m->heap_sys + m->stack_sys + m->mspan_sys + m->mcache_sys + m->buckhash_sys +
                     m->gc_sys + m->other_sys;
    uint64_t mallocs = 0;
    uint64_t frees = 0;

    EXPECT(m->sys == parts, "%" PRIu64 " != %" PRIu64, m->sys, parts);
    EXPECT(m->heap_sys == m->heap_inuse + m->heap_idle, "%" PRIu64, m->heap_sys);
    EXPECT(m->heap_released <= m->heap_idle, "%" PRIu64 " > %" PRIu64, m->heap_released,
           m->heap_idle);
    EXPECT(m->heap_alloc <= m->heap_inuse, "%" PRIu64 " > %" PRIu64, m->heap_alloc, m->heap_inuse);
    EXPECT(m->heap_objects == m->mallocs - m->frees, "%" PRIu64, m->heap_objects);
    EXPECT(m->mallocs >= m->frees, "%" PRIu64 " < %" PRIu64, m->mallocs, m->frees);
    EXPECT(m->alloc == m->heap_alloc, "%" PRIu64 " != %" PRIu64, m->alloc, m->heap_alloc);
    EXPECT(m->total_alloc >= m->alloc, "%" PRIu64 " < %" PRIu64, m->total_alloc, m->alloc);
    EXPECT(m->stack_inuse <= m->stack_sys, "%" PRIu64, m->stack_inuse);
    EXPECT(m->mspan_inuse <= m->mspan_sys, "%" PRIu64, m->mspan_inuse);
    EXPECT(m->mcache_inuse <= m->mcache_sys, "%" PRIu64, m->mcache_inuse);
    EXPECT(m->enable_gc == 1 && m->debug_gc == 0 && m->lookups == 0, "constants");
    EXPECT(m->gc_cpu_fraction >= 0 && m->gc_cpu_fraction < 1, "%f", m->gc_cpu_fraction);
    for (int i = 0; i < GORT_MEMSTATS_SIZES; i++) {
        EXPECT(m->by_size[i].mallocs >= m->by_size[i].frees, "class %d", i);
        mallocs += m->by_size[i].mallocs;
        frees += m->by_size[i].frees;
    }
    EXPECT(mallocs <= m->mallocs && frees <= m->frees, "classes exceed the sum");
}

/* The ring agrees with the counters beside it; what a later cycle has overwritten meanwhile is 0.
 */
static void expect_pauses(const gort_memstats *m)
{
    size_t newest = (m->num_gc + 255) % 256;
    uint64_t total = 0;

    EXPECT(m->num_gc == 0 || m->pause_end[newest] == m->last_gc || m->pause_end[newest] == 0,
           "the newest of %u ended at %" PRIu64 ", not %" PRIu64, m->num_gc, m->pause_end[newest],
           m->last_gc);
    EXPECT(m->num_forced_gc <= m->num_gc, "%u of %u forced", m->num_forced_gc, m->num_gc);
    for (size_t i = 0; i < 256; i++) {
        EXPECT((m->pause_ns[i] == 0) == (m->pause_end[i] == 0), "half a pause at %zu", i);
        EXPECT(m->pause_end[i] <= m->last_gc, "pause %zu ended after the last cycle", i);
        total += m->pause_ns[i];
    }
    EXPECT(total <= m->pause_total_ns, "%" PRIu64 " > %" PRIu64, total, m->pause_total_ns);
}

static gort_memstats read_stats(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    expect_sums(&m);
    expect_pauses(&m);
    return m;
}

static void counts_are_exact(void)
{
    static gort_memstats before;
    static gort_memstats after;

    gort_read_memstats(&before);
    for (int i = 0; i < 1000; i++)
        gort_keepalive(gort_alloc_object(48));
    gort_keepalive(gort_alloc_noscan(100000));
    gort_read_memstats(&after);
    EXPECT(after.mallocs - before.mallocs == 1001, "%" PRIu64 " objects, not 1001",
           after.mallocs - before.mallocs);
    EXPECT(after.total_alloc - before.total_alloc == 48000 + 106496, "%" PRIu64 " bytes",
           after.total_alloc - before.total_alloc); /* 13 pages */
    EXPECT(after.by_size[5].size == 48, "class 5 has %u bytes", after.by_size[5].size);
    EXPECT(after.by_size[5].mallocs - before.by_size[5].mallocs == 1000, "%" PRIu64,
           after.by_size[5].mallocs - before.by_size[5].mallocs);
}

static void tiny_objects_count_one_by_one(void)
{
    static gort_memstats before;
    static gort_memstats after;

    gort_read_memstats(&before);
    for (int i = 0; i < 1000; i++)
        gort_keepalive(gort_alloc_noscan(2));
    gort_read_memstats(&after);
    EXPECT(after.mallocs - before.mallocs >= 1000, "%" PRIu64 " objects",
           after.mallocs - before.mallocs);
    EXPECT(after.mallocs - before.mallocs <= 1500 || after.total_alloc - before.total_alloc >= 8000,
           "%" PRIu64 " objects", after.mallocs - before.mallocs);
}

__attribute__((noinline)) static void make_garbage(size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 1024)
        gort_keepalive(gort_alloc_noscan(1000));
}

static void a_collection_frees(void)
{
    gort_memstats before;
    gort_memstats after;

    gort_set_gc_percent(-1);
    gort_gc();
    before = read_stats();
    make_garbage(8 << 20);
    after = read_stats();
    EXPECT(after.alloc - before.alloc >= 8 << 20, "%" PRIu64 " grew", after.alloc - before.alloc);
    EXPECT(after.next_gc == UINT64_MAX, "off, and yet a goal of %" PRIu64, after.next_gc);
    EXPECT(after.num_gc == before.num_gc, "it collected although it is off");
    gort_gc();
    after = read_stats();
    EXPECT(after.alloc < before.alloc + (1 << 20), "%" PRIu64 " left of %" PRIu64, after.alloc,
           before.alloc);
    gort_set_gc_percent(100);
}

static void cycles_are_counted_and_kept(void)
{
    gort_memstats before = read_stats();
    gort_memstats after;
    uint64_t total = 0;
    size_t newest = 0;

    for (int i = 0; i < 5; i++)
        gort_gc();
    after = read_stats();
    EXPECT(after.num_gc == before.num_gc + 5, "%u cycles", after.num_gc - before.num_gc);
    EXPECT(after.num_forced_gc == before.num_forced_gc + 5, "%u forced",
           after.num_forced_gc - before.num_forced_gc);
    newest = (after.num_gc + 255) % 256;
    EXPECT(after.pause_ns[newest] > 0, "the newest pause is 0");
    EXPECT(after.pause_end[newest] == after.last_gc, "%" PRIu64 " != %" PRIu64,
           after.pause_end[newest], after.last_gc);
    for (unsigned i = 0; i < after.num_gc && i < 256; i++)
        total += after.pause_ns[i];
    EXPECT(after.num_gc > 256 || total == after.pause_total_ns,
           "pauses sum up to %" PRIu64 ", not %" PRIu64, total, after.pause_total_ns);
    EXPECT(after.last_gc > UINT64_C(1500000000000000000), "last_gc %" PRIu64, after.last_gc);
}

static void the_ring_wraps(void)
{
    gort_memstats m = read_stats();

    while (m.num_gc < 260) {
        gort_gc();
        m = read_stats();
    }
    for (unsigned back = 0; back < 255; back++) {
        uint64_t newer = m.pause_end[(m.num_gc + 255 - back) % 256];
        uint64_t older = m.pause_end[(m.num_gc + 254 - back) % 256];

        EXPECT(newer >= older && older > 0, "%u cycles back: %" PRIu64 " then %" PRIu64, back,
               older, newer);
    }
}

static void memory_is_given_back(void)
{
    gort_memstats before;
    gort_memstats after;

    make_garbage(32 << 20);
    gort_gc();
    before = read_stats();
    gort_free_os_memory();
    after = read_stats();
    EXPECT(after.heap_idle - after.heap_released < 1 << 20, "%" PRIu64 " idle and not released",
           after.heap_idle - after.heap_released);
    EXPECT(after.heap_released >= before.heap_released, "%" PRIu64, after.heap_released);
}

static void the_goal_follows_the_live_heap(void)
{
    gort_memstats high;
    gort_memstats low;
    void **keep = gort_make(void *, 1000);

    for (int i = 0; i < 1000; i++)
        keep[i] = gort_alloc_noscan(20000);
    gort_gc();
    high = read_stats();
    EXPECT(high.next_gc >= 2 * high.alloc, "goal %" PRIu64 " for %" PRIu64, high.next_gc,
           high.alloc);
    memset(keep, 0, 1000 * sizeof keep[0]);
    gort_gc();
    low = read_stats();
    EXPECT(low.next_gc + (32 << 20) < high.next_gc, "goal %" PRIu64 " after %" PRIu64, low.next_gc,
           high.next_gc);
    gort_set_gc_percent(300);
    high = read_stats();
    EXPECT(high.next_gc >= 2 * low.next_gc, "at 300 percent a goal of %" PRIu64, high.next_gc);
    gort_set_gc_percent(100);
    gort_keepalive(keep);
}

/* ---- read while everything moves ---- */

static atomic_int reading;

/* Reads until told to end. Counters never fall. */
static void read_all_the_time(_Atomic(uint64_t) *readings, void (*pause)(void))
{
    gort_memstats last = {0};

    while (atomic_load_explicit(&reading, memory_order_relaxed) != 0) {
        gort_memstats m = read_stats();

        EXPECT(m.mallocs >= last.mallocs && m.frees >= last.frees, "counters fell");
        EXPECT(m.total_alloc >= last.total_alloc, "TotalAlloc fell");
        EXPECT(m.num_gc >= last.num_gc && m.pause_total_ns >= last.pause_total_ns, "NumGC fell");
        EXPECT(m.last_gc >= last.last_gc && m.num_forced_gc >= last.num_forced_gc, "LastGC fell");
        for (int i = 0; i < GORT_MEMSTATS_SIZES; i++)
            EXPECT(m.by_size[i].mallocs >= last.by_size[i].mallocs &&
                       m.by_size[i].frees >= last.by_size[i].frees,
                   "counters of class %d fell", i);
        last = m;
        atomic_fetch_add_explicit(readings, 1, memory_order_relaxed);
        pause();
    }
}

static void thread_pause(void)
{
    sched_yield();
}

static void *thread_that_reads(void *readings)
{
    read_all_the_time(readings, thread_pause);
    return NULL;
}

static gort_waitgroup churning;
static gort_waitgroup readers;

static void task_that_reads(void *readings)
{
    read_all_the_time(readings, gort_yield);
    gort_waitgroup_done(&readers);
}

/* Objects of all kinds, large ones, freed at once or left; spans come and go. */
static void allocate_and_free(unsigned turn)
{
    size_t bytes = (size_t)8 << turn % 15;
    void *p = turn % 3 == 0 ? gort_alloc(bytes) : gort_alloc_noscan(bytes);

    if (turn % 4 == 0)
        gort_free(p);
}

static void churn(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < (SAN_THREAD ? 8 : 20); i++) {
        make_garbage(1 << 20);
        for (unsigned turn = 0; turn < 200; turn++)
            allocate_and_free(i + turn);
        if (i % 20 == 7)
            gort_free_os_memory();
        if (i % 20 == 11)
            gort_gc();
        gort_yield();
    }
    gort_waitgroup_done(&churning);
}

static void sums_hold_under_load(void)
{
    pthread_t reader;
    int64_t end_ns = gort_in(20 * GORT_S);
    _Atomic(uint64_t) by_thread = 0;
    _Atomic(uint64_t) by_task = 0;

    atomic_store_explicit(&reading, 1, memory_order_relaxed);
    EXPECT(pthread_create(&reader, NULL, thread_that_reads, &by_thread) == 0, "no thread");
    gort_waitgroup_add(&readers, 1);
    gort_go(task_that_reads, &by_task);
    do { /* the readers may have to wait for a processor */
        gort_waitgroup_add(&churning, 8);
        for (int i = 0; i < 8; i++)
            gort_go(churn, NULL);
        gort_waitgroup_wait(&churning);
    } while ((by_thread <= 10 || by_task <= 10) && gort_now() < end_ns);
    atomic_store_explicit(&reading, 0, memory_order_relaxed);
    pthread_join(reader, NULL);
    gort_waitgroup_wait(&readers);
    EXPECT(by_thread > 10 && by_task > 10, "only %" PRIu64 " and %" PRIu64 " readings", by_thread,
           by_task);
}

/* ---- the memory limit ---- */

#define MIB   ((size_t)1 << 20)
#define LIMIT (80 * MIB)
#define LIVE_LINKS ((size_t)1 << 18) /* 8 MiB */
#define SLACK (16 * MIB) /* what is dead but not swept yet on a busy machine: the limit is soft */

static void expect_within_limit(const char *when)
{
    gort_memstats m = read_stats();
    uint64_t used = m.sys - m.heap_released;

    EXPECT(used <= LIMIT + SLACK, "%s: %" PRIu64 " bytes", when, used);
}

/* Each keeps 1 MiB of objects, so that a word left on the stack keeps no more than that. */
static void **kept[48];

static void fill(void *(*alloc)(size_t bytes), size_t nmib)
{
    for (size_t i = 0; i < nmib; i++) {
        kept[i] = gort_alloc(1024 * sizeof *kept[i]);
        for (size_t k = 0; k < 1024; k++)
            kept[i][k] = alloc(1000);
        expect_within_limit("while the heap grows");
    }
}

static void drop(void)
{
    memset(kept, 0, sizeof kept);
    gort_gc();
}

/* Idle pages of objects with references can't be used for those without, and have to go back. */
static void the_limit_holds_though_pages_are_idle(void)
{
    fill(gort_alloc, 48);
    drop();
    fill(gort_alloc_noscan, 48);
    drop();
}

static void go_deep(void *arg)
{
    char frame[40 << 10];

    memset(frame, 1, sizeof frame);
    gort_waitgroup_done(&churning);
    gort_recv(arg, frame);
}

/* Garbage has to go earlier when stacks take what was left for it. */
static void the_limit_holds_though_stacks_grow(void)
{
    gort_chan *deep = gort_chan_new(0, 0);
    int64_t end_ns = gort_in(20 * GORT_S);
    gort_memstats m;

    gort_waitgroup_add(&churning, 1000);
    for (int i = 0; i < 1000; i++)
        gort_go(go_deep, deep);
    gort_waitgroup_wait(&churning);
    do { /* they are measured in the background */
        gort_sleep(10 * GORT_MS);
        m = read_stats();
    } while (m.stack_sys < 30 * MIB && gort_now() < end_ns);
    fill(gort_alloc_noscan, 10);
    for (int i = 0; i < 100; i++) {
        make_garbage(MIB);
        expect_within_limit("beside deep stacks");
    }
    gort_close(deep);
    drop();
}

static void the_limit_is_kept(void)
{
    int percent = gort_set_gc_percent(-1);
    int64_t limit = gort_set_memory_limit((int64_t)LIMIT);

    gort_free_os_memory();
    the_limit_holds_though_pages_are_idle();
    the_limit_holds_though_stacks_grow();
    gort_set_memory_limit(limit);
    gort_set_gc_percent(percent);
}

/* ---- what keeping it may cost ---- */

struct link {
    struct link *next;
    uint64_t filler[3];
};

static struct link *add_links(struct link *list, size_t n)
{
    while (n-- > 0) {
        struct link *first = gort_new(struct link);

        first->next = list;
        list = first;
    }
    return list;
}

/* More is alive than the limit allows, so a collection would follow the other. What it takes until
 * that is noticed is the collector's time, of which nothing is expected here but that it ends. */
static void the_collector_gives_way(void)
{
    int64_t limit = gort_set_memory_limit((int64_t)(LIVE_LINKS * sizeof(struct link) / 2));
    int64_t end_ns = gort_now() + 100 * GORT_S;
    struct link *live = add_links(NULL, LIVE_LINKS);

    while (limiter_last_cycle() == 0 && gort_now() < end_ns)
        gort_keepalive(add_links(NULL, 1000));
    EXPECT(limiter_last_cycle() != 0, "a program that can only collect is left to it");
    gort_keepalive(add_links(NULL, LIVE_LINKS));
    gort_keepalive(live);
    gort_set_memory_limit(limit);
}

static int run(void *arg)
{
    (void)arg;
    counts_are_exact();
    tiny_objects_count_one_by_one();
    a_collection_frees();
    cycles_are_counted_and_kept();
    the_goal_follows_the_live_heap();
    memory_is_given_back();
    sums_hold_under_load();
    the_limit_is_kept();
    the_ring_wraps();
    the_collector_gives_way();
    return failures;
}

/* All of it in a process of its own, with the collector in MODE. */
static bool holds_in_mode(const char *mode)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        setenv("GORT_GC_MODE", mode, 1);
        exit(gort_run(NULL, run, NULL) == 0 ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    if (status != 0)
        printf("in mode %s: status %d\n", mode, status);
    return status == 0;
}

int main(void)
{
    gort_memstats m;
    gort_memstats zero = {0};
    bool good = true;

    memset(&m, 1, sizeof m);
    gort_read_memstats(&m);
    EXPECT(memcmp(&m, &zero, sizeof m) == 0, "not zero before the start");
    fflush(stdout);
    good = holds_in_mode("concurrent") && good;
    good = holds_in_mode("stw") && good;
    return failures == 0 && good ? 0 : 1;
}
