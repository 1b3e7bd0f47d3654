/* SPDX-License-Identifier: MIT */
/* gclate.c - objects that a mark comes to know late, when most is marked already, and what is
 * stored in them after that.
 * The linker puts a function of ours in the place of mark_run (--wrap): so the collector itself
 * stores references at moments that a program would seldom hit. Until then they are hidden, as the
 * complement of an address: nothing but that store can keep what they refer to. One goes to a
 * newborn object, made beside the mark in memory that held none before; one to an older one that
 * was hidden as well, and is marked in a look at written pages.
 * The claims: what is stored in each of them after it was marked is kept; and the marker that is to
 * help in the last stop may run on all processors but one, where it would be in the owner's way. */
#include "config.h"

#include <dirent.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gort.h"
#include "runtime/gc.h"
#include "runtime/gcmark.h"

#define TABLE_WORDS                                                               \
    ((size_t)131072) /* 1 MiB: its middle is not looked at for a neighbour's sake \
                      */
#define MIDDLE  (TABLE_WORDS / 2)
#define PATTERN UINT64_C(0x6c61746520627574)

void __real_mark_run(enum mark_part part, void (*wake)(void));
void __wrap_mark_run(enum mark_part part, void (*wake)(void));

typedef _Atomic(uintptr_t) word; /* a reference, stored by whoever */

static struct {
    uintptr_t by_newborn; /* what is going to be stored in the newborn object; all hidden */
    uintptr_t by_late;
    uintptr_t late;
} hidden;

static struct {
    gort_weak *by_newborn;
    gort_weak *by_late;
    gort_weak *late;
} weak;

static word *holder; /* a table that lives all the time: [0] is the newborn, [1] the late one */
static _Atomic(uint32_t) wanted;   /* 1: the newborn object is to be made */
static _Atomic(uint32_t) finished; /* 1: no more is wanted */
static _Atomic(uint32_t) nlooks;   /* at written pages */

static void store(word *table, size_t i, uintptr_t concealed)
{
    atomic_store_explicit(&table[i], ~concealed, memory_order_relaxed);
}

static word *table_in(size_t i)
{
    return (word *)atomic_load_explicit(&holder[i], memory_order_acquire);
}

/* ---- in the collector ---- */

/* Most is marked, and nothing was looked at again yet. */
static void before_first_look(void)
{
    atomic_store_explicit(&wanted, 1, memory_order_release);
    while (table_in(0) == NULL)
        sched_yield();
    store(table_in(0), MIDDLE, hidden.by_newborn);
    store(holder, 1, hidden.late);
}

void __wrap_mark_run(enum mark_part part, void (*wake)(void))
{
    bool is_first = part == MARK_CLEAN &&
                    atomic_fetch_add_explicit(&nlooks, 1, memory_order_relaxed) == 0;

    if (is_first)
        before_first_look();
    __real_mark_run(part, wake);
    if (is_first)
        store(table_in(1), MIDDLE, hidden.by_late);
}

/* ---- in the program ---- */

static void make_newborn(void *arg)
{
    (void)arg;
    while (atomic_load_explicit(&wanted, memory_order_acquire) == 0)
        if (atomic_load_explicit(&finished, memory_order_relaxed) != 0)
            return;
    atomic_store_explicit(&holder[0], (uintptr_t)gort_alloc(TABLE_WORDS * sizeof(word)),
                          memory_order_release);
}

static uintptr_t hide(gort_weak **w, size_t bytes)
{
    uint64_t *p = gort_alloc(bytes);

    *w = gort_weak_new(p);
    p[bytes / sizeof *p - 1] = PATTERN;
    return ~(uintptr_t)p;
}

/* In a task that ends: its stack is searched no more. */
static void make_hidden(void *arg)
{
    gort_waitgroup *done = arg;

    hidden.by_newborn = hide(&weak.by_newborn, 64);
    hidden.by_late = hide(&weak.by_late, 64);
    hidden.late = hide(&weak.late, TABLE_WORDS * sizeof(word));
    gort_waitgroup_done(done);
}

static int expect_kept(const char *what, gort_weak *w, size_t bytes)
{
    const uint64_t *p = gort_weak_get(w);

    if (p != NULL && p[bytes / sizeof *p - 1] == PATTERN)
        return 0;
    printf("%s is %s\n", what, p == NULL ? "lost" : "damaged");
    return 1;
}

/* Whether the thread of NUMBER, as text, is one that marks. */
static bool is_marker(const char *number)
{
    char path[64];
    char name[16] = "";
    FILE *f = NULL;

    snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", number);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    if (fgets(name, sizeof name, f) == NULL)
        name[0] = '\0';
    fclose(f);
    return strcmp(name, "gort-mark\n") == 0;
}

/* On how many processors those who mark may run; 0: there are none. */
static int markers_processors(void)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry = NULL;
    cpu_set_t cpus;
    int n = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (is_marker(entry->d_name) &&
            sched_getaffinity(atoi(entry->d_name), sizeof cpus, &cpus) == 0)
            n = CPU_COUNT(&cpus);
    if (dir != NULL)
        closedir(dir);
    return n;
}

static int expect_out_of_the_way(void)
{
    cpu_set_t cpus;
    int n = markers_processors();

    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) < 2 ||
        n == CPU_COUNT(&cpus) - 1)
        return 0;
    printf("the marker may run on %d processors of %d\n", n, CPU_COUNT(&cpus));
    return 1;
}

static int run(void *arg)
{
    gort_waitgroup done = {0};

    (void)arg;
    if (gc_mode() != GC_CONCURRENT)
        return 77;
    holder = gort_alloc(TABLE_WORDS * sizeof(word));
    gort_waitgroup_add(&done, 1);
    gort_go(make_hidden, &done);
    gort_waitgroup_wait(&done);
    gort_go(make_newborn, NULL);
    gort_gc();
    atomic_store_explicit(&finished, 1, memory_order_relaxed);
    if (atomic_load_explicit(&nlooks, memory_order_relaxed) == 0) {
        printf("the mark never looked at what was written\n");
        return 1;
    }
    return expect_kept("what a newborn object refers to", weak.by_newborn, 64) +
           expect_kept("an object that was marked late", weak.late, TABLE_WORDS * sizeof(word)) +
           expect_kept("what that refers to", weak.by_late, 64) + expect_out_of_the_way();
}

int main(void)
{
    const char *debug = getenv("GORT_DEBUG");

    if (debug != NULL && strstr(debug, "gcstress") != NULL)
        return 77;                           /* collections at other times free what is hidden */
    setenv("GORT_GC_MODE", "concurrent", 1); /* also where the heap is little */
    setenv("GORT_MAXPROCS", "2", 1);
    return gort_run(NULL, run, NULL);
}
