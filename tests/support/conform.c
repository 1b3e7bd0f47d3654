/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/conform.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/task.h"

#define CHILD_SECONDS 100u
#define OUTPUT_BYTES  (256u << 10)

static const char *const schedules[][2] = {
    /* GORT_MAXPROCS, GORT_DEBUG beside the seed; nothing: the deterministic mode */
    {"1", "yield=0"}, {"2", "yield=0"}, {"4", "yield=0"}, {"1", ""},
    {"1", "yield=4"}, {"2", "yield=4"}, {"4", "yield=2"},
};

static struct conform_claim *claims;
static struct conform_claim **last_claim = &claims;
static const struct conform_claim *running;
static _Atomic(int) faults;
static _Atomic(uint32_t) random_state;

void conform_add(struct conform_claim *c)
{
    *last_claim = c;
    last_claim = &c->next;
}

void conform_fail(const char *file, int line, const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    dprintf(STDOUT_FILENO, "%s:%d: %s: %s\n", file, line, running->name, text);
    atomic_fetch_add_explicit(&faults, 1, memory_order_relaxed);
}

void conform_pause(void)
{
    gort_sleep(20 * GORT_US);
}

static enum wait_reason reason_of(enum conform_wait why)
{
    switch (why) {
    case PARKED_SEND:
        return WAIT_CHAN_SEND;
    case PARKED_RECV:
        return WAIT_CHAN_RECV;
    case PARKED_SELECT:
        return WAIT_SELECT;
    case PARKED_MUTEX:
        return WAIT_MUTEX;
    case PARKED_COND:
        return WAIT_COND;
    case PARKED_ONCE:
        return WAIT_ONCE;
    case PARKED_RLOCK:
        return WAIT_RWMUTEX_RLOCK;
    case PARKED_RWLOCK:
        return WAIT_RWMUTEX_LOCK;
    case PARKED_SEM:
        return WAIT_SEM;
    case PARKED_WAITGROUP:
        return WAIT_WAITGROUP;
    case PARKED_IO:
        return WAIT_IO;
    case PARKED_SLEEP:
        return WAIT_SLEEP;
    }
    return WAIT_NONE;
}

/* Looks at tasks that run meanwhile: a guess, good for waiting until it comes true. */
__attribute__((no_sanitize("thread"))) int conform_parked(enum conform_wait why)
{
    enum wait_reason reason = reason_of(why);
    int n = 0;

    for (size_t i = 0; i < tasks_used(); i++) {
        const struct task *t = task_at(i);

        if (t->reason == reason &&
            atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_WAITING)
            n++;
    }
    return n;
}

/* Weyl sequence and a mixer, so that any number of tasks may draw. */
uint32_t conform_random(uint32_t n)
{
    uint32_t x = atomic_fetch_add_explicit(&random_state, 0x9e3779b9u, memory_order_relaxed);

    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return (x ^ x >> 16) % n;
}

/* ---- in the child --------------------------------------------------------------------------- */

static int run_claim(const struct conform_claim *c)
{
    int before = atomic_load_explicit(&faults, memory_order_relaxed);

    running = c;
    c->run();
    return atomic_load_explicit(&faults, memory_order_relaxed) != before;
}

/* ARG names the claim; NULL: all that do not end the process. */
static int run_claims(void *arg)
{
    const char *name = arg;
    int failed = 0;
    int ran = 0;

    for (const struct conform_claim *c = claims; c != NULL; c = c->next) {
        if (name == NULL ? c->text != NULL : strcmp(c->name, name) != 0)
            continue;
        failed += run_claim(c);
        ran++;
    }
    if (ran == 0)
        dprintf(STDOUT_FILENO, "no such claim\n");
    return ran == 0 || failed > 0;
}

static int be_child(const char *name)
{
    const char *seed = getenv("CONFORM_SEED");

    atomic_store_explicit(&random_state, seed == NULL ? 1 : (uint32_t)strtoul(seed, NULL, 0),
                          memory_order_relaxed);
    return gort_run(NULL, run_claims, (void *)(uintptr_t)name);
}

/* ---- in the parent -------------------------------------------------------------------------- */

struct child {
    char output[OUTPUT_BYTES];
    size_t length;
    int status; /* as from waitpid */
};

static _Noreturn void exec_self(const char *const schedule[2], const char *claim, int output)
{
    char debug[64];
    char *argv[] = {(char *)(uintptr_t) "conform", (char *)(uintptr_t) "--child",
                    (char *)(uintptr_t)claim, NULL};

    snprintf(debug, sizeof debug, "seed=%s%s%s", getenv("CONFORM_SEED"),
             schedule[1][0] != '\0' ? "," : "", schedule[1]);
    setenv("GORT_MAXPROCS", schedule[0], 1);
    setenv("GORT_DEBUG", debug, 1);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(output);
    alarm(CHILD_SECONDS);
    execv("/proc/self/exe", argv);
    _exit(127);
}

static void collect_output(struct child *c, int fd)
{
    ssize_t n;

    while ((n = read(fd, c->output + c->length, sizeof c->output - 1 - c->length)) > 0)
        c->length += (size_t)n;
    c->output[c->length] = '\0';
}

static void run_child(struct child *c, const char *const schedule[2], const char *claim)
{
    int fds[2];
    pid_t pid;

    fflush(stdout);
    c->length = 0;
    if (pipe(fds) != 0 || (pid = fork()) < 0) {
        perror("conform");
        exit(77);
    }
    if (pid == 0) {
        close(fds[0]);
        exec_self(schedule, claim, fds[1]);
    }
    close(fds[1]);
    collect_output(c, fds[0]);
    close(fds[0]);
    waitpid(pid, &c->status, 0);
}

static void describe(const struct child *c, char *text, size_t bytes)
{
    if (WIFEXITED(c->status))
        snprintf(text, bytes, "exit status %d", WEXITSTATUS(c->status));
    else if (WTERMSIG(c->status) == SIGALRM)
        snprintf(text, bytes, "no end after %u s", CHILD_SECONDS);
    else
        snprintf(text, bytes, "signal %d", WTERMSIG(c->status));
}

static bool report(const struct child *c, bool good, const char *const schedule[2],
                   const char *what)
{
    char how[64];

    describe(c, how, sizeof how);
    printf("%s - %s, %s procs, %s: %s\n", good ? "ok" : "not ok", what, schedule[0],
           schedule[1][0] != '\0' ? schedule[1] : "deterministic", how);
    if (!good)
        printf("%s\n", c->output);
    return good;
}

static bool check_all(const char *const schedule[2])
{
    static struct child c;

    run_child(&c, schedule, NULL);
    return report(&c, WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0, schedule, "claims");
}

static bool ended_with(const struct child *c, int status)
{
    return status < 0 ? WIFSIGNALED(c->status) && WTERMSIG(c->status) == -status
                      : WIFEXITED(c->status) && WEXITSTATUS(c->status) == status;
}

static bool check_end(const struct conform_claim *claim, const char *const schedule[2])
{
    static struct child c;
    bool good;

    run_child(&c, schedule, claim->name);
    good = ended_with(&c, claim->status) &&
           strstr(c.output, claim->text) != NULL;
    if (!good)
        printf("# expected exit status (or -signal) %d and: %s\n", claim->status, claim->text);
    return report(&c, good, schedule, claim->name);
}

static int be_parent(void)
{
    int failed = 0;

    for (size_t i = 0; i < ARRAY_COUNT(schedules); i++)
        failed += !check_all(schedules[i]);
    for (const struct conform_claim *c = claims; c != NULL; c = c->next) {
        if (c->text == NULL)
            continue;
        failed += !check_end(c, schedules[0]);
        failed += !check_end(c, schedules[2]);
        failed += !check_end(c, schedules[3]);
    }
    return failed > 0;
}

int main(int argc, char **argv)
{
    char seed[16];

    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return be_child(argv[2]);
    snprintf(seed, sizeof seed, "%" PRIu32, (uint32_t)clock_real_ns() | 1);
    setenv("CONFORM_SEED", seed, 0);
    printf("# CONFORM_SEED=%s\n", getenv("CONFORM_SEED"));
    return argc > 1 ? be_child(argv[1]) : be_parent();
}
