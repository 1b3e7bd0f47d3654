/* SPDX-License-Identifier: MIT */
/* replay.c - the deterministic mode: one seed, one order; many seeds, many orders.
 * Runs itself as a child for each scenario and seed. Two children with the same seed must agree in
 * all that they print, the hash of the scheduler's decisions included.
 *     PROGRAM                     all of it
 *     PROGRAM --child SCENARIO    one, as GORT_DEBUG says */
#include "config.h"

#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "gort.h"
#include "tests/support/selfexec.h"

#define REPEATS      20u
#define SEEDS        200u
#define OUTPUT_BYTES 8192u

/* ---- scenarios ------------------------------------------------------------------------------ */

static uint64_t order; /* a digest of what happened, in the order in which it did */

static void note(uint64_t what)
{
    order = (order ^ what) * UINT64_C(0x100000001b3);
}

enum { ADDERS = 3, ADDITIONS = 4 };

static int shared;

static void add(void *arg)
{
    (void)arg;
    for (int i = 0; i < ADDITIONS; i++) {
        int seen = shared;

        gort_safepoint();
        shared = seen + 1;
    }
}

/* Updates get lost if a task gives way between its look and its store. */
static int lost_update(void *arg)
{
    gort_waitgroup wg = {0};

    (void)arg;
    for (int i = 0; i < ADDERS; i++)
        gort_waitgroup_go(&wg, add, NULL);
    gort_waitgroup_wait(&wg);
    printf("%d\n", shared);
    return 0;
}

static gort_mutex locks[2];

static void take_both(void *arg)
{
    size_t first = (size_t)(uintptr_t)arg;

    gort_mutex_lock(&locks[first]);
    gort_mutex_lock(&locks[1 - first]);
    gort_mutex_unlock(&locks[1 - first]);
    gort_mutex_unlock(&locks[first]);
}

/* Two locks in two orders: a deadlock, if the schedule is a bad one. */
static int lock_order(void *arg)
{
    gort_waitgroup wg = {0};

    (void)arg;
    for (uintptr_t i = 0; i < 2; i++)
        gort_waitgroup_go(&wg, take_both, (void *)i);
    gort_waitgroup_wait(&wg);
    return 0;
}

struct pool {
    gort_chan *jobs;
    gort_chan *results;
    gort_chan *quit;
    gort_mutex m;
    uint64_t done;
};

struct list {
    struct list *next;
    char payload[200];
};

static void work(void *arg)
{
    struct pool *p = arg;
    int job = 0;
    gort_case cases[] = {GORT_RECV(p->jobs, &job), GORT_RECV(p->quit, NULL), GORT_DEADLINE(0)};

    for (;;) {
        struct list *all = NULL;

        cases[2].deadline_ns = gort_in(50 * GORT_US);
        switch (gort_select(cases, ARRAY_COUNT(cases))) {
        case 0:
            break;
        case 1:
            return;
        default:
            note(gort_task_id());
            continue;
        }
        for (int i = 0; i < 100; i++) {
            struct list *l = gort_new(struct list);

            l->next = all;
            all = l;
        }
        gort_sleep(job % 7 * GORT_MS);
        gort_mutex_lock(&p->m);
        p->done++;
        note(gort_task_id() << 32 | (uint64_t)job);
        gort_mutex_unlock(&p->m);
        gort_send(p->results, &job);
    }
}

static void feed(void *arg)
{
    struct pool *p = arg;

    for (int i = 0; i < 300; i++)
        gort_send(p->jobs, &i);
}

/* A bit of all: channels, select with deadlines, mutexes, timers, memory that is collected. */
static int busy(void *arg)
{
    struct pool p = {.jobs = gort_chan_new(sizeof(int), 2),
                     .results = gort_chan_new(sizeof(int), 0),
                     .quit = gort_chan_new(0, 0)};
    gort_timer *timer = gort_timer_new(3 * GORT_MS);
    int64_t began_ns = gort_now();

    (void)arg;
    for (int i = 0; i < 8; i++)
        gort_go(work, &p);
    gort_go(feed, &p);
    for (int i = 0; i < 300; i++) {
        int job = 0;

        gort_recv(p.results, &job);
        note((uint64_t)job);
        if (gort_try_recv(gort_timer_chan(timer), NULL) == 1)
            note((uint64_t)(gort_now() - began_ns));
    }
    gort_close(p.quit);
    printf("%d procs, order %016" PRIx64 ", %" PRId64 " ns\n", gort_maxprocs(), order,
           gort_now() - began_ns);
    return 0;
}

static void wake_late(void *arg)
{
    gort_sleep((int64_t)(uintptr_t)arg * 3600 * GORT_S);
    note((uintptr_t)arg);
}

/* Sleeps of days take no time: the clock jumps. */
static int sleepers(void *arg)
{
    gort_waitgroup wg = {0};
    int64_t began_ns = gort_now();

    (void)arg;
    for (uintptr_t hours = 50; hours > 0; hours--)
        gort_waitgroup_go(&wg, wake_late, (void *)hours);
    gort_waitgroup_wait(&wg);
    printf("%" PRId64 " hours, order %016" PRIx64 "\n", (gort_now() - began_ns) / (3600 * GORT_S),
           order);
    return 0;
}

static _Atomic(int) released;

static void release_waiter(void *arg)
{
    (void)arg;
    atomic_store_explicit(&released, 1, memory_order_release);
}

/* The first task waits for another outside the runtime, with the only proc. */
static int stubborn(void *arg)
{
    (void)arg;
    gort_go(release_waiter, NULL);
    while (atomic_load_explicit(&released, memory_order_acquire) == 0)
        sched_yield();
    return 0;
}

static void say_hello(void *arg)
{
    gort_conn *c = NULL;

    if (gort_accept(arg, &c) == GORT_OK) {
        (void)!gort_write(c, "hello", 5);
        gort_conn_close(c);
    }
}

/* A socket becomes ready when it does: the clock must not run out before. */
static int sockets(void *arg)
{
    gort_listener *l = NULL;
    gort_conn *c = NULL;
    char address[32];
    char text[8] = "";
    int64_t n = 0;

    (void)arg;
    if (gort_listen("127.0.0.1:0", &l) != GORT_OK)
        return 1;
    gort_go(say_hello, l);
    snprintf(address, sizeof address, "127.0.0.1:%d", gort_listener_port(l));
    if (gort_dial_by(address, &c, gort_in(10 * GORT_S)) != GORT_OK)
        return 1;
    n = gort_read_by(c, text, sizeof text - 1, gort_in(10 * GORT_S));
    printf("%" PRId64 " bytes: %s\n", n, text);
    gort_conn_close(c);
    return 0;
}

static const struct scenario {
    const char *name;
    int (*run)(void *arg);
} scenarios[] = {
    {"lost_update", lost_update}, {"lock_order", lock_order}, {"busy", busy},
    {"sleepers", sleepers},       {"stubborn", stubborn},     {"sockets", sockets},
};

static int be_child(const char *name)
{
    setvbuf(stdout, NULL, _IONBF, 0); /* before the line that comes at the exit */
    for (size_t i = 0; i < ARRAY_COUNT(scenarios); i++) {
        if (strcmp(scenarios[i].name, name) == 0)
            return gort_run(NULL, scenarios[i].run, NULL);
    }
    return 3;
}

/* ---- in the parent -------------------------------------------------------------------------- */

struct outcome {
    int status; /* as from waitpid */
    char output[OUTPUT_BYTES];
    char trace[128]; /* the line about the decisions */
};

static int faults;

#define EXPECT(cond, ...)        \
    do {                         \
        if (!(cond)) {           \
            printf(__VA_ARGS__); \
            putchar('\n');       \
            faults++;            \
        }                        \
    } while (0)

static void exec_child(const char *scenario, uint32_t seed, int output)
{
    char debug[64];
    char tsan[512];

    snprintf(debug, sizeof debug, "seed=%" PRIu32 ",seedtrace=1", seed);
    setenv("GORT_DEBUG", debug, 1);
    setenv("GORT_MAXPROCS", "4", 1);
    snprintf(tsan, sizeof tsan, "%s:atexit_sleep_ms=0",
             getenv("TSAN_OPTIONS") != NULL ? getenv("TSAN_OPTIONS") : "");
    setenv("TSAN_OPTIONS", tsan, 1); /* or each child takes a second */
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    self_exec((const char *[]){"replay", "--child", scenario, NULL});
    _exit(127);
}

static void find_trace(struct outcome *o)
{
    const char *from = strstr(o->output, " decisions=");

    if (from != NULL)
        snprintf(o->trace, sizeof o->trace, "%.*s", (int)strcspn(from, "\n"), from);
}

static struct outcome run(const char *scenario, uint32_t seed)
{
    struct outcome o = {0};
    size_t length = 0;
    int fds[2];
    ssize_t n;
    pid_t pid;

    fflush(stdout);
    if (pipe(fds) != 0 || (pid = fork()) < 0) {
        perror("replay");
        exit(77);
    }
    if (pid == 0) {
        close(fds[0]);
        exec_child(scenario, seed, fds[1]);
    }
    close(fds[1]);
    while ((n = read(fds[0], o.output + length, sizeof o.output - 1 - length)) > 0)
        length += (size_t)n;
    close(fds[0]);
    waitpid(pid, &o.status, 0);
    find_trace(&o);
    return o;
}

/* Stacks of a fatal error show addresses, which differ. */
static bool is_same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && strcmp(a->trace, b->trace) == 0 &&
           (a->status != 0 || strcmp(a->output, b->output) == 0);
}

static void expect_repeatable(const char *scenario, uint32_t seed)
{
    struct outcome first = run(scenario, seed);

    EXPECT(strstr(first.trace, "decisions=") != NULL && strstr(first.trace, "rescues=0") != NULL,
           "%s, seed %" PRIu32 ": status %d, %s", scenario, seed, first.status, first.output);
    for (unsigned i = 1; i < REPEATS; i++) {
        struct outcome again = run(scenario, seed);

        EXPECT(is_same(&first, &again), "%s, seed %" PRIu32 ", run %u:\n%s---\n%s", scenario, seed,
               i, first.output, again.output);
    }
}

static void try_busy(void)
{
    struct outcome one = run("busy", 1);
    struct outcome other = run("busy", 2);

    expect_repeatable("busy", 1);
    expect_repeatable("busy", 2);
    EXPECT(strstr(one.output, "1 procs") != NULL, "procs: %s", one.output);
    EXPECT(strcmp(one.output, other.output) != 0, "two seeds, one order: %s", one.output);
}

static void try_lost_update(void)
{
    unsigned times[ADDERS * ADDITIONS + 1] = {0};
    uint32_t bad_seed = 0;
    unsigned distinct = 0;

    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome o = run("lost_update", seed);
        int sum = atoi(o.output);

        EXPECT(o.status == 0 && sum > 0 && sum <= ADDERS * ADDITIONS, "seed %" PRIu32 ": %s", seed,
               o.output);
        if (sum > 0 && sum <= ADDERS * ADDITIONS && times[sum]++ == 0)
            distinct++;
        if (sum < ADDERS * ADDITIONS)
            bad_seed = seed;
    }
    EXPECT(distinct >= 5, "only %u outcomes of %u seeds", distinct, SEEDS);
    EXPECT(times[ADDERS * ADDITIONS] > 0, "no seed loses nothing");
    EXPECT(bad_seed != 0, "no seed loses an update");
    expect_repeatable("lost_update", bad_seed);
}

static void try_lock_order(void)
{
    uint32_t bad_seed = 0;
    uint32_t good_seed = 0;

    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome o = run("lock_order", seed);

        if (o.status == 0)
            good_seed = seed;
        else
            bad_seed = seed;
        EXPECT(o.status == 0 || (WIFEXITED(o.status) && WEXITSTATUS(o.status) == 2 &&
                                 strstr(o.output, "asleep - deadlock!") != NULL),
               "seed %" PRIu32 ": status %d, %s", seed, o.status, o.output);
    }
    EXPECT(bad_seed != 0 && good_seed != 0, "bad seed %" PRIu32 ", good seed %" PRIu32, bad_seed,
           good_seed);
    expect_repeatable("lock_order", bad_seed);
    expect_repeatable("lock_order", good_seed);
}

static void try_clock(void)
{
    struct outcome o = run("sleepers", 1);

    EXPECT(strncmp(o.output, "50 hours", 8) == 0, "%s", o.output);
    expect_repeatable("sleepers", 3);
}

static void try_outside(void)
{
    struct outcome o = run("stubborn", 1);

    EXPECT(o.status == 0 && strstr(o.output, "not repeatable") != NULL &&
               strstr(o.output, "rescues=1") != NULL,
           "stubborn: status %d, %s", o.status, o.output);
    o = run("sockets", 1);
    EXPECT(o.status == 0 && strncmp(o.output, "5 bytes: hello", 14) == 0, "sockets: status %d, %s",
           o.status, o.output);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--child") == 0)
        return be_child(argv[2]);
    try_busy();
    try_lost_update();
    try_lock_order();
    try_clock();
    try_outside();
    printf("%d faults\n", faults);
    return faults > 0;
}
