/* SPDX-License-Identifier: MIT */
/* weak.c - weak pointers: what they give, when they are cleared, what they do not keep.
 * Worth running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/gone.h"

#define MANY   200
#define MOST   (MANY * 9 / 10)
#define FILLER 0x2b

static void *slots[MANY];
static gort_weak *weaks[MANY];

static size_t bytes_of(int i)
{
    return 24 + (size_t)i % 11 * 40 + (i % 50 == 0 ? 100000 : 0);
}

__attribute__((noinline)) static void make_all(size_t offset)
{
    for (int i = 0; i < MANY; i++) {
        char *p = i % 3 == 0 ? gort_alloc_noscan(bytes_of(i)) : gort_alloc(bytes_of(i));

        memset(p, FILLER, bytes_of(i));
        slots[i] = p;
        weaks[i] = gort_weak_new(p + offset);
    }
}

__attribute__((noinline)) static void drop_all(void)
{
    memset(slots, 0, sizeof slots);
}

__attribute__((noinline)) static int cleared(void)
{
    int n = 0;

    for (int i = 0; i < MANY; i++)
        n += gort_weak_get(weaks[i]) == NULL;
    return n;
}

static void expect_all_there(size_t offset)
{
    for (int i = 0; i < MANY; i++)
        EXPECT(gort_weak_get(weaks[i]) == (char *)slots[i] + offset, "%d gives %p, not %p", i,
               gort_weak_get(weaks[i]), slots[i]);
}

CLAIM(it_gives_the_address_while_the_object_is_in_reach_and_null_after)
{
    make_all(0);
    for (int i = 0; i < 3; i++) {
        expect_all_there(0);
        collect();
    }
    expect_all_there(0);
    drop_all();
    EVENTUALLY_COLLECTED(cleared() >= MOST, "%d cleared", cleared());
}

CLAIM(an_address_inside_comes_back_as_it_was)
{
    make_all(17);
    collect();
    expect_all_there(17);
    drop_all();
    EVENTUALLY_COLLECTED(cleared() >= MOST, "%d cleared", cleared());
}

CLAIM(those_for_one_address_are_the_same_and_others_are_not)
{
    char *p = gort_alloc(100);
    const gort_weak *w = gort_weak_new(p);

    EXPECT(gort_weak_new(p) == w, "another one for the same address");
    collect();
    EXPECT(gort_weak_new(p) == w, "another one after a collection");
    EXPECT(gort_weak_new(gort_weak_get(w)) == w, "another one by way of itself");
    EXPECT(gort_weak_new(p + 1) != w, "the same for another address");
    EXPECT(gort_weak_new(p + 1) == gort_weak_new(p + 1), "another one for the same inside");
    EXPECT(gort_weak_new(gort_alloc(100)) != w, "the same for another object");
    EXPECT(gort_weak_get(w) == p, "it gives another address");
}

CLAIM(null_is_its_own_weak_pointer)
{
    EXPECT(gort_weak_new(NULL) == NULL && gort_weak_get(NULL) == NULL, "something from nothing");
}

static int wrong_after_reuse(void)
{
    int n = 0;

    for (int i = 0; i < MANY; i++)
        n += gort_weak_get(weaks[i]) != NULL && gort_weak_get(weaks[i]) != slots[i];
    return n;
}

/* The memory of the objects that went is used again, for objects of the same sizes that have weak
 * pointers of their own. */
CLAIM(what_comes_to_lie_in_the_same_place_is_another_object)
{
    gort_weak *old[MANY];

    make_all(0);
    memcpy(old, weaks, sizeof old);
    drop_all();
    EVENTUALLY_COLLECTED(cleared() >= MOST, "%d cleared", cleared());
    for (int round = 0; round < 10; round++) {
        make_all(0);
        EXPECT(wrong_after_reuse() == 0, "%d give another's address", wrong_after_reuse());
        for (int i = 0; i < MANY; i++)
            EXPECT(weaks[i] != old[i] || gort_weak_get(old[i]) != NULL, "%d is another's now", i);
    }
}

__attribute__((noinline)) static int read_and_check(void)
{
    int there = 0;

    for (int i = 0; i < MANY; i++) {
        const unsigned char *p = gort_weak_get(weaks[i]);

        if (p == NULL)
            continue;
        there++;
        gort_alloc(500);
        gort_yield();
        for (size_t k = 0; k < bytes_of(i); k++)
            EXPECT(p[k] == FILLER, "object %d holds %#x at %zu", i, p[k], k);
    }
    return there;
}

static _Atomic(int) stop;

static void allocate(void *arg)
{
    while (atomic_load_explicit(&stop, memory_order_relaxed) == 0) {
        for (int i = 0; i < 500; i++)
            gort_alloc(1000);
        gort_yield();
    }
    gort_waitgroup_done(arg);
}

/* Reads race with marks and with sweeps of collections that the other task makes due. */
CLAIM(what_a_read_gives_is_whole_and_stays)
{
    gort_waitgroup others = {0};

    atomic_store_explicit(&stop, 0, memory_order_relaxed);
    gort_waitgroup_go(&others, allocate, &others);
    gort_waitgroup_add(&others, 1);
    for (int round = 0; round < 20; round++) {
        make_all(0);
        read_and_check();
        drop_all();
        read_and_check();
        gort_yield();
        read_and_check();
    }
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    gort_waitgroup_wait(&others);
}

CLAIM(those_of_what_is_freed_are_cleared_at_once)
{
    for (int round = 0; round < 5; round++) {
        make_all(round == 0 ? 0 : 5);
        for (int i = 0; i < MANY; i++) {
            void *p = slots[i];

            slots[i] = NULL;
            gort_free(p);
            EXPECT(gort_weak_get(weaks[i]) == NULL, "%d gives what was freed", i);
        }
    }
}

/* ---- with the others of live.h ---- */

static _Atomic(int) seen_late; /* cleanups or finalizers that still had the weak pointer */
static _Atomic(int) ncalls;

static void look_at(void *arg)
{
    if (gort_weak_get(arg) != NULL)
        atomic_fetch_add_explicit(&seen_late, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&ncalls, 1, memory_order_relaxed);
}

__attribute__((noinline)) static void add_cleanups(void)
{
    for (int i = 0; i < MANY; i++)
        gort_cleanup_add(slots[i], look_at, weaks[i]);
}

static int calls(void)
{
    return atomic_load_explicit(&ncalls, memory_order_relaxed);
}

CLAIM(they_are_cleared_before_cleanups_run)
{
    atomic_store_explicit(&ncalls, 0, memory_order_relaxed);
    make_all(0);
    add_cleanups();
    drop_all();
    EVENTUALLY_COLLECTED(calls() >= MOST, "%d ran", calls());
    EXPECT(atomic_load_explicit(&seen_late, memory_order_relaxed) == 0, "%d saw the object",
           atomic_load_explicit(&seen_late, memory_order_relaxed));
}

struct self {
    gort_weak *weak;
    void *rest[3];
};

static _Atomic(struct self *) revived[MANY]; /* some finalizers run late, beside the claim */
static _Atomic(int) nfinalized;

static void revive(void *p)
{
    struct self *self = p;
    int i = atomic_fetch_add_explicit(&nfinalized, 1, memory_order_relaxed);

    if (gort_weak_get(self->weak) != NULL)
        atomic_fetch_add_explicit(&seen_late, 1, memory_order_relaxed);
    if (i < MANY)
        atomic_store_explicit(&revived[i], self, memory_order_release);
}

static struct self *revived_at(int i)
{
    return atomic_load_explicit(&revived[i], memory_order_acquire);
}

static int nrevived(void)
{
    int n = 0;

    for (int i = 0; i < MANY; i++)
        n += revived_at(i) != NULL;
    return n;
}

__attribute__((noinline)) static void make_selves(void)
{
    for (int i = 0; i < MANY; i++) {
        struct self *self = gort_new(struct self);

        weaks[i] = self->weak = gort_weak_new(self);
        gort_finalizer_set(self, revive);
    }
}

CLAIM(a_finalizer_finds_them_cleared_and_they_stay_so)
{
    make_selves();
    EVENTUALLY_COLLECTED(nrevived() >= MOST, "%d finalized", nrevived());
    EXPECT(atomic_load_explicit(&seen_late, memory_order_relaxed) == 0, "%d saw the object",
           atomic_load_explicit(&seen_late, memory_order_relaxed));
    collect();
    for (int i = 0; i < MANY; i++) {
        struct self *self = revived_at(i);

        if (self == NULL)
            continue;
        EXPECT(gort_weak_get(self->weak) == NULL, "%d gives the object again", i);
        EXPECT(gort_weak_new(self) != self->weak, "%d is its weak pointer again", i);
        EXPECT(gort_weak_get(gort_weak_new(self)) == self, "%d has no new one", i);
    }
}

ENDS(what_is_no_object_has_no_weak_pointer, 2, "is not in an object of the collected heap")
{
    int local = 0;

    gort_weak_new(&local);
}
