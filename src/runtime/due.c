/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/due.h"

#include "runtime/sched.h"
#include "runtime/special.h"

struct due {
    struct lock lock;
    struct due_list list;          /* [lock:lock] */
    bool running;                  /* there is a task, or will be; [lock:lock] */
    _Atomic(struct task *) runner; /* that task, once it runs; [atomic] */
    const char *name;              /* [const] */
};

static struct due dues[DUE_QUEUES] = {
    [DUE_CLEANUPS] = {.lock = LOCK_INIT(RANK_DUE), .name = "cleanups"},
    [DUE_FINALIZERS] = {.lock = LOCK_INIT(RANK_DUE), .name = "finalizers"},
};

/* ---- lists ---- */

void due_list_add(struct due_list *list, struct special *s)
{
    s->next = NULL;
    if (list->head == NULL)
        list->head = s;
    else
        list->tail->next = s;
    list->tail = s;
    list->count++;
}

static void append(struct due_list *to, const struct due_list *list)
{
    if (to->head == NULL) {
        *to = *list;
        return;
    }
    to->tail->next = list->head;
    to->tail = list->tail;
    to->count += list->count;
}

/* The first of D's queue; NULL if it is empty: then the calling task is the runner no more. */
static struct special *take(struct due *d)
{
    struct special *s = NULL;

    lock_take(&d->lock);
    s = d->list.head;
    if (s != NULL) {
        d->list.head = s->next;
        d->list.count--;
    } else {
        d->running = false;
        atomic_store_explicit(&d->runner, NULL, memory_order_relaxed);
    }
    lock_release(&d->lock);
    return s;
}

/* ---- the task ---- */

static void run(void *arg)
{
    struct due *d = arg;
    struct special *s = NULL;

    rt_enter("gort_go");
    sched_count_birth();
    atomic_store_explicit(&d->runner, task_self(), memory_order_relaxed);
    while ((s = take(d)) != NULL) {
        struct special_call call;

        if (!special_take_call(s, &call))
            continue;
        rt_leave_to(worker_self(), (uintptr_t)call.fn + 1);
        call.fn(call.arg);
        rt_enter("gort_go");
    }
    rt_leave(worker_self());
}

static void start(struct due *d)
{
    sched_spawn_outside(run, d, d->name);
}

void due_push(enum due_queue which, struct due_list *list)
{
    struct due *d = &dues[which];
    bool is_first = false;

    if (list->head == NULL)
        return;
    lock_take(&d->lock);
    append(&d->list, list);
    is_first = !d->running;
    d->running = true;
    lock_release(&d->lock);
    if (is_first)
        start(d);
}

void due_task_ends(const struct task *t)
{
    for (unsigned i = 0; i < DUE_QUEUES; i++) {
        struct due *d = &dues[i];

        if (atomic_load_explicit(&d->runner, memory_order_relaxed) == t) {
            atomic_store_explicit(&d->runner, NULL, memory_order_relaxed);
            start(d);
        }
    }
}
