/* SPDX-License-Identifier: MIT */
/* select.c - waiting for the first of several channel operations.
 * First a look without locks, in which every ready case draws for its turn: the usual select locks
 * only the channel that it uses. If nothing was ready, or was snatched away, all channels are
 * locked in order of address; then the look is exact, and either a case is carried out or the task
 * waits on all of them at once, its waiters in one race.
 * Source: Go's select.go; the draw is reservoir sampling (Vitter 1985). */
#include "config.h"

#include "gort/select.h"

#include "runtime/alloc.h"
#include "runtime/chanlook.h"
#include "runtime/chantimer.h"
#include "runtime/fatal.h"
#include "runtime/replay.h"
#include "runtime/sleep.h"
#include "runtime/waitson.h"

#define CASES_MAX      65536u
#define CASES_ON_STACK 8u
#define NO_CASE        (-1)

/* What one look at all cases found. */
struct survey {
    size_t nchans; /* cases with a channel */
    int nready;
    int ready_at; /* one of them, each as likely as the others */
    int default_at;
    int deadline_at;
    int64_t now_ns; /* 0: not read */
};

/* A select that has to lock all its channels; lies on the task's stack. */
struct selection {
    gort_case *cases;
    size_t nchans;
    uint16_t *order;        /* cases with a channel, by its address */
    struct waiter *waiters; /* one for each entry of order */
    struct race race;
    int64_t deadline_ns; /* GORT_FOREVER: none */
    int64_t now_ns;      /* a time during the select, 0: not read */
};

/* ---- looking -------------------------------------------------------------------------------- */

static void only_one(int *at, size_t i, const char *kind)
{
    if (*at != NO_CASE)
        gort_fatal("gort_select: more than one %s case", kind);
    *at = (int)i;
}

/* *NOW_NS as in chantimer_is_due. */
static inline bool case_is_ready(const gort_case *k, int64_t *now_ns)
{
    return k->kind == GORT_CASE_SEND ? chan_can_send(k->c) : chan_can_recv_at(k->c, now_ns);
}

static inline bool has_chan(const gort_case *k)
{
    return (k->kind == GORT_CASE_RECV || k->kind == GORT_CASE_SEND) && k->c != NULL;
}

static void survey_chan(struct survey *s, const gort_case *k, size_t i, struct proc *p)
{
    if (k->c == NULL)
        return;
    s->nchans++;
    if (!case_is_ready(k, &s->now_ns))
        return;
    s->nready++;
    if (s->nready == 1 || proc_random(p) % (uint32_t)s->nready == 0)
        s->ready_at = (int)i;
}

static struct survey survey_cases(const gort_case *cases, size_t n, struct proc *p, int64_t now_ns)
{
    struct survey s = {
        .ready_at = NO_CASE, .default_at = NO_CASE, .deadline_at = NO_CASE, .now_ns = now_ns};

    for (size_t i = 0; i < n; i++) {
        switch (cases[i].kind) {
        case GORT_CASE_RECV:
        case GORT_CASE_SEND:
            survey_chan(&s, &cases[i], i, p);
            break;
        case GORT_CASE_DEADLINE:
            only_one(&s.deadline_at, i, "deadline");
            break;
        case GORT_CASE_DEFAULT:
            only_one(&s.default_at, i, "default");
            break;
        }
    }
    return s;
}

/* Carries out K, whose channel is locked. False if it would have to wait. */
static bool case_try_locked(gort_case *k, struct task **wake)
{
    enum chan_result result = k->kind == GORT_CASE_SEND ? chan_send_locked(k->c, k->value, wake)
                                                        : chan_recv_locked(k->c, k->value, wake);

    if (result == CHAN_CLOSED && k->kind == GORT_CASE_SEND)
        gort_fatal("gort_select: send on closed channel");
    k->ok = result == CHAN_DONE;
    return result != CHAN_WOULD_BLOCK;
}

static bool case_try(gort_case *k)
{
    struct task *wake;
    bool done;

    lock_take(&k->c->lock);
    done = case_try_locked(k, &wake);
    lock_release(&k->c->lock);
    if (wake != NULL)
        sched_ready(wake, 1);
    return done;
}

/* ---- all locks ------------------------------------------------------------------------------ */

static uintptr_t address_at(const struct selection *s, size_t i)
{
    return (uintptr_t)s->cases[s->order[i]].c;
}

static void swap_order(struct selection *s, size_t i, size_t j)
{
    uint16_t moved = s->order[i];

    s->order[i] = s->order[j];
    s->order[j] = moved;
}

static void sift_down(struct selection *s, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && address_at(s, child + 1) > address_at(s, child))
            child++;
        if (address_at(s, child) <= address_at(s, i))
            return;
        swap_order(s, i, child);
    }
}

/* Heap sort: needs no memory, and no order of cases makes it slow. */
static void sort_by_address(struct selection *s)
{
    for (size_t i = s->nchans / 2; i-- > 0;)
        sift_down(s, i, s->nchans);
    for (size_t end = s->nchans; end-- > 1;) {
        swap_order(s, 0, end);
        sift_down(s, 0, end);
    }
}

/* A channel that stands in several cases is locked once: its cases lie side by side. */
static bool is_repeated(const struct selection *s, size_t i)
{
    return i > 0 && address_at(s, i) == address_at(s, i - 1);
}

/* Whoever comes while the task waits makes all cases of one kind and channel ready at one time, and
 * meets the first in the queue. */
static void shuffle_repeated(struct selection *s, struct proc *p)
{
    size_t first = 0;

    for (size_t i = 1; i < s->nchans; i++) {
        if (is_repeated(s, i))
            swap_order(s, i, first + proc_random(p) % (uint32_t)(i - first + 1));
        else
            first = i;
    }
}

static void lock_all(struct selection *s)
{
    for (size_t i = 0; i < s->nchans; i++)
        if (!is_repeated(s, i))
            lock_take(&s->cases[s->order[i]].c->lock);
}

static void unlock_all(const struct selection *s)
{
    for (size_t i = s->nchans; i-- > 0;)
        if (!is_repeated(s, i))
            lock_release(&s->cases[s->order[i]].c->lock);
}

/* The task may be woken as soon as the timer is armed, but can't go on before it has locked the
 * first channel, which is let go of last, or was woken by one who had that channel. After that *ARG
 * is not looked at. */
static bool arm_and_unlock(struct task *t, void *arg)
{
    struct selection *s = arg;

    if (s->deadline_ns != GORT_FOREVER)
        timer_arm(&t->timer, s->deadline_ns, race_time_out, &s->race);
    unlock_all(s);
    return true;
}

static struct waitq *case_queue(const gort_case *k)
{
    return k->kind == GORT_CASE_SEND ? &k->c->senders : &k->c->receivers;
}

static void enqueue_all(struct selection *s)
{
    for (size_t i = 0; i < s->nchans; i++) {
        gort_case *k = &s->cases[s->order[i]];

        s->waiters[i] = (struct waiter){.task = s->race.task, .race = &s->race, .value = k->value};
        waitq_push(case_queue(k), &s->waiters[i]);
        if (k->kind == GORT_CASE_RECV && k->c->is_timer != 0)
            chantimer_watch_locked(chantimer_of_chan(k->c));
    }
}

/* Whether it is the winner, which whoever woke the task took out, and the task has no other on that
 * channel: then there is nothing to do. */
static bool is_out(const struct selection *s, size_t i)
{
    const gort_case *k = &s->cases[s->order[i]];

    return s->race.winner == &s->waiters[i] && k->c->is_timer == 0 && !is_repeated(s, i) &&
           (i + 1 == s->nchans || !is_repeated(s, i + 1));
}

static void leave_queue(struct selection *s, size_t i)
{
    gort_case *k = &s->cases[s->order[i]];

    lock_take(&k->c->lock);
    waitq_remove(case_queue(k), &s->waiters[i]);
    if (k->kind == GORT_CASE_RECV && k->c->is_timer != 0)
        chantimer_unwatch_locked(chantimer_of_chan(k->c));
    lock_release(&k->c->lock);
}

/* One channel after the other: the task waits no more, and a waiter that is left behind for a while
 * only loses the race. */
static void leave_queues(struct selection *s)
{
    for (size_t i = 0; i < s->nchans; i++)
        if (!is_out(s, i))
            leave_queue(s, i);
}

/* Waits with all channels locked, lets them go; the case that was carried out, or NO_CASE if the
 * deadline came first. */
static int wait_for_all(struct selection *s, uintptr_t pc)
{
    gort_case *k;
    int woken_with;
    int at;

    s->race.task = task_self();
    enqueue_all(s);
    s->race.task->waits_on = s;
    woken_with = sched_park(WAIT_SELECT, pc, arm_and_unlock, s);
    if (s->deadline_ns != GORT_FOREVER)
        timer_disarm(&task_self()->timer);
    leave_queues(s);
    if (s->race.winner == NULL)
        return NO_CASE;
    at = s->order[s->race.winner - s->waiters];
    k = &s->cases[at];
    k->ok = woken_with == 1;
    if (k->kind == GORT_CASE_SEND && !k->ok)
        gort_fatal("gort_select: send on closed channel");
    return at;
}

/* Not memory of the caller: see waitson.h. */
NO_SANITIZE_READS bool select_any(const void *selection, bool (*is)(const void *channel))
{
    const struct selection *s = selection;

    for (size_t i = 0; i < s->nchans; i++)
        if (is(s->cases[s->order[i]].c))
            return true;
    return false;
}

/* Carries out a ready case, all channels being locked. NO_CASE: none is. A case that only seemed
 * ready, for a waiter that something else has woken, has lost that waiter now and is not tried
 * again. *FOUND is the last look. */
static int try_all_locked(struct selection *s, size_t n, struct survey *found, struct task **wake)
{
    struct proc *p = worker_self()->proc;

    for (;;) {
        *found = survey_cases(s->cases, n, p, s->now_ns);
        if (found->nready == 0)
            return NO_CASE;
        if (case_try_locked(&s->cases[found->ready_at], wake))
            return found->ready_at;
    }
}

static int select_locked(struct selection *s, size_t n, uintptr_t pc)
{
    struct survey found;
    struct task *wake = NULL;
    int at;

    for (size_t i = 0, filled = 0; i < n; i++)
        if (has_chan(&s->cases[i]))
            s->order[filled++] = (uint16_t)i;
    sort_by_address(s);
    shuffle_repeated(s, worker_self()->proc);
    lock_all(s);
    at = try_all_locked(s, n, &found, &wake);
    if (found.deadline_at != NO_CASE)
        s->deadline_ns = s->cases[found.deadline_at].deadline_ns;
    if (at == NO_CASE)
        at = found.default_at;
    if (at == NO_CASE && s->deadline_ns != GORT_FOREVER && s->deadline_ns <= sched_now_ns())
        at = found.deadline_at;
    if (at == NO_CASE) {
        at = wait_for_all(s, pc);
        return at == NO_CASE ? found.deadline_at : at;
    }
    unlock_all(s);
    if (wake != NULL)
        sched_ready(wake, 1);
    return at;
}

/* ---- how much room -------------------------------------------------------------------------- */

static int select_on_stack(gort_case *cases, size_t n, const struct survey *found, uintptr_t pc)
{
    struct waiter waiters[CASES_ON_STACK];
    uint16_t order[CASES_ON_STACK];
    struct selection s = {.cases = cases,
                          .nchans = found->nchans,
                          .order = order,
                          .waiters = waiters,
                          .deadline_ns = GORT_FOREVER,
                          .now_ns = found->now_ns};

    return select_locked(&s, n, pc);
}

static int select_on_heap(gort_case *cases, size_t n, const struct survey *found, uintptr_t pc)
{
    struct selection s = {.cases = cases,
                          .nchans = found->nchans,
                          .deadline_ns = GORT_FOREVER,
                          .now_ns = found->now_ns};

    s.waiters = heap_alloc(s.nchans * sizeof *s.waiters, ALLOC_NOSCAN, pc);
    s.order = heap_alloc(s.nchans * sizeof *s.order, ALLOC_NOSCAN, pc);
    return select_locked(&s, n, pc);
}

/* No case has a channel. */
static int select_no_chan(const gort_case *cases, const struct survey *found, uintptr_t pc)
{
    if (found->default_at != NO_CASE)
        return found->default_at;
    if (found->deadline_at == NO_CASE)
        park_forever(WAIT_SELECT_NONE, pc);
    sleep_until(cases[found->deadline_at].deadline_ns, WAIT_SELECT, pc);
    return found->deadline_at;
}

static int select_cases(gort_case *cases, size_t n, struct worker *w, uintptr_t pc)
{
    struct survey found = survey_cases(cases, n, w->proc, 0);

    if (found.nready > 0 && case_try(&cases[found.ready_at]))
        return found.ready_at;
    if (found.nchans == 0)
        return select_no_chan(cases, &found, pc);
    /* The look at one channel is exact; at several it is not one moment. */
    if (found.nchans == 1 && found.nready == 0 && found.default_at != NO_CASE)
        return found.default_at;
    if (found.nchans <= CASES_ON_STACK)
        return select_on_stack(cases, n, &found, pc);
    return select_on_heap(cases, n, &found, pc);
}

/* ---- the interface -------------------------------------------------------------------------- */

/* Whether a receive from C would have to wait now. 0 may be wrong: of a timer's channel, for which
 * the clock is asked, and of one who may not glance. */
int gort_recv_must_wait(const gort_chan *c)
{
    return LIKELY(rt_may_glance()) && LIKELY(c != NULL) && LIKELY(c->is_timer == 0) &&
           !chan_has_for_recv(c);
}

/* The same of a send. */
int gort_send_must_wait(const gort_chan *c)
{
    return LIKELY(rt_may_glance()) && LIKELY(c != NULL) && !chan_can_send(c);
}

/* All of gort_select, for those of whom the look in passing wasn't enough. */
int gort_select_slow(gort_case *cases, size_t n)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct worker *w = rt_enter("gort_select");
    int at;

    if (n > CASES_MAX)
        gort_fatal("gort_select: %zu cases, above %u", n, CASES_MAX);
    at = select_cases(cases, n, w, pc);
    rt_leave_to(worker_self(), pc);
    return at;
}

extern inline int gort_select(gort_case *cases, size_t n);
