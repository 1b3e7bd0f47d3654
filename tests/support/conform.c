/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/conform.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/leaked.h"
#include "runtime/task.h"
#include "tests/support/conform_child.h"

#define SEEDS      5u
#define SEEDS_SLOW 1u /* under a sanitizer */

static const char *const proc_counts[] = {"1", "2", "4", "16"};

static struct conform_claim *claims;
static struct conform_claim **last_claim = &claims;
static const struct conform_claim *running;
static _Atomic(int) faults;
static _Atomic(uint32_t) random_state;
static const char *program;
static char user_debug[128];
static bool user_gc_mode;

void conform_add(struct conform_claim *c)
{
    *last_claim = c;
    last_claim = &c->next;
}

void conform_fail(const char *file, int line, const char *format, ...)
{
    char text[4096]; /* with the stacks of some tasks */
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

struct conform_patience conform_patience(void)
{
    return (struct conform_patience){.left_ns = 10 * GORT_S, .looked_ns = gort_now()};
}

bool conform_is_patient(struct conform_patience *p)
{
    int64_t now_ns = gort_now();
    int64_t passed_ns = now_ns - p->looked_ns;

    p->looked_ns = now_ns;
    p->left_ns -= passed_ns < GORT_S / 2 ? passed_ns : GORT_S / 2;
    return p->left_ns > 0;
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

/* In every program: those that are found to be leaked must not run later. How many did. */
static int search_for_leaks(void)
{
    if (!conform_is_deterministic())
        gort_find_leaks();
    for (int i = 0; i < 20; i++)
        conform_pause();
    gort_find_leaks();
    if (leaked_refuted() != 0)
        dprintf(STDOUT_FILENO, "%d leaked tasks went on\n", (int)leaked_refuted());
    return (int)leaked_refuted();
}

/* ARG names the claim; NULL: all that do not end the process. */
static int run_claims(void *arg)
{
    const char *name = arg;
    int failed = 0;
    int ran = 0;

    atomic_store_explicit(&random_state, debug.seed, memory_order_relaxed);
    for (const struct conform_claim *c = claims; c != NULL; c = c->next) {
        if (name == NULL ? c->text != NULL : strcmp(c->name, name) != 0)
            continue;
        failed += run_claim(c);
        ran++;
    }
    failed += search_for_leaks();
    if (ran == 0)
        dprintf(STDOUT_FILENO, "no such claim\n");
    return ran == 0 || failed > 0;
}

static int be_child(const char *name)
{
    child_tells_where_on_alarm();
    return gort_run(NULL, run_claims, (void *)(uintptr_t)name);
}

/* ---- one process ---------------------------------------------------------------------------- */

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value == NULL ? "" : value;
}

/* CLAIM is NULL for all that do not end the process. */
static bool report(const struct child *c, bool good, const char *claim)
{
    char how[64];
    char settings[384];

    child_describe(c, how, sizeof how);
    snprintf(settings, sizeof settings, "GORT_MAXPROCS=%s GORT_GC_MODE=%s GORT_DEBUG=%s",
             setting("GORT_MAXPROCS"), setting("GORT_GC_MODE"), setting("GORT_DEBUG"));
    printf("%s - %s, %s: %s\n", good ? "ok" : "not ok", claim == NULL ? "claims" : claim, settings,
           how);
    if (!good)
        printf("%s\n# again: %s %s --once%s%s\n", c->output, settings, program,
               claim == NULL ? "" : " ", claim == NULL ? "" : claim);
    return good;
}

static bool check_claims(const char *claim)
{
    static struct child c;

    child_run(&c, claim);
    return report(&c, WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0, claim);
}

static bool ended_with(const struct child *c, int status)
{
    return status < 0 ? WIFSIGNALED(c->status) && WTERMSIG(c->status) == -status
                      : WIFEXITED(c->status) && WEXITSTATUS(c->status) == status;
}

static bool check_end(const struct conform_claim *claim)
{
    static struct child c;
    bool good;

    child_run(&c, claim->name);
    good = ended_with(&c, claim->status) && strstr(c.output, claim->text) != NULL;
    if (!good)
        printf("# expected exit status (or -signal) %d and: %s\n", claim->status, claim->text);
    return report(&c, good, claim->name);
}

bool conform_is_deterministic(void)
{
    const char *text = setting("GORT_DEBUG");

    return strstr(text, "seed=") != NULL && strstr(text, "yield=") == NULL;
}

/* ---- schedules ------------------------------------------------------------------------------ */

/* The seed of a whole run is spread, so that those of two runs or two rounds have nothing in
 * common; odd, since the runtime takes an even one for the odd one above it. */
static uint32_t seed_of_round(uint32_t run_seed, uint32_t round)
{
    uint32_t x = run_seed + round * 0x9e3779b9u;

    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return (x ^ x >> 16) | 1;
}

/* A task gives way at one call of the runtime in so many: often, which upsets short steps, or
 * seldom, which lets one task get far ahead of the others. */
static unsigned yield_of_seed(uint32_t seed)
{
    return 2u << (seed >> 1 & 3);
}

/* In half the schedules, as SEED has it, the collector stops the world; in the others it does as
 * this kernel lets it, in half of these in the first stop already where that is enough. An empty
 * mode is none. */
static void set_gc_mode(uint32_t seed)
{
    static const char *const modes[] = {"", "stw", "concurrent", "stw"};
    static uint32_t nschedules;

    if (!user_gc_mode)
        setenv("GORT_GC_MODE", modes[seed_of_round(seed, nschedules++) >> 4 & 3], 1);
}

/* What the user has in GORT_DEBUG holds in all schedules. */
static void set_debug(const char *procs, const char *schedule)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s%s", schedule, user_debug[0] == '\0' ? "" : ",", user_debug);
    setenv("GORT_MAXPROCS", procs, 1);
    setenv("GORT_DEBUG", text, 1);
}

static void set_schedule(const char *procs, uint32_t seed, unsigned yield)
{
    char text[64];

    snprintf(text, sizeof text, "seed=%" PRIu32 ",yield=%u", seed, yield);
    set_debug(procs, text);
    set_gc_mode(seed);
}

static void set_deterministic(uint32_t seed)
{
    char text[64];

    snprintf(text, sizeof text, "seed=%" PRIu32, seed);
    set_debug("1", text);
    set_gc_mode(seed);
}

/* A process for each, so not with every seed: without yields on one proc and on several, with
 * yields on as many procs as there are tasks, and in the deterministic mode. */
static int check_ends(uint32_t run_seed)
{
    uint32_t seed = seed_of_round(run_seed, 0);
    int failed = 0;

    for (const struct conform_claim *c = claims; c != NULL; c = c->next) {
        if (c->text == NULL)
            continue;
        set_schedule("1", seed, 0);
        failed += !check_end(c);
        set_schedule("4", seed, 0);
        failed += !check_end(c);
        set_schedule("16", seed, yield_of_seed(seed));
        failed += !check_end(c);
        set_deterministic(seed);
        failed += !check_end(c);
    }
    return failed;
}

static int check_plainly(const char *procs, uint32_t run_seed)
{
    set_schedule(procs, seed_of_round(run_seed, 0), 0);
    return !check_claims(NULL);
}

static int check_with_yields(const char *procs, uint32_t run_seed, uint32_t rounds)
{
    int failed = 0;

    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t seed = seed_of_round(run_seed, round);

        set_schedule(procs, seed, yield_of_seed(seed));
        failed += !check_claims(NULL);
    }
    return failed;
}

/* With one seed only, by turns with yields or without, which it is that begins being drawn: a run
 * is to be short, and over many runs all is tried. */
static int check_all(uint32_t run_seed, uint32_t rounds)
{
    uint32_t turn = seed_of_round(run_seed, 0) >> 5;
    int failed = 0;

    for (size_t i = 0; i < ARRAY_COUNT(proc_counts); i++, turn++) {
        if (rounds > 1 || turn % 2 == 0)
            failed += check_plainly(proc_counts[i], run_seed);
        if (rounds > 1 || turn % 2 == 1)
            failed += check_with_yields(proc_counts[i], run_seed, rounds);
    }
    set_deterministic(seed_of_round(run_seed, 0));
    failed += !check_claims(NULL);
    return failed + check_ends(run_seed);
}

static const struct conform_claim *end_number(uint32_t n)
{
    const struct conform_claim *c = claims;

    for (; c != NULL; c = c->next)
        if (c->text != NULL && n-- == 0)
            break;
    return c;
}

static uint32_t count_ends(void)
{
    uint32_t n = 0;

    for (const struct conform_claim *c = claims; c != NULL; c = c->next)
        n += c->text != NULL;
    return n;
}

/* All claims that don't end the process, and one that does, drawn by the seed. */
static int check_some(void)
{
    const char *seed = strstr(setting("GORT_DEBUG"), "seed=");
    uint32_t drawn = seed == NULL ? 0 : (uint32_t)strtoul(seed + strlen("seed="), NULL, 10) >> 3;
    uint32_t ends = count_ends();
    int failed = !check_claims(NULL);

    if (ends > 0)
        failed += !check_end(end_number(drawn % ends));
    return failed;
}

static int check_one(const char *name)
{
    for (const struct conform_claim *c = claims; c != NULL; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c->text != NULL ? !check_end(c) : !check_claims(name);
    printf("no such claim\n");
    return 1;
}

static uint32_t number_in(const char *variable, uint32_t otherwise)
{
    const char *text = getenv(variable);

    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 0);
}

static uint32_t seeds_by_default(void)
{
    return setting("SANITIZER")[0] == '\0' ? SEEDS : SEEDS_SLOW;
}

int main(int argc, char **argv)
{
    uint32_t run_seed = number_in("CONFORM_SEED", (uint32_t)clock_real_ns());

    program = argv[0];
    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return be_child(argv[2]);
    if (argc > 1 && strcmp(argv[1], "--once") == 0)
        return (argc > 2 ? check_one(argv[2]) : check_some()) > 0;
    if (argc > 1)
        return be_child(argv[1]);
    snprintf(user_debug, sizeof user_debug, "%s", setting("GORT_DEBUG"));
    user_gc_mode = getenv("GORT_GC_MODE") != NULL;
    printf("# CONFORM_SEED=%" PRIu32 "\n", run_seed);
    return check_all(run_seed, number_in("CONFORM_SEEDS", seeds_by_default())) > 0;
}
