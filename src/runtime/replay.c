/* SPDX-License-Identifier: MIT */
/* The runnable tasks lie in a plain array, from which one is picked at random. One of them always
 * stays in the proc's queue, so that whoever asks there whether anybody waits for the proc gets the
 * right answer. */
#include "config.h"

#include "runtime/replay.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/fatal.h"
#include "runtime/netpoll.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/sysmem.h"

#define FIRST_CAPACITY 256u
#define EPOCH_NS       (3600 * NS_PER_S) /* so that an hour ago is a time too */
#define TICK_NS        NS_PER_US         /* that a decision or a look at the clock takes */
#define POLL_EVERY     64u               /* picks between looks at the poller */
#define LATE_IN        64u /* one in so many picks finds the machine busy until the next timer */
#define LATE_MAX_NS    (10 * NS_PER_MS) /* if that is no later */

static struct {
    uint64_t random;     /* [owner of the proc] */
    uint32_t preempt_in; /* one in so many entries and exits gives way; [const] */
    uint32_t picks;      /* [owner of the proc] */
    struct task **ready; /* [owner of the proc] */
    size_t count;        /* [owner of the proc] */
    size_t capacity;     /* [owner of the proc] */
    _Atomic(int64_t) now_ns;
    _Atomic(uint64_t) decisions; /* written by the owner of the proc */
    _Atomic(uint64_t) hash;      /* of all of them; written by the owner of the proc */
    _Atomic(uint64_t) rescues;   /* written by sysmon */
    _Atomic(uint32_t) told;
} replay;

/* ---- the generator -------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t draw(void)
{
    replay.random += UINT64_C(0x9e3779b97f4a7c15);
    return mix(replay.random);
}

static uint64_t load(_Atomic(uint64_t) *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

/* That RESULT was decided on for the task with ID. */
static void record(uint64_t id, uint64_t result)
{
    stat_add(&replay.decisions, 1);
    atomic_store_explicit(&replay.hash, mix(load(&replay.hash) ^ id << 32 ^ result),
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&replay.now_ns, TICK_NS, memory_order_relaxed);
}

bool replay_preempts(void)
{
    struct worker *w = worker_self();
    bool preempts = draw() % replay.preempt_in == 0;

    /* A sign of life for sysmon: this task does not stand still. */
    atomic_store_explicit(&w->proc->tick,
                          atomic_load_explicit(&w->proc->tick, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    record(w->current->id, preempts);
    return preempts;
}

/* ---- the clock ------------------------------------------------------------------------------ */

int64_t replay_now_ns(void)
{
    return atomic_fetch_add_explicit(&replay.now_ns, TICK_NS, memory_order_relaxed) + TICK_NS;
}

void replay_waited(int64_t ns)
{
    atomic_fetch_add_explicit(&replay.now_ns, ns, memory_order_relaxed);
}

static int64_t next_timer(struct proc *p)
{
    return atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed);
}

/* Fires what is due on P; with JUMP, it is the time of the first timer now, if it was not yet. */
enum jump { JUMP_NOT, JUMP };
static void fire(struct proc *p, enum jump jump)
{
    int64_t now_ns = atomic_load_explicit(&replay.now_ns, memory_order_relaxed);
    int64_t next_ns = next_timer(p); /* any number, far below 0 too */

    if (jump == JUMP && next_ns > now_ns) {
        replay_waited(next_ns - now_ns);
        now_ns = next_ns;
    }
    timers_fire(&p->timers, now_ns);
}

/* Whether nothing outside can make a task runnable: then time need not pass. */
static bool is_alone(void)
{
    uint32_t awake = atomic_load_explicit(&sched.nworkers, memory_order_relaxed) -
                     atomic_load_explicit(&sched.nidle_workers, memory_order_relaxed);

    return awake == 1 && netpoll_waiters() == 0;
}

/* ---- runnable tasks ------------------------------------------------------------------------- */

static void grow(void)
{
    size_t capacity = replay.capacity == 0 ? FIRST_CAPACITY : replay.capacity * 2;
    struct task **ready = sys_map(capacity * sizeof *ready, SYS_OTHER);

    if (ready == NULL)
        gort_fatal("out of memory: no room for %zu runnable tasks", capacity);
    if (replay.capacity > 0) {
        memcpy(ready, replay.ready, replay.count * sizeof *ready);
        sys_unmap(replay.ready, replay.capacity * sizeof *ready, SYS_OTHER);
    }
    replay.ready = ready;
    replay.capacity = capacity;
}

static void keep(struct task *t)
{
    if (replay.count == replay.capacity)
        grow();
    replay.ready[replay.count++] = t;
}

static void gather(struct proc *p)
{
    struct task *t;
    bool inherit;

    while ((t = runq_take(&p->runq, &inherit)) != NULL)
        keep(t);
    lock_take(&sched.lock);
    while ((t = globq_pop(&sched.global)) != NULL)
        keep(t);
    atomic_store_explicit(&sched.nglobal, 0, memory_order_relaxed);
    lock_release(&sched.lock);
}

static struct task *take_at(size_t i)
{
    struct task *t = replay.ready[i];

    replay.ready[i] = replay.ready[--replay.count];
    return t;
}

static struct task *pick(struct proc *p)
{
    struct taskq spill = {0};
    struct task *t;

    gather(p);
    if (replay.count == 0)
        return NULL;
    t = take_at(draw() % replay.count);
    record(t->id, replay.count);
    if (replay.count > 0)
        CHECK(runq_put(&p->runq, take_at(replay.count - 1), &spill));
    return t;
}

static void poll_sockets(void)
{
    struct taskq ready = {0};

    if (!netpoll_in_use() || netpoll_waiters() == 0)
        return;
    netpoll_poll(0, &ready);
    sched_ready_batch(&ready);
}

static enum jump maybe_late(struct proc *p)
{
    int64_t now_ns = atomic_load_explicit(&replay.now_ns, memory_order_relaxed);

    return next_timer(p) <= now_ns + LATE_MAX_NS && draw() % LATE_IN == 0 ? JUMP : JUMP_NOT;
}

struct task *replay_look(struct worker *w)
{
    struct proc *p = w->proc;
    struct task *t;

    if (next_timer(p) != INT64_MAX)
        fire(p, maybe_late(p));
    if (++replay.picks % POLL_EVERY == 0)
        poll_sockets();
    t = pick(p);
    if (t == NULL) {
        poll_sockets();
        t = pick(p);
    }
    while (t == NULL && next_timer(p) != INT64_MAX && is_alone()) {
        fire(p, JUMP);
        t = pick(p);
    }
    return t;
}

/* ---- what is said --------------------------------------------------------------------------- */

void replay_rescued(void)
{
    if (atomic_fetch_add_explicit(&replay.rescues, 1, memory_order_relaxed) == 0)
        runtime_log("gort: seed=%u: a task has been outside the runtime for a second: others go on,"
                    " and from here on the order is not repeatable",
                    debug.seed);
}

void replay_say_trace(void)
{
    if (debug.replay == 0 || debug.seedtrace == 0 ||
        atomic_exchange_explicit(&replay.told, 1, memory_order_relaxed) != 0)
        return;
    runtime_log("gort: seed=%u decisions=%llu hash=%p rescues=%llu", debug.seed,
                (unsigned long long)load(&replay.decisions), (void *)(uintptr_t)load(&replay.hash),
                (unsigned long long)load(&replay.rescues));
}

void replay_leave(void)
{
    atomic_store_explicit(&replay.told, 1, memory_order_relaxed);
}

/* How often a task gives way is a matter of the seed as well: some faults want long stretches, some
 * short ones. */
void replay_init(void)
{
    replay.random = debug.seed;
    replay.preempt_in = 2u << 2 * (draw() % 3);
    atomic_store_explicit(&replay.now_ns, EPOCH_NS, memory_order_relaxed);
    if (debug.seedtrace != 0 && atexit(replay_say_trace) != 0)
        gort_fatal("out of memory: no room for an exit handler");
}
