/* SPDX-License-Identifier: MIT */
/* schedstats.c - gort_read_sched: where the time of each proc goes, and what is counted. */
#include "config.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/os_linux.h"
#include "tests/support/conform.h"

#define PROCS    64
#define SPIN_NS  (2 * GORT_MS)
#define ATTEMPTS 200

struct reading {
    gort_sched_stats all;
    gort_proc_stats proc[PROCS];
    int n;
    int64_t before_ns; /* it was read after that */
    int64_t after_ns;
};

static void read_all(struct reading *r)
{
    r->before_ns = gort_now();
    r->n = gort_read_sched(&r->all, r->proc, PROCS);
    r->after_ns = gort_now();
    EXPECT(r->n == gort_maxprocs() && r->all.procs == r->n, "%d of %d procs", r->n,
           gort_maxprocs());
}

static uint64_t age_of(const gort_proc_stats *p)
{
    return p->running_ns + p->idle_ns + p->blocking_ns + p->stopped_ns + p->spinning_ns;
}

enum what { RUNNING, IDLE, BLOCKING, STOPPED };

static uint64_t time_of(const struct reading *r, enum what what)
{
    uint64_t sum = 0;

    for (int i = 0; i < r->n; i++) {
        const gort_proc_stats *p = &r->proc[i];
        uint64_t ns[] = {p->running_ns, p->idle_ns, p->blocking_ns, p->stopped_ns};

        sum += ns[what];
    }
    return sum;
}

static void block_thread(int64_t ns)
{
    static _Atomic(uint32_t) never;

    futex_wait(&never, 0, ns);
}

static void spin(int64_t ns)
{
    int64_t end_ns = gort_now() + ns;

    while (gort_now() < end_ns)
        ;
}

static void churn(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++) {
        spin(10 * GORT_US);
        gort_yield();
    }
    GORT_BLOCKING
    {
        block_thread(100 * GORT_US);
    }
    gort_sleep(100 * GORT_US);
}

/* A bit of everything that a proc may be at. */
static void be_busy(void)
{
    gort_waitgroup tasks = {0};

    for (int i = 0; i < 8; i++)
        gort_waitgroup_go(&tasks, churn, NULL);
    gort_gc();
    gort_waitgroup_wait(&tasks);
}

CLAIM(the_times_of_a_proc_add_up_to_its_age)
{
    static struct reading a, b;

    if (conform_is_deterministic())
        return;
    read_all(&a);
    for (int round = 0; round < 5; round++) {
        be_busy();
        read_all(&b);
        for (int i = 0; i < b.n; i++) {
            int64_t older = (int64_t)(age_of(&b.proc[i]) - age_of(&a.proc[i]));

            EXPECT(older >= b.before_ns - a.after_ns && older <= b.after_ns - a.before_ns,
                   "proc %d is %" PRId64 " ns older, not %" PRId64 " to %" PRId64, i, older,
                   b.before_ns - a.after_ns, b.after_ns - a.before_ns);
        }
    }
}

static void expect_none_fell(const gort_proc_stats *a, const gort_proc_stats *b)
{
    static const char *const name[] = {
        "running", "idle",  "blocking", "stopped",          "spinning",       "switches", "steals",
        "yields",  "parks", "spawns",   "blocking_entered", "blocking_taken", "detached"};
    uint64_t from[13], to[13];

    memcpy(from, &a->running_ns, sizeof from);
    memcpy(to, &b->running_ns, sizeof to);
    for (int i = 0; i < 13; i++)
        EXPECT(to[i] >= from[i], "%s fell from %" PRIu64 " to %" PRIu64, name[i], from[i], to[i]);
}

_Static_assert(sizeof(gort_proc_stats) == 8 + 13 * 8, "thirteen figures that never fall");

static void read_often(void *arg)
{
    struct reading a, b;

    (void)arg;
    read_all(&a);
    for (int i = 0; i < 200; i++) {
        read_all(&b);
        for (int k = 0; k < b.n; k++)
            expect_none_fell(&a.proc[k], &b.proc[k]);
        a = b;
        gort_yield();
    }
}

CLAIM(no_figure_ever_falls)
{
    gort_waitgroup readers = {0};

    for (int i = 0; i < 3; i++)
        gort_waitgroup_go(&readers, read_often, NULL);
    be_busy();
    gort_waitgroup_wait(&readers);
}

/* ---- procs that come and go ---- */

#define MOST    6
#define CHANGES 60

static _Atomic(int) changing;

static void change_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < CHANGES; i++) {
        gort_set_maxprocs(1 + (int)conform_random(MOST));
        be_busy();
    }
    atomic_store_explicit(&changing, 0, memory_order_release);
}

/* The last that was told of each proc, also while it is gone, and of all. */
struct watch {
    gort_proc_stats last[MOST];
    gort_sched_stats all;
};

static void look_again(struct watch *w)
{
    gort_proc_stats proc[MOST];
    gort_sched_stats all;
    int n = gort_read_sched(&all, proc, MOST);

    for (int k = 0; k < n && k < MOST; k++) {
        expect_none_fell(&w->last[k], &proc[k]);
        w->last[k] = proc[k];
    }
    EXPECT(all.latency_samples >= w->all.latency_samples &&
               all.latency_max_ns >= w->all.latency_max_ns,
           "%" PRIu64 " samples after %" PRIu64, all.latency_samples, w->all.latency_samples);
    for (int i = 0; i < GORT_SCHED_LATENCIES; i++)
        EXPECT(all.latency[i] >= w->all.latency[i], "bucket %d: %" PRIu64 " after %" PRIu64, i,
               all.latency[i], w->all.latency[i]);
    w->all = all;
}

static void watch(void *arg)
{
    struct watch *w = arg;

    while (atomic_load_explicit(&changing, memory_order_acquire) != 0) {
        look_again(w);
        gort_yield();
    }
    look_again(w);
}

CLAIM(no_figure_falls_when_procs_come_and_go)
{
    static struct watch watches[2];
    gort_waitgroup tasks = {0};
    int n = gort_maxprocs();

    atomic_store_explicit(&changing, 1, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&tasks, watch, &watches[i]);
    gort_waitgroup_go(&tasks, change_often, NULL);
    gort_waitgroup_wait(&tasks);
    gort_set_maxprocs(n);
}

/* How far the times of a proc that is gone for a while may grow. */
struct absence {
    struct reading before, after;
    int64_t asked_ns, gone_ns, back_asked_ns, back_ns;
};

static void be_absent(struct absence *a)
{
    gort_set_maxprocs(2);
    read_all(&a->before);
    a->asked_ns = gort_now();
    gort_set_maxprocs(1);
    a->gone_ns = gort_now();
    spin(SPIN_NS);
    a->back_asked_ns = gort_now();
    gort_set_maxprocs(2);
    a->back_ns = gort_now();
    read_all(&a->after);
}

/* Not always: a proc that is on its way to a worker goes when it gets there. */
static bool absence_is_nobodys(struct absence *a)
{
    int64_t grown, least, most;

    be_absent(a);
    grown = (int64_t)(age_of(&a->after.proc[1]) - age_of(&a->before.proc[1]));
    least = a->asked_ns - a->before.after_ns + a->after.before_ns - a->back_ns;
    most = a->gone_ns - a->before.before_ns + a->after.after_ns - a->back_asked_ns;
    EXPECT(grown <= a->after.after_ns - a->before.before_ns, "%" PRId64 " ns", grown);
    return grown >= least && grown <= most;
}

CLAIM(the_time_without_a_proc_is_not_counted)
{
    static struct absence a;
    int n = gort_maxprocs();
    bool seen = false;

    if (conform_is_deterministic())
        return;
    for (int i = 0; i < ATTEMPTS && !seen; i++)
        seen = absence_is_nobodys(&a);
    gort_set_maxprocs(n);
    EXPECT(seen, "a proc that was gone went on getting older");
}

/* Whether what DO_IT does, for SPIN_NS at least, is once counted for WHAT. Not always: the machine
 * may stop this thread, and then sysmon takes its proc. */
static bool is_counted(void (*do_it)(void), enum what what)
{
    struct reading a, b;

    for (int i = 0; i < ATTEMPTS; i++) {
        gort_yield(); /* enters the runtime: gets back a proc that was taken */
        read_all(&a);
        do_it();
        read_all(&b);
        if (time_of(&b, what) - time_of(&a, what) >= SPIN_NS * 9 / 10)
            return true;
    }
    return false;
}

static void run(void)
{
    spin(SPIN_NS);
}

CLAIM(time_is_counted_while_a_task_still_runs)
{
    if (conform_is_deterministic())
        return;
    EXPECT(is_counted(run, RUNNING), "a task that runs is not seen to");
}

static void sleep_a_while(void)
{
    gort_sleep(SPIN_NS);
}

CLAIM(a_proc_without_a_task_is_idle)
{
    if (conform_is_deterministic())
        return;
    EXPECT(is_counted(sleep_a_while, IDLE), "nothing ran, and no proc was idle");
}

static void block(void)
{
    GORT_BLOCKING { block_thread(SPIN_NS); }
}

CLAIM(a_blocking_section_is_told_apart)
{
    EXPECT(is_counted(block, BLOCKING), "no proc was in a blocking section");
}

static void run_until(void *over)
{
    while (atomic_load_explicit((_Atomic(int) *)over, memory_order_relaxed) == 0)
        gort_yield();
}

/* Who calls gort_gc may wait for it: another task runs that can be stopped. */
CLAIM(a_stopped_world_is_told_apart)
{
    _Atomic(int) over = 0;
    gort_waitgroup tasks = {0};
    struct reading a, b;
    gort_memstats before, after;
    uint64_t paused;

    gort_waitgroup_go(&tasks, run_until, &over);
    gort_read_memstats(&before);
    read_all(&a);
    for (int i = 0; i < 3; i++)
        gort_gc();
    read_all(&b);
    gort_read_memstats(&after);
    atomic_store_explicit(&over, 1, memory_order_relaxed);
    gort_waitgroup_wait(&tasks);
    paused = after.pause_total_ns - before.pause_total_ns;
    EXPECT(time_of(&b, STOPPED) > time_of(&a, STOPPED), "nobody was stopped");
    for (int i = 0; i < b.n; i++) {
        uint64_t stopped = b.proc[i].stopped_ns - a.proc[i].stopped_ns;

        /* The one is measured by the clock, the other by the cycle counter. */
        EXPECT(stopped <= paused + paused / 20 + 100000, "%" PRIu64 " of %" PRIu64 " ns", stopped,
               paused);
    }
}

CLAIM(what_tasks_do_is_counted)
{
    struct reading a, b;
    uint64_t spawned = 0, blocked = 0;

    read_all(&a);
    be_busy();
    read_all(&b);
    for (int i = 0; i < b.n; i++) {
        spawned += b.proc[i].spawns - a.proc[i].spawns;
        blocked += b.proc[i].blocking_entered - a.proc[i].blocking_entered;
    }
    EXPECT(spawned == 8, "%" PRIu64 " spawned", spawned);
    EXPECT(blocked == 8, "%" PRIu64 " blocking sections", blocked);
}

static void wait_in_section(void *arg)
{
    _Atomic(int) *go_on = arg;

    GORT_BLOCKING
    {
        while (atomic_load_explicit(go_on, memory_order_acquire) == 0)
            block_thread(100 * GORT_US);
    }
}

static uint64_t count_taken(void)
{
    struct reading r;
    uint64_t taken = 0;

    read_all(&r);
    for (int i = 0; i < r.n; i++)
        taken += r.proc[i].blocking_taken;
    return taken;
}

CLAIM(a_proc_that_is_taken_from_a_section_is_counted)
{
    _Atomic(int) go_on = 0;
    gort_waitgroup tasks = {0};

    for (int i = 0; i < gort_maxprocs(); i++)
        gort_waitgroup_go(&tasks, wait_in_section, &go_on);
    EVENTUALLY(count_taken() > 0, "none was taken");
    atomic_store_explicit(&go_on, 1, memory_order_release);
    gort_waitgroup_wait(&tasks);
}

/* ---- waiting for a proc ---- */

static uint64_t samples_in(const gort_sched_stats *s)
{
    uint64_t n = 0;

    for (int i = 0; i < GORT_SCHED_LATENCIES; i++)
        n += s->latency[i];
    return n;
}

static void yield_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < 800; i++)
        gort_yield();
}

static uint64_t count_switches(const struct reading *r)
{
    uint64_t n = 0;

    for (int i = 0; i < r->n; i++)
        n += r->proc[i].switches;
    return n;
}

CLAIM(one_wait_in_sixteen_is_measured)
{
    static struct reading a, b;
    gort_waitgroup tasks = {0};
    uint64_t samples, switches;

    read_all(&a);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&tasks, yield_often, NULL);
    gort_waitgroup_wait(&tasks);
    read_all(&b);
    samples = b.all.latency_samples - a.all.latency_samples;
    switches = count_switches(&b) - count_switches(&a);
    /* Each of five tasks is measured every sixteenth time. */
    EXPECT(samples * 16 <= switches + 5 * 16 && samples * 16 + 5 * 16 >= switches,
           "%" PRIu64 " samples of %" PRIu64 " waits", samples, switches);
    EXPECT(samples_in(&b.all) == b.all.latency_samples, "%" PRIu64 " in the buckets, not %" PRIu64,
           samples_in(&b.all), b.all.latency_samples);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Whether tasks spawned before this one spins are once seen to have waited for it. */
static bool a_wait_is_seen(void)
{
    static struct reading a, b;
    gort_waitgroup tasks = {0};
    uint64_t long_ones = 0;

    read_all(&a);
    for (int i = 0; i < 64; i++)
        gort_waitgroup_go(&tasks, nothing, NULL);
    spin(SPIN_NS);
    gort_waitgroup_wait(&tasks);
    read_all(&b);
    for (int i = 0; i < GORT_SCHED_LATENCIES; i++)
        if (gort_sched_latency_ns(i + 1) > SPIN_NS * 9 / 10)
            long_ones += b.all.latency[i] - a.all.latency[i];
    return long_ones > 0 && b.all.latency_max_ns >= SPIN_NS * 9 / 10;
}

CLAIM(a_wait_for_the_proc_is_measured)
{
    if (conform_is_deterministic())
        return;
    bool seen = false;

    /* With more procs somebody else takes them. */
    for (int i = 0; i < ATTEMPTS && !seen; i++)
        seen = gort_maxprocs() > 1 || a_wait_is_seen();
    EXPECT(seen, "no task waited for the one that spun");
}

CLAIM(percentiles_rise)
{
    gort_sched_stats s;

    be_busy();
    gort_read_sched(&s, NULL, 0);
    EXPECT(s.latency_p50_ns <= s.latency_p99_ns && s.latency_p99_ns <= s.latency_max_ns,
           "%" PRIu64 " %" PRIu64 " %" PRIu64, s.latency_p50_ns, s.latency_p99_ns,
           s.latency_max_ns);
}

ENDS(a_bucket_that_does_not_exist, 2, "gort_sched_latency_ns: there is no bucket 305")
{
    (void)gort_sched_latency_ns(GORT_SCHED_LATENCIES + 1);
}
