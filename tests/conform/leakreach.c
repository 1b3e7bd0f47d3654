/* SPDX-License-Identifier: MIT */
/* leakreach.c - what keeps a task that waits from being leaked: each way to what it waits for.
 * Each is tried twice. Tasks that are reached by it alone are not found to be leaked, and all of
 * them go on when what they wait for is given. Others are found when the way is taken from them:
 * so nothing else has led to them. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/leaked.h"
#include "tests/support/conform.h"
#include "tests/support/leaker.h"

static void receive(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
    leaker_wake();
}

static void expect_most(int64_t before)
{
    EVENTUALLY(gort_find_leaks() >= before + LEAKER_MOST, "%d of %d are leaked",
               (int)(gort_leaked_tasks() - before), LEAKER_MANY);
}

struct way {
    leaker_keep *keep;
    void (*give)(int i); /* finds the box of number I by the way, and closes its channel */
    void (*drop)(int i);
};

static void expect_kept_by(const struct way *way)
{
    int64_t before = gort_find_leaks();

    leaker_spawn_parked(receive, way->keep, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i++)
        way->give(i);
    leaker_expect_all_woken();
    for (int i = 0; i < LEAKER_MANY; i++)
        way->drop(i);
    before = gort_find_leaks();
    leaker_spawn_parked(receive, way->keep, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i++)
        way->drop(i);
    expect_most(before);
}

/* ---- static data, handles, added roots, pools ----------------------------------------------- */

static void give_static(int i)
{
    leaker_close(leaker_kept[i]);
}

static void drop_static(int i)
{
    leaker_kept[i] = NULL;
}

CLAIM(static_data)
{
    expect_kept_by(&(struct way){leaker_keep_static, give_static, drop_static});
}

static uint64_t handle[LEAKER_MANY];

static void keep_by_handle(struct leaker_box *box)
{
    handle[box->number] = gort_handle_new(box);
}

static void give_by_handle(int i)
{
    leaker_close(gort_handle_get(handle[i]));
}

static void drop_handle(int i)
{
    gort_handle_delete(handle[i]);
}

CLAIM(a_handle)
{
    expect_kept_by(&(struct way){keep_by_handle, give_by_handle, drop_handle});
}

static void **added;

static void keep_by_root(struct leaker_box *box)
{
    if (added == NULL)
        added = calloc(LEAKER_MANY, sizeof *added);
    added[box->number] = box;
    EXPECT(gort_root_add(&added[box->number], sizeof *added) == GORT_OK, "no root is added");
}

static void give_by_root(int i)
{
    leaker_close(added[i]);
}

static void drop_root(int i)
{
    gort_root_remove(&added[i]);
}

CLAIM(an_added_root)
{
    expect_kept_by(&(struct way){keep_by_root, give_by_root, drop_root});
}

/* ---- cleanups, weak pointers ---------------------------------------------------------------- */

static void *guarded[LEAKER_MANY];
static gort_cleanup cleanup[LEAKER_MANY];

static void keep_by_cleanup(struct leaker_box *box)
{
    guarded[box->number] = gort_alloc_noscan(64);
    cleanup[box->number] = gort_cleanup_add(guarded[box->number], leaker_close, box);
}

/* The cleanup does it, once the object is collected. */
static void give_by_cleanup(int i)
{
    if (gort_cleanup_stop(cleanup[i]))
        leaker_close(leaker_find_box(i));
}

static void drop_cleanup(int i)
{
    gort_cleanup_stop(cleanup[i]);
}

CLAIM(the_argument_of_a_cleanup)
{
    expect_kept_by(&(struct way){keep_by_cleanup, give_by_cleanup, drop_cleanup});
}

static gort_weak *weak[LEAKER_MANY];

static void keep_weakly(struct leaker_box *box)
{
    weak[box->number] = gort_weak_new(box);
}

static void give_by_weak(int i)
{
    void *box = gort_weak_get(weak[i]);

    EXPECT(box != NULL, "the object of a task that waits is gone");
    leaker_close(box);
}

static void drop_weak(int i)
{
    weak[i] = NULL;
}

CLAIM(a_weak_pointer_to_what_the_task_itself_keeps)
{
    leaker_spawn_parked(receive, keep_weakly, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i++)
        give_by_weak(i);
    leaker_expect_all_woken();
    for (int i = 0; i < LEAKER_MANY; i++)
        drop_weak(i);
}

/* ---- timers, deadlines, contexts ------------------------------------------------------------ */

static gort_timer *timer[LEAKER_MANY];

static void keep_by_timer(struct leaker_box *box)
{
    timer[box->number] = gort_after_func(3600 * GORT_S, leaker_close, box);
}

static void give_by_timer(int i)
{
    gort_timer_reset(timer[i], 0);
}

static void drop_timer(int i)
{
    gort_timer_stop(timer[i]);
    timer[i] = NULL;
}

CLAIM(an_armed_timer_with_a_function)
{
    expect_kept_by(&(struct way){keep_by_timer, give_by_timer, drop_timer});
}

static void await_timer(void *box)
{
    gort_case cases[2] = {GORT_RECV(((struct leaker_box *)box)->chan, NULL),
                          GORT_RECV(gort_after(50 * GORT_MS), NULL)};

    gort_select(cases, 2);
    leaker_wake();
}

static void await_deadline(void *box)
{
    if (gort_recv_by(((struct leaker_box *)box)->chan, NULL, gort_in(50 * GORT_MS)) < 0)
        leaker_wake();
}

static void await_context(void *box)
{
    gort_ctx *ctx = gort_ctx_with_timeout(gort_ctx_background(), 50 * GORT_MS);

    if (gort_recv_ctx(((struct leaker_box *)box)->chan, NULL, ctx) < 0)
        leaker_wake();
}

static void expect_all_go_on(void (*wait)(void *box))
{
    leaker_forget_woken();
    leaker_spawn(wait, NULL);
    leaker_expect_all_go_on();
}

CLAIM(a_time_that_comes)
{
    expect_all_go_on(await_timer);
    expect_all_go_on(await_deadline);
    expect_all_go_on(await_context);
}

static gort_ctx *parent;

static void await_parent(void *box)
{
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_with_cancel(parent));

    if (gort_recv_ctx(((struct leaker_box *)box)->chan, NULL, ctx) < 0)
        leaker_wake();
}

CLAIM(a_context_of_which_somebody_has_an_ancestor)
{
    parent = gort_ctx_with_cancel(gort_ctx_background());
    leaker_spawn_parked(await_parent, NULL, PARKED_SELECT);
    leaker_search();
    gort_ctx_cancel(parent, 0);
    leaker_expect_all_woken();
}

/* ---- other tasks and threads ---------------------------------------------------------------- */

static void sleep_with(void *box)
{
    gort_sleep(30 * GORT_MS);
    leaker_close(box);
}

static void spawn_sleeper(struct leaker_box *box)
{
    gort_go(sleep_with, box);
}

CLAIM(the_stack_of_a_task_that_sleeps)
{
    leaker_forget_woken();
    leaker_spawn(receive, spawn_sleeper);
    leaker_expect_all_go_on();
}

/* On the stack of the one that waits; others get its address alone. */
struct request {
    gort_chan *reply;
    int number;
};

static struct request *_Atomic(requests)[LEAKER_MANY];

static void ask(void *box)
{
    struct request r = {.reply = gort_chan_new(sizeof(int), 0),
                        .number = ((struct leaker_box *)box)->number};

    atomic_store_explicit(&requests[r.number], &r, memory_order_release);
    gort_recv(r.reply, NULL);
    leaker_wake();
}

static struct request *request(int i)
{
    return atomic_load_explicit(&requests[i], memory_order_acquire);
}

CLAIM(an_address_in_the_stack_of_the_task)
{
    int64_t before = gort_find_leaks();

    leaker_spawn_parked(ask, NULL, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i++)
        gort_close(request(i)->reply);
    leaker_expect_all_woken();
    leaker_spawn_parked(ask, NULL, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i++)
        atomic_store_explicit(&requests[i], NULL, memory_order_relaxed);
    expect_most(before);
}

static void hand_down(void *arg)
{
    struct leaker_link *link = arg;

    gort_recv(link->own->chan, NULL);
    leaker_wake();
    if (link->next != NULL)
        leaker_close(link->next);
}

static void expect_chain(enum leaker_order order)
{
    int parked = conform_parked(PARKED_RECV);

    leaker_forget_woken();
    leaker_spawn_chain(hand_down, order, leaker_keep_static);
    UNTIL_PARKED(parked + LEAKER_MANY, PARKED_RECV);
    leaker_search();
    for (int i = 0; i < LEAKER_MANY; i += LEAKER_CHAIN)
        leaker_close(leaker_kept[i]);
    leaker_expect_all_woken();
    leaker_drop_static();
}

CLAIM(a_task_that_waits_and_is_reached)
{
    expect_chain(LEAKER_FORWARD);
    expect_chain(LEAKER_BACKWARD);
}

/* ---- finalizers: last, for some of these tasks may go on at any later time ------------------ */

static void finalize(void *p)
{
    leaker_close(*(void **)p);
}

static void keep_by_finalizer(struct leaker_box *box)
{
    void **p = gort_alloc(64);

    *p = box;
    gort_finalizer_set(p, finalize);
}

CLAIM(what_an_object_refers_to_that_has_a_finalizer)
{
    leaker_forget_woken();
    leaker_spawn(receive, keep_by_finalizer);
    EVENTUALLY((gort_find_leaks(), leaker_woken() >= LEAKER_MOST), "%d went on", leaker_woken());
    EXPECT(leaked_refuted() == 0, "%d of them were found to be leaked", (int)leaked_refuted());
}
