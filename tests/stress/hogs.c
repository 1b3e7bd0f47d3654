/* SPDX-License-Identifier: MIT */
/* hogs.c - a thousand tasks pass messages beside one that computes without end, one that resolves
 * names, one that sleeps in the kernel and one that reads a pipe: all get on, and the calls of libc
 * return what they return without the runtime.
 *     PROGRAM                    the test; no figure of it depends on time
 *     PROGRAM --measure ROUNDS   the pace of the thousand beside the hogs, against their pace
 * beside a foreign process that computes, in turns of half a second; the longest wait of a message;
 * how long usleep took. Not a test. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "gort.h"

#define PAIRS           500
#define LEAST           200 /* messages of a pair, lookups, naps and reads until the test ends */
#define ROUNDS_MAX      64
#define TURN_NS         (500 * GORT_MS)
#define PATIENCE_NS     (100 * GORT_S)
#define NAP_US          2000
#define LONG_NAP_US     1000000
#define MESSAGE_LATE_NS (50 * GORT_MS)

static _Atomic(int) over;    /* all tasks end */
static _Atomic(int) hogging; /* the hogs hog */
static _Atomic(int) faults;

#define EXPECT(cond, ...)                                                \
    do {                                                                 \
        if (!(cond)) {                                                   \
            dprintf(STDOUT_FILENO, __VA_ARGS__);                         \
            dprintf(STDOUT_FILENO, "\n");                                \
            atomic_fetch_add_explicit(&faults, 1, memory_order_relaxed); \
        }                                                                \
    } while (0)

/* What a hog does; the test never waits by it. */
static int (*const sleep_in_kernel)(useconds_t us) = usleep;

static int get(_Atomic(int) *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

/* ---- the thousand --------------------------------------------------------------------------- */

struct message {
    uint64_t number;
    int64_t sent_ns;
};

struct pair {
    gort_chan *there;
    gort_chan *back;
    _Atomic(uint64_t) messages;
    _Atomic(int64_t) longest_ns; /* that one was under way; reset by the first task */
};

static struct pair pairs[PAIRS];
static gort_waitgroup passing;

static void take_time(struct pair *p, const struct message *m)
{
    int64_t ns = gort_now() - m->sent_ns;

    if (ns > atomic_load_explicit(&p->longest_ns, memory_order_relaxed))
        atomic_store_explicit(&p->longest_ns, ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->messages, 1, memory_order_relaxed);
}

static void serve(void *arg)
{
    struct pair *p = arg;
    struct message m;

    for (uint64_t i = 0; gort_recv(p->there, &m) == 1; i++) {
        EXPECT(m.number == 2 * i, "message %llu came as %llu", (unsigned long long)m.number,
               (unsigned long long)(2 * i));
        take_time(p, &m);
        m = (struct message){m.number + 1, gort_now()};
        gort_send(p->back, &m);
    }
}

static void ask(void *arg)
{
    struct pair *p = arg;
    struct message m = {0};

    for (uint64_t i = 0; get(&over) == 0; i++) {
        m = (struct message){2 * i, gort_now()};
        gort_send(p->there, &m);
        gort_recv(p->back, &m);
        take_time(p, &m);
        EXPECT(m.number == 2 * i + 1, "answer %llu to %llu", (unsigned long long)m.number,
               (unsigned long long)(2 * i));
    }
    gort_close(p->there);
}

static void begin_passing(void)
{
    for (int i = 0; i < PAIRS; i++) {
        pairs[i].there = gort_chan_new(sizeof(struct message), 0);
        pairs[i].back = gort_chan_new(sizeof(struct message), 0);
        gort_waitgroup_go(&passing, serve, &pairs[i]);
        gort_waitgroup_go(&passing, ask, &pairs[i]);
    }
}

static uint64_t messages_passed(uint64_t *least)
{
    uint64_t sum = 0;

    *least = UINT64_MAX;
    for (int i = 0; i < PAIRS; i++) {
        uint64_t n = atomic_load_explicit(&pairs[i].messages, memory_order_relaxed);

        sum += n;
        *least = n < *least ? n : *least;
    }
    return sum;
}

static int64_t take_longest(void)
{
    int64_t longest_ns = 0;

    for (int i = 0; i < PAIRS; i++) {
        int64_t ns = atomic_exchange_explicit(&pairs[i].longest_ns, 0, memory_order_relaxed);

        longest_ns = ns > longest_ns ? ns : longest_ns;
    }
    return longest_ns;
}

/* ---- the hogs ------------------------------------------------------------------------------- */

static _Atomic(int) spins;
static _Atomic(int) lookups;
static _Atomic(int) naps;
static _Atomic(int) reads;
static gort_waitgroup hogs;
static int pipe_fds[2];

static void count(_Atomic(int) *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void spin(void *arg)
{
    (void)arg;
    while (get(&hogging) != 0)
        atomic_store_explicit(&spins, 1, memory_order_relaxed);
}

static void look_up(void *arg)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "::1"};
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

    (void)arg;
    for (size_t i = 0; get(&hogging) != 0; i++) {
        struct addrinfo *found = NULL;
        const char *host = hosts[i % ARRAY_COUNT(hosts)];
        int rc = getaddrinfo(host, "80", &hints, &found);

        EXPECT(rc == 0 && found != NULL, "getaddrinfo %s: %s", host, gai_strerror(rc));
        if (rc == 0)
            freeaddrinfo(found);
        /* These need no server, so without a pause it would be a second one that computes. */
        sleep_in_kernel(NAP_US);
        count(&lookups);
    }
}

static void nap(void *arg)
{
    (void)arg;
    while (get(&hogging) != 0) {
        int rc = sleep_in_kernel(NAP_US);

        EXPECT(rc == 0, "usleep: %d, %s", rc, strerror(errno));
        count(&naps);
    }
}

static void read_pipe(void *arg)
{
    int n = -1;

    (void)arg;
    for (int i = 0;; i++) {
        ssize_t got = read(pipe_fds[0], &n, sizeof n);

        if (got == 0)
            return;
        EXPECT(got == sizeof n && n == i, "read %zd bytes: %d, not %d", got, n, i);
        count(&reads);
    }
}

/* A process of its own writes, so that the reader waits for nobody here. */
static pid_t fork_writer(void)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    close(pipe_fds[0]);
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; write(pipe_fds[1], &i, sizeof i) == sizeof i; i++)
        sleep_in_kernel(NAP_US);
    _exit(0);
}

static pid_t begin_hogging(void)
{
    pid_t writer;

    EXPECT(pipe(pipe_fds) == 0, "no pipe");
    atomic_store_explicit(&hogging, 1, memory_order_relaxed);
    writer = fork_writer();
    close(pipe_fds[1]);
    gort_waitgroup_go(&hogs, spin, NULL);
    gort_waitgroup_go(&hogs, look_up, NULL);
    gort_waitgroup_go(&hogs, nap, NULL);
    gort_waitgroup_go(&hogs, read_pipe, NULL);
    return writer;
}

static void end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void end_hogging(pid_t writer)
{
    atomic_store_explicit(&hogging, 0, memory_order_relaxed);
    end_process(writer);
    gort_waitgroup_wait(&hogs);
    close(pipe_fds[0]);
}

static void end_passing(void)
{
    atomic_store_explicit(&over, 1, memory_order_relaxed);
    gort_waitgroup_wait(&passing);
}

/* A second of sleep that nothing may cut short; how long it took. */
static int64_t long_nap(void)
{
    int64_t began_ns = clock_mono_ns();
    int rc = sleep_in_kernel(LONG_NAP_US);
    int64_t took_ns = clock_mono_ns() - began_ns;

    EXPECT(rc == 0 && took_ns >= LONG_NAP_US * GORT_US, "usleep: %d after %lld ns", rc,
           (long long)took_ns);
    return took_ns;
}

/* ---- the test ------------------------------------------------------------------------------- */

static int test(void *arg)
{
    int64_t until_ns = gort_in(PATIENCE_NS);
    uint64_t before = 0;
    uint64_t least = 0;
    pid_t writer;

    (void)arg;
    gort_set_gc_percent(-1); /* a collection's signal may cut a call short */
    begin_passing();
    writer = begin_hogging();
    long_nap();
    messages_passed(&before);
    do {
        gort_sleep(GORT_MS);
        messages_passed(&least);
    } while ((least < before + LEAST || get(&lookups) < LEAST || get(&naps) < LEAST ||
              get(&reads) < LEAST || get(&spins) == 0) &&
             gort_now() < until_ns);
    EXPECT(least >= before + LEAST && get(&lookups) >= LEAST && get(&naps) >= LEAST &&
               get(&reads) >= LEAST && get(&spins) > 0,
           "a pair passed %llu, %d lookups, %d naps, %d reads, %d spins", (unsigned long long)least,
           get(&lookups), get(&naps), get(&reads), get(&spins));
    end_hogging(writer);
    end_passing();
    return get(&faults) != 0;
}

/* ---- measuring ------------------------------------------------------------------------------ */

struct turn {
    double per_s;
    int64_t longest_ns;
};

static struct turn take_turn(void)
{
    uint64_t least;
    uint64_t before;
    int64_t began_ns;

    gort_sleep(TURN_NS / 5); /* until it has settled */
    take_longest();
    before = messages_passed(&least);
    began_ns = gort_now();
    gort_sleep(TURN_NS);
    return (struct turn){(double)(messages_passed(&least) - before) * 1e9 /
                             (double)(gort_now() - began_ns),
                         take_longest()};
}

static struct turn beside_foreign(void)
{
    pid_t pid = fork();
    struct turn t;

    if (pid == 0) {
        for (;;)
            atomic_store_explicit(&spins, 1, memory_order_relaxed);
    }
    t = take_turn();
    end_process(pid);
    return t;
}

static struct turn beside_hogs(void)
{
    pid_t writer = begin_hogging();
    struct turn t = take_turn();

    end_hogging(writer);
    return t;
}

static int by_pace(const void *a, const void *b)
{
    const struct turn *x = a;
    const struct turn *y = b;

    return (x->per_s > y->per_s) - (x->per_s < y->per_s);
}

static double report(const char *what, struct turn *t, int rounds)
{
    int64_t longest_ns = 0;
    int late = 0;

    for (int i = 0; i < rounds; i++) {
        longest_ns = t[i].longest_ns > longest_ns ? t[i].longest_ns : longest_ns;
        late += t[i].longest_ns > MESSAGE_LATE_NS;
    }
    qsort(t, (size_t)rounds, sizeof *t, by_pace);
    printf("%-16s %10.0f messages/s (median), longest wait %.1f ms, %d of %d turns above 50 ms\n",
           what, t[rounds / 2].per_s, (double)longest_ns / 1e6, late, rounds);
    return t[rounds / 2].per_s;
}

static int measure(void *arg)
{
    struct turn foreign[ROUNDS_MAX];
    struct turn hogged[ROUNDS_MAX];
    int rounds = *(const int *)arg;
    double ratio;
    pid_t writer;

    gort_set_gc_percent(-1);
    begin_passing();
    for (int i = 0; i < rounds; i++) {
        foreign[i] = beside_foreign();
        hogged[i] = beside_hogs();
    }
    ratio = report("beside a process", foreign, rounds);
    ratio = report("beside the hogs", hogged, rounds) / ratio;
    writer = begin_hogging();
    printf("ratio %.3f, a usleep of 1 s took %.3f s\n", ratio, (double)long_nap() / 1e9);
    end_hogging(writer);
    end_passing();
    return get(&faults) != 0;
}

int main(int argc, char **argv)
{
    const gort_options options = {.maxprocs = 2};
    int rounds = argc > 2 && strcmp(argv[1], "--measure") == 0 ? atoi(argv[2]) : 0;

    if (rounds > 0 && rounds <= ROUNDS_MAX)
        return gort_run(&options, measure, &rounds);
    return gort_run(&options, test, NULL);
}
