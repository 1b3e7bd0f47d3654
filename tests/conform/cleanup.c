/* SPDX-License-Identifier: MIT */
/* cleanup.c - what is called when an object is no more: once, not before, and with what.
 * Worth running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/gone.h"

#define MANY 200
#define MOST (MANY * 9 / 10)

/* Counts of each claim: what an earlier one has left behind by chance counts for that. */
static _Atomic(int) all_ncalls[32][MANY];
static _Atomic(int) *ncalls = all_ncalls[0];

static void begin(void)
{
    ncalls += MANY;
    EXPECT(ncalls <= all_ncalls[31], "too many claims");
}

static void count(void *arg)
{
    atomic_fetch_add_explicit((_Atomic(int) *)arg, 1, memory_order_relaxed);
}

static int calls(int i)
{
    return atomic_load_explicit(&ncalls[i], memory_order_relaxed);
}

/* How many of the first N were called at least once. */
static int called(int n)
{
    int some = 0;

    for (int i = 0; i < n; i++)
        some += calls(i) > 0;
    return some;
}

static void expect_none_twice(void)
{
    for (int i = 0; i < MANY; i++)
        EXPECT(calls(i) <= 1, "cleanup %d ran %d times", i, calls(i));
}

static void *slots[MANY];

/* MANY objects in slots, of BYTES and more, a cleanup at OFFSET of each. */
__attribute__((noinline)) static void make_all(size_t bytes, size_t offset)
{
    for (int i = 0; i < MANY; i++) {
        char *p = gort_alloc(bytes + (size_t)i % 7 * 8);

        slots[i] = p;
        gort_cleanup_add(p + offset, count, &ncalls[i]);
    }
}

__attribute__((noinline)) static void drop(int n)
{
    memset(slots, 0, (size_t)n * sizeof slots[0]);
}

CLAIM(it_runs_when_the_object_is_out_of_reach_and_not_before)
{
    begin();
    make_all(40, 0);
    for (int i = 0; i < 3; i++) {
        collect();
        gort_yield();
        EXPECT(called(MANY) == 0, "%d ran for objects that are in reach", called(MANY));
    }
    drop(MANY / 2);
    EVENTUALLY_COLLECTED(called(MANY / 2) >= MOST / 2, "%d ran", called(MANY));
    for (int i = MANY / 2; i < MANY; i++)
        EXPECT(calls(i) == 0, "that of object %d, which is in reach, ran", i);
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    expect_none_twice();
}

CLAIM(an_address_inside_stands_for_the_object)
{
    begin();
    make_all(3000, 2999);
    collect();
    EXPECT(called(MANY) == 0, "%d ran for objects that are in reach", called(MANY));
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    expect_none_twice();
}

CLAIM(the_address_just_behind_a_buffer_stands_for_it)
{
    begin();
    make_all(64, 64);
    collect();
    EXPECT(called(MANY) == 0, "%d ran for objects that are in reach", called(MANY));
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
}

__attribute__((noinline)) static void add_three_to_each(void)
{
    for (int i = 0; i + 2 < MANY; i += 3) {
        void *p = gort_alloc_noscan(100000 / (size_t)(i + 1) + 16);

        for (int k = 0; k < 3; k++)
            gort_cleanup_add(p, count, &ncalls[i + k]);
    }
}

CLAIM(an_object_may_have_many)
{
    begin();
    add_three_to_each();
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    for (int i = 0; i + 2 < MANY; i += 3)
        EVENTUALLY(calls(i) == calls(i + 1) && calls(i) == calls(i + 2), "%d, %d, %d calls",
                   calls(i), calls(i + 1), calls(i + 2));
    expect_none_twice();
}

/* ---- what it keeps ---- */

struct note {
    uint64_t magic;
    _Atomic(int) *ncalls;
};

static _Atomic(int) bad_notes;

static void read_note(void *arg)
{
    const struct note *n = arg;

    if (n->magic != UINT64_C(0x6e6f7465))
        atomic_fetch_add_explicit(&bad_notes, 1, memory_order_relaxed);
    else
        count(n->ncalls);
}

__attribute__((noinline)) static void add_notes(void)
{
    for (int i = 0; i < MANY; i++) {
        struct note *n = gort_new(struct note);

        *n = (struct note){UINT64_C(0x6e6f7465), &ncalls[i]};
        slots[i] = gort_alloc(24);
        gort_cleanup_add(slots[i], read_note, n);
    }
}

CLAIM(the_argument_is_kept_until_it_runs)
{
    begin();
    add_notes();
    collect();
    collect();
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    EXPECT(atomic_load_explicit(&bad_notes, memory_order_relaxed) == 0, "%d arguments were freed",
           atomic_load_explicit(&bad_notes, memory_order_relaxed));
}

__attribute__((noinline)) static void add_chain(void)
{
    for (int i = 0; i < MANY; i++) {
        void **holder = gort_new(void *);

        *holder = i == 0 ? NULL : slots[0];
        gort_cleanup_add(holder, count, &ncalls[i]);
        slots[0] = holder;
    }
    slots[0] = NULL;
}

CLAIM(a_chain_and_a_circle_go_as_a_whole)
{
    begin();
    add_chain();
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
}

__attribute__((noinline)) static void add_circles(void)
{
    for (int i = 0; i < MANY; i++) {
        void **a = gort_new(void *);
        void **b = gort_new(void *);

        *a = b;
        *b = a;
        gort_cleanup_add(a, count, &ncalls[i]);
    }
}

CLAIM(circles_are_no_hindrance)
{
    begin();
    add_circles();
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
}

/* ---- stopping ---- */

static gort_cleanup cleanups[MANY];

__attribute__((noinline)) static void add_stoppable(void)
{
    for (int i = 0; i < MANY; i++) {
        slots[i] = gort_alloc(48);
        cleanups[i] = gort_cleanup_add(slots[i], count, &ncalls[i]);
    }
}

CLAIM(one_that_is_stopped_never_runs)
{
    begin();
    EXPECT(gort_cleanup_stop((gort_cleanup){0}) == 0, "stopped none");
    add_stoppable();
    for (int i = 0; i < MANY; i += 2)
        EXPECT(gort_cleanup_stop(cleanups[i]) == 1, "%d was not stopped", i);
    for (int i = 0; i < MANY; i += 2)
        EXPECT(gort_cleanup_stop(cleanups[i]) == 0, "%d was stopped twice", i);
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST / 2, "%d ran", called(MANY));
    for (int i = 0; i < MANY; i += 2)
        EXPECT(calls(i) == 0, "%d ran though it was stopped", i);
    for (int i = 1; i < MANY; i += 2) {
        int stopped = gort_cleanup_stop(cleanups[i]); /* 0: it has run, or is about to */

        EVENTUALLY(calls(i) == 1 - stopped, "%d: %d calls, stopped: %d", i, calls(i), stopped);
    }
    expect_none_twice();
}

/* Stops of what may be unattached, due, under way or done by now: each says what comes of it. */
CLAIM(a_stop_that_comes_late_says_so)
{
    int stopped[MANY];

    begin();
    add_stoppable();
    drop(MANY);
    collect();
    for (int i = 0; i < MANY; i++)
        stopped[i] = gort_cleanup_stop(cleanups[i]);
    for (int i = 0; i < MANY; i++)
        EVENTUALLY_COLLECTED(stopped[i] + calls(i) == 1, "%d: stopped %d, %d calls", i, stopped[i],
                             calls(i));
}

/* ---- what a call may do ---- */

static gort_chan *results;
static _Atomic(int) nested;

static void do_much(void *arg)
{
    _Atomic(int) *n = arg;
    void *p = gort_alloc(100);

    gort_cleanup_add(p, count, &nested);
    gort_gc();
    gort_yield();
    gort_send(results, &n);
}

__attribute__((noinline)) static void add_busy(int n)
{
    for (int i = 0; i < n; i++)
        gort_cleanup_add(gort_alloc(32), do_much, &ncalls[i]);
}

static int receive_all(int got)
{
    void *arg;

    while (gort_try_recv(results, &arg) == 1)
        got++;
    return got;
}

CLAIM(a_call_may_allocate_collect_block_and_add)
{
    int got = 0;

    begin();
    results = gort_chan_new(sizeof(void *), 3);
    add_busy(20);
    EVENTUALLY_COLLECTED((got = receive_all(got)) >= 18, "%d ended", got);
}

static void exit_from_it(void *arg)
{
    count(arg);
    gort_exit();
}

__attribute__((noinline)) static void add_exiting(void)
{
    for (int i = 0; i < MANY; i++)
        gort_cleanup_add(gort_alloc(32), exit_from_it, &ncalls[i]);
}

CLAIM(one_that_ends_its_task_ends_no_other)
{
    begin();
    add_exiting();
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    expect_none_twice();
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

CLAIM(nothing_is_left_of_the_task_that_calls)
{
    begin();
    make_all(16, 0);
    drop(MANY);
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

static void tell(void *arg)
{
    gort_send(arg, NULL);
}

__attribute__((noinline)) static void add_telling(gort_chan *to)
{
    for (int i = 0; i < MANY; i++)
        gort_cleanup_add(gort_alloc(64), tell, to);
}

static uint32_t collections(void)
{
    gort_memstats stats;

    gort_read_memstats(&stats);
    return stats.num_gc;
}

/* The collection is one that the heap makes due: most of its sweep is left to the background. */
__attribute__((noinline)) static void allocate_until_collected(void)
{
    uint32_t before = collections();
    void *volatile garbage;

    do
        for (int i = 0; i < 1000; i++)
            garbage = gort_alloc(16 + (size_t)i);
    while (collections() == before);
    (void)garbage;
}

CLAIM(all_tasks_may_wait_for_what_a_sweep_under_way_makes_due)
{
    gort_chan *told = gort_chan_new(0, MANY);

    begin();
    add_telling(told);
    wipe_stack();
    allocate_until_collected();
    for (int i = 0; i < MOST; i++)
        EXPECT(gort_recv(told, NULL) == 1, "%d were told", i);
}

/* ---- freeing ---- */

__attribute__((noinline)) static void make_and_free(size_t bytes, int from, int to)
{
    for (int i = from; i < to; i++) {
        void *p = gort_alloc(bytes);

        gort_cleanup_add(p, count, &ncalls[i]);
        gort_free(p);
    }
}

CLAIM(those_of_what_is_freed_run_without_a_collection)
{
    begin();
    make_and_free(40, 0, MANY / 2);
    make_and_free(100000, MANY / 2, MANY);
    for (int i = 0; i < MANY; i++)
        EVENTUALLY(calls(i) == 1, "that of %d ran %d times", i, calls(i));
    collect();
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    expect_none_twice();
}

CLAIM(what_stays_where_it_is_is_the_same_object_to_them)
{
    char *p = gort_alloc(100000);
    char *q = NULL;

    begin();
    gort_cleanup_add(p, count, &ncalls[0]);
    q = gort_realloc(p, 90000);
    collect();
    EVENTUALLY(calls(0) == (q != p), "moved: %d, %d calls", q != p, calls(0));
    gort_free(q);
    EVENTUALLY(calls(0) == 1, "%d calls", calls(0));
}

/* ---- the accounts ---- */

__attribute__((noinline)) static void add_and_stop(int n)
{
    void *p = gort_alloc(100);

    for (int i = 0; i < n; i++)
        gort_cleanup_stop(gort_cleanup_add(p, count, &ncalls[0]));
}

/* Objects of one size, made and freed, and memory of the runtime's records. */
static uint64_t read_stats(uint64_t *other_sys)
{
    gort_memstats stats;
    uint64_t objects = 0;

    gort_read_memstats(&stats);
    for (int i = 0; i < GORT_MEMSTATS_SIZES; i++)
        if (stats.by_size[i].size == 3072)
            objects = stats.by_size[i].mallocs - stats.by_size[i].frees;
    *other_sys = stats.other_sys;
    return objects;
}

__attribute__((noinline)) static void make_of_one_size(void)
{
    for (int i = 0; i < MANY; i++) {
        void *p = gort_alloc(3000);

        gort_cleanup_add(p, count, &ncalls[i]);
        gort_cleanup_add(p, count, &ncalls[i]);
    }
}

CLAIM(objects_are_counted_as_freed_once)
{
    uint64_t other_sys;
    uint64_t before;

    begin();
    collect();
    before = read_stats(&other_sys);
    make_of_one_size();
    EXPECT(read_stats(&other_sys) <= before + MANY, "%llu objects",
           (unsigned long long)read_stats(&other_sys));
    EVENTUALLY_COLLECTED(called(MANY) >= MOST, "%d ran", called(MANY));
    EXPECT(read_stats(&other_sys) < before + MANY / 10, "%llu objects after %llu",
           (unsigned long long)read_stats(&other_sys), (unsigned long long)before);
}

CLAIM(what_is_stopped_gives_its_memory_back)
{
    uint64_t before;
    uint64_t after;

    begin();
    add_and_stop(2000);
    read_stats(&before);
    add_and_stop(20000);
    read_stats(&after);
    EXPECT(after < before + 300000, "%llu bytes of records after %llu", (unsigned long long)after,
           (unsigned long long)before);
}

/* ---- misuse ---- */

ENDS(the_argument_must_not_be_in_the_object, 2, "points into the object")
{
    char *p = gort_alloc(100);

    gort_cleanup_add(p, count, p + 50);
}

ENDS(what_is_no_object_has_no_cleanup, 2, "is not in an object of the collected heap")
{
    int local = 0;

    gort_cleanup_add(&local, count, NULL);
}

ENDS(malloced_memory_has_no_cleanup, 2, "gort_cleanup_add: ")
{
    gort_cleanup_add(calloc(1, 10), count, NULL);
}

ENDS(a_cleanup_is_a_function, 2, "gort_cleanup_add: no function")
{
    gort_cleanup_add(gort_alloc(10), NULL, NULL);
}
