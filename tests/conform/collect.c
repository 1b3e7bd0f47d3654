/* SPDX-License-Identifier: MIT */
/* collect.c - what keeps an object, what does not, and when collections happen.
 * Freed objects are overwritten (clobberfree), so that a test can look whether one is gone: it
 * remembers addresses in a disguise that the collector does not see through. A search of stacks and
 * registers may keep a few objects by chance, so "gone" is claimed of the most of many. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gort.h"
#include "runtime/alloc.h"
#include "runtime/san.h"

#define MANY   500
#define BYTES  200
#define MASK   UINT64_C(0x5555000000000000) /* no address has these bits */
#define FILLER 0x11

static int failures;

#define EXPECT(cond, ...)                                  \
    do {                                                   \
        if (!(cond)) {                                     \
            failures++;                                    \
            printf("collect.c:%d: %s: ", __LINE__, #cond); \
            printf(__VA_ARGS__);                           \
            printf("\n");                                  \
        }                                                  \
    } while (0)

static uint64_t disguised[MANY];

static uint64_t disguise(const void *p)
{
    return (uintptr_t)p ^ MASK;
}

NO_SANITIZE_READS static int is_gone(uint64_t hidden)
{
    return ((const volatile unsigned char *)(hidden ^ MASK))[BYTES - 1] != FILLER;
}

static size_t count_gone(void)
{
    size_t gone = 0;

    for (int i = 0; i < MANY; i++)
        gone += is_gone(disguised[i]) != 0;
    return gone;
}

static void *new_object(int i)
{
    unsigned char *p = gort_alloc(BYTES);

    memset(p, FILLER, BYTES);
    memset(p, 0, 2 * sizeof(void *));
    disguised[i] = disguise(p);
    return p;
}

/* Overwrites what calls have left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

static void collect(void)
{
    wipe_stack();
    gort_gc();
}

static void expect_kept(const char *what)
{
    collect();
    EXPECT(count_gone() == 0, "%s: %zu of %d are gone", what, count_gone(), MANY);
}

static void expect_gone(const char *what)
{
    collect();
    EXPECT(count_gone() > MANY * 9 / 10, "%s: only %zu of %d are gone", what, count_gone(), MANY);
}

/* ---- what keeps ---- */

__attribute__((noinline)) static void fill(void **slots, ptrdiff_t shift)
{
    for (int i = 0; i < MANY; i++)
        slots[i] = (char *)new_object(i) + shift;
}

__attribute__((noinline)) static void drop_all(void)
{
    for (int i = 0; i < MANY; i++)
        new_object(i);
}

static void nothing_keeps_what_is_dropped(void)
{
    drop_all();
    expect_gone("dropped");
}

static void *global_slots[MANY];

static void globals_keep(void)
{
    fill(global_slots, 0);
    expect_kept("globals");
    memset(global_slots, 0, sizeof global_slots);
    expect_gone("globals that were cleared");
}

static _Thread_local void *thread_slots[MANY];

static void thread_locals_keep(void)
{
    fill(thread_slots, 0);
    expect_kept("thread-local storage");
    memset(thread_slots, 0, sizeof thread_slots);
}

__attribute__((noinline)) static void stack_keeps(void)
{
    void *slots[MANY];

    fill(slots, 0);
    expect_kept("the stack");
    gort_keepalive(slots);
}

static void addresses_into_and_behind_keep(void)
{
    fill(global_slots, BYTES / 2);
    expect_kept("addresses into objects");
    fill(global_slots, BYTES);
    expect_kept("addresses just behind objects");
    fill(global_slots, -1 - BYTES * 2); /* somewhere else */
    memset(global_slots, 0, sizeof global_slots);
}

static void malloced_memory_keeps_only_as_an_added_root(void)
{
    void **slots = calloc(MANY, sizeof slots[0]);

    EXPECT(slots != NULL && gort_root_add(slots, MANY * sizeof slots[0]) == 0, "no root");
    fill(slots, 0);
    expect_kept("an added root");
    gort_root_remove(slots);
    expect_gone("a removed root");
    free(slots);
}

struct link {
    struct link *next;
    uintptr_t number; /* looks like an address */
    char rest[BYTES - 2 * sizeof(void *)];
};
GORT_TYPE(link_type, struct link, GORT_PTR(struct link, next));

/* Each object hangs on a typed one. */
__attribute__((noinline)) static void fill_links(void **slots)
{
    for (int i = 0; i < MANY; i++) {
        struct link *l = gort_alloc_typed(&link_type, 1);

        l->next = new_object(i);
        slots[i] = l;
    }
}

static void typed_objects_keep_by_their_references(void)
{
    fill_links(global_slots);
    expect_kept("references of typed objects");
    memset(global_slots, 0, sizeof global_slots);
    expect_gone("references of typed objects that were dropped");
}

__attribute__((noinline)) static void fill_numbers(struct link *links, size_t n)
{
    for (size_t i = 0; i < n; i++)
        links[i % MANY].number = (uintptr_t)new_object((int)i);
}

static void typed_objects_keep_nothing_by_other_words(void)
{
    struct link *links = gort_alloc_typed(&link_type, MANY);

    fill_numbers(links, MANY);
    expect_gone("addresses in words that are no references");
    gort_keepalive(links);
}

/* Of one size; the reference is one word, the other looks like one. */
struct either {
    void *word[2];
};
GORT_TYPE(first_type, struct either, 1);
GORT_TYPE(second_type, struct either, 2);

/* Objects of both types in turn, from now and then one to many. Of each the word that is a
 * reference refers to a new object, or if WHICH is 1 the other one. */
__attribute__((noinline)) static void fill_either(void **slots, int which)
{
    for (int i = 0; i < MANY; i++) {
        bool second = i % 7 < 3 && i / 70 % 2 == 0;
        struct either *e = gort_alloc_typed(second ? &second_type : &first_type, 1);

        e->word[second ^ which] = new_object(i);
        slots[i] = e;
    }
}

static void types_of_one_size_stay_apart(void)
{
    fill_either(global_slots, 0);
    expect_kept("references of objects of two types");
    fill_either(global_slots, 1);
    expect_gone("other words of objects of two types");
    memset(global_slots, 0, sizeof global_slots);
}

static void pointer_free_objects_keep_nothing(void)
{
    void **slots = gort_alloc_noscan(MANY * sizeof slots[0]);

    fill(slots, 0);
    expect_gone("addresses in a pointer-free object");
    gort_keepalive(slots);
}

static void huge_arrays_are_searched_to_their_end(void)
{
    size_t n = (size_t)12 << 20; /* 96 MiB: more than an arena */
    void **slots = gort_make(void *, n);

    for (int i = 0; i < MANY; i++)
        slots[(n - 1) / MANY * (size_t)i] = new_object(i);
    expect_kept("a huge array");
    gort_keepalive(slots);
}

static void huge_typed_arrays_are_searched_to_their_end(void)
{
    size_t n = 300000;
    struct link *links = gort_alloc_typed(&link_type, n);

    for (int i = 0; i < MANY; i++)
        links[(n - 1) / MANY * (size_t)i].next = new_object(i);
    expect_kept("a huge array of typed elements");
    gort_keepalive(links);
}

/* A million objects in a row: marking must not need a stack of that depth. */
static void long_chains_are_no_trouble(void)
{
    void **first = gort_alloc_object(2 * sizeof(void *));
    void **last = first;
    size_t n = 1;

    for (; n < 1000000; n++)
        last = *last = gort_alloc_object(2 * sizeof(void *));
    collect();
    for (last = first; *last != NULL; last = *last)
        n--;
    EXPECT(n == 1, "%zu objects of the chain are missing", n - 1);
}

/* ---- when ---- */

__attribute__((noinline)) static void make_garbage(size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 10000)
        gort_keepalive(gort_alloc(9000));
}

static gort_memstats stats(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    return m;
}

static void off_means_off(void)
{
    int before = gort_set_gc_percent(-1);
    uint32_t cycles = 0;

    gort_gc();
    cycles = stats().num_gc;
    make_garbage(64 << 20);
    EXPECT(stats().num_gc == cycles, "%u cycles", stats().num_gc - cycles);
    EXPECT(gort_set_gc_percent(before) == -1, "the setting was not -1");
    make_garbage(2 * stats().next_gc);
    EXPECT(stats().num_gc > cycles, "none after it was switched on again");
    EXPECT(before == 100, "the default is %d", before);
}

static void a_limit_collects_although_it_is_off(void)
{
    int before = gort_set_gc_percent(-1);
    int64_t limit = gort_set_memory_limit(-1);
    int64_t wanted = (int64_t)stats().sys - (int64_t)stats().heap_idle + (48 << 20);

    EXPECT(limit == INT64_MAX, "limit %" PRId64 " by default", limit);
    gort_gc();
    gort_set_memory_limit(wanted);
    for (int i = 0; i < 8; i++) {
        make_garbage(32 << 20);
        EXPECT((int64_t)stats().heap_inuse < wanted, "%" PRIu64 " in use, limit %" PRId64,
               stats().heap_inuse, wanted);
    }
    gort_set_memory_limit(limit);
    gort_set_gc_percent(before);
}

static void time_forces_a_cycle(void)
{
    gort_memstats before = stats();
    int64_t deadline_ns = clock_mono_ns() + 20 * NS_PER_S;

    gc_ask_periodic(); /* as sysmon does when two minutes have gone by */
    while (stats().num_gc == before.num_gc && clock_mono_ns() < deadline_ns)
        gort_yield();
    EXPECT(stats().num_gc > before.num_gc, "no cycle");
    EXPECT(stats().num_forced_gc == before.num_forced_gc, "it counts as forced by the program");
}

static atomic_int collections;

static void collect_in_task(void *arg)
{
    gort_waitgroup *done = arg;

    for (int i = 0; i < 5; i++) {
        uint32_t before = stats().num_forced_gc;

        gort_gc();
        EXPECT(stats().num_forced_gc > before, "gort_gc came back without a cycle");
        atomic_fetch_add_explicit(&collections, 1, memory_order_relaxed);
    }
    gort_waitgroup_done(done);
}

static void everyone_may_collect_at_once(void)
{
    static gort_waitgroup done;
    uint32_t before = stats().num_forced_gc;

    gort_waitgroup_add(&done, 12);
    for (int i = 0; i < 12; i++)
        gort_go(collect_in_task, &done);
    gort_waitgroup_wait(&done);
    /* Who calls while a cycle is wanted but has not begun shares it. */
    EXPECT(stats().num_forced_gc - before >= 5 && stats().num_forced_gc - before <= 60,
           "%u cycles for 60 calls, 5 of them one after the other", stats().num_forced_gc - before);
}

static void sizes_at_the_edges_work(void)
{
    static const size_t sizes[] = {0,       1,
                                   7,       8,
                                   15,      16,
                                   17,      1023,
                                   1024,    1025,
                                   32767,   32768,
                                   32769,   40959,
                                   40960,   (1 << 20) - 1,
                                   1 << 20, (3 << 20) + 1};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *a = gort_alloc(sizes[i]);
        unsigned char *b = gort_alloc_noscan(sizes[i]);

        EXPECT(a != NULL && b != NULL && (sizes[i] == 0 || a != b), "%zu bytes", sizes[i]);
        EXPECT(sizes[i] % 16 != 0 || (uintptr_t)a % 16 == 0, "%zu bytes at %p", sizes[i],
               (void *)a);
        memset(a, 1, sizes[i]);
        memset(b, 2, sizes[i]);
    }
}

struct pair {
    void *first;
    void *second;
};
GORT_TYPE(pair_type, struct pair, GORT_PTR(struct pair, first));

static void objects_are_aligned_as_promised(void)
{
    for (size_t bytes = 1; bytes <= 2048; bytes++) {
        size_t align = bytes % 16 == 0 ? 16 : 8;
        size_t tiny = bytes & -bytes;

        for (int i = 0; i < 4; i++) {
            EXPECT((uintptr_t)gort_alloc(bytes) % align == 0, "%zu bytes", bytes);
            EXPECT((uintptr_t)gort_alloc_noscan(bytes) %
                           (bytes < 16 && tiny < align ? tiny : align) ==
                       0,
                   "%zu bytes", bytes);
            EXPECT((uintptr_t)gort_alloc_array(1, bytes) % align == 0, "%zu bytes", bytes);
        }
    }
    for (size_t n = 1; n < 20; n++)
        EXPECT((uintptr_t)gort_alloc_typed(&pair_type, n) % 16 == 0, "%zu pairs", n);
}

static int run(void *arg)
{
    (void)arg;
    nothing_keeps_what_is_dropped();
    globals_keep();
    thread_locals_keep();
    stack_keeps();
    addresses_into_and_behind_keep();
    malloced_memory_keeps_only_as_an_added_root();
    typed_objects_keep_by_their_references();
    typed_objects_keep_nothing_by_other_words();
    types_of_one_size_stay_apart();
    pointer_free_objects_keep_nothing();
    huge_arrays_are_searched_to_their_end();
    huge_typed_arrays_are_searched_to_their_end();
    long_chains_are_no_trouble();
    off_means_off();
    a_limit_collects_although_it_is_off();
    time_forces_a_cycle();
    everyone_may_collect_at_once();
    sizes_at_the_edges_work();
    objects_are_aligned_as_promised();
    return failures;
}

int main(void)
{
    setenv("GORT_DEBUG", "clobberfree=1", 0);
    return gort_run(NULL, run, NULL) == 0 ? 0 : 1;
}
