/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/task.h"

#include "base/bits.h"
#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/gcstack.h"
#include "runtime/proc.h"
#include "runtime/sysmem.h"

#define CHUNK_TASKS 256u
#define CHUNKS      (TASKS_MAX / CHUNK_TASKS)
#define CACHE_TASKS 64u /* free records that a proc keeps */
#define ID_BATCH    64u

static struct {
    struct lock lock;              /* rank TASKS */
    _Atomic(struct task *) *chunk; /* CHUNKS of them; [atomic], only added */
    _Atomic(size_t) used;          /* slots; [atomic], grows under lock */
    size_t chunk_end;              /* slots that have memory; [lock:lock] */
    struct task *free;             /* [lock:lock] */
} tasks;

const char *wait_reason_text(enum wait_reason reason)
{
    static const char *const text[WAIT_COUNT] = {
#define WAIT(id, text) [WAIT_##id] = text,
#include "waits.def"
#undef WAIT
    };

    return (unsigned)reason < WAIT_COUNT ? text[reason] : "?";
}

void tasks_init(void)
{
    lock_init(&tasks.lock, RANK_TASKS);
    tasks.chunk = sys_map(CHUNKS * sizeof tasks.chunk[0], SYS_OTHER);
    if (tasks.chunk == NULL)
        gort_fatal("out of memory: no room for the table of tasks");
}

static struct task *new_slot_locked(void)
{
    size_t slot = atomic_load_explicit(&tasks.used, memory_order_relaxed);

    if (slot == TASKS_MAX)
        return NULL;
    if (slot == tasks.chunk_end) {
        struct task *chunk = persist_alloc(CHUNK_TASKS * sizeof *chunk, CACHE_LINE_BYTES,
                                           SYS_OTHER);

        for (size_t i = 0; i < CHUNK_TASKS; i++)
            chunk[i].slot = (uint32_t)(slot + i);
        atomic_store_explicit(&tasks.chunk[slot / CHUNK_TASKS], chunk, memory_order_relaxed);
        tasks.chunk_end += CHUNK_TASKS;
    }
    /* Release: whoever sees the slot as used (tasks_used) sees its chunk. */
    atomic_store_explicit(&tasks.used, slot + 1, memory_order_release);
    return atomic_load_explicit(&tasks.chunk[slot / CHUNK_TASKS], memory_order_relaxed) +
           slot % CHUNK_TASKS;
}

static struct task *take_shared_locked(void)
{
    struct task *t = tasks.free;

    if (t == NULL)
        return new_slot_locked();
    tasks.free = t->next;
    return t;
}

static void refill(struct proc *p)
{
    lock_take(&tasks.lock);
    while (p->nfree_tasks < CACHE_TASKS / 2) {
        struct task *t = take_shared_locked();

        if (t == NULL)
            break;
        t->next = p->free_tasks;
        p->free_tasks = t;
        p->nfree_tasks++;
    }
    lock_release(&tasks.lock);
    if (p->free_tasks == NULL)
        gort_fatal("too many tasks: %u exist", TASKS_MAX);
}

static uint64_t new_id(struct proc *p)
{
    if (p->next_id == p->end_id) {
        p->next_id = atomic_fetch_add_explicit(&sched.next_id, ID_BATCH, memory_order_relaxed) + 1;
        p->end_id = p->next_id + ID_BATCH;
    }
    return p->next_id++;
}

static void begin(struct task *t, uint64_t id)
{
    DCHECK(t->id == 0 && t->stack.lo == NULL && t->bound == NULL && t->nlocks == 0);
    t->next = NULL;
    t->id = id;
    t->reason = WAIT_NONE;
    t->wait_pc = 0;
    t->sp = NULL;
    atomic_store_explicit(&t->leaked_ns, 0, memory_order_relaxed);
    t->name[0] = '\0';
    atomic_store_explicit(&t->worker, NULL, memory_order_relaxed);
    gcstack_begin_task(t);
    /* Release: pairs with the acquire in gcstack_scan_parked. */
    atomic_store_explicit(&t->state, TASK_RUNNABLE, memory_order_release);
}

struct task *task_new(struct proc *p)
{
    struct task *t;

    if (UNLIKELY(p->free_tasks == NULL))
        refill(p);
    t = p->free_tasks;
    p->free_tasks = t->next;
    p->nfree_tasks--;
    task_fetch_free(p->free_tasks);
    begin(t, new_id(p));
    return t;
}

struct task *task_new_outside(void)
{
    struct task *t;

    lock_take(&tasks.lock);
    t = take_shared_locked();
    lock_release(&tasks.lock);
    if (t != NULL)
        begin(t, atomic_fetch_add_explicit(&sched.next_id, 1, memory_order_relaxed) + 1);
    return t;
}

static void spill(struct proc *p, uint32_t keep)
{
    lock_take(&tasks.lock);
    while (p->nfree_tasks > keep) {
        struct task *t = p->free_tasks;

        p->free_tasks = t->next;
        p->nfree_tasks--;
        t->next = tasks.free;
        tasks.free = t;
    }
    lock_release(&tasks.lock);
}

void task_free(struct proc *p, struct task *t)
{
    DCHECK(t->stack.lo == NULL);
    atomic_store_explicit(&t->state, TASK_DEAD, memory_order_relaxed);
    t->id = 0;
    t->fn = NULL;
    t->arg = NULL;
    t->next = p->free_tasks;
    p->free_tasks = t;
    if (++p->nfree_tasks >= CACHE_TASKS)
        spill(p, CACHE_TASKS / 2);
}

void task_cache_flush(struct proc *p)
{
    spill(p, 0);
}

size_t tasks_used(void)
{
    /* Acquire: pairs with the release in new_slot_locked. */
    return atomic_load_explicit(&tasks.used, memory_order_acquire);
}

struct task *task_at(size_t slot)
{
    return atomic_load_explicit(&tasks.chunk[slot / CHUNK_TASKS], memory_order_relaxed) +
           slot % CHUNK_TASKS;
}

struct task_records tasks_records(void)
{
    return (struct task_records){.blocks = tasks.chunk,
                                 .record_bytes = sizeof(struct task),
                                 .block_records = CHUNK_TASKS};
}

int64_t tasks_alive(void)
{
    uint32_t n = atomic_load_explicit(&sched.nmade, memory_order_acquire);
    int64_t alive = 0;

    /* Ends first: a task that ends in between is then counted as alive, never as less than none. */
    for (uint32_t i = 0; i < n; i++)
        alive -= (int64_t)atomic_load_explicit(&sched.procs[i]->stats.exits, memory_order_acquire);
    /* Acquire: pairs with the release in sched_count_birth. */
    alive += atomic_load_explicit(&sched.ncoming, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++)
        alive += (int64_t)atomic_load_explicit(&sched.procs[i]->stats.spawns, memory_order_relaxed);
    return alive;
}
