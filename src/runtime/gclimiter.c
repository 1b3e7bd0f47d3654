/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gclimiter.h"

#include <stdatomic.h>
#include <time.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/procsize.h"
#include "runtime/sched.h"

#define CAPACITY_NS NS_PER_S /* for each proc */
#define LOOK_NS     (10 * NS_PER_MS)

static struct {
    _Atomic(uint64_t) kept_ns;
    _Atomic(uint64_t) marker_ns;
    _Atomic(uint32_t) looking;    /* 1: someone has the bucket */
    struct limiter_bucket bucket; /* [owner], who is looking */
    _Atomic(int64_t) looked_ns;   /* by the coarse clock */
    _Atomic(bool) on;
    _Atomic(uint64_t) last_cycle;
} limiter;

/* ---- the bucket ---- */

bool limiter_look(struct limiter_bucket *b, uint64_t kept_ns, uint64_t had_ns, uint64_t total_ns,
                  uint32_t nprocs)
{
    uint64_t in = min_size(kept_ns - b->kept_ns, total_ns - b->total_ns);
    uint64_t out = had_ns > b->had_ns ? had_ns - b->had_ns : 0;

    b->kept_ns = kept_ns;
    b->had_ns += out;
    b->total_ns = total_ns;
    b->fill_ns = b->fill_ns + in > out ? b->fill_ns + in - out : 0;
    return b->fill_ns >= (uint64_t)CAPACITY_NS * nprocs;
}

/* ---- what is poured in and let out ---- */

static uint64_t kept_now(void)
{
    return atomic_load_explicit(&limiter.kept_ns, memory_order_relaxed);
}

static uint64_t markers_now(void)
{
    return atomic_load_explicit(&limiter.marker_ns, memory_order_relaxed);
}

static uint64_t process_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t had_now(uint64_t kept_ns, uint64_t total_ns)
{
    bool beside = gc_mode() == GC_CONCURRENT;
    uint64_t all = beside ? process_cpu_ns() : total_ns;
    uint64_t not_had = beside ? markers_now() : kept_ns;

    return all > not_had ? all - not_had : 0;
}

/* ---- public ---- */

void limiter_count_kept(uint64_t ns)
{
    if (gc_is_limited())
        atomic_fetch_add_explicit(&limiter.kept_ns, ns, memory_order_relaxed);
}

void limiter_count_marker(uint64_t ns)
{
    atomic_fetch_add_explicit(&limiter.marker_ns, ns, memory_order_relaxed);
}

struct limiter_wait limiter_wait_begin(void)
{
    return (struct limiter_wait){clock_mono_ns(), markers_now()};
}

void limiter_wait_end(struct limiter_wait wait)
{
    limiter_count_kept(
        min_size((uint64_t)(clock_mono_ns() - wait.start_ns), markers_now() - wait.marker_ns));
}

static uint64_t cycle_now(void)
{
    struct gc_totals totals;

    gc_read_totals(&totals);
    return totals.cycles + 1;
}

/* Once: who reads it knows what to do. */
static void tell(void)
{
    static _Atomic(bool) told;

    if (!atomic_exchange_explicit(&told, true, memory_order_relaxed))
        runtime_log("gort: half of the time goes into collections that keep the memory limit of "
                    "%llu MiB: from now on they take no more, and memory may grow beyond it",
                    (unsigned long long)gc_memory_limit() >> 20);
}

static void look(void)
{
    uint64_t kept_ns = kept_now();
    uint64_t total_ns = (uint64_t)procsize_total_ns(clock_mono_ns());
    bool on = limiter_look(&limiter.bucket, kept_ns, had_now(kept_ns, total_ns), total_ns,
                           atomic_load_explicit(&sched.nprocs, memory_order_relaxed));

    atomic_store_explicit(&limiter.on, on, memory_order_relaxed);
    if (on) {
        atomic_store_explicit(&limiter.last_cycle, cycle_now(), memory_order_relaxed);
        tell();
    }
}

bool limiter_is_on(void)
{
    int64_t now_ns = atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed);
    uint32_t nobody = 0;

    if (debug.replay != 0) /* which knows no time */
        return false;
    if (now_ns - atomic_load_explicit(&limiter.looked_ns, memory_order_relaxed) >= LOOK_NS &&
        atomic_compare_exchange_strong_explicit(&limiter.looking, &nobody, 1, memory_order_acquire,
                                                memory_order_relaxed)) {
        look();
        atomic_store_explicit(&limiter.looked_ns, now_ns, memory_order_relaxed);
        /* Release: pairs with the acquire above, of who looks next. */
        atomic_store_explicit(&limiter.looking, 0, memory_order_release);
    }
    return atomic_load_explicit(&limiter.on, memory_order_relaxed);
}

uint64_t limiter_last_cycle(void)
{
    return atomic_load_explicit(&limiter.last_cycle, memory_order_relaxed);
}
