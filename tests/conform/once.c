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

static void exit_within(void *arg)
{
    (void)arg;
    gort_exit();
}

static void set_up_and_exit(void *arg)
{
    gort_once_do(arg, exit_within, NULL);
}

/* Otherwise than in Go, where what is deferred ends it: nothing is deferred here, so it is never
 * done, and nobody goes on as if it were. */
ENDS(a_task_that_exits_within_never_gets_it_done, 2, "sync.Once.Do")
{
    gort_once *once = gort_new(gort_once);
    gort_waitgroup none = {0};

    gort_go(set_up_and_exit, once);
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    gort_once_do(once, set_up, &none);
    printf("it went on\n");
}
