/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/chantimer.h"

#include "runtime/alloc.h"
#include "runtime/replay.h"
#include "runtime/sched.h"

#define TIME_BYTES sizeof(int64_t)

static int64_t due_ns(const struct chantimer *t)
{
    return atomic_load_explicit(&t->due_ns, memory_order_relaxed);
}

static void set_due_locked(struct chantimer *t, int64_t when_ns)
{
    DCHECK(lock_is_held(&t->user.chan->lock));
    atomic_store_explicit(&t->due_ns, when_ns, memory_order_relaxed);
}

static bool has_receivers(const struct chantimer *t)
{
    return waitq_first(&t->user.chan->receivers) != NULL;
}

/* ---- sending -------------------------------------------------------------------------------- */

/* The first time after NOW_NS, a multiple of the period later; never for one that sends once. */
static int64_t next_time(const struct chantimer *t, int64_t now_ns)
{
    if (t->period_ns == 0)
        return CHANTIMER_NEVER;
    /* A period has passed since the clock began, so another one is no overflow. */
    return due_ns(t) + t->period_ns * (1 + (now_ns - due_ns(t)) / t->period_ns);
}

bool chantimer_is_due(const struct chantimer *t, int64_t *now_ns)
{
    int64_t when_ns = due_ns(t);

    if (when_ns == CHANTIMER_NEVER)
        return false;
    if (*now_ns == 0)
        *now_ns = sched_now_ns();
    return when_ns <= *now_ns;
}

void chantimer_look_locked(struct chantimer *t)
{
    int64_t sent_ns = due_ns(t);
    int64_t now_ns = 0;
    struct task *wake;

    if (!chantimer_is_due(t, &now_ns))
        return;
    set_due_locked(t, next_time(t, now_ns));
    (void)chan_send_locked(t->user.chan, &sent_ns, &wake);
    if (wake != NULL)
        sched_ready_last(wake, 1);
}

void chantimer_watch_locked(struct chantimer *t)
{
    struct timer *timer = &t->user.timer;

    DCHECK(lock_is_held(&t->user.chan->lock));
    if (due_ns(t) == CHANTIMER_NEVER)
        return;
    if (!timer_move(timer, due_ns(t)))
        timer_start(timer, due_ns(t));
}

void chantimer_unwatch_locked(struct chantimer *t)
{
    DCHECK(lock_is_held(&t->user.chan->lock));
    if (!has_receivers(t) && timer_is_armed(&t->user.timer))
        timer_disarm(&t->user.timer);
}

/* The function of the timer in the heap. By now it may have been stopped, or set to later, or to
 * sooner and be in the heap again: what is due is in the channel. */
static void look(void *arg)
{
    struct chantimer *t = arg;

    lock_take(&t->user.chan->lock);
    chantimer_look_locked(t);
    if (has_receivers(t))
        chantimer_watch_locked(t);
    lock_release(&t->user.chan->lock);
}

/* ---- making, stopping, setting -------------------------------------------------------------- */

struct chantimer *chantimer_new(int64_t when_ns, int64_t period_ns, uintptr_t pc)
{
    struct chantimer *t = heap_alloc(sizeof *t + sizeof(gort_chan) + TIME_BYTES, ALLOC_SCAN, pc);
    gort_chan *c = (gort_chan *)(void *)(t + 1);

    chan_init(c, TIME_BYTES, 1);
    c->is_timer = 1;
    t->user.timer.place = TIMER_KEEPS;
    t->user.timer.fire = look;
    t->user.timer.arg = t;
    t->user.chan = c;
    t->period_ns = period_ns;
    atomic_init(&t->due_ns, when_ns);
    return t;
}

/* Empties C. Whether it had a time. */
static bool take_back_locked(gort_chan *c)
{
    enum chan_result result = CHAN_WOULD_BLOCK;
    struct task *wake = NULL;

    if (atomic_load_explicit(&c->count, memory_order_relaxed) > 0)
        result = chan_recv_locked(c, NULL, &wake);
    if (wake != NULL) /* the program has sent on it */
        sched_ready(wake, 1);
    return result == CHAN_DONE;
}

/* Whether there was something to stop. */
static bool set_locked(struct chantimer *t, int64_t when_ns, int64_t period_ns)
{
    bool stopped = due_ns(t) != CHANTIMER_NEVER;

    /* Stopped first: else what is due now might be sent, and taken back. */
    set_due_locked(t, CHANTIMER_NEVER);
    stopped = take_back_locked(t->user.chan) || stopped;
    set_due_locked(t, when_ns);
    t->period_ns = period_ns;
    return stopped;
}

bool chantimer_stop(struct chantimer *t)
{
    bool stopped;

    lock_take(&t->user.chan->lock);
    stopped = set_locked(t, CHANTIMER_NEVER, 0);
    if (timer_is_armed(&t->user.timer))
        timer_disarm(&t->user.timer);
    lock_release(&t->user.chan->lock);
    return stopped;
}

bool chantimer_set(struct chantimer *t, int64_t when_ns, int64_t period_ns)
{
    bool stopped;

    lock_take(&t->user.chan->lock);
    stopped = set_locked(t, when_ns, period_ns);
    if (has_receivers(t))
        chantimer_watch_locked(t);
    lock_release(&t->user.chan->lock);
    return stopped;
}
