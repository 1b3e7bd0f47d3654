/* SPDX-License-Identifier: MIT */
/* tasktab.c - tasks that go from state to state against readers of their rows: what is accepted as
 * a row must be of one moment. All words of a transition tell its number, so a mixture shows. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "runtime/tasktab.h"
#include "runtime/tasktab_read.h"

#define NROWS    4
#define NREADERS 2
#define RUN_NS   (NS_PER_S / 2)

static _Atomic(int) stop;

struct reader {
    pthread_t thread;
    uint64_t whole; /* [owner] */
    uint64_t torn;  /* [owner] accepted, and yet a mixture */
};

struct writer {
    pthread_t thread;
    uint32_t slot;
    uint64_t transitions; /* [owner] */
};

static struct stack numbered_stack(uint64_t n)
{
    return (struct stack){(char *)(uintptr_t)(n * STACK_DEFAULT_BYTES), STACK_DEFAULT_BYTES};
}

/* Transition N: the time, the place and the stack all say N. */
static void move_on(struct task *t, uint64_t n)
{
    t->wait_pc = n;
    t->stack = numbered_stack(n);
    t->sp = (void *)(uintptr_t)n;
    tasktab_update(t, n % 2 == 0 ? TASK_WAITING : TASK_RUNNABLE, (int64_t)n);
}

static void *write_until_stopped(void *arg)
{
    struct writer *w = arg;
    struct task t = {.slot = w->slot, .id = w->slot + UINT64_C(1)};
    uint64_t n = 1;

    tasktab_born(&t, 1);
    for (; !atomic_load_explicit(&stop, memory_order_relaxed); n++)
        move_on(&t, n);
    w->transitions = n;
    return NULL;
}

static bool is_mixture(const struct page_task *row)
{
    unsigned state = row->since_ns % 2 == 0 ? PAGE_TASK_WAITING : PAGE_TASK_RUNNABLE;

    if (row->stack_hi == 0) /* as it was born */
        return row->since_ns != 1;
    return row->sp != row->since_ns || row->pc != row->since_ns ||
           row->stack_hi != (uintptr_t)stack_hi(numbered_stack(row->since_ns)) ||
           PAGE_TASK_STATE(row->word) != state;
}

static void *read_until_stopped(void *arg)
{
    struct reader *r = arg;

    for (size_t i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
        struct page_task row;

        if (i % NROWS >= tasktab_used() || !tasktab_read(i % NROWS, &row) || row.id == 0)
            continue;
        r->whole++;
        r->torn += is_mixture(&row);
    }
    return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    if (pthread_create(thread, NULL, fn, arg) != 0) {
        perror("pthread_create");
        exit(77);
    }
}

int main(void)
{
    struct reader readers[NREADERS] = {0};
    struct writer writers[NROWS] = {0};
    uint64_t whole = 0;
    uint64_t torn = 0;
    uint64_t transitions = 0;
    int64_t end_ns = clock_mono_ns() + RUN_NS;

    if (tasktab_init(NROWS, TASKTAB_PRIVATE) != 0)
        return 1;
    for (uint32_t i = 0; i < NROWS; i++) {
        writers[i].slot = i;
        start(&writers[i].thread, write_until_stopped, &writers[i]);
    }
    for (int i = 0; i < NREADERS; i++)
        start(&readers[i].thread, read_until_stopped, &readers[i]);
    while (clock_mono_ns() < end_ns)
        sched_yield();
    atomic_store_explicit(&stop, 1, memory_order_relaxed);
    for (int i = 0; i < NROWS; i++) {
        pthread_join(writers[i].thread, NULL);
        transitions += writers[i].transitions;
    }
    for (int i = 0; i < NREADERS; i++) {
        pthread_join(readers[i].thread, NULL);
        whole += readers[i].whole;
        torn += readers[i].torn;
    }
    printf("%" PRIu64 " transitions, %" PRIu64 " rows read whole, %" PRIu64 " mixtures\n",
           transitions, whole, torn);
    return torn == 0 && whole > 0 ? 0 : 1;
}
