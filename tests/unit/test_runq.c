/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "runtime/runq.h"
#include "runtime/task.h"

static struct task task[RUNQ_CAPACITY + 1];

static size_t id_of(const struct task *t)
{
    return t == NULL ? 0 : (size_t)(t - task) + 1;
}

static void fill(struct runq *q, size_t n)
{
    struct taskq spill = {0};

    for (size_t i = 0; i < n; i++)
        cr_assert(runq_put(q, &task[i], &spill), "task %zu spilled", i);
}

Test(runq, is_first_in_first_out)
{
    struct runq q = {0};
    bool inherit;

    fill(&q, 3);

    for (size_t i = 1; i <= 3; i++)
        cr_assert_eq(id_of(runq_take(&q, &inherit)), i, "place %zu", i);
    cr_assert_null(runq_take(&q, &inherit), "the queue should be empty");
}

Test(runq, runnext_goes_first_and_inherits_the_slice)
{
    struct runq q = {0};
    struct taskq spill = {0};
    bool inherit;

    fill(&q, 1);
    runq_put_next(&q, &task[1], &spill);

    cr_assert_eq(id_of(runq_take(&q, &inherit)), 2, "runnext should come first");
    cr_assert(inherit, "runnext should inherit the slice");
    cr_assert_eq(id_of(runq_take(&q, &inherit)), 1, "then the ring");
    cr_assert(!inherit, "a task of the ring begins a slice");
}

Test(runq, a_new_runnext_sends_the_old_one_to_the_tail)
{
    struct runq q = {0};
    struct taskq spill = {0};
    bool inherit;

    fill(&q, 1);
    runq_put_next(&q, &task[1], &spill);
    runq_put_next(&q, &task[2], &spill);

    cr_assert_eq(id_of(runq_take(&q, &inherit)), 3, "the newest first");
    cr_assert_eq(id_of(runq_take(&q, &inherit)), 1, "then the ring");
    cr_assert_eq(id_of(runq_take(&q, &inherit)), 2, "then the one that was pushed out");
}

Test(runq, a_full_ring_spills_its_older_half_and_the_newcomer)
{
    struct runq q = {0};
    struct taskq spill = {0};

    fill(&q, RUNQ_CAPACITY);

    cr_assert(!runq_put(&q, &task[RUNQ_CAPACITY], &spill), "a full ring took one more");
    cr_assert_eq(spill.count, RUNQ_CAPACITY / 2 + 1, "spilled %zu", spill.count);
    cr_assert_eq(id_of(spill.head), 1, "the oldest first, not %zu", id_of(spill.head));
    cr_assert_eq(id_of(spill.tail), RUNQ_CAPACITY + 1, "the newcomer last");
    cr_assert_eq(runq_count(&q), RUNQ_CAPACITY / 2, "left %u", runq_count(&q));
}

Test(runq, thief_takes_half_rounded_up)
{
    struct runq victim = {0};
    struct runq thief = {0};
    struct task *t;

    fill(&victim, 5);
    t = runq_steal(&thief, &victim, STEAL_LEAVE_NEXT);

    cr_assert_eq(id_of(t), 3, "the last of the batch is run, not %zu", id_of(t));
    cr_assert_eq(runq_count(&thief), 2, "thief has %u", runq_count(&thief));
    cr_assert_eq(runq_count(&victim), 2, "victim has %u", runq_count(&victim));
}

Test(runq, thief_leaves_runnext_unless_told)
{
    struct runq victim = {0};
    struct runq thief = {0};
    struct taskq spill = {0};

    runq_put_next(&victim, &task[0], &spill);

    cr_assert_null(runq_steal(&thief, &victim, STEAL_LEAVE_NEXT), "runnext was not to be taken");
    cr_assert_eq(id_of(runq_steal(&thief, &victim, STEAL_NEXT_TOO)), 1, "now it was");
}

Test(runq, counts_survive_the_wrap_of_the_indices)
{
    struct runq q = {0};
    bool inherit;

    atomic_init(&q.head, UINT32_MAX - 1);
    atomic_init(&q.tail, UINT32_MAX - 1);
    fill(&q, 4);

    cr_assert_eq(runq_count(&q), 4, "count %u", runq_count(&q));
    for (size_t i = 1; i <= 4; i++)
        cr_assert_eq(id_of(runq_take(&q, &inherit)), i, "place %zu", i);
}

Test(taskq, append_moves_all_behind)
{
    struct taskq a = {0};
    struct taskq b = {0};

    taskq_push(&a, &task[0]);
    taskq_push(&b, &task[1]);
    taskq_push(&b, &task[2]);
    taskq_append(&a, &b);

    cr_assert_eq(a.count, 3, "count %zu", a.count);
    cr_assert_eq(b.count, 0, "left %zu", b.count);
    for (size_t i = 1; i <= 3; i++)
        cr_assert_eq(id_of(taskq_pop(&a)), i, "place %zu", i);
    cr_assert_null(taskq_pop(&a), "the chain should be empty");
}

static void put(struct runq *q, struct task *t, enum runq_heat heat)
{
    cr_assert(runq_try_put(q, t, heat), "the ring should have room");
}

Test(runq, is_warm_with_few_tasks_that_are_all_warm)
{
    struct runq q = {0};

    cr_assert(!runq_is_warm(&q), "an empty ring is not");
    put(&q, &task[0], RUNQ_COLD);
    put(&q, &task[1], RUNQ_WARM);
    cr_assert(!runq_is_warm(&q), "one of two is cold");
    runq_take_oldest(&q);
    cr_assert(runq_is_warm(&q), "the cold one is gone");
    put(&q, &task[2], RUNQ_WARM);
    cr_assert(runq_is_warm(&q), "two warm ones are few");
    put(&q, &task[3], RUNQ_WARM);
    cr_assert(!runq_is_warm(&q), "three are not");
    runq_take_oldest(&q);
    put(&q, &task[4], RUNQ_COLD);
    runq_take_oldest(&q);
    cr_assert(!runq_is_warm(&q), "the cold one is behind a warm one");
    runq_take_oldest(&q);
    cr_assert(!runq_is_warm(&q), "only the cold one is left");
}
