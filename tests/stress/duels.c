/* SPDX-License-Identifier: MIT */
/* duels.c - two tasks want one lock at a time, once, and then wait for each other. Nobody comes by
 * who would wake by chance whom the first of them forgot: a wake-up that is lost, because one
 * looked for waiters just before the other came, leaves one parked beside a free lock. Without the
 * look after the unlock this shows within a few thousand rounds where the lock was let go of by a
 * locked instruction; by a plain store the moment is too short, and tests/model has to do. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 2, .seconds = 1};

#define LONG_NS  20000u /* until who waits has spun and parks */
#define SHORT_NS 400u   /* while who can't spin is about to park */
#define LOOKS    200    /* at the opponent, before the proc goes to others */
#define PATIENCE (10 * GORT_S)

/* What the two do in a round. */
enum weapon { TWO_LOCKS, TWO_WRITERS, WRITER_AND_READER, NWEAPONS };

struct duel {
    const struct stress *s;
    gort_mutex m;
    gort_rwmutex rw;
    _Atomic(uint64_t) begun[2];
    _Atomic(uint64_t) ended[2];
    _Atomic(uint64_t) last; /* round; 0: not known yet */
    gort_waitgroup *wg;
};

struct duellist {
    struct duel *d;
    int number;
    int side;
};

static void take(struct duel *d, enum weapon weapon, int side)
{
    if (weapon == TWO_LOCKS)
        gort_mutex_lock(&d->m);
    else if (weapon == TWO_WRITERS || side == 0)
        gort_rwmutex_lock(&d->rw);
    else
        gort_rwmutex_rlock(&d->rw);
}

static void let_go(struct duel *d, enum weapon weapon, int side)
{
    if (weapon == TWO_LOCKS)
        gort_mutex_unlock(&d->m);
    else if (weapon == TWO_WRITERS || side == 0)
        gort_rwmutex_unlock(&d->rw);
    else
        gort_rwmutex_runlock(&d->rw);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void hold(uint32_t ns)
{
    int64_t until_ns = gort_now() + ns;

    while (gort_now() < until_ns) {
    }
}

/* Waits until *COUNT has come to ROUND; false: it does not. */
static bool meets(_Atomic(uint64_t) *count, uint64_t round)
{
    int64_t end_ns = 0;

    while (atomic_load_explicit(count, memory_order_acquire) < round) {
        for (int i = 0; i < LOOKS; i++)
            if (atomic_load_explicit(count, memory_order_acquire) >= round)
                return true;
        if (end_ns == 0)
            end_ns = gort_in(PATIENCE);
        else if (gort_now() > end_ns)
            return false;
        gort_yield();
    }
    return true;
}

static void fight(struct duellist *me, uint64_t round, struct stress_random *r)
{
    struct duel *d = me->d;
    enum weapon weapon = (enum weapon)(round % NWEAPONS);
    bool may_spin = stress_below(r, 8) == 0;
    uint32_t hold_ns = stress_below(r, may_spin ? LONG_NS : SHORT_NS);

    if (!may_spin)
        gort_go(nothing, NULL); /* nobody spins while another task waits for the proc */
    take(d, weapon, me->side);
    hold(hold_ns);
    let_go(d, weapon, me->side);
    atomic_store_explicit(&d->ended[me->side], round, memory_order_release);
    if (meets(&d->ended[!me->side], round))
        return;
    stress_fail("round %llu: the lock was let go of, and who waits for it is not woken",
                (unsigned long long)round);
    /* Whoever passes by wakes it. */
    while (atomic_load_explicit(&d->ended[!me->side], memory_order_acquire) < round) {
        take(d, weapon, 0);
        let_go(d, weapon, 0);
        gort_yield();
    }
}

static void duel(void *arg)
{
    struct duellist *me = arg;
    struct stress_random r = stress_random(me->d->s, me->number);
    struct duel *d = me->d;
    uint64_t round = 0;

    do {
        round++;
        /* A new lock, of which the first who waits issues a barrier. Who let go of the old one does
         * not touch it any more. */
        if (me->side == 0 && stress_below(&r, 8) == 0) {
            d->m = (gort_mutex){0};
            d->rw = (gort_rwmutex){0};
        }
        /* Said before the round begins, so that both know at its end. */
        if (me->side == 0 && stress_is_over(d->s))
            atomic_store_explicit(&d->last, round, memory_order_relaxed);
        atomic_store_explicit(&d->begun[me->side], round, memory_order_release);
        REQUIRE(meets(&d->begun[!me->side], round), "round %llu does not begin",
                (unsigned long long)round);
        fight(me, round, &r);
    } while (atomic_load_explicit(&d->last, memory_order_relaxed) != round);
    gort_waitgroup_done(d->wg);
}

uint64_t stress_run(const struct stress *s)
{
    int nduels = s->tasks / 2;
    struct duel *duels = gort_make(struct duel, (size_t)nduels);
    struct duellist *all = gort_make(struct duellist, (size_t)nduels * 2);
    gort_waitgroup wg = {0};
    uint64_t rounds = 0;

    if (gort_maxprocs() > nduels * 2)
        gort_set_maxprocs(nduels * 2);
    gort_waitgroup_add(&wg, nduels * 2);
    for (int i = 0; i < nduels * 2; i++) {
        duels[i / 2].s = s;
        duels[i / 2].wg = &wg;
        all[i] = (struct duellist){.d = &duels[i / 2], .number = i, .side = i % 2};
        gort_go(duel, &all[i]);
    }
    gort_waitgroup_wait(&wg);
    for (int i = 0; i < nduels; i++)
        rounds += atomic_load_explicit(&duels[i].ended[0], memory_order_relaxed);
    return rounds;
}
