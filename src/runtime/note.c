/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/note.h"

#include "base/clock.h"
#include "runtime/os_linux.h"

void note_clear(struct note *n)
{
    atomic_store_explicit(&n->set, 0, memory_order_relaxed);
}

void note_wake(struct note *n)
{
    /* Release: what was written before the wake-up is seen by the sleeper's acquire. */
    atomic_store_explicit(&n->set, 1, memory_order_release);
    futex_wake(&n->set, 1);
}

void note_sleep(struct note *n)
{
    while (atomic_load_explicit(&n->set, memory_order_acquire) == 0)
        futex_wait(&n->set, 0, -1);
}

bool note_sleep_for(struct note *n, int64_t timeout_ns)
{
    int64_t end_ns = clock_mono_ns() + timeout_ns;

    while (atomic_load_explicit(&n->set, memory_order_acquire) == 0) {
        int64_t left_ns = end_ns - clock_mono_ns();

        if (left_ns <= 0)
            return false;
        futex_wait(&n->set, 0, left_ns);
    }
    return true;
}
