/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/globq.h"

#include "runtime/fatal.h"
#include "runtime/sysmem.h"
#include "runtime/task.h"

#define FIRST_CAPACITY 512u /* a page */
#define AHEAD          4u   /* tasks between what is fetched and what is taken */

static struct task **slot_at(const struct globq *q, size_t i)
{
    return &q->slot[i & (q->capacity - 1)];
}

static void set_capacity(struct globq *q, size_t capacity)
{
    struct globq old = *q;

    q->slot = sys_map(capacity * sizeof(struct task *), SYS_OTHER);
    if (q->slot == NULL)
        gort_fatal("out of memory: no room for a queue of %zu tasks", capacity);
    q->capacity = capacity;
    for (size_t i = old.head; i < old.head + old.count; i++)
        *slot_at(q, i) = *slot_at(&old, i);
    if (old.slot != NULL)
        sys_unmap(old.slot, old.capacity * sizeof(struct task *), SYS_OTHER);
}

void globq_put(struct globq *q, struct taskq *from)
{
    struct task *t;

    while ((t = taskq_pop(from)) != NULL) {
        if (q->count == q->capacity)
            set_capacity(q, q->capacity == 0 ? FIRST_CAPACITY : 2 * q->capacity);
        *slot_at(q, q->head + q->count++) = t;
    }
}

struct task *globq_pop(struct globq *q)
{
    struct task *t;

    if (q->count == 0)
        return NULL;
    if (q->count > AHEAD)
        task_fetch(*slot_at(q, q->head + AHEAD));
    t = *slot_at(q, q->head++);
    if (--q->count == 0 && q->capacity > FIRST_CAPACITY)
        set_capacity(q, FIRST_CAPACITY);
    return t;
}
