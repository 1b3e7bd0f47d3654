/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/polling.h"

#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/netpoll.h"
#include "runtime/procs.h"
#include "runtime/replay.h"
#include "runtime/sched.h"

static _Atomic(uint32_t) nlooks;
static _Atomic(uint32_t) last_ready; /* how many tasks the last look found that found any */

uint32_t polling_looks(void)
{
    return atomic_load_explicit(&nlooks, memory_order_relaxed);
}

bool polling_is_unmanned(void)
{
    return netpoll_waiters() > 0 &&
           atomic_load_explicit(&sched.polling, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed) > 0;
}

/* READY was found by a worker that has a proc unless HAS_PROC is false; whether it is anything. */
static bool hand_out(struct taskq *ready, bool has_proc)
{
    size_t n = ready->count;

    atomic_store_explicit(&nlooks, polling_looks() + 1, memory_order_relaxed);
    if (n == 0)
        return false;
    atomic_store_explicit(&last_ready, (uint32_t)n, memory_order_relaxed);
    /* Timers need somebody who is there when they are due. Who arms one later finds nobody in the
     * poller, and wakes a worker: pairs with sched_timer_moved. */
    if (!has_proc || debug.replay != 0)
        sched_ready_batch(ready);
    else
        sched_ready_own(ready, n > 1 || sched_earliest_timer() != INT64_MAX);
    return true;
}

/* Whether whoever blocks in the poller, and is woken in any case, can do with what is ready. */
static bool is_left_to_other(void)
{
    return atomic_load_explicit(&sched.polling, memory_order_relaxed) != 0 &&
           atomic_load_explicit(&last_ready, memory_order_relaxed) <= 1;
}

bool polling_look(void)
{
    struct taskq ready = {0};

    if (!netpoll_in_use() || netpoll_waiters() == 0 || is_left_to_other())
        return false;
    netpoll_poll(0, &ready);
    return hand_out(&ready, true);
}

/* ---- blocked in it ---- */

/* Says until when this worker sleeps in the poller: until the first timer, which is returned. One
 * who arms an earlier timer meanwhile either is seen here or sees what was said, and breaks the
 * poll. If the first timer goes, another is said: who arms one breaks no poll that ends before. */
static int64_t announce_poll(void)
{
    int64_t earliest_ns = sched_earliest_timer();
    int64_t until_ns;

    do {
        until_ns = earliest_ns;
        atomic_store_explicit(&sched.poll_until_ns, until_ns, memory_order_seq_cst);
        earliest_ns = sched_earliest_timer();
    } while (earliest_ns > until_ns);
    return earliest_ns;
}

static bool anything_to_poll_for(int64_t until_ns)
{
    return until_ns != INT64_MAX || netpoll_waiters() != 0;
}

/* If every proc is busy, they look after timers and the poller themselves. */
static bool is_poll_due(void)
{
    return atomic_load_explicit(&sched.nidle_procs, memory_order_seq_cst) != 0 &&
           anything_to_poll_for(sched_earliest_timer());
}

/* Whether this worker shall wait in the poller, and until when: if something can come there, and
 * nobody else waits already. */
static bool begin_polling(int64_t *until_ns)
{
    while (is_poll_due()) {
        if (atomic_exchange_explicit(&sched.polling, 1, memory_order_seq_cst) != 0)
            return false;
        *until_ns = announce_poll();
        if (anything_to_poll_for(*until_ns))
            return true;
        /* What it was for has gone. Another look: who armed a timer meanwhile broke the poll of
         * this worker and woke nobody. Pairs with sched_timer_moved. */
        atomic_store_explicit(&sched.polling, 0, memory_order_seq_cst);
    }
    return false;
}

static void wait_for_sockets(int64_t timeout_ns, struct taskq *ready)
{
    int64_t start_ns = debug.replay != 0 ? clock_mono_ns() : 0;

    netpoll_poll(timeout_ns, ready);
    if (debug.replay != 0)
        replay_waited(clock_mono_ns() - start_ns);
}

bool polling_wait(struct worker *w)
{
    struct taskq ready = {0};
    int64_t until_ns;
    int64_t now_ns;
    struct proc *p;

    if (!begin_polling(&until_ns))
        return false;
    now_ns = sched_now_ns();
    worker_become_quiet(w, WORKER_QUIET);
    if (until_ns > now_ns)
        wait_for_sockets(until_ns == INT64_MAX ? INT64_MAX : until_ns - now_ns, &ready);
    atomic_store_explicit(&sched.polling, 0, memory_order_seq_cst);
    worker_become_active(w);
    atomic_store_explicit(&sched.coarse_ns, clock_mono_ns(), memory_order_relaxed);
    p = proc_take_idle();
    if (p != NULL) {
        worker_bind(w, p);
        sched_rest_ends();
    }
    hand_out(&ready, p != NULL);
    return true;
}

void sched_timer_moved(int64_t when_ns)
{
    /* Sequential consistency: pairs with begin_polling; the timer was stored before. */
    if (atomic_load_explicit(&sched.polling, memory_order_seq_cst) == 0)
        sched_wake_one();
    else if (atomic_load_explicit(&sched.poll_until_ns, memory_order_seq_cst) > when_ns)
        netpoll_break();
}
