/* SPDX-License-Identifier: MIT */
/* usertimer.c - gort/time.h: timers, and what tickers share with them. */
#include "config.h"

#include "runtime/usertimer.h"

#include "base/list.h"
#include "runtime/alloc.h"
#include "runtime/chan.h"
#include "runtime/fatal.h"
#include "runtime/replay.h"
#include "runtime/sched.h"

struct gort_timer {
    struct usertimer t;
};

int64_t usertimer_in(int64_t duration_ns)
{
    int64_t when_ns = gort_in(duration_ns);

    return when_ns == GORT_FOREVER ? when_ns - 1 : when_ns;
}

struct usertimer *usertimer_new(void (*fn)(void *arg), void *arg, uintptr_t pc)
{
    struct usertimer *t = heap_alloc(sizeof *t, ALLOC_SCAN, pc);

    lock_init(&t->lock, RANK_USERTIMER);
    t->fn = fn;
    t->arg = arg;
    t->pc = pc;
    t->timer.place = fn == NULL ? TIMER_LAPSES : TIMER_KEEPS;
    if (fn == NULL) {
        t->chan = chan_new(sizeof(int64_t), 1, pc);
        t->chan->owner = t;
    }
    return t;
}

/* ---- firing --------------------------------------------------------------------------------- */

/* If the channel has a time already, this one is dropped. */
static void send_time(void *arg)
{
    const struct usertimer *t = arg;
    int64_t now_ns = sched_now_ns();
    struct task *wake;

    lock_take(&t->chan->lock);
    (void)chan_send_locked(t->chan, &now_ns, &wake);
    lock_release(&t->chan->lock);
    if (wake != NULL)
        sched_ready_last(wake, 1);
}

static void start_task(void *arg)
{
    const struct usertimer *t = arg;

    sched_spawn(t->fn, t->arg, NULL, 0, t->pc);
}

/* ---- stopping and setting ------------------------------------------------------------------- */

static bool take_back(gort_chan *c)
{
    struct task *wake;
    enum chan_result result;

    if (!chan_can_recv(c))
        return false;
    lock_take(&c->lock);
    result = chan_recv_locked(c, NULL, &wake);
    lock_release(&c->lock);
    if (wake != NULL)
        sched_ready(wake, 1);
    return result == CHAN_DONE;
}

static bool stop_locked(struct usertimer *t)
{
    bool stopped = timer_disarm(&t->timer);

    if (t->chan != NULL && take_back(t->chan))
        stopped = true;
    return stopped;
}

/* Moves T, if it is armed, once, and has not sent: when it fires in between it is armed no more,
 * and what it then sends is taken back by who stops it. */
static bool put_off_locked(struct usertimer *t, int64_t when_ns)
{
    return t->timer.period_ns == 0 && (t->chan == NULL || !chan_can_recv(t->chan)) &&
           timer_move(&t->timer, when_ns);
}

bool usertimer_stop(struct usertimer *t)
{
    bool stopped;

    lock_take(&t->lock);
    stopped = stop_locked(t);
    lock_release(&t->lock);
    return stopped;
}

bool usertimer_set(struct usertimer *t, int64_t when_ns, int64_t period_ns)
{
    bool stopped;

    lock_take(&t->lock);
    stopped = period_ns == 0 && put_off_locked(t, when_ns);
    if (!stopped) {
        stopped = stop_locked(t);
        t->timer.period_ns = period_ns;
        timer_arm(&t->timer, when_ns, t->chan != NULL ? send_time : start_task, t);
    }
    lock_release(&t->lock);
    return stopped;
}

/* ---- public --------------------------------------------------------------------------------- */

static gort_timer *new_timer(int64_t duration_ns, void (*fn)(void *arg), void *arg, uintptr_t pc)
{
    int64_t when_ns = usertimer_in(duration_ns);
    struct usertimer *t = usertimer_new(fn, arg, pc);

    usertimer_set(t, when_ns, 0);
    return container_of(t, gort_timer, t);
}

gort_timer *gort_timer_new(int64_t duration_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_timer *t;

    rt_enter("gort_timer_new");
    t = new_timer(duration_ns, NULL, NULL, pc);
    rt_leave(worker_self());
    return t;
}

gort_chan *gort_timer_chan(const gort_timer *t)
{
    return t->t.chan;
}

gort_chan *gort_after(int64_t duration_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_chan *c;

    rt_enter("gort_after");
    c = new_timer(duration_ns, NULL, NULL, pc)->t.chan;
    rt_leave(worker_self());
    return c;
}

gort_timer *gort_after_func(int64_t duration_ns, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_timer *t;

    rt_enter("gort_after_func");
    if (fn == NULL)
        gort_fatal("gort_after_func: no function");
    t = new_timer(duration_ns, fn, arg, pc);
    rt_leave(worker_self());
    return t;
}

int gort_timer_stop(gort_timer *t)
{
    bool stopped;

    rt_enter("gort_timer_stop");
    stopped = usertimer_stop(&t->t);
    rt_leave(worker_self());
    return stopped;
}

int gort_timer_reset(gort_timer *t, int64_t duration_ns)
{
    bool stopped;

    rt_enter("gort_timer_reset");
    stopped = usertimer_set(&t->t, usertimer_in(duration_ns), 0);
    rt_leave(worker_self());
    return stopped;
}
