/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/proctime.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/lock.h"

#define READ_TRIES 16

static struct lock times = LOCK_INIT(RANK_PROCTIME); /* of all procs: readers are rare */

/* Counters of two processors may be apart by a little. */
static uint64_t cycles_between(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

/* ---- Pauses ---- */

/* The sum of all pauses, in one word, so that it is always whole. While the world goes on: twice
 * the sum. In a pause: twice (when it began less the sum of those before), and the lowest bit. */
static _Atomic(uint64_t) pauses;

#define IN_PAUSE UINT64_C(1)

static uint64_t pauses_until(uint64_t now)
{
    uint64_t word = atomic_load_explicit(&pauses, memory_order_relaxed);

    /* The pause may have begun after NOW was read; with no other before it, that is below 0. */
    return (word & IN_PAUSE) != 0 ? cycles_between(word / 2, now) : word / 2;
}

void proctime_pause_begin(void)
{
    uint64_t now = cycles_now();

    atomic_store_explicit(&pauses, (now - pauses_until(now)) * 2 | IN_PAUSE, memory_order_relaxed);
}

void proctime_pause_end(void)
{
    atomic_store_explicit(&pauses, pauses_until(cycles_now()) * 2, memory_order_relaxed);
}

/* ---- The holder's side ---- */

/* Adds the time from SINCE to NOW to that of STATE; if the state needs a worker, without the pauses
 * in it. */
static void add_time(uint64_t spent[PROCTIME_STATES], uint64_t state, uint64_t cycles,
                     uint64_t paused)
{
    if (state != PROCTIME_RUNNING && state != PROCTIME_SPINNING)
        paused = 0;
    if (paused > cycles)
        paused = cycles;
    spent[PROCTIME_STOPPED] += paused;
    spent[state] += cycles - paused;
}

void proctime_init(struct proctime *t)
{
    t->state = PROCTIME_ABSENT;
    t->since = cycles_now();
    t->pause = pauses_until(t->since);
    t->told_ns = clock_mono_ns();
}

void proctime_turn_slow(struct proctime *t, enum proctime_state to)
{
    uint64_t now = cycles_now();
    uint64_t pause = pauses_until(now);
    uint64_t spent[PROCTIME_STATES];

    DCHECK(to != PROCTIME_STOPPED && (t->seq & 1) == 0);
    memcpy(spent, t->spent, sizeof spent);
    add_time(spent, t->state, cycles_between(t->since, now), cycles_between(t->pause, pause));
    __atomic_store_n(&t->seq, t->seq + 1, __ATOMIC_RELAXED);
    seq_store_words(t->spent, spent, PROCTIME_STATES);
    seq_store(&t->state, to);
    seq_store(&t->since, now);
    seq_store(&t->pause, pause);
    seq_store(&t->seq, t->seq + 1);
}

/* ---- Reading ---- */

enum proctime_state proctime_now(const struct proctime *t)
{
    uint64_t state = __atomic_load_n(&t->state, __ATOMIC_RELAXED);
    bool stopped = (atomic_load_explicit(&pauses, memory_order_relaxed) & IN_PAUSE) != 0 &&
                   (state == PROCTIME_RUNNING || state == PROCTIME_SPINNING);

    return stopped ? PROCTIME_STOPPED : (enum proctime_state)state;
}

/* Cycles in each state up to now. False if it changed all the time. */
static bool read_cycles(const struct proctime *t, uint64_t spent[PROCTIME_STATES])
{
    for (int i = 0; i < READ_TRIES; i++) {
        uint64_t seq = seq_load(&t->seq);
        uint64_t state, since, pause, now;

        seq_load_words(spent, t->spent, PROCTIME_STATES);
        state = seq_load(&t->state);
        since = seq_load(&t->since);
        pause = seq_load(&t->pause);
        now = cycles_now();
        if ((seq & 1) != 0 || seq_load(&t->seq) != seq)
            continue;
        add_time(spent, state, cycles_between(since, now),
                 cycles_between(pause, pauses_until(now)));
        return true;
    }
    return false;
}

/* Shares PASSED_NS out by the cycles that were spent since the last time. */
static void share_out(struct proctime *t, const uint64_t spent[PROCTIME_STATES], int64_t passed_ns)
{
    uint64_t change[PROCTIME_STATES];
    uint64_t all = 0, upto = 0, shared_ns = 0;

    for (int i = 0; i < PROCTIME_STATES; i++) {
        change[i] = cycles_between(t->told_cycles[i], spent[i]);
        all += change[i];
    }
    for (int i = 0; i < PROCTIME_STATES && all > 0; i++) {
        uint64_t upto_ns;

        upto += change[i];
        upto_ns = upto == all ? (uint64_t)passed_ns
                              : (uint64_t)((double)passed_ns * ((double)upto / (double)all));
        t->told[i] += upto_ns - shared_ns;
        t->told_cycles[i] += change[i];
        shared_ns = upto_ns;
    }
    if (all > 0)
        t->told_ns += passed_ns;
}

/* The thread that turns to another state has lost its processor in the middle of it, maybe for
 * long: the age of the proc is told nevertheless. The next reading, which has the cycles of this
 * time too, makes up for some of what is now said of the wrong state. */
static void give_to_state(struct proctime *t, int64_t passed_ns)
{
    t->told[__atomic_load_n(&t->state, __ATOMIC_RELAXED)] += (uint64_t)passed_ns;
    t->told_ns += passed_ns;
}

void proctime_read(struct proctime *t, uint64_t ns[PROCTIME_STATES])
{
    uint64_t spent[PROCTIME_STATES];
    int64_t passed_ns;
    bool whole;

    lock_take(&times);
    whole = read_cycles(t, spent);
    passed_ns = clock_mono_ns() - t->told_ns;
    if (whole)
        share_out(t, spent, passed_ns);
    else
        give_to_state(t, passed_ns);
    memcpy(ns, t->told, sizeof t->told);
    lock_release(&times);
}
