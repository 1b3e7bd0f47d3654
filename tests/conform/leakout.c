/* SPDX-License-Identifier: MIT */
/* leakout.c - tasks that wait for what is no object of the heap, or that a thread knows of: such
 * may be known to anyone, so they are not leaked, and go on when it comes. And the one thing that
 * the collector can't know of, an object of the heap to which only malloc'ed memory leads. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/leaked.h"
#include "tests/support/conform.h"
#include "tests/support/leaker.h"

static void receive(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
    leaker_wake();
}

/* ---- what is no object of the heap ---------------------------------------------------------- */

static gort_mutex gate;
static gort_waitgroup group;

static void pass_gate(void *box)
{
    (void)box;
    gort_mutex_lock(&gate);
    gort_mutex_unlock(&gate);
    leaker_wake();
}

CLAIM(a_static_mutex)
{
    gort_mutex_lock(&gate);
    leaker_spawn_parked(pass_gate, NULL, PARKED_MUTEX);
    leaker_search();
    gort_mutex_unlock(&gate);
    leaker_expect_all_woken();
}

static void await_group(void *box)
{
    (void)box;
    gort_waitgroup_wait(&group);
    leaker_wake();
}

CLAIM(a_static_group)
{
    gort_waitgroup_add(&group, 1);
    leaker_spawn_parked(await_group, NULL, PARKED_WAITGROUP);
    leaker_search();
    gort_waitgroup_done(&group);
    leaker_expect_all_woken();
}

/* As a program in C would: what its tasks share is malloc'ed, a group among it on a stack. */
struct job {
    gort_waitgroup *done;
    gort_sem *go;
};

static void work(void *arg)
{
    struct job *job = arg;

    gort_sem_acquire(job->go, 1);
    gort_waitgroup_done(job->done);
    free(job);
}

static gort_sem *malloced;

static void await_own_group(void *box)
{
    struct job *job = malloc(sizeof *job);
    gort_waitgroup done = {0};

    (void)box;
    *job = (struct job){.done = &done, .go = malloced};
    gort_waitgroup_add(&done, 1);
    gort_go(work, job);
    gort_waitgroup_wait(&done);
    leaker_wake();
}

CLAIM(a_group_on_a_stack_and_a_semaphore_of_malloc)
{
    int parked = conform_parked(PARKED_SEM);

    malloced = calloc(1, sizeof *malloced);
    gort_sem_init(malloced, LEAKER_MANY);
    gort_sem_acquire(malloced, LEAKER_MANY);
    leaker_spawn_parked(await_own_group, NULL, PARKED_WAITGROUP);
    UNTIL_PARKED(parked + LEAKER_MANY, PARKED_SEM);
    leaker_search();
    gort_sem_release(malloced, LEAKER_MANY);
    leaker_expect_all_woken();
    free(malloced);
}

/* ---- a thread that is attached -------------------------------------------------------------- */

static gort_chan *stop;

static _Atomic(int) thread_step;

static void *attached(void *box)
{
    uint64_t handle_of_box = (uint64_t)(uintptr_t)box;

    EXPECT(gort_thread_attach() == GORT_OK, "the thread can't attach");
    {
        struct leaker_box *volatile b = gort_handle_get(handle_of_box);

        gort_handle_delete(handle_of_box);
        atomic_store_explicit(&thread_step, 1, memory_order_release);
        gort_recv(stop, NULL);
        leaker_close(b);
    }
    gort_thread_detach();
    return NULL;
}

static uint64_t handle_of_one;

static void keep_one_by_handle(struct leaker_box *box)
{
    if (box->number == 0)
        handle_of_one = gort_handle_new(box);
    else
        leaker_keep_static(box);
}

CLAIM(the_stack_of_an_attached_thread_that_waits)
{
    pthread_t thread;

    stop = gort_chan_new(0, 0);
    atomic_store_explicit(&thread_step, 0, memory_order_relaxed);
    leaker_spawn_parked(receive, keep_one_by_handle, PARKED_RECV);
    EXPECT(pthread_create(&thread, NULL, attached, (void *)(uintptr_t)handle_of_one) == 0,
           "no thread");
    EVENTUALLY(atomic_load_explicit(&thread_step, memory_order_acquire) == 1, "it is attached");
    leaker_search();
    gort_close(stop);
    for (int i = 1; i < LEAKER_MANY; i++)
        leaker_close(leaker_kept[i]);
    leaker_expect_all_woken();
    GORT_BLOCKING
    {
        pthread_join(thread, NULL);
    }
    leaker_drop_static();
}

/* ---- what only malloc knows of -------------------------------------------------------------- */

static struct leaker_box **unseen;

static void keep_unseen(struct leaker_box *box)
{
    unseen[box->number] = box;
}

/* Returns how many were found to be leaked; all go on. */
static int64_t expect_unseen_go_on(int64_t least)
{
    int64_t found = 0;

    leaker_spawn_parked(receive, keep_unseen, PARKED_RECV);
    leaker_search();
    EVENTUALLY(gort_find_leaks() >= least, "%d are found", (int)gort_leaked_tasks());
    found = gort_leaked_tasks();
    for (int i = 0; i < LEAKER_MANY; i++)
        leaker_close(unseen[i]);
    EVENTUALLY(leaker_woken() == LEAKER_MANY, "%d went on", leaker_woken());
    EXPECT(gort_leaked_tasks() == 0, "%d are still leaked", (int)gort_leaked_tasks());
    return found;
}

/* A process of its own: no other may refute a proof. */
ENDS(those_that_only_malloc_knows_of_go_on_and_none_of_their_kind_is_told_of_again, 7, "none again")
{
    int64_t first = 0;
    int64_t second = 0;

    unseen = calloc(LEAKER_MANY, sizeof *unseen);
    first = expect_unseen_go_on(LEAKER_MOST);
    EXPECT(leaked_refuted() == (uint64_t)first, "%d refuted", (int)leaked_refuted());
    EXPECT(gort_read_leaks(NULL, 0) == 0, "%d kinds are told of", gort_read_leaks(NULL, 0));
    second = expect_unseen_go_on(0);
    dprintf(STDOUT_FILENO, "%d, then %s\n", (int)first,
            second == 0 || first == 0 ? "none again" : "others");
    free(unseen);
    exit(7);
}
