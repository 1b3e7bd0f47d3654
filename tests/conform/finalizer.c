/* SPDX-License-Identifier: MIT */
/* finalizer.c - finalizers: the object lives again in the call, is freed later, and is whole.
 * Worth running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/gone.h"

#define MANY   200
#define MOST   (MANY * 9 / 10)
#define FILLER UINT64_C(0x46494c4c4552)

struct part {
    uint64_t filler;
    void *unused[4];
};

struct thing {
    struct part *part;
    struct thing *next;
    _Atomic(int) *calls;
    uint64_t filler;
};

GORT_TYPE(thing_type, struct thing, GORT_PTR(struct thing, part) | GORT_PTR(struct thing, next));

/* Counts of each claim: what an earlier one has left behind by chance counts for that. */
static _Atomic(int) all_ncalls[16][MANY];
static _Atomic(int) *ncalls = all_ncalls[0];
static _Atomic(int) all_nfreed[16];
static _Atomic(int) *nfreed = all_nfreed;
static _Atomic(int) broken; /* things that were not whole in their call */

static void begin(void)
{
    ncalls += MANY;
    nfreed++;
    EXPECT(ncalls <= all_ncalls[15], "too many claims");
}

static int calls(int i)
{
    return atomic_load_explicit(&ncalls[i], memory_order_relaxed);
}

static int called(void)
{
    int some = 0;

    for (int i = 0; i < MANY; i++)
        some += calls(i) > 0;
    return some;
}

static void expect_whole_and_once(void)
{
    EXPECT(atomic_load_explicit(&broken, memory_order_relaxed) == 0, "%d were not whole",
           atomic_load_explicit(&broken, memory_order_relaxed));
    for (int i = 0; i < MANY; i++)
        EXPECT(calls(i) <= 1, "%d was finalized %d times", i, calls(i));
}

static void check_and_count(void *p)
{
    struct thing *t = p;

    if (t->filler != FILLER || t->part->filler != FILLER)
        atomic_fetch_add_explicit(&broken, 1, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(t->calls, 1, memory_order_relaxed);
}

/* One that is searched by its type or conservatively, small or large. */
static struct thing *thing_new(int i)
{
    size_t n = i % 60 == 1 ? 4000 : (size_t)i;
    struct thing *t = i % 3 == 0   ? gort_alloc_typed(&thing_type, 1)
                      : i % 3 == 1 ? gort_alloc_typed(&thing_type, n)
                                   : gort_alloc(sizeof *t + n * 30);

    t->part = gort_new(struct part);
    t->part->filler = t->filler = FILLER;
    t->calls = &ncalls[i];
    return t;
}

static void *slots[MANY];

__attribute__((noinline)) static void make_all(void)
{
    for (int i = 0; i < MANY; i++) {
        slots[i] = thing_new(i);
        gort_finalizer_set(slots[i], check_and_count);
    }
}

__attribute__((noinline)) static void drop_all(void)
{
    memset(slots, 0, sizeof slots);
}

CLAIM(it_runs_once_with_all_that_the_object_refers_to)
{
    begin();
    make_all();
    collect();
    collect();
    EXPECT(called() == 0, "%d in reach were finalized", called());
    drop_all();
    EVENTUALLY_COLLECTED(called() >= MOST, "%d were finalized", called());
    expect_whole_and_once();
}

static void count_freed(void *arg)
{
    atomic_fetch_add_explicit((_Atomic(int) *)arg, 1, memory_order_relaxed);
}

static int freed(void)
{
    return atomic_load_explicit(nfreed, memory_order_relaxed);
}

static struct thing *kept[MANY];

static void keep(void *p)
{
    struct thing *t = p;

    check_and_count(t);
    kept[(t->calls - all_ncalls[0]) % MANY] = t;
}

__attribute__((noinline)) static void make_kept(void)
{
    for (int i = 0; i < MANY; i++) {
        struct thing *t = thing_new(i);

        gort_cleanup_add(t, count_freed, nfreed);
        gort_finalizer_set(t, keep);
    }
}

__attribute__((noinline)) static int whole(void)
{
    int n = 0;

    for (int i = 0; i < MANY; i++)
        n += kept[i] != NULL && kept[i]->filler == FILLER && kept[i]->part->filler == FILLER;
    return n;
}

CLAIM(what_it_stores_lives_on_and_is_freed_when_that_is_dropped)
{
    begin();
    make_kept();
    EVENTUALLY_COLLECTED(called() >= MOST, "%d were finalized", called());
    for (int i = 0; i < 3; i++)
        collect();
    EXPECT(whole() == called(), "%d of %d are whole", whole(), called());
    EXPECT(freed() == 0, "%d were freed", freed());
    memset(kept, 0, sizeof kept);
    EVENTUALLY_COLLECTED(freed() >= MOST, "%d were freed", freed());
    expect_whole_and_once();
}

__attribute__((noinline)) static void make_with_cleanup(void)
{
    for (int i = 0; i < MANY; i++) {
        struct thing *t = thing_new(i);

        gort_finalizer_set(t, check_and_count);
        gort_cleanup_add(t, count_freed, nfreed);
    }
}

CLAIM(cleanups_wait_for_the_end_after_the_finalizer)
{
    begin();
    make_with_cleanup();
    EVENTUALLY_COLLECTED(freed() >= MOST, "%d were freed", freed());
    EXPECT(freed() <= called(), "%d were freed, but %d finalized", freed(), called());
    expect_whole_and_once();
}

static void end_again(void *p)
{
    const struct thing *t = p;

    count_freed(&all_nfreed[(t->calls - all_ncalls[0]) / MANY]);
}

static void set_again(void *p)
{
    check_and_count(p);
    gort_finalizer_set(p, end_again);
}

__attribute__((noinline)) static void make_again(void)
{
    for (int i = 0; i < MANY; i++)
        gort_finalizer_set(thing_new(i), set_again);
}

CLAIM(it_may_give_the_object_another_finalizer)
{
    begin();
    make_again();
    EVENTUALLY_COLLECTED(freed() >= MOST, "%d for the second time", freed());
    expect_whole_and_once();
}

CLAIM(one_that_is_cleared_is_not_called)
{
    begin();
    make_all();
    for (int i = 0; i < MANY; i += 2) {
        EXPECT(gort_finalizer_clear(slots[i]) == 1, "%d had none", i);
        EXPECT(gort_finalizer_clear(slots[i]) == 0, "%d still had one", i);
    }
    drop_all();
    EVENTUALLY_COLLECTED(called() >= MOST / 2, "%d were finalized", called());
    for (int i = 0; i < MANY; i += 2)
        EXPECT(calls(i) == 0, "%d was finalized", i);
}

static _Atomic(int) disorders;

static void expect_order(void *p)
{
    const struct thing *t = p;

    if (t->next != NULL && atomic_load_explicit(t->next->calls, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&disorders, 1, memory_order_relaxed);
    check_and_count(p);
}

__attribute__((noinline)) static void make_chain(int n)
{
    struct thing *last = NULL;

    for (int i = 0; i < n; i++) {
        struct thing *t = thing_new(i);

        t->next = last;
        gort_finalizer_set(t, expect_order);
        last = t;
    }
}

/* A collection for each, at least. */
CLAIM(who_refers_to_another_is_finalized_before_it)
{
    begin();
    make_chain(10);
    EVENTUALLY_COLLECTED(called() == 10, "%d were finalized", called());
    EXPECT(atomic_load_explicit(&disorders, memory_order_relaxed) == 0, "%d in the wrong order",
           atomic_load_explicit(&disorders, memory_order_relaxed));
    expect_whole_and_once();
}

static gort_weak *weaks[MANY];

__attribute__((noinline)) static void make_circles(void)
{
    for (int i = 0; i + 1 < MANY; i += 2) {
        struct thing *a = thing_new(i);
        struct thing *b = thing_new(i + 1);

        a->next = b;
        b->next = a;
        gort_finalizer_set(a, check_and_count);
        weaks[i] = gort_weak_new(a);
        weaks[i + 1] = gort_weak_new(b);
    }
}

CLAIM(circles_with_a_finalizer_stay)
{
    begin();
    make_circles();
    for (int i = 0; i < 3; i++)
        collect();
    EVENTUALLY(called() == 0, "%d were finalized", called());
    for (int i = 1; i < MANY; i += 2)
        EXPECT(gort_weak_get(weaks[i]) != NULL, "%d, which one with a finalizer refers to, is gone",
               i);
}

static _Atomic(int) running;
static _Atomic(int) overlaps;

static void take_turns(void *p)
{
    if (atomic_fetch_add_explicit(&running, 1, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&overlaps, 1, memory_order_relaxed);
    gort_yield();
    gort_alloc(1000);
    atomic_fetch_sub_explicit(&running, 1, memory_order_relaxed);
    check_and_count(p);
}

__attribute__((noinline)) static void make_turns(void)
{
    for (int i = 0; i < MANY; i++)
        gort_finalizer_set(thing_new(i), take_turns);
}

CLAIM(one_runs_at_a_time)
{
    begin();
    make_turns();
    EVENTUALLY_COLLECTED(called() >= MOST, "%d were finalized", called());
    EXPECT(atomic_load_explicit(&overlaps, memory_order_relaxed) == 0, "%d ran beside another",
           atomic_load_explicit(&overlaps, memory_order_relaxed));
}

static void exit_from_it(void *p)
{
    check_and_count(p);
    gort_exit();
}

__attribute__((noinline)) static void make_exiting(void)
{
    for (int i = 0; i < MANY; i++)
        gort_finalizer_set(thing_new(i), exit_from_it);
}

CLAIM(one_that_ends_its_task_ends_no_other)
{
    begin();
    make_exiting();
    EVENTUALLY_COLLECTED(called() >= MOST, "%d were finalized", called());
    expect_whole_and_once();
}

static _Atomic(int) ntiny;

static void count_tiny(void *p)
{
    (void)p;
    count_freed(&ntiny);
}

__attribute__((noinline)) static void make_tiny(void)
{
    for (int i = 0; i < MANY; i++)
        gort_finalizer_set(gort_alloc_noscan(1 + (size_t)i % 8), count_tiny);
}

CLAIM(objects_that_share_a_block_may_have_one_each)
{
    begin();
    make_tiny();
    EVENTUALLY_COLLECTED(atomic_load_explicit(&ntiny, memory_order_relaxed) >= MOST,
                         "%d were finalized", atomic_load_explicit(&ntiny, memory_order_relaxed));
    collect();
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    EXPECT(atomic_load_explicit(&ntiny, memory_order_relaxed) <= MANY, "%d were finalized",
           atomic_load_explicit(&ntiny, memory_order_relaxed));
}

CLAIM(what_is_freed_is_not_finalized)
{
    begin();
    make_all();
    for (int i = 0; i < MANY; i++)
        gort_free(slots[i]);
    drop_all();
    make_all(); /* in the same places, some of them */
    collect();
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    EXPECT(called() == 0, "%d were finalized", called());
    drop_all();
}

/* ---- misuse ---- */

ENDS(it_belongs_to_the_beginning_of_an_object, 2, "is not the beginning of its object")
{
    char *p = gort_alloc(100);

    gort_finalizer_set(p + 8, count_freed);
}

ENDS(an_object_has_one_finalizer, 2, "has a finalizer already")
{
    void *p = gort_alloc(100);

    gort_finalizer_set(p, count_freed);
    gort_finalizer_set(p, count_freed);
}

ENDS(what_is_no_object_has_no_finalizer, 2, "is not in an object of the collected heap")
{
    gort_finalizer_set(&running, count_freed);
}
