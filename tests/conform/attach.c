/* SPDX-License-Identifier: MIT */
/* attach.c - threads that the program made take part as tasks. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/support/conform.h"

#define THREADS 5
#define ROUNDS  200

struct meeting {
    gort_chan *in;
    gort_chan *out;
    gort_mutex mutex;
    int64_t counted;
    _Atomic(int) ended;
    _Atomic(int) go;
    _Atomic(uint64_t) id;
};

static struct meeting *meeting; /* a root: threads that are not attached keep nothing alive */

static void start(void *(*fn)(void *), pthread_t *thread)
{
    int rc = pthread_create(thread, NULL, fn, meeting);

    EXPECT(rc == 0, "pthread_create: %d", rc);
}

static void *attach_for_a_moment(void *arg)
{
    EXPECT(gort_thread_attach() == 0, "not attached");
    gort_thread_detach();
    return arg;
}

/* From the first thread that attaches no deadlock is reported: tasks may wait for threads to come.
 */
static struct meeting *meeting_new(void)
{
    pthread_t first;

    start(attach_for_a_moment, &first);
    GORT_BLOCKING
    {
        pthread_join(first, NULL);
    }
    meeting = gort_new(struct meeting);
    meeting->in = gort_chan_new(sizeof(int64_t *), 0);
    meeting->out = gort_chan_new(sizeof(int64_t *), 0);
    return meeting;
}

static void *count_one(void *arg)
{
    struct meeting *m = meeting;

    (void)arg;
    EXPECT(gort_thread_attach() == 0, "not attached");
    EXPECT(gort_thread_attach() == GORT_EALREADY, "attached twice");
    atomic_store_explicit(&m->id, gort_task_id(), memory_order_relaxed);
    EXPECT(gort_thread_detach() == 0, "not detached");
    EXPECT(gort_thread_detach() == GORT_EINVAL, "detached twice");
    atomic_fetch_add_explicit(&m->ended, 1, memory_order_relaxed);
    return NULL;
}

CLAIM(a_thread_attaches_once_and_detaches_once)
{
    struct meeting *m = meeting_new();
    pthread_t thread;

    EXPECT(gort_thread_attach() == GORT_EALREADY, "a task attached");
    EXPECT(gort_thread_detach() == GORT_EINVAL, "a task detached");
    start(count_one, &thread);
    EVENTUALLY(m->ended == 1, "the thread has not ended");
    EXPECT(m->id != 0 && m->id != gort_task_id(), "task %llu", (unsigned long long)m->id);
    EXPECT(pthread_join(thread, NULL) == 0, "join");
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

/* Takes all kinds of turns; keeps what it got only on its own stack across collections. */
static void take_turns(struct meeting *m)
{
    int64_t *v;

    while (gort_recv(m->in, &v) == 1) {
        int64_t *mine = gort_new(int64_t);

        *mine = *v + 1;
        gort_mutex_lock(&m->mutex);
        m->counted++;
        gort_mutex_unlock(&m->mutex);
        if (*v % 10 == 0)
            gort_sleep(20 * GORT_US);
        if (*v % 7 == 0)
            gort_yield();
        if (*v % 50 == 0)
            gort_gc();
        EXPECT(*mine == *v + 1, "%lld after %lld", (long long)*mine, (long long)*v);
        gort_send(m->out, &mine);
    }
}

static void *attach_and_work(void *arg)
{
    struct meeting *m = meeting;

    (void)arg;
    EXPECT(gort_thread_attach() == 0, "not attached");
    take_turns(m);
    gort_thread_detach();
    atomic_fetch_add_explicit(&m->ended, 1, memory_order_relaxed);
    return NULL;
}

static void send_all(void *arg)
{
    struct meeting *m = arg;

    for (int64_t i = 0; i < ROUNDS; i++) {
        int64_t *v = gort_new(int64_t);

        *v = i;
        gort_send(m->in, &v);
    }
}

CLAIM(attached_threads_use_everything_that_tasks_use)
{
    struct meeting *m = meeting_new();
    pthread_t thread[THREADS];
    int64_t sum = 0;

    for (int i = 0; i < THREADS; i++)
        start(attach_and_work, &thread[i]);
    gort_go(send_all, m);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t *v = NULL;

        EXPECT(gort_recv(m->out, &v) == 1, "closed");
        sum += *v;
        if (i % 30 == 0)
            gort_set_maxprocs(1 + (int)conform_random(4));
    }
    EXPECT(sum == (int64_t)ROUNDS * (ROUNDS + 1) / 2, "sum %lld", (long long)sum);
    EXPECT(m->counted == ROUNDS, "counted %lld", (long long)m->counted);
    gort_close(m->in);
    EVENTUALLY(m->ended == THREADS, "%d threads ended", m->ended);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(thread[i], NULL) == 0, "join");
}

/* In C code all the time, with an object that nothing but its stack refers to. */
static void *compute_with_object(void *arg)
{
    struct meeting *m = meeting;
    int64_t *volatile only;

    (void)arg;
    EXPECT(gort_thread_attach() == 0, "not attached");
    only = gort_new(int64_t);
    *only = 4711;
    atomic_store_explicit(&m->go, 1, memory_order_relaxed);
    while (atomic_load_explicit(&m->go, memory_order_relaxed) == 1) {
    }
    EXPECT(*only == 4711, "the object holds %lld", (long long)*only);
    gort_thread_detach();
    atomic_fetch_add_explicit(&m->ended, 1, memory_order_relaxed);
    return NULL;
}

CLAIM(its_stack_is_searched_while_it_runs_c_code)
{
    struct meeting *m = meeting_new();
    pthread_t thread;

    start(compute_with_object, &thread);
    EVENTUALLY(m->go == 1, "it has not begun");
    for (int i = 0; i < 5; i++) {
        gort_gc();
        for (int n = 0; n < 2000; n++)
            *gort_new(int64_t) = -1;
    }
    atomic_store_explicit(&m->go, 2, memory_order_relaxed);
    EVENTUALLY(m->ended == 1, "it has not ended");
    pthread_join(thread, NULL);
}

static void *end_attached(void *arg)
{
    (void)arg;
    EXPECT(gort_thread_attach() == 0, "not attached");
    gort_yield();
    return NULL;
}

CLAIM(a_thread_that_ends_is_detached)
{
    /* There, each is let in only when this task has been outside for a second. */
    int threads = conform_is_deterministic() ? 1 : 20;

    meeting_new();
    for (int i = 0; i < threads; i++) {
        pthread_t thread;

        start(end_attached, &thread);
        GORT_BLOCKING
        {
            pthread_join(thread, NULL);
        }
        EXPECT(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
        gort_gc();
    }
}

static void *come_and_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        int64_t *v;

        EXPECT(gort_thread_attach() == 0, "not attached");
        v = gort_new(int64_t);
        gort_send(meeting->out, &v);
        gort_thread_detach();
    }
    return NULL;
}

CLAIM(callbacks_may_attach_each_time)
{
    struct meeting *m = meeting_new();
    pthread_t thread[2];

    for (int i = 0; i < 2; i++)
        start(come_and_go, &thread[i]);
    for (int i = 0; i < 200; i++) { /* nothing but threads to come may wake this task */
        int64_t *v = NULL;

        EXPECT(gort_recv(m->out, &v) == 1 && *v == 0, "not a fresh object");
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
}

static void *keep_signals(void *arg)
{
    stack_t before, after;
    sigset_t mask;

    (void)arg;
    sigemptyset(&mask);
    sigaddset(&mask, SIGURG);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    sigaltstack(NULL, &before);
    EXPECT(gort_thread_attach() == 0, "not attached");
    gort_yield();
    gort_thread_detach();
    sigaltstack(NULL, &after);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    EXPECT(sigismember(&mask, SIGURG) == 1 && sigismember(&mask, SIGUSR1) == 1, "mask lost");
    EXPECT(after.ss_sp == before.ss_sp && after.ss_flags == before.ss_flags, "stack lost");
    return NULL;
}

CLAIM(its_signal_mask_and_stack_come_back)
{
    pthread_t thread;

    meeting_new();
    start(keep_signals, &thread);
    GORT_BLOCKING
    {
        pthread_join(thread, NULL);
    }
}

static void *yield_outside(void *arg)
{
    gort_yield();
    return arg;
}

ENDS(a_thread_that_is_not_attached_is_no_task, 2, "gort_yield: called outside a task")
{
    pthread_t thread;

    meeting_new();
    start(yield_outside, &thread);
    for (;;)
        gort_sleep(GORT_MS);
}
