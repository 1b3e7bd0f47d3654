/* SPDX-License-Identifier: MIT */
/* sync.c - mutex and wait group behave as Go's. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

/* ---- mutex ---------------------------------------------------------------------------------- */

struct guarded {
    gort_mutex m;
    long count; /* guarded by m, on purpose not atomic */
    _Atomic(int) inside;
    gort_waitgroup wg;
};

static void count_guarded(void *arg)
{
    struct guarded *g = arg;

    for (int i = 0; i < 500; i++) {
        gort_mutex_lock(&g->m);
        EXPECT(atomic_fetch_add_explicit(&g->inside, 1, memory_order_relaxed) == 0,
               "two tasks are inside");
        g->count++;
        if (conform_random(8) == 0)
            gort_yield();
        atomic_fetch_sub_explicit(&g->inside, 1, memory_order_relaxed);
        gort_mutex_unlock(&g->m);
    }
}

CLAIM(one_task_at_a_time_holds_a_mutex)
{
    struct guarded *g = gort_new(struct guarded);

    for (int i = 0; i < 16; i++)
        gort_waitgroup_go(&g->wg, count_guarded, g);
    gort_waitgroup_wait(&g->wg);
    EXPECT(g->count == 8000, "count %ld", g->count);
}

CLAIM(trying_takes_a_free_mutex_only)
{
    gort_mutex m = {0};

    EXPECT(gort_mutex_try_lock(&m) == 1, "a free one was refused");
    EXPECT(gort_mutex_try_lock(&m) == 0, "taken twice");
    gort_mutex_unlock(&m);
    EXPECT(gort_mutex_try_lock(&m) == 1, "a free one was refused");
    gort_mutex_unlock(&m);
}

struct queue {
    gort_mutex m;
    _Atomic(int) nserved;
    int served[8];
};

struct queued {
    struct queue *q;
    int number;
};

static void stand_in_queue(void *arg)
{
    const struct queued *me = arg;
    struct queue *q = me->q;

    gort_mutex_lock(&q->m);
    q->served[atomic_load_explicit(&q->nserved, memory_order_relaxed)] = me->number;
    atomic_fetch_add_explicit(&q->nserved, 1, memory_order_relaxed);
    gort_mutex_unlock(&q->m);
}

CLAIM(waiters_of_a_mutex_are_served_in_order)
{
    struct queue q = {0};
    struct queued tasks[8];

    gort_mutex_lock(&q.m);
    for (int i = 0; i < 8; i++) {
        tasks[i] = (struct queued){&q, i};
        gort_go(stand_in_queue, &tasks[i]);
        UNTIL_PARKED(i + 1, PARKED_MUTEX);
    }
    gort_mutex_unlock(&q.m);
    EVENTUALLY(atomic_load_explicit(&q.nserved, memory_order_relaxed) == 8, "served %d", q.nserved);
    gort_mutex_lock(&q.m);
    for (int i = 0; i < 8; i++)
        EXPECT(q.served[i] == i, "task %d was served at place %d", q.served[i], i);
    gort_mutex_unlock(&q.m);
}

CLAIM(any_task_may_unlock)
{
    struct queue q = {0};
    struct queued me = {&q, 1};

    gort_mutex_lock(&q.m);
    gort_go(stand_in_queue, &me);
    UNTIL_PARKED(1, PARKED_MUTEX);
    gort_mutex_unlock(&q.m);
    EVENTUALLY(atomic_load_explicit(&q.nserved, memory_order_relaxed) == 1, "not served");
    gort_mutex_lock(&q.m); /* waits: it counts itself served before it unlocks */
    gort_mutex_unlock(&q.m);
}

/* One that takes and lets go without pause must not shut the others out. */
struct hogged {
    gort_mutex m;
    _Atomic(int) turns;
    _Atomic(int) stop;
    _Atomic(int) done;
};

#define TURNS_MAX 20000 /* of the hog, while another waits; it has two seconds of them */

static void hog(void *arg)
{
    struct hogged *h = arg;

    while (!atomic_load_explicit(&h->stop, memory_order_relaxed)) {
        int64_t until_ns = gort_in(100 * GORT_US);

        gort_mutex_lock(&h->m);
        while (gort_now() < until_ns)
            gort_safepoint();
        atomic_fetch_add_explicit(&h->turns, 1, memory_order_relaxed);
        gort_mutex_unlock(&h->m);
    }
    atomic_store_explicit(&h->done, 1, memory_order_release);
}

CLAIM(a_hog_of_a_mutex_does_not_starve_others)
{
    struct hogged h = {0};

    gort_go(hog, &h);
    for (int i = 0; i < 10; i++) {
        int before;
        int turns;

        gort_yield();
        before = atomic_load_explicit(&h.turns, memory_order_relaxed);
        gort_mutex_lock(&h.m);
        turns = atomic_load_explicit(&h.turns, memory_order_relaxed) - before;
        EXPECT(turns < TURNS_MAX, "the hog had it %d times", turns);
        gort_mutex_unlock(&h.m);
    }
    atomic_store_explicit(&h.stop, 1, memory_order_relaxed);
    EVENTUALLY(atomic_load_explicit(&h.done, memory_order_acquire), "the hog goes on");
}

ENDS(unlocking_a_free_mutex, 2, "fatal error: gort_mutex_unlock: unlock of unlocked mutex")
{
    gort_mutex m = {0};

    gort_mutex_unlock(&m);
}

ENDS(locking_a_mutex_twice, 2, "sync.Mutex.Lock")
{
    gort_mutex m = {0};

    gort_mutex_lock(&m);
    gort_mutex_lock(&m);
}

/* ---- wait group ----------------------------------------------------------------------------- */

struct gathering {
    gort_waitgroup wg;
    _Atomic(int) arrived;
    _Atomic(int) released;
};

static void arrive(void *arg)
{
    struct gathering *g = arg;

    if (conform_random(2) == 0)
        gort_yield();
    atomic_fetch_add_explicit(&g->arrived, 1, memory_order_relaxed);
}

static void wait_for_all(void *arg)
{
    struct gathering *g = arg;

    gort_waitgroup_wait(&g->wg);
    EXPECT(atomic_load_explicit(&g->arrived, memory_order_relaxed) == 50, "released at %d",
           g->arrived);
    atomic_fetch_add_explicit(&g->released, 1, memory_order_release);
}

CLAIM(waiting_ends_when_the_count_is_zero)
{
    struct gathering *g = gort_new(struct gathering);

    gort_waitgroup_add(&g->wg, 1);
    for (int i = 0; i < 50; i++)
        gort_waitgroup_go(&g->wg, arrive, g);
    for (int i = 0; i < 5; i++)
        gort_go(wait_for_all, g);
    UNTIL_PARKED(5, PARKED_WAITGROUP);
    EXPECT(g->released == 0, "%d released too early", g->released);
    EVENTUALLY(atomic_load_explicit(&g->arrived, memory_order_relaxed) == 50, "%d arrived",
               g->arrived);
    gort_waitgroup_done(&g->wg);
    EVENTUALLY(atomic_load_explicit(&g->released, memory_order_acquire) == 5, "%d released",
               g->released);
}

CLAIM(a_group_of_none_does_not_wait)
{
    gort_waitgroup wg = {0};

    gort_waitgroup_wait(&wg);
    gort_waitgroup_add(&wg, 3);
    gort_waitgroup_add(&wg, -3);
    gort_waitgroup_wait(&wg);
}

CLAIM(a_group_can_be_used_again)
{
    struct gathering *g = gort_new(struct gathering);

    for (int round = 1; round <= 200; round++) {
        for (int i = 0; i < 3; i++)
            gort_waitgroup_go(&g->wg, arrive, g);
        gort_waitgroup_wait(&g->wg);
        EXPECT(g->arrived == 3 * round, "round %d: %d arrived", round, g->arrived);
    }
}

/* All come to the first barrier before any leaves the second. */
struct barriers {
    gort_waitgroup came;
    gort_waitgroup may_leave;
    gort_waitgroup all;
    _Atomic(int) nleft;
};

static void pass_both(void *arg)
{
    struct barriers *b = arg;

    gort_waitgroup_done(&b->came);
    gort_waitgroup_wait(&b->may_leave);
    atomic_fetch_add_explicit(&b->nleft, 1, memory_order_relaxed);
}

CLAIM(two_groups_make_a_barrier_again_and_again)
{
    struct barriers *b = gort_new(struct barriers);

    for (int round = 1; round <= 20; round++) {
        gort_waitgroup_add(&b->came, 16);
        gort_waitgroup_add(&b->may_leave, 16);
        for (int i = 0; i < 16; i++)
            gort_waitgroup_go(&b->all, pass_both, b);
        gort_waitgroup_wait(&b->came);
        for (int i = 0; i < 16; i++) {
            EXPECT(b->nleft == 16 * (round - 1), "round %d: %d left too early", round, b->nleft);
            gort_waitgroup_done(&b->may_leave);
        }
        gort_waitgroup_wait(&b->all);
        EXPECT(b->nleft == 16 * round, "round %d: %d left", round, b->nleft);
    }
}

/* Each task waits for two of its own, down to some depth: many groups at once, on stacks that go
 * when the wait is over. */
struct branch {
    int depth;
    long leaves;
};

static void grow(void *arg)
{
    struct branch *b = arg;
    struct branch child[2] = {{b->depth - 1, 0}, {b->depth - 1, 0}};
    gort_waitgroup wg = {0};

    if (b->depth == 0) {
        b->leaves = 1;
        return;
    }
    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&wg, grow, &child[i]);
    gort_waitgroup_wait(&wg);
    b->leaves = child[0].leaves + child[1].leaves;
}

CLAIM(a_tree_of_groups_on_stacks_gathers_all_leaves)
{
    struct branch root = {.depth = 10};

    grow(&root);
    EXPECT(root.leaves == 1024, "%ld leaves", root.leaves);
}

ENDS(a_count_below_zero, 2, "fatal error: gort_waitgroup_add: negative wait group counter")
{
    gort_waitgroup wg = {0};

    gort_waitgroup_add(&wg, 1);
    gort_waitgroup_done(&wg);
    gort_waitgroup_done(&wg);
}

ENDS(waiting_for_nobody_to_come, 2, "sync.WaitGroup.Wait")
{
    gort_waitgroup wg = {0};

    gort_waitgroup_add(&wg, 1);
    gort_waitgroup_wait(&wg);
}
