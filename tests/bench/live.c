/* SPDX-License-Identifier: MIT */
/* live.c - benchmarks of what hangs on the life of objects: attaching, reading, and the calls for
 * objects that are gone, the collections in between included. */
#include "config.h"

#include <stdatomic.h>

#include "tests/bench/bench.h"

#define AT_ONCE 10000 /* objects that go together */

GORT_BENCH(WeakGet)
{
    void *object = gort_alloc(64);
    const gort_weak *w = gort_weak_new(object);

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_weak_get(w));
    gort_keepalive(object);
}

GORT_BENCH(WeakNew)
{
    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_weak_new(gort_alloc(64)));
}

static _Atomic(int64_t) ncalls;

static void count(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&ncalls, 1, memory_order_relaxed);
}

GORT_BENCH(CleanupAddStop)
{
    void *object = gort_alloc(64);

    for (int64_t i = 0; i < b->n; i++)
        gort_cleanup_stop(gort_cleanup_add(object, count, NULL));
    gort_keepalive(object);
}

/* Some objects may be kept by what is left on the stack. */
static void await_calls(int64_t n)
{
    while (atomic_load_explicit(&ncalls, memory_order_relaxed) < n - n / 100 - 10) {
        gort_gc();
        gort_yield();
    }
}

GORT_BENCH(CleanupRun)
{
    atomic_store_explicit(&ncalls, 0, memory_order_relaxed);
    for (int64_t i = 0; i < b->n; i++) {
        gort_cleanup_add(gort_alloc(64), count, NULL);
        if ((i + 1) % AT_ONCE == 0)
            gort_gc();
    }
    await_calls(b->n);
}

GORT_BENCH(FinalizerRun)
{
    atomic_store_explicit(&ncalls, 0, memory_order_relaxed);
    for (int64_t i = 0; i < b->n; i++) {
        gort_finalizer_set(gort_alloc(64), count);
        if ((i + 1) % AT_ONCE == 0)
            gort_gc();
    }
    await_calls(b->n);
}

GORT_BENCH_MAIN
