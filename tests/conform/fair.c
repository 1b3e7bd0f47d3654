/* SPDX-License-Identifier: MIT */
/* fair.c - nobody waits for ever while others are busy: with tasks, timers, collections. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

#define CHAIN 2000

static bool is_set(_Atomic(int) *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed) != 0;
}

static void set(_Atomic(int) *flag)
{
    atomic_store_explicit(flag, 1, memory_order_relaxed);
}

/* ---- tasks ---------------------------------------------------------------------------------- */

struct crowd {
    gort_chan *ping;
    gort_chan *pong;
    _Atomic(int) stop;
    _Atomic(int) ran;
    gort_waitgroup all;
};

static void serve(void *arg)
{
    struct crowd *c = arg;
    int v;

    while (gort_recv(c->ping, &v) == 1)
        gort_send(c->pong, &v);
    gort_close(c->pong);
}

static void play(void *arg)
{
    struct crowd *c = arg;
    int v = 0;

    while (!is_set(&c->stop)) {
        gort_send(c->ping, &v);
        if (gort_recv(c->pong, &v) != 1)
            break;
    }
    gort_close(c->ping);
}

static void note_that_it_ran(void *arg)
{
    struct crowd *c = arg;

    atomic_fetch_add_explicit(&c->ran, 1, memory_order_relaxed);
}

/* Two tasks that wake each other pass their turn on within one slice, and so never leave the proc's
 * own place for the next. */
CLAIM(a_pair_that_wake_each_other_lets_others_run)
{
    struct crowd c = {0};

    for (int i = 0; i < 4; i++) {
        struct crowd pair = {.ping = gort_chan_new(sizeof(int), 0),
                             .pong = gort_chan_new(sizeof(int), 0)};

        gort_waitgroup_go(&pair.all, serve, &pair);
        gort_waitgroup_go(&pair.all, play, &pair);
        gort_go(note_that_it_ran, &c);
        EVENTUALLY(atomic_load_explicit(&c.ran, memory_order_relaxed) == i + 1, "round %d", i);
        set(&pair.stop);
        gort_waitgroup_wait(&pair.all);
    }
}

CLAIM(a_task_that_yields_sees_the_others_go_on)
{
    struct crowd c = {0};

    for (int i = 0; i < 100; i++) {
        gort_go(note_that_it_ran, &c);
        while (atomic_load_explicit(&c.ran, memory_order_relaxed) == i)
            gort_yield();
    }
    EXPECT(atomic_load_explicit(&c.ran, memory_order_relaxed) == 100, "%d",
           atomic_load_explicit(&c.ran, memory_order_relaxed));
}

struct round_table {
    _Atomic(int) turn;
    int seats;
    gort_waitgroup all;
};

struct seat {
    struct round_table *table;
    int number;
};

static void take_turns(void *arg)
{
    const struct seat *s = arg;
    struct round_table *t = s->table;

    for (int turn = s->number; turn < 4 * t->seats; turn += t->seats) {
        while (atomic_load_explicit(&t->turn, memory_order_relaxed) != turn)
            continue;
        atomic_store_explicit(&t->turn, turn + 1, memory_order_relaxed);
    }
}

/* None of them calls the runtime: each turn needs the other's proc beside the own, or time slices
 * where there are fewer processors than procs. */
CLAIM(as_many_tasks_compute_at_a_time_as_there_are_procs)
{
    struct round_table *t = gort_new(struct round_table);

    if (conform_is_deterministic())
        return;
    t->seats = gort_maxprocs() < 4 ? gort_maxprocs() : 4;
    for (int i = 0; i < t->seats; i++) {
        struct seat *s = gort_new(struct seat);

        *s = (struct seat){t, i};
        gort_waitgroup_go(&t->all, take_turns, s);
    }
    gort_waitgroup_wait(&t->all);
    EXPECT(atomic_load_explicit(&t->turn, memory_order_relaxed) == 4 * t->seats, "%d turns",
           atomic_load_explicit(&t->turn, memory_order_relaxed));
}

static void wait_for_close(void *arg)
{
    gort_recv(arg, NULL);
}

CLAIM(tasks_are_counted_from_their_start_to_their_end)
{
    gort_chan *c = gort_chan_new(0, 0);
    int64_t before;

    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    before = gort_num_tasks();
    for (int i = 1; i <= 50; i++) {
        gort_go(wait_for_close, c);
        EXPECT(gort_num_tasks() == before + i, "%lld tasks", (long long)gort_num_tasks());
    }
    gort_close(c);
    EVENTUALLY(gort_num_tasks() == before, "%lld tasks", (long long)gort_num_tasks());
}

CLAIM(there_are_as_many_stacks_as_tasks)
{
    enum { BYTES = 1 << 18 };
    gort_chan *c = gort_chan_new(0, 0);
    char *text = gort_alloc_noscan(BYTES);
    int nstacks = 0;

    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    for (int i = 0; i < 20; i++)
        gort_go(wait_for_close, c);
    gort_stack(text, BYTES, 1);
    for (const char *at = text; (at = strstr(at, "\ntask ")) != NULL; at++)
        nstacks++;
    EXPECT(nstacks == gort_num_tasks(), "%d stacks of %lld tasks", nstacks,
           (long long)gort_num_tasks());
    gort_close(c);
}

struct link {
    gort_chan *from;
    gort_chan *to;
};

static void pass_on_plus_one(void *arg)
{
    const struct link *l = arg;
    int v;

    if (gort_recv(l->from, &v) == 1) {
        v++;
        gort_send(l->to, &v);
    }
}

CLAIM(a_value_passes_through_a_long_chain_of_tasks)
{
    gort_chan *first = gort_chan_new(sizeof(int), 0);
    gort_chan *last = first;
    int v = 0;

    for (int i = 0; i < CHAIN; i++) {
        struct link *l = gort_new(struct link);

        *l = (struct link){last, gort_chan_new(sizeof(int), 0)};
        last = l->to;
        gort_go(pass_on_plus_one, l);
    }
    gort_send(first, &v);
    EXPECT(gort_recv(last, &v) == 1 && v == CHAIN, "%d of %d tasks", v, CHAIN);
}

/* ---- timers --------------------------------------------------------------------------------- */

static void look_again_and_again(void *arg)
{
    struct crowd *c = arg;
    int v;

    while (!is_set(&c->stop))
        EXPECT(gort_try_recv(c->ping, &v) == GORT_EWOULDBLOCK, "nobody sends");
}

CLAIM(a_timer_fires_while_tasks_look_again_and_again)
{
    struct crowd c = {.ping = gort_chan_new(sizeof(int), 0)};

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&c.all, look_again_and_again, &c);
    EXPECT(gort_recv_by(gort_after(GORT_MS), NULL, gort_in(10 * GORT_S)) == 1, "it did not fire");
    set(&c.stop);
    gort_waitgroup_wait(&c.all);
}

struct rearmed {
    gort_timer *timer;
    gort_chan *done;
    int left;
};

static void set_again(void *arg)
{
    struct rearmed *r = arg;

    if (--r->left > 0)
        gort_timer_reset(r->timer, 0);
    else
        gort_close(r->done);
}

/* Its first time is far off until the claim has noted the timer. */
CLAIM(a_function_may_set_its_own_timer_again)
{
    struct rearmed *r = gort_new(struct rearmed);

    r->left = 50;
    r->done = gort_chan_new(0, 0);
    r->timer = gort_after_func(3600 * GORT_S, set_again, r);
    gort_timer_reset(r->timer, 0);
    EXPECT(gort_recv_by(r->done, NULL, gort_in(10 * GORT_S)) == 0, "%d times left", r->left);
}

/* Whoever waits for the long one in the poller has to be told of the short one. */
CLAIM(a_short_timer_is_not_held_up_by_a_long_one)
{
    gort_timer *far = gort_timer_new(3600 * GORT_S);

    gort_sleep(GORT_MS);
    EXPECT(gort_recv_by(gort_after(GORT_MS), NULL, gort_in(10 * GORT_S)) == 1, "it did not fire");
    EXPECT(gort_timer_stop(far) == 1, "the long one was armed");
}

/* ---- collections ---------------------------------------------------------------------------- */

static void allocate_and_yield(void *arg)
{
    struct crowd *c = arg;

    while (!is_set(&c->stop)) {
        gort_alloc(64);
        gort_yield();
    }
}

static void collect_some(void *arg)
{
    gort_memstats m;

    (void)arg;
    for (int i = 0; i < 3; i++) {
        gort_gc();
        gort_read_memstats(&m);
    }
}

/* Collecting and reading the figures both stop all tasks. */
CLAIM(many_that_stop_the_world_do_not_block_each_other)
{
    struct crowd c = {0};
    gort_waitgroup stoppers = {0};

    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&c.all, allocate_and_yield, &c);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&stoppers, collect_some, NULL);
    gort_waitgroup_wait(&stoppers);
    set(&c.stop);
    gort_waitgroup_wait(&c.all);
}

/* Each lives for a moment and leaves one behind. */
static void beget(void *arg)
{
    struct crowd *c = arg;

    if (!is_set(&c->stop))
        gort_waitgroup_go(&c->all, beget, c);
}

static void change_maxprocs(void *arg)
{
    int n = gort_maxprocs();

    (void)arg;
    for (int i = 0; i <= 10; i++) /* the last time as it was */
        gort_set_maxprocs(n + i % 2);
}

CLAIM(tasks_that_beget_each_other_do_not_keep_the_world_from_stopping)
{
    struct crowd c = {0};
    gort_waitgroup stoppers = {0};

    gort_waitgroup_go(&c.all, beget, &c);
    gort_waitgroup_go(&stoppers, change_maxprocs, NULL);
    gort_waitgroup_go(&stoppers, collect_some, NULL);
    gort_waitgroup_wait(&stoppers);
    set(&c.stop);
    gort_waitgroup_wait(&c.all);
}

struct eater {
    struct crowd *crowd;
    _Atomic(int) meals;
};

static void allocate_without_a_pause(void *arg)
{
    struct eater *e = arg;

    while (!is_set(&e->crowd->stop)) {
        gort_alloc(16);
        atomic_fetch_add_explicit(&e->meals, 1, memory_order_relaxed);
    }
}

/* More of them than procs: those whose allocations begin collections, and wait for them, must not
 * have all the turns. */
CLAIM(tasks_that_allocate_without_a_pause_all_get_on)
{
    struct crowd c = {0};
    struct eater e[6] = {{0}};

    for (int i = 0; i < 6; i++) {
        e[i].crowd = &c;
        gort_waitgroup_go(&c.all, allocate_without_a_pause, &e[i]);
    }
    for (int i = 0; i < 6; i++) {
        int before = atomic_load_explicit(&e[i].meals, memory_order_relaxed);

        EVENTUALLY(atomic_load_explicit(&e[i].meals, memory_order_relaxed) > before, "task %d", i);
    }
    set(&c.stop);
    gort_waitgroup_wait(&c.all);
}

static void compute(void *arg)
{
    struct crowd *c = arg;

    while (!is_set(&c->stop))
        continue;
}

CLAIM(a_collection_ends_while_tasks_compute)
{
    struct crowd c = {0};

    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&c.all, compute, &c);
    gort_gc();
    set(&c.stop);
    gort_waitgroup_wait(&c.all);
}
