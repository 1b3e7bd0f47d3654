/* SPDX-License-Identifier: MIT */
/* once.c - doing something once behaves as Go's. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

struct setup {
    gort_once once;
    int calls; /* on purpose not atomic: once_do must order it */
    _Atomic(int) go_on;
    _Atomic(int) returned;
    gort_waitgroup wg;
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void add(_Atomic(int) *n, int change)
{
    atomic_fetch_add_explicit(n, change, memory_order_acq_rel);
}

static void set_up(void *arg)
{
    struct setup *s = arg;

    if (conform_random(2) == 0)
        gort_yield();
    s->calls++;
}

static void count_other(void *arg)
{
    _Atomic(int) *others = arg;

    add(others, 1);
}

static void need_setup(void *arg)
{
    struct setup *s = arg;

    gort_once_do(&s->once, set_up, s);
    EXPECT(s->calls == 1, "%d calls when it returned", s->calls);
}

CLAIM(of_many_callers_one_does_it)
{
    for (int round = 0; round < 50; round++) {
        struct setup *s = gort_new(struct setup);

        for (int i = 0; i < 10; i++)
            gort_waitgroup_go(&s->wg, need_setup, s);
        gort_waitgroup_wait(&s->wg);
        EXPECT(s->calls == 1, "%d calls", s->calls);
    }
}

CLAIM(it_is_once_for_the_object_not_for_the_function)
{
    struct setup a = {0};
    struct setup b = {0};
    _Atomic(int) others = 0;

    gort_once_do(&a.once, set_up, &a);
    gort_once_do(&a.once, count_other, &others);
    EXPECT(a.calls == 1 && others == 0, "%d calls, %d of another function", a.calls, others);
    gort_once_do(&b.once, set_up, &b);
    EXPECT(b.calls == 1, "%d calls for the second object", b.calls);
}

static void set_up_slowly(void *arg)
{
    struct setup *s = arg;

    while (!load(&s->go_on))
        conform_pause();
    s->calls++;
}

static void need_slow_setup(void *arg)
{
    struct setup *s = arg;

    gort_once_do(&s->once, set_up_slowly, s);
    EXPECT(s->calls == 1, "returned after %d calls", s->calls);
    add(&s->returned, 1);
}

CLAIM(all_callers_wait_until_it_is_done)
{
    struct setup *s = gort_new(struct setup);

    for (int i = 0; i < 5; i++)
        gort_waitgroup_go(&s->wg, need_slow_setup, s);
    UNTIL_PARKED(4, PARKED_ONCE);
    EXPECT(load(&s->returned) == 0, "%d have returned", s->returned);
    atomic_store_explicit(&s->go_on, 1, memory_order_release);
    gort_waitgroup_wait(&s->wg);
    EXPECT(load(&s->returned) == 5, "%d have returned", s->returned);
}

static void do_it_again(void *arg)
{
    gort_once_do(arg, do_it_again, arg);
}

ENDS(doing_it_within_itself, 2, "sync.Once.Do")
{
    gort_once once = {0};

    gort_once_do(&once, do_it_again, &once);
}

struct exits {
    gort_once outer;
    gort_once inner;
    _Atomic(int) go_on;
    _Atomic(int) after; /* what was run behind an exit */
    _Atomic(int) again;
    gort_waitgroup wg;
};

static void exit_within(void *arg)
{
    struct exits *e = arg;

    while (load(&e->go_on) == 0)
        gort_yield();
    gort_exit();
}

static void exit_in_the_inner(void *arg)
{
    struct exits *e = arg;

    gort_once_do(&e->inner, exit_within, e);
    atomic_fetch_add_explicit(&e->after, 1, memory_order_relaxed);
}

static void do_outer_and_exit(void *arg)
{
    struct exits *e = arg;

    gort_once_do(&e->outer, exit_in_the_inner, e);
    atomic_fetch_add_explicit(&e->after, 1, memory_order_relaxed);
}

static void count_again(void *arg)
{
    struct exits *e = arg;

    atomic_fetch_add_explicit(&e->again, 1, memory_order_relaxed);
}

static void wait_for_both(void *arg)
{
    struct exits *e = arg;

    gort_once_do(&e->outer, count_again, e);
    gort_once_do(&e->inner, count_again, e);
}

CLAIM(a_function_that_exits_its_task_has_done_it)
{
    struct exits *e = gort_new(struct exits);
    int64_t before = gort_num_tasks();

    gort_go(do_outer_and_exit, e);
    EVENTUALLY(atomic_load_explicit(&e->inner.gort_first.gort_holder, memory_order_relaxed) != 0,
               "nobody does it");
    for (int i = 0; i < 5; i++)
        gort_waitgroup_go(&e->wg, wait_for_both, e);
    UNTIL_PARKED(5, PARKED_ONCE);
    atomic_store_explicit(&e->go_on, 1, memory_order_release);
    gort_waitgroup_wait(&e->wg);
    wait_for_both(e);
    EXPECT(load(&e->again) == 0, "done %d times more", load(&e->again));
    EXPECT(load(&e->after) == 0, "it went on");
    EVENTUALLY(gort_num_tasks() <= before, "%lld tasks more",
               (long long)(gort_num_tasks() - before));
}

static void do_and_exit(void *arg)
{
    struct exits *e = arg;

    gort_once_do(&e->inner, count_again, e);
    gort_exit();
}

/* What a task has left is no concern of its exit, nor of the next task's with its record. */
CLAIM(an_exit_after_it_was_done_changes_nothing)
{
    struct exits *e = gort_new(struct exits);

    atomic_store_explicit(&e->go_on, 1, memory_order_release);
    for (int i = 0; i < 20; i++) {
        gort_go(do_and_exit, e);
        gort_go(do_outer_and_exit, gort_new(struct exits));
    }
    gort_once_do(&e->inner, count_again, e);
    EXPECT(load(&e->again) == 1, "done %d times", load(&e->again));
}
