/* SPDX-License-Identifier: MIT */
/* sandboxed.c - a program puts up its sandbox when it runs already, and that refuses membarrier(2):
 * tasks that contend for mutexes and channels go on, none waits for ever, and one that computes
 * without a pause still loses its proc. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "gort.h"
#include "runtime/san.h"
#include "tests/support/refuse.h"

#define SKIPPED 77
#define NTASKS  32
#define TURNS   2000

static struct {
    gort_mutex lock;
    gort_chan *tokens;
    int64_t turns; /* [lock] */
    _Atomic(int) stop;
} shared;

static void contend(void *arg)
{
    int token = 0;

    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        gort_mutex_lock(&shared.lock);
        shared.turns++;
        if (i % 64 == 0)
            gort_yield();
        gort_mutex_unlock(&shared.lock);
        if (i % 16 == 0) {
            gort_recv(shared.tokens, &token);
            gort_send(shared.tokens, &token);
        }
    }
}

/* Gives up by itself if nobody takes its proc away, so that the test ends. */
static void hog(void *arg)
{
    int64_t end_ns = gort_in(20 * GORT_S);

    (void)arg;
    while (!atomic_load_explicit(&shared.stop, memory_order_relaxed) && gort_now() < end_ns) {
    }
}

static void contend_all(void)
{
    gort_waitgroup tasks = {0};

    for (int i = 0; i < NTASKS; i++)
        gort_waitgroup_go(&tasks, contend, NULL);
    gort_waitgroup_wait(&tasks);
}

static int run(void *arg)
{
    int token = 0;

    (void)arg;
    shared.tokens = gort_chan_new(sizeof token, 2);
    gort_send(shared.tokens, &token);
    gort_send(shared.tokens, &token);
    contend_all();
    if (!refuse_call_in_all_threads(SYS_membarrier, EPERM))
        return SKIPPED;
    contend_all();
    if (!SAN_THREAD) /* which holds signals back in loops */
        gort_go(hog, NULL);
    contend_all();
    atomic_store_explicit(&shared.stop, 1, memory_order_relaxed);
    return 0;
}

int main(void)
{
    int rc = gort_run(NULL, run, NULL);

    if (rc == 0) {
        rc = shared.turns != INT64_C(3) * NTASKS * TURNS;
        printf("%s - %lld turns\n", rc == 0 ? "ok" : "not ok", (long long)shared.turns);
    }
    return rc;
}
