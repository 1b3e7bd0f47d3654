/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/task.h"

#include "base/bits.h"
#include "base/check.h"
#include "runtime/fatal.h"
#include "runtime/gcstack.h"
#include "runtime/proc.h"
#include "runtime/sysmem.h"

#define CHUNK_TASKS 512u /* fill whole pages */
#define CHUNKS      (TASKS_MAX / CHUNK_TASKS)
#define ID_BATCH    64u

_Static_assert(CHUNK_TASKS % TASK_BATCH == 0, "a batch of new records lies in one chunk");

static struct {
    struct lock lock;              /* rank TASKS */
    _Atomic(struct task *) *chunk; /* CHUNKS of them; [atomic], only added */
    _Atomic(size_t) used;          /* slots; [atomic], grows under lock */
    size_t chunk_end;              /* slots that have memory; [lock:lock] */
    struct task *free;             /* first of the first batch; [lock:lock] */
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

/* Makes slots of the next N; returns the first, which they follow in memory, or NULL. The caller
 * numbers them: their pages come into being outside the lock. */
static struct task *new_slots_locked(uint32_t n, uint32_t *slot)
{
    size_t used = atomic_load_explicit(&tasks.used, memory_order_relaxed);
    struct task *chunk;

    if (used + n > TASKS_MAX)
        return NULL;
    DCHECK(used / CHUNK_TASKS == (used + n - 1) / CHUNK_TASKS);
    if (used == tasks.chunk_end) {
        chunk = persist_alloc(CHUNK_TASKS * sizeof *chunk, CACHE_LINE_BYTES, SYS_OTHER);
        atomic_store_explicit(&tasks.chunk[used / CHUNK_TASKS], chunk, memory_order_relaxed);
        tasks.chunk_end += CHUNK_TASKS;
    }
    /* Release: whoever sees the slots as used (tasks_used) sees their chunk. */
    atomic_store_explicit(&tasks.used, used + n, memory_order_release);
    *slot = (uint32_t)used;
    return task_at(used);
}

static struct task *take_batch_locked(uint32_t *count)
{
    struct task *first = tasks.free;

    if (first != NULL) {
        *count = first->batch.count;
        tasks.free = first->batch.other;
    }
    return first;
}

static void give_batch_locked(struct task *first, uint32_t count)
{
    first->batch = (struct task_batch){.other = tasks.free, .count = count};
    tasks.free = first;
}

/* Makes a batch of those at FIRST, the first of which has SLOT; returns FIRST. */
static struct task *link_batch(struct task *first, uint32_t slot)
{
    for (uint32_t i = 0; i < TASK_BATCH; i++) {
        first[i].slot = slot + i;
        first[i].next = i + 1 < TASK_BATCH ? &first[i + 1] : NULL;
    }
    return first;
}

/* A batch, of *COUNT. NULL: too many exist. */
static struct task *take_batch(uint32_t *count)
{
    struct task *fresh = NULL;
    struct task *first;
    uint32_t slot;

    lock_take(&tasks.lock);
    first = take_batch_locked(count);
    if (first == NULL)
        fresh = new_slots_locked(TASK_BATCH, &slot);
    lock_release(&tasks.lock);
    if (fresh == NULL)
        return first;
    *count = TASK_BATCH;
    return link_batch(fresh, slot);
}

static void give_batch(struct task *first, uint32_t count)
{
    if (first == NULL)
        return;
    lock_take(&tasks.lock);
    give_batch_locked(first, count);
    lock_release(&tasks.lock);
}

static void refill(struct task_cache *c)
{
    c->list = c->spare;
    c->spare = NULL;
    c->count = TASK_BATCH;
    if (c->list == NULL)
        c->list = take_batch(&c->count);
    if (c->list == NULL)
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
    struct task_cache *c = &p->tasks;
    struct task *t;

    if (UNLIKELY(c->list == NULL))
        refill(c);
    DCHECK(c->count > 0);
    t = c->list;
    c->list = t->next;
    c->count--;
    task_fetch_free(c->list);
    begin(t, new_id(p));
    return t;
}

struct task *task_new_outside(void)
{
    uint32_t count;
    struct task *t = take_batch(&count);

    if (t == NULL)
        return NULL;
    give_batch(t->next, count - 1);
    begin(t, atomic_fetch_add_explicit(&sched.next_id, 1, memory_order_relaxed) + 1);
    return t;
}

void task_free(struct proc *p, struct task *t)
{
    struct task_cache *c = &p->tasks;

    DCHECK(t->stack.lo == NULL);
    atomic_store_explicit(&t->state, TASK_DEAD, memory_order_relaxed);
    t->id = 0;
    t->fn = NULL;
    t->arg = NULL;
    t->next = c->list;
    c->list = t;
    if (LIKELY(++c->count < TASK_BATCH))
        return;
    give_batch(c->spare, TASK_BATCH);
    c->spare = c->list;
    c->list = NULL;
    c->count = 0;
}

void task_cache_flush(struct proc *p)
{
    struct task_cache *c = &p->tasks;

    give_batch(c->list, c->count);
    give_batch(c->spare, TASK_BATCH);
    *c = (struct task_cache){0};
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
