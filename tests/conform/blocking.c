/* SPDX-License-Identifier: MIT */
/* blocking.c - tasks that block their thread do not hold up the others. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "runtime/os_linux.h"
#include "tests/support/conform.h"

struct pipe_pair {
    int fds[2];
    char got;
    _Atomic(int) done;
};

static void read_in_section(void *arg)
{
    struct pipe_pair *p = arg;
    ssize_t n = 0;

    GORT_BLOCKING
    {
        n = read(p->fds[0], &p->got, 1);
    }
    EXPECT(n == 1, "read %zd", n);
    atomic_store_explicit(&p->done, 1, memory_order_release);
}

static void read_bare(void *arg)
{
    struct pipe_pair *p = arg;
    ssize_t n;

    do
        n = read(p->fds[0], &p->got, 1);
    while (n < 0 && errno == EINTR);
    EXPECT(n == 1, "read %zd", n);
    atomic_store_explicit(&p->done, 1, memory_order_release);
}

/* As many readers as four procs could hold twice over; the writer still gets to run. */
static void expect_readers_served(void (*reader)(void *arg))
{
    enum { N = 8 };
    struct pipe_pair p[N] = {0};

    for (int i = 0; i < N; i++) {
        EXPECT(pipe(p[i].fds) == 0, "pipe: errno %d", errno);
        gort_go(reader, &p[i]);
    }
    for (int i = 0; i < 20; i++)
        gort_yield();
    for (int i = 0; i < N; i++)
        EXPECT(write(p[i].fds[1], "x", 1) == 1, "write: errno %d", errno);
    for (int i = 0; i < N; i++) {
        EVENTUALLY(atomic_load_explicit(&p[i].done, memory_order_acquire), "reader %d waits", i);
        EXPECT(p[i].got == 'x', "reader %d got %d", i, p[i].got);
        close(p[i].fds[0]);
        close(p[i].fds[1]);
    }
}

CLAIM(a_section_gives_its_proc_to_others)
{
    expect_readers_served(read_in_section);
}

CLAIM(a_bare_call_that_blocks_loses_its_proc)
{
    expect_readers_served(read_bare);
}

static void run_short_sections(void *arg)
{
    long *sum = arg;

    for (int i = 0; i < 300; i++) {
        GORT_BLOCKING
        {
            (*sum)++;
        }
        if (conform_random(4) == 0)
            gort_yield();
    }
}

CLAIM(short_sections_are_passed_through)
{
    enum { N = 8 };
    long sum[N] = {0};
    gort_waitgroup wg = {0};

    for (int i = 0; i < N; i++)
        gort_waitgroup_go(&wg, run_short_sections, &sum[i]);
    gort_waitgroup_wait(&wg);
    for (int i = 0; i < N; i++)
        EXPECT(sum[i] == 300, "task %d: %ld sections", i, sum[i]);
}

static void spin(void *arg)
{
    _Atomic(int) *stop = arg;

    while (atomic_load_explicit(stop, memory_order_relaxed) == 0)
        continue;
    atomic_store_explicit(stop, 2, memory_order_release);
}

CLAIM(tasks_that_compute_do_not_starve_others)
{
    _Atomic(int) stop[4] = {0};

    for (int i = 0; i < 4; i++)
        gort_go(spin, &stop[i]);
    for (int i = 0; i < 4; i++)
        gort_yield();
    gort_sleep(GORT_MS);
    for (int i = 0; i < 4; i++)
        atomic_store_explicit(&stop[i], 1, memory_order_relaxed);
    for (int i = 0; i < 4; i++)
        EVENTUALLY(atomic_load_explicit(&stop[i], memory_order_acquire) == 2, "task %d", i);
}

static void section_then_spin(void *arg)
{
    GORT_BLOCKING
    {
        poll(NULL, 0, 1);
    }
    spin(arg);
}

/* Its proc may have been taken meanwhile, and then it has another, or the same again. */
CLAIM(a_task_that_computes_after_a_section_does_not_starve_others)
{
    _Atomic(int) stop[4] = {0};

    if (conform_is_deterministic())
        return;
    for (int i = 0; i < 4; i++)
        gort_go(section_then_spin, &stop[i]);
    gort_sleep(3 * GORT_MS);
    for (int i = 0; i < 4; i++)
        atomic_store_explicit(&stop[i], 1, memory_order_relaxed);
    for (int i = 0; i < 4; i++)
        EVENTUALLY(atomic_load_explicit(&stop[i], memory_order_acquire) == 2, "task %d", i);
}

/* errno is read through a function: a compiler may keep its address, which is that of a thread. */
CLAIM(errno_stays_with_its_task)
{
    os_set_errno(ENOTTY);
    gort_yield();
    EXPECT(os_errno() == ENOTTY, "errno %d after a yield", os_errno());
    gort_sleep(GORT_MS);
    EXPECT(os_errno() == ENOTTY, "errno %d after a sleep", os_errno());
    GORT_BLOCKING
    {
        os_set_errno(EXDEV);
    }
    EXPECT(os_errno() == EXDEV, "errno %d after a section", os_errno());
}

ENDS(a_call_inside_a_section, 2, "fatal error:")
{
    gort_blocking_enter();
    gort_yield();
}

static void block_again_and_again(void *arg)
{
    _Atomic(int) *stop = arg;

    while (!atomic_load_explicit(stop, memory_order_relaxed)) {
        GORT_BLOCKING
        {
            poll(NULL, 0, 1);
        }
    }
    atomic_store_explicit(stop, 2, memory_order_relaxed);
}

CLAIM(short_sections_one_after_the_other_do_not_keep_the_proc)
{
    _Atomic(int) stop = 0;

    gort_go(block_again_and_again, &stop);
    for (int i = 0; i < 10; i++)
        gort_yield();
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    EVENTUALLY(atomic_load_explicit(&stop, memory_order_relaxed) == 2, "it goes on");
}
