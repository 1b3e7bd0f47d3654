/* SPDX-License-Identifier: MIT */
/* test_taskpool.c - free records of tasks on their way between the procs. */
#include "config.h"

#include <criterion/criterion.h>

#include "runtime/proc.h"
#include "runtime/task.h"

enum { MANY = 32 * TASK_BATCH };

static struct proc procs[2];
static struct task *all[MANY];

static void take(struct proc *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        all[i] = task_new(p);
}

static void give(struct proc *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        task_free(p, all[i]);
}

TestSuite(taskpool, .init = tasks_init);

Test(taskpool, each_record_has_its_slot)
{
    take(&procs[0], MANY);

    for (size_t i = 0; i < MANY; i++) {
        cr_assert_lt(all[i]->slot, tasks_used(), "slot %u", all[i]->slot);
        cr_assert_eq(task_at(all[i]->slot), all[i], "slot %u is another's", all[i]->slot);
    }
}

Test(taskpool, what_one_proc_frees_serves_the_other)
{
    size_t used;

    take(&procs[0], MANY);
    used = tasks_used();
    for (int round = 0; round < 10; round++) {
        give(&procs[1], MANY);
        take(&procs[0], MANY - 2 * TASK_BATCH);
        give(&procs[1], MANY - 2 * TASK_BATCH);
        take(&procs[1], MANY);
    }

    cr_assert_leq(tasks_used(), used + 2 * TASK_BATCH, "%zu records for %d tasks", tasks_used(),
                  MANY);
}

Test(taskpool, a_flush_loses_none)
{
    size_t used;

    take(&procs[0], MANY);
    used = tasks_used();
    for (size_t n = 1; n < 3 * TASK_BATCH; n++) {
        give(&procs[1], MANY);
        take(&procs[1], n);
        give(&procs[1], n);
        take(&procs[1], TASK_BATCH / 2);
        task_cache_flush(&procs[1]);
        give(&procs[0], TASK_BATCH / 2);
        task_cache_flush(&procs[0]);
        for (size_t i = 0; i < 7; i++)
            cr_assert_not_null(task_new_outside(), "there is none");
        take(&procs[0], used - 7);
        cr_assert_eq(tasks_used(), used, "after %zu: %zu records, not %zu", n, tasks_used(), used);
        for (size_t i = 0; i < used; i++)
            task_free(&procs[0], task_at(i));
        take(&procs[0], MANY);
    }
}
