/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/latency.h"

#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/proc.h"

#define CALIBRATE_NS   (50 * NS_PER_US)
#define CALIBRATE_LOOK 8 /* the one taken is that which took the least time */
#define SUBS           (1u << LATENCY_SUB_BITS)

/* ---- From cycles to nanoseconds ---- */

struct moment {
    uint64_t cycles;
    int64_t ns;
};

static struct moment started;      /* [const] once tasks run */
static double ns_per_cycle = 0.25; /* [const] once tasks run */

/* Both clocks at one time, as nearly as they can be read. */
static struct moment look(void)
{
    struct moment best = {0};
    uint64_t best_width = UINT64_MAX;

    for (int i = 0; i < CALIBRATE_LOOK; i++) {
        uint64_t before = cycles_now();
        int64_t ns = clock_mono_ns();
        uint64_t width = cycles_now() - before;

        if (width < best_width)
            best = (struct moment){before + width / 2, ns};
        if (width < best_width)
            best_width = width;
    }
    return best;
}

void latency_calibrate_begin(void)
{
    started = look();
}

void latency_calibrate_end(void)
{
    struct moment now = look();

    while (now.ns - started.ns < CALIBRATE_NS || now.cycles <= started.cycles)
        now = look();
    ns_per_cycle = (double)(now.ns - started.ns) / (double)(now.cycles - started.cycles);
}

uint64_t latency_ns(uint64_t cycles)
{
    return (uint64_t)((double)cycles * ns_per_cycle);
}

/* ---- Counting ---- */

unsigned latency_bucket(uint64_t ns)
{
    unsigned high;

    if (ns < SUBS)
        return (unsigned)ns;
    if (ns >> LATENCY_MAX_BITS != 0)
        return LATENCY_BUCKETS - 1;
    high = bits_highest(ns);
    return ((high - LATENCY_SUB_BITS + 1) << LATENCY_SUB_BITS) +
           (unsigned)(ns >> (high - LATENCY_SUB_BITS)) % SUBS;
}

uint64_t latency_floor(unsigned bucket)
{
    unsigned power = bucket >> LATENCY_SUB_BITS;

    return power == 0 ? bucket : (uint64_t)(SUBS + bucket % SUBS) << (power - 1);
}

void latency_stamp(struct task *t)
{
    t->ready_cycles = cycles_now();
}

void latency_record(struct latency *l, struct task *t)
{
    uint64_t now = cycles_now();
    uint64_t ns = now > t->ready_cycles ? latency_ns(now - t->ready_cycles) : 0;

    t->ready_cycles = 0;
    stat_add(&l->count[latency_bucket(ns)], 1);
    if (ns > atomic_load_explicit(&l->max_ns, memory_order_relaxed))
        atomic_store_explicit(&l->max_ns, ns, memory_order_relaxed);
}

/* ---- Reading ---- */

static void add_proc(struct latency_sum *sum, const struct latency *l)
{
    uint64_t max_ns = atomic_load_explicit(&l->max_ns, memory_order_relaxed);

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        uint64_t n = atomic_load_explicit(&l->count[i], memory_order_relaxed);

        sum->count[i] += n;
        sum->samples += n;
    }
    if (max_ns > sum->max_ns)
        sum->max_ns = max_ns;
}

void latency_read(struct latency_sum *sum)
{
    /* Acquire: pairs with the release in make_up_to. Also those that were removed. */
    uint32_t n = atomic_load_explicit(&sched.nmade, memory_order_acquire);

    *sum = (struct latency_sum){0};
    for (uint32_t i = 0; i < n; i++)
        add_proc(sum, &sched.procs[i]->latency);
}

void latency_since(struct latency_sum *sum, const struct latency_sum *old)
{
    uint64_t max_ns = 0;

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        sum->count[i] -= old->count[i];
        if (sum->count[i] > 0)
            max_ns = i + 1 < LATENCY_BUCKETS ? latency_floor(i + 1) - 1 : UINT64_MAX;
    }
    sum->samples -= old->samples;
    if (max_ns < sum->max_ns)
        sum->max_ns = max_ns;
}

/* Within a bucket the samples are taken to lie evenly. */
uint64_t latency_quantile(const struct latency_sum *sum, uint32_t ppm)
{
    double rank = (double)sum->samples * ppm / 1e6;
    double below = 0;

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        double n = (double)sum->count[i];
        double from = (double)latency_floor(i);
        double width = (double)latency_floor(i + 1) - from;

        if (n > 0 && below + n >= rank) {
            uint64_t ns = (uint64_t)(from + width * (rank - below) / n);

            return ns < sum->max_ns ? ns : sum->max_ns;
        }
        below += n;
    }
    return 0;
}
