/* SPDX-License-Identifier: MIT */
/* task.h - the task (Go's G): its record, and all of them.
 * Records are never given back to the system and never move, so a stale pointer to one is still a
 * task, perhaps another; its id tells. A record belongs to whoever holds the task: the queue that
 * it lies in, the proc that runs it, or the thing that it waits for. Slots number the records from
 * 0 without holes and are the rows of the task table. Source of the states: Go's runtime2.go. */
#ifndef RUNTIME_TASK_H
#define RUNTIME_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "runtime/ctx.h"
#include "runtime/san.h"
#include "runtime/stack.h"
#include "runtime/timer.h"

enum task_state { TASK_DEAD, TASK_RUNNABLE, TASK_RUNNING, TASK_WAITING, TASK_BLOCKING };

enum wait_reason {
#define WAIT(id, text) WAIT_##id,
#include "waits.def"
#undef WAIT
    WAIT_COUNT
};

struct once_call;
struct worker;

#define TASKS_MAX  (4u << 20)
#define TASK_BATCH 32u /* records that go from one proc to another at once */

/* Of free records, see task_cache. */
struct task_batch {
    struct task *other; /* the first of the next batch */
    uint32_t count;     /* records of this one */
};

/* First what is touched whenever it comes to run, then what is rarely. */
struct task {
    void *sp;                        /* saved stack pointer; [owner] */
    struct worker *bound;            /* the only one that may run it, or NULL; [owner] */
    struct task *next;               /* link of the queue or free list that it lies in; [owner] */
    uint64_t id;                     /* from 1; 0 while the record is free; [owner] */
    _Atomic(uint32_t) state;         /* enum task_state; [atomic], changed by the owner */
    uint32_t slot;                   /* [const] */
    _Atomic(struct page_task *) row; /* in the task table, NULL: none; set at birth; [atomic] */
    struct stack stack;    /* before the first run lo is NULL, bytes what is wanted; [owner] */
    uint64_t ready_cycles; /* when it became runnable, if that is measured; else 0; [owner] */
    uintptr_t wait_pc; /* caller of the runtime call that it waits in, or of its blocking section;
                          [owner] */
    _Atomic(struct worker *) worker; /* that runs it or is in its blocking section; [atomic] */
    int32_t wake_value;      /* set by whoever readies it, returned by sched_park; [owner] */
    uint8_t reason;          /* enum wait_reason; [owner] */
    uint8_t nready;          /* times it became runnable, of all tasks of this record; [owner] */
    const void *waits_on;    /* by its reason, see waitson.h; [owner] */
    _Atomic(int64_t) leaked_ns; /* monotonic: when it was proven to be leaked; 0: it was not;
                                   [atomic], set [stw] */
    int saved_errno;            /* while it does not run; [owner] */
    _Atomic(uint32_t) marked;   /* how far a mark beside the program is, gcstack.h; [atomic] */
    _Atomic(uintptr_t) lot_word;               /* address of the lock that it waits for, and enum
                                                * lot_kind; 0: none; [lock: its bucket] */
    void (*fn)(void *arg);                     /* [owner] */
    void *arg;                                 /* a root of the collector; [owner] */
    uintptr_t spawn_pc;                        /* [owner] */
    char name[32];                             /* empty: none; [owner] */
    union {
        uintptr_t blocking_regs[CTX_CALLEE_WORDS]; /* at the entry of its blocking section, order of
                                                    * ctx.h; sp is then the caller's, wait_pc its
                                                    * address; [owner] */
        struct task_batch batch; /* of the first of its batch, while it is free; [lock:tasks] */
    };
    struct timer timer;                        /* its sleep or deadline */
    uint32_t nlocks;                           /* of its thread, nested; [owner] */
    struct san_fiber san;                      /* [owner] */
    struct once_call *once;                    /* innermost that it is in, or NULL; [owner] */
};

/* Free records of one proc; [owner]. Records come and go between procs in batches, the records of
 * one linked to each other: whoever takes or gives one touches its first only, for a record out of
 * the cache under a lock makes the other procs wait. */
struct task_cache {
    struct task *list;  /* at most a batch */
    uint32_t count;     /* in the list */
    struct task *spare; /* a whole batch more, or NULL */
};

/* Fetches into the cache what of T is touched when it comes to run, when it is born, and its row in
 * the task table. T may be NULL, and a record of the past. */
static inline void task_fetch(const struct task *t)
{
    __builtin_prefetch(t, 1);
    __builtin_prefetch((const void *)((uintptr_t)t + CACHE_LINE_BYTES), 1);
}

static inline void task_fetch_free(const struct task *t)
{
    task_fetch(t);
    __builtin_prefetch((const void *)((uintptr_t)t + 2 * CACHE_LINE_BYTES), 1);
}

static inline void task_fetch_row(const struct task *t)
{
    if (t != NULL)
        __builtin_prefetch(atomic_load_explicit(&t->row, memory_order_relaxed), 1);
}

/* The text of REASON, as Go prints it. */
const char *wait_reason_text(enum wait_reason reason);

/* Prepares the records of up to TASKS_MAX tasks. */
void tasks_init(void);

struct proc;

/* A fresh record in state TASK_RUNNABLE with a new id, in no queue, from P's cache. Ends the
 * process when there are too many. The caller holds P. Lock: takes TASKS if the cache is empty. */
struct task *task_new(struct proc *p);

/* As task_new, for a thread that has no proc yet. NULL if there are too many. Lock: takes TASKS. */
struct task *task_new_outside(void);

/* Gives the record back to P's cache; its stack must be gone. Lock: takes TASKS if the cache is
 * full. */
void task_free(struct proc *p, struct task *t);

/* Gives all free records in P's cache back. The caller holds P, or the world is stopped. Lock:
 * takes TASKS. */
void task_cache_flush(struct proc *p);

/* Slots ever used; task_at(i) is valid for i below it. */
size_t tasks_used(void);
struct task *task_at(size_t slot);

/* What a lock's word is while T holds it: never 0. */
static inline uint32_t task_as_holder(const struct task *t)
{
    return t->slot + 1;
}

/* Where the records are, for readers outside the process: the one of a slot is number
 * slot % block_records of its block, whose address is number slot / block_records in blocks. */
struct task_records {
    const void *blocks;
    uint32_t record_bytes;
    uint32_t block_records;
};
struct task_records tasks_records(void);

/* Tasks that exist: spawned and not ended. */
int64_t tasks_alive(void);

#endif
