/* SPDX-License-Identifier: MIT */
/* pool.c - pools keep what is put, give each object to one task at a time, and forget over two
 * collections. How much is had again is claimed only of stretches without a collection; and each
 * proc may hold back one object, which no other gets. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

struct object {
    _Atomic(int) taken;
    int fill[62];
};

static _Atomic(int) made;

static void *make_object(void *arg)
{
    struct object *o = gort_alloc_object(sizeof *o);

    (void)arg;
    atomic_fetch_add_explicit(&made, 1, memory_order_relaxed);
    return o;
}

/* How many collections there were. */
static uint32_t cycles(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    return m.num_gc;
}

static uint64_t heap_bytes(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    return m.heap_alloc;
}

/* A static one would carry over from one run of a claim to the next. */
static gort_pool *pool_new(void)
{
    gort_pool *p = gort_new(gort_pool);

    p->make = make_object;
    return p;
}

static void put_fresh(gort_pool *p, int n)
{
    for (int i = 0; i < n; i++)
        gort_pool_put(p, make_object(NULL));
}

/* How many of N objects from P are not new. */
static int count_again(gort_pool *p, int n)
{
    int before = made;

    for (int i = 0; i < n; i++)
        EXPECT(gort_pool_get(p) != NULL, "get %d gave NULL", i);
    return n - (made - before);
}

/* Collections are switched off for it; those of GORT_DEBUG=gcstress go on, and after so many tries
 * nothing is claimed. */
#define STRETCHES 5

/* N objects put by PUT and asked for again, in a stretch without a collection: how many came. */
static int put_and_get(void (*put)(gort_pool *p, int n), int n)
{
    int percent = gort_set_gc_percent(-1);
    uint32_t before;
    int tries = 0;
    int again;

    do {
        gort_pool *p = pool_new();

        before = cycles();
        put(p, n);
        again = count_again(p, n);
        gort_pool_fini(p);
    } while (cycles() != before && ++tries < STRETCHES);
    gort_set_gc_percent(percent);
    return tries < STRETCHES ? again : n;
}

static void expect_again(void (*put)(gort_pool *p, int n), int n)
{
    int again = put_and_get(put, n);

    EXPECT(again <= n && again >= n - (gort_maxprocs() - 1), "%d of %d", again, n);
}

CLAIM(what_is_put_is_had_again)
{
    expect_again(put_fresh, 1);
    expect_again(put_fresh, 2);
    expect_again(put_fresh, 100);
    expect_again(put_fresh, 200);
}

struct putter {
    gort_pool *p;
    int n;
};

static void put_some(void *arg)
{
    const struct putter *putter = arg;

    for (int i = 0; i < putter->n; i++) {
        put_fresh(putter->p, 1);
        if (conform_random(8) == 0)
            gort_yield();
    }
}

static void put_from_many(gort_pool *p, int n)
{
    struct putter putter = {.p = p, .n = n / 4};
    gort_waitgroup wg = {0};

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&wg, put_some, &putter);
    gort_waitgroup_wait(&wg);
}

CLAIM(what_other_tasks_have_put_is_had)
{
    expect_again(put_from_many, 200);
}

CLAIM(make_is_called_only_when_there_is_nothing)
{
    gort_pool *p = pool_new();

    EXPECT(count_again(p, 10) == 0, "an empty pool gave something");
    p->make = NULL;
    EXPECT(gort_pool_get(p) == NULL, "nothing was made of something");
    gort_pool_put(p, NULL);
    EXPECT(gort_pool_get(p) == NULL, "NULL counts as an object");
    gort_pool_fini(p);
}

static int made_with;

static void *make_noting(void *arg)
{
    made_with = *(int *)arg;
    return make_object(NULL);
}

static void reset_object(void *object)
{
    struct object *o = object;

    o->fill[0] = 0;
    o->fill[1]++;
}

CLAIM(make_has_its_argument_and_reset_each_object)
{
    static int argument = 7;
    static gort_pool p = {.make = make_noting, .reset = reset_object, .arg = &argument};
    struct object *o = gort_pool_get(&p);
    int resets = o->fill[1];

    EXPECT(made_with == 7 || resets > 0, "made with %d", made_with);
    o->fill[0] = 5;
    gort_pool_put(&p, o);
    EXPECT(o->fill[0] == 0 && o->fill[1] == resets + 1, "fill %d, %d resets", o->fill[0],
           o->fill[1] - resets);
}

/* ---- by many at once ---- */

struct crowd {
    gort_pool *p;
    gort_waitgroup wg;
    _Atomic(int) twice;
};

static struct object *take_marked(struct crowd *crowd)
{
    struct object *o = gort_pool_get(crowd->p);

    if (atomic_exchange_explicit(&o->taken, 1, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&crowd->twice, 1, memory_order_relaxed);
    return o;
}

static void use_pool(void *arg)
{
    struct crowd *crowd = arg;
    struct object *held[20];

    for (int round = 0; round < 100; round++) {
        int n = 1 + (int)conform_random(20);

        for (int i = 0; i < n; i++)
            held[i] = take_marked(crowd);
        if (conform_random(4) == 0)
            gort_yield();
        for (int i = 0; i < n; i++) {
            atomic_store_explicit(&held[i]->taken, 0, memory_order_relaxed);
            gort_pool_put(crowd->p, held[i]);
        }
    }
}

static void collect_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++) {
        gort_gc();
        gort_yield();
    }
}

CLAIM(nobody_gets_what_another_has)
{
    struct crowd *crowd = gort_new(struct crowd);

    crowd->p = pool_new();
    for (int i = 0; i < 8; i++)
        gort_waitgroup_go(&crowd->wg, use_pool, crowd);
    gort_waitgroup_go(&crowd->wg, collect_often, NULL);
    gort_waitgroup_wait(&crowd->wg);
    gort_pool_fini(crowd->p);
    EXPECT(crowd->twice == 0, "%d objects were given twice", crowd->twice);
}

/* Objects come and go at all procs, each from another than it went to. */
static void pass_on(void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 2000; i++) {
        struct object *o = take_marked(crowd);

        atomic_store_explicit(&o->taken, 0, memory_order_relaxed);
        gort_pool_put(crowd->p, o);
        gort_pool_put(crowd->p, make_object(NULL));
        if (i % 64 == 0)
            gort_yield();
    }
}

static void drain(void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 4000; i++)
        take_marked(crowd);
}

CLAIM(thieves_and_owners_share_without_loss_or_doubles)
{
    struct crowd *crowd = gort_new(struct crowd);

    crowd->p = pool_new();
    for (int i = 0; i < 3; i++) {
        gort_waitgroup_go(&crowd->wg, pass_on, crowd);
        gort_waitgroup_go(&crowd->wg, drain, crowd);
    }
    gort_waitgroup_wait(&crowd->wg);
    gort_pool_fini(crowd->p);
    EXPECT(crowd->twice == 0, "%d objects were given twice", crowd->twice);
}

/* ---- and the collector ---- */

#define LARGE  ((size_t)256 << 10)
#define NLARGE 32

static void put_large(gort_pool *p)
{
    for (int i = 0; i < NLARGE; i++) {
        char *large = gort_alloc_noscan(LARGE);

        memset(large, 1 + i, LARGE);
        gort_pool_put(p, large);
    }
}

/* Uses what memory is free: what was freed by mistake does not stay as it was. */
static void overwrite_free_memory(void)
{
    for (int i = 0; i < NLARGE; i++)
        gort_keepalive(memset(gort_alloc_noscan(LARGE), 0x7f, LARGE));
}

/* How many of NLARGE are had again; they must be as they were put. */
static int take_large(gort_pool *p)
{
    int again = 0;
    const char *large;

    while ((large = gort_pool_get(p)) != NULL) {
        EXPECT(large[0] == large[LARGE - 1] && large[0] >= 1 && large[0] <= NLARGE,
               "bytes %d and %d", large[0], large[LARGE - 1]);
        again++;
    }
    return again;
}

/* How many of NLARGE are left after one collection; NLARGE if others always come between. */
static int count_after_one(gort_pool *p)
{
    for (int tries = 0; tries < STRETCHES; tries++) {
        uint32_t before = cycles();
        int again;

        put_large(p);
        gort_gc();
        overwrite_free_memory();
        again = take_large(p);
        if (cycles() - before == 1)
            return again;
    }
    return NLARGE;
}

CLAIM(one_collection_keeps_and_two_drop)
{
    gort_pool *p = gort_new(gort_pool);
    int percent = gort_set_gc_percent(-1); /* no collections but those below */
    int again = count_after_one(p);

    /* Another proc may hold back one, and one of before. */
    EXPECT(again >= NLARGE - 2 * gort_maxprocs(), "only %d of %d after one collection", again,
           NLARGE);
    put_large(p);
    gort_gc();
    gort_gc();
    EXPECT(gort_pool_get(p) == NULL, "something is left after two collections");
    gort_set_gc_percent(percent);
    gort_pool_fini(p);
}

CLAIM(what_a_pool_drops_is_freed)
{
    gort_pool *p = gort_new(gort_pool);
    uint64_t before = heap_bytes();

    put_large(p);
    for (int i = 0; i < 3; i++)
        gort_gc();
    EXPECT(heap_bytes() < before + NLARGE / 2 * LARGE, "%llu bytes, %llu before",
           (unsigned long long)heap_bytes(), (unsigned long long)before);
    gort_pool_fini(p);
}

CLAIM(an_ended_pool_is_empty_and_can_be_used)
{
    gort_pool *p = pool_new();

    put_fresh(p, 100);
    gort_pool_fini(p);
    EXPECT(count_again(p, 100) == 0, "something is left");
    put_fresh(p, 1);
    EXPECT(gort_pool_get(p) != NULL, "it gives nothing");
    gort_pool_fini(p);
    gort_pool_fini(p);
}

CLAIM(records_of_ended_pools_are_used_again)
{
    gort_memstats m;
    uint64_t before;

    gort_pool_fini(pool_new());
    gort_read_memstats(&m);
    before = m.other_sys;
    for (int i = 0; i < 1000; i++) {
        gort_pool *p = pool_new();

        put_fresh(p, 1);
        gort_pool_fini(p);
    }
    gort_read_memstats(&m);
    EXPECT(m.other_sys < before + (1 << 20), "%llu bytes, %llu before",
           (unsigned long long)m.other_sys, (unsigned long long)before);
}

/* ---- buffers ---- */

CLAIM(buffers_hold_what_was_asked_for)
{
    static gort_buffer_pool bp;
    static const size_t sizes[] = {0, 1, 64, 65, 1000, 4096, 4097, (1 << 20) - 1, 1 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t capacity;
        char *buf = gort_buffer_get(&bp, sizes[i], &capacity);

        EXPECT(capacity >= sizes[i] && capacity >= 64 && (capacity & (capacity - 1)) == 0 &&
                   (sizes[i] <= 64 || capacity < 2 * sizes[i]),
               "%zu bytes for %zu", capacity, sizes[i]);
        memset(buf, 0x55, capacity);
        gort_buffer_put(&bp, buf, capacity);
    }
}

#define NBUFFERS 16

static void put_buffers(gort_buffer_pool *bp, size_t capacity)
{
    for (int i = 0; i < NBUFFERS; i++) {
        char *buf = gort_alloc_noscan(capacity);

        buf[0] = 1; /* new ones are zero */
        gort_buffer_put(bp, buf, capacity);
    }
}

/* How many buffers of BYTES are had again, when NBUFFERS of CAPACITY were put; UNCLEAR if
 * collections come between. */
static int count_buffers(size_t capacity, size_t bytes, int unclear)
{
    int percent = gort_set_gc_percent(-1);
    uint32_t before;
    int tries = 0;
    int again;

    do {
        gort_buffer_pool *bp = gort_new(gort_buffer_pool);

        again = 0;
        before = cycles();
        put_buffers(bp, capacity);
        for (int i = 0; i < NBUFFERS; i++) {
            size_t got;
            const char *buf = gort_buffer_get(bp, bytes, &got);

            again += buf[0] == 1;
        }
        gort_buffer_fini(bp);
    } while (cycles() != before && ++tries < STRETCHES);
    gort_set_gc_percent(percent);
    return tries < STRETCHES ? again : unclear;
}

static void expect_served(size_t capacity, size_t bytes)
{
    int again = count_buffers(capacity, bytes, NBUFFERS);

    EXPECT(again >= NBUFFERS - (gort_maxprocs() - 1), "%d of %d", again, NBUFFERS);
}

CLAIM(buffers_serve_the_largest_tier_that_they_fill)
{
    expect_served(64, 64);
    expect_served(4096, 4096);
    expect_served(5000, 3000);
    expect_served(1 << 20, 1 << 20);
    EXPECT(count_buffers(5000, 5000, 0) == 0, "too small ones were given");
    EXPECT(count_buffers(4096, 2048, 0) == 0, "too large ones were given");
    EXPECT(count_buffers(63, 10, 0) == 0, "ones below the least were kept");
    EXPECT(count_buffers((1 << 20) + 1, 1 << 20, 0) == 0, "ones above the largest were kept");
}

CLAIM(large_buffers_are_made_to_measure)
{
    gort_buffer_pool *bp = gort_new(gort_buffer_pool);
    size_t capacity;
    char *buf = gort_buffer_get(bp, (1 << 20) + 1, &capacity);

    EXPECT(capacity == (1 << 20) + 1, "%zu", capacity);
    buf[capacity - 1] = 1;
}

ENDS(a_buffer_beyond_all_memory, 2, "out of memory")
{
    gort_buffer_pool *bp = gort_new(gort_buffer_pool);
    size_t capacity;

    gort_keepalive(gort_buffer_get(bp, SIZE_MAX, &capacity));
}
