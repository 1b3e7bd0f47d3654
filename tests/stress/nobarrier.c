/* SPDX-License-Identifier: MIT */
/* nobarrier.c - where the system refuses membarrier(2), as sandboxes do, a task that computes
 * without a pause loses its proc all the same: by a signal. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "gort.h"
#include "runtime/san.h"
#include "tests/support/refuse.h"

#define SKIPPED 77
#define TURNS   20

static _Atomic(int) turns;
static _Atomic(int) stop;

/* Gives up by itself if nobody takes its proc away, so that the test ends. */
static void hog(void *arg)
{
    int64_t end_ns = gort_in(20 * GORT_S);

    (void)arg;
    while (!atomic_load_explicit(&stop, memory_order_relaxed) && gort_now() < end_ns) {
    }
}

static int run(void *arg)
{
    int64_t end_ns = gort_in(20 * GORT_S);

    (void)arg;
    for (int i = 0; i < 3; i++)
        gort_go(hog, NULL);
    while (atomic_load_explicit(&turns, memory_order_relaxed) < TURNS && gort_now() < end_ns) {
        gort_sleep(GORT_MS);
        atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    return 0;
}

int main(void)
{
    int n;

    if (SAN_THREAD ||
        !refuse_call(SYS_membarrier, EPERM)) /* the thread sanitizer holds signals back in loops */
        return SKIPPED;
    gort_run(&(gort_options){.maxprocs = 1}, run, NULL);
    n = atomic_load_explicit(&turns, memory_order_relaxed);
    printf("%s - %d turns of %d beside tasks that hog the only proc\n",
           n == TURNS ? "ok" : "not ok", n, TURNS);
    return n != TURNS;
}
