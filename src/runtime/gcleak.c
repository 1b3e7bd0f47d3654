/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcleak.h"

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/gcleaknote.h"
#include "runtime/gcmark.h"
#include "runtime/gcstack.h"
#include "runtime/leaked.h"
#include "runtime/parklot.h"
#include "runtime/replay.h"
#include "runtime/span.h"
#include "runtime/special.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"
#include "runtime/tasktab.h"
#include "runtime/waitson.h"

#define SEARCH_EVERY_NS  (60 * NS_PER_S)
#define BY_CALL_EVERY_NS NS_PER_S
#define PARKED_LONG_NS   (10 * NS_PER_S)
#define PIECE_TASKS      ((size_t)32)
#define ROUNDS_MAX       1000 /* then it is given up: chains of waiting tasks in a very bad order */
#define PROVEN_AT_ONCE   ((size_t)1 << 16) /* noted in one stop; the others by the next search */
#define FIRST_TASK_ID    1
#define STRESSED         8u /* under gcstress one cycle in so many is a search */

/* Slots of tasks that were left out; some may have been searched since. */
struct left {
    uint32_t *slot;    /* TASKS_MAX; filled in by markers, one each; else [owner] of the cycle */
    _Atomic(size_t) n; /* as slot */
};

_Atomic(uint32_t) gcleak_on;

static struct {
    _Atomic(uint32_t) wanted;
    _Atomic(uint64_t) searches;
    /* [owner] of the cycle, read by markers */
    struct left suspects;
    struct left known;        /* leaked already: not reached, and not looked at */
    bool takes_all;           /* what is left counts as reached, to be searched */
    bool takes_weak;          /* what weak pointers stand for counts as reached */
    bool backwards;           /* pieces and tasks are taken from the end */
    bool given_up;            /* no conclusion is drawn */
    int64_t parked_before_ns; /* who has been parked since later is no suspect; monotonic */
    int64_t ended_ns;         /* the last search; 0: none yet */
    bool had_suspects;        /* it looked at some */
    uint32_t stressed;        /* cycles under gcstress */
    _Atomic(size_t) nreached; /* by the part that runs */
} leaks;

void gcleak_want(void)
{
    atomic_store_explicit(&leaks.wanted, 1, memory_order_relaxed);
}

uint64_t gcleak_searches(void)
{
    return atomic_load_explicit(&leaks.searches, memory_order_relaxed);
}

/* ---- lists ---- */

static size_t count(struct left *l)
{
    return atomic_load_explicit(&l->n, memory_order_relaxed);
}

static void add(struct left *l, const struct task *t)
{
    size_t i = atomic_fetch_add_explicit(&l->n, 1, memory_order_relaxed);

    DCHECK(i < TASKS_MAX);
    l->slot[i] = t->slot;
}

static bool make(struct left *l)
{
    if (l->slot == NULL)
        l->slot = sys_reserve(TASKS_MAX * sizeof l->slot[0], 4096);
    atomic_store_explicit(&l->n, 0, memory_order_relaxed);
    return l->slot != NULL;
}

/* Drops those that have been searched meanwhile. */
static void compact(struct left *l)
{
    size_t n = count(l);
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (gcstack_is_left_out(l->slot[i]))
            l->slot[kept++] = l->slot[i];
    atomic_store_explicit(&l->n, kept, memory_order_relaxed);
}

/* ---- who is a suspect ---- */

static bool is_leaked(const struct task *t)
{
    return atomic_load_explicit(&t->leaked_ns, memory_order_relaxed) != 0;
}

static bool is_of_interest(enum wait_reason reason)
{
    switch (reason) {
    case WAIT_CHAN_SEND:
    case WAIT_CHAN_RECV:
    case WAIT_CHAN_SEND_NIL:
    case WAIT_CHAN_RECV_NIL:
    case WAIT_SELECT:
    case WAIT_SELECT_NONE:
    case WAIT_MUTEX:
    case WAIT_WAITGROUP:
    case WAIT_RWMUTEX_RLOCK:
    case WAIT_RWMUTEX_LOCK:
    case WAIT_ONCE:
    case WAIT_COND:
    case WAIT_SEM:
        return true;
    case WAIT_NONE:
    case WAIT_SLEEP:
    case WAIT_IO:
    case WAIT_GC:
    case WAIT_FINISHED:
    case WAIT_COUNT:
        return false;
    }
    return false;
}

/* Whether T waits for another task and for nothing else. It may be readied at this moment: then it
 * is found to be runnable in the stop. */
NO_SANITIZE_READS static bool waits_for_others(const struct task *t)
{
    return atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_WAITING &&
           is_of_interest(t->reason) && t->bound == NULL && t->id != FIRST_TASK_ID &&
           atomic_load_explicit(&t->timer.state, memory_order_relaxed) == TIMER_IDLE;
}

bool gcleak_leaves_out_slow(const struct task *t)
{
    if (!waits_for_others(t))
        return false;
    if (is_leaked(t)) {
        add(&leaks.known, t);
        return true;
    }
    if (tasktab_since_ns(t) > leaks.parked_before_ns)
        return false;
    add(&leaks.suspects, t);
    return true;
}

void gcleak_leave_out_all(void)
{
    size_t n = tasks_used();

    for (size_t slot = 0; slot < n; slot++)
        if (gcleak_leaves_out(task_at(slot)))
            gcstack_leave_out(slot);
}

/* ---- who is reached ---- */

/* Whether the object at or around ADDR has a mark; what is none has one, so to speak. */
NO_SANITIZE_READS static bool is_marked(const void *addr)
{
    const struct arena *a = arena_of((uintptr_t)addr);
    const struct span *s = NULL;
    const struct object_bits *bits = NULL;
    size_t i = 0;

    if (a == NULL || arena_desc(a, arena_page_of((uintptr_t)addr)) == 0)
        return true;
    s = span_of((uintptr_t)addr);
    i = s == NULL ? 0 : span_slot_of(s, (uintptr_t)addr);
    if (s == NULL || i >= s->nelems)
        return true;
    bits = &span_bits(s)[i / 64];
    return (bits->alloc >> (i % 64) & 1) == 0 ||
           (atomic_load_explicit(&bits->mark, memory_order_relaxed) >> (i % 64) & 1) != 0;
}

static bool waits_in_lot(enum wait_reason reason)
{
    return reason != WAIT_CHAN_SEND && reason != WAIT_CHAN_RECV && reason != WAIT_SELECT;
}

/* Whether something that T waits on is marked. T was not run since it waits, if it still does. */
NO_SANITIZE_READS static bool waits_on_marked(const struct task *t)
{
    if (t->waits_on == NULL || t->reason == WAIT_CHAN_SEND_NIL || t->reason == WAIT_CHAN_RECV_NIL ||
        t->reason == WAIT_SELECT_NONE)
        return false;
    if (t->reason == WAIT_SELECT)
        return select_any(t->waits_on, is_marked);
    if (waits_in_lot(t->reason))
        return is_marked(((const struct lot_waiter *)t->waits_on)->addr);
    return is_marked(t->waits_on);
}

/* Whether what is reached refers to the stack of T. Two words are never named by the program, but
 * lie about where the scheduler has been: those of its saved registers and of what it waits on. */
NO_SANITIZE_READS static bool is_stack_noted(const struct task *t)
{
    uintptr_t lo = (uintptr_t)t->sp + sizeof(uintptr_t);

    return leaknote_any(lo, (uintptr_t)stack_hi(t->stack), (uintptr_t)t->waits_on);
}

/* Of a task that does not run meanwhile; as waits_for_others. */
static bool is_reached(const struct task *t)
{
    return leaks.takes_all ||
           (!is_leaked(t) && (!waits_for_others(t) || waits_on_marked(t) || is_stack_noted(t)));
}

/* ---- parts ---- */

static size_t nweak(void)
{
    return leaks.takes_weak ? special_pieces() : 0;
}

static size_t ntasks(void)
{
    return count(&leaks.suspects) + (leaks.takes_all ? count(&leaks.known) : 0);
}

size_t gcleak_pieces(void)
{
    return nweak() + (ntasks() + PIECE_TASKS - 1) / PIECE_TASKS;
}

size_t gcleak_begin_piece(size_t i, size_t *end, world_scan_fn scan, void *ctx)
{
    size_t weak = nweak();

    *end = 0;
    if (i < weak) {
        special_scan_weak((uint32_t)i, scan, ctx);
        return 0;
    }
    *end = min_size((i - weak + 1) * PIECE_TASKS, ntasks());
    return (i - weak) * PIECE_TASKS;
}

bool gcleak_scan(size_t k, world_scan_fn scan, void *ctx)
{
    size_t n = count(&leaks.suspects);
    uint32_t slot = 0;

    if (k >= n)
        slot = leaks.known.slot[k - n];
    else
        slot = leaks.suspects.slot[leaks.backwards ? n - 1 - k : k];
    if (!gcstack_scan_left(slot, is_reached, scan, ctx))
        return false;
    atomic_fetch_add_explicit(&leaks.nreached, 1, memory_order_relaxed);
    return true;
}

static size_t run(enum mark_part part, void (*wake)(void))
{
    atomic_store_explicit(&leaks.nreached, 0, memory_order_relaxed);
    mark_run(part, wake);
    leaks.backwards = !leaks.backwards;
    return atomic_load_explicit(&leaks.nreached, memory_order_relaxed);
}

/* Repeats PART until no other task is reached. One task may lead to the next in either order of the
 * list: so the order is turned each time. */
static void repeat(enum mark_part part, void (*wake)(void))
{
    int round = 0;

    while (count(&leaks.suspects) > 0 && !leaks.given_up && run(part, wake) > 0) {
        compact(&leaks.suspects);
        leaks.given_up = ++round == ROUNDS_MAX;
    }
    compact(&leaks.suspects);
}

/* ---- a search ---- */

/* One that found nobody who was parked for long has cost next to nothing. */
static bool is_due(enum gc_trigger trigger, int64_t now_ns)
{
    int64_t every_ns = leaks.had_suspects ? SEARCH_EVERY_NS : PARKED_LONG_NS;

    if (trigger == GC_BY_CALL)
        every_ns = BY_CALL_EVERY_NS;
    return leaks.ended_ns == 0 || now_ns - leaks.ended_ns >= every_ns;
}

bool gcleak_begin(enum gc_trigger trigger)
{
    int64_t now_ns = sched_now_ns();
    bool asked = atomic_exchange_explicit(&leaks.wanted, 0, memory_order_relaxed) != 0 ||
                 (debug.gcstress > 0 && leaks.stressed++ % STRESSED == 0);

    if ((!asked && !is_due(trigger, now_ns)) || !make(&leaks.suspects) || !make(&leaks.known) ||
        !leaknote_begin())
        return false;
    leaks.had_suspects = false;
    leaks.takes_all = leaks.takes_weak = leaks.given_up = leaks.backwards = false;
    leaks.parked_before_ns = asked || trigger == GC_BY_CALL ? INT64_MAX
                                                            : clock_mono_ns() - PARKED_LONG_NS;
    atomic_store_explicit(&gcleak_on, 1, memory_order_relaxed);
    return true;
}

void gcleak_end(void)
{
    atomic_store_explicit(&gcleak_on, 0, memory_order_relaxed);
    leaknote_end();
    leaks.ended_ns = sched_now_ns();
    if (!leaks.given_up)
        atomic_fetch_add_explicit(&leaks.searches, 1, memory_order_relaxed);
}

static bool has_suspects(void)
{
    return count(&leaks.suspects) > 0 && !leaks.given_up;
}

/* Repeats PART; and if some are left, again with what weak pointers stand for. */
static void repeat_with_weak(enum mark_part part, void (*wake)(void))
{
    repeat(part, wake);
    if (!has_suspects() || special_pieces() == 0)
        return;
    leaks.takes_weak = true;
    run(part, wake); /* a task may be looked at before what it waits on is marked */
    leaks.takes_weak = false;
    repeat(part, wake);
}

void gcleak_look(void (*wake)(void))
{
    leaks.had_suspects = count(&leaks.suspects) > 0;
    repeat(MARK_LEFT_BESIDE, wake);
}

bool gcleak_look_again(void (*wake)(void))
{
    repeat_with_weak(MARK_LEFT_BESIDE, wake);
    return has_suspects();
}

/* Notes those that are left. */
static void conclude(void)
{
    size_t n = min_size(count(&leaks.suspects), PROVEN_AT_ONCE);
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < n; i++)
        leaked_add(task_at(leaks.suspects.slot[i]), now_ns);
}

void gcleak_prove(void (*wake)(void))
{
    leaks.had_suspects |= count(&leaks.suspects) > 0;
    repeat_with_weak(MARK_LEFT, wake);
    if (has_suspects())
        conclude();
}

void gcleak_release(enum gcleak_release how, void (*wake)(void))
{
    leaks.takes_all = true;
    if (ntasks() > 0)
        run(how == GCLEAK_RELEASE_STOPPED ? MARK_LEFT : MARK_LEFT_BESIDE, wake);
}
