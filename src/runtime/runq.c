/* SPDX-License-Identifier: MIT */
/* Memory order. The owner alone stores tail, with release: it publishes the slots before it. A
 * thief loads head and tail with acquire, copies slots, and confirms by a compare-and-swap of head
 * with acquire-release: if head did not move, no slot that was copied had been given out or
 * overwritten, for the owner puts only into slots that head has passed. The owner itself takes by
 * the same compare-and-swap. */
#include "config.h"

#include "runtime/runq.h"

#include "base/check.h"
#include "runtime/task.h"

void taskq_push(struct taskq *q, struct task *t)
{
    t->next = NULL;
    if (q->tail == NULL)
        q->head = t;
    else
        q->tail->next = t;
    q->tail = t;
    q->count++;
}

struct task *taskq_pop(struct taskq *q)
{
    struct task *t = q->head;

    if (t == NULL)
        return NULL;
    q->head = t->next;
    if (q->head == NULL)
        q->tail = NULL;
    q->count--;
    t->next = NULL;
    return t;
}

void taskq_append(struct taskq *q, struct taskq *from)
{
    if (from->head == NULL)
        return;
    if (q->tail == NULL)
        q->head = from->head;
    else
        q->tail->next = from->head;
    q->tail = from->tail;
    q->count += from->count;
    *from = (struct taskq){0};
}

static struct task *slot_load(struct runq *q, uint32_t i)
{
    return atomic_load_explicit(&q->ring[i % RUNQ_CAPACITY], memory_order_relaxed);
}

static void slot_store(struct runq *q, uint32_t i, struct task *t)
{
    atomic_store_explicit(&q->ring[i % RUNQ_CAPACITY], t, memory_order_relaxed);
}

/* Takes the older half out of a full ring, and T behind it, into *SPILL. False if thieves were
 * quicker and there is room again. */
static bool spill_half(struct runq *q, uint32_t head, struct task *t, struct taskq *spill)
{
    struct task *batch[RUNQ_CAPACITY / 2];

    for (uint32_t i = 0; i < RUNQ_CAPACITY / 2; i++)
        batch[i] = slot_load(q, head + i);
    if (!atomic_compare_exchange_strong_explicit(&q->head, &head, head + RUNQ_CAPACITY / 2,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return false;
    for (uint32_t i = 0; i < RUNQ_CAPACITY / 2; i++)
        taskq_push(spill, batch[i]);
    taskq_push(spill, t);
    return true;
}

bool runq_put_full(struct runq *q, struct task *t, struct taskq *spill)
{
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);

    for (;;) {
        uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

        if (tail - head < RUNQ_CAPACITY) {
            slot_store(q, tail, t);
            atomic_store_explicit(&q->warm_from, tail + 1, memory_order_relaxed);
            atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
            return true;
        }
        if (spill_half(q, head, t, spill))
            return false;
    }
}

/* Copies up to half of VICTIM's ring into DST's slots behind its tail; how many. */
static uint32_t grab_half(struct runq *dst, uint32_t dst_tail, struct runq *victim)
{
    for (;;) {
        uint32_t head = atomic_load_explicit(&victim->head, memory_order_acquire);
        /* Acquire: pairs with the release in runq_put, which published the slots. */
        uint32_t tail = atomic_load_explicit(&victim->tail, memory_order_acquire);
        uint32_t n = tail - head;

        n -= n / 2;
        if (n == 0)
            return 0;
        if (n > RUNQ_CAPACITY / 2)
            continue; /* head and tail were read at different times */
        for (uint32_t i = 0; i < n; i++)
            slot_store(dst, dst_tail + i, slot_load(victim, head + i));
        if (atomic_compare_exchange_strong_explicit(&victim->head, &head, head + n,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return n;
    }
}

struct task *runq_steal(struct runq *dst, struct runq *victim, enum runq_steal_next next)
{
    uint32_t tail = atomic_load_explicit(&dst->tail, memory_order_relaxed);
    uint32_t n;

    DCHECK(atomic_load_explicit(&dst->head, memory_order_relaxed) == tail);
    n = grab_half(dst, tail, victim);
    if (n == 0)
        return next == STEAL_NEXT_TOO ? runq_take_next(victim) : NULL;
    n--;
    if (n > 0)
        atomic_store_explicit(&dst->tail, tail + n, memory_order_release);
    return slot_load(dst, tail + n);
}

uint32_t runq_count(const struct runq *cq)
{
    struct runq *q = (struct runq *)(uintptr_t)cq;
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    /* Sequential consistency: pairs with the fence in sched_ready_last, for the last look of a
     * worker that gives up its proc. */
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_seq_cst);
    uint32_t n = tail - head > RUNQ_CAPACITY ? 0 : tail - head;

    return n + (atomic_load_explicit(&q->runnext, memory_order_seq_cst) != NULL ? 1 : 0);
}
