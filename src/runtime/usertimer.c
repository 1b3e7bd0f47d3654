/* SPDX-License-Identifier: MIT */
/* usertimer.c - gort/time.h: timers. */
#include "config.h"

#include "runtime/usertimer.h"

#include "base/list.h"
#include "gort/time.h"
#include "runtime/alloc.h"
#include "runtime/chantimer.h"
#include "runtime/fatal.h"
#include "runtime/replay.h"
#include "runtime/sched.h"

/* A pointer to it is one to a struct chantimer, or a struct functimer, whose first member it is. */
struct gort_timer {
    struct usertimer user;
};

/* One that starts a task. */
struct functimer {
    gort_timer timer;
    struct lock lock;      /* around stopping and setting */
    void (*fn)(void *arg); /* of that task; [const] */
    void *arg;             /* [const] */
    uintptr_t pc;          /* whose caller made it; [const] */
};

int64_t usertimer_in(int64_t duration_ns)
{
    int64_t now_ns = sched_now_ns();

    if (duration_ns <= 0)
        return now_ns;
    return duration_ns < INT64_MAX - now_ns ? now_ns + duration_ns : INT64_MAX - 1;
}

/* ---- that start a task ---------------------------------------------------------------------- */

static void start_task(void *arg)
{
    const struct functimer *f = arg;

    sched_spawn(f->fn, f->arg, NULL, 0, f->pc);
}

static struct functimer *functimer_of(gort_timer *t)
{
    return container_of(t, struct functimer, timer);
}

static bool functimer_stop(struct functimer *f)
{
    bool stopped;

    lock_take(&f->lock);
    stopped = timer_disarm(&f->timer.user.timer);
    lock_release(&f->lock);
    return stopped;
}

static bool functimer_set(struct functimer *f, int64_t when_ns)
{
    struct timer *timer = &f->timer.user.timer;
    bool stopped;

    lock_take(&f->lock);
    stopped = timer_move(timer, when_ns);
    if (!stopped)
        timer_start(timer, when_ns);
    lock_release(&f->lock);
    return stopped;
}

/* ---- public --------------------------------------------------------------------------------- */

static struct chantimer *chantimer_of(gort_timer *t)
{
    return container_of(&t->user, struct chantimer, user);
}

gort_timer *gort_timer_new(int64_t duration_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct chantimer *t;

    rt_enter("gort_timer_new");
    t = chantimer_new(usertimer_in(duration_ns), 0, pc);
    rt_leave(worker_self());
    return container_of(&t->user, gort_timer, user);
}

gort_chan *gort_timer_chan(const gort_timer *t)
{
    return t->user.chan;
}

gort_chan *gort_after(int64_t duration_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    gort_chan *c;

    rt_enter("gort_after");
    c = chantimer_new(usertimer_in(duration_ns), 0, pc)->user.chan;
    rt_leave(worker_self());
    return c;
}

gort_timer *gort_after_func(int64_t duration_ns, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int64_t when_ns;
    struct functimer *f;

    rt_enter("gort_after_func");
    if (fn == NULL)
        gort_fatal("gort_after_func: no function");
    when_ns = usertimer_in(duration_ns);
    f = heap_alloc(sizeof *f, ALLOC_SCAN, pc);
    lock_init(&f->lock, RANK_USERTIMER);
    f->fn = fn;
    f->arg = arg;
    f->pc = pc;
    f->timer.user.timer.place = TIMER_KEEPS;
    timer_arm(&f->timer.user.timer, when_ns, start_task, f);
    rt_leave(worker_self());
    return &f->timer;
}

int gort_timer_stop(gort_timer *t)
{
    bool stopped;

    rt_enter("gort_timer_stop");
    stopped = t->user.chan != NULL ? chantimer_stop(chantimer_of(t))
                                   : functimer_stop(functimer_of(t));
    rt_leave(worker_self());
    return stopped;
}

int gort_timer_reset(gort_timer *t, int64_t duration_ns)
{
    int64_t when_ns;
    bool stopped;

    rt_enter("gort_timer_reset");
    when_ns = usertimer_in(duration_ns);
    stopped = t->user.chan != NULL ? chantimer_set(chantimer_of(t), when_ns, 0)
                                   : functimer_set(functimer_of(t), when_ns);
    rt_leave(worker_self());
    return stopped;
}
