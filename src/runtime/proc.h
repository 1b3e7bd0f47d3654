/* SPDX-License-Identifier: MIT */
/* proc.h - procs (Go's P) and workers (Go's M).
 * A proc is the right to run tasks, with all that makes running them cheap: a run queue, timers, an
 * allocation cache, counters. A worker is a thread. A worker needs a proc to run tasks; the one
 * that loses its proc (P-detach) finishes its stretch of C code and queues its task at the next
 * entry of the runtime.
 *
 * Entering the runtime. A thread in the runtime (worker.inrt = 1) is never interrupted and never
 * loses its proc. Entry and sysmon agree by an asymmetric handshake: the worker stores inrt and
 * then loads seize; sysmon stores seize, issues a process-wide memory barrier, and then loads inrt.
 * So at least one sees the other.
 *
 * Threads: struct proc belongs to the worker that holds it; fields that others read say so.
 * Source: Vyukov, Scalable Go Scheduler Design (2012); Dice et al., Asymmetric Dekker
 * Synchronization (2001). */
#ifndef RUNTIME_PROC_H
#define RUNTIME_PROC_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/list.h"
#include "gort/here.h"
#include "runtime/globq.h"
#include "runtime/latency.h"
#include "runtime/lock.h"
#include "runtime/note.h"
#include "runtime/offcpu.h"
#include "runtime/proctime.h"
#include "runtime/runq.h"
#include "runtime/san.h"
#include "runtime/self.h"
#include "runtime/stack.h"
#include "runtime/task.h"
#include "runtime/timer.h"

#define PROC_MAX 1024

/* REMOVED: gort_set_maxprocs took it away, and nobody holds it. */
enum proc_status { PROC_IDLE, PROC_RUNNING, PROC_BLOCKING, PROC_REMOVED };

/* Counters with one writer, the proc's worker: load and store relaxed, no locked instruction.
 * Readers sum. */
struct proc_stats {
    _Atomic(uint64_t) switches;
    _Atomic(uint64_t) steals;
    _Atomic(uint64_t) yields;
    _Atomic(uint64_t) parks;
    _Atomic(uint64_t) spawns;
    _Atomic(uint64_t) exits;
    _Atomic(uint64_t) blocking_entered;
    _Atomic(uint64_t) detaches;       /* written by sysmon only */
    _Atomic(uint64_t) blocking_taken; /* written by sysmon only */
};

static inline void stat_add(_Atomic(uint64_t) *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

struct heap_cache;

struct proc {
    _Alignas(CACHE_LINE_BYTES) uint32_t id; /* [const] */
    _Atomic(uint32_t) status;               /* enum proc_status; [atomic] */
    _Atomic(struct worker *)
        worker; /* who holds it; written by the holder, read by sysmon; [atomic] */
    _Atomic(struct task *) current; /* read by sysmon; [atomic] */
    _Atomic(uint32_t) tick;         /* grows with each task run in a slice of its own; [atomic] */
    uint32_t rng;                   /* xorshift state; [owner] */
    uint32_t inherited;             /* counts tasks run in a slice not their own; [owner] */
    struct runq runq;
    struct timers timers;
    struct stack_cache stacks; /* [owner] */
    struct task_cache tasks;   /* [owner] */
    uint64_t next_id;          /* ids reserved for new tasks; [owner] */
    uint64_t end_id;           /* [owner] */
    uint64_t looked_cycles;    /* cycle counter when timers were last looked at; [owner] */
    struct heap_cache *heap;   /* allocation cache; [owner] */
    struct proc *next_idle;    /* [lock:sched] */
    _Alignas(CACHE_LINE_BYTES) struct proc_stats stats;
    _Alignas(CACHE_LINE_BYTES) struct proctime time; /* [owner], and see there */
    struct latency latency;                          /* [owner], and see there */
};

/* SEIZE_BLOCKING: in a blocking section, where the runtime must not be called. SEIZE_FINISHED: the
 * first task has returned, no task goes on. SEIZE_FORKED: this is the child of a fork, where the
 * runtime must not be called. SEIZE_REPLAY: in place of NONE in the deterministic
 * mode, where every entry is a place to give way. */
enum seize_state {
    SEIZE_NONE,
    SEIZE_ASKING,
    SEIZE_TAKEN,
    SEIZE_BLOCKING,
    SEIZE_FINISHED,
    SEIZE_FORKED,
    SEIZE_REPLAY,
};

/* What a worker is at, as far as stopping the world goes: only an active one may touch a task or
 * the heap. */
enum worker_mode { WORKER_QUIET, WORKER_ACTIVE, WORKER_STOPPED, WORKER_BLOCKING };

/* Bits of worker.attention. RANDOM and FINISHED stay. */
enum {
    ATTENTION_STOP = 1,
    ATTENTION_PREEMPT = 2,
    ATTENTION_RANDOM = 4,
    ATTENTION_UNBLOCK = 8,
    ATTENTION_FINISHED = 16, /* seize says FINISHED */
};

struct worker {
    struct gort_here here;  /* attention, not 0: rt_leave takes its slow path; the holder's word for
                               the current task; [owner] */
    _Atomic(uint32_t) inrt; /* 1: inside the runtime; written by this thread only */
    _Atomic(uint32_t) seize; /* enum seize_state; sysmon asks, this worker clears */
    _Atomic(uint32_t) mode;  /* enum worker_mode; written by this thread only; see world.c */
    struct proc *proc;    /* NULL: detached; changed by sysmon only under SEIZE_ASKING; [owner] */
    struct task *current; /* NULL while it looks for work; [owner] */
    void *sched_sp;       /* saved stack pointer of the worker's own context; [owner] */
    int *errno_place;     /* of this thread; [const] once it runs */
    bool spinning;        /* looks for work; [owner] */
    bool (*commit)(struct task *t,
                   void *arg); /* what the context that follows a switch has to do; [owner] */
    void *commit_arg;
    struct task *left;       /* the task that was switched away from; [owner] */
    void (*call)(void *arg); /* to be run on the worker's own stack for the current task; [owner] */
    void *call_arg;
    struct task *bound;   /* the only task that it may run, or NULL; [owner] */
    struct task *picked;  /* a task that it took but may not run; [owner] */
    bool enters;          /* its own context, of an attached thread, has not begun; [owner] */
    bool ends;            /* its bound task has ended; [owner] */
    bool bound_asleep;    /* sleeps until its bound task is picked; [lock:sched] */
    struct proc *handed;  /* proc given with a wake-up; [owner: who wakes] */
    bool handed_spinning; /* the wake-up counts as one that looks for work */
    const struct proc *waker; /* of the task that woke it, or NULL; [owner: who wakes] */
    int waker_cpu;            /* and the processor; [owner: who wakes] */
    bool lingers;         /* stays awake for a moment if it finds nothing; [owner] */
    struct note note;
    struct worker *next_idle; /* or next one without a thread; [lock:sched] */
    struct worker *next_all;  /* [const] once in sched.workers */
    _Atomic(int32_t) tid;
    struct san_fiber san;
    char *os_stack_lo; /* the thread's own stack, thread-local storage included; [const] */
    char *os_stack_hi;
    char *sig_stack_lo; /* alternate signal stack; [const] */
    size_t sig_stack_bytes;
    uintptr_t stop_sp; /* stopped by a signal: interrupted stack pointer; [stw] */
    char *stop_frame;  /* and the handler's frame, registers lie above it; NULL: not in the handler;
                          [stw] */
    const void *stop_context; /* and what the handler was given, NULL: it was called late, by a
                                 sanitizer; [stw] */
    /* The task with which it arrived last at a stop of the world, and 1 if that goes on, in a
     * blocking section; [atomic] */
    _Atomic(uint64_t) arrival_task;
    _Atomic(uint32_t) arrival_goes_on;
    uintptr_t stop_pc; /* stopped on leaving the runtime: where the program goes on; [stw] */
    struct proc
        *left_proc; /* blocking section: the proc that was left, may have been taken; [owner] */
    _Atomic(uint32_t) snapshot; /* enum snapshot_state; [atomic] */
    _Atomic(uint32_t) urgents;  /* counts the runtime's signals taken by this thread; [atomic] */
    _Atomic(uint32_t) handling; /* 1: in the handler, where the signal is blocked; [atomic] */
    uint32_t suspected;         /* urgents + 1 when it seemed to block the signal; [lock:world] */
    struct offcpu asked;        /* to stop, at the last stop that found it active; [lock:world] */
};

struct sched {
    struct lock lock;          /* rank SCHED */
    struct globq global;       /* [lock:lock] */
    _Atomic(uint32_t) nglobal; /* its length; [atomic] */
    struct proc *idle_procs;   /* [lock:lock] */
    _Atomic(uint32_t) nidle_procs;
    struct worker *idle_workers;     /* [lock:lock] */
    struct worker *ended_workers;    /* records without a thread, to use again; [lock:lock] */
    _Atomic(uint32_t) nidle_workers; /* changed under lock */
    _Atomic(uint32_t) nworkers;      /* changed under lock */
    uint32_t noutside;               /* threads that are no workers and make tasks ready now;
                                        [lock:lock] */
    _Atomic(uint32_t) nspinning;
    _Atomic(uint32_t) polling;        /* 1: a worker blocks in the poller */
    _Atomic(int64_t) poll_until_ns;   /* when it means to come back; [atomic] */
    _Atomic(uint32_t) sysmon_resting; /* 1: sysmon sleeps long because no task runs */
    _Atomic(uint64_t) next_id;        /* ids are handed to procs in batches */
    _Atomic(uint32_t) ncoming;        /* tasks that no proc counts as spawned yet; [atomic] */
    _Atomic(struct worker *) workers; /* all; [atomic] */
    struct proc *procs[PROC_MAX];     /* below nmade: [const] */
    _Atomic(uint32_t) nprocs;         /* that run tasks; 0 before start; changed [stw] under lock */
    _Atomic(uint32_t) nmade;          /* that were ever made, the first nprocs of them run tasks;
                                         grows [stw] */
    _Atomic(uint32_t) stopping;       /* 1: the world is being or is stopped */
    _Atomic(uint32_t) detour;   /* not 0: no task switches to the next directly, because of the
                                   former or for replay.h; [atomic] */
    _Atomic(uint32_t) finished; /* 1: the first task returned */
    _Atomic(uint32_t) foreign;  /* 1: threads of the program's own may attach; [atomic] */
    _Atomic(int64_t)
        coarse_ns;         /* monotonic time, as fresh as the last look at the clock; [atomic] */
    sigset_t signal_mask;  /* of the thread that started the runtime; [const] */
    size_t stack_bytes;    /* of a task, unless it asks; [const] */
    int64_t start_ns;      /* [const] */
    int64_t start_real_ns; /* [const] */
};

extern struct sched sched;

/* Slow halves of the inlines below. */
_Noreturn void rt_not_a_task(const char *what);
struct worker *rt_enter_slow(struct worker *w);
void rt_leave_slow(struct worker *w, uintptr_t pc);

/* Opens every public function that works on the scheduler or the heap: returns the worker, which
 * has a proc and can't lose it until rt_leave. WHAT names the function in the message when the
 * caller is not a task. */
static inline struct worker *rt_enter(const char *what)
{
    struct worker *w = worker_self();

    if (UNLIKELY(w == NULL))
        rt_not_a_task(what);
    atomic_store_explicit(&w->inrt, 1, memory_order_relaxed);
    atomic_signal_fence(
        memory_order_seq_cst); /* the handshake: sysmon's membarrier makes it a full one */
    if (UNLIKELY(atomic_load_explicit(&w->seize, memory_order_relaxed) != SEIZE_NONE))
        w = rt_enter_slow(w);
    return w;
}

/* Closes it. W is the worker now: read worker_self() again after anything that may have switched.
 * The order matters: whoever wants attention sets the word first and signals then, so a signal that
 * found inrt set is followed by a look at the word. PC is where the program goes on: who stops here
 * is told of by that (laststop.h). */
static ALWAYS_INLINE void rt_leave_to(struct worker *w, uintptr_t pc)
{
    atomic_store_explicit(
        &w->inrt, 0,
        memory_order_release); /* pairs with sysmon's acquire, which may take the proc now */
    atomic_signal_fence(memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&w->here.attention, memory_order_relaxed) != 0))
        rt_leave_slow(w, pc);
}

/* In a public function: the program goes on where it called it. */
static ALWAYS_INLINE void rt_leave(struct worker *w)
{
    rt_leave_to(w, (uintptr_t)__builtin_return_address(0));
}

/* Whether a public function may go its usual way without entering the runtime at all: the caller is
 * a task, and nobody wants its attention. */
static inline bool rt_may_glance(void)
{
    return atomic_load_explicit(&gort_here()->attention, memory_order_relaxed) == 0;
}

/* Around a public function whose usual way touches the program's memory only, which may be
 * interrupted anywhere and so needs no entry. W is the worker until the end. */
static inline struct worker *rt_glance(const char *what)
{
    struct worker *w = worker_self();

    if (UNLIKELY(w == NULL))
        rt_not_a_task(what);
    return w;
}

void rt_attend(uintptr_t pc);

static ALWAYS_INLINE void rt_glance_end(const struct worker *w)
{
    if (UNLIKELY(atomic_load_explicit(&w->here.attention, memory_order_relaxed) != 0))
        rt_attend((uintptr_t)__builtin_return_address(0));
}

/* Whether P is to run no tasks any more; does not change while a worker is active. */
static inline bool proc_is_removed(const struct proc *p)
{
    return p->id >= atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
}

/* A number for random choices; not for security. Caller holds the proc. */
static inline uint32_t proc_random(struct proc *p)
{
    uint32_t x = p->rng;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    p->rng = x;
    return x;
}

#endif
