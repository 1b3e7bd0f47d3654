/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/sleep.h"

#include "base/check.h"
#include "gort/time.h"
#include "runtime/replay.h"

struct parking {
    struct lock *lock;
    const struct deadline *deadline;
};

/* The timer may fire at once and let the task go on: then nothing of *ARG, which is on its stack,
 * can be looked at any more. */
static bool arm_and_release(struct task *t, void *arg)
{
    const struct parking *parking = arg;
    const struct deadline *d = parking->deadline;
    struct lock *l = parking->lock;

    timer_arm(&t->timer, d->at_ns, d->fire, d->arg);
    if (l != NULL)
        lock_release(l);
    return true;
}

int32_t park_by(enum wait_reason why, uintptr_t pc, struct lock *l, const struct deadline *d)
{
    struct parking parking = {.lock = l, .deadline = d};
    int32_t woken_with;

    DCHECK(d->at_ns != GORT_FOREVER || l != NULL);
    if (d->at_ns == GORT_FOREVER)
        return sched_park_release(why, pc, l);
    woken_with = sched_park(why, pc, arm_and_release, &parking);
    timer_disarm(&task_self()->timer);
    return woken_with;
}

static bool stay_parked(struct task *t, void *arg)
{
    (void)t;
    (void)arg;
    return true;
}

_Noreturn void park_forever(enum wait_reason why, uintptr_t pc)
{
    task_self()->waits_on = NULL;
    for (;;)
        sched_park(why, pc, stay_parked, NULL);
}

static void wake_sleeper(void *arg)
{
    sched_ready_last(arg, 0);
}

void sleep_until(int64_t deadline_ns, enum wait_reason why, uintptr_t pc)
{
    struct deadline d = {.at_ns = deadline_ns, .fire = wake_sleeper, .arg = task_self()};

    if (deadline_ns == GORT_FOREVER)
        park_forever(why, pc);
    park_by(why, pc, NULL, &d);
}

int64_t gort_now(void)
{
    return sched_now_ns();
}

int64_t gort_in(int64_t duration_ns)
{
    int64_t deadline_ns;

    if (__builtin_add_overflow(sched_now_ns(), duration_ns, &deadline_ns))
        return duration_ns < 0 ? INT64_MIN : GORT_FOREVER;
    return deadline_ns;
}

void gort_sleep(int64_t duration_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_sleep");
    if (duration_ns > 0) {
        int64_t until_ns = gort_in(duration_ns);

        /* Very long is not for ever: that would be a deadlock. */
        sleep_until(until_ns == GORT_FOREVER ? until_ns - 1 : until_ns, WAIT_SLEEP, pc);
    }
    rt_leave(worker_self());
}

void gort_sleep_until(int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_sleep_until");
    if (deadline_ns > sched_now_ns())
        sleep_until(deadline_ns, WAIT_SLEEP, pc);
    rt_leave(worker_self());
}
