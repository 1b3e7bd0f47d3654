/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "runtime/offcpu.h"
#include "runtime/os_linux.h"

#define SLEEP_NS (30 * NS_PER_MS)
#define RUN_NS   (20 * NS_PER_MS)

/* A thread that does for its processor's time, or for the clock's, what is asked of it. */
static struct {
    _Atomic(int32_t) tid;
    _Atomic(bool) begun; /* the wait for it */
    _Atomic(bool) done;
    void (*work)(void);
} other;

static void sleep_a_while(void)
{
    _Atomic(uint32_t) nobody_wakes = 0;

    futex_wait(&nobody_wakes, 0, SLEEP_NS);
}

static void run_a_while(void)
{
    int64_t start_ns = clock_thread_cpu_ns();

    while (clock_thread_cpu_ns() - start_ns < RUN_NS)
        continue;
}

static void *other_main(void *arg)
{
    other.tid = os_thread_id();
    while (!other.begun)
        continue;
    other.work();
    other.done = true;
    while (other.begun) /* its clock is still read */
        sleep_a_while();
    return arg;
}

/* How long it was off, of *WAITED_NS, while it did WORK. */
static int64_t off_while(void (*work)(void), int64_t *waited_ns)
{
    struct offcpu wait;
    pthread_t thread;
    int64_t end_ns;
    int64_t off_ns;

    other.work = work;
    cr_assert_eq(pthread_create(&thread, NULL, other_main, NULL), 0);
    while (other.tid == 0)
        continue;
    offcpu_begin(&wait, other.tid);
    other.begun = true;
    while (!other.done)
        continue;
    end_ns = clock_mono_ns();
    off_ns = offcpu_end(&wait, other.tid, end_ns);
    other.begun = false;
    pthread_join(thread, NULL);
    *waited_ns = end_ns - wait.begin_ns;
    return off_ns;
}

Test(offcpu, a_thread_that_sleeps_is_on_no_processor)
{
    int64_t waited_ns = 0;
    int64_t off_ns = off_while(sleep_a_while, &waited_ns);

    cr_assert(off_ns > 0 && off_ns <= waited_ns, "%lld of %lld", (long long)off_ns,
              (long long)waited_ns);
    cr_assert_geq(off_ns, SLEEP_NS / 2, "%lld of %lld", (long long)off_ns, (long long)waited_ns);
}

Test(offcpu, what_a_thread_runs_is_not_counted)
{
    int64_t waited_ns = 0;
    int64_t off_ns = off_while(run_a_while, &waited_ns);

    cr_assert(off_ns >= 0 && off_ns <= waited_ns - RUN_NS, "%lld of %lld", (long long)off_ns,
              (long long)waited_ns);
}

Test(offcpu, of_a_thread_that_has_ended_nothing_is_known)
{
    struct offcpu wait;

    offcpu_begin(&wait, os_thread_id());
    cr_assert_eq(offcpu_end(&wait, INT32_MAX, clock_mono_ns()), 0);
}

/* ---- the calling thread ---- */

static void *run_watched(void *arg)
{
    int64_t *queued_ns = arg;

    offcpu_watch_self();
    *queued_ns = offcpu_queued_ns();
    run_a_while();
    *queued_ns = offcpu_queued_ns() - *queued_ns;
    return NULL;
}

/* Two threads that would run all the time, on one processor, wait about half of it. */
Test(offcpu, a_thread_knows_for_how_long_it_waits_for_a_processor)
{
    cpu_set_t one;
    cpu_set_t all;
    pthread_t thread[2];
    int64_t queued_ns[2] = {0};
    int64_t start_ns;
    int64_t took_ns;

    if (access("/proc/thread-self/schedstat", R_OK) != 0)
        cr_skip_test("the kernel does not tell");
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    start_ns = clock_mono_ns();
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, run_watched, &queued_ns[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    took_ns = clock_mono_ns() - start_ns;

    for (int i = 0; i < 2; i++)
        cr_assert(queued_ns[i] >= 0 && queued_ns[i] <= took_ns - RUN_NS, "%lld of %lld",
                  (long long)queued_ns[i], (long long)took_ns);
    cr_assert_geq(queued_ns[0] + queued_ns[1], RUN_NS / 2, "%lld and %lld", (long long)queued_ns[0],
                  (long long)queued_ns[1]);
}

Test(offcpu, a_thread_that_is_not_watched_knows_nothing)
{
    run_a_while();
    cr_assert_eq(offcpu_queued_ns(), 0);
}
