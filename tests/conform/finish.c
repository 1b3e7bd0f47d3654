/* SPDX-License-Identifier: MIT */
/* finish.c - how a program ends: by its first task, by a deadlock, by misuse. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/conform.h"

static void recv_nothing(void *arg)
{
    gort_recv(arg, NULL);
}

static void sleep_long(void *arg)
{
    (void)arg;
    gort_sleep(GORT_S * 1000);
}

/* ---- deadlocks ------------------------------------------------------------------------------ */

#define DEADLOCK "fatal error: all tasks are asleep - deadlock!"

ENDS(all_tasks_asleep_is_a_deadlock, 2, DEADLOCK)
{
    gort_recv(gort_chan_new(0, 0), NULL);
}

ENDS(a_deadlock_shows_every_stack, 2, "recv_nothing")
{
    gort_chan *c = gort_chan_new(0, 0);

    for (int i = 0; i < 3; i++)
        gort_go(recv_nothing, c);
    UNTIL_PARKED(3, PARKED_RECV);
    gort_recv(c, NULL);
}

ENDS(a_deadlock_after_a_sleep_is_found_too, 2, DEADLOCK)
{
    gort_chan *c = gort_chan_new(0, 0);

    gort_go(recv_nothing, c);
    gort_sleep(3 * GORT_MS);
    gort_recv(c, NULL);
}

static void wait_with_deadline(void *arg)
{
    int v = 0;

    EXPECT(gort_recv_by(arg, &v, gort_in(3600 * GORT_S)) == 1, "nothing came");
}

/* Keeps this proc busy until another worker waits in the poller. */
static void let_another_poll(void)
{
    int64_t until_ns = gort_in(100 * GORT_MS);

    while (gort_now() < until_ns)
        gort_safepoint();
}

ENDS(a_deadlock_after_a_deadline_that_was_not_needed_is_found, 2, DEADLOCK)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int v = 1;

    gort_go(wait_with_deadline, c);
    UNTIL_PARKED(1, PARKED_RECV);
    let_another_poll();
    gort_send(c, &v);
    gort_recv(NULL, NULL);
}

static void accept_one(void *arg)
{
    gort_conn *conn;

    EXPECT(gort_accept(arg, &conn) == GORT_ECLOSED, "accepted");
}

ENDS(a_deadlock_after_a_socket_was_closed_is_found, 2, DEADLOCK)
{
    gort_listener *l;

    EXPECT(gort_listen("127.0.0.1:0", &l) == GORT_OK, "no listener");
    gort_go(accept_one, l);
    UNTIL_PARKED(1, PARKED_IO);
    let_another_poll();
    gort_listener_close(l);
    gort_recv(NULL, NULL);
}

static void send_late(void *arg)
{
    int v = 1;

    gort_sleep(5 * GORT_MS);
    gort_send(arg, &v);
}

CLAIM(a_sleeper_is_no_deadlock)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int v = 0;

    gort_go(send_late, c);
    EXPECT(gort_recv(c, &v) == 1 && v == 1, "got %d", v);
}

/* ---- the first task ------------------------------------------------------------------------- */

static void exit_seven(void *arg)
{
    (void)arg;
    dprintf(STDOUT_FILENO, "last words\n");
    exit(7);
}

ENDS(the_first_task_may_leave_the_others_to_go_on, 7, "last words")
{
    gort_go(exit_seven, NULL);
    gort_exit();
}

ENDS(when_the_first_task_left_and_no_other_can_run_it_is_a_deadlock, 2, "deadlock")
{
    gort_exit();
}

static void never_ends(void *arg)
{
    _Atomic(int) *runs = arg;

    for (;;) {
        atomic_fetch_add_explicit(runs, 1, memory_order_relaxed);
        gort_yield();
    }
}

static _Atomic(int) runs;

ENDS(the_program_ends_with_its_first_task, 0, "done")
{
    gort_go(never_ends, &runs);
    gort_go(sleep_long, NULL);
    EVENTUALLY(atomic_load_explicit(&runs, memory_order_relaxed) > 3, "does not run");
    dprintf(STDOUT_FILENO, "done\n");
}

static void sleep_for_ever(void *arg)
{
    (void)arg;
    gort_sleep(GORT_FOREVER);
    _exit(9);
}

ENDS(a_sleep_for_ever_lasts_as_long_as_the_program, 0, "done")
{
    gort_go(sleep_for_ever, NULL);
    UNTIL_PARKED(1, PARKED_SLEEP);
    gort_sleep(2 * GORT_MS);
    dprintf(STDOUT_FILENO, "done\n");
}

static void sleep_until_never(void *arg)
{
    (void)arg;
    gort_sleep_until(GORT_FOREVER);
    _exit(9);
}

ENDS(who_waits_for_a_time_that_never_comes_takes_part_in_a_deadlock, 2, DEADLOCK)
{
    gort_go(sleep_until_never, NULL);
    gort_recv(gort_chan_new(0, 0), NULL);
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static void leave_in_the_middle(void *arg)
{
    _Atomic(int) *step = arg;

    atomic_store_explicit(step, 1, memory_order_release);
    gort_exit();
    atomic_store_explicit(step, 2, memory_order_release);
}

CLAIM(a_task_may_exit_anywhere)
{
    _Atomic(int) step = 0;

    gort_go(leave_in_the_middle, &step);
    EVENTUALLY(atomic_load_explicit(&step, memory_order_acquire) == 1, "step %d", step);
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    EXPECT(step == 1, "went on after its exit");
}

CLAIM(a_second_run_is_refused)
{
    EXPECT(gort_run(NULL, NULL, NULL) == GORT_EALREADY, "it ran");
}

static void note_id(void *arg)
{
    gort_chan *ids = arg;
    uint64_t id = gort_task_id();

    gort_send(ids, &id);
}

CLAIM(task_ids_are_never_used_again)
{
    gort_chan *ids = gort_chan_new(sizeof(uint64_t), 0);
    uint64_t highest = gort_task_id();

    for (int i = 0; i < 100; i++) {
        uint64_t id;

        gort_go(note_id, ids);
        gort_recv(ids, &id);
        EXPECT(id != 0 && id != gort_task_id(), "id %llu", (unsigned long long)id);
        EXPECT(id > highest || gort_maxprocs() > 1, "id %llu after %llu", (unsigned long long)id,
               (unsigned long long)highest);
        highest = id > highest ? id : highest;
    }
}

CLAIM(every_error_has_a_text)
{
    for (int err = GORT_ESYSTEM - 1; err <= 1; err++) {
        const char *text = gort_strerror(err);

        EXPECT(text != NULL && text[0] != '\0', "error %d has none", err);
        EXPECT((err == 1 || err == GORT_ESYSTEM - 1) == (text == gort_strerror(99)), "error %d: %s",
               err, text);
    }
}
