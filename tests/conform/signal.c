/* SPDX-License-Identifier: MIT */
/* signal.c - signals in channels and contexts, and that they are left as they were found. */
#include "config.h"

#include <gort/signal.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/san.h"
#include "tests/support/conform.h"

#define USR1 GORT_SIGNAL(SIGUSR1)
#define USR2 GORT_SIGNAL(SIGUSR2)

static _Atomic(int) ncalls; /* in whatever thread: the thread sanitizer may call handlers late */

static void count_call(int number)
{
    (void)number;
    ncalls++;
}

static gort_chan *int_chan(size_t capacity)
{
    return gort_chan_new(sizeof(int), capacity);
}

/* What comes within ten seconds, or -1. */
static int next_of(gort_chan *c)
{
    int number = -1;

    return gort_recv_by(c, &number, gort_in(10 * GORT_S)) == 1 ? number : -1;
}

static bool has_handler(int number, void (*handler)(int number))
{
    struct sigaction act;

    return sigaction(number, NULL, &act) == 0 && act.sa_handler == handler;
}

/* ---- channels ------------------------------------------------------------------------------- */

CLAIM(a_signal_reaches_the_channels_that_want_it)
{
    gort_chan *one = int_chan(4);
    gort_chan *both = int_chan(4);

    gort_signal_notify(one, USR1);
    gort_signal_notify(both, USR1);
    gort_signal_notify(both, USR2);
    for (int i = 0; i < 20; i++) {
        int number = i % 2 == 0 ? SIGUSR1 : SIGUSR2;

        raise(number);
        EXPECT(next_of(both) == number, "round %d: not %d", i, number);
        if (number == SIGUSR1)
            EXPECT(next_of(one) == number, "round %d: not to the other", i);
    }
    EXPECT(gort_chan_len(one) == 0, "it has what it did not want");
    gort_signal_stop(one);
    raise(SIGUSR1);
    EXPECT(next_of(both) == SIGUSR1, "stopped for all");
    EXPECT(gort_chan_len(one) == 0, "not stopped");
    gort_signal_stop(both);
}

CLAIM(a_full_channel_holds_up_nothing)
{
    gort_chan *full = int_chan(1);
    gort_chan *wide = int_chan(100);

    gort_signal_notify(full, USR1);
    gort_signal_notify(wide, USR1);
    for (int i = 0; i < 10; i++) {
        raise(SIGUSR1);
        EXPECT(next_of(wide) == SIGUSR1, "round %d: nothing", i);
    }
    EXPECT(gort_chan_len(full) == 1, "%zu elements", gort_chan_len(full));
    gort_signal_stop(full);
    gort_signal_stop(wide);
}

CLAIM(what_comes_before_a_stop_is_sent_and_what_comes_before_a_registration_is_not)
{
    for (int i = 0; i < 50; i++) {
        gort_chan *before = int_chan(2);
        gort_chan *later = int_chan(2);

        gort_signal_notify(before, USR1);
        raise(SIGUSR1);
        gort_signal_notify(later, USR1);
        EXPECT(next_of(before) == SIGUSR1, "round %d: nothing", i);
        EXPECT(gort_chan_len(later) == 0, "round %d: told of what came before", i);
        raise(SIGUSR1);
        gort_signal_stop(before);
        EXPECT(gort_chan_len(before) == 1, "round %d: lost", i);
        gort_signal_stop(later);
        EXPECT(gort_chan_len(later) == 1, "round %d: the other's is lost", i);
    }
}

/* The thread sanitizer keeps a signal until the thread that got it calls the C library: one that
 * sleeps may never do. */
CLAIM(a_signal_to_the_process_arrives_on_whatever_thread)
{
    gort_chan *c = int_chan(1);

    if (SAN_THREAD)
        return;
    gort_signal_notify(c, USR2);
    EXPECT(kill(getpid(), SIGUSR2) == 0, "not sent");
    EXPECT(next_of(c) == SIGUSR2, "it does not arrive");
    gort_signal_stop(c);
}

CLAIM(the_task_for_signals_ends_with_the_last_registration)
{
    gort_chan *c = int_chan(1);

    for (int i = 0; i < 20; i++) {
        gort_signal_notify(c, USR1);
        EXPECT(gort_num_tasks() >= 2, "no task");
        gort_signal_stop(c);
        gort_signal_stop(c);
        if (conform_random(2) == 0)
            EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    }
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

/* ---- contexts ------------------------------------------------------------------------------- */

CLAIM(the_first_signal_cancels_the_context_and_the_second_is_as_before)
{
    gort_ctx *ctx = gort_ctx_with_signals(gort_ctx_background(), USR1 | USR2);

    EXPECT(signal(SIGUSR1, SIG_IGN) != SIG_ERR, "not ignored");
    gort_ctx_cancel(ctx, 0);
    EVENTUALLY(has_handler(SIGUSR2, SIG_DFL), "not given back");
    ctx = gort_ctx_with_signals(gort_ctx_background(), USR1 | USR2);
    EXPECT(gort_ctx_err(ctx) == GORT_OK, "cancelled early");
    raise(SIGUSR2);
    EXPECT(gort_recv_by(gort_ctx_done(ctx), NULL, gort_in(10 * GORT_S)) == 0, "not cancelled");
    EXPECT(gort_ctx_err(ctx) == GORT_ECANCELED, "err %d", gort_ctx_err(ctx));
    EXPECT(gort_ctx_cause(ctx) == SIGUSR2, "cause %d", gort_ctx_cause(ctx));
    EXPECT(has_handler(SIGUSR1, SIG_IGN), "one that was ignored is not again");
    EXPECT(has_handler(SIGUSR2, SIG_DFL), "not as it was");
    EXPECT(signal(SIGUSR1, SIG_DFL) != SIG_ERR, "not reset");
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

CLAIM(to_stop_no_channel_leaves_contexts_alone)
{
    gort_ctx *ctx = gort_ctx_with_signals(gort_ctx_background(), USR1);

    gort_signal_stop(NULL);
    gort_signal_stop(int_chan(1));
    EXPECT(!has_handler(SIGUSR1, SIG_DFL), "given back");
    raise(SIGUSR1);
    EXPECT(gort_recv_by(gort_ctx_done(ctx), NULL, gort_in(10 * GORT_S)) == 0, "not cancelled");
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

CLAIM(a_context_of_signals_is_cancelled_with_its_parent)
{
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *ctx = gort_ctx_with_signals(parent, USR1);

    gort_ctx_cancel(parent, 6);
    EXPECT(gort_ctx_cause(ctx) == 6, "cause %d", gort_ctx_cause(ctx));
    EVENTUALLY(has_handler(SIGUSR1, SIG_DFL), "the handler stays");
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

/* ---- the program's own ---------------------------------------------------------------------- */

CLAIM(the_programs_handler_runs_too_and_is_there_afterwards)
{
    gort_chan *c = int_chan(1);

    ncalls = 0;
    EXPECT(signal(SIGUSR1, count_call) != SIG_ERR, "no handler");
    gort_signal_notify(c, USR1);
    raise(SIGUSR1);
    EXPECT(next_of(c) == SIGUSR1, "it does not arrive");
    EXPECT(ncalls == 1, "%d calls", (int)ncalls);
    gort_signal_stop(c);
    EXPECT(has_handler(SIGUSR1, count_call), "it is gone");
    EXPECT(signal(SIGUSR1, SIG_DFL) == count_call, "it is another");
}

static void raise_other(int number)
{
    (void)number;
    raise(SIGUSR2);
}

CLAIM(a_handler_of_the_program_may_be_interrupted_by_another)
{
    gort_chan *c = int_chan(2);

    ncalls = 0;
    EXPECT(signal(SIGUSR1, raise_other) != SIG_ERR, "no handler");
    EXPECT(signal(SIGUSR2, count_call) != SIG_ERR, "no handler");
    gort_signal_notify(c, USR1 | USR2);
    raise(SIGUSR1);
    EXPECT(ncalls == 1, "%d calls of the other", (int)ncalls);
    gort_signal_stop(c);
    EXPECT(gort_chan_len(c) == 2, "%zu of 2", gort_chan_len(c));
    EXPECT(signal(SIGUSR1, SIG_DFL) == raise_other, "it is gone");
    EXPECT(signal(SIGUSR2, SIG_DFL) == count_call, "it is gone");
}

CLAIM(a_handler_that_was_installed_later_stays)
{
    gort_chan *c = int_chan(1);

    gort_signal_notify(c, USR1);
    EXPECT(signal(SIGUSR1, count_call) != SIG_ERR, "no handler");
    gort_signal_stop(c);
    EXPECT(signal(SIGUSR1, SIG_DFL) == count_call, "it is gone");
}

static struct sigaction before_chaining;

static void chain(int number, siginfo_t *info, void *context)
{
    ncalls++;
    before_chaining.sa_sigaction(number, info, context);
}

CLAIM(a_later_handler_may_call_the_one_before_it_even_if_that_is_ours_again)
{
    gort_chan *c = int_chan(4);
    struct sigaction act = {.sa_sigaction = chain, .sa_flags = SA_SIGINFO};

    gort_signal_notify(c, USR1);
    EXPECT(sigaction(SIGUSR1, &act, &before_chaining) == 0, "no handler");
    ncalls = 0;
    raise(SIGUSR1);
    EXPECT(next_of(c) == SIGUSR1, "it does not arrive by the later one");
    gort_signal_stop(c);
    gort_signal_notify(c, USR1);
    raise(SIGUSR1);
    EXPECT(next_of(c) == SIGUSR1, "it does not arrive by both");
    EXPECT(gort_recv_by(c, NULL, gort_in(GORT_MS)) == GORT_ETIMEDOUT, "it arrives twice");
    EXPECT(ncalls == 2, "%d calls", (int)ncalls);
    gort_signal_stop(c);
    raise(SIGUSR1); /* and when nobody has asked for it, it is not kept for the next */
    gort_signal_notify(c, USR1 | USR2);
    raise(SIGUSR2);
    EXPECT(next_of(c) == SIGUSR2, "one that came before");
    gort_signal_stop(c);
    EXPECT(signal(SIGUSR1, SIG_DFL) != SIG_ERR, "not reset");
}

CLAIM(a_blocked_signal_waits_until_it_is_let_through)
{
    gort_chan *c = int_chan(1);
    sigset_t set;
    sigset_t old;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    gort_signal_notify(c, USR1);
    /* No call of the runtime in between: the thread stays the same. */
    pthread_sigmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    bool early = gort_chan_len(c) != 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    EXPECT(!early, "it came through");
    EXPECT(next_of(c) == SIGUSR1, "it does not arrive");
    gort_signal_stop(c);
}

static int status_of_child(int number)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        raise(number);
        _exit(7);
    }
    GORT_BLOCKING
    {
        if (waitpid(child, &status, 0) != child)
            status = -1;
    }
    return status;
}

CLAIM(in_a_child_signals_act_as_if_nothing_had_been_registered)
{
    gort_chan *c = int_chan(1);
    int status;

    if (SAN_THREAD) /* which holds the second signal back until the child has ended */
        return;
    gort_signal_notify(c, USR1 | USR2);
    status = status_of_child(SIGUSR1);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "status %x", (unsigned)status);
    EXPECT(gort_try_recv(c, NULL) == GORT_EWOULDBLOCK, "the parent has it");
    raise(SIGUSR2);
    EXPECT(next_of(c) == SIGUSR2, "the parent's signals are gone");
    gort_signal_stop(c);
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(a_signal_that_nobody_can_catch, 2,
     "fatal error: gort_signal_notify: signal 9 is not one to be told of")
{
    gort_signal_notify(int_chan(1), GORT_SIGNAL(SIGKILL) | USR1);
}

ENDS(the_runtimes_own_signal, 2, "is not one to be told of")
{
    gort_ctx_with_signals(gort_ctx_background(), GORT_SIGNAL(SIGURG));
}

ENDS(no_signal_at_all, 2, "fatal error: gort_signal_notify: no signal")
{
    gort_signal_notify(int_chan(1), 0);
}

ENDS(a_channel_of_something_else, 2, "fatal error: gort_signal_notify: not a channel of int")
{
    gort_signal_notify(gort_chan_new(1, 1), USR1);
}
