/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/faketask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "runtime/proc.h"
#include "runtime/tasktab.h"

static struct proc proc;

void faketask_init(size_t rows)
{
    tasks_init();
    if (tasktab_init(rows, TASKTAB_PRIVATE) != 0)
        abort();
}

struct task *faketask_born(void)
{
    struct task *t = task_new(&proc);

    t->spawn_pc = 0x1000 + t->id;
    tasktab_born(t, (int64_t)(1000 * t->id));
    return t;
}

struct task *faketask_waiting(size_t used_bytes)
{
    struct task *t = faketask_born();
    size_t bytes = align_up(used_bytes + STACK_GUARD_BYTES, 4096);
    char *lo = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t *word = NULL;

    if (lo == MAP_FAILED) {
        perror("faketask: mmap");
        abort();
    }
    t->stack = (struct stack){.lo = lo, .bytes = bytes};
    t->sp = stack_hi(t->stack) - used_bytes;
    t->reason = WAIT_CHAN_RECV;
    t->wait_pc = 0x2000 + t->id;
    snprintf(t->name, sizeof t->name, "waiter %lu", (unsigned long)t->id);
    word = t->sp;
    for (size_t i = 0; i < used_bytes / sizeof *word; i++)
        word[i] = i;
    tasktab_update(t, TASK_WAITING, (int64_t)(2000 * t->id));
    return t;
}

void faketask_dead(struct task *t)
{
    tasktab_dead(t);
    if (t->stack.lo != NULL)
        munmap(t->stack.lo, t->stack.bytes);
    t->stack = (struct stack){0};
    task_free(&proc, t);
}
