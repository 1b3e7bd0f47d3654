/* SPDX-License-Identifier: MIT */
/* handlers.c - the program's own signals, on threads that run tasks. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/conform.h"

static _Atomic(int) caught;
static _Atomic(int) on_alternate_stack;

enum { FRAME = 8192, RAISES = 200 };

/* As much stack as an honest handler takes. */
static void count(int sig)
{
    volatile char room[FRAME];
    stack_t now;
    int saved = errno;

    memset((char *)(uintptr_t)room, sig, sizeof room);
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_ONSTACK) != 0)
        atomic_fetch_add_explicit(&on_alternate_stack, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&caught, room[FRAME / 2] == sig, memory_order_relaxed);
    errno = saved;
}

static void install(int sig, int flags)
{
    struct sigaction act = {.sa_handler = count, .sa_flags = flags};

    sigemptyset(&act.sa_mask);
    EXPECT(sigaction(sig, &act, NULL) == 0, "errno %d", errno);
    atomic_store_explicit(&caught, 0, memory_order_relaxed);
    atomic_store_explicit(&on_alternate_stack, 0, memory_order_relaxed);
}

/* A function of its own, for compilers keep the address of errno. */
__attribute__((noinline)) static void raise_here(int i)
{
    errno = i;
    raise(SIGUSR1); /* to this thread, before it returns */
    EXPECT(errno == i, "errno %d, not %d", errno, i);
}

static void raise_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < RAISES; i++) {
        raise_here(i);
        (void)gort_alloc(500);
        gort_yield();
    }
}

static void raise_in_tasks(void)
{
    gort_waitgroup wg = {0};

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&wg, raise_often, NULL);
    gort_gc();
    gort_waitgroup_wait(&wg);
    EXPECT(caught == 4 * RAISES, "caught %d", caught);
}

CLAIM(a_handler_runs_on_the_stack_of_the_task)
{
    install(SIGUSR1, SA_RESTART);
    raise_in_tasks();
    EXPECT(on_alternate_stack == 0, "%d on the other", on_alternate_stack);
}

CLAIM(a_handler_may_ask_for_the_alternate_stack)
{
    install(SIGUSR1, SA_RESTART | SA_ONSTACK);
    raise_in_tasks();
    EXPECT(on_alternate_stack == caught, "%d of %d", on_alternate_stack, caught);
}

static void ping(void *arg)
{
    gort_chan *const *c = arg;
    int64_t v;

    while (gort_recv(c[0], &v) == 1) {
        (void)gort_alloc(300);
        v++;
        gort_send(c[1], &v);
    }
}

CLAIM(an_interval_timer_disturbs_nobody)
{
    struct itimerval often = {{0, 500}, {0, 500}};
    struct itimerval never = {{0, 0}, {0, 0}};
    gort_chan *c[] = {gort_chan_new(sizeof(int64_t), 0), gort_chan_new(sizeof(int64_t), 0)};
    gort_waitgroup wg = {0};
    int64_t rounds = 0;
    int64_t v = 0;

    install(SIGPROF, SA_RESTART | SA_ONSTACK);
    gort_waitgroup_go(&wg, ping, c);
    EXPECT(setitimer(ITIMER_PROF, &often, NULL) == 0, "errno %d", errno);
    while (atomic_load_explicit(&caught, memory_order_relaxed) < 50) {
        gort_send(c[0], &v);
        gort_recv(c[1], &v);
        rounds++;
        EXPECT(v == rounds, "%lld after %lld rounds", (long long)v, (long long)rounds);
    }
    setitimer(ITIMER_PROF, &never, NULL);
    gort_close(c[0]);
    gort_waitgroup_wait(&wg);
}

CLAIM(the_end_of_a_child_is_signalled)
{
    int before = 0;

    install(SIGCHLD, SA_RESTART);
    before = caught;
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        int status = 0;

        if (pid == 0)
            _exit(3);
        GORT_BLOCKING
        {
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        }
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %d", status);
    }
    EVENTUALLY(atomic_load_explicit(&caught, memory_order_relaxed) > before, "caught %d", caught);
}

/* What gort(7) recommends: the handler writes into a pipe, from which a task reads. */
static int told[2];

static void tell(int sig)
{
    unsigned char c = (unsigned char)sig;
    int saved = errno;

    (void)!write(told[1], &c, 1);
    errno = saved;
}

CLAIM(a_task_may_wait_for_a_signal_by_a_pipe)
{
    unsigned char got = 0;

    EXPECT(pipe(told) == 0, "no pipe");
    signal(SIGUSR2, tell);
    kill(getpid(), SIGUSR2);
    GORT_BLOCKING
    {
        while (read(told[0], &got, 1) < 0 && errno == EINTR)
            ;
    }
    EXPECT(got == SIGUSR2, "got %d", got);
    close(told[0]);
    close(told[1]);
}

/* ---- those that nobody handles -------------------------------------------------------------- */

ENDS(a_termination_ends_the_program_as_ever, -SIGTERM, "")
{
    kill(getpid(), SIGTERM);
    gort_sleep(GORT_S * 1000);
    gort_recv(NULL, NULL);
}

ENDS(write_to_a_closed_pipe_is_signalled_as_ever, -SIGPIPE, "")
{
    int fds[2];

    if (pipe(fds) != 0)
        return;
    close(fds[0]);
    (void)!write(fds[1], "x", 1);
}

static void *block_and_wait(void *arg)
{
    sigset_t *set = arg;
    int sig = 0;

    return sigwait(set, &sig) == 0 && sig == SIGHUP ? arg : NULL;
}

CLAIM(a_thread_of_the_program_may_wait_for_signals)
{
    pthread_t thread;
    sigset_t set;
    void *result = NULL;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    EXPECT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0, "no mask");
    EXPECT(pthread_create(&thread, NULL, block_and_wait, &set) == 0, "no thread");
    pthread_kill(thread, SIGHUP);
    GORT_BLOCKING
    {
        pthread_join(thread, &result);
    }
    EXPECT(result == &set, "it got another");
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
