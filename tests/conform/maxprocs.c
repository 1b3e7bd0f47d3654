/* SPDX-License-Identifier: MIT */
/* maxprocs.c - the number of procs can change under everything that goes on. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>

#include "runtime/san.h"
#include "tests/support/conform.h"

CLAIM(less_than_one_only_asks)
{
    int n = gort_maxprocs();

    EXPECT(gort_set_maxprocs(0) == n, "0 returned another number");
    EXPECT(gort_set_maxprocs(-7) == n, "-7 returned another number");
    EXPECT(gort_maxprocs() == n, "%d procs", gort_maxprocs());
}

CLAIM(the_former_number_is_returned)
{
    int n = gort_maxprocs();

    if (conform_is_deterministic())
        return;
    EXPECT(gort_set_maxprocs(5) == n, "not %d", n);
    EXPECT(gort_set_maxprocs(3) == 5, "not 5");
    EXPECT(gort_maxprocs() == 3, "%d procs", gort_maxprocs());
    EXPECT(gort_set_maxprocs(n) == 3, "not 3");
}

CLAIM(there_are_at_most_1024)
{
    int n = gort_set_maxprocs(1000000);

    if (conform_is_deterministic())
        return;
    EXPECT(gort_maxprocs() == 1024, "%d procs", gort_maxprocs());
    gort_set_maxprocs(n);
}

/* ---- everything at once ---- */

#define RING      8
#define PIECES    64
#define CHANGES   (SAN_THREAD ? 60 : 300)
#define PATIENCE  (30 * GORT_S)
#define ALL_BYTES 65536

struct mill {
    gort_chan *ring[RING];
    gort_counter *counter;
    _Atomic(int64_t) added;
    _Atomic(int64_t) passed;
    _Atomic(int64_t) ticks;
    _Atomic(int64_t) fired;
    _Atomic(int) stop;
    gort_waitgroup wg;
};

struct station {
    struct mill *m;
    int at;
};

static bool goes_on(struct mill *m)
{
    return atomic_load_explicit(&m->stop, memory_order_relaxed) == 0;
}

static void count_up(void *arg)
{
    struct mill *m = arg;

    gort_counter_add(m->counter, 1);
    atomic_fetch_add_explicit(&m->added, 1, memory_order_relaxed);
}

/* Passes on what comes, one more each time: it lies in the heap and must still be there. */
static void pass_on(void *arg)
{
    struct station *s = arg;
    int64_t *v;

    while (gort_recv(s->m->ring[s->at], &v) == 1) {
        int64_t *next = gort_alloc(sizeof *next);

        *next = *v + 1;
        count_up(s->m);
        atomic_fetch_add_explicit(&s->m->passed, 1, memory_order_relaxed);
        if (!goes_on(s->m))
            return;
        gort_send(s->m->ring[(s->at + 1) % RING], &next);
    }
}

static void sleep_often(void *arg)
{
    struct mill *m = arg;

    while (goes_on(m)) {
        gort_sleep((int64_t)conform_random(200) * GORT_US);
        atomic_fetch_add_explicit(&m->ticks, 1, memory_order_relaxed);
    }
}

static void note_fired(void *arg)
{
    struct mill *m = arg;

    atomic_fetch_add_explicit(&m->fired, 1, memory_order_relaxed);
}

static void set_timers(void *arg)
{
    struct mill *m = arg;
    int64_t set = 0;

    while (goes_on(m)) {
        gort_after_func((int64_t)conform_random(300) * GORT_US, note_fired, m);
        set++;
        gort_sleep(50 * GORT_US);
    }
    EVENTUALLY(atomic_load_explicit(&m->fired, memory_order_relaxed) == set,
               "%lld of %lld timers fired", (long long)m->fired, (long long)set);
}

static void block_often(void *arg)
{
    struct mill *m = arg;

    while (goes_on(m)) {
        GORT_BLOCKING
        {
            poll(NULL, 0, (int)conform_random(2));
        }
        count_up(m);
    }
}

static void compute(void *arg)
{
    struct mill *m = arg;

    while (goes_on(m)) {
        for (unsigned i = 0; i < 20000; i++)
            __asm__ volatile("" : : "r"(i));
        count_up(m);
        gort_yield();
    }
}

static void spawn_often(void *arg)
{
    struct mill *m = arg;

    while (goes_on(m)) {
        gort_waitgroup one = {0};

        for (int i = 0; i < 20; i++)
            gort_waitgroup_go(&one, count_up, m);
        gort_waitgroup_wait(&one);
    }
}

static void look_around(void *arg)
{
    struct mill *m = arg;
    char *all = gort_alloc_noscan(ALL_BYTES);

    while (goes_on(m)) {
        EXPECT(gort_stack(all, ALL_BYTES, 1) > 0, "no stacks");
        EXPECT(gort_num_tasks() > 0, "%lld tasks", (long long)gort_num_tasks());
        gort_sleep(GORT_MS);
    }
}

static void collect_often(void *arg)
{
    struct mill *m = arg;

    while (goes_on(m)) {
        gort_gc();
        gort_sleep(3 * GORT_MS);
    }
}

static struct mill *mill_start(void)
{
    static void (*const kinds[])(void *) = {sleep_often, sleep_often, set_timers,    block_often,
                                            compute,     spawn_often, collect_often, look_around};
    struct mill *m = gort_new(struct mill);

    m->counter = gort_counter_new();
    for (int i = 0; i < RING; i++)
        m->ring[i] = gort_chan_new(sizeof(int64_t *), PIECES);
    for (int i = 0; i < RING; i++) {
        struct station *s = gort_new(struct station);

        *s = (struct station){m, i};
        gort_waitgroup_go(&m->wg, pass_on, s);
    }
    for (int i = 0; i < RING / 2; i++) {
        int64_t *v = gort_alloc(sizeof *v);

        gort_send(m->ring[i * 2], &v);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        gort_waitgroup_go(&m->wg, kinds[i], m);
    return m;
}

static void mill_end(struct mill *m)
{
    int64_t *none = NULL;

    atomic_store_explicit(&m->stop, 1, memory_order_relaxed);
    for (int i = 0; i < RING; i++) {
        none = gort_alloc(sizeof *none);
        gort_send(m->ring[i], &none);
    }
    gort_waitgroup_wait(&m->wg);
    EXPECT(gort_counter_sum(m->counter) == m->added, "counted %lld of %lld",
           (long long)gort_counter_sum(m->counter), (long long)m->added);
}

/* Waits until each kind of work has gone on since; how it stood before is in *PASSED and *TICKS. */
static void let_it_move(struct mill *m)
{
    int64_t passed = m->passed;
    int64_t ticks = m->ticks;
    int64_t by_ns = gort_in(PATIENCE);

    while ((m->passed == passed || m->ticks == ticks) && gort_now() < by_ns)
        gort_yield();
    EXPECT(m->passed != passed && m->ticks != ticks, "with %d procs: %lld passed, %lld slept",
           gort_maxprocs(), (long long)(m->passed - passed), (long long)(m->ticks - ticks));
}

CLAIM(tasks_timers_and_the_collector_go_on_while_procs_come_and_go)
{
    int before = gort_maxprocs();
    struct mill *m = mill_start();

    for (int i = 0; i < CHANGES; i++) {
        gort_set_maxprocs(1 + (int)conform_random(i % 50 == 0 ? 60 : 6));
        if (i % 4 == 0)
            let_it_move(m);
    }
    gort_set_maxprocs(1);
    let_it_move(m);
    mill_end(m);
    gort_set_maxprocs(before);
}

static void change_often(void *arg)
{
    gort_waitgroup_done(arg);
    for (int i = 0; i < CHANGES / 4; i++)
        gort_set_maxprocs(1 + (int)conform_random(8));
}

CLAIM(several_tasks_may_change_it_at_once)
{
    int before = gort_maxprocs();
    gort_waitgroup begun = {0};
    gort_waitgroup ended = {0};

    gort_waitgroup_add(&begun, 4);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&ended, change_often, &begun);
    gort_waitgroup_wait(&begun);
    gort_waitgroup_wait(&ended);
    EXPECT(gort_maxprocs() >= 1 && gort_maxprocs() <= 8, "%d procs", gort_maxprocs());
    gort_set_maxprocs(before);
}

/* ---- what removed procs had ---- */

static void sleep_and_tell(void *arg)
{
    gort_sleep((int64_t)(1 + conform_random(20)) * GORT_MS);
    gort_waitgroup_done(arg);
}

CLAIM(sleepers_of_removed_procs_wake_up)
{
    int before = gort_set_maxprocs(8);
    gort_waitgroup wg = {0};

    for (int i = 0; i < 200; i++) {
        gort_waitgroup_add(&wg, 1);
        gort_go(sleep_and_tell, &wg);
    }
    gort_sleep(GORT_MS); /* some sleep by now, on several procs */
    gort_set_maxprocs(1);
    gort_waitgroup_wait(&wg);
    gort_set_maxprocs(before);
}

static void stop_timer(void *arg)
{
    (void)arg;
}

CLAIM(a_timer_that_moved_can_be_stopped)
{
    int before = gort_set_maxprocs(8);
    gort_timer *t[64];

    for (int i = 0; i < 64; i++) {
        t[i] = gort_after_func(3600 * GORT_S + i, stop_timer, NULL);
        gort_yield();
    }
    gort_set_maxprocs(2);
    for (int i = 0; i < 64; i++)
        EXPECT(gort_timer_stop(t[i]), "timer %d was not armed", i);
    gort_set_maxprocs(before);
}

CLAIM(memory_figures_keep_what_removed_procs_had_counted)
{
    int before = gort_set_maxprocs(8);
    gort_memstats was, is;

    gort_read_memstats(&was);
    gort_set_maxprocs(1);
    for (int i = 0; i < 1000; i++)
        gort_keepalive(gort_alloc(64));
    gort_read_memstats(&is);
    EXPECT(is.mallocs >= was.mallocs + 1000, "%llu allocated before, %llu now",
           (unsigned long long)was.mallocs, (unsigned long long)is.mallocs);
    EXPECT(is.total_alloc >= was.total_alloc, "bytes fell");
    gort_set_maxprocs(before);
}

CLAIM(a_counter_counts_on_procs_that_are_younger_than_it)
{
    int before = gort_maxprocs();
    gort_counter *c = gort_counter_new();
    gort_waitgroup wg = {0};
    struct mill *m = gort_new(struct mill);

    m->counter = c;
    gort_set_maxprocs(before + 6);
    for (int i = 0; i < 1000; i++)
        gort_waitgroup_go(&wg, count_up, m);
    gort_waitgroup_wait(&wg);
    EXPECT(gort_counter_sum(c) == 1000, "%lld", (long long)gort_counter_sum(c));
    gort_set_maxprocs(before);
}

static void compute_until_stopped(void *arg)
{
    _Atomic(int) *stop = arg;

    while (atomic_load_explicit(stop, memory_order_relaxed) == 0)
        continue;
}

static void yield_briefly(void *arg)
{
    (void)arg;
    for (uint32_t i = conform_random(4); i > 0; i--)
        gort_yield();
}

/* Also from a worker that looked for work when its last proc was removed: tasks that end quickly
 * leave some that do. */
CLAIM(a_task_that_computes_loses_its_proc_though_others_were_removed)
{
    int before;

    if (conform_is_deterministic()) /* there is one proc */
        return;
    before = gort_set_maxprocs(1);
    for (int round = 0; round < 20; round++) {
        _Atomic(int) stop = 0;
        gort_waitgroup all = {0};

        gort_set_maxprocs(2 + (int)conform_random(3));
        for (uint32_t i = conform_random(6); i > 0; i--)
            gort_waitgroup_go(&all, yield_briefly, NULL);
        gort_yield();
        gort_set_maxprocs(1);
        for (int i = 0; i < 2; i++)
            gort_waitgroup_go(&all, compute_until_stopped, &stop);
        gort_yield();
        gort_gc();
        atomic_store_explicit(&stop, 1, memory_order_relaxed);
        gort_waitgroup_wait(&all);
    }
    gort_set_maxprocs(before);
}

ENDS(a_deadlock_is_found_after_procs_went, 2, "all tasks are asleep - deadlock!")
{
    gort_set_maxprocs(6);
    gort_sleep(GORT_MS);
    gort_set_maxprocs(2);
    gort_recv(gort_chan_new(0, 0), NULL);
}
