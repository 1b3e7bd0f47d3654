/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/leaked.h"

#include <errno.h>

#include "base/check.h"
#include "gort/leak.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gcleak.h"
#include "runtime/gcowner.h"
#include "runtime/lock.h"
#include "runtime/noroot.h"
#include "runtime/sched.h"
#include "runtime/tasktab.h"

static struct {
    struct lock lock;
    struct leaked kind[LEAKED_KINDS]; /* [lock:lock] */
    size_t nkinds;                    /* [lock:lock] */
    _Atomic(uint64_t) count;
    _Atomic(uint64_t) refuted;
} all = {.lock = LOCK_INIT(RANK_LEAKED)};
NO_ROOT(all);

/* The kind of T, or NULL. */
static struct leaked *find_locked(const struct task *t)
{
    for (size_t i = 0; i < all.nkinds; i++) {
        struct leaked *k = &all.kind[i];

        if (k->spawn_pc == t->spawn_pc && k->start_fn == (uintptr_t)t->fn &&
            k->wait_pc == t->wait_pc && k->reason == t->reason)
            return k;
    }
    return NULL;
}

/* As find_locked, made if there is room. */
static struct leaked *kind_locked(const struct task *t, int64_t now_ns)
{
    struct leaked *k = find_locked(t);

    if (k != NULL || all.nkinds == LEAKED_KINDS)
        return k;
    k = &all.kind[all.nkinds++];
    *k = (struct leaked){.spawn_pc = t->spawn_pc,
                         .start_fn = (uintptr_t)t->fn,
                         .wait_pc = t->wait_pc,
                         .reason = t->reason,
                         .waits_since_ns = tasktab_since_ns(t),
                         .proven_ns = now_ns};
    return k;
}

/* Counts T as one of its kind; false: it is of a kind that is not to be told. */
static bool count_in(const struct task *t, int64_t now_ns)
{
    int64_t since_ns = tasktab_since_ns(t);
    struct leaked *k = NULL;
    bool told = true;

    lock_take(&all.lock);
    k = kind_locked(t, now_ns);
    if (k != NULL && k->refuted) {
        told = false;
    } else if (k != NULL) {
        k->count++;
        k->waits_since_ns = k->waits_since_ns < since_ns ? k->waits_since_ns : since_ns;
    }
    lock_release(&all.lock);
    return told;
}

void leaked_add(struct task *t, int64_t now_ns)
{
    DCHECK(atomic_load_explicit(&t->leaked_ns, memory_order_relaxed) == 0);
    DCHECK(atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_WAITING);
    if (!count_in(t, now_ns))
        return;
    atomic_store_explicit(&t->leaked_ns, now_ns, memory_order_relaxed);
    tasktab_leaked(t);
    atomic_fetch_add_explicit(&all.count, 1, memory_order_relaxed);
}

/* Counts T out; whether that is news of its kind. */
static bool count_out(const struct task *t)
{
    struct leaked *k = NULL;
    bool news = true;

    lock_take(&all.lock);
    k = find_locked(t);
    if (k != NULL) {
        DCHECK(k->count > 0);
        k->count--;
        news = !k->refuted;
        k->refuted = true;
    }
    lock_release(&all.lock);
    return news;
}

void leaked_refute(struct task *t)
{
    int saved_errno = errno;

    atomic_store_explicit(&t->leaked_ns, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&all.count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&all.refuted, 1, memory_order_relaxed);
    if (count_out(t) && (GORT_DEBUG_CHECKS || debug.verify != 0))
        runtime_log("gort: task %llu, which was proven to be leaked, goes on: a reference to what "
                    "it waited on is in memory that the collector does not search",
                    (unsigned long long)t->id);
    errno = saved_errno;
}

uint64_t leaked_count(void)
{
    return atomic_load_explicit(&all.count, memory_order_relaxed);
}

uint64_t leaked_refuted(void)
{
    return atomic_load_explicit(&all.refuted, memory_order_relaxed);
}

/* The first kind from number *I on that has tasks, and moves *I behind it; NULL: there is none. */
static const struct leaked *next_locked(size_t *i)
{
    while (*i < all.nkinds)
        if (all.kind[(*i)++].count > 0)
            return &all.kind[*i - 1];
    return NULL;
}

size_t leaked_read(struct leaked *out, size_t max)
{
    const struct leaked *k = NULL;
    size_t at = 0;
    size_t n = 0;

    lock_take(&all.lock);
    for (; (k = next_locked(&at)) != NULL; n++)
        if (n < max)
            out[n] = *k;
    lock_release(&all.lock);
    return n;
}

/* ---- public ---- */

int64_t gort_leaked_tasks(void)
{
    return (int64_t)leaked_count();
}

int64_t gort_find_leaks(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_find_leaks");
    gcleak_want();
    gc_collect(GC_BY_CALL, pc);
    rt_leave(worker_self());
    return (int64_t)leaked_count();
}

static gort_leak leak_of(const struct leaked *k)
{
    return (gort_leak){.spawn_pc = k->spawn_pc,
                       .start_fn = k->start_fn,
                       .wait_pc = k->wait_pc,
                       .reason = wait_reason_text(k->reason),
                       .tasks = (int64_t)k->count,
                       .waits_since_ns = k->waits_since_ns,
                       .proven_ns = k->proven_ns};
}

/* Within the runtime: a stop that finds the lock held by a task that it has stopped would wait for
 * it for ever. */
int gort_read_leaks(gort_leak *leak, int n)
{
    const struct leaked *k = NULL;
    size_t at = 0;
    int have = 0;

    rt_enter("gort_read_leaks");
    lock_take(&all.lock);
    for (; (k = next_locked(&at)) != NULL; have++)
        if (have < n)
            leak[have] = leak_of(k);
    lock_release(&all.lock);
    rt_leave(worker_self());
    return have;
}
