/* SPDX-License-Identifier: MIT */
/* leakheld.c - references to what tasks wait for that somebody holds at the moment of the search:
 * in registers, in a blocking section, in I/O, in thread-local storage; and those that only the
 * runtime holds. Such tasks are not leaked, and go on. That they are found when nobody holds them
 * is what leak.c claims. */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/conform.h"
#include "tests/support/leaker.h"
#include "tests/support/netpair.h"

enum { BEFORE, HOLDS, LETS_GO };

static _Atomic(int) step;

static void receive(void *box)
{
    gort_recv(((struct leaker_box *)box)->chan, NULL);
    leaker_wake();
}

static void say_held(void)
{
    atomic_store_explicit(&step, HOLDS, memory_order_release);
}

static bool is_to_hold(void)
{
    return atomic_load_explicit(&step, memory_order_acquire) != LETS_GO;
}

/* HOLD takes the first NHELD boxes, says so, and closes them when it may let go; LET_GO, which may
 * be NULL, wakes it for that. */
static void expect_held_by(void (*hold)(void *arg), int nheld, void (*let_go)(void))
{
    leaker_spawn_parked(receive, leaker_keep_static, PARKED_RECV);
    atomic_store_explicit(&step, BEFORE, memory_order_relaxed);
    gort_go(hold, NULL);
    EVENTUALLY(atomic_load_explicit(&step, memory_order_acquire) == HOLDS, "they are held");
    for (int i = 0; i < nheld; i++)
        leaker_kept[i] = NULL;
    leaker_search();
    atomic_store_explicit(&step, LETS_GO, memory_order_release);
    if (let_go != NULL)
        let_go();
    for (int i = nheld; i < LEAKER_MANY; i++)
        leaker_close(leaker_kept[i]);
    leaker_expect_all_woken();
    leaker_drop_static();
}

static void close_all(struct leaker_box *const *box)
{
    for (int i = 0; i < LEAKER_MANY; i++)
        leaker_close(box[i]);
}

/* ---- who holds them ------------------------------------------------------------------------- */

static void hold_in_register(void *arg)
{
    struct leaker_box *box = leaker_find_box(0);

    (void)arg;
    say_held();
    while (is_to_hold()) {
        for (int i = 0; i < 20000; i++)
            __asm__ volatile("" : "+r"(box));
        if (conform_is_deterministic()) /* where nobody is made to give way at a safepoint */
            gort_yield();
        else
            gort_safepoint();
    }
    leaker_close(box);
}

CLAIM(a_register_of_a_task_that_runs)
{
    expect_held_by(hold_in_register, 1, NULL);
}

static int ends[2]; /* of a pipe */

static void hold_while_blocking(void *arg)
{
    struct leaker_box *box[LEAKER_MANY];
    char c = 0;

    (void)arg;
    memcpy(box, leaker_kept, sizeof box);
    GORT_BLOCKING
    {
        say_held();
        EXPECT(read(ends[0], &c, 1) == 1, "nothing comes");
    }
    close(ends[0]);
    close_all(box);
}

static void write_to_pipe(void)
{
    EXPECT(write(ends[1], "x", 1) == 1, "nothing goes");
}

CLAIM(the_stack_of_a_task_in_a_blocking_section)
{
    EXPECT(pipe(ends) == 0, "no pipe");
    expect_held_by(hold_while_blocking, LEAKER_MANY, write_to_pipe);
    close(ends[1]);
}

static struct pair sockets;

static void hold_while_reading(void *arg)
{
    struct leaker_box *box[LEAKER_MANY];
    char c = 0;

    (void)arg;
    memcpy(box, leaker_kept, sizeof box);
    say_held();
    EXPECT(gort_read(sockets.near, &c, 1) == 1, "nothing comes");
    close_all(box);
}

static void write_one(void)
{
    EXPECT(gort_write(sockets.far, "x", 1) == 1, "nothing goes");
}

CLAIM(the_stack_of_a_task_that_reads_from_a_socket)
{
    sockets = tcp_pair();
    expect_held_by(hold_while_reading, LEAKER_MANY, write_one);
    close_pair(sockets);
}

static _Thread_local struct leaker_box *of_thread[LEAKER_MANY];

static void hold_in_thread(void *arg)
{
    (void)arg;
    gort_lock_thread();
    memcpy(of_thread, leaker_kept, sizeof of_thread);
    say_held();
    while (is_to_hold())
        gort_sleep(100 * GORT_US);
    close_all(of_thread);
    memset(of_thread, 0, sizeof of_thread);
    gort_unlock_thread();
}

CLAIM(the_local_storage_of_a_bound_thread)
{
    expect_held_by(hold_in_thread, LEAKER_MANY, NULL);
}

/* Mapped memory, which is a root for as long as it is added. */
static void hold_in_mapping(void *arg)
{
    size_t bytes = LEAKER_MANY * sizeof(struct leaker_box *);
    struct leaker_box **box = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                   -1, 0);

    (void)arg;
    EXPECT(box != MAP_FAILED && gort_root_add(box, bytes) == GORT_OK, "no mapping");
    memcpy(box, leaker_kept, bytes);
    say_held();
    while (is_to_hold())
        gort_sleep(100 * GORT_US);
    close_all(box);
    gort_root_remove(box);
    munmap(box, bytes);
}

CLAIM(mapped_memory_that_was_added)
{
    expect_held_by(hold_in_mapping, LEAKER_MANY, NULL);
}

/* ---- the runtime ---------------------------------------------------------------------------- */

static void await_tick(void *box)
{
    gort_ticker *t = gort_ticker_new(30 * GORT_MS);

    (void)box;
    gort_recv(gort_ticker_chan(t), NULL);
    gort_ticker_stop(t);
    leaker_wake();
}

static void await_time(void *box)
{
    (void)box;
    gort_recv(gort_after(30 * GORT_MS), NULL);
    leaker_wake();
}

static void expect_all_go_on(void (*wait)(void *box))
{
    leaker_forget_woken();
    leaker_spawn(wait, NULL);
    leaker_expect_all_go_on();
}

CLAIM(a_tick_or_a_time_alone)
{
    expect_all_go_on(await_tick);
    expect_all_go_on(await_time);
}

static void listen_to(struct leaker_box *box)
{
    gort_signal_notify(box->chan, GORT_SIGNAL(SIGUSR1));
}

static void await_signal(void *box)
{
    gort_chan *c = ((struct leaker_box *)box)->chan;

    gort_recv(c, NULL);
    gort_signal_stop(c);
    leaker_wake();
}

CLAIM(a_signal)
{
    leaker_spawn_parked(await_signal, listen_to, PARKED_RECV);
    leaker_search();
    EXPECT(kill(getpid(), SIGUSR1) == 0, "no signal");
    leaker_expect_all_woken();
}

static gort_ctx *parent;

static void close_when_cancelled(struct leaker_box *box)
{
    gort_ctx_after_func(parent, leaker_close, box);
}

CLAIM(a_function_of_a_context_that_somebody_has)
{
    parent = gort_ctx_with_cancel(gort_ctx_background());
    leaker_spawn_parked(receive, close_when_cancelled, PARKED_RECV);
    leaker_search();
    gort_ctx_cancel(parent, 0);
    leaker_expect_all_woken();
}

static void await_semaphore(void *box)
{
    gort_sem *s = &((struct leaker_box *)box)->sem;
    gort_ctx *ctx = gort_ctx_with_cancel(parent);

    gort_sem_init(s, 1);
    gort_sem_acquire(s, 1);
    EXPECT(gort_sem_acquire_ctx(s, 1, ctx) != GORT_OK, "nobody has released it");
    leaker_wake();
}

CLAIM(a_context_of_one_that_waits_for_a_semaphore)
{
    parent = gort_ctx_with_cancel(gort_ctx_background());
    leaker_spawn_parked(await_semaphore, NULL, PARKED_SEM);
    leaker_search();
    gort_ctx_cancel(parent, 0);
    leaker_expect_all_woken();
}
