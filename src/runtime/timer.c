/* SPDX-License-Identifier: MIT */
/* A timer that is armed points to its heap; who wants to disarm it takes that heap's lock and looks
 * again. The one who fires one OUTSIDE sets FIRING under the lock, calls the function without it,
 * and then sets IDLE: whoever disarms meanwhile spins until then. One that KEEPS is set IDLE under
 * the lock, and not touched after it: its function must make sure by itself that it comes in time.
 * No collection comes between, for who fires is inside the runtime. */
#include "config.h"

#include "runtime/timer.h"

#include <sched.h>
#include <string.h>

#include "base/check.h"
#include "runtime/cycles.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/sysmem.h"

#define ARITY          4u
#define FIRST_CAPACITY 64u

struct timer_entry {
    int64_t when_ns;
    struct timer *timer;
};

static void place(struct timers *ts, size_t i, struct timer_entry e)
{
    ts->entry[i] = e;
    e.timer->index = i;
}

static void sift_up(struct timers *ts, size_t i, struct timer_entry e)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;

        if (ts->entry[parent].when_ns <= e.when_ns)
            break;
        place(ts, i, ts->entry[parent]);
        i = parent;
    }
    place(ts, i, e);
}

static size_t least_child(const struct timers *ts, size_t first)
{
    size_t least = first;
    size_t end = first + ARITY < ts->count ? first + ARITY : ts->count;

    for (size_t i = first + 1; i < end; i++) {
        if (ts->entry[i].when_ns < ts->entry[least].when_ns)
            least = i;
    }
    return least;
}

static void sift_down(struct timers *ts, size_t i, struct timer_entry e)
{
    for (;;) {
        size_t first = i * ARITY + 1;
        size_t child;

        if (first >= ts->count)
            break;
        child = least_child(ts, first);
        if (ts->entry[child].when_ns >= e.when_ns)
            break;
        place(ts, i, ts->entry[child]);
        i = child;
    }
    place(ts, i, e);
}

static void publish_next(struct timers *ts)
{
    int64_t next_ns = ts->count > 0 ? ts->entry[0].when_ns : INT64_MAX;

    if (next_ns == atomic_load_explicit(&ts->next_ns, memory_order_relaxed))
        return;
    /* Sequential consistency: pairs with the poller's sleeper, which says that it sleeps before it
     * reads this. */
    atomic_store_explicit(&ts->next_ns, next_ns, memory_order_seq_cst);
}

/* Makes room for at least WANTED entries. */
static void grow(struct timers *ts, size_t wanted)
{
    size_t capacity = ts->capacity == 0 ? FIRST_CAPACITY : ts->capacity * 2;
    struct timer_entry *entry;

    while (capacity < wanted)
        capacity *= 2;
    entry = sys_map(capacity * sizeof *entry, SYS_OTHER);
    if (entry == NULL)
        gort_fatal("out of memory: no room for %zu timers", capacity);
    if (ts->capacity > 0) {
        memcpy(entry, ts->entry, ts->count * sizeof *entry);
        sys_unmap(ts->entry, ts->capacity * sizeof *entry, SYS_OTHER);
    }
    ts->entry = entry;
    ts->capacity = capacity;
}

/* E belongs at I or somewhere above or below it. */
static void settle(struct timers *ts, size_t i, struct timer_entry e)
{
    if (i > 0 && e.when_ns < ts->entry[(i - 1) / ARITY].when_ns)
        sift_up(ts, i, e);
    else
        sift_down(ts, i, e);
    publish_next(ts);
}

/* Makes a heap of entries in any order. */
static void order_locked(struct timers *ts)
{
    for (size_t i = ts->count; i-- > 0;)
        sift_down(ts, i, ts->entry[i]);
    publish_next(ts);
}

static void remove_at(struct timers *ts, size_t i)
{
    struct timer_entry last = ts->entry[ts->count - 1];

    ts->nobjects -= ts->entry[i].timer->place == TIMER_KEEPS;
    ts->count--;
    if (i < ts->count)
        settle(ts, i, last);
    else
        publish_next(ts);
}

void timers_init(struct timers *ts)
{
    lock_init(&ts->lock, RANK_TIMERS);
    atomic_init(&ts->next_ns, INT64_MAX);
}

/* Whether T is now the first. */
static bool insert_locked(struct timers *ts, struct timer *t, int64_t when_ns)
{
    t->when_ns = when_ns;
    if (ts->count == ts->capacity)
        grow(ts, ts->count + 1);
    ts->nobjects += t->place == TIMER_KEEPS;
    atomic_store_explicit(&t->state, TIMER_ARMED, memory_order_relaxed);
    sift_up(ts, ts->count++, (struct timer_entry){when_ns, t});
    publish_next(ts);
    return ts->entry[0].timer == t;
}

void timer_start(struct timer *t, int64_t when_ns)
{
    struct timers *ts = &worker_self()->proc->timers;
    bool first;

    DCHECK(!timer_is_armed(t));
    lock_take(&ts->lock);
    atomic_store_explicit(&t->heap, ts, memory_order_relaxed);
    first = insert_locked(ts, t, when_ns);
    lock_release(&ts->lock);
    if (first)
        sched_timer_moved(when_ns);
}

void timer_arm(struct timer *t, int64_t when_ns, void (*fire)(void *arg), void *arg)
{
    t->fire = fire;
    t->arg = arg;
    timer_start(t, when_ns);
}

bool timer_is_armed(const struct timer *t)
{
    /* Acquire: pairs with the release in take_due, for who then arms it. */
    return atomic_load_explicit(&t->state, memory_order_acquire) == TIMER_ARMED;
}

/* Later is a matter for when the time in the heap comes. Whether T is now the first, and sooner. */
static bool move_locked(struct timers *ts, struct timer *t, int64_t when_ns)
{
    t->when_ns = when_ns;
    if (when_ns >= ts->entry[t->index].when_ns)
        return false;
    settle(ts, t->index, (struct timer_entry){when_ns, t});
    return ts->entry[0].timer == t;
}

bool timer_move(struct timer *t, int64_t when_ns)
{
    struct timers *ts = atomic_load_explicit(&t->heap, memory_order_relaxed);
    bool armed;
    bool first = false;

    if (ts == NULL || !timer_is_armed(t))
        return false;
    lock_take(&ts->lock);
    armed = timer_is_armed(t);
    if (armed)
        first = move_locked(ts, t, when_ns);
    lock_release(&ts->lock);
    if (first)
        sched_timer_moved(when_ns);
    return armed;
}

/* Takes T out if it is armed; the state that it was found in. */
static enum timer_state try_disarm(struct timers *ts, struct timer *t)
{
    enum timer_state found;

    lock_take(&ts->lock);
    /* Acquire: pairs with the release in timers_fire, for one that has fired. */
    found = (enum timer_state)atomic_load_explicit(&t->state, memory_order_acquire);
    if (found == TIMER_ARMED) {
        remove_at(ts, t->index);
        atomic_store_explicit(&t->state, TIMER_IDLE, memory_order_relaxed);
    }
    lock_release(&ts->lock);
    return found;
}

static void wait_until_fired(struct timer *t)
{
    /* Acquire: pairs with the release in timers_fire, after the function has returned. */
    while (atomic_load_explicit(&t->state, memory_order_acquire) == TIMER_FIRING) {
        cpu_relax();
        sched_yield();
    }
}

bool timer_disarm(struct timer *t)
{
    struct timers *ts = atomic_load_explicit(&t->heap, memory_order_relaxed);
    enum timer_state found;

    if (ts == NULL)
        return false;
    found = try_disarm(ts, t);
    if (found == TIMER_FIRING)
        wait_until_fired(t);
    return found == TIMER_ARMED;
}

/* Puts those that were put off, and whose former time has come, to where they belong. */
static void settle_first(struct timers *ts, int64_t now_ns)
{
    while (ts->count > 0 && ts->entry[0].when_ns <= now_ns) {
        struct timer *t = ts->entry[0].timer;

        if (t->when_ns == ts->entry[0].when_ns)
            return;
        settle(ts, 0, (struct timer_entry){t->when_ns, t});
    }
}

/* What is left of a timer that was taken out to be fired. */
struct firing {
    void (*fire)(void *arg);
    void *arg;
    struct timer *ends; /* to be set idle afterwards, or NULL */
};

static struct firing begin_firing(struct timer *t)
{
    struct firing f = {t->fire, t->arg, t->place == TIMER_OUTSIDE ? t : NULL};

    /* Release: pairs with the acquire of who finds it idle, and writes to it. */
    atomic_store_explicit(&t->state, f.ends != NULL ? TIMER_FIRING : TIMER_IDLE,
                          memory_order_release);
    return f;
}

/* Takes the first timer out if it is due; false if none is. */
static bool take_due(struct timers *ts, int64_t now_ns, struct firing *f)
{
    bool due;

    lock_take(&ts->lock);
    settle_first(ts, now_ns);
    due = ts->count > 0 && ts->entry[0].when_ns <= now_ns;
    if (due) {
        struct timer *t = ts->entry[0].timer;

        remove_at(ts, 0);
        *f = begin_firing(t);
    }
    lock_release(&ts->lock);
    return due;
}

size_t timers_fire(struct timers *ts, int64_t now_ns)
{
    size_t fired = 0;
    struct firing f;

    while (atomic_load_explicit(&ts->next_ns, memory_order_relaxed) <= now_ns &&
           take_due(ts, now_ns, &f)) {
        f.fire(f.arg);
        if (f.ends != NULL)
            atomic_store_explicit(&f.ends->state, TIMER_IDLE, memory_order_release);
        fired++;
    }
    return fired;
}

static struct timers take_all(struct timers *ts)
{
    struct timers all;

    lock_take(&ts->lock);
    all = (struct timers){
        .entry = ts->entry, .count = ts->count, .capacity = ts->capacity, .nobjects = ts->nobjects};
    ts->entry = NULL;
    ts->count = ts->capacity = ts->nobjects = 0;
    publish_next(ts);
    lock_release(&ts->lock);
    return all;
}

uint32_t timers_count(struct timers *ts)
{
    uint32_t count = 0;

    if (atomic_load_explicit(&ts->next_ns, memory_order_relaxed) == INT64_MAX)
        return 0;
    lock_take(&ts->lock);
    count = (uint32_t)ts->count;
    lock_release(&ts->lock);
    return count;
}

void timers_move(struct timers *from, struct timers *to)
{
    struct timers all = take_all(from);

    if (all.capacity == 0)
        return;
    lock_take(&to->lock);
    if (to->count + all.count > to->capacity)
        grow(to, to->count + all.count);
    for (size_t i = 0; i < all.count; i++) {
        to->entry[to->count++] = all.entry[i];
        atomic_store_explicit(&all.entry[i].timer->heap, to, memory_order_relaxed);
    }
    to->nobjects += all.nobjects;
    order_locked(to);
    lock_release(&to->lock);
    sys_unmap(all.entry, all.capacity * sizeof *all.entry, SYS_OTHER);
}

size_t timers_active(void)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    size_t active = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct timers *ts = &sched.procs[i]->timers;

        lock_take(&ts->lock);
        active += ts->count;
        lock_release(&ts->lock);
    }
    return active;
}

void timers_scan(const struct timers *ts, void (*scan)(void *ctx, const void *lo, const void *hi),
                 void *ctx)
{
    if (ts->nobjects == 0)
        return;
    for (size_t i = 0; i < ts->count; i++) {
        if (ts->entry[i].timer->place == TIMER_KEEPS)
            scan(ctx, &ts->entry[i].timer, &ts->entry[i].timer + 1);
    }
}
