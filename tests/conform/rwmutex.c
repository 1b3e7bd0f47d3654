/* SPDX-License-Identifier: MIT */
/* rwmutex.c - the read-write mutex behaves as Go's. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

struct shared {
    gort_rwmutex rw;
    _Atomic(int) readers; /* that are inside */
    _Atomic(int) writers; /* that are inside */
    _Atomic(int) reads;   /* that are over */
    _Atomic(int) go_on;
    _Atomic(int) left;  /* tasks that are through */
    _Atomic(int) order; /* digits: who came in, first to last */
    long first;         /* equal but while a writer is in; on purpose not atomic */
    long second;
    gort_waitgroup wg;
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void add(_Atomic(int) *n, int change)
{
    atomic_fetch_add_explicit(n, change, memory_order_acq_rel);
}

static void note_order(struct shared *s, int digit)
{
    int order = load(&s->order);

    while (!atomic_compare_exchange_weak_explicit(&s->order, &order, order * 10 + digit,
                                                  memory_order_acq_rel, memory_order_acquire))
        continue;
}

/* ---- who is inside -------------------------------------------------------------------------- */

static void read_some(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < 300; i++) {
        gort_rwmutex_rlock(&s->rw);
        add(&s->readers, 1);
        EXPECT(load(&s->writers) == 0, "a reader beside a writer");
        EXPECT(s->first == s->second, "half-written: %ld, %ld", s->first, s->second);
        if (conform_random(8) == 0)
            gort_yield();
        EXPECT(s->first == s->second, "written while read: %ld, %ld", s->first, s->second);
        add(&s->readers, -1);
        gort_rwmutex_runlock(&s->rw);
    }
}

static void write_some(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < 100; i++) {
        gort_rwmutex_lock(&s->rw);
        add(&s->writers, 1);
        EXPECT(load(&s->writers) == 1 && load(&s->readers) == 0, "%d writers and %d readers",
               s->writers, s->readers);
        s->first++;
        if (conform_random(4) == 0)
            gort_yield();
        s->second++;
        add(&s->writers, -1);
        gort_rwmutex_unlock(&s->rw);
    }
}

CLAIM(a_writer_is_alone_and_readers_see_whole_writes)
{
    struct shared *s = gort_new(struct shared);

    for (int i = 0; i < 10; i++)
        gort_waitgroup_go(&s->wg, read_some, s);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&s->wg, write_some, s);
    gort_waitgroup_wait(&s->wg);
    EXPECT(s->first == 400, "%ld writes", s->first);
}

static void read_together(void *arg)
{
    struct shared *s = arg;

    gort_rwmutex_rlock(&s->rw);
    add(&s->readers, 1);
    while (!load(&s->go_on))
        conform_pause();
    add(&s->readers, -1);
    gort_rwmutex_runlock(&s->rw);
}

CLAIM(readers_are_inside_together)
{
    struct shared *s = gort_new(struct shared);

    for (int i = 0; i < 6; i++)
        gort_waitgroup_go(&s->wg, read_together, s);
    EVENTUALLY(load(&s->readers) == 6, "%d readers are inside", s->readers);
    atomic_store_explicit(&s->go_on, 1, memory_order_release);
    gort_waitgroup_wait(&s->wg);
}

/* ---- who comes next ------------------------------------------------------------------------- */

static void write_once(void *arg)
{
    struct shared *s = arg;

    gort_rwmutex_lock(&s->rw);
    note_order(s, 1);
    EXPECT(load(&s->readers) == 0, "%d readers are inside", s->readers);
    gort_rwmutex_unlock(&s->rw);
    add(&s->left, 1);
}

static void read_once(void *arg)
{
    struct shared *s = arg;

    gort_rwmutex_rlock(&s->rw);
    note_order(s, 2);
    gort_rwmutex_runlock(&s->rw);
    add(&s->left, 1);
}

CLAIM(a_waiting_writer_keeps_new_readers_out)
{
    struct shared *s = gort_new(struct shared);

    gort_rwmutex_rlock(&s->rw);
    gort_go(write_once, s);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    EXPECT(gort_rwmutex_try_rlock(&s->rw) == 0, "a reader passed the waiting writer");
    for (int i = 0; i < 3; i++)
        gort_go(read_once, s);
    UNTIL_PARKED(3, PARKED_RLOCK);
    EXPECT(load(&s->left) == 0, "%d are through", s->left);
    gort_rwmutex_runlock(&s->rw);
    EVENTUALLY(load(&s->left) == 4, "%d are through", s->left);
    EXPECT(load(&s->order) == 1222, "order %d", s->order);
}

CLAIM(waiting_readers_go_before_the_next_writer)
{
    struct shared *s = gort_new(struct shared);

    gort_rwmutex_lock(&s->rw);
    gort_go(write_once, s);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    for (int i = 0; i < 3; i++)
        gort_go(read_once, s);
    UNTIL_PARKED(3, PARKED_RLOCK);
    gort_rwmutex_unlock(&s->rw);
    EVENTUALLY(load(&s->left) == 4, "%d are through", s->left);
    EXPECT(load(&s->order) == 2221, "order %d", s->order);
}

CLAIM(a_writer_waits_for_the_last_reader)
{
    struct shared *s = gort_new(struct shared);

    for (int i = 0; i < 3; i++)
        gort_rwmutex_rlock(&s->rw);
    gort_go(write_once, s);
    UNTIL_PARKED(1, PARKED_RWLOCK);
    gort_rwmutex_runlock(&s->rw);
    gort_rwmutex_runlock(&s->rw);
    for (int i = 0; i < 20; i++)
        gort_yield();
    EXPECT(load(&s->left) == 0, "it went in beside a reader");
    gort_rwmutex_runlock(&s->rw);
    EVENTUALLY(load(&s->left) == 1, "the writer is still out");
}

static void read_without_end(void *arg)
{
    struct shared *s = arg;

    while (!load(&s->go_on)) {
        gort_rwmutex_rlock(&s->rw);
        gort_yield();
        add(&s->reads, 1);
        gort_rwmutex_runlock(&s->rw);
    }
}

#define READS_MAX 100000 /* while a writer waits, or is about to */

CLAIM(readers_without_a_gap_do_not_starve_a_writer)
{
    struct shared *s = gort_new(struct shared);

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&s->wg, read_without_end, s);
    for (int i = 0; i < 20; i++) {
        int before = load(&s->reads);

        gort_rwmutex_lock(&s->rw);
        EXPECT(load(&s->reads) - before < READS_MAX, "%d reads", load(&s->reads) - before);
        gort_rwmutex_unlock(&s->rw);
        gort_yield();
    }
    atomic_store_explicit(&s->go_on, 1, memory_order_release);
    gort_waitgroup_wait(&s->wg);
}

/* ---- trying --------------------------------------------------------------------------------- */

CLAIM(trying_takes_what_is_free_only)
{
    gort_rwmutex rw = {0};

    EXPECT(gort_rwmutex_try_lock(&rw) == 1, "a free one was refused to a writer");
    EXPECT(gort_rwmutex_try_lock(&rw) == 0, "two writers");
    EXPECT(gort_rwmutex_try_rlock(&rw) == 0, "a reader beside a writer");
    gort_rwmutex_unlock(&rw);
    EXPECT(gort_rwmutex_try_rlock(&rw) == 1, "a free one was refused to a reader");
    EXPECT(gort_rwmutex_try_rlock(&rw) == 1, "a second reader was refused");
    EXPECT(gort_rwmutex_try_lock(&rw) == 0, "a writer beside readers");
    gort_rwmutex_runlock(&rw);
    gort_rwmutex_runlock(&rw);
    EXPECT(gort_rwmutex_try_lock(&rw) == 1, "refused after the readers left");
    gort_rwmutex_unlock(&rw);
}

CLAIM(a_failed_try_leaves_no_trace)
{
    struct shared *s = gort_new(struct shared);

    gort_rwmutex_rlock(&s->rw);
    EXPECT(gort_rwmutex_try_lock(&s->rw) == 0, "a writer beside a reader");
    EXPECT(gort_rwmutex_try_rlock(&s->rw) == 1, "the failed writer keeps readers out");
    gort_rwmutex_runlock(&s->rw);
    gort_rwmutex_runlock(&s->rw);
    gort_go(write_once, s);
    EVENTUALLY(load(&s->left) == 1, "the failed writer keeps writers out");
}

CLAIM(any_task_may_unlock)
{
    struct shared *s = gort_new(struct shared);

    gort_rwmutex_lock(&s->rw);
    gort_go(read_once, s);
    UNTIL_PARKED(1, PARKED_RLOCK);
    gort_rwmutex_unlock(&s->rw);
    EVENTUALLY(load(&s->left) == 1, "the reader is still out");
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(unlocking_a_free_one, 2, "fatal error: gort_rwmutex_unlock: unlock of unlocked rwmutex")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_unlock(&rw);
}

ENDS(unlocking_what_readers_hold, 2, "fatal error: gort_rwmutex_unlock: unlock of unlocked")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_rlock(&rw);
    gort_rwmutex_unlock(&rw);
}

ENDS(runlocking_a_free_one, 2, "fatal error: gort_rwmutex_runlock: runlock of unlocked rwmutex")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_rlock(&rw);
    gort_rwmutex_runlock(&rw);
    gort_rwmutex_runlock(&rw);
}

ENDS(runlocking_what_a_writer_holds, 2, "fatal error: gort_rwmutex_runlock: runlock of unlocked")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_lock(&rw);
    gort_rwmutex_runlock(&rw);
}

ENDS(writing_while_reading, 2, "sync.RWMutex.Lock")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_rlock(&rw);
    gort_rwmutex_lock(&rw);
}

ENDS(reading_while_writing, 2, "sync.RWMutex.RLock")
{
    gort_rwmutex rw = {0};

    gort_rwmutex_lock(&rw);
    gort_rwmutex_rlock(&rw);
}
